//! Claims of the subsidies (measures 3, 4, 5 and 7): a quarter of an employer, line by line.
//!
//! What a month brings is decided in [`crate::subsidy`]; here is what becomes of it: submitted,
//! reviewed by one person, approved by another, paid, clawed back where its evidence was corrected;
//! or returned, and submitted again.

mod file;
mod state;

pub use file::{ClaimFile, ClaimLine, LineChange, RefusedMonths};
pub use state::{ClaimAction, ClaimState, Verdict};
