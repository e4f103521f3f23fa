//! What a caller bound to regions may record.

use std::collections::{BTreeSet, HashSet};

use mamagang_domain::fact::{EmployerProfile, WorkerProfile};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_store::rows::WorkerRow;

use super::input::{FactInput, FactItem, WorkerFactInput};
use crate::app::App;
use crate::authorise::Permit;
use crate::error::AppResult;

/// The permission of a call that records, with the employers named by its facts that are within reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'a> {
    pub(super) permit: &'a Permit<'a>,
    pub(super) employers: &'a HashSet<EmployerCode>,
}

impl Reach<'_> {
    pub(super) const fn is_everything(&self) -> bool {
        self.permit.reaches_everything()
    }

    /// A profile stays within the regions: neither a new one outside, nor one that takes an employer from elsewhere.
    pub(super) fn employer(
        &self,
        code: &EmployerCode,
        known: Option<&EmployerRecord>,
        profile: &EmployerProfile,
    ) -> bool {
        let known = known.filter(|record| !record.profiles.is_empty());
        self.permit.reaches_town(&profile.town_code)
            && known.is_none_or(|record| self.permit.reaches_employer(code, Some(record)))
    }

    /// The same of a person's profile. Who has no town yet may be given one.
    pub(super) fn profile(&self, known: Option<&WorkerRow>, profile: &WorkerProfile) -> bool {
        let known = known.filter(|row| !row.region_code.is_empty());
        self.permit.reaches_town(&profile.town_code)
            && known.is_none_or(|row| self.permit.reaches_town(&row.region_code))
    }

    /// A fact about a person of the regions, or one that an employer of the regions has to do with.
    pub(super) fn worker(&self, known: Option<&WorkerRow>, fact: &WorkerFactInput) -> bool {
        known.is_some_and(|row| self.permit.reaches_worker(row))
            || employer_of(fact).is_some_and(|code| self.employers.contains(code))
    }
}

/// The employer that a fact about a worker names.
fn employer_of(fact: &WorkerFactInput) -> Option<&EmployerCode> {
    match fact {
        WorkerFactInput::Contract(fact) => Some(&fact.employer_code),
        WorkerFactInput::Contribution(fact) => fact.employer_code.as_ref(),
        _ => None,
    }
}

impl App {
    /// The employers within reach that facts about workers name. Read before the unit of work, and only for callers
    /// that are bound to regions.
    pub(super) async fn named_employers(
        &self,
        permit: &Permit<'_>,
        items: &[FactItem],
    ) -> AppResult<HashSet<EmployerCode>> {
        if permit.reaches_everything() {
            return Ok(HashSet::new());
        }
        let codes: BTreeSet<EmployerCode> = items
            .iter()
            .filter_map(|item| match &item.fact {
                FactInput::Worker(_, fact) => employer_of(fact).copied(),
                _ => None,
            })
            .collect();
        let codes: Vec<EmployerCode> = codes.into_iter().collect();
        self.employers_within_reach(permit, &codes).await
    }
}
