//! One employer-year kept as the service keeps it: plans are made, checked and applied.

use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::EmployerProfile;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::ledger::{
    Amendment, Balance, ByGroup, Declaration, EntryDraft, EntryKind, LedgerRefusal, MonthValue,
    Plan, PlanInput, Settlement, WorkerMonths, YearState, plan_amendment, plan_posting,
    plan_recomputation, plan_settlement,
};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::{CodeGroup, PolicyBook};

/// The months that the facts support for one worker, over the whole year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerFacts {
    pub group: CodeGroup,
    pub months: Vec<TaxMonth>,
}

/// An employer-year with its facts.
#[derive(Clone, Debug)]
pub struct Desk {
    policy: Arc<PolicyBook>,
    pub profile: EmployerProfile,
    pub tax_year: TaxYear,
    pub facts: Vec<WorkerFacts>,
    pub state: YearState,
    /// Every entry so far; the sequence is the number in the list.
    pub drafts: Vec<EntryDraft>,
    booked: Vec<Vec<MonthValue>>,
}

impl Desk {
    pub fn new(policy: Arc<PolicyBook>, profile: EmployerProfile, tax_year: TaxYear) -> Self {
        Self {
            policy,
            profile,
            tax_year,
            facts: Vec::new(),
            state: YearState::default(),
            drafts: Vec::new(),
            booked: Vec::new(),
        }
    }

    fn amount(&self, month: TaxMonth) -> Fen {
        let quota = self.policy.key_group.quota_year_fen.on(month.last_day());
        quota.map_or(Fen::ZERO, |quota| Fen::new(quota.value.get() / 12))
    }

    /// What the service reads of the workers: supported to `through`, expected after it.
    fn workers(&self, through: Option<TaxMonth>) -> Vec<WorkerMonths> {
        let is_reached = |month: &TaxMonth| through.is_some_and(|through| *month <= through);
        let (first, last) = (self.tax_year.first_month(), self.tax_year.last_month());
        let value = |group: CodeGroup, month: TaxMonth| MonthValue {
            month,
            group,
            amount_fen: self.amount(month),
        };
        (0..self.facts.len().max(self.booked.len()))
            .map(|index| {
                let facts = self.facts.get(index);
                let months = facts.map_or(&[][..], |facts| &facts.months);
                let group = facts.map_or(CodeGroup::Poverty, |facts| facts.group);
                let in_year = months
                    .iter()
                    .filter(|month| (first..=last).contains(*month));
                let (supported, projected): (Vec<_>, Vec<_>) =
                    in_year.copied().partition(|month| is_reached(month));
                WorkerMonths {
                    worker_id: Some(worker(index)),
                    revision: 1,
                    booked: self.booked.get(index).cloned().unwrap_or_default(),
                    supported: supported
                        .into_iter()
                        .map(|month| value(group, month))
                        .collect(),
                    projected: projected
                        .into_iter()
                        .map(|month| value(group, month))
                        .collect(),
                    elsewhere: 0,
                    unclaimed_elsewhere: 0,
                    left_on: None,
                    under_review: 0,
                }
            })
            .collect()
    }

    fn plan(
        &mut self,
        through: Option<TaxMonth>,
        today: CivilDate,
        make: impl FnOnce(&PlanInput<'_>) -> Result<Plan, LedgerRefusal>,
    ) -> Result<Plan, LedgerRefusal> {
        let workers = self.workers(through);
        let workers: Vec<_> = workers.iter().collect();
        let policy = self.policy.clone();
        let state = self.state.clone();
        let input = PlanInput {
            policy: &policy,
            profile: &self.profile,
            state: &state,
            workers: &workers,
            today,
        };
        let plan = make(&input)?;
        for draft in &plan.drafts {
            self.apply(draft);
        }
        // Between a reversal and the new declaration a settled year may hold a rest; after it, never.
        let rest = self.state.balance().remaining_fen;
        assert!(
            self.state.settled.is_none() || rest == Fen::ZERO,
            "{rest} is left"
        );
        Ok(plan)
    }

    fn covered(&self) -> Option<TaxMonth> {
        self.state.covered_through(self.tax_year.last_month())
    }

    pub fn post(
        &mut self,
        declared: &Declaration,
        today: CivilDate,
    ) -> Result<Plan, LedgerRefusal> {
        let through = Some(declared.period.last_month());
        let used = self.state.deducted().total();
        let plan = self.plan(through, today, |input| plan_posting(input, declared))?;
        let left = (self.state.released().total() - used).or_zero();
        let taken: Fen = plan.drafts[0]
            .lines
            .iter()
            .map(|line| line.deducted.total())
            .sum();
        assert!(taken <= left, "{taken} deducted, {left} was available");
        Ok(plan)
    }

    pub fn amend(
        &mut self,
        amendment: &Amendment,
        today: CivilDate,
    ) -> Result<Plan, LedgerRefusal> {
        let through = self.covered();
        self.plan(through, today, |input| plan_amendment(input, amendment))
    }

    pub fn recompute(&mut self, today: CivilDate) -> Result<Plan, LedgerRefusal> {
        let (through, year) = (self.covered(), self.tax_year);
        self.plan(through, today, |input| plan_recomputation(input, year))
    }

    pub fn settle(
        &mut self,
        cit_payable_fen: Fen,
        today: CivilDate,
    ) -> Result<Plan, LedgerRefusal> {
        let settlement = Settlement {
            tax_year: self.tax_year,
            cit_payable_fen,
        };
        let through = Some(self.tax_year.last_month());
        self.plan(through, today, |input| plan_settlement(input, &settlement))
    }

    fn apply(&mut self, draft: &EntryDraft) {
        self.drafts.push(draft.clone());
        let sequence = u32::try_from(self.drafts.len()).expect("few entries");
        self.state.apply_draft(draft, sequence);
        self.booked
            .resize(self.facts.len().max(self.booked.len()), Vec::new());
        for change in &draft.accruals {
            let value = MonthValue {
                month: change.month,
                group: change.group,
                amount_fen: change.amount_fen,
            };
            let index = (0..self.booked.len()).find(|index| worker(*index) == change.worker_id);
            let months = &mut self.booked[index.expect("a worker of the year")];
            if change.booked {
                assert!(!months.contains(&value), "{value:?} is booked twice");
                months.push(value);
            } else {
                let before = months.len();
                months.retain(|known| *known != value);
                assert_eq!(months.len() + 1, before, "{value:?} was not booked");
            }
        }
        assert_entry_is_balanced(draft);
        self.assert_year_is_balanced();
    }

    /// `accrued = deducted + forfeited + remaining − over_deducted`, and accrued is what is booked.
    fn assert_year_is_balanced(&self) {
        let Balance {
            accrued_fen,
            deducted_fen,
            remaining_fen,
            forfeited_fen,
            over_deducted_fen,
            months_counted,
            ..
        } = self.state.balance();
        let deducted: Fen = deducted_fen.into_iter().sum();
        assert_eq!(
            accrued_fen,
            deducted + forfeited_fen + remaining_fen - over_deducted_fen
        );
        assert!(remaining_fen == Fen::ZERO || over_deducted_fen == Fen::ZERO);
        for part in [remaining_fen, forfeited_fen, over_deducted_fen] {
            assert!(!part.is_negative(), "{:?}", self.state.balance());
        }
        let booked: Vec<&MonthValue> = self.booked.iter().flatten().collect();
        let worth: Fen = booked.iter().map(|value| value.amount_fen).sum();
        assert_eq!(accrued_fen, worth);
        assert_eq!(usize::try_from(months_counted), Ok(booked.len()));
    }
}

/// The legs of each unit sum to zero, and each line to what is due.
pub fn assert_entry_is_balanced(draft: &EntryDraft) {
    let legs = draft.legs();
    let months: i32 = legs.iter().map(|leg| leg.months).sum();
    let fen: Fen = legs.iter().map(|leg| leg.amount_fen).sum();
    assert_eq!((months, fen), (0, Fen::ZERO), "{legs:?}");
    for line in &draft.lines {
        let parts = line.deducted.total() + line.halved_fen + line.paid_fen;
        assert_eq!(line.due_fen, parts, "{line:?}");
        let ByGroup {
            poverty,
            unemployment,
        } = line.deducted;
        for part in [poverty, unemployment, line.halved_fen, line.paid_fen] {
            assert!(!part.is_negative(), "{line:?}");
        }
    }
    if draft.kind == EntryKind::Reversal {
        assert!(draft.accruals.is_empty(), "a reversal takes no month back");
    }
}

/// The worker of an index: an id made of it.
pub fn worker(index: usize) -> WorkerId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&u32::try_from(index).expect("few workers").to_be_bytes());
    WorkerId::from_slice(&bytes).expect("sixteen bytes")
}
