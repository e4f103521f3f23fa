//! The entries of the ledger that payments and claw-backs leave.

use mamagang_domain::date::CivilDate;
use mamagang_domain::ids::{AuditId, RequestId};
use mamagang_domain::ledger::{Entry, EntryBody, EntryKind, Genesis, SubsidyLine, SubsidyPart};
use mamagang_domain::subsidy::RULES_VERSION;
use mamagang_store::UnitOfWork;
use mamagang_store::rows::{EntryRow, LedgerHead};

use super::Claim;
use crate::app::App;
use crate::attempt::Attempt;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};

/// An entry to append to the chain of a claim's employer.
pub(super) struct Booking<'a> {
    /// Payment or claw-back.
    pub(super) kind: EntryKind,
    /// What is paid or taken back.
    pub(super) lines: Vec<SubsidyLine>,
    /// The end of the chain, locked.
    pub(super) head: LedgerHead,
    /// Who books it.
    pub(super) caller: &'a Caller,
    /// The request.
    pub(super) request_id: RequestId,
    /// The audit row of the call.
    pub(super) audit_id: AuditId,
    /// Why, of a claw-back.
    pub(super) reason: &'a str,
    /// The day of the payment or of the claw-back.
    pub(super) on: CivilDate,
}

/// Appends the entry, and gives its place in the chain.
pub(super) async fn book(
    app: &App,
    unit: &mut dyn UnitOfWork,
    claim: &Claim,
    booking: Booking<'_>,
) -> Result<u32, Attempt> {
    let entry = entry_of(app, unit.recorded_at(), claim, booking)?;
    let row = EntryRow {
        employer_code: entry.body.employer_code,
        sequence: entry.body.sequence,
        tax_year: entry.body.draft.tax_year,
        recorded_at: entry.body.recorded_at,
        frozen: entry.frozen,
        previous_hash: entry.previous_hash,
        hash: entry.hash,
    };
    let sequence = row.sequence;
    unit.append_entries(&[row]).await?;
    Ok(sequence)
}

fn entry_of(app: &App, recorded_at: i64, claim: &Claim, booking: Booking<'_>) -> AppResult<Entry> {
    let quarter = claim.file.quarter();
    let quarter = quarter.ok_or_else(|| AppError::internal("a claim of no quarter"))?;
    let part = SubsidyPart {
        claim_id: claim.claim_id,
        kind: claim.file.kind,
        fund_source: claim.file.fund_source.clone(),
        payment_reference: claim.file.payment_reference.clone(),
        paid_on: booking.on,
        lines: booking.lines,
    };
    let body = EntryBody {
        employer_code: claim.employer_code,
        sequence: booking.head.sequence + 1,
        recorded_at,
        actor: booking.caller.subject.clone(),
        request_id: booking.request_id,
        policy_version: app.book.version.to_string(),
        rules_version: RULES_VERSION,
        decision_id: Some(booking.audit_id),
        draft: part.draft(booking.kind, quarter, booking.reason.to_owned()),
    };
    let before = match booking.head.sequence {
        0 => Genesis::hash(&claim.employer_code),
        _ => booking.head.hash,
    };
    Ok(Entry::chain(body, before))
}
