//! Requests about claims.

use mamagang_app::claims::{ActOnClaim, ClaimSelection, ClaimStep, SubmitClaim};
use mamagang_app::limits::{BATCH_ITEMS_MAX, TEXT_CHARS_MAX};
use mamagang_app::{RequestContent, WriteRequest};
use mamagang_domain::claim::{ClaimState, Verdict};
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::{FilingCycle, TaxMonth};
use mamagang_domain::subsidy::SubsidyKind;
use mamagang_proto::v1;
use prost::Message as _;

use super::check::Checker;
use super::enums::ApiEnum;
use super::filing::prefix;
use super::page::Selection;

/// A claim to submit.
pub(crate) fn submit(
    check: &mut Checker<'_>,
    told: &v1::SubmitClaimRequest,
) -> Option<SubmitClaim> {
    let request_id = check.request_id(&told.request_id);
    let claim_id = check.optional_case_id("claim_id", &told.claim_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let kind = check.choice("kind", told.kind, SubsidyKind::from_api);
    let quarter = quarter(check, &told.quarter);
    let workers = worker_ids(check, &told.worker_ids);
    let content = RequestContent::new()
        .field("employer_code", &told.employer_code)
        .field("kind", told.kind.to_string())
        .field("quarter", &told.quarter)
        .field("worker_ids", told.worker_ids.join(","))
        .field("claim_id", &told.claim_id);
    Some(SubmitClaim {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        claim_id: claim_id?,
        employer_code: employer_code?,
        kind: kind?,
        quarter_start: quarter?,
        workers: workers?,
    })
}

/// The first month of a quarter.
fn quarter(check: &mut Checker<'_>, text: &str) -> Option<TaxMonth> {
    let period = check.period("quarter", text)?;
    if period.cycle() == FilingCycle::Quarterly {
        return Some(period.first_month());
    }
    let en = "must be a quarter, such as 2023-Q1";
    check.wrong("quarter", "应为季度，如 2023-Q1", en);
    None
}

fn worker_ids(check: &mut Checker<'_>, told: &[String]) -> Option<Vec<WorkerId>> {
    if told.len() > BATCH_ITEMS_MAX {
        let zh = format!("最多 {BATCH_ITEMS_MAX} 人");
        check.wrong("worker_ids", zh, format!("at most {BATCH_ITEMS_MAX}"));
        return None;
    }
    let mut ids = Vec::with_capacity(told.len());
    for (index, text) in told.iter().enumerate() {
        let id = WorkerId::parse(&text.to_ascii_lowercase());
        if id.is_none() {
            check.wrong(
                &format!("worker_ids[{index}]"),
                "应为 UUID",
                "must be a UUID",
            );
        }
        ids.push(id);
    }
    ids.into_iter().collect()
}

/// What every step of a claim tells.
struct Common<'a> {
    request_id: &'a str,
    validate_only: bool,
    claim_id: &'a str,
    reason: &'a str,
}

/// A step of a claim. A refusal and a claw-back need a reason.
fn act(
    check: &mut Checker<'_>,
    common: &Common<'_>,
    needs_reason: bool,
    content: RequestContent,
    step: Option<ClaimStep>,
) -> Option<ActOnClaim> {
    let request_id = check.request_id(common.request_id);
    let claim_id = check.case_id("claim_id", common.claim_id);
    let reason = if needs_reason {
        check.sentence("reason", common.reason)
    } else {
        check.optional_text("reason", common.reason, TEXT_CHARS_MAX)
    };
    let content = content
        .field("claim_id", common.claim_id)
        .field("reason", common.reason);
    Some(ActOnClaim {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: common.validate_only,
        claim_id: claim_id?,
        step: step?,
        reason: reason?,
    })
}

/// A review's verdict, and what of the request's content it is.
fn verdict(check: &mut Checker<'_>, decision: i32) -> (Option<Verdict>, RequestContent) {
    let content = RequestContent::new().field("decision", decision.to_string());
    (
        check.choice("decision", decision, Verdict::from_api),
        content,
    )
}

/// A first review.
pub(crate) fn review(check: &mut Checker<'_>, told: &v1::ReviewClaimRequest) -> Option<ActOnClaim> {
    let (verdict, content) = verdict(check, told.decision);
    let common = Common {
        request_id: &told.request_id,
        validate_only: told.validate_only,
        claim_id: &told.claim_id,
        reason: &told.reason,
    };
    let needs_reason = verdict.is_some_and(|verdict| verdict != Verdict::Pass);
    let step = verdict.map(ClaimStep::Review);
    act(check, &common, needs_reason, content, step)
}

/// A final review.
pub(crate) fn approve(
    check: &mut Checker<'_>,
    told: &v1::ApproveClaimRequest,
) -> Option<ActOnClaim> {
    let (verdict, content) = verdict(check, told.decision);
    let common = Common {
        request_id: &told.request_id,
        validate_only: told.validate_only,
        claim_id: &told.claim_id,
        reason: &told.reason,
    };
    let needs_reason = verdict.is_some_and(|verdict| verdict != Verdict::Pass);
    let step = verdict.map(ClaimStep::Approve);
    act(check, &common, needs_reason, content, step)
}

/// A payment.
pub(crate) fn pay(check: &mut Checker<'_>, told: &v1::MarkClaimPaidRequest) -> Option<ActOnClaim> {
    let paid_on = check.date("paid_date", &told.paid_date);
    let reference = check.key("payment_reference", &told.payment_reference);
    let source = check.key("fund_source", &told.fund_source);
    let content = RequestContent::new()
        .field("paid_date", &told.paid_date)
        .field("payment_reference", &told.payment_reference)
        .field("fund_source", &told.fund_source);
    let step = paid_on.zip(reference.zip(source));
    let step = step.map(
        |(paid_on, (payment_reference, fund_source))| ClaimStep::Pay {
            paid_on,
            payment_reference,
            fund_source,
        },
    );
    let common = Common {
        request_id: &told.request_id,
        validate_only: told.validate_only,
        claim_id: &told.claim_id,
        reason: "",
    };
    act(check, &common, false, content, step)
}

/// A claw-back.
pub(crate) fn claw_back(
    check: &mut Checker<'_>,
    told: &v1::ClawBackClaimRequest,
) -> Option<ActOnClaim> {
    let common = Common {
        request_id: &told.request_id,
        validate_only: told.validate_only,
        claim_id: &told.claim_id,
        reason: &told.reason,
    };
    let step = Some(ClaimStep::ClawBack);
    act(check, &common, true, RequestContent::new(), step)
}

/// Which claims; the page is read by the service.
pub(crate) fn list(
    check: &mut Checker<'_>,
    told: &v1::ListClaimsRequest,
) -> Option<ClaimSelection> {
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let states = check.choices::<ClaimState>("states", &told.states);
    let town_prefix = prefix(check, "town_code", &told.town_code);
    let kind = check.optional_choice("kind", told.kind, SubsidyKind::from_api);
    let quarter_start = match told.quarter.as_str() {
        "" => Some(None),
        text => quarter(check, text).map(Some),
    };
    Some(ClaimSelection {
        employer_code: employer_code?,
        states: states?,
        kind: kind?,
        quarter_start: quarter_start?,
        town_prefix: town_prefix?,
        after: None,
        limit: 0,
    })
}

/// What a page of claims belongs to.
pub(crate) fn of_claims(told: &v1::ListClaimsRequest) -> Selection {
    let alike = v1::ListClaimsRequest {
        page_size: 0,
        page_token: String::new(),
        ..told.clone()
    };
    Selection::new("ListClaims", &alike.encode_to_vec())
}
