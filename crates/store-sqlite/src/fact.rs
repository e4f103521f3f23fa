//! Fact rows and their owners.

use std::collections::BTreeMap;

use mamagang_domain::fact::Source;
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::rows::{FactChange, FactPage, FactQuery, FactRow, OwnedFact, OwnerKey};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use crate::column::{
    date, fact_kind, get, hex, narrow, narrowed, no_later_than, place, position, rows_of, worker_id,
};
use crate::db::{Bind, Db};
use crate::rows::Rows;
use crate::sql::fact as sql;

pub(crate) async fn list(db: &mut Db<'_>, query: &FactQuery) -> StoreResult<FactPage> {
    let (statement, subject) = match &query.subject {
        Subject::Worker(id) => (sql::LIST_OF_WORKER, Bind::Blob(id.bytes().to_vec())),
        Subject::Employer(code) => (sql::LIST_OF_EMPLOYER, Bind::Text(code.to_string())),
    };
    let kinds = query.kinds.iter().map(|kind| Value::from(*kind as i64));
    let kinds = if query.kinds.is_empty() {
        Bind::Null
    } else {
        rows_of(kinds)
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

fn fact_row(subject: Subject, row: &SqliteRow) -> StoreResult<FactRow> {
    let optional_revision = |column: &str| -> StoreResult<Option<u32>> {
        let number: Option<i64> = get(row, column)?;
        number.map(|number| narrowed(number, column)).transpose()
    };
    let change = match optional_revision("retracts")? {
        Some(revision) => FactChange::Retract { revision },
        None => FactChange::Record {
            body: get(row, "body")?,
            secret: get(row, "secret")?,
        },
    };
    let drawn_on: Option<i64> = get(row, "source_drawn_on")?;
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

/// The columns after the subject's, which takes the first two elements.
fn add(row: &mut Rows, fact: &FactRow) {
    let (body, secret, retracts) = match &fact.change {
        FactChange::Record { body, secret } => (Some(&body[..]), Some(&secret[..]), None),
        FactChange::Retract { revision } => (None, None, Some(i64::from(*revision))),
    };
    let drawn_on = fact.source.drawn_on;
    row.int(fact.revision.into())
        .int(fact.kind as i64)
        .optional_bytes(body)
        .optional_bytes(secret)
        .optional_int(retracts)
        .optional_int(fact.supersedes.map(i64::from))
        .text(&fact.source.name)
        .optional_int(drawn_on.map(|day| day.epoch_day().into()))
        .int(fact.recorded_at)
        .text(&fact.actor)
        .text(&fact.reason)
        .end();
}

pub(crate) async fn append(db: &mut Db<'_>, facts: &[FactRow]) -> StoreResult<()> {
    let (mut of_workers, mut of_employers) = (Rows::new(), Rows::new());
    for fact in facts {
        match &fact.subject {
            Subject::Worker(id) => add(of_workers.row().bytes(id.bytes()), fact),
            Subject::Employer(code) => {
                add(
                    of_employers.row().code(code.as_str()).optional_int(None),
                    fact,
                );
            }
        }
    }
    if !of_workers.is_empty() {
        db.write(sql::APPEND_OF_WORKERS, of_workers.binds()).await?;
    }
    if !of_employers.is_empty() {
        db.write(sql::APPEND_OF_EMPLOYERS, of_employers.binds())
            .await?;
    }
    Ok(())
}

fn owner_row(key: &OwnerKey) -> Value {
    json!([key.kind as i64, hex(key.key)])
}

pub(crate) async fn owners(
    db: &mut Db<'_>,
    keys: &[OwnerKey],
) -> StoreResult<Vec<Option<WorkerId>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let asked = rows_of(keys.iter().map(owner_row));
    let rows = db.rows(sql::READ_OWNERS, [asked]).await?;
    let found = rows.iter().map(|row| Ok((position(row)?, worker_id(row)?)));
    place(keys.len(), found)
}

pub(crate) async fn put_owners(db: &mut Db<'_>, owners: &[OwnedFact]) -> StoreResult<()> {
    // Of several notes about one fact the last one counts.
    let last: BTreeMap<_, _> = owners
        .iter()
        .map(|owned| (owned.key, owned.worker_id))
        .collect();
    let (mut held, mut free) = (Vec::new(), Vec::new());
    for (key, worker) in &last {
        match worker {
            Some(id) => held.push(json!([key.kind as i64, hex(key.key), hex(id.bytes())])),
            None => free.push(owner_row(key)),
        }
    }
    if !held.is_empty() {
        let rows = rows_of(held);
        db.write(sql::PUT_OWNERS, [rows]).await?;
    }
    if !free.is_empty() {
        let rows = rows_of(free);
        db.write(sql::REMOVE_OWNERS, [rows]).await?;
    }
    Ok(())
}
