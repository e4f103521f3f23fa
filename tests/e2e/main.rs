//! The service over gRPC, in this process.

mod audit;
mod certificate;
mod eligibility;
mod errors;
mod feed;
mod filing;
mod harness;
mod ledger;
mod measures;
mod merge;
mod register;
mod registry;
mod replica;
mod report;
mod review;
mod server;
mod sources;
mod subsidy;
