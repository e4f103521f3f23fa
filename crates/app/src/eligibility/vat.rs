//! `CheckVatExemption`.

use mamagang_domain::date::CivilDate;
use mamagang_domain::ids::{CaseId, DecisionId};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxMonth};
use mamagang_domain::review::Reviewed;
use mamagang_domain::vat::{MEASURE, Party, VatDecision, VatQuestion, check_vat};

use super::digest::vat_digest;
use super::sheet::short_vat;
use crate::app::App;
use crate::audit::{DecisionItem, VatItem};
use crate::caller::Caller;
use crate::error::AppResult;
use crate::reviews::Opening;

pub(super) const METHOD: &str = "mamagang.v1.EligibilityService/CheckVatExemption";

/// An answer on measure 9, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedVat {
    /// The decision's id.
    pub decision_id: DecisionId,
    /// The decision.
    pub decision: VatDecision,
    /// The case of what it leaves to a person.
    pub review_case: Option<CaseId>,
}

impl CheckedVat {
    pub(super) fn new(
        decision_id: DecisionId,
        question: &VatQuestion,
        decision: VatDecision,
    ) -> Self {
        let reviewed = reviewed(question, &decision);
        Self {
            decision_id,
            decision,
            review_case: reviewed.map(|it| it.question.case_id()),
        }
    }
}

/// The question of law that an answer leaves to a person: the same for every sum.
fn reviewed(question: &VatQuestion, decision: &VatDecision) -> Option<Reviewed> {
    let matter = format!(
        "province_code={}\nparty={}\nobligation_month={}",
        question.province_code,
        party_name(question.party),
        TaxMonth::of(question.obligation_on)
    );
    Reviewed::of_law(MEASURE, matter, &decision.reasons)
}

const fn party_name(party: Party) -> &'static str {
    match party {
        Party::NaturalPerson => "NATURAL_PERSON",
        Party::SmallScaleTaxpayer(FilingCycle::Monthly) => "SMALL_SCALE_MONTHLY",
        Party::SmallScaleTaxpayer(FilingCycle::Quarterly) => "SMALL_SCALE_QUARTERLY",
    }
}

impl App {
    /// Whether an amount is exempt from VAT, and what is due when not.
    pub async fn check_vat_exemption(
        &self,
        caller: &Caller,
        question: VatQuestion,
    ) -> AppResult<CheckedVat> {
        self.permit(METHOD, caller, None).await?;
        let decision = check_vat(&self.book, &question);
        let item = VatItem {
            question: question_text(&question),
            told: short_vat(&decision),
            answer: vat_digest(&decision),
        };
        let items = vec![DecisionItem::Vat(Box::new(item))];
        let mut draft = self.audit_draft(METHOD, caller, None, items);
        draft.rules_version = mamagang_domain::vat::RULES_VERSION;
        let decision_id = DecisionId {
            audit: draft.audit_id,
            item: None,
        };
        let opening = reviewed(&question, &decision).map(|reviewed| Opening {
            reviewed,
            decision_id,
            town_code: String::new(),
            revision: 0,
        });
        self.open_reviews(caller, opening.into_iter().collect())
            .await?;
        self.audit.write(draft).await?;
        Ok(CheckedVat::new(decision_id, &question, decision))
    }
}

/// The question as an audit row keeps it: a line for each field.
fn question_text(question: &VatQuestion) -> String {
    let party = party_name(question.party);
    let fields = [
        ("province_code", question.province_code.clone()),
        ("party", party.to_owned()),
        ("obligation_date", question.obligation_on.to_string()),
        ("amount_fen", question.amount_fen.get().to_string()),
        ("vat_inclusive", question.vat_inclusive.to_string()),
        ("exemption_waived", question.exemption_waived.to_string()),
        (
            "other_sales_same_day_fen",
            question.other_sales_same_day_fen.get().to_string(),
        ),
        (
            "platform_sales_month_fen",
            question.platform_sales_month_fen.get().to_string(),
        ),
        ("umct_rate_bp", question.umct_rate_bp.get().to_string()),
        (
            "half_rate_surcharges",
            question.half_rate_surcharges.to_string(),
        ),
    ];
    let lines = fields.map(|(name, value)| format!("{name}={value}"));
    lines.join("\n")
}

/// A kept question; `None` where the text is not one.
pub(super) fn read_question(text: &str) -> Option<VatQuestion> {
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    };
    let amount = |name: &str| field(name)?.parse().ok().map(Fen::new);
    Some(VatQuestion {
        province_code: field("province_code")?.to_owned(),
        party: match field("party")? {
            "NATURAL_PERSON" => Party::NaturalPerson,
            "SMALL_SCALE_MONTHLY" => Party::SmallScaleTaxpayer(FilingCycle::Monthly),
            "SMALL_SCALE_QUARTERLY" => Party::SmallScaleTaxpayer(FilingCycle::Quarterly),
            _ => return None,
        },
        obligation_on: CivilDate::parse(field("obligation_date")?).ok()?,
        amount_fen: amount("amount_fen")?,
        vat_inclusive: field("vat_inclusive")?.parse().ok()?,
        // Questions from before the waiver could be told say nothing of it.
        exemption_waived: field("exemption_waived") == Some("true"),
        other_sales_same_day_fen: amount("other_sales_same_day_fen")?,
        platform_sales_month_fen: amount("platform_sales_month_fen")?,
        umct_rate_bp: RateBp::new(field("umct_rate_bp")?.parse().ok()?),
        half_rate_surcharges: field("half_rate_surcharges")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_question_is_read_back_whole() {
        let question = VatQuestion {
            province_code: "440000".to_owned(),
            party: Party::SmallScaleTaxpayer(FilingCycle::Quarterly),
            obligation_on: CivilDate::parse("2024-09-30").expect("a day"),
            amount_fen: Fen::new(30_010_000),
            vat_inclusive: true,
            exemption_waived: true,
            other_sales_same_day_fen: Fen::new(1),
            platform_sales_month_fen: Fen::new(2),
            umct_rate_bp: RateBp::new(500),
            half_rate_surcharges: true,
        };
        let text = question_text(&question);
        assert_eq!(read_question(&text), Some(question));
        assert_eq!(read_question(&text.replace("party=", "")), None);
    }
}
