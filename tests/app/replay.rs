//! Decisions made once more: with everything of then, with the facts of now, under other policies.

use mamagang_app::eligibility::{
    Answer, CheckedSubsidy, KeyGroupCheck, PolicyChoice, Replay, ReplayQuestion, SubsidyCheck,
    Verdict,
};
use mamagang_app::facts::{FactInput, WorkerFactInput};
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::fact::DependentChild;
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::ids::DecisionId;
use mamagang_domain::inclusive::PreferenceQuestion;
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::TaxYear;
use mamagang_domain::subsidy::SubsidyKind;
use mamagang_domain::vat::{Party, VatQuestion};
use mamagang_testkit::{TestApp, changed_policies, context, date, month};

use crate::city::{BAKERY, WANG, bakery_with_wang, check, code, insured, item, record, who};

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
    let Some(Answer::KeyGroup(checked)) = stored.answer else {
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
    let vat = ask_vat(&test).await;
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

/// A flexible worker's sale of one day in Guangdong, with VAT in it.
pub(crate) fn sale(obligation_on: &str, fen: i64) -> VatQuestion {
    VatQuestion {
        province_code: "440000".to_owned(),
        party: Party::NaturalPerson,
        obligation_on: date(obligation_on),
        amount_fen: Fen::new(fen),
        vat_inclusive: true,
        exemption_waived: false,
        other_sales_same_day_fen: Fen::ZERO,
        platform_sales_month_fen: Fen::ZERO,
        umct_rate_bp: RateBp::new(700),
        half_rate_surcharges: false,
    }
}

/// Asks about a flexible worker's 505.00 yuan of one day in Guangdong.
pub(crate) async fn ask_vat(test: &TestApp) -> DecisionId {
    let developer = Caller::developer();
    let question = sale("2023-02-05", 50_500);
    let decided = test.app.check_vat_exemption(&developer, question);
    decided.await.expect("decided").decision_id
}

/// 王芳 in a filed post from 2023-01, with a child, and the bakery's filing.
pub(crate) async fn subsidised(test: &TestApp) {
    let mut items = bakery_with_wang();
    // January is not insured, so that the twelfth month is that of the year after.
    items.retain(|item| {
        let FactInput::Worker(_, WorkerFactInput::Contribution(paid)) = &item.fact else {
            return true;
        };
        paid.month != month("2023-01")
    });
    for item in &mut items {
        if let FactInput::Worker(_, WorkerFactInput::Contract(contract)) = &mut item.fact {
            contract.filing_id = "F1".to_owned();
        }
    }
    let child = DependentChild {
        until_on: date("2030-06-30"),
    };
    items.push(item(FactInput::Worker(
        who(WANG),
        WorkerFactInput::Child(child),
    )));
    record(test, items).await;
    let filing = Filing {
        filing_id: "F1".to_owned(),
        employer_code: code(BAKERY),
        kind: FilingKind::LabourContract,
        submitted_on: Some(date("2022-12-01")),
        accepted_on: Some(date("2022-12-20")),
        revoked_on: None,
    };
    let store = test.app.store();
    let mut unit = store.begin(test.clock.clone()).await.expect("a unit");
    unit.put_filings(&[filing]).await.expect("a filing");
    unit.commit().await.expect("committed");
}

pub(crate) async fn ask_subsidy(test: &TestApp) -> CheckedSubsidy {
    let question = SubsidyCheck {
        kind: SubsidyKind::Post,
        employer_code: code(BAKERY),
        who: who(WANG),
        from: month("2023-12"),
        through: month("2024-01"),
    };
    test.app
        .check_subsidy(&Caller::developer(), &context(), question)
        .await
        .expect("a decision")
}

#[tokio::test]
async fn a_subsidy_is_given_back_whole_and_differs_by_facts_learnt_later() {
    for test in TestApp::each(date("2024-03-01")).await {
        subsidised(&test).await;
        let first = ask_subsidy(&test).await;
        assert_eq!(first.decision.total_fen.yuan(), "100.00");
        record(&test, insured(WANG, BAKERY, "2024-01", "2024-01")).await;

        let stored = test
            .app
            .get_decision(&Caller::developer(), &context(), first.decision_id)
            .await
            .expect("stored");
        let Some(Answer::Subsidy(again)) = stored.answer else {
            panic!("another answer");
        };
        assert_eq!(
            (again.decision, again.evidence),
            (first.decision, first.evidence)
        );
        let then = replay(&test, first.decision_id, PolicyChoice::OfThen, false).await;
        assert_eq!(
            (then.verdict, then.differences.len()),
            (Verdict::Identical, 0)
        );
        let now = replay(&test, first.decision_id, PolicyChoice::OfThen, true).await;
        assert_eq!(now.verdict, Verdict::FactsDiffer);
        let changed: Vec<(&str, &str, &str)> = now
            .differences
            .iter()
            .map(|part| (part.field.as_str(), part.then.as_str(), part.now.as_str()))
            .collect();
        assert!(
            changed.contains(&("total_yuan", "100.00", "200.00")),
            "{changed:?}"
        );
        assert!(
            changed.contains(&(
                "months.2024-01",
                "INELIGIBLE INSURANCE_NOT_PAID 0.00",
                "ELIGIBLE ALL_CONDITIONS_MET 100.00"
            )),
            "{changed:?}"
        );
    }
}

/// The post subsidy rises to 120, and the income tax of 小型微利 falls to 4 %.
#[tokio::test]
async fn subsidies_and_preferences_differ_under_the_edition_asked_for() {
    let test = TestApp::sqlite(date("2024-03-01")).await;
    subsidised(&test).await;
    let subsidy = ask_subsidy(&test).await.decision_id;
    let question = PreferenceQuestion {
        taxable_income_fen: Some(Fen::new(250_000_000)),
        staff_count: Some(20),
        total_assets_fen: Some(Fen::new(100_000_000)),
        ..PreferenceQuestion::of_year(TaxYear::new(2023).expect("a year"))
    };
    let preferences = test
        .app
        .check_preferences(&Caller::developer(), None, question)
        .await
        .expect("decided");

    let test = test
        .restart(changed_policies(
            "zhongshan/subsidy/amount/post.yaml",
            "value: 10000",
            "value: 12000",
        ))
        .await;
    let today = replay(&test, subsidy, PolicyChoice::InUse, false).await;
    assert_eq!(today.verdict, Verdict::PolicyDiffers);
    let total = &today.differences[0];
    assert_eq!(
        (
            total.field.as_str(),
            total.then.as_str(),
            total.now.as_str()
        ),
        ("total_yuan", "100.00", "120.00")
    );
    let then = replay(&test, subsidy, PolicyChoice::OfThen, false).await;
    assert_eq!(then.verdict, Verdict::Identical);
    // The subsidies say nothing about preferences.
    let id = preferences.decision_id;
    let same = replay(&test, id, PolicyChoice::InUse, true).await;
    assert_eq!(same.verdict, Verdict::Identical);

    let test = test
        .restart(changed_policies(
            "national/inclusive/second_tier_rate.yaml",
            "value: 500",
            "value: 400",
        ))
        .await;
    let then = replay(&test, id, PolicyChoice::OfThen, false).await;
    assert_eq!(then.verdict, Verdict::Identical);
    let Answer::Preferences(again) = then.answer else {
        panic!("another answer");
    };
    assert_eq!(again.results, preferences.results);
    let today = replay(&test, id, PolicyChoice::InUse, false).await;
    assert_eq!(today.verdict, Verdict::PolicyDiffers);
    let part = &today.differences[0];
    assert_eq!(
        (part.field.as_str(), part.then.as_str(), part.now.as_str()),
        ("SmallProfitIncomeTax.amount_yuan", "125000.00", "100000.00")
    );
}
