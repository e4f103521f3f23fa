//! Claims and other writers at the same time, on every engine.

use mamagang_proto::v1::{EntryKind, PostDeductionRequest, SubsidyKind, VerifyChainRequest};
use mamagang_testkit::{TestApp, date};

use super::town::Town;
use crate::harness::{BAKERY, from, posting, reason};

async fn towns() -> Vec<Town> {
    let mut towns = Vec::new();
    for test in TestApp::each(date("2022-08-05")).await {
        towns.push(Town::founded_over(test, "2022-10-10").await);
    }
    towns
}

#[tokio::test]
async fn of_two_claims_at_once_one_has_the_months() {
    for town in towns().await {
        let kind = SubsidyKind::EmployerInsurance;
        let (one, other) = tokio::join!(
            town.submit(100, BAKERY, kind),
            town.submit(101, BAKERY, kind)
        );
        let (won, lost) = match (one, other) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            both => panic!("{both:?}"),
        };
        assert_eq!(won.claim.expect("a claim").total_fen, 90_000);
        assert_eq!(reason(&lost), "NOTHING_TO_CLAIM");
    }
}

#[tokio::test]
async fn a_payment_and_a_deduction_at_once_stand_on_one_chain_and_leave_each_other_alone() {
    for town in towns().await {
        let submitted = town.submit(100, BAKERY, SubsidyKind::Post).await;
        let id = submitted
            .expect("submitted")
            .claim
            .expect("a claim")
            .claim_id;
        town.review(101, &id).await.expect("reviewed");
        town.approve(102, &id).await.expect("approved");
        let declared = PostDeductionRequest {
            period: "2022-08".to_owned(),
            ..posting(103, "2022-08", 60_000)
        };
        let mut ledger = town.service.ledger();
        let (paid, posted) = tokio::join!(
            town.pay(104, &id),
            ledger.post_deduction(from("tax", declared))
        );
        paid.expect("paid");
        let posted = posted.expect("posted").into_inner();
        let entries = town.entries(BAKERY).await;
        let mut kinds: Vec<EntryKind> = entries.iter().map(|entry| entry.kind()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [EntryKind::Post, EntryKind::SubsidyPayment]);
        let verify = VerifyChainRequest {
            employer_code: BAKERY.to_owned(),
            ..VerifyChainRequest::default()
        };
        let verified = town.service.ledger().verify_chain(verify).await;
        let verified = verified.expect("verified").into_inner();
        assert_eq!((verified.entry_count, verified.faults), (2, vec![]));
        // Nobody at the bakery is of a key group: the subsidy gave the deduction nothing.
        let balance = posted.balance.expect("a balance");
        assert_eq!((balance.accrued_fen, balance.remaining_fen), (0, 0));
        let report = town.service.test.app.rebuild_and_compare().await;
        let report = report.expect("a report");
        assert_eq!(report.differences, Vec::<String>::new());
    }
}
