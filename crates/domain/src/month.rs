//! Tax months, tax periods and tax years.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::date::{CivilDate, digits, first_day_of, write_ascii};

/// A calendar month, kept as `year * 12 + (month - 1)`, so that a difference is a count of months.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaxMonth(i32);

/// Why a text is not a month or a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MonthError {
    /// Not `2024-05`.
    #[error("not a month of the form 2024-05")]
    Month,
    /// Neither `2024-05` nor `2024-Q2`.
    #[error("not a tax period of the form 2024-05 or 2024-Q2")]
    Period,
}

impl TaxMonth {
    /// The month of a year and a month number 1–12, or `None`.
    pub fn new(year: i32, month: i32) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month))
            .then(|| Self(year * 12 + month - 1))
    }

    /// The month with the given running number; see [`TaxMonth::index`].
    pub fn from_index(index: i32) -> Option<Self> {
        (12..12 * 10_000).contains(&index).then_some(Self(index))
    }

    /// The running number `year * 12 + (month - 1)`: the stored form.
    pub const fn index(self) -> i32 {
        self.0
    }

    /// The month that holds a date.
    pub const fn of(date: CivilDate) -> Self {
        let (year, month, _) = date.to_ymd();
        Self(year as i32 * 12 + month as i32 - 1)
    }

    /// Reads `2024-05` strictly.
    pub fn parse(text: &str) -> Result<Self, MonthError> {
        let bytes = text.as_bytes();
        let shape_is_right = bytes.len() == 7
            && bytes.iter().enumerate().all(|(index, byte)| match index {
                4 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape_is_right {
            return Err(MonthError::Month);
        }
        let year = text[0..4].parse().map_err(|_| MonthError::Month)?;
        let month = text[5..7].parse().map_err(|_| MonthError::Month)?;
        Self::new(year, month).ok_or(MonthError::Month)
    }

    /// The calendar year.
    #[inline]
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// The tax year that the month lies in.
    #[inline]
    pub const fn tax_year(self) -> TaxYear {
        TaxYear(self.year())
    }

    /// The month number, 1–12.
    #[inline]
    pub const fn month(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// The month `months` later (earlier when negative).
    #[inline]
    pub const fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months))
    }

    /// Whole months from `earlier` to `self`.
    #[inline]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The first day of the month.
    #[inline]
    pub const fn first_day(self) -> CivilDate {
        first_day_of(self.year(), self.month())
    }

    /// The last day of the month.
    #[inline]
    pub fn last_day(self) -> CivilDate {
        self.plus(1).first_day().plus_days(-1)
    }

    /// The months from `self` to `last`, both included; empty when `last` is earlier.
    pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (self.0..=last.0).map(Self)
    }
}

impl fmt::Display for TaxMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digit by digit: an answer holds dozens of months.
        match u16::try_from(self.year()) {
            Ok(year @ 0..=9_999) => {
                let [a, b, c, d] = digits(year);
                let [e, m] = [self.month() / 10, self.month() % 10].map(|it| b'0' + it as u8);
                write_ascii(f, &[a, b, c, d, b'-', e, m])
            }
            _ => write!(f, "{:04}-{:02}", self.year(), self.month()),
        }
    }
}

impl fmt::Debug for TaxMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A calendar year as the tax year, 1–9998.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaxYear(i32);

impl TaxYear {
    /// The first one there is.
    pub const MIN: Self = Self(1);

    /// The tax year, or `None` outside 1–9998.
    pub fn new(year: i32) -> Option<Self> {
        (Self::MIN.0..=9998).contains(&year).then_some(Self(year))
    }

    /// The year's number.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// January.
    pub const fn first_month(self) -> TaxMonth {
        TaxMonth(self.0 * 12)
    }

    /// December.
    pub const fn last_month(self) -> TaxMonth {
        TaxMonth(self.0 * 12 + 11)
    }
}

/// How often an employer files VAT (纳税期限).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FilingCycle {
    /// Each month.
    Monthly,
    /// Each quarter.
    Quarterly,
}

/// A VAT period: a month (`2024-05`) or a quarter (`2024-Q2`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaxPeriod {
    first: TaxMonth,
    cycle: FilingCycle,
}

impl TaxPeriod {
    /// The period that is one month.
    pub const fn month(month: TaxMonth) -> Self {
        Self {
            first: month,
            cycle: FilingCycle::Monthly,
        }
    }

    /// Quarter 1–4 of a year, or `None`.
    pub fn quarter(year: i32, quarter: i32) -> Option<Self> {
        if !(1..=4).contains(&quarter) {
            return None;
        }
        let first = TaxMonth::new(year, quarter * 3 - 2)?;
        Some(Self {
            first,
            cycle: FilingCycle::Quarterly,
        })
    }

    /// Reads `2024-05` or `2024-Q2` strictly.
    pub fn parse(text: &str) -> Result<Self, MonthError> {
        if let Ok(month) = TaxMonth::parse(text) {
            return Ok(Self::month(month));
        }
        let (year, quarter) = text.split_once("-Q").ok_or(MonthError::Period)?;
        let digits = year.len() == 4
            && quarter.len() == 1
            && year
                .bytes()
                .chain(quarter.bytes())
                .all(|b| b.is_ascii_digit());
        if !digits {
            return Err(MonthError::Period);
        }
        let year = year.parse().map_err(|_| MonthError::Period)?;
        let quarter = quarter.parse().map_err(|_| MonthError::Period)?;
        Self::quarter(year, quarter).ok_or(MonthError::Period)
    }

    /// Monthly or quarterly.
    pub const fn cycle(self) -> FilingCycle {
        self.cycle
    }

    /// The first month.
    pub const fn first_month(self) -> TaxMonth {
        self.first
    }

    /// The last month.
    pub const fn last_month(self) -> TaxMonth {
        match self.cycle {
            FilingCycle::Monthly => self.first,
            FilingCycle::Quarterly => self.first.plus(2),
        }
    }

    /// The tax year that the period lies in.
    pub const fn year(self) -> TaxYear {
        self.first.tax_year()
    }

    /// The period's number inside its year, from 0.
    pub const fn ordinal(self) -> i32 {
        match self.cycle {
            FilingCycle::Monthly => self.first.month() - 1,
            // A quarter begins in month 1, 4, 7 or 10.
            FilingCycle::Quarterly => self.first.month() / 3,
        }
    }
}

impl fmt::Display for TaxPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cycle {
            FilingCycle::Monthly => fmt::Display::fmt(&self.first, f),
            FilingCycle::Quarterly => write!(f, "{:04}-Q{}", self.first.year(), self.ordinal() + 1),
        }
    }
}

impl fmt::Debug for TaxPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_with_its_digits_at_both_ends_of_the_calendar() {
        for text in ["0001-01", "0987-10", "2024-09", "9999-12"] {
            assert_eq!(TaxMonth::parse(text).expect("a month").to_string(), text);
        }
        let beyond = TaxMonth::parse("9999-12").expect("a month").plus(1);
        assert_eq!(beyond.to_string(), "10000-01");
    }

    #[test]
    fn months_and_periods_are_read_strictly_and_written_back() {
        for text in ["2024-05", "2024-Q2", "2024-12", "2024-Q4"] {
            assert_eq!(TaxPeriod::parse(text).expect("a period").to_string(), text);
        }
        for wrong in [
            "2024-13", "2024-00", "2024-5", "2024-Q5", "2024-Q0", "2024Q2", "24-Q2", "", "2024-q2",
            "+024-Q1",
        ] {
            assert_eq!(TaxPeriod::parse(wrong), Err(MonthError::Period), "{wrong}");
        }
    }

    #[test]
    fn a_date_lies_in_the_month_that_it_names() {
        for (date, month) in [
            ("2023-12-31", "2023-12"),
            ("2024-01-01", "2024-01"),
            ("2024-02-29", "2024-02"),
        ] {
            let date = CivilDate::parse(date).expect("a date");
            assert_eq!(TaxMonth::of(date).to_string(), month);
        }
    }

    #[test]
    fn a_quarter_spans_three_months_of_its_year() {
        let quarter = TaxPeriod::parse("2024-Q2").expect("a period");
        assert_eq!(quarter.first_month().to_string(), "2024-04");
        assert_eq!(quarter.last_month().to_string(), "2024-06");
        assert_eq!(quarter.last_month().last_day().to_string(), "2024-06-30");
        assert_eq!(quarter.year().number(), 2024);
        assert_eq!(quarter.ordinal(), 1);
    }

    #[test]
    fn periods_are_numbered_from_0_inside_their_year() {
        for (text, number) in [
            ("2024-01", 0),
            ("2024-02", 1),
            ("2024-12", 11),
            ("2024-Q1", 0),
            ("2024-Q2", 1),
            ("2024-Q3", 2),
            ("2024-Q4", 3),
        ] {
            assert_eq!(
                TaxPeriod::parse(text).expect("a period").ordinal(),
                number,
                "{text}"
            );
        }
    }

    #[test]
    fn a_log_shows_months_and_periods_as_they_are_written() {
        let (month, quarter) = (TaxMonth::parse("2024-05"), TaxPeriod::parse("2024-Q2"));
        assert_eq!(format!("{month:?} {quarter:?}"), "Ok(2024-05) Ok(2024-Q2)");
    }

    #[test]
    fn month_arithmetic_crosses_years() {
        let july = TaxMonth::parse("2022-07").expect("a month");
        assert_eq!(july.plus(35).to_string(), "2025-06");
        assert_eq!(july.plus(35).since(july), 35);
        assert_eq!(
            TaxMonth::parse("2024-02")
                .expect("a month")
                .last_day()
                .to_string(),
            "2024-02-29"
        );
    }
}
