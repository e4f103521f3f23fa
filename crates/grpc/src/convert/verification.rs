//! Requests of the verification service.

use mamagang_app::certificates::IssueCertificate;
use mamagang_app::eligibility::{ContractVerification, StatusVerification};
use mamagang_app::{AccessContext, AppResult};
use mamagang_app::{RequestContent, WriteRequest};
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::ContractKind;
use mamagang_proto::v1;
use prost::Message as _;

use super::check::{Checker, Rules};
use super::enums::ApiEnum as _;
use super::person;
use super::registry::items_in_bounds;

/// A day; today where none is told.
fn day_or_today(check: &mut Checker<'_>, text: &str) -> Option<CivilDate> {
    let today = check.rules.today;
    check
        .optional_date("as_of_date", text)
        .map(|day| day.unwrap_or(today))
}

/// A question about one person.
pub(crate) fn worker_status(
    check: &mut Checker<'_>,
    told: &v1::VerifyWorkerStatusRequest,
) -> Option<(AccessContext, StatusVerification)> {
    let context = person::context(check, told.context.as_ref());
    let who = person::worker(check, told.worker.as_ref());
    let as_of_on = day_or_today(check, &told.as_of_date);
    Some((
        context?,
        StatusVerification {
            who: who?,
            as_of_on: as_of_on?,
        },
    ))
}

/// What is common to the questions of a batch.
pub(crate) fn worker_status_batch(
    check: &mut Checker<'_>,
    told: &v1::BatchVerifyWorkerStatusRequest,
) -> Option<AccessContext> {
    items_in_bounds(check, "checks", told.checks.len());
    person::context(check, told.context.as_ref())
}

/// One question of a batch; paths of wrong fields start at the question.
pub(crate) fn worker_status_item(
    rules: Rules<'_>,
    told: &v1::WorkerStatusCheck,
) -> AppResult<StatusVerification> {
    let mut check = Checker::new(rules);
    let row_key = check.row_key(&told.row_key);
    let who = person::worker(&mut check, told.worker.as_ref());
    let as_of_on = day_or_today(&mut check, &told.as_of_date);
    let question = row_key
        .zip(who)
        .zip(as_of_on)
        .map(|((_, who), as_of_on)| StatusVerification { who, as_of_on });
    check.finish(question)
}

/// A question about a contract.
pub(crate) fn contract(
    check: &mut Checker<'_>,
    told: &v1::VerifyContractRequest,
) -> Option<(AccessContext, ContractVerification)> {
    let context = person::context(check, told.context.as_ref());
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let who = person::worker(check, told.worker.as_ref());
    let expected_kind = check.choice("expected_kind", told.expected_kind, ContractKind::from_api);
    let as_of_on = day_or_today(check, &told.as_of_date);
    let question = ContractVerification {
        employer_code: employer_code?,
        who: who?,
        expected_kind: expected_kind?,
        as_of_on: as_of_on?,
    };
    Some((context?, question))
}

/// A certificate to issue.
pub(crate) fn issue_certificate(
    check: &mut Checker<'_>,
    told: &v1::GetCertificateRequest,
    seal: impl Fn(&[u8]) -> String,
) -> Option<IssueCertificate> {
    let request_id = check.request_id(&told.request_id);
    let context = person::context(check, told.context.as_ref());
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let worker = person::worker(check, told.worker.as_ref());
    let month = check.month("month", &told.month);
    let told_worker = told.worker.as_ref().map(v1::WorkerRef::encode_to_vec);
    let content = RequestContent::new()
        .field("employer_code", &told.employer_code)
        .field("worker", seal(&told_worker.unwrap_or_default()))
        .field("month", &told.month);
    Some(IssueCertificate {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        context: context?,
        employer_code: employer_code?,
        worker: worker?,
        month: month?,
    })
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::worker_ref::Ref;

    use super::*;
    use crate::convert::testing::{context, day, fields_of, umct_rates, with_checker};

    fn somebody() -> Option<v1::WorkerRef> {
        Some(v1::WorkerRef {
            r#ref: Some(Ref::MatchId("m".to_owned())),
        })
    }

    #[test]
    fn a_status_is_asked_for_today_unless_a_day_is_told() {
        let told = |as_of_date: &str| v1::VerifyWorkerStatusRequest {
            context: context(),
            worker: somebody(),
            as_of_date: as_of_date.to_owned(),
        };
        let asked = |text: &str| {
            with_checker(|check| worker_status(check, &told(text))).map(|(_, asked)| asked.as_of_on)
        };
        assert_eq!(asked("").expect("right"), day("2026-11-23"));
        assert_eq!(asked("2023-03-10").expect("right"), day("2023-03-10"));
        assert_eq!(
            fields_of(&asked("2023-3-10").expect_err("wrong")),
            ["as_of_date"]
        );
    }

    #[test]
    fn a_batch_has_questions_and_each_is_read_for_itself() {
        let told = |count: usize| v1::BatchVerifyWorkerStatusRequest {
            context: context(),
            checks: vec![v1::WorkerStatusCheck::default(); count],
        };
        for (count, right) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
            assert_eq!(
                with_checker(|check| worker_status_batch(check, &told(count))).is_ok(),
                right,
                "{count}"
            );
        }
        let umct_rates_bp = umct_rates();
        let rules = Rules {
            today: day("2026-11-23"),
            umct_rates_bp: &umct_rates_bp,
        };
        let wrong = v1::WorkerStatusCheck {
            row_key: "r".repeat(129),
            worker: None,
            as_of_date: "x".to_owned(),
        };
        let error = worker_status_item(rules, &wrong).expect_err("wrong");
        assert_eq!(fields_of(&error), ["row_key", "worker", "as_of_date"]);
        let right = v1::WorkerStatusCheck {
            worker: somebody(),
            ..Default::default()
        };
        assert!(worker_status_item(rules, &right).is_ok());
    }

    #[test]
    fn a_contract_is_asked_for_by_employer_worker_and_kind() {
        let right = v1::VerifyContractRequest {
            context: context(),
            employer_code: "91442000MAQQ000161".to_owned(),
            worker: somebody(),
            expected_kind: 2,
            as_of_date: String::new(),
        };
        let (_, asked) = with_checker(|check| contract(check, &right)).expect("right");
        assert_eq!(asked.expected_kind, ContractKind::ServiceAgreement);
        let wrong = v1::VerifyContractRequest {
            context: context(),
            expected_kind: 3,
            ..Default::default()
        };
        let error = with_checker(|check| contract(check, &wrong)).expect_err("wrong");
        assert_eq!(
            fields_of(&error),
            ["employer_code", "worker", "expected_kind"]
        );
    }
}
