//! What a decision leaned on without its being established.

use std::fmt;

use crate::date::CivilDate;
use crate::fact::EmployerKind;
use crate::filing::FilingKind;
use crate::money::Fen;
use crate::policy::{Confidence, Dated, InsuranceSet};
use crate::reason::Assumption;

use super::policy::TrialTest;

/// A value as the list of assumptions writes it.
pub(crate) trait Told {
    fn told(&self) -> String;
}

macro_rules! displayed {
    ($($type:ty)*) => {$(
        impl Told for $type {
            fn told(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

displayed! {
    bool i32 Fen
    super::policy::AcceptedBy super::policy::CapScope super::policy::ClaimCycle
    super::policy::IndividualBusiness super::policy::MonthCounting
    super::policy::RegistrationDays super::policy::WorkerTested
}

impl Told for Vec<TrialTest> {
    fn told(&self) -> String {
        joined(self)
    }
}

impl Told for Vec<EmployerKind> {
    fn told(&self) -> String {
        words(self.iter().map(|kind| format!("{kind:?}")))
    }
}

impl Told for FilingKind {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}

impl Told for InsuranceSet {
    fn told(&self) -> String {
        words(self.iter().map(|insurance| format!("{insurance:?}")))
    }
}

fn joined<T: fmt::Display>(items: &[T]) -> String {
    words(items.iter().map(T::to_string))
}

fn words(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    items.join(", ")
}

/// Collects assumptions. Every value that may be unconfirmed is read through it, so that none
/// decides silently; a value is read only where another one could have changed the answer.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    assumptions: Vec<Assumption>,
}

impl Notes {
    /// The value that holds on a day, noted where it is not established.
    pub(crate) fn read<'p, T: Told>(
        &mut self,
        dated: &'p Dated<T>,
        day: CivilDate,
    ) -> Option<&'p T> {
        let value = dated.on(day)?;
        if value.confidence() == Confidence::Unconfirmed {
            let assumption = Assumption {
                parameter: dated.name.clone(),
                value: value.value.told(),
                confidence: value.confidence(),
            };
            if !self.assumptions.contains(&assumption) {
                self.assumptions.push(assumption);
            }
        }
        Some(&value.value)
    }

    /// What was noted, by name.
    pub(crate) fn finish(mut self) -> Vec<Assumption> {
        self.assumptions.sort_by(|one, other| {
            (&one.parameter, &one.value).cmp(&(&other.parameter, &other.value))
        });
        self.assumptions
    }
}
