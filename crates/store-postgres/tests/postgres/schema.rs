//! The two engines' schemas are twins.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_store_sqlite::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row};

use crate::support;

/// A column: what it holds, whether it may be absent, its place in the primary key.
type Column = (&'static str, bool, i64);
type Schema = BTreeMap<String, BTreeMap<String, Column>>;

/// A table that stands for an index of PostgreSQL: see migration 0064.
const OF_SQLITE_ALONE: &str = "audit_access";
/// What postings that lock nothing compare, and what spares them their workers' rows: see migrations
/// 0067 and 0069.
const OF_POSTGRES_ALONE: [(&str, &str); 5] = [
    ("ledger_head", "record_revision"),
    ("ledger_head", "basis"),
    ("ledger_head", "recorded_at"),
    ("ledger_head", "keeps_months"),
    ("worker", "months_kept_by"),
];

/// Tables whose rows are not asked for by their position, which is an index more in PostgreSQL: see
/// migration 0070.
const OF_POSTGRES_WITHOUT_POSITION: [&str; 2] = ["audit_event", "idempotency"];

/// What a type holds, in words for both. Lists of text are JSON where there are no arrays.
fn holds(declared: &str, column: &str) -> &'static str {
    match declared {
        "INTEGER" | "integer" | "bigint" => "number",
        "BLOB" | "bytea" => "bytes",
        "TEXT" | "text" if column == "filing_ids" => "list",
        "TEXT" | "text" | "json" => "text",
        "ARRAY" => "list",
        "boolean" => "switch",
        _ => panic!("{column} is {declared}"),
    }
}

async fn of_postgres() -> Schema {
    let database = support::database().await;
    let mut connection = support::stranger(&database).await;
    let sql = "SELECT c.table_name::text, c.column_name::text, c.data_type::text,
            c.is_nullable = 'YES', coalesce(k.ordinal_position, 0)::bigint
        FROM information_schema.columns AS c
        LEFT JOIN information_schema.table_constraints AS p
            ON p.table_schema = c.table_schema AND p.table_name = c.table_name
            AND p.constraint_type = 'PRIMARY KEY'
        LEFT JOIN information_schema.key_column_usage AS k
            ON k.constraint_name = p.constraint_name AND k.table_schema = c.table_schema
            AND k.table_name = c.table_name AND k.column_name = c.column_name
        WHERE c.table_schema = 'public' AND c.table_name <> '_sqlx_migrations'";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await;
    let mut schema = Schema::new();
    for row in rows.expect("columns") {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let held = holds(row.get(2), &column);
        let columns = schema.entry(table).or_default();
        columns.insert(column, (held, row.get(3), row.get(4)));
    }
    schema
}

async fn of_sqlite() -> Schema {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("twin.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).await;
    store.expect("open").close().await;
    let mut connection = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .expect("a connection");
    let sql = "SELECT it.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0, c.pk
        FROM sqlite_schema AS it JOIN pragma_table_info(it.name) AS c
        WHERE it.type = 'table' AND it.name NOT LIKE 'sqlite_%' AND it.name <> '_sqlx_migrations'";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await;
    let mut schema = Schema::new();
    for row in rows.expect("columns") {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let held = holds(row.get(2), &column);
        let columns = schema.entry(table).or_default();
        columns.insert(column, (held, row.get(3), row.get(4)));
    }
    schema
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_keys() {
    let (mut postgres, mut sqlite) = (of_postgres().await, of_sqlite().await);
    assert!(sqlite.remove(OF_SQLITE_ALONE).is_some());
    for table in OF_POSTGRES_WITHOUT_POSITION {
        let columns = postgres.get_mut(table).expect("a table");
        assert!(columns.values().all(|column| column.2 == 0), "{table}");
        columns.get_mut("feed_position").expect("a position").2 = 1;
    }
    for (table, column) in OF_POSTGRES_ALONE {
        let columns = postgres.get_mut(table).expect("a table");
        assert!(columns.remove(column).is_some(), "{table}.{column}");
    }
    let tables: BTreeSet<_> = postgres.keys().chain(sqlite.keys()).collect();
    assert!(tables.len() >= 16, "{tables:?}");
    for table in tables {
        assert_eq!(postgres.get(table), sqlite.get(table), "{table}");
    }
}

#[test]
fn both_engines_have_migrations_of_the_same_numbers_and_names() {
    let names = |engine: &str| -> BTreeSet<_> {
        let folder = format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).expect("migrations");
        files
            .map(|file| file.expect("a file").file_name())
            .collect()
    };
    let postgres = names("postgres");
    assert_eq!(postgres, names("sqlite"));
    assert!(!postgres.is_empty());
}
