//! 减免税申报明细表: how the quota of a year came in and went out, period by period (fact: section
//! 2.6).

use crate::ids::WorkerId;
use crate::month::{TaxMonth, TaxPeriod};
use crate::policy::CodeGroup;
use crate::tax::TaxKind;

use super::allocation::Available;
use super::entry::{EntryBody, EntryDraft, EntryKind};
use super::year::{Release, YearState};
use super::{ByGroup, TaxLine};
use crate::money::Fen;

/// One row: a tax under one group of reduction codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReliefRow {
    /// Which period; `None` is the annual settlement.
    pub period: Option<TaxPeriod>,
    /// The entry that declares the period or settles the year.
    pub sequence: u32,
    /// The tax.
    pub tax: TaxKind,
    /// Under which codes.
    pub group: CodeGroup,
    /// 期初余额.
    pub opening_fen: Fen,
    /// 本期发生额; negative where months were taken back.
    pub arising_fen: Fen,
    /// 本期实际抵减税额.
    pub deducted_fen: Fen,
}

impl ReliefRow {
    /// 本期应抵减税额.
    pub fn deductible_fen(&self) -> Fen {
        self.opening_fen + self.arising_fen
    }

    /// 期末余额.
    pub fn closing_fen(&self) -> Fen {
        self.deductible_fen() - self.deducted_fen
    }

    fn is_empty(&self) -> bool {
        [self.opening_fen, self.arising_fen, self.deducted_fen] == [Fen::ZERO; 3]
    }
}

/// A declared period with what could be deducted when it was declared.
struct Declared {
    period: TaxPeriod,
    sequence: u32,
    deductible: ByGroup,
    lines: Vec<TaxLine>,
}

/// Replays a year's entries with what each could deduct.
#[derive(Default)]
struct Replay {
    year: YearState,
    booked: Vec<(WorkerId, TaxMonth, CodeGroup, Fen)>,
    declared: Vec<Declared>,
    /// The period that the entry before took back.
    reversed: Option<TaxPeriod>,
}

impl Replay {
    fn apply(&mut self, body: &EntryBody) {
        if body.draft.kind.is_subsidy() {
            return;
        }
        let draft = &body.draft;
        for change in &draft.accruals {
            let month = (
                change.worker_id,
                change.month,
                change.group,
                change.amount_fen,
            );
            if change.booked {
                self.booked.push(month);
            } else {
                self.booked
                    .retain(|known| (known.0, known.1) != (month.0, month.1));
            }
        }
        match (draft.kind, draft.period) {
            (EntryKind::Post, Some(period)) => {
                let deductible = self.available(draft, period).by_group();
                let index = self
                    .declared
                    .partition_point(|known| known.period.first_month() < period.first_month());
                self.declared.insert(
                    index,
                    Declared {
                        period,
                        sequence: body.sequence,
                        deductible,
                        lines: draft.lines.clone(),
                    },
                );
            }
            (EntryKind::Reversal, _) => self
                .declared
                .retain(|known| Some(known.sequence) != draft.reverses),
            _ => {}
        }
        self.reversed = match draft.kind {
            EntryKind::Reversal => draft.period,
            _ => None,
        };
        self.year.apply(body);
    }

    /// What a declaration could deduct, as the plan of it saw the year: see `plan_posting` and
    /// `plan_amendment`.
    fn available(&self, draft: &EntryDraft, period: TaxPeriod) -> Available {
        let mut after = self.year.clone();
        let undeclared = EntryDraft {
            period: None,
            ..draft.clone()
        };
        after.apply_draft(&undeclared, 0);
        if self.reversed != Some(period) {
            return Available::new(after.released(), after.deducted());
        }
        let earlier = after
            .periods
            .iter()
            .filter(|known| known.period.first_month() < period.first_month())
            .fold(ByGroup::ZERO, |sum, known| sum.plus(known.deducted()));
        let released = match draft.release {
            Release::Cumulative => self
                .booked
                .iter()
                .filter(|month| month.1 <= period.last_month())
                .fold(ByGroup::ZERO, |mut sum, month| {
                    sum.add(month.2, month.3);
                    sum
                }),
            Release::AnnualProjected => after.accrued.plus(draft.projected),
        };
        let limit = released.total() - earlier.total();
        Available::up_to(after.released(), after.deducted_in_periods(), limit)
    }
}

/// The rows of a year, from its entries in order: by period, tax and group, the settlement last.
///
/// One quota serves all taxes. The first tax of a period opens with what the period before left,
/// and what arises is the rest of what could be deducted; each further tax opens with what the tax
/// before it left. Rows of zeroes are left out.
pub fn relief_schedule(bodies: &[EntryBody]) -> Vec<ReliefRow> {
    let mut replay = Replay::default();
    for body in bodies {
        replay.apply(body);
    }
    let mut rows = Vec::new();
    let mut left = ByGroup::ZERO;
    for declared in &replay.declared {
        let place = (Some(declared.period), declared.sequence);
        left = cascade(&mut rows, place, left, declared.deductible, &declared.lines);
    }
    if let Some(settled) = replay.year.settled {
        let year = &replay.year;
        let deductible = Available::new(year.accrued, year.deducted_in_periods()).by_group();
        let line = TaxLine {
            tax: TaxKind::Cit,
            due_fen: settled.cit_payable_fen,
            deducted: settled.cit,
            halved_fen: Fen::ZERO,
            paid_fen: settled.cit_payable_fen - settled.cit.total(),
        };
        cascade(
            &mut rows,
            (None, settled.sequence),
            left,
            deductible,
            &[line],
        );
    }
    rows
}

/// The rows of one declaration; returns what it leaves.
fn cascade(
    rows: &mut Vec<ReliefRow>,
    (period, sequence): (Option<TaxPeriod>, u32),
    opening: ByGroup,
    deductible: ByGroup,
    lines: &[TaxLine],
) -> ByGroup {
    let mut opening = opening;
    let mut arising = deductible.minus(opening);
    for line in lines {
        for group in CodeGroup::ALL {
            let row = ReliefRow {
                period,
                sequence,
                tax: line.tax,
                group,
                opening_fen: opening.get(group),
                arising_fen: arising.get(group),
                deducted_fen: line.deducted.get(group),
            };
            if !row.is_empty() {
                rows.push(row);
            }
        }
        opening = opening.plus(arising).minus(line.deducted);
        arising = ByGroup::ZERO;
    }
    opening
}
