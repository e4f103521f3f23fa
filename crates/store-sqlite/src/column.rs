//! Columns to domain values and back.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::FactKind;
use mamagang_domain::filing::FilingKind;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_store::{StoreError, StoreResult};
use serde_json::Value;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row, Type};

use crate::db::Bind;
use crate::error::{corrupt, in_statement};

/// A column by name.
pub(crate) fn get<'r, T>(row: &'r SqliteRow, column: &str) -> StoreResult<T>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(column)
        .map_err(|error| in_statement(column, error))
}

/// A column of a narrower integer type.
pub(crate) fn narrow<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> StoreResult<T> {
    narrowed(get(row, column)?, column)
}

pub(crate) fn narrowed<T: TryFrom<i64>>(number: i64, what: &str) -> StoreResult<T> {
    T::try_from(number).map_err(|_| corrupt(what))
}

/// The place of a row among what was asked for.
pub(crate) fn position(row: &SqliteRow) -> StoreResult<usize> {
    narrow(row, "position")
}

pub(crate) fn employer_code(row: &SqliteRow) -> StoreResult<EmployerCode> {
    parse_employer(get(row, "employer_code")?)
}

pub(crate) fn parse_employer(text: &str) -> StoreResult<EmployerCode> {
    EmployerCode::parse(text).map_err(|_| corrupt("employer_code"))
}

pub(crate) fn worker_id(row: &SqliteRow) -> StoreResult<WorkerId> {
    WorkerId::from_slice(get(row, "worker_id")?).ok_or_else(|| corrupt("worker_id"))
}

/// Sixteen or thirty-two bytes.
pub(crate) fn bytes<const N: usize>(row: &SqliteRow, column: &str) -> StoreResult<[u8; N]> {
    let slice: &[u8] = get(row, column)?;
    slice.try_into().map_err(|_| corrupt(column))
}

pub(crate) fn digest(row: &SqliteRow, column: &str) -> StoreResult<Digest32> {
    bytes(row, column)
}

pub(crate) fn month(index: i64) -> StoreResult<TaxMonth> {
    let index = i32::try_from(index).ok();
    index
        .and_then(TaxMonth::from_index)
        .ok_or_else(|| corrupt("month"))
}

pub(crate) fn tax_year(row: &SqliteRow) -> StoreResult<TaxYear> {
    TaxYear::new(narrow(row, "tax_year")?).ok_or_else(|| corrupt("tax_year"))
}

pub(crate) fn date(days: i64) -> StoreResult<CivilDate> {
    let days = i32::try_from(days).ok();
    days.and_then(CivilDate::from_epoch_day)
        .ok_or_else(|| corrupt("date"))
}

pub(crate) fn fact_kind(row: &SqliteRow) -> StoreResult<FactKind> {
    FactKind::from_number(get(row, "kind")?).ok_or_else(|| corrupt("kind"))
}

pub(crate) fn filing_kind(number: i64) -> StoreResult<FilingKind> {
    FilingKind::from_number(number).ok_or_else(|| corrupt("filing kind"))
}

/// A JSON list that the database has put together; absent where there was nothing to list.
pub(crate) fn list(row: &SqliteRow, column: &str) -> StoreResult<Vec<Vec<Value>>> {
    let text: Option<&str> = get(row, column)?;
    let list = text.map(serde_json::from_str).transpose();
    list.map(Option::unwrap_or_default)
        .map_err(|error: serde_json::Error| corrupt(column).with_source(error))
}

pub(crate) fn item_int(item: &[Value], index: usize) -> StoreResult<i64> {
    item_optional_int(item, index)?.ok_or_else(|| corrupt("list"))
}

pub(crate) fn item_optional_int(item: &[Value], index: usize) -> StoreResult<Option<i64>> {
    match item.get(index) {
        Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| corrupt("list")),
        None => Err(corrupt("list")),
    }
}

pub(crate) fn item_text(item: &[Value], index: usize) -> StoreResult<&str> {
    let text = item.get(index).and_then(Value::as_str);
    text.ok_or_else(|| corrupt("list"))
}

/// Rows for `json_each`.
pub(crate) fn rows_of(rows: impl IntoIterator<Item = Value>) -> Bind {
    Bind::Text(Value::Array(rows.into_iter().collect()).to_string())
}

/// Bytes for `unhex`.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> Value {
    Value::String(hex::encode(bytes))
}

/// An instant bound for "recorded no later than", where none is given.
pub(crate) fn no_later_than(as_of: Option<i64>) -> Bind {
    Bind::Int(as_of.unwrap_or(i64::MAX))
}

/// Puts found rows at the places that they were asked for.
pub(crate) fn place<T: Clone>(
    count: usize,
    found: impl IntoIterator<Item = Result<(usize, T), StoreError>>,
) -> StoreResult<Vec<Option<T>>> {
    let mut places = vec![None; count];
    for row in found {
        let (position, value) = row?;
        let place = places.get_mut(position);
        *place.ok_or_else(|| corrupt("position"))? = Some(value);
    }
    Ok(places)
}
