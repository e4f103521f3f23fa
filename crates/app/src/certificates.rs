//! `GetCertificate`, `CheckCertificate`: the 企业吸纳重点群体就业认定证明 as signed data.
//!
//! A certificate says what was decided on a day, under a code that only its holder knows. Whoever
//! has the code may ask whether it still holds. It is revoked by itself: a retraction of a fact that
//! it rests on is found when it is asked for, so no job has to run.

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::PersonCategory;
use mamagang_domain::frozen::{Digest32, Writer, digest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, Subject, WorkerId};
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::Outcome;
use mamagang_domain::timeline::pack;
use mamagang_store::UnitOfWork;
use mamagang_store::cases::{CaseEvent, CaseFile};
use mamagang_store::rows::FactChange;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::Permit;
use crate::caller::{AccessContext, Caller};
use crate::eligibility::{CheckedDecision, KeyGroupCheck};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::WriteRequest;
use crate::step::{Step, Taken, body_of, day_of};
use crate::workers::Who;
use crate::workers::history::Until;

/// What is signed is of this kind, so that no other signature passes for a certificate's.
pub const SIGNED_KIND: &str = "certificate";
/// The only state that is stored: expiry and revocation follow from the calendar and the facts.
const ISSUED: u8 = 1;
/// Letters and digits of codes: without those that are taken for one another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: 100 bits, which nobody guesses.
const CODE_CHARS: usize = 20;

/// A certificate to issue.
#[derive(Clone, Debug)]
pub struct IssueCertificate {
    /// The request.
    pub request: WriteRequest,
    /// Why the person's data is read.
    pub context: AccessContext,
    /// The employer.
    pub employer_code: EmployerCode,
    /// The worker.
    pub worker: Who,
    /// The month for which the hire is certified.
    pub month: TaxMonth,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its id.
    pub certificate_id: CaseId,
    /// The code by which it is checked.
    pub check_code: String,
    /// The employer.
    pub employer_code: EmployerCode,
    /// The worker.
    pub worker_id: WorkerId,
    /// The category under which the worker counts.
    pub category: PersonCategory,
    /// The month that was certified.
    pub month: TaxMonth,
    /// The first month of the term.
    pub start_month: TaxMonth,
    /// The last month that the term can reach.
    pub term_end_month: TaxMonth,
    /// Day of issue.
    pub issued_on: CivilDate,
    /// Last day of validity: that of the term.
    pub valid_until: CivilDate,
    /// The decision that it rests on.
    pub decision_id: String,
    /// Revisions of the worker's facts that it rests on.
    pub evidence: Vec<u32>,
    /// The signed bytes.
    pub document: Vec<u8>,
    /// The signature over them (Ed25519).
    pub signature: Vec<u8>,
    /// The key that verifies it, by its id in the key file.
    pub key_id: u32,
}

/// Whether a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateStatus {
    /// 有效.
    Valid,
    /// 已过期.
    Expired,
    /// 已撤销: a fact that it rests on was retracted.
    Revoked,
}

const METHOD_GET: &str = "mamagang.v1.VerificationService/GetCertificate";
const METHOD_CHECK: &str = "mamagang.v1.VerificationService/CheckCertificate";

/// An issue with its decision made.
struct Issue {
    issue: IssueCertificate,
    worker_id: WorkerId,
    town_code: String,
    checked: CheckedDecision,
}

fn key_of(check_code: &str) -> Digest32 {
    digest(check_code.as_bytes())
}

impl Certificate {
    /// The bytes that are signed: every field that a reader relies on, in order.
    fn written(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        writer
            .text(&self.check_code)
            .text(self.employer_code.as_str())
            .bytes(self.worker_id.bytes())
            .int(self.category as i64)
            .int(i64::from(self.month.index()))
            .int(i64::from(self.start_month.index()))
            .int(i64::from(self.term_end_month.index()))
            .int(i64::from(self.issued_on.epoch_day()))
            .int(i64::from(self.valid_until.epoch_day()))
            .text(&self.decision_id);
        writer.finish()
    }
}

impl App {
    /// Issues a certificate for a hire that meets the conditions of measure 8.
    ///
    /// Errors: those of the check; `CERTIFICATE_NOT_DUE`.
    pub async fn issue_certificate(
        &self,
        caller: &Caller,
        issue: IssueCertificate,
    ) -> AppResult<Certificate> {
        let context = issue.context.clone();
        let permit = self.permit(METHOD_GET, caller, Some(&context)).await?;
        self.permit_employer(&permit, issue.employer_code).await?;
        let check = KeyGroupCheck {
            employer_code: issue.employer_code,
            who: issue.worker.clone(),
            from: issue.month,
            through: issue.month,
        };
        let checked = self.check_key_group(caller, &context, check, None).await?;
        let worker = self.known_worker(&permit, &issue.worker).await?.worker;
        let employer = self.employer_row(issue.employer_code, None).await?;
        let profile = employer.record.profiles.last();
        let step = Issue {
            worker_id: worker.worker_id,
            town_code: profile.map_or_else(String::new, |held| held.body.town_code.clone()),
            issue,
            checked,
        };
        self.take_step(&permit, &step).await
    }

    /// Whether the certificate of a code holds. Whoever has the code may ask.
    ///
    /// Errors: `CASE_NOT_FOUND`.
    pub async fn check_certificate(
        &self,
        caller: &Caller,
        check_code: &str,
    ) -> AppResult<(Certificate, CertificateStatus)> {
        self.permit(METHOD_CHECK, caller, None).await?;
        let keys = [key_of(check_code)];
        let found = self
            .store
            .cases_by_key(CaseKind::Certificate, &keys)
            .await?;
        let Some(case) = found.into_iter().flatten().next() else {
            let error = AppError::new(ErrorReason::CaseNotFound).with("kind", "CERTIFICATE");
            return Err(self.audit_refusal(METHOD_CHECK, caller, None, error).await);
        };
        let certificate: Certificate = body_of(&case)?;
        let status = if self.is_retracted(&certificate).await? {
            CertificateStatus::Revoked
        } else if self.today() > certificate.valid_until {
            CertificateStatus::Expired
        } else {
            CertificateStatus::Valid
        };
        let mut draft = self.audit_draft(METHOD_CHECK, caller, None, Vec::new());
        draft.worker_id = Some(certificate.worker_id);
        draft.employer_code = Some(certificate.employer_code);
        self.audit.write(draft).await?;
        Ok((certificate, status))
    }

    /// Whether a fact that a certificate rests on was taken out of force since.
    async fn is_retracted(&self, certificate: &Certificate) -> AppResult<bool> {
        let subject = Subject::Worker(certificate.worker_id);
        let rows = self.fact_rows(subject, Until::End).await?;
        let mut retracted = rows.iter().filter_map(|row| match row.change {
            FactChange::Retract { revision } => Some(revision),
            FactChange::Record { .. } => None,
        });
        Ok(retracted.any(|revision| certificate.evidence.contains(&revision)))
    }

    /// A code that was never given out.
    fn new_check_code(&self) -> AppResult<String> {
        let mut bytes = [0_u8; CODE_CHARS];
        let mut entropy = (self.entropy)();
        entropy.fill(&mut bytes).map_err(AppError::internal)?;
        let letters = bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)]);
        Ok(letters.map(char::from).collect())
    }
}

#[async_trait]
impl Step for Issue {
    type Answer = Certificate;

    const METHOD: &'static str = METHOD_GET;

    fn request(&self) -> &WriteRequest {
        &self.issue.request
    }

    fn context(&self) -> Option<&AccessContext> {
        Some(&self.issue.context)
    }

    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Certificate>, Attempt> {
        let decision = &self.checked.decision;
        let not_due = || {
            let reasons = decision
                .months
                .first()
                .map_or("", |month| month.code.name());
            AppError::new(ErrorReason::CertificateNotDue).with("reason", reasons)
        };
        if decision.outcome != Outcome::Eligible {
            return Err(not_due().into());
        }
        let term = decision.start_month.zip(decision.term_end_month);
        let (start_month, term_end_month) = term.ok_or_else(not_due)?;
        let mut certificate = Certificate {
            certificate_id: CaseId(app.ids.new_id()),
            check_code: app.new_check_code()?,
            employer_code: self.issue.employer_code,
            worker_id: self.worker_id,
            category: decision.category.ok_or_else(not_due)?,
            month: self.issue.month,
            start_month,
            term_end_month,
            issued_on: day_of(unit),
            valid_until: term_end_month.last_day(),
            decision_id: self.checked.decision_id.to_string(),
            evidence: decision.evidence.iter().map(|it| it.revision).collect(),
            document: Vec::new(),
            signature: Vec::new(),
            key_id: 0,
        };
        certificate.document = certificate.written();
        let signature = app.keys.load().sign(SIGNED_KIND, &certificate.document);
        let signature = signature.map_err(AppError::internal)?;
        certificate.signature = signature.bytes.to_vec();
        certificate.key_id = signature.key.key_id;
        let recorded_at = unit.recorded_at();
        let event = CaseEvent {
            file: CaseFile {
                case_id: certificate.certificate_id,
                kind: CaseKind::Certificate,
                key: Some(key_of(&certificate.check_code)),
                opened_at: recorded_at,
                revision: 1,
                state: ISSUED,
                parent_id: None,
                employer_code: Some(certificate.employer_code),
                worker_id: Some(certificate.worker_id),
                region_code: self.town_code.clone(),
                due_on: Some(certificate.valid_until),
                updated_at: recorded_at,
                body: pack(&certificate),
            },
            previous_state: None,
            actor: permit.caller.subject.clone(),
            reason: String::new(),
        };
        unit.append_cases(&[event]).await?;
        Ok(Taken {
            decisions: None,
            question: format!("certificate_id={}", certificate.certificate_id),
            employer_code: Some(certificate.employer_code),
            worker_id: Some(certificate.worker_id),
            answer: certificate,
        })
    }
}
