//! RegistryService and VerificationService.

use mamagang_proto::v1::{
    self, Contract, Fact, GetEmployerRequest, ImportFactsRequest, ListEmployersRequest,
    ListFactsRequest, MatchWorkerRequest, RecordFactsRequest, VerifyContractRequest,
    VerifyWorkerStatusRequest, WorkerRef, fact, list_facts_request, worker_ref,
};
use mamagang_testkit::date;
use prost::Message;
use tonic::Code;
use tonic_types::StatusExt;

use crate::harness::{
    BAKERY, LAUNDRY, Service, WANG, bakery_with_wang, chinese, context, contract, employer,
    english, insured, lifted, reason, request_id, worker,
};

/// One contract with five wrong fields.
fn wrong_contract() -> Fact {
    let mut wrong = contract(WANG, "91442000MAQQ000162", "C1", "2023-02-30");
    if let Some(fact::Kind::Contract(contract)) = &mut wrong.kind {
        *contract = Contract {
            kind: v1::ContractKind::Unspecified.into(),
            signed_date: "2023/01/01".to_owned(),
            contract_id: String::new(),
            ..contract.clone()
        };
    }
    wrong
}

fn violations(result: &v1::FactResult) -> (i32, Vec<(String, String)>) {
    let error = result.error.as_ref().expect("an error");
    let status = tonic::Status::with_details(
        Code::from_i32(error.code),
        error.message.clone(),
        error.encode_to_vec().into(),
    );
    let details = status.get_error_details();
    let found = details
        .bad_request()
        .expect("a BadRequest")
        .field_violations
        .iter();
    (
        error.code,
        found
            .map(|violation| (violation.field.clone(), violation.description.clone()))
            .collect(),
    )
}

/// A child's number is wrong before the day of birth and right after it.
#[tokio::test]
async fn a_repeated_request_is_answered_alike_though_its_items_would_be_read_by_then() {
    let service = Service::start().await;
    let unborn = ("442000202402100012", "王小明");
    let ask = || RecordFactsRequest {
        request_id: request_id(1),
        facts: vec![employer(BAKERY), lifted(unborn), lifted(WANG)],
    };
    let mut registry = service.registry();
    let first = registry.record_facts(english(ask())).await;
    let first = first.expect("OK").into_inner();
    let refused: Vec<bool> = first.results.iter().map(|it| it.error.is_some()).collect();
    assert_eq!(refused, [false, true, false]);
    service.test.clock.move_to(date("2024-03-01"));
    let again = registry.record_facts(english(ask())).await;
    assert_eq!(again.expect("the first answer").into_inner(), first);
    let anew = RecordFactsRequest {
        request_id: request_id(2),
        ..ask()
    };
    let anew = registry.record_facts(english(anew)).await.expect("OK");
    assert!(anew.into_inner().results[1].error.is_none());
}

#[tokio::test]
async fn five_wrong_fields_are_all_named_in_the_callers_language_and_the_valid_items_are_stored() {
    let service = Service::start().await;
    let facts = || vec![employer(BAKERY), wrong_contract(), lifted(WANG)];
    let ask = |number, facts| RecordFactsRequest {
        request_id: request_id(number),
        facts,
    };
    let zh = service
        .registry()
        .record_facts(chinese(ask(1, facts())))
        .await
        .expect("OK")
        .into_inner();
    let en = service
        .registry()
        .record_facts(english(ask(2, facts())))
        .await
        .expect("OK")
        .into_inner();
    for (answer, is_chinese) in [(&zh, true), (&en, false)] {
        assert!(answer.results[0].error.is_none() && answer.results[2].error.is_none());
        let (code, found) = violations(&answer.results[1]);
        assert_eq!(code, Code::InvalidArgument as i32);
        let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
        let expected = [
            "contract.contract_id",
            "contract.employer_code",
            "contract.kind",
            "contract.signed_date",
            "contract.start_date",
        ];
        assert_eq!(fields, expected);
        for (_, text) in found {
            let has_han = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert_eq!(has_han, is_chinese, "{text}");
        }
    }
    let request = ListFactsRequest {
        context: context(),
        subject: Some(list_facts_request::Subject::Worker(
            worker(WANG).expect("a worker"),
        )),
        ..ListFactsRequest::default()
    };
    let listed = service
        .registry()
        .list_facts(request)
        .await
        .expect("facts")
        .into_inner()
        .facts;
    assert_eq!(
        listed.len(),
        1,
        "the poverty record and nothing of the contract"
    );
}

#[tokio::test]
async fn an_import_answers_row_by_row_in_order() {
    let service = Service::start().await;
    let mut facts = bakery_with_wang();
    facts.insert(2, wrong_contract());
    let count = facts.len();
    let keys: Vec<String> = facts.iter().map(|fact| fact.row_key.clone()).collect();
    let rows = facts
        .into_iter()
        .enumerate()
        .map(|(index, fact)| ImportFactsRequest {
            request_id: if index == 0 {
                request_id(1)
            } else {
                String::new()
            },
            fact: Some(fact),
            validate_only: false,
        });
    let mut answers = service
        .registry()
        .import_facts(tokio_stream::iter(rows.collect::<Vec<_>>()))
        .await
        .expect("a stream")
        .into_inner();
    let mut results = Vec::new();
    while let Some(answer) = answers.message().await.expect("an answer") {
        results.push(answer.result.expect("a result"));
    }
    assert_eq!(results.len(), count);
    assert_eq!(
        results
            .iter()
            .map(|result| result.row_key.clone())
            .collect::<Vec<_>>(),
        keys
    );
    assert_eq!(
        results
            .iter()
            .filter(|result| result.error.is_some())
            .count(),
        1
    );
    assert!(results[2].error.is_some());
}

#[tokio::test]
async fn a_match_id_stands_for_the_number() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let identity = match worker(WANG).and_then(|worker| worker.r#ref) {
        Some(worker_ref::Ref::Identity(identity)) => identity,
        _ => panic!("an identity"),
    };
    let request = MatchWorkerRequest {
        context: context(),
        identity: Some(identity),
    };
    let matched = service
        .registry()
        .match_worker(request)
        .await
        .expect("a match")
        .into_inner();
    let request = VerifyWorkerStatusRequest {
        context: context(),
        worker: Some(WorkerRef {
            r#ref: Some(worker_ref::Ref::MatchId(matched.match_id)),
        }),
        as_of_date: "2023-01-01".to_owned(),
    };
    let verified = service
        .verification()
        .verify_worker_status(request)
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(verified.outcome(), v1::Outcome::Eligible);
    assert_eq!(verified.category(), v1::PersonCategory::LiftedFromPoverty);
    assert_eq!(
        (verified.source.as_str(), verified.source_date.as_str()),
        ("人社", "2024-01-31")
    );
    assert!(!verified.reference_number.is_empty());
}

#[tokio::test]
async fn a_contract_is_verified_against_the_expected_kind() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let ask = |kind: v1::ContractKind| VerifyContractRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        expected_kind: kind.into(),
        as_of_date: "2023-06-01".to_owned(),
    };
    let labour = service
        .verification()
        .verify_contract(ask(v1::ContractKind::LabourContract))
        .await;
    let labour = labour.expect("an answer").into_inner();
    assert_eq!(labour.outcome(), v1::Outcome::Eligible);
    assert_eq!(
        (
            labour.contract_id.as_str(),
            labour.first_insured_month.as_str()
        ),
        ("C1", "2023-01")
    );
    assert!(labour.at_least_one_year);
    let service_kind = service
        .verification()
        .verify_contract(ask(v1::ContractKind::ServiceAgreement))
        .await;
    let service_kind = service_kind.expect("an answer").into_inner();
    assert_eq!(service_kind.outcome(), v1::Outcome::Ineligible);
    assert_eq!(
        service_kind.reasons[0].code(),
        v1::ReasonCode::ContractKindNotCovered
    );
}

#[tokio::test]
async fn employers_are_listed_in_pages_and_a_foreign_token_is_refused() {
    let service = Service::start().await;
    service
        .record(1, vec![employer(BAKERY), employer(LAUNDRY)])
        .await;
    let request = GetEmployerRequest {
        employer_code: BAKERY.to_owned(),
        as_of_time: None,
    };
    let got = service
        .registry()
        .get_employer(request)
        .await
        .expect("an employer")
        .into_inner();
    assert_eq!(
        got.employer.expect("an employer").profiles[0].umct_rate_bp,
        700
    );

    let ask = |page_token: &str, town_code: &str| ListEmployersRequest {
        town_code: town_code.to_owned(),
        page_size: 1,
        page_token: page_token.to_owned(),
        as_of_time: None,
    };
    let first = service
        .registry()
        .list_employers(ask("", ""))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(first.employers.len(), 1);
    let second = service
        .registry()
        .list_employers(ask(&first.next_page_token, ""))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(
        (second.employers.len(), second.next_page_token.as_str()),
        (1, "")
    );
    assert_ne!(
        first.employers[0].employer_code,
        second.employers[0].employer_code
    );

    let mut forged = first.next_page_token.clone();
    let flipped = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.pop();
    forged.push(flipped);
    for (token, town) in [
        (forged.as_str(), ""),
        (first.next_page_token.as_str(), "442000001"),
        ("x", ""),
    ] {
        let error = service
            .registry()
            .list_employers(ask(token, town))
            .await
            .expect_err("refused");
        assert_eq!(
            (error.code(), reason(&error).as_str()),
            (Code::InvalidArgument, "PAGE_TOKEN_INVALID")
        );
    }
}

#[tokio::test]
async fn no_answer_carries_an_unmasked_number_or_name() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    service
        .record(2, vec![insured(WANG, BAKERY, "2024-01")])
        .await;
    let request = ListFactsRequest {
        context: context(),
        subject: Some(list_facts_request::Subject::Worker(
            worker(WANG).expect("a worker"),
        )),
        include_history: true,
        page_size: 1_000,
        ..ListFactsRequest::default()
    };
    let answer = service
        .registry()
        .list_facts(request)
        .await
        .expect("facts")
        .into_inner();
    let text = format!("{answer:?}");
    assert!(answer.facts.len() > 10);
    assert!(!text.contains(WANG.0) && !text.contains(WANG.1));
}
