//! What two persons resolved where a rule may not decide alone, as cases write it.

use mamagang_domain::fact::{ReviewResolution, WorkerFact};
use mamagang_domain::ids::CaseId;
use mamagang_domain::reason::ReasonCode;
use serde::Deserialize;

use super::words::{Employer, Months};
use super::world::World;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewGiven {
    #[serde(default)]
    employer: Employer,
    reason: ReasonCode,
    months: Months,
    accepted: bool,
}

/// Records them in their order, each as the resolution of a case of its own.
pub fn add_reviews(world: &mut World, measure: i32, reviews: &[ReviewGiven]) {
    for (number, given) in (0u8..).zip(reviews) {
        world.add(WorkerFact::Resolution(ReviewResolution {
            case_id: CaseId::from_slice(&[number; 16]).expect("sixteen bytes"),
            measure,
            employer_code: given.employer.code(),
            code: given.reason.number(),
            from_month: given.months.first,
            through_month: given.months.last,
            accepted: given.accepted,
        }));
    }
}
