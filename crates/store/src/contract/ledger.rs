//! Entries, heads, years and what postings read.

use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::ledger::{Genesis, YearState};
use mamagang_domain::month::TaxYear;

use crate::Store;
use crate::rows::{EntryRow, LedgerHead, LedgerInputs, YearRow};

use super::assert_conflict;
use super::sample::{
    NOW, add_workers, begin, booked, employer, employer_row, entries, entry, month, worker,
    worker_row, year,
};

async fn inputs(store: &Arc<dyn Store>, employer: EmployerCode, year: TaxYear) -> LedgerInputs {
    let inputs = store.ledger_inputs(&[(employer, year)]).await;
    inputs.expect("inputs").remove(0)
}

async fn append(store: &Arc<dyn Store>, entries: &[EntryRow]) {
    let mut unit = begin(store).await;
    unit.append_entries(entries).await.expect("accepted");
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn an_unknown_employer_stands_at_the_start_of_its_chain(store: Arc<dyn Store>) {
    let expected = LedgerInputs {
        employer: None,
        head: LedgerHead {
            sequence: 0,
            hash: Genesis::hash(&employer(0)),
        },
        year: YearState::default(),
        months: Vec::new(),
        workers: Vec::new(),
    };
    assert_eq!(inputs(&store, employer(0), year(2023)).await, expected);
}

/// Contract.
pub async fn entries_come_back_and_move_the_head(store: Arc<dyn Store>) {
    let chain = entries(employer(0), 3);
    append(&store, &chain[..2]).await;
    append(&store, &chain[2..]).await;
    let found = store.list_entries(&employer(0), None, 0, 10, None).await;
    assert_eq!(found.expect("entries"), chain);
    let head = inputs(&store, employer(0), year(2030)).await.head;
    let last = LedgerHead {
        sequence: 3,
        hash: chain[2].hash,
    };
    assert_eq!(head, last);
    let other = inputs(&store, employer(1), year(2023)).await.head;
    assert_eq!(other.sequence, 0);
}

/// Contract.
pub async fn a_first_entry_must_continue_the_start_of_its_own_chain(store: Arc<dyn Store>) {
    for start in [[0; 32], Genesis::hash(&employer(1))] {
        let mut unit = begin(&store).await;
        let first = entry(employer(0), 1, start);
        assert_conflict(unit.append_entries(&[first]).await);
    }
}

/// Contract.
pub async fn an_entry_must_continue_the_head(store: Arc<dyn Store>) {
    let chain = entries(employer(0), 4);
    append(&store, &chain[..2]).await;
    let wrong = [
        chain[0].clone(),
        chain[1].clone(),
        chain[3].clone(),
        entry(employer(0), 3, chain[0].hash),
        entry(employer(0), 4, chain[1].hash),
    ];
    for entry in wrong {
        let mut unit = begin(&store).await;
        assert_conflict(unit.append_entries(&[entry]).await);
    }
    append(&store, &chain[2..]).await;
}

/// Contract.
pub async fn entries_are_chosen_by_year_page_and_instant(store: Arc<dyn Store>) {
    let mut chain = entries(employer(0), 4);
    for (entry, tax_year) in chain.iter_mut().zip([2023, 2024, 2023, 2024]) {
        entry.tax_year = year(tax_year);
        entry.recorded_at = NOW + i64::from(entry.sequence);
    }
    append(&store, &chain).await;
    for (tax_year, after, limit, as_of, expected) in [
        (None, 0, 10, None, vec![1, 2, 3, 4]),
        (None, 1, 2, None, vec![2, 3]),
        (None, 4, 2, None, vec![]),
        (Some(2023), 0, 10, None, vec![1, 3]),
        (Some(2024), 2, 10, None, vec![4]),
        (Some(2025), 0, 10, None, vec![]),
        (None, 0, 10, Some(NOW), vec![]),
        (None, 0, 10, Some(NOW + 2), vec![1, 2]),
        (Some(2024), 0, 10, Some(NOW + 3), vec![2]),
        (None, 0, 0, None, vec![]),
    ] {
        let tax_year = tax_year.map(year);
        let code = employer(0);
        let page = store.list_entries(&code, tax_year, after, limit, as_of);
        let page = page.await.expect("entries");
        let sequences: Vec<u32> = page.iter().map(|entry| entry.sequence).collect();
        assert_eq!(sequences, expected);
    }
}

fn year_row(number: i32, months: i32) -> YearRow {
    YearRow {
        employer_code: employer(0),
        tax_year: year(number),
        state: YearState {
            months,
            ..YearState::default()
        },
    }
}

/// Contract.
pub async fn years_are_replaced_and_listed(store: Arc<dyn Store>) {
    for rows in [
        vec![year_row(2024, 1), year_row(2023, 2)],
        vec![year_row(2024, 3), year_row(2024, 4)],
    ] {
        let mut unit = begin(&store).await;
        unit.put_years(&rows).await.expect("accepted");
        unit.commit().await.expect("committed");
    }
    let listed = store.list_years(&[employer(0)]).await.expect("years");
    assert_eq!(listed, [year_row(2023, 2), year_row(2024, 4)]);
    assert_eq!(store.list_years(&[employer(1)]).await.expect("years"), []);
    let state = inputs(&store, employer(0), year(2024)).await.year;
    assert_eq!(state.months, 4);
}

/// Three workers: 1 and 2 linked to employer 0, with months for employers 0 and 1.
async fn book_for_two(store: &Arc<dyn Store>) {
    add_workers(store, [1, 2, 3]).await;
    let mut unit = begin(store).await;
    let links = [
        (employer(0), worker(2)),
        (employer(0), worker(1)),
        (employer(0), worker(2)),
        (employer(1), worker(3)),
    ];
    let months = [
        booked(1, month("2022-12"), employer(0)),
        booked(1, month("2023-12"), employer(0)),
        booked(2, month("2023-01"), employer(0)),
        booked(2, month("2023-02"), employer(1)),
        booked(2, month("2024-01"), employer(0)),
        booked(1, month("2023-01"), employer(0)),
    ];
    let works = [
        unit.put_employers(&[employer_row(0, "甲")]).await,
        unit.put_workers(&[worker_row(1, &[employer(0)])]).await,
        unit.link_workers(&links).await,
        unit.link_workers(&links[..1]).await,
        unit.book_months(&months).await,
    ];
    works.into_iter().for_each(|work| work.expect("accepted"));
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn a_posting_reads_its_own_year_and_every_linked_worker(store: Arc<dyn Store>) {
    book_for_two(&store).await;
    let inputs = inputs(&store, employer(0), year(2023)).await;
    assert_eq!(inputs.employer.as_deref(), Some(&employer_row(0, "甲")));
    let expected = [
        booked(1, month("2023-01"), employer(0)),
        booked(2, month("2023-01"), employer(0)),
        booked(1, month("2023-12"), employer(0)),
    ];
    assert_eq!(inputs.months, expected);
    let ids: Vec<_> = ids_of(&inputs);
    assert_eq!(ids, [worker(1), worker(2)]);
    assert_eq!(*inputs.workers[0].worker, worker_row(1, &[employer(0)]));
    let of_second = ["2023-01", "2023-02", "2024-01"].map(month);
    let employers = [employer(0), employer(1), employer(0)];
    let pairs = of_second.into_iter().zip(employers);
    let of_second: Vec<_> = pairs
        .map(|(month, employer_code)| BookedMonth {
            month,
            employer_code,
        })
        .collect();
    assert_eq!(inputs.workers[1].booked, of_second);
}

fn ids_of(inputs: &LedgerInputs) -> Vec<WorkerId> {
    let workers = inputs.workers.iter();
    workers.map(|found| found.worker.worker_id).collect()
}

/// Contract.
pub async fn inputs_are_answered_in_the_order_of_the_years_asked_for(store: Arc<dyn Store>) {
    book_for_two(&store).await;
    let years = [
        (employer(1), year(2023)),
        (employer(0), year(2024)),
        (employer(0), year(2022)),
        (employer(4), year(2023)),
        (employer(0), year(2024)),
    ];
    let mut unit = begin(&store).await;
    let in_unit = unit.ledger_inputs(&years).await.expect("inputs");
    let found = store.ledger_inputs(&years).await.expect("inputs");
    assert_eq!(in_unit, found);
    let counts = found.iter();
    let counts: Vec<_> = counts
        .map(|inputs| (inputs.months.len(), inputs.workers.len()))
        .collect();
    assert_eq!(counts, [(1, 1), (1, 2), (1, 2), (0, 0), (1, 2)]);
    assert_eq!(found[2].months[0].month, month("2022-12"));
}
