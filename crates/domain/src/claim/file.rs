//! What a claim holds.

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::ids::{DecisionId, WorkerId};
use crate::ledger::SubsidyLine;
use crate::money::Fen;
use crate::month::{TaxMonth, TaxPeriod};
use crate::reason::ReasonCode;
use crate::subsidy::SubsidyKind;

/// A person-month that is claimed. A training stands in the month of its completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimLine {
    /// For whom.
    pub worker_id: WorkerId,
    /// The revision of the worker's facts that it rests on.
    pub worker_revision: u32,
    /// Which month.
    pub month: TaxMonth,
    /// What was claimed.
    pub amount_fen: Fen,
    /// What of it was taken back since.
    pub clawed_back_fen: Fen,
    /// The decision that it rests on, made when the claim was submitted: it can be asked for,
    /// explained and made again.
    pub decision_id: DecisionId,
}

impl ClaimLine {
    /// What is left of it.
    pub fn standing_fen(&self) -> Fen {
        self.amount_fen - self.clawed_back_fen
    }

    const fn entry_line(&self, amount_fen: Fen) -> SubsidyLine {
        SubsidyLine {
            worker_id: self.worker_id,
            worker_revision: self.worker_revision,
            month: self.month,
            amount_fen,
            decision_id: self.decision_id,
        }
    }
}

/// Months that were left out of a claim for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedMonths {
    /// Why.
    #[serde(with = "crate::reason::by_number")]
    pub code: ReasonCode,
    /// How many.
    pub count: u32,
}

/// A line that facts no longer support as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// For whom.
    pub worker_id: WorkerId,
    /// Which month.
    pub month: TaxMonth,
    /// What stands.
    pub standing_fen: Fen,
    /// What facts support now.
    pub supported_fen: Fen,
    /// Why.
    pub code: ReasonCode,
}

/// A claim, all of it but what the case itself holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimFile {
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// First month of the quarter.
    pub quarter_start: TaxMonth,
    /// Line by line, by worker and month.
    pub lines: Vec<ClaimLine>,
    /// How many months were left out, by reason.
    pub refused: Vec<RefusedMonths>,
    /// The workers that were asked for; none = everybody with a contract at the employer.
    pub workers: Vec<WorkerId>,
    /// Under which policies it was decided.
    pub policy_version: String,
    /// When it was submitted, last where it was returned.
    pub submitted_on: CivilDate,
    /// Who submitted it, last where it was returned.
    pub submitted_by: String,
    /// Who made the first review; nobody yet where empty.
    pub reviewed_by: String,
    /// Who made the final review: neither of those before.
    pub approved_by: String,
    /// When it was paid.
    pub paid_on: Option<CivilDate>,
    /// The payment's reference at the treasury.
    pub payment_reference: String,
    /// Where the money came from, such as 就业补助资金.
    pub fund_source: String,
    /// The entry of the employer's ledger that pays it.
    pub payment_sequence: Option<u32>,
    /// The entries that took back of it, in order.
    pub claw_back_sequences: Vec<u32>,
}

impl ClaimFile {
    /// A claim without lines, as it is begun on a day.
    pub const fn new(kind: SubsidyKind, quarter_start: TaxMonth, today: CivilDate) -> Self {
        Self {
            kind,
            quarter_start,
            lines: Vec::new(),
            refused: Vec::new(),
            workers: Vec::new(),
            policy_version: String::new(),
            submitted_on: today,
            submitted_by: String::new(),
            reviewed_by: String::new(),
            approved_by: String::new(),
            paid_on: None,
            payment_reference: String::new(),
            fund_source: String::new(),
            payment_sequence: None,
            claw_back_sequences: Vec::new(),
        }
    }

    /// Everything that was claimed.
    pub fn total_fen(&self) -> Fen {
        self.lines.iter().map(|line| line.amount_fen).sum()
    }

    /// What of it was taken back.
    pub fn clawed_back_fen(&self) -> Fen {
        self.lines.iter().map(|line| line.clawed_back_fen).sum()
    }

    /// Lines that stand higher than `supported` says, which is asked for each line in order.
    pub fn changes(&self, supported: impl Fn(&ClaimLine) -> (Fen, ReasonCode)) -> Vec<LineChange> {
        let lines = self.lines.iter().filter_map(|line| {
            let (supported_fen, code) = supported(line);
            let standing_fen = line.standing_fen();
            (supported_fen < standing_fen).then_some(LineChange {
                worker_id: line.worker_id,
                month: line.month,
                standing_fen,
                supported_fen,
                code,
            })
        });
        lines.collect()
    }

    /// The quarter.
    pub fn quarter(&self) -> Option<TaxPeriod> {
        let start = self.quarter_start;
        TaxPeriod::quarter(start.year(), (start.month() - 1) / 3 + 1)
    }

    /// What the ledger is to say of it: every line, as it is paid.
    pub fn payment(&self) -> Vec<SubsidyLine> {
        let lines = self.lines.iter();
        lines.map(|line| line.entry_line(line.amount_fen)).collect()
    }

    /// Takes back what the changes say, and gives what the ledger is to say of that.
    pub fn claw_back(&mut self, changes: &[LineChange]) -> Vec<SubsidyLine> {
        let mut taken_back = Vec::with_capacity(changes.len());
        for line in &mut self.lines {
            let of_line = |change: &&LineChange| {
                (change.worker_id, change.month) == (line.worker_id, line.month)
            };
            let Some(change) = changes.iter().find(of_line) else {
                continue;
            };
            let taken = line.standing_fen() - change.supported_fen;
            line.clawed_back_fen += taken;
            taken_back.push(line.entry_line(taken));
        }
        taken_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AuditId;

    fn file(amounts: &[i64]) -> ClaimFile {
        let lines = (0..).zip(amounts).map(|(index, amount)| ClaimLine {
            worker_id: WorkerId(uuid::Uuid::from_u128(7)),
            worker_revision: 1,
            month: TaxMonth::parse("2023-01").expect("a month").plus(index),
            amount_fen: Fen::new(*amount),
            clawed_back_fen: Fen::ZERO,
            decision_id: DecisionId {
                audit: AuditId(uuid::Uuid::from_u128(9)),
                item: Some(1),
            },
        });
        let start = TaxMonth::parse("2023-01").expect("a month");
        let today = CivilDate::parse("2023-04-03").expect("a date");
        ClaimFile {
            lines: lines.collect(),
            ..ClaimFile::new(SubsidyKind::EmployerInsurance, start, today)
        }
    }

    #[test]
    fn what_facts_no_longer_support_is_taken_back_to_the_fen_and_once() {
        let mut claim = file(&[30_000, 30_000, 12_345]);
        let supported = |line: &ClaimLine| match line.month.month() {
            1 => (Fen::new(30_000), ReasonCode::AllConditionsMet),
            2 => (Fen::ZERO, ReasonCode::InsuranceNotPaid),
            _ => (Fen::new(12_000), ReasonCode::TrainingMostReached),
        };
        let changes = claim.changes(supported);
        assert_eq!(changes.len(), 2);
        let taken = claim.claw_back(&changes);
        let taken: Vec<i64> = taken.iter().map(|line| line.amount_fen.get()).collect();
        assert_eq!(taken, [30_000, 345]);
        assert_eq!(claim.clawed_back_fen(), Fen::new(30_345));
        assert_eq!(claim.total_fen(), Fen::new(72_345));
        assert_eq!(claim.changes(supported), []);
    }
}
