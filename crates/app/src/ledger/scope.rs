//! What a command looks at of its employer's year.

use mamagang_domain::date::CivilDate;
use mamagang_domain::ledger::{Amendment, Release};
use mamagang_domain::month::TaxMonth;
use mamagang_store::rows::LedgerInputs;

use super::command::Action;

/// What a command looks at.
pub(super) struct Scope {
    /// The last month that it books.
    pub(super) through: TaxMonth,
    /// Whether the rest of the year is projected.
    pub(super) projects: bool,
    /// The day of the profile that applies.
    pub(super) profile_on: CivilDate,
}

impl Scope {
    pub(super) fn of(action: &Action, inputs: &LedgerInputs, today: CivilDate) -> Self {
        let year = action.tax_year();
        let last_release = inputs
            .year
            .periods
            .last()
            .map_or(Release::Cumulative, |period| period.release);
        let covered = inputs.year.covered_through(year.last_month());
        let year_end = year.last_month().last_day();
        match action {
            Action::Post(declared) => Self {
                through: declared.period.last_month(),
                projects: declared.release == Release::AnnualProjected,
                profile_on: declared.period.last_month().last_day(),
            },
            Action::Amend(amendment) => Self {
                through: covered.unwrap_or(amendment.period.last_month()),
                projects: [
                    Some(last_release),
                    amendment.release,
                    released_of(inputs, amendment),
                ]
                .contains(&Some(Release::AnnualProjected)),
                profile_on: amendment.period.last_month().last_day(),
            },
            Action::Settle(_) => Self {
                through: year.last_month(),
                projects: false,
                profile_on: year_end,
            },
            Action::Recompute { .. } => Self {
                through: covered.unwrap_or(year.first_month().plus(-1)),
                projects: last_release == Release::AnnualProjected,
                profile_on: year_end.min(today),
            },
        }
    }
}

fn released_of(inputs: &LedgerInputs, amendment: &Amendment) -> Option<Release> {
    inputs
        .year
        .period(amendment.period)
        .map(|period| period.release)
}
