//! Answers of the use cases into messages of the API.

pub(crate) mod audit;
pub(crate) mod claim;
pub(crate) mod decision;
pub(crate) mod employer;
pub(crate) mod encoded;
pub(crate) mod explanation;
pub(crate) mod fact;
pub(crate) mod fact_result;
pub(crate) mod filing;
pub(crate) mod late_claim;
pub(crate) mod ledger;
pub(crate) mod ledger_form;
pub(crate) mod measures;
pub(crate) mod merge;
pub(crate) mod policy;
pub(crate) mod reason;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod simulate;
mod time;
pub(crate) mod verification;

pub(crate) use time::{date_or_empty, month_or_empty, timestamp};
