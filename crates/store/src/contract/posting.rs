//! Batches of postings, read and written at once.

use std::sync::Arc;

use mamagang_domain::ledger::YearState;

use crate::rows::YearRow;
use crate::{PostingBatch, Store};

use super::assert_conflict;
use super::sample::{
    add_workers, answer, audit_id, audit_rows, begin, booked, employer, entries, month, request,
    year,
};

/// A first posting of a month, and its answer.
fn batch() -> PostingBatch {
    let state = YearState {
        months: 1,
        ..YearState::default()
    };
    PostingBatch {
        entries: entries(employer(0), 1),
        years: vec![YearRow {
            employer_code: employer(0),
            tax_year: year(2023),
            state,
        }],
        released: Vec::new(),
        booked: vec![booked(1, month("2023-01"), employer(0))],
        answers: vec![(request("org", "Post", 1), answer("posted"))],
    }
}

async fn post(store: &Arc<dyn Store>, batch: &PostingBatch, writer: u8) {
    let mut unit = begin(store).await;
    let written = unit.write_postings(batch, &audit_rows(writer, 1)).await;
    written.expect("accepted");
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn every_part_of_a_batch_is_there(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    post(&store, &batch(), 7).await;
    let code = employer(0);
    let kept = store.list_entries(&code, None, 0, 10, None).await;
    assert_eq!(kept.expect("entries"), entries(code, 1));
    let years = store.list_years(&[code]).await.expect("years");
    assert_eq!(years, batch().years);
    let months = store.person_months(&code).await.expect("months");
    assert_eq!(months, batch().booked);
    let audit = store.audit_row(audit_id(7, 1)).await.expect("a read");
    assert!(audit.is_some());
    let mut unit = begin(&store).await;
    let asked = [request("org", "Post", 2), request("org", "Post", 1)];
    let read = unit.posting_inputs(&asked, &[(code, year(2023))]).await;
    let read = read.expect("inputs");
    assert_eq!(read.answered, [None, Some(answer("posted"))]);
    assert_eq!(read.years[0].head.sequence, 1);
    assert_eq!(read.years[0].months, batch().booked);
}

/// Contract.
pub async fn a_batch_takes_months_back_before_it_books_others(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    post(&store, &batch(), 7).await;
    let code = employer(0);
    let next = PostingBatch {
        entries: entries(code, 2).split_off(1),
        released: batch().booked,
        booked: vec![
            booked(1, month("2023-01"), code),
            booked(2, month("2023-01"), code),
        ],
        answers: vec![(request("org", "Post", 2), answer("amended"))],
        ..PostingBatch::default()
    };
    post(&store, &next, 8).await;
    let months = store.person_months(&code).await.expect("months");
    assert_eq!(months, next.booked);
}

/// Contract.
pub async fn a_batch_is_refused_as_its_parts_are(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    post(&store, &batch(), 7).await;
    let second = PostingBatch {
        entries: entries(employer(0), 2).split_off(1),
        booked: Vec::new(),
        answers: Vec::new(),
        ..batch()
    };
    let parts = [
        PostingBatch {
            entries: entries(employer(0), 1),
            ..second.clone()
        },
        PostingBatch {
            booked: batch().booked,
            ..second.clone()
        },
        PostingBatch {
            released: vec![booked(1, month("2023-02"), employer(0))],
            ..second.clone()
        },
        PostingBatch {
            booked: vec![booked(9, month("2023-02"), employer(0))],
            ..second.clone()
        },
        PostingBatch {
            answers: batch().answers,
            ..second.clone()
        },
    ];
    for (part, refused) in (10..).zip(parts) {
        let mut unit = begin(&store).await;
        let written = unit.write_postings(&refused, &audit_rows(part, 1)).await;
        assert_conflict(written);
        assert_conflict(unit.commit().await);
    }
    let kept = store.list_entries(&employer(0), None, 0, 10, None).await;
    assert_eq!(kept.expect("entries").len(), 1);
    post(&store, &second, 8).await;
}
