//! Statements run, counted and with their errors told.

use std::sync::atomic::{AtomicU64, Ordering};

use mamagang_store::StoreResult;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Arguments as _, Encode as _, PgConnection, Postgres};

use crate::column::narrow;
use crate::error::{in_statement, in_statement_that_commits};
use crate::set::Column;
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

/// Bytes of an argument that is a number, or absent.
const ARGUMENT_EXPECTED: usize = 16;

/// An argument of a statement: a value, or a column of a set.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    Int(i64),
    OptionalInt(Option<i64>),
    Text(String),
    OptionalText(Option<String>),
    Blob(Vec<u8>),
    OptionalBlob(Option<Vec<u8>>),
    Column(Column),
    /// All of a set, where it is absent.
    AnyInts,
}

impl Bind {
    /// A column of numbers.
    pub(crate) fn ints<N: Into<i64>>(column: impl IntoIterator<Item = N>) -> Self {
        let column = column.into_iter();
        Self::Column(Column::ints(column.map(|number| Some(number.into()))))
    }

    /// A column of numbers, some of them absent.
    pub(crate) fn optional_ints<N: Into<i64>>(column: impl IntoIterator<Item = Option<N>>) -> Self {
        let column = column.into_iter();
        Self::Column(Column::ints(column.map(|number| number.map(Into::into))))
    }

    /// A column of text.
    pub(crate) fn texts<T: AsRef<str>>(column: impl IntoIterator<Item = T>) -> Self {
        Self::Column(Column::texts(column.into_iter().map(Some)))
    }

    /// A column of text, some of it absent.
    pub(crate) fn optional_texts<T: AsRef<str>>(
        column: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        Self::Column(Column::texts(column.into_iter()))
    }

    /// A column of bytes.
    pub(crate) fn blobs<B: AsRef<[u8]>>(column: impl IntoIterator<Item = B>) -> Self {
        Self::Column(Column::blobs(column.into_iter().map(Some)))
    }

    /// A column of bytes, some of them absent.
    pub(crate) fn optional_blobs<B: AsRef<[u8]>>(
        column: impl IntoIterator<Item = Option<B>>,
    ) -> Self {
        Self::Column(Column::blobs(column.into_iter()))
    }

    /// About how many bytes it takes up as an argument.
    fn bytes_expected(&self) -> usize {
        match self {
            Self::Column(column) => column.size_hint(),
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            _ => ARGUMENT_EXPECTED,
        }
    }

    /// Rows of a column.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Column(column) => column.len(),
            // A value by itself, or a set that is absent, is no column.
            _ => 0,
        }
    }
}

/// A connection in use.
pub(crate) struct Db<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) counters: &'a Counters,
}

type Prepared = Query<'static, Postgres, PgArguments>;

fn prepare(statement: Statement, binds: Vec<Bind>) -> Result<Prepared, sqlx::Error> {
    let arguments = arguments(binds).map_err(sqlx::Error::Encode)?;
    Ok(sqlx::query_with(statement.sql, arguments))
}

/// A batch's arguments are hundreds of kilobytes: room for all is taken at once.
fn arguments(binds: Vec<Bind>) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    let bytes = binds.iter().map(Bind::bytes_expected).sum();
    arguments.reserve(binds.len(), bytes);
    for bind in binds {
        match bind {
            Bind::Int(number) => arguments.add(number),
            Bind::OptionalInt(number) => arguments.add(number),
            Bind::Text(text) => arguments.add(text),
            Bind::OptionalText(text) => arguments.add(text),
            Bind::Blob(bytes) => arguments.add(bytes),
            Bind::OptionalBlob(bytes) => arguments.add(bytes),
            Bind::Column(column) => arguments.add(column),
            Bind::AnyInts => arguments.add(None::<Vec<i64>>),
        }?;
    }
    Ok(arguments)
}

impl Db<'_> {
    /// All rows.
    pub(crate) async fn rows<const N: usize>(
        &mut self,
        statement: Statement,
        binds: [Bind; N],
    ) -> StoreResult<Vec<PgRow>> {
        self.counters.count_statement();
        let told = |error| in_statement(statement.name, error);
        let query = prepare(statement, binds.into()).map_err(told)?;
        query.fetch_all(&mut *self.connection).await.map_err(told)
    }

    /// The number of rows written.
    pub(crate) async fn write<const N: usize>(
        &mut self,
        statement: Statement,
        binds: [Bind; N],
    ) -> StoreResult<u64> {
        self.counters.count_statement();
        let told = |error| in_statement(statement.name, error);
        let query = prepare(statement, binds.into()).map_err(told)?;
        let done = query.execute(&mut *self.connection).await.map_err(told)?;
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
        let query = prepare(statement, binds);
        let query = query.map_err(|error| in_statement(statement.name, error))?;
        let written = query.execute(&mut *self.connection).await;
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
        let told = |error| in_statement(statement.name, error);
        let query = prepare(statement, binds).map_err(told)?;
        let written = query.fetch_one(&mut *self.connection).await;
        let written = written.map_err(told)?;
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.counters
            .rows_written
            .fetch_add(rows, Ordering::Relaxed);
        narrow(&written, "matched")
    }
}
