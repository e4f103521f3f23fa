//! Postings planned on what was kept of the postings before.

use std::sync::Arc;
use std::time::Duration;

use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_store::contract::sample::{
    ManualClock, NOW, add_workers, audit_rows, begin, employer, request, worker, year,
};
use mamagang_store::rows::LedgerInputs;
use mamagang_store::{PostingBatch, PostingInputs, SeenPostings, Store, StoreErrorKind};
use mamagang_store_postgres::{PostgresOptions, PostgresStore};
use mamagang_testkit::postgres::PostgresDatabase;

use crate::seen::{self, MEDDLINGS, batch, commit, filled_with, meddle, state};
use crate::support;

fn filing(number: u8) -> Filing {
    Filing {
        filing_id: format!("filing-{number}"),
        employer_code: employer(0),
        kind: FilingKind::LabourContract,
        submitted_on: CivilDate::from_epoch_day(18_990),
        accepted_on: CivilDate::from_epoch_day(19_000),
        revoked_on: None,
    }
}

async fn put_filings(store: &Arc<dyn Store>, filings: &[Filing]) {
    let mut unit = begin(store).await;
    unit.put_filings(filings).await.expect("accepted");
    unit.commit().await.expect("committed");
}

/// The filings that the workers of [`filled_with`] name.
pub(super) async fn put_known_filings(store: &Arc<dyn Store>) {
    put_filings(store, &[1, 2, 3].map(filing)).await;
}

/// An employer whose workers' filings are known, and a store that has posted for it once.
async fn posted_once() -> (PostgresDatabase, Arc<PostgresStore>, Arc<dyn Store>) {
    let (database, store, shared) = filled_with(true).await;
    put_known_filings(&shared).await;
    let (seen, _) = seen::see(&shared).await;
    assert!(seen.was_read());
    commit(seen, 1, &[1, 2, 3]).await.expect("as it was read");
    (database, store, shared)
}

/// What a posting of the next request reads.
async fn see(store: &Arc<dyn Store>, number: u128) -> (Box<dyn SeenPostings>, PostingInputs) {
    see_year(store, number, 2023).await
}

async fn see_year(
    store: &Arc<dyn Store>,
    number: u128,
    of: i32,
) -> (Box<dyn SeenPostings>, PostingInputs) {
    let keys = [request(employer(0).as_str(), "Post", number)];
    let years = [(employer(0), year(of))];
    let seen = store.see_postings(ManualClock::at(NOW), &keys, &years, true);
    seen.await.expect("read").expect("nothing needs a lock")
}

/// What somebody reads who keeps nothing.
async fn read_anew(database: &PostgresDatabase, of: i32) -> Vec<LedgerInputs> {
    let options = PostgresOptions {
        kept_bytes: 0,
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
    let (seen, read) = see_year(&store, 99, of).await;
    assert!(seen.was_read());
    read.years
}

async fn another(database: &PostgresDatabase) -> Arc<dyn Store> {
    Arc::new(support::connect(database).await)
}

#[tokio::test]
async fn the_next_posting_of_an_employer_is_one_statement() {
    let (database, store, shared) = posted_once().await;
    // Some of the workers, then none, then a month taken back and booked for another.
    let mut third = batch(4, &[1]);
    third.released = batch(2, &[2]).booked;
    third.booked.extend(batch(2, &[3]).booked);
    let batches = [batch(2, &[2]), batch(3, &[]), third];
    for (sequence, next) in (2..).zip(batches) {
        let before = (store.statements(), store.rows_written());
        let (seen, read) = see(&shared, u128::from(sequence)).await;
        assert!(!seen.was_read());
        let rows = audit_rows(u8::try_from(sequence).expect("small"), 1);
        seen.commit(&next, &rows).await.expect("as it was kept");
        // Entry, head, year, answer, audit row.
        let after = (store.statements(), store.rows_written());
        assert_eq!(after, (before.0 + 1, before.1 + 5));
        assert_eq!(read.years[0].head.sequence, sequence - 1);
        let (seen, read) = see(&shared, 98).await;
        assert!(!seen.was_read());
        assert_eq!(read.years, read_anew(&database, 2023).await);
    }
    let months = shared.person_months(&employer(0)).await.expect("months");
    assert_eq!(months.len(), 5);
}

#[tokio::test]
async fn a_year_that_was_not_asked_for_is_read_and_one_without_a_row_is_known() {
    let (database, _, shared) = posted_once().await;
    // Nothing was posted in it, as the read of another year has told.
    let (seen, read) = see_year(&shared, 2, 2024).await;
    assert!(!seen.was_read());
    assert_eq!(read.years, read_anew(&database, 2024).await);
    let mut next = batch(2, &[]);
    next.years[0].tax_year = year(2024);
    next.years[0].state.months = 7;
    seen.commit(&next, &audit_rows(2, 1)).await.expect("kept");
    let (seen, read) = see_year(&shared, 3, 2024).await;
    assert!(!seen.was_read());
    assert_eq!(read.years[0].year.months, 7);
    assert_eq!(read.years, read_anew(&database, 2024).await);
    // Another store has read the one year alone.
    let other = another(&database).await;
    let (seen, _) = see_year(&other, 3, 2024).await;
    let mut next = batch(3, &[]);
    next.years[0].tax_year = year(2024);
    let written = seen.commit(&next, &audit_rows(3, 1)).await;
    written.expect("as it was read");
    let (seen, read) = see_year(&other, 4, 2023).await;
    assert!(seen.was_read());
    assert_eq!(read.years, read_anew(&database, 2023).await);
}

/// What only the head of an employer who is kept tells.
async fn decide(what: &str, shared: &Arc<dyn Store>) {
    let mut decided = filing(2);
    match what {
        "a filing decided" => decided.revoked_on = CivilDate::from_epoch_day(19_500),
        "a filing of a later worker" => decided = filing(9),
        _ => unreachable!("{what}"),
    }
    put_filings(shared, &[decided]).await;
}

#[tokio::test]
async fn what_others_have_changed_is_never_planned_on() {
    let decisions = ["a filing decided", "a filing of a later worker"];
    for what in MEDDLINGS.iter().chain(&decisions) {
        let (database, _, shared) = posted_once().await;
        let other = another(&database).await;
        let (seen, _) = see(&shared, 2).await;
        assert!(!seen.was_read());
        if decisions.contains(what) {
            decide(what, &other).await;
        } else {
            let mut unit = begin(&other).await;
            meddle(what, &other, &mut unit, 2).await;
            unit.commit().await.expect("committed");
        }
        let before = state(&database).await;
        let refused = commit(seen, 2, &[1]).await.expect_err(what);
        assert_eq!(refused.kind(), StoreErrorKind::Outdated, "{what}");
        assert!(refused.may_retry() && refused.surely_not_done(), "{what}");
        assert_eq!(state(&database).await, before, "{what}");
        // Read anew, also where a merge takes a unit of work.
        let keys = [request(employer(0).as_str(), "Post", 2)];
        let years = [(employer(0), year(2023))];
        let again = shared.see_postings(ManualClock::at(NOW), &keys, &years, true);
        let Some((seen, read)) = again.await.expect("read") else {
            assert_eq!(*what, "a worker merged");
            continue;
        };
        assert!(seen.was_read(), "{what}");
        assert_eq!(read.answered[0].is_some(), *what == "the answer");
        assert_eq!(read.years, read_anew(&database, 2023).await, "{what}");
    }
}

#[tokio::test]
async fn a_read_that_is_made_anyway_tells_only_what_has_changed() {
    let (database, _, shared) = posted_once().await;
    // Where nothing moved the head, nobody asks the rows: here somebody has changed one beside it.
    let by_hand = "UPDATE worker SET region_code = '442000999'";
    database.run_sql(by_hand).expect("changed");
    // A request that is known to be answered is read for.
    let (seen, read) = see(&shared, 1).await;
    assert!(seen.was_read());
    assert!(read.answered[0].is_some());
    let towns = |read: &PostingInputs| {
        let workers = read.years[0].workers.iter();
        Vec::from_iter(workers.map(|of| of.worker.region_code.clone()))
    };
    assert_eq!(towns(&read), ["442000100"; 3]);
    // Whatever moves the head has all of it read.
    decide("a filing decided", &another(&database).await).await;
    let (seen, read) = see(&shared, 1).await;
    assert!(seen.was_read());
    assert_eq!(towns(&read), ["442000999"; 3]);
}

#[tokio::test]
async fn only_what_the_head_tells_of_is_kept() {
    // Workers whose own rows tell their months; filings that are not known; those of another.
    let others = Filing {
        employer_code: employer(1),
        ..filing(2)
    };
    let known = [1, 2, 3].map(filing);
    let ways = [
        (false, known.to_vec()),
        (true, known[..2].to_vec()),
        (true, vec![known[0].clone(), others, known[2].clone()]),
    ];
    for (keeps, filings) in ways {
        let (_database, _, shared) = filled_with(keeps).await;
        put_filings(&shared, &filings).await;
        for sequence in [1, 2] {
            let (seen, _) = see(&shared, u128::from(sequence)).await;
            assert!(seen.was_read());
            commit(seen, sequence, &[1]).await.expect("as it was read");
        }
    }
}

#[tokio::test]
async fn nothing_is_kept_where_there_is_no_room() {
    let (database, _, _) = posted_once().await;
    for bytes in [0, 1] {
        let options = PostgresOptions {
            kept_bytes: bytes,
            ..PostgresOptions::default()
        };
        let store = PostgresStore::connect(&database.url(), options).await;
        let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
        for turn in [0, 1] {
            let sequence = 2 + u32::try_from(bytes).expect("small") * 2 + turn;
            let (seen, _) = see(&store, u128::from(sequence)).await;
            assert!(seen.was_read());
            commit(seen, sequence, &[]).await.expect("as it was read");
        }
    }
}

#[tokio::test]
async fn a_fence_in_between_refuses_what_was_kept_before_it() {
    let (database, _, shared) = posted_once().await;
    let other = another(&database).await;
    other.fence().await.expect("nothing is under way");
    let (seen, _) = see(&shared, 2).await;
    assert!(!seen.was_read());
    let before = state(&database).await;
    let refused = commit(seen, 2, &[1]).await.expect_err("not final");
    assert_eq!(refused.kind(), StoreErrorKind::Outdated);
    assert_eq!(state(&database).await, before);
    // The read finds where the fence is.
    let (seen, _) = see(&shared, 2).await;
    assert!(seen.was_read());
    commit(seen, 2, &[]).await.expect("as it was read");
    let (seen, _) = see(&shared, 3).await;
    assert!(!seen.was_read());
    commit(seen, 3, &[]).await.expect("as it was kept");
    // Whoever asks for a read is given one.
    let years = [(employer(0), year(2023))];
    let read = shared.see_postings(ManualClock::at(NOW), &[], &years, false);
    let (seen, _) = read.await.expect("read").expect("nothing needs a lock");
    assert!(seen.was_read());
}

#[tokio::test]
async fn an_entry_of_another_chain_is_not_taken_for_the_one_that_is_kept() {
    let (database, _, shared) = posted_once().await;
    let (seen, _) = see(&shared, 2).await;
    assert!(!seen.was_read());
    // As a standby has it that took over without the last entry, and got another in its place.
    let by_hand = "UPDATE ledger_head SET hash = sha256(hash)";
    database.run_sql(by_hand).expect("changed");
    let before = state(&database).await;
    let nothing = PostingBatch::default();
    let refused = seen.commit(&nothing, &audit_rows(2, 1)).await;
    assert_eq!(
        refused.expect_err("another").kind(),
        StoreErrorKind::Outdated
    );
    assert_eq!(state(&database).await, before);
    let (seen, read) = see(&shared, 1).await;
    assert!(seen.was_read());
    assert_eq!(read.years, read_anew(&database, 2023).await);
}

#[tokio::test]
async fn what_this_instance_has_changed_itself_is_read_for_at_once() {
    for what in [
        "a worker's facts",
        "the employer's record",
        "an entry",
        "a filing",
    ] {
        let (database, _, shared) = posted_once().await;
        match what {
            "a filing" => decide("a filing decided", &shared).await,
            _ => {
                let mut unit = begin(&shared).await;
                meddle(what, &shared, &mut unit, 2).await;
                unit.commit().await.expect("committed");
            }
        }
        let (seen, read) = see(&shared, 9).await;
        assert!(seen.was_read(), "{what}");
        assert_eq!(read.years, read_anew(&database, 2023).await, "{what}");
        commit(seen, 2 + u32::from(what == "an entry"), &[])
            .await
            .expect("as it was read");
    }
    // What stays as it is, as a report of a hire writes it, moves nothing.
    let (database, _, shared) = posted_once().await;
    put_filings(&another(&database).await, &[1, 2, 3].map(filing)).await;
    let (seen, _) = see(&shared, 2).await;
    assert!(!seen.was_read());
    commit(seen, 2, &[]).await.expect("as it was kept");
}

#[tokio::test]
async fn what_is_kept_is_asked_for_where_nothing_is_written() {
    let (database, _, shared) = posted_once().await;
    let nothing = PostingBatch::default();
    let (seen, _) = see(&shared, 2).await;
    assert!(!seen.was_read());
    seen.commit(&nothing, &[]).await.expect("as it was kept");
    let (seen, _) = see(&shared, 2).await;
    let other = another(&database).await;
    let mut unit = begin(&other).await;
    meddle("a worker's facts", &other, &mut unit, 2).await;
    unit.commit().await.expect("committed");
    let refused = seen.commit(&nothing, &[]).await.expect_err("changed");
    assert_eq!(refused.kind(), StoreErrorKind::Outdated);
}

#[tokio::test]
async fn who_plans_too_long_on_what_is_kept_is_refused() {
    let (database, _, _) = posted_once().await;
    // No more than a moment is left to plan.
    let options = PostgresOptions {
        unit_timeout: PostgresOptions::default().statement_timeout + Duration::from_millis(1_500),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("a store"));
    let (seen, _) = see(&store, 2).await;
    commit(seen, 2, &[]).await.expect("in time");
    // What counts is the time since it was planned, not since it was read.
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let (seen, _) = see(&store, 3).await;
    assert!(!seen.was_read());
    commit(seen, 3, &[]).await.expect("in time");
    let (seen, _) = see(&store, 4).await;
    assert!(!seen.was_read());
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let refused = commit(seen, 4, &[]).await.expect_err("too late");
    assert_eq!(refused.kind(), StoreErrorKind::Outdated);
}

#[tokio::test]
async fn instances_that_share_an_employer_post_in_turn() {
    let (database, _, first) = posted_once().await;
    let second = another(&database).await;
    add_workers(&first, [9]).await;
    for sequence in 1..=10 {
        let store = if sequence % 3 == 1 { &second } else { &first };
        for tries in 0.. {
            assert!(tries < 2, "what was refused is read for");
            let (seen, read) = see(store, u128::from(sequence) + 1).await;
            let was_read = seen.was_read();
            let expected = read_anew(&database, 2023).await;
            match commit(seen, sequence + 1, &[1]).await {
                Ok(()) => {
                    assert_eq!(read.years, expected);
                    break;
                }
                Err(error) => {
                    assert!(!was_read);
                    assert_eq!(error.kind(), StoreErrorKind::Outdated);
                }
            }
        }
    }
    let entries = first.list_entries(&employer(0), None, 0, 99, None).await;
    assert_eq!(entries.expect("entries").len(), 11);
    let months = first.person_months(&employer(0)).await.expect("months");
    assert_eq!(
        months.iter().filter(|it| it.worker_id == worker(1)).count(),
        11
    );
}

#[tokio::test]
async fn who_waits_too_long_for_another_has_met_him_and_not_what_has_changed() {
    let (database, _, _) = posted_once().await;
    let options = PostgresOptions {
        lock_timeout: Duration::from_millis(200),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::connect(&database.url(), options).await;
    let shared: Arc<dyn Store> = Arc::new(store.expect("a store"));
    let (seen, _) = see(&shared, 2).await;
    commit(seen, 2, &[]).await.expect("as it was read");
    let (seen, _) = see(&shared, 3).await;
    assert!(!seen.was_read());
    let other = another(&database).await;
    let mut unit = begin(&other).await;
    unit.employers(&[employer(0)]).await.expect("locked");
    let refused = commit(seen, 3, &[]).await.expect_err("somebody has it");
    assert_eq!(refused.kind(), StoreErrorKind::Contended);
    drop(unit);
    // Nothing has changed: what is kept is still good.
    let (seen, _) = see(&shared, 3).await;
    assert!(!seen.was_read());
    commit(seen, 3, &[]).await.expect("as it was kept");
}

#[tokio::test]
async fn a_filing_that_is_being_decided_is_waited_for() {
    let (database, _, shared) = posted_once().await;
    let other = another(&database).await;
    let mut unit = begin(&other).await;
    let mut decided = filing(2);
    decided.revoked_on = CivilDate::from_epoch_day(19_500);
    unit.put_filings(&[decided]).await.expect("accepted");
    let (seen, _) = see(&shared, 2).await;
    assert!(!seen.was_read());
    let posting = tokio::spawn(commit(seen, 2, &[]));
    support::until_one_waits(&database).await;
    unit.commit().await.expect("committed");
    let refused = posting
        .await
        .expect("no panic")
        .expect_err("planned before");
    assert_eq!(refused.kind(), StoreErrorKind::Outdated);
    let (seen, read) = see(&shared, 2).await;
    assert!(seen.was_read());
    assert_eq!(read.years, read_anew(&database, 2023).await);
    commit(seen, 2, &[]).await.expect("as it was read");
}
