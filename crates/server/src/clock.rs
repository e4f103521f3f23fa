//! The wall clock, read here and nowhere else, and the law's calendar.

use std::time::{SystemTime, UNIX_EPOCH};

use mamagang_domain::date::CivilDate;
use mamagang_store::Clock;

const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const SECONDS_PER_DAY: i64 = 24 * 60 * 60;
/// China has had one offset since its last summer time ended on 1991-09-15.
pub(crate) const SHANGHAI_OFFSET_SECONDS: i64 = 8 * 60 * 60;

/// The wall clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the wall clock is read"
    )]
    fn now_micros(&self) -> i64 {
        let now = SystemTime::now();
        match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros)
            }
        }
    }
}

/// The civil date in Asia/Shanghai at an instant, microseconds since 1970-01-01T00:00Z.
///
/// A day begins at 16:00 UTC of the day before. Right for instants from 1991-09-15 on, which are all that the service
/// records. `None` outside years 1–9999.
pub fn civil_date_in_shanghai(micros: i64) -> Option<CivilDate> {
    let local_seconds = micros.div_euclid(MICROS_PER_SECOND) + SHANGHAI_OFFSET_SECONDS;
    let day = i32::try_from(local_seconds.div_euclid(SECONDS_PER_DAY)).ok()?;
    CivilDate::from_epoch_day(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-05-20T16:00:00Z, which is midnight in Shanghai.
    const MIDNIGHT: i64 = 1_716_220_800 * MICROS_PER_SECOND;

    fn date(text: &str) -> Option<CivilDate> {
        Some(CivilDate::parse(text).unwrap())
    }

    #[test]
    fn a_day_ends_at_sixteen_hours_of_universal_time() {
        assert_eq!(civil_date_in_shanghai(MIDNIGHT - 1), date("2024-05-20"));
        assert_eq!(civil_date_in_shanghai(MIDNIGHT), date("2024-05-21"));
        let next = MIDNIGHT + SECONDS_PER_DAY * MICROS_PER_SECOND;
        assert_eq!(civil_date_in_shanghai(next - 1), date("2024-05-21"));
        assert_eq!(civil_date_in_shanghai(next), date("2024-05-22"));
    }

    #[test]
    fn a_year_ends_eight_hours_before_that_of_universal_time() {
        // 2026-12-31T16:00:00Z.
        let new_year = 1_798_732_800 * MICROS_PER_SECOND;
        assert_eq!(civil_date_in_shanghai(new_year - 1), date("2026-12-31"));
        assert_eq!(civil_date_in_shanghai(new_year), date("2027-01-01"));
    }

    #[test]
    fn instants_around_the_epoch_round_down() {
        let eight_hours = SHANGHAI_OFFSET_SECONDS * MICROS_PER_SECOND;
        assert_eq!(civil_date_in_shanghai(0), date("1970-01-01"));
        assert_eq!(civil_date_in_shanghai(-eight_hours), date("1970-01-01"));
        assert_eq!(civil_date_in_shanghai(-eight_hours - 1), date("1969-12-31"));
    }

    #[test]
    fn an_instant_beyond_the_calendar_has_no_date() {
        // 10000-01-01T00:00 in Shanghai.
        let end = 253_402_272_000 * MICROS_PER_SECOND;
        assert_eq!(civil_date_in_shanghai(end - 1), date("9999-12-31"));
        assert_eq!(civil_date_in_shanghai(end), None);
        assert_eq!(civil_date_in_shanghai(i64::MIN), None);
        assert_eq!(civil_date_in_shanghai(i64::MAX), None);
    }

    #[test]
    fn the_wall_clock_counts_microseconds() {
        // 2026-01-01 and 2100-01-01: no other unit fits between them.
        let range = 1_767_225_600 * MICROS_PER_SECOND..4_102_444_800 * MICROS_PER_SECOND;
        assert!(range.contains(&SystemClock.now_micros()));
    }
}
