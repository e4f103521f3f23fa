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

const OTHER: &str = "52442000QQ0000047L";

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(sqlx::AssertSqlSafe(sql));
    Ok(query.execute(connection).await?.rows_affected())
}

#[tokio::test]
async fn a_booked_month_is_not_passed_on() {
    let (_folder, mut stranger) = filled().await;
    for change in [
        format!("UPDATE worker SET booked_by = '{OTHER}'"),
        // The same month behind another one.
        format!(
            "UPDATE worker SET booked_from = booked_from - 1, booked = '01',
                booked_by = booked_by || '{OTHER}'"
        ),
    ] {
        let told = refusal(&mut stranger, change).await;
        assert!(told.contains("released, never passed on"), "{told}");
    }
    let renumbered = format!("UPDATE worker SET booked = '1', booked_by = '{OTHER}' || booked_by");
    let renumbered = run(&mut stranger, &renumbered).await;
    assert_eq!(renumbered.expect("the same employer's month"), 1);
    let released = "UPDATE worker SET booked_from = 0, booked = '', booked_by = ''";
    let released = run(&mut stranger, released).await;
    assert_eq!(released.expect("accepted"), 1);
    let by_another =
        format!("UPDATE worker SET booked_from = 24276, booked = '0', booked_by = '{OTHER}'");
    let by_another = run(&mut stranger, &by_another).await;
    assert_eq!(by_another.expect("it is free"), 1);
}

#[tokio::test]
async fn months_may_be_added_on_both_ends_and_in_gaps() {
    let (_folder, mut stranger) = filled().await;
    let added = [
        "booked = booked || '..0'".to_owned(),
        "booked_from = booked_from - 2, booked = '0.' || booked".to_owned(),
        format!("booked = replace(booked, '.', '1'), booked_by = booked_by || '{OTHER}'"),
    ];
    for change in added {
        let changed = run(&mut stranger, &format!("UPDATE worker SET {change}")).await;
        assert_eq!(changed.expect("accepted"), 1, "{change}");
    }
    let pattern: String = sqlx::query_scalar("SELECT booked FROM worker")
        .fetch_one(&mut stranger)
        .await
        .expect("one worker");
    assert_eq!(pattern, "010110");
}

#[tokio::test]
async fn a_37th_month_is_refused_wherever_it_lies() {
    let ways = [
        "booked = booked || REPEATED",
        "booked_from = booked_from - COUNT, booked = REPEATED || booked",
        "booked = booked || '.....' || replace(REPEATED, '0', '0.')",
    ];
    for way in ways {
        let (_folder, mut stranger) = filled().await;
        let of = |count: &str| {
            let repeated = format!("substr('{}', 1, {count})", "0".repeat(40));
            let change = way.replace("REPEATED", &repeated).replace("COUNT", count);
            format!("UPDATE worker SET {change}")
        };
        let told = refusal(&mut stranger, of("36")).await;
        assert!(
            told.contains("worker_has_36_booked_months_at_most"),
            "{told}"
        );
        let written = run(&mut stranger, &of("35")).await;
        assert_eq!(written.expect("accepted"), 1);
    }
}

#[tokio::test]
async fn months_without_an_employer_and_half_a_code_are_refused() {
    let (_folder, mut stranger) = filled().await;
    for wrong in [
        "booked_by = ''",
        "booked = ''",
        "booked_by = booked_by || '9'",
        // A symbol that stands for nobody, or for an employer who is not named.
        "booked = booked || '~'",
        "booked = booked || '1'",
    ] {
        let told = refusal(&mut stranger, format!("UPDATE worker SET {wrong}")).await;
        assert!(told.contains("worker_names_who_booked"), "{told}");
    }
}

#[tokio::test]
async fn a_worker_with_booked_months_is_neither_removed_nor_renamed() {
    let (_folder, mut stranger) = filled().await;
    // Whoever refers to the worker is not what refuses it.
    let lax = "PRAGMA foreign_keys = OFF";
    run(&mut stranger, lax).await.expect("set");
    for wrong in [
        "DELETE FROM worker",
        "UPDATE worker SET worker_id = zeroblob(16)",
    ] {
        let told = refusal(&mut stranger, wrong.to_owned()).await;
        assert!(told.contains("months are booked"), "{told}");
    }
    let released = "UPDATE worker SET booked_from = 0, booked = '', booked_by = ''";
    run(&mut stranger, released).await.expect("released");
    let removed = run(&mut stranger, "DELETE FROM worker").await;
    assert_eq!(removed.expect("accepted"), 1);
}
