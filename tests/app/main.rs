//! The use cases on a real database, without gRPC.

mod authorise;
mod batch;
mod city;
mod claims;
mod conflicts;
mod cost;
mod decisions;
mod doctor;
mod facts;
mod forms;
mod keys;
mod histories;
mod late_claim;
mod leaks;
mod ledger;
mod overlay;
mod replay;
mod settlements;
mod simulate;
mod trail;
mod tamper;
mod watch;
mod worked_examples;
