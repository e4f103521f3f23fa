//! Months that a worker's one employer keeps.

use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_store::contract::sample::{
    ManualClock, NOW, add_workers, begin, booked, employer, employer_row, entries, month, worker,
    worker_row, year,
};
use mamagang_store::rows::{PersonMonth, WorkerKey};
use mamagang_store::{Store, StoreErrorKind, StoreResult, UnitOfWork};
use mamagang_testkit::postgres::PostgresDatabase;

use crate::support::{self, stranger};

/// Workers linked to employer 0.
async fn filled(workers: u8) -> (PostgresDatabase, Arc<dyn Store>) {
    let (database, _, shared) = support::store().await;
    add_workers(&shared, 1..=workers).await;
    link(&shared, 0, 1..=workers).await;
    (database, shared)
}

async fn link(store: &Arc<dyn Store>, to: usize, workers: impl IntoIterator<Item = u8>) {
    let links: Vec<_> = workers
        .into_iter()
        .map(|n| (employer(to), worker(n)))
        .collect();
    let mut unit = begin(store).await;
    unit.link_workers(&links).await.expect("noted");
    unit.commit().await.expect("committed");
}

async fn try_book(store: &Arc<dyn Store>, months: &[PersonMonth]) -> StoreResult<()> {
    let mut unit = begin(store).await;
    unit.book_months(months).await?;
    unit.commit().await
}

async fn book(store: &Arc<dyn Store>, months: &[PersonMonth]) {
    try_book(store, months).await.expect("booked");
}

/// Who keeps each worker's months, and what the worker's own row tells.
async fn rows(database: &PostgresDatabase) -> Vec<(String, String)> {
    let sql = "SELECT months_kept_by, booked FROM worker ORDER BY worker_id";
    let rows = sqlx::query_as(sql);
    let mut stranger = stranger(database).await;
    rows.fetch_all(&mut stranger).await.expect("rows")
}

fn kept() -> (String, String) {
    (employer(0).to_string(), String::new())
}

fn own(months: &str) -> (String, String) {
    (String::new(), months.to_owned())
}

/// What checks, balances, rebuilds and postings read of a worker's months: all the same.
async fn told(store: &Arc<dyn Store>, who: u8) -> Vec<(EmployerCode, String)> {
    let keys = [WorkerKey::Id(worker(who))];
    let checked = store.check_inputs(&keys, &[]).await.expect("inputs");
    let checked = checked.workers[0].clone().expect("known").booked;
    let listed = store.booked_months(&[worker(who)]).await.expect("months");
    assert_eq!(listed, std::slice::from_ref(&checked));
    let years = [(employer(0), year(2023))];
    let balance = store.ledger_inputs(&years).await.expect("inputs");
    let mut unit = begin(store).await;
    let locked = unit.ledger_inputs(&years).await.expect("inputs");
    assert_eq!(balance, locked);
    let of_worker = balance[0].workers.iter();
    let of_worker = of_worker.filter(|it| it.worker.worker_id == worker(who));
    of_worker.for_each(|it| assert_eq!(it.booked, checked));
    let told = checked.iter();
    told.map(|it| (it.employer_code, it.month.to_string()))
        .collect()
}

fn of_first(months: &[&str]) -> Vec<(EmployerCode, String)> {
    let months = months.iter();
    months
        .map(|month| (employer(0), (*month).to_owned()))
        .collect()
}

#[tokio::test]
async fn whoever_has_one_employer_is_not_written_when_months_are_booked() {
    let (database, store) = filled(2).await;
    let [first, next] = [
        booked(1, month("2023-12"), employer(0)),
        booked(1, month("2024-01"), employer(0)),
    ];
    book(&store, &[first, next]).await;
    book(&store, &[booked(2, month("2023-12"), employer(0))]).await;
    assert_eq!(rows(&database).await, [kept(), kept()]);
    assert_eq!(told(&store, 1).await, of_first(&["2023-12", "2024-01"]));
    assert_eq!(told(&store, 2).await, of_first(&["2023-12"]));
    let mut unit = begin(&store).await;
    unit.release_months(&[first]).await.expect("booked");
    unit.commit().await.expect("committed");
    assert_eq!(rows(&database).await, [kept(), kept()]);
    assert_eq!(told(&store, 1).await, of_first(&["2024-01"]));
}

#[tokio::test]
async fn a_second_employer_has_the_workers_row_tell_its_months() {
    let (database, store) = filled(2).await;
    book(&store, &[booked(1, month("2023-01"), employer(0))]).await;
    link(&store, 1, [1]).await;
    assert_eq!(rows(&database).await, [own("0"), kept()]);
    assert_eq!(told(&store, 1).await, of_first(&["2023-01"]));
    let twice = booked(1, month("2023-01"), employer(1));
    let refused = try_book(&store, &[twice]).await.expect_err("booked");
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    book(&store, &[booked(1, month("2023-02"), employer(1))]).await;
    book(&store, &[booked(1, month("2023-03"), employer(0))]).await;
    assert_eq!(rows(&database).await, [own("010"), kept()]);
    // Whoever had two is not given to one of them again.
    link(&store, 0, [1]).await;
    assert_eq!(rows(&database).await, [own("010"), kept()]);
}

#[tokio::test]
async fn who_gets_two_employers_at_once_keeps_its_own_months() {
    let (database, _, store) = support::store().await;
    add_workers(&store, [1, 2]).await;
    let links = [
        (employer(0), worker(1)),
        (employer(1), worker(1)),
        (employer(0), worker(2)),
    ];
    let mut unit = begin(&store).await;
    unit.link_workers(&links).await.expect("noted");
    // In the same unit, and for one who was just given away.
    let months = [1, 2].map(|who| booked(who, month("2023-01"), employer(0)));
    unit.book_months(&months).await.expect("free");
    unit.commit().await.expect("committed");
    assert_eq!(rows(&database).await, [own("0"), kept()]);
    assert_eq!(told(&store, 2).await, of_first(&["2023-01"]));
}

#[tokio::test]
async fn who_has_booked_months_before_it_is_linked_keeps_them() {
    let (database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    book(&store, &[booked(1, month("2023-01"), employer(0))]).await;
    link(&store, 0, [1]).await;
    assert_eq!(rows(&database).await, [own("0")]);
    assert_eq!(told(&store, 1).await, of_first(&["2023-01"]));
}

#[tokio::test]
async fn an_employer_without_a_contract_has_the_workers_row_tell_them_too() {
    let (database, store) = filled(1).await;
    book(&store, &[booked(1, month("2023-01"), employer(0))]).await;
    let twice = booked(1, month("2023-01"), employer(1));
    let refused = try_book(&store, &[twice]).await.expect_err("booked");
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    assert_eq!(rows(&database).await, [kept()]);
    book(&store, &[booked(1, month("2023-02"), employer(1))]).await;
    assert_eq!(rows(&database).await, [own("01")]);
}

#[tokio::test]
async fn an_employer_keeps_the_months_of_64_workers_and_of_65_none() {
    let (database, store) = filled(64).await;
    let months = [1, 64].map(|who| booked(who, month("2023-05"), employer(0)));
    book(&store, &months).await;
    assert_eq!(rows(&database).await, vec![kept(); 64]);
    add_workers(&store, [65, 66]).await;
    link(&store, 0, [65]).await;
    let mut expected = vec![own(""); 66];
    for who in [0, 63] {
        expected[who] = own("0");
    }
    assert_eq!(rows(&database).await, expected);
    link(&store, 0, [66]).await;
    assert_eq!(rows(&database).await, expected);
    assert_eq!(told(&store, 64).await, of_first(&["2023-05"]));
}

#[tokio::test]
async fn the_36th_month_is_kept_and_the_37th_refused() {
    let (database, store) = filled(1).await;
    let nth = |index| booked(1, month("2021-06").plus(index), employer(0));
    let first: Vec<_> = (0..35).map(nth).collect();
    book(&store, &first).await;
    for wrong in [&[nth(35), nth(36)][..], &[nth(34)]] {
        let refused = try_book(&store, wrong).await.expect_err("too many");
        assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    }
    book(&store, &[nth(35)]).await;
    let refused = try_book(&store, &[nth(36)]).await.expect_err("too many");
    assert_eq!(refused.kind(), StoreErrorKind::Conflict);
    assert_eq!(told(&store, 1).await.len(), 36);
    assert_eq!(rows(&database).await, [kept()]);
}

#[tokio::test]
async fn of_two_records_that_are_one_person_each_tells_its_own_months() {
    let (database, store) = filled(2).await;
    let months = [
        booked(1, month("2023-01"), employer(0)),
        booked(2, month("2023-02"), employer(0)),
    ];
    book(&store, &months).await;
    let mut unit = begin(&store).await;
    let ids = [worker(1), worker(2)];
    unit.workers(&ids).await.expect("locked");
    let listed = unit.months_of_workers(&ids).await.expect("months");
    assert_eq!(listed, months);
    unit.release_months(&months[..1]).await.expect("booked");
    let moved = PersonMonth {
        worker_id: worker(2),
        ..months[0]
    };
    unit.book_months(&[moved]).await.expect("free");
    unit.merge_workers(worker(1), worker(2))
        .await
        .expect("merged");
    unit.commit().await.expect("committed");
    assert_eq!(rows(&database).await, [own(""), own("00")]);
    assert_eq!(told(&store, 2).await, of_first(&["2023-01", "2023-02"]));
}

#[tokio::test]
async fn whoever_records_facts_waits_for_postings_of_the_keeper_and_the_other_way_round() {
    let (database, store) = filled(1).await;
    let mut unit = begin(&store).await;
    unit.ledger_inputs(&[(employer(0), year(2023))])
        .await
        .expect("locked");
    let recorder = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut unit = begin(&store).await;
            let rows = unit.workers(&[worker(1)]).await.expect("locked");
            unit.put_workers(&[worker_row(1, &[])]).await.expect("put");
            unit.commit().await.expect("committed");
            rows.len()
        })
    };
    support::until_one_waits(&database).await;
    assert!(!recorder.is_finished());
    unit.commit().await.expect("committed");
    assert_eq!(recorder.await.expect("no panic"), 1);

    let mut unit = begin(&store).await;
    unit.workers(&[worker(1)]).await.expect("locked");
    let poster = {
        let store = Arc::clone(&store);
        let months = [booked(1, month("2023-01"), employer(0))];
        tokio::spawn(async move {
            let mut unit: Box<dyn UnitOfWork> = begin(&store).await;
            let years = [(employer(0), year(2023))];
            unit.ledger_inputs(&years).await.expect("locked");
            unit.book_months(&months).await.expect("free");
            unit.commit().await
        })
    };
    support::until_one_waits(&database).await;
    assert!(!poster.is_finished());
    unit.commit().await.expect("committed");
    poster.await.expect("no panic").expect("booked");
    assert_eq!(told(&store, 1).await, of_first(&["2023-01"]));
}

/// Begins a task that links workers to an employer and commits.
fn links(store: &Arc<dyn Store>, to: usize, who: u8) -> tokio::task::JoinHandle<StoreResult<()>> {
    let store = Arc::clone(store);
    tokio::spawn(async move {
        let mut unit = begin(&store).await;
        unit.link_workers(&[(employer(to), worker(who))]).await?;
        unit.commit().await
    })
}

#[tokio::test]
async fn who_others_were_merged_into_is_kept_by_nobody() {
    let (database, store) = filled(1).await;
    add_workers(&store, [2]).await;
    // The record that goes keeps its link; the one that stays has none of its own.
    let mut unit = begin(&store).await;
    unit.workers(&[worker(1), worker(2)]).await.expect("locked");
    unit.merge_workers(worker(1), worker(2))
        .await
        .expect("merged");
    unit.commit().await.expect("committed");
    link(&store, 1, [2]).await;
    assert_eq!(rows(&database).await, [own(""), own("")]);
    book(&store, &[booked(2, month("2023-01"), employer(1))]).await;
    // Both employers read the one who stays.
    let years = [0, 1].map(|number| (employer(number), year(2023)));
    for inputs in store.ledger_inputs(&years).await.expect("inputs") {
        assert_eq!(inputs.workers[0].booked.len(), 1);
    }
    let mut unit = begin(&store).await;
    assert!(unit.ledger_inputs(&years).await.is_ok());
}

#[tokio::test]
async fn who_is_given_to_an_employer_while_a_lock_is_waited_for_is_locked_again() {
    let (database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    let mut unit = begin(&store).await;
    unit.workers(&[worker(1)]).await.expect("locked");
    unit.link_workers(&[(employer(0), worker(1))])
        .await
        .expect("noted");
    let other = Arc::clone(&store);
    let waiting = tokio::spawn(async move {
        let mut unit = begin(&other).await;
        unit.workers(&[worker(1)]).await.map(|rows| rows.len())
    });
    support::until_one_waits(&database).await;
    unit.commit().await.expect("committed");
    let refused = waiting
        .await
        .expect("no panic")
        .expect_err("not all is locked");
    assert_eq!(refused.kind(), StoreErrorKind::Contended);
    let mut unit = begin(&store).await;
    unit.workers(&[worker(1)]).await.expect("locked");
}

#[tokio::test]
async fn of_two_who_link_a_worker_at_once_the_second_sees_the_first() {
    let (database, _, store) = support::store().await;
    add_workers(&store, [1]).await;
    let mut unit = begin(&store).await;
    let link = (employer(0), worker(1));
    unit.link_workers(&[link]).await.expect("noted");
    let other = links(&store, 1, 1);
    support::until_one_waits(&database).await;
    unit.commit().await.expect("committed");
    other.await.expect("no panic").expect("noted");
    assert_eq!(rows(&database).await, [own("")]);
    book(&store, &[booked(1, month("2023-01"), employer(1))]).await;
    assert_eq!(told(&store, 1).await.len(), 1);
}

#[tokio::test]
async fn of_two_who_link_a_65th_and_a_66th_worker_at_once_none_stays_kept() {
    let (database, store) = filled(63).await;
    book(&store, &[booked(1, month("2023-05"), employer(0))]).await;
    add_workers(&store, [64, 65]).await;
    let mut unit = begin(&store).await;
    let link = (employer(0), worker(64));
    unit.link_workers(&[link]).await.expect("noted");
    let other = links(&store, 0, 65);
    support::until_one_waits(&database).await;
    unit.commit().await.expect("committed");
    other.await.expect("no panic").expect("noted");
    let told = rows(&database).await;
    assert_eq!(told[0], own("0"));
    assert_eq!(told[1..], vec![own(""); 64]);
}

#[tokio::test]
async fn an_employer_who_keeps_nobody_is_asked_for_its_asked_years_alone() {
    let (database, store) = filled(1).await;
    let sql = "SELECT keeps_months FROM ledger_head";
    let keeps = async || -> bool {
        let mut stranger = stranger(&database).await;
        let asked = sqlx::query_scalar(sql).fetch_one(&mut stranger);
        asked.await.expect("one head")
    };
    assert!(keeps().await);
    add_workers(&store, 2..=65).await;
    link(&store, 0, 2..=65).await;
    assert!(!keeps().await);
    // A month of a year that was not asked for is read where it is changed.
    book(&store, &[booked(1, month("2022-05"), employer(0))]).await;
    let mut unit = begin(&store).await;
    let years = [(employer(0), year(2023))];
    unit.ledger_inputs(&years).await.expect("inputs");
    let earlier = booked(1, month("2022-05"), employer(0));
    unit.release_months(&[earlier]).await.expect("booked");
    unit.book_months(&[booked(1, month("2022-06"), employer(0))])
        .await
        .expect("free");
    unit.commit().await.expect("committed");
    assert_eq!(told(&store, 1).await, of_first(&["2022-06"]));
}

#[tokio::test]
async fn facts_and_entries_follow_each_other_whatever_the_instances_clocks_say() {
    let (database, store) = filled(1).await;
    let other: Arc<dyn Store> = Arc::new(support::connect(&database).await);
    let begin_at = async |store: &Arc<dyn Store>, seconds: i64| {
        let clock = ManualClock::at(NOW + seconds * 1_000_000);
        store.begin(clock).await.expect("begun")
    };
    // An entry of an instance whose clock is ahead.
    let mut unit = begin_at(&other, 100).await;
    let years = [(employer(0), year(2023))];
    unit.ledger_inputs(&years).await.expect("locked");
    let mut first = entries(employer(0), 1);
    first[0].recorded_at = unit.recorded_at();
    unit.append_entries(&first).await.expect("accepted");
    unit.commit().await.expect("committed");
    let mut unit = begin_at(&store, 0).await;
    unit.workers(&[worker(1)]).await.expect("locked");
    assert!(unit.recorded_at() > first[0].recorded_at);
    drop(unit);
    let mut unit = begin_at(&store, 0).await;
    unit.employers(&[employer(0)]).await.expect("locked");
    assert!(unit.recorded_at() > first[0].recorded_at);
    drop(unit);
    // A fact of an instance whose clock is ahead.
    for of_worker in [true, false] {
        let ahead = if of_worker { 200 } else { 300 };
        let mut unit = begin_at(&other, ahead).await;
        unit.employers(&[employer(0)]).await.expect("locked");
        unit.workers(&[worker(1)]).await.expect("locked");
        let recorded_at = unit.recorded_at();
        let put = match of_worker {
            true => unit.put_workers(&[worker_row(1, &[])]).await,
            false => unit.put_employers(&[employer_row(0, "甲")]).await,
        };
        put.expect("accepted");
        unit.commit().await.expect("committed");
        let seen = store
            .see_postings(ManualClock::at(NOW), &[], &years, true)
            .await;
        let (seen, _) = seen.expect("read").expect("no lock is needed");
        assert!(seen.recorded_at() > recorded_at);
    }
    // A worker who is new, of an instance whose clock is ahead.
    add_workers(&store, [2]).await;
    let mut unit = begin_at(&other, 400).await;
    unit.workers(&[worker(2)]).await.expect("locked");
    let recorded_at = unit.recorded_at();
    unit.put_workers(&[worker_row(2, &[])]).await.expect("put");
    let link = (employer(0), worker(2));
    unit.link_workers(&[link]).await.expect("noted");
    unit.commit().await.expect("committed");
    let seen = store
        .see_postings(ManualClock::at(NOW), &[], &years, true)
        .await;
    let (seen, _) = seen.expect("read").expect("no lock is needed");
    assert!(seen.recorded_at() > recorded_at);
}
