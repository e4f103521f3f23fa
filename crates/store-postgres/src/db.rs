//! Statements run, counted and with their errors told.

use std::sync::atomic::{AtomicU64, Ordering};

use mamagang_store::StoreResult;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};

use crate::column::narrow;
use crate::error::{in_statement, in_statement_that_commits};
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

/// An argument of a statement: a value, or a column of a set.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Int(i64),
    OptionalInt(Option<i64>),
    Text(String),
    OptionalText(Option<String>),
    Blob(Vec<u8>),
    OptionalBlob(Option<Vec<u8>>),
    Ints(Vec<i64>),
    OptionalInts(Vec<Option<i64>>),
    /// All of a set, where it is absent.
    AnyInts,
    Texts(Vec<String>),
    OptionalTexts(Vec<Option<String>>),
    Blobs(Vec<Vec<u8>>),
    OptionalBlobs(Vec<Option<Vec<u8>>>),
}

impl Bind {
    /// A column of numbers.
    pub(crate) fn ints<N: Into<i64>>(column: impl IntoIterator<Item = N>) -> Self {
        Self::Ints(column.into_iter().map(Into::into).collect())
    }

    /// A column of numbers, some of them absent.
    pub(crate) fn optional_ints<N: Into<i64>>(column: impl IntoIterator<Item = Option<N>>) -> Self {
        let column = column.into_iter();
        Self::OptionalInts(column.map(|number| number.map(Into::into)).collect())
    }

    /// A column of text.
    pub(crate) fn texts<T: Into<String>>(column: impl IntoIterator<Item = T>) -> Self {
        Self::Texts(column.into_iter().map(Into::into).collect())
    }

    /// A column of bytes.
    pub(crate) fn blobs<B: AsRef<[u8]>>(column: impl IntoIterator<Item = B>) -> Self {
        let column = column.into_iter();
        Self::Blobs(column.map(|bytes| bytes.as_ref().to_vec()).collect())
    }

    /// Rows of a column.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ints(column) => column.len(),
            Self::OptionalInts(column) => column.len(),
            Self::Texts(column) => column.len(),
            Self::OptionalTexts(column) => column.len(),
            Self::Blobs(column) => column.len(),
            Self::OptionalBlobs(column) => column.len(),
            // A value by itself, or a set that is absent, is no column.
            _ => 0,
        }
    }

    /// A column of bytes, some of them absent.
    pub(crate) fn optional_blobs<B: AsRef<[u8]>>(
        column: impl IntoIterator<Item = Option<B>>,
    ) -> Self {
        let column = column.into_iter();
        let column = column.map(|bytes| bytes.map(|bytes| bytes.as_ref().to_vec()));
        Self::OptionalBlobs(column.collect())
    }
}

/// A connection in use.
pub(crate) struct Db<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) counters: &'a Counters,
}

type Prepared = Query<'static, Postgres, PgArguments>;

fn prepare(statement: Statement, binds: impl IntoIterator<Item = Bind>) -> Prepared {
    let query = sqlx::query(statement.sql);
    binds.into_iter().fold(query, |query, bind| match bind {
        Bind::Int(number) => query.bind(number),
        Bind::OptionalInt(number) => query.bind(number),
        Bind::Text(text) => query.bind(text),
        Bind::OptionalText(text) => query.bind(text),
        Bind::Blob(bytes) => query.bind(bytes),
        Bind::OptionalBlob(bytes) => query.bind(bytes),
        Bind::Ints(column) => query.bind(column),
        Bind::OptionalInts(column) => query.bind(column),
        Bind::AnyInts => query.bind(None::<Vec<i64>>),
        Bind::Texts(column) => query.bind(column),
        Bind::OptionalTexts(column) => query.bind(column),
        Bind::Blobs(column) => query.bind(column),
        Bind::OptionalBlobs(column) => query.bind(column),
    })
}

impl Db<'_> {
    /// All rows.
    pub(crate) async fn rows<const N: usize>(
        &mut self,
        statement: Statement,
        binds: [Bind; N],
    ) -> StoreResult<Vec<PgRow>> {
        self.counters.count_statement();
        prepare(statement, binds)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(|error| in_statement(statement.name, error))
    }

    /// The number of rows written.
    pub(crate) async fn write<const N: usize>(
        &mut self,
        statement: Statement,
        binds: [Bind; N],
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

    /// The rows that were written, as the statement tells them.
    pub(crate) async fn rows_written<const N: usize>(
        &mut self,
        statement: Statement,
        binds: [Bind; N],
    ) -> StoreResult<Vec<PgRow>> {
        let rows = self.rows(statement, binds).await?;
        let written = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.counters
            .rows_written
            .fetch_add(written, Ordering::Relaxed);
        Ok(rows)
    }

    /// Writes several sets, of so many rows, in one statement that is its own transaction and
    /// refuses what it should not write.
    pub(crate) async fn write_and_commit(
        &mut self,
        statement: Statement,
        binds: Vec<Bind>,
        rows: usize,
    ) -> StoreResult<()> {
        self.counters.count_statement();
        let written = prepare(statement, binds)
            .execute(&mut *self.connection)
            .await;
        written.map_err(|error| in_statement_that_commits(statement.name, error))?;
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.counters
            .rows_written
            .fetch_add(rows, Ordering::Relaxed);
        Ok(())
    }

    /// Writes several sets, of so many rows, in one statement that tells how many of those that
    /// had to be as they were read were.
    pub(crate) async fn write_sets(
        &mut self,
        statement: Statement,
        binds: Vec<Bind>,
        rows: usize,
    ) -> StoreResult<u64> {
        self.counters.count_statement();
        let told = prepare(statement, binds)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| in_statement(statement.name, error))?;
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.counters
            .rows_written
            .fetch_add(rows, Ordering::Relaxed);
        narrow(&told, "matched")
    }
}
