//! Subsidies in the ledger: what was paid for a claim, and what of it was taken back.
//!
//! The entries stand in the employer's chain beside those of the deduction, and move nothing of a
//! year's quota: their money comes from a fund and goes to whoever the subsidy is paid to.

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::frozen::{FrozenError, Reader, Writer};
use crate::ids::{AuditId, CaseId, DecisionId, WorkerId};
use crate::money::Fen;
use crate::month::{TaxMonth, TaxPeriod};
use crate::subsidy::SubsidyKind;

use super::{ByGroup, EntryDraft, EntryKind, Release};

/// A person-month that is paid, or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsidyLine {
    /// Whose.
    pub worker_id: WorkerId,
    /// The revision of the worker's facts that it was decided on.
    pub worker_revision: u32,
    /// Which month.
    pub month: TaxMonth,
    /// What is paid for it, or taken back; above zero in both.
    pub amount_fen: Fen,
    /// The decision that the claim's line rests on.
    pub decision_id: DecisionId,
}

/// What an entry says of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubsidyPart {
    /// Which claim.
    pub claim_id: CaseId,
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// Where the money came from, and goes back to.
    pub fund_source: String,
    /// The payment's reference at the treasury.
    pub payment_reference: String,
    /// The day of payment; of a claw-back, the day on which it was decided.
    pub paid_on: CivilDate,
    /// Line by line.
    pub lines: Vec<SubsidyLine>,
}

impl SubsidyPart {
    /// The sum of its lines.
    pub fn total_fen(&self) -> Fen {
        self.lines.iter().map(|line| line.amount_fen).sum()
    }

    /// The entry of it, in the year of the quarter that was claimed.
    pub fn draft(self, kind: EntryKind, quarter: TaxPeriod, reason: String) -> EntryDraft {
        EntryDraft {
            kind,
            tax_year: quarter.year(),
            period: Some(quarter),
            payable_fen: Fen::ZERO,
            sales_fen: None,
            release: Release::Cumulative,
            return_number: String::new(),
            declared_at: None,
            reason,
            reverses: None,
            lines: Vec::new(),
            accruals: Vec::new(),
            projected: ByGroup::ZERO,
            cit_change: ByGroup::ZERO,
            forfeited_change: ByGroup::ZERO,
            subsidy: Some(self),
        }
    }

    pub(super) fn freeze(&self, writer: &mut Writer) {
        writer
            .bytes(self.claim_id.bytes())
            .int(i64::from(self.kind.measure()))
            .text(&self.fund_source)
            .text(&self.payment_reference)
            .int(i64::from(self.paid_on.epoch_day()))
            .int(self.lines.len() as i64);
        for line in &self.lines {
            writer
                .bytes(line.worker_id.bytes())
                .int(i64::from(line.worker_revision))
                .int(i64::from(line.month.index()))
                .int(line.amount_fen.get())
                .bytes(line.decision_id.audit.bytes())
                .optional_int(line.decision_id.item.map(i64::from));
        }
    }

    pub(super) fn thaw(reader: &mut Reader<'_>) -> Result<Self, FrozenError> {
        Ok(Self {
            claim_id: CaseId::from_slice(reader.bytes()?).ok_or(FrozenError)?,
            kind: SubsidyKind::of_measure(reader.int()?).ok_or(FrozenError)?,
            fund_source: reader.text()?.to_owned(),
            payment_reference: reader.text()?.to_owned(),
            paid_on: CivilDate::from_epoch_day(reader.narrow()?).ok_or(FrozenError)?,
            lines: {
                let count = reader.count()?;
                (0..count)
                    .map(|_| thaw_line(reader))
                    .collect::<Result<_, _>>()?
            },
        })
    }
}

fn thaw_line(reader: &mut Reader<'_>) -> Result<SubsidyLine, FrozenError> {
    Ok(SubsidyLine {
        worker_id: WorkerId::from_slice(reader.bytes()?).ok_or(FrozenError)?,
        worker_revision: reader.narrow()?,
        month: TaxMonth::from_index(reader.narrow()?).ok_or(FrozenError)?,
        amount_fen: Fen::new(reader.int()?),
        decision_id: DecisionId {
            audit: AuditId::from_slice(reader.bytes()?).ok_or(FrozenError)?,
            item: reader
                .optional_int()?
                .map(|item| u32::try_from(item).map_err(|_| FrozenError))
                .transpose()?,
        },
    })
}
