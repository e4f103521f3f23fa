//! Instances that keep what they have read of an employer, beside others that change it.

use mamagang_app::ledger::PostDeduction;
use mamagang_app::{Caller, ErrorReason};
use mamagang_testkit::{TestApp, date};

use crate::city::{BAKERY, LI, bakery_with_wang, code, contract, insured, lifted, post, record};
use crate::ledger::settle;

fn of_bakery(number: u128, period: &str) -> PostDeduction {
    post(number, BAKERY, period, 100_000)
}

fn preview(period: &str) -> PostDeduction {
    PostDeduction {
        validate_only: true,
        ..of_bakery(99, period)
    }
}

#[tokio::test]
async fn a_repeated_request_is_known_to_an_instance_that_keeps_its_employer() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let posted = test.app.post_deduction(&caller, of_bakery(1, "2023-01"));
    let first = posted.await.expect("posted");
    let second = test.beside().await;
    let posted = second.post_deduction(&caller, of_bakery(2, "2023-02"));
    posted.await.expect("posted");
    // The other instance answered it. By itself its new content would be refused for its period, which
    // leaves no row that the database could compare.
    let other = second
        .post_deduction(&caller, of_bakery(1, "2024-02"))
        .await;
    assert_eq!(
        other.expect_err("known").reason,
        ErrorReason::RequestIdReused
    );
    let again = second
        .post_deduction(&caller, of_bakery(1, "2023-01"))
        .await;
    assert_eq!(again.expect("the first answer").entry_id, first.entry_id);
    let future = second
        .post_deduction(&caller, of_bakery(3, "2024-02"))
        .await;
    assert_eq!(
        future.expect_err("not ended").reason,
        ErrorReason::PeriodNotEnded
    );
}

#[tokio::test]
async fn a_refused_preview_is_as_of_what_others_have_posted() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let (caller, keeps) = (Caller::developer(), test.beside().await);
    let posted = keeps.post_deduction(&caller, of_bakery(1, "2023-01"));
    posted.await.expect("posted");
    let settled = test.app.settle_year(&caller, settle(2, 0)).await;
    settled.expect("settled");
    // Nothing is recorded of a preview that is refused, and nothing would be compared.
    let refused = keeps.post_deduction(&caller, preview("2023-01")).await;
    let refused = refused.expect_err("the year is over");
    assert_eq!(refused.reason, ErrorReason::YearSettled);
}

#[tokio::test]
async fn what_another_instance_records_is_posted() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let (caller, keeps) = (Caller::developer(), test.beside().await);
    let posted = keeps.post_deduction(&caller, of_bakery(1, "2023-01"));
    posted.await.expect("posted");
    let mut items = vec![lifted(LI), contract(LI, BAKERY, "C2", "2023-01-01")];
    items.extend(insured(LI, BAKERY, "2023-01", "2023-12"));
    record(&test, items).await;
    let expected = test.app.post_deduction(&caller, preview("2023-02")).await;
    let expected = expected.expect("a preview");
    let told = keeps.post_deduction(&caller, preview("2023-02")).await;
    assert_eq!(told.expect("a preview").balance, expected.balance);
    let posted = keeps.post_deduction(&caller, of_bakery(2, "2023-02")).await;
    let posted = posted.expect("posted");
    // Her two months, and one of Wang's.
    assert_eq!(posted.accruals.len(), 3);
    assert_eq!(
        (posted.accruals, posted.balance.booked),
        (expected.accruals, expected.balance.booked)
    );
}

#[tokio::test]
async fn instances_that_share_an_employer_post_each_period_once() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let (caller, other) = (Caller::developer(), test.beside().await);
    let apps = [&test.app, &other];
    for month in 1..=12_u32 {
        let period = format!("2023-{month:02}");
        let number = u128::from(month);
        // In turn, and twice in a row by the same.
        let app = apps[usize::from(month % 3 == 0)];
        let posted = app
            .post_deduction(&caller, of_bakery(number, &period))
            .await;
        assert_eq!(posted.expect("posted").balance.sequence, month);
        for app in apps {
            let again = app.post_deduction(&caller, of_bakery(100 + number, &period));
            let again = again.await.expect_err("posted");
            assert_eq!(again.reason, ErrorReason::PeriodAlreadyPosted);
        }
    }
    let bakery = code(BAKERY);
    let entries = test.app.store().list_entries(&bakery, None, 0, 99, None);
    assert_eq!(entries.await.expect("entries").len(), 12);
    let compared = test.app.rebuild_and_compare().await.expect("rebuilt");
    assert_eq!(compared.differences, Vec::<String>::new());
}
