//! The use cases on a real database, without gRPC.

mod city;
mod cost;
mod decisions;
mod doctor;
mod facts;
mod ledger;
