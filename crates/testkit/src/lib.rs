//! Builders for tests: a manual clock, repeatable ids, and the application on a temporary database.

mod app;
mod clock;
mod editions;
mod facts;
mod ids;
pub mod postgres;
mod register;
pub mod search;

pub use app::TestApp;
pub use clock::ManualClock;
pub use editions::{changed_policies, changed_policies_dir, repository};
pub use facts::{context, date, identity, month, paid, source, write};
pub use ids::SteadyIds;
pub use register::{Asked, Register, Reply};
