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
mod histories;
mod keys;
mod late_claim;
mod leaks;
mod ledger;
mod merge;
mod overlay;
mod replay;
mod reviews;
mod rules;
mod settlements;
mod simulate;
mod tamper;
mod trail;
mod watch;
mod worked_examples;
