//! Columns to domain values and back.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::FactKind;
use mamagang_domain::filing::FilingKind;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_store::{StoreError, StoreResult};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgRow, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{Decode, Row, Type};

use crate::db::Bind;
use crate::error::{corrupt, in_statement};

/// A column by name.
pub(crate) fn get<'r, T>(row: &'r PgRow, column: &str) -> StoreResult<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(column)
        .map_err(|error| in_statement(column, error))
}

/// An `integer` or a `bigint`: columns are as wide as their values need, Rust counts in `i64`.
struct Number(i64);

impl Type<Postgres> for Number {
    fn type_info() -> PgTypeInfo {
        <i64 as Type<Postgres>>::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        <i64 as Type<Postgres>>::compatible(info) || <i32 as Type<Postgres>>::compatible(info)
    }
}

impl<'r> Decode<'r, Postgres> for Number {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = value.as_bytes()?;
        if let Ok(wide) = bytes.try_into() {
            return Ok(Self(i64::from_be_bytes(wide)));
        }
        Ok(Self(i32::from_be_bytes(bytes.try_into()?).into()))
    }
}

/// A number.
pub(crate) fn int(row: &PgRow, column: &str) -> StoreResult<i64> {
    get::<Number>(row, column).map(|number| number.0)
}

/// A number that may be absent.
pub(crate) fn optional_int(row: &PgRow, column: &str) -> StoreResult<Option<i64>> {
    let number: Option<Number> = get(row, column)?;
    Ok(number.map(|number| number.0))
}

/// A number of a narrower type.
pub(crate) fn narrow<T: TryFrom<i64>>(row: &PgRow, column: &str) -> StoreResult<T> {
    narrowed(int(row, column)?, column)
}

pub(crate) fn narrowed<T: TryFrom<i64>>(number: i64, what: &str) -> StoreResult<T> {
    T::try_from(number).map_err(|_| corrupt(what))
}

/// The place of a row among what was asked for.
pub(crate) fn place_of(row: &PgRow) -> StoreResult<usize> {
    narrow(row, "place")
}

pub(crate) fn employer_code(row: &PgRow) -> StoreResult<EmployerCode> {
    parse_employer(get(row, "employer_code")?)
}

pub(crate) fn parse_employer(text: &str) -> StoreResult<EmployerCode> {
    EmployerCode::parse(text).map_err(|_| corrupt("employer_code"))
}

pub(crate) fn worker_id(row: &PgRow) -> StoreResult<WorkerId> {
    WorkerId::from_slice(get(row, "worker_id")?).ok_or_else(|| corrupt("worker_id"))
}

/// Sixteen or thirty-two bytes.
pub(crate) fn bytes<const N: usize>(row: &PgRow, column: &str) -> StoreResult<[u8; N]> {
    let slice: &[u8] = get(row, column)?;
    slice.try_into().map_err(|_| corrupt(column))
}

pub(crate) fn digest(row: &PgRow, column: &str) -> StoreResult<Digest32> {
    bytes(row, column)
}

pub(crate) fn month(index: i64) -> StoreResult<TaxMonth> {
    let index = i32::try_from(index).ok();
    index
        .and_then(TaxMonth::from_index)
        .ok_or_else(|| corrupt("month"))
}

pub(crate) fn tax_year(row: &PgRow) -> StoreResult<TaxYear> {
    TaxYear::new(narrow(row, "tax_year")?).ok_or_else(|| corrupt("tax_year"))
}

pub(crate) fn date(days: i64) -> StoreResult<CivilDate> {
    let days = i32::try_from(days).ok();
    days.and_then(CivilDate::from_epoch_day)
        .ok_or_else(|| corrupt("date"))
}

pub(crate) fn fact_kind(row: &PgRow) -> StoreResult<FactKind> {
    FactKind::from_number(int(row, "kind")?).ok_or_else(|| corrupt("kind"))
}

pub(crate) fn filing_kind(number: i64) -> StoreResult<FilingKind> {
    FilingKind::from_number(number).ok_or_else(|| corrupt("filing kind"))
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
        *place.ok_or_else(|| corrupt("place"))? = Some(value);
    }
    Ok(places)
}
