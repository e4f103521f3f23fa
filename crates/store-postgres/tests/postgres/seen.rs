//! Postings that were read without locks.

use std::sync::Arc;

use mamagang_domain::ledger::YearState;
use mamagang_store::contract::sample::{
    ManualClock, NOW, add_workers, answer, audit_rows, begin, booked, employer, employer_row,
    entries, month, request, worker, worker_row, year,
};
use mamagang_store::rows::{EmployerRow, WorkerRow, YearRow};
use mamagang_store::{
    PostingBatch, PostingInputs, SeenPostings, Store, StoreErrorKind, StoreResult, UnitOfWork,
};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_testkit::postgres::PostgresDatabase;

use crate::support::{self, stranger};

/// Three workers of one employer, who has a head and a record and keeps their months.
async fn filled() -> (PostgresDatabase, Arc<PostgresStore>, Arc<dyn Store>) {
    filled_with(true).await
}

/// The same, or the workers' own rows tell their months, since they have another employer too.
pub(super) async fn filled_with(
    keeps: bool,
) -> (PostgresDatabase, Arc<PostgresStore>, Arc<dyn Store>) {
    let (database, store, shared) = support::store().await;
    add_workers(&shared, 1..=4).await;
    let mut unit = begin(&shared).await;
    let code = employer(0);
    unit.employers(&[code]).await.expect("locked");
    let rows: Vec<_> = (1..=3).map(|n| worker_row(n, &[code])).collect();
    let others = if keeps { vec![] } else { vec![employer(2)] };
    let of_worker = |n| others.iter().chain([&code]).map(move |it| (*it, worker(n)));
    let links: Vec<_> = (1..=3).flat_map(of_worker).collect();
    for work in [
        unit.put_workers(&rows).await,
        unit.put_employers(&[employer_row(0, "甲")]).await,
        unit.link_workers(&links).await,
    ] {
        work.expect("accepted");
    }
    unit.commit().await.expect("committed");
    (database, store, shared)
}

pub(super) async fn see(store: &Arc<dyn Store>) -> (Box<dyn SeenPostings>, PostingInputs) {
    let key = request(employer(0).as_str(), "Post", 1);
    let clock = ManualClock::at(NOW);
    let years = [(employer(0), year(2023))];
    let seen = store.see_postings(clock, &[key], &years, true).await;
    seen.expect("read").expect("nothing needs a lock")
}

/// The employer's entry of this sequence, with a month of each of these workers.
pub(super) fn batch(sequence: u32, workers: &[u8]) -> PostingBatch {
    let when = month("2023-01").plus(i32::try_from(sequence).expect("small"));
    PostingBatch {
        entries: entries(employer(0), sequence).split_off(sequence as usize - 1),
        years: vec![YearRow {
            employer_code: employer(0),
            tax_year: year(2023),
            state: YearState::default(),
        }],
        booked: Vec::from_iter(workers.iter().map(|n| booked(*n, when, employer(0)))),
        answers: vec![(
            request(employer(0).as_str(), "Post", u128::from(sequence)),
            answer("posted"),
        )],
        ..PostingBatch::default()
    }
}

pub(super) async fn commit(
    seen: Box<dyn SeenPostings>,
    sequence: u32,
    workers: &[u8],
) -> StoreResult<()> {
    let rows = audit_rows(u8::try_from(sequence).expect("small"), 1);
    seen.commit(&batch(sequence, workers), &rows).await
}

/// How many rows every table of a posting has, and what heads, years and workers say.
pub(super) async fn state(database: &PostgresDatabase) -> Vec<String> {
    let mut stranger = stranger(database).await;
    let sql = "SELECT format('%s %s %s', employer_code, sequence, hash) FROM ledger_head
        UNION ALL SELECT format('%s %s', booked_from, booked) FROM worker
        UNION ALL SELECT format('%s %s', tax_year, months) FROM employer_year
        UNION ALL SELECT format('%s %s %s', (SELECT count(*) FROM ledger_entry),
            (SELECT count(*) FROM audit_event), (SELECT count(*) FROM idempotency))
        ORDER BY 1";
    sqlx::query_scalar(sql)
        .fetch_all(&mut stranger)
        .await
        .expect("rows")
}

#[tokio::test]
async fn a_batch_of_postings_is_read_and_written_in_two_statements() {
    for keeps in [true, false] {
        reads_and_writes_in_two_statements(keeps).await;
    }
}

async fn reads_and_writes_in_two_statements(keeps: bool) {
    let (_database, store, shared) = filled_with(keeps).await;
    // All of the employer's workers, and some of them: the others are compared without a change.
    for (sequence, workers) in [(1, &[1u8, 2, 3][..]), (2, &[2])] {
        let before = (store.statements(), store.rows_written());
        let (seen, read) = see(&shared).await;
        assert_eq!(read.years[0].workers.len(), 3);
        assert_eq!(read.answered[0].is_some(), sequence == 2);
        assert_eq!(read.years[0].head.sequence, sequence - 1);
        commit(seen, sequence, workers)
            .await
            .expect("as it was read");
        // Entry, head, year, answer, audit row, and the workers who tell their own months.
        let rows = 5 + workers.len() as u64 * u64::from(!keeps);
        let after = (store.statements(), store.rows_written());
        assert_eq!(after, (before.0 + 2, before.1 + rows));
    }
    let months = shared.person_months(&employer(0)).await.expect("months");
    assert_eq!(months.len(), 4);
    let entries = shared.list_entries(&employer(0), None, 0, 9, None).await;
    assert_eq!(entries.expect("entries").len(), 2);
}

#[tokio::test]
async fn months_taken_back_and_booked_anew_are_one_change() {
    let (_database, _, shared) = filled().await;
    let (seen, _) = see(&shared).await;
    commit(seen, 1, &[1, 2]).await.expect("as it was read");
    let (seen, _) = see(&shared).await;
    let mut next = batch(2, &[1]);
    next.released = batch(1, &[1]).booked;
    next.booked.extend(batch(1, &[3]).booked);
    seen.commit(&next, &audit_rows(2, 1))
        .await
        .expect("written");
    let months = shared.person_months(&employer(0)).await.expect("months");
    let told = months.iter().map(|it| (it.worker_id, it.month));
    let [first, second] = [month("2023-02"), month("2023-03")];
    let expected = [(worker(1), second), (worker(2), first), (worker(3), first)];
    let mut told = Vec::from_iter(told);
    told.sort_unstable();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn months_of_two_years_are_taken_back_and_booked_up_to_the_36th() {
    let (database, _, shared) = filled().await;
    let nth = |index| booked(1, month("2021-01").plus(index), employer(0));
    let mut unit = begin(&shared).await;
    let first: Vec<_> = (0..35).map(nth).collect();
    unit.book_months(&first).await.expect("free");
    unit.commit().await.expect("committed");
    let years = [2021, 2023, 2024].map(|number| (employer(0), year(number)));
    let see = async || {
        let seen = shared
            .see_postings(ManualClock::at(NOW), &[], &years, true)
            .await;
        seen.expect("read").expect("nothing needs a lock").0
    };
    let mut next = batch(1, &[]);
    next.released = vec![nth(0)];
    next.booked = vec![nth(35), nth(36), nth(37)];
    let before = state(&database).await;
    let refused = see().await.commit(&next, &audit_rows(1, 1)).await;
    // With locks it is refused for good.
    let kind = refused.expect_err("the 37th").kind();
    assert_eq!(kind, StoreErrorKind::Contended);
    assert_eq!(state(&database).await, before);
    next.booked.pop();
    let written = see().await.commit(&next, &audit_rows(1, 1)).await;
    written.expect("the 36th");
    let months = shared.person_months(&employer(0)).await.expect("months");
    let expected: Vec<_> = (1..=36).map(nth).collect();
    assert_eq!(months, expected);
}

#[tokio::test]
async fn who_is_linked_to_nobody_needs_no_lock_and_who_has_no_head_does() {
    let (_database, _, shared) = filled().await;
    let clock = ManualClock::at(NOW);
    let years = [(employer(0), year(2023)), (employer(1), year(2023))];
    let seen = shared.see_postings(clock.clone(), &[], &years, true).await;
    assert!(seen.expect("read").is_none());
    let mut unit = begin(&shared).await;
    unit.employers(&[employer(1)]).await.expect("locked");
    unit.commit().await.expect("committed");
    let seen = shared.see_postings(clock, &[], &years, true).await;
    let (_, read) = seen.expect("read").expect("a head each");
    assert_eq!(read.years[1].workers, []);
    assert!(read.years[1].employer.is_none());
}

#[tokio::test]
async fn the_instant_is_after_the_clock_and_after_the_last_entry() {
    let (_database, _, shared) = filled().await;
    let (seen, _) = see(&shared).await;
    assert!(seen.recorded_at() >= NOW);
    let mut first = batch(1, &[1]);
    first.entries[0].recorded_at = NOW + 5_000_000;
    let written = seen.commit(&first, &audit_rows(1, 1)).await;
    written.expect("as it was read");
    let (seen, _) = see(&shared).await;
    assert_eq!(seen.recorded_at(), NOW + 5_000_001);
}

/// What others may do between the read and the write.
pub(super) async fn meddle(
    what: &str,
    store: &Arc<dyn Store>,
    unit: &mut Box<dyn UnitOfWork>,
    sequence: u32,
) {
    let code = employer(0);
    match what {
        "an entry" => {
            let rows = batch(sequence, &[]);
            unit.ledger_inputs(&[(code, year(2023))])
                .await
                .expect("read");
            unit.append_entries(&rows.entries).await.expect("accepted");
        }
        "the employer's record" => {
            let rows = unit.employers(&[code]).await.expect("locked");
            let mut record = rows[0].clone().expect("known").record;
            record.revision += 1;
            let row = EmployerRow {
                employer_code: code,
                record,
            };
            unit.put_employers(&[row]).await.expect("accepted");
        }
        "a worker's facts" => {
            let rows = unit.workers(&[worker(3)]).await.expect("locked");
            let mut row: WorkerRow = rows[0].clone().expect("known");
            row.timeline.revision += 1;
            unit.put_workers(&[row]).await.expect("accepted");
        }
        "a worker's months" => {
            let when = month("2023-01").plus(i32::try_from(sequence).expect("small"));
            let elsewhere = booked(3, when, employer(1));
            unit.book_months(&[elsewhere]).await.expect("free");
        }
        "a worker merged" => {
            let ids = [worker(3), worker(4)];
            unit.workers(&ids).await.expect("locked");
            unit.merge_workers(worker(3), worker(4))
                .await
                .expect("merged");
        }
        "a second employer" => {
            let link = (employer(1), worker(3));
            unit.workers(&[worker(3)]).await.expect("locked");
            unit.link_workers(&[link]).await.expect("new");
        }
        "the 65th worker" => {
            add_workers(store, 5..=66).await;
            let links = (5..=66).map(|n| (employer(0), worker(n)));
            unit.link_workers(&Vec::from_iter(links))
                .await
                .expect("new");
        }
        "the answer" => {
            let rows = batch(sequence, &[]).answers;
            unit.put_idempotency(&rows).await.expect("accepted");
        }
        _ => unreachable!("{what}"),
    }
}

/// The last two where the employer keeps the workers' months: else it changes nothing that is read.
pub(super) const MEDDLINGS: [&str; 8] = [
    "an entry",
    "the employer's record",
    "a worker's facts",
    "a worker's months",
    "a worker merged",
    "the answer",
    "a second employer",
    "the 65th worker",
];

#[tokio::test]
async fn what_has_changed_since_refuses_the_whole() {
    // Worker 3 is changed by the batch, or only looked at.
    let ways = [
        (true, &[1u8, 2, 3][..], &MEDDLINGS[..]),
        (true, &[1], &MEDDLINGS),
        (false, &[1, 2, 3], &MEDDLINGS[..6]),
        (false, &[1], &MEDDLINGS[..6]),
    ];
    for (keeps, workers, meddlings) in ways {
        for what in meddlings {
            let (database, _, shared) = filled_with(keeps).await;
            let (seen, _) = see(&shared).await;
            let mut unit = begin(&shared).await;
            meddle(what, &shared, &mut unit, 1).await;
            unit.commit().await.expect("committed");
            let before = state(&database).await;
            let refused = commit(seen, 1, workers).await.expect_err(what);
            assert_eq!(refused.kind(), StoreErrorKind::Contended, "{what}");
            assert_eq!(state(&database).await, before, "{what}");
        }
    }
}

#[tokio::test]
async fn who_changes_it_at_the_same_time_is_waited_for() {
    let kept = MEDDLINGS.iter().map(|what| (true, *what));
    let own = MEDDLINGS[..6].iter().map(|what| (false, *what));
    for (keeps, what) in kept.chain(own) {
        // Whoever gives up has changed nothing.
        for gives_up in [false, true] {
            let (database, _, shared) = filled_with(keeps).await;
            let (seen, _) = see(&shared).await;
            let mut unit = begin(&shared).await;
            meddle(what, &shared, &mut unit, 1).await;
            let write = tokio::spawn(commit(seen, 1, &[1]));
            support::until_one_waits(&database).await;
            assert!(!write.is_finished(), "{what}");
            if gives_up {
                drop(unit);
                write.await.expect("no panic").expect(what);
                continue;
            }
            unit.commit().await.expect("committed");
            let before = state(&database).await;
            let refused = write.await.expect("no panic").expect_err(what);
            assert_eq!(refused.kind(), StoreErrorKind::Contended, "{what}");
            assert_eq!(state(&database).await, before, "{what}");
        }
    }
}

#[tokio::test]
async fn a_fence_in_between_refuses_the_batch_and_one_before_it_does_not() {
    let (database, _, shared) = filled().await;
    shared.fence().await.expect("nothing is under way");
    let (seen, _) = see(&shared).await;
    // Of another instance.
    let other = support::connect(&database).await;
    other.fence().await.expect("nothing has a number");
    let before = state(&database).await;
    let refused = commit(seen, 1, &[1]).await.expect_err("not final");
    assert_eq!(refused.kind(), StoreErrorKind::Contended);
    assert_eq!(state(&database).await, before);
    let (seen, _) = see(&shared).await;
    // Whoever follows the feed asks no instant.
    other.fence_positions().await.expect("nothing has a number");
    commit(seen, 1, &[1]).await.expect("as it was read");
    other.fence().await.expect("nothing is under way");
}

#[tokio::test]
async fn a_batch_that_is_written_too_late_is_refused() {
    let (database, _, _) = filled().await;
    // As long as a statement may take, a unit may last: no time is left to plan.
    let options = PostgresOptions {
        unit_timeout: PostgresOptions::default().statement_timeout,
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
    let before = state(&database).await;
    let (seen, _) = see(&store).await;
    let refused = commit(seen, 1, &[1]).await.expect_err("too late");
    assert_eq!(refused.kind(), StoreErrorKind::Contended);
    assert_eq!(state(&database).await, before);
}

#[tokio::test]
async fn what_the_database_refuses_is_surely_not_done() {
    let (database, _, shared) = filled().await;
    let (seen, _) = see(&shared).await;
    let taken = database.run_sql("REVOKE INSERT ON audit_event FROM mamagang_app");
    taken.expect("revoked");
    let before = state(&database).await;
    let refused = commit(seen, 1, &[1]).await.expect_err("not allowed");
    assert_eq!(refused.kind(), StoreErrorKind::Internal);
    assert!(refused.surely_not_done());
    assert_eq!(state(&database).await, before);
}

#[tokio::test]
async fn a_batch_that_changes_more_than_it_read_is_refused() {
    let (database, _, shared) = filled().await;
    let before = state(&database).await;
    let mut far = batch(1, &[1]);
    far.booked = vec![booked(1, month("2024-01"), employer(0))];
    let mut strange = batch(1, &[1]);
    strange.booked = vec![booked(4, month("2023-02"), employer(0))];
    for refused in [far, strange] {
        let (seen, _) = see(&shared).await;
        let refused = seen.commit(&refused, &audit_rows(1, 1)).await;
        let refused = refused.expect_err("not read");
        assert_eq!(refused.kind(), StoreErrorKind::Contended);
        assert_eq!(state(&database).await, before);
    }
}
