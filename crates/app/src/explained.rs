//! Explanations with where their facts came from.

use std::sync::Arc;

use mamagang_domain::explanation::{Explanation, FactRef, Step};
use mamagang_domain::fact::{FactKind, Source};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{FactId, Subject, WorkerId};
use mamagang_domain::timeline::{EmployerRecord, Timeline};

use crate::eligibility::EvidenceView;

/// A step, and the facts behind its inputs: one for each, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedStep {
    /// The step.
    pub step: Step,
    /// Beside [`Step::inputs`]; `None` for what the question or the entry says itself.
    pub facts: Vec<Option<EvidenceView>>,
}

/// An explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// The steps in order.
    pub steps: Vec<ExplainedStep>,
}

/// Whose facts an explanation names by their revisions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subjects<'a> {
    pub(crate) worker: Option<(WorkerId, &'a Timeline)>,
    pub(crate) employer: Option<(EmployerCode, &'a EmployerRecord)>,
}

impl Explained {
    pub(crate) fn new(explanation: Explanation, subjects: Subjects<'_>) -> Self {
        let steps = explanation.steps.into_iter().map(|step| ExplainedStep {
            facts: step
                .inputs
                .iter()
                .map(|input| subjects.view(input.fact?))
                .collect(),
            step,
        });
        Self {
            steps: steps.collect(),
        }
    }
}

impl Subjects<'_> {
    fn view(&self, fact: FactRef) -> Option<EvidenceView> {
        let none = || Source {
            name: String::new(),
            drawn_on: None,
        };
        match fact {
            FactRef::Worker { revision, kind } => {
                let (worker_id, timeline) = self.worker?;
                let source = timeline.source_of(kind, revision).cloned();
                Some(EvidenceView {
                    fact_id: FactId {
                        subject: Subject::Worker(worker_id),
                        revision,
                    },
                    kind,
                    source: Arc::new(source.unwrap_or_else(none)),
                })
            }
            FactRef::Employer { revision } => {
                let (code, record) = self.employer?;
                let mut profiles = record.profiles.iter();
                let held = profiles.find(|held| held.revision == revision);
                let source = held.and_then(|held| record.source(held)).cloned();
                Some(EvidenceView {
                    fact_id: FactId {
                        subject: Subject::Employer(code),
                        revision,
                    },
                    kind: FactKind::EmployerProfile,
                    source: Arc::new(source.unwrap_or_else(none)),
                })
            }
        }
    }
}
