//! The API's types, clients and servers, generated from `proto/`.
//!
//! Nothing here is written by hand: shapes, units, errors and legal sources stand in the protos'
//! comments, which the generated items carry. [`v1`] holds `mamagang.v1`; [`google::rpc`] holds the
//! vendored status and error details, so that an item's `error` and its details are types of this
//! crate. proto3 JSON is had from [`FILE_DESCRIPTOR_SET`] by a dynamic message, which also writes
//! the details inside a `google.rpc.Status` as JSON.

pub use mamagang::v1;

/// The encoded `google.protobuf.FileDescriptorSet` of `mamagang.v1`, `google.rpc` and all that they
/// import, with comments: for gRPC reflection, proto3 JSON and documentation.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mamagang.binpb"));

/// The package `mamagang`.
pub mod mamagang {
    /// The package `mamagang.v1`.
    #[allow(
        clippy::all,
        clippy::allow_attributes_without_reason,
        missing_docs,
        unreachable_pub,
        unused_qualifications,
        reason = "generated code"
    )]
    pub mod v1 {
        tonic::include_proto!("mamagang.v1");
    }
}

/// The package `google`, vendored.
pub mod google {
    /// The package `google.rpc`: the status of an item and the details of errors.
    #[allow(
        clippy::all,
        clippy::allow_attributes_without_reason,
        missing_docs,
        rustdoc::invalid_html_tags,
        unreachable_pub,
        unused_qualifications,
        reason = "generated code"
    )]
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}
