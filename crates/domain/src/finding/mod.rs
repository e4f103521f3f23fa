//! Measure 14: findings of supervision (中府函〔2022〕226号). A rule points at what a person should
//! look at; it decides nothing.

mod rules;
mod state;

pub use rules::{
    FindingFile, FindingRule, Found, SupervisedClaim, SupervisedFiling, SupervisedHire,
    SupervisedWorker, Supervision, findings_of,
};
pub use state::{FindingAction, FindingState};
