//! Facts in, and found again.

use mamagang_proto::google::rpc::{BadRequest, ErrorInfo, LocalizedMessage, Status as ItemStatus};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;

/// One detail of an item's error.
fn detail<T: prost::Message + Default>(status: &ItemStatus, name: &str) -> T {
    let found = status
        .details
        .iter()
        .find(|detail| detail.type_url.ends_with(name));
    T::decode(&*found.expect("the detail").value).expect("its message")
}

/// A contract that is wrong in five fields.
fn wrong_in_five() -> v1::Fact {
    v1::Fact {
        source: String::new(),
        ..fact(
            "H0009",
            Kind::Contract(v1::Contract {
                contract_id: "2023-0009".to_owned(),
                employer_code: "91442000MAQQ000162".to_owned(),
                worker: Some(v1::WorkerRef {
                    r#ref: Some(Ref::Identity(v1::IdentityDocument {
                        number: "442000199002319985".to_owned(),
                        ..identity()
                    })),
                }),
                kind: v1::ContractKind::LabourContract as i32,
                signed_date: "2023-13-01".to_owned(),
                start_date: "2023-03-10".to_owned(),
                end_date: "2023-03-09".to_owned(),
                ..Default::default()
            }),
        )
    }
}

#[tokio::test]
async fn a_fact_with_five_wrong_fields_keeps_no_other_out() {
    let fields = [
        "source",
        "contract.worker.identity.number",
        "contract.employer_code",
        "contract.signed_date",
        "contract.end_date",
    ];
    for (tongue, locale, is_ascii) in [("zh-CN", "zh-CN", false), ("en", "en", true)] {
        let mut clients = clients().await;
        let mut sent = facts();
        sent.insert(1, wrong_in_five());
        let mut request = Request::new(v1::RecordFactsRequest {
            request_id: request_id(1),
            facts: sent,
        });
        request
            .metadata_mut()
            .insert("accept-language", tongue.parse().expect("a header"));
        let results = clients
            .registry
            .record_facts(request)
            .await
            .expect("the call is OK")
            .into_inner()
            .results;
        assert_eq!(
            (results[1].row_key.as_str(), results[1].fact_id.as_str()),
            ("H0009", "")
        );
        let error = results[1].error.as_ref().expect("an error");
        assert_eq!(error.code, Code::InvalidArgument as i32);
        let wrong: BadRequest = detail(error, "BadRequest");
        let told: Vec<&str> = wrong
            .field_violations
            .iter()
            .map(|wrong| wrong.field.as_str())
            .collect();
        assert_eq!(told, fields);
        assert!(
            wrong
                .field_violations
                .iter()
                .all(|wrong| wrong.description.is_ascii() == is_ascii)
        );
        let info: ErrorInfo = detail(error, "ErrorInfo");
        assert_eq!(
            (info.reason.as_str(), info.domain.as_str()),
            ("INVALID_ARGUMENT_FIELDS", "mamagang.v1")
        );
        assert_eq!(info.metadata["violations"], "5");
        let localized: LocalizedMessage = detail(error, "LocalizedMessage");
        assert_eq!(localized.locale, locale);
        let others = results.iter().filter(|result| result.row_key != "H0009");
        assert!(
            others
                .clone()
                .all(|result| result.error.is_none() && !result.fact_id.is_empty())
        );
        assert_eq!(others.count(), 14);
    }
}

#[tokio::test]
async fn the_same_request_is_answered_alike_and_another_under_its_id_refused() {
    let mut clients = clients().await;
    let first = record_all(&mut clients).await;
    assert_eq!(record_all(&mut clients).await, first);
    let other = v1::RecordFactsRequest {
        request_id: request_id(1),
        facts: vec![contribution(1)],
    };
    let status = clients
        .registry
        .record_facts(english(other))
        .await
        .expect_err("other content");
    assert_eq!(status.code(), Code::AlreadyExists);
    let info = status.get_details_error_info().expect("ErrorInfo");
    assert_eq!(info.reason, "REQUEST_ID_REUSED");
    assert!(
        info.metadata.values().any(|value| value == "facts"),
        "{:?}",
        info.metadata
    );
}

#[tokio::test]
async fn a_call_is_refused_with_every_wrong_field() {
    let mut clients = clients().await;
    let message = v1::RecordFactsRequest {
        request_id: "7".to_owned(),
        facts: vec![v1::Fact::default(); 1_001],
    };
    let status = clients
        .registry
        .record_facts(message)
        .await
        .expect_err("wrong");
    assert_eq!(
        (status.code(), status.message()),
        (Code::InvalidArgument, "请求中有字段填写错误")
    );
    let wrong = status
        .get_details_bad_request()
        .expect("BadRequest")
        .field_violations;
    let fields: Vec<&str> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!(fields, ["request_id", "facts"]);
}

#[tokio::test]
async fn facts_are_listed_page_by_page_masked_and_for_their_selection_only() {
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let mut message = v1::ListFactsRequest {
        context: context(),
        subject: Some(v1::list_facts_request::Subject::Worker(
            worker().expect("told"),
        )),
        page_size: 5,
        ..Default::default()
    };
    let (mut listed, mut instants) = (Vec::new(), Vec::new());
    loop {
        let page = clients
            .registry
            .list_facts(message.clone())
            .await
            .expect("a page")
            .into_inner();
        assert!(page.facts.len() <= 5);
        listed.extend(page.facts);
        instants.push(page.as_of_time);
        message.page_token = page.next_page_token;
        if message.page_token.is_empty() {
            break;
        }
        let other = v1::ListFactsRequest {
            kinds: vec![v1::FactKind::Contract as i32],
            ..message.clone()
        };
        let status = clients
            .registry
            .list_facts(other)
            .await
            .expect_err("another selection");
        assert_eq!(
            status.get_details_error_info().expect("ErrorInfo").reason,
            "PAGE_TOKEN_INVALID"
        );
    }
    assert_eq!(listed.len(), 13);
    assert!(
        listed
            .windows(2)
            .all(|pair| pair[0].revision < pair[1].revision)
    );
    instants.dedup();
    assert_eq!(instants.len(), 1, "every page reads the same instant");
    let shown = format!("{listed:?}");
    assert!(!shown.contains("442000198903149982") && !shown.contains("4420000022000001"));
    assert!(shown.contains("442000******0001"));
}

#[tokio::test]
async fn a_list_takes_no_negative_page_and_no_token_of_ones_own() {
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let message = |page_size: i32, token: &str| v1::ListEmployersRequest {
        page_size,
        page_token: token.to_owned(),
        ..Default::default()
    };
    let page = clients
        .registry
        .list_employers(message(5_000, ""))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(
        (page.employers.len(), page.next_page_token.as_str()),
        (1, "")
    );
    let status = clients
        .registry
        .list_employers(message(-1, ""))
        .await
        .expect_err("negative");
    assert_eq!(
        status
            .get_details_bad_request()
            .expect("BadRequest")
            .field_violations[0]
            .field,
        "page_size"
    );
    let status = clients
        .registry
        .list_employers(message(0, "bWluZQ"))
        .await
        .expect_err("made up");
    assert_eq!(
        status.get_details_error_info().expect("ErrorInfo").reason,
        "PAGE_TOKEN_INVALID"
    );
}

#[tokio::test]
async fn a_person_is_matched_once_and_named_by_the_match() {
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let message = v1::MatchWorkerRequest {
        context: context(),
        identity: Some(identity()),
    };
    let matched = clients
        .registry
        .match_worker(message.clone())
        .await
        .expect("matched")
        .into_inner();
    let verified = clients
        .verification
        .verify_worker_status(v1::VerifyWorkerStatusRequest {
            context: context(),
            worker: Some(v1::WorkerRef {
                r#ref: Some(Ref::MatchId(matched.match_id)),
            }),
            as_of_date: "2023-03-10".to_owned(),
        })
        .await
        .expect("verified")
        .into_inner();
    assert_eq!(verified.outcome, v1::Outcome::Eligible as i32);
    assert_eq!(verified.status_to_date, "2023-03-09");
    let stranger = v1::IdentityDocument {
        name: "李四".to_owned(),
        ..identity()
    };
    let message = v1::MatchWorkerRequest {
        identity: Some(stranger),
        ..message
    };
    let status = clients
        .registry
        .match_worker(message)
        .await
        .expect_err("another name");
    assert_eq!(
        (
            status.code(),
            status
                .get_details_error_info()
                .expect("ErrorInfo")
                .reason
                .as_str()
        ),
        (Code::NotFound, "WORKER_NOT_FOUND")
    );
}

#[tokio::test]
async fn a_question_without_context_says_so() {
    let mut clients = clients().await;
    let message = v1::MatchWorkerRequest {
        context: None,
        identity: Some(identity()),
    };
    let status = clients
        .registry
        .match_worker(message)
        .await
        .expect_err("no context");
    assert_eq!(
        status.get_details_error_info().expect("ErrorInfo").reason,
        "CONTEXT_REQUIRED"
    );
    assert_eq!(
        status
            .get_details_bad_request()
            .expect("BadRequest")
            .field_violations
            .len(),
        4
    );
}
