//! `GetWorkTimeTable` (就业信息表).

use std::collections::HashMap;

use mamagang_crypto::IdentityPlain;
use mamagang_domain::fact::{FactKind, WorkerFact};
use mamagang_domain::identifier::{CertificateNumber, DocumentType, EmployerCode};
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::timeline::unpack;
use mamagang_store::rows::{FactChange, FactQuery, WorkerSecret};

use super::balance::all_worker_months;
use super::months::YearMonths;
use crate::app::{App, require_context};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::facts::{FACT_SECRET, IDENTITY_SECRET, fact_secret_row};
use crate::limits::PAGE_ROWS_MAX;

/// The question.
#[derive(Clone, Debug)]
pub struct WorkTimeQuery {
    /// Why it is asked.
    pub context: AccessContext,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// As of when (microseconds); `None` = now.
    pub as_of: Option<i64>,
    /// Rows up to this ordinal were told before.
    pub after: u32,
    /// At most so many rows.
    pub limit: u32,
}

/// A worker's year. Identities are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkTimeRow {
    /// From 1.
    pub ordinal: u32,
    /// Who.
    pub worker_id: WorkerId,
    /// Document type, masked number and masked name; `None` where the person was erased.
    pub identity: Option<(DocumentType, String, String)>,
    /// Masked number of the certificate in force, where there is one.
    pub certificate_number: Option<String>,
    /// The group of codes of the year's months, where any is booked or supported.
    pub group: Option<CodeGroup>,
    /// Booked months, in order.
    pub booked: Vec<TaxMonth>,
    /// Months that facts support and nobody has booked.
    pub months_unbooked: i32,
    /// Months that a person has to decide on.
    pub months_under_review: i32,
    /// What the booked months give.
    pub accrued_fen: Fen,
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkTimePage {
    /// By worker.
    pub rows: Vec<WorkTimeRow>,
    /// The ordinal after which the next page starts.
    pub next_after: Option<u32>,
    /// As of when (microseconds).
    pub as_of: i64,
}

const METHOD: &str = "mamagang.v1.LedgerService/GetWorkTimeTable";

impl App {
    /// Who worked how long at an employer in a year, as the annex of the return wants it.
    pub async fn work_time_table(
        &self,
        caller: &Caller,
        query: WorkTimeQuery,
    ) -> AppResult<WorkTimePage> {
        let permit = self.permit(METHOD, caller, Some(&query.context)).await?;
        require_context(&query.context)?;
        self.permit_employer(&permit, query.employer_code).await?;
        let as_of = self.close_as_of(query.as_of).await?;
        let found = self.work_time_rows(&query, as_of).await;
        let mut rows = match found {
            Ok(rows) => rows,
            Err(error) => {
                let context = Some(&query.context);
                return Err(self.audit_refusal(METHOD, caller, context, error).await);
            }
        };
        let limit = query.limit as usize;
        let next_after = match rows.get(limit) {
            Some(_) => rows.get(limit.saturating_sub(1)).map(|row| row.ordinal),
            None => None,
        };
        rows.truncate(limit);
        self.name_workers(&mut rows, as_of).await?;
        let mut draft = self.audit_draft(METHOD, caller, Some(&query.context), Vec::new());
        draft.employer_code = Some(query.employer_code);
        self.audit.write(draft).await?;
        Ok(WorkTimePage {
            rows,
            next_after,
            as_of: as_of.unwrap_or_else(|| self.clock.now_micros()),
        })
    }

    /// All rows after the page before, without names.
    async fn work_time_rows(
        &self,
        query: &WorkTimeQuery,
        as_of: Option<i64>,
    ) -> AppResult<Vec<WorkTimeRow>> {
        let (code, year) = (query.employer_code, query.tax_year);
        let mut read = self.year_inputs(&[(code, year)], as_of).await?;
        let inputs = read
            .pop()
            .ok_or_else(|| AppError::new(ErrorReason::Internal))?;
        let record = inputs.employer.as_ref().map(|row| row.record.clone());
        crate::facts::require_known(code, record.unwrap_or_default())?;
        let months = all_worker_months(
            &self.book,
            &inputs,
            &HashMap::new(),
            year,
            year.last_month(),
            false,
        );
        let rows = months.iter().filter_map(row_of);
        let numbered = (1..)
            .zip(rows)
            .map(|(ordinal, row)| WorkTimeRow { ordinal, ..row });
        Ok(numbered.filter(|row| row.ordinal > query.after).collect())
    }

    /// Fills in masked identities and certificate numbers.
    async fn name_workers(&self, rows: &mut [WorkTimeRow], as_of: Option<i64>) -> AppResult<()> {
        let ids: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
        let secrets = self.store.worker_secrets(&ids).await?;
        for (row, secret) in rows.iter_mut().zip(secrets) {
            let Some(secret) = secret else {
                continue;
            };
            row.identity = Some(self.masked(row.worker_id, &secret)?);
            row.certificate_number = self.certificate(row.worker_id, &secret, as_of).await?;
        }
        Ok(())
    }

    fn masked(
        &self,
        worker_id: WorkerId,
        secret: &WorkerSecret,
    ) -> AppResult<(DocumentType, String, String)> {
        let key = self.keys().unwrap(&secret.data_key, worker_id);
        let key = key.map_err(AppError::internal)?;
        let plain = key.decrypt(IDENTITY_SECRET, worker_id.bytes(), &secret.identity);
        let plain = plain.map_err(AppError::internal)?;
        let identity = IdentityPlain::decode(&plain, self.today()).map_err(AppError::internal)?;
        let (number, name) = (identity.number.masked(), identity.name.masked());
        Ok((identity.document_type, number, name))
    }

    /// The masked number of the worker's latest certificate that was in force.
    async fn certificate(
        &self,
        worker_id: WorkerId,
        secret: &WorkerSecret,
        as_of: Option<i64>,
    ) -> AppResult<Option<String>> {
        let query = FactQuery {
            subject: Subject::Worker(worker_id),
            kinds: vec![FactKind::EmploymentCertificate],
            after: 0,
            through: None,
            as_of,
            limit: PAGE_ROWS_MAX,
        };
        let mut latest = None;
        for row in self.store.list_facts(&query).await?.rows {
            match &row.change {
                FactChange::Record { body, secret } if !secret.is_empty() => {
                    let fact = unpack(body).map_err(AppError::internal)?;
                    if matches!(fact, WorkerFact::Certificate(_)) {
                        latest = Some((row.revision, secret.clone()));
                    }
                }
                FactChange::Record { .. } => {}
                FactChange::Retract { revision } => {
                    latest = latest.filter(|(known, _)| known != revision);
                }
            }
        }
        let Some((revision, sealed)) = latest else {
            return Ok(None);
        };
        let key = self.keys().unwrap(&secret.data_key, worker_id);
        let key = key.map_err(AppError::internal)?;
        let row = fact_secret_row(worker_id, revision);
        let plain = key.decrypt(FACT_SECRET, &row, &sealed);
        let plain = plain.map_err(AppError::internal)?;
        let text = std::str::from_utf8(&plain).map_err(AppError::internal)?;
        let number = CertificateNumber::parse(text).map_err(AppError::internal)?;
        Ok(Some(number.masked()))
    }
}

/// A worker's row, without a number of its own; `None` where the year has nothing to tell.
fn row_of(worker: &YearMonths) -> Option<WorkTimeRow> {
    let worker_id = worker.plan.worker_id?;
    let plan = &worker.plan;
    let is_booked = |month: TaxMonth| plan.booked.iter().any(|booked| booked.month == month);
    let unbooked = plan
        .supported
        .iter()
        .filter(|value| !is_booked(value.month))
        .count();
    if plan.booked.is_empty() && unbooked == 0 && plan.under_review == 0 {
        return None;
    }
    let last = plan.booked.last().or(plan.supported.last());
    let mut booked: Vec<TaxMonth> = plan.booked.iter().map(|value| value.month).collect();
    booked.sort_unstable();
    Some(WorkTimeRow {
        ordinal: 0,
        worker_id,
        identity: None,
        certificate_number: None,
        group: last.map(|value| value.group),
        booked,
        months_unbooked: i32::try_from(unbooked).unwrap_or(i32::MAX),
        months_under_review: plan.under_review,
        accrued_fen: plan.booked.iter().map(|value| value.amount_fen).sum(),
    })
}
