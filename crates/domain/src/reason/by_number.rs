//! A reason stored under its number, which never moves, and not under its place in the enum, which
//! a later reason may.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

use super::ReasonCode;

/// Writes the number.
pub fn serialize<S: Serializer>(code: &ReasonCode, serializer: S) -> Result<S::Ok, S::Error> {
    code.number().serialize(serializer)
}

/// Reads the number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReasonCode, D::Error> {
    let number = i32::deserialize(deserializer)?;
    ReasonCode::from_number(number).ok_or_else(|| D::Error::custom("a reason with another number"))
}
