//! What facts support of an employer's months, as the rules of the subsidies say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mamagang_domain::case::CaseKind;
use mamagang_domain::claim::{ClaimLine, LineChange};
use mamagang_domain::filing::FilingState;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::Person;
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxPeriod, TaxYear};
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::ReasonCode;
use mamagang_domain::subsidy::{ClaimedMonth, Decision, Evidence, SubsidyKind, decide};
use mamagang_store::cases::{CaseFile, CaseQuery};
use mamagang_store::rows::{EmployerRow, LedgerHead, LedgerInputs, SubsidyMonth, WorkerSnapshot};
use mamagang_store::{StoreResult, UnitOfWork};

use super::Claim;
use crate::app::App;
use crate::audit::{DecisionItem, PersonRecord, SubsidyItem};
use crate::eligibility::{short_subsidy, subsidy_digest};
use crate::error::{AppError, AppResult};
use crate::limits::PAGE_ROWS_MAX;

/// What a month of a worker brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Supported {
    pub(super) month: TaxMonth,
    pub(super) amount_fen: Fen,
    /// ALL_CONDITIONS_MET, or what stands against it.
    pub(super) code: ReasonCode,
    /// Whether a claim holds the month of this subsidy already.
    pub(super) is_claimed: bool,
    /// Whether it rests on a filing that supervision has frozen. That stops a claim and its
    /// payment; what is paid stays paid until supervision has decided.
    pub(super) is_frozen: bool,
}

impl Supported {
    /// What a claim may be paid for it today.
    pub(super) const fn payable(&self) -> (Fen, ReasonCode) {
        match self.is_frozen {
            true => (Fen::ZERO, ReasonCode::FilingFrozen),
            false => (self.amount_fen, self.code),
        }
    }
}

/// A worker's months, and the decision that they follow from.
pub(super) struct WorkerSupport {
    pub(super) worker_id: WorkerId,
    pub(super) worker_revision: u32,
    pub(super) months: Vec<Supported>,
    /// The decision as it is recorded with the claim.
    pub(super) item: DecisionItem,
}

/// Everything that claims of an employer read.
pub(super) struct Desk {
    pub(super) employer: EmployerRow,
    pub(super) head: LedgerHead,
    workers: Vec<WorkerSnapshot>,
    claimed: BTreeMap<WorkerId, Vec<SubsidyMonth>>,
    frozen: BTreeSet<String>,
}

/// The employer's filings that are frozen, after a page of them.
fn frozen_filings(code: EmployerCode, after: Option<&CaseFile>) -> CaseQuery {
    let mut query = CaseQuery::of(CaseKind::Filing, PAGE_ROWS_MAX);
    query.employer_code = Some(code);
    query.states = vec![FilingState::Frozen as u8];
    query.after = after.map(|case| (case.opened_at, case.case_id));
    query
}

/// The year of a month; every month that is read has one.
pub(super) fn year_of(month: TaxMonth) -> TaxYear {
    TaxPeriod::month(month).year()
}

impl App {
    /// The desk of an employer as it stands, without locks; `None` where the employer is unknown.
    pub(super) async fn desk(&self, code: EmployerCode, of: TaxMonth) -> AppResult<Option<Desk>> {
        let inputs = self.store.ledger_inputs(&[(code, year_of(of))]).await?;
        let Some(desk) = Desk::of(inputs) else {
            return Ok(None);
        };
        let claimed = self.store.subsidy_months(&desk.worker_ids()).await?;
        let mut frozen = Vec::new();
        loop {
            let query = frozen_filings(code, frozen.last());
            let rows = self.store.list_cases(&query).await?;
            if rows.is_empty() {
                return Ok(Some(desk.with(claimed, &frozen)));
            }
            frozen.extend(rows);
        }
    }

    /// What of a claim's lines facts no longer support. Of a paid claim, what was paid: a filing
    /// that is frozen since takes nothing back.
    pub(super) fn line_changes(&self, desk: &Desk, claim: &Claim) -> AppResult<Vec<LineChange>> {
        let is_paid = claim.state()?.is_paid();
        let (from, through) = (claim.file.quarter_start, claim.quarter_end());
        let ids: BTreeSet<WorkerId> = claim.file.lines.iter().map(|it| it.worker_id).collect();
        let mut found: BTreeMap<(WorkerId, TaxMonth), Supported> = BTreeMap::new();
        for support in desk.support(&self.book, claim.file.kind, &ids, from, through) {
            let months = support.months.into_iter();
            found.extend(months.map(|month| ((support.worker_id, month.month), month)));
        }
        let supported = |line: &ClaimLine| {
            let now = found.get(&(line.worker_id, line.month));
            now.map_or((Fen::ZERO, ReasonCode::NoRecord), |now| match is_paid {
                true => (now.amount_fen, now.code),
                false => now.payable(),
            })
        };
        Ok(claim.file.changes(supported))
    }
}

impl Desk {
    fn of(inputs: Vec<LedgerInputs>) -> Option<Self> {
        let inputs = inputs.into_iter().next()?;
        Some(Self {
            employer: Arc::unwrap_or_clone(inputs.employer?),
            head: inputs.head,
            workers: inputs.workers,
            claimed: BTreeMap::new(),
            frozen: BTreeSet::new(),
        })
    }

    fn with(mut self, claimed: Vec<Vec<SubsidyMonth>>, frozen: &[CaseFile]) -> Self {
        self.claimed = self.worker_ids().into_iter().zip(claimed).collect();
        self.frozen = frozen.iter().map(|case| case.case_id.to_string()).collect();
        self
    }

    fn worker_ids(&self) -> Vec<WorkerId> {
        let workers = self.workers.iter();
        workers.map(|it| it.worker.worker_id).collect()
    }

    /// Reads, with the employer's head and workers locked until the unit ends: a person's months
    /// are counted over all employers.
    pub(super) async fn locked(
        unit: &mut dyn UnitOfWork,
        code: EmployerCode,
        of: TaxMonth,
    ) -> StoreResult<Option<Self>> {
        let inputs = unit.ledger_inputs(&[(code, year_of(of))]).await?;
        let Some(desk) = Self::of(inputs) else {
            return Ok(None);
        };
        let claimed = unit.subsidy_months(&desk.worker_ids()).await?;
        let mut frozen = Vec::new();
        loop {
            let query = frozen_filings(code, frozen.last());
            let rows = unit.list_cases(&query).await?;
            if rows.is_empty() {
                return Ok(Some(desk.with(claimed, &frozen)));
            }
            frozen.extend(rows);
        }
    }

    /// The same; a claim's employer is known.
    pub(super) async fn of_claim(unit: &mut dyn UnitOfWork, claim: &Claim) -> AppResult<Self> {
        let desk = Self::locked(unit, claim.employer_code, claim.file.quarter_start).await?;
        desk.ok_or_else(|| AppError::internal("a claim of an unknown employer"))
    }

    /// What the months from `from` to `through` bring, worker by worker; of these workers, or of
    /// everybody with a contract at the employer.
    pub(super) fn support(
        &self,
        book: &PolicyBook,
        kind: SubsidyKind,
        of: &BTreeSet<WorkerId>,
        from: TaxMonth,
        through: TaxMonth,
    ) -> Vec<WorkerSupport> {
        let asked = self.workers.iter();
        let asked =
            asked.filter(|snapshot| of.is_empty() || of.contains(&snapshot.worker.worker_id));
        asked
            .map(|snapshot| self.support_of(book, kind, snapshot, from, through))
            .collect()
    }

    fn support_of(
        &self,
        book: &PolicyBook,
        kind: SubsidyKind,
        snapshot: &WorkerSnapshot,
        from: TaxMonth,
        through: TaxMonth,
    ) -> WorkerSupport {
        let worker = &snapshot.worker;
        let held = self.claimed.get(&worker.worker_id);
        let held = held.map_or(&[][..], Vec::as_slice).iter();
        let claimed: Vec<ClaimedMonth> = held.map(|month| month.claimed).collect();
        let evidence = Evidence {
            person: Person::Known(&worker.timeline),
            employer_code: &self.employer.employer_code,
            employer: &self.employer.record,
            booked: &snapshot.booked,
            claimed: &claimed,
            filings: &snapshot.filings,
        };
        let decision = decide(&book.subsidy, kind, &evidence, from, through);
        let months = months_of(&decision, from, through).into_iter();
        let months = months.map(|(month, amount_fen, code)| Supported {
            month,
            amount_fen,
            code,
            is_claimed: claimed
                .iter()
                .any(|it| (it.kind, it.month) == (kind, month)),
            is_frozen: amount_fen > Fen::ZERO && self.is_frozen(kind, snapshot, month),
        });
        let months = months.collect();
        let item = SubsidyItem {
            kind,
            employer_code: self.employer.employer_code,
            employer_revision: self.employer.record.revision,
            person: PersonRecord::Known {
                worker_id: worker.worker_id,
                revision: worker.timeline.revision,
            },
            booked: snapshot.booked.clone(),
            filings: snapshot.filings.to_vec(),
            from,
            through,
            told: short_subsidy(&decision),
            answer: subsidy_digest(&decision),
            claimed,
        };
        WorkerSupport {
            worker_id: worker.worker_id,
            worker_revision: worker.timeline.revision,
            months,
            item: DecisionItem::Subsidy(Box::new(item)),
        }
    }

    /// Whether the month rests on a filing that supervision has frozen.
    fn is_frozen(&self, kind: SubsidyKind, snapshot: &WorkerSnapshot, month: TaxMonth) -> bool {
        let timeline = &snapshot.worker.timeline;
        let code = self.employer.employer_code;
        if kind == SubsidyKind::Training {
            let trainings = timeline.trainings.iter().map(|held| &held.body);
            let mut of_month = trainings.filter(|training| {
                training.employer_code == code
                    && training.completed_on.map(TaxMonth::of) == Some(month)
            });
            return of_month.any(|training| self.frozen.contains(&training.plan_id));
        }
        let contracts = timeline.contracts.iter().map(|held| &held.body);
        let mut of_month = contracts.filter(|contract| {
            let last_on = contract.last_on();
            contract.employer_code == code
                && contract.start_on <= month.last_day()
                && last_on.is_none_or(|last| last >= month.first_day())
        });
        of_month.any(|contract| self.frozen.contains(&contract.filing_id))
    }
}

/// Month by month; trainings in the month of their completion, summed.
fn months_of(
    decision: &Decision,
    from: TaxMonth,
    through: TaxMonth,
) -> Vec<(TaxMonth, Fen, ReasonCode)> {
    if decision.kind != SubsidyKind::Training {
        let months = decision.months.iter();
        return months
            .map(|found| (found.month, found.amount_fen, found.code))
            .collect();
    }
    let mut by_month: BTreeMap<TaxMonth, (Fen, ReasonCode)> = BTreeMap::new();
    for training in &decision.trainings {
        let month = training.completed_on.map(TaxMonth::of);
        let Some(month) = month.filter(|month| (from..=through).contains(month)) else {
            continue;
        };
        let found = by_month.entry(month).or_insert((Fen::ZERO, training.code));
        found.0 += training.amount_fen;
        if training.amount_fen > Fen::ZERO {
            found.1 = training.code;
        }
    }
    let months = by_month.into_iter();
    months
        .map(|(month, (amount, code))| (month, amount, code))
        .collect()
}
