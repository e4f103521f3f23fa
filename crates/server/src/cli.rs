//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::client::template::TemplateArgs;
use crate::client::{self, ClientCommand};
use crate::demo::DemoArgs;
use crate::settings::Setting;
use crate::trial::{CertsArgs, TokenArgs};

/// 妈妈岗: who may be deducted for, how much is left, and what was posted.
#[derive(Parser)]
#[command(name = "mamagang", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Subcommand)]
pub enum Command {
    /// Serve gRPC and HTTP until told to stop.
    Serve(SettingFlags),
    /// Create the database, or bring an older one up to date.
    Migrate(SettingFlags),
    /// Look into the policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Check the database.
    Doctor(DoctorFlags),
    /// Settle a year for many employers; run again, or beside itself, it goes on where it stands.
    SettleYear(SettleYearFlags),
    /// Make an authority, certificates, keys for tokens and settings for a trial with authentication.
    Certs(CertsArgs),
    /// Print a token for a trial.
    Token(TokenArgs),
    /// Change the keys, or look at them.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Verify the audit trail, or take out what was kept long enough.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Destroy a person's data key: nobody can read or find the person any more.
    EraseWorker(EraseFlags),
    /// Make a signed checkpoint over the ends of all chains now; `serve` makes them by itself.
    Checkpoint(SettingFlags),
    /// Verify every chain of the ledger against itself, its head and the signed checkpoints.
    VerifyLedger(VerifyLedgerFlags),
    /// Write files for others.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Print every limit of the service.
    Limits,
    /// Print every reason and error with its cause and remedy.
    Errors,
    /// Play a small city's year on a temporary database, and print what came of it.
    Demo(DemoArgs),
    /// Write the sheet that people fill in for a kind of fact.
    Template(TemplateArgs),
    /// Ask a running service.
    #[command(flatten)]
    Client(Box<ClientCommand>),
}

/// What can be done with policies.
#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Check the policies and list what is not established.
    Check {
        /// A directory of policies instead of those built in.
        #[arg(long, value_name = "DIR")]
        policies_dir: Option<PathBuf>,
        /// The language of the report.
        #[arg(long, value_enum, default_value_t = ReportLanguage::Zh)]
        lang: ReportLanguage,
    },
    /// Tell what changes from one edition to another, and which law cases come out otherwise.
    Diff(Box<PolicyDiffFlags>),
}

/// Two editions to compare.
#[derive(Args, Clone)]
pub struct PolicyDiffFlags {
    /// The edition of before: a directory, a file of canonical text, a version kept in the database,
    /// or "built-in".
    pub a: String,
    /// The edition of after.
    pub b: String,
    /// A directory of law cases instead of those built in.
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// The language of the report.
    #[arg(long, value_enum, default_value_t = ReportLanguage::Zh)]
    pub lang: ReportLanguage,
    /// Where versions are kept.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What can be done with keys.
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Take the next step of a change: stage new keys, then make them current. The service may go on running.
    Rotate(SettingFlags),
    /// Destroy the old keys, once everybody stands under the new ones.
    Retire(SettingFlags),
    /// Print ids, state and public keys; no secret.
    Show(SettingFlags),
}

/// What can be done with the audit trail.
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Verify every chain, row by row.
    Verify(SettingFlags),
    /// Write the rows of some months as a signed bundle.
    Export(ExportFlags),
    /// Verify a bundle; no database is needed.
    VerifyBundle(BundleFlags),
    /// Take out the rows of a class recorded before a month, if the class was kept long enough.
    Cut(CutFlags),
}

/// How long rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RetentionChoice {
    /// Logs (网络安全法 art. 21).
    SixMonths,
    /// Processing of personal data (个人信息保护法 art. 56).
    ThreeYears,
    /// What taxes rest on (税收征收管理法实施细则 art. 29).
    TenYears,
}

/// What to take out.
#[derive(Args, Clone)]
pub struct CutFlags {
    /// Which class.
    #[arg(long, value_enum)]
    pub class: RetentionChoice,
    /// Rows recorded before this month, such as 2026-05.
    #[arg(long, value_name = "MONTH")]
    pub before: String,
    /// Why; it is recorded.
    #[arg(long)]
    pub reason: String,
    /// Where the database is.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What to export.
#[derive(Args, Clone)]
pub struct ExportFlags {
    /// The first month, such as 2026-05.
    #[arg(long, value_name = "MONTH")]
    pub from: String,
    /// The last month.
    #[arg(long, value_name = "MONTH")]
    pub through: String,
    /// The file to write; one that is there stays.
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Where the database is.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Which bundle to verify.
#[derive(Args, Clone)]
pub struct BundleFlags {
    /// The bundle.
    pub bundle: PathBuf,
    /// The key that must have signed it, in hexadecimal, as `mamagang keys show` prints it; otherwise the one it names.
    #[arg(long, value_name = "HEX")]
    pub public_key: Option<String>,
}

/// Whom to erase.
#[derive(Args, Clone)]
pub struct EraseFlags {
    /// Our id of the person.
    #[arg(long, value_name = "UUID")]
    pub worker_id: String,
    /// Why; it is recorded.
    #[arg(long)]
    pub reason: String,
    /// Where the database is.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// The language of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportLanguage {
    /// 简体中文.
    Zh,
    /// English.
    En,
}

/// What is checked in the database.
#[derive(Args, Clone, Default)]
pub struct DoctorFlags {
    /// Rebuild every projection from truth and compare it with the stored one; nothing is changed.
    #[arg(long)]
    pub rebuild: bool,
    /// Where the database is.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Which year is settled, and for whom.
#[derive(Args, Clone, Default)]
pub struct SettleYearFlags {
    /// The tax year.
    #[arg(long, value_name = "YEAR")]
    pub year: i32,
    /// A CSV file with the columns `employer_code` and `cit_payable_fen`: who is settled, and the
    /// enterprise income tax payable of each. The same file is the same job.
    #[arg(long, value_name = "FILE")]
    pub declarations: PathBuf,
    /// Parts that are worked on at the same time.
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub lanes: u32,
    /// Where the database is.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// How the ledger is verified.
#[derive(Args, Clone, Default)]
pub struct VerifyLedgerFlags {
    /// Chains verified side by side.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub jobs: usize,
    /// Keep progress in this file, and go on from it where it is there.
    #[arg(long, value_name = "FILE")]
    pub progress: Option<PathBuf>,
    /// Where the database is.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What can be written for others.
#[derive(Subcommand)]
pub enum ExportCommand {
    /// Chains, checkpoints and public keys, for the offline verifier `ledger-verify`.
    AuditBundle {
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// One employer's chain alone, by 统一社会信用代码.
        #[arg(long, value_name = "CODE")]
        employer: Option<String>,
        /// Where the database is.
        #[command(flatten)]
        settings: Box<SettingFlags>,
    },
    /// What a running service is asked for.
    #[command(flatten)]
    Asked(Box<client::export::ExportCommand>),
}

/// The settings as flags: text as it was typed, so that every wrong one is reported together with those of the
/// environment and of the file. A flag goes before `MAMAGANG_…` in the environment, that before the file.
// Not `Debug`: a database's URL may hold a password.
#[derive(Args, Clone, Default)]
pub struct SettingFlags {
    /// A TOML file of settings [env: MAMAGANG_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// The database; a password belongs into the environment or the file, since others can see flags
    /// [default: sqlite://mamagang.db] [env: MAMAGANG_DATABASE_URL]
    #[arg(long, value_name = "sqlite://PATH|postgres://…")]
    pub database_url: Option<String>,
    /// A hot standby of the PostgreSQL database, which checks are answered from while it is not too late
    /// [env: MAMAGANG_REPLICA_URL]
    #[arg(long, value_name = "postgres://…")]
    pub replica_url: Option<String>,
    /// Seconds by which such an answer may be late [default: 5] [env: MAMAGANG_REPLICA_MAX_LAG_SECONDS]
    #[arg(long, value_name = "SECONDS")]
    pub replica_max_lag_seconds: Option<String>,
    /// MiB of memory for what is kept of employers from one of their postings to the next, on PostgreSQL; 0 keeps
    /// nothing [default: 256] [env: MAMAGANG_POSTGRES_KEPT_MIB]
    #[arg(long, value_name = "MIB")]
    pub postgres_kept_mib: Option<String>,
    /// The service's certificate and its chain, PEM [env: MAMAGANG_TLS_CERTIFICATE]
    #[arg(long, value_name = "PATH")]
    pub tls_certificate: Option<String>,
    /// The certificate's key, PEM [env: MAMAGANG_TLS_KEY]
    #[arg(long, value_name = "PATH")]
    pub tls_key: Option<String>,
    /// Authorities of client certificates, PEM [env: MAMAGANG_TLS_CLIENT_CA]
    #[arg(long, value_name = "PATH")]
    pub tls_client_ca: Option<String>,
    /// Revoked client certificates, a list in PEM [env: MAMAGANG_TLS_REVOKED]
    #[arg(long, value_name = "PATH")]
    pub tls_revoked: Option<String>,
    /// The callers that client certificates stand for, TOML [env: MAMAGANG_AUTH_CALLERS]
    #[arg(long, value_name = "PATH")]
    pub auth_callers: Option<String>,
    /// Whether a certificate or a token is enough [default: either] [env: MAMAGANG_AUTH_REQUIRE]
    #[arg(long, value_name = "either|both")]
    pub auth_require: Option<String>,
    /// Public keys that tokens are signed with, a JWKS [env: MAMAGANG_JWT_JWKS]
    #[arg(long, value_name = "PATH")]
    pub jwt_jwks: Option<String>,
    /// `iss` of every token [env: MAMAGANG_JWT_ISSUER]
    #[arg(long, value_name = "TEXT")]
    pub jwt_issuer: Option<String>,
    /// `aud` of every token [env: MAMAGANG_JWT_AUDIENCE]
    #[arg(long, value_name = "TEXT")]
    pub jwt_audience: Option<String>,
    /// Seconds by which the issuer's clock may differ [default: 30] [env: MAMAGANG_JWT_LEEWAY_SECONDS]
    #[arg(long, value_name = "SECONDS")]
    pub jwt_leeway_seconds: Option<String>,
    /// Calls a second of one caller, where callers are told [default: 500] [env: MAMAGANG_RATE_CALLS_PER_SECOND]
    #[arg(long, value_name = "NUMBER")]
    pub rate_calls_per_second: Option<String>,
    /// Where gRPC is served [default: 127.0.0.1:50051] [env: MAMAGANG_GRPC_LISTEN]
    #[arg(long, value_name = "IP:PORT")]
    pub grpc_listen: Option<String>,
    /// Where health and metrics are served [default: 127.0.0.1:8080] [env: MAMAGANG_HTTP_LISTEN]
    #[arg(long, value_name = "IP:PORT")]
    pub http_listen: Option<String>,
    /// The file of keys [default: the SQLite database's path and `.keys`] [env: MAMAGANG_KEY_FILE]
    #[arg(long, value_name = "PATH")]
    pub key_file: Option<String>,
    /// A program that prints the keys, by its absolute path, and its arguments [env: MAMAGANG_KEY_COMMAND]. The keys
    /// themselves may be in MAMAGANG_KEYS
    #[arg(long, value_name = "COMMAND")]
    pub key_command: Option<String>,
    /// A directory of policies instead of those built in [env: MAMAGANG_POLICIES_DIR]
    #[arg(long, value_name = "DIR")]
    pub policies_dir: Option<String>,
    /// The file of outside sources of a person's status, TOML; none is asked without it [env: MAMAGANG_SOURCES_FILE]
    #[arg(long, value_name = "PATH")]
    pub sources_file: Option<String>,
    /// How logs are written [default: text on a terminal, json elsewhere] [env: MAMAGANG_LOG_FORMAT]
    #[arg(long, value_name = "json|text")]
    pub log_format: Option<String>,
    /// What is logged, as in `info,mamagang_app=debug` [default: info] [env: MAMAGANG_LOG_FILTER]
    #[arg(long, value_name = "FILTER")]
    pub log_filter: Option<String>,
    /// Where traces are sent, OTLP over gRPC; none are made without it [env: MAMAGANG_OTLP_ENDPOINT]
    #[arg(long, value_name = "http://HOST:PORT")]
    pub otlp_endpoint: Option<String>,
    /// Seconds that open requests get when the service is told to stop [default: 20] [env: MAMAGANG_DRAIN_SECONDS]
    #[arg(long, value_name = "SECONDS")]
    pub drain_seconds: Option<String>,
}

impl SettingFlags {
    /// What was typed for a setting.
    pub fn get(&self, setting: Setting) -> Option<&str> {
        let flag = match setting {
            Setting::Config => &self.config,
            Setting::DatabaseUrl => &self.database_url,
            Setting::ReplicaUrl => &self.replica_url,
            Setting::ReplicaMaxLagSeconds => &self.replica_max_lag_seconds,
            Setting::PostgresKeptMib => &self.postgres_kept_mib,
            Setting::TlsCertificate => &self.tls_certificate,
            Setting::TlsKey => &self.tls_key,
            Setting::TlsClientCa => &self.tls_client_ca,
            Setting::TlsRevoked => &self.tls_revoked,
            Setting::AuthCallers => &self.auth_callers,
            Setting::AuthRequire => &self.auth_require,
            Setting::JwtJwks => &self.jwt_jwks,
            Setting::JwtIssuer => &self.jwt_issuer,
            Setting::JwtAudience => &self.jwt_audience,
            Setting::JwtLeewaySeconds => &self.jwt_leeway_seconds,
            Setting::RateCallsPerSecond => &self.rate_calls_per_second,
            Setting::GrpcListen => &self.grpc_listen,
            Setting::HttpListen => &self.http_listen,
            Setting::KeyFile => &self.key_file,
            Setting::KeyCommand => &self.key_command,
            // Others can see flags.
            Setting::Keys => &None,
            Setting::PoliciesDir => &self.policies_dir,
            Setting::SourcesFile => &self.sources_file,
            Setting::LogFormat => &self.log_format,
            Setting::LogFilter => &self.log_filter,
            Setting::OtlpEndpoint => &self.otlp_endpoint,
            Setting::DrainSeconds => &self.drain_seconds,
        };
        flag.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_has_the_flag_and_the_variable_that_the_help_names() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        for setting in Setting::ALL {
            let flag = setting.flag();
            let argument = serve.get_arguments().find(|argument| {
                argument
                    .get_long()
                    .is_some_and(|long| format!("--{long}") == flag)
            });
            if setting == Setting::Keys {
                assert!(argument.is_none(), "other users read a command line");
                continue;
            }
            let help = argument.expect(&flag).get_help().unwrap().to_string();
            assert!(
                help.contains(&format!("[env: {}]", setting.variable())),
                "{flag}: {help}"
            );
        }
    }

    #[test]
    fn flags_arrive_as_typed() {
        let cli = Cli::try_parse_from(["mamagang", "serve", "--drain-seconds", "soon"])
            .ok()
            .unwrap();
        let Command::Serve(flags) = cli.command else {
            panic!("another command");
        };
        assert_eq!(flags.get(Setting::DrainSeconds), Some("soon"));
        assert_eq!(flags.get(Setting::GrpcListen), None);
    }
}
