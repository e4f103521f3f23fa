//! Policy sets.

use async_trait::async_trait;
use mamagang_store::StoreResult;
use mamagang_store::policy::{PolicyReads, PolicySetName, PolicySetRow};

use crate::column::get;
use crate::db::{Bind, Db};
use crate::sql::policy as sql;
use crate::store::PostgresStore;

#[async_trait]
impl PolicyReads for PostgresStore {
    async fn policy_set(&self, version: &str) -> StoreResult<Option<PolicySetRow>> {
        let mut reader = self.reader().await?;
        let binds = [Bind::Text(version.to_owned())];
        let rows = self.db(&mut reader).rows(sql::READ, binds).await?;
        let row = rows.first().map(|row| {
            Ok(PolicySetRow {
                version: get(row, "version")?,
                content: get(row, "content")?,
                recorded_at: get(row, "recorded_at")?,
            })
        });
        row.transpose()
    }

    async fn list_policy_sets(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<PolicySetName>> {
        let mut reader = self.reader().await?;
        let binds = [
            Bind::Text(after.unwrap_or_default().to_owned()),
            Bind::Int(i64::from(limit)),
        ];
        let rows = self.db(&mut reader).rows(sql::LIST, binds).await?;
        let names = rows.iter().map(|row| {
            Ok(PolicySetName {
                version: get(row, "version")?,
                recorded_at: get(row, "recorded_at")?,
            })
        });
        names.collect()
    }
}

pub(crate) async fn keep(
    db: &mut Db<'_>,
    version: &str,
    content: &str,
    recorded_at: i64,
) -> StoreResult<()> {
    let binds = [
        Bind::Text(version.to_owned()),
        Bind::Text(content.to_owned()),
        Bind::Int(recorded_at),
    ];
    db.write(sql::KEEP, binds).await?;
    Ok(())
}
