//! Workers and their identities.

use std::collections::BTreeMap;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::{
    CheckInputs, IdentityKey, KeyedMac, KnownIdentity, NewWorker, WorkerKey, WorkerRow,
    WorkerSecret, WorkerSnapshot,
};
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use crate::column::{bytes, get, hex, narrow, place, position, rows_of, worker_id};
use crate::db::{Bind, Db};
use crate::employer::{codes, employer_row};
use crate::error::corrupt;
use crate::rows::Rows;
use crate::snapshot::{snapshot, worker_row};
use crate::sql::worker as sql;

/// The MACs of a document, each with its rank: the first one known decides.
fn identity_rows(position: usize, key: &IdentityKey) -> impl Iterator<Item = Value> + '_ {
    let document_type = key.document_type.number();
    key.macs.iter().enumerate().map(move |(rank, keyed)| {
        json!([position, rank, document_type, keyed.key_id, hex(keyed.mac)])
    })
}

fn ids(workers: impl IntoIterator<Item = WorkerId>) -> Bind {
    rows_of(workers.into_iter().map(|id| hex(id.bytes())))
}

fn name_mac(row: &SqliteRow) -> StoreResult<KeyedMac> {
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
    let keys = || workers.iter().enumerate();
    let by_id = keys().filter_map(|(position, key)| match key {
        WorkerKey::Id(id) => Some(json!([position, hex(id.bytes())])),
        WorkerKey::Identity(_) => None,
    });
    let by_identity = keys().flat_map(|(position, key)| match key {
        WorkerKey::Id(_) => None,
        WorkerKey::Identity(identity) => Some(identity_rows(position, identity)),
    });
    let binds = [
        rows_of(by_id),
        rows_of(by_identity.flatten()),
        codes(employers),
    ];
    let rows = db.rows(sql::READ_CHECK_INPUTS, binds).await?;
    let (of_workers, of_employers) = split(&rows)?;
    let found = of_employers.into_iter();
    Ok(CheckInputs {
        workers: snapshots(workers.len(), of_workers)?,
        employers: place(
            employers.len(),
            found.map(|row| Ok((position(row)?, employer_row(row)?))),
        )?,
    })
}

/// Rows of part 0 and of part 1.
pub(crate) fn split(rows: &[SqliteRow]) -> StoreResult<(Vec<&SqliteRow>, Vec<&SqliteRow>)> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for row in rows {
        let part: i64 = get(row, "part")?;
        if part == 0 {
            first.push(row)
        } else {
            second.push(row)
        }
    }
    Ok((first, second))
}

/// Joins the rows that several MACs of one document have found.
fn snapshots(count: usize, mut rows: Vec<&SqliteRow>) -> StoreResult<Vec<Option<WorkerSnapshot>>> {
    let mut places: Vec<Option<WorkerSnapshot>> = vec![None; count];
    let mut ranked = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        ranked.push((position(row)?, narrow::<u32>(row, "rank")?, row));
    }
    ranked.sort_by_key(|(position, rank, _)| (*position, *rank));
    for (position, _, row) in ranked {
        let place = places
            .get_mut(position)
            .ok_or_else(|| corrupt("position"))?;
        let name = get::<Option<i64>>(row, "mac_key_id")?;
        let name = name.map(|_| name_mac(row)).transpose()?;
        match place {
            None => {
                let mut found = snapshot(row)?;
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

pub(crate) async fn read(
    db: &mut Db<'_>,
    workers: &[WorkerId],
) -> StoreResult<Vec<Option<WorkerRow>>> {
    if workers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.rows(sql::READ, [ids(workers.iter().copied())]).await?;
    let found = rows
        .iter()
        .map(|row| Ok((position(row)?, worker_row(row)?)));
    place(workers.len(), found)
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
    let binds = [ids(workers.iter().copied())];
    let rows = db.rows(sql::READ_SECRETS, binds).await?;
    let found = rows.iter().map(|row| {
        let secret = WorkerSecret {
            data_key: get(row, "data_key")?,
            identity: get(row, "identity")?,
        };
        Ok((position(row)?, secret))
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
    let macs = keys.iter().enumerate();
    let macs = macs.flat_map(|(position, key)| identity_rows(position, key));
    let rows = db.rows(sql::READ_IDENTITIES, [rows_of(macs)]).await?;
    let mut first: BTreeMap<usize, (u32, KnownIdentity)> = BTreeMap::new();
    for row in &rows {
        let rank = narrow(row, "rank")?;
        let known = KnownIdentity {
            worker_id: worker_id(row)?,
            name: name_mac(row)?,
        };
        let held = first.entry(position(row)?);
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
    let new = ids(workers.iter().map(|new| new.worker_id));
    db.write(sql::INSERT, [new, empty]).await?;
    add_identities(db, workers).await
}

pub(crate) async fn put_identities(db: &mut Db<'_>, workers: &[NewWorker]) -> StoreResult<()> {
    if workers.is_empty() {
        return Ok(());
    }
    let replaced = ids(workers.iter().map(|new| new.worker_id));
    db.write(sql::REMOVE_IDENTITIES, [replaced]).await?;
    add_identities(db, workers).await
}

async fn add_identities(db: &mut Db<'_>, workers: &[NewWorker]) -> StoreResult<()> {
    let identities = workers.iter().flat_map(|new| {
        let macs = new.number_macs.iter().zip(&new.name_macs);
        macs.map(|(number, name)| {
            json!([
                new.document_type.number(),
                number.key_id,
                hex(number.mac),
                hex(new.worker_id.bytes()),
                hex(name.mac),
            ])
        })
    });
    db.write(sql::INSERT_IDENTITIES, [rows_of(identities)])
        .await?;
    let secrets = workers.iter().map(|new| {
        json!([
            hex(new.worker_id.bytes()),
            hex(&new.secret.data_key),
            hex(&new.secret.identity),
        ])
    });
    db.write(sql::PUT_SECRETS, [rows_of(secrets)]).await?;
    Ok(())
}

pub(crate) async fn put(db: &mut Db<'_>, workers: &[WorkerRow]) -> StoreResult<()> {
    // One row a worker: of several the last one counts, and an UPDATE would take any.
    let last: BTreeMap<_, _> = workers.iter().map(|row| (row.worker_id, row)).collect();
    if last.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::new();
    for row in last.values() {
        rows.row()
            .bytes(row.worker_id.bytes())
            .int(row.timeline.revision.into())
            .text(&row.region_code)
            .bytes(&row.timeline.pack())
            .json(&json!(row.timeline.filing_ids()).to_string())
            .end();
    }
    let written = db.write(sql::PUT, rows.binds()).await?;
    if usize::try_from(written) == Ok(last.len()) {
        return Ok(());
    }
    let context = "a worker to be written is unknown";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}
