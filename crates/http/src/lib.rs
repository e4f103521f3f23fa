//! The plain HTTP side of the service: whether it lives, whether it can take work, and its metrics.
//!
//! It has a listener of its own. gRPC needs connection settings that a router of plain HTTP does not offer, and probes
//! must be answered while the gRPC side is full.

mod limits;
mod readiness;
mod router;
mod server;

pub use limits::{HttpLimits, LIMITS};
pub use readiness::{NotReady, Readiness};
pub use router::{HttpState, router};
pub use server::{serve, serve_within};
