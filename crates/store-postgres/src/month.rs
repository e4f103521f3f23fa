//! Booked person-months.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::month::TaxYear;
use mamagang_store::StoreResult;
use mamagang_store::months::{
    ChangedWorker, ChangedYear, MonthBook, MonthChanges, WorkerMonths, YearKey, add_booked_of,
    unpack_months, unpack_year,
};
use mamagang_store::rows::{PersonMonth, YearRow};
use sqlx::postgres::PgRow;

use crate::column::{
    employer_code, get, int, narrow, parse_employer, place, place_of, tax_year, worker_id,
};
use crate::db::{Bind, Db};
use crate::employer::codes;
use crate::error::corrupt;
use crate::ledger;
use crate::sql::month as sql;

/// Workers that an employer has at most while it keeps their months: whoever asks for one worker's is
/// given those of all, some forty bytes a worker and year.
const KEPT_WORKERS_MAX: i64 = 64;

/// The months of a worker's row, by month; none where an employer keeps them.
pub(crate) fn booked(row: &PgRow) -> StoreResult<Vec<BookedMonth>> {
    let (from, months) = (int(row, "booked_from")?, get(row, "booked")?);
    unpack_months(from, months, get(row, "booked_by")?)
}

/// Who keeps a worker's months, where the worker's row does not.
pub(crate) fn kept_by(row: &PgRow) -> StoreResult<Option<EmployerCode>> {
    let keeper: &str = get(row, "months_kept_by")?;
    let keeper = (!keeper.is_empty()).then(|| parse_employer(keeper));
    keeper.transpose()
}

/// The months of a worker by month, of a row with `kept_years!`.
pub(crate) fn booked_anywhere(row: &PgRow) -> StoreResult<Vec<BookedMonth>> {
    let Some(keeper) = kept_by(row)? else {
        return booked(row);
    };
    let worker = worker_id(row)?;
    let years: Vec<Vec<u8>> = get(row, "kept_years")?;
    let mut months = Vec::new();
    for bytes in &years {
        let split = bytes.split_first_chunk();
        let (number, packed) = split.ok_or_else(|| corrupt("kept_years"))?;
        let year = TaxYear::new(i32::from_be_bytes(*number));
        let key = (keeper, year.ok_or_else(|| corrupt("tax_year"))?);
        add_booked_of(worker, packed, key, &mut months)?;
    }
    months.sort_unstable_by_key(|it| it.month);
    Ok(months)
}

/// The years of some employers in which something was booked or declared, as `years_of!` reads them.
#[derive(Default)]
pub(crate) struct Years<'r>(HashMap<EmployerCode, Vec<(TaxYear, &'r PgRow)>>);

impl<'r> Years<'r> {
    /// Takes a row, and notes its months in the book.
    pub(crate) fn add(&mut self, row: &'r PgRow, book: &mut MonthBook) -> StoreResult<()> {
        let (employer, year) = (employer_code(row)?, tax_year(row)?);
        book.add_year((employer, year), packed_year(row)?);
        self.0.entry(employer).or_default().push((year, row));
        Ok(())
    }

    fn of(&self, employer: &EmployerCode) -> &[(TaxYear, &'r PgRow)] {
        self.0.get(employer).map_or(&[], Vec::as_slice)
    }

    /// A year's row, if it has one.
    pub(crate) fn row(&self, (employer, year): &YearKey) -> Option<&'r PgRow> {
        let years = self.of(employer).iter();
        years
            .filter(|(it, _)| it == year)
            .map(|(_, row)| *row)
            .next()
    }

    /// The months that an employer keeps of a worker, by month.
    pub(crate) fn kept_of(
        &self,
        employer: EmployerCode,
        worker: WorkerId,
    ) -> StoreResult<Vec<BookedMonth>> {
        let mut months = Vec::new();
        for (year, row) in self.of(&employer) {
            add_booked_of(worker, packed_year(row)?, (employer, *year), &mut months)?;
        }
        months.sort_unstable_by_key(|it| it.month);
        Ok(months)
    }
}

/// Puts years of which nothing was booked yet into the book, so that it has every one of these.
pub(crate) fn add_empty_years<'a>(
    book: &mut MonthBook,
    years: impl IntoIterator<Item = &'a YearKey>,
) {
    for key in years {
        if !book.has_year(key) {
            book.add_year(*key, []);
        }
    }
}

/// The same as they are kept.
pub(crate) fn worker_months(row: &PgRow) -> StoreResult<WorkerMonths> {
    Ok(WorkerMonths {
        from: narrow(row, "booked_from")?,
        months: get(row, "booked")?,
        employers: get(row, "booked_by")?,
    })
}

/// The bytes of a year's months; none where none was ever booked.
pub(crate) fn packed_year(row: &PgRow) -> StoreResult<&[u8]> {
    get(row, "months")
}

pub(crate) async fn list_of(
    db: &mut Db<'_>,
    employer: &EmployerCode,
) -> StoreResult<Vec<PersonMonth>> {
    let binds = [Bind::Text(employer.to_string())];
    let rows = db.rows(sql::LIST_OF_EMPLOYER, binds).await?;
    let mut months = Vec::new();
    for row in &rows {
        months.append(&mut unpack_year(
            packed_year(row)?,
            (*employer, tax_year(row)?),
        )?);
    }
    Ok(months)
}

/// The months of each worker's own row.
pub(crate) async fn of_rows(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<Vec<Vec<BookedMonth>>> {
    let asked = [Bind::blobs(workers.iter().map(WorkerId::bytes))];
    let rows = db.rows(sql::LIST_OF_WORKERS, asked).await?;
    let found = rows
        .iter()
        .map(|row| Ok((place_of(row)?, booked_anywhere(row)?)));
    let found = place(workers.len(), found)?.into_iter();
    Ok(found.map(Option::unwrap_or_default).collect())
}

/// Every month booked for the workers, by worker and month.
pub(crate) async fn of_workers(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    workers: &[WorkerId],
) -> StoreResult<Vec<PersonMonth>> {
    add_workers(db, book, workers).await?;
    let mut years = book.missing_years_of(workers)?;
    add_years(db, book, &mut years).await?;
    book.months_of(workers)
}

async fn read_years(db: &mut Db<'_>, years: &BTreeSet<YearKey>) -> StoreResult<Vec<PgRow>> {
    if years.is_empty() {
        return Ok(Vec::new());
    }
    let binds = [
        codes(years.iter().map(|(employer, _)| employer)),
        Bind::ints(years.iter().map(|(_, year)| year.number())),
    ];
    db.rows(sql::READ_YEARS, binds).await
}

/// Reads and locks what a change of these months needs and the unit has not read yet.
pub(crate) async fn fetch(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    months: &[PersonMonth],
) -> StoreResult<()> {
    let (workers, _) = book.missing(months);
    add_workers(db, book, &workers).await?;
    let elsewhere = book.kept_elsewhere(months);
    take_from_employers(db, book, &elsewhere).await?;
    let (_, mut absent) = book.missing(months);
    add_years(db, book, &mut absent).await?;
    if !absent.is_empty() {
        // A row that is not there cannot be locked; the employer's head can.
        let employers = absent.iter().map(|(employer, _)| *employer).collect();
        ledger::lock_heads(db, &employers).await?;
        add_years(db, book, &mut absent).await?;
        for key in absent {
            book.add_year(key, []);
        }
    }
    Ok(())
}

/// Puts workers into the book.
async fn add_workers<'a, I>(db: &mut Db<'_>, book: &mut MonthBook, workers: I) -> StoreResult<()>
where
    I: IntoIterator<Item = &'a WorkerId, IntoIter: ExactSizeIterator>,
{
    let workers = workers.into_iter();
    if workers.len() == 0 {
        return Ok(());
    }
    let asked = [Bind::blobs(workers.map(WorkerId::bytes))];
    let mut keepers = BTreeSet::new();
    for row in &db.rows(sql::READ_WORKERS, asked).await? {
        match kept_by(row)? {
            None => book.add_worker(worker_id(row)?, worker_months(row)?),
            Some(keeper) => {
                book.add_kept_worker(worker_id(row)?, keeper);
                keepers.insert(keeper);
            }
        }
    }
    if keepers.is_empty() {
        return Ok(());
    }
    // Whoever posts has the head and then the years.
    ledger::lock_heads(db, &keepers).await?;
    for row in &db.rows(sql::READ_BOOKED_YEARS, [codes(&keepers)]).await? {
        let key = (employer_code(row)?, tax_year(row)?);
        if !book.has_year(&key) {
            book.add_year(key, packed_year(row)?);
        }
    }
    Ok(())
}

/// Has the workers' own rows tell their months from now on, and tells their keepers' postings.
pub(crate) async fn take_from_employers(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    workers: &BTreeSet<WorkerId>,
) -> StoreResult<()> {
    let unread: Vec<_> = workers.iter().filter(|id| !book.has_worker(id)).collect();
    add_workers(db, book, unread).await?;
    let kept = workers
        .iter()
        .filter_map(|id| Some((*id, book.keeper_of(id)?)));
    let kept: BTreeMap<WorkerId, EmployerCode> = kept.collect();
    if kept.is_empty() {
        return Ok(());
    }
    let keepers: BTreeSet<_> = kept.values().copied().collect();
    let rows = kept.keys().map(|id| book.row_from_years(id));
    let rows = rows.collect::<StoreResult<Vec<_>>>()?;
    let binds = [
        Bind::blobs(kept.keys().map(WorkerId::bytes)),
        Bind::ints(rows.iter().map(|row| row.from)),
        Bind::texts(rows.iter().map(|row| &row.months)),
        Bind::texts(rows.iter().map(|row| &row.employers)),
        codes(&keepers),
    ];
    let written = db.write(sql::TAKE_FROM_EMPLOYERS, binds).await?;
    for (id, row) in kept.keys().zip(rows) {
        book.add_worker(*id, row);
    }
    match usize::try_from(written) == Ok(kept.len()) {
        true => Ok(()),
        false => Err(corrupt("months_kept_by")),
    }
}

/// Has employers keep the months of workers who were newly linked to them and have nobody else, and
/// has the rows of those tell their own who were kept and may not be any longer.
pub(crate) async fn keep(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    linked: &[(EmployerCode, WorkerId)],
    recorded_at: i64,
) -> StoreResult<()> {
    if linked.is_empty() {
        return Ok(());
    }
    // In the order of all locks, so that nobody else links, books or records here meanwhile.
    let employers: BTreeSet<_> = linked.iter().map(|(employer, _)| *employer).collect();
    ledger::lock_heads(db, &employers).await?;
    let workers: BTreeSet<_> = linked.iter().map(|(_, worker)| *worker).collect();
    let ids = Bind::blobs(workers.iter().map(WorkerId::bytes));
    db.rows(sql::LOCK_LINKED, [ids]).await?;
    let employers = codes(linked.iter().map(|(employer, _)| employer));
    let workers_of = Bind::blobs(linked.iter().map(|(_, worker)| worker.bytes()));
    let most = Bind::Int(KEPT_WORKERS_MAX);
    let binds = [employers.clone(), workers_of.clone(), most.clone()];
    let taken = db.rows(sql::LIST_TO_TAKE, binds).await?;
    let taken = taken.iter().map(worker_id).collect::<StoreResult<_>>()?;
    take_from_employers(db, book, &taken).await?;
    let binds = [employers, workers_of, most, Bind::Int(recorded_at)];
    db.write(sql::GIVE_TO_EMPLOYERS, binds).await?;
    // Read anew when they are asked for.
    workers.iter().for_each(|worker| book.forget_worker(worker));
    Ok(())
}

/// Puts the years that have a row into the book; `asked` keeps those that have none.
async fn add_years(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    asked: &mut BTreeSet<YearKey>,
) -> StoreResult<()> {
    for row in &read_years(db, asked).await? {
        let key = (employer_code(row)?, tax_year(row)?);
        book.add_year(key, packed_year(row)?);
        asked.remove(&key);
    }
    Ok(())
}

/// Writes what was booked or released, where there is anything.
pub(crate) async fn write(db: &mut Db<'_>, changes: &MonthChanges) -> StoreResult<()> {
    if changes.workers.is_empty() && changes.years.is_empty() {
        return Ok(());
    }
    let workers = worker_columns(&changes.workers);
    let columns = workers.into_iter().chain(year_columns(&[], changes));
    let rows = changes.workers.len() + changes.years.len();
    let matched = db.write_sets(sql::WRITE, columns.collect(), rows).await?;
    changes.require_matched(matched)
}

/// Workers, and their months as they were and as they are to be.
pub(crate) fn worker_columns(workers: &[ChangedWorker]) -> [Bind; 7] {
    let ids = workers.iter().map(|it| it.worker_id);
    let before = || workers.iter().map(|it| &it.before);
    let after = || workers.iter().map(|it| &it.after);
    [
        Bind::blobs(ids.map(|id| *id.bytes())),
        Bind::ints(before().map(|row| row.from)),
        Bind::texts(before().map(|row| &row.months)),
        Bind::texts(before().map(|row| &row.employers)),
        Bind::ints(after().map(|row| row.from)),
        Bind::texts(after().map(|row| &row.months)),
        Bind::texts(after().map(|row| &row.employers)),
    ]
}

/// Employers' years with new states, new months or both, each once; what has no bytes stays.
pub(crate) fn year_columns(states: &[YearRow], changes: &MonthChanges) -> [Bind; 4] {
    columns_of_years(&changes.years_with(states))
}

pub(crate) fn columns_of_years(years: &[ChangedYear]) -> [Bind; 4] {
    let years = || years.iter();
    [
        codes(years().map(|year| &year.key.0)),
        Bind::ints(years().map(|year| year.key.1.number())),
        Bind::blobs(years().map(|year| &year.state)),
        Bind::blobs(years().map(|year| &year.months)),
    ]
}
