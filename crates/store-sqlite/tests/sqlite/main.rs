//! The SQLite engine: the common contract, and what is this engine's own.

mod access;
mod contract;
mod cost;
mod durability;
mod guards;
mod migrated;
mod random;
