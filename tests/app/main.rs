//! The use cases on a real database, without gRPC.

mod authorise;
mod batch;
mod city;
mod cost;
mod decisions;
mod doctor;
mod facts;
mod forms;
mod ledger;
mod replay;
mod settlements;
