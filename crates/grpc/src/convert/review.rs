//! Requests about reviews.

use mamagang_app::limits::{CHECK_MONTHS_MAX, REVIEW_EVIDENCE_MAX};
use mamagang_app::reviews::{ConfirmResolution, ProposeResolution, ReviewSelection};
use mamagang_app::{AccessContext, RequestContent, WriteRequest};
use mamagang_domain::ids::CaseId;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::ReasonCode;
use mamagang_domain::review::ReviewState;
use mamagang_proto::v1;
use prost::Message as _;

use super::check::Checker;
use super::filing::prefix;
use super::page::Selection;
use super::person;

/// The measures that can be under review.
const MEASURES: [i32; 7] = [3, 4, 5, 7, 8, 9, 10];

/// Which reviews; the page is read by the service.
pub(crate) fn list(
    check: &mut Checker<'_>,
    told: &v1::ListReviewCasesRequest,
) -> Option<ReviewSelection> {
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let states = check.choices::<ReviewState>("states", &told.states);
    let mut reasons = Vec::new();
    for (index, number) in told.reasons.iter().enumerate() {
        match ReasonCode::from_number(*number) {
            Some(code) => reasons.push(code),
            None => check.wrong(
                &format!("reasons[{index}]"),
                "未知的理由",
                "is not a reason",
            ),
        }
    }
    for (index, measure) in told.measures.iter().enumerate() {
        if !MEASURES.contains(measure) {
            let field = format!("measures[{index}]");
            check.wrong(&field, "没有该措施的复核", "is not a measure with reviews");
        }
    }
    let town_prefix = prefix(check, "town_code", &told.town_code);
    let before = check.instant("opened_before_time", told.opened_before_time.as_ref());
    Some(ReviewSelection {
        employer_code: employer_code?,
        states: states?,
        reasons,
        measures: told.measures.clone(),
        town_prefix: town_prefix?,
        opened_before: before?,
        after: None,
        limit: 0,
    })
}

/// What a page of reviews belongs to.
pub(crate) fn of_reviews(told: &v1::ListReviewCasesRequest) -> Selection {
    let alike = v1::ListReviewCasesRequest {
        page_size: 0,
        page_token: String::new(),
        ..told.clone()
    };
    Selection::new("ListReviewCases", &alike.encode_to_vec())
}

/// Which review.
pub(crate) fn get(
    check: &mut Checker<'_>,
    told: &v1::GetReviewCaseRequest,
) -> Option<(AccessContext, CaseId)> {
    let context = person::context(check, told.context.as_ref());
    let case_id = check.case_id("review_case_id", &told.review_case_id);
    context.zip(case_id)
}

/// A proposal.
pub(crate) fn propose(
    check: &mut Checker<'_>,
    told: &v1::ProposeResolutionRequest,
) -> Option<ProposeResolution> {
    let request_id = check.request_id(&told.request_id);
    let case_id = check.case_id("review_case_id", &told.review_case_id);
    let months = months(check, &told.from_month, &told.through_month);
    let reason = check.sentence("reason", &told.reason);
    let evidence = evidence(check, &told.evidence);
    let mut content = RequestContent::new()
        .field("review_case_id", &told.review_case_id)
        .field("accepted", told.accepted.to_string())
        .field("from_month", &told.from_month)
        .field("through_month", &told.through_month)
        .field("reason", &told.reason);
    for item in &told.evidence {
        content = content.field("evidence", item);
    }
    Some(ProposeResolution {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        case_id: case_id?,
        accepted: told.accepted,
        months: months?,
        reason: reason?,
        evidence: evidence?,
    })
}

/// Months from and through, or neither.
fn months(
    check: &mut Checker<'_>,
    from: &str,
    through: &str,
) -> Option<Option<(TaxMonth, TaxMonth)>> {
    if from.is_empty() && through.is_empty() {
        return Some(None);
    }
    let first = check.month("from_month", from);
    let last = check.month("through_month", through);
    let (first, last) = first.zip(last)?;
    let count = last.since(first) + 1;
    if !(1..=CHECK_MONTHS_MAX).contains(&count) {
        let zh = format!("应不早于起始月份，且最多 {CHECK_MONTHS_MAX} 个月");
        let en = format!("must not be before from_month, and at most {CHECK_MONTHS_MAX} months");
        check.wrong("through_month", zh, en);
        return None;
    }
    Some(Some((first, last)))
}

fn evidence(check: &mut Checker<'_>, told: &[String]) -> Option<Vec<String>> {
    if told.is_empty() {
        check.missing("evidence");
        return None;
    }
    if told.len() > REVIEW_EVIDENCE_MAX {
        let zh = format!("最多 {REVIEW_EVIDENCE_MAX} 项");
        check.wrong("evidence", zh, format!("at most {REVIEW_EVIDENCE_MAX}"));
        return None;
    }
    let items = told.iter().enumerate();
    let items: Vec<_> = items
        .map(|(index, item)| check.key(&format!("evidence[{index}]"), item))
        .collect();
    items.into_iter().collect()
}

/// A second person's word.
pub(crate) fn confirm(
    check: &mut Checker<'_>,
    told: &v1::ConfirmResolutionRequest,
) -> Option<ConfirmResolution> {
    let request_id = check.request_id(&told.request_id);
    let case_id = check.case_id("review_case_id", &told.review_case_id);
    let reason = check.sentence("reason", &told.reason);
    let content = RequestContent::new()
        .field("review_case_id", &told.review_case_id)
        .field("confirmed", told.confirmed.to_string())
        .field("reason", &told.reason);
    Some(ConfirmResolution {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        case_id: case_id?,
        confirmed: told.confirmed,
        reason: reason?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::{fields_of, with_checker};

    #[test]
    fn every_wrong_field_of_a_proposal_is_told() {
        let told = v1::ProposeResolutionRequest {
            from_month: "2024-03".to_owned(),
            through_month: "2024-02".to_owned(),
            ..v1::ProposeResolutionRequest::default()
        };
        let error = with_checker(|check| propose(check, &told)).expect_err("wrong");
        assert_eq!(
            fields_of(&error),
            [
                "request_id",
                "review_case_id",
                "through_month",
                "reason",
                "evidence"
            ]
        );
        let told = v1::ProposeResolutionRequest {
            request_id: "018bcfe5-6806-7000-8000-000000000001".to_owned(),
            review_case_id: "018bcfe5-6806-8000-8000-000000000001".to_owned(),
            from_month: "2024-01".to_owned(),
            through_month: "2033-12".to_owned(),
            reason: "已核对".to_owned(),
            evidence: vec!["缴费凭证 1 号".to_owned(); REVIEW_EVIDENCE_MAX],
            ..v1::ProposeResolutionRequest::default()
        };
        assert!(with_checker(|check| propose(check, &told)).is_ok());
        let long = v1::ProposeResolutionRequest {
            through_month: "2034-01".to_owned(),
            evidence: vec!["x".to_owned(); REVIEW_EVIDENCE_MAX + 1],
            ..told
        };
        let error = with_checker(|check| propose(check, &long)).expect_err("too long");
        assert_eq!(fields_of(&error), ["through_month", "evidence"]);
    }

    #[test]
    fn a_selection_names_known_states_reasons_and_measures() {
        let told = v1::ListReviewCasesRequest {
            states: vec![1, 9],
            reasons: vec![18, 0],
            measures: vec![8, 6],
            ..v1::ListReviewCasesRequest::default()
        };
        let error = with_checker(|check| list(check, &told)).expect_err("wrong");
        assert_eq!(
            fields_of(&error),
            ["states[1]", "reasons[1]", "measures[1]"]
        );
    }
}
