//! Where everything is read from, and what is wrong with it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a caller has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// A token or a certificate; where both are shown the token says who calls.
    Either,
    /// A certificate and a token of the same organisation; the token says who calls.
    Both,
}

/// Files of the connection's security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The service's certificate and its chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Authorities of client certificates, PEM; `None` = clients show none.
    pub client_ca: Option<PathBuf>,
    /// Revoked client certificates, PEM or DER.
    pub revoked: Option<PathBuf>,
}

/// Files and rules of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtFiles {
    /// The issuer's public keys, a JWKS.
    pub jwks: PathBuf,
    /// `iss` of every token.
    pub issuer: String,
    /// `aud` of every token.
    pub audience: String,
    /// By how much the issuer's clock may differ.
    pub leeway: Duration,
}

/// Everything by which callers are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthFiles {
    /// The connection's security.
    pub tls: Option<TlsFiles>,
    /// Tokens.
    pub jwt: Option<JwtFiles>,
    /// The callers that certificates stand for, TOML; needed with client certificates.
    pub callers: Option<PathBuf>,
    /// What a caller has to show.
    pub require: Require,
}

impl AuthFiles {
    /// Every file, for the watch over them.
    pub(crate) fn paths(&self) -> Vec<&Path> {
        let mut paths: Vec<&Path> = Vec::new();
        if let Some(tls) = &self.tls {
            paths.extend([tls.certificate.as_path(), tls.key.as_path()]);
            paths.extend(tls.client_ca.as_deref());
            paths.extend(tls.revoked.as_deref());
        }
        paths.extend(self.jwt.as_ref().map(|jwt| jwt.jwks.as_path()));
        paths.extend(self.callers.as_deref());
        paths
    }
}

/// Something wrong with a file. Never holds what the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}

/// Everything wrong with the files; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblems(pub Vec<FileProblem>);

impl std::error::Error for FileProblems {}

impl fmt::Display for FileProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FileProblem> {
    std::fs::read(path).map_err(|error| problem(path, format!("cannot be read ({error})")))
}

/// A problem of a file.
pub(crate) fn problem(path: &Path, what: impl Into<String>) -> FileProblem {
    FileProblem {
        path: path.to_owned(),
        what: what.into(),
    }
}
