//! Cases of measure 10: figures in, one answer an item out.

use std::sync::Arc;

use mamagang_domain::fact::{EmployerKind, VatPayer};
use mamagang_domain::inclusive::{
    PreferenceItem, PreferenceQuestion, RefundClass, check_preferences,
};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::TaxYear;
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::{Outcome, ReasonCode};
use serde::Deserialize;

use super::cases::{Case, Compared};
use super::words::{Cycle, Period, Yuan, list, outcome_name};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreferenceCase {
    name: String,
    source: String,
    ask: Ask,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    year: i32,
    period: Option<Period>,
    employer: Option<EmployerKind>,
    income_yuan: Option<Yuan>,
    staff: Option<i32>,
    assets_yuan: Option<Yuan>,
    #[serde(default)]
    restricted: bool,
    payer: Option<VatPayer>,
    cycle: Option<Cycle>,
    sales_yuan: Option<Yuan>,
    umct_percent: Option<i32>,
    surcharges_due_yuan: Option<Yuan>,
    relieved_yuan: Option<Yuan>,
    credit_yuan: Option<Yuan>,
    increment_yuan: Option<Yuan>,
    credit_months: Option<i32>,
    /// Basis points.
    input_ratio_bp: Option<i32>,
    refund_class: Option<RefundClass>,
}

/// The items that the case is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    vat: Option<Answer>,
    income_tax: Option<Answer>,
    half_rate: Option<Answer>,
    refund: Option<Answer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    outcome: Outcome,
    yuan: Yuan,
    reasons: Vec<ReasonCode>,
}

impl Ask {
    fn question(&self) -> PreferenceQuestion {
        let fen = |yuan: Option<Yuan>| yuan.map(|yuan| yuan.0);
        PreferenceQuestion {
            tax_year: TaxYear::new(self.year).expect("a year"),
            period: self.period.map(|period| period.0),
            employer_kind: self.employer,
            taxable_income_fen: fen(self.income_yuan),
            staff_count: self.staff,
            total_assets_fen: fen(self.assets_yuan),
            restricted_industry: self.restricted,
            vat_payer: self.payer,
            filing_cycle: self.cycle.map(Into::into),
            sales_fen: fen(self.sales_yuan),
            umct_rate_bp: self.umct_percent.map(|percent| RateBp::new(percent * 100)),
            surcharges_due_fen: fen(self.surcharges_due_yuan),
            surcharges_relieved_fen: fen(self.relieved_yuan).unwrap_or(Fen::ZERO),
            input_credit_fen: fen(self.credit_yuan),
            credit_increment_fen: fen(self.increment_yuan),
            credit_months: self.credit_months,
            input_ratio_bp: self.input_ratio_bp.map(RateBp::new),
            refund_class: self.refund_class,
        }
    }
}

impl Case for PreferenceCase {
    const FOLDER: &'static str = "measure10";

    fn name(&self) -> &str {
        &self.name
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn run(&self, book: &Arc<PolicyBook>) -> Compared {
        let results = check_preferences(book, &self.ask.question());
        let mut compared = Compared::default();
        for result in &results {
            compared.tell_parameters(&result.reasons);
        }
        let expected = [
            (PreferenceItem::SmallScaleVat, &self.expect.vat),
            (
                PreferenceItem::SmallProfitIncomeTax,
                &self.expect.income_tax,
            ),
            (PreferenceItem::HalfRateSurcharges, &self.expect.half_rate),
            (PreferenceItem::CreditRefund, &self.expect.refund),
        ];
        for (item, answer) in expected {
            let (Some(answer), Some(result)) =
                (answer, results.iter().find(|result| result.item == item))
            else {
                continue;
            };
            let line = |outcome, fen: Fen, codes: Vec<ReasonCode>| {
                let codes = list(codes.iter().map(|code| code.name()));
                format!("{} {fen} {codes}", outcome_name(outcome))
            };
            let told = result.reasons.iter().map(|reason| reason.code).collect();
            compared.add(
                &format!("{item:?}"),
                line(answer.outcome, answer.yuan.0, answer.reasons.clone()),
                line(result.outcome, result.amount_fen, told),
            );
        }
        if compared.expected.is_empty() {
            compared.add("items", "one at least", "none");
        }
        compared
    }
}
