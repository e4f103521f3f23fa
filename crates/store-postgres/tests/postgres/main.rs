//! The PostgreSQL engine: the common contract, and what is this engine's own.

mod at_hand;
mod contract;
mod cost;
mod durability;
mod guards;
mod kept;
mod kept_reads;
mod migrated;
mod partitioned;
mod random;
mod replica;
mod schema;
mod seen;
mod support;
mod together;
