//! Civil dates in Asia/Shanghai, kept as days since 1970-01-01.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

const EPOCH: Date = Date::constant(1970, 1, 1);

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
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self::from_jiff)
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
    pub fn year(self) -> i16 {
        self.to_jiff().year()
    }

    /// The calendar month, 1–12.
    pub fn month(self) -> i8 {
        self.to_jiff().month()
    }

    /// The day of the month, 1–31.
    pub fn day(self) -> i8 {
        self.to_jiff().day()
    }

    /// The date `days` later (earlier when negative), inside years 1–9999.
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(Self::MIN.0, Self::MAX.0))
    }

    /// The date `months` later in one step; a day that the target month lacks becomes its last
    /// day (31 August + 6 months = the last day of February). Not associative: never add months
    /// one by one.
    pub fn plus_months(self, months: i32) -> Self {
        self.to_jiff()
            .checked_add(months.months())
            .map_or(Self::MAX, Self::from_jiff)
    }

    fn from_jiff(date: Date) -> Self {
        // A civil date has whole days only, so hours divide by 24 without rest.
        let hours = date.duration_since(EPOCH).as_hours();
        Self(i32::try_from(hours / 24).unwrap_or(i32::MAX))
    }

    fn to_jiff(self) -> Date {
        // Every value lies between MIN and MAX, which jiff covers.
        EPOCH.checked_add(self.0.days()).unwrap_or(Date::MAX)
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.to_jiff();
        write!(
            f,
            "{:04}-{:02}-{:02}",
            date.year(),
            date.month(),
            date.day()
        )
    }
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
