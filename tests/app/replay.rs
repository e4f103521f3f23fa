//! Decisions made once more: with everything of then, with the facts of now, under other policies.

use mamagang_app::eligibility::{KeyGroupCheck, PolicyChoice, Replay, ReplayQuestion, Verdict};
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::ids::DecisionId;
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::vat::{Party, VatQuestion};
use mamagang_testkit::{TestApp, changed_policies, context, date};

use crate::city::{BAKERY, WANG, bakery_with_wang, check, insured, record, who};

async fn replay(
    test: &TestApp,
    decision_id: DecisionId,
    policy: PolicyChoice,
    current_facts: bool,
) -> Replay {
    let question = ReplayQuestion {
        decision_id,
        policy,
        current_facts,
    };
    test.app
        .replay_decision(&Caller::developer(), &context(), question)
        .await
        .expect("replayed")
}

async fn ask(test: &TestApp, question: KeyGroupCheck) -> DecisionId {
    test.app
        .check_key_group(&Caller::developer(), &context(), question, None)
        .await
        .expect("a decision")
        .decision_id
}

#[tokio::test]
async fn facts_learnt_later_differ_only_where_they_are_asked_for() {
    for test in TestApp::each(date("2024-03-01")).await {
        record(&test, bakery_with_wang()).await;
        let id = ask(&test, check(WANG, BAKERY, "2023-12", "2024-01")).await;
        record(&test, insured(WANG, BAKERY, "2024-01", "2024-01")).await;

        let then = replay(&test, id, PolicyChoice::OfThen, false).await;
        assert_eq!(then.verdict, Verdict::Identical);
        assert!(then.differences.is_empty());
        let now = replay(&test, id, PolicyChoice::OfThen, true).await;
        assert_eq!(now.verdict, Verdict::FactsDiffer);
        let changed: Vec<(&str, &str, &str)> = now
            .differences
            .iter()
            .map(|part| (part.field.as_str(), part.then.as_str(), part.now.as_str()))
            .collect();
        assert!(
            changed.contains(&("total_yuan", "650.00", "1300.00")),
            "{changed:?}"
        );
        assert!(
            changed.contains(&(
                "months.2024-01",
                "INELIGIBLE INSURANCE_NOT_PAID 0.00",
                "ELIGIBLE ALL_CONDITIONS_MET 650.00"
            )),
            "{changed:?}"
        );
    }
}

#[tokio::test]
async fn a_decision_as_of_an_earlier_moment_replays_with_that_moment() {
    let test = TestApp::sqlite(date("2024-03-01")).await;
    record(&test, bakery_with_wang()).await;
    let before = test.app.now_micros();
    test.clock.advance_days(1);
    record(&test, insured(WANG, BAKERY, "2024-01", "2024-01")).await;
    let question = check(WANG, BAKERY, "2023-12", "2024-01");
    let found = test
        .app
        .check_key_group(&Caller::developer(), &context(), question, Some(before))
        .await
        .expect("a decision");
    assert_eq!(found.decision.total_fen.yuan(), "650.00");
    let then = replay(&test, found.decision_id, PolicyChoice::OfThen, false).await;
    assert_eq!(then.verdict, Verdict::Identical);
    let stored = test
        .app
        .get_decision(&Caller::developer(), &context(), found.decision_id)
        .await
        .expect("stored");
    let Some(mamagang_app::eligibility::Answer::KeyGroup(checked)) = stored.answer else {
        panic!("another answer");
    };
    assert_eq!(checked.as_of, before);
}

/// The quota falls by a tenth: what was decided stays as it was, and the new edition says less.
#[tokio::test]
async fn a_changed_policy_differs_only_where_it_is_asked_for() {
    let test = TestApp::sqlite(date("2024-03-01")).await;
    record(&test, bakery_with_wang()).await;
    let id = ask(&test, check(WANG, BAKERY, "2023-01", "2023-12")).await;
    let vat = VatQuestion {
        province_code: "440000".to_owned(),
        party: Party::NaturalPerson,
        obligation_on: date("2023-02-05"),
        amount_fen: Fen::new(50_500),
        vat_inclusive: true,
        exemption_waived: false,
        other_sales_same_day_fen: Fen::ZERO,
        platform_sales_month_fen: Fen::ZERO,
        umct_rate_bp: RateBp::new(700),
        half_rate_surcharges: false,
    };
    let (vat, _) = test
        .app
        .check_vat_exemption(&Caller::developer(), vat)
        .await
        .expect("decided");
    let first = test.app.policies().version().to_owned();

    let test = test
        .restart(changed_policies(
            "guangdong/key_group/quota_year.yaml",
            "value: 780000",
            "value: 702000",
        ))
        .await;
    let second = test.app.policies().version().to_owned();
    assert_ne!(first, second);
    for id in [id, vat] {
        let then = replay(&test, id, PolicyChoice::OfThen, false).await;
        assert_eq!(then.verdict, Verdict::Identical);
        assert_eq!(then.policy_version, first);
    }
    let today = replay(&test, id, PolicyChoice::InUse, false).await;
    assert_eq!(today.verdict, Verdict::PolicyDiffers);
    assert_eq!(today.policy_version, second);
    let total = &today.differences[0];
    assert_eq!(
        (
            total.field.as_str(),
            total.then.as_str(),
            total.now.as_str()
        ),
        ("total_yuan", "7800.00", "7020.00")
    );
    // The quota of measure 8 says nothing about VAT.
    let today = replay(&test, vat, PolicyChoice::Version(second), false).await;
    assert_eq!(today.verdict, Verdict::Identical);

    let unknown = ReplayQuestion {
        decision_id: id,
        policy: PolicyChoice::Version("0".repeat(64)),
        current_facts: false,
    };
    let error = test
        .app
        .replay_decision(&Caller::developer(), &context(), unknown)
        .await
        .expect_err("an unknown edition");
    assert_eq!(error.reason, ErrorReason::PolicyVersionNotFound);
}

#[tokio::test]
async fn a_call_that_is_no_decision_is_not_replayed() {
    let test = TestApp::sqlite(date("2024-03-01")).await;
    record(&test, bakery_with_wang()).await;
    let question = mamagang_app::eligibility::StatusVerification {
        who: who(WANG),
        as_of_on: date("2023-06-01"),
    };
    let verified = test
        .app
        .verify_status(&Caller::developer(), &context(), question)
        .await
        .expect("verified");
    let question = ReplayQuestion {
        decision_id: verified.reference,
        policy: PolicyChoice::OfThen,
        current_facts: false,
    };
    let error = test
        .app
        .replay_decision(&Caller::developer(), &context(), question)
        .await
        .expect_err("no decision");
    assert_eq!(error.reason, ErrorReason::DecisionNotReplayable);
}
