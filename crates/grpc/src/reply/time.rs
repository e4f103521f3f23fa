//! Dates, months and instants as the API writes them.

use mamagang_domain::date::CivilDate;
use mamagang_domain::month::TaxMonth;
use prost_types::Timestamp;

/// A date as `2024-05-20`; empty when there is none.
pub(crate) fn date_or_empty(date: Option<CivilDate>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

/// A month as `2024-05`; empty when there is none.
pub(crate) fn month_or_empty(month: Option<TaxMonth>) -> String {
    month.map(|month| month.to_string()).unwrap_or_default()
}

/// The instant of so many microseconds since 1970-01-01T00:00Z.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    let rest = micros.rem_euclid(1_000_000) * 1_000;
    Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(rest).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_before_1970_counts_its_microseconds_forwards() {
        assert_eq!(
            timestamp(1_500_000),
            Timestamp {
                seconds: 1,
                nanos: 500_000_000
            }
        );
        assert_eq!(
            timestamp(-1),
            Timestamp {
                seconds: -1,
                nanos: 999_999_000
            }
        );
    }

    #[test]
    fn what_is_absent_is_the_empty_text() {
        assert_eq!(date_or_empty(None), "");
        assert_eq!(month_or_empty(TaxMonth::parse("2024-05").ok()), "2024-05");
    }
}
