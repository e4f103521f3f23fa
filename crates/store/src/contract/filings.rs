//! Filings as checks read them.

use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{Filing, FilingKind};

use crate::Store;
use crate::rows::WorkerKey;

use super::sample::{add_workers, begin, employer, worker, worker_row};

fn filing(number: u8, kind: FilingKind) -> Filing {
    Filing {
        filing_id: format!("filing-{number}"),
        employer_code: employer(0),
        kind,
        submitted_on: CivilDate::from_epoch_day(18_990),
        accepted_on: CivilDate::from_epoch_day(19_000),
        revoked_on: None,
    }
}

async fn put(store: &Arc<dyn Store>, rows: &[Filing]) {
    let mut unit = begin(store).await;
    unit.put_filings(rows).await.expect("accepted");
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn a_filing_comes_back_as_it_was_last_written(store: Arc<dyn Store>) {
    let mut row = filing(1, FilingKind::LabourContract);
    put(&store, &[row.clone(), filing(2, FilingKind::TrainingPlan)]).await;
    row.revoked_on = CivilDate::from_epoch_day(19_500);
    row.submitted_on = None;
    let mut other_employer = row.clone();
    other_employer.employer_code = employer(1);
    put(&store, &[filing(1, FilingKind::Service), other_employer]).await;
    let ids = ["filing-3", "filing-1"].map(str::to_owned);
    let found = store.filings(&ids).await.expect("filings");
    assert_eq!(found, [None, Some(row)]);
}

/// Contract.
pub async fn a_check_reads_the_filings_that_contracts_name(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2, 3]).await;
    let mut unit = begin(&store).await;
    let rows = [1, 2, 3].map(|number| worker_row(number, &[employer(0)]));
    unit.put_workers(&rows).await.expect("accepted");
    unit.commit().await.expect("committed");
    let kinds = [FilingKind::LabourContract, FilingKind::TrainingPlan];
    put(&store, &[filing(1, kinds[0]), filing(2, kinds[1])]).await;
    let keys = [1, 2, 3].map(|number| WorkerKey::Id(worker(number)));
    let inputs = store.check_inputs(&keys, &[]).await.expect("inputs");
    let named = |index: usize| inputs.workers[index].as_ref().expect("known").filings.len();
    assert_eq!([named(0), named(1), named(2)], [1, 1, 0]);
}
