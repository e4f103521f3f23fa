//! Every statement prepares, and none reads a growing table from end to end.

use mamagang_testkit::postgres::{PostgresCluster, PostgresDatabase};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row, SqlSafeStr, Statement as _};

use super::{
    Statement, audit, case, checkpoint, database, employer, fact, filing, job, keys, ledger, merge,
    month, policy, posting, replica, request, subsidy, worker,
};
use crate::{PostgresOptions, connect};

fn all() -> impl Iterator<Item = Statement> {
    [
        audit::ALL,
        case::ALL,
        policy::ALL,
        checkpoint::ALL,
        database::ALL,
        employer::ALL,
        fact::ALL,
        filing::ALL,
        job::ALL,
        keys::ALL,
        ledger::ALL,
        merge::ALL,
        month::ALL,
        posting::ALL,
        replica::ALL,
        request::ALL,
        subsidy::ALL,
        worker::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

async fn pools() -> (PostgresDatabase, connect::Pools) {
    let database = PostgresCluster::start().database();
    let url = database.url();
    connect::migrate(&url).await.expect("migrated");
    let pools = connect::open(&url, &PostgresOptions::default()).await;
    (database, pools.expect("open"))
}

/// The steps of PostgreSQL's plan for any arguments, triggers' statements not among them.
async fn plan(connection: &mut PgConnection, sql: &'static str) -> Vec<String> {
    let prepared = connection.prepare(sql.into_sql_str()).await;
    let prepared = prepared.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let count = match prepared.parameters() {
        Some(sqlx::Either::Left(types)) => types.len(),
        Some(sqlx::Either::Right(count)) => count,
        None => 0,
    };
    let nulls = vec!["NULL"; count].join(", ");
    let arguments = if count == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    for setup in [
        "DEALLOCATE ALL".to_owned(),
        format!("PREPARE asked AS {sql}"),
    ] {
        let setup = sqlx::raw_sql(AssertSqlSafe(setup));
        setup.execute(&mut *connection).await.expect(sql);
    }
    let explained = AssertSqlSafe(format!("EXPLAIN EXECUTE asked{arguments}"));
    let rows = sqlx::raw_sql(explained).fetch_all(&mut *connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// Catalogues and the list of migrations do not grow.
fn scans_a_table(step: &str) -> bool {
    step.contains("Seq Scan on ") && !step.contains("on pg_") && !step.contains("_sqlx_migrations")
}

/// An index gone through without a key to narrow it is as long as its table.
fn goes_through_an_index(steps: &[String]) -> bool {
    steps.iter().enumerate().any(|(at, step)| {
        let scans = step.contains("Index Scan ") || step.contains("Index Only Scan ");
        let is_narrowed = steps
            .get(at + 1)
            .is_some_and(|next| next.contains("Index Cond:"));
        let is_list = step.contains("_sqlx_migrations") || step.contains("on pg_");
        // The last row written, from the end of its key.
        let is_last = step.contains("Scan Backward using ");
        scans && !is_narrowed && !is_list && !is_last
    })
}

#[tokio::test]
async fn no_statement_scans_a_growing_table() {
    let (_database, pools) = pools().await;
    let mut connection = pools.units.pool().acquire().await.expect("free");
    for statement in all().filter(|it| it.name != database::TAKE_ROLE.name) {
        let steps = plan(&mut connection, statement.sql).await;
        let scans = steps.iter().any(|step| scans_a_table(step)) || goes_through_an_index(&steps);
        assert!(!scans, "{}: {steps:#?}", statement.name);
    }
}

#[tokio::test]
async fn a_scan_of_a_growing_table_is_noticed() {
    let (_database, pools) = pools().await;
    let mut connection = pools.units.pool().acquire().await.expect("free");
    for sql in [
        "SELECT * FROM worker",
        "SELECT count(*) FROM employer_year",
        "SELECT 1 FROM worker_fact WHERE recorded_at = 1",
        "SELECT max(outcome) FROM audit_event",
        "SELECT worker_id FROM worker ORDER BY worker_id",
    ] {
        let steps = plan(&mut connection, sql).await;
        let scans = steps.iter().any(|step| scans_a_table(step)) || goes_through_an_index(&steps);
        assert!(scans, "{steps:?}");
    }
}

#[test]
fn statements_have_names_of_their_own() {
    let mut names: Vec<_> = all().map(|statement| statement.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// What PostgreSQL-compatible distributed engines do not have, or have at the price of one node:
/// the statements of the hot paths do without.
const NOT_PORTABLE: &[&str] = &[
    "LISTEN",
    "NOTIFY",
    "pg_advisory",
    "LOCK TABLE",
    "ctid",
    "xmin",
    "CREATE TEMP",
    "TABLESAMPLE",
    "currval",
    "nextval",
    "SERIALIZABLE",
    "DEFERRABLE",
    "MERGE INTO",
    "jsonb_path",
    "CURSOR",
];

/// The fence asks for transaction numbers, which such an engine answers by its own clock; how far a
/// standby is, is asked of a standby alone.
const OF_THE_ENGINE: &[&str] = &[
    "database TAKE_FENCE",
    "database READ_OLDEST",
    "replica READ_MARK",
    "replica READ_STANDING",
];

fn not_portable(sql: &str) -> Option<&'static str> {
    let words = sql.to_lowercase();
    let found = NOT_PORTABLE.iter();
    let mut found = found.filter(|word| words.contains(&word.to_lowercase()));
    found.next().copied()
}

#[test]
fn statements_keep_to_what_distributed_engines_take() {
    for statement in all().filter(|statement| !OF_THE_ENGINE.contains(&statement.name)) {
        assert_eq!(not_portable(statement.sql), None, "{}", statement.name);
    }
    assert_eq!(
        not_portable("select pg_advisory_lock(1)"),
        Some("pg_advisory")
    );
    assert_eq!(not_portable("SELECT 1 FOR UPDATE"), None);
}
