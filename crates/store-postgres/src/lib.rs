//! The store in PostgreSQL: production.
//!
//! The schema and what the database refuses by itself are in `migrations/postgres`. A module here
//! is a noun with its reads and writes; their statements are under `sql`, all constants.
//!
//! Units of work run side by side under READ COMMITTED. What a unit is to have to itself it locks:
//! first employers' heads, then workers, each in order of key, and it reads after it has locked. A
//! batch of postings first tries without a unit: it reads without locks and is written where all of
//! it is still as it was read (`seen`).

#[macro_use]
mod sql;

mod at_hand;
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
mod instant;
mod job;
mod keys;
mod ledger;
mod merge;
mod month;
mod policy;
mod posting;
mod replica;
mod request;
mod seen;
mod set;
mod snapshot;
mod store;
mod subsidy;
mod trail;
mod unit;
mod worker;

pub use connect::PostgresOptions;
pub use replica::{PostgresReplica, ReplicaOptions};
pub use store::PostgresStore;
