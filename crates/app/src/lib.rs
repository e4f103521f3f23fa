//! The use cases: authorise, read, decide, write once.
//!
//! Each use case is one method of [`App`]. It reads what it needs in few statements, decides in
//! memory with the domain's pure rules, and writes everything it has to say in one unit of work.

mod app;
mod attempt;
pub mod audit;
pub mod authorise;
mod caller;
pub mod certificates;
pub mod claims;
mod editions;
pub mod eligibility;
mod error;
mod explained;
pub mod facts;
pub mod filings;
mod gather;
mod idempotency;
pub mod keys;
pub mod law;
pub mod ledger;
pub mod limits;
mod ports;
pub mod rebuild;
mod restraint;
pub mod reviews;
mod step;
pub mod supervision;
pub mod workers;

pub use app::{App, Dependencies, EntropySource};
pub use caller::{AccessContext, Caller};
pub use error::{AppError, AppResult, ErrorReason, ErrorText, Violation};
pub use explained::{Explained, ExplainedStep};
pub use idempotency::{RequestContent, WriteRequest};
pub use ports::{Entropy, Ids};
