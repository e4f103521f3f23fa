//! Cases of reviews are opened by the answers that leave something to a person.
//!
//! A case's id follows from its question, so a repeated check finds the case of the first one. It
//! is durable before the answer leaves; an answer whose case is known here, which is all but the
//! first, costs nothing more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use mamagang_domain::case::CaseKind;
use mamagang_domain::ids::{CaseId, DecisionId};
use mamagang_domain::review::{ReviewFile, ReviewState, Reviewed, Subject};
use mamagang_domain::timeline::{EmployerRecord, pack};
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile};

use super::Review;
use crate::app::App;
use crate::attempt::{Attempt, until_not_overtaken};
use crate::caller::Caller;
use crate::error::AppResult;
use crate::limits::REVIEWS_KNOWN_MAX;

/// A review that an answer tells, and what its case is to say.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) reviewed: Reviewed,
    pub(crate) decision_id: DecisionId,
    /// Town of the employer; empty where none is concerned.
    pub(crate) town_code: String,
    /// The worker's revision that the answer read; 0 where nobody is known.
    pub(crate) revision: u32,
}

/// The town by whose office an employer's cases are seen.
pub(crate) fn town_of(record: &EmployerRecord) -> String {
    let profile = record.profiles.last();
    profile.map_or_else(String::new, |held| held.body.town_code.clone())
}

/// Cases that are known to wait for somebody, by the revision of their worker at which they did: a
/// resolution that is taken back raises it. No truth: what is not here is looked up.
#[derive(Debug, Default)]
pub(crate) struct KnownReviews(Mutex<HashMap<CaseId, u32>>);

impl KnownReviews {
    fn holds(&self, case_id: CaseId, revision: u32) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&case_id) == Some(&revision)
    }

    fn add(&self, case_id: CaseId, revision: u32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REVIEWS_KNOWN_MAX {
            known.clear();
        }
        known.insert(case_id, revision);
    }
}

impl App {
    /// Sees to it that the reviews of answers have their cases, before the answers leave.
    pub(crate) async fn open_reviews(
        &self,
        caller: &Caller,
        openings: Vec<Opening>,
    ) -> AppResult<()> {
        let mut wanted: BTreeMap<CaseId, Opening> = BTreeMap::new();
        for opening in openings {
            let case_id = opening.reviewed.question.case_id();
            if !self.known_reviews.holds(case_id, opening.revision) {
                wanted.entry(case_id).or_insert(opening);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let ids: Vec<CaseId> = wanted.keys().copied().collect();
        let found = self.store.cases(&ids).await?;
        let is_waiting = |file: &Option<CaseFile>| {
            let state = file.as_ref().map(|file| file.state);
            state.is_some_and(|state| state != ReviewState::Resolved as u8)
        };
        if !found.iter().all(is_waiting) {
            self.write_openings(caller, &wanted).await?;
        }
        for (case_id, opening) in &wanted {
            self.known_reviews.add(*case_id, opening.revision);
        }
        Ok(())
    }

    async fn write_openings(
        &self,
        caller: &Caller,
        wanted: &BTreeMap<CaseId, Opening>,
    ) -> AppResult<()> {
        let written = until_not_overtaken(|| self.write_once(caller, wanted));
        Ok(written.await?)
    }

    async fn write_once(
        &self,
        caller: &Caller,
        wanted: &BTreeMap<CaseId, Opening>,
    ) -> Result<(), Attempt> {
        let mut unit = self.store.begin(self.clock.clone()).await?;
        let ids: Vec<CaseId> = wanted.keys().copied().collect();
        let found = unit.cases(&ids).await?;
        let mut events = Vec::new();
        for ((case_id, opening), before) in wanted.iter().zip(found) {
            match before {
                None => events.push(self.opened(*case_id, opening, caller, unit.recorded_at())),
                Some(before) => {
                    events.extend(reopened(&mut *unit, &before, caller).await?);
                }
            }
        }
        if !events.is_empty() {
            unit.append_cases(&events).await?;
            unit.commit().await?;
        }
        Ok(())
    }

    fn opened(&self, case_id: CaseId, opening: &Opening, caller: &Caller, now: i64) -> CaseEvent {
        let question = &opening.reviewed.question;
        let months = opening.reviewed.months;
        let file = ReviewFile {
            measure: question.measure,
            code: question.code.number(),
            from_month: months.map(|(first, _)| first),
            through_month: months.map(|(_, last)| last),
            matter: question.matter.clone(),
            decision_id: opening.decision_id.to_string(),
            policy_version: self.book.version.to_string(),
            proposal: None,
            confirmed_by: String::new(),
            resolution_revision: None,
        };
        CaseEvent {
            file: CaseFile {
                case_id,
                kind: CaseKind::Review,
                key: Some(question.key()),
                opened_at: now,
                revision: 1,
                state: ReviewState::Open as u8,
                parent_id: None,
                employer_code: question.employer_code,
                worker_id: match question.subject {
                    Subject::Worker(worker_id) => Some(worker_id),
                    Subject::Stranger(_) | Subject::Nobody => None,
                },
                region_code: opening.town_code.clone(),
                due_on: None,
                updated_at: now,
                body: pack(&file),
            },
            previous_state: None,
            actor: caller.subject.clone(),
            reason: String::new(),
        }
    }
}

/// The step that opens a resolved case again, where its resolution is no longer in force. One that
/// was resolved without a fact stays resolved, and so does one whose resolution came after the
/// answer had read.
async fn reopened(
    unit: &mut dyn UnitOfWork,
    before: &CaseFile,
    caller: &Caller,
) -> Result<Option<CaseEvent>, Attempt> {
    let mut review = Review::of(before)?;
    let (ReviewState::Resolved, Some(revision), Some(worker_id)) = (
        review.state()?,
        review.file.resolution_revision,
        review.worker_id,
    ) else {
        return Ok(None);
    };
    let rows = unit.workers(&[worker_id]).await?;
    let is_in_force = rows.into_iter().flatten().any(|row| {
        let mut resolutions = row.timeline.resolutions.iter();
        resolutions.any(|held| held.revision == revision)
    });
    if is_in_force {
        return Ok(None);
    }
    review.reopen()?;
    let now = unit.recorded_at();
    Ok(Some(review.step(before, now, &caller.subject, "")))
}
