//! Workers and their identities.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::{
    CheckInputs, IdentityKey, KeyedMac, KnownIdentity, NewWorker, WorkerKey, WorkerRow,
    WorkerSecret, WorkerSnapshot,
};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use sqlx::postgres::PgRow;

use crate::column::{bytes, get, int, narrow, optional_int, place, place_of, worker_id};
use crate::db::{Bind, Db};
use crate::employer::{codes, employer_row};
use crate::error::corrupt;
use crate::month::{booked_anywhere, kept_by};
use crate::snapshot::{snapshot, worker_row};
use crate::sql::worker as sql;

/// The MACs of documents as columns, each with its rank: the first one known decides.
fn identity_columns<'a>(keys: impl Iterator<Item = (usize, &'a IdentityKey)>) -> [Bind; 5] {
    let (mut places, mut ranks, mut types) = (Vec::new(), Vec::new(), Vec::new());
    let (mut key_ids, mut macs) = (Vec::new(), Vec::new());
    for (position, key) in keys {
        for (rank, keyed) in (0..).zip(&key.macs) {
            places.push(index(position));
            ranks.push(rank);
            types.push(key.document_type.number());
            key_ids.push(i64::from(keyed.key_id));
            macs.push(keyed.mac.to_vec());
        }
    }
    [
        Bind::ints(places),
        Bind::ints(ranks),
        Bind::ints(types),
        Bind::ints(key_ids),
        Bind::blobs(macs),
    ]
}

fn index(position: usize) -> i64 {
    i64::try_from(position).expect("no list is longer than i64::MAX")
}

fn ids<'a>(workers: impl IntoIterator<Item = &'a WorkerId>) -> Bind {
    Bind::blobs(workers.into_iter().map(WorkerId::bytes))
}

fn name_mac(row: &PgRow) -> StoreResult<KeyedMac> {
    Ok(KeyedMac {
        key_id: narrow(row, "mac_key_id")?,
        mac: bytes(row, "name_mac")?,
    })
}

pub(crate) async fn check_inputs(
    db: &mut Db<'_>,
    workers: &[WorkerKey],
    employers: &[EmployerCode],
) -> StoreResult<CheckInputs> {
    if workers.is_empty() && employers.is_empty() {
        return Ok(CheckInputs::default());
    }
    let (mut places, mut by_id, mut by_identity) = (Vec::new(), Vec::new(), Vec::new());
    for (position, key) in workers.iter().enumerate() {
        match key {
            WorkerKey::Id(id) => {
                places.push(index(position));
                by_id.push(id.bytes().to_vec());
            }
            WorkerKey::Identity(identity) => by_identity.push((position, identity)),
        }
    }
    let [at, ranks, types, key_ids, macs] = identity_columns(by_identity.into_iter());
    let binds = [
        Bind::ints(places),
        Bind::blobs(by_id),
        at,
        ranks,
        types,
        key_ids,
        macs,
        codes(employers),
    ];
    let rows = db.rows(sql::READ_CHECK_INPUTS, binds).await?;
    let (of_workers, of_employers) = split(&rows)?;
    let found = of_employers.into_iter();
    Ok(CheckInputs {
        workers: snapshots(workers.len(), of_workers)?,
        employers: place(
            employers.len(),
            found.map(|row| Ok((place_of(row)?, employer_row(row)?))),
        )?,
    })
}

/// Rows of part 0 and of part 1.
pub(crate) fn split(rows: &[PgRow]) -> StoreResult<(Vec<&PgRow>, Vec<&PgRow>)> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for row in rows {
        if int(row, "part")? == 0 {
            first.push(row)
        } else {
            second.push(row)
        }
    }
    Ok((first, second))
}

/// Joins the rows that several MACs of one document have found.
fn snapshots(count: usize, rows: Vec<&PgRow>) -> StoreResult<Vec<Option<WorkerSnapshot>>> {
    let mut places: Vec<Option<WorkerSnapshot>> = vec![None; count];
    let mut ranked = Vec::with_capacity(rows.len());
    for row in rows {
        ranked.push((place_of(row)?, narrow::<u32>(row, "rank")?, row));
    }
    ranked.sort_by_key(|(position, rank, _)| (*position, *rank));
    for (position, _, row) in ranked {
        let place = places.get_mut(position).ok_or_else(|| corrupt("place"))?;
        let name = optional_int(row, "mac_key_id")?;
        let name = name.map(|_| name_mac(row)).transpose()?;
        match place {
            None => {
                let mut found = snapshot(row, booked_anywhere(row)?)?;
                found.name_macs.extend(name);
                *place = Some(found);
            }
            Some(found) if found.worker.worker_id == worker_id(row)? => {
                found.name_macs.extend(name);
            }
            Some(_) => {}
        }
    }
    Ok(places)
}

/// Employers who keep the months of locked workers.
#[derive(Default)]
pub(crate) struct Keepers {
    /// The latest instant that their heads tell.
    pub(crate) last: Option<i64>,
    pub(crate) keepers: BTreeSet<EmployerCode>,
}

/// Has workers to the unit alone, those that they were merged into, and the employers who keep their
/// months.
pub(crate) async fn lock(db: &mut Db<'_>, workers: &BTreeSet<WorkerId>) -> StoreResult<Keepers> {
    let mut locked = Keepers::default();
    if workers.is_empty() {
        return Ok(locked);
    }
    let merged_into = lock_once(db, ids(workers), &mut locked).await?;
    if !merged_into.is_empty() {
        lock_once(db, Bind::blobs(merged_into), &mut locked).await?;
    }
    Ok(locked)
}

/// Returns whom workers were merged into.
async fn lock_once(
    db: &mut Db<'_>,
    workers: Bind,
    locked: &mut Keepers,
) -> StoreResult<Vec<Vec<u8>>> {
    let mut merged_into = Vec::new();
    for row in &db.rows(sql::LOCK, [workers]).await? {
        let heads: Option<Vec<String>> = get(row, "heads")?;
        let keeper: &str = get(row, "months_kept_by")?;
        if !keeper.is_empty() && !heads.unwrap_or_default().iter().any(|head| head == keeper) {
            // The head comes before the worker; nothing was written yet.
            let context = "a worker was given to an employer meanwhile";
            return Err(StoreError::new(StoreErrorKind::Contended, context));
        }
        locked.last = locked.last.max(optional_int(row, "recorded_at")?);
        locked.keepers.extend(kept_by(row)?);
        let target: Option<Vec<u8>> = get(row, "merged_into")?;
        merged_into.extend(target);
    }
    Ok(merged_into)
}

/// The workers, and the instant of the latest fact about any of them.
pub(crate) async fn read(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<(Vec<Option<WorkerRow>>, Option<i64>)> {
    if workers.is_empty() {
        return Ok((Vec::new(), None));
    }
    let rows = db.rows(sql::READ, [ids(workers)]).await?;
    let mut last = None;
    for row in &rows {
        last = last.max(optional_int(row, "last_recorded_at")?);
    }
    let found = rows
        .iter()
        .map(|row| Ok((place_of(row)?, worker_row(row)?)));
    Ok((place(workers.len(), found)?, last))
}

pub(crate) async fn list(
    db: &mut Db<'_>,
    after: Option<WorkerId>,
    limit: u32,
) -> StoreResult<Vec<WorkerRow>> {
    let after = after.map_or_else(Vec::new, |id| id.bytes().to_vec());
    let binds = [Bind::Blob(after), Bind::Int(i64::from(limit))];
    let rows = db.rows(sql::LIST, binds).await?;
    rows.iter().map(worker_row).collect()
}

pub(crate) async fn secrets(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<Vec<Option<WorkerSecret>>> {
    if workers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.rows(sql::READ_SECRETS, [ids(workers)]).await?;
    let found = rows.iter().map(|row| {
        let secret = WorkerSecret {
            data_key: get(row, "data_key")?,
            identity: get(row, "identity")?,
        };
        Ok((place_of(row)?, secret))
    });
    place(workers.len(), found)
}

pub(crate) async fn identities(
    db: &mut Db<'_>,
    keys: &[IdentityKey],
) -> StoreResult<Vec<Option<KnownIdentity>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let binds = identity_columns(keys.iter().enumerate());
    let rows = db.rows(sql::READ_IDENTITIES, binds).await?;
    let mut first: BTreeMap<usize, (u32, KnownIdentity)> = BTreeMap::new();
    for row in &rows {
        let rank = narrow(row, "rank")?;
        let known = KnownIdentity {
            worker_id: worker_id(row)?,
            name: name_mac(row)?,
        };
        let held = first.entry(place_of(row)?);
        let held = held.or_insert_with(|| (rank, known.clone()));
        if rank < held.0 {
            *held = (rank, known);
        }
    }
    let found = first.into_iter();
    place(
        keys.len(),
        found.map(|(position, (_, known))| Ok((position, known))),
    )
}

pub(crate) async fn insert(db: &mut Db<'_>, workers: &[NewWorker]) -> StoreResult<()> {
    if workers.is_empty() {
        return Ok(());
    }
    let empty = Bind::Blob(Timeline::default().pack());
    let new = ids(workers.iter().map(|new| &new.worker_id));
    db.write(sql::INSERT, [new, empty]).await?;
    add_identities(db, workers).await
}

pub(crate) async fn put_identities(db: &mut Db<'_>, workers: &[NewWorker]) -> StoreResult<()> {
    if workers.is_empty() {
        return Ok(());
    }
    let replaced = ids(workers.iter().map(|new| &new.worker_id));
    db.write(sql::REMOVE_IDENTITIES, [replaced]).await?;
    add_identities(db, workers).await
}

async fn add_identities(db: &mut Db<'_>, workers: &[NewWorker]) -> StoreResult<()> {
    let identities = workers.iter().flat_map(|new| {
        let macs = new.number_macs.iter().zip(&new.name_macs);
        macs.map(move |(number, name)| (new, number, name))
    });
    let identities: Vec<_> = identities.collect();
    let rows = || identities.iter();
    let binds = [
        Bind::ints(rows().map(|(new, ..)| new.document_type.number())),
        Bind::ints(rows().map(|(_, number, _)| number.key_id)),
        Bind::blobs(rows().map(|(_, number, _)| number.mac)),
        Bind::blobs(rows().map(|(new, ..)| new.worker_id.bytes())),
        Bind::blobs(rows().map(|(_, _, name)| name.mac)),
    ];
    db.write(sql::INSERT_IDENTITIES, binds).await?;
    // Of several secrets of one worker the last one counts, and an upsert takes one only.
    let secrets: BTreeMap<_, _> = workers
        .iter()
        .map(|new| (new.worker_id, &new.secret))
        .collect();
    let binds = [
        ids(secrets.keys()),
        Bind::blobs(secrets.values().map(|secret| &secret.data_key)),
        Bind::blobs(secrets.values().map(|secret| &secret.identity)),
    ];
    db.write(sql::PUT_SECRETS, binds).await?;
    Ok(())
}

pub(crate) async fn put(
    db: &mut Db<'_>,
    workers: &[WorkerRow],
    recorded_at: i64,
) -> StoreResult<()> {
    // One row a worker: of several the last one counts, and an UPDATE would take any.
    let last: BTreeMap<_, _> = workers.iter().map(|row| (row.worker_id, row)).collect();
    if last.is_empty() {
        return Ok(());
    }
    let filings = last
        .values()
        .map(|row| serde_json::Value::from_iter(row.timeline.filing_ids()).to_string());
    let binds = [
        ids(last.keys()),
        Bind::ints(last.values().map(|row| row.timeline.revision)),
        Bind::texts(last.values().map(|row| &row.region_code)),
        Bind::blobs(last.values().map(|row| row.timeline.pack())),
        Bind::texts(filings),
        Bind::Int(recorded_at),
    ];
    let written = db.write(sql::PUT, binds).await?;
    if usize::try_from(written) == Ok(last.len()) {
        return Ok(());
    }
    let context = "a worker to be written is unknown";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}
