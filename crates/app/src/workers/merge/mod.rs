//! `MergeWorkers`: two records turn out to be one person, since a number was wrong.
//!
//! Two persons take two steps. The first proposes and is shown what becomes of the 36 months; the second confirms that
//! effect and no other: where facts or months have changed since, nothing is merged. From then on the record that goes
//! is read as the one that stays, and everything is appended: its facts are recorded for the one that stays and
//! retracted where they stood, the case keeps who proposed and who confirmed. Entries are not edited: a month that may
//! not stay booked twice, or beyond the 36, stands under the record that goes until its employer's year is evaluated
//! again, and is then taken back like any other that facts do not support.

mod effect;
mod join;
mod merged;

use mamagang_domain::case::{CaseKind, TransitionRefusal};
use mamagang_domain::frozen::{Digest32, digest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, Subject, WorkerId};
use mamagang_domain::month::TaxYear;
use mamagang_domain::timeline::{pack, unpack};
use mamagang_store::cases::{CaseEvent, CaseFile};
use mamagang_store::rows::{FactRow, PersonMonth, WorkerRow};
use mamagang_store::{StoreError, StoreErrorKind, UnitOfWork};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use effect::{MergeEffect, MergeTerm, MergeYear, MonthGivenUp};
use join::Joined;
pub(crate) use merged::Merged;

use super::Who;
use super::history::Until;
use crate::app::{App, require_context};
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::{DecisionItem, given};
use crate::authorise::{Permit, require_second_person};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::WriteRequest;
use crate::reviews::{Carrying, waiting_reviews};
use crate::step::{body_of, not_allowed};

const METHOD: &str = "mamagang.v1.RegistryService/MergeWorkers";
/// The states of the case.
const PROPOSED: u8 = 1;
pub(crate) const CONFIRMED: u8 = 2;

/// A merge to propose, or to confirm.
#[derive(Clone, Debug)]
pub struct MergeWorkers {
    /// The request.
    pub request: WriteRequest,
    /// Whether nothing is to be written: only the effect is told.
    pub validate_only: bool,
    /// Why the persons' terms are read.
    pub context: AccessContext,
    /// The record that goes.
    pub from: WorkerId,
    /// The record that stays.
    pub into: WorkerId,
    /// Why they are one person.
    pub reason: String,
    /// The proposal to confirm; `None` proposes.
    pub merge_id: Option<CaseId>,
}

/// A merge as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The proposal; `None` where nothing was written.
    pub merge_id: Option<CaseId>,
    /// Whether the records are one now.
    pub is_confirmed: bool,
    /// What becomes, or became, of the months.
    pub effect: MergeEffect,
}

/// What is kept of a proposal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// The record that goes.
    pub(crate) from: WorkerId,
    /// The record that stays.
    pub(crate) into: WorkerId,
    proposed_by: String,
    /// What the effect was drawn from.
    basis: Digest32,
}

/// What is read before anything is locked.
struct Records {
    /// Of the record that goes.
    facts: Vec<FactRow>,
    /// Whether the years of the employers that booked months are settled.
    settled: BTreeMap<(EmployerCode, TaxYear), bool>,
}

/// Both records under their locks, and what joining them comes to.
struct Plan {
    going: WorkerRow,
    staying: WorkerRow,
    months: Vec<PersonMonth>,
    joined: Joined,
    effect: MergeEffect,
    basis: Digest32,
}

impl App {
    /// Proposes or confirms that two records are one person.
    ///
    /// Errors: `WORKER_NOT_FOUND`; `WORKERS_NOT_MERGEABLE`; of a confirmation also `CASE_NOT_FOUND`,
    /// `TRANSITION_NOT_ALLOWED`, `SECOND_PERSON_REQUIRED`, `MERGE_EFFECT_CHANGED`.
    pub async fn merge_workers(&self, caller: &Caller, merge: MergeWorkers) -> AppResult<Merge> {
        let permit = self.permit(METHOD, caller, Some(&merge.context)).await?;
        require_context(&merge.context)?;
        for id in [merge.from, merge.into] {
            self.known_worker(&permit, &Who::WorkerId(id)).await?;
        }
        match until_not_overtaken(|| self.merge_once(&permit, &merge)).await {
            Err(Attempt::App(error)) => {
                let context = Some(&merge.context);
                Err(self.audit_refusal(METHOD, caller, context, error).await)
            }
            result => Ok(result?),
        }
    }

    async fn merge_once(
        &self,
        permit: &Permit<'_>,
        merge: &MergeWorkers,
    ) -> Result<Merge, Attempt> {
        let caller = permit.caller;
        let records = self.records(merge.from).await?;
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let key = merge.request.key(caller, METHOD);
        let known = unit.idempotency(std::slice::from_ref(&key)).await?;
        let known = known.into_iter().next().flatten();
        if let Some(first) = merge.request.compare(known.as_ref())? {
            return Ok(unpack(first).map_err(AppError::internal)?);
        }
        let proposal = match merge.merge_id {
            None => None,
            Some(id) => Some(self.locked_proposal(&mut *unit, caller, merge, id).await?),
        };
        let waiting = match &proposal {
            Some(_) => waiting_reviews(&mut *unit, [merge.from, merge.into]).await?,
            None => Vec::new(),
        };
        let plan = self.plan_merge(&mut *unit, caller, merge, records).await?;
        if let Some((_, proposed)) = &proposal
            && proposed.basis != plan.basis
        {
            return Err(AppError::new(ErrorReason::MergeEffectChanged).into());
        }
        let merged = Merge {
            merge_id: match merge.validate_only {
                true => merge.merge_id,
                false => Some(merge.merge_id.unwrap_or_else(|| CaseId(self.ids.new_id()))),
            },
            is_confirmed: proposal.is_some() && !merge.validate_only,
            effect: plan.effect.clone(),
        };
        let response = pack(&merged);
        let question = format!(
            "from_worker_id={}\ninto_worker_id={}\nconfirmed={}",
            merge.from, merge.into, merged.is_confirmed
        );
        let answer = digest(&response);
        let items = vec![DecisionItem::Other { question, answer }];
        let mut draft = self.audit_draft(METHOD, caller, Some(&merge.context), items);
        draft.worker_id = Some(merge.into);
        draft.subjects = vec![merge.from];
        draft.given = given(&["months_counted", "employers"]);
        if merge.validate_only {
            drop(unit);
            self.audit.write(draft).await?;
            return Ok(merged);
        }
        let recorded_at = unit.recorded_at();
        let event = event_of(merge, &merged, &plan, proposal, caller, recorded_at);
        unit.append_cases(&[event]).await?;
        if merged.is_confirmed {
            plan.write(&mut *unit).await?;
            let carrying = Carrying {
                from: merge.from,
                into: merge.into,
                timeline: &plan.joined.timeline,
                actor: &caller.subject,
            };
            carrying.carry(&mut *unit, &waiting).await?;
        }
        let record = merge.request.record(response, recorded_at);
        unit.put_idempotency(&[(key, record)]).await?;
        self.writes.commit(unit, vec![draft]).await?;
        Ok(merged)
    }

    async fn records(&self, from: WorkerId) -> Result<Records, Attempt> {
        let facts = self.fact_rows(Subject::Worker(from), Until::End).await?;
        let key = mamagang_store::rows::WorkerKey::Id(from);
        let found = self.store.check_inputs(&[key], &[]).await?.workers;
        let booked = found.into_iter().flatten().flat_map(|found| found.booked);
        let mut codes: Vec<EmployerCode> = booked.map(|month| month.employer_code).collect();
        codes.sort_unstable();
        codes.dedup();
        let years = self.store.list_years(&codes).await?.into_iter();
        let settled = years.map(|row| {
            let is_settled = row.state.settled.is_some();
            ((row.employer_code, row.tax_year), is_settled)
        });
        let settled = settled.collect();
        Ok(Records { facts, settled })
    }

    /// The proposal that is confirmed: of the same records, still open, and another person's.
    async fn locked_proposal(
        &self,
        unit: &mut dyn UnitOfWork,
        caller: &Caller,
        merge: &MergeWorkers,
        merge_id: CaseId,
    ) -> Result<(CaseFile, Proposal), Attempt> {
        let found = unit.cases(&[merge_id]).await?.into_iter().next().flatten();
        let found = found.filter(|case| case.kind == CaseKind::Merge);
        let found = found.map(|case| Ok((body_of(&case)?, case)));
        let found: Option<(Proposal, CaseFile)> = found.transpose().map_err(Attempt::App)?;
        // Both persons are within reach; whoever is not of the proposal is none of its business.
        let found = found
            .filter(|(proposal, _)| (proposal.from, proposal.into) == (merge.from, merge.into));
        let (proposal, case) = found.ok_or_else(|| {
            let error = AppError::new(ErrorReason::CaseNotFound).with("kind", "MERGE");
            error.with("case_id", merge_id.to_string())
        })?;
        if case.state != PROPOSED {
            let why = TransitionRefusal::Ended;
            let error = not_allowed(merge_id, CaseKind::Merge, "CONFIRMED", "CONFIRM", why);
            return Err(error.into());
        }
        require_second_person(caller, &proposal.proposed_by)?;
        Ok((case, proposal))
    }

    /// Locks both records and draws up what joining them comes to.
    async fn plan_merge(
        &self,
        unit: &mut dyn UnitOfWork,
        caller: &Caller,
        merge: &MergeWorkers,
        records: Records,
    ) -> Result<Plan, Attempt> {
        let ids = [merge.from, merge.into];
        let mut rows = unit.workers(&ids).await?.into_iter().flatten();
        let (Some(going), Some(staying)) = (rows.next(), rows.next()) else {
            return Err(AppError::new(ErrorReason::WorkerNotFound).into());
        };
        for (id, row) in ids.iter().zip([&going, &staying]) {
            if row.worker_id != *id {
                return Err(not_mergeable(*id, "MERGED").into());
            }
        }
        let secrets = unit.worker_secrets(&ids).await?;
        for (id, secret) in ids.iter().zip(&secrets) {
            if secret.is_none() {
                return Err(not_mergeable(*id, "ERASED").into());
            }
        }
        let last = records.facts.last().map_or(0, |row| row.revision);
        if last != going.timeline.revision {
            return Err(overtaken());
        }
        let months = unit.months_of_workers(&ids).await?;
        let recorded_at = unit.recorded_at();
        let joining = join::Joining {
            app: self,
            going: &going,
            staying: &staying,
            secrets: &secrets,
            recorded_at,
            actor: &caller.subject,
        };
        let joined = joining.join(&records.facts)?;
        let mut effect = self.merge_effect(&going, &staying, &joined, &months);
        for year in &mut effect.years {
            let settled = records.settled.get(&(year.employer_code, year.tax_year));
            year.is_settled = *settled.ok_or_else(overtaken)?;
        }
        let read = (going.timeline.revision, staying.timeline.revision);
        let booked: Vec<_> = months
            .iter()
            .map(|month| (month.worker_id, month.month, month.employer_code))
            .collect();
        let basis = digest(&pack(&(read, booked)));
        Ok(Plan {
            going,
            staying,
            months,
            joined,
            effect,
            basis,
        })
    }

    /// The workers that were merged into one by a time.
    pub(crate) async fn merged_by(
        &self,
        worker_id: WorkerId,
        time: i64,
    ) -> AppResult<Vec<WorkerId>> {
        let mut merged = Vec::new();
        for id in self.store.merged_into(worker_id).await? {
            let query = mamagang_store::cases::CaseQuery {
                states: vec![CONFIRMED],
                worker_id: Some(id),
                ..mamagang_store::cases::CaseQuery::of(CaseKind::Merge, 1)
            };
            let confirmed = self.store.list_cases(&query).await?;
            if confirmed.iter().any(|case| case.updated_at <= time) {
                merged.push(id);
            }
        }
        Ok(merged)
    }
}

impl Plan {
    /// Months first: those that move, out of the record that goes before into the one that stays.
    async fn write(&self, unit: &mut dyn UnitOfWork) -> Result<(), Attempt> {
        let moved = self.months.iter().filter(|month| {
            month.worker_id == self.going.worker_id && self.effect.moves(month.month)
        });
        let moved: Vec<PersonMonth> = moved.copied().collect();
        unit.release_months(&moved).await?;
        let booked = moved.into_iter().map(|month| PersonMonth {
            worker_id: self.staying.worker_id,
            ..month
        });
        unit.book_months(&booked.collect::<Vec<_>>()).await?;
        self.joined.write(unit).await?;
        unit.merge_workers(self.going.worker_id, self.staying.worker_id)
            .await?;
        Ok(())
    }
}

fn event_of(
    merge: &MergeWorkers,
    merged: &Merge,
    plan: &Plan,
    proposal: Option<(CaseFile, Proposal)>,
    caller: &Caller,
    recorded_at: i64,
) -> CaseEvent {
    let actor = caller.subject.clone();
    let (file, previous_state) = match proposal {
        Some((before, _)) => {
            let file = CaseFile {
                revision: before.revision + 1,
                state: CONFIRMED,
                updated_at: recorded_at,
                ..before
            };
            (file, Some(PROPOSED))
        }
        None => {
            let proposal = Proposal {
                from: merge.from,
                into: merge.into,
                proposed_by: actor.clone(),
                basis: plan.basis,
            };
            let file = CaseFile {
                case_id: merged.merge_id.unwrap_or(CaseId(uuid::Uuid::nil())),
                kind: CaseKind::Merge,
                key: None,
                opened_at: recorded_at,
                revision: 1,
                state: PROPOSED,
                parent_id: None,
                employer_code: None,
                worker_id: Some(merge.from),
                region_code: plan.staying.region_code.clone(),
                due_on: None,
                updated_at: recorded_at,
                body: pack(&proposal),
            };
            (file, None)
        }
    };
    CaseEvent {
        file,
        previous_state,
        actor,
        reason: merge.reason.clone(),
    }
}

fn not_mergeable(worker_id: WorkerId, refusal: &str) -> AppError {
    AppError::new(ErrorReason::WorkersNotMergeable)
        .with("worker_id", worker_id.to_string())
        .with("refusal", refusal)
}

/// Facts or months were written between the reads: it is planned anew.
fn overtaken() -> Attempt {
    StoreError::new(StoreErrorKind::Contended, "a record changed meanwhile").into()
}
