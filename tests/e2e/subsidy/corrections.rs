//! Claims whose evidence is corrected: returned, stopped, clawed back, found.

use std::collections::BTreeSet;

use mamagang_proto::v1::{
    self, ClaimDecision, ClaimState, ClawBackClaimRequest, DecideFilingRequest, EntryKind, Fact,
    FilingDecision, FindingRule, GetClaimRequest, GetDecisionRequest, GetEntryRequest, ReasonCode,
    ReplayDecisionRequest, ReplayVerdict, RetractFactRequest, ReviewClaimRequest,
    SubmitClaimRequest, SubsidyKind, fact,
};

use super::town::{Town, paid, paid_in_part, signed};
use crate::harness::{BAKERY, LAUNDRY, LI, WANG, context, from, reason, request_id};

#[tokio::test]
async fn corrected_evidence_stops_a_payment_and_is_clawed_back_to_the_fen() {
    let town = Town::founded().await;
    let kind = SubsidyKind::EmployerInsurance;
    let paid = town.paid(100, BAKERY, kind).await;
    let unpaid = town
        .submit(110, BAKERY, SubsidyKind::Post)
        .await
        .expect("submitted");
    let unpaid = unpaid.claim.expect("a claim").claim_id;
    town.review(111, &unpaid).await.expect("reviewed");
    let claw_back = |number: u128| ClawBackClaimRequest {
        request_id: request_id(number),
        validate_only: false,
        claim_id: paid.claim_id.clone(),
        reason: "参保记录更正".to_owned(),
    };
    let early = town
        .service
        .subsidies()
        .claw_back_claim(from("reviewer", claw_back(120)))
        .await;
    assert_eq!(
        reason(&early.expect_err("nothing changed")),
        "NOTHING_TO_CLAW_BACK"
    );

    // 李敏's September was recorded by mistake.
    let correction = town.service.record(3, vec![paid_again()]).await;
    let fact_id = correction[0].fact_id.clone();
    let retract = RetractFactRequest {
        request_id: request_id(121),
        fact_id,
        reason: "录入错误".to_owned(),
    };
    town.service
        .registry()
        .retract_fact(retract)
        .await
        .expect("retracted");
    let changes = town.changes(&paid.claim_id).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (changes[0].month.as_str(), changes[0].standing_fen),
        ("2022-09", 30_000)
    );
    assert_eq!(changes[0].supported_fen, 0);
    assert_eq!(changes[0].reason(), ReasonCode::InsuranceNotPaid);
    let stopped = town
        .approve(122, &unpaid)
        .await
        .expect_err("a line fell away");
    assert_eq!(reason(&stopped), "CLAIM_EVIDENCE_CHANGED");

    let taken = town
        .service
        .subsidies()
        .claw_back_claim(from("reviewer", claw_back(123)))
        .await;
    let taken = taken
        .expect("taken back")
        .into_inner()
        .claim
        .expect("a claim");
    assert_eq!(
        (taken.state(), taken.clawed_back_fen),
        (ClaimState::ClawedBack, 30_000)
    );
    let [payment, claw_back_entry] = &town.entries(BAKERY).await[..] else {
        panic!("a payment and a claw-back");
    };
    assert_eq!(payment.entry_id, taken.payment_entry_id);
    assert_eq!([&claw_back_entry.entry_id], [&taken.claw_back_entry_ids[0]]);
    assert_eq!(claw_back_entry.kind(), EntryKind::SubsidyClawBack);
    assert_eq!(claw_back_entry.reason, "参保记录更正");
    let part = claw_back_entry.subsidy.as_ref().expect("of a subsidy");
    assert_eq!(
        (part.amount_fen, part.lines[0].amount_fen),
        (-30_000, -30_000)
    );
    let back: Vec<i64> = claw_back_entry
        .legs
        .iter()
        .map(|leg| leg.amount_fen)
        .collect();
    assert_eq!(back, [30_000, -30_000]);
    let explain = GetEntryRequest {
        entry_id: claw_back_entry.entry_id.clone(),
        with_explanation: true,
    };
    let explained = town
        .service
        .ledger()
        .get_entry(from("reviewer", explain))
        .await;
    let explained = explained.expect("explained").into_inner().explanation;
    let steps = explained.expect("an explanation").steps;
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert_eq!(
        (steps[0].amount_fen, steps[1].amount_fen),
        (Some(30_000), Some(-30_000))
    );
    assert!(
        steps[0].inputs[1]
            .value
            .contains(&paid.lines[2].decision_id)
    );
    let twice = town
        .service
        .subsidies()
        .claw_back_claim(from("reviewer", claw_back(124)))
        .await;
    assert_eq!(
        reason(&twice.expect_err("taken already")),
        "NOTHING_TO_CLAW_BACK"
    );
    let total = town.statistics(&[]).await.total.expect("a total");
    assert_eq!((total.paid_fen, total.clawed_back_fen), (90_000, 30_000));
    // The month is free again, for when the right evidence comes.
    town.service.record(4, vec![paid_again()]).await;
    let again = town.submit(125, BAKERY, kind).await.expect("submitted");
    assert_eq!(again.claim.expect("a claim").total_fen, 30_000);
}

fn paid_again() -> Fact {
    paid(LI, BAKERY, "2022-09")
}

#[tokio::test]
async fn a_returned_claim_is_put_right_and_submitted_again_under_its_id() {
    let town = Town::founded().await;
    let kind = SubsidyKind::EmployerInsurance;
    let first = town.submit(100, BAKERY, kind).await.expect("submitted");
    let id = first.claim.expect("a claim").claim_id;
    let mut back = ReviewClaimRequest {
        request_id: request_id(101),
        claim_id: id.clone(),
        decision: ClaimDecision::Return.into(),
        ..ReviewClaimRequest::default()
    };
    let mute = town
        .service
        .subsidies()
        .review_claim(from("clerk", back.clone()))
        .await;
    let mute = mute.expect_err("a return says why");
    assert_eq!(reason(&mute), "INVALID_ARGUMENT_FIELDS");
    back.reason = "李敏八月参保记录缺失".to_owned();
    let returned = town
        .service
        .subsidies()
        .review_claim(from("clerk", back))
        .await;
    let returned = returned.expect("returned").into_inner().claim;
    assert_eq!(returned.expect("a claim").state(), ClaimState::Returned);
    let early = town.approve(102, &id).await.expect_err("returned");
    assert_eq!(reason(&early), "TRANSITION_NOT_ALLOWED");

    town.service
        .record(103, vec![paid(LI, BAKERY, "2022-08")])
        .await;
    let mut again = SubmitClaimRequest {
        request_id: request_id(104),
        employer_code: BAKERY.to_owned(),
        kind: SubsidyKind::Post.into(),
        quarter: "2022-Q3".to_owned(),
        claim_id: id.clone(),
        ..SubmitClaimRequest::default()
    };
    let other = town
        .service
        .subsidies()
        .submit_claim(from(BAKERY, again.clone()))
        .await;
    let other = other.expect_err("another subsidy");
    assert_eq!(reason(&other), "INVALID_ARGUMENT_FIELDS");
    again.kind = kind.into();
    let again = town
        .service
        .subsidies()
        .submit_claim(from(BAKERY, again))
        .await;
    let again = again.expect("submitted again").into_inner().claim;
    let again = again.expect("a claim");
    assert_eq!(
        (again.claim_id.as_str(), again.revision, again.total_fen),
        (id.as_str(), 3, 120_000)
    );
    assert_eq!(again.state(), ClaimState::Submitted);
    town.review(105, &id).await.expect("reviewed");
    town.approve(106, &id).await.expect("approved");
    let paid = town.pay(107, &id).await.expect("paid");
    assert_eq!(paid.state(), ClaimState::Paid);
    let told = GetClaimRequest { claim_id: id };
    let told = town
        .service
        .subsidies()
        .get_claim(from("clerk", told))
        .await;
    let steps = told.expect("known").into_inner().history;
    let steps: Vec<&str> = steps.iter().map(|step| step.state.as_str()).collect();
    assert_eq!(
        steps,
        [
            "SUBMITTED",
            "RETURNED",
            "SUBMITTED",
            "REVIEWED",
            "APPROVED",
            "PAID"
        ]
    );
}

#[tokio::test]
async fn a_line_keeps_the_decision_that_it_rests_on() {
    let town = Town::founded().await;
    let paid = town.paid(100, BAKERY, SubsidyKind::EmployerInsurance).await;
    let decisions: BTreeSet<&str> = paid
        .lines
        .iter()
        .map(|line| line.decision_id.as_str())
        .collect();
    // 王芳's two months are one decision, 李敏's another.
    assert_eq!(decisions.len(), 2);
    // Later facts change nothing of what was decided then.
    town.service.record(105, vec![paid_again()]).await;
    for decision_id in decisions {
        let request = GetDecisionRequest {
            context: context(),
            decision_id: decision_id.to_owned(),
            with_explanation: true,
        };
        let found = town
            .service
            .eligibility()
            .get_decision(from("reviewer", request))
            .await;
        let found = found.expect("kept").into_inner();
        assert!(found.digest_matches, "{decision_id}");
        assert!(found.question_json.contains("\"measure\":3"));
        let explained = found.explanation.expect("an explanation").steps;
        assert!(
            explained.iter().any(|step| step.amount_fen.is_some()),
            "{explained:?}"
        );
    }
}

/// With everything of then a claim's decision comes out as it was made, whatever was recorded,
/// paid and claimed since; with the facts of now the months that they changed are told.
#[tokio::test]
async fn a_lines_decision_is_made_once_more_as_it_was() {
    let town = Town::founded().await;
    let kind = SubsidyKind::EmployerInsurance;
    let claim = town.paid(100, BAKERY, kind).await;
    let line = |month: &str| {
        let mut lines = claim.lines.iter();
        let found = lines.find(|line| line.month == month);
        found.expect("a line").decision_id.clone()
    };
    // 王芳 alone has an August: her decision gave two months.
    let of_wang = line("2022-08");
    let (row, item) = of_wang.rsplit_once('.').expect("an item of a row");
    assert!(["1", "2"].contains(&item), "{of_wang}");
    let replay = async |decision_id: &str, current_facts: bool| {
        let request = ReplayDecisionRequest {
            context: context(),
            decision_id: decision_id.to_owned(),
            current_facts,
            ..ReplayDecisionRequest::default()
        };
        let mut eligibility = town.service.eligibility();
        let replayed = eligibility.replay_decision(from("reviewer", request)).await;
        replayed.map(tonic::Response::into_inner)
    };
    town.service
        .record(105, vec![paid_in_part(WANG, BAKERY, "2022-09")])
        .await;
    let then = replay(&of_wang, false).await.expect("replayed");
    assert_eq!(then.verdict(), ReplayVerdict::Identical);
    assert_eq!(then.differences, []);
    assert_eq!(then.recorded_digest, then.recomputed_digest);
    assert_eq!(then.decision.expect("a decision").total_fen, 60_000);

    let now = replay(&of_wang, true).await.expect("replayed");
    assert_eq!(now.verdict(), ReplayVerdict::FactsDiffer);
    let told = now.differences.iter();
    let told = told.map(|it| (it.field.as_str(), it.then.as_str(), it.now.as_str()));
    let told: Vec<_> = told.collect();
    assert!(
        told.contains(&("total_yuan", "600.00", "300.00")),
        "{told:?}"
    );

    // The row's own item is the step, which decides nothing again; behind the last there is none.
    let step = replay(&format!("{row}.0"), false).await;
    assert_eq!(
        reason(&step.expect_err("a step")),
        "DECISION_NOT_REPLAYABLE"
    );
    let none = replay(&format!("{row}.3"), false).await;
    assert_eq!(reason(&none.expect_err("no item")), "DECISION_NOT_FOUND");
}

#[tokio::test]
async fn what_is_paid_and_no_longer_supported_shows_as_a_finding() {
    let town = Town::founded().await;
    let kind = SubsidyKind::EmployerInsurance;
    let paid = town.paid(100, BAKERY, kind).await;
    assert_eq!(town.findings().await, []);
    // 王芳 left on 31 August: her September is covered by no contract.
    let mut left = signed(
        WANG,
        BAKERY,
        v1::ContractKind::LabourContract,
        &town.filings[0],
    );
    if let Some(fact::Kind::Contract(contract)) = &mut left.kind {
        contract.terminated_date = "2022-08-31".to_owned();
    }
    town.service.record(120, vec![left]).await;
    let month = |finding: &v1::Finding| finding.facts["first_month"].clone();
    let found = town.findings().await;
    let told: Vec<_> = found.iter().map(|it| (it.rule(), month(it))).collect();
    assert_eq!(
        told,
        [
            (
                FindingRule::ContractShorterThanClaimed,
                "2022-09".to_owned()
            ),
            (FindingRule::ClawBackDue, "2022-09".to_owned()),
        ]
    );
    assert_eq!(found[1].facts["amount_yuan"], "300.00");
    assert_eq!(found[1].evidence, std::slice::from_ref(&paid.claim_id));
    assert!(found[1].citation.is_some());
}

#[tokio::test]
async fn a_frozen_filing_is_not_paid_for() {
    let town = Town::founded().await;
    let freeze = DecideFilingRequest {
        request_id: request_id(100),
        filing_id: town.filings[0].clone(),
        decision: FilingDecision::Freeze.into(),
        reason: "核查".to_owned(),
        ..DecideFilingRequest::default()
    };
    let frozen = town
        .service
        .filings()
        .decide_filing(from("reviewer", freeze))
        .await;
    frozen.expect("frozen");
    let refused = town.submit(101, BAKERY, SubsidyKind::Post).await;
    assert_eq!(reason(&refused.expect_err("frozen")), "NOTHING_TO_CLAIM");
    let other = town
        .submit(102, LAUNDRY, SubsidyKind::FlexibleInsurance)
        .await;
    assert_eq!(
        other.expect("submitted").claim.expect("a claim").total_fen,
        60_000
    );
}
