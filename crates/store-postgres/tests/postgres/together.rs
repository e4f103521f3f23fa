//! Many at once: each month once, each worker once, each revision once, and time in order.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mamagang_domain::fact::FactKind;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::Subject;
use mamagang_domain::month::TaxMonth;
use mamagang_store::contract::sample::{
    ManualClock, NOW, add_workers, answer, begin, booked, employer, entry, fact, identity, mac,
    month, new_worker, request, worker, year,
};
use mamagang_store::rows::{
    FactQuery, IdentityKey, KeyedMac, NewWorker, OwnedFact, OwnerKey, PersonMonth, WorkerKey,
};
use mamagang_store::{Store, StoreError, StoreErrorKind, StoreResult};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use sqlx::PgConnection;

use crate::support;

/// Runs a unit again while another came first.
async fn until_done<F, Fut>(mut attempt: F) -> StoreResult<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = StoreResult<()>>,
{
    const ATTEMPTS_MAX: u32 = 200;
    let mut last = None;
    for _ in 0..ATTEMPTS_MAX {
        match attempt().await {
            Err(error) if is_for_anothers_sake(&error) => last = Some(error),
            result => return result,
        }
    }
    Err(last.expect("at least one attempt"))
}

fn is_for_anothers_sake(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::Contended | StoreErrorKind::Conflict
    )
}

fn all_facts(number: u8) -> FactQuery {
    FactQuery {
        subject: Subject::Worker(worker(number)),
        kinds: Vec::new(),
        after: 0,
        through: None,
        as_of: None,
        limit: 1000,
    }
}

/// Books what is still free of two workers' months for an employer, as postings do.
async fn claim(store: &Arc<dyn Store>, code: EmployerCode, asked: &[TaxMonth]) -> StoreResult<()> {
    let mut unit = store.begin(ManualClock::at(NOW)).await?;
    let read = unit.ledger_inputs(&[(code, year(2023))]).await?.remove(0);
    let mut free = Vec::new();
    for found in &read.workers {
        let taken: BTreeSet<_> = found.booked.iter().map(|it| it.month).collect();
        let months = asked.iter().filter(|month| !taken.contains(month));
        free.extend(months.map(|month| PersonMonth {
            worker_id: found.worker.worker_id,
            ..booked(1, *month, code)
        }));
    }
    if free.is_empty() {
        return Ok(());
    }
    let next = entry(code, read.head.sequence + 1, read.head.hash);
    unit.append_entries(&[next]).await?;
    unit.book_months(&free).await?;
    unit.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_claims_of_the_same_months_count_each_month_once() {
    let (_database, _, store) = support::store().await;
    add_workers(&store, [1, 2]).await;
    let links = (0..5).flat_map(|n| [1, 2].map(|who| (employer(n), worker(who))));
    let mut unit = begin(&store).await;
    unit.link_workers(&links.collect::<Vec<_>>())
        .await
        .expect("accepted");
    unit.commit().await.expect("committed");
    let asked: Vec<_> = (0..24).map(|n| month("2022-01").plus(n)).collect();
    let tasks = (0..16).map(|task| {
        let (store, asked) = (Arc::clone(&store), asked.clone());
        tokio::spawn(async move {
            let code = employer(task % 5);
            // Overlapping pieces, so that each task finds some taken and some free.
            let piece = &asked[task..task + 9];
            until_done(|| claim(&store, code, piece)).await
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic").expect("done");
    }
    let mut all = Vec::new();
    for number in 0..5 {
        let months = store.person_months(&employer(number)).await;
        all.extend(months.expect("months"));
    }
    let keys: BTreeSet<_> = all.iter().map(|it| (it.worker_id, it.month)).collect();
    assert_eq!((all.len(), keys.len()), (48, 48));
    for number in 0..5 {
        let code = employer(number);
        let entries = store.list_entries(&code, None, 0, 100, None).await;
        let entries = entries.expect("entries");
        let sequences = entries.iter().map(|it| it.sequence);
        assert!(sequences.eq(1..=u32::try_from(entries.len()).expect("few")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_claims_of_different_months_of_a_person_do_not_pass_36() {
    let (_database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    let tasks = (0..16).map(|task| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            // No lock is asked for: what holds is the database's own guard.
            let mut unit = begin(&store).await;
            let months: Vec<_> = (0..5)
                .map(|n| booked(1, month("2019-01").plus(task * 5 + n), employer(0)))
                .collect();
            unit.book_months(&months).await?;
            unit.commit().await
        })
    });
    let mut accepted = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.expect("no panic") {
            Ok(()) => accepted += 1,
            Err(error) => assert!(is_for_anothers_sake(&error), "{error:?}"),
        }
    }
    let months = store.person_months(&employer(0)).await.expect("months");
    assert_eq!(months.len(), accepted * 5);
    assert_eq!(accepted, 7);
}

/// Finds the worker of a document, or adds one under an id of the task's own.
async fn find_or_add(store: &Arc<dyn Store>, own: u8) -> StoreResult<()> {
    let mut unit = store.begin(ManualClock::at(NOW)).await?;
    if unit.identities(&[identity(1)]).await?[0].is_some() {
        return Ok(());
    }
    let new = NewWorker {
        worker_id: worker(own),
        ..new_worker(1)
    };
    unit.insert_workers(&[new]).await?;
    unit.commit().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_that_is_new_to_sixteen_units_at_once_becomes_one_worker() {
    let (_database, _, store) = support::store().await;
    let tasks = (1..=16).map(|own| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { until_done(|| find_or_add(&store, own)).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic").expect("done");
    }
    let workers = store.list_workers(None, 100).await.expect("workers");
    assert_eq!(workers.len(), 1);
    let key = WorkerKey::Identity(identity(1));
    let found = store.check_inputs(&[key], &[]).await.expect("inputs");
    let found = found.workers[0].as_ref().expect("known");
    assert_eq!(found.worker.worker_id, workers[0].worker_id);
}

#[tokio::test]
async fn a_worker_added_by_another_meanwhile_is_a_conflict_and_nothing_is_left() {
    let (_database, _, store) = support::store().await;
    let (mut first, mut second) = (begin(&store).await, begin(&store).await);
    for unit in [&mut first, &mut second] {
        let known = unit.identities(&[identity(1)]).await;
        assert_eq!(known.expect("identities"), [None]);
    }
    first
        .insert_workers(&[new_worker(1)])
        .await
        .expect("accepted");
    first.commit().await.expect("committed");
    let same = NewWorker {
        worker_id: worker(2),
        ..new_worker(1)
    };
    let refused = second.insert_workers(&[same]).await.expect_err("known");
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    assert!(refused.surely_not_done());
    let refused = second.commit().await.expect_err("a part was refused");
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    let workers = store.list_workers(None, 9).await.expect("workers");
    assert_eq!(workers.len(), 1);
}

#[tokio::test]
async fn a_fact_that_was_nobodys_when_two_read_it_has_one_owner() {
    let (_database, _, store) = support::store().await;
    add_workers(&store, [1, 2]).await;
    let key = OwnerKey {
        kind: FactKind::Contract,
        key: mac("contract"),
    };
    let owned = |number| OwnedFact {
        key,
        worker_id: Some(worker(number)),
    };
    let (mut first, mut second) = (begin(&store).await, begin(&store).await);
    for unit in [&mut first, &mut second] {
        assert_eq!(unit.fact_owners(&[key]).await.expect("owners"), [None]);
    }
    first.put_fact_owners(&[owned(1)]).await.expect("accepted");
    first.commit().await.expect("committed");
    let refused = second.put_fact_owners(&[owned(2)]).await;
    assert_eq!(refused.expect_err("held").kind(), StoreErrorKind::Conflict);
}

#[tokio::test]
async fn a_request_sent_twice_at_once_is_answered_once() {
    let (_database, _, store) = support::store().await;
    let key = request("org", "Post", 1);
    let tasks = ["one", "two", "three", "four"].map(|text| {
        let (store, key) = (Arc::clone(&store), key.clone());
        tokio::spawn(async move {
            let mut unit = begin(&store).await;
            let known = unit.idempotency(std::slice::from_ref(&key)).await?;
            if known[0].is_some() {
                return Ok(false);
            }
            unit.put_idempotency(&[(key, answer(text))]).await?;
            unit.commit().await.map(|()| true)
        })
    });
    let mut answered = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(first) => answered += u32::from(first),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict),
        }
    }
    assert_eq!(answered, 1);
}

#[tokio::test]
async fn a_unit_that_waits_too_long_for_a_lock_is_contended() {
    let database = support::database().await;
    let options = PostgresOptions {
        lock_timeout: Duration::from_millis(50),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
    add_workers(&store, [1]).await;
    let (mut first, mut second) = (begin(&store).await, begin(&store).await);
    first.workers(&[worker(1)]).await.expect("rows");
    first.employers(&[employer(0)]).await.expect("rows");
    let late = second.workers(&[worker(1)]).await.expect_err("locked");
    assert_eq!(late.kind(), StoreErrorKind::Contended);
    assert!(late.may_retry());
    let mut third = begin(&store).await;
    let late = third.employers(&[employer(0)]).await.expect_err("locked");
    assert_eq!(late.kind(), StoreErrorKind::Contended);
}

#[tokio::test]
async fn two_units_that_wait_for_each_other_are_told_and_one_goes_on() {
    let (_database, _, store) = support::store().await;
    add_workers(&store, [1, 2]).await;
    let (mut first, mut second) = (begin(&store).await, begin(&store).await);
    first.workers(&[worker(1)]).await.expect("rows");
    second.workers(&[worker(2)]).await.expect("rows");
    let (first_asks, second_asks) = ([worker(2)], [worker(1)]);
    let both = async {
        let one = async {
            let result = first.workers(&first_asks).await.map(drop);
            drop(first);
            result
        };
        let other = async {
            let result = second.workers(&second_asks).await.map(drop);
            drop(second);
            result
        };
        tokio::join!(one, other)
    };
    let (one, other) = both.await;
    let refused = [one, other].into_iter().filter_map(Result::err);
    let kinds: Vec<_> = refused.map(|error| error.kind()).collect();
    assert_eq!(kinds, [StoreErrorKind::Contended]);
}

#[tokio::test]
async fn a_unit_that_lasts_too_long_is_not_committed() {
    let database = support::database().await;
    let options = PostgresOptions {
        unit_timeout: Duration::from_millis(1),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
    let unit = begin(&store).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let late = unit.commit().await.expect_err("too late");
    assert_eq!(late.kind(), StoreErrorKind::Contended);
    assert!(late.surely_not_done());
}

#[tokio::test]
async fn revisions_of_a_subject_have_rising_instants_whichever_instance_writes_them() {
    let (database, _, fast) = support::store().await;
    let slow: Arc<dyn Store> = Arc::new(support::connect(&database).await);
    add_workers(&fast, [1]).await;
    let subject = Subject::Worker(worker(1));
    // The second instance's clock is a minute behind the first one's.
    let clocks = [(&fast, NOW + 60_000_000), (&slow, NOW), (&slow, NOW)];
    for (revision, (store, now)) in (1..).zip(clocks) {
        let mut unit = store.begin(ManualClock::at(now)).await.expect("a unit");
        unit.workers(&[worker(1)]).await.expect("rows");
        let next = fact(subject, revision, FactKind::Contract, unit.recorded_at());
        unit.append_facts(&[next]).await.expect("in order");
        unit.commit().await.expect("committed");
    }
    let rows = fast.list_facts(&all_facts(1)).await.expect("facts").rows;
    let instants: Vec<_> = rows.iter().map(|row| row.recorded_at - NOW).collect();
    assert_eq!(instants, [60_000_000, 60_000_001, 60_000_002]);
}

#[tokio::test]
async fn a_unit_that_began_first_and_locked_last_is_recorded_last() {
    let (_database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    let clock = ManualClock::at(NOW + 10);
    let mut early = store.begin(clock.clone()).await.expect("a unit");
    let mut late = store.begin(clock.clone()).await.expect("a unit");
    clock.0.store(NOW + 20, Ordering::Relaxed);
    late.workers(&[worker(1)]).await.expect("rows");
    let first = late.recorded_at();
    late.commit().await.expect("committed");
    early.workers(&[worker(1)]).await.expect("rows");
    assert!(early.recorded_at() > first);
}

#[tokio::test]
async fn a_fence_waits_for_units_of_other_instances_and_not_for_later_ones() {
    let (database, _, store) = support::store().await;
    let other: Arc<dyn Store> = Arc::new(support::connect(&database).await);
    let before = begin(&other).await;
    let fence = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.fence().await }
    });
    // Once the fence has taken its number, units that begin are none of its concern.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!fence.is_finished());
    let after = begin(&other).await;
    before.commit().await.expect("committed");
    let waited = tokio::time::timeout(Duration::from_secs(10), fence).await;
    waited.expect("in time").expect("no panic").expect("passed");
    drop(after);
}

/// Waits for `work` until it has been looked at `looks` times, as a caller who then goes away.
async fn leave_after<W: Future>(work: W, looks: usize) {
    let mut work = pin!(work);
    let mut looked = 0;
    std::future::poll_fn(|context| {
        looked += 1;
        if looked > looks || work.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

/// Returns once no session of a store has a transaction open. Sooner than the database itself ends
/// one that nobody goes on with.
async fn until_none_is_open(stranger: &mut PgConnection) {
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'mamagang' AND xact_start IS NOT NULL)";
    let closed = async {
        while sqlx::query_scalar::<_, bool>(sql)
            .fetch_one(&mut *stranger)
            .await
            .expect("sessions")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), closed).await;
    waited.expect("a transaction was left open");
}

#[tokio::test]
async fn a_begin_whose_caller_goes_away_leaves_no_transaction_open() {
    let (database, _, store) = support::store().await;
    let mut stranger = support::stranger(&database).await;
    // However far it has come: waiting for its connection, sent, answered.
    for looks in 1..=6 {
        leave_after(store.begin(ManualClock::at(NOW)), looks).await;
        until_none_is_open(&mut stranger).await;
        leave_after(store.fence(), looks).await;
        until_none_is_open(&mut stranger).await;
    }
}

#[tokio::test]
async fn a_begin_that_is_refused_leaves_its_connection_sound() {
    let database = support::database().await;
    let options = PostgresOptions {
        units: 1,
        readers: 1,
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let store = store.expect("a store");
    let mut stranger = support::stranger(&database).await;
    let change = async |stranger: &mut PgConnection, sql: &'static str| {
        let changed = sqlx::raw_sql(sql).execute(stranger).await;
        changed.expect("changed");
    };
    let refusals = "REVOKE EXECUTE ON FUNCTION pg_current_xact_id() FROM PUBLIC;
        REVOKE ALL ON SEQUENCE posting_fence FROM mamagang_app";
    change(&mut stranger, refusals).await;
    let begun = store.begin(ManualClock::at(NOW)).await.map(drop);
    assert_eq!(begun.expect_err("refused").kind(), StoreErrorKind::Internal);
    store.fence().await.expect_err("refused");
    // The session of each pool is the one that was refused.
    store.ping().await.expect("an answer");
    let allowed = "GRANT EXECUTE ON FUNCTION pg_current_xact_id() TO PUBLIC;
        GRANT SELECT, USAGE ON SEQUENCE posting_fence TO mamagang_app";
    change(&mut stranger, allowed).await;
    let unit = store.begin(ManualClock::at(NOW)).await;
    unit.expect("a unit").commit().await.expect("committed");
    store.fence().await.expect("nothing is under way");
}

#[tokio::test]
async fn a_part_that_was_not_waited_for_keeps_the_unit_from_being_committed() {
    let (_database, _, store) = support::store().await;
    let mut unit = begin(&store).await;
    {
        let workers: Vec<_> = (1..=200).map(new_worker).collect();
        let mut work = pin!(unit.insert_workers(&workers));
        let mut context = Context::from_waker(Waker::noop());
        assert!(work.as_mut().poll(&mut context).is_pending());
    }
    let refused = unit.commit().await.expect_err("half a unit");
    assert!(refused.surely_not_done());
    let workers = store.list_workers(None, 9).await.expect("workers");
    assert_eq!(workers, []);
}

#[tokio::test]
async fn a_document_of_an_unknown_key_is_nobodys() {
    let (_database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    let unknown = IdentityKey {
        macs: vec![KeyedMac {
            key_id: u32::MAX,
            mac: mac("1 number 1"),
        }],
        ..identity(1)
    };
    let keys = [WorkerKey::Identity(unknown)];
    let found = store.check_inputs(&keys, &[]).await;
    assert_eq!(found.expect("inputs").workers, [None]);
}
