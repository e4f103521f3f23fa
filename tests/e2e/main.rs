//! The service over gRPC, in this process.

mod audit;
mod eligibility;
mod errors;
mod feed;
mod filing;
mod harness;
mod ledger;
mod measures;
mod registry;
mod server;
