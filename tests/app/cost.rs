//! The cost budget: statements and rows of a check and of a posting.

use mamagang_app::{Caller, ErrorReason};
use mamagang_testkit::{TestApp, context, date};

use crate::city::{BAKERY, WANG, bakery_with_wang, check, post, record};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    statements: u64,
    rows: u64,
}

fn cost_so_far(test: &TestApp) -> Cost {
    let store = test.sqlite.as_ref().expect("sqlite");
    Cost {
        statements: store.statements(),
        rows: store.rows_written(),
    }
}

fn since(before: Cost, after: Cost) -> Cost {
    Cost {
        statements: after.statements - before.statements,
        rows: after.rows - before.rows,
    }
}

/// One statement that reads; BEGIN, the audit row, COMMIT that write.
#[tokio::test]
async fn a_check_costs_one_read_and_one_durable_row() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let before = cost_so_far(&test);
    let question = check(WANG, BAKERY, "2023-01", "2023-12");
    test.app
        .check_key_group(&Caller::developer(), &context(), question, None)
        .await
        .expect("a decision");
    let cost = since(before, cost_so_far(&test));
    assert_eq!(cost.rows, 1);
    assert!(cost.statements <= 4, "{cost:?}");
}

/// Rows: entry, head, year, one person-month, idempotency, audit.
#[tokio::test]
async fn a_posting_of_one_new_month_writes_six_rows() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    test.app
        .post_deduction(&Caller::developer(), post(1, BAKERY, "2023-01", 100))
        .await
        .expect("posted");
    let before = cost_so_far(&test);
    test.app
        .post_deduction(&Caller::developer(), post(2, BAKERY, "2023-02", 100))
        .await
        .expect("posted");
    let cost = since(before, cost_so_far(&test));
    assert_eq!(cost.rows, 6);
    assert!(cost.statements <= 14, "{cost:?}");
}

/// The statements of a batch do not grow with its checks.
#[tokio::test]
async fn a_hundred_checks_cost_as_many_statements_as_one() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let checks: Vec<_> = (0..100)
        .map(|_| check(WANG, BAKERY, "2023-01", "2023-12"))
        .collect();
    let before = cost_so_far(&test);
    test.app
        .check_key_groups(&Caller::developer(), &context(), &checks, None, false)
        .await
        .expect("decisions");
    let cost = since(before, cost_so_far(&test));
    assert_eq!(cost.rows, 1);
    assert!(cost.statements <= 4, "{cost:?}");
}

/// Nothing but the refusal under its request id, and the audit row of each call.
#[tokio::test]
async fn a_final_refusal_writes_two_rows_and_its_repetition_one() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let post = |request, vat| post(request, BAKERY, "2023-01", vat);
    let posted = test.app.post_deduction(&caller, post(1, 100)).await;
    posted.expect("posted");
    let mut told = Vec::new();
    for rows in [2, 1] {
        let before = cost_so_far(&test);
        let refused = test.app.post_deduction(&caller, post(2, 100)).await;
        told.push(refused.expect_err("posted before"));
        let cost = since(before, cost_so_far(&test));
        assert_eq!(cost.rows, rows);
    }
    assert_eq!(told[0].reason, ErrorReason::PeriodAlreadyPosted);
    assert_eq!(told[0].metadata, told[1].metadata);
    let other = test.app.post_deduction(&caller, post(2, 101)).await;
    let other = other.expect_err("other content");
    assert_eq!(other.reason, ErrorReason::RequestIdReused);
}
