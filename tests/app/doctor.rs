//! `doctor --rebuild`: a projection that was tampered with is named.

use std::collections::BTreeMap;

use mamagang_app::Caller;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::money::Fen;
use mamagang_domain::policy::CodeGroup;
use mamagang_store::months::pack_year;
use mamagang_store::rows::PersonMonth;
use mamagang_testkit::{TestApp, date, month};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

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
    posted_on(TestApp::sqlite(date("2024-02-01")).await).await
}

async fn posted_on(test: TestApp) -> TestApp {
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

/// Years of the bakery in which a worker has 37 months, as PostgreSQL's rows.
fn too_many_months(worker_id: WorkerId) -> String {
    let first = month("2020-12");
    let months = (0..37).map(|index| PersonMonth {
        worker_id,
        month: first.plus(index),
        employer_code: EmployerCode::parse(BAKERY).expect("a code"),
        group: CodeGroup::Unemployment,
        amount_fen: Fen::new(65_000),
        sequence: 1,
    });
    let mut years: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for month in months {
        years.entry(month.month.tax_year()).or_default().push(month);
    }
    let rows = years.iter().map(|(year, months)| {
        let packed = pack_year(months).expect("packed");
        let packed: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("('{BAKERY}', {}, '', '\\x{packed}')", year.number())
    });
    let rows = Vec::from_iter(rows).join(", ");
    format!(
        "INSERT INTO employer_year (employer_code, tax_year, state, months) VALUES {rows}
        ON CONFLICT (employer_code, tax_year) DO UPDATE SET months = excluded.months"
    )
}

/// On PostgreSQL the employer keeps the worker's months, and no row has a check that counts them.
#[tokio::test]
async fn kept_months_that_were_changed_are_named() {
    let worker = |test: &TestApp| {
        let url = test.postgres.as_ref().expect("a database").url();
        async move {
            let mut connection = PgConnection::connect(&url).await.expect("connected");
            let asked = sqlx::query_scalar("SELECT worker_id FROM worker");
            let id: Vec<u8> = asked.fetch_one(&mut connection).await.expect("one worker");
            WorkerId::from_slice(&id).expect("an id")
        }
    };
    let forget = |_| "UPDATE employer_year SET months = ''".to_owned();
    let misplace = |_| "UPDATE worker SET months_kept_by = ''".to_owned();
    type Change = fn(WorkerId) -> String;
    let changes: [(Change, &str); 3] = [
        (forget, "person-months"),
        (misplace, "person-months of its workers"),
        (too_many_months, "37 booked months"),
    ];
    for (change, named) in changes {
        let test = posted_on(TestApp::postgres(date("2024-02-01")).await).await;
        let change = change(worker(&test).await);
        let database = test.postgres.as_ref().expect("a database");
        database.run_sql(&change).expect("changed");
        let report = test.app.rebuild_and_compare().await.expect("a report");
        let is_named = |difference: &String| difference.contains(named);
        assert!(
            report.differences.iter().any(is_named),
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
