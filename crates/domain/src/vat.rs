//! Measure 9: VAT of workers who are not employees, and of small-scale taxpayers
//! (fact: section 4).
//!
//! The regime is chosen by the date on which the tax obligation arises (纳税义务发生时间). Once a
//! threshold is reached the whole amount is taxed, not the excess.

use std::sync::Arc;

use crate::date::CivilDate;
use crate::ledger::{ByGroup, TaxLine, education_exempt};
use crate::money::{Ceiling, Fen, RateBp};
use crate::month::FilingCycle;
use crate::policy::{Citation, Confidence, Dated, PlatformScope, PolicyBook};
use crate::reason::{Reason, ReasonCode};
use crate::tax::TaxKind;

/// Raised whenever the answer of any law case of this measure changes.
pub const RULES_VERSION: i32 = 1;

/// The number of the measure in the notice.
pub const MEASURE: i32 = 9;

/// Who sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// 自然人. Always small-scale.
    NaturalPerson,
    /// A registered small-scale taxpayer (小规模纳税人) with its filing cycle.
    SmallScaleTaxpayer(FilingCycle),
}

impl Party {
    /// The cycle whose ceiling of sales applies to the surcharges; that of the month for natural
    /// persons.
    const fn cycle(self) -> FilingCycle {
        match self {
            Self::NaturalPerson => FilingCycle::Monthly,
            Self::SmallScaleTaxpayer(cycle) => cycle,
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VatOutcome {
    /// No VAT.
    Exempt,
    /// VAT on the whole amount.
    Taxable,
    /// A person has to decide.
    Review,
}

/// The question. Amounts are fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatQuestion {
    /// Province, 6 digits.
    pub province_code: String,
    /// Who sells.
    pub party: Party,
    /// When the obligation arises.
    pub obligation_on: CivilDate,
    /// The amount asked about.
    pub amount_fen: Fen,
    /// Whether that amount includes VAT.
    pub vat_inclusive: bool,
    /// Whether a small-scale taxpayer gives up the exemption of that amount, to issue a special
    /// invoice for it. A natural person cannot.
    pub exemption_waived: bool,
    /// Other direct sales of the same day, without VAT.
    pub other_sales_same_day_fen: Fen,
    /// Platform sales of the month, without VAT.
    pub platform_sales_month_fen: Fen,
    /// UMCT rate of the place.
    pub umct_rate_bp: RateBp,
    /// Whether the half rate of the surcharges applies.
    pub half_rate_surcharges: bool,
}

impl VatQuestion {
    fn waives(&self) -> bool {
        self.exemption_waived && self.party != Party::NaturalPerson
    }
}

/// The answer with its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatDecision {
    /// Exempt, taxable or review.
    pub outcome: VatOutcome,
    /// The regime's name; empty when no policy covers the date.
    pub regime: String,
    /// Sales without VAT of the whole sum tested.
    pub net_sales_fen: Fen,
    /// The ceiling tested; `None` when there is none.
    pub ceiling: Option<Ceiling>,
    /// VAT on the whole sum tested. In a review of withholding: what would be due under the
    /// regime's own rule.
    pub vat_fen: Fen,
    /// UMCT, EDU, LEDU on that VAT.
    pub surcharges: Vec<TaxLine>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What must be known beside the answer.
    pub caveats: Vec<Reason>,
}

/// One sum with the ceiling that it is held against.
struct Test {
    net_fen: Fen,
    ceiling: Option<Ceiling>,
    citation: Arc<Citation>,
}

impl Test {
    fn new(net_fen: Fen, dated: &Dated<Option<Ceiling>>, on: CivilDate) -> Option<Self> {
        let value = dated.on(on)?;
        Some(Self {
            net_fen,
            ceiling: value.value,
            citation: value.citation.clone(),
        })
    }

    fn is_exempt(&self) -> bool {
        self.ceiling
            .is_none_or(|ceiling| ceiling.admits(self.net_fen))
    }

    fn reason(&self) -> Reason {
        let code = match self.ceiling {
            None => ReasonCode::ExemptByRegime,
            Some(_) if self.is_exempt() => ReasonCode::BelowThreshold,
            Some(_) => ReasonCode::ThresholdReached,
        };
        let mut facts = vec![("net_sales_yuan", self.net_fen.yuan())];
        if let Some(ceiling) = self.ceiling {
            facts.push(("threshold_yuan", ceiling.fen.yuan()));
            facts.push(("threshold_inclusive", ceiling.inclusive.to_string()));
        }
        Reason {
            code,
            citations: vec![self.citation.clone()],
            facts,
        }
    }
}

/// Answers the question. A date that no policy covers is a review without figures.
pub fn check_vat(policy: &PolicyBook, question: &VatQuestion) -> VatDecision {
    decide(policy, question).unwrap_or_else(|| VatDecision {
        outcome: VatOutcome::Review,
        regime: String::new(),
        net_sales_fen: Fen::ZERO,
        ceiling: None,
        vat_fen: Fen::ZERO,
        surcharges: Vec::new(),
        reasons: vec![Reason {
            code: ReasonCode::PolicyNotEncoded,
            citations: Vec::new(),
            facts: vec![
                ("obligation_date", question.obligation_on.to_string()),
                ("province_code", question.province_code.clone()),
            ],
        }],
        caveats: Vec::new(),
    })
}

fn decide(policy: &PolicyBook, question: &VatQuestion) -> Option<VatDecision> {
    let on = question.obligation_on;
    let regime = policy.vat.regime.on(on)?;
    let rate = policy.vat.levy_rate_bp.on(on)?.value;
    let waived_rate = match question.waives() {
        true => Some(policy.vat.waived_rate_bp.on(on)?),
        false => None,
    };
    let net_fen = match question.vat_inclusive {
        true => {
            let contained = waived_rate.map_or(rate, |value| value.value);
            question.amount_fen.without_tax(contained)
        }
        false => question.amount_fen,
    };
    let tests = tests(policy, question, net_fen)?;
    let taxed: Fen = tests
        .iter()
        .filter(|test| !test.is_exempt())
        .map(|test| test.net_fen)
        .sum();
    // Only what the threshold leaves exempt can be waived.
    let waived = waived_rate.filter(|_| taxed == Fen::ZERO && net_fen > Fen::ZERO);
    let vat_fen = match waived {
        Some(value) => net_fen.at_rate(value.value),
        None => taxed.at_rate(rate),
    };
    let withheld = is_withheld(policy, question)?;
    let is_taxed = taxed > Fen::ZERO || waived.is_some();
    let outcome = match (withheld.is_some(), is_taxed) {
        (true, _) => VatOutcome::Review,
        (false, true) => VatOutcome::Taxable,
        (false, false) => VatOutcome::Exempt,
    };
    let net_sales_fen: Fen = tests.iter().map(|test| test.net_fen).sum();
    // The test that decided: a taxed one, else the first.
    let decisive = tests
        .iter()
        .find(|test| !test.is_exempt())
        .or_else(|| tests.first())?;
    let mut reasons: Vec<Reason> = withheld
        .map(|reason| with_levy(reason, net_sales_fen, rate))
        .into_iter()
        .collect();
    reasons.extend(waived.map(|value| Reason {
        code: ReasonCode::ExemptionWaived,
        citations: vec![value.citation.clone()],
        facts: vec![
            ("waived_yuan", net_fen.yuan()),
            ("vat_yuan", vat_fen.yuan()),
        ],
    }));
    reasons.extend(tests.iter().map(Test::reason));
    reasons[0].citations.push(regime.citation.clone());
    Some(VatDecision {
        outcome,
        regime: regime.value.clone(),
        net_sales_fen,
        ceiling: decisive.ceiling,
        vat_fen,
        surcharges: surcharges(policy, question, net_sales_fen, vat_fen)?,
        reasons,
        caveats: platform_caveat(policy, question).into_iter().collect(),
    })
}

/// What would be due if the levy applied to all of it, whatever the threshold.
fn with_levy(mut reason: Reason, net_fen: Fen, rate: RateBp) -> Reason {
    reason
        .facts
        .push(("vat_if_levied_yuan", net_fen.at_rate(rate).yuan()));
    reason
}

/// The sums to test: one, or two where platform income is tested apart from direct sales.
fn tests(policy: &PolicyBook, question: &VatQuestion, net_fen: Fen) -> Option<Vec<Test>> {
    let on = question.obligation_on;
    let vat = &policy.vat;
    let direct = net_fen + question.other_sales_same_day_fen;
    let platform = question.platform_sales_month_fen;
    match question.party {
        Party::SmallScaleTaxpayer(cycle) => {
            let ceiling = match cycle {
                FilingCycle::Monthly => &vat.small_scale_month,
                FilingCycle::Quarterly => &vat.small_scale_quarter,
            };
            Some(vec![Test::new(direct + platform, ceiling, on)?])
        }
        Party::NaturalPerson => {
            let by_day = vat.natural_person_day.get(&question.province_code);
            if platform == Fen::ZERO {
                return Some(vec![Test::new(direct, by_day?, on)?]);
            }
            match vat.platform_scope.on(on)?.value {
                PlatformScope::AllSales => {
                    Some(vec![Test::new(direct + platform, &vat.platform_month, on)?])
                }
                PlatformScope::PlatformOnly => {
                    let mut tests = vec![Test::new(platform, &vat.platform_month, on)?];
                    if direct > Fen::ZERO {
                        tests.push(Test::new(direct, by_day?, on)?);
                    }
                    Some(tests)
                }
            }
        }
    }
}

/// Withholding by domestic payers does not touch platform income or registered taxpayers.
/// The outer `None` means that no policy covers the date.
fn is_withheld(policy: &PolicyBook, question: &VatQuestion) -> Option<Option<Reason>> {
    let dated = &policy.vat.natural_person_withholding;
    let concerned =
        question.party == Party::NaturalPerson && question.platform_sales_month_fen == Fen::ZERO;
    let withholding = dated
        .on(question.obligation_on)
        .filter(|value| concerned && value.value);
    Some(withholding.map(|value| Reason {
        code: ReasonCode::NaturalPersonWithholding2026,
        citations: vec![value.citation.clone()],
        facts: vec![("parameter", dated.name.to_string())],
    }))
}

fn platform_caveat(policy: &PolicyBook, question: &VatQuestion) -> Option<Reason> {
    let value = policy.vat.platform_scope.on(question.obligation_on)?;
    let concerned =
        question.party == Party::NaturalPerson && question.platform_sales_month_fen > Fen::ZERO;
    (concerned && value.confidence() == Confidence::Unconfirmed).then(|| Reason {
        code: ReasonCode::PlatformStartUnconfirmed,
        citations: vec![value.citation.clone()],
        facts: vec![("parameter", policy.vat.platform_scope.name.to_string())],
    })
}

fn surcharges(
    policy: &PolicyBook,
    question: &VatQuestion,
    net_sales_fen: Fen,
    vat_fen: Fen,
) -> Option<Vec<TaxLine>> {
    let on = question.obligation_on;
    let cycle = question.party.cycle();
    let education_exempt = education_exempt(policy, cycle, on, Some(net_sales_fen))?;
    let half_rate = policy
        .surcharges
        .half_rate_bp
        .on(on)
        .filter(|_| question.half_rate_surcharges);
    let rates = [
        (TaxKind::Umct, question.umct_rate_bp),
        (TaxKind::Edu, policy.surcharges.edu_rate_bp.on(on)?.value),
        (TaxKind::Ledu, policy.surcharges.ledu_rate_bp.on(on)?.value),
    ];
    let line = |(tax, rate): (TaxKind, RateBp)| {
        let is_due = tax == TaxKind::Umct || !education_exempt;
        let due_fen = if is_due {
            vat_fen.at_rate(rate)
        } else {
            Fen::ZERO
        };
        let paid_fen = half_rate.map_or(due_fen, |share| due_fen.at_rate(share.value));
        TaxLine {
            tax,
            due_fen,
            deducted: ByGroup::ZERO,
            halved_fen: due_fen - paid_fen,
            paid_fen,
        }
    };
    Some(rates.into_iter().map(line).collect())
}
