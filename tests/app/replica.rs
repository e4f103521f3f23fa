//! Checks answered by a hot standby: how late they may be, what they say of it, and what is asked of
//! the primary all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mamagang_app::authorise::{Role, Roles};
use mamagang_app::eligibility::{
    Answer, CheckedDecision, KeyGroupCheck, PolicyChoice, ReplayQuestion, Verdict,
};
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::reason::Outcome;
use mamagang_testkit::postgres::PostgresStandby;
use mamagang_testkit::{TestApp, context, date};
use tokio::time::{Instant, sleep};

use crate::city::{
    BAKERY, LI, WANG, bakery_with_wang, check, contract, insured, lifted, record, who,
};

/// No wait of these tests is longer.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// A bound that no test reaches.
const FAR: Duration = Duration::from_secs(600);

/// A check, and as of when a replica was read for it.
async fn ask_as(
    test: &TestApp,
    caller: &Caller,
    question: KeyGroupCheck,
) -> (CheckedDecision, Option<i64>) {
    let asked = test
        .app
        .check_key_group(caller, &context(), question, None)
        .await;
    (asked.expect("a decision"), caller.trail.seen_at())
}

async fn ask(test: &TestApp, question: KeyGroupCheck) -> (CheckedDecision, Option<i64>) {
    ask_as(test, &Caller::developer(), question).await
}

fn january() -> KeyGroupCheck {
    check(WANG, BAKERY, "2024-01", "2024-01")
}

/// The first answer that comes from the replica, or from the primary.
async fn first_from(test: &TestApp, is_replica: bool) -> CheckedDecision {
    let gives_up_at = Instant::now() + WAIT_MAX;
    while Instant::now() < gives_up_at {
        let (found, seen_at) = ask(test, january()).await;
        if seen_at.is_some() == is_replica {
            return found;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("no answer from the replica ({is_replica}) in time");
}

/// Waits until the replica knows that a month is eligible, as what was written last makes it.
async fn caught_up(test: &TestApp, month: &str) {
    let gives_up_at = Instant::now() + WAIT_MAX;
    while Instant::now() < gives_up_at {
        let (found, seen_at) = ask(test, check(WANG, BAKERY, month, month)).await;
        if seen_at.is_some() && found.decision.outcome == Outcome::Eligible {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the replica does not catch up");
}

/// The bakery with its worker, insured up to December 2023, on a primary and a standby that has it
/// all and replays no more.
async fn paused(lag_max: Duration) -> (TestApp, PostgresStandby) {
    let (test, standby) = TestApp::with_standby(date("2024-03-01"), lag_max).await;
    record(&test, bakery_with_wang()).await;
    caught_up(&test, "2023-12").await;
    standby.pause();
    (test, standby)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_says_as_of_when_it_is_and_replays_identically() {
    let (test, standby) = paused(FAR).await;
    record(&test, insured(WANG, BAKERY, "2024-01", "2024-01")).await;
    let written = test.app.now_micros();

    let (late, seen_at) = ask(&test, january()).await;
    assert_eq!(late.decision.outcome, Outcome::Ineligible);
    assert_eq!(seen_at, Some(late.as_of));
    assert!(late.as_of < written, "{} {written}", late.as_of);
    assert!(written < late.decided_at);

    // Who needs the last word asks for it.
    let caller = Caller::developer();
    caller.trail.ask_primary();
    let (fresh, seen_at) = ask_as(&test, &caller, january()).await;
    assert_eq!(fresh.decision.outcome, Outcome::Eligible);
    assert_eq!((seen_at, fresh.as_of), (None, fresh.decided_at));

    for (asked, facts_of_now) in [(&late, Verdict::FactsDiffer), (&fresh, Verdict::Identical)] {
        for (current_facts, verdict) in [(false, Verdict::Identical), (true, facts_of_now)] {
            let question = ReplayQuestion {
                decision_id: asked.decision_id,
                policy: PolicyChoice::OfThen,
                current_facts,
            };
            let replayed = test
                .app
                .replay_decision(&Caller::developer(), &context(), question)
                .await
                .expect("replayed");
            assert_eq!(replayed.verdict, verdict);
            assert_eq!(replayed.recorded_digest, replayed.recomputed_digest);
        }
        let stored = test
            .app
            .get_decision(&Caller::developer(), &context(), asked.decision_id)
            .await
            .expect("stored");
        let Some(Answer::KeyGroup(told)) = stored.answer else {
            panic!("another answer");
        };
        assert_eq!(told.decision, asked.decision);
        // A decision without an instant of its own is as of its audit row.
        let is_late = asked.decision_id == late.decision_id;
        assert_eq!(told.as_of == asked.as_of, is_late);
    }
    standby.resume();
    caught_up(&test, "2024-01").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_late_replica_leaves_open_is_asked_of_the_primary() {
    let (test, standby) = paused(FAR).await;
    let mut facts = vec![lifted(LI), contract(LI, BAKERY, "L-9", "2023-01-01")];
    facts.extend(insured(LI, BAKERY, "2023-01", "2023-12"));
    record(&test, facts).await;

    // The replica does not know the person yet: nobody is told that there is none.
    let question = check(LI, BAKERY, "2023-12", "2023-12");
    let (found, seen_at) = ask(&test, question.clone()).await;
    assert_eq!(found.decision.outcome, Outcome::Eligible);
    assert_eq!(seen_at, None);

    // Of a batch only what is open is asked again, and the earliest moment is told.
    let caller = Caller::developer();
    let checks = [january(), question];
    let both = test
        .app
        .check_key_groups(&caller, &context(), &checks, None, false)
        .await
        .expect("answered");
    let as_of: Vec<(i64, i64)> = both
        .iter()
        .map(|one| one.as_ref().expect("a decision"))
        .map(|one| (one.as_of, one.decided_at))
        .collect();
    assert!(as_of[0].0 < as_of[0].1);
    assert_eq!(as_of[1].0, as_of[1].1);
    assert_eq!(caller.trail.seen_at(), Some(as_of[0].0));

    // What is asked as of a time is a matter of the primary's truth.
    let caller = Caller::developer();
    let (now, why) = (test.app.now_micros(), context());
    let asked = test
        .app
        .check_key_group(&caller, &why, january(), Some(now));
    assert_eq!(asked.await.expect("a decision").as_of, now);
    assert_eq!(caller.trail.seen_at(), None);

    // Whether a person is within reach is for the primary to say.
    for roles in [Role::HrClerk, Role::EmployerPayroll] {
        let caller = Caller {
            roles: Roles::of(roles),
            region_codes: vec!["4420".to_owned()],
            employer_code: Some(crate::city::code(BAKERY)),
            ..Caller::developer()
        };
        let asked = test.app.check_key_group(&caller, &why, january(), None);
        match asked.await {
            Ok(found) => assert_eq!(found.as_of, found.decided_at),
            Err(error) => assert_eq!(error.reason, ErrorReason::EmployerNotFound),
        }
        assert_eq!(caller.trail.seen_at(), None, "{roles:?}");
    }

    // An employer that nobody knows is refused by the primary.
    let caller = Caller::developer();
    let unknown = KeyGroupCheck {
        employer_code: crate::city::code(&crate::city::numbered_employer(7)),
        who: who(WANG),
        ..january()
    };
    let refused = test.app.check_key_group(&caller, &why, unknown, None);
    let refused = refused.await.expect_err("unknown");
    assert_eq!(refused.reason, ErrorReason::EmployerNotFound);
    drop(standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_bound_a_replica_is_not_read() {
    let lag_max = Duration::from_secs(3);
    let (test, standby) = paused(lag_max).await;
    record(&test, insured(WANG, BAKERY, "2024-01", "2024-01")).await;
    let written = Instant::now();
    let mut late = 0;
    loop {
        let asked = Instant::now();
        let (found, seen_at) = ask(&test, january()).await;
        if seen_at.is_none() {
            assert_eq!(found.decision.outcome, Outcome::Eligible);
            break;
        }
        assert_eq!(found.decision.outcome, Outcome::Ineligible);
        assert!(asked <= written + lag_max, "{:?}", asked - written);
        late += 1;
        sleep(Duration::from_millis(20)).await;
    }
    assert!(late > 0, "within the bound it is read");

    standby.resume();
    caught_up(&test, "2024-01").await;
    // Nothing is written: what was replayed last gets older than the bound, and nothing is missing.
    sleep(lag_max + Duration::from_millis(500)).await;
    let (found, seen_at) = ask(&test, january()).await;
    assert_eq!(found.decision.outcome, Outcome::Eligible);
    assert!(seen_at.is_some(), "an idle primary makes no replica late");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_fails_when_the_replica_is_killed() {
    let (test, standby) = TestApp::with_standby(date("2024-03-01"), FAR).await;
    record(&test, bakery_with_wang()).await;
    first_from(&test, true).await;
    let (app, is_killed) = (test.app.clone(), Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&is_killed);
    let calls = tokio::spawn(async move {
        let ((mut from_replica, mut from_primary), why) = ((0, 0), context());
        let (started, mut longest) = (Instant::now(), Duration::ZERO);
        while !(seen.load(Ordering::Acquire) && from_primary >= 20) {
            let (caller, asked) = (Caller::developer(), Instant::now());
            let found = app.check_key_group(&caller, &why, january(), None);
            found.await.expect("no call fails");
            longest = longest.max(asked.elapsed());
            match caller.trail.seen_at() {
                Some(_) => from_replica += 1,
                None => from_primary += 1,
            }
            assert!(started.elapsed() < WAIT_MAX, "the killed one is still read");
        }
        (from_replica, longest)
    });
    sleep(Duration::from_millis(500)).await;
    tokio::task::block_in_place(|| standby.kill());
    is_killed.store(true, Ordering::Release);
    let (from_replica, longest) = calls.await.expect("no panic");
    assert!(from_replica > 0);
    // One read may wait for its second, then nobody does.
    assert!(longest < Duration::from_secs(10), "{longest:?}");

    tokio::task::block_in_place(|| standby.start_again());
    first_from(&test, true).await;
    // A promoted one is a database of its own, whatever it is called.
    tokio::task::block_in_place(|| standby.promote());
    first_from(&test, false).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&test, january()).await.1, None);
}
