//! `ListAuditEvents` and `ListSubjectAccess`.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_store::audit::{AuditPlace, AuditQuery};
use mamagang_store::rows::AuditRow;
use uuid::Uuid;

use super::record::{RecordedCall, thaw_call};
use crate::app::{App, require_context};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult};
use crate::limits::{AUDIT_ROWS_SCANNED_MAX, PAGE_ROWS_MAX};
use crate::workers::Who;

const METHOD_EVENTS: &str = "mamagang.v1.AuditService/ListAuditEvents";
const METHOD_SUBJECT: &str = "mamagang.v1.AuditService/ListSubjectAccess";

/// A span of time and a page of it.
#[derive(Clone, Copy, Debug)]
pub struct AuditSpan {
    /// Recorded at or after (microseconds); `None` = from the beginning.
    pub from: Option<i64>,
    /// Recorded before (microseconds); `None` = until now.
    pub until: Option<i64>,
    /// After which row of the span.
    pub after: Option<AuditPlace>,
    /// Events of the page.
    pub limit: usize,
}

/// Which rows to list; what is not told lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The caller's subject.
    pub caller: Option<String>,
    /// The caller's organisation.
    pub organisation: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The employer concerned.
    pub employer_code: Option<EmployerCode>,
    /// The person concerned, alone or among others.
    pub worker_id: Option<WorkerId>,
    /// How the call ended.
    pub outcome: Option<String>,
}

impl AuditFilter {
    fn keeps(&self, row: &AuditRow) -> bool {
        let is_alike =
            |told: &Option<String>, found: &str| told.as_ref().is_none_or(|told| told == found);
        is_alike(&self.caller, &row.caller)
            && is_alike(&self.organisation, &row.organisation)
            && is_alike(&self.method, &row.method)
            && is_alike(&self.outcome, &row.outcome)
            && (self.employer_code.is_none() || self.employer_code == row.employer_code)
    }
}

/// A row with the call that it records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// The row.
    pub row: AuditRow,
    /// What it records.
    pub call: RecordedCall,
}

/// A page of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// Oldest first.
    pub events: Vec<AuditEvent>,
    /// The row after which the next page starts.
    pub next_after: Option<AuditPlace>,
    /// The person's ids that were looked for, the present one first; none where no person was asked for.
    pub worker_ids: Vec<WorkerId>,
}

impl App {
    /// Rows of a span of time. A page goes through a bounded number of rows.
    pub async fn list_audit_events(
        &self,
        caller: &Caller,
        context: &AccessContext,
        span: AuditSpan,
        filter: &AuditFilter,
    ) -> AppResult<AuditPage> {
        self.permit(METHOD_EVENTS, caller, Some(context)).await?;
        require_context(context)?;
        let worker_ids = match filter.worker_id {
            Some(id) => self.ids_of(id).await?,
            None => Vec::new(),
        };
        let page = self.audit_page(span, filter, worker_ids).await?;
        let mut draft = self.audit_draft(METHOD_EVENTS, caller, Some(context), Vec::new());
        draft.worker_id = filter.worker_id;
        draft.employer_code = filter.employer_code;
        self.audit.write(draft).await?;
        Ok(page)
    }

    /// Who saw a person's data.
    pub async fn list_subject_access(
        &self,
        caller: &Caller,
        context: &AccessContext,
        who: &Who,
        span: AuditSpan,
    ) -> AppResult<AuditPage> {
        let permit = self.permit(METHOD_SUBJECT, caller, Some(context)).await?;
        require_context(context)?;
        let found = self.known_worker(&permit, who).await?;
        let worker_id = found.worker.worker_id;
        let worker_ids = self.ids_of(worker_id).await?;
        let filter = AuditFilter::default();
        let page = self.audit_page(span, &filter, worker_ids).await?;
        let mut draft = self.audit_draft(METHOD_SUBJECT, caller, Some(context), Vec::new());
        draft.worker_id = Some(worker_id);
        self.audit.write(draft).await?;
        Ok(page)
    }

    /// A person's ids: the present one, and those that were merged into it.
    async fn ids_of(&self, worker_id: WorkerId) -> AppResult<Vec<WorkerId>> {
        let mut ids = vec![worker_id];
        ids.extend(self.store.merged_into(worker_id).await?);
        Ok(ids)
    }

    async fn audit_page(
        &self,
        span: AuditSpan,
        filter: &AuditFilter,
        worker_ids: Vec<WorkerId>,
    ) -> AppResult<AuditPage> {
        // No id is smaller than the nil one, so rows of the first instant are in.
        let start = AuditPlace {
            recorded_at: span.from.unwrap_or(i64::MIN).saturating_sub(1),
            audit_id: AuditId(Uuid::max()),
        };
        let mut query = AuditQuery {
            after: span.after.unwrap_or(start),
            until: span.until.unwrap_or(i64::MAX),
            retention: None,
            limit: PAGE_ROWS_MAX,
        };
        let mut events: Vec<AuditEvent> = Vec::new();
        let mut scanned = 0;
        loop {
            let rows = match worker_ids.is_empty() {
                true => self.store.audit_rows(&query).await?,
                false => self.store.audit_rows_of(&worker_ids, &query).await?,
            };
            let is_last = rows.len() < PAGE_ROWS_MAX as usize;
            scanned += rows.len();
            for row in rows {
                let place = row.place();
                query.after = place;
                if !filter.keeps(&row) {
                    continue;
                }
                if events.len() == span.limit {
                    let next_after = events.last().map(|event| event.row.place());
                    return Ok(AuditPage {
                        events,
                        next_after,
                        worker_ids,
                    });
                }
                let call = thaw_call(&row.frozen).map_err(AppError::internal)?;
                events.push(AuditEvent { row, call });
            }
            if is_last || scanned >= AUDIT_ROWS_SCANNED_MAX {
                return Ok(AuditPage {
                    events,
                    next_after: (!is_last).then_some(query.after),
                    worker_ids,
                });
            }
        }
    }
}
