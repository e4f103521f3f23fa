//! When two records become one person, the reviews that wait of the record that goes are carried over
//! to the one that stays: the question is asked once more of the person, under the id that answers
//! tell from then on, and its earlier case ends with a step that names it.

use std::collections::BTreeMap;

use mamagang_domain::case::CaseKind;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::review::{ReviewAction, ReviewQuestion, ReviewState, Subject};
use mamagang_domain::timeline::{Timeline, pack};
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile, CaseQuery};

use super::Review;
use crate::attempt::Attempt;
use crate::error::AppError;
use crate::limits::PAGE_ROWS_MAX;

/// A merge whose reviews are carried over.
pub(crate) struct Carrying<'a> {
    /// The record that goes.
    pub(crate) from: WorkerId,
    /// The record that stays.
    pub(crate) into: WorkerId,
    /// Its facts, those taken over among them.
    pub(crate) timeline: &'a Timeline,
    /// Who confirms the merge.
    pub(crate) actor: &'a str,
}

/// The reviews of two records that wait for somebody, locked: before the records themselves, as a
/// review's own steps do.
pub(crate) async fn waiting_reviews(
    unit: &mut dyn UnitOfWork,
    records: [WorkerId; 2],
) -> Result<Vec<CaseFile>, Attempt> {
    let mut ids = Vec::new();
    for worker_id in records {
        let mut query = CaseQuery::of(CaseKind::Review, PAGE_ROWS_MAX);
        query.worker_id = Some(worker_id);
        query.states = vec![ReviewState::Open as u8, ReviewState::Proposed as u8];
        loop {
            let rows = unit.list_cases(&query).await?;
            let Some(last) = rows.last() else { break };
            query.after = Some((last.opened_at, last.case_id));
            ids.extend(rows.iter().map(|case| case.case_id));
        }
    }
    let locked = unit.cases(&ids).await?.into_iter().flatten();
    let is_waiting = |case: &CaseFile| case.state != ReviewState::Resolved as u8;
    Ok(locked.filter(is_waiting).collect())
}

impl Carrying<'_> {
    /// Ends the waiting reviews of the record that goes, and sees to it that each question waits for
    /// somebody under the record that stays: once, also where it waited under both.
    pub(crate) async fn carry(
        &self,
        unit: &mut dyn UnitOfWork,
        waiting: &[CaseFile],
    ) -> Result<(), Attempt> {
        let mut wanted: BTreeMap<CaseId, (ReviewQuestion, &CaseFile)> = BTreeMap::new();
        let mut events = Vec::new();
        let going = waiting.iter();
        for before in going.filter(|case| case.worker_id == Some(self.from)) {
            let mut review = Review::of(before)?;
            let question = self.question(&review)?;
            let case_id = question.case_id();
            review.state = review.after(ReviewAction::CarryOver)? as u8;
            review.file.proposal = None;
            let reason = format!("merged into {case_id}");
            events.push(review.step(before, unit.recorded_at(), self.actor, &reason));
            wanted.entry(case_id).or_insert((question, before));
        }
        let ids: Vec<CaseId> = wanted.keys().copied().collect();
        let found = unit.cases(&ids).await?;
        for ((case_id, (question, earlier)), held) in wanted.into_iter().zip(found) {
            let reason = format!("merged from {}", earlier.case_id);
            match held {
                None => {
                    let now = unit.recorded_at();
                    events.push(self.opened(case_id, &question, earlier, now, reason)?);
                }
                Some(held) if held.state == ReviewState::Resolved as u8 => {
                    let mut review = Review::of(&held)?;
                    review.reopen()?;
                    events.push(review.step(&held, unit.recorded_at(), self.actor, &reason));
                }
                Some(_) => {}
            }
        }
        if !events.is_empty() {
            unit.append_cases(&events).await?;
        }
        Ok(())
    }

    /// The same question of the record that stays, as answers ask it from now on.
    fn question(&self, review: &Review) -> Result<ReviewQuestion, Attempt> {
        let code = review.file.reason();
        let code = code.ok_or_else(|| AppError::internal("a review of an unknown reason"))?;
        let question = ReviewQuestion {
            measure: review.file.measure,
            employer_code: review.employer_code,
            subject: Subject::Worker(self.into),
            code,
            matter: review.file.matter.clone(),
            resolved: 0,
        };
        Ok(question.left_open_by(self.timeline))
    }

    fn opened(
        &self,
        case_id: CaseId,
        question: &ReviewQuestion,
        earlier: &CaseFile,
        now: i64,
        reason: String,
    ) -> Result<CaseEvent, Attempt> {
        let mut file = Review::of(earlier)?.file;
        file.proposal = None;
        Ok(CaseEvent {
            file: CaseFile {
                case_id,
                key: Some(question.key()),
                opened_at: now,
                revision: 1,
                state: ReviewState::Open as u8,
                worker_id: Some(self.into),
                updated_at: now,
                body: pack(&file),
                ..earlier.clone()
            },
            previous_state: None,
            actor: self.actor.to_owned(),
            reason,
        })
    }
}
