//! `mamagang certificate`: a 认定证明 as data and as PDF, and whether one holds.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};
use mamagang_files::certificate::{Certificate, shown_code, typed_code};
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::list_facts_request::Subject;
use mamagang_proto::v1::{
    self, AccessContext, CertificateStatus, CheckCertificateRequest, FactKind,
    GetCertificateRequest, WorkerRef, worker_ref,
};

use tonic::Code;

use super::args::{ClientFlags, ContextFlags, WorkerFlags};
use super::ask::Answer;
use super::connection::Connection;
use super::export::read::{Records, worker};
use super::failure::Failure;
use super::json;
use super::view::View;
use super::words::{self, Lang};
use crate::ids::new_id;

/// A certificate that does not hold.
const DOES_NOT_HOLD: u8 = 3;

/// `mamagang certificate`.
#[derive(clap::Args, Clone, Debug)]
pub struct CertificateArgs {
    /// What.
    #[command(subcommand)]
    pub what: CertificateCommand,
}

/// What is done with certificates.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum CertificateCommand {
    /// Issue the certificate of a hire for a month (企业吸纳重点群体就业认定证明)
    Issue(Box<IssueArgs>),
    /// Ask whether the certificate of a code holds
    Check(Box<CheckCodeArgs>),
}

/// A certificate to issue.
#[derive(clap::Args, Clone, Debug)]
pub struct IssueArgs {
    /// The employer's 统一社会信用代码
    #[arg(long, value_name = "CODE")]
    pub employer: String,
    /// Whom.
    #[command(flatten)]
    pub worker: WorkerFlags,
    /// The month for which the hire is certified
    #[arg(long, value_name = "YYYY-MM")]
    pub month: String,
    /// A UUID: the same again gives the same certificate [default: a new one]
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<String>,
    /// Where the PDF goes; without it only the data is shown
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Why.
    #[command(flatten)]
    pub context: ContextFlags,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// A code to check.
#[derive(clap::Args, Clone, Debug)]
pub struct CheckCodeArgs {
    /// The code on it, or what its QR code holds
    #[arg(value_name = "CODE")]
    pub code: String,
    /// Where and how.
    #[command(flatten)]
    pub client: ClientFlags,
}

impl CertificateArgs {
    /// What all of them take.
    pub const fn flags(&self) -> &ClientFlags {
        match &self.what {
            CertificateCommand::Issue(args) => &args.client,
            CertificateCommand::Check(args) => &args.client,
        }
    }
}

pub(super) async fn certificate(
    args: &CertificateArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    match &args.what {
        CertificateCommand::Issue(args) => issue(args, connection, view).await,
        CertificateCommand::Check(args) => check(args, connection, view).await,
    }
}

async fn issue(args: &IssueArgs, connection: &Connection, view: View) -> Result<Answer, Failure> {
    let worker = args.worker.to_ref();
    let context = args.context.to_context();
    let request = GetCertificateRequest {
        request_id: args
            .request_id
            .clone()
            .unwrap_or_else(|| new_id().to_string()),
        context: Some(context.clone()),
        employer_code: args.employer.clone(),
        worker: Some(worker.clone()),
        month: args.month.clone(),
    };
    let answer = connection.verification().get_certificate(request).await?;
    let answer = answer.into_inner();
    let issued = answer.certificate.as_ref();
    let issued = issued.ok_or(Failure::Incomplete("certificate"))?;
    if let Some(path) = &args.output {
        let printed = printed(issued, &worker, &context, connection).await?;
        let pdf = printed.pdf();
        let pdf = pdf.map_err(|error| Failure::File(error.to_string()))?;
        std::fs::write(path, pdf.bytes)
            .map_err(|error| Failure::File(format!("{}: {error}", path.display())))?;
    }
    if args.client.json {
        let name = "mamagang.v1.GetCertificateResponse";
        return Ok(Answer::new(json::of(name, &answer)? + "\n", 0));
    }
    let mut text = shown(issued, view);
    if let Some(path) = &args.output {
        text.push_str(&format!("{}\n", path.display()));
    }
    Ok(Answer::new(text, 0))
}

/// A certificate as it is printed.
async fn printed(
    issued: &v1::Certificate,
    asked: &WorkerRef,
    context: &AccessContext,
    connection: &Connection,
) -> Result<Certificate, Failure> {
    let mut records = Records::new(connection, None);
    let employer = records.employer(&issued.employer_code).await?;
    let name = employer.profiles.last().map(|profile| profile.name.clone());
    let person = match masked(asked, &issued.issued_date) {
        Some(person) => Some(person),
        None => recorded(&mut records, &issued.worker_id, context).await?,
    };
    let (worker_name, document_number) = person.unwrap_or_default();
    Ok(Certificate {
        check_code: issued.check_code.clone(),
        employer_name: name.unwrap_or_default(),
        employer_code: issued.employer_code.clone(),
        worker_name,
        document_number,
        worker_id: issued.worker_id.clone(),
        category: words::category(issued.category, Lang::Zh),
        month: issued.month.clone(),
        start_month: issued.start_month.clone(),
        term_end_month: issued.term_end_month.clone(),
        issued_on: issued.issued_date.clone(),
        valid_until: issued.valid_until_date.clone(),
        decision_id: issued.decision_id.clone(),
        signature: STANDARD.encode(&issued.signature),
        key_id: issued.key_id,
    })
}

/// Name and number as they were given, masked: the service has found the person under both.
fn masked(asked: &WorkerRef, today: &str) -> Option<(String, String)> {
    let Some(worker_ref::Ref::Identity(identity)) = &asked.r#ref else {
        return None;
    };
    let document_type = match identity.r#type() {
        v1::DocumentType::ResidentIdCard => DocumentType::ResidentIdCard,
        v1::DocumentType::HmtResidencePermit => DocumentType::HmtResidencePermit,
        v1::DocumentType::ForeignPermanentResidentCard => {
            DocumentType::ForeignPermanentResidentCard
        }
        v1::DocumentType::Unspecified => return None,
    };
    let today = CivilDate::parse(today).ok()?;
    let number = DocumentNumber::parse(document_type, &identity.number, today).ok()?;
    let name = PersonName::parse(&identity.name).ok()?;
    Some((name.masked(), number.masked()))
}

/// Name and number as the service shows them, masked; none to a caller who may not read facts.
async fn recorded(
    records: &mut Records<'_>,
    worker_id: &str,
    context: &AccessContext,
) -> Result<Option<(String, String)>, Failure> {
    let subject: Subject = worker(worker_id);
    let kinds = [FactKind::WorkerProfile];
    let facts = match records.facts(subject, &kinds, false, context).await {
        Ok(facts) => facts,
        Err(Failure::Refused(status)) if status.code() == Code::PermissionDenied => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let person = facts
        .into_iter()
        .find_map(|stored| match stored.fact?.kind? {
            Kind::WorkerProfile(profile) => profile.identity,
            _ => None,
        });
    Ok(person.map(|identity| (identity.name, identity.number)))
}

async fn check(
    args: &CheckCodeArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let request = CheckCertificateRequest {
        check_code: typed_code(&args.code),
    };
    let answer = connection.verification().check_certificate(request).await?;
    let answer = answer.into_inner();
    let code = match answer.status() {
        CertificateStatus::Valid => 0,
        _ => DOES_NOT_HOLD,
    };
    if args.client.json {
        let name = "mamagang.v1.CheckCertificateResponse";
        return Ok(Answer::new(json::of(name, &answer)? + "\n", code));
    }
    let (zh, en) = match answer.status() {
        CertificateStatus::Valid => ("有效", "valid"),
        CertificateStatus::Expired => ("已过期", "expired"),
        CertificateStatus::Revoked => ("已撤销", "revoked"),
        CertificateStatus::Unspecified => ("", ""),
    };
    let issued = answer.certificate.as_ref();
    let issued = issued.ok_or(Failure::Incomplete("certificate"))?;
    let text = format!("{}\n{}", view.pick(zh, en), shown(issued, view));
    Ok(Answer::new(text, code))
}

fn shown(issued: &v1::Certificate, view: View) -> String {
    let mut grid = view.headless();
    grid.pair(
        view.pick("校验码", "check code"),
        shown_code(&issued.check_code),
    )
    .pair(
        view.pick("用人单位", "employer"),
        issued.employer_code.as_str(),
    )
    .pair(view.pick("人员编号", "worker"), issued.worker_id.as_str())
    .pair(
        view.pick("人员类别", "category"),
        words::category(issued.category, view.lang),
    )
    .pair(view.pick("认定月份", "month"), issued.month.as_str())
    .pair(
        view.pick("期限起始月", "start month"),
        issued.start_month.as_str(),
    )
    .pair(
        view.pick("期限最迟终止月", "last month of the term"),
        issued.term_end_month.as_str(),
    )
    .pair(
        view.pick("签发日期", "issued on"),
        issued.issued_date.as_str(),
    )
    .pair(
        view.pick("有效期至", "valid until"),
        issued.valid_until_date.as_str(),
    )
    .pair(
        view.pick("决定编号", "decision"),
        issued.decision_id.as_str(),
    );
    grid.text()
}
