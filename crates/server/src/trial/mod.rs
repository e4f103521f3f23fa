//! `mamagang certs` and `mamagang token`: everything that a trial with authentication needs, in a folder.
//!
//! In production the authority, the certificates and the tokens are those of the office's own identity service; nothing
//! here is needed then.

mod certs;
mod token;

pub use certs::{CertsArgs, certs};
pub use token::{TokenArgs, token};

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// `iss` of a trial's tokens.
const ISSUER: &str = "https://trial.mamagang.invalid";
/// `aud` of a trial's tokens.
const AUDIENCE: &str = "mamagang";

/// Writes a file that is not there yet. Secrets are the owner's alone.
fn write_new(path: &Path, text: &str, is_secret: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options.mode(if is_secret { 0o600 } else { 0o644 });
    let mut file = options
        .open(path)
        .with_context(|| format!("{} cannot be made anew", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}
