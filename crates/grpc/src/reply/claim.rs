//! Claims, told.

use mamagang_app::AppResult;
use mamagang_app::claims::{Claim, RefusedMonth};
use mamagang_app::filings::HistoryStep;
use mamagang_domain::claim::{ClaimState, LineChange};
use mamagang_domain::ids::EntryId;
use mamagang_domain::ledger::{EntryKind, SubsidyPart};
use mamagang_proto::v1;

use super::filing::case_steps;
use super::{date_or_empty, timestamp};
use crate::convert::enums::ApiEnum as _;

pub(crate) fn claim(claim: &Claim) -> AppResult<v1::Claim> {
    let file = &claim.file;
    let lines = file.lines.iter().map(|line| v1::ClaimLine {
        worker_id: line.worker_id.to_string(),
        month: line.month.to_string(),
        amount_fen: line.amount_fen.get(),
        clawed_back_fen: line.clawed_back_fen.get(),
        worker_revision: i64::from(line.worker_revision),
        decision_id: line.decision_id.to_string(),
    });
    let entry_id = |sequence: u32| {
        let employer_code = claim.employer_code;
        EntryId {
            employer_code,
            sequence,
        }
        .to_string()
    };
    let taken_back = file.claw_back_sequences.iter().copied();
    Ok(v1::Claim {
        claim_id: claim.claim_id.to_string(),
        employer_code: claim.employer_code.to_string(),
        kind: file.kind.to_api(),
        quarter: file
            .quarter()
            .map_or_else(String::new, |quarter| quarter.to_string()),
        state: claim.state()?.to_api(),
        town_code: claim.town_code.clone(),
        lines: lines.collect(),
        total_fen: file.total_fen().get(),
        clawed_back_fen: file.clawed_back_fen().get(),
        submitted_date: file.submitted_on.to_string(),
        paid_date: date_or_empty(file.paid_on),
        payment_reference: file.payment_reference.clone(),
        fund_source: file.fund_source.clone(),
        payment_entry_id: file.payment_sequence.map(entry_id).unwrap_or_default(),
        claw_back_entry_ids: taken_back.map(entry_id).collect(),
        policy_version: file.policy_version.clone(),
        revision: i64::from(claim.revision),
        opened_time: Some(timestamp(claim.opened_at)),
        updated_time: Some(timestamp(claim.updated_at)),
    })
}

/// What a subsidy's entry says, with what is taken back below zero.
pub(crate) fn entry_part(kind: EntryKind, part: &SubsidyPart) -> v1::SubsidyEntry {
    let sign = match kind {
        EntryKind::SubsidyClawBack => -1,
        _ => 1,
    };
    let lines = part.lines.iter().map(|line| v1::SubsidyEntryLine {
        worker_id: line.worker_id.to_string(),
        month: line.month.to_string(),
        amount_fen: line.amount_fen.times(sign).get(),
        decision_id: line.decision_id.to_string(),
    });
    v1::SubsidyEntry {
        claim_id: part.claim_id.to_string(),
        kind: part.kind.to_api(),
        fund_source: part.fund_source.clone(),
        payment_reference: part.payment_reference.clone(),
        paid_date: part.paid_on.to_string(),
        amount_fen: part.total_fen().times(sign).get(),
        lines: lines.collect(),
    }
}

pub(crate) fn refused(refused: &[RefusedMonth]) -> Vec<v1::RefusedMonth> {
    let refused = refused.iter().map(|month| v1::RefusedMonth {
        worker_id: month.worker_id.to_string(),
        month: month.month.to_string(),
        reason: month.code.number(),
    });
    refused.collect()
}

pub(crate) fn changes(changes: &[LineChange]) -> Vec<v1::ClaimLineChange> {
    let changes = changes.iter().map(|change| v1::ClaimLineChange {
        worker_id: change.worker_id.to_string(),
        month: change.month.to_string(),
        standing_fen: change.standing_fen.get(),
        supported_fen: change.supported_fen.get(),
        reason: change.code.number(),
    });
    changes.collect()
}

/// The steps of a claim.
pub(crate) fn claim_steps(steps: &[HistoryStep]) -> Vec<v1::CaseStep> {
    let name = |number: u8| ClaimState::from_number(number).map_or("", ClaimState::name);
    case_steps(steps, name)
}
