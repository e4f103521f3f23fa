//! A year's settlement as a job: shared, broken off, taken over; nobody settled twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use mamagang_app::Caller;
use mamagang_app::facts::FactItem;
use mamagang_app::ledger::YearSettlements;
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::EntryBody;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_testkit::{TestApp, date};

use crate::city::{BAKERY, bakery_with_wang, code, employer, record};

/// Employers beside the bakery, enough for several steps.
const EMPLOYERS: usize = 350;

fn other_codes() -> Vec<EmployerCode> {
    let all = (0..).flat_map(|number: u32| {
        (0..10).filter_map(move |check| {
            EmployerCode::parse(&format!("91442000MA{number:07}{check}")).ok()
        })
    });
    all.take(EMPLOYERS).collect()
}

async fn city(test: &TestApp) -> YearSettlements {
    let mut items: Vec<FactItem> = bakery_with_wang();
    let others = other_codes();
    items.extend(
        others
            .iter()
            .map(|code| employer(code.as_str(), EmployerKind::Company)),
    );
    record(test, items).await;
    let mut declared: BTreeMap<_, _> = others.into_iter().map(|code| (code, Fen::ZERO)).collect();
    declared.insert(code(BAKERY), Fen::new(1_000_000));
    YearSettlements {
        tax_year: TaxYear::new(2023).expect("a year"),
        declared,
    }
}

/// Every employer has one entry of the year, and the bakery's is Wang's year.
async fn everybody_is_settled_once(test: &TestApp, job: &YearSettlements) {
    let store = test.app.store();
    for employer in job.declared.keys() {
        let entries = store.list_entries(employer, None, 0, 10, None).await;
        let entries = entries.expect("entries");
        assert_eq!(entries.len(), 1, "{employer}");
        let body = EntryBody::thaw(&entries[0].frozen).expect("an entry");
        let months = body.draft.accruals.len();
        let expected = if *employer == code(BAKERY) { 12 } else { 0 };
        assert_eq!(months, expected, "{employer}");
    }
}

#[tokio::test]
async fn a_job_settles_everybody_once_and_run_again_nobody() {
    for test in TestApp::each(date("2024-06-01")).await {
        let job = city(&test).await;
        let caller = Caller::developer();
        for _ in 0..2 {
            let begun = test.app.begin_settlements(&caller, &job).await;
            assert_eq!(begun.expect("begun").employers, job.declared.len() as u64);
            let ended = test.app.work_on_settlements(&caller, &job, &|_| {}).await;
            let ended = ended.expect("finished");
            assert_eq!(ended.done, job.declared.len() as u64);
            assert_eq!((ended.refused, ended.parts), (0, (1, 1)));
        }
        everybody_is_settled_once(&test, &job).await;
    }
}

#[tokio::test]
async fn who_cannot_be_settled_is_counted_and_keeps_nobody_else_out() {
    let test = TestApp::sqlite(date("2024-06-01")).await;
    let mut job = city(&test).await;
    let unknown = code("91442000QQ0000039Q");
    job.declared.insert(unknown, Fen::ZERO);
    let caller = Caller::developer();
    test.app
        .begin_settlements(&caller, &job)
        .await
        .expect("begun");
    let ended = test.app.work_on_settlements(&caller, &job, &|_| {}).await;
    let ended = ended.expect("finished");
    assert_eq!((ended.done, ended.refused), (EMPLOYERS as u64 + 1, 1));
    job.declared.remove(&unknown);
    everybody_is_settled_once(&test, &job).await;
}

/// One instance is gone in the middle of a part; the other takes it over once it is held no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_instance_finishes_what_the_first_has_left() {
    let test = TestApp::postgres(date("2024-06-01")).await;
    let job = Arc::new(city(&test).await);
    let caller = Caller::developer();
    test.app
        .begin_settlements(&caller, &job)
        .await
        .expect("begun");
    let first = {
        let (app, job, caller) = (test.app.clone(), job.clone(), caller.clone());
        tokio::spawn(async move { app.work_on_settlements(&caller, &job, &|_| {}).await })
    };
    loop {
        let progress = test.app.settlements_progress(&job).await.expect("progress");
        if progress.done > 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    first.abort();
    let second = test.beside().await;
    test.clock.move_to(date("2024-06-02"));
    let ended = second.work_on_settlements(&caller, &job, &|_| {}).await;
    let ended = ended.expect("finished");
    assert_eq!((ended.done, ended.refused), (EMPLOYERS as u64 + 1, 0));
    everybody_is_settled_once(&test, &job).await;
}

/// Both at once, from the beginning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_share_a_job() {
    let test = TestApp::postgres(date("2024-06-01")).await;
    let job = Arc::new(city(&test).await);
    let caller = Caller::developer();
    let apps = [test.app.clone(), test.beside().await];
    for app in &apps {
        app.begin_settlements(&caller, &job).await.expect("begun");
    }
    let works = apps.map(|app| {
        let (job, caller) = (job.clone(), caller.clone());
        tokio::spawn(async move { app.work_on_settlements(&caller, &job, &|_| {}).await })
    });
    for work in works {
        let ended = work.await.expect("no panic").expect("finished");
        assert_eq!(ended.done, EMPLOYERS as u64 + 1);
    }
    everybody_is_settled_once(&test, &job).await;
}
