//! Cases.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::cases::{CaseEvent, CaseFile, CaseQuery, CaseReads, CaseWrites};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use crate::SqliteStore;
use crate::column::{bytes, date, get, hex, narrow, parse_employer, place, position, rows_of};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::sql::{Statement, case as sql};
use crate::unit::SqliteUnit;

fn ids(cases: &[CaseId]) -> Bind {
    rows_of(cases.iter().map(|id| hex(id.bytes())))
}

fn case_id(row: &SqliteRow, column: &str) -> StoreResult<CaseId> {
    CaseId::from_slice(get(row, column)?).ok_or_else(|| corrupt(column))
}

fn case_file(row: &SqliteRow) -> StoreResult<CaseFile> {
    let is_there = |column: &str| get::<Option<&[u8]>>(row, column).map(|bytes| bytes.is_some());
    let worker: Option<&[u8]> = get(row, "worker_id")?;
    let worker = worker.map(|it| WorkerId::from_slice(it).ok_or_else(|| corrupt("worker_id")));
    let employer: Option<&str> = get(row, "employer_code")?;
    let employer: Option<EmployerCode> = employer.map(parse_employer).transpose()?;
    let due: Option<i64> = get(row, "due_on")?;
    let kind = CaseKind::from_number(get(row, "kind")?);
    Ok(CaseFile {
        case_id: case_id(row, "case_id")?,
        kind: kind.ok_or_else(|| corrupt("kind"))?,
        key: match is_there("case_key")? {
            true => Some(bytes(row, "case_key")?),
            false => None,
        },
        opened_at: get(row, "opened_at")?,
        revision: narrow(row, "revision")?,
        state: narrow(row, "state")?,
        parent_id: match is_there("parent_id")? {
            true => Some(case_id(row, "parent_id")?),
            false => None,
        },
        employer_code: employer,
        worker_id: worker.transpose()?,
        region_code: get(row, "region_code")?,
        due_on: due.map(date).transpose()?,
        updated_at: get(row, "updated_at")?,
        body: get(row, "body")?,
    })
}

fn placed(count: usize, rows: &[SqliteRow]) -> StoreResult<Vec<Option<CaseFile>>> {
    let found = rows.iter();
    place(
        count,
        found.map(|row| Ok((position(row)?, case_file(row)?))),
    )
}

async fn read(db: &mut Db<'_>, cases: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let rows = db.rows(sql::READ, [ids(cases)]).await?;
    placed(cases.len(), &rows)
}

async fn read_by_key(
    db: &mut Db<'_>,
    kind: CaseKind,
    keys: &[Digest32],
) -> StoreResult<Vec<Option<CaseFile>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let binds = [Bind::Int(kind.number()), rows_of(keys.iter().map(hex))];
    let rows = db.rows(sql::READ_BY_KEY, binds).await?;
    placed(keys.len(), &rows)
}

async fn list(db: &mut Db<'_>, query: &CaseQuery) -> StoreResult<Vec<CaseFile>> {
    let employer = query.employer_code.map(|code| Bind::Text(code.to_string()));
    let worker = query.worker_id.map(|id| Bind::Blob(id.bytes().to_vec()));
    let parent = query.parent_id.map(|id| Bind::Blob(id.bytes().to_vec()));
    // The narrowest index first; the others narrow what it finds.
    let by = parent
        .map(|it| (sql::LIST_OF_PARENT, it))
        .or(worker.map(|it| (sql::LIST_OF_WORKER, it)))
        .or(employer.map(|it| (sql::LIST_OF_EMPLOYER, it)));
    if let Some((statement, bind)) = by {
        return list_by(db, query, statement, bind).await;
    }
    if query.states.is_empty() {
        return list_by(db, query, sql::LIST_OF_KIND, Bind::Null).await;
    }
    let mut found = Vec::new();
    for state in &query.states {
        let state = Bind::Int(i64::from(*state));
        found.extend(list_by(db, query, sql::LIST_OF_STATE, state).await?);
    }
    found.sort_by_key(|file: &CaseFile| (file.opened_at, file.case_id));
    found.dedup_by_key(|file| file.case_id);
    found.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    Ok(found)
}

async fn list_by(
    db: &mut Db<'_>,
    query: &CaseQuery,
    statement: Statement,
    by: Bind,
) -> StoreResult<Vec<CaseFile>> {
    let states = match query.states.as_slice() {
        [] => Bind::Null,
        states => rows_of(states.iter().map(|state| json!(state))),
    };
    let blob = |bytes: Option<Vec<u8>>| bytes.map_or(Bind::Null, Bind::Blob);
    let after = query
        .after
        .map_or((i64::MIN, Vec::new()), |(at, id)| (at, id.bytes().to_vec()));
    let due = query.due_before.map(|day| i64::from(day.epoch_day()));
    let binds = [
        Bind::Int(query.kind.number()),
        states,
        query
            .employer_code
            .map_or(Bind::Null, |code| Bind::Text(code.to_string())),
        blob(query.worker_id.map(|id| id.bytes().to_vec())),
        blob(query.parent_id.map(|id| id.bytes().to_vec())),
        Bind::Text(query.region_prefix.clone()),
        Bind::from(due),
        Bind::Int(query.opened_from.unwrap_or(i64::MIN)),
        Bind::Int(query.opened_before.unwrap_or(i64::MAX)),
        Bind::Int(after.0),
        Bind::Blob(after.1),
        Bind::Int(i64::from(query.limit)),
        by,
    ];
    let rows = db.rows(statement, binds).await?;
    rows.iter().map(case_file).collect()
}

/// The columns of an event in the order of [`sql::APPEND`].
fn event_row(event: &CaseEvent) -> Value {
    let file = &event.file;
    json!([
        hex(file.case_id.bytes()),
        file.revision,
        file.kind.number(),
        file.key.map(hex),
        file.opened_at,
        file.state,
        file.parent_id.map(|id| hex(id.bytes())),
        file.employer_code.map(|code| code.to_string()),
        file.worker_id.map(|id| hex(id.bytes())),
        file.region_code,
        file.due_on.map(|day| day.epoch_day()),
        hex(&file.body),
        file.updated_at,
        event.previous_state,
        event.actor,
        event.reason,
    ])
}

async fn append(db: &mut Db<'_>, events: &[CaseEvent]) -> StoreResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    db.write(sql::APPEND, [rows_of(events.iter().map(event_row))])
        .await?;
    let last = events.iter().map(|event| (event.file.case_id, event));
    let last: BTreeMap<_, _> = last.collect();
    let rows = last.into_values().map(event_row);
    db.write(sql::PUT, [rows_of(rows)]).await?;
    Ok(())
}

#[async_trait]
impl CaseReads for SqliteStore {
    async fn cases(&self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
        let mut reader = self.reader().await?;
        read(&mut self.db(&mut reader), ids).await
    }

    async fn cases_by_key(
        &self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>> {
        let mut reader = self.reader().await?;
        read_by_key(&mut self.db(&mut reader), kind, keys).await
    }

    async fn list_cases(&self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>> {
        let mut reader = self.reader().await?;
        list(&mut self.db(&mut reader), query).await
    }

    async fn cases_as_of(
        &self,
        cases: &[CaseId],
        as_of: i64,
    ) -> StoreResult<Vec<Option<CaseFile>>> {
        if cases.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.reader().await?;
        let binds = [ids(cases), Bind::Int(as_of)];
        let rows = self.db(&mut reader).rows(sql::READ_AS_OF, binds).await?;
        placed(cases.len(), &rows)
    }

    async fn list_case_events(
        &self,
        case_id: CaseId,
        after: u32,
        limit: u32,
    ) -> StoreResult<Vec<CaseEvent>> {
        let mut reader = self.reader().await?;
        let binds = [
            Bind::Blob(case_id.bytes().to_vec()),
            Bind::Int(i64::from(after)),
            Bind::Int(i64::from(limit)),
        ];
        let rows = self.db(&mut reader).rows(sql::LIST_EVENTS, binds).await?;
        let events = rows.iter().map(|row| {
            let previous: Option<i64> = get(row, "previous_state")?;
            let previous = previous.map(u8::try_from).transpose();
            Ok(CaseEvent {
                file: case_file(row)?,
                previous_state: previous.map_err(|_| corrupt("previous_state"))?,
                actor: get(row, "actor")?,
                reason: get(row, "reason")?,
            })
        });
        events.collect()
    }

    async fn list_case_ids(&self, after: Option<CaseId>, limit: u32) -> StoreResult<Vec<CaseId>> {
        let mut reader = self.reader().await?;
        let after = after.map_or_else(Vec::new, |id| id.bytes().to_vec());
        let binds = [Bind::Blob(after), Bind::Int(i64::from(limit))];
        let rows = self.db(&mut reader).rows(sql::LIST_IDS, binds).await?;
        rows.iter().map(|row| case_id(row, "case_id")).collect()
    }
}

#[async_trait]
impl CaseWrites for SqliteUnit {
    async fn cases(&mut self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
        let result = read(&mut self.db(), ids).await;
        self.note(result)
    }

    async fn cases_by_key(
        &mut self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>> {
        let result = read_by_key(&mut self.db(), kind, keys).await;
        self.note(result)
    }

    async fn list_cases(&mut self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>> {
        let result = list(&mut self.db(), query).await;
        self.note(result)
    }

    async fn append_cases(&mut self, events: &[CaseEvent]) -> StoreResult<()> {
        let result = append(&mut self.db(), events).await;
        self.note(result)
    }
}
