//! Civil dates in Asia/Shanghai, kept as days since 1970-01-01.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Days from 0000-03-01 to 1970-01-01. Years counted from March end in their leap day.
const EPOCH_FROM_MARCH_0: i32 = 719_468;
const DAYS_OF_400_YEARS: u32 = 146_097;

/// A civil date. Ordered by day; stored on every engine as its epoch day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CivilDate(i32);

/// Why a text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form 2024-05-20")]
pub struct DateError;

impl CivilDate {
    /// 9999-12-31, the latest date.
    pub const MAX: Self = Self(2_932_896);

    /// The date of a year, month (1–12) and day, or `None` where the calendar has none.
    pub const fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        let is_day = 1 <= year
            && year <= 9999
            && 1 <= month
            && month <= 12
            && 1 <= day
            && day <= days_of_month(year, month);
        if !is_day {
            return None;
        }
        Some(Self(days_from_civil(year as i32, month as i32, day as i32)))
    }

    /// 0001-01-01, the earliest date.
    pub const MIN: Self = Self(-719_162);

    /// The date that lies `days` after 1970-01-01. `None` outside years 1–9999.
    pub fn from_epoch_day(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&days)
            .then_some(Self(days))
    }

    /// Days since 1970-01-01.
    pub const fn epoch_day(self) -> i32 {
        self.0
    }

    /// Reads `2024-05-20` strictly: ten ASCII characters, a date that exists.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let bytes = text.as_bytes();
        let shape_is_right = bytes.len() == 10
            && bytes.iter().enumerate().all(|(index, byte)| match index {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape_is_right {
            return Err(DateError);
        }
        let year = text[0..4].parse().map_err(|_| DateError)?;
        let month = text[5..7].parse().map_err(|_| DateError)?;
        let day = text[8..10].parse().map_err(|_| DateError)?;
        if year == 0 {
            return Err(DateError);
        }
        Self::from_ymd(year, month, day).ok_or(DateError)
    }

    /// The calendar year.
    pub const fn year(self) -> i16 {
        self.to_ymd().0
    }

    /// The calendar month, 1–12.
    pub const fn month(self) -> i8 {
        self.to_ymd().1
    }

    /// The day of the month, 1–31.
    pub const fn day(self) -> i8 {
        self.to_ymd().2
    }

    /// The date `days` later (earlier when negative), inside years 1–9999.
    #[inline]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The date `months` later in one step; a day that the target month lacks becomes its last
    /// day (31 August + 6 months = the last day of February). Not associative: never add months
    /// one by one.
    pub fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.to_ymd();
        let index = (i32::from(year) * 12 + i32::from(month) - 1).saturating_add(months);
        let Ok(year) = i16::try_from(index.div_euclid(12)) else {
            return Self::MAX;
        };
        // A remainder of 12 fits.
        let month = index.rem_euclid(12) as i8 + 1;
        Self::from_ymd(year, month, day.min(days_of_month(year, month))).unwrap_or(Self::MAX)
    }

    /// Year, month and day. The arithmetic is done in integers and by hand, since a decision asks
    /// for some hundred dates (after Howard Hinnant, "chrono-Compatible Low-Level Date
    /// Algorithms"); a test compares every day with a calendar library.
    pub(crate) const fn to_ymd(self) -> (i16, i8, i8) {
        // No date lies before the first March, so that nothing is negative.
        let days = (self.0 + EPOCH_FROM_MARCH_0) as u32;
        let era = days / DAYS_OF_400_YEARS;
        let day_of_era = days % DAYS_OF_400_YEARS;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        // A date lies in years 1–9999.
        (year as i16, month as i8, day as i8)
    }
}

/// Days since 1970-01-01 of a date of the calendar, in years 1–9999.
#[inline]
const fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    // Counted from a March no later than the first year's, nothing is negative.
    let (year, month, day) = (year as u32, month as u32, day as u32);
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
    days as i32 - EPOCH_FROM_MARCH_0
}

/// Days of a month, 1–12.
const fn days_of_month(year: i16, month: i8) -> i8 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The first day of a month that `TaxMonth` counts, or the last date.
#[inline]
pub(crate) const fn first_day_of(year: i32, month: i32) -> CivilDate {
    if 1 <= year && year <= 9999 {
        CivilDate(days_from_civil(year, month, 1))
    } else {
        CivilDate::MAX
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.to_ymd();
        let [a, b, c, d] = digits(year.unsigned_abs());
        let [e, m] = [month / 10, month % 10].map(|it| b'0' + it.unsigned_abs());
        let [g, h] = [day / 10, day % 10].map(|it| b'0' + it.unsigned_abs());
        write_ascii(f, &[a, b, c, d, b'-', e, m, b'-', g, h])
    }
}

/// The four digits of a number below 10,000.
pub(crate) fn digits(number: u16) -> [u8; 4] {
    [1_000, 100, 10, 1].map(|place| b'0' + (number / place % 10) as u8)
}

/// Writes characters of ASCII.
pub(crate) fn write_ascii(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(bytes).map_err(|_| fmt::Error)?)
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for CivilDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CivilDate {
        CivilDate::parse(text).expect("a test date")
    }

    #[test]
    fn a_date_is_written_with_all_its_digits() {
        for text in ["0001-01-01", "0987-10-09", "2024-02-29", "9999-12-31"] {
            assert_eq!(date(text).to_string(), text);
        }
    }

    #[test]
    fn six_months_after_the_last_of_august_is_the_last_of_february() {
        assert_eq!(date("2022-08-31").plus_months(6), date("2023-02-28"));
        assert_eq!(date("2023-08-31").plus_months(6), date("2024-02-29"));
    }

    #[test]
    fn thirty_six_months_are_one_step() {
        assert_eq!(date("2023-01-31").plus_months(36), date("2026-01-31"));
        let one_by_one = (0..36).fold(date("2023-01-31"), |day, _| day.plus_months(1));
        assert_eq!(one_by_one, date("2026-01-28"));
    }

    #[test]
    fn every_day_is_that_of_a_calendar_library() {
        let mut day = jiff::civil::Date::constant(1, 1, 1);
        for number in CivilDate::MIN.0..=CivilDate::MAX.0 {
            let date = CivilDate(number);
            let expected = (day.year(), day.month(), day.day());
            assert_eq!(date.to_ymd(), expected);
            let (year, month, of_month) = expected;
            assert_eq!(CivilDate::from_ymd(year, month, of_month), Some(date));
            day = day.tomorrow().unwrap_or(day);
        }
        for (year, month, of_month) in [
            (2023, 2, 29),
            (2024, 2, 30),
            (2024, 4, 31),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 1, 0),
            (0, 1, 1),
            (10_000, 1, 1),
        ] {
            assert_eq!(CivilDate::from_ymd(year, month, of_month), None);
        }
    }

    #[test]
    fn months_are_added_as_a_calendar_library_adds_them() {
        let first = jiff::civil::Date::constant(2019, 1, 1);
        for offset in 0..(366 * 5) {
            let day = first
                .checked_add(jiff::Span::new().days(offset))
                .expect("a day");
            let date = CivilDate::from_ymd(day.year(), day.month(), day.day()).expect("a date");
            for months in [-37, -12, -1, 0, 1, 6, 11, 12, 36] {
                let added = day
                    .checked_add(jiff::Span::new().months(months))
                    .expect("a day");
                let expected = CivilDate::from_ymd(added.year(), added.month(), added.day());
                assert_eq!(Some(date.plus_months(months)), expected, "{date} {months}");
            }
        }
        assert_eq!(date("9999-12-01").plus_months(1), CivilDate::MAX);
        assert_eq!(date("0001-01-01").plus_months(i32::MAX), CivilDate::MAX);
    }

    #[test]
    fn only_the_strict_form_of_a_real_day_is_read() {
        assert_eq!(date("2024-02-29").to_string(), "2024-02-29");
        for wrong in [
            "2023-02-29",
            "2024-2-29",
            "2024-02-29 ",
            "20240229",
            "",
            "0000-01-01",
            "２０２４-02-29",
        ] {
            assert_eq!(CivilDate::parse(wrong), Err(DateError), "{wrong}");
        }
    }

    #[test]
    fn epoch_days_round_trip() {
        for text in [
            "1970-01-01",
            "1969-12-31",
            "2019-01-01",
            "9999-12-31",
            "0001-01-01",
        ] {
            let day = date(text);
            assert_eq!(CivilDate::from_epoch_day(day.epoch_day()), Some(day));
            assert_eq!(day.to_string(), text);
        }
        assert_eq!(CivilDate::from_epoch_day(i32::MAX), None);
        assert_eq!(CivilDate::MAX, date("9999-12-31"));
        assert_eq!(CivilDate::MIN, date("0001-01-01"));
    }
}
