//! The API over gRPC: messages become use cases, and answers become messages.
//!
//! Each method reads its message whole (`convert`), runs one use case of [`mamagang_app::App`] and writes its answer
//! (`reply`). [`CallLayer`] surrounds every call, so that other bridges to the same services lose nothing of it.
//! [`error`] is the one map from an error to what a caller is told.

mod call;
mod convert;
pub mod error;
mod language;
mod layer;
pub mod limits;
mod listener;
mod reply;
mod server;
mod services;
mod wire;

pub use call::{Authenticator, DeveloperAuthenticator, Trail};
pub use language::preferred as preferred_language;
pub use layer::{CallLayer, CallService, CallerLimits, ParentSpan};
pub use listener::{Peer, Security};
pub use server::{Grpc, serve};
