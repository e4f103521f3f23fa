//! What a call would append to the ledger, or why it may not.

use crate::date::CivilDate;
use crate::fact::EmployerProfile;
use crate::ids::WorkerId;
use crate::money::Fen;
use crate::month::{TaxMonth, TaxPeriod, TaxYear};
use crate::policy::{CodeGroup, Confidence, PolicyBook};
use crate::reason::ReasonCode;
use crate::tax::TaxKind;

use super::ByGroup;
use super::allocation::{Available, PeriodTaxes, TaxLine, allocate};
use super::caveat::{caveat, education_caveat, months_of_workers, regrouped, skipped};
use super::entry::{AccrualChange, Caveat, EntryDraft, EntryKind};
use super::over_deduction::{OverDeduction, over_deducted, over_deducted_fen};
use super::year::{PeriodState, Release, YearState};

/// Why a call is refused. Closed and in order of precedence; none changes anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerRefusal {
    /// The employer's kind has no deduction (个体工商户).
    #[error("the employer's kind is not covered by the deduction")]
    EmployerNotEnterprise,
    /// The period's last day has not passed.
    #[error("the period has not ended")]
    PeriodNotEnded,
    /// The period's form does not match the employer's filing cycle, or the year's.
    #[error("the period does not match the filing cycle")]
    FilingCycleMismatch,
    /// The year is settled.
    #[error("the year is settled")]
    YearSettled,
    /// The period is posted already.
    #[error("the period is already posted")]
    PeriodAlreadyPosted,
    /// A later period is posted already.
    #[error("a later period is already posted")]
    PeriodOutOfOrder {
        /// The last period posted.
        last_posted: TaxPeriod,
    },
    /// The period was never posted, so it cannot be amended.
    #[error("the period was not posted")]
    PeriodNotPosted,
    /// The bureau's reference was used for another period.
    #[error("the return number was used before")]
    ReturnNumberReused,
    /// The year has not ended.
    #[error("the year has not ended")]
    YearNotEnded,
    /// A sole proprietorship or partnership pays no enterprise income tax.
    #[error("the employer's kind pays no enterprise income tax")]
    CitNotApplicable,
    /// No encoded policy covers the date.
    #[error("no encoded policy covers the date")]
    PolicyNotEncoded,
}

/// The months of one worker at the employer in the year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerMonths {
    /// The worker.
    pub worker_id: Option<WorkerId>,
    /// Revision of the facts that were read.
    pub revision: u32,
    /// Months that the ledger has booked here.
    pub booked: Vec<MonthValue>,
    /// Months that the facts support now, to the end of what is being booked.
    pub supported: Vec<MonthValue>,
    /// Months that are expected after that.
    pub projected: Vec<MonthValue>,
    /// Months that the facts support, but that are counted elsewhere.
    pub elsewhere: i32,
    /// Months before this employer's first that facts support elsewhere and nobody has booked.
    pub unclaimed_elsewhere: i32,
    /// The last day of the last contract; `None` while one is open.
    pub left_on: Option<CivilDate>,
    /// Months under review with contract and insurance there.
    pub under_review: i32,
}

/// A month and what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthValue {
    /// Which.
    pub month: TaxMonth,
    /// Under which code.
    pub group: CodeGroup,
    /// How much.
    pub amount_fen: Fen,
}

/// A declared period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Which.
    pub period: TaxPeriod,
    /// VAT payable before this deduction.
    pub vat_payable_fen: Fen,
    /// Sales, where told.
    pub sales_fen: Option<Fen>,
    /// How the quota is released.
    pub release: Release,
    /// The bureau's reference; empty when none.
    pub return_number: String,
    /// When the employer declared it (microseconds), where told.
    pub declared_at: Option<i64>,
}

/// A correction of a declared period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// Which.
    pub period: TaxPeriod,
    /// The corrected VAT payable.
    pub vat_payable_fen: Fen,
    /// The corrected sales; the original's when `None`.
    pub sales_fen: Option<Fen>,
    /// The corrected release; the original's when `None`.
    pub release: Option<Release>,
    /// Why.
    pub reason: String,
}

/// A year's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Which year.
    pub tax_year: TaxYear,
    /// CIT payable at the annual settlement (汇算清缴).
    pub cit_payable_fen: Fen,
}

/// What would be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The entries in order.
    pub drafts: Vec<EntryDraft>,
    /// Notes to the caller.
    pub caveats: Vec<Caveat>,
    /// Deducted beyond the corrected total, before any correction of the CIT leg, by where it
    /// arose.
    pub over_deductions: Vec<OverDeduction>,
}

impl Plan {
    /// Deducted beyond the corrected total, before any correction of the CIT leg.
    pub fn over_deducted_fen(&self) -> Fen {
        over_deducted_fen(&self.over_deductions)
    }

    /// The first day from which the surcharge for late payment runs on any of it.
    pub fn late_surcharge_from_on(&self) -> Option<CivilDate> {
        self.over_deductions
            .iter()
            .filter_map(|part| part.late_from_on)
            .min()
    }

    /// By how much more the employer has to pay than before; below zero is what is refunded
    /// (退税). Of a correction only: a first declaration changes nothing that was paid.
    pub fn paid_change_fen(&self) -> Fen {
        let paid = |kind: EntryKind| -> Fen {
            let drafts = self.drafts.iter().filter(|draft| draft.kind == kind);
            drafts
                .flat_map(|draft| &draft.lines)
                .map(|line| line.paid_fen)
                .sum()
        };
        let is_amended = self
            .drafts
            .iter()
            .any(|draft| draft.kind == EntryKind::Reversal);
        let periods = match is_amended {
            true => paid(EntryKind::Post) - paid(EntryKind::Reversal),
            false => Fen::ZERO,
        };
        let cit: Fen = self
            .drafts
            .iter()
            .map(|draft| draft.cit_change.total())
            .sum();
        periods - cit
    }
}

/// What every plan reads.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// The law.
    pub policy: &'a PolicyBook,
    /// The employer's profile on the last day concerned.
    pub profile: &'a EmployerProfile,
    /// The employer-year before.
    pub state: &'a YearState,
    /// Its workers.
    pub workers: &'a [&'a WorkerMonths],
    /// Today in Asia/Shanghai.
    pub today: CivilDate,
}

impl PlanInput<'_> {
    fn employer_covered(&self, day: CivilDate) -> Result<(), LedgerRefusal> {
        let kinds = &self.policy.key_group.employer_kinds;
        let kinds = kinds
            .on(day)
            .or_else(|| kinds.last().filter(|last| last.from <= day));
        match kinds {
            None => Err(LedgerRefusal::PolicyNotEncoded),
            Some(kinds) if !kinds.value.contains(&self.profile.kind) => {
                Err(LedgerRefusal::EmployerNotEnterprise)
            }
            Some(_) => Ok(()),
        }
    }

    fn taxes(&self, declared: &Declaration) -> Result<PeriodTaxes, LedgerRefusal> {
        let Declaration {
            period,
            vat_payable_fen,
            sales_fen,
            ..
        } = declared;
        PeriodTaxes::new(
            self.policy,
            self.profile,
            *period,
            *vat_payable_fen,
            *sales_fen,
        )
        .ok_or(LedgerRefusal::PolicyNotEncoded)
    }

    fn accruals(&self) -> Vec<AccrualChange> {
        let mut changes: Vec<AccrualChange> = self
            .workers
            .iter()
            .copied()
            .flat_map(accrual_changes)
            .collect();
        changes.sort_unstable_by_key(|change| (change.worker_id, change.month, change.booked));
        changes
    }

    pub(super) fn projected(&self, release: Release) -> ByGroup {
        match release {
            Release::Cumulative => ByGroup::ZERO,
            Release::AnnualProjected => {
                sum(self.workers.iter().flat_map(|worker| &worker.projected))
            }
        }
    }

    /// What the supported months up to a month give.
    pub(super) fn supported_through(&self, through: TaxMonth) -> ByGroup {
        let supported = self.workers.iter().flat_map(|worker| &worker.supported);
        sum(supported.filter(|value| value.month <= through))
    }

    fn has_cit_leg(&self, day: CivilDate) -> Result<bool, LedgerRefusal> {
        let kinds = &self.policy.key_group.cit_leg_kinds;
        let kinds = kinds
            .on(day)
            .or_else(|| kinds.last().filter(|last| last.from <= day));
        kinds
            .map(|kinds| kinds.value.contains(&self.profile.kind))
            .ok_or(LedgerRefusal::PolicyNotEncoded)
    }

    fn common_caveats(&self, period: Option<TaxPeriod>, accruals: &[AccrualChange]) -> Vec<Caveat> {
        let elsewhere = self
            .workers
            .iter()
            .map(|worker| (worker.worker_id, worker.elsewhere));
        let mut caveats: Vec<Caveat> =
            months_of_workers(ReasonCode::MonthBookedElsewhere, elsewhere)
                .into_iter()
                .collect();
        caveats.extend(regrouped(accruals));
        let newly_booked = |worker: &&&WorkerMonths| {
            let mut booked = accruals.iter().filter(|change| change.booked);
            booked.any(|change| Some(change.worker_id) == worker.worker_id)
        };
        let unclaimed = self
            .workers
            .iter()
            .filter(newly_booked)
            .map(|worker| (worker.worker_id, worker.unclaimed_elsewhere));
        caveats.extend(months_of_workers(
            ReasonCode::EarlierMonthsUnclaimed,
            unclaimed,
        ));
        let vat_leg = period.and_then(|period| {
            self.policy
                .key_group
                .vat_leg
                .on(period.last_month().last_day())
        });
        if let Some(leg) = vat_leg.filter(|leg| leg.confidence() == Confidence::Unconfirmed) {
            let facts = [
                ("parameter", self.policy.key_group.vat_leg.name.to_string()),
                ("from", leg.from.to_string()),
            ];
            caveats.push(caveat(ReasonCode::VatLegUnconfirmed2026, facts));
        }
        caveats
    }
}

/// The workers without the months that an amended return may not claim: late claims are possible,
/// but, where the policy of the day says so, not for a person who has left when they are made
/// (fact: section 2.5 (10)). What is booked already stays, also under another group of codes.
fn without_late_claims(
    input: &PlanInput<'_>,
) -> Result<(Vec<WorkerMonths>, Option<Caveat>), LedgerRefusal> {
    let needs_employment = &input.policy.key_group.late_claim_needs_employment;
    let needs_employment = needs_employment
        .on(input.today)
        .ok_or(LedgerRefusal::PolicyNotEncoded)?;
    let mut workers: Vec<WorkerMonths> = input.workers.iter().copied().cloned().collect();
    if !needs_employment.value {
        return Ok((workers, None));
    }
    let mut barred = Vec::new();
    for worker in &mut workers {
        let has_left = worker.left_on.is_some_and(|left| left < input.today);
        if !has_left {
            continue;
        }
        let before = worker.supported.len();
        let booked = &worker.booked;
        worker
            .supported
            .retain(|value| booked.iter().any(|known| known.month == value.month));
        let months = i32::try_from(before - worker.supported.len()).unwrap_or(i32::MAX);
        barred.push((worker.worker_id, months));
    }
    let told = months_of_workers(ReasonCode::LateClaimBarred, barred.into_iter());
    Ok((workers, told))
}

fn sum<'a>(values: impl IntoIterator<Item = &'a MonthValue>) -> ByGroup {
    values.into_iter().fold(ByGroup::ZERO, |mut total, value| {
        total.add(value.group, value.amount_fen);
        total
    })
}

/// The difference between what is booked and what the facts support now.
fn accrual_changes(worker: &WorkerMonths) -> Vec<AccrualChange> {
    let Some(worker_id) = worker.worker_id else {
        return Vec::new();
    };
    let change = |value: &MonthValue, booked: bool| AccrualChange {
        worker_id,
        worker_revision: worker.revision,
        month: value.month,
        group: value.group,
        amount_fen: value.amount_fen,
        booked,
    };
    let taken_back = worker
        .booked
        .iter()
        .filter(|value| !worker.supported.contains(value));
    let added = worker
        .supported
        .iter()
        .filter(|value| !worker.booked.contains(value));
    taken_back
        .map(|value| change(value, false))
        .chain(added.map(|value| change(value, true)))
        .collect()
}

/// Declares a period.
pub fn plan_posting(input: &PlanInput<'_>, declared: &Declaration) -> Result<Plan, LedgerRefusal> {
    let period = declared.period;
    let last_day = period.last_month().last_day();
    input.employer_covered(last_day)?;
    if input.today <= last_day {
        return Err(LedgerRefusal::PeriodNotEnded);
    }
    check_place(input, declared)?;
    let taxes = input.taxes(declared)?;
    let mut draft = EntryDraft {
        payable_fen: declared.vat_payable_fen,
        sales_fen: declared.sales_fen,
        release: declared.release,
        return_number: declared.return_number.clone(),
        declared_at: declared.declared_at,
        accruals: input.accruals(),
        projected: input.projected(declared.release),
        ..blank(EntryKind::Post, period.year(), Some(period))
    };
    let mut after = input.state.clone();
    after.accrue(&draft);
    let available = Available::new(after.released(), after.deducted());
    draft.lines = allocate(&taxes, available);
    let mut caveats = skipped(input.state, period).into_iter().collect::<Vec<_>>();
    caveats.extend(input.common_caveats(Some(period), &draft.accruals));
    caveats.extend(education_caveat(input, declared));
    let over_deductions = input.over_deductions(&after, Some(declared.release), period.year());
    caveats.extend(over_deducted(&over_deductions));
    Ok(Plan {
        drafts: vec![draft],
        caveats,
        over_deductions,
    })
}

/// Whether the period may follow what the year holds.
fn check_place(input: &PlanInput<'_>, declared: &Declaration) -> Result<(), LedgerRefusal> {
    let (state, period) = (input.state, declared.period);
    let cycle = state.cycle().unwrap_or(input.profile.filing_cycle);
    if period.cycle() != input.profile.filing_cycle || period.cycle() != cycle {
        return Err(LedgerRefusal::FilingCycleMismatch);
    }
    if state.settled.is_some() {
        return Err(LedgerRefusal::YearSettled);
    }
    if state.period(period).is_some() {
        return Err(LedgerRefusal::PeriodAlreadyPosted);
    }
    match state.periods.last() {
        Some(last) if last.period.first_month() > period.first_month() => {
            Err(LedgerRefusal::PeriodOutOfOrder {
                last_posted: last.period,
            })
        }
        _ => Ok(()),
    }
}

const fn blank(kind: EntryKind, tax_year: TaxYear, period: Option<TaxPeriod>) -> EntryDraft {
    EntryDraft {
        kind,
        tax_year,
        period,
        payable_fen: Fen::ZERO,
        sales_fen: None,
        release: Release::Cumulative,
        return_number: String::new(),
        declared_at: None,
        reason: String::new(),
        reverses: None,
        lines: Vec::new(),
        accruals: Vec::new(),
        projected: ByGroup::ZERO,
        cit_change: ByGroup::ZERO,
        forfeited_change: ByGroup::ZERO,
        subsidy: None,
    }
}

/// Closes a year: books all its months, deducts CIT, forfeits the rest.
pub fn plan_settlement(
    input: &PlanInput<'_>,
    settlement: &Settlement,
) -> Result<Plan, LedgerRefusal> {
    let year = settlement.tax_year;
    let last_day = year.last_month().last_day();
    input.employer_covered(last_day)?;
    if input.today <= last_day {
        return Err(LedgerRefusal::YearNotEnded);
    }
    if input.state.settled.is_some() {
        return Err(LedgerRefusal::YearSettled);
    }
    let has_cit_leg = input.has_cit_leg(last_day)?;
    if !has_cit_leg && settlement.cit_payable_fen > Fen::ZERO {
        return Err(LedgerRefusal::CitNotApplicable);
    }
    let mut draft = EntryDraft {
        payable_fen: settlement.cit_payable_fen,
        accruals: input.accruals(),
        ..blank(EntryKind::Settle, year, None)
    };
    let mut after = input.state.clone();
    after.apply_draft(
        &EntryDraft {
            kind: EntryKind::Recompute,
            ..draft.clone()
        },
        0,
    );
    let mut available = Available::new(after.accrued, after.deducted());
    let deducted = available.take(settlement.cit_payable_fen);
    draft.lines = vec![cit_line(settlement.cit_payable_fen, deducted)];
    draft.forfeited_change = available.by_group();
    let over_deductions = input.over_deductions(&after, None, year);
    let mut caveats = input.common_caveats(None, &draft.accruals);
    caveats.extend(over_deducted(&over_deductions));
    Ok(Plan {
        drafts: vec![draft],
        caveats,
        over_deductions,
    })
}

fn cit_line(due_fen: Fen, deducted: ByGroup) -> TaxLine {
    let paid_fen = due_fen - deducted.total();
    TaxLine {
        tax: TaxKind::Cit,
        due_fen,
        deducted,
        halved_fen: Fen::ZERO,
        paid_fen,
    }
}

/// Takes a period's entry back and declares the period anew against what the year then has left.
/// Later periods stay as filed.
pub fn plan_amendment(asked: &PlanInput<'_>, amendment: &Amendment) -> Result<Plan, LedgerRefusal> {
    let (workers, barred) = without_late_claims(asked)?;
    let workers: Vec<&WorkerMonths> = workers.iter().collect();
    let input = &PlanInput {
        workers: &workers,
        ..*asked
    };
    let period = amendment.period;
    input.employer_covered(period.last_month().last_day())?;
    let original = input
        .state
        .period(period)
        .ok_or(LedgerRefusal::PeriodNotPosted)?;
    let declared = Declaration {
        period,
        vat_payable_fen: amendment.vat_payable_fen,
        sales_fen: amendment.sales_fen.or(original.sales_fen),
        release: amendment.release.unwrap_or(original.release),
        return_number: original.return_number.clone(),
        declared_at: None,
    };
    let taxes = input.taxes(&declared)?;
    let reversal = reversal_of(original, amendment);
    let last_release = match input.state.periods.last() {
        Some(last) if last.period != period => last.release,
        _ => declared.release,
    };
    let mut draft = EntryDraft {
        payable_fen: declared.vat_payable_fen,
        sales_fen: declared.sales_fen,
        release: declared.release,
        return_number: declared.return_number.clone(),
        reason: amendment.reason.clone(),
        accruals: input.accruals(),
        projected: if input.state.settled.is_some() {
            ByGroup::ZERO
        } else {
            input.projected(last_release)
        },
        ..blank(EntryKind::Post, period.year(), Some(period))
    };
    let mut after = input.state.clone();
    after.apply_draft(&reversal, 0);
    after.accrue(&draft);
    draft.lines = allocate(&taxes, amendable(input, &after, &declared));
    let others_total = after.deducted_in_periods().plus(deducted_by(&draft.lines));
    let over_deductions = input.over_deductions(
        &as_filed(input.state, &reversal, &draft),
        None,
        period.year(),
    );
    let mut caveats = input.common_caveats(Some(period), &draft.accruals);
    caveats.extend(barred);
    caveats.extend(education_caveat(input, &declared));
    caveats.extend(over_deducted(&over_deductions));
    (draft.cit_change, draft.forfeited_change) = recompute_cit(&after, others_total);
    Ok(Plan {
        drafts: vec![reversal, draft],
        caveats,
        over_deductions,
    })
}

/// What an over-deduction is measured on: the months as they are now against what stands filed. In
/// a settled year that is the period as it was, since the CIT leg gives way to the amended period;
/// before settlement it is the period as amended.
fn as_filed(state: &YearState, reversal: &EntryDraft, amended: &EntryDraft) -> YearState {
    let mut filed = state.clone();
    if state.settled.is_some() {
        filed.apply_draft(
            &EntryDraft {
                period: None,
                ..amended.clone()
            },
            0,
        );
    } else {
        filed.apply_draft(reversal, 0);
        filed.apply_draft(amended, 0);
    }
    filed
}

fn deducted_by(lines: &[TaxLine]) -> ByGroup {
    lines
        .iter()
        .fold(ByGroup::ZERO, |sum, line| sum.plus(line.deducted))
}

fn reversal_of(original: &PeriodState, amendment: &Amendment) -> EntryDraft {
    EntryDraft {
        payable_fen: original.vat_payable_fen,
        sales_fen: original.sales_fen,
        release: original.release,
        return_number: original.return_number.clone(),
        reason: amendment.reason.clone(),
        reverses: Some(original.sequence),
        lines: original.lines.to_vec(),
        ..blank(
            EntryKind::Reversal,
            original.period.year(),
            Some(original.period),
        )
    }
}

/// `max(0, min(released to this period's end − deducted in earlier periods, released to the last
/// posted period − deducted in all other periods))`. `after` is the year without the period.
fn amendable(input: &PlanInput<'_>, after: &YearState, declared: &Declaration) -> Available {
    let end = declared.period.last_month();
    let earlier = after
        .periods
        .iter()
        .filter(|period| period.period.first_month() < declared.period.first_month())
        .fold(ByGroup::ZERO, |sum, period| sum.plus(period.deducted()));
    let released_here = match declared.release {
        Release::Cumulative => input.supported_through(end),
        Release::AnnualProjected => after
            .accrued
            .plus(input.projected(Release::AnnualProjected)),
    };
    let here = released_here.total() - earlier.total();
    Available::up_to(after.released(), after.deducted_in_periods(), here)
}

/// After settlement: the CIT leg against the settled payable, the rest forfeited. Returns the
/// changes of both.
fn recompute_cit(after: &YearState, deducted_in_periods: ByGroup) -> (ByGroup, ByGroup) {
    let Some(settled) = after.settled else {
        return (ByGroup::ZERO, ByGroup::ZERO);
    };
    let mut available = Available::new(after.accrued, deducted_in_periods);
    let cit = available.take(settled.cit_payable_fen);
    (
        cit.minus(settled.cit),
        available.by_group().minus(settled.forfeited),
    )
}

/// Re-evaluates a year after staff or evidence changed.
pub fn plan_recomputation(input: &PlanInput<'_>, tax_year: TaxYear) -> Result<Plan, LedgerRefusal> {
    let last_day = tax_year.last_month().last_day();
    input.employer_covered(last_day.min(input.today))?;
    let last_release = input
        .state
        .periods
        .last()
        .map_or(Release::Cumulative, |last| last.release);
    let projected = if input.state.settled.is_some() {
        ByGroup::ZERO
    } else {
        input.projected(last_release)
    };
    let mut draft = EntryDraft {
        accruals: input.accruals(),
        projected,
        ..blank(EntryKind::Recompute, tax_year, None)
    };
    let mut after = input.state.clone();
    after.apply_draft(&draft, 0);
    let over_deductions = input.over_deductions(&after, None, tax_year);
    (draft.cit_change, draft.forfeited_change) = recompute_cit(&after, after.deducted_in_periods());
    let mut caveats = input.common_caveats(None, &draft.accruals);
    caveats.extend(over_deducted(&over_deductions));
    let changes_nothing = draft.accruals.is_empty()
        && draft.cit_change == ByGroup::ZERO
        && draft.forfeited_change == ByGroup::ZERO
        && draft.projected == input.state.projected;
    let drafts = if changes_nothing {
        Vec::new()
    } else {
        vec![draft]
    };
    Ok(Plan {
        drafts,
        caveats,
        over_deductions,
    })
}
