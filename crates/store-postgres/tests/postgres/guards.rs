//! What the database refuses by itself, whoever asks: here, its superuser, and the service's role.

use mamagang_domain::fact::FactKind;
use mamagang_domain::ids::Subject;
use mamagang_store::contract::cases::opened;
use mamagang_store::contract::sample::{
    NOW, add_workers, answer, audit_rows, begin, booked, employer, entries, fact, month, request,
    worker,
};
use mamagang_store::{Store, StoreErrorKind};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_testkit::postgres::PostgresDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support;

const TRUTH: [&str; 7] = [
    "worker_fact",
    "employer_fact",
    "ledger_entry",
    "audit_event",
    "policy_set",
    "idempotency",
    "case_event",
];

const PROJECTIONS: [&str; 10] = [
    "worker",
    "worker_identity",
    "worker_secret",
    "employer",
    "employer_worker",
    "ledger_head",
    "employer_year",
    "fact_owner",
    "filing",
    "case_file",
];

/// A database with a row in every truth table, and its superuser's connection.
async fn filled() -> (PostgresDatabase, PgConnection) {
    let (database, _, store) = support::store().await;
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
    let stranger = support::stranger(&database).await;
    (database, stranger)
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<u64, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(sql));
    Ok(query.execute(connection).await?.rows_affected())
}

/// The code and the words of a refusal.
async fn refusal(connection: &mut PgConnection, sql: &str) -> (String, String) {
    let error = run(connection, sql).await.err();
    let error = error.unwrap_or_else(|| panic!("accepted: {sql}"));
    let told = error.as_database_error().expect("the database's refusal");
    let code = told.code().unwrap_or_default().into_owned();
    (code, told.message().to_owned())
}

#[tokio::test]
async fn truth_is_never_changed_nor_removed_by_anyone() {
    let (_database, mut superuser) = filled().await;
    for table in TRUTH {
        for (sql, words) in [
            (
                format!("UPDATE {table} SET recorded_at = recorded_at + 1"),
                "rows are never changed",
            ),
            (format!("DELETE FROM {table}"), "rows are never removed"),
            (format!("TRUNCATE {table}"), "rows are never removed"),
            (
                format!("TRUNCATE {table} CASCADE"),
                "rows are never removed",
            ),
        ] {
            let (code, told) = refusal(&mut superuser, &sql).await;
            assert_eq!(code, "23000", "{sql}");
            assert_eq!(told, format!("{table}: {words}"));
        }
    }
}

#[tokio::test]
async fn the_services_role_may_append_to_truth_and_no_more() {
    let (_database, mut service) = filled().await;
    run(&mut service, "SET ROLE mamagang_app")
        .await
        .expect("set");
    for table in TRUTH {
        for sql in [
            format!("UPDATE {table} SET recorded_at = recorded_at + 1"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        ] {
            assert_eq!(refusal(&mut service, &sql).await.0, "42501", "{sql}");
        }
        let read = run(&mut service, &format!("SELECT * FROM {table}")).await;
        assert!(read.expect("readable") > 0, "{table}");
    }
    for table in PROJECTIONS {
        let truncate = format!("TRUNCATE {table} CASCADE");
        assert_eq!(refusal(&mut service, &truncate).await.0, "42501");
        let delete = format!("DELETE FROM {table} WHERE false");
        assert_eq!(run(&mut service, &delete).await.expect("granted"), 0);
    }
    let create = "CREATE TABLE other (id bigint)";
    assert_eq!(refusal(&mut service, create).await.0, "42501");
    let appended = "INSERT INTO policy_set VALUES ('v2', 'policies', 1)";
    assert_eq!(run(&mut service, appended).await.expect("granted"), 1);
}

#[tokio::test]
async fn a_table_of_the_session_is_not_asked_in_the_place_of_truth() {
    let (_database, mut stranger) = filled().await;
    let shadow = "CREATE TEMPORARY TABLE worker_fact AS SELECT * FROM public.worker_fact";
    run(&mut stranger, shadow).await.expect("a table");
    run(&mut stranger, "UPDATE pg_temp.worker_fact SET revision = 8")
        .await
        .expect("changed");
    let told = refusal(
        &mut stranger,
        &next_fact(9, 0).replace("INTO ", "INTO public."),
    )
    .await;
    assert!(told.1.contains("leaves a gap"), "{told:?}");
}

fn next_fact(revision: u32, later: i64) -> String {
    format!(
        "INSERT INTO worker_fact (worker_id, revision, kind, body, secret, source_name,
            recorded_at, actor, reason)
        SELECT worker_id, {revision}, kind, body, secret, source_name, recorded_at + {later},
            actor, reason
        FROM worker_fact"
    )
}

#[tokio::test]
async fn a_revision_leaves_no_gap_and_does_not_go_back_in_time() {
    let (_database, mut stranger) = filled().await;
    for wrong in [next_fact(0, 0), next_fact(3, 0), next_fact(2, -1)] {
        let (code, told) = refusal(&mut stranger, &wrong).await;
        assert_eq!(code, "23000");
        assert!(told.contains("leaves a gap or goes back"), "{told}");
    }
    assert_eq!(refusal(&mut stranger, &next_fact(1, 0)).await.0, "23505");
    let next = run(&mut stranger, &next_fact(2, 0)).await;
    assert_eq!(next.expect("accepted"), 1);
}

/// Rows of one statement stand for each other's predecessors.
#[tokio::test]
async fn rows_written_at_once_leave_no_gap_and_no_link_out_either() {
    let (_database, mut stranger) = filled().await;
    let facts = |added: &str| {
        format!(
            "INSERT INTO worker_fact (worker_id, revision, kind, body, secret, source_name,
                recorded_at, actor, reason)
            SELECT worker_id, added.revision, kind, body, secret, source_name,
                recorded_at + added.later, actor, reason
            FROM worker_fact CROSS JOIN (VALUES {added}) AS added (revision, later)"
        )
    };
    let rows = |added: &str| {
        format!(
            "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
                outcome, frozen, previous_hash, hash)
            SELECT decode(lpad(added.position::text, 32, '0'), 'hex'), writer_id, added.position,
                recorded_at, method, caller, outcome, frozen,
                CASE WHEN added.links THEN hash ELSE previous_hash END, hash
            FROM audit_event CROSS JOIN (VALUES {added}) AS added (position, links)
            WHERE audit_event.position = 2"
        )
    };
    for wrong in [
        facts("(2, 0), (4, 0)"),
        facts("(3, 0), (4, 0)"),
        facts("(2, 5), (3, 4)"),
        facts("(3, 4), (2, 5)"),
        facts("(2, -1), (3, 0)"),
        rows("(3, true), (5, true)"),
        rows("(4, true), (5, true)"),
        rows("(3, true), (4, false)"),
        rows("(3, false), (4, true)"),
    ] {
        let (code, told) = refusal(&mut stranger, &wrong).await;
        assert_eq!(code, "23000", "{wrong}");
        let is_told = told.contains("leaves a gap") || told.contains("does not continue");
        assert!(is_told, "{told}");
    }
    for right in [
        facts("(3, 5), (2, 0), (4, 5)"),
        rows("(5, true), (3, true), (4, true)"),
    ] {
        let written = run(&mut stranger, &right).await;
        assert_eq!(written.expect("accepted"), 3);
    }
}

#[tokio::test]
async fn a_chain_leaves_no_link_out() {
    let (_database, mut stranger) = filled().await;
    let entry = |sequence: u32, previous: &str, later: i64| {
        format!(
            "INSERT INTO ledger_entry (employer_code, sequence, tax_year, recorded_at, frozen,
                previous_hash, hash)
            SELECT employer_code, {sequence}, tax_year, recorded_at + {later}, frozen, {previous},
                hash
            FROM ledger_entry WHERE sequence = 2"
        )
    };
    let audit = |position: u32, previous: &str| {
        format!(
            "INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
                outcome, frozen, previous_hash, hash)
            SELECT decode('{position:032}', 'hex'), writer_id, {position}, recorded_at, method,
                caller, outcome, frozen, {previous}, hash
            FROM audit_event WHERE position = 2"
        )
    };
    for wrong in [
        entry(4, "hash", 0),
        entry(3, "previous_hash", 0),
        entry(3, "hash", -1),
        entry(0, "hash", 0),
        audit(4, "hash"),
        audit(3, "previous_hash"),
        audit(0, "hash"),
    ] {
        let (code, told) = refusal(&mut stranger, &wrong).await;
        assert_eq!(code, "23000", "{wrong}");
        assert!(told.contains("does not continue the chain"), "{told}");
    }
    for right in [entry(3, "hash", 0), audit(3, "hash")] {
        let written = run(&mut stranger, &right).await;
        assert_eq!(written.expect("accepted"), 1);
    }
}

const OTHER: &str = "52442000QQ0000047L";

#[tokio::test]
async fn a_booked_month_is_not_passed_on() {
    let (_database, mut stranger) = filled().await;
    for change in [
        format!("UPDATE worker SET booked_by = '{OTHER}'"),
        // The same month behind another one.
        format!(
            "UPDATE worker SET booked_from = booked_from - 1, booked = '01',
                booked_by = booked_by || '{OTHER}'"
        ),
    ] {
        let (code, told) = refusal(&mut stranger, &change).await;
        assert_eq!(code, "23000", "{change}");
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
    let (_database, mut stranger) = filled().await;
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
    let (_database, mut stranger) = filled().await;
    let ways = [
        "booked = booked || repeat('0', COUNT)",
        "booked_from = booked_from - COUNT, booked = repeat('0', COUNT) || booked",
        "booked = booked || '.....' || repeat('0.', COUNT)",
    ];
    for way in ways {
        let of = |count: &str| format!("UPDATE worker SET {}", way.replace("COUNT", count));
        let (code, told) = refusal(&mut stranger, &of("36")).await;
        assert_eq!(code, "23514");
        assert!(
            told.contains("worker_has_36_booked_months_at_most"),
            "{told}"
        );
        let mut transaction = stranger.begin().await.expect("begun");
        let written = run(&mut transaction, &of("35")).await;
        assert_eq!(written.expect("accepted"), 1);
        transaction.rollback().await.expect("back");
    }
}

#[tokio::test]
async fn months_without_an_employer_and_half_a_code_are_refused() {
    let (_database, mut stranger) = filled().await;
    for wrong in [
        "booked_by = ''",
        "booked = ''",
        "booked_by = booked_by || '9'",
        // A symbol that stands for nobody, or for an employer who is not named.
        "booked = booked || '~'",
        "booked = booked || '1'",
    ] {
        let (code, told) = refusal(&mut stranger, &format!("UPDATE worker SET {wrong}")).await;
        assert_eq!(code, "23514", "{wrong}");
        assert!(told.contains("worker_names_who_booked"), "{told}");
    }
}

#[tokio::test]
async fn a_worker_with_booked_months_is_neither_removed_nor_renamed() {
    let (_database, mut stranger) = filled().await;
    let mut transaction = stranger.begin().await.expect("begun");
    for wrong in [
        "DELETE FROM worker",
        "UPDATE worker SET worker_id = decode(repeat('00', 16), 'hex')",
    ] {
        let mut attempt = transaction.begin().await.expect("begun");
        // Whom nothing else refers to: what does keeps the id by itself.
        for others in ["worker_identity", "worker_secret", "employer_worker"] {
            let removed = run(&mut attempt, &format!("DELETE FROM {others}")).await;
            removed.expect("no truth");
        }
        let (code, told) = refusal(&mut attempt, wrong).await;
        assert_eq!(code, "23503", "{wrong}");
        assert!(told.contains("months are booked"), "{told}");
        attempt.rollback().await.expect("back");
    }
    let released = "UPDATE worker SET booked_from = 0, booked = '', booked_by = ''";
    run(&mut transaction, released).await.expect("released");
    let (_, told) = refusal(&mut transaction, "DELETE FROM worker").await;
    assert!(!told.contains("months are booked"), "{told}");
}

#[tokio::test]
async fn a_login_that_may_change_truth_is_refused() {
    let (database, mut superuser) = filled().await;
    for sql in [
        "CREATE ROLE careless LOGIN",
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO careless",
    ] {
        run(&mut superuser, sql).await.expect("granted");
    }
    let url = database.url_of("careless");
    let refused = PostgresStore::connect(&url, PostgresOptions::default()).await;
    for sql in ["DROP OWNED BY careless", "DROP ROLE careless"] {
        run(&mut superuser, sql).await.expect("dropped");
    }
    let error = refused.expect_err("it may change truth");
    assert_eq!(error.kind(), StoreErrorKind::Internal);
    assert!(
        error.to_string().contains("may change worker_fact"),
        "{error}"
    );
}

#[tokio::test]
async fn a_login_that_is_granted_the_services_role_serves() {
    let (database, mut superuser) = filled().await;
    for sql in [
        "CREATE ROLE clerk LOGIN NOINHERIT",
        "GRANT mamagang_app TO clerk",
    ] {
        run(&mut superuser, sql).await.expect("granted");
    }
    // Not inherited: without taking the role it may nothing, not even learn the schema's version.
    let url = database.url_of("clerk");
    let store = PostgresStore::connect(&url, PostgresOptions::default()).await;
    let store = store.expect("a store");
    let last = store.last_audit_row([1; 16]).await.expect("an answer");
    assert_eq!(last.map(|row| row.position), Some(2));
    store.close().await;
    for sql in ["DROP OWNED BY clerk", "DROP ROLE clerk"] {
        run(&mut superuser, sql).await.expect("dropped");
    }
}

#[tokio::test]
async fn a_database_that_loses_acknowledged_commits_is_refused() {
    let (database, mut superuser) = filled().await;
    for (setting, is_fit) in [("off", false), ("local", true)] {
        let sql = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = {setting}',
                current_database()); END $$"
        );
        run(&mut superuser, &sql).await.expect("set");
        let store = PostgresStore::connect(&database.url(), PostgresOptions::default()).await;
        let told = store.err().map(|error| error.to_string());
        assert_eq!(told.is_none(), is_fit, "{told:?}");
        assert!(told.is_none_or(|told| told.contains("synchronous_commit is off")));
    }
}
