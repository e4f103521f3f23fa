//! Cases of measure 9: one VAT question, one answer.

use std::sync::Arc;

use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::FilingCycle;
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::{Reason, ReasonCode};
use mamagang_domain::tax::TaxKind;
use mamagang_domain::vat::{Party, VatDecision, VatOutcome, VatQuestion, check_vat};
use serde::Deserialize;

use super::cases::{Case, Compared};
use super::words::{Day, Yuan, list, or_none};

const GUANGDONG: &str = "440000";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure9Case {
    name: String,
    source: String,
    ask: Ask,
    expect: Expect,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Seller {
    NaturalPerson,
    MonthlyFiler,
    QuarterlyFiler,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    seller: Seller,
    date: Day,
    amount_yuan: Yuan,
    /// Whether the amount includes VAT.
    #[serde(default)]
    with_vat: bool,
    /// Whether the exemption is waived for a special invoice.
    #[serde(default)]
    waived: bool,
    province: Option<String>,
    other_sales_same_day_yuan: Option<Yuan>,
    platform_sales_month_yuan: Option<Yuan>,
    umct_percent: Option<i32>,
    #[serde(default)]
    half_rate: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum OutcomeWord {
    Exempt,
    Taxable,
    Review,
}

/// An absent threshold means that there is none; caveats are told in full.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: OutcomeWord,
    regime: Option<String>,
    net_yuan: Yuan,
    /// Such as `<= 100000.00` or `< 500.00`.
    threshold: Option<String>,
    vat_yuan: Yuan,
    reasons: Vec<ReasonCode>,
    #[serde(default)]
    caveats: Vec<ReasonCode>,
    surcharges: Option<Surcharges>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
struct Surcharges {
    umct: Yuan,
    edu: Yuan,
    ledu: Yuan,
}

impl Ask {
    fn question(&self) -> VatQuestion {
        let fen = |yuan: Option<Yuan>| yuan.map_or(Fen::ZERO, |yuan| yuan.0);
        VatQuestion {
            province_code: self
                .province
                .clone()
                .unwrap_or_else(|| GUANGDONG.to_owned()),
            party: match self.seller {
                Seller::NaturalPerson => Party::NaturalPerson,
                Seller::MonthlyFiler => Party::SmallScaleTaxpayer(FilingCycle::Monthly),
                Seller::QuarterlyFiler => Party::SmallScaleTaxpayer(FilingCycle::Quarterly),
            },
            obligation_on: self.date.0,
            amount_fen: self.amount_yuan.0,
            vat_inclusive: self.with_vat,
            exemption_waived: self.waived,
            other_sales_same_day_fen: fen(self.other_sales_same_day_yuan),
            platform_sales_month_fen: fen(self.platform_sales_month_yuan),
            umct_rate_bp: RateBp::new(self.umct_percent.unwrap_or(7) * 100),
            half_rate_surcharges: self.half_rate,
        }
    }
}

fn codes(reasons: &[Reason]) -> String {
    list(reasons.iter().map(|reason| reason.code.name()))
}

fn paid(decision: &VatDecision, tax: TaxKind) -> Fen {
    let lines = decision.surcharges.iter().filter(|line| line.tax == tax);
    lines.map(|line| line.paid_fen).sum()
}

impl Case for Measure9Case {
    const FOLDER: &'static str = "measure9";

    fn name(&self) -> &str {
        &self.name
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn run(&self, book: &Arc<PolicyBook>) -> Compared {
        let decision = check_vat(book, &self.ask.question());
        let expect = &self.expect;
        let mut compared = Compared::default();
        compared.tell_parameters(&decision.reasons);
        compared.tell_parameters(&decision.caveats);
        let word = match decision.outcome {
            VatOutcome::Exempt => OutcomeWord::Exempt,
            VatOutcome::Taxable => OutcomeWord::Taxable,
            VatOutcome::Review => OutcomeWord::Review,
        };
        compared.add(
            "outcome",
            format!("{:?}", expect.outcome),
            format!("{word:?}"),
        );
        let regime = expect.regime.clone().unwrap_or_default();
        compared.add("regime", regime, &decision.regime);
        compared.add("net_yuan", expect.net_yuan.0, decision.net_sales_fen);
        let ceiling = decision.ceiling.map(|ceiling| {
            let sign = if ceiling.inclusive { "<=" } else { "<" };
            format!("{sign} {}", ceiling.fen)
        });
        compared.add(
            "threshold",
            or_none(expect.threshold.as_ref()),
            or_none(ceiling),
        );
        compared.add("vat_yuan", expect.vat_yuan.0, decision.vat_fen);
        let reasons = list(expect.reasons.iter().map(|code| code.name()));
        compared.add("reasons", reasons, codes(&decision.reasons));
        let caveats = list(expect.caveats.iter().map(|code| code.name()));
        compared.add("caveats", caveats, codes(&decision.caveats));
        if let Some(surcharges) = &expect.surcharges {
            compared.add("UMCT", surcharges.umct.0, paid(&decision, TaxKind::Umct));
            compared.add("EDU", surcharges.edu.0, paid(&decision, TaxKind::Edu));
            compared.add("LEDU", surcharges.ledu.0, paid(&decision, TaxKind::Ledu));
        }
        compared
    }
}
