//! Two stores, the same random units, the same answers.

use std::sync::Arc;

use mamagang_domain::case::CaseKind;
use mamagang_domain::fact::FactKind;
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_domain::ledger::YearState;
use mamagang_domain::month::TaxMonth;

use crate::cases::{CaseEvent, CaseQuery};
use crate::rows::{
    AuditRow, EntryRow, FactQuery, FactRow, IdempotencyKey, IdempotencyRecord, NewWorker,
    OwnedFact, OwnerKey, PersonMonth, WorkerKey, WorkerRow, YearRow,
};
use crate::{Store, StoreErrorKind, StoreResult, UnitOfWork};

use super::cases::{next, opened};
use super::sample::{
    NOW, answer, audit_rows, begin, booked, employer, employer_row, entries, fact, identity, keyed,
    mac, month, new_worker, request, worker, worker_row, year,
};

/// Workers that may be known; one more never is.
const WORKERS: u8 = 6;
const EMPLOYERS: usize = 3;

/// A small generator of numbers (SplitMix64), so that a failing row is found again by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end`, `end` left out.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn worker(&mut self) -> u8 {
        let known_or_not = u64::from(WORKERS) + u64::from(self.one_in(8));
        u8::try_from(1 + self.below(known_or_not)).expect("small")
    }

    fn employer(&mut self) -> usize {
        usize::try_from(self.below(EMPLOYERS as u64)).expect("small")
    }

    fn month(&mut self) -> TaxMonth {
        month("2020-01").plus(i32::try_from(self.below(60)).expect("small"))
    }

    /// Mostly 0, now and then 1: an offset that makes a wrong revision or sequence.
    fn slip(&mut self) -> u32 {
        u32::from(self.one_in(10))
    }
}

/// One part of a unit.
#[derive(Debug)]
enum Step {
    InsertWorkers(Vec<NewWorker>),
    PutIdentities(Vec<NewWorker>),
    AppendFacts(Vec<FactRow>),
    PutWorkers(Vec<WorkerRow>),
    PutEmployer(usize, String),
    LinkWorker(usize, WorkerId),
    PutOwner(OwnedFact),
    AppendEntries(Vec<EntryRow>),
    PutYear(YearRow),
    BookMonths(Vec<PersonMonth>),
    ReleaseMonths(Vec<PersonMonth>),
    Answer(IdempotencyKey, IdempotencyRecord),
    Audit(Vec<AuditRow>),
    AppendCases(Vec<CaseEvent>),
}

impl Step {
    async fn run(&self, unit: &mut dyn UnitOfWork) -> StoreResult<()> {
        match self {
            Self::InsertWorkers(workers) => unit.insert_workers(workers).await,
            Self::PutIdentities(workers) => unit.put_identities(workers).await,
            Self::AppendFacts(facts) => unit.append_facts(facts).await,
            Self::PutWorkers(rows) => unit.put_workers(rows).await,
            Self::PutEmployer(number, name) => {
                unit.put_employers(&[employer_row(*number, name)]).await
            }
            Self::LinkWorker(number, id) => unit.link_workers(&[(employer(*number), *id)]).await,
            Self::PutOwner(owned) => unit.put_fact_owners(&[*owned]).await,
            Self::AppendEntries(entries) => unit.append_entries(entries).await,
            Self::PutYear(row) => unit.put_years(std::slice::from_ref(row)).await,
            Self::BookMonths(months) => unit.book_months(months).await,
            Self::ReleaseMonths(months) => unit.release_months(months).await,
            Self::Answer(key, record) => {
                let records = [(key.clone(), record.clone())];
                unit.put_idempotency(&records).await
            }
            Self::Audit(rows) => unit.append_audit(rows).await,
            Self::AppendCases(events) => unit.append_cases(events).await,
        }
    }
}

/// A step that mostly fits what the store holds, so that stores are filled and refuse too.
async fn next_step(random: &mut Random, store: &Arc<dyn Store>) -> Step {
    match random.below(15) {
        0 => Step::InsertWorkers(vec![new_worker(random.worker())]),
        1 => Step::PutIdentities(vec![renamed_worker(random)]),
        2 | 3 => Step::AppendFacts(next_facts(random, store).await),
        4 => Step::PutWorkers(vec![next_worker_row(random)]),
        5 => Step::PutEmployer(random.employer(), format!("企业 {}", random.below(9))),
        6 => Step::LinkWorker(random.employer(), worker(random.worker())),
        7 => Step::PutOwner(next_owner(random)),
        8 => Step::AppendEntries(next_entries(random, store).await),
        9 => Step::PutYear(next_year(random)),
        10 => Step::BookMonths(next_months(random)),
        11 => match random.one_in(2) {
            true => Step::ReleaseMonths(booked_months(random, store).await),
            false => Step::BookMonths(next_months(random)),
        },
        12 | 13 => Step::AppendCases(next_cases(random, store).await),
        _ => match random.one_in(2) {
            true => Step::Answer(next_request(random), answer("answered")),
            false => Step::Audit(next_audit(random, store).await),
        },
    }
}

/// A worker with another name, or another worker's number.
fn renamed_worker(random: &mut Random) -> NewWorker {
    let number = random.worker();
    let of = if random.one_in(4) {
        random.worker()
    } else {
        number
    };
    let name = format!("name {}", random.below(3));
    NewWorker {
        number_macs: new_worker(of).number_macs,
        name_macs: vec![keyed(1, &name)],
        ..new_worker(number)
    }
}

async fn next_facts(random: &mut Random, store: &Arc<dyn Store>) -> Vec<FactRow> {
    let subject = match random.one_in(3) {
        true => Subject::Employer(employer(random.employer())),
        false => Subject::Worker(worker(random.worker())),
    };
    let facts = store.list_facts(&every_fact(subject)).await;
    let last = facts.expect("facts").rows.len();
    let first = u32::try_from(last).expect("small") + 1 + random.slip();
    let count = 1 + u32::try_from(random.below(3)).expect("small");
    let revisions = first..first + count;
    let rows = revisions.map(|revision| {
        let index = usize::try_from(random.below(12)).expect("small");
        let recorded_at = NOW + i64::from(revision);
        fact(subject, revision, FactKind::ALL[index], recorded_at)
    });
    rows.collect()
}

fn every_fact(subject: Subject) -> FactQuery {
    FactQuery {
        subject,
        kinds: Vec::new(),
        after: 0,
        through: None,
        as_of: None,
        limit: 10_000,
    }
}

fn next_worker_row(random: &mut Random) -> WorkerRow {
    let first = employer(random.employer());
    let employers = [first, employer(random.employer())];
    let count = 1 + usize::from(random.one_in(2));
    worker_row(random.worker(), &employers[..count])
}

fn next_owner(random: &mut Random) -> OwnedFact {
    OwnedFact {
        key: owner_key(random.below(4)),
        worker_id: (!random.one_in(3)).then(|| worker(random.worker())),
    }
}

fn owner_key(number: u64) -> OwnerKey {
    OwnerKey {
        kind: FactKind::Contract,
        key: mac(&number.to_string()),
    }
}

async fn next_entries(random: &mut Random, store: &Arc<dyn Store>) -> Vec<EntryRow> {
    let code = employer(random.employer());
    let chain = store.list_entries(&code, None, 0, 10_000, None).await;
    let length = u32::try_from(chain.expect("entries").len()).expect("small");
    let skipped = length + random.slip();
    let count = 1 + u32::try_from(random.below(2)).expect("small");
    let mut next = entries(code, skipped + count);
    next.split_off(usize::try_from(skipped).expect("small"))
}

fn next_year(random: &mut Random) -> YearRow {
    YearRow {
        employer_code: employer(random.employer()),
        tax_year: year(2020 + i32::try_from(random.below(5)).expect("small")),
        state: YearState {
            months: i32::try_from(random.below(100)).expect("small"),
            ..YearState::default()
        },
    }
}

/// Up to fifteen months in a row, so that 36 are reached soon.
fn next_months(random: &mut Random) -> Vec<PersonMonth> {
    let (number, code) = (random.worker(), employer(random.employer()));
    let first = random.month();
    let count = i32::try_from(random.below(15)).expect("small");
    let months = (0..=count).map(|index| booked(number, first.plus(index), code));
    months.collect()
}

async fn booked_months(random: &mut Random, store: &Arc<dyn Store>) -> Vec<PersonMonth> {
    let code = employer(random.employer());
    let mut months = store.person_months(&code).await.expect("months");
    months.retain(|_| random.one_in(3));
    if random.one_in(8) {
        months.push(booked(random.worker(), random.month(), code));
    }
    months
}

fn next_request(random: &mut Random) -> IdempotencyKey {
    request("org", "Post", u128::from(random.below(40)))
}

async fn next_audit(random: &mut Random, store: &Arc<dyn Store>) -> Vec<AuditRow> {
    let writer = u8::try_from(1 + random.below(2)).expect("small");
    let last = store.last_audit_row([writer; 16]).await.expect("a row");
    let length = last.map_or(0, |row| row.position) + u64::from(random.slip());
    let mut next = audit_rows(writer, length + 1 + random.below(3));
    next.split_off(usize::try_from(length).expect("small"))
}

/// The next events of a case, now and then with a revision left out or a key that is taken.
async fn next_cases(random: &mut Random, store: &Arc<dyn Store>) -> Vec<CaseEvent> {
    let number = u8::try_from(1 + random.below(12)).expect("small");
    let mut first = opened(number);
    let events = store.list_case_events(first.file.case_id, 0, 1000).await;
    let state = |random: &mut Random| u8::try_from(1 + random.below(4)).expect("small");
    let mut event = match events.expect("events").last() {
        Some(last) => next(last, state(random)),
        None => {
            first.file.key = random.one_in(2).then(|| mac(&random.below(9).to_string()));
            first.file.opened_at = NOW - i64::from(number % 4);
            first
        }
    };
    event.file.revision += random.slip();
    event.file.employer_code = random.one_in(2).then(|| employer(random.employer()));
    event.file.worker_id = random.one_in(2).then(|| worker(random.worker()));
    let after = next(&event, state(random));
    match random.one_in(2) {
        true => vec![event, after],
        false => vec![event],
    }
}

fn outcome(result: &StoreResult<()>) -> Option<StoreErrorKind> {
    result.as_ref().err().map(|error| error.kind())
}

/// Runs random units on two empty stores and asserts that both accept, refuse and answer alike.
///
/// # Panics
/// Where they differ.
pub async fn compare(model: Arc<dyn Store>, engine: Arc<dyn Store>, seed: u64, units: u32) {
    let mut random = Random(seed);
    let mut committed = 0;
    for number in 0..units {
        let at = format!("seed {seed}, unit {number}");
        committed += u32::from(run_unit(&mut random, &model, &engine, &at).await);
        assert_same_answers(&model, &engine, &at).await;
    }
    assert!(committed > units / 4, "too few units do anything");
    assert!(committed < units, "no unit is refused");
}

/// Runs one unit on both and tells whether it was committed.
async fn run_unit(
    random: &mut Random,
    model: &Arc<dyn Store>,
    engine: &Arc<dyn Store>,
    at: &str,
) -> bool {
    let mut steps = Vec::new();
    for _ in 0..=random.below(4) {
        steps.push(next_step(random, model).await);
    }
    let (mut first, mut second) = (begin(model).await, begin(engine).await);
    for step in &steps {
        let expected = outcome(&step.run(&mut *first).await);
        let found = outcome(&step.run(&mut *second).await);
        assert_eq!(found, expected, "{at}: {step:?}");
        if expected.is_some() {
            break;
        }
    }
    if random.one_in(6) {
        return false;
    }
    let expected = outcome(&first.commit().await);
    assert_eq!(outcome(&second.commit().await), expected, "{at}");
    expected.is_none()
}

macro_rules! same {
    ($model:ident, $engine:ident, $at:ident: $method:ident $arguments:tt) => {
        let expected = $model.$method $arguments.await.expect("the model answers");
        let found = $engine.$method $arguments.await.expect("the engine answers");
        assert_eq!(found, expected, "{}: {}", $at, stringify!($method));
    };
}

async fn assert_same_answers(model: &Arc<dyn Store>, engine: &Arc<dyn Store>, at: &str) {
    let numbers = 1..=WORKERS + 1;
    let ids: Vec<_> = numbers.clone().map(worker).collect();
    let by_id = ids.iter().map(|id| WorkerKey::Id(*id));
    let by_document = numbers.map(|number| WorkerKey::Identity(identity(number)));
    let keys: Vec<_> = by_id.chain(by_document).collect();
    let codes: Vec<_> = (0..=EMPLOYERS).map(employer).collect();
    let years = codes
        .iter()
        .flat_map(|code| [2020, 2021, 2024].map(|n| (*code, year(n))));
    let years: Vec<_> = years.collect();
    let requests: Vec<_> = (0..40).map(|n| request("org", "Post", n)).collect();

    same!(model, engine, at: check_inputs(&keys, &codes));
    same!(model, engine, at: ledger_inputs(&years));
    same!(model, engine, at: worker_secrets(&ids));
    same!(model, engine, at: booked_months(&ids));
    same!(model, engine, at: list_workers(None, 4));
    same!(model, engine, at: list_workers(Some(worker(3)), 100));
    same!(model, engine, at: list_employers(Some(employer(0)), 1));
    same!(model, engine, at: idempotency(&requests));
    for writer in [1, 2, 3] {
        same!(model, engine, at: last_audit_row([writer; 16]));
    }
    same!(model, engine, at: list_years(&codes));
    same!(model, engine, at: list_years(&[]));
    for code in &codes {
        same!(model, engine, at: list_entries(code, None, 1, 3, Some(NOW)));
        same!(model, engine, at: person_months(code));
        let query = every_fact(Subject::Employer(*code));
        same!(model, engine, at: list_facts(&query));
    }
    for id in &ids {
        let query = FactQuery {
            kinds: vec![FactKind::Contract, FactKind::Contribution],
            after: 1,
            as_of: Some(NOW + 9),
            limit: 2,
            ..every_fact(Subject::Worker(*id))
        };
        same!(model, engine, at: list_facts(&query));
    }
    for states in [vec![], vec![1], vec![2, 3]] {
        let mut query = CaseQuery::of(CaseKind::Filing, 5);
        query.states = states;
        same!(model, engine, at: list_cases(&query));
        query.employer_code = Some(employer(0));
        same!(model, engine, at: list_cases(&query));
        query.employer_code = None;
        query.worker_id = Some(worker(1));
        same!(model, engine, at: list_cases(&query));
    }
    same!(model, engine, at: list_case_ids(None, 100));
    let case_keys: Vec<_> = (0..9).map(|number: u8| mac(&number.to_string())).collect();
    same!(model, engine, at: cases_by_key(CaseKind::Filing, &case_keys));
    assert_same_in_a_unit(model, engine, at).await;
}

/// What only units read.
async fn assert_same_in_a_unit(model: &Arc<dyn Store>, engine: &Arc<dyn Store>, at: &str) {
    let owners: Vec<_> = (0..5).map(owner_key).collect();
    let documents: Vec<_> = (1..=WORKERS).map(identity).collect();
    let ids: Vec<_> = (1..=WORKERS).map(worker).collect();
    let (mut model, mut engine) = (begin(model).await, begin(engine).await);
    assert_eq!(engine.recorded_at(), model.recorded_at(), "{at}");
    same!(model, engine, at: fact_owners(&owners));
    same!(model, engine, at: identities(&documents));
    same!(model, engine, at: workers(&ids));
}
