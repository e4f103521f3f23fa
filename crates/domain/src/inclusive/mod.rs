//! Measure 10: the inclusive preferences (fact: section 5): VAT of small-scale taxpayers, income
//! tax of small and low-profit enterprises (小型微利), the half rate of six taxes and two
//! surcharges (六税两费), and the refund of uncredited input tax (留抵退税).
//!
//! Each item is answered for itself; a figure that was not told leaves its item REVIEW.

mod income_tax;
mod policy;
mod refund;
mod surcharges;
mod trace;

pub use policy::{InclusivePolicy, RefundBasis, RefundClass};
pub use trace::trace_preferences;

use std::sync::Arc;

use crate::date::CivilDate;
use crate::fact::{EmployerKind, VatPayer};
use crate::money::{Fen, RateBp};
use crate::month::{FilingCycle, TaxPeriod, TaxYear};
use crate::policy::{Citation, Dated, PolicyBook};
use crate::reason::{Outcome, Reason, ReasonCode};
use crate::vat::{Party, VatDecision, VatOutcome, VatQuestion, check_vat};

/// Raised whenever the answer of any law case of this measure changes.
pub const RULES_VERSION: i32 = 1;

/// The number of the measure in the notice.
pub const MEASURE: i32 = 10;

/// The preferences, in the order in which they are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreferenceItem {
    /// Exemption of small-scale taxpayers' sales.
    SmallScaleVat = 1,
    /// Enterprise income tax of 小型微利.
    SmallProfitIncomeTax = 2,
    /// 六税两费.
    HalfRateSurcharges = 3,
    /// 留抵退税.
    CreditRefund = 4,
}

impl PreferenceItem {
    /// All, in order.
    pub const ALL: [Self; 4] = [
        Self::SmallScaleVat,
        Self::SmallProfitIncomeTax,
        Self::HalfRateSurcharges,
        Self::CreditRefund,
    ];
}

/// The figures asked about; what is `None` was not told. Amounts are fen and not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceQuestion {
    /// The year.
    pub tax_year: TaxYear,
    /// The period of `sales_fen` and of the refund: the rules change inside years. Where it was
    /// not told, the year is answered if one rule covers it all.
    pub period: Option<TaxPeriod>,
    /// What the employer is, where a record tells.
    pub employer_kind: Option<EmployerKind>,
    /// Taxable income of the year.
    pub taxable_income_fen: Option<Fen>,
    /// People employed, as the year's average.
    pub staff_count: Option<i32>,
    /// Assets, as the year's average.
    pub total_assets_fen: Option<Fen>,
    /// Whether the industry is restricted or forbidden by the state.
    pub restricted_industry: bool,
    /// Status as a VAT payer.
    pub vat_payer: Option<VatPayer>,
    /// Cycle of VAT, of the period where that was told.
    pub filing_cycle: Option<FilingCycle>,
    /// Sales of the period, without VAT.
    pub sales_fen: Option<Fen>,
    /// UMCT rate of the place.
    pub umct_rate_bp: Option<RateBp>,
    /// What is due of the six taxes and two surcharges; where it was not told, what is due on the
    /// VAT of `sales_fen`.
    pub surcharges_due_fen: Option<Fen>,
    /// What other reliefs have taken off that already.
    pub surcharges_relieved_fen: Fen,
    /// The credit at the end of the period.
    pub input_credit_fen: Option<Fen>,
    /// What it grew by since the day that the rule compares with.
    pub credit_increment_fen: Option<Fen>,
    /// Months in a row, up to the period, that ended with a credit.
    pub credit_months: Option<i32>,
    /// 进项构成比例.
    pub input_ratio_bp: Option<RateBp>,
    /// What the firm is to the refund.
    pub refund_class: Option<RefundClass>,
}

impl PreferenceQuestion {
    /// A year of which nothing is told yet.
    pub const fn of_year(tax_year: TaxYear) -> Self {
        Self {
            tax_year,
            period: None,
            employer_kind: None,
            taxable_income_fen: None,
            staff_count: None,
            total_assets_fen: None,
            restricted_industry: false,
            vat_payer: None,
            filing_cycle: None,
            sales_fen: None,
            umct_rate_bp: None,
            surcharges_due_fen: None,
            surcharges_relieved_fen: Fen::ZERO,
            input_credit_fen: None,
            credit_increment_fen: None,
            credit_months: None,
            input_ratio_bp: None,
            refund_class: None,
        }
    }
}

/// The answer to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceResult {
    /// Which.
    pub item: PreferenceItem,
    /// Whether the preference is given.
    pub outcome: Outcome,
    /// What is to be paid with it, or without where it is not given; of the refund what is paid
    /// back. Zero in a review.
    pub amount_fen: Fen,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl PreferenceResult {
    fn review(item: PreferenceItem, reason: Reason) -> Self {
        Self {
            item,
            outcome: Outcome::Review,
            amount_fen: Fen::ZERO,
            reasons: vec![reason],
        }
    }

    fn refused(item: PreferenceItem, reason: Reason, amount_fen: Fen) -> Self {
        Self {
            item,
            outcome: Outcome::Ineligible,
            amount_fen,
            reasons: vec![reason],
        }
    }
}

/// Answers every item, in order.
pub fn check_preferences(
    policy: &PolicyBook,
    question: &PreferenceQuestion,
) -> Vec<PreferenceResult> {
    let sales = sales_vat(policy, question);
    let vat = vat_result(question, sales.as_ref());
    let income_tax = income_tax::check(policy, question);
    let half_rate = surcharges::check(policy, question, sales.as_ref().ok(), income_tax.outcome);
    vec![vat, income_tax, half_rate, refund::check(policy, question)]
}

/// A figure that is missing, by its name in the question.
fn missing(figures: &[&'static str]) -> Reason {
    Reason {
        code: ReasonCode::FigureMissing,
        citations: Vec::new(),
        facts: vec![("figures", figures.join(", "))],
    }
}

fn not_encoded(question: &PreferenceQuestion) -> Reason {
    Reason {
        code: ReasonCode::PolicyNotEncoded,
        citations: Vec::new(),
        facts: vec![("tax_year", question.tax_year.number().to_string())],
    }
}

/// The day on which a rule is looked up: the period's last, or the year's where one value of the
/// rule covers all of it.
fn day_of<T>(question: &PreferenceQuestion, rule: &Dated<T>) -> Result<CivilDate, Reason> {
    if let Some(period) = question.period {
        return Ok(period.last_month().last_day());
    }
    let first = question.tax_year.first_month().first_day();
    let last = question.tax_year.last_month().last_day();
    match (rule.on(first), rule.on(last)) {
        (Some(one), Some(other)) if one.from == other.from => Ok(last),
        (None, None) => Err(not_encoded(question)),
        _ => Err(missing(&["period"])),
    }
}

/// The VAT on the sales told, of a small-scale taxpayer or as one.
fn sales_vat(policy: &PolicyBook, question: &PreferenceQuestion) -> Result<VatDecision, Reason> {
    vat_question(policy, question).map(|asked| check_vat(policy, &asked))
}

/// The sales told as a question of measure 9.
fn vat_question(policy: &PolicyBook, question: &PreferenceQuestion) -> Result<VatQuestion, Reason> {
    let cycle = question
        .period
        .map(TaxPeriod::cycle)
        .or(question.filing_cycle);
    let asked = [
        (question.vat_payer.is_none(), "vat_payer"),
        (question.sales_fen.is_none(), "sales"),
        (cycle.is_none(), "filing_cycle"),
    ];
    let lacking: Vec<&'static str> = asked
        .into_iter()
        .filter(|(is_missing, _)| *is_missing)
        .map(|(_, name)| name)
        .collect();
    let (Some(sales_fen), Some(cycle), true) = (question.sales_fen, cycle, lacking.is_empty())
    else {
        return Err(missing(&lacking));
    };
    let obligation_on = day_of(question, &policy.vat.regime)?;
    Ok(VatQuestion {
        province_code: String::new(),
        party: Party::SmallScaleTaxpayer(cycle),
        obligation_on,
        amount_fen: sales_fen,
        vat_inclusive: false,
        exemption_waived: false,
        other_sales_same_day_fen: Fen::ZERO,
        platform_sales_month_fen: Fen::ZERO,
        umct_rate_bp: question.umct_rate_bp.unwrap_or_default(),
        half_rate_surcharges: true,
    })
}

fn vat_result(
    question: &PreferenceQuestion,
    sales: Result<&VatDecision, &Reason>,
) -> PreferenceResult {
    let item = PreferenceItem::SmallScaleVat;
    if question.vat_payer == Some(VatPayer::General) {
        let reason = Reason::bare(ReasonCode::NotSmallScale);
        return PreferenceResult::refused(item, reason, Fen::ZERO);
    }
    match sales {
        Err(reason) => PreferenceResult::review(item, reason.clone()),
        Ok(decision) => PreferenceResult {
            item,
            outcome: match decision.outcome {
                VatOutcome::Exempt => Outcome::Eligible,
                VatOutcome::Taxable => Outcome::Ineligible,
                VatOutcome::Review => Outcome::Review,
            },
            amount_fen: decision.vat_fen,
            reasons: decision.reasons.clone(),
        },
    }
}

fn cited<T>(dated: &Dated<T>, day: CivilDate) -> Vec<Arc<Citation>> {
    let value = dated.on(day);
    value
        .map(|value| value.citation.clone())
        .into_iter()
        .collect()
}
