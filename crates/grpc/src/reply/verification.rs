//! Verified statuses and contracts.

use mamagang_app::App;
use mamagang_app::certificates::Certificate;
use mamagang_app::eligibility::{ContractVerified, SourceAnswer, StatusVerified};
use mamagang_domain::reason::Language;
use mamagang_proto::v1;

use super::reason::reasons;
use super::{date_or_empty, month_or_empty};
use crate::convert::enums::{ApiEnum as _, optional};

/// A person's status.
pub(crate) fn status(
    verified: &StatusVerified,
    language: Language,
) -> v1::VerifyWorkerStatusResponse {
    v1::VerifyWorkerStatusResponse {
        outcome: verified.outcome.to_api(),
        category: optional(verified.category),
        status_from_date: date_or_empty(verified.from_on),
        status_to_date: date_or_empty(verified.to_on),
        source: verified
            .source
            .as_ref()
            .map(|source| source.name.clone())
            .unwrap_or_default(),
        source_date: date_or_empty(verified.source.as_ref().and_then(|source| source.drawn_on)),
        months_used: verified.months_used,
        reasons: reasons(&verified.reasons, language),
        reference_number: verified.reference.to_string(),
        source_answers: verified.source_answers.iter().map(source_answer).collect(),
    }
}

fn source_answer(answer: &SourceAnswer) -> v1::SourceAnswer {
    v1::SourceAnswer {
        source: answer.source.clone(),
        state: answer.state.to_api(),
        source_date: date_or_empty(answer.drawn_on),
        age_seconds: i64::try_from(answer.age_seconds).unwrap_or(i64::MAX),
    }
}

/// A contract.
pub(crate) fn contract(
    verified: &ContractVerified,
    language: Language,
) -> v1::VerifyContractResponse {
    let contract = verified.contract.as_ref();
    v1::VerifyContractResponse {
        outcome: verified.outcome.to_api(),
        contract_id: contract
            .map(|contract| contract.contract_id.clone())
            .unwrap_or_default(),
        start_date: date_or_empty(contract.map(|contract| contract.start_on)),
        end_date: date_or_empty(contract.and_then(|contract| contract.end_on)),
        at_least_one_year: verified.at_least_one_year,
        first_insured_month: month_or_empty(verified.first_insured_month),
        reasons: reasons(&verified.reasons, language),
    }
}

/// A certificate with the key that verifies it.
pub(crate) fn certificate(app: &App, certificate: &Certificate) -> v1::Certificate {
    let keys = app.public_keys();
    let key = keys.iter().find(|key| key.key_id == certificate.key_id);
    v1::Certificate {
        check_code: certificate.check_code.clone(),
        employer_code: certificate.employer_code.to_string(),
        worker_id: certificate.worker_id.to_string(),
        category: certificate.category.to_api(),
        month: certificate.month.to_string(),
        start_month: certificate.start_month.to_string(),
        term_end_month: certificate.term_end_month.to_string(),
        issued_date: certificate.issued_on.to_string(),
        valid_until_date: certificate.valid_until.to_string(),
        decision_id: certificate.decision_id.clone(),
        document: certificate.document.clone(),
        signature: certificate.signature.clone(),
        public_key: key.map_or_else(Vec::new, |key| key.bytes.to_vec()),
        key_id: i32::try_from(certificate.key_id).unwrap_or(i32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::reason::Outcome;

    use super::*;

    #[test]
    fn no_contract_is_told_by_empty_fields() {
        let none = ContractVerified {
            outcome: Outcome::Review,
            contract: None,
            at_least_one_year: false,
            first_insured_month: None,
            reasons: Vec::new(),
        };
        let answer = contract(&none, Language::Chinese);
        assert_eq!(
            (
                answer.outcome,
                answer.contract_id.as_str(),
                answer.end_date.as_str()
            ),
            (3, "", "")
        );
    }
}
