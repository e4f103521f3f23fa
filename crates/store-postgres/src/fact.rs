//! Fact rows and their owners.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::fact::Source;
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::rows::{FactChange, FactPage, FactQuery, FactRow, OwnedFact, OwnerKey};
use sqlx::postgres::PgRow;

use crate::column::{
    date, fact_kind, get, narrow, narrowed, no_later_than, optional_int, place, place_of, worker_id,
};
use crate::db::{Bind, Db};
use crate::sql::fact as sql;

pub(crate) async fn list(db: &mut Db<'_>, query: &FactQuery) -> StoreResult<FactPage> {
    let (statement, subject) = match &query.subject {
        Subject::Worker(id) => (sql::LIST_OF_WORKER, Bind::Blob(id.bytes().to_vec())),
        Subject::Employer(code) => (sql::LIST_OF_EMPLOYER, Bind::Text(code.to_string())),
    };
    let kinds = if query.kinds.is_empty() {
        Bind::AnyInts
    } else {
        Bind::ints(query.kinds.iter().map(|kind| *kind as i64))
    };
    let binds = [
        subject,
        kinds,
        Bind::Int(i64::from(query.after)),
        Bind::Int(query.through.map_or(i64::MAX, i64::from)),
        no_later_than(query.as_of),
        // One more than asked for tells whether there are more.
        Bind::Int(i64::from(query.limit) + 1),
    ];
    let found = db.rows(statement, binds).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let rows = found.iter().take(limit);
    Ok(FactPage {
        rows: rows
            .map(|row| fact_row(query.subject, row))
            .collect::<Result<_, _>>()?,
        more: found.len() > limit,
    })
}

fn fact_row(subject: Subject, row: &PgRow) -> StoreResult<FactRow> {
    let optional_revision = |column: &str| -> StoreResult<Option<u32>> {
        let number = optional_int(row, column)?;
        number.map(|number| narrowed(number, column)).transpose()
    };
    let change = match optional_revision("retracts")? {
        Some(revision) => FactChange::Retract { revision },
        None => FactChange::Record {
            body: get(row, "body")?,
            secret: get(row, "secret")?,
        },
    };
    let drawn_on = optional_int(row, "source_drawn_on")?;
    Ok(FactRow {
        subject,
        revision: narrow(row, "revision")?,
        kind: fact_kind(row)?,
        change,
        supersedes: optional_revision("supersedes")?,
        source: Source {
            name: get(row, "source_name")?,
            drawn_on: drawn_on.map(date).transpose()?,
        },
        recorded_at: get(row, "recorded_at")?,
        actor: get(row, "actor")?,
        reason: get(row, "reason")?,
    })
}

/// The columns of rows, behind the subjects'.
fn columns(subjects: Bind, facts: &[&FactRow]) -> [Bind; 12] {
    let rows = || facts.iter();
    let body = |fact: &&FactRow| match &fact.change {
        FactChange::Record { body, .. } => Some(body.clone()),
        FactChange::Retract { .. } => None,
    };
    let secret = |fact: &&FactRow| match &fact.change {
        FactChange::Record { secret, .. } => Some(secret.clone()),
        FactChange::Retract { .. } => None,
    };
    let retracts = |fact: &&FactRow| match &fact.change {
        FactChange::Record { .. } => None,
        FactChange::Retract { revision } => Some(*revision),
    };
    let drawn_on = |fact: &&FactRow| fact.source.drawn_on.map(|day| day.epoch_day());
    [
        subjects,
        Bind::ints(rows().map(|fact| fact.revision)),
        Bind::ints(rows().map(|fact| fact.kind as i64)),
        Bind::optional_blobs(rows().map(body)),
        Bind::optional_blobs(rows().map(secret)),
        Bind::optional_ints(rows().map(retracts)),
        Bind::optional_ints(rows().map(|fact| fact.supersedes)),
        Bind::texts(rows().map(|fact| &fact.source.name)),
        Bind::optional_ints(rows().map(drawn_on)),
        Bind::ints(rows().map(|fact| fact.recorded_at)),
        Bind::texts(rows().map(|fact| &fact.actor)),
        Bind::texts(rows().map(|fact| &fact.reason)),
    ]
}

pub(crate) async fn append(db: &mut Db<'_>, facts: &[FactRow]) -> StoreResult<()> {
    let (mut workers, mut of_workers) = (Vec::new(), Vec::new());
    let (mut employers, mut of_employers) = (Vec::new(), Vec::new());
    for fact in facts {
        match &fact.subject {
            Subject::Worker(id) => {
                workers.push(id.bytes().to_vec());
                of_workers.push(fact);
            }
            Subject::Employer(code) => {
                employers.push(code.to_string());
                of_employers.push(fact);
            }
        }
    }
    if !of_workers.is_empty() {
        let binds = columns(Bind::blobs(workers), &of_workers);
        db.write(sql::APPEND_OF_WORKERS, binds).await?;
    }
    if !of_employers.is_empty() {
        let binds = columns(Bind::texts(employers), &of_employers);
        db.write(sql::APPEND_OF_EMPLOYERS, binds).await?;
    }
    Ok(())
}

fn key_columns<'a>(keys: impl Iterator<Item = &'a OwnerKey> + Clone) -> [Bind; 2] {
    [
        Bind::ints(keys.clone().map(|key| key.kind as i64)),
        Bind::blobs(keys.map(|key| key.key)),
    ]
}

/// Owners, with their notes locked.
pub(crate) async fn owners(
    db: &mut Db<'_>,
    keys: &[OwnerKey],
) -> StoreResult<Vec<Option<WorkerId>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    db.rows(sql::LOCK_OWNERS, key_columns(keys.iter())).await?;
    let rows = db.rows(sql::READ_OWNERS, key_columns(keys.iter())).await?;
    let found = rows.iter().map(|row| Ok((place_of(row)?, worker_id(row)?)));
    place(keys.len(), found)
}

/// Writes notes. Nobody held the facts of `free` when the unit read them, and nothing could be
/// locked to keep it so: another's note is a conflict.
pub(crate) async fn put_owners(
    db: &mut Db<'_>,
    owners: &[OwnedFact],
    free: &mut BTreeSet<OwnerKey>,
) -> StoreResult<()> {
    // Of several notes about one fact the last one counts.
    let last: BTreeMap<_, _> = owners
        .iter()
        .map(|owned| (owned.key, owned.worker_id))
        .collect();
    let (mut added, mut held, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (key, worker) in last {
        match worker {
            Some(id) if free.remove(&key) => added.push((key, id)),
            Some(id) => held.push((key, id)),
            None => gone.push(key),
        }
    }
    for (statement, noted) in [(sql::INSERT_OWNERS, added), (sql::PUT_OWNERS, held)] {
        if !noted.is_empty() {
            let [kinds, keys] = key_columns(noted.iter().map(|(key, _)| key));
            let workers = Bind::blobs(noted.iter().map(|(_, id)| id.bytes()));
            db.write(statement, [kinds, keys, workers]).await?;
        }
    }
    if !gone.is_empty() {
        db.write(sql::REMOVE_OWNERS, key_columns(gone.iter()))
            .await?;
    }
    Ok(())
}
