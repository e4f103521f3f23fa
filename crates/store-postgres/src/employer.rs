//! Employers and who works for them.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_store::StoreResult;
use mamagang_store::months::MonthBook;
use mamagang_store::rows::EmployerRow;
use sqlx::postgres::PgRow;

use crate::column::{employer_code, get, optional_int, place, place_of, worker_id};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::month;
use crate::sql::employer as sql;

pub(crate) fn codes<'a>(employers: impl IntoIterator<Item = &'a EmployerCode>) -> Bind {
    Bind::texts(employers.into_iter().map(EmployerCode::as_str))
}

pub(crate) fn employer_row(row: &PgRow) -> StoreResult<EmployerRow> {
    let packed: &[u8] = get(row, "record")?;
    Ok(EmployerRow {
        employer_code: employer_code(row)?,
        record: EmployerRecord::unpack(packed)
            .map_err(|error| corrupt("record").with_source(error))?,
    })
}

pub(crate) async fn read(
    db: &mut Db<'_>,
    employers: &[EmployerCode],
) -> StoreResult<Vec<Option<EmployerRow>>> {
    if employers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.rows(sql::READ, [codes(employers)]).await?;
    let found = rows
        .iter()
        .map(|row| Ok((place_of(row)?, employer_row(row)?)));
    place(employers.len(), found)
}

/// The instant of the latest fact about any of the employers.
pub(crate) async fn last_instant(
    db: &mut Db<'_>,
    employers: &[EmployerCode],
) -> StoreResult<Option<i64>> {
    let rows = db.rows(sql::READ_LAST_INSTANT, [codes(employers)]).await?;
    match rows.first() {
        Some(row) => optional_int(row, "last_recorded_at"),
        None => Ok(None),
    }
}

pub(crate) async fn list(
    db: &mut Db<'_>,
    after: Option<EmployerCode>,
    limit: u32,
) -> StoreResult<Vec<EmployerRow>> {
    let after = after.map_or_else(String::new, |code| code.to_string());
    let binds = [Bind::Text(after), Bind::Int(i64::from(limit))];
    let rows = db.rows(sql::LIST, binds).await?;
    rows.iter().map(employer_row).collect()
}

pub(crate) async fn put(
    db: &mut Db<'_>,
    employers: &[EmployerRow],
    recorded_at: i64,
) -> StoreResult<()> {
    // Of several rows about one employer the last one counts, and an upsert takes one only.
    let last: BTreeMap<_, _> = employers
        .iter()
        .map(|row| (row.employer_code, row))
        .collect();
    if last.is_empty() {
        return Ok(());
    }
    let towns = last.values().map(|row| {
        let latest = row.record.profiles.last();
        latest.map_or("", |held| held.body.town_code.as_str())
    });
    let binds = [
        codes(last.keys()),
        Bind::ints(last.values().map(|row| row.record.revision)),
        Bind::texts(towns),
        Bind::blobs(last.values().map(|row| row.record.pack())),
        Bind::Int(recorded_at),
    ];
    db.write(sql::PUT, binds).await?;
    Ok(())
}

/// Notes who has contracts with whom, and where the months of those are kept who are new.
pub(crate) async fn link(
    db: &mut Db<'_>,
    book: &mut MonthBook,
    links: &[(EmployerCode, WorkerId)],
    recorded_at: i64,
) -> StoreResult<()> {
    // In order of key, so that units that note the same pairs wait and do not deadlock.
    let links: BTreeSet<_> = links.iter().collect();
    if links.is_empty() {
        return Ok(());
    }
    let binds = [
        codes(links.iter().map(|(employer, _)| employer)),
        Bind::blobs(links.iter().map(|(_, worker)| worker.bytes())),
    ];
    let rows = db.rows_written(sql::LINK, binds).await?;
    let new = rows.iter();
    let new = new.map(|row| Ok((employer_code(row)?, worker_id(row)?)));
    let new = new.collect::<StoreResult<Vec<_>>>()?;
    month::keep(db, book, &new, recorded_at).await
}
