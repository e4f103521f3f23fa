//! Conflicts that a database tells only at COMMIT, as distributed engines do.

use mamagang_app::{Caller, ErrorReason};
use mamagang_testkit::{TestApp, date};

use crate::city::{BAKERY, bakery_with_wang, code, post, record};

/// Has the next `count` commits of an entry end with 40001, after everything was written. A sequence
/// counts them, since it forgets nothing when a transaction is undone.
async fn refuse_commits(test: &TestApp, count: u32) {
    let database = test.postgres.as_ref().expect("a PostgreSQL database");
    database
        .run_sql(&format!(
            "CREATE SEQUENCE refusals;
            CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF nextval('public.refusals') <= {count} THEN
                    RAISE EXCEPTION 'restart transaction' USING ERRCODE = '40001';
                END IF;
                RETURN NULL;
            END
            $$;
            CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON ledger_entry
                DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION refuse_commit();"
        ))
        .expect("a trigger");
}

#[tokio::test]
async fn a_posting_that_the_commit_refuses_is_posted_again_and_once() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    refuse_commits(&test, 3).await;
    let posted = test
        .app
        .post_deduction(&Caller::developer(), post(1, BAKERY, "2023-01", 100_000))
        .await;
    assert_eq!(posted.expect("posted").balance.sequence, 1);
    let bakery = code(BAKERY);
    let entries = test.app.store().list_entries(&bakery, None, 0, 10, None);
    assert_eq!(entries.await.expect("entries").len(), 1);
}

#[tokio::test]
async fn a_commit_that_is_always_refused_is_given_up_and_leaves_nothing() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    refuse_commits(&test, 1_000).await;
    let refused = test
        .app
        .post_deduction(&Caller::developer(), post(1, BAKERY, "2023-01", 100_000))
        .await;
    let refused = refused.expect_err("given up");
    assert_eq!(refused.reason, ErrorReason::Overloaded);
    let bakery = code(BAKERY);
    let entries = test.app.store().list_entries(&bakery, None, 0, 10, None);
    assert_eq!(entries.await.expect("entries").len(), 0);
}
