//! Columns to domain values and back.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::FactKind;
use mamagang_domain::filing::FilingKind;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::CodeGroup;
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

/// A list of numbers. The library's own decoding of an array costs more than the statement that
/// gathers it, since it asks for every element's type anew.
pub(crate) struct Numbers(pub(crate) Vec<i64>);

impl Type<Postgres> for Numbers {
    fn type_info() -> PgTypeInfo {
        <Vec<i64> as Type<Postgres>>::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        <Vec<i64> as Type<Postgres>>::compatible(info)
            || <Vec<i32> as Type<Postgres>>::compatible(info)
    }
}

impl<'r> Decode<'r, Postgres> for Numbers {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(numbers(value.as_bytes()?)?))
    }
}

/// An array as PostgreSQL sends it: dimensions, whether any is NULL, the elements' type, the length
/// and the first index; then each element's size and bytes.
fn numbers(bytes: &[u8]) -> Result<Vec<i64>, &'static str> {
    let cut_off = "an array that is cut off";
    let (dimensions, rest) = bytes.split_first_chunk().ok_or(cut_off)?;
    match i32::from_be_bytes(*dimensions) {
        0 => return Ok(Vec::new()),
        1 => {}
        _ => return Err("an array of several dimensions"),
    }
    let mut rest = rest.get(16..).ok_or(cut_off)?;
    let mut numbers = Vec::with_capacity(rest.len() / 8);
    while !rest.is_empty() {
        let (size, element) = rest.split_first_chunk().ok_or(cut_off)?;
        let number;
        (number, rest) = match i32::from_be_bytes(*size) {
            4 => {
                let (narrow, after) = element.split_first_chunk().ok_or(cut_off)?;
                (i32::from_be_bytes(*narrow).into(), after)
            }
            8 => {
                let (wide, after) = element.split_first_chunk().ok_or(cut_off)?;
                (i64::from_be_bytes(*wide), after)
            }
            _ => return Err("an element that is no number"),
        };
        numbers.push(number);
    }
    Ok(numbers)
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

pub(crate) fn code_group(number: i64) -> StoreResult<CodeGroup> {
    let index = usize::try_from(number).ok();
    let group = index.and_then(|index| CodeGroup::ALL.get(index));
    group.copied().ok_or_else(|| corrupt("code_group"))
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

#[cfg(test)]
mod tests {
    use super::numbers;

    /// An array of one dimension with these elements, each its size and bytes.
    fn array(elements: &[&[u8]]) -> Vec<u8> {
        let head = [1, 0, 20, elements.len() as u32, 1];
        let mut bytes: Vec<u8> = head.iter().flat_map(|field| field.to_be_bytes()).collect();
        for element in elements {
            bytes.extend((element.len() as u32).to_be_bytes());
            bytes.extend(*element);
        }
        bytes
    }

    #[test]
    fn numbers_of_both_widths_are_read() {
        let [narrow, wide] = [-7_i32, 24_300].map(i32::to_be_bytes);
        assert_eq!(numbers(&array(&[&narrow, &wide])), Ok(vec![-7, 24_300]));
        let [least, most] = [i64::MIN, i64::MAX].map(i64::to_be_bytes);
        assert_eq!(
            numbers(&array(&[&least, &most])),
            Ok(vec![i64::MIN, i64::MAX])
        );
        let none = [0_u32, 0, 20].iter().flat_map(|field| field.to_be_bytes());
        assert_eq!(numbers(&none.collect::<Vec<u8>>()), Ok(Vec::new()));
    }

    #[test]
    fn an_array_that_is_none_of_numbers_is_refused() {
        let whole = array(&[&1_i64.to_be_bytes()]);
        // Whatever is cut off, but for the only element as a whole.
        for length in (0..whole.len()).filter(|length| *length != 20) {
            assert!(numbers(&whole[..length]).is_err(), "{length}");
        }
        let mut absent = array(&[]);
        absent.extend((-1_i32).to_be_bytes());
        assert!(numbers(&absent).is_err());
        let mut square = whole;
        square[3] = 2;
        assert!(numbers(&square).is_err());
    }
}
