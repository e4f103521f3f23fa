//! EligibilityService.

use mamagang_proto::v1::{
    self, BatchCheckKeyGroupDeductionRequest, CheckKeyGroupDeductionRequest,
    CheckVatExemptionRequest, GetDecisionRequest, KeyGroupCheck, StreamKeyGroupChecksRequest,
    key_group_check_result,
};
use tonic::Code;

use crate::harness::{
    BAKERY, LAUNDRY, LI, Service, WANG, bakery_with_wang, chinese, context, english, reason, worker,
};

fn check(person: (&str, &str), from: &str, through: &str) -> CheckKeyGroupDeductionRequest {
    CheckKeyGroupDeductionRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(person),
        from_month: from.to_owned(),
        through_month: through.to_owned(),
        as_of_time: None,
    }
}

#[tokio::test]
async fn a_decision_carries_months_amounts_reasons_and_the_law() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let asked = service
        .eligibility()
        .check_key_group_deduction(english(check(WANG, "2023-01", "2024-01")))
        .await;
    let decision = asked
        .expect("an answer")
        .into_inner()
        .decision
        .expect("a decision");
    assert_eq!(decision.outcome(), v1::Outcome::Eligible);
    assert_eq!(
        (
            decision.start_month.as_str(),
            decision.term_end_month.as_str()
        ),
        ("2023-01", "2025-12")
    );
    assert_eq!(decision.total_fen, 780_000);
    assert_eq!(decision.months.len(), 13);
    assert_eq!(
        decision.months[12].reason(),
        v1::ReasonCode::InsuranceNotPaid
    );
    assert_eq!(decision.months[12].outcome(), v1::Outcome::Ineligible);
    let met = decision
        .reasons
        .iter()
        .find(|reason| reason.code() == v1::ReasonCode::AllConditionsMet);
    let met = met.expect("a reason");
    assert!(
        met.message.starts_with("All conditions are met"),
        "{}",
        met.message
    );
    assert!(
        met.citations.len() >= 3
            && met
                .citations
                .iter()
                .all(|citation| !citation.instrument.is_empty())
    );
    assert_eq!(
        decision.notice.expect("a layer").outcome(),
        v1::Outcome::Ineligible
    );
    assert!(!decision.policy_version.is_empty() && decision.rules_version >= 1);

    let request = GetDecisionRequest {
        with_explanation: false,
        context: context(),
        decision_id: decision.decision_id.clone(),
    };
    let stored = service
        .eligibility()
        .get_decision(request)
        .await
        .expect("a decision")
        .into_inner();
    assert!(stored.digest_matches);
    assert_eq!(stored.decision.expect("a decision").total_fen, 780_000);
    assert!(!stored.question_json.contains(WANG.0));
}

#[tokio::test]
async fn the_reason_is_told_in_the_callers_language() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let asked = service
        .eligibility()
        .check_key_group_deduction(chinese(check(LI, "2023-01", "2023-01")))
        .await;
    let decision = asked
        .expect("an answer")
        .into_inner()
        .decision
        .expect("a decision");
    assert_eq!(decision.outcome(), v1::Outcome::Review);
    assert!(
        decision.reasons[0].message.contains("没有该人员身份的记录"),
        "{}",
        decision.reasons[0].message
    );
    assert!(!decision.missing_facts.is_empty());
}

#[tokio::test]
async fn a_batch_and_a_stream_give_the_same_answers_as_single_checks() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let row = |key: &str, person, employer_code: &str| KeyGroupCheck {
        row_key: key.to_owned(),
        employer_code: employer_code.to_owned(),
        worker: worker(person),
        from_month: "2023-01".to_owned(),
        through_month: "2023-12".to_owned(),
    };
    let rows = vec![
        row("a", WANG, BAKERY),
        row("b", WANG, LAUNDRY),
        row("c", LI, BAKERY),
    ];
    let request = BatchCheckKeyGroupDeductionRequest {
        context: context(),
        checks: rows.clone(),
        as_of_time: None,
    };
    let batch = service
        .eligibility()
        .batch_check_key_group_deduction(request)
        .await
        .expect("a batch")
        .into_inner()
        .results;
    let messages: Vec<_> = rows
        .into_iter()
        .enumerate()
        .map(|(index, check)| StreamKeyGroupChecksRequest {
            context: if index == 0 { context() } else { None },
            check: Some(check),
            as_of_time: None,
        })
        .collect();
    let stream = service
        .eligibility()
        .stream_key_group_checks(tokio_stream::iter(messages))
        .await;
    let mut stream = stream.expect("a stream").into_inner();
    let mut streamed = Vec::new();
    while let Some(message) = stream.message().await.expect("a message") {
        streamed.push(message.result.expect("a result"));
    }
    assert_eq!((batch.len(), streamed.len()), (3, 3));
    for (one, other) in batch.iter().zip(&streamed) {
        assert_eq!(one.row_key, other.row_key);
        match (&one.result, &other.result) {
            (
                Some(key_group_check_result::Result::Decision(one)),
                Some(key_group_check_result::Result::Decision(other)),
            ) => {
                assert_eq!(
                    (one.outcome, one.total_fen, &one.months),
                    (other.outcome, other.total_fen, &other.months)
                );
            }
            (
                Some(key_group_check_result::Result::Error(one)),
                Some(key_group_check_result::Result::Error(other)),
            ) => {
                assert_eq!(
                    (one.code, other.code),
                    (Code::NotFound as i32, Code::NotFound as i32)
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

fn vat(date: &str, amount_fen: i64, vat_inclusive: bool) -> CheckVatExemptionRequest {
    CheckVatExemptionRequest {
        province_code: "440000".to_owned(),
        party: v1::Party::NaturalPerson.into(),
        obligation_date: date.to_owned(),
        amount_fen,
        vat_inclusive,
        umct_rate_bp: 700,
        ..CheckVatExemptionRequest::default()
    }
}

#[tokio::test]
async fn vat_is_decided_by_the_regime_of_the_date() {
    let service = Service::start().await;
    let cases = [
        ("2022-03-10", 300_000, v1::VatOutcome::Taxable, "R0", 2_970),
        ("2022-08-15", 300_000, v1::VatOutcome::Exempt, "R1", 0),
        ("2023-02-05", 50_499, v1::VatOutcome::Exempt, "R2", 0),
        ("2023-02-05", 50_500, v1::VatOutcome::Taxable, "R2", 500),
        ("2026-04-02", 101_000, v1::VatOutcome::Taxable, "R3", 1_000),
        ("2026-11-15", 500_000, v1::VatOutcome::Review, "R3", 4_951),
    ];
    for (date, amount, outcome, regime, vat_fen) in cases {
        let answer = service
            .eligibility()
            .check_vat_exemption(vat(date, amount, true))
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(
            (answer.outcome(), answer.regime.as_str(), answer.vat_fen),
            (outcome, regime, vat_fen),
            "{date}"
        );
    }
}

#[tokio::test]
async fn a_date_outside_the_encoded_policies_is_a_review_and_never_a_number() {
    let service = Service::start().await;
    for date in ["2021-03-31", "2028-01-01"] {
        let answer = service
            .eligibility()
            .check_vat_exemption(vat(date, 300_000, true))
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.outcome(), v1::VatOutcome::Review);
        assert_eq!(answer.reasons[0].code(), v1::ReasonCode::PolicyNotEncoded);
        assert_eq!(
            (
                answer.vat_fen,
                answer.net_sales_fen,
                answer.surcharges.len()
            ),
            (0, 0, 0)
        );
    }
}

#[tokio::test]
async fn an_unknown_employer_and_an_unknown_decision_are_not_found() {
    let service = Service::start().await;
    let error = service
        .eligibility()
        .check_key_group_deduction(check(WANG, "2023-01", "2023-01"))
        .await;
    let error = error.expect_err("unknown");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::NotFound, "EMPLOYER_NOT_FOUND")
    );
    let request = GetDecisionRequest {
        with_explanation: false,
        context: context(),
        decision_id: crate::harness::request_id(77),
    };
    let error = service
        .eligibility()
        .get_decision(request)
        .await
        .expect_err("unknown");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::NotFound, "DECISION_NOT_FOUND")
    );
}
