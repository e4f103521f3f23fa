//! Watching the ledger: nothing is left out, whatever order commits come in.

use std::time::Duration;

use mamagang_app::Caller;
use mamagang_app::ledger::{EntryWatch, WatchQuery};
use mamagang_app::limits::WATCHERS_MAX;
use mamagang_domain::ids::RequestId;
use mamagang_domain::ledger::ByGroup;
use mamagang_domain::ledger::{Entry, EntryBody, EntryDraft, EntryKind, Genesis, Release};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_store::UnitOfWork;
use mamagang_store::rows::EntryRow;
use mamagang_testkit::{TestApp, date};

use crate::city::{BAKERY, LAUNDRY, bakery_with_wang, code, post, record};

fn all() -> WatchQuery {
    WatchQuery {
        employer_code: None,
        after: Some(0),
    }
}

async fn watch(test: &TestApp, query: WatchQuery) -> EntryWatch {
    let watch = test.app.watch_entries(&Caller::developer(), query).await;
    watch.expect("a watch")
}

/// The next entries: position, employer, sequence.
async fn next(watch: &mut EntryWatch) -> Vec<(i64, String, u32)> {
    let found = watch.next().await.expect("a feed").expect("serving");
    found
        .into_iter()
        .map(|(position, entry)| {
            let body = entry.body;
            (position, body.employer_code.to_string(), body.sequence)
        })
        .collect()
}

#[tokio::test]
async fn a_watch_goes_on_from_the_last_position_that_was_worked_on() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        let caller = Caller::developer();
        for (number, period) in [(1, "2023-01"), (2, "2023-02")] {
            let posting = post(number, BAKERY, period, 10_000);
            test.app
                .post_deduction(&caller, posting)
                .await
                .expect("posted");
        }
        let mut first = watch(&test, all()).await;
        let seen = next(&mut first).await;
        let sequences: Vec<u32> = seen.iter().map(|(_, _, sequence)| *sequence).collect();
        assert_eq!(sequences, [1, 2]);
        assert_eq!(first.position(), seen[1].0);
        drop(first);
        // As after a break: the second entry was told and not worked on.
        let query = WatchQuery {
            after: Some(seen[0].0),
            ..all()
        };
        let mut again = watch(&test, query).await;
        assert_eq!(next(&mut again).await, seen[1..]);
        let posting = post(3, BAKERY, "2023-03", 10_000);
        test.app
            .post_deduction(&caller, posting)
            .await
            .expect("posted");
        let third = next(&mut again).await;
        assert_eq!(third.len(), 1);
        assert_eq!(third[0].2, 3);

        // Of one employer the position is the sequence.
        let query = WatchQuery {
            employer_code: Some(code(BAKERY)),
            after: Some(2),
        };
        let mut own = watch(&test, query).await;
        assert_eq!(next(&mut own).await, [(3, BAKERY.to_owned(), 3)]);
        let query = WatchQuery {
            employer_code: Some(code(BAKERY)),
            after: None,
        };
        let mut from_now = watch(&test, query).await;
        let posting = post(4, BAKERY, "2023-04", 10_000);
        test.app
            .post_deduction(&caller, posting)
            .await
            .expect("posted");
        assert_eq!(next(&mut from_now).await, [(4, BAKERY.to_owned(), 4)]);
    }
}

#[tokio::test]
async fn watchers_are_bounded_and_end_when_the_service_drains() {
    let test = TestApp::memory(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let mut watches = Vec::new();
    for _ in 0..WATCHERS_MAX {
        watches.push(watch(&test, all()).await);
    }
    let refused = test.app.watch_entries(&Caller::developer(), all()).await;
    let reason = refused.expect_err("too many").reason;
    assert_eq!(reason, mamagang_app::ErrorReason::Overloaded);
    drop(watches.pop());
    let mut last = watch(&test, all()).await;
    let ended = tokio::spawn(async move { last.next().await.expect("a feed") });
    test.app.stop_watches();
    assert!(ended.await.expect("no panic").is_none());
}

fn first_entry(employer_code: &str) -> EntryRow {
    let employer_code = code(employer_code);
    let body = EntryBody {
        employer_code,
        sequence: 1,
        recorded_at: 1,
        actor: "test".to_owned(),
        request_id: RequestId::from_slice(&[1; 16]).expect("an id"),
        policy_version: "p".to_owned(),
        rules_version: 1,
        decision_id: None,
        draft: EntryDraft {
            kind: EntryKind::Recompute,
            tax_year: TaxYear::new(2023).expect("a year"),
            period: None,
            payable_fen: Fen::ZERO,
            sales_fen: None,
            release: Release::Cumulative,
            return_number: String::new(),
            declared_at: None,
            reason: String::new(),
            reverses: None,
            lines: Vec::new(),
            accruals: Vec::new(),
            projected: ByGroup::ZERO,
            cit_change: ByGroup::ZERO,
            forfeited_change: ByGroup::ZERO,
            subsidy: None,
        },
    };
    let entry = Entry::chain(body, Genesis::hash(&employer_code));
    EntryRow {
        employer_code,
        sequence: 1,
        tax_year: entry.body.draft.tax_year,
        recorded_at: entry.body.recorded_at,
        frozen: entry.frozen,
        previous_hash: entry.previous_hash,
        hash: entry.hash,
    }
}

async fn begun(test: &TestApp, employer_code: &str) -> Box<dyn UnitOfWork> {
    let unit = test.app.store().begin(test.clock.clone()).await;
    let mut unit = unit.expect("a unit");
    let year = TaxYear::new(2023).expect("a year");
    unit.ledger_inputs(&[(code(employer_code), year)])
        .await
        .expect("locked");
    let appended = unit.append_entries(&[first_entry(employer_code)]).await;
    appended.expect("accepted");
    unit
}

/// The earlier position is committed last: a watcher that had read on would never see it.
#[tokio::test]
async fn an_entry_that_is_committed_after_a_later_one_is_not_skipped() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    let early = begun(&test, BAKERY).await;
    let late = begun(&test, LAUNDRY).await;
    late.commit().await.expect("committed");
    let mut watch = watch(&test, all()).await;
    let reading = tokio::spawn(async move {
        let mut seen = next(&mut watch).await;
        while seen.len() < 2 {
            seen.extend(next(&mut watch).await);
        }
        seen
    });
    // Long enough for a watcher without a safe end to read past the open unit.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!reading.is_finished(), "nothing is told before it is final");
    early.commit().await.expect("committed");
    let seen = reading.await.expect("no panic");
    let who: Vec<&str> = seen.iter().map(|(_, code, _)| code.as_str()).collect();
    assert_eq!(who, [BAKERY, LAUNDRY]);
    assert!(seen[0].0 < seen[1].0);
}

#[tokio::test]
async fn an_entry_that_is_rolled_back_holds_nobody_up() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    let early = begun(&test, BAKERY).await;
    let late = begun(&test, LAUNDRY).await;
    late.commit().await.expect("committed");
    drop(early);
    let mut watch = watch(&test, all()).await;
    let seen = next(&mut watch).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].1, LAUNDRY);
}
