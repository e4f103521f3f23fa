//! What the rest of the year is expected to bring, for the ANNUAL_PROJECTED release
//! (fact: section 2.5 (8)).

use crate::fact::{Contribution, Source, WorkerFact};
use crate::month::TaxMonth;
use crate::policy::KeyGroupPolicy;
use crate::reason::Outcome;

use super::assess::{MonthFinding, in_force};
use super::hire::hires_of;
use super::{Evidence, Person, assess};

/// The months from `from` to `through` that would be ELIGIBLE if the required insurances were paid
/// in time for each month in which a contract is in force, whatever is already known of them: a
/// period is declared on what its own end could tell. Contract ends and the 36 months are
/// respected; months under review release nothing.
pub fn projected_months(
    policy: &KeyGroupPolicy,
    evidence: &Evidence<'_>,
    from: TaxMonth,
    through: TaxMonth,
) -> Vec<MonthFinding> {
    let Person::Known(timeline) = evidence.person else {
        return Vec::new();
    };
    let hires = hires_of(policy, timeline, evidence.employer_code);
    let mut expected = timeline.clone();
    let source = Source {
        name: String::new(),
        drawn_on: None,
    };
    for month in from.through(through) {
        let hire = hires.iter().find(|hire| hire.in_force_in(month));
        let required = in_force(&policy.required_insurances, month, hire);
        if let (Some(_), Some(required)) = (hire, required) {
            let contribution = Contribution {
                employer_code: Some(*evidence.employer_code),
                month,
                insurances: *required,
                paid_on: month.last_day(),
            };
            expected.apply(WorkerFact::Contribution(contribution), &source);
        }
    }
    let assumed = Evidence {
        person: Person::Known(&expected),
        ..*evidence
    };
    let mut months = assess(policy, &assumed, from, through).months;
    months.retain(|finding| finding.outcome() == Outcome::Eligible);
    months
}
