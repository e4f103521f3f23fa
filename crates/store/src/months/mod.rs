//! Booked person-months as an engine keeps them: packed, on both sides that ask for them.
//!
//! The worker's row says which months are booked and for whom ([`WorkerMonths`]): one character a
//! month, so that a month has room for one employer, whatever goes wrong above. The employer's year
//! says under which reduction code, with what amount and by which entry ([`pack_year`]).
//! [`MonthBook`] changes both together.

mod book;
mod year;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::{TaxMonth, TaxYear};

pub use book::{ChangedWorker, ChangedYear, MONTHS_MAX, MonthBook, MonthChanges};
pub use year::{add_booked_of, pack_year, unpack_year};

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
    use mamagang_domain::ids::WorkerId;
    use mamagang_domain::money::Fen;
    use mamagang_domain::policy::CodeGroup;

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
}
