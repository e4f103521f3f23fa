//! Months of the subsidies that claims hold.

use std::sync::Arc;

use mamagang_domain::money::Fen;
use mamagang_domain::subsidy::{ClaimedMonth, SubsidyKind};

use crate::Store;
use crate::rows::SubsidyMonth;

use super::assert_conflict;
use super::sample::{add_workers, begin, employer, month, worker};

fn held(number: u8, kind: SubsidyKind, text: &str, claim: &str) -> SubsidyMonth {
    SubsidyMonth {
        worker_id: worker(number),
        claimed: ClaimedMonth {
            kind,
            month: month(text),
            employer_code: employer(0),
            amount_fen: Fen::new(12_345),
        },
        claim_id: claim.to_owned(),
    }
}

async fn put(store: &Arc<dyn Store>, months: &[SubsidyMonth]) {
    let mut unit = begin(store).await;
    unit.put_subsidy_months(months).await.expect("accepted");
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn months_of_claims_are_listed_by_worker_subsidy_and_month(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2, 3]).await;
    let rows = [
        held(1, SubsidyKind::Post, "2023-01", "c1"),
        held(1, SubsidyKind::EmployerInsurance, "2023-02", "c1"),
        held(1, SubsidyKind::EmployerInsurance, "2022-12", "c1"),
        held(2, SubsidyKind::Training, "2023-01", "c2"),
    ];
    put(&store, &rows).await;
    let asked = [worker(2), worker(3), worker(1)];
    let of_one = [&rows[2], &rows[1], &rows[0]].map(Clone::clone).to_vec();
    let expected = vec![vec![rows[3].clone()], Vec::new(), of_one];
    assert_eq!(
        store.subsidy_months(&asked).await.expect("months"),
        expected
    );
    let mut unit = begin(&store).await;
    assert_eq!(unit.subsidy_months(&asked).await.expect("months"), expected);
    assert_eq!(
        unit.subsidy_months(&[]).await.expect("months"),
        [] as [Vec<_>; 0]
    );
}

/// Contract.
pub async fn a_month_of_a_subsidy_is_claimed_once(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let first = held(1, SubsidyKind::Post, "2023-01", "c1");
    put(&store, std::slice::from_ref(&first)).await;
    let mut again = held(1, SubsidyKind::Post, "2023-01", "c2");
    again.claimed.employer_code = employer(1);
    let mut unit = begin(&store).await;
    assert_conflict(unit.put_subsidy_months(&[again]).await);
    drop(unit);
    put(
        &store,
        &[held(1, SubsidyKind::EmployerInsurance, "2023-01", "c2")],
    )
    .await;
    put(&store, &[held(2, SubsidyKind::Post, "2023-01", "c3")]).await;
    let of_nobody = held(9, SubsidyKind::Post, "2023-01", "c4");
    let mut unit = begin(&store).await;
    assert_conflict(unit.put_subsidy_months(&[of_nobody]).await);
}

/// Contract.
pub async fn only_the_claim_that_holds_a_month_gives_it_back(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let first = held(1, SubsidyKind::Training, "2023-01", "c1");
    put(&store, std::slice::from_ref(&first)).await;
    let of_another = held(1, SubsidyKind::Training, "2023-01", "c2");
    let mut unit = begin(&store).await;
    let released = unit.release_subsidy_months(std::slice::from_ref(&of_another));
    assert_conflict(released.await);
    drop(unit);
    let mut unit = begin(&store).await;
    let released = unit.release_subsidy_months(std::slice::from_ref(&first));
    released.await.expect("accepted");
    let taken = unit.put_subsidy_months(std::slice::from_ref(&of_another));
    taken.await.expect("the month is free");
    unit.commit().await.expect("committed");
    let months = store.subsidy_months(&[worker(1)]).await.expect("months");
    assert_eq!(months, [[of_another]]);
    let mut unit = begin(&store).await;
    assert_conflict(unit.release_subsidy_months(&[first]).await);
}
