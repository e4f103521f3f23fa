//! What the tests of conversions share.

use std::sync::Arc;

use mamagang_app::{AppError, AppResult};
use mamagang_domain::date::CivilDate;
use mamagang_domain::policy::{Citation, Confidence, Dated, DatedValue};

use super::{Checker, Rules};

/// A day.
pub(crate) fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a test date")
}

/// UMCT rates as of 2019, and a made-up one that only holds from 2030.
pub(crate) fn umct_rates() -> Dated<Vec<i32>> {
    let value = |from: &str, to: Option<&str>, rates: &[i32]| DatedValue {
        from: day(from),
        to: to.map(day),
        value: rates.to_vec(),
        citation: Arc::new(Citation {
            instrument: "税法".to_owned(),
            article: String::new(),
            quote: String::new(),
            effective_on: day(from),
            confidence: Confidence::Secondary,
        }),
    };
    Dated::new(
        "surcharges.umct_rates",
        vec![
            value("2019-01-01", Some("2029-12-31"), &[700, 500, 100]),
            value("2030-01-01", None, &[600]),
        ],
    )
}

/// Runs a conversion as of 2026-11-23.
pub(crate) fn with_checker<T>(convert: impl FnOnce(&mut Checker<'_>) -> Option<T>) -> AppResult<T> {
    let umct_rates_bp = umct_rates();
    let mut check = Checker::new(Rules {
        today: day("2026-11-23"),
        umct_rates_bp: &umct_rates_bp,
    });
    let converted = convert(&mut check);
    check.finish(converted)
}

/// The wrong fields in the order in which they were found.
pub(crate) fn fields_of(error: &AppError) -> Vec<&str> {
    error
        .violations
        .iter()
        .map(|wrong| wrong.field.as_str())
        .collect()
}

/// A whole access context.
pub(crate) fn context() -> Option<mamagang_proto::v1::AccessContext> {
    Some(mamagang_proto::v1::AccessContext {
        purpose: "审核减免".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "ZS-2024-0001".to_owned(),
        operator: "A-17".to_owned(),
    })
}
