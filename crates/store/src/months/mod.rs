//! Booked person-months as an engine keeps them: packed, on both sides that ask for them.
//!
//! The worker's row says which months are booked and for whom ([`WorkerMonths`]): one character a
//! month, so that a month has room for one employer, whatever goes wrong above. The employer's year
//! says under which reduction code, with what amount and by which entry ([`pack_year`]).
//! [`MonthBook`] changes both together.

mod book;

use std::collections::BTreeMap;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::CodeGroup;

pub use book::{ChangedWorker, ChangedYear, MONTHS_MAX, MonthBook, MonthChanges};

use crate::rows::PersonMonth;
use crate::{StoreError, StoreErrorKind, StoreResult};

/// An employer's year.
pub type YearKey = (EmployerCode, TaxYear);

/// What stands for the employers, in order of their first month.
const SYMBOLS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What stands for a month that is not booked.
const FREE: u8 = b'.';

/// Characters of an employer's code.
const CODE_LENGTH: usize = 18;

/// A worker's booked months, as its row has them. Two rows that say the same are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerMonths {
    /// Index of the first booked month (year × 12 + month − 1); 0 when there is none.
    pub from: i32,
    /// A character for each month from there to the last booked one: `.`, or which employer it is
    /// booked for, counted `0` to `9` and `A` to `Z`.
    pub months: String,
    /// The codes of these employers, one after the other.
    pub employers: String,
}

impl WorkerMonths {
    /// Packs months, which are in order and each there once; `None` when there are more employers
    /// than can be told apart, which no person's months can have.
    pub fn pack(booked: &[BookedMonth]) -> Option<Self> {
        let (Some(first), Some(last)) = (booked.first(), booked.last()) else {
            return Some(Self::default());
        };
        let length = usize::try_from(last.month.since(first.month)).ok()? + 1;
        let mut months = vec![FREE; length];
        let mut employers: Vec<EmployerCode> = Vec::with_capacity(1);
        for it in booked {
            let known = employers.iter().position(|code| *code == it.employer_code);
            let place = known.unwrap_or_else(|| {
                employers.push(it.employer_code);
                employers.len() - 1
            });
            let at = usize::try_from(it.month.since(first.month)).ok()?;
            *months.get_mut(at)? = *SYMBOLS.get(place)?;
        }
        Some(Self {
            from: first.month.index(),
            months: months.into_iter().map(char::from).collect(),
            employers: employers.iter().map(EmployerCode::as_str).collect(),
        })
    }

    /// The months, in order.
    pub fn unpack(&self) -> StoreResult<Vec<BookedMonth>> {
        unpack_months(self.from.into(), &self.months, &self.employers)
    }
}

/// The months of a worker's row, in order.
pub fn unpack_months(from: i64, months: &str, employers: &str) -> StoreResult<Vec<BookedMonth>> {
    read_months(from, months, employers).ok_or_else(|| corrupt("booked months"))
}

fn read_months(from: i64, months: &str, employers: &str) -> Option<Vec<BookedMonth>> {
    let codes = employers.as_bytes().chunks(CODE_LENGTH);
    let codes = codes.map(|code| EmployerCode::parse(std::str::from_utf8(code).ok()?).ok());
    let codes: Vec<EmployerCode> = codes.collect::<Option<_>>()?;
    let mut booked = Vec::with_capacity(months.len());
    for (at, symbol) in (from..).zip(months.bytes()) {
        if symbol == FREE {
            continue;
        }
        let place = SYMBOLS.iter().position(|known| *known == symbol)?;
        booked.push(BookedMonth {
            month: TaxMonth::from_index(i32::try_from(at).ok()?)?,
            employer_code: *codes.get(place)?,
        });
    }
    Some(booked)
}

/// The layout of [`pack_year`].
const YEAR_LAYOUT: u8 = 1;

/// What booked a month, and how: many months of a year share it.
type Mark = (u8, i64, u32);

/// Bytes of a [`Mark`]: group, amount, sequence.
const MARK_BYTES: usize = 1 + 8 + 4;

/// Bytes of a worker's year: its id, and the mark of each month.
const ROW_BYTES: usize = 16 + 12 * 2;

/// Packs the months booked for an employer in a year, each there once, in any order. Numbers are
/// big-endian: the layout's number; how many marks there are (2 bytes) and the marks in order, each
/// group (1), amount in fen (8) and sequence of the entry (4); then for each worker, in order, its
/// id (16) and for each month of the year which mark it has, counted from 1, or 0 (12 × 2).
pub fn pack_year(months: &[PersonMonth]) -> StoreResult<Vec<u8>> {
    let mut marks: Vec<Mark> = months.iter().map(mark_of).collect();
    marks.sort_unstable();
    marks.dedup();
    let count = u16::try_from(marks.len()).map_err(|_| {
        let context = "an employer's year has more marks than can be told apart";
        StoreError::new(StoreErrorKind::Internal, context)
    })?;
    let mut rows: BTreeMap<WorkerId, [u16; 12]> = BTreeMap::new();
    for month in months {
        let place = marks.partition_point(|mark| *mark < mark_of(month));
        let row = rows.entry(month.worker_id).or_default();
        if let Some(number) = row.get_mut(place_in_year(month.month)) {
            *number = u16::try_from(place + 1).unwrap_or_default();
        }
    }
    let mut bytes = Vec::with_capacity(3 + marks.len() * MARK_BYTES + rows.len() * ROW_BYTES);
    bytes.push(YEAR_LAYOUT);
    bytes.extend(count.to_be_bytes());
    for (group, amount, sequence) in marks {
        bytes.push(group);
        bytes.extend(amount.to_be_bytes());
        bytes.extend(sequence.to_be_bytes());
    }
    for (worker, row) in rows {
        bytes.extend(worker.bytes());
        bytes.extend(row.into_iter().flat_map(u16::to_be_bytes));
    }
    Ok(bytes)
}

fn mark_of(month: &PersonMonth) -> Mark {
    (month.group as u8, month.amount_fen.get(), month.sequence)
}

fn place_in_year(month: TaxMonth) -> usize {
    usize::try_from(month.month() - 1).unwrap_or_default()
}

/// The months of an employer's year, by month and worker; none of no bytes.
pub fn unpack_year(bytes: &[u8], key: YearKey) -> StoreResult<Vec<PersonMonth>> {
    read_year(bytes, key).ok_or_else(|| corrupt("months of a year"))
}

fn read_year(bytes: &[u8], (employer_code, year): YearKey) -> Option<Vec<PersonMonth>> {
    let Some((layout, rest)) = bytes.split_first() else {
        return Some(Vec::new());
    };
    if *layout != YEAR_LAYOUT {
        return None;
    }
    let (count, rest) = rest.split_first_chunk()?;
    let count = usize::from(u16::from_be_bytes(*count));
    let (marks, rows) = rest.split_at_checked(count * MARK_BYTES)?;
    let marks = marks.chunks_exact(MARK_BYTES).map(|bytes| {
        let (group, bytes) = bytes.split_first()?;
        let (amount, bytes) = bytes.split_first_chunk()?;
        let sequence = bytes.first_chunk()?;
        Some((
            *CodeGroup::ALL.get(usize::from(*group))?,
            Fen::new(i64::from_be_bytes(*amount)),
            u32::from_be_bytes(*sequence),
        ))
    });
    let marks: Vec<_> = marks.collect::<Option<_>>()?;
    let rows = rows.chunks(ROW_BYTES).map(|row| {
        let (worker, places) = row.split_at_checked(16)?;
        let (places, []) = places.as_chunks::<2>() else {
            return None;
        };
        (places.len() == 12).then_some((WorkerId::from_slice(worker)?, places))
    });
    let rows: Vec<_> = rows.collect::<Option<_>>()?;
    let mut months = Vec::with_capacity(rows.len() * 12);
    for (at, month) in year.first_month().through(year.last_month()).enumerate() {
        for (worker_id, places) in &rows {
            let number = u16::from_be_bytes(*places.get(at)?);
            let Some(place) = number.checked_sub(1) else {
                continue;
            };
            let (group, amount_fen, sequence) = *marks.get(usize::from(place))?;
            months.push(PersonMonth {
                worker_id: *worker_id,
                month,
                employer_code,
                group,
                amount_fen,
                sequence,
            });
        }
    }
    Some(months)
}

/// Adds the months that are booked for one worker in a packed year, in order; none of no bytes.
pub fn add_booked_of(
    worker_id: WorkerId,
    bytes: &[u8],
    key: YearKey,
    booked: &mut Vec<BookedMonth>,
) -> StoreResult<()> {
    let of_worker = find_row(worker_id, bytes).ok_or_else(|| corrupt("months of a year"))?;
    let of_worker = of_worker.unwrap_or_default();
    let months = key.1.first_month().through(key.1.last_month());
    for (month, number) in months.zip(of_worker) {
        if *number != [0; 2] {
            booked.push(BookedMonth {
                month,
                employer_code: key.0,
            });
        }
    }
    Ok(())
}

/// Which mark each month of a worker has, of packed months; workers stand in order.
fn find_row(worker_id: WorkerId, bytes: &[u8]) -> Option<Option<&[[u8; 2]]>> {
    let Some((layout, rest)) = bytes.split_first() else {
        return Some(None);
    };
    let (count, rest) = rest.split_first_chunk()?;
    let marks = usize::from(u16::from_be_bytes(*count)) * MARK_BYTES;
    let (rows, rest) = rest.split_at_checked(marks)?.1.as_chunks::<ROW_BYTES>();
    if *layout != YEAR_LAYOUT || !rest.is_empty() {
        return None;
    }
    let id = worker_id.bytes();
    let Ok(at) = rows.binary_search_by(|row| row.get(..id.len()).cmp(&Some(&id[..]))) else {
        return Some(None);
    };
    let (places, _) = rows.get(at)?.get(id.len()..)?.as_chunks::<2>();
    Some(Some(places))
}

/// The year of a booked month, for its employer.
pub fn year_of(month: &PersonMonth) -> YearKey {
    (month.employer_code, month.month.tax_year())
}

fn conflict(context: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Conflict, context)
}

fn corrupt(what: &str) -> StoreError {
    let context = format!("stored {what} cannot be read");
    StoreError::new(StoreErrorKind::Corrupt, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn employer(number: u32) -> EmployerCode {
        let prefix = format!("91442000MA{number:07}");
        let digits = SYMBOLS.iter().map(|digit| char::from(*digit));
        let code = digits
            .map(|last| format!("{prefix}{last}"))
            .find_map(|code| EmployerCode::parse(&code).ok());
        code.expect("one check digit fits")
    }

    pub(super) fn worker(number: u8) -> WorkerId {
        WorkerId::from_slice(&[number; 16]).expect("sixteen bytes")
    }

    pub(super) fn month(text: &str) -> TaxMonth {
        TaxMonth::parse(text).expect("a month")
    }

    pub(super) fn booked(who: u8, when: &str, whose: u32) -> PersonMonth {
        PersonMonth {
            worker_id: worker(who),
            month: month(when),
            employer_code: employer(whose),
            group: CodeGroup::Unemployment,
            amount_fen: Fen::new(65_000),
            sequence: 1,
        }
    }

    #[test]
    fn a_workers_months_come_back_as_they_were_packed() {
        let one = |when: &str, whose| BookedMonth {
            month: month(when),
            employer_code: employer(whose),
        };
        let all = [
            one("2023-11", 2),
            one("2023-12", 1),
            one("2024-02", 2),
            one("2026-12", 3),
        ];
        let packed = WorkerMonths::pack(&all).expect("packed");
        assert_eq!(packed.from, 2023 * 12 + 10);
        assert_eq!(packed.months, format!("01.0{}2", ".".repeat(33)));
        assert_eq!(packed.employers.len(), 3 * CODE_LENGTH);
        assert_eq!(packed.unpack().expect("unpacked"), all);
        let none = WorkerMonths::pack(&[]).expect("packed");
        assert_eq!((none.from, none.unpack().expect("none")), (0, Vec::new()));
    }

    #[test]
    fn thirty_six_employers_can_be_told_apart_and_no_more() {
        let of = |count: u32| -> Vec<BookedMonth> {
            let months = (0..).zip(0..count);
            let months = months.map(|(at, whose)| BookedMonth {
                month: month("2023-01").plus(at),
                employer_code: employer(whose),
            });
            months.collect()
        };
        let packed = WorkerMonths::pack(&of(36)).expect("packed");
        assert_eq!(packed.unpack().expect("unpacked"), of(36));
        assert_eq!(WorkerMonths::pack(&of(37)), None);
    }

    #[test]
    fn a_row_that_says_nothing_sensible_is_not_read() {
        let code = employer(1);
        let code = code.as_str();
        let good = (24_276, "0", code);
        let wrong = [
            (24_276, "1", code),
            (24_276, "a", code),
            (24_276, "0", &code[1..]),
            (24_276, "0", ""),
            (i64::from(i32::MAX) + 1, "0", code),
        ];
        assert!(read_months(good.0, good.1, good.2).is_some());
        for (from, months, employers) in wrong {
            assert_eq!(read_months(from, months, employers), None, "{months}");
        }
    }

    #[test]
    fn a_years_months_come_back_by_month_and_worker() {
        let year = TaxYear::new(2024).expect("a year");
        let mut months = vec![
            booked(2, "2024-12", 1),
            booked(1, "2024-12", 1),
            booked(2, "2024-01", 1),
        ];
        months[1].group = CodeGroup::Poverty;
        months[1].amount_fen = Fen::new(i64::MIN);
        months[2].sequence = u32::MAX;
        let packed = pack_year(&months).expect("packed");
        assert_eq!(packed.len(), 3 + 3 * MARK_BYTES + 2 * ROW_BYTES);
        months.sort_unstable_by_key(|it| (it.month, it.worker_id));
        let key = (employer(1), year);
        assert_eq!(read_year(&packed, key), Some(months));
        let empty = pack_year(&[]).expect("packed");
        assert_eq!(read_year(&empty, key), Some(Vec::new()));
        assert_eq!(read_year(&[], key), Some(Vec::new()));
    }

    #[test]
    fn one_workers_months_are_found_among_those_of_a_year() {
        let key = year_of(&booked(1, "2024-01", 1));
        let months = [
            booked(2, "2024-12", 1),
            booked(1, "2024-12", 1),
            booked(2, "2024-01", 1),
            booked(4, "2024-03", 1),
        ];
        let packed = pack_year(&months).expect("packed");
        let found = |who, bytes: &[u8]| {
            let mut found = Vec::new();
            add_booked_of(worker(who), bytes, key, &mut found).map(|()| found)
        };
        for who in 1..=5 {
            let mut expected = months.map(|it| (it.worker_id == worker(who), it.booked()));
            expected.sort_unstable_by_key(|(_, it)| it.month);
            let expected = expected.iter().filter(|(is_it, _)| *is_it);
            let expected = Vec::from_iter(expected.map(|(_, it)| *it));
            assert_eq!(found(who, &packed).expect("packed"), expected, "{who}");
        }
        assert_eq!(found(1, &[]).expect("nobody"), []);
        let [cut, longer] = [&packed[..packed.len() - 1], &[&packed[..], &[0]].concat()];
        for wrong in [cut, longer, &[2, 0, 0], &[1, 0], &[1, 0, 1]] {
            let kind = found(1, wrong).expect_err("corrupt").kind();
            assert_eq!(kind, StoreErrorKind::Corrupt);
        }
    }

    #[test]
    fn bytes_that_are_cut_off_or_of_another_layout_are_not_read() {
        let key = year_of(&booked(1, "2024-01", 1));
        let packed = pack_year(&[booked(1, "2024-01", 1)]).expect("packed");
        // Without its workers it is a year of no months.
        let whole = [0, 3 + MARK_BYTES];
        for length in (0..packed.len()).filter(|length| !whole.contains(length)) {
            assert_eq!(read_year(&packed[..length], key), None, "{length}");
        }
        for (at, value) in [(0, 2), (2, 2), (3, 2), (3 + MARK_BYTES + 17, 2)] {
            let mut other = packed.clone();
            other[at] = value;
            assert_eq!(read_year(&other, key), None, "{at}");
        }
    }
}
