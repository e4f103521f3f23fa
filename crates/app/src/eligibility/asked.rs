//! Asking the outside sources about the persons of a verification.
//!
//! Asked is only about persons whom the caller reaches: who reaches everybody also about those whom
//! nobody knows here, since a source may know them first. A number that is known under another name is not
//! sent anywhere. What is answered is input of this one answer and is not recorded.

use std::collections::HashMap;

use mamagang_crypto::IdentityPlain;
use mamagang_domain::date::CivilDate;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::{Person, Said, SourceReport};
use mamagang_sources::{Answer, Question, Report, Unreachable};
use mamagang_store::rows::WorkerSnapshot;

use super::verify::StatusVerification;
use crate::app::App;
use crate::authorise::Permit;
use crate::error::{AppError, AppResult};
use crate::facts::IDENTITY_SECRET;
use crate::workers::{Identity, Who};

/// What came of asking one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAnswer {
    /// The source's name.
    pub source: String,
    /// How it answered, or why it could not be asked.
    pub state: SourceState,
    /// The day as of which it answered.
    pub drawn_on: Option<CivilDate>,
    /// How long ago it was asked (seconds); 0 when it was asked now.
    pub age_seconds: u64,
}

/// How a source answered, or why it could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceState {
    /// It answered.
    Answered,
    /// No answer in time, or no connection.
    NoAnswer,
    /// An error, or what cannot be read.
    BadAnswer,
    /// It failed so often that it is left alone for a while.
    Resting,
    /// The time for asking was over.
    NoTime,
    /// Its list is missing or too old.
    OutOfDate,
}

impl SourceAnswer {
    pub(super) fn of(report: &Report) -> Self {
        let (state, drawn_on, age_seconds) = match &report.answer {
            Answer::Known {
                drawn_on,
                age_seconds,
                ..
            } => (SourceState::Answered, Some(*drawn_on), *age_seconds),
            Answer::Unreachable(why) => (state_of(*why), None, 0),
        };
        Self {
            source: report.source.clone(),
            state,
            drawn_on,
            age_seconds,
        }
    }
}

const fn state_of(why: Unreachable) -> SourceState {
    match why {
        Unreachable::NoAnswer => SourceState::NoAnswer,
        Unreachable::BadAnswer => SourceState::BadAnswer,
        Unreachable::Resting => SourceState::Resting,
        Unreachable::NoTime => SourceState::NoTime,
        Unreachable::OutOfDate => SourceState::OutOfDate,
    }
}

/// A source's report as the rules read it.
pub(super) fn input_of(report: &Report) -> SourceReport {
    let said = match &report.answer {
        Answer::Known {
            records, drawn_on, ..
        } => Said::Records {
            records: records.clone(),
            drawn_on: *drawn_on,
        },
        Answer::Unreachable(_) => Said::NotAsked,
    };
    SourceReport {
        name: report.source.clone(),
        categories: report.categories.clone(),
        said,
    }
}

impl App {
    /// The sources' reports on each person, in order; none on a person who is not asked about.
    pub(super) async fn ask_sources(
        &self,
        permit: &Permit<'_>,
        persons: &[(&StatusVerification, Option<&WorkerSnapshot>)],
    ) -> AppResult<Vec<Vec<Report>>> {
        let mut reports: Vec<Vec<Report>> = persons.iter().map(|_| Vec::new()).collect();
        if self.sources.is_empty() {
            return Ok(reports);
        }
        let by_id = self.identities_of(persons).await?;
        let mut places = Vec::new();
        let mut questions = Vec::new();
        for (place, (asked, found)) in persons.iter().enumerate() {
            let known = found.and_then(|found| by_id.get(&found.worker.worker_id));
            let identity = match (&asked.who, self.person(&asked.who, *found)) {
                (_, Person::NotMatched) => None,
                (Who::Identity(identity), Person::Known(_)) => Some(identity),
                (Who::Identity(identity), Person::Unknown) => {
                    Some(identity).filter(|_| permit.reaches_everything())
                }
                (Who::WorkerId(_) | Who::MatchId(_), _) => known,
            };
            if let Some(identity) = identity {
                places.push(place);
                questions.push(Question {
                    document_type: identity.document_type,
                    number: identity.number.clone(),
                    name: identity.name.clone(),
                    as_of_on: asked.as_of_on,
                });
            }
        }
        for (place, answered) in places.into_iter().zip(self.sources.ask(&questions).await) {
            let unreachable = answered
                .iter()
                .filter(|report| matches!(report.answer, Answer::Unreachable(_)));
            for report in unreachable {
                let source = report.source.clone();
                metrics::counter!("mamagang_source_unreachable_total", "source" => source)
                    .increment(1);
            }
            reports[place] = answered;
        }
        Ok(reports)
    }

    /// Number and name of the persons who were named by our id; without those that are erased.
    async fn identities_of(
        &self,
        persons: &[(&StatusVerification, Option<&WorkerSnapshot>)],
    ) -> AppResult<HashMap<WorkerId, Identity>> {
        let named = persons
            .iter()
            .filter(|(asked, _)| !matches!(asked.who, Who::Identity(_)));
        let ids: Vec<WorkerId> = named
            .filter_map(|(_, found)| Some(found.as_ref()?.worker.worker_id))
            .collect();
        let mut identities = HashMap::new();
        if ids.is_empty() {
            return Ok(identities);
        }
        for (id, secret) in ids.iter().zip(self.store.worker_secrets(&ids).await?) {
            let Some(secret) = secret else { continue };
            let Ok(key) = self.keys().unwrap(&secret.data_key, *id) else {
                continue;
            };
            let plain = key.decrypt(IDENTITY_SECRET, id.bytes(), &secret.identity);
            let plain = plain.map_err(AppError::internal)?;
            let plain = IdentityPlain::decode(&plain, self.today()).map_err(AppError::internal)?;
            let identity = Identity {
                document_type: plain.document_type,
                number: plain.number,
                name: plain.name,
            };
            identities.insert(*id, identity);
        }
        Ok(identities)
    }
}
