//! The use cases on a real database, without gRPC.

mod authorise;
mod batch;
mod city;
mod conflicts;
mod cost;
mod decisions;
mod doctor;
mod facts;
mod forms;
mod late_claim;
mod keys;
mod leaks;
mod ledger;
mod overlay;
mod replay;
mod settlements;
mod simulate;
mod trail;
