//! The use cases on a real database, without gRPC.

mod authorise;
mod city;
mod cost;
mod decisions;
mod doctor;
mod facts;
mod ledger;
