//! Requests of the eligibility service.

use mamagang_app::eligibility::{KeyGroupCheck, PolicyChoice, ReplayQuestion};
use mamagang_app::limits::CHECK_MONTHS_MAX;
use mamagang_app::{AccessContext, AppResult};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::DecisionId;
use mamagang_domain::month::{FilingCycle, TaxMonth};
use mamagang_domain::vat::{Party, VatQuestion};
use mamagang_proto::v1;

use super::check::{Checker, Rules};
use super::enums::ApiEnum as _;
use super::fields::PROVINCE;
use super::person;
use super::registry::items_in_bounds;

/// A question with its context and the instant it is asked for (microseconds).
#[derive(Debug)]
pub(crate) struct Asked<T> {
    pub(crate) context: AccessContext,
    pub(crate) as_of: Option<i64>,
    pub(crate) question: T,
}

/// A question about one worker at one employer.
pub(crate) fn key_group(
    check: &mut Checker<'_>,
    told: &v1::CheckKeyGroupDeductionRequest,
) -> Option<Asked<KeyGroupCheck>> {
    let context = person::context(check, told.context.as_ref());
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let who = person::worker(check, told.worker.as_ref());
    let months = months(check, &told.from_month, &told.through_month);
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    let (from, through) = months?;
    let question = KeyGroupCheck {
        employer_code: employer_code?,
        who: who?,
        from,
        through,
    };
    Some(Asked {
        context: context?,
        as_of: as_of?,
        question,
    })
}

/// What is common to the questions of a batch.
pub(crate) fn key_group_batch(
    check: &mut Checker<'_>,
    told: &v1::BatchCheckKeyGroupDeductionRequest,
) -> Option<Asked<()>> {
    items_in_bounds(check, "checks", told.checks.len());
    opening(check, told.context.as_ref(), told.as_of_time.as_ref())
}

/// What the first message of a stream says for all of them.
pub(crate) fn opening(
    check: &mut Checker<'_>,
    context: Option<&v1::AccessContext>,
    as_of_time: Option<&prost_types::Timestamp>,
) -> Option<Asked<()>> {
    let context = person::context(check, context);
    let as_of = check.instant("as_of_time", as_of_time);
    Some(Asked {
        context: context?,
        as_of: as_of?,
        question: (),
    })
}

/// One question of a batch or a stream; paths of wrong fields start at the question.
pub(crate) fn key_group_item(
    rules: Rules<'_>,
    told: &v1::KeyGroupCheck,
) -> AppResult<KeyGroupCheck> {
    let mut check = Checker::new(rules);
    let question = key_group_item_in(&mut check, told);
    check.finish(question)
}

fn key_group_item_in(check: &mut Checker<'_>, told: &v1::KeyGroupCheck) -> Option<KeyGroupCheck> {
    let row_key = check.row_key(&told.row_key);
    let employer_code: Option<EmployerCode> =
        check.employer_code("employer_code", &told.employer_code);
    let who = person::worker(check, told.worker.as_ref());
    let (from, through) = months(check, &told.from_month, &told.through_month)?;
    row_key?;
    Some(KeyGroupCheck {
        employer_code: employer_code?,
        who: who?,
        from,
        through,
    })
}

/// The months asked for: not backwards, not too many.
pub(super) fn months(
    check: &mut Checker<'_>,
    from: &str,
    through: &str,
) -> Option<(TaxMonth, TaxMonth)> {
    let from = check.month("from_month", from);
    let through = check.month("through_month", through);
    check.ordered(("from_month", from), ("through_month", through));
    check.span("through_month", from, through, CHECK_MONTHS_MAX);
    from.zip(through)
}

/// Sales to test.
pub(crate) fn vat(
    check: &mut Checker<'_>,
    told: &v1::CheckVatExemptionRequest,
) -> Option<VatQuestion> {
    let province_code = check.code("province_code", &told.province_code, &PROVINCE);
    let party = party(check, told);
    let waives_wrongly = told.exemption_waived && party == Some(Party::NaturalPerson);
    if waives_wrongly {
        check.wrong(
            "exemption_waived",
            "自然人不适用放弃免税",
            "a natural person cannot waive the exemption",
        );
    }
    let obligation_on = check.date("obligation_date", &told.obligation_date);
    let amount_fen = check.amount("amount_fen", told.amount_fen);
    let other_sales_same_day_fen =
        check.amount("other_sales_same_day_fen", told.other_sales_same_day_fen);
    let platform_sales_month_fen =
        check.amount("platform_sales_month_fen", told.platform_sales_month_fen);
    let umct_rate_bp = check.umct_rate("umct_rate_bp", told.umct_rate_bp, obligation_on);
    Some(VatQuestion {
        province_code: province_code?,
        party: party?,
        obligation_on: obligation_on?,
        amount_fen: amount_fen?,
        vat_inclusive: told.vat_inclusive,
        exemption_waived: told.exemption_waived && !waives_wrongly,
        other_sales_same_day_fen: other_sales_same_day_fen?,
        platform_sales_month_fen: platform_sales_month_fen?,
        umct_rate_bp: umct_rate_bp?,
        half_rate_surcharges: told.half_rate_surcharges,
    })
}

/// Who sells. The filing cycle is needed of small-scale taxpayers and ignored for natural persons.
fn party(check: &mut Checker<'_>, told: &v1::CheckVatExemptionRequest) -> Option<Party> {
    let known = |number: i32| v1::Party::try_from(number).ok();
    match check.choice("party", told.party, known)? {
        v1::Party::SmallScaleTaxpayer => check
            .choice("filing_cycle", told.filing_cycle, FilingCycle::from_api)
            .map(Party::SmallScaleTaxpayer),
        _ => Some(Party::NaturalPerson),
    }
}

/// Which decision.
pub(crate) fn get_decision(
    check: &mut Checker<'_>,
    told: &v1::GetDecisionRequest,
) -> Option<(AccessContext, DecisionId)> {
    let context = person::context(check, told.context.as_ref());
    let id = decision_id(check, &told.decision_id);
    Some((context?, id?))
}

/// Which decision, and with what it is made once more.
pub(crate) fn replay_decision(
    check: &mut Checker<'_>,
    told: &v1::ReplayDecisionRequest,
) -> Option<(AccessContext, ReplayQuestion)> {
    let context = person::context(check, told.context.as_ref());
    let id = decision_id(check, &told.decision_id);
    let policy = match told.policy_version.as_str() {
        "" => Some(PolicyChoice::OfThen),
        "current" => Some(PolicyChoice::InUse),
        version => policy_version(check, version).map(PolicyChoice::Version),
    };
    let question = ReplayQuestion {
        decision_id: id?,
        policy: policy?,
        current_facts: told.current_facts,
    };
    Some((context?, question))
}

/// A version as this service writes it: 64 lower-case hexadecimal digits.
pub(crate) fn policy_version(check: &mut Checker<'_>, version: &str) -> Option<String> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if version.len() == 64 && version.bytes().all(is_digit) {
        return Some(version.to_owned());
    }
    check.wrong(
        "policy_version",
        "应为 64 位小写十六进制的政策版本号",
        "must be a version: 64 lower-case hexadecimal digits",
    );
    None
}

fn decision_id(check: &mut Checker<'_>, told: &str) -> Option<DecisionId> {
    let id = DecisionId::parse(told);
    match (id, told.is_empty()) {
        (None, true) => check.missing("decision_id"),
        (None, false) => check.wrong(
            "decision_id",
            "应为本系统给出的决定编号",
            "must be an id that this service gave",
        ),
        _ => {}
    }
    id
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::worker_ref::Ref;

    use super::*;
    use crate::convert::testing::{context, fields_of, with_checker};

    fn question(from: &str, through: &str) -> v1::CheckKeyGroupDeductionRequest {
        v1::CheckKeyGroupDeductionRequest {
            context: context(),
            employer_code: "91442000MAQQ000161".to_owned(),
            worker: Some(v1::WorkerRef {
                r#ref: Some(Ref::MatchId("m".to_owned())),
            }),
            from_month: from.to_owned(),
            through_month: through.to_owned(),
            as_of_time: None,
        }
    }

    #[test]
    fn the_months_run_forwards_and_are_at_most_a_hundred_and_twenty() {
        let cases = [
            ("2024-01", "2024-01", true),
            ("2024-02", "2024-01", false),
            ("2024-01", "2033-12", true),
            ("2024-01", "2034-01", false),
            ("", "2024-01", false),
            ("2024-01", "2024-1", false),
        ];
        for (from, through, right) in cases {
            let result = with_checker(|check| key_group(check, &question(from, through)));
            assert_eq!(result.is_ok(), right, "{from} {through}");
        }
    }

    #[test]
    fn every_wrong_field_of_a_check_is_told_at_once() {
        let wrong = v1::CheckKeyGroupDeductionRequest {
            context: context(),
            as_of_time: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: -1,
            }),
            ..Default::default()
        };
        let error = with_checker(|check| key_group(check, &wrong)).expect_err("wrong");
        assert_eq!(
            fields_of(&error),
            [
                "employer_code",
                "worker",
                "from_month",
                "through_month",
                "as_of_time"
            ]
        );
    }

    #[test]
    fn a_batch_holds_one_to_a_thousand_questions() {
        for (count, right) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
            let told = v1::BatchCheckKeyGroupDeductionRequest {
                context: context(),
                checks: vec![v1::KeyGroupCheck::default(); count],
                as_of_time: None,
            };
            assert_eq!(
                with_checker(|check| key_group_batch(check, &told)).is_ok(),
                right,
                "{count}"
            );
        }
    }

    #[test]
    fn one_question_of_a_batch_is_read_for_itself() {
        let wrong = v1::KeyGroupCheck {
            row_key: "r\n".to_owned(),
            ..Default::default()
        };
        let error = with_checker(|check| key_group_item_in(check, &wrong)).expect_err("wrong");
        assert_eq!(
            fields_of(&error),
            [
                "row_key",
                "employer_code",
                "worker",
                "from_month",
                "through_month"
            ]
        );
        let right = question("2024-01", "2024-12");
        let right = v1::KeyGroupCheck {
            row_key: "1".to_owned(),
            employer_code: right.employer_code,
            worker: right.worker,
            from_month: right.from_month,
            through_month: right.through_month,
        };
        assert!(with_checker(|check| key_group_item_in(check, &right)).is_ok());
    }

    fn sale() -> v1::CheckVatExemptionRequest {
        v1::CheckVatExemptionRequest {
            province_code: "440000".to_owned(),
            party: v1::Party::NaturalPerson as i32,
            obligation_date: "2023-02-05".to_owned(),
            amount_fen: 50_500,
            vat_inclusive: true,
            umct_rate_bp: 700,
            ..Default::default()
        }
    }

    #[test]
    fn a_small_scale_taxpayer_needs_a_filing_cycle_and_a_natural_person_none() {
        let party_of = |told: &v1::CheckVatExemptionRequest| {
            with_checker(|check| vat(check, told)).map(|it| it.party)
        };
        assert_eq!(party_of(&sale()).expect("right"), Party::NaturalPerson);
        let ignored = v1::CheckVatExemptionRequest {
            filing_cycle: 9,
            ..sale()
        };
        assert_eq!(party_of(&ignored).expect("right"), Party::NaturalPerson);
        let small = |cycle: i32| v1::CheckVatExemptionRequest {
            party: 2,
            filing_cycle: cycle,
            ..sale()
        };
        assert_eq!(
            party_of(&small(2)).expect("right"),
            Party::SmallScaleTaxpayer(FilingCycle::Quarterly)
        );
        for wrong in [0, 3] {
            assert_eq!(
                fields_of(&party_of(&small(wrong)).expect_err("wrong")),
                ["filing_cycle"]
            );
        }
    }

    #[test]
    fn only_a_small_scale_taxpayer_waives_the_exemption() {
        let waived = v1::CheckVatExemptionRequest {
            exemption_waived: true,
            ..sale()
        };
        let error = with_checker(|check| vat(check, &waived)).expect_err("wrong");
        assert_eq!(fields_of(&error), ["exemption_waived"]);
        let small = v1::CheckVatExemptionRequest {
            party: 2,
            filing_cycle: 1,
            ..waived
        };
        let read = with_checker(|check| vat(check, &small)).expect("right");
        assert!(read.exemption_waived);
    }

    #[test]
    fn every_wrong_field_of_a_sale_is_told_at_once() {
        let wrong = v1::CheckVatExemptionRequest {
            province_code: "44".to_owned(),
            party: 3,
            obligation_date: String::new(),
            amount_fen: -1,
            other_sales_same_day_fen: -1,
            platform_sales_month_fen: -1,
            umct_rate_bp: 701,
            ..Default::default()
        };
        let error = with_checker(|check| vat(check, &wrong)).expect_err("wrong");
        let fields = [
            "province_code",
            "party",
            "obligation_date",
            "amount_fen",
            "other_sales_same_day_fen",
            "platform_sales_month_fen",
            "umct_rate_bp",
        ];
        assert_eq!(fields_of(&error), fields);
    }

    #[test]
    fn a_decision_is_named_by_the_id_that_was_given() {
        let told = |id: &str| v1::GetDecisionRequest {
            with_explanation: false,
            context: context(),
            decision_id: id.to_owned(),
        };
        let single = "0193a5c0-0000-7000-8000-000000000001";
        for (id, right) in [
            (single, true),
            ("", false),
            ("7", false),
            (&single.to_uppercase(), false),
        ] {
            assert_eq!(
                with_checker(|check| get_decision(check, &told(id))).is_ok(),
                right,
                "{id}"
            );
        }
        let item = DecisionId {
            item: Some(17),
            ..DecisionId::parse(single).expect("an id")
        };
        let (_, read) =
            with_checker(|check| get_decision(check, &told(&item.to_string()))).expect("right");
        assert_eq!(read, item);
    }
}
