//! Booked person-months.

use std::sync::Arc;

use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::money::Fen;
use mamagang_domain::policy::CodeGroup;

use crate::Store;
use crate::rows::{PersonMonth, WorkerKey};

use super::assert_conflict;
use super::sample::{add_workers, begin, booked, employer, month, worker};

async fn book(store: &Arc<dyn Store>, months: &[PersonMonth]) {
    let mut unit = begin(store).await;
    unit.book_months(months).await.expect("accepted");
    unit.commit().await.expect("committed");
}

async fn assert_refused(store: &Arc<dyn Store>, months: &[PersonMonth]) {
    let mut unit = begin(store).await;
    assert_conflict(unit.book_months(months).await);
}

/// Contract.
pub async fn who_books_a_month_first_has_it(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let first = booked(1, month("2023-05"), employer(0));
    book(&store, &[first]).await;
    let by_another = booked(1, month("2023-05"), employer(1));
    assert_refused(&store, &[by_another]).await;
    assert_refused(&store, &[first]).await;
    let twice = booked(1, month("2023-06"), employer(1));
    assert_refused(&store, &[twice, twice]).await;
    book(&store, &[booked(2, month("2023-05"), employer(1))]).await;
    let months = store.person_months(&employer(0)).await.expect("months");
    assert_eq!(months, [first]);
}

/// Contract.
pub async fn the_36th_month_of_a_person_is_booked_and_the_37th_refused(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let start = month("2021-01");
    let nth = |index: i32| {
        let employer = employer(usize::from(index % 2 == 1));
        booked(1, start.plus(index), employer)
    };
    let first: Vec<_> = (0..35).map(nth).collect();
    book(&store, &first).await;
    assert_refused(&store, &[nth(35), nth(36)]).await;
    book(&store, &[nth(35)]).await;
    assert_refused(&store, &[nth(36)]).await;
    assert_refused(&store, &[nth(99)]).await;
    book(&store, &[booked(2, start, employer(0))]).await;

    let mut unit = begin(&store).await;
    unit.release_months(&[nth(0)]).await.expect("accepted");
    unit.book_months(&[nth(36)]).await.expect("one is free");
    unit.commit().await.expect("committed");
}

/// Contract.
pub async fn a_released_month_can_be_booked_again_by_another(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let first = booked(1, month("2023-05"), employer(0));
    book(&store, &[first]).await;
    let mut unit = begin(&store).await;
    unit.release_months(&[first]).await.expect("accepted");
    unit.commit().await.expect("committed");
    let second = booked(1, month("2023-05"), employer(1));
    book(&store, &[second]).await;
    let months = store.person_months(&employer(1)).await.expect("months");
    assert_eq!(months, [second]);
    let months = store.person_months(&employer(0)).await.expect("months");
    assert_eq!(months, []);
}

/// Contract.
pub async fn only_the_employer_that_booked_a_month_can_release_it(store: Arc<dyn Store>) {
    add_workers(&store, [1]).await;
    let first = booked(1, month("2023-05"), employer(0));
    let second = booked(1, month("2023-06"), employer(0));
    book(&store, &[first, second]).await;
    let of_another = booked(1, month("2023-05"), employer(1));
    let of_nobody = booked(1, month("2023-07"), employer(0));
    for wrong in [
        vec![second, of_another],
        vec![of_nobody],
        vec![first, first],
    ] {
        let mut unit = begin(&store).await;
        assert_conflict(unit.release_months(&wrong).await);
        assert_conflict(unit.commit().await);
    }
    let months = store.person_months(&employer(0)).await.expect("months");
    assert_eq!(months, [first, second]);
}

/// Contract.
pub async fn months_of_an_employer_are_listed_by_month(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let mut expected = [
        booked(1, month("2023-01"), employer(0)),
        booked(2, month("2023-01"), employer(0)),
        booked(1, month("2023-02"), employer(0)),
    ];
    expected[0].group = CodeGroup::Poverty;
    expected[1].amount_fen = Fen::new(i64::MAX);
    expected[2].sequence = u32::MAX;
    let [first, second, third] = expected;
    book(&store, &[third, second, first]).await;
    book(&store, &[booked(1, month("2022-01"), employer(1))]).await;
    let months = store.person_months(&employer(0)).await.expect("months");
    assert_eq!(months, expected);
}

/// Contract.
pub async fn a_check_sees_the_months_booked_for_anyone(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let months = [
        booked(1, month("2023-06"), employer(0)),
        booked(2, month("2023-06"), employer(1)),
        booked(1, month("2023-05"), employer(1)),
    ];
    book(&store, &months).await;
    let keys = [WorkerKey::Id(worker(1))];
    let inputs = store.check_inputs(&keys, &[]).await.expect("inputs");
    let found = inputs.workers[0].clone().expect("known").booked;
    let expected = [
        BookedMonth {
            month: month("2023-05"),
            employer_code: employer(1),
        },
        BookedMonth {
            month: month("2023-06"),
            employer_code: employer(0),
        },
    ];
    assert_eq!(found, expected);
    let rows = [worker(1), worker(9), worker(2)];
    let rows = store.booked_months(&rows).await.expect("months");
    let counts: Vec<_> = rows.iter().map(Vec::len).collect();
    assert_eq!((counts, &rows[0]), (vec![2, 0, 1], &expected.to_vec()));
}

/// Contract.
pub async fn a_month_of_nobody_is_refused(store: Arc<dyn Store>) {
    assert_refused(&store, &[booked(1, month("2023-05"), employer(0))]).await;
}
