//! `mamagang doctor --rebuild`: every projection rebuilt from truth and compared.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::case::CaseKind;
use mamagang_domain::fact::WorkerFact;
use mamagang_domain::filing::Filing;
use mamagang_domain::frozen::digest;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, Subject, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::ledger::{EntryBody, EntryKind, Genesis, SubsidyPart, YearState, chain_hash};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::timeline::{EmployerRecord, Timeline, unpack};
use mamagang_store::cases::CaseFile;
use mamagang_store::months::MONTHS_MAX;
use mamagang_store::rows::{FactChange, FactRow, OwnerKey, PersonMonth, SubsidyMonth};

use crate::app::App;
use crate::claims::Claim;
use crate::error::{AppError, AppResult};
use crate::facts::{certificate_owner_key, contract_owner_key, region_of};
use crate::filings::Filed;
use crate::limits::PAGE_ROWS_MAX;
use crate::workers::history::{Until, replay_employer, replay_worker};
use crate::workers::merge::Merged;

/// What was compared and what differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Workers whose timeline was rebuilt.
    pub workers: u64,
    /// Employers whose record, chain and years were rebuilt.
    pub employers: u64,
    /// Entries replayed.
    pub entries: u64,
    /// Booked person-months compared.
    pub person_months: u64,
    /// Holders of contracts and certificates compared.
    pub owners: u64,
    /// Cases compared with their last event.
    pub cases: u64,
    /// What differs, by subject.
    pub differences: Vec<String>,
}

/// Brings an employer's booked months up to an entry.
pub(crate) fn apply_months(months: &mut Vec<PersonMonth>, body: &EntryBody) {
    for change in &body.draft.accruals {
        if change.booked {
            months.push(PersonMonth {
                worker_id: change.worker_id,
                month: change.month,
                employer_code: body.employer_code,
                group: change.group,
                amount_fen: change.amount_fen,
                sequence: body.sequence,
            });
        } else {
            months
                .retain(|known| known.worker_id != change.worker_id || known.month != change.month);
        }
    }
}

/// What replaying the workers says about the projections that span them.
#[derive(Debug, Default)]
struct Across {
    /// Records that were joined, by the cases that were confirmed.
    merged: Merged,
    /// Who has, or had, a contract with whom.
    links: BTreeSet<(EmployerCode, WorkerId)>,
    /// Who holds each contract and certificate now.
    owners: BTreeMap<OwnerKey, Option<WorkerId>>,
    /// What the ledgers say was paid for each claim, less what was taken back.
    money: BTreeMap<CaseId, Fen>,
    /// What the workers' rows say is booked for each employer.
    booked: BTreeMap<EmployerCode, MonthSum>,
}

/// Person-months that were added up: a country's would be too many to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MonthSum {
    count: u64,
    /// Of a part of each one's hash, so that no other months come to the same.
    sum: u128,
}

impl MonthSum {
    fn add(&mut self, worker_id: WorkerId, month: TaxMonth) {
        let mut named = [0; 20];
        let (id, index) = named.split_at_mut(16);
        id.copy_from_slice(worker_id.bytes());
        index.copy_from_slice(&month.index().to_be_bytes());
        let hash = digest(&named);
        let part = hash.first_chunk().copied().unwrap_or_default();
        self.count += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(part));
    }

    fn of(months: &[PersonMonth]) -> Self {
        let mut sum = Self::default();
        for month in months {
            sum.add(month.worker_id, month.month);
        }
        sum
    }
}

impl Across {
    fn add_history(&mut self, worker_id: WorkerId, row: &FactRow) -> AppResult<()> {
        let FactChange::Record { body, .. } = &row.change else {
            return Ok(());
        };
        match unpack(body).map_err(AppError::internal)? {
            WorkerFact::Contract(contract) => {
                self.links.insert((contract.employer_code, worker_id));
                let key = contract_owner_key(&contract.employer_code, &contract.contract_id);
                self.owners.entry(key).or_insert(None);
            }
            WorkerFact::Certificate(certificate) => {
                let key = certificate_owner_key(certificate.key);
                self.owners.entry(key).or_insert(None);
            }
            _ => {}
        }
        Ok(())
    }

    fn add_in_force(&mut self, worker_id: WorkerId, timeline: &Timeline) {
        let contracts = timeline.contracts.iter().map(|held| &held.body);
        let contracts =
            contracts.map(|held| contract_owner_key(&held.employer_code, &held.contract_id));
        let certificates = timeline
            .certificates
            .iter()
            .map(|held| certificate_owner_key(held.body.key));
        self.owners.extend(
            contracts
                .chain(certificates)
                .map(|key| (key, Some(worker_id))),
        );
    }

    fn add_money(&mut self, kind: EntryKind, part: &SubsidyPart) {
        let sum = self.money.entry(part.claim_id).or_insert(Fen::ZERO);
        match kind {
            EntryKind::SubsidyClawBack => *sum -= part.total_fen(),
            _ => *sum += part.total_fen(),
        }
    }

    /// Months that a joined record could not take over stay with the record that went; together
    /// they are the person's.
    fn add_booked(&mut self, worker_id: WorkerId, booked: &[BookedMonth]) {
        let stands = self.merged.stands_for(worker_id);
        for it in booked {
            let sum = self.booked.entry(it.employer_code).or_default();
            sum.add(stands, it.month);
        }
    }

    fn workers_of(&self, code: &EmployerCode) -> BTreeSet<WorkerId> {
        let links = self.links.iter().filter(|(employer, _)| employer == code);
        links
            .map(|(_, worker_id)| self.merged.stands_for(*worker_id))
            .collect()
    }
}

/// A person-month that a claim holds: whose, of which measure, which month, by which claim, how much.
type SubsidyMonthKey = (WorkerId, i32, TaxMonth, String, Fen);

/// What is in one of two maps only, or otherwise in the other.
fn symmetric<'a>(
    one: &'a BTreeMap<CaseId, Fen>,
    other: &'a BTreeMap<CaseId, Fen>,
) -> impl Iterator<Item = (&'a CaseId, &'a Fen)> {
    let here = one.iter().filter(|(id, sum)| other.get(id) != Some(sum));
    here.chain(other.iter().filter(|(id, _)| !one.contains_key(id)))
}

fn month_key(month: &SubsidyMonth) -> SubsidyMonthKey {
    (
        month.worker_id,
        month.claimed.kind.measure(),
        month.claimed.month,
        month.claim_id.clone(),
        month.claimed.amount_fen,
    )
}

impl App {
    /// Rebuilds every projection from truth in memory and compares it with the stored one.
    pub async fn rebuild_and_compare(&self) -> AppResult<RebuildReport> {
        let mut report = RebuildReport::default();
        let merged = self.merges_confirmed_by(i64::MAX).await?;
        let mut across = self.compare_workers(merged, &mut report).await?;
        self.compare_owners(&across, &mut report).await?;
        self.compare_employers(&mut across, &mut report).await?;
        self.compare_cases(&across, &mut report).await?;
        Ok(report)
    }

    async fn compare_workers(
        &self,
        merged: Merged,
        report: &mut RebuildReport,
    ) -> AppResult<Across> {
        let mut across = Across {
            merged,
            ..Across::default()
        };
        let mut after = None;
        loop {
            let rows = self.store.list_workers(after, PAGE_ROWS_MAX).await?;
            let Some(last) = rows.last() else {
                return Ok(across);
            };
            after = Some(last.worker_id);
            self.compare_merged(&rows, &across.merged, report).await?;
            let ids: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
            for (id, booked) in ids.iter().zip(self.store.booked_months(&ids).await?) {
                across.add_booked(*id, &booked);
                if booked.len() > MONTHS_MAX {
                    let named = format!("worker {id}: {} booked months", booked.len());
                    report.differences.push(named);
                }
            }
            for row in rows {
                report.workers += 1;
                let mut timeline = Timeline::default();
                for fact in self
                    .fact_rows(Subject::Worker(row.worker_id), Until::End)
                    .await?
                {
                    replay_worker(&mut timeline, &fact)?;
                    across.add_history(row.worker_id, &fact)?;
                }
                across.add_in_force(row.worker_id, &timeline);
                if timeline.pack() != row.timeline.pack() {
                    report
                        .differences
                        .push(format!("worker {}: timeline", row.worker_id));
                }
                if region_of(&timeline) != row.region_code {
                    report
                        .differences
                        .push(format!("worker {}: region", row.worker_id));
                }
            }
        }
    }

    /// What decisions read of filings is what the filings say.
    async fn compare_filings(
        &self,
        cases: impl Iterator<Item = &CaseFile>,
        report: &mut RebuildReport,
    ) -> AppResult<()> {
        let filings = cases.filter(|case| case.kind == CaseKind::Filing);
        let filings = filings.map(|case| {
            let filed = Filed::of(case)?;
            let id = filed.filing_id.to_string();
            Ok(filed.file.as_decisions_read(id, filed.employer_code))
        });
        let filings: Vec<Filing> = filings.collect::<AppResult<_>>()?;
        let ids: Vec<String> = filings.iter().map(|it| it.filing_id.clone()).collect();
        for (rebuilt, stored) in filings.into_iter().zip(self.store.filings(&ids).await?) {
            if stored.as_ref() != Some(&rebuilt) {
                let named = format!("filing {}", rebuilt.filing_id);
                report.differences.push(named);
            }
        }
        Ok(())
    }

    /// The person-months that claims hold are those of the claims that were not turned down.
    async fn compare_subsidy_months(
        &self,
        held: &BTreeSet<SubsidyMonthKey>,
        report: &mut RebuildReport,
    ) -> AppResult<()> {
        let mut stored = BTreeSet::new();
        let mut after = None;
        loop {
            let rows = self.store.list_workers(after, PAGE_ROWS_MAX).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.worker_id);
            let ids: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
            let months = self.store.subsidy_months(&ids).await?;
            stored.extend(months.iter().flatten().map(month_key));
        }
        for (worker_id, ..) in held.symmetric_difference(&stored) {
            report
                .differences
                .push(format!("worker {worker_id}: subsidy months"));
        }
        Ok(())
    }

    /// Every case is as its last event left it.
    async fn compare_cases(&self, across: &Across, report: &mut RebuildReport) -> AppResult<()> {
        let mut after = None;
        let mut held = BTreeSet::new();
        let mut money: BTreeMap<CaseId, Fen> = BTreeMap::new();
        loop {
            let ids = self.store.list_case_ids(after, PAGE_ROWS_MAX).await?;
            let Some(last) = ids.last() else {
                // Every claim's money is in its employer's ledger, and no other money is.
                for (claim_id, _) in symmetric(&money, &across.money) {
                    report.differences.push(format!("claim {claim_id}: money"));
                }
                return self.compare_subsidy_months(&held, report).await;
            };
            after = Some(*last);
            let stored = self.store.cases(&ids).await?;
            let rebuilt = self.store.cases_as_of(&ids, i64::MAX).await?;
            self.compare_filings(rebuilt.iter().flatten(), report)
                .await?;
            for case in rebuilt.iter().flatten() {
                if case.kind == CaseKind::Claim {
                    let claim = Claim::of(case)?;
                    held.extend(claim.held()?.iter().map(month_key));
                    if claim.state()?.is_paid() {
                        let file = &claim.file;
                        let net = file.total_fen() - file.clawed_back_fen();
                        money.insert(claim.claim_id, net);
                    }
                }
            }
            for (id, (stored, rebuilt)) in ids.iter().zip(stored.into_iter().zip(rebuilt)) {
                report.cases += 1;
                if stored != rebuilt {
                    report.differences.push(format!("case {id}: file"));
                }
            }
        }
    }

    async fn compare_owners(&self, across: &Across, report: &mut RebuildReport) -> AppResult<()> {
        let keys: Vec<OwnerKey> = across.owners.keys().copied().collect();
        for chunk in keys.chunks(PAGE_ROWS_MAX as usize) {
            // The unit only reads; dropping it leaves nothing.
            let mut unit = self.store.begin(self.clock.clone()).await?;
            for (key, stored) in chunk.iter().zip(unit.fact_owners(chunk).await?) {
                report.owners += 1;
                if across.owners.get(key).copied().flatten() != stored {
                    report
                        .differences
                        .push(format!("owner of a {:?}", key.kind));
                }
            }
        }
        Ok(())
    }

    async fn compare_employers(
        &self,
        across: &mut Across,
        report: &mut RebuildReport,
    ) -> AppResult<()> {
        let mut after = None;
        loop {
            let rows = self.store.list_employers(after, PAGE_ROWS_MAX).await?;
            let Some(last) = rows.last() else {
                for code in across.booked.keys() {
                    let named = format!("employer {code}: person-months of workers alone");
                    report.differences.push(named);
                }
                return Ok(());
            };
            after = Some(last.employer_code);
            for row in rows {
                report.employers += 1;
                let mut record = EmployerRecord::default();
                for fact in self
                    .fact_rows(Subject::Employer(row.employer_code), Until::End)
                    .await?
                {
                    replay_employer(&mut record, &fact)?;
                }
                if record.pack() != row.record.pack() {
                    report
                        .differences
                        .push(format!("employer {}: record", row.employer_code));
                }
                self.compare_ledger(&row.employer_code, across, report)
                    .await?;
            }
        }
    }

    async fn compare_ledger(
        &self,
        code: &EmployerCode,
        across: &mut Across,
        report: &mut RebuildReport,
    ) -> AppResult<()> {
        let mut years: BTreeMap<TaxYear, YearState> = BTreeMap::new();
        let mut months: Vec<PersonMonth> = Vec::new();
        let mut hash = Genesis::hash(code);
        let mut sequence = 0;
        loop {
            let rows = self
                .store
                .list_entries(code, None, sequence, PAGE_ROWS_MAX, None)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                report.entries += 1;
                let expected = sequence + 1;
                if row.sequence != expected
                    || row.previous_hash != hash
                    || chain_hash(&hash, &row.frozen) != row.hash
                {
                    report.differences.push(format!(
                        "employer {code}: entry {expected} breaks the chain"
                    ));
                }
                (sequence, hash) = (row.sequence, row.hash);
                let body = EntryBody::thaw(&row.frozen).map_err(AppError::internal)?;
                match &body.draft.subsidy {
                    // A subsidy's entry is of no year's quota.
                    Some(part) => across.add_money(body.draft.kind, part),
                    None => years.entry(body.draft.tax_year).or_default().apply(&body),
                }
                across.merged.apply_months(&mut months, &body);
            }
        }
        let stored = self.store.list_years(std::slice::from_ref(code)).await?;
        let stored: BTreeMap<TaxYear, YearState> = stored
            .into_iter()
            .map(|row| (row.tax_year, row.state))
            .collect();
        if stored != years {
            report.differences.push(format!("employer {code}: years"));
        }
        let mut booked = self.store.person_months(code).await?;
        report.person_months += booked.len() as u64;
        across.merged.name_alike(&mut booked);
        across.merged.name_alike(&mut months);
        if booked != months {
            report
                .differences
                .push(format!("employer {code}: person-months"));
        }
        if across.booked.remove(code).unwrap_or_default() != MonthSum::of(&months) {
            report
                .differences
                .push(format!("employer {code}: person-months of its workers"));
        }
        let year = years.keys().next().copied().or_else(|| TaxYear::new(1));
        let pairs: Vec<_> = year.map(|year| (*code, year)).into_iter().collect();
        for inputs in self.store.ledger_inputs(&pairs).await? {
            if inputs.head.sequence != sequence || (sequence > 0 && inputs.head.hash != hash) {
                report
                    .differences
                    .push(format!("employer {code}: head of the chain"));
            }
            let linked: BTreeSet<WorkerId> = inputs
                .workers
                .iter()
                .map(|snapshot| snapshot.worker.worker_id)
                .collect();
            if linked != across.workers_of(code) {
                report.differences.push(format!("employer {code}: workers"));
            }
        }
        Ok(())
    }
}
