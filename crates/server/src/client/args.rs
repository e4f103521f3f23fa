//! What can be typed after the subcommands that ask a running service.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use mamagang_proto::v1::worker_ref::Ref;
use mamagang_proto::v1::{AccessContext, DocumentType, IdentityDocument, WorkerRef};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::certificate::CertificateArgs;
use super::claim::ClaimArgs;
use super::connection::Speaker;
use super::export::ExportArgs;
use super::failure::Failure;
use super::import::ImportArgs;
use super::measures::{PreferencesArgs, SubsidyArgs, VatArgs};
use super::reconcile::ReconcileArgs;
use super::register::CompareRegisterArgs;
use super::reviews::ReviewsArgs;
use super::words::Lang;

/// The subcommands that ask a running service.
#[derive(Clone, Debug, Subcommand)]
pub enum ClientCommand {
    /// Ask whether an employer may deduct for a worker, month by month
    Check(CheckArgs),
    /// Ask whether a subsidy of the notice is given for a worker (measures 3, 4, 5 and 7)
    CheckSubsidy(SubsidyArgs),
    /// Ask whether sales are exempt from VAT, and what is due when not (measure 9)
    CheckVat(VatArgs),
    /// Ask what the inclusive preferences give for an employer's figures (measure 10)
    CheckPreferences(PreferencesArgs),
    /// Read where an employer stands in a tax year
    Balance(BalanceArgs),
    /// Read how many of the 36 months a worker has used, and where
    Term(TermArgs),
    /// Ask whether a worker belongs to a key group on a day
    Verify(VerifyArgs),
    /// The queue of what a rule may not decide alone, and the two persons' steps
    Reviews(ReviewsArgs),
    /// Show how a decision or a ledger entry follows, on one page
    Explain(ExplainArgs),
    /// Compare what hires would bring, by year and tax; nothing is stored
    Simulate(SimulateArgs),
    /// Issue a certificate of a hire as PDF, or check one by its code
    Certificate(CertificateArgs),
    /// Record a file of facts, or take the steps of one (filings, hires, claims, reviews, payments): xlsx, xls or CSV;
    /// wrong rows come back in the same file
    Import(ImportArgs),
    /// Write statements, forms, papers or lists as xlsx, PDF or CSV
    #[command(skip)]
    Export(ExportArgs),
    /// Show a claim of a subsidy, or move it by one step
    Claim(ClaimArgs),
    /// Compare the ledger with declared returns and a payroll; write what differs, with suggested entries
    Reconcile(ReconcileArgs),
    /// Compare a register's list with what is recorded: new, changed, gone
    CompareRegister(CompareRegisterArgs),
}

impl ClientCommand {
    /// What every one of them takes.
    pub const fn flags(&self) -> &ClientFlags {
        match self {
            Self::Check(args) => &args.client,
            Self::CheckSubsidy(args) => &args.client,
            Self::CheckVat(args) => &args.client,
            Self::CheckPreferences(args) => &args.client,
            Self::Balance(args) => &args.client,
            Self::Term(args) => &args.client,
            Self::Verify(args) => &args.client,
            Self::Reviews(args) => args.flags(),
            Self::Explain(args) => &args.client,
            Self::Simulate(args) => &args.client,
            Self::Certificate(args) => args.flags(),
            Self::Import(args) => &args.client,
            Self::Export(args) => args.flags(),
            Self::Claim(args) => args.flags(),
            Self::Reconcile(args) => &args.client,
            Self::CompareRegister(args) => &args.client,
        }
    }
}

/// `mamagang check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// Whom.
    #[command(flatten)]
    pub worker: WorkerFlags,
    /// The first month asked for
    #[arg(long, value_name = "YYYY-MM")]
    pub from: String,
    /// The last month asked for
    #[arg(long, value_name = "YYYY-MM")]
    pub through: String,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang balance`.
#[derive(Args, Clone, Debug)]
pub struct BalanceArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// The tax year
    #[arg(long, value_name = "YYYY")]
    pub year: i32,
    /// Up to which month facts that nobody has booked are counted [default: December]
    #[arg(
        long,
        value_name = "YYYY-MM",
        default_value = "",
        hide_default_value = true
    )]
    pub through: String,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang term`.
#[derive(Args, Clone, Debug)]
pub struct TermArgs {
    /// Whose.
    #[command(flatten)]
    pub worker: WorkerFlags,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Whom.
    #[command(flatten)]
    pub worker: WorkerFlags,
    /// The day for which the status is asked [default: today in Asia/Shanghai]
    #[arg(
        long,
        value_name = "YYYY-MM-DD",
        default_value = "",
        hide_default_value = true
    )]
    pub on: String,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainArgs {
    /// A decision's id, or a ledger entry's such as 91442000MAQQ000161-3
    #[arg(value_name = "ID")]
    pub id: String,
    /// The form of the page
    #[arg(long, value_enum, default_value = "text")]
    pub format: PageFormat,
    /// Why; needed for a decision.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// `mamagang simulate`.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// A file with a SimulateHireRequest as proto3 JSON, such as docs/requests/simulate.json
    #[arg(value_name = "FILE")]
    pub request: PathBuf,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Forms of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// Tables for a terminal
    Text,
    /// Markdown
    Md,
    /// HTML that prints on A4 and needs nothing else
    Html,
    /// proto3 JSON, as with --json
    Json,
}

/// Where the service is and how its answer is shown.
#[derive(Args, Clone, Debug)]
pub struct ClientFlags {
    /// Where gRPC is served
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051", value_parser = address)]
    pub address: Endpoint,
    /// The authority of the service's certificate, PEM; with an address that begins with https://
    #[arg(long, value_name = "PATH")]
    pub ca: Option<PathBuf>,
    /// The certificate to show, PEM
    #[arg(long, value_name = "PATH", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "PATH", requires = "certificate")]
    pub key: Option<PathBuf>,
    /// The token to show; others on this machine can see flags, so rather [env: MAMAGANG_TOKEN]
    #[arg(long, value_name = "TOKEN", env = "MAMAGANG_TOKEN", hide_env = true)]
    pub token: Option<String>,
    /// The language of the answer
    #[arg(long, value_enum, default_value = "zh")]
    pub lang: Lang,
    /// Print the answer as proto3 JSON
    #[arg(long)]
    pub json: bool,
    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub timeout: u16,
}

impl ClientFlags {
    /// The address, with what the connection is secured by.
    pub fn endpoint(&self) -> Result<Endpoint, Failure> {
        if self.address.uri().scheme_str() != Some("https") {
            return Ok(self.address.clone());
        }
        let read = |path: &PathBuf| {
            std::fs::read(path)
                .map_err(|error| Failure::Credentials(format!("{}: {error}", path.display())))
        };
        let mut tls = ClientTlsConfig::new();
        if let Some(ca) = &self.ca {
            tls = tls.ca_certificate(Certificate::from_pem(read(ca)?));
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        let secured = self.address.clone().tls_config(tls);
        secured.map_err(|error| Failure::Credentials(error.to_string()))
    }

    /// The language, and the token where there is one.
    pub fn speaker(&self) -> Result<Speaker, Failure> {
        Speaker::new(self.lang, self.token.as_deref())
    }

    /// How long the answer may take.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout))
    }
}

/// An address with its scheme: over http a token could be read on the way, so that is for loopback.
fn address(text: &str) -> Result<Endpoint, String> {
    let endpoint = Endpoint::from_shared(text.to_owned()).map_err(|error| error.to_string())?;
    let is_known = matches!(endpoint.uri().scheme_str(), Some("http" | "https"));
    if !is_known || endpoint.uri().host().is_none() {
        return Err(
            "an address looks like http://127.0.0.1:50051 or https://HOST:50051".to_owned(),
        );
    }
    Ok(endpoint)
}

/// Names a person by one of three means.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct WorkerFlags {
    /// The number of the identity document; others on this machine can see flags
    #[arg(long, value_name = "NUMBER", requires = "name", required_unless_present_any = ["worker_id", "match_id"])]
    pub id_number: Option<String>,
    /// The name on the identity document
    #[arg(long, value_name = "NAME", requires = "id_number")]
    pub name: Option<String>,
    /// The kind of identity document
    #[arg(long, value_enum, default_value = "resident")]
    pub document_type: Document,
    /// The service's id of the worker, instead of an identity
    #[arg(long, value_name = "ID", conflicts_with_all = ["id_number", "match_id"])]
    pub worker_id: Option<String>,
    /// An id that MatchWorker gave, instead of an identity
    #[arg(long, value_name = "ID", conflicts_with_all = ["id_number", "worker_id"])]
    pub match_id: Option<String>,
}

impl WorkerFlags {
    /// As the API wants it.
    pub fn to_ref(&self) -> WorkerRef {
        let by_identity = || {
            Ref::Identity(IdentityDocument {
                r#type: self.document_type.to_proto().into(),
                number: self.id_number.clone().unwrap_or_default(),
                name: self.name.clone().unwrap_or_default(),
            })
        };
        let named = match (&self.worker_id, &self.match_id) {
            (Some(id), _) => Ref::WorkerId(id.clone()),
            (None, Some(id)) => Ref::MatchId(id.clone()),
            (None, None) => by_identity(),
        };
        WorkerRef { r#ref: Some(named) }
    }
}

/// Kinds of identity document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// 居民身份证
    Resident,
    /// 港澳台居民居住证
    Hmt,
    /// 外国人永久居留身份证
    Foreign,
}

impl Document {
    const fn to_proto(self) -> DocumentType {
        match self {
            Self::Resident => DocumentType::ResidentIdCard,
            Self::Hmt => DocumentType::HmtResidencePermit,
            Self::Foreign => DocumentType::ForeignPermanentResidentCard,
        }
    }
}

/// What a person's data are read for unless told: the work of measure 8.
pub const DEDUCTION_PURPOSE: &str = "重点群体税收优惠核验";
/// The duty that it is done by.
pub const DEDUCTION_BASIS: &str = "公告2024年第4号";

/// Why a person's data are read; written to the audit trail. Purpose and basis are those of this work, the case and the
/// operator nobody can guess.
#[derive(Args, Clone, Debug)]
pub struct ContextFlags {
    /// What the data are needed for
    #[arg(long, value_name = "TEXT", default_value = DEDUCTION_PURPOSE)]
    pub purpose: String,
    /// The legal duty or power
    #[arg(long, value_name = "TEXT", default_value = DEDUCTION_BASIS)]
    pub legal_basis: String,
    /// Your file or case number
    #[arg(long, visible_alias = "case", value_name = "NUMBER")]
    pub case_number: String,
    /// Who asks: a name or staff number
    #[arg(long, value_name = "NAME")]
    pub operator: String,
}

impl ContextFlags {
    /// As the API wants it.
    pub fn to_context(&self) -> AccessContext {
        AccessContext {
            purpose: self.purpose.clone(),
            legal_basis: self.legal_basis.clone(),
            case_number: self.case_number.clone(),
            operator: self.operator.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use clap::error::ErrorKind;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(subcommand)]
        command: ClientCommand,
    }

    fn parse(line: &str) -> Result<ClientCommand, clap::Error> {
        let words = std::iter::once("mamagang").chain(line.split(' '));
        Typed::try_parse_from(words).map(|typed| typed.command)
    }

    fn worker_of(line: &str) -> WorkerRef {
        match parse(line).unwrap() {
            ClientCommand::Term(args) => args.worker.to_ref(),
            other => panic!("{other:?}"),
        }
    }

    const CONTEXT: &str = "--case K-1 --operator 王五";

    #[test]
    fn a_worker_is_named_by_identity_or_by_one_id() {
        let by_id = worker_of(&format!("term --worker-id w-1 {CONTEXT}"));
        assert_eq!(by_id.r#ref, Some(Ref::WorkerId("w-1".to_owned())));
        let by_match = worker_of(&format!("term --match-id m-1 {CONTEXT}"));
        assert_eq!(by_match.r#ref, Some(Ref::MatchId("m-1".to_owned())));
        let by_identity = worker_of(&format!(
            "term --id-number 8 --name 谭珊 --document-type hmt {CONTEXT}"
        ));
        let identity = IdentityDocument {
            r#type: DocumentType::HmtResidencePermit.into(),
            number: "8".to_owned(),
            name: "谭珊".to_owned(),
        };
        assert_eq!(by_identity.r#ref, Some(Ref::Identity(identity)));
    }

    #[test]
    fn a_worker_named_by_half_or_twice_is_refused() {
        let cases = [
            ("term", ErrorKind::MissingRequiredArgument),
            ("term --id-number 8", ErrorKind::MissingRequiredArgument),
            ("term --name 谭珊", ErrorKind::MissingRequiredArgument),
            (
                "term --worker-id w --match-id m",
                ErrorKind::ArgumentConflict,
            ),
            (
                "term --worker-id w --id-number 8 --name 谭珊",
                ErrorKind::ArgumentConflict,
            ),
        ];
        for (line, kind) in cases {
            let error = parse(&format!("{line} {CONTEXT}")).unwrap_err();
            assert_eq!(error.kind(), kind, "{line}");
        }
    }

    #[test]
    fn nobody_is_asked_about_without_case_and_operator() {
        for line in [
            "term --worker-id w --case K-1",
            "term --worker-id w --operator 王五",
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument, "{line}");
        }
    }

    #[test]
    fn only_an_http_address_is_taken() {
        for wrong in ["127.0.0.1:50051", "grpc://host", ""] {
            let line = format!("balance --employer C --year 2023 --address {wrong}");
            assert!(parse(&line).is_err(), "{wrong}");
        }
        for right in ["http://localhost:9", "https://127.0.0.1:50051"] {
            let line = format!("balance --employer C --year 2023 --address {right}");
            assert!(parse(&line).is_ok(), "{right}");
        }
    }
}
