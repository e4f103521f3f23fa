//! Measures 3, 4, 5 and 7 of 中府函〔2022〕226号: the subsidies for insurance, posts and training
//! (fact: sections 1 and 6).
//!
//! What the notice leaves open is decided by defaults in `policies/`, which a decision lists among
//! its assumptions where another reading could have changed it; they never turn ELIGIBLE into
//! REVIEW. Sex plays no part anywhere: an eligible worker is one with a recorded fact that ends on
//! a day.

mod assess;
mod claim;
mod engagement;
mod explain;
mod kind;
mod notes;
mod policy;
mod trace;
mod trace_training;
mod training;

pub use claim::{ClaimWindow, ClaimableMonth, claim_days_assumed, claim_window, line_refusal};
pub use explain::{Decision, decide};
pub use kind::{ClaimedMonth, SubsidyKind};
pub use policy::{
    AcceptedBy, Benefit, CapScope, ClaimCycle, IndividualBusiness, MonthCounting, RegistrationDays,
    STACKING, SubsidyPolicy, TrialTest, WorkerTested,
};
pub use trace::trace;
pub use training::TrainingResult;

use crate::filing::Filing;
use crate::identifier::EmployerCode;
use crate::key_group::{BookedMonth, Person};
use crate::timeline::EmployerRecord;

/// Raised whenever the answer of any law case of these measures changes.
pub const RULES_VERSION: i32 = 1;

/// Everything a decision reads.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The person.
    pub person: Person<'a>,
    /// The employer at which the person works or was trained.
    pub employer_code: &'a EmployerCode,
    /// That employer's record.
    pub employer: &'a EmployerRecord,
    /// Months of the person that the ledger has booked for measure 8, for any employer.
    pub booked: &'a [BookedMonth],
    /// Months of any subsidy that claims hold for the person, at any employer.
    pub claimed: &'a [ClaimedMonth],
    /// The filings that the person's contracts and trainings name.
    pub filings: &'a [Filing],
}

impl<'a> Evidence<'a> {
    /// The employer's own filing with an id.
    fn filing(&self, id: &str) -> Option<&'a Filing> {
        self.filings
            .iter()
            .find(|filing| filing.filing_id == id && filing.employer_code == *self.employer_code)
    }
}
