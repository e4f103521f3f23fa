//! Contracts to hires: a first contract and the renewals that continue it (fact: section 2.4).

use smallvec::SmallVec;

use crate::date::CivilDate;
use crate::fact::{Contract, ContractKind};
use crate::identifier::EmployerCode;
use crate::month::TaxMonth;
use crate::policy::KeyGroupPolicy;
use crate::reason::ReasonCode;
use crate::timeline::{Held, Timeline};

use super::category::{CategoryFinding, category_on};

/// What a hire has of each of its contracts. Most have one, which is kept without a list of its own:
/// every decision builds its hires.
pub type OfContracts<T> = SmallVec<[T; 1]>;

/// A hire: one contract and its renewals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hire {
    /// The first contract's first day: the hire date.
    pub start_on: CivilDate,
    /// The last day in force over all its contracts; `None` while open.
    pub last_on: Option<CivilDate>,
    /// Month by month spans in which a contract is in force: first and last month, `None` = open.
    pub spans: OfContracts<(TaxMonth, Option<TaxMonth>)>,
    /// The month in which the first contract was signed.
    pub signed_month: TaxMonth,
    /// Revisions of the contracts, first one first.
    pub contract_revisions: OfContracts<u32>,
    /// The filing that each contract names, beside its spans.
    pub filing_ids: OfContracts<String>,
    /// What stands against the contract itself, whoever the person is.
    pub contract_code: Option<ReasonCode>,
    /// The person's category on the hire date. Looked at only when the contract stands.
    pub category: CategoryFinding,
    /// s: the first month signed, in force and insured.
    pub start_month: Option<TaxMonth>,
}

impl Hire {
    /// The first thing that stands against the hire as a whole.
    pub fn code(&self) -> Option<ReasonCode> {
        self.contract_code.or(self.category.code)
    }

    /// Whether a contract of the hire is in force on at least one day of a month.
    #[inline]
    pub fn in_force_in(&self, month: TaxMonth) -> bool {
        self.spans
            .iter()
            .any(|(first, last)| *first <= month && last.is_none_or(|last| month <= last))
    }

    fn begin(held: &Held<Contract>, contract_code: Option<ReasonCode>) -> Self {
        let mut hire = Self {
            start_on: held.body.start_on,
            last_on: held.body.last_on(),
            spans: SmallVec::new(),
            signed_month: TaxMonth::of(held.body.signed_on),
            contract_revisions: SmallVec::new(),
            filing_ids: SmallVec::new(),
            contract_code,
            category: CategoryFinding::NONE,
            start_month: None,
        };
        hire.add(held);
        hire
    }

    fn add(&mut self, held: &Held<Contract>) {
        let contract = &held.body;
        let last_on = contract.last_on();
        // A contract that ended before it began was in force on no day.
        if last_on.is_none_or(|last| last >= contract.start_on) {
            self.spans
                .push((TaxMonth::of(contract.start_on), last_on.map(TaxMonth::of)));
            self.filing_ids.push(contract.filing_id.clone());
        }
        self.contract_revisions.push(held.revision);
        self.last_on = match (self.last_on, last_on) {
            (Some(known), Some(last)) => Some(known.max(last)),
            _ => None,
        };
    }

    /// Whether a contract continues this hire: it starts no later than the day after the hire's
    /// last day in force.
    fn is_continued_by(&self, contract: &Contract) -> bool {
        self.last_on
            .is_none_or(|last| contract.start_on <= last.plus_days(1))
    }
}

/// What stands against a first contract, in order of precedence.
fn contract_code(policy: &KeyGroupPolicy, contract: &Contract) -> Option<ReasonCode> {
    let Some(months_min) = policy.contract_months_min.on(contract.start_on) else {
        return Some(ReasonCode::PolicyNotEncoded);
    };
    if contract.kind != ContractKind::LabourContract {
        return Some(ReasonCode::ContractKindNotCovered);
    }
    if contract.part_time {
        return Some(ReasonCode::PartTime);
    }
    (!is_long_enough(contract, months_min.value)).then_some(ReasonCode::ContractTooShort)
}

/// The agreed end counts; a later termination does not undo a contract of a year.
fn is_long_enough(contract: &Contract, months_min: i32) -> bool {
    contract
        .end_on
        .is_none_or(|end| end >= contract.start_on.plus_months(months_min).plus_days(-1))
}

/// The days on which hires of a person began, at any employer, whose contracts stand: a renewal is
/// no hire of its own.
pub(super) fn hired_on_days(policy: &KeyGroupPolicy, timeline: &Timeline) -> Vec<CivilDate> {
    let contracts = timeline.contracts.iter();
    let mut employers: Vec<&EmployerCode> =
        contracts.map(|held| &held.body.employer_code).collect();
    employers.sort_unstable();
    employers.dedup();
    let hires = employers
        .into_iter()
        .flat_map(|employer| chain(policy, timeline, employer));
    let stand = hires.filter(|hire| hire.contract_code.is_none());
    stand.map(|hire| hire.start_on).collect()
}

/// The hires of a person at an employer, by hire date.
pub fn hires_of(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    employer: &EmployerCode,
) -> Vec<Hire> {
    let mut hires = chain(policy, timeline, employer);
    for hire in &mut hires {
        if hire.contract_code.is_none() {
            hire.category = category_on(policy, timeline, hire.start_on);
        }
        hire.start_month = start_month(policy, timeline, employer, hire);
    }
    hires
}

/// The contracts of a person at an employer, each with its renewals; nobody's category looked at.
fn chain(policy: &KeyGroupPolicy, timeline: &Timeline, employer: &EmployerCode) -> Vec<Hire> {
    let mut contracts: SmallVec<[&Held<Contract>; 4]> = timeline
        .contracts
        .iter()
        .filter(|held| held.body.employer_code == *employer)
        .collect();
    contracts.sort_by(|a, b| {
        (a.body.start_on, &a.body.contract_id).cmp(&(b.body.start_on, &b.body.contract_id))
    });
    let mut hires: Vec<Hire> = Vec::with_capacity(contracts.len());
    for held in contracts {
        let contract = &held.body;
        let may_renew = contract.kind == ContractKind::LabourContract && !contract.part_time;
        let renewed = hires.iter_mut().rev().find(|hire| {
            may_renew && hire.contract_code.is_none() && hire.is_continued_by(contract)
        });
        match renewed {
            Some(hire) => hire.add(held),
            None => hires.push(Hire::begin(held, contract_code(policy, contract))),
        }
    }
    hires
}

/// s: the first month that is signed, in force and insured by the employer; it counts whole.
fn start_month(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    employer: &EmployerCode,
    hire: &Hire,
) -> Option<TaxMonth> {
    let required = &policy.required_insurances;
    timeline
        .contributions_of(employer)
        .iter()
        .map(|held| &held.body)
        .filter(|row| row.month >= hire.signed_month && hire.in_force_in(row.month))
        .find(|row| {
            required
                .on(row.month.first_day())
                .or_else(|| required.on(hire.start_on))
                .is_some_and(|needed| row.insurances.contains_all(needed.value))
        })
        .map(|row| row.month)
}
