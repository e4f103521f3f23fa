//! Which case a review belongs to.

use uuid::Builder;

use crate::frozen::{Digest32, Writer, digest};
use crate::identifier::EmployerCode;
use crate::ids::{CaseId, WorkerId};
use crate::key_group::MonthResult;
use crate::month::TaxMonth;
use crate::reason::{Reason, ReasonCode};
use crate::timeline::Timeline;

use super::needs_a_person;

/// Whom a review is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A known worker.
    Worker(WorkerId),
    /// Somebody whom nobody knows, told apart by a digest that names nobody.
    Stranger([u8; 16]),
    /// Nobody: a question of law, or a person of whom nothing was told.
    Nobody,
}

/// A question that a person has to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewQuestion {
    /// The number of the measure.
    pub measure: i32,
    /// The employer concerned.
    pub employer_code: Option<EmployerCode>,
    /// Whom it is about.
    pub subject: Subject,
    /// The first reason in order of precedence that is a review.
    pub code: ReasonCode,
    /// Of a question of law, what tells it apart from others.
    pub matter: String,
    /// Which case of the same question it is, from 0: what a resolution in force leaves open is the
    /// next one, and one that is taken back opens its own again.
    pub resolved: u32,
}

impl ReviewQuestion {
    /// What makes the case the only one.
    pub fn key(&self) -> Digest32 {
        let mut writer = Writer::new(1);
        writer
            .int(i64::from(self.measure))
            .optional_text(self.employer_code.as_ref().map(EmployerCode::as_str));
        match &self.subject {
            Subject::Worker(worker_id) => writer.int(1).bytes(worker_id.bytes()),
            Subject::Stranger(digest) => writer.int(2).bytes(digest),
            Subject::Nobody => writer.int(3),
        };
        writer
            .int(i64::from(self.code.number()))
            .text(&self.matter)
            .int(i64::from(self.resolved));
        digest(&writer.finish())
    }

    /// The case that waits: what a resolution in force left open is the next one.
    #[must_use]
    pub fn left_open_by(mut self, timeline: &Timeline) -> Self {
        let is_resolved = |case_id: CaseId| {
            let mut resolutions = timeline.resolutions.iter();
            resolutions.any(|held| held.body.case_id == case_id)
        };
        while is_resolved(self.case_id()) {
            self.resolved += 1;
        }
        self
    }

    /// The case's id: a UUIDv8 of the key.
    pub fn case_id(&self) -> CaseId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.key()[..16]);
        CaseId(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// What a decision leaves to a person, and the months that it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The question.
    pub question: ReviewQuestion,
    /// The first and the last month under review.
    pub months: Option<(TaxMonth, TaxMonth)>,
}

impl Reviewed {
    /// The review that reasons, in order of precedence, put first.
    pub fn of(
        measure: i32,
        employer_code: EmployerCode,
        subject: Subject,
        timeline: Option<&Timeline>,
        reasons: &[Reason],
        months: &[MonthResult],
    ) -> Option<Self> {
        let mut codes = reasons.iter().map(|reason| reason.code);
        let code = codes.find(|code| needs_a_person(*code))?;
        let mut of_code = months.iter().filter(|month| month.code == code);
        let first = of_code.next().map(|month| month.month);
        let last = of_code.next_back().map(|month| month.month).or(first);
        let question = ReviewQuestion {
            measure,
            employer_code: Some(employer_code),
            subject,
            code,
            matter: String::new(),
            resolved: 0,
        };
        Some(Self {
            question: match timeline {
                Some(known) => question.left_open_by(known),
                None => question,
            },
            months: first.zip(last),
        })
    }

    /// A question of law: no person and no months.
    pub fn of_law(measure: i32, matter: String, reasons: &[Reason]) -> Option<Self> {
        let mut codes = reasons.iter().map(|reason| reason.code);
        let code = codes.find(|code| needs_a_person(*code))?;
        Some(Self {
            question: ReviewQuestion {
                measure,
                employer_code: None,
                subject: Subject::Nobody,
                code,
                matter,
                resolved: 0,
            },
            months: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> ReviewQuestion {
        ReviewQuestion {
            measure: 8,
            employer_code: EmployerCode::parse("91442000MAQQ000161").ok(),
            subject: Subject::Worker(WorkerId(uuid::Uuid::from_u128(7))),
            code: ReasonCode::BackPaidInsurance,
            matter: String::new(),
            resolved: 0,
        }
    }

    #[test]
    fn the_same_question_has_the_same_case_and_every_part_tells_another() {
        let one = question();
        assert_eq!(one.case_id(), question().case_id());
        assert_eq!(one.case_id().0.get_version_num(), 8);
        let others = [
            ReviewQuestion {
                measure: 3,
                ..question()
            },
            ReviewQuestion {
                employer_code: None,
                ..question()
            },
            ReviewQuestion {
                subject: Subject::Stranger([7; 16]),
                ..question()
            },
            ReviewQuestion {
                subject: Subject::Nobody,
                ..question()
            },
            ReviewQuestion {
                code: ReasonCode::TermCountUnconfirmed,
                ..question()
            },
            ReviewQuestion {
                matter: "x".to_owned(),
                ..question()
            },
            ReviewQuestion {
                resolved: 1,
                ..question()
            },
        ];
        let mut ids: Vec<CaseId> = others.iter().map(ReviewQuestion::case_id).collect();
        ids.push(one.case_id());
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), others.len() + 1);
    }
}
