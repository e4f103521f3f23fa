//! Requests of the ledger's forms and of its chains.

use mamagang_app::AccessContext;
use mamagang_app::ledger::ReliefScheduleQuery;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::ChainAnchor;
use mamagang_domain::month::TaxYear;
use mamagang_proto::v1;

use super::check::Checker;
use super::person;

/// Whose working time, without the page.
#[derive(Debug)]
pub(crate) struct WorkTimeSelection {
    pub(crate) context: AccessContext,
    pub(crate) employer_code: EmployerCode,
    pub(crate) tax_year: TaxYear,
    pub(crate) as_of: Option<i64>,
}

/// Whose working time.
pub(crate) fn work_time(
    check: &mut Checker<'_>,
    told: &v1::GetWorkTimeTableRequest,
) -> Option<WorkTimeSelection> {
    let context = person::context(check, told.context.as_ref());
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    Some(WorkTimeSelection {
        context: context?,
        employer_code: employer_code?,
        tax_year: tax_year?,
        as_of: as_of?,
    })
}

/// Which schedule; a period lies inside the year.
pub(crate) fn relief_schedule(
    check: &mut Checker<'_>,
    told: &v1::GetReliefScheduleRequest,
) -> Option<ReliefScheduleQuery> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    let period = match told.period.as_str() {
        "" => Some(None),
        text => check.period("period", text).map(Some),
    };
    if let (Some(year), Some(Some(period))) = (tax_year, period)
        && period.year() != year
    {
        check.wrong("period", "应在 tax_year 年度之内", "must lie in tax_year");
    }
    Some(ReliefScheduleQuery {
        employer_code: employer_code?,
        tax_year: tax_year?,
        period: period?,
        as_of: as_of?,
    })
}

/// Whose chain.
pub(crate) fn chain(check: &mut Checker<'_>, employer_code: &str) -> Option<EmployerCode> {
    check.employer_code("employer_code", employer_code)
}

/// Whose chain, and the head that the caller kept; sequence and hash come together.
pub(crate) fn verify_chain(
    check: &mut Checker<'_>,
    told: &v1::VerifyChainRequest,
) -> Option<(EmployerCode, Option<ChainAnchor>)> {
    let code = check.employer_code("employer_code", &told.employer_code);
    let sequence = u32::try_from(told.known_sequence);
    if sequence.is_err() {
        check.wrong(
            "known_sequence",
            "应为 0 到 4294967295 之间的整数",
            "must be between 0 and 4294967295",
        );
    }
    let hash = <[u8; 32]>::try_from(told.known_hash.as_slice());
    let known = match (sequence.unwrap_or(0), hash) {
        (0, _) if told.known_hash.is_empty() => None,
        (0, _) => {
            check.missing("known_sequence");
            None
        }
        (sequence, Ok(hash)) => Some(ChainAnchor { sequence, hash }),
        (_, Err(_)) => {
            check.wrong("known_hash", "应为 32 字节", "must be 32 bytes");
            None
        }
    };
    Some((code?, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::with_checker;

    const EMPLOYER: &str = "91442000MAQQ000161";

    fn asked(known_sequence: i64, known_hash: &[u8]) -> v1::VerifyChainRequest {
        v1::VerifyChainRequest {
            employer_code: EMPLOYER.to_owned(),
            known_sequence,
            known_hash: known_hash.to_vec(),
        }
    }

    #[test]
    fn a_known_head_is_told_whole_or_not_at_all() {
        let read = |told: &v1::VerifyChainRequest| with_checker(|check| verify_chain(check, told));
        let (_, none) = read(&asked(0, &[])).expect("none");
        assert_eq!(none, None);
        let (_, known) = read(&asked(7, &[1; 32])).expect("a head");
        let expected = ChainAnchor {
            sequence: 7,
            hash: [1; 32],
        };
        assert_eq!(known, Some(expected));
        for (sequence, hash) in [
            (0, &[1_u8; 32][..]),
            (7, &[]),
            (7, &[1; 31]),
            (7, &[1; 33]),
            (-1, &[1; 32]),
            (i64::from(u32::MAX) + 1, &[1; 32]),
        ] {
            assert!(read(&asked(sequence, hash)).is_err(), "{sequence}");
        }
    }

    #[test]
    fn a_period_of_another_year_is_refused() {
        let read = |period: &str| {
            let told = v1::GetReliefScheduleRequest {
                employer_code: EMPLOYER.to_owned(),
                tax_year: 2024,
                period: period.to_owned(),
                ..Default::default()
            };
            with_checker(|check| relief_schedule(check, &told))
        };
        assert!(read("").expect("all").period.is_none());
        assert!(read("2024-Q4").expect("a quarter").period.is_some());
        assert!(read("2023-12").is_err());
        assert!(read("2025-01").is_err());
    }
}
