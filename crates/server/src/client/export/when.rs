//! Instants, as they are typed and as they are shown.

use prost_types::Timestamp;

use crate::clock::{SECONDS_PER_DAY, SHANGHAI_OFFSET_SECONDS, civil_date_in_shanghai};

/// An instant as RFC 3339 text.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "an instant looks like 2024-02-01T00:00:00Z".to_owned())
}

/// Microseconds since 1970.
pub(super) fn micros(instant: &Timestamp) -> i64 {
    instant
        .seconds
        .saturating_mul(1_000_000)
        .saturating_add(i64::from(instant.nanos) / 1_000)
}

/// The instant of microseconds since 1970.
pub(super) fn of_micros(micros: i64) -> Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos,
    }
}

/// In Asia/Shanghai, to the second: `2024-02-01 09:30:00`.
pub(super) fn shown(instant: &Timestamp) -> String {
    let day = civil_date_in_shanghai(micros(instant));
    let date = day.map(|day| day.to_string()).unwrap_or_default();
    let local = instant.seconds.saturating_add(SHANGHAI_OFFSET_SECONDS);
    let seconds = local.rem_euclid(SECONDS_PER_DAY);
    format!(
        "{date} {:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_as_clocks_in_china_show_it() {
        let instant = parse("2023-12-31T16:00:01.5Z").unwrap();
        assert_eq!(shown(&instant), "2024-01-01 00:00:01");
        assert_eq!(of_micros(micros(&instant)), instant);
        assert!(parse("yesterday").is_err());
    }
}
