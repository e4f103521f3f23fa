//! Facts: stored once, superseded, taken over, retracted, seen as of a past moment.

use mamagang_app::facts::{
    FactInput, FactListQuery, FactOutcome, FactSubject, RecordFacts, RetractFact,
};
use mamagang_app::workers::{MatchWorker, Who};
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::fact::{EmployerKind, FactKind, WorkerProfile};
use mamagang_domain::ids::{FactId, Subject, WorkerId};
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_store::Clock;
use mamagang_testkit::{TestApp, context, date, identity, write};

use crate::city::{
    BAKERY, LI, WANG, bakery_with_wang, check, contract, employer, insured, item, lifted, record,
};

async fn outcome_of(test: &TestApp, person: (&str, &str)) -> (Outcome, ReasonCode) {
    let check = check(person, BAKERY, "2023-03", "2023-03");
    let found = test
        .app
        .check_key_group(&Caller::developer(), &context(), check, None)
        .await
        .expect("a decision");
    (found.decision.outcome, found.decision.months[0].code)
}

#[tokio::test]
async fn the_same_facts_sent_again_are_stored_once() {
    for test in TestApp::each(date("2024-02-01")).await {
        let first = record(&test, bakery_with_wang()).await;
        assert!(first.iter().all(|fact| !fact.unchanged));
        let again = record(&test, bakery_with_wang()).await;
        assert!(again.iter().all(|fact| fact.unchanged), "{again:?}");
        let revisions = |facts: &[mamagang_app::facts::RecordedFact]| {
            facts.iter().map(|fact| fact.revision).collect::<Vec<_>>()
        };
        assert_eq!(revisions(&first), revisions(&again));
    }
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_another_content_is_refused() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let request = |content: &str| RecordFacts {
        request: Some(write(1, content)),
        method: "mamagang.v1.RegistryService/RecordFacts",
        items: bakery_with_wang(),
        unread: Vec::new(),
    };
    let caller = Caller::developer();
    let first = test
        .app
        .record_facts(&caller, request("a"))
        .await
        .expect("recorded");
    let again = test
        .app
        .record_facts(&caller, request("a"))
        .await
        .expect("the first answer");
    assert_eq!(first, again);
    let error = test
        .app
        .record_facts(&caller, request("b"))
        .await
        .expect_err("another content");
    assert_eq!(error.reason, ErrorReason::RequestIdReused);
}

#[tokio::test]
async fn a_wrong_name_in_a_fact_keeps_that_fact_out_and_the_others_in() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let items = vec![lifted((WANG.0, "王方")), lifted(LI)];
    let request = RecordFacts {
        request: None,
        method: "mamagang.v1.RegistryService/RecordFacts",
        items,
        unread: Vec::new(),
    };
    let outcomes = test
        .app
        .record_facts(&Caller::developer(), request)
        .await
        .expect("recorded");
    assert!(
        matches!(&outcomes[0], FactOutcome::Refused { violations, .. } if violations.len() == 1)
    );
    assert!(matches!(&outcomes[1], FactOutcome::Recorded(_)));
}

#[tokio::test]
async fn a_profile_with_another_name_renames_the_worker() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let renamed = identity(WANG.0, "王方");
    let profile = WorkerProfile {
        town_code: "442000001".to_owned(),
    };
    record(
        &test,
        vec![item(FactInput::WorkerProfile(renamed, profile))],
    )
    .await;
    assert_eq!(
        outcome_of(&test, (WANG.0, "王方")).await.0,
        Outcome::Eligible
    );
    assert_eq!(
        outcome_of(&test, WANG).await,
        (Outcome::Review, ReasonCode::NotMatched)
    );
}

#[tokio::test]
async fn a_contract_recorded_for_another_worker_leaves_the_first_one() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        let mut items = vec![lifted(LI), contract(LI, BAKERY, "C1", "2023-01-01")];
        items.extend(insured(LI, BAKERY, "2023-01", "2023-12"));
        record(&test, items).await;
        assert_eq!(outcome_of(&test, LI).await.0, Outcome::Eligible);
        assert_eq!(
            outcome_of(&test, WANG).await,
            (Outcome::Ineligible, ReasonCode::NotInForce)
        );
        let report = test.app.rebuild_and_compare().await.expect("a report");
        assert_eq!(report.differences, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_retracted_fact_is_out_of_force_but_not_out_of_history() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let facts = record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let poverty = facts[1];
    let worker_id = poverty.worker_id.expect("a worker");
    let fact_id = FactId {
        subject: Subject::Worker(worker_id),
        revision: poverty.revision,
    };
    let before = test.clock.now_micros();
    let retract = |number| RetractFact {
        request: write(number, "x"),
        fact_id,
        reason: "录入错误".to_owned(),
    };
    let first = test
        .app
        .retract_fact(&caller, retract(1))
        .await
        .expect("retracted");
    let again = test
        .app
        .retract_fact(&caller, retract(1))
        .await
        .expect("the first answer");
    assert_eq!(first, again);
    let error = test
        .app
        .retract_fact(&caller, retract(2))
        .await
        .expect_err("out of force");
    assert_eq!(error.reason, ErrorReason::FactAlreadyRetracted);
    assert_eq!(
        outcome_of(&test, WANG).await,
        (Outcome::Review, ReasonCode::NoRecord)
    );

    let check = check(WANG, BAKERY, "2023-03", "2023-03");
    let then = test
        .app
        .check_key_group(&caller, &context(), check, Some(before))
        .await
        .expect("a decision");
    assert_eq!(then.decision.outcome, Outcome::Eligible);

    let query = |include_history| FactListQuery {
        context: context(),
        subject: FactSubject::Worker(Who::WorkerId(worker_id)),
        kinds: vec![FactKind::PovertyStatus],
        include_history,
        show_identity: false,
        as_of: None,
        after: 0,
        limit: 10,
    };
    assert!(
        test.app
            .list_facts(&caller, query(false))
            .await
            .expect("facts")
            .facts
            .is_empty()
    );
    let history = test
        .app
        .list_facts(&caller, query(true))
        .await
        .expect("facts")
        .facts;
    assert_eq!(history.len(), 1);
    assert_eq!(
        history[0]
            .retracted
            .as_ref()
            .map(|retracted| retracted.2.as_str()),
        Some("录入错误")
    );
    let report = test.app.rebuild_and_compare().await.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test]
async fn identities_are_listed_masked() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let profile = WorkerProfile {
        town_code: "442000001".to_owned(),
    };
    let facts = record(
        &test,
        vec![item(FactInput::WorkerProfile(
            identity(WANG.0, WANG.1),
            profile,
        ))],
    )
    .await;
    let query = FactListQuery {
        context: context(),
        subject: FactSubject::Worker(Who::WorkerId(facts[0].worker_id.expect("a worker"))),
        kinds: Vec::new(),
        include_history: false,
        show_identity: false,
        as_of: None,
        after: 0,
        limit: 10,
    };
    let listed = test
        .app
        .list_facts(&Caller::developer(), query)
        .await
        .expect("facts")
        .facts;
    let (_, number, name) = listed[0].identity.clone().expect("an identity");
    assert_eq!(
        (number.as_str(), name.as_str()),
        ("442000********9982", "王**")
    );
}

#[tokio::test]
async fn a_match_id_spares_the_number_until_it_expires() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let ask = |name: &str| MatchWorker {
        context: context(),
        identity: identity(WANG.0, name),
    };
    let matched = test
        .app
        .match_worker(&caller, ask(WANG.1))
        .await
        .expect("a match");
    let mut by_match = check(WANG, BAKERY, "2023-03", "2023-03");
    by_match.who = Who::MatchId(matched.match_id.clone());
    let found = test
        .app
        .check_key_group(&caller, &context(), by_match.clone(), None)
        .await
        .expect("a decision");
    assert_eq!(found.decision.outcome, Outcome::Eligible);
    let wrong = test
        .app
        .match_worker(&caller, ask("王方"))
        .await
        .expect_err("another name");
    assert_eq!(wrong.reason, ErrorReason::WorkerNotFound);
    let other = Caller {
        organisation: "another".to_owned(),
        ..Caller::developer()
    };
    let error = test
        .app
        .check_key_group(&other, &context(), by_match.clone(), None)
        .await
        .expect_err("bound");
    assert_eq!(error.reason, ErrorReason::MatchExpired);
    test.clock.move_to(date("2024-02-02"));
    let error = test
        .app
        .check_key_group(&caller, &context(), by_match, None)
        .await
        .expect_err("expired");
    assert_eq!(error.reason, ErrorReason::MatchExpired);
}

#[tokio::test]
async fn an_unknown_worker_id_in_a_fact_is_refused_by_item() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let mut wrong = lifted(WANG);
    if let FactInput::Worker(who, _) = &mut wrong.fact {
        *who = Who::WorkerId(WorkerId(uuid::Uuid::from_u128(5)));
    }
    let items = vec![wrong, employer(BAKERY, EmployerKind::Company)];
    let request = RecordFacts {
        request: None,
        method: "mamagang.v1.RegistryService/RecordFacts",
        items,
        unread: Vec::new(),
    };
    let outcomes = test
        .app
        .record_facts(&Caller::developer(), request)
        .await
        .expect("recorded");
    assert!(matches!(outcomes[0], FactOutcome::Refused { .. }));
    assert!(matches!(outcomes[1], FactOutcome::Recorded(_)));
}

#[tokio::test]
async fn a_worker_fact_without_identity_known_creates_the_worker_once() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let facts = record(
        &test,
        vec![lifted(WANG), contract(WANG, BAKERY, "C1", "2023-01-01")],
    )
    .await;
    assert_eq!(facts[0].worker_id, facts[1].worker_id);
    assert_eq!((facts[0].revision, facts[1].revision), (1, 2));
}

#[tokio::test]
async fn callers_that_go_away_do_not_stop_the_writes_of_others() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    for wait in 0..40_u64 {
        let request = RecordFacts {
            request: None,
            method: "mamagang.v1.RegistryService/RecordFacts",
            items: vec![contract(WANG, BAKERY, &format!("C{wait}"), "2023-01-01")],
            unread: Vec::new(),
        };
        let caller = Caller::developer();
        let call = test.app.record_facts(&caller, request);
        // Cut off somewhere between the first read and the answer.
        let _ = tokio::time::timeout(std::time::Duration::from_micros(wait * 150), call).await;
    }
    record(&test, bakery_with_wang()).await;
    assert_eq!(outcome_of(&test, WANG).await.0, Outcome::Eligible);
    let report = test.app.rebuild_and_compare().await.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
}
