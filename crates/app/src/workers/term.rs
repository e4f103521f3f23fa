//! `GetWorkerTerm`: what a person has used of the 36 months, over all employers.

use std::collections::BTreeMap;
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::key_group::{BookedMonth, Evidence, Person, assess};
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::Outcome;
use mamagang_domain::timeline::Timeline;
use serde::{Deserialize, Serialize};

use super::Who;
use super::history::Until;
use crate::app::{App, require_context};
use crate::audit::given;
use crate::caller::{AccessContext, Caller};
use crate::error::AppResult;

/// The question.
#[derive(Clone, Debug)]
pub struct WorkerTermQuery {
    /// Why it is asked.
    pub context: AccessContext,
    /// Whose term.
    pub who: Who,
    /// As of when (microseconds); `None` = now.
    pub as_of: Option<i64>,
}

/// The months at one employer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployerTerm {
    /// Which employer.
    pub employer_code: EmployerCode,
    /// How many months.
    pub months: i32,
    /// The first.
    pub first_month: TaxMonth,
    /// The last.
    pub last_month: TaxMonth,
    /// Whether they were enjoyed before this system.
    pub prior_use: bool,
}

/// A person's term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerTerm {
    /// Booked months and months enjoyed before this system.
    pub months_counted: i32,
    /// Months that a person has to decide on.
    pub months_under_review: i32,
    /// What is left of the 36: neither counted nor under review.
    pub months_left: i32,
    /// By employer.
    pub by_employer: Vec<EmployerTerm>,
    /// The first month counted.
    pub first_month: Option<TaxMonth>,
    /// The last month counted.
    pub last_month: Option<TaxMonth>,
    /// As of when (microseconds).
    pub as_of: i64,
}

const METHOD: &str = "mamagang.v1.LedgerService/GetWorkerTerm";

impl App {
    /// What a person has used and has left.
    pub async fn worker_term(
        &self,
        caller: &Caller,
        query: WorkerTermQuery,
    ) -> AppResult<WorkerTerm> {
        let permit = self.permit(METHOD, caller, Some(&query.context)).await?;
        require_context(&query.context)?;
        let as_of = self.close_as_of(query.as_of).await?;
        let snapshot = self.known_worker(&permit, &query.who).await?;
        let worker_id = snapshot.worker.worker_id;
        let (timeline, booked) = match as_of {
            None => (
                Arc::unwrap_or_clone(snapshot.worker).timeline,
                snapshot.booked,
            ),
            Some(time) => {
                let (timeline, employers) = self
                    .timeline_and_employers_at(worker_id, Until::Time(time))
                    .await?;
                let booked = self.booked_at(worker_id, &employers, time).await?;
                (timeline, booked)
            }
        };
        let under_review = self.months_under_review(&timeline, &booked, as_of).await?;
        let mut term = self.term_of(&timeline, &booked, under_review, as_of);
        if !permit.reaches_everything() && !permit.is_by_region() {
            // An employer is told the sum, and where the months lie of its own only.
            term.by_employer
                .retain(|at| permit.is_own(&at.employer_code));
        }
        let mut draft = self.audit_draft(METHOD, caller, Some(&query.context), Vec::new());
        draft.worker_id = Some(worker_id);
        draft.given = given(&["months_counted", "employers"]);
        self.audit.write(draft).await?;
        Ok(term)
    }

    pub(super) fn term_of(
        &self,
        timeline: &Timeline,
        booked: &[BookedMonth],
        months_under_review: i32,
        as_of: Option<i64>,
    ) -> WorkerTerm {
        let mut by_employer: BTreeMap<(EmployerCode, bool), Vec<TaxMonth>> = BTreeMap::new();
        for month in booked {
            by_employer
                .entry((month.employer_code, false))
                .or_default()
                .push(month.month);
        }
        for held in &timeline.prior_uses {
            let used = &held.body;
            let months = by_employer.entry((used.employer_code, true)).or_default();
            months.extend(used.from_month.through(used.to_month));
        }
        let mut all: Vec<TaxMonth> = by_employer.values().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let months_counted = i32::try_from(all.len()).unwrap_or(i32::MAX);
        let most = self.months_at_most(all.first().copied());
        let terms = by_employer
            .into_iter()
            .filter_map(|((employer_code, prior_use), months)| {
                Some(EmployerTerm {
                    employer_code,
                    months: i32::try_from(months.len()).unwrap_or(i32::MAX),
                    first_month: *months.iter().min()?,
                    last_month: *months.iter().max()?,
                    prior_use,
                })
            });
        WorkerTerm {
            months_counted,
            months_under_review,
            months_left: (most - months_counted - months_under_review).max(0),
            by_employer: terms.collect(),
            first_month: all.first().copied(),
            last_month: all.last().copied(),
            as_of: as_of.unwrap_or_else(|| self.clock.now_micros()),
        }
    }

    /// How many months a person may use, of whom the first one counted is given.
    pub(super) fn months_at_most(&self, first: Option<TaxMonth>) -> i32 {
        let most = &self.book.key_group.person_months_max;
        let most = first
            .and_then(|first| most.on(first.last_day()))
            .or_else(|| most.last());
        most.map_or(0, |most| most.value)
    }

    /// Months at any employer that are under review by the facts and not booked.
    async fn months_under_review(
        &self,
        timeline: &Timeline,
        booked: &[BookedMonth],
        as_of: Option<i64>,
    ) -> AppResult<i32> {
        let employers = timeline.contract_employers();
        let inputs = self.store.check_inputs(&[], &employers).await?;
        let (Some(first), Some(last)) = (
            timeline
                .contracts
                .iter()
                .map(|held| held.body.start_on)
                .min(),
            timeline
                .contributions
                .iter()
                .map(|held| held.body.month)
                .max(),
        ) else {
            return Ok(0);
        };
        let mut months: Vec<TaxMonth> = Vec::new();
        for row in inputs.employers.into_iter().flatten() {
            let record = match as_of {
                None => row.record,
                Some(time) => {
                    self.employer_at(row.employer_code, Until::Time(time))
                        .await?
                }
            };
            let evidence = Evidence {
                person: Person::Known(timeline),
                employer_code: &row.employer_code,
                employer: &record,
                booked,
                unclaimed_elsewhere: 0,
                filings: &[],
            };
            let found = assess(&self.book.key_group, &evidence, TaxMonth::of(first), last);
            let review = found
                .months
                .iter()
                .filter(|finding| finding.outcome() == Outcome::Review && finding.substantial);
            months.extend(review.map(|finding| finding.month));
        }
        months.sort_unstable();
        months.dedup();
        Ok(i32::try_from(months.len()).unwrap_or(i32::MAX))
    }
}
