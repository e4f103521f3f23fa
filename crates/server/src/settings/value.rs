//! What each setting's text may say. A refusal is the end of a sentence that begins with "expected".

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use mamagang_auth::Require;
use tracing_subscriber::EnvFilter;

use super::Capabilities;
use super::problem::without_secrets;
use super::surroundings::Surroundings;

/// Most seconds by which the clock of a token's issuer may differ.
const LEEWAY_SECONDS_MAX: u64 = 300;
/// Most calls a second of one caller.
const RATE_MAX: u64 = 1_000_000;
/// Most seconds by which an answer may be late.
const LAG_SECONDS_MAX: u64 = 3_600;
/// Most memory for what is kept of employers, in MiB.
const KEPT_MIB_MAX: u64 = 1 << 20;
/// Longest drain, in seconds.
const DRAIN_SECONDS_MAX: u64 = 600;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file, from `sqlite://` and its path as it stands (no escapes, no options).
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresUrl),
}

impl fmt::Display for DatabaseUrl {
    /// The URL without its secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_secrets(&url.0)),
        }
    }
}

/// A URL that holds a password; shown without it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// The URL with its password, for the driver alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_secrets(&self.0))
    }
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

type Judged<T> = Result<T, String>;

pub(super) fn database_url(
    text: &str,
    surroundings: &Surroundings<'_>,
    capabilities: Capabilities,
) -> Judged<DatabaseUrl> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return if capabilities.postgres {
            Ok(DatabaseUrl::Postgres(PostgresUrl(text.to_owned())))
        } else {
            Err("sqlite://PATH: this build has no PostgreSQL backend yet".to_owned())
        };
    }
    let wanted = if capabilities.postgres {
        "sqlite://PATH or postgres://…"
    } else {
        "sqlite://PATH"
    };
    let path = text
        .strip_prefix("sqlite://")
        .ok_or_else(|| wanted.to_owned())?;
    if path.contains(['?', '#']) {
        return Err("sqlite://PATH without options: the service sets those itself".to_owned());
    }
    if path.starts_with(":memory:") {
        return Err("sqlite://PATH, the path of a file that outlives the process".to_owned());
    }
    file(path, surroundings)
        .map(DatabaseUrl::Sqlite)
        .map_err(|expected| format!("sqlite:// and {expected}"))
}

/// A file that is there or can be made.
pub(super) fn file(text: &str, surroundings: &Surroundings<'_>) -> Judged<PathBuf> {
    let path = Path::new(text);
    let named = path.file_name().is_some() && !text.ends_with('/');
    if !named || (surroundings.is_directory)(path) {
        return Err("the path of a file".to_owned());
    }
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() || (surroundings.is_directory)(parent) => {
            Ok(path.to_owned())
        }
        _ => Err("the path of a file in a directory that exists".to_owned()),
    }
}

/// A program and its arguments, parted by spaces.
pub(super) fn command(text: &str) -> Judged<Vec<String>> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match words.first() {
        Some(program) if program.starts_with('/') => Ok(words),
        _ => Err("the absolute path of a program, and its arguments parted by spaces".to_owned()),
    }
}

pub(super) fn directory(text: &str, surroundings: &Surroundings<'_>) -> Judged<PathBuf> {
    let path = Path::new(text);
    if (surroundings.is_directory)(path) {
        Ok(path.to_owned())
    } else {
        Err("a directory that exists".to_owned())
    }
}

pub(super) fn listen(text: &str, is_secured: bool) -> Judged<SocketAddr> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "an IP address and a port, such as 127.0.0.1:50051".to_owned())?;
    // An IPv4 address may come in IPv6's clothes.
    if is_secured || address.ip().to_canonical().is_loopback() {
        Ok(address)
    } else {
        let expected = "a loopback address, such as 127.0.0.1 or [::1]: without encryption and authentication every \
                        caller may do everything";
        Err(expected.to_owned())
    }
}

/// A text of one line.
pub(super) fn text(text: &str) -> Judged<String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        Err("a text".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

pub(super) fn require(text: &str) -> Judged<Require> {
    match text {
        "either" => Ok(Require::Either),
        "both" => Ok(Require::Both),
        _ => Err("either or both".to_owned()),
    }
}

pub(super) fn leeway(text: &str) -> Judged<Duration> {
    number(text, 0, LEEWAY_SECONDS_MAX).map(Duration::from_secs)
}

pub(super) fn lag(text: &str) -> Judged<Duration> {
    number(text, 1, LAG_SECONDS_MAX).map(Duration::from_secs)
}

pub(super) fn kept_mib(text: &str) -> Judged<u64> {
    number(text, 0, KEPT_MIB_MAX)
}

pub(super) fn rate(text: &str) -> Judged<u32> {
    number(text, 1, RATE_MAX).map(|rate| u32::try_from(rate).unwrap_or(u32::MAX))
}

fn number(text: &str, least: u64, most: u64) -> Judged<u64> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most}"))
}

/// Refuses an address that another listener has.
pub(super) fn apart(address: SocketAddr, other: Option<SocketAddr>) -> Judged<SocketAddr> {
    if other == Some(address) && address.port() != 0 {
        Err("another address than grpc_listen has".to_owned())
    } else {
        Ok(address)
    }
}

pub(super) fn log_format(text: &str) -> Judged<LogFormat> {
    match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err("json or text".to_owned()),
    }
}

pub(super) fn log_filter(text: &str) -> Judged<String> {
    let parses = EnvFilter::builder().parse(text).is_ok();
    if parses && !text.trim().is_empty() {
        Ok(text.to_owned())
    } else {
        Err("a level or directives, such as info,mamagang_app=debug".to_owned())
    }
}

/// Plain `http` only: this build sends no telemetry over TLS, so the collector stands on the same machine or behind a
/// trusted network.
pub(super) fn otlp_endpoint(text: &str) -> Judged<String> {
    let is_endpoint = |uri: Uri| {
        let origin =
            uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
        let path = uri.path_and_query().is_none_or(|path| path == "/");
        origin && path && !text.contains('@')
    };
    if text.parse().is_ok_and(is_endpoint) {
        Ok(text.to_owned())
    } else {
        Err("http://HOST:PORT, without user, path or TLS".to_owned())
    }
}

pub(super) fn drain(text: &str) -> Judged<Duration> {
    match text.parse() {
        Ok(seconds @ 1..=DRAIN_SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("whole seconds from 1 to {DRAIN_SECONDS_MAX}")),
    }
}
