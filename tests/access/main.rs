//! Who may do what, tried through gRPC with signed tokens.

mod city;
mod employers;
