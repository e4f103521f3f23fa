//! The state of one employer-year: a projection of its entries.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::month::{FilingCycle, TaxMonth, TaxPeriod};
use crate::tax::TaxKind;

use super::entry::{EntryBody, EntryDraft, EntryKind};
use super::{ByGroup, TaxLine};

/// How the quota becomes usable inside a year (fact: section 2.5 (8)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Release {
    /// The months counted to the period's end.
    #[default]
    Cumulative = 0,
    /// The months expected to 31 December.
    AnnualProjected = 1,
}

impl Release {
    /// Both, by number.
    pub const ALL: [Self; 2] = [Self::Cumulative, Self::AnnualProjected];
}

/// A declared period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodState {
    /// Which.
    pub period: TaxPeriod,
    /// The entry that declares it.
    pub sequence: u32,
    /// VAT payable before the deduction.
    pub vat_payable_fen: Fen,
    /// Declared sales.
    pub sales_fen: Option<Fen>,
    /// How the quota was released.
    pub release: Release,
    /// The bureau's reference.
    pub return_number: String,
    /// The four lines.
    pub lines: Arc<[TaxLine]>,
}

impl PeriodState {
    /// What the period deducts, by group.
    pub fn deducted(&self) -> ByGroup {
        self.lines
            .iter()
            .fold(ByGroup::ZERO, |sum, line| sum.plus(line.deducted))
    }
}

/// A settled year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledState {
    /// The entry that settled it.
    pub sequence: u32,
    /// CIT payable at the annual settlement.
    pub cit_payable_fen: Fen,
    /// CIT deducted, by group.
    pub cit: ByGroup,
    /// Forfeited, by group.
    pub forfeited: ByGroup,
}

/// One employer-year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearState {
    /// Months booked.
    pub months: i32,
    /// What they give.
    pub accrued: ByGroup,
    /// What later months were expected to bring when the last period was posted.
    pub projected: ByGroup,
    /// Declared periods in order.
    pub periods: Vec<PeriodState>,
    /// The settlement.
    pub settled: Option<SettledState>,
}

/// The figures of an employer-year. `accrued = deducted + forfeited + remaining − over_deducted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Booked months × a month's amount.
    pub accrued_fen: Fen,
    /// Quota usable at the last posted period under its release; after settlement, all accrued.
    pub released_fen: Fen,
    /// Deducted by tax, in the order VAT, UMCT, EDU, LEDU, CIT.
    pub deducted_fen: [Fen; 5],
    /// What may still be deducted of the booked months.
    pub remaining_fen: Fen,
    /// Lost at the year's end.
    pub forfeited_fen: Fen,
    /// Deducted beyond the booked months.
    pub over_deducted_fen: Fen,
    /// The part of `over_deducted_fen` that projected months are expected to cover.
    pub advance_fen: Fen,
    /// Months booked.
    pub months_counted: i32,
}

impl YearState {
    /// Brings the state up to an entry.
    pub fn apply(&mut self, body: &EntryBody) {
        self.apply_draft(&body.draft, body.sequence);
    }

    /// Brings the state up to an entry that will have the given sequence.
    pub fn apply_draft(&mut self, draft: &EntryDraft, sequence: u32) {
        // A subsidy's entry moves nothing of the quota.
        if draft.kind.is_subsidy() {
            return;
        }
        self.accrue(draft);
        match draft.kind {
            EntryKind::Post => self.declare(draft, sequence),
            EntryKind::Reversal => self
                .periods
                .retain(|period| Some(period.sequence) != draft.reverses),
            EntryKind::Settle => {
                let cit = draft
                    .lines
                    .iter()
                    .fold(ByGroup::ZERO, |sum, line| sum.plus(line.deducted));
                self.settled = Some(SettledState {
                    sequence,
                    cit_payable_fen: draft.payable_fen,
                    cit,
                    forfeited: ByGroup::ZERO,
                });
            }
            EntryKind::Recompute | EntryKind::SubsidyPayment | EntryKind::SubsidyClawBack => {}
        }
        if let Some(settled) = &mut self.settled {
            settled.cit = settled.cit.plus(draft.cit_change);
            settled.forfeited = settled.forfeited.plus(draft.forfeited_change);
        }
    }

    /// Brings what the months give up to an entry, and leaves what is declared as it is.
    pub(super) fn accrue(&mut self, draft: &EntryDraft) {
        for change in &draft.accruals {
            let sign = if change.booked { 1 } else { -1 };
            self.months += sign;
            self.accrued
                .add(change.group, change.amount_fen.times(i64::from(sign)));
        }
        if draft.kind != EntryKind::Reversal {
            self.projected = draft.projected;
        }
    }

    fn declare(&mut self, draft: &EntryDraft, sequence: u32) {
        let Some(period) = draft.period else {
            return;
        };
        let state = PeriodState {
            period,
            sequence,
            vat_payable_fen: draft.payable_fen,
            sales_fen: draft.sales_fen,
            release: draft.release,
            return_number: draft.return_number.clone(),
            lines: draft.lines.as_slice().into(),
        };
        let index = self
            .periods
            .partition_point(|known| known.period.first_month() < period.first_month());
        self.periods.insert(index, state);
    }

    /// The cycle of the periods declared.
    pub fn cycle(&self) -> Option<FilingCycle> {
        self.periods.first().map(|period| period.period.cycle())
    }

    /// The declared period, if any.
    pub fn period(&self, period: TaxPeriod) -> Option<&PeriodState> {
        self.periods.iter().find(|state| state.period == period)
    }

    /// The last month that a declaration or the settlement has covered.
    pub fn covered_through(&self, last_of_year: TaxMonth) -> Option<TaxMonth> {
        match self.settled {
            Some(_) => Some(last_of_year),
            None => self.periods.last().map(|period| period.period.last_month()),
        }
    }

    /// Deducted in periods (without CIT), by group.
    pub fn deducted_in_periods(&self) -> ByGroup {
        self.periods
            .iter()
            .fold(ByGroup::ZERO, |sum, period| sum.plus(period.deducted()))
    }

    /// All that is deducted, CIT included, by group.
    pub fn deducted(&self) -> ByGroup {
        self.settled
            .iter()
            .fold(self.deducted_in_periods(), |sum, settled| {
                sum.plus(settled.cit)
            })
    }

    /// What is released, by group.
    pub fn released(&self) -> ByGroup {
        if self.settled.is_some() {
            self.accrued
        } else {
            self.accrued.plus(self.projected)
        }
    }

    /// The figures.
    pub fn balance(&self) -> Balance {
        let deducted = self.deducted().total();
        let forfeited_fen = self
            .settled
            .map_or(Fen::ZERO, |settled| settled.forfeited.total());
        let accrued_fen = self.accrued.total();
        let left = accrued_fen - deducted - forfeited_fen;
        let over_deducted_fen = (-left).or_zero();
        Balance {
            accrued_fen,
            released_fen: self.released().total(),
            deducted_fen: TaxKind::ALL.map(|tax| self.deducted_of(tax)),
            remaining_fen: left.or_zero(),
            forfeited_fen,
            over_deducted_fen,
            advance_fen: over_deducted_fen
                .min(self.released().total() - accrued_fen)
                .or_zero(),
            months_counted: self.months,
        }
    }

    fn deducted_of(&self, tax: TaxKind) -> Fen {
        if tax == TaxKind::Cit {
            return self
                .settled
                .map_or(Fen::ZERO, |settled| settled.cit.total());
        }
        let lines = self.periods.iter().flat_map(|period| period.lines.iter());
        lines
            .filter(|line| line.tax == tax)
            .map(|line| line.deducted.total())
            .sum()
    }
}
