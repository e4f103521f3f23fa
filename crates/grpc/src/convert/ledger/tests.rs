use mamagang_app::AppError;

use super::*;
use crate::convert::testing::{context, fields_of, with_checker};

const ID: &str = "0193a5c0-0000-7000-8000-000000000001";
const EMPLOYER: &str = "91442000MAQQ000161";

fn posting() -> v1::PostDeductionRequest {
    v1::PostDeductionRequest {
        request_id: ID.to_owned(),
        employer_code: EMPLOYER.to_owned(),
        period: "2024-Q2".to_owned(),
        vat_payable_fen: 420_000,
        ..Default::default()
    }
}

fn post(told: &v1::PostDeductionRequest) -> Result<PostDeduction, AppError> {
    with_checker(|check| post_deduction(check, told))
}

#[test]
fn a_posting_is_cumulative_unless_told_and_sales_may_be_absent() {
    let read = post(&posting()).expect("right");
    assert_eq!(read.declaration.release, Release::Cumulative);
    assert_eq!(read.declaration.sales_fen, None);
    let told = v1::PostDeductionRequest {
        release: 2,
        sales_fen: Some(0),
        validate_only: true,
        ..posting()
    };
    let read = post(&told).expect("right");
    assert_eq!(read.declaration.release, Release::AnnualProjected);
    assert_eq!(read.declaration.sales_fen, Some(Fen::ZERO));
    assert!(read.validate_only);
}

#[test]
fn every_wrong_field_of_a_posting_is_told_at_once() {
    let wrong = v1::PostDeductionRequest {
        period: "2024-5".to_owned(),
        declared_time: Some(prost_types::Timestamp {
            seconds: 0,
            nanos: 1_000_000_000,
        }),
        return_number: " 7".to_owned(),
        vat_payable_fen: -1,
        release: 3,
        sales_fen: Some(-1),
        ..Default::default()
    };
    let fields = [
        "request_id",
        "employer_code",
        "period",
        "declared_time",
        "return_number",
        "vat_payable_fen",
        "release",
        "sales_fen",
    ];
    assert_eq!(fields_of(&post(&wrong).expect_err("wrong")), fields);
}

#[test]
fn the_content_of_a_posting_tells_absent_sales_from_none_and_names_each_field() {
    let content = |told: &v1::PostDeductionRequest| post(told).expect("right").request.content;
    let first = content(&posting());
    assert_eq!(
        first,
        content(&v1::PostDeductionRequest {
            release: 1,
            ..posting()
        }),
        "UNSPECIFIED is CUMULATIVE"
    );
    for (changed, field) in [
        (
            v1::PostDeductionRequest {
                sales_fen: Some(0),
                ..posting()
            },
            "sales_fen",
        ),
        (
            v1::PostDeductionRequest {
                vat_payable_fen: 420_001,
                ..posting()
            },
            "vat_payable_fen",
        ),
        (
            v1::PostDeductionRequest {
                period: "2024-Q3".to_owned(),
                ..posting()
            },
            "period",
        ),
        (
            v1::PostDeductionRequest {
                return_number: "R".to_owned(),
                ..posting()
            },
            "return_number",
        ),
        (
            v1::PostDeductionRequest {
                release: 2,
                ..posting()
            },
            "release",
        ),
    ] {
        let other = content(&changed);
        let differing: Vec<&str> = other
            .fields()
            .iter()
            .filter(|known| !first.fields().contains(known))
            .map(|(name, _)| name.as_ref())
            .collect();
        assert_eq!(differing, [field]);
    }
}

#[test]
fn a_settlement_needs_a_year_and_an_amount() {
    let told = |tax_year: i32, cit_payable_fen: i64| v1::SettleYearRequest {
        request_id: ID.to_owned(),
        employer_code: EMPLOYER.to_owned(),
        tax_year,
        cit_payable_fen,
        validate_only: false,
    };
    for (year, fen, right) in [
        (2024, 0, true),
        (2024, 1, true),
        (0, 0, false),
        (2024, -1, false),
        (-5, 0, false),
    ] {
        assert_eq!(
            with_checker(|check| settle_year(check, &told(year, fen))).is_ok(),
            right,
            "{year} {fen}"
        );
    }
}

#[test]
fn an_amendment_keeps_the_original_unless_told_and_needs_a_reason() {
    let told = |reason: &str, release: i32| v1::AmendDeductionRequest {
        request_id: ID.to_owned(),
        employer_code: EMPLOYER.to_owned(),
        period: "2024-05".to_owned(),
        reason: reason.to_owned(),
        release,
        ..Default::default()
    };
    let amend =
        |told: &v1::AmendDeductionRequest| with_checker(|check| amend_deduction(check, told));
    let read = amend(&told("申报有误", 0)).expect("right");
    assert_eq!(
        (read.amendment.release, read.amendment.sales_fen),
        (None, None)
    );
    assert_eq!(
        amend(&told("申报有误", 1))
            .expect("right")
            .amendment
            .release,
        Some(Release::Cumulative)
    );
    assert_eq!(
        fields_of(&amend(&told("", 7)).expect_err("wrong")),
        ["reason", "release"]
    );
}

#[test]
fn a_recomputation_needs_an_employer_and_a_year() {
    let empty = v1::RecomputeYearRequest::default();
    let error = with_checker(|check| recompute_year(check, &empty)).expect_err("wrong");
    assert_eq!(
        fields_of(&error),
        ["request_id", "employer_code", "tax_year"]
    );
    let told = v1::RecomputeYearRequest {
        request_id: ID.to_owned(),
        employer_code: EMPLOYER.to_owned(),
        tax_year: 2024,
        surcharge_through_date: String::new(),
        validate_only: true,
    };
    assert!(
        with_checker(|check| recompute_year(check, &told))
            .expect("right")
            .validate_only
    );
}

#[test]
fn a_balance_is_asked_for_up_to_a_month_of_its_year() {
    let told = |through_month: &str| v1::GetEmployerBalanceRequest {
        employer_code: EMPLOYER.to_owned(),
        tax_year: 2024,
        as_of_time: None,
        through_month: through_month.to_owned(),
    };
    for (through, right) in [
        ("", true),
        ("2024-01", true),
        ("2024-12", true),
        ("2023-12", false),
        ("2025-01", false),
        ("2024", false),
    ] {
        let result = with_checker(|check| employer_balance(check, &told(through)));
        assert_eq!(result.is_ok(), right, "{through}");
    }
}

#[test]
fn a_term_needs_a_context() {
    let error = with_checker(|check| worker_term(check, &v1::GetWorkerTermRequest::default()))
        .expect_err("wrong");
    assert_eq!(error.reason, mamagang_app::ErrorReason::ContextRequired);
    let told = v1::GetWorkerTermRequest {
        context: context(),
        worker: Some(v1::WorkerRef {
            r#ref: Some(v1::worker_ref::Ref::MatchId("m".to_owned())),
        }),
        as_of_time: Some(prost_types::Timestamp {
            seconds: 7,
            nanos: 0,
        }),
    };
    assert_eq!(
        with_checker(|check| worker_term(check, &told))
            .expect("right")
            .as_of,
        Some(7_000_000)
    );
}

#[test]
fn entries_of_year_zero_are_those_of_all_years() {
    let told = |tax_year: i32| v1::ListEntriesRequest {
        employer_code: EMPLOYER.to_owned(),
        tax_year,
        ..Default::default()
    };
    let year = |number: i32| {
        with_checker(|check| list_entries(check, &told(number))).map(|read| read.tax_year)
    };
    assert_eq!(year(0).expect("right"), None);
    assert_eq!(year(2024).expect("right"), TaxYear::new(2024));
    assert!(year(-1).is_err());
}
