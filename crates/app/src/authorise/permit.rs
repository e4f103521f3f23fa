//! What a caller reaches with one method.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_store::rows::WorkerRow;

use super::matrix::{Row, Scope};
use crate::caller::{AccessContext, Caller};

/// The permission to call a method, with the resources that it extends to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit<'a> {
    /// The method's full name.
    pub(crate) method: &'static str,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    /// Why, where a person's data is read.
    pub(crate) context: Option<&'a AccessContext>,
    everywhere: bool,
    by_region: bool,
    own_employer: bool,
    about_nobody: bool,
}

impl<'a> Permit<'a> {
    /// What the caller's roles grant together; `None` when they grant nothing.
    pub(super) fn of(
        row: &'static Row,
        method: &'static str,
        caller: &'a Caller,
        context: Option<&'a AccessContext>,
    ) -> Option<Self> {
        let mut permit = Self {
            method,
            caller,
            context,
            everywhere: false,
            by_region: false,
            own_employer: false,
            about_nobody: false,
        };
        let mut is_granted = false;
        for scope in row.granted(caller.roles) {
            is_granted = true;
            match scope {
                Scope::Any => permit.everywhere = true,
                Scope::Region if caller.region_codes.is_empty() => permit.everywhere = true,
                Scope::Region => permit.by_region = true,
                Scope::OwnEmployer => permit.own_employer = true,
                Scope::NoPersonalData => permit.about_nobody = true,
                Scope::None => {}
            }
        }
        is_granted.then_some(permit)
    }

    /// Whether every employer and person is within reach: then nothing needs to be looked up.
    pub(crate) const fn reaches_everything(&self) -> bool {
        self.everywhere
    }

    /// Whether what is about nobody may be read of every employer: hashes and sequences of a chain.
    pub(crate) const fn reads_about_nobody(&self) -> bool {
        self.about_nobody
    }

    /// Whether reach depends on where an employer is.
    pub(crate) const fn is_by_region(&self) -> bool {
        self.by_region && !self.everywhere
    }

    /// Whether it is the caller's own employer.
    pub(crate) fn is_own(&self, code: &EmployerCode) -> bool {
        self.own_employer && self.caller.employer_code.as_ref() == Some(code)
    }

    /// Whether a town lies in the caller's regions. What has no town lies in none.
    pub(crate) fn reaches_town(&self, town_code: &str) -> bool {
        self.everywhere
            || (self.by_region
                && self
                    .caller
                    .region_codes
                    .iter()
                    .any(|prefix| !prefix.is_empty() && town_code.starts_with(prefix.as_str())))
    }

    /// Whether an employer is within reach, by its record where one was read.
    pub(crate) fn reaches_employer(
        &self,
        code: &EmployerCode,
        record: Option<&EmployerRecord>,
    ) -> bool {
        let town = record
            .and_then(|record| record.profiles.last())
            .map_or("", |held| held.body.town_code.as_str());
        self.everywhere || self.is_own(code) || self.reaches_town(town)
    }

    /// Whether a person is within reach by town, or by a contract with the caller's own employer. A person who is
    /// not may still be within reach by a contract with an employer of the caller's regions.
    pub(crate) fn reaches_worker(&self, row: &WorkerRow) -> bool {
        self.everywhere
            || self.reaches_town(&row.region_code)
            || (self.own_employer
                && row
                    .timeline
                    .contract_employers()
                    .iter()
                    .any(|code| self.is_own(code)))
    }
}
