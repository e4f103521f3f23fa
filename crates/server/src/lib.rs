//! The service's process: what is set, what is told about it, and how it ends.

pub mod admin;
pub mod cli;
pub mod client;
pub mod clock;
pub mod demo;
pub mod ids;
pub mod key_admin;
pub mod key_source;
pub mod ledger;
mod replica;
pub mod serve;
pub mod settings;
pub mod settle;
pub mod shutdown;
pub mod sources;
pub mod telemetry;
pub mod trail_admin;
pub mod trial;
