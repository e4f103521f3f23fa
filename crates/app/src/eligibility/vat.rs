//! `CheckVatExemption`.

use mamagang_domain::ids::DecisionId;
use mamagang_domain::vat::{VatDecision, VatQuestion, check_vat};

use super::digest::vat_digest;
use crate::app::App;
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::AppResult;

const METHOD: &str = "mamagang.v1.EligibilityService/CheckVatExemption";

impl App {
    /// Whether an amount is exempt from VAT, and what is due when not.
    pub async fn check_vat_exemption(
        &self,
        caller: &Caller,
        question: VatQuestion,
    ) -> AppResult<(DecisionId, VatDecision)> {
        self.permit(METHOD, caller, None).await?;
        let decision = check_vat(&self.book, &question);
        let item = DecisionItem::Other {
            question: question_text(&question),
            answer: vat_digest(&decision),
        };
        let mut draft = self.audit_draft(METHOD, caller, None, vec![item]);
        draft.rules_version = mamagang_domain::vat::RULES_VERSION;
        let decision_id = DecisionId {
            audit: draft.audit_id,
            item: None,
        };
        self.audit.write(draft).await?;
        Ok((decision_id, decision))
    }
}

fn question_text(question: &VatQuestion) -> String {
    format!(
        "province_code={}\nparty={:?}\nobligation_date={}\namount_fen={}\nvat_inclusive={}\nother_sales_same_day_fen={}\nplatform_sales_month_fen={}\numct_rate_bp={}\nhalf_rate_surcharges={}",
        question.province_code,
        question.party,
        question.obligation_on,
        question.amount_fen.get(),
        question.vat_inclusive,
        question.other_sales_same_day_fen.get(),
        question.platform_sales_month_fen.get(),
        question.umct_rate_bp.get(),
        question.half_rate_surcharges,
    )
}
