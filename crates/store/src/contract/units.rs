//! Units of work.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use mamagang_domain::fact::FactKind;
use mamagang_domain::ids::Subject;
use mamagang_domain::ledger::YearState;

use crate::rows::{FactQuery, WorkerKey, YearRow};
use crate::{Clock, Store, UnitOfWork};

use super::assert_conflict;
use super::sample::{
    ManualClock, NOW, add_workers, answer, audit_id, audit_rows, begin, booked, employer,
    employer_row, entries, fact, month, new_worker, request, worker, worker_row, year,
};

fn all_facts(subject: Subject) -> FactQuery {
    FactQuery {
        subject,
        kinds: Vec::new(),
        after: 0,
        through: None,
        as_of: None,
        limit: 1000,
    }
}

/// Everything that a posting writes, and a worker with a fact.
async fn write_everything(unit: &mut dyn UnitOfWork) {
    let subject = Subject::Worker(worker(1));
    let facts = [fact(
        subject,
        1,
        FactKind::WorkerProfile,
        unit.recorded_at(),
    )];
    let state = YearState {
        months: 1,
        ..YearState::default()
    };
    let year_row = YearRow {
        employer_code: employer(0),
        tax_year: year(2023),
        state,
    };
    let months = [booked(1, month("2023-01"), employer(0))];
    let answers = [(request("org", "Post", 1), answer("posted"))];
    let works = [
        unit.insert_workers(&[new_worker(1)]).await,
        unit.append_facts(&facts).await,
        unit.put_workers(&[worker_row(1, &[employer(0)])]).await,
        unit.put_employers(&[employer_row(0, "甲")]).await,
        unit.link_workers(&[(employer(0), worker(1))]).await,
        unit.append_entries(&entries(employer(0), 1)).await,
        unit.put_years(&[year_row]).await,
        unit.book_months(&months).await,
        unit.put_idempotency(&answers).await,
        unit.append_audit(&audit_rows(7, 1)).await,
        unit.put_policy_set("v1", "policies").await,
    ];
    works.into_iter().for_each(|work| work.expect("accepted"));
}

/// How many of the eight kinds of row are there.
async fn count_kinds(store: &Arc<dyn Store>) -> usize {
    let key = [WorkerKey::Id(worker(1))];
    let checks = store.check_inputs(&key, &[employer(0)]).await;
    let checks = checks.expect("checks");
    let query = all_facts(Subject::Worker(worker(1)));
    let facts = store.list_facts(&query).await.expect("facts");
    let entries = store.list_entries(&employer(0), None, 0, 10, None).await;
    let years = store.list_years(&[employer(0)]).await.expect("years");
    let months = store.person_months(&employer(0)).await.expect("months");
    let answers = store.idempotency(&[request("org", "Post", 1)]).await;
    let audit = store.audit_row(audit_id(7, 1)).await.expect("audit");
    let there = [
        checks.workers[0].is_some(),
        checks.employers[0].is_some(),
        !facts.rows.is_empty(),
        !entries.expect("entries").is_empty(),
        !years.is_empty(),
        !months.is_empty(),
        answers.expect("answers")[0].is_some(),
        audit.is_some(),
    ];
    there.into_iter().filter(|there| *there).count()
}

/// Contract.
pub async fn a_unit_dropped_without_commit_leaves_nothing(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    write_everything(&mut *unit).await;
    drop(unit);
    assert_eq!(count_kinds(&store).await, 0);
    // Nothing is left in the way of the same unit either.
    let mut again = begin(&store).await;
    write_everything(&mut *again).await;
    again.commit().await.expect("committed");
}

/// Contract.
pub async fn the_parts_of_a_unit_are_there_together(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    write_everything(&mut *unit).await;
    unit.commit().await.expect("committed");
    assert_eq!(count_kinds(&store).await, 8);
}

/// Contract.
pub async fn a_refused_part_keeps_the_other_parts_out(store: Arc<dyn Store>) {
    let answers = [(request("org", "Post", 1), answer("first"))];
    let mut first = begin(&store).await;
    first.put_idempotency(&answers).await.expect("accepted");
    first.commit().await.expect("committed");

    let mut second = begin(&store).await;
    let posted = entries(employer(1), 1);
    second.append_entries(&posted).await.expect("accepted");
    let audited = audit_rows(1, 1);
    second.append_audit(&audited).await.expect("accepted");
    assert_conflict(second.put_idempotency(&answers).await);
    assert_conflict(second.commit().await);

    let found = store.list_entries(&employer(1), None, 0, 10, None).await;
    assert_eq!(found.expect("entries"), []);
    let audit = store.audit_row(audit_id(1, 1)).await.expect("audit");
    assert_eq!(audit, None);
}

/// Contract.
pub async fn a_unit_reads_what_it_wrote(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    write_everything(&mut *unit).await;
    let years = [(employer(0), year(2023))];
    let inputs = unit.ledger_inputs(&years).await.expect("inputs");
    assert_eq!(inputs[0].head.sequence, 1);
    assert_eq!(inputs[0].year.months, 1);
    assert_eq!(inputs[0].months.len(), 1);
    assert_eq!(inputs[0].workers.len(), 1);
    let rows = unit.workers(&[worker(1), worker(2)]).await.expect("rows");
    assert_eq!(rows, [Some(worker_row(1, &[employer(0)])), None]);
    let rows = unit.employers(&[employer(0)]).await.expect("rows");
    assert_eq!(rows, [Some(employer_row(0, "甲"))]);
    let answers = unit.idempotency(&[request("org", "Post", 1)]).await;
    assert_eq!(answers.expect("answers"), [Some(answer("posted"))]);
}

/// Contract.
pub async fn nothing_of_a_unit_is_seen_before_its_commit(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    write_everything(&mut *unit).await;
    assert_eq!(count_kinds(&store).await, 0);
    unit.commit().await.expect("committed");
    assert_eq!(count_kinds(&store).await, 8);
}

/// Contract.
pub async fn units_begun_at_once_run_one_after_the_other(store: Arc<dyn Store>) {
    const UNITS: u32 = 24;
    add_workers(&store, [1]).await;
    let tasks = (0..UNITS).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut unit = begin(&store).await;
            let rows = unit.workers(&[worker(1)]).await.expect("rows");
            let mut row = rows[0].clone().expect("known");
            row.timeline.revision += 1;
            let subject = Subject::Worker(worker(1));
            let revision = row.timeline.revision;
            let next = fact(subject, revision, FactKind::Contract, unit.recorded_at());
            unit.append_facts(&[next]).await.expect("no gap");
            unit.put_workers(&[row]).await.expect("accepted");
            unit.commit().await.expect("committed");
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no panic");
    }
    let query = all_facts(Subject::Worker(worker(1)));
    let facts = store.list_facts(&query).await.expect("facts").rows;
    let revisions: Vec<_> = facts.iter().map(|row| row.revision).collect();
    assert_eq!(revisions, (1..=UNITS).collect::<Vec<_>>());
    let mut instants: Vec<_> = facts.iter().map(|row| row.recorded_at).collect();
    instants.dedup();
    assert_eq!(instants.len(), facts.len());
    assert!(instants.is_sorted());
}

/// Contract.
pub async fn recorded_instants_neither_go_back_nor_repeat(store: Arc<dyn Store>) {
    let clock = ManualClock::at(NOW);
    let shared: Arc<dyn Clock> = clock.clone();
    let mut instants = Vec::new();
    for now in [NOW, NOW, NOW - 5_000_000, NOW + 10] {
        clock.0.store(now, Ordering::Relaxed);
        let unit = store.begin(Arc::clone(&shared)).await.expect("a unit");
        instants.push(unit.recorded_at());
        unit.commit().await.expect("committed");
    }
    assert_eq!(instants, [NOW, NOW + 1, NOW + 2, NOW + 10]);
}

/// Contract.
pub async fn a_fence_waits_for_the_unit_before_it(store: Arc<dyn Store>) {
    let unit = begin(&store).await;
    {
        let mut fence = pin!(store.fence());
        let mut context = Context::from_waker(Waker::noop());
        assert!(fence.as_mut().poll(&mut context).is_pending());
    }
    unit.commit().await.expect("committed");
    store.fence().await.expect("no unit is open");
}

/// Contract.
pub async fn empty_batches_do_nothing(store: Arc<dyn Store>) {
    let mut unit = begin(&store).await;
    let works = [
        unit.insert_workers(&[]).await,
        unit.put_identities(&[]).await,
        unit.append_facts(&[]).await,
        unit.put_workers(&[]).await,
        unit.put_employers(&[]).await,
        unit.link_workers(&[]).await,
        unit.put_fact_owners(&[]).await,
        unit.append_entries(&[]).await,
        unit.put_years(&[]).await,
        unit.release_months(&[]).await,
        unit.book_months(&[]).await,
        unit.put_idempotency(&[]).await,
        unit.append_audit(&[]).await,
    ];
    works.into_iter().for_each(|work| work.expect("accepted"));
    assert_eq!(unit.workers(&[]).await.expect("rows"), []);
    assert_eq!(unit.identities(&[]).await.expect("rows"), []);
    assert_eq!(unit.ledger_inputs(&[]).await.expect("rows"), []);
    unit.commit().await.expect("committed");
    let checks = store.check_inputs(&[], &[]).await.expect("checks");
    assert_eq!(checks, Default::default());
}

/// Contract.
pub async fn the_store_answers_a_ping(store: Arc<dyn Store>) {
    store.ping().await.expect("an answer");
}
