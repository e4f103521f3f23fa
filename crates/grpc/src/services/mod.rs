//! The services: read the message, run the use case, write the answer.

mod audit;
mod batch;
mod check;
mod eligibility;
mod filing;
mod ledger;
mod ledger_form;
mod ledger_watch;
mod policy;
mod registry;
mod report;
mod review;
mod stream;
mod subsidy;
mod verification;

pub(crate) use audit::Audit;
pub(crate) use check::EligibilityRoutes;
pub(crate) use eligibility::Eligibility;
pub(crate) use filing::Filing;
pub(crate) use ledger::Ledger;
pub(crate) use policy::Policy;
pub(crate) use registry::Registry;
pub(crate) use report::Report;
pub(crate) use review::Review;
pub(crate) use subsidy::Subsidy;
pub(crate) use verification::Verification;
