//! Errors as callers see them.

use mamagang_proto::v1::{CheckKeyGroupDeductionRequest, PostDeductionRequest, SettleYearRequest};
use tonic::Code;

use crate::harness::{
    BAKERY, Service, WANG, bakery_with_wang, chinese, details, english, posting, reason, worker,
};

#[tokio::test]
async fn every_wrong_field_of_a_request_is_named_at_once() {
    let service = Service::start().await;
    let wrong = PostDeductionRequest {
        request_id: "1".to_owned(),
        employer_code: "9I442000MAQQ000161".to_owned(),
        period: "2023-13".to_owned(),
        vat_payable_fen: -1,
        ..PostDeductionRequest::default()
    };
    for (request, is_chinese) in [
        (chinese(wrong.clone()), true),
        (english(wrong.clone()), false),
    ] {
        let error = service
            .ledger()
            .post_deduction(request)
            .await
            .expect_err("wrong");
        assert_eq!(
            (error.code(), reason(&error).as_str()),
            (Code::InvalidArgument, "INVALID_ARGUMENT_FIELDS")
        );
        let found = details(&error);
        let fields: Vec<&str> = found
            .bad_request()
            .expect("a BadRequest")
            .field_violations
            .iter()
            .map(|v| v.field.as_str())
            .collect();
        assert_eq!(
            fields,
            ["request_id", "employer_code", "period", "vat_payable_fen"]
        );
        let told = found.localized_message().expect("a message");
        assert_eq!(told.locale, if is_chinese { "zh-CN" } else { "en" });
        let has_han = error
            .message()
            .chars()
            .any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert_eq!(has_han, is_chinese, "{}", error.message());
    }
}

#[tokio::test]
async fn a_missing_context_names_its_fields() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let request = CheckKeyGroupDeductionRequest {
        context: None,
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        from_month: "2023-01".to_owned(),
        through_month: "2023-01".to_owned(),
        as_of_time: None,
    };
    let error = service
        .eligibility()
        .check_key_group_deduction(request)
        .await
        .expect_err("no context");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::InvalidArgument, "CONTEXT_REQUIRED")
    );
    let found = details(&error);
    assert_eq!(
        found
            .bad_request()
            .expect("a BadRequest")
            .field_violations
            .len(),
        4
    );
}

#[tokio::test]
async fn refusals_of_the_ledger_are_failed_preconditions_with_their_reason() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let error = service
        .ledger()
        .post_deduction(posting(2, "2024-02", 1))
        .await
        .expect_err("not ended");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::FailedPrecondition, "PERIOD_NOT_ENDED")
    );
    let error = service
        .ledger()
        .post_deduction(posting(3, "2023-Q1", 1))
        .await
        .expect_err("quarterly");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::FailedPrecondition, "FILING_CYCLE_MISMATCH")
    );
    let settle = SettleYearRequest {
        request_id: crate::harness::request_id(4),
        validate_only: false,
        employer_code: BAKERY.to_owned(),
        tax_year: 2024,
        cit_payable_fen: 0,
    };
    let error = service
        .ledger()
        .settle_year(settle)
        .await
        .expect_err("not ended");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::FailedPrecondition, "YEAR_NOT_ENDED")
    );
}

/// Everything that a caller is told by a status, as text.
fn told(status: &tonic::Status) -> String {
    use std::fmt::Write as _;
    let details = details(status);
    let info = details.error_info().expect("an ErrorInfo");
    let message = details.localized_message().expect("a message");
    let mut text = format!(
        "{:?}: {}\n{} in {}",
        status.code(),
        status.message(),
        info.reason,
        info.domain
    );
    let metadata: std::collections::BTreeMap<_, _> = info.metadata.iter().collect();
    for (name, value) in metadata {
        write!(text, "\n  {name} = {value}").expect("a String");
    }
    write!(text, "\n{}: {}", message.locale, message.message).expect("a String");
    for violation in details
        .bad_request()
        .iter()
        .flat_map(|bad| &bad.field_violations)
    {
        write!(text, "\n  {}: {}", violation.field, violation.description).expect("a String");
    }
    text
}

#[tokio::test]
async fn what_callers_are_told_stays_as_it_is() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let wrong = PostDeductionRequest {
        request_id: "1".to_owned(),
        employer_code: "91442000MAQQ000162".to_owned(),
        period: "2023-13".to_owned(),
        vat_payable_fen: -1,
        return_number: "x".repeat(200),
        ..PostDeductionRequest::default()
    };
    let mut answers = Vec::new();
    for request in [chinese(wrong.clone()), english(wrong)] {
        answers.push(told(
            &service
                .ledger()
                .post_deduction(request)
                .await
                .expect_err("wrong"),
        ));
    }
    service
        .ledger()
        .post_deduction(posting(2, "2023-03", 100))
        .await
        .expect("posted");
    for refused in [
        posting(2, "2023-03", 101),
        posting(3, "2023-03", 100),
        posting(4, "2023-02", 100),
    ] {
        let error = service
            .ledger()
            .post_deduction(english(refused))
            .await
            .expect_err("refused");
        answers.push(told(&error));
    }
    insta::assert_snapshot!(answers.join("\n\n"));
}
