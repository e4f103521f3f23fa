//! Facts: recorded, retracted, listed.

mod input;
mod list;
mod reach;
mod record;
mod recording;
mod register;
mod retract;

pub use input::{FactInput, FactItem, WorkerFactInput};
pub use list::{EmployerPage, FactListQuery, FactSubject, ListedFact, ListedFacts, StoredBody};
pub(crate) use list::{require_known, require_profile};
pub(crate) use record::{FACT_SECRET, IDENTITY_SECRET};
pub use record::{FactOutcome, RecordFacts, RecordedFact};
pub(crate) use recording::{certificate_owner_key, contract_owner_key, fact_secret_row, region_of};
pub use register::{RegisterComparison, RegisterDifference, RegisterEntry, RegisterPage};
pub use retract::{RetractFact, Retracted};
