//! SubsidyService: from the filing to the paid claim.

mod corrections;
mod states;
mod together;
mod town;

use mamagang_proto::v1::{
    ApproveClaimRequest, ClaimDecision, ClaimState, Confidence, EntryKind, ListClaimsRequest,
    ReasonCode, ReviewClaimRequest, StatisticsDimension, SubmitClaimRequest, SubsidyKind,
    VerifyChainRequest,
};
use mamagang_testkit::{TestApp, date};

use self::town::Town;
use crate::harness::{BAKERY, LAUNDRY, from, reason, request_id, told_of};

#[tokio::test]
async fn a_quarter_is_paid_and_the_sums_agree_on_every_engine() {
    for test in TestApp::each(date("2022-08-05")).await {
        a_quarter_is_paid_and_the_sums_agree(Town::founded_over(test, "2022-10-10").await).await;
    }
}

async fn a_quarter_is_paid_and_the_sums_agree(town: Town) {
    let insurance = town.paid(100, BAKERY, SubsidyKind::EmployerInsurance).await;
    let post = town.paid(110, BAKERY, SubsidyKind::Post).await;
    let flexible = town
        .paid(120, LAUNDRY, SubsidyKind::FlexibleInsurance)
        .await;
    // 王芳 August and September, 李敏 September: 3 × 300.00 and 3 × 100.00; 赵敏 2 × 300.00.
    assert_eq!((insurance.lines.len(), insurance.total_fen), (3, 90_000));
    assert_eq!((post.lines.len(), post.total_fen), (3, 30_000));
    assert_eq!((flexible.lines.len(), flexible.total_fen), (2, 60_000));
    assert_eq!(insurance.state(), ClaimState::Paid);

    // Each payment is an entry of its employer's chain, balanced, by fund; the year is as it was.
    let bakery = town.entries(BAKERY).await;
    let told: Vec<_> = bakery
        .iter()
        .map(|entry| (entry.entry_id.clone(), entry.kind(), entry.period.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                insurance.payment_entry_id.clone(),
                EntryKind::SubsidyPayment,
                "2022-Q3"
            ),
            (
                post.payment_entry_id.clone(),
                EntryKind::SubsidyPayment,
                "2022-Q3"
            ),
        ]
    );
    let legs: Vec<_> = bakery[0]
        .legs
        .iter()
        .map(|leg| (leg.account.as_str(), leg.amount_fen))
        .collect();
    assert_eq!(
        legs,
        [
            ("SUBSIDY_FUND", -90_000),
            ("SUBSIDY_EMPLOYER_INSURANCE", 90_000)
        ]
    );
    let part = bakery[0].subsidy.as_ref().expect("of a subsidy");
    assert_eq!(part.claim_id, insurance.claim_id);
    assert_eq!(part.fund_source, "就业补助资金");
    assert_eq!((part.amount_fen, part.lines.len()), (90_000, 3));
    assert_eq!(part.lines[0].decision_id, insurance.lines[0].decision_id);
    let verify = VerifyChainRequest {
        employer_code: BAKERY.to_owned(),
        ..VerifyChainRequest::default()
    };
    let verified = town.service.ledger().verify_chain(verify).await;
    let verified = verified.expect("verified").into_inner();
    assert_eq!((verified.entry_count, verified.faults), (2, vec![]));

    let told = town.statistics(&[StatisticsDimension::Measure]).await;
    let paid = told.rows.iter().filter(|row| row.paid_fen > 0);
    let paid: Vec<_> = paid
        .map(|row| (row.keys[0].as_str(), row.paid_fen))
        .collect();
    assert_eq!(paid, [("3", 90_000), ("4", 30_000), ("5", 60_000)]);
    let total = told.total.expect("a total");
    assert_eq!((total.paid_fen, total.claimed_fen), (180_000, 180_000));
    assert_eq!(
        (total.filings, total.accepted_filings, total.hires),
        (2, 2, 3)
    );
    assert_eq!((total.places, total.claimed_months), (6, 8));
    let by = [StatisticsDimension::FundSource, StatisticsDimension::Month];
    let told = town.statistics(&by).await;
    let paid = told.rows.iter().filter(|row| row.paid_fen > 0);
    let paid: Vec<_> = paid
        .map(|row| (row.keys[1].as_str(), row.paid_fen))
        .collect();
    assert_eq!(paid, [("2022-08", 70_000), ("2022-09", 110_000)]);

    let listed = ListClaimsRequest {
        states: vec![ClaimState::Paid.into()],
        ..ListClaimsRequest::default()
    };
    let listed = town
        .service
        .subsidies()
        .list_claims(from("reviewer", listed))
        .await;
    let claims = listed.expect("a list").into_inner().claims;
    let sum: i64 = claims.iter().map(|claim| claim.total_fen).sum();
    assert_eq!((claims.len(), sum), (3, 180_000));
    let report = town
        .service
        .test
        .app
        .rebuild_and_compare()
        .await
        .expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test]
async fn months_are_claimed_once_and_what_is_left_out_says_why() {
    let town = Town::founded().await;
    let kind = SubsidyKind::EmployerInsurance;
    let first = town.submit(100, BAKERY, kind).await.expect("submitted");
    let mut why: Vec<_> = first
        .refused
        .iter()
        .map(|month| (month.month.as_str(), month.reason()))
        .collect();
    why.sort_unstable();
    assert_eq!(
        why,
        [
            ("2022-07", ReasonCode::NotInForce),
            ("2022-07", ReasonCode::NotInForce),
            ("2022-08", ReasonCode::InsuranceNotPaid),
        ]
    );
    // The notice tells neither the cycle nor the window.
    let assumed = first.assumptions.iter();
    let assumed: Vec<_> = assumed
        .map(|it| (it.parameter.as_str(), it.value.as_str(), it.confidence()))
        .collect();
    assert_eq!(
        assumed,
        [
            ("subsidy.claim_cycle", "QUARTERLY", Confidence::Unconfirmed),
            ("subsidy.claim_window_months", "12", Confidence::Unconfirmed),
        ]
    );
    let again = town.submit(101, BAKERY, kind).await;
    let again = again.expect_err("claimed");
    assert_eq!(reason(&again), "NOTHING_TO_CLAIM");
    // No window had a say in it.
    assert_eq!(told_of(&again, "assumptions"), None);
    // Turned down, its months are free again.
    let id = first.claim.expect("a claim").claim_id;
    let reject = ReviewClaimRequest {
        request_id: request_id(102),
        claim_id: id,
        decision: ClaimDecision::Reject.into(),
        reason: "不符合条件".to_owned(),
        ..ReviewClaimRequest::default()
    };
    let rejected = town
        .service
        .subsidies()
        .review_claim(from("clerk", reject))
        .await;
    let rejected = rejected
        .expect("decided")
        .into_inner()
        .claim
        .expect("a claim");
    assert_eq!(rejected.state(), ClaimState::Rejected);
    let again = town.submit(103, BAKERY, kind).await.expect("submitted");
    assert_eq!(again.claim.expect("a claim").total_fen, 90_000);
}

#[tokio::test]
async fn a_month_is_claimed_within_its_window_only() {
    let town = Town::founded_on("2022-09-30").await;
    let kind = SubsidyKind::Post;
    for (day, lines) in [
        // The quarter has not ended.
        ("2022-09-30", 0),
        ("2022-10-01", 3),
        // Twelve months after August, and after September.
        ("2023-08-31", 3),
        ("2023-09-01", 2),
        ("2023-09-30", 2),
        ("2023-10-01", 0),
    ] {
        town.service.test.clock.move_to(date(day));
        let request = SubmitClaimRequest {
            request_id: request_id(100),
            validate_only: true,
            employer_code: BAKERY.to_owned(),
            kind: kind.into(),
            quarter: "2022-Q3".to_owned(),
            ..SubmitClaimRequest::default()
        };
        let answer = town
            .service
            .subsidies()
            .submit_claim(from(BAKERY, request))
            .await;
        let found = match &answer {
            Ok(answer) => answer
                .get_ref()
                .claim
                .as_ref()
                .expect("a claim")
                .lines
                .len(),
            Err(refused) => {
                assert_eq!(reason(refused), "NOTHING_TO_CLAIM", "{day}");
                let assumed = "subsidy.claim_cycle=QUARTERLY, subsidy.claim_window_months=12";
                let told = told_of(refused, "assumptions");
                assert_eq!(told.as_deref(), Some(assumed), "{day}");
                0
            }
        };
        assert_eq!(found, lines, "{day}");
    }
}

#[tokio::test]
async fn two_reviews_are_two_persons() {
    let town = Town::founded().await;
    let submitted = town
        .submit(100, BAKERY, SubsidyKind::Post)
        .await
        .expect("submitted");
    let id = submitted.claim.expect("a claim").claim_id;
    let refused = town.approve(101, &id).await.expect_err("not reviewed");
    assert_eq!(reason(&refused), "TRANSITION_NOT_ALLOWED");
    // The employer's own software submitted it, and the bureau reviews it; the developer has every role and is one person all the same.
    let review = ReviewClaimRequest {
        request_id: request_id(102),
        claim_id: id.clone(),
        decision: ClaimDecision::Pass.into(),
        ..ReviewClaimRequest::default()
    };
    town.service
        .subsidies()
        .review_claim(review)
        .await
        .expect("reviewed");
    let approve = ApproveClaimRequest {
        request_id: request_id(103),
        claim_id: id.clone(),
        decision: ClaimDecision::Pass.into(),
        ..ApproveClaimRequest::default()
    };
    let refused = town.service.subsidies().approve_claim(approve).await;
    assert_eq!(
        reason(&refused.expect_err("the same person")),
        "SECOND_PERSON_REQUIRED"
    );
    assert_eq!(
        town.approve(104, &id).await.expect("approved").state(),
        ClaimState::Approved
    );
}
