//! `RecordFacts` and the chunks of `ImportFacts`.
//!
//! Everything that the items touch is read in a few statements, the items are applied in order in
//! memory, and what changed is written in sets. A wrong item never keeps the others out.

use mamagang_domain::frozen::digest;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::timeline::{pack, unpack};
use serde::{Deserialize, Serialize};

use super::input::FactItem;
use super::reach::Reach;
use super::recording::Recording;
use crate::app::App;
use crate::attempt::{Attempt, until_not_overtaken};
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::idempotency::WriteRequest;

/// The column that fact rows' personal parts are bound to when they are encrypted.
pub(crate) const FACT_SECRET: &str = "worker_fact.secret";
/// The column that identities are bound to.
pub(crate) const IDENTITY_SECRET: &str = "worker_secret.identity";

/// Facts to record.
#[derive(Clone, Debug)]
pub struct RecordFacts {
    /// The request; `None` for a chunk of a stream, whose natural keys make it safe to repeat.
    pub request: Option<WriteRequest>,
    /// The method, for the audit trail.
    pub method: &'static str,
    /// The items that could be read, in order.
    pub items: Vec<FactItem>,
    /// The others: their places among all, in order, and why they could not be read. They are recorded with the
    /// outcomes, so that a repeated request is answered alike though they might be read by then.
    pub unread: Vec<(usize, FactOutcome)>,
}

impl RecordFacts {
    /// One outcome a place, of the items that could be read and of the others.
    fn in_places(&self, outcomes: Vec<FactOutcome>) -> Vec<FactOutcome> {
        let count = outcomes.len() + self.unread.len();
        let mut read = outcomes.into_iter();
        let mut unread = self.unread.iter().peekable();
        let places = (0..count).filter_map(|place| {
            let stands_here = unread.next_if(|(unread, _)| *unread == place);
            stands_here.map_or_else(|| read.next(), |(_, outcome)| Some(outcome.clone()))
        });
        places.collect()
    }
}

/// A fact that is in force now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFact {
    /// The worker, for facts about workers.
    pub worker_id: Option<WorkerId>,
    /// The employer, for facts about employers.
    pub employer_code: Option<EmployerCode>,
    /// The subject's revision that stores it.
    pub revision: u32,
    /// The revision whose place it took.
    pub supersedes: Option<u32>,
    /// Whether the same fact was there before.
    pub unchanged: bool,
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactOutcome {
    /// It is in force.
    Recorded(RecordedFact),
    /// Nothing of it was stored.
    Refused {
        /// Why.
        reason: ErrorReason,
        /// Wrong fields.
        violations: Vec<Violation>,
    },
    /// It could not be read.
    Unread {
        /// Why.
        reason: ErrorReason,
        /// Wrong fields, by their paths from the item.
        violations: Vec<Violation>,
    },
}

impl App {
    /// Records facts; one outcome an item, in order.
    pub async fn record_facts(
        &self,
        caller: &Caller,
        request: RecordFacts,
    ) -> AppResult<Vec<FactOutcome>> {
        let permit = self.permit(request.method, caller, None).await?;
        let employers = self.named_employers(&permit, &request.items).await?;
        let reach = Reach {
            permit: &permit,
            employers: &employers,
        };
        let recorded = until_not_overtaken(|| self.record_once(caller, &request, reach));
        Ok(recorded.await?)
    }

    /// Says what would become of facts: they are applied in memory as [`Self::record_facts`] does, and nothing of them is
    /// written. One outcome an item, in order; ids of new subjects are none that will be.
    pub async fn preview_facts(
        &self,
        caller: &Caller,
        request: RecordFacts,
    ) -> AppResult<Vec<FactOutcome>> {
        let permit = self.permit(request.method, caller, None).await?;
        let employers = self.named_employers(&permit, &request.items).await?;
        let reach = Reach {
            permit: &permit,
            employers: &employers,
        };
        let outcomes = until_not_overtaken(|| self.preview_once(&request, reach)).await?;
        let question = format!("preview={}", request.items.len());
        let answer = digest(&pack(&outcomes));
        let items = vec![DecisionItem::Other { question, answer }];
        let draft = self.audit_draft(request.method, caller, None, items);
        self.audit.write(draft).await?;
        Ok(outcomes)
    }

    /// What would become of the facts. Its unit is gone with it, before there is one for the audit row.
    async fn preview_once(
        &self,
        request: &RecordFacts,
        reach: Reach<'_>,
    ) -> Result<Vec<FactOutcome>, Attempt> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let mut recording = Recording::read(self, reach, &mut *unit, &request.items).await?;
        let mut outcomes = Vec::with_capacity(request.items.len());
        for item in &request.items {
            outcomes.push(recording.apply(item)?);
        }
        drop(recording);
        Ok(request.in_places(outcomes))
    }

    async fn record_once(
        &self,
        caller: &Caller,
        request: &RecordFacts,
        reach: Reach<'_>,
    ) -> Result<Vec<FactOutcome>, Attempt> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        if let Some(write) = &request.request {
            let known = unit
                .idempotency(&[write.key(caller, request.method)])
                .await?
                .pop()
                .flatten();
            if let Some(first) = write.compare(known.as_ref())? {
                let outcomes = unpack(first).map_err(AppError::internal)?;
                return Ok(outcomes);
            }
        }
        let mut recording = Recording::read(self, reach, &mut *unit, &request.items).await?;
        let mut outcomes = Vec::with_capacity(request.items.len());
        for item in &request.items {
            outcomes.push(recording.apply(item)?);
        }
        let outcomes = request.in_places(outcomes);
        let recorded_at = unit.recorded_at();
        recording.write(&mut *unit).await?;
        if let Some(write) = &request.request {
            let record = write.record(pack(&outcomes), recorded_at);
            unit.put_idempotency(&[(write.key(caller, request.method), record)])
                .await?;
        }
        let question = format!("facts={}", request.items.len());
        let answer = digest(&pack(&outcomes));
        let draft = self.audit_draft(
            request.method,
            caller,
            None,
            vec![DecisionItem::Other { question, answer }],
        );
        self.writes.commit(unit, vec![draft]).await?;
        metrics::counter!("mamagang_facts_recorded_total").increment(outcomes.len() as u64);
        Ok(outcomes)
    }
}
