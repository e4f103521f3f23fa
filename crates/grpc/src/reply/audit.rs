//! Rows of the audit trail.

use mamagang_app::AccessContext;
use mamagang_app::audit::{AuditEvent, DecisionItem, Retention, TURNED_AWAY};
use mamagang_domain::frozen::hex;
use mamagang_proto::v1;

use super::timestamp;

/// A row with the call that it records.
pub(crate) fn event(event: &AuditEvent) -> v1::AuditEvent {
    let (row, call) = (&event.row, &event.call);
    v1::AuditEvent {
        audit_id: row.audit_id.to_string(),
        recorded_time: Some(timestamp(row.recorded_at)),
        method: row.method.clone(),
        caller: row.caller.clone(),
        organisation: call.organisation.clone(),
        context: context(&call.context),
        outcome: row.outcome.clone(),
        worker_id: row.worker_id.map(|id| id.to_string()).unwrap_or_default(),
        employer_code: row
            .employer_code
            .map(|code| code.to_string())
            .unwrap_or_default(),
        fields_given: call.given.clone(),
        retention_class: class(row.retention).into(),
        item_count: i32::try_from(call.items.len()).unwrap_or(i32::MAX),
        writer_id: hex(&row.writer_id),
        position: i64::try_from(row.position).unwrap_or(i64::MAX),
        hash: row.hash.to_vec(),
        summary: summary(event),
    }
}

/// What a row of several calls tells of them.
fn summary(event: &AuditEvent) -> String {
    match event.call.items.first() {
        Some(DecisionItem::Other { question, .. }) if event.row.method == TURNED_AWAY => {
            question.clone()
        }
        _ => String::new(),
    }
}

fn context(told: &AccessContext) -> Option<v1::AccessContext> {
    (*told != AccessContext::default()).then(|| v1::AccessContext {
        purpose: told.purpose.clone(),
        legal_basis: told.legal_basis.clone(),
        case_number: told.case_number.clone(),
        operator: told.operator.clone(),
    })
}

const fn class(retention: Retention) -> v1::RetentionClass {
    match retention {
        Retention::SixMonths => v1::RetentionClass::SixMonths,
        Retention::ThreeYears => v1::RetentionClass::ThreeYears,
        Retention::TenYears => v1::RetentionClass::TenYears,
    }
}
