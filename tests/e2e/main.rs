//! The service over gRPC, in this process.

mod eligibility;
mod errors;
mod filing;
mod harness;
mod ledger;
mod registry;
mod server;
