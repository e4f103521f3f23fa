//! `ScanFindings`: the rules of supervision over the registry, employer by employer.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_crypto::IdentityPlain;
use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{FilingState, HireState};
use mamagang_domain::finding::{
    FindingState, Found, SupervisedClaim, SupervisedFiling, SupervisedHire, SupervisedWorker,
    Supervision, findings_of,
};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxPeriod};
use mamagang_domain::subsidy::SubsidyKind;
use mamagang_store::cases::{CaseFile, CaseQuery};
use mamagang_store::rows::{EmployerRow, WorkerSnapshot};

use super::findings::{Finding, event_of};
use crate::app::App;
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::DecisionItem;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::claims::Claim;
use crate::error::{AppError, AppResult};
use crate::filings::{Filed, ReportedHire};
use crate::limits::PAGE_ROWS_MAX;

/// A scan. It may be run again at any time: what was found before is found again and not doubled.
#[derive(Clone, Debug)]
pub struct ScanFindings {
    /// Employers after this code; `None` = from the start.
    pub after: Option<EmployerCode>,
    /// At most so many employers.
    pub limit: u32,
}

/// What a scan did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Employers that were looked at.
    pub employers: u32,
    /// Findings that are new.
    pub opened: u32,
    /// Findings that were known.
    pub known: u32,
    /// The code after which the next scan goes on; `None` at the end.
    pub next_after: Option<EmployerCode>,
}

const METHOD: &str = "mamagang.v1.ReportService/ScanFindings";

impl App {
    /// Runs the rules over the next employers within reach.
    pub async fn scan_findings(&self, caller: &Caller, scan: ScanFindings) -> AppResult<Scanned> {
        let permit = self.permit(METHOD, caller, None).await?;
        let rows = self.store.list_employers(scan.after, scan.limit).await?;
        let is_full = u32::try_from(rows.len()).is_ok_and(|count| count == scan.limit);
        let next_after = rows.last().map(|row| row.employer_code);
        let mut scanned = Scanned {
            employers: 0,
            opened: 0,
            known: 0,
            next_after: next_after.filter(|_| is_full),
        };
        for row in rows {
            if !permit.reaches_employer(&row.employer_code, Some(&row.record)) {
                continue;
            }
            let found = self.supervise(&row).await?;
            scanned.employers += 1;
            let (opened, known) = self.keep_findings(&permit, &row, found).await?;
            scanned.opened += opened;
            scanned.known += known;
        }
        let question = format!("employers={}", scanned.employers);
        let answer = format!("opened={} known={}", scanned.opened, scanned.known);
        let answer = mamagang_domain::frozen::digest(answer.as_bytes());
        let items = vec![DecisionItem::Other { question, answer }];
        self.audit
            .write(self.audit_draft(METHOD, caller, None, items))
            .await?;
        Ok(scanned)
    }

    async fn supervise(&self, row: &EmployerRow) -> AppResult<Vec<Found>> {
        let code = row.employer_code;
        let today = self.today();
        let filings = self.all_cases(CaseKind::Filing, code).await?;
        let hires = self.all_cases(CaseKind::Hire, code).await?;
        let filings: AppResult<Vec<_>> = filings.iter().map(supervised_filing).collect();
        let hires: AppResult<Vec<_>> = hires.iter().map(supervised_hire).collect();
        let (filings, mut hires) = (filings?, hires?);
        let claims = self.supervised_claims(code).await?;
        let year = TaxPeriod::month(TaxMonth::of(today)).year();
        let inputs = self.store.ledger_inputs(&[(code, year)]).await?;
        let snapshots: Vec<WorkerSnapshot> = inputs.into_iter().flat_map(|it| it.workers).collect();
        let births = self.births(&hires).await?;
        for hire in &mut hires {
            hire.born_on = births.get(&hire.worker_id).copied();
        }
        let workers: Vec<_> = snapshots
            .iter()
            .map(|snapshot| SupervisedWorker {
                worker_id: snapshot.worker.worker_id,
                timeline: &snapshot.worker.timeline,
            })
            .collect();
        let supervision = Supervision {
            employer_code: code,
            employer_kind: row.record.profile_on(today).map(|profile| profile.kind),
            filings: &filings,
            hires: &hires,
            claims: &claims,
            workers: &workers,
            today,
        };
        Ok(findings_of(&self.book.supervision, &supervision))
    }

    /// The claims that stand. What of a paid one is due to be clawed back is read with it.
    async fn supervised_claims(&self, code: EmployerCode) -> AppResult<Vec<SupervisedClaim>> {
        let cases = self.all_cases(CaseKind::Claim, code).await?;
        let mut claims = Vec::with_capacity(cases.len());
        for case in &cases {
            let claim = Claim::of(case)?;
            let state = claim.state()?;
            if !state.holds_months() {
                continue;
            }
            let lines = claim.file.lines.iter();
            // A training may end before the contract begins.
            let by_month = claim.file.kind != SubsidyKind::Training;
            let lines = lines.filter(|line| by_month && line.standing_fen() > Fen::ZERO);
            claims.push(SupervisedClaim {
                claim_id: claim.claim_id,
                lines: lines.map(|line| (line.worker_id, line.month)).collect(),
                claw_back_due: match state.is_paid() {
                    true => self.changes_of(&claim).await?,
                    false => Vec::new(),
                },
            });
        }
        Ok(claims)
    }

    pub(super) async fn all_cases(
        &self,
        kind: CaseKind,
        employer: EmployerCode,
    ) -> AppResult<Vec<CaseFile>> {
        let mut query = CaseQuery::of(kind, PAGE_ROWS_MAX);
        query.employer_code = Some(employer);
        let mut all = Vec::new();
        loop {
            let rows = self.store.list_cases(&query).await?;
            let Some(last) = rows.last() else {
                return Ok(all);
            };
            query.after = Some((last.opened_at, last.case_id));
            all.extend(rows);
        }
    }

    /// Days of birth of those who were hired. They are read for the rule alone and leave no trace.
    async fn births(&self, hires: &[SupervisedHire]) -> AppResult<BTreeMap<WorkerId, CivilDate>> {
        let ids: BTreeSet<WorkerId> = hires.iter().map(|hire| hire.worker_id).collect();
        let ids: Vec<WorkerId> = ids.into_iter().collect();
        let mut births = BTreeMap::new();
        for (id, secret) in ids.iter().zip(self.store.worker_secrets(&ids).await?) {
            let Some(secret) = secret else { continue };
            // A person whose key was destroyed is erased: nothing is known of the age.
            let Ok(key) = self.keys.load().unwrap(&secret.data_key, *id) else {
                continue;
            };
            let row = id.bytes();
            let plain = key.decrypt(crate::facts::IDENTITY_SECRET, row, &secret.identity);
            let plain = plain.map_err(AppError::internal)?;
            let identity =
                IdentityPlain::decode(&plain, self.today()).map_err(AppError::internal)?;
            births.extend(identity.number.born_on().map(|born| (*id, born)));
        }
        Ok(births)
    }

    /// Opens the findings that are new; how many were, and how many were known.
    async fn keep_findings(
        &self,
        permit: &Permit<'_>,
        row: &EmployerRow,
        found: Vec<Found>,
    ) -> AppResult<(u32, u32)> {
        if found.is_empty() {
            return Ok((0, 0));
        }
        let kept = until_not_overtaken(|| self.keep_once(permit, row, &found));
        Ok(kept.await?)
    }

    async fn keep_once(
        &self,
        permit: &Permit<'_>,
        row: &EmployerRow,
        found: &[Found],
    ) -> Result<(u32, u32), Attempt> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let keys: Vec<_> = found.iter().map(|found| found.key).collect();
        let known = unit.cases_by_key(CaseKind::Finding, &keys).await?;
        let profiles = &row.record.profiles;
        let town = profiles.last().map_or("", |held| &held.body.town_code);
        let recorded_at = unit.recorded_at();
        let new = found
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none());
        let events: Vec<_> = new
            .map(|(found, _)| {
                let finding = Finding {
                    finding_id: CaseId(self.ids.new_id()),
                    employer_code: Some(row.employer_code),
                    worker_id: found.worker_id,
                    town_code: town.to_owned(),
                    state: FindingState::Open as u8,
                    due_on: None,
                    revision: 1,
                    opened_at: recorded_at,
                    updated_at: recorded_at,
                    file: found.file.clone(),
                };
                event_of(&finding, found.key, None, &permit.caller.subject, "")
            })
            .collect();
        let opened = events.len();
        if opened > 0 {
            unit.append_cases(&events).await?;
            let items = vec![DecisionItem::Other {
                question: format!("employer_code={}\nopened={opened}", row.employer_code),
                answer: [0; 32],
            }];
            let mut draft = self.audit_draft(METHOD, permit.caller, None, items);
            draft.employer_code = Some(row.employer_code);
            self.writes.commit(unit, vec![draft]).await?;
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok((count(opened), count(found.len() - opened)))
    }
}

fn supervised_filing(case: &CaseFile) -> AppResult<SupervisedFiling> {
    let filed = Filed::of(case)?;
    let state = filed.state()?;
    Ok(SupervisedFiling {
        filing_id: filed.filing_id,
        kind: filed.file.kind,
        in_force: matches!(state, FilingState::Accepted | FilingState::Frozen),
    })
}

fn supervised_hire(case: &CaseFile) -> AppResult<SupervisedHire> {
    let hire = ReportedHire::of(case)?;
    let waits = matches!(hire.state()?, HireState::Reported | HireState::Ended);
    Ok(SupervisedHire {
        hire_id: hire.hire_id,
        filing_id: hire.filing_id,
        worker_id: hire.worker_id,
        hired_on: hire.file.hired_on,
        due_on: hire.due_on.filter(|_| waits),
        born_on: None,
    })
}
