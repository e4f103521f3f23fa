//! Checks and the decisions that the audit trail holds.

use mamagang_app::eligibility::{Answer, CheckedDecision, StatusVerification, StoredDecision};
use mamagang_app::{AccessContext, Caller, ErrorReason};
use mamagang_domain::fact::{EmployerKind, PersonCategory};
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_testkit::{TestApp, context, date, month};

use crate::city::{
    BAKERY, LAUNDRY, LI, WANG, bakery_with_wang, check, contract, employer, insured, lifted,
    record, who,
};

fn key_group(stored: &StoredDecision) -> &CheckedDecision {
    match &stored.answer {
        Some(Answer::KeyGroup(checked)) => checked,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_year_at_one_employer_is_twelve_months() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        let caller = Caller::developer();
        let question = check(WANG, BAKERY, "2023-01", "2023-12");
        let found = test
            .app
            .check_key_group(&caller, &context(), question, None)
            .await
            .expect("a decision");
        assert_eq!(found.decision.outcome, Outcome::Eligible);
        assert_eq!(
            found.decision.category,
            Some(PersonCategory::LiftedFromPoverty)
        );
        assert_eq!(found.decision.total_fen.yuan(), "7800.00");
        assert_eq!(found.decision.start_month, Some(month("2023-01")));
        assert_eq!(found.decision.term_end_month, Some(month("2025-12")));
        assert!(!found.decision.statutory.reasons[0].citations.is_empty());
        assert!(!found.evidence.is_empty());

        let stored = test
            .app
            .get_decision(&caller, &context(), found.decision_id)
            .await
            .expect("stored");
        assert_eq!(stored.recomputed_digest(), Some(stored.recorded_digest));
        assert_eq!(key_group(&stored).decision, found.decision);
    }
}

#[tokio::test]
async fn a_decision_is_recomputed_with_the_facts_of_then() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let question = check(WANG, BAKERY, "2023-01", "2024-01");
    let first = test
        .app
        .check_key_group(&caller, &context(), question.clone(), None)
        .await
        .expect("a decision");
    record(&test, insured(WANG, BAKERY, "2024-01", "2024-01")).await;
    let second = test
        .app
        .check_key_group(&caller, &context(), question, None)
        .await
        .expect("a decision");
    assert_ne!(first.decision.total_fen, second.decision.total_fen);
    for found in [first, second] {
        let stored = test
            .app
            .get_decision(&caller, &context(), found.decision_id)
            .await
            .expect("stored");
        assert_eq!(stored.recomputed_digest(), Some(stored.recorded_digest));
        assert_eq!(
            key_group(&stored).decision.total_fen,
            found.decision.total_fen
        );
    }
}

#[tokio::test]
async fn unknown_persons_and_wrong_names_are_a_review_and_unknown_employers_an_error() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let ask = |person, code| {
        let question = check(person, code, "2023-01", "2023-02");
        let (app, caller) = (test.app.clone(), caller.clone());
        async move {
            app.check_key_group(&caller, &context(), question, None)
                .await
        }
    };
    let unknown = ask(LI, BAKERY).await.expect("a decision").decision;
    assert_eq!(
        (unknown.outcome, unknown.months[0].code),
        (Outcome::Review, ReasonCode::NoRecord)
    );
    let wrong = ask((WANG.0, "王方"), BAKERY)
        .await
        .expect("a decision")
        .decision;
    assert_eq!(
        (wrong.outcome, wrong.months[0].code),
        (Outcome::Review, ReasonCode::NotMatched)
    );
    let error = ask(WANG, LAUNDRY).await.expect_err("an unknown employer");
    assert_eq!(error.reason, ErrorReason::EmployerNotFound);
}

#[tokio::test]
async fn a_date_outside_the_encoded_policies_is_a_review_without_a_number() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let mut items = vec![employer(BAKERY, EmployerKind::Company), lifted(WANG)];
    items.push(contract(WANG, BAKERY, "C1", "2018-12-31"));
    items.extend(insured(WANG, BAKERY, "2019-01", "2019-12"));
    record(&test, items).await;
    let question = check(WANG, BAKERY, "2019-01", "2019-12");
    let found = test
        .app
        .check_key_group(&Caller::developer(), &context(), question, None)
        .await
        .expect("a decision");
    assert_eq!(found.decision.outcome, Outcome::Review);
    assert!(
        found
            .decision
            .months
            .iter()
            .all(|month| month.code == ReasonCode::PolicyNotEncoded)
    );
    assert_eq!(found.decision.total_fen.get(), 0);
}

#[tokio::test]
async fn an_incomplete_context_is_refused_before_anything_is_read() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let before = test.sqlite.as_ref().expect("sqlite").statements();
    let question = check(WANG, BAKERY, "2023-01", "2023-02");
    let error = test
        .app
        .check_key_group(
            &Caller::developer(),
            &AccessContext::default(),
            question,
            None,
        )
        .await
        .expect_err("no context");
    assert_eq!(
        (error.reason, error.violations.len()),
        (ErrorReason::ContextRequired, 4)
    );
    assert_eq!(test.sqlite.as_ref().expect("sqlite").statements(), before);
}

#[tokio::test]
async fn a_batch_answers_each_item_and_its_decisions_are_found_by_index() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let checks = [
        check(WANG, BAKERY, "2023-01", "2023-12"),
        check(WANG, LAUNDRY, "2023-01", "2023-12"),
        check(LI, BAKERY, "2023-01", "2023-12"),
        check(WANG, BAKERY, "2023-12", "2023-01"),
    ];
    let results = test
        .app
        .check_key_groups(&caller, &context(), &checks, None, false)
        .await
        .expect("results");
    let first = results[0].as_ref().expect("a decision");
    assert_eq!(first.decision_id.item, Some(0));
    assert_eq!(
        results[1].as_ref().expect_err("unknown").reason,
        ErrorReason::EmployerNotFound
    );
    let third = results[2].as_ref().expect("a decision");
    assert_eq!(
        results[3].as_ref().expect_err("backwards").reason,
        ErrorReason::InvalidArgumentFields
    );
    let stored = test
        .app
        .get_decision(&caller, &context(), third.decision_id)
        .await
        .expect("stored");
    assert_eq!(key_group(&stored).decision.outcome, Outcome::Review);
}

#[tokio::test]
async fn a_status_is_verified_with_its_source_and_reference() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let question = StatusVerification {
        who: who(WANG),
        as_of_on: date("2023-01-01"),
    };
    let answer = test
        .app
        .verify_status(&Caller::developer(), &context(), question)
        .await
        .expect("an answer");
    assert_eq!(answer.outcome, Outcome::Eligible);
    assert_eq!(answer.from_on, Some(date("2015-01-01")));
    assert_eq!(answer.source.expect("a source").name, "test");
    let early = StatusVerification {
        who: who(WANG),
        as_of_on: date("2018-12-31"),
    };
    let answer = test
        .app
        .verify_status(&Caller::developer(), &context(), early)
        .await
        .expect("an answer");
    assert_eq!(
        (answer.outcome, answer.reasons[0].code),
        (Outcome::Review, ReasonCode::PolicyNotEncoded)
    );
}
