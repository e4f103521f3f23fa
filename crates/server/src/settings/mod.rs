//! What an operator may set, read once at start.
//!
//! Sources, later ones winning: defaults, the TOML file, `MAMAGANG_…` in the environment, flags. Every wrong setting is
//! reported at once. A value that another source overrides is not judged, so that a flag can stand in for a wrong line
//! in a shared file; the file's keys and types are judged always. An empty variable counts as absent, because
//! container tools set one for what they were not given. Relative paths start at the working directory.

mod auth;
mod file;
mod gather;
mod problem;
mod surroundings;
#[cfg(test)]
mod tests;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use problem::{Problem, SettingsError, Source};
pub use surroundings::Surroundings;
pub use value::{DatabaseUrl, LogFormat, PostgresUrl};

use mamagang_auth::AuthFiles;

use crate::cli::SettingFlags;
use crate::key_source::{KeySource, KeyText};
use gather::{Gathered, gather};

/// Whether this build can use a PostgreSQL database.
pub const POSTGRES_SUPPORTED: bool = true;

/// What the build at hand can do, which decides what may be set.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// `postgres://` is accepted.
    pub postgres: bool,
}

impl Capabilities {
    /// What this build can do.
    pub const OF_THIS_BUILD: Self = Self {
        postgres: POSTGRES_SUPPORTED,
    };
}

/// The name of a setting. It is spelled alike everywhere: `log.format` in the file is `MAMAGANG_LOG_FORMAT` in the
/// environment and `--log-format` on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The file of settings, which is not itself a key of that file.
    Config,
    /// The database.
    DatabaseUrl,
    /// A hot standby of it, which checks are answered from.
    ReplicaUrl,
    /// By how much such answers may be late.
    ReplicaMaxLagSeconds,
    /// Memory for what is kept of employers from posting to posting.
    PostgresKeptMib,
    /// The service's certificate.
    TlsCertificate,
    /// Its key.
    TlsKey,
    /// Authorities of client certificates.
    TlsClientCa,
    /// Revoked client certificates.
    TlsRevoked,
    /// The callers that client certificates stand for.
    AuthCallers,
    /// What a caller has to show.
    AuthRequire,
    /// Public keys of tokens.
    JwtJwks,
    /// Issuer of tokens.
    JwtIssuer,
    /// For whom tokens are made.
    JwtAudience,
    /// By how much the issuer's clock may differ.
    JwtLeewaySeconds,
    /// Calls of one caller.
    RateCallsPerSecond,
    /// Address of gRPC.
    GrpcListen,
    /// Address of HTTP.
    HttpListen,
    /// File of keys.
    KeyFile,
    /// A program that prints the keys.
    KeyCommand,
    /// The keys themselves, in the environment alone.
    Keys,
    /// Directory of policies that replaces the built-in ones.
    PoliciesDir,
    /// The file of outside sources.
    SourcesFile,
    /// Shape of the log's lines.
    LogFormat,
    /// What is logged.
    LogFilter,
    /// Receiver of traces.
    OtlpEndpoint,
    /// Time to finish open requests.
    DrainSeconds,
}

impl Setting {
    /// Every setting, in the order in which problems are reported.
    pub const ALL: [Self; 27] = [
        Self::Config,
        Self::DatabaseUrl,
        Self::ReplicaUrl,
        Self::ReplicaMaxLagSeconds,
        Self::PostgresKeptMib,
        Self::TlsCertificate,
        Self::TlsKey,
        Self::TlsClientCa,
        Self::TlsRevoked,
        Self::AuthCallers,
        Self::AuthRequire,
        Self::JwtJwks,
        Self::JwtIssuer,
        Self::JwtAudience,
        Self::JwtLeewaySeconds,
        Self::RateCallsPerSecond,
        Self::GrpcListen,
        Self::HttpListen,
        Self::KeyFile,
        Self::KeyCommand,
        Self::Keys,
        Self::PoliciesDir,
        Self::SourcesFile,
        Self::LogFormat,
        Self::LogFilter,
        Self::OtlpEndpoint,
        Self::DrainSeconds,
    ];

    /// The key in the file; a dot stands for a table.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::DatabaseUrl => "database_url",
            Self::ReplicaUrl => "replica.url",
            Self::ReplicaMaxLagSeconds => "replica.max_lag_seconds",
            Self::PostgresKeptMib => "postgres.kept_mib",
            Self::TlsCertificate => "tls.certificate",
            Self::TlsKey => "tls.key",
            Self::TlsClientCa => "tls.client_ca",
            Self::TlsRevoked => "tls.revoked",
            Self::AuthCallers => "auth.callers",
            Self::AuthRequire => "auth.require",
            Self::JwtJwks => "jwt.jwks",
            Self::JwtIssuer => "jwt.issuer",
            Self::JwtAudience => "jwt.audience",
            Self::JwtLeewaySeconds => "jwt.leeway_seconds",
            Self::RateCallsPerSecond => "rate.calls_per_second",
            Self::GrpcListen => "grpc_listen",
            Self::HttpListen => "http_listen",
            Self::KeyFile => "key_file",
            Self::KeyCommand => "key_command",
            Self::Keys => "keys",
            Self::PoliciesDir => "policies_dir",
            Self::SourcesFile => "sources_file",
            Self::LogFormat => "log.format",
            Self::LogFilter => "log.filter",
            Self::OtlpEndpoint => "otlp_endpoint",
            Self::DrainSeconds => "drain_seconds",
        }
    }

    /// The name in the environment.
    pub fn variable(self) -> String {
        format!(
            "MAMAGANG_{}",
            self.key().replace('.', "_").to_ascii_uppercase()
        )
    }

    /// The flag.
    pub fn flag(self) -> String {
        format!("--{}", self.key().replace(['.', '_'], "-"))
    }

    /// Whether its text may hold a password, which is never shown.
    const fn may_hold_a_secret(self) -> bool {
        matches!(
            self,
            Self::DatabaseUrl | Self::ReplicaUrl | Self::OtlpEndpoint
        )
    }

    /// Whether its text is a secret as a whole.
    const fn is_a_secret(self) -> bool {
        matches!(self, Self::Keys)
    }

    const fn default_text(self) -> Option<&'static str> {
        match self {
            Self::DatabaseUrl => Some("sqlite://mamagang.db"),
            Self::GrpcListen => Some("127.0.0.1:50051"),
            Self::HttpListen => Some("127.0.0.1:8080"),
            Self::LogFilter => Some("info"),
            Self::DrainSeconds => Some("20"),
            Self::AuthRequire => Some("either"),
            Self::JwtLeewaySeconds => Some("30"),
            Self::RateCallsPerSecond => Some("500"),
            Self::ReplicaMaxLagSeconds => Some("5"),
            Self::PostgresKeptMib => Some("256"),
            Self::ReplicaUrl
            | Self::TlsCertificate
            | Self::TlsKey
            | Self::TlsClientCa
            | Self::TlsRevoked
            | Self::AuthCallers
            | Self::JwtJwks
            | Self::JwtIssuer
            | Self::JwtAudience
            | Self::Config
            | Self::KeyFile
            | Self::KeyCommand
            | Self::Keys
            | Self::PoliciesDir
            | Self::SourcesFile
            | Self::LogFormat
            | Self::OtlpEndpoint => None,
        }
    }
}

/// How logs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The shape of a line.
    pub format: LogFormat,
    /// Directives of `tracing`'s `EnvFilter`; they are known to parse.
    pub filter: String,
}

/// A hot standby of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSettings {
    /// Where it is.
    pub url: PostgresUrl,
    /// By how much an answer from it may be late.
    pub lag_max: Duration,
}

/// Every setting, judged. Its `Debug` shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The database.
    pub database_url: DatabaseUrl,
    /// A standby that checks are answered from; without one the database is read.
    pub replica: Option<ReplicaSettings>,
    /// Memory for what is kept of employers from one of their postings to the next, in MiB; PostgreSQL.
    pub kept_mib: u64,
    /// How callers are told; `None` = every caller is the developer, and only loopback is listened on.
    pub auth: Option<AuthFiles>,
    /// Calls of one caller a second, where callers are told.
    pub calls_per_second: u32,
    /// Address of gRPC; port 0 lets the system choose.
    pub grpc_listen: SocketAddr,
    /// Address of HTTP; port 0 lets the system choose.
    pub http_listen: SocketAddr,
    /// Where the keys come from. Where nothing was set: a file beside the SQLite database, its name with `.keys`
    /// after it.
    pub keys: KeySource,
    /// A directory of policies that replaces the built-in ones.
    pub policies_dir: Option<PathBuf>,
    /// The file of outside sources of a person's status; without one none is asked.
    pub sources_file: Option<PathBuf>,
    /// How logs are written.
    pub log: LogSettings,
    /// Receiver of traces, `http://HOST:PORT`; without one none are made.
    pub otlp_endpoint: Option<String>,
    /// How long open requests get after the order to stop.
    pub drain: Duration,
}

impl Settings {
    /// Reads and judges every setting. Errors: all that are wrong, in the order of [`Setting::ALL`].
    pub fn load(
        flags: &SettingFlags,
        surroundings: &Surroundings<'_>,
        capabilities: Capabilities,
    ) -> Result<Self, SettingsError> {
        let mut gathered = gather(flags, surroundings);
        let database_url = gathered.judge(Setting::DatabaseUrl, |text| {
            value::database_url(text, surroundings, capabilities)
        });
        let replica = replica(
            &mut gathered,
            database_url.as_ref(),
            surroundings,
            capabilities,
        );
        let kept_mib = gathered.judge(Setting::PostgresKeptMib, value::kept_mib);
        let auth = auth::auth(&mut gathered, surroundings);
        let calls_per_second = gathered.judge(Setting::RateCallsPerSecond, value::rate);
        let is_secured = auth.as_ref().is_some_and(|auth| auth.tls.is_some());
        let grpc_listen =
            gathered.judge(Setting::GrpcListen, |text| value::listen(text, is_secured));
        let http_listen = gathered.judge(Setting::HttpListen, |text| {
            let address = value::listen(text, is_secured)?;
            value::apart(address, grpc_listen)
        });
        let keys = keys(&mut gathered, database_url.as_ref(), surroundings);
        let policies_dir = gathered.judge(Setting::PoliciesDir, |text| {
            value::directory(text, surroundings)
        });
        let sources_file =
            gathered.judge(Setting::SourcesFile, |text| value::file(text, surroundings));
        let format = gathered.judge(Setting::LogFormat, value::log_format);
        let filter = gathered.judge(Setting::LogFilter, value::log_filter);
        let otlp_endpoint = gathered.judge(Setting::OtlpEndpoint, value::otlp_endpoint);
        let drain = gathered.judge(Setting::DrainSeconds, value::drain);
        gathered.finish()?;

        let terminal = if surroundings.logs_to_terminal {
            LogFormat::Text
        } else {
            LogFormat::Json
        };
        let log = filter.map(|filter| LogSettings {
            format: format.unwrap_or(terminal),
            filter,
        });
        match (
            database_url,
            kept_mib,
            calls_per_second,
            grpc_listen,
            http_listen,
            keys,
            log,
            drain,
        ) {
            (
                Some(database_url),
                Some(kept_mib),
                Some(calls_per_second),
                Some(grpc_listen),
                Some(http_listen),
                Some(keys),
                Some(log),
                Some(drain),
            ) => Ok(Self {
                database_url,
                replica,
                kept_mib,
                auth,
                calls_per_second,
                grpc_listen,
                http_listen,
                keys,
                policies_dir,
                sources_file,
                log,
                otlp_endpoint,
                drain,
            }),
            // Each of these has a default or a problem, and there was no problem.
            _ => unreachable!("a setting without value and without problem"),
        }
    }
}

/// The standby, where one was set.
fn replica(
    gathered: &mut Gathered,
    database_url: Option<&DatabaseUrl>,
    surroundings: &Surroundings<'_>,
    capabilities: Capabilities,
) -> Option<ReplicaSettings> {
    let lag_max = gathered.judge(Setting::ReplicaMaxLagSeconds, value::lag);
    let has_standbys = !matches!(database_url, Some(DatabaseUrl::Sqlite(_)));
    let url = gathered.judge(Setting::ReplicaUrl, |text| {
        match value::database_url(text, surroundings, capabilities) {
            Ok(DatabaseUrl::Postgres(url)) if has_standbys => Ok(url),
            _ => Err("postgres://… of a standby of a PostgreSQL database".to_owned()),
        }
    });
    Some(ReplicaSettings {
        url: url?,
        lag_max: lag_max?,
    })
}

/// The one source of keys that was set, or the file beside a SQLite database.
fn keys(
    gathered: &mut Gathered,
    database_url: Option<&DatabaseUrl>,
    surroundings: &Surroundings<'_>,
) -> Option<KeySource> {
    let sources = [Setting::KeyFile, Setting::KeyCommand, Setting::Keys];
    let set: Vec<Setting> = sources.into_iter().filter(|it| gathered.has(*it)).collect();
    if let [_, further, ..] = set[..] {
        gathered.refuse(Problem {
            setting: further.key().to_owned(),
            source: Source::Default,
            given: None,
            expected: "one of key_file, key_command and MAMAGANG_KEYS".to_owned(),
        });
        return None;
    }
    match set.first() {
        Some(Setting::KeyFile) => {
            let file = gathered.judge(Setting::KeyFile, |text| value::file(text, surroundings));
            return file.map(KeySource::File);
        }
        Some(Setting::KeyCommand) => {
            let words = gathered.judge(Setting::KeyCommand, value::command);
            return words.map(KeySource::Command);
        }
        Some(_) => {
            let text = gathered.judge(Setting::Keys, |text| Ok(KeyText::new(text)));
            return text.map(KeySource::Environment);
        }
        None => {}
    }
    match database_url? {
        DatabaseUrl::Sqlite(database) => {
            let mut path = database.clone().into_os_string();
            path.push(".keys");
            Some(KeySource::File(path.into()))
        }
        DatabaseUrl::Postgres(_) => {
            gathered.refuse(Problem {
                setting: Setting::KeyFile.key().to_owned(),
                source: Source::Default,
                given: None,
                expected: "the path of a key file, or key_command or MAMAGANG_KEYS, because a PostgreSQL database has \
                           no place beside it"
                    .to_owned(),
            });
            None
        }
    }
}
