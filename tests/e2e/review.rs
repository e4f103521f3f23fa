//! ReviewService: from a REVIEW to two persons' resolution, over gRPC.

use std::sync::Arc;

use mamagang_proto::v1::{
    self, CheckKeyGroupDeductionRequest, CheckVatExemptionRequest, ConfirmResolutionRequest,
    GetReviewCaseRequest, ListFactsRequest, ListReviewCasesRequest, ProposeResolutionRequest,
    RecordFactsRequest, fact, list_facts_request,
};
use tonic::Code;

use crate::harness::{
    BAKERY, Desks, Service, WANG, context, contract, employer, fact as known, from, insured,
    lifted, reason, request_id, worker,
};

/// 王芳 at the bakery, whose insurance of December was paid in February two years later.
async fn bakery() -> Service {
    let service = Service::start_for(Arc::new(Desks)).await;
    let late = v1::Contribution {
        worker: worker(WANG),
        employer_code: BAKERY.to_owned(),
        month: "2023-11".to_owned(),
        insurances: [
            v1::Insurance::Pension,
            v1::Insurance::Unemployment,
            v1::Insurance::WorkInjury,
        ]
        .map(i32::from)
        .to_vec(),
        paid_date: "2024-01-20".to_owned(),
    };
    let facts = vec![
        employer(BAKERY),
        lifted(WANG),
        contract(WANG, BAKERY, "C1", "2023-10-01"),
        insured(WANG, BAKERY, "2023-10"),
        known("late", fact::Kind::Contribution(late)),
        insured(WANG, BAKERY, "2023-12"),
    ];
    service.record(1, facts).await;
    service
}

async fn check(service: &Service) -> v1::Decision {
    let request = CheckKeyGroupDeductionRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        from_month: "2023-10".to_owned(),
        through_month: "2023-12".to_owned(),
        as_of_time: None,
    };
    let mut eligibility = service.eligibility();
    let answer = eligibility.check_key_group_deduction(from("tax", request));
    let answer = answer.await.expect("decided").into_inner();
    answer.decision.expect("a decision")
}

fn proposal(number: u128, case_id: &str) -> ProposeResolutionRequest {
    ProposeResolutionRequest {
        request_id: request_id(number),
        review_case_id: case_id.to_owned(),
        accepted: true,
        reason: "银行凭证显示当月已划扣".to_owned(),
        evidence: vec!["银行回单 2023-11-28".to_owned()],
        ..ProposeResolutionRequest::default()
    }
}

fn confirmation(number: u128, case_id: &str) -> ConfirmResolutionRequest {
    ConfirmResolutionRequest {
        request_id: request_id(number),
        review_case_id: case_id.to_owned(),
        confirmed: true,
        reason: "已复核".to_owned(),
    }
}

#[tokio::test]
async fn two_persons_resolve_a_review_and_later_decisions_follow() {
    let service = bakery().await;
    let before = check(&service).await;
    assert_eq!(before.total_fen, 130_000);
    let case_id = before.review_case_id.clone();
    let listed = service
        .reviews()
        .list_review_cases(from(
            "clerk",
            ListReviewCasesRequest {
                states: vec![v1::ReviewState::Open.into()],
                reasons: vec![v1::ReasonCode::BackPaidInsurance.into()],
                measures: vec![8],
                ..ListReviewCasesRequest::default()
            },
        ))
        .await
        .expect("a queue")
        .into_inner();
    assert_eq!(listed.cases.len(), 1);
    let case = &listed.cases[0];
    assert_eq!(case.review_case_id, case_id);
    assert_eq!((case.from_month.as_str(), case.age_days), ("2023-11", 0));
    assert!(case.may_be_accepted && !case.message.is_empty());
    assert_eq!(case.decision_id, before.decision_id);

    // The clerk proposes; only the reviewer confirms.
    let mut reviews = service.reviews();
    let refused = reviews.propose_resolution(from("reviewer", proposal(2, &case_id)));
    assert_eq!(
        refused.await.expect_err("denied").code(),
        Code::PermissionDenied
    );
    let proposed = reviews.propose_resolution(from("clerk", proposal(3, &case_id)));
    let proposed = proposed.await.expect("proposed").into_inner();
    let proposed = proposed.case.expect("a case");
    assert_eq!(proposed.state(), v1::ReviewState::Proposed);
    // The same request again has the same answer.
    let again = reviews.propose_resolution(from("clerk", proposal(3, &case_id)));
    assert_eq!(
        again.await.expect("again").into_inner().case,
        Some(proposed)
    );
    let confirmed = reviews.confirm_resolution(from("reviewer", confirmation(4, &case_id)));
    let confirmed = confirmed.await.expect("confirmed").into_inner();
    let confirmed = confirmed.case.expect("a case");
    assert_eq!(confirmed.state(), v1::ReviewState::Resolved);
    assert_eq!(confirmed.confirmed_by, "reviewer");

    let after = check(&service).await;
    assert_eq!(
        (after.total_fen, after.review_case_id.as_str()),
        (195_000, "")
    );
    assert_eq!(after.caveats[0].code(), v1::ReasonCode::ReviewAccepted);
    let mut evidence = after.evidence.iter();
    assert!(evidence.any(|record| record.fact_id == confirmed.fact_id));

    // The fact is told like any other, and nobody but the confirmation records one.
    let list = ListFactsRequest {
        context: context(),
        subject: Some(list_facts_request::Subject::Worker(
            worker(WANG).expect("a worker"),
        )),
        kinds: vec![v1::FactKind::ReviewResolution.into()],
        ..ListFactsRequest::default()
    };
    let facts = service.registry().list_facts(from("clerk", list)).await;
    let facts = facts.expect("facts").into_inner().facts;
    let stored = facts[0].fact.clone().expect("a fact");
    let Some(fact::Kind::ReviewResolution(told)) = &stored.kind else {
        panic!("{stored:?}");
    };
    assert!(told.accepted);
    assert_eq!(told.review_case_id, case_id);
    let record = RecordFactsRequest {
        request_id: request_id(5),
        facts: vec![stored],
    };
    let recorded = service.registry().record_facts(from("clerk", record)).await;
    let results = recorded.expect("answered").into_inner().results;
    let error = results[0].error.as_ref().expect("refused");
    assert_eq!(error.code, Code::InvalidArgument as i32);

    let read = GetReviewCaseRequest {
        context: context(),
        review_case_id: case_id,
    };
    let read = reviews.get_review_case(from("tax", read)).await;
    let read = read.expect("a case").into_inner();
    let states: Vec<&str> = read
        .history
        .iter()
        .map(|step| step.state.as_str())
        .collect();
    assert_eq!(states, ["OPEN", "PROPOSED", "RESOLVED"]);
}

#[tokio::test]
async fn a_review_of_the_law_and_one_that_is_not_there() {
    let service = bakery().await;
    let sale = CheckVatExemptionRequest {
        province_code: "440000".to_owned(),
        party: v1::Party::NaturalPerson.into(),
        obligation_date: "2026-11-15".to_owned(),
        amount_fen: 500_000,
        vat_inclusive: true,
        umct_rate_bp: 700,
        ..CheckVatExemptionRequest::default()
    };
    let answer = service.eligibility().check_vat_exemption(sale).await;
    let answer = answer.expect("decided").into_inner();
    let mut reviews = service.reviews();
    let accepted = proposal(2, &answer.review_case_id);
    let refused = reviews.propose_resolution(accepted).await;
    assert_eq!(
        reason(&refused.expect_err("the law")),
        "REVIEW_NOT_ACCEPTABLE"
    );
    let mut unknown = proposal(3, "018bcfe5-6806-8000-8000-000000000001");
    let refused = reviews.propose_resolution(unknown.clone()).await;
    assert_eq!(reason(&refused.expect_err("none")), "CASE_NOT_FOUND");
    unknown.evidence.clear();
    let refused = reviews.propose_resolution(unknown).await;
    assert_eq!(
        reason(&refused.expect_err("wrong")),
        "INVALID_ARGUMENT_FIELDS"
    );
    // Nobody outside the bureaus sees the queue.
    let list = ListReviewCasesRequest::default();
    let refused = reviews.list_review_cases(from(BAKERY, list)).await;
    assert_eq!(refused.expect_err("denied").code(), Code::PermissionDenied);
}
