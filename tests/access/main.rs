//! Who may do what, tried through gRPC with signed tokens.

mod cells;
mod city;
mod claims;
#[path = "../attacks/codec.rs"]
mod codec;
mod employers;
mod fields;
mod flood;
mod ids;
mod masking;
mod one_by_one;
mod requests;
