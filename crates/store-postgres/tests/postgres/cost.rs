//! What a call costs in statements and rows, and what only SQL can set up.

use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::YearState;
use mamagang_store::contract::sample::{
    add_workers, answer, audit_rows, begin, booked, employer, employer_row, entries, identity,
    month, request, worker, worker_row, year,
};
use mamagang_store::rows::{WorkerKey, YearRow};
use mamagang_store::{PostingBatch, Store};
use mamagang_store_postgres::PostgresStore;
use mamagang_testkit::postgres::PostgresDatabase;

use crate::support::{self, stranger};

/// Thirty workers with contracts at two employers.
async fn filled() -> (PostgresDatabase, Arc<PostgresStore>) {
    let (database, store, shared) = support::store().await;
    add_workers(&shared, 1..=30).await;
    let employers = [employer(0), employer(1)];
    let rows: Vec<_> = (1..=30).map(|n| worker_row(n, &employers)).collect();
    let pairs = (1..=30).flat_map(|n| employers.map(|code| (code, worker(n))));
    let pairs: Vec<_> = pairs.collect();
    let mut unit = begin(&shared).await;
    let works = [
        unit.put_workers(&rows).await,
        unit.put_employers(&[employer_row(0, "甲"), employer_row(1, "乙")])
            .await,
        unit.link_workers(&pairs).await,
    ];
    works.into_iter().for_each(|work| work.expect("accepted"));
    unit.commit().await.expect("committed");
    (database, store)
}

#[tokio::test]
async fn a_check_of_any_number_of_workers_reads_in_one_statement() {
    let (_database, store) = filled().await;
    for count in [1u8, 30] {
        let by_id = (1..=count).map(|n| WorkerKey::Id(worker(n)));
        let by_document = (1..=count).map(|n| WorkerKey::Identity(identity(n)));
        let keys: Vec<_> = by_id.chain(by_document).collect();
        let before = (store.statements(), store.rows_written());
        let inputs = store.check_inputs(&keys, &[employer(0)]).await;
        let found = inputs.expect("inputs").workers;
        assert_eq!(found.iter().flatten().count(), keys.len());
        let after = (store.statements(), store.rows_written());
        assert_eq!(after, (before.0 + 1, before.1));
    }
}

#[tokio::test]
async fn a_batch_of_postings_reads_in_one_statement() {
    let (_database, store) = filled().await;
    let years = [(employer(0), year(2023)), (employer(1), year(2023))];
    let before = store.statements();
    let inputs = store.ledger_inputs(&years).await.expect("inputs");
    assert_eq!(inputs[1].workers.len(), 30);
    assert_eq!(store.statements(), before + 1);
}

#[tokio::test]
async fn a_check_writes_its_audit_row_in_three_statements() {
    let (_database, store) = filled().await;
    let shared: Arc<dyn Store> = store.clone();
    let before = (store.statements(), store.rows_written());
    let mut unit = begin(&shared).await;
    unit.append_audit(&audit_rows(1, 1))
        .await
        .expect("accepted");
    unit.commit().await.expect("committed");
    let after = (store.statements(), store.rows_written());
    assert_eq!(after, (before.0 + 3, before.1 + 1));
}

/// BEGIN, the locks, one statement that reads, one that writes, COMMIT.
#[tokio::test]
async fn a_batch_of_postings_costs_five_statements_whatever_it_books() {
    let (_database, store) = filled().await;
    let shared: Arc<dyn Store> = store.clone();
    // A head that is not there yet is added and locked in two statements more.
    let cases = [
        (employer(0), 1, 1u8, 5),
        (employer(1), 1, 30, 5),
        (employer(0), 2, 1, 5),
        (employer(1), 2, 30, 5),
        (employer(2), 1, 0, 7),
    ];
    for (turn, (employer, sequence, workers, statements)) in (1..).zip(cases) {
        let before = (store.statements(), store.rows_written());
        let mut unit = begin(&shared).await;
        let key = request(employer.as_str(), "Post", u128::from(sequence));
        let read = unit
            .posting_inputs(std::slice::from_ref(&key), &[(employer, year(2023))])
            .await;
        let linked = if workers == 0 { 0 } else { 30 };
        assert_eq!(read.expect("read").years[0].workers.len(), linked);
        // Every second employer's months are apart, since a month is one employer's alone.
        let first = month("2023-01").plus(i32::from(workers == 1) * 6);
        let first = first.plus(i32::try_from(sequence).expect("small"));
        let months = (1..=workers).map(|n| booked(n, first, employer));
        let batch = PostingBatch {
            entries: entries(employer, sequence).split_off(sequence as usize - 1),
            years: vec![YearRow {
                employer_code: employer,
                tax_year: year(2023),
                state: YearState::default(),
            }],
            booked: months.collect(),
            answers: vec![(key, answer("posted"))],
            ..PostingBatch::default()
        };
        let written = unit.write_postings(&batch, &audit_rows(turn, 1)).await;
        written.expect("accepted");
        unit.commit().await.expect("committed");
        // Entry, head, year, answer, audit row, and the workers, who have two employers; a first
        // head is added before.
        let rows = 5 + u64::from(workers) + (statements - 5) / 2;
        let after = (store.statements(), store.rows_written());
        assert_eq!(after, (before.0 + statements, before.1 + rows));
    }
}

#[tokio::test]
async fn the_filings_that_contracts_name_come_with_the_worker() {
    let (database, store) = filled().await;
    let sql = "INSERT INTO filing (filing_id, employer_code, kind, accepted_on, revoked_on)
        VALUES ('filing-1', '91442000MAQQ000161', 1, 19000, NULL),
            ('filing-2', '91442000MAQQ000161', 2, NULL, 19500),
            ('filing-99', '91442000MAQQ000161', 1, 19000, NULL)";
    let mut stranger = stranger(&database).await;
    sqlx::query(sql)
        .execute(&mut stranger)
        .await
        .expect("accepted");
    let keys = [1, 2, 3].map(|n| WorkerKey::Id(worker(n)));
    let inputs = store.check_inputs(&keys, &[]).await.expect("inputs");
    let filings = |index: usize| inputs.workers[index].clone().expect("known").filings;
    let accepted = Filing {
        filing_id: "filing-1".to_owned(),
        employer_code: EmployerCode::parse("91442000MAQQ000161").expect("a code"),
        kind: FilingKind::LabourContract,
        submitted_on: None,
        accepted_on: CivilDate::from_epoch_day(19_000),
        revoked_on: None,
    };
    assert_eq!(*filings(0), [accepted]);
    assert_eq!(filings(1)[0].kind, FilingKind::Service);
    assert_eq!(filings(1)[0].revoked_on, CivilDate::from_epoch_day(19_500));
    assert_eq!(*filings(2), []);
}

#[tokio::test]
async fn a_merged_worker_is_answered_as_the_one_merged_into() {
    let (database, store) = filled().await;
    let merge = "UPDATE worker SET merged_into = $1 WHERE worker_id = $2";
    let mut stranger = stranger(&database).await;
    let merged = sqlx::query(merge)
        .bind(worker(2).bytes().to_vec())
        .bind(worker(1).bytes().to_vec())
        .execute(&mut stranger);
    merged.await.expect("accepted");
    let keys = [WorkerKey::Id(worker(1)), WorkerKey::Identity(identity(1))];
    let inputs = store.check_inputs(&keys, &[]).await.expect("inputs");
    for found in inputs.workers {
        assert_eq!(found.expect("known").worker.worker_id, worker(2));
    }
    let inputs = store.ledger_inputs(&[(employer(0), year(2023))]).await;
    let workers = inputs.expect("inputs").remove(0).workers;
    assert_eq!(workers.len(), 29);
    assert_eq!(workers[0].worker.worker_id, worker(2));

    let chain = sqlx::query(merge)
        .bind(worker(1).bytes().to_vec())
        .bind(worker(3).bytes().to_vec())
        .execute(&mut stranger);
    let told = chain.await.expect_err("two steps").to_string();
    assert!(told.contains("not merged into"), "{told}");
}
