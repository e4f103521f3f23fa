//! Booked months of a database that had a row for each of them, before they were packed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::money::Fen;
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::timeline::Timeline;

use crate::Store;
use crate::months::{WorkerMonths, YearKey, pack_year, year_of};
use crate::rows::{PersonMonth, WorkerKey};

use super::sample::{begin, booked, employer, month, worker};

/// The schema's last version with a row for each booked month.
pub const BEFORE: i64 = 64;

/// The workers that [`months`] has months of, and one that it has none of.
const WORKERS: [u8; 3] = [1, 2, 3];

/// Months of two workers at three employers, over two years and with gaps.
fn months() -> Vec<PersonMonth> {
    let mut months = vec![
        booked(1, month("2023-11"), employer(1)),
        booked(1, month("2023-12"), employer(0)),
        booked(1, month("2024-01"), employer(0)),
        booked(1, month("2024-12"), employer(2)),
        booked(2, month("2024-12"), employer(0)),
        booked(2, month("2024-06"), employer(0)),
    ];
    months[2].group = CodeGroup::Poverty;
    months[4].amount_fen = Fen::new(i64::MAX);
    months[5].sequence = u32::MAX;
    months
}

/// Statements that fill the schema of [`BEFORE`], where an engine's SQL writes hexadecimal digits as
/// `bytes` does, and a list of nothing as `empty_list`.
pub fn filling(bytes: impl Fn(&str) -> String, empty_list: &str) -> Vec<String> {
    let bytes = |of: &[u8]| {
        let digits = of.iter().map(|byte| format!("{byte:02x}"));
        bytes(&digits.collect::<String>())
    };
    let empty = bytes(&Timeline::default().pack());
    let workers = WORKERS.map(|number| {
        let id = bytes(worker(number).bytes());
        format!(
            "INSERT INTO worker (worker_id, revision, region_code, timeline, filing_ids)
            VALUES ({id}, 0, '', {empty}, '{empty_list}')"
        )
    });
    let months = months().into_iter().map(|it| {
        format!(
            "INSERT INTO person_month
                (worker_id, month, employer_code, code_group, amount_fen, sequence)
            VALUES ({}, {}, '{}', {}, {}, {})",
            bytes(it.worker_id.bytes()),
            it.month.index(),
            it.employer_code,
            it.group as i64,
            it.amount_fen.get(),
            it.sequence,
        )
    });
    workers.into_iter().chain(months).collect()
}

/// Workers' and years' rows as they are to be once the schema is of today: the worker with first
/// month, months and employers; the employer with year and months.
pub fn packed() -> (BTreeSet<WorkerRowOf>, BTreeSet<YearRowOf>) {
    let mut workers: BTreeMap<u8, Vec<BookedMonth>> = BTreeMap::new();
    let mut years: BTreeMap<YearKey, Vec<PersonMonth>> = BTreeMap::new();
    for number in WORKERS {
        let all = months().into_iter();
        let theirs = all.filter(|it| it.worker_id == worker(number));
        let mut theirs: Vec<_> = theirs
            .map(|it| BookedMonth {
                month: it.month,
                employer_code: it.employer_code,
            })
            .collect();
        theirs.sort_unstable();
        workers.insert(number, theirs);
    }
    for it in months() {
        years.entry(year_of(&it)).or_default().push(it);
    }
    let workers = workers.into_iter().map(|(number, months)| {
        let row = WorkerMonths::pack(&months).expect("packed");
        let id = worker(number).bytes().to_vec();
        (id, i64::from(row.from), row.months, row.employers)
    });
    let years = years.into_iter().map(|((employer, year), months)| {
        let months = pack_year(&months).expect("packed");
        (employer.to_string(), i64::from(year.number()), months)
    });
    (workers.collect(), years.collect())
}

/// Id, first month, months, employers.
pub type WorkerRowOf = (Vec<u8>, i64, String, String);

/// Employer, year, months.
pub type YearRowOf = (String, i64, Vec<u8>);

/// The store on the migrated database says what the rows said, and goes on from there.
pub async fn every_month_is_still_booked(store: Arc<dyn Store>) {
    let mut expected = months();
    expected.sort_unstable();
    let mut found = Vec::new();
    for number in 0..3 {
        let months = store.person_months(&employer(number)).await;
        found.extend(months.expect("months"));
    }
    found.sort_unstable();
    assert_eq!(found, expected);
    let keys = WORKERS.map(|number| WorkerKey::Id(worker(number)));
    let inputs = store.check_inputs(&keys, &[]).await.expect("inputs");
    let counts = inputs.workers.iter().flatten();
    let counts: Vec<_> = counts.map(|it| it.booked.len()).collect();
    assert_eq!(counts, [4, 2, 0]);
    // A year of which only months are known is none that anything was posted in.
    let years = store.list_years(&[employer(0)]).await.expect("years");
    assert_eq!(years, []);
    let mut unit = begin(&store).await;
    let next = booked(1, month("2024-02"), employer(1));
    unit.book_months(&[next]).await.expect("it is free");
    unit.release_months(&[expected[0]]).await.expect("booked");
    unit.commit().await.expect("committed");
    let of = employer(0);
    let left = store.person_months(&of).await.expect("months").len();
    let before = expected.iter().filter(|it| it.employer_code == of).count();
    let released = usize::from(expected[0].employer_code == of);
    assert_eq!(left, before - released);
}
