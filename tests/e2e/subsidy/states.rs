//! Every state of a claim with every action, tried without effect: what the table of the domain
//! allows goes through, everything else is refused by its name.

use mamagang_domain::claim::{ClaimAction, ClaimState, Verdict};
use mamagang_proto::v1::{
    ApproveClaimRequest, ClaimDecision, ClawBackClaimRequest, MarkClaimPaidRequest,
    ReviewClaimRequest, SubmitClaimRequest, SubsidyKind,
};
use tonic::Status;

use super::town::{Town, paid_in_part};
use crate::harness::{BAKERY, LAUNDRY, WANG, details, from, reason, request_id};

/// A claim with what submitting it again needs.
struct Subject {
    claim_id: String,
    employer: &'static str,
    kind: SubsidyKind,
}

const fn decision(verdict: Verdict) -> ClaimDecision {
    match verdict {
        Verdict::Pass => ClaimDecision::Pass,
        Verdict::Return => ClaimDecision::Return,
        Verdict::Reject => ClaimDecision::Reject,
    }
}

async fn attempt(
    town: &Town,
    of: &Subject,
    action: ClaimAction,
    (number, validate_only): (u128, bool),
) -> Result<i32, Status> {
    let mut service = town.service.subsidies();
    let (request_id, claim_id) = (request_id(number), of.claim_id.clone());
    let told = "核查".to_owned();
    let claim = match action {
        ClaimAction::Submit => {
            let request = SubmitClaimRequest {
                request_id,
                validate_only,
                employer_code: of.employer.to_owned(),
                kind: of.kind.into(),
                quarter: "2022-Q3".to_owned(),
                worker_ids: Vec::new(),
                claim_id,
            };
            let answer = service.submit_claim(from(of.employer, request)).await?;
            answer.into_inner().claim
        }
        ClaimAction::Review(verdict) => {
            let request = ReviewClaimRequest {
                request_id,
                validate_only,
                claim_id,
                decision: decision(verdict).into(),
                reason: told,
            };
            let answer = service.review_claim(from("clerk", request)).await?;
            answer.into_inner().claim
        }
        ClaimAction::Approve(verdict) => {
            let request = ApproveClaimRequest {
                request_id,
                validate_only,
                claim_id,
                decision: decision(verdict).into(),
                reason: told,
            };
            let answer = service.approve_claim(from("reviewer", request)).await?;
            answer.into_inner().claim
        }
        ClaimAction::Pay => {
            let request = MarkClaimPaidRequest {
                request_id,
                validate_only,
                claim_id,
                paid_date: "2022-10-10".to_owned(),
                payment_reference: "ZF-1".to_owned(),
                fund_source: "就业补助资金".to_owned(),
            };
            let answer = service.mark_claim_paid(from("reviewer", request)).await?;
            answer.into_inner().claim
        }
        ClaimAction::ClawBack => {
            let request = ClawBackClaimRequest {
                request_id,
                validate_only,
                claim_id,
                reason: told,
            };
            let answer = service.claw_back_claim(from("reviewer", request)).await?;
            answer.into_inner().claim
        }
    };
    Ok(claim.expect("a claim").state)
}

/// Tries every action in a state; how many there were.
async fn try_all(town: &Town, of: &Subject, state: ClaimState) -> usize {
    for action in ClaimAction::ALL {
        let place = format!("{state:?} {action:?}");
        match (
            state.after(action),
            attempt(town, of, action, (900, true)).await,
        ) {
            (Ok(next), Ok(told)) => assert_eq!(told, next as i32, "{place}"),
            (Err(why), Err(refused)) => {
                assert_eq!(reason(&refused), "TRANSITION_NOT_ALLOWED", "{place}");
                let told = details(&refused);
                let metadata = &told.error_info().expect("an ErrorInfo").metadata;
                assert_eq!(metadata["refusal"], why.name(), "{place}");
                assert_eq!(metadata["state"], state.name(), "{place}");
                assert_eq!(metadata["action"], action.name(), "{place}");
                assert_eq!(metadata["kind"], "CLAIM", "{place}");
            }
            (table, told) => panic!("{place}: {table:?}, {told:?}"),
        }
    }
    ClaimAction::ALL.len()
}

#[tokio::test]
async fn every_action_in_every_state_goes_as_the_table_says() {
    let town = Town::founded().await;
    let mut subjects = Vec::new();
    for (number, (employer, kind)) in (100..).zip([
        (BAKERY, SubsidyKind::EmployerInsurance),
        (BAKERY, SubsidyKind::Post),
        (LAUNDRY, SubsidyKind::FlexibleInsurance),
    ]) {
        let submitted = town
            .submit(number, employer, kind)
            .await
            .expect("submitted");
        subjects.push(Subject {
            claim_id: submitted.claim.expect("a claim").claim_id,
            employer,
            kind,
        });
    }
    let [main, returned, rejected] = &subjects[..] else {
        panic!("three claims");
    };
    use ClaimAction::{Approve, ClawBack, Pay, Review};
    let mut tried = try_all(&town, main, ClaimState::Submitted).await;
    let steps = [
        (returned, Review(Verdict::Return), ClaimState::Returned),
        (rejected, Review(Verdict::Reject), ClaimState::Rejected),
        (main, Review(Verdict::Pass), ClaimState::Reviewed),
        (main, Approve(Verdict::Pass), ClaimState::Approved),
        (main, Pay, ClaimState::Paid),
        (main, ClawBack, ClaimState::ClawedBack),
    ];
    for (number, (subject, action, state)) in (110..).zip(steps) {
        let told = attempt(&town, subject, action, (number, false)).await;
        assert_eq!(told.expect("allowed"), state as i32);
        // What is paid can be clawed back once facts no longer support it, and again.
        let month = match state {
            ClaimState::Paid => Some("2022-08"),
            ClaimState::ClawedBack => Some("2022-09"),
            _ => None,
        };
        if let Some(month) = month {
            let correction = paid_in_part(WANG, BAKERY, month);
            town.service.record(number + 100, vec![correction]).await;
        }
        tried += try_all(&town, subject, state).await;
    }
    assert_eq!(tried, ClaimState::ALL.len() * ClaimAction::ALL.len());
}
