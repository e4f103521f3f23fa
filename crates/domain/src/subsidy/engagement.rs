//! Contracts to engagements: a first contract and the renewals that continue it. Counted as
//! section 2.4 of the fact book counts the deduction's hires; part-time contracts are not left
//! out, since the notice does not.

use crate::date::CivilDate;
use crate::fact::{Contract, ContractKind};
use crate::identifier::EmployerCode;
use crate::month::TaxMonth;
use crate::policy::Dated;
use crate::reason::ReasonCode;
use crate::timeline::{Held, Timeline};

/// The days on which one contract is in force, and the filing that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first_on: CivilDate,
    /// `None` while open.
    pub(super) last_on: Option<CivilDate>,
    pub(super) filing_id: String,
}

impl Span {
    pub(super) fn touches(&self, month: TaxMonth) -> bool {
        self.first_on <= month.last_day()
            && self.last_on.is_none_or(|last| month.first_day() <= last)
    }
}

/// One contract and its renewals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Engagement {
    /// The first contract's first day: the hire date.
    pub(super) start_on: CivilDate,
    /// The last day in force over all its contracts; `None` while open.
    last_on: Option<CivilDate>,
    /// By first day.
    pub(super) spans: Vec<Span>,
    /// The month in which the first contract was signed.
    pub(super) signed_month: TaxMonth,
    /// Revisions of the contracts, first one first.
    pub(super) contract_revisions: Vec<u32>,
    /// What stands against the contract itself.
    pub(super) contract_code: Option<ReasonCode>,
}

impl Engagement {
    fn begin(held: &Held<Contract>, contract_code: Option<ReasonCode>) -> Self {
        let mut engagement = Self {
            start_on: held.body.start_on,
            last_on: held.body.last_on(),
            spans: Vec::with_capacity(1),
            signed_month: TaxMonth::of(held.body.signed_on),
            contract_revisions: Vec::with_capacity(1),
            contract_code,
        };
        engagement.add(held);
        engagement
    }

    fn add(&mut self, held: &Held<Contract>) {
        let contract = &held.body;
        let last_on = contract.last_on();
        // A contract that ended before it began was in force on no day.
        if last_on.is_none_or(|last| last >= contract.start_on) {
            self.spans.push(Span {
                first_on: contract.start_on,
                last_on,
                filing_id: contract.filing_id.clone(),
            });
        }
        self.contract_revisions.push(held.revision);
        self.last_on = match (self.last_on, last_on) {
            (Some(known), Some(last)) => Some(known.max(last)),
            _ => None,
        };
    }

    fn is_continued_by(&self, contract: &Contract) -> bool {
        self.last_on
            .is_none_or(|last| contract.start_on <= last.plus_days(1))
    }

    /// Whether a contract is in force on at least one day of a month.
    pub(super) fn in_force_in(&self, month: TaxMonth) -> bool {
        self.spans.iter().any(|span| span.touches(month))
    }

    /// Whether contracts are in force on every day of a month.
    pub(super) fn covers(&self, month: TaxMonth) -> bool {
        let mut next = month.first_day();
        for span in self.spans.iter().filter(|span| span.touches(month)) {
            match span.last_on {
                _ if span.first_on > next => return false,
                None => return true,
                Some(last) => next = next.max(last.plus_days(1)),
            }
        }
        next > month.last_day()
    }
}

/// What a first contract is held against.
pub(super) struct ContractRule<'a> {
    pub(super) kind: ContractKind,
    pub(super) months_min: &'a Dated<i32>,
}

impl ContractRule<'_> {
    fn code(&self, contract: &Contract) -> Option<ReasonCode> {
        if contract.kind != self.kind {
            return Some(ReasonCode::ContractKindNotCovered);
        }
        // Before the first value the trial period had not begun either, and that is told.
        let months_min = self.months_min.on(contract.start_on)?.value;
        let year_ends_on = contract.start_on.plus_months(months_min).plus_days(-1);
        let is_short = contract.end_on.is_some_and(|end| end < year_ends_on);
        is_short.then_some(ReasonCode::ContractTooShort)
    }
}

/// The engagements of a person at an employer, by hire date.
pub(super) fn engagements_of(
    rule: &ContractRule<'_>,
    timeline: &Timeline,
    employer: &EmployerCode,
) -> Vec<Engagement> {
    let mut contracts: Vec<&Held<Contract>> = timeline
        .contracts
        .iter()
        .filter(|held| held.body.employer_code == *employer)
        .collect();
    contracts.sort_by(|one, other| {
        (one.body.start_on, &one.body.contract_id)
            .cmp(&(other.body.start_on, &other.body.contract_id))
    });
    let mut engagements: Vec<Engagement> = Vec::with_capacity(contracts.len());
    for held in contracts {
        let contract = &held.body;
        let renewed = engagements.iter_mut().rev().find(|engagement| {
            contract.kind == rule.kind
                && engagement.contract_code.is_none()
                && engagement.is_continued_by(contract)
        });
        match renewed {
            Some(engagement) => engagement.add(held),
            None => engagements.push(Engagement::begin(held, rule.code(contract))),
        }
    }
    engagements
}
