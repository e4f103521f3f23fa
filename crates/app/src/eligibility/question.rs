//! Recorded questions as JSON, without personal data: the worker by id.

use mamagang_domain::inclusive::PreferenceQuestion;
use mamagang_domain::money::Fen;

use crate::audit::{DecisionItem, PersonRecord, SubsidyItem};

fn subsidy_question_json(item: &SubsidyItem) -> String {
    let worker_id = match item.person {
        PersonRecord::Known { worker_id, .. } => Some(worker_id.to_string()),
        _ => None,
    };
    serde_json::json!({
        "measure": item.kind.measure(),
        "employer_code": item.employer_code.to_string(),
        "employer_revision": item.employer_revision,
        "worker_id": worker_id,
        "from_month": item.from.to_string(),
        "through_month": item.through.to_string(),
    })
    .to_string()
}

fn preference_question_json(question: &PreferenceQuestion) -> String {
    serde_json::json!({
        "measure": 10,
        "tax_year": question.tax_year.number(),
        "period": question.period.map(|period| period.to_string()),
        "taxable_income_fen": question.taxable_income_fen.map(Fen::get),
        "sales_fen": question.sales_fen.map(Fen::get),
    })
    .to_string()
}

pub(super) fn question_json(item: &DecisionItem) -> String {
    let record = match item {
        DecisionItem::KeyGroup(record) => record,
        DecisionItem::Other { question, .. } => {
            return serde_json::json!({ "question": question }).to_string();
        }
        DecisionItem::Vat(item) => {
            let question = &item.question;
            return serde_json::json!({ "measure": 9, "question": question }).to_string();
        }
        DecisionItem::Subsidy(item) => return subsidy_question_json(item),
        DecisionItem::Preferences(item) => return preference_question_json(&item.question),
    };
    let (worker_id, revision) = match record.person {
        PersonRecord::Known {
            worker_id,
            revision,
        } => (Some(worker_id.to_string()), Some(revision)),
        _ => (None, None),
    };
    serde_json::json!({
        "measure": 8,
        "employer_code": record.employer_code.to_string(),
        "employer_revision": record.employer_revision,
        "worker_id": worker_id,
        "worker_revision": revision,
        "from_month": record.from.to_string(),
        "through_month": record.through.to_string(),
    })
    .to_string()
}
