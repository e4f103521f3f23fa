//! Answers as tables.

mod balance;
mod decision;
pub mod explanation;
mod reasons;
mod status;
mod term;

pub use balance::balance;
pub use decision::{Detail, decision};
pub(super) use reasons::reasons;
pub use status::status;
pub use term::term;
