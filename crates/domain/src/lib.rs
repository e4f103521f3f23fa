//! The rules of mamagang: identifiers, months, money, decisions, allocation and ledger planning.
//!
//! Pure and synchronous. No clock, randomness, IO, floats or legal values: time, ids and the
//! law's values are arguments. Everything here can be replayed years later with the same result.

pub mod case;
pub mod claim;
pub mod date;
pub mod explanation;
pub mod fact;
pub mod filing;
pub mod finding;
pub mod frozen;
pub mod identifier;
pub mod ids;
pub mod inclusive;
pub mod key_group;
pub mod ledger;
pub mod money;
pub mod month;
pub mod policy;
pub mod reason;
pub mod review;
pub mod simulate;
pub mod subsidy;
pub mod tax;
pub mod timeline;
pub mod vat;
