//! What the database refuses by itself, whoever asks: here, a connection that is not the store's.

use std::path::Path;
use std::sync::Arc;

use mamagang_domain::fact::FactKind;
use mamagang_domain::ids::Subject;
use mamagang_store::Store;
use mamagang_store::contract::cases::opened;
use mamagang_store::contract::sample::{
    NOW, add_workers, answer, audit_rows, begin, booked, employer, entries, fact, month, request,
    worker,
};
use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

const TRUTH: [&str; 7] = [
    "worker_fact",
    "employer_fact",
    "ledger_entry",
    "audit_event",
    "policy_set",
    "idempotency",
    "case_event",
];

/// A store with a row in every truth table, and a stranger's connection to its file: one without
/// the settings that the store makes.
async fn filled() -> (TempDir, SqliteConnection) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mamagang.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("an open store"));
    add_workers(&store, [1]).await;
    let facts = [
        fact(Subject::Worker(worker(1)), 1, FactKind::Contract, NOW),
        fact(
            Subject::Employer(employer(0)),
            1,
            FactKind::EmployerProfile,
            NOW,
        ),
    ];
    let answers = [(request("org", "Post", 1), answer("one"))];
    let months = [booked(1, month("2023-05"), employer(0))];
    let mut unit = begin(&store).await;
    let works = [
        unit.append_facts(&facts).await,
        unit.append_entries(&entries(employer(0), 2)).await,
        unit.append_audit(&audit_rows(1, 2)).await,
        unit.put_policy_set("v1", "policies").await,
        unit.put_idempotency(&answers).await,
        unit.book_months(&months).await,
        unit.append_cases(&[opened(1)]).await,
    ];
    works.into_iter().for_each(|work| work.expect("accepted"));
    unit.commit().await.expect("committed");
    let stranger = stranger(&path).await;
    (folder, stranger)
}

async fn stranger(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    options.connect().await.expect("a connection")
}

async fn refusal(connection: &mut SqliteConnection, sql: String) -> String {
    let result = sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
        .execute(connection)
        .await;
    let error = result.err().unwrap_or_else(|| panic!("accepted: {sql}"));
    error.to_string()
}

#[tokio::test]
async fn truth_is_never_changed() {
    let (_folder, mut stranger) = filled().await;
    for table in TRUTH {
        let sql = format!("UPDATE {table} SET recorded_at = recorded_at + 1");
        let told = refusal(&mut stranger, sql).await;
        assert!(told.contains("rows are never changed"), "{told}");
    }
}

#[tokio::test]
async fn truth_is_never_removed() {
    let (_folder, mut stranger) = filled().await;
    for table in TRUTH {
        let told = refusal(&mut stranger, format!("DELETE FROM {table}")).await;
        assert!(told.contains("rows are never removed"), "{told}");
    }
}

#[tokio::test]
async fn truth_is_never_replaced() {
    let (_folder, mut stranger) = filled().await;
    for recursive in ["OFF", "ON"] {
        let pragma = format!("PRAGMA recursive_triggers = {recursive}");
        let pragma = sqlx::query(sqlx::AssertSqlSafe(pragma));
        pragma.execute(&mut stranger).await.expect("set");
        for table in TRUTH {
            let sql = format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}");
            let told = refusal(&mut stranger, sql).await;
            assert!(told.contains(&format!("{table}: ")), "{told}");
        }
    }
}

#[tokio::test]
async fn a_row_of_truth_is_not_replaced_under_its_feed_position_either() {
    let (_folder, mut stranger) = filled().await;
    let sql = "INSERT OR REPLACE INTO worker_fact
        SELECT 1, worker_id, 2, kind, body, secret, retracts, supersedes, source_name,
            source_drawn_on, recorded_at, actor, reason
        FROM worker_fact";
    let told = refusal(&mut stranger, sql.to_owned()).await;
    assert!(told.contains("worker_fact: "), "{told}");
}

#[tokio::test]
async fn a_revision_leaves_no_gap_and_a_chain_no_link_out() {
    let (_folder, mut stranger) = filled().await;
    let next = [
        "INSERT INTO worker_fact
            SELECT NULL, worker_id, 3, kind, body, secret, retracts, supersedes, source_name,
                source_drawn_on, recorded_at, actor, reason
            FROM worker_fact",
        "INSERT INTO ledger_entry
            SELECT NULL, employer_code, 4, tax_year, recorded_at, frozen, hash, hash
            FROM ledger_entry WHERE sequence = 2",
        "INSERT INTO ledger_entry
            SELECT NULL, employer_code, 3, tax_year, recorded_at, frozen, previous_hash, hash
            FROM ledger_entry WHERE sequence = 2",
        "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
                outcome, worker_id, employer_code, frozen, previous_hash, hash)
            SELECT randomblob(16), writer_id, 3, recorded_at, method, caller, outcome,
                worker_id, employer_code, frozen, previous_hash, hash
            FROM audit_event WHERE position = 2",
    ];
    for sql in next {
        let told = refusal(&mut stranger, sql.to_owned()).await;
        let is_guard = told.contains("leaves a gap") || told.contains("does not continue");
        assert!(is_guard, "{told}");
    }
    let continued = "INSERT INTO ledger_entry
        SELECT NULL, employer_code, 3, tax_year, recorded_at, frozen, hash, hash
        FROM ledger_entry WHERE sequence = 2";
    let written = sqlx::query(continued).execute(&mut stranger).await;
    assert_eq!(written.expect("accepted").rows_affected(), 1);
}

#[tokio::test]
async fn a_booked_month_is_neither_changed_nor_taken_over() {
    let (_folder, mut stranger) = filled().await;
    let told = refusal(
        &mut stranger,
        "UPDATE person_month SET employer_code = '52442000QQ0000047L'".to_owned(),
    )
    .await;
    assert!(told.contains("released, never changed"), "{told}");
    let taken_over = "INSERT OR REPLACE INTO person_month
        SELECT worker_id, month, '52442000QQ0000047L', code_group, amount_fen, sequence
        FROM person_month";
    let told = refusal(&mut stranger, taken_over.to_owned()).await;
    assert!(told.contains("booked already"), "{told}");
    let released = sqlx::query("DELETE FROM person_month").execute(&mut stranger);
    assert_eq!(released.await.expect("accepted").rows_affected(), 1);
}

#[tokio::test]
async fn a_37th_month_is_refused_however_it_is_written() {
    let (_folder, mut stranger) = filled().await;
    let fill = "INSERT INTO person_month
        SELECT worker_id, month + value, employer_code, code_group, amount_fen, sequence
        FROM person_month, generate_series";
    let numbers = "(WITH RECURSIVE n (value) AS (VALUES (1) UNION ALL
        SELECT value + 1 FROM n WHERE value < LAST) SELECT value FROM n)";
    let fill = fill.replace("generate_series", numbers);
    let told = refusal(&mut stranger, fill.replace("LAST", "36")).await;
    assert!(told.contains("36 booked months"), "{told}");
    let filled = sqlx::query(sqlx::AssertSqlSafe(fill.replace("LAST", "35")))
        .execute(&mut stranger)
        .await;
    assert_eq!(filled.expect("accepted").rows_affected(), 35);
}

/// Months apart from the first one, tried one after the other: how many were taken.
async fn booked_of(stranger: &mut SqliteConnection, offsets: impl Iterator<Item = i32>) -> usize {
    let first: i64 = sqlx::query_scalar("SELECT min(month) FROM person_month")
        .fetch_one(&mut *stranger)
        .await
        .expect("one month");
    let mut taken = 0;
    for offset in offsets {
        let sql = "INSERT INTO person_month
            SELECT worker_id, ?1, employer_code, code_group, amount_fen, sequence
            FROM person_month LIMIT 1";
        let query = sqlx::query(sql).bind(first + i64::from(offset));
        match query.execute(&mut *stranger).await {
            Ok(_) => taken += 1,
            Err(error) => assert!(error.to_string().contains("36 booked months"), "{error}"),
        }
    }
    taken
}

#[tokio::test]
async fn the_37th_month_is_found_upwards_downwards_and_in_a_gap() {
    let ways: [Box<dyn Iterator<Item = i32>>; 4] = [
        Box::new(1..=40),
        Box::new((-40..=-1).rev()),
        // Far apart, and then what lies between.
        Box::new((1..=18).map(|n| 100 + n).chain(1..=40)),
        Box::new((1..=40).map(|n| n * 7)),
    ];
    for way in ways {
        let (_folder, mut stranger) = filled().await;
        assert_eq!(booked_of(&mut stranger, way).await, 35);
    }
}
