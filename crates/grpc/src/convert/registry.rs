//! Requests of the registry.

use mamagang_app::facts::{FactSubject, RetractFact};
use mamagang_app::limits::BATCH_ITEMS_MAX;
use mamagang_app::workers::{Identity, MatchWorker};
use mamagang_app::{AccessContext, RequestContent, WriteRequest};
use mamagang_domain::fact::FactKind;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::FactId;
use mamagang_proto::v1;
use mamagang_proto::v1::list_facts_request::Subject;
use prost::Message as _;

use super::check::Checker;
use super::enums::ApiEnum as _;
use super::fields::TOWN;
use super::person;

/// What a call of `RecordFacts` is compared by when its request id comes again.
pub(crate) fn record_facts(
    check: &mut Checker<'_>,
    told: &v1::RecordFactsRequest,
    seal: impl Fn(&[u8]) -> String,
) -> Option<WriteRequest> {
    let request_id = check.request_id(&told.request_id);
    items_in_bounds(check, "facts", told.facts.len());
    // The generated encoding is canonical: fields in order of number, no maps.
    let content = v1::RecordFactsRequest {
        request_id: String::new(),
        facts: told.facts.clone(),
    }
    .encode_to_vec();
    Some(WriteRequest {
        request_id: request_id?,
        content: RequestContent::new().field("facts", seal(&content)),
    })
}

/// Notes a batch without items, or with too many.
pub(crate) fn items_in_bounds(check: &mut Checker<'_>, field: &str, count: usize) {
    if count == 0 {
        check.missing(field);
    }
    if count > BATCH_ITEMS_MAX {
        let zh = format!("一次最多 {BATCH_ITEMS_MAX} 条");
        check.wrong(field, zh, format!("at most {BATCH_ITEMS_MAX} in one call"));
    }
}

/// A fact to take out of force.
pub(crate) fn retract_fact(
    check: &mut Checker<'_>,
    told: &v1::RetractFactRequest,
) -> Option<RetractFact> {
    let request_id = check.request_id(&told.request_id);
    let fact_id = fact_id(check, &told.fact_id);
    let reason = check.sentence("reason", &told.reason);
    let content = RequestContent::new()
        .field("fact_id", &told.fact_id)
        .field("reason", &told.reason);
    Some(RetractFact {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        fact_id: fact_id?,
        reason: reason?,
    })
}

fn fact_id(check: &mut Checker<'_>, text: &str) -> Option<FactId> {
    if text.is_empty() {
        check.missing("fact_id");
        return None;
    }
    let id = FactId::parse(text);
    if id.is_none() {
        check.wrong(
            "fact_id",
            "应为本系统给出的事实编号",
            "must be an id that this service gave",
        );
    }
    id
}

/// Which facts to list, without the page.
#[derive(Debug)]
pub(crate) struct FactSelection {
    pub(crate) context: AccessContext,
    pub(crate) subject: FactSubject,
    pub(crate) kinds: Vec<FactKind>,
    pub(crate) as_of: Option<i64>,
}

/// Which facts to list; the context is required for a worker's.
pub(crate) fn list_facts(
    check: &mut Checker<'_>,
    told: &v1::ListFactsRequest,
) -> Option<FactSelection> {
    let (context, subject) = match &told.subject {
        None => {
            check.wrong(
                "subject",
                "必填：worker 或 employer_code",
                "required: worker or employer_code",
            );
            (None, None)
        }
        Some(Subject::Worker(worker)) => {
            let context = person::context(check, told.context.as_ref());
            (
                context,
                person::worker(check, Some(worker)).map(FactSubject::Worker),
            )
        }
        Some(Subject::EmployerCode(code)) => {
            let code = check.employer_code("employer_code", code);
            (
                Some(AccessContext::default()),
                code.map(FactSubject::Employer),
            )
        }
    };
    let kinds = told.kinds.iter().take(FactKind::ALL.len() + 1).enumerate();
    let kinds: Vec<Option<FactKind>> = kinds
        .map(|(index, kind)| check.choice(&format!("kinds[{index}]"), *kind, FactKind::from_api))
        .collect();
    if told.kinds.len() > FactKind::ALL.len() {
        check.wrong("kinds", "种类过多", "more kinds than there are");
    }
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    Some(FactSelection {
        context: context?,
        subject: subject?,
        kinds: kinds.into_iter().collect::<Option<_>>()?,
        as_of: as_of?,
    })
}

/// Which employer, as of when.
pub(crate) fn get_employer(
    check: &mut Checker<'_>,
    told: &v1::GetEmployerRequest,
) -> Option<(EmployerCode, Option<i64>)> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    Some((employer_code?, as_of?))
}

/// Which town's employers, as of when.
pub(crate) fn list_employers(
    check: &mut Checker<'_>,
    told: &v1::ListEmployersRequest,
) -> Option<(String, Option<i64>)> {
    let town_code = check.optional_code("town_code", &told.town_code, &TOWN);
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    Some((town_code?, as_of?))
}

/// A person to find.
pub(crate) fn match_worker(
    check: &mut Checker<'_>,
    told: &v1::MatchWorkerRequest,
) -> Option<MatchWorker> {
    let context = person::context(check, told.context.as_ref());
    let identity: Option<Identity> = person::identity(check, told.identity.as_ref());
    Some(MatchWorker {
        context: context?,
        identity: identity?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::{fields_of, with_checker};

    const ID: &str = "0193a5c0-0000-7000-8000-000000000001";

    /// Stands for the application's keyed MAC.
    fn digest_text(content: &[u8]) -> String {
        mamagang_domain::frozen::hex(&mamagang_domain::frozen::digest(content))
    }

    fn facts(count: usize) -> v1::RecordFactsRequest {
        v1::RecordFactsRequest {
            request_id: ID.to_owned(),
            facts: vec![v1::Fact::default(); count],
        }
    }

    #[test]
    fn a_batch_holds_one_to_a_thousand_facts() {
        for (count, right) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
            let result = with_checker(|check| record_facts(check, &facts(count), digest_text));
            assert_eq!(result.is_ok(), right, "{count}");
        }
    }

    #[test]
    fn the_same_facts_have_the_same_content_whatever_the_request_id() {
        let content = |told: &v1::RecordFactsRequest| {
            with_checker(|check| record_facts(check, told, digest_text))
                .expect("right")
                .content
        };
        let other_id = v1::RecordFactsRequest {
            request_id: ID.replace("01", "02"),
            ..facts(2)
        };
        assert_eq!(content(&facts(2)), content(&other_id));
        assert_ne!(content(&facts(2)), content(&facts(3)));
        assert_eq!(content(&facts(2)).fields()[0].0, "facts");
    }

    #[test]
    fn a_retraction_needs_an_id_a_fact_and_a_reason() {
        let right = v1::RetractFactRequest {
            request_id: ID.to_owned(),
            fact_id: format!("{ID}.3"),
            reason: "登记有误".to_owned(),
        };
        assert_eq!(
            with_checker(|check| retract_fact(check, &right))
                .expect("right")
                .fact_id
                .revision,
            3
        );
        let wrong = v1::RetractFactRequest {
            fact_id: ID.to_owned(),
            reason: "x".repeat(501),
            ..Default::default()
        };
        let error = with_checker(|check| retract_fact(check, &wrong)).expect_err("wrong");
        assert_eq!(fields_of(&error), ["request_id", "fact_id", "reason"]);
        let empty = v1::RetractFactRequest::default();
        let error = with_checker(|check| retract_fact(check, &empty)).expect_err("wrong");
        assert_eq!(fields_of(&error), ["request_id", "fact_id", "reason"]);
    }

    #[test]
    fn facts_of_a_worker_need_a_context_and_those_of_an_employer_none() {
        let employer = v1::ListFactsRequest {
            subject: Some(Subject::EmployerCode("91442000MAQQ000161".to_owned())),
            kinds: vec![1, 12],
            ..Default::default()
        };
        let selection = with_checker(|check| list_facts(check, &employer)).expect("right");
        assert_eq!(
            selection.kinds,
            [FactKind::EmployerProfile, FactKind::TrainingRecord]
        );
        let worker = v1::ListFactsRequest {
            subject: Some(Subject::Worker(v1::WorkerRef::default())),
            kinds: vec![0, 13],
            ..Default::default()
        };
        let error = with_checker(|check| list_facts(check, &worker)).expect_err("wrong");
        assert_eq!(fields_of(&error)[4..], ["worker", "kinds[0]", "kinds[1]"]);
        let error = with_checker(|check| list_facts(check, &v1::ListFactsRequest::default()))
            .expect_err("wrong");
        assert_eq!(fields_of(&error), ["subject"]);
        let many = v1::ListFactsRequest {
            kinds: vec![1; FactKind::ALL.len() + 1],
            ..employer
        };
        let error = with_checker(|check| list_facts(check, &many)).expect_err("wrong");
        assert_eq!(fields_of(&error), ["kinds"]);
    }

    #[test]
    fn employers_are_asked_for_by_code_or_town() {
        let told = |code: &str| v1::GetEmployerRequest {
            employer_code: code.to_owned(),
            as_of_time: None,
        };
        assert!(with_checker(|check| get_employer(check, &told("91442000MAQQ000161"))).is_ok());
        assert!(with_checker(|check| get_employer(check, &told(""))).is_err());
        let town = |code: &str| v1::ListEmployersRequest {
            town_code: code.to_owned(),
            ..Default::default()
        };
        assert!(with_checker(|check| list_employers(check, &town(""))).is_ok());
        assert!(with_checker(|check| list_employers(check, &town("442000001"))).is_ok());
        assert!(with_checker(|check| list_employers(check, &town("442000"))).is_err());
    }

    #[test]
    fn a_match_needs_context_and_identity() {
        let error = with_checker(|check| match_worker(check, &v1::MatchWorkerRequest::default()))
            .expect_err("wrong");
        assert_eq!(fields_of(&error).len(), 5);
    }
}
