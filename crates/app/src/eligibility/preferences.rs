//! `CheckInclusivePreferences`.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, DecisionId};
use mamagang_domain::inclusive::{
    MEASURE, PreferenceQuestion, PreferenceResult, RULES_VERSION, check_preferences,
};
use mamagang_domain::review::Reviewed;

use super::digest::preferences_digest;
use super::sheet::short_preferences;
use crate::app::App;
use crate::audit::{DecisionItem, PreferenceItemRecord};
use crate::caller::Caller;
use crate::error::AppResult;
use crate::reviews::Opening;

const METHOD: &str = "mamagang.v1.EligibilityService/CheckInclusivePreferences";

/// The answers, with their id and what they were found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPreferences {
    /// The decision's id.
    pub decision_id: DecisionId,
    /// One answer an item.
    pub results: Vec<PreferenceResult>,
    /// Beside the results, the cases of what they leave to a person.
    pub review_cases: Vec<Option<CaseId>>,
    /// When they were given (microseconds).
    pub decided_at: i64,
    /// The policy applied.
    pub policy_version: String,
    /// The rules applied.
    pub rules_version: i32,
}

/// The questions of law that the answers leave to a person: the same for every figure.
fn reviewed(question: &PreferenceQuestion, results: &[PreferenceResult]) -> Vec<Option<Reviewed>> {
    let of_result = |result: &PreferenceResult| {
        let period = question.period.map(|period| period.to_string());
        let matter = format!(
            "item={:?}\ntax_year={}\nperiod={}\nrefund_class={:?}",
            result.item,
            question.tax_year.number(),
            period.unwrap_or_default(),
            question.refund_class,
        );
        Reviewed::of_law(MEASURE, matter, &result.reasons)
    };
    results.iter().map(of_result).collect()
}

/// The cases beside the answers.
pub(super) fn review_cases(
    question: &PreferenceQuestion,
    results: &[PreferenceResult],
) -> Vec<Option<CaseId>> {
    let reviewed = reviewed(question, results).into_iter();
    reviewed
        .map(|it| it.map(|it| it.question.case_id()))
        .collect()
}

impl App {
    /// What the inclusive preferences give for figures. With an employer, what its record of the
    /// year's last day tells stands in for what was not sent.
    ///
    /// Errors: `PERMISSION_DENIED`, `EMPLOYER_NOT_FOUND`.
    pub async fn check_preferences(
        &self,
        caller: &Caller,
        employer_code: Option<EmployerCode>,
        mut question: PreferenceQuestion,
    ) -> AppResult<CheckedPreferences> {
        let permit = self.permit(METHOD, caller, None).await?;
        if let Some(code) = employer_code {
            self.permit_employer(&permit, code).await?;
            if let Err(error) = self.fill_from_record(code, &mut question).await {
                return Err(self.audit_refusal(METHOD, caller, None, error).await);
            }
        }
        let results = check_preferences(&self.book, &question);
        let review_cases = review_cases(&question, &results);
        let reviewed = reviewed(&question, &results);
        let item = PreferenceItemRecord {
            question,
            told: short_preferences(&results),
            answer: preferences_digest(&results),
        };
        let items = vec![DecisionItem::Preferences(Box::new(item))];
        let mut draft = self.audit_draft(METHOD, caller, None, items);
        draft.rules_version = RULES_VERSION;
        draft.employer_code = employer_code;
        let decision_id = DecisionId {
            audit: draft.audit_id,
            item: None,
        };
        let openings = reviewed.into_iter().flatten().map(|reviewed| Opening {
            reviewed,
            decision_id,
            town_code: String::new(),
            revision: 0,
        });
        let checked = CheckedPreferences {
            decision_id,
            review_cases,
            results,
            decided_at: self.clock.now_micros(),
            policy_version: self.book.version.to_string(),
            rules_version: RULES_VERSION,
        };
        self.open_reviews(caller, openings.collect()).await?;
        self.audit.write(draft).await?;
        Ok(checked)
    }

    async fn fill_from_record(
        &self,
        code: EmployerCode,
        question: &mut PreferenceQuestion,
    ) -> AppResult<()> {
        let read = self.store.check_inputs(&[], &[code]).await?;
        let row = read.employers.into_iter().next().flatten();
        let record = row.map(|row| row.record).unwrap_or_default();
        let employer = crate::facts::require_profile(code, record)?;
        let day = question.period.map_or_else(
            || question.tax_year.last_month().last_day(),
            |period| period.last_month().last_day(),
        );
        if let Some(profile) = employer.record.profile_on(day) {
            question.employer_kind = question.employer_kind.or(Some(profile.kind));
            question.vat_payer = question.vat_payer.or(Some(profile.vat_payer));
            question.filing_cycle = question.filing_cycle.or(Some(profile.filing_cycle));
            question.umct_rate_bp = question.umct_rate_bp.or(Some(profile.umct_rate_bp));
        }
        Ok(())
    }
}
