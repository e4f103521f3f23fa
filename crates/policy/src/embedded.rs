//! The policy files that the build script compiled in.

include!(concat!(env!("OUT_DIR"), "/embedded_policies.rs"));
