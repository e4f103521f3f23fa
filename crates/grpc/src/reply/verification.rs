//! Verified statuses and contracts.

use mamagang_app::eligibility::{ContractVerified, StatusVerified};
use mamagang_domain::fact::PersonCategory;
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
    // A registration's end is the day from which it no longer holds; the answer tells the last day on which it did.
    let is_registration = verified.category == Some(PersonCategory::RegisteredUnemployed);
    let last_on = verified.to_on.map(|to| {
        if is_registration {
            to.plus_days(-1)
        } else {
            to
        }
    });
    v1::VerifyWorkerStatusResponse {
        outcome: verified.outcome.to_api(),
        category: optional(verified.category),
        status_from_date: date_or_empty(verified.from_on),
        status_to_date: date_or_empty(last_on),
        source: verified
            .source
            .as_ref()
            .map(|source| source.name.clone())
            .unwrap_or_default(),
        source_date: date_or_empty(verified.source.as_ref().and_then(|source| source.drawn_on)),
        months_used: verified.months_used,
        reasons: reasons(&verified.reasons, language),
        reference_number: verified.reference.to_string(),
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

#[cfg(test)]
mod tests {
    use mamagang_domain::date::CivilDate;
    use mamagang_domain::ids::DecisionId;
    use mamagang_domain::reason::Outcome;

    use super::*;

    #[test]
    fn the_last_day_of_a_registration_is_the_one_before_it_ended() {
        let verified = |category: PersonCategory, to: Option<&str>| StatusVerified {
            outcome: Outcome::Eligible,
            category: Some(category),
            from_on: CivilDate::parse("2022-09-10").ok(),
            to_on: to.and_then(|to| CivilDate::parse(to).ok()),
            source: None,
            months_used: 3,
            reasons: Vec::new(),
            reference: DecisionId::parse("0193a5c0-0000-7000-8000-000000000001").expect("an id"),
        };
        let to = |category, to| status(&verified(category, to), Language::Chinese).status_to_date;
        assert_eq!(
            to(PersonCategory::RegisteredUnemployed, Some("2023-03-10")),
            "2023-03-09"
        );
        assert_eq!(
            to(PersonCategory::LiftedFromPoverty, Some("2023-03-10")),
            "2023-03-10"
        );
        assert_eq!(to(PersonCategory::RegisteredUnemployed, None), "");
    }

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
