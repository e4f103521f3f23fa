//! Every statement prepares, and none reads a growing table from end to end.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::{
    Statement, audit, case, checkpoint, database, employer, fact, filing, job, keys, ledger, merge,
    month, policy, request, subsidy, worker,
};
use crate::{SqliteOptions, connect};

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
        request::ALL,
        subsidy::ALL,
        worker::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The steps of SQLite's plan, triggers' statements not among them.
async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(explained).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.get("detail")).collect()
}

/// Whether a step goes through a whole table of the schema. What was asked for (`json_each`) and
/// what was found for it are gone through, and are as long as the question.
fn scans_a_table(step: &str) -> bool {
    let (verb, table) = step.split_once(' ').unwrap_or_default();
    let is_narrowed = match verb {
        "SCAN" => table.contains("VIRTUAL TABLE"),
        // A search that names no key goes through all rows too (`max` of any column).
        "SEARCH" => table.contains(" USING ") && !table.contains("AUTOMATIC"),
        _ => true,
    };
    let is_found = ["found", "CONSTANT ROW", "(subquery"];
    let is_told = table.ends_with("-ROW VALUES CLAUSE");
    !is_narrowed && !is_told && !is_found.iter().any(|name| table.starts_with(name))
}

#[tokio::test]
async fn no_statement_scans_a_growing_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plans.db");
    let pools = connect::open(&path, &SqliteOptions::default()).await;
    let mut connection = pools.expect("open").writer.acquire().await.expect("free");
    for statement in all() {
        let steps = plan(&mut connection, statement.sql).await;
        let scans: Vec<_> = steps.iter().filter(|step| scans_a_table(step)).collect();
        assert!(
            scans.is_empty(),
            "{}: {scans:?} in {steps:#?}",
            statement.name
        );
    }
}

#[tokio::test]
async fn a_scan_of_a_growing_table_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plans.db");
    let pools = connect::open(&path, &SqliteOptions::default()).await;
    let mut connection = pools.expect("open").writer.acquire().await.expect("free");
    for sql in [
        "SELECT * FROM worker",
        "SELECT count(*) FROM employer_year",
        "SELECT 1 FROM worker_fact WHERE recorded_at = 1",
        "SELECT max(outcome) FROM audit_event",
        "SELECT 1 FROM json_each('[]') AS asked JOIN ledger_entry ON tax_year = asked.value",
    ] {
        let steps = plan(&mut connection, sql).await;
        assert!(steps.iter().any(|step| scans_a_table(step)), "{steps:?}");
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
