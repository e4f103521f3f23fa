//! Jobs and their parts.

use async_trait::async_trait;
use mamagang_domain::identifier::EmployerCode;
use mamagang_store::{
    JobPart, JobReads, JobRow, JobWrites, StoreError, StoreErrorKind, StoreResult, UnitOfWork as _,
};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::column::{get, narrow, parse_employer, rows_of};
use crate::db::{Bind, Db};
use crate::sql::job as sql;
use crate::store::SqliteStore;
use crate::unit::SqliteUnit;

fn id(job_id: Uuid) -> Bind {
    Bind::Blob(job_id.as_bytes().to_vec())
}

fn text(code: Option<&EmployerCode>) -> String {
    code.map_or_else(String::new, EmployerCode::to_string)
}

fn part(job_id: Uuid, row: &SqliteRow) -> StoreResult<JobPart> {
    let after: &str = get(row, "after_code")?;
    let after = (!after.is_empty()).then(|| parse_employer(after));
    Ok(JobPart {
        job_id,
        part: narrow(row, "part")?,
        after: after.transpose()?,
        last: parse_employer(get(row, "last_code")?)?,
        done: narrow(row, "done")?,
        refused: narrow(row, "refused")?,
        is_finished: get::<i64>(row, "is_finished")? == 1,
        fence: narrow(row, "fence")?,
    })
}

async fn add(db: &mut Db<'_>, job: &JobRow, parts: &[JobPart], now: i64) -> StoreResult<()> {
    let binds = [
        id(job.job_id),
        Bind::Int(job.kind.into()),
        Bind::Text(job.question.clone()),
        Bind::Int(now),
    ];
    if db.write(sql::ADD, binds).await? == 0 {
        return Ok(());
    }
    let rows = parts
        .iter()
        .map(|part| json!([part.part, text(part.after.as_ref()), part.last.as_str()]));
    let binds = [id(job.job_id), rows_of(rows)];
    db.write(sql::ADD_PARTS, binds).await?;
    Ok(())
}

async fn advance(db: &mut Db<'_>, part: &JobPart, until: i64) -> StoreResult<()> {
    let count = |number: u64| Bind::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let binds = [
        id(part.job_id),
        Bind::Int(part.part.into()),
        count(part.fence),
        Bind::Text(text(part.after.as_ref())),
        count(part.done),
        count(part.refused),
        Bind::Int(part.is_finished.into()),
        Bind::Int(until),
    ];
    if db.write(sql::ADVANCE, binds).await? == 1 {
        return Ok(());
    }
    let context = "somebody else has taken the part of the job";
    Err(StoreError::new(StoreErrorKind::Conflict, context))
}

#[async_trait]
impl JobReads for SqliteStore {
    async fn job(&self, job_id: Uuid) -> StoreResult<Option<JobRow>> {
        let mut reader = self.reader().await?;
        let rows = self.db(&mut reader).rows(sql::READ, [id(job_id)]).await?;
        let row = rows.first().map(|row| {
            Ok(JobRow {
                job_id,
                kind: narrow(row, "kind")?,
                question: get(row, "question")?,
            })
        });
        row.transpose()
    }

    async fn job_parts(&self, job_id: Uuid) -> StoreResult<Vec<JobPart>> {
        let mut reader = self.reader().await?;
        let mut db = self.db(&mut reader);
        let rows = db.rows(sql::LIST_PARTS, [id(job_id)]).await?;
        rows.iter().map(|row| part(job_id, row)).collect()
    }
}

#[async_trait]
impl JobWrites for SqliteUnit {
    async fn add_job(&mut self, job: &JobRow, parts: &[JobPart]) -> StoreResult<()> {
        let now = self.recorded_at();
        let result = add(&mut self.db(), job, parts, now).await;
        self.note(result)
    }

    async fn take_job_part(&mut self, job_id: Uuid, until: i64) -> StoreResult<Option<JobPart>> {
        let binds = [id(job_id), Bind::Int(self.recorded_at()), Bind::Int(until)];
        let taken = self.db().rows(sql::TAKE, binds).await;
        let taken = self.note(taken)?;
        taken.first().map(|row| part(job_id, row)).transpose()
    }

    async fn advance_job_part(&mut self, part: &JobPart, until: i64) -> StoreResult<()> {
        let result = advance(&mut self.db(), part, until).await;
        self.note(result)
    }
}
