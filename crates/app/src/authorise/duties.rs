//! Separation of duties: who has done the first step of a case does not do the second.

use super::role::Role;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};

/// Two steps of one case that two persons take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The step before.
    pub first: &'static str,
    /// The step that another person takes.
    pub second: &'static str,
}

macro_rules! duty {
    ($first:literal, $second:literal) => {
        Duty {
            first: concat!("mamagang.v1.", $first),
            second: concat!("mamagang.v1.", $second),
        }
    };
}

/// Every pair. No role may take both steps, and no person who holds both roles either.
pub const DUTIES: &[Duty] = &[
    duty!("FilingService/SubmitFiling", "FilingService/DecideFiling"),
    duty!("SubsidyService/SubmitClaim", "SubsidyService/ApproveClaim"),
    duty!("SubsidyService/ReviewClaim", "SubsidyService/ApproveClaim"),
    duty!(
        "ReviewService/ProposeResolution",
        "ReviewService/ConfirmResolution"
    ),
    duty!(
        "RegistryService/RecordFacts",
        "RegistryService/MergeWorkers"
    ),
    duty!(
        "RegistryService/RecordFacts",
        "ReviewService/ConfirmResolution"
    ),
];

/// Refuses the second step to the person who took the first. `taken_by` is the subject that the first step recorded.
///
/// Errors: `SECOND_PERSON_REQUIRED`, which says nothing of who that was.
pub fn require_second_person(caller: &Caller, taken_by: &str) -> AppResult<()> {
    if caller.subject == taken_by {
        return Err(AppError::new(ErrorReason::SecondPersonRequired));
    }
    Ok(())
}

/// Roles that could take both steps of a pair, which no matrix may have.
pub fn roles_with_both(duty: &Duty) -> impl Iterator<Item = Role> {
    let scope_of = |method: &str, role: Role| {
        let line = super::MATRIX.iter().find(|row| row.method == method);
        line.map_or(super::Scope::None, |row| row.scope(role))
    };
    Role::ALL.into_iter().filter(move |role| {
        scope_of(duty.first, *role) != super::Scope::None
            && scope_of(duty.second, *role) != super::Scope::None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_takes_both_steps() {
        for duty in DUTIES {
            let both: Vec<Role> = roles_with_both(duty).collect();
            assert!(both.is_empty(), "{duty:?}: {both:?}");
        }
    }

    #[test]
    fn the_second_step_is_another_persons() {
        let caller = Caller::developer();
        let error = require_second_person(&caller, "developer").expect_err("the same person");
        assert_eq!(error.reason, ErrorReason::SecondPersonRequired);
        assert!(require_second_person(&caller, "developer2").is_ok());
    }
}
