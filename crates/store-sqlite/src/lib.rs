//! The store in one SQLite file: the embedded default.
//!
//! The schema and what the database refuses by itself are in `migrations/sqlite`. A module here is
//! a noun with its reads and writes; their statements are under `sql`, all constants.

#[macro_use]
mod sql;

mod audit;
mod case;
mod checkpoint;
mod column;
mod connect;
mod db;
mod employer;
mod error;
mod fact;
mod filing;
mod job;
mod keys;
mod ledger;
mod merge;
mod month;
mod policy;
mod request;
mod rows;
mod snapshot;
mod store;
mod subsidy;
mod trail;
mod unit;
mod worker;

pub use connect::SqliteOptions;
pub use store::SqliteStore;
