//! Messages of the API into questions and facts of the use cases. Syntax is strict; every wrong field is told.

pub(crate) mod audit;
mod check;
pub(crate) mod claim;
pub(crate) mod eligibility;
pub(crate) mod enums;
pub(crate) mod fact;
mod fields;
pub(crate) mod filing;
pub(crate) mod ledger;
pub(crate) mod ledger_form;
pub(crate) mod measures;
pub(crate) mod merge;
pub(crate) mod page;
mod person;
pub(crate) mod register;
pub(crate) mod registry;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod simulate;
mod texts;
pub(crate) mod verification;

pub(crate) use check::{Checker, Rules};

#[cfg(test)]
pub(crate) mod testing;
