//! Cases.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_store::StoreResult;
use mamagang_store::cases::{CaseEvent, CaseFile, CaseQuery, CaseReads, CaseWrites};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::column::{
    bytes, date, get, int, narrow, narrowed, optional_int, parse_employer, place, place_of,
};
use crate::db::{Bind, Db};
use crate::error::corrupt;
use crate::sql::{Statement, case as sql};
use crate::unit::PostgresUnit;

fn ids(cases: &[CaseId]) -> Bind {
    Bind::blobs(cases.iter().map(CaseId::bytes))
}

fn case_id(row: &PgRow, column: &str) -> StoreResult<CaseId> {
    CaseId::from_slice(get(row, column)?).ok_or_else(|| corrupt(column))
}

fn case_file(row: &PgRow) -> StoreResult<CaseFile> {
    let is_there = |column: &str| get::<Option<&[u8]>>(row, column).map(|bytes| bytes.is_some());
    let worker: Option<&[u8]> = get(row, "worker_id")?;
    let worker = worker.map(|it| WorkerId::from_slice(it).ok_or_else(|| corrupt("worker_id")));
    let employer: Option<&str> = get(row, "employer_code")?;
    let employer: Option<EmployerCode> = employer.map(parse_employer).transpose()?;
    let due = optional_int(row, "due_on")?;
    let kind = CaseKind::from_number(int(row, "kind")?);
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

fn placed(count: usize, rows: &[PgRow]) -> StoreResult<Vec<Option<CaseFile>>> {
    let found = rows.iter();
    place(
        count,
        found.map(|row| Ok((place_of(row)?, case_file(row)?))),
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
    let binds = [Bind::Int(kind.number()), Bind::blobs(keys)];
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
        return list_by(db, query, sql::LIST_OF_KIND, Bind::OptionalInt(None)).await;
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
        [] => Bind::AnyInts,
        states => Bind::ints(states.iter().copied()),
    };
    let after = query
        .after
        .map_or((i64::MIN, Vec::new()), |(at, id)| (at, id.bytes().to_vec()));
    let due = query.due_before.map(|day| i64::from(day.epoch_day()));
    let binds = [
        Bind::Int(query.kind.number()),
        states,
        Bind::OptionalText(query.employer_code.map(|code| code.to_string())),
        Bind::OptionalBlob(query.worker_id.map(|id| id.bytes().to_vec())),
        Bind::OptionalBlob(query.parent_id.map(|id| id.bytes().to_vec())),
        Bind::Text(query.region_prefix.clone()),
        Bind::OptionalInt(due),
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

/// The columns of files in the order of [`sql::PUT`].
fn file_columns(files: &[&CaseFile]) -> [Bind; 13] {
    let rows = || files.iter();
    let employers = rows().map(|file| file.employer_code.map(|code| code.to_string()));
    [
        Bind::blobs(rows().map(|file| file.case_id.bytes())),
        Bind::ints(rows().map(|file| file.revision)),
        Bind::ints(rows().map(|file| file.kind.number())),
        Bind::optional_blobs(rows().map(|file| file.key)),
        Bind::ints(rows().map(|file| file.opened_at)),
        Bind::ints(rows().map(|file| file.state)),
        Bind::optional_blobs(rows().map(|file| file.parent_id.map(|id| *id.bytes()))),
        Bind::optional_texts(employers),
        Bind::optional_blobs(rows().map(|file| file.worker_id.map(|id| *id.bytes()))),
        Bind::texts(rows().map(|file| &file.region_code)),
        Bind::optional_ints(rows().map(|file| file.due_on.map(|day| day.epoch_day()))),
        Bind::blobs(rows().map(|file| &file.body)),
        Bind::ints(rows().map(|file| file.updated_at)),
    ]
}

async fn append(db: &mut Db<'_>, events: &[CaseEvent]) -> StoreResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let files: Vec<_> = events.iter().map(|event| &event.file).collect();
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12] = file_columns(&files);
    let previous = events.iter().map(|event| event.previous_state);
    let binds = [
        c0,
        c1,
        c2,
        c3,
        c4,
        c5,
        c6,
        c7,
        c8,
        c9,
        c10,
        c11,
        c12,
        Bind::optional_ints(previous),
        Bind::texts(events.iter().map(|event| &event.actor)),
        Bind::texts(events.iter().map(|event| &event.reason)),
    ];
    db.write(sql::APPEND, binds).await?;
    // One row a case: of several events the last one counts, and an upsert takes one only.
    let last = files.into_iter().map(|file| (file.case_id, file));
    let last: BTreeMap<_, _> = last.collect();
    let files: Vec<_> = last.into_values().collect();
    db.write(sql::PUT, file_columns(&files)).await?;
    Ok(())
}

/// The instant of the latest event among the cases.
fn last_instant(files: &[Option<CaseFile>]) -> Option<i64> {
    files.iter().flatten().map(|file| file.updated_at).max()
}

async fn lock_and_read(db: &mut Db<'_>, cases: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    db.rows(sql::LOCK, [ids(cases)]).await?;
    read(db, cases).await
}

async fn lock_and_read_by_key(
    db: &mut Db<'_>,
    kind: CaseKind,
    keys: &[Digest32],
) -> StoreResult<Vec<Option<CaseFile>>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let binds = [Bind::Int(kind.number()), Bind::blobs(keys)];
    db.rows(sql::LOCK_BY_KEY, binds).await?;
    read_by_key(db, kind, keys).await
}

#[async_trait]
impl CaseReads for PostgresStore {
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
            let previous = optional_int(row, "previous_state")?;
            let previous = previous.map(|state| narrowed(state, "previous_state"));
            Ok(CaseEvent {
                file: case_file(row)?,
                previous_state: previous.transpose()?,
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
impl CaseWrites for PostgresUnit {
    async fn cases(&mut self, ids: &[CaseId]) -> StoreResult<Vec<Option<CaseFile>>> {
        let read = lock_and_read(&mut self.reading(), ids).await;
        let files = self.note(read)?;
        self.follow(last_instant(&files));
        Ok(files)
    }

    async fn cases_by_key(
        &mut self,
        kind: CaseKind,
        keys: &[Digest32],
    ) -> StoreResult<Vec<Option<CaseFile>>> {
        let read = lock_and_read_by_key(&mut self.reading(), kind, keys).await;
        let files = self.note(read)?;
        self.follow(last_instant(&files));
        Ok(files)
    }

    async fn list_cases(&mut self, query: &CaseQuery) -> StoreResult<Vec<CaseFile>> {
        let result = list(&mut self.reading(), query).await;
        self.note(result)
    }

    async fn append_cases(&mut self, events: &[CaseEvent]) -> StoreResult<()> {
        let result = append(&mut self.writing(), events).await;
        self.note(result)
    }
}
