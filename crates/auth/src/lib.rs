//! Who calls: by a client certificate, by a signed token, or by both.
//!
//! Everything here is read from files and read again while the service runs: the certificate and key, the authorities
//! and revocations of clients, the callers that certificates stand for, and the keys that tokens are signed with. What
//! cannot be read leaves what was read before in force.

mod callers;
mod claims;
mod credentials;
mod files;
mod jwks;
mod jwt;
mod tls;

pub use callers::Callers;
pub use claims::{Claims, ClaimsProblem};
pub use credentials::{Credentials, Now};
pub use files::{AuthFiles, FileProblem, FileProblems, JwtFiles, Require, TlsFiles};
pub use jwks::{Jwks, PublicKey};
pub use jwt::{TokenProblem, TokenRules, Verified};
