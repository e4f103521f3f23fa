//! `doctor --rebuild`: a projection that was tampered with is named.

use mamagang_app::Caller;
use mamagang_testkit::{TestApp, date};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor};

use crate::city::{BAKERY, bakery_with_wang, post, record};

/// A connection beside the service's.
pub(crate) async fn raw(test: &TestApp) -> SqliteConnection {
    let path = test
        .directory
        .as_ref()
        .expect("sqlite")
        .path()
        .join("test.db");
    SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .expect("a connection")
}

async fn posted() -> TestApp {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    test.app
        .post_deduction(&Caller::developer(), post(1, BAKERY, "2023-02", 100))
        .await
        .expect("posted");
    let report = test.app.rebuild_and_compare().await.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
    assert_eq!(
        (
            report.workers,
            report.employers,
            report.person_months,
            report.owners
        ),
        (1, 1, 2, 1)
    );
    test
}

#[tokio::test]
async fn each_projection_that_was_changed_is_named() {
    let changes = [
        ("UPDATE worker SET region_code = '442000002'", "region"),
        ("DELETE FROM employer_worker", "workers"),
        ("DELETE FROM fact_owner", "owner of a Contract"),
        ("UPDATE employer_year SET months = x''", "person-months"),
        (
            "UPDATE worker SET booked = substr(booked, 1, length(booked) - 1)",
            "person-months of its workers",
        ),
        (
            "UPDATE worker SET booked = booked || '0'",
            "person-months of its workers",
        ),
        (
            "UPDATE worker SET booked = booked || '1',
                booked_by = booked_by || '52442000QQ0000047L'",
            "person-months of workers alone",
        ),
        ("UPDATE ledger_head SET sequence = 7", "head of the chain"),
        ("DELETE FROM employer_year", "years"),
    ];
    for (change, named) in changes {
        let test = posted().await;
        raw(&test)
            .await
            .execute(change)
            .await
            .unwrap_or_else(|error| panic!("{change}: {error}"));
        let report = test.app.rebuild_and_compare().await.expect("a report");
        assert!(
            report
                .differences
                .iter()
                .any(|difference| difference.contains(named)),
            "{change}: {report:?}"
        );
    }
}

#[tokio::test]
async fn truth_cannot_be_changed_at_all() {
    let test = posted().await;
    let mut connection = raw(&test).await;
    let changes = [
        "UPDATE ledger_entry SET tax_year = 2020",
        "DELETE FROM ledger_entry",
        "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry",
        "UPDATE worker_fact SET actor = 'x'",
        "DELETE FROM worker_fact",
        "INSERT OR REPLACE INTO worker_fact SELECT * FROM worker_fact",
        "UPDATE employer_fact SET actor = 'x'",
        "DELETE FROM employer_fact",
        "UPDATE audit_event SET outcome = 'x'",
        "DELETE FROM audit_event",
        "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event",
    ];
    for change in changes {
        let error = connection.execute(change).await.expect_err(change);
        assert!(error.as_database_error().is_some(), "{change}: {error}");
    }
}
