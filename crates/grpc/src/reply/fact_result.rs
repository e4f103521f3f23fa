//! What became of facts that were sent.

use mamagang_app::AppError;
use mamagang_app::facts::{FactOutcome, RecordedFact};
use mamagang_domain::ids::{FactId, Subject};
use mamagang_domain::reason::Language;
use mamagang_proto::v1;

use crate::convert::fact::from_the_fact;
use crate::error::item_status;

/// A fact that could not be read.
pub(crate) fn refused(fact: &v1::Fact, error: &AppError, language: Language) -> v1::FactResult {
    v1::FactResult {
        row_key: fact.row_key.clone(),
        error: Some(item_status(error, language)),
        ..Default::default()
    }
}

/// What the use case made of a fact.
pub(crate) fn of_outcome(
    fact: &v1::Fact,
    outcome: FactOutcome,
    language: Language,
) -> v1::FactResult {
    match outcome {
        FactOutcome::Recorded(recorded) => self::recorded(fact, &recorded),
        FactOutcome::Refused { reason, violations } => {
            let mut error = AppError::new(reason);
            error.violations = from_the_fact(fact, violations);
            refused(fact, &error, language)
        }
        FactOutcome::Unread { reason, violations } => {
            let mut error = AppError::new(reason);
            error.violations = violations;
            refused(fact, &error, language)
        }
    }
}

fn recorded(fact: &v1::Fact, recorded: &RecordedFact) -> v1::FactResult {
    let worker = recorded.worker_id.map(Subject::Worker);
    let subject = worker.or_else(|| recorded.employer_code.map(Subject::Employer));
    let id = |revision: u32| {
        subject
            .map(|subject| FactId { subject, revision }.to_string())
            .unwrap_or_default()
    };
    v1::FactResult {
        row_key: fact.row_key.clone(),
        fact_id: id(recorded.revision),
        error: None,
        worker_id: recorded
            .worker_id
            .map(|worker| worker.to_string())
            .unwrap_or_default(),
        unchanged: recorded.unchanged,
        supersedes_fact_id: recorded.supersedes.map(id).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use mamagang_app::{ErrorReason, Violation};
    use mamagang_domain::identifier::EmployerCode;
    use mamagang_domain::ids::WorkerId;

    use super::*;

    const WORKER: &str = "0193a5c0-0000-7000-8000-000000000001";

    fn sent() -> v1::Fact {
        v1::Fact {
            row_key: "C1".to_owned(),
            kind: Some(v1::fact::Kind::Contract(v1::Contract::default())),
            ..Default::default()
        }
    }

    #[test]
    fn a_recorded_fact_names_itself_its_worker_and_what_it_supersedes() {
        let outcome = RecordedFact {
            worker_id: WorkerId::parse(WORKER),
            employer_code: None,
            revision: 7,
            supersedes: Some(3),
            unchanged: false,
        };
        let result = of_outcome(&sent(), FactOutcome::Recorded(outcome), Language::Chinese);
        assert_eq!(result.row_key, "C1");
        assert_eq!(result.fact_id, format!("{WORKER}.7"));
        assert_eq!(result.worker_id, WORKER);
        assert_eq!(result.supersedes_fact_id, format!("{WORKER}.3"));
    }

    #[test]
    fn a_fact_of_an_employer_names_no_worker() {
        let outcome = RecordedFact {
            worker_id: None,
            employer_code: EmployerCode::parse("91442000MAQQ000161").ok(),
            revision: 1,
            supersedes: None,
            unchanged: true,
        };
        let result = of_outcome(&sent(), FactOutcome::Recorded(outcome), Language::Chinese);
        assert_eq!(
            (result.fact_id.as_str(), result.worker_id.as_str()),
            ("91442000MAQQ000161.1", "")
        );
        assert!(result.unchanged && result.supersedes_fact_id.is_empty());
    }

    #[test]
    fn a_refused_fact_has_an_error_and_no_id() {
        let violations = vec![Violation::new(
            "worker.identity",
            "姓名与证件号码不一致",
            "name and number differ",
        )];
        let outcome = FactOutcome::Refused {
            reason: ErrorReason::InvalidArgumentFields,
            violations,
        };
        let result = of_outcome(&sent(), outcome, Language::English);
        assert_eq!(result.fact_id, "");
        let error = result.error.expect("an error");
        assert_eq!(
            (error.code, error.details.len()),
            (tonic::Code::InvalidArgument as i32, 3)
        );
    }
}
