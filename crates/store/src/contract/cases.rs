//! Cases.

use std::sync::Arc;

use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::ids::CaseId;
use uuid::Uuid;

use crate::cases::{CaseEvent, CaseFile, CaseQuery};
use crate::{Store, StoreResult};

use super::assert_conflict;
use super::sample::{NOW, begin, employer, mac, worker};

fn case_id(number: u8) -> CaseId {
    CaseId(Uuid::from_u128(
        0x0193_a5c0_0000_7000_9000_0000_0000_0000 + u128::from(number),
    ))
}

fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a date")
}

/// The first event of a case, with nothing optional.
pub fn opened(number: u8) -> CaseEvent {
    CaseEvent {
        file: CaseFile {
            case_id: case_id(number),
            kind: CaseKind::Filing,
            key: None,
            opened_at: NOW,
            revision: 1,
            state: 1,
            parent_id: None,
            employer_code: None,
            worker_id: None,
            region_code: String::new(),
            due_on: None,
            updated_at: NOW,
            body: vec![number, 0, 255],
        },
        previous_state: None,
        actor: "clerk".to_owned(),
        reason: String::new(),
    }
}

/// The event after another.
pub(super) fn next(before: &CaseEvent, state: u8) -> CaseEvent {
    let mut event = before.clone();
    event.previous_state = Some(before.file.state);
    event.file.revision += 1;
    event.file.state = state;
    event
}

/// An event with everything optional.
fn full(number: u8) -> CaseEvent {
    let mut event = opened(number);
    event.file.key = Some(mac(&format!("key {number}")));
    event.file.parent_id = Some(case_id(200));
    event.file.employer_code = Some(employer(0));
    event.file.worker_id = Some(worker(1));
    event.file.region_code = "442000100".to_owned();
    event.file.due_on = Some(day("2024-06-19"));
    event.reason = "材料不全".to_owned();
    event
}

async fn append(store: &Arc<dyn Store>, events: &[CaseEvent]) -> StoreResult<()> {
    let mut unit = begin(store).await;
    unit.append_cases(events).await?;
    unit.commit().await
}

async fn accept(store: &Arc<dyn Store>, events: &[CaseEvent]) {
    append(store, events).await.expect("accepted");
}

async fn listed(store: &Arc<dyn Store>, query: &CaseQuery) -> Vec<CaseId> {
    let found = store.list_cases(query).await.expect("cases");
    let mut unit = begin(store).await;
    let again = unit.list_cases(query).await.expect("cases");
    assert_eq!(again, found);
    found.into_iter().map(|file| file.case_id).collect()
}

/// Contract.
pub async fn a_case_is_as_its_last_event_left_it(store: Arc<dyn Store>) {
    let first = full(1);
    let mut second = next(&first, 2);
    second.file.body = vec![9; 300];
    second.file.due_on = None;
    second.file.updated_at = NOW + 1;
    let other = opened(2);
    accept(&store, &[first.clone(), other.clone(), second.clone()]).await;

    let ids = [case_id(2), case_id(3), case_id(1)];
    let expected = [Some(other.file), None, Some(second.file.clone())];
    assert_eq!(store.cases(&ids).await.expect("cases"), expected);
    let mut unit = begin(&store).await;
    assert_eq!(unit.cases(&ids).await.expect("cases"), expected);
    drop(unit);
    let events = store.list_case_events(case_id(1), 0, 10).await;
    assert_eq!(events.expect("events"), [first.clone(), second.clone()]);
    let later = store.list_case_events(case_id(1), 1, 10).await;
    assert_eq!(later.expect("events"), [second]);
    let page = store.list_case_events(case_id(1), 0, 1).await;
    assert_eq!(page.expect("events"), [first]);
    let all = store.list_case_ids(None, 10).await.expect("ids");
    assert_eq!(all, [case_id(1), case_id(2)]);
    let after = store.list_case_ids(Some(case_id(1)), 10).await;
    assert_eq!(after.expect("ids"), [case_id(2)]);
}

/// Contract.
pub async fn an_event_that_does_not_continue_its_case_is_refused(store: Arc<dyn Store>) {
    let first = full(1);
    accept(&store, std::slice::from_ref(&first)).await;
    let right = next(&first, 2);
    let mut wrong = Vec::new();
    let mut change = |alter: fn(&mut CaseEvent)| {
        let mut event = right.clone();
        alter(&mut event);
        wrong.push(event);
    };
    change(|event| event.file.revision = 3);
    change(|event| event.previous_state = Some(2));
    change(|event| event.file.kind = CaseKind::Claim);
    change(|event| event.file.opened_at += 1);
    change(|event| event.file.key = None);
    wrong.push(first.clone());
    wrong.push(next(&opened(2), 2));
    for event in wrong {
        assert_conflict(append(&store, &[event]).await);
    }
    accept(&store, &[right]).await;
}

/// Contract.
pub async fn a_key_belongs_to_one_case_of_its_kind(store: Arc<dyn Store>) {
    let first = full(1);
    let key: Digest32 = mac("key 1");
    accept(&store, std::slice::from_ref(&first)).await;
    let mut same = full(2);
    same.file.key = Some(key);
    assert_conflict(append(&store, std::slice::from_ref(&same)).await);
    same.file.kind = CaseKind::Finding;
    accept(&store, &[same, opened(3), opened(4)]).await;

    let keys = [mac("key 9"), key];
    let found = store.cases_by_key(CaseKind::Filing, &keys).await;
    assert_eq!(found.expect("cases"), [None, Some(first.file)]);
    let mut unit = begin(&store).await;
    let found = unit.cases_by_key(CaseKind::Finding, &keys).await;
    let found = found.expect("cases")[1].clone();
    assert_eq!(found.map(|file| file.case_id), Some(case_id(2)));
}

/// Contract.
pub async fn a_case_is_read_as_it_was_at_an_instant(store: Arc<dyn Store>) {
    let first = full(1);
    let mut second = next(&first, 2);
    second.file.updated_at = NOW + 10;
    accept(&store, &[first.clone(), second.clone()]).await;
    let ids = [case_id(1), case_id(2)];
    for (as_of, expected) in [
        (NOW - 1, None),
        (NOW, Some(&first)),
        (NOW + 9, Some(&first)),
        (NOW + 10, Some(&second)),
        (i64::MAX, Some(&second)),
    ] {
        let found = store.cases_as_of(&ids, as_of).await.expect("cases");
        let expected = expected.map(|event| event.file.clone());
        assert_eq!(found, [expected, None], "{as_of}");
    }
}

/// Contract.
pub async fn cases_are_chosen_by_every_filter(store: Arc<dyn Store>) {
    let mut second = opened(2);
    second.file.opened_at = NOW + 5;
    second.file.employer_code = Some(employer(1));
    second.file.region_code = "442000101".to_owned();
    second.file.due_on = Some(day("2024-06-20"));
    let second_closed = next(&second, 3);
    let mut third = opened(3);
    third.file.kind = CaseKind::Claim;
    accept(&store, &[full(1), second, second_closed, third, opened(4)]).await;

    let all = CaseQuery::of(CaseKind::Filing, 10);
    let ids = |numbers: &[u8]| -> Vec<CaseId> { numbers.iter().copied().map(case_id).collect() };
    assert_eq!(listed(&store, &all).await, ids(&[1, 4, 2]));
    let mut cases: Vec<(&str, CaseQuery, &[u8])> = Vec::new();
    let mut narrowed = |name, narrow: fn(&mut CaseQuery), expected| {
        let mut query = all.clone();
        narrow(&mut query);
        cases.push((name, query, expected));
    };
    narrowed("kind", |it| it.kind = CaseKind::Claim, &[3]);
    narrowed("state", |it| it.states = vec![3], &[2]);
    narrowed("states", |it| it.states = vec![3, 1, 3], &[1, 4, 2]);
    narrowed("no state", |it| it.states = vec![7], &[]);
    narrowed("employer", |it| it.employer_code = Some(employer(0)), &[1]);
    narrowed(
        "employer and state",
        |it| {
            it.employer_code = Some(employer(1));
            it.states = vec![1];
        },
        &[],
    );
    narrowed("worker", |it| it.worker_id = Some(worker(1)), &[1]);
    narrowed(
        "worker and employer",
        |it| {
            it.worker_id = Some(worker(1));
            it.employer_code = Some(employer(1));
        },
        &[],
    );
    narrowed("parent", |it| it.parent_id = Some(case_id(200)), &[1]);
    narrowed("city", |it| it.region_prefix = "442000".to_owned(), &[1, 2]);
    narrowed("town", |it| it.region_prefix = "442000101".to_owned(), &[2]);
    narrowed(
        "due on the day",
        |it| it.due_before = Some(day("2024-06-19")),
        &[],
    );
    narrowed("due", |it| it.due_before = Some(day("2024-06-20")), &[1]);
    narrowed("from", |it| it.opened_from = Some(NOW + 5), &[2]);
    narrowed("before", |it| it.opened_before = Some(NOW + 5), &[1, 4]);
    narrowed("after", |it| it.after = Some((NOW, case_id(1))), &[4, 2]);
    narrowed("limit", |it| it.limit = 2, &[1, 4]);
    for (name, query, expected) in cases {
        assert_eq!(listed(&store, &query).await, ids(expected), "{name}");
    }
}

/// Contract.
pub async fn pages_of_cases_neither_repeat_nor_leave_out(store: Arc<dyn Store>) {
    let events: Vec<_> = (1..=20)
        .map(|number| {
            let mut event = opened(number);
            // Several share an instant, and ids do not follow it.
            event.file.opened_at = NOW - i64::from(number / 3);
            event.file.state = 1 + number % 3;
            event
        })
        .collect();
    accept(&store, &events).await;
    for states in [vec![], vec![1], vec![1, 3]] {
        let mut query = CaseQuery::of(CaseKind::Filing, 100);
        query.states = states;
        let whole = listed(&store, &query).await;
        query.limit = 3;
        let mut paged = Vec::new();
        loop {
            let page = store.list_cases(&query).await.expect("a page");
            let Some(last) = page.last() else { break };
            query.after = Some((last.opened_at, last.case_id));
            paged.extend(page.iter().map(|file| file.case_id));
        }
        assert_eq!(paged, whole);
    }
}
