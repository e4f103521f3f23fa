//! Statements run, counted and with their errors told.

use std::sync::atomic::{AtomicU64, Ordering};

use mamagang_store::StoreResult;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqliteConnection};

use crate::error::in_statement;
use crate::sql::Statement;

/// What was done since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) statements: AtomicU64,
    pub(crate) rows_written: AtomicU64,
}

impl Counters {
    pub(crate) fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

/// An argument of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
    Null,
}

impl From<Option<i64>> for Bind {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

/// A connection in use.
pub(crate) struct Db<'a> {
    pub(crate) connection: &'a mut SqliteConnection,
    pub(crate) counters: &'a Counters,
}

type Prepared = Query<'static, Sqlite, SqliteArguments>;

fn prepare(statement: Statement, binds: impl IntoIterator<Item = Bind>) -> Prepared {
    let query = sqlx::query(statement.sql);
    binds.into_iter().fold(query, |query, bind| match bind {
        Bind::Int(number) => query.bind(number),
        Bind::Text(text) => query.bind(text),
        Bind::Blob(bytes) => query.bind(bytes),
        Bind::Null => query.bind(None::<i64>),
    })
}

impl Db<'_> {
    /// All rows.
    pub(crate) async fn rows<const N: usize>(
        &mut self,
        statement: Statement,
        binds: [Bind; N],
    ) -> StoreResult<Vec<SqliteRow>> {
        self.counters.count_statement();
        prepare(statement, binds)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(|error| in_statement(statement.name, error))
    }

    /// The number of rows written.
    pub(crate) async fn write(
        &mut self,
        statement: Statement,
        binds: impl IntoIterator<Item = Bind>,
    ) -> StoreResult<u64> {
        self.counters.count_statement();
        let done = prepare(statement, binds)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| in_statement(statement.name, error))?;
        let rows = done.rows_affected();
        self.counters
            .rows_written
            .fetch_add(rows, Ordering::Relaxed);
        Ok(rows)
    }
}
