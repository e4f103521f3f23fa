//! Keys and erasures.

use async_trait::async_trait;
use mamagang_domain::fact::CertificateKey;
use mamagang_domain::ids::WorkerId;
use mamagang_store::keys::{CertificateAlias, IdentityUnderKey, KeyReads, KeyWrites};
use mamagang_store::{StoreResult, UnitOfWork as _};
use serde_json::json;

use crate::column::{bytes, get, hex, narrow, place, position, rows_of, worker_id};
use crate::db::Bind;
use crate::sql::keys as sql;
use crate::sql::worker as identities;
use crate::store::SqliteStore;
use crate::unit::SqliteUnit;

fn ids(workers: &[WorkerId]) -> Bind {
    rows_of(workers.iter().map(|id| hex(id.bytes())))
}

#[async_trait]
impl KeyReads for SqliteStore {
    async fn is_mac_key_named(&self, mac_key_id: u32) -> StoreResult<bool> {
        let mut reader = self.reader().await?;
        let binds = [Bind::Int(i64::from(mac_key_id))];
        let rows = self.db(&mut reader).rows(sql::IS_NAMED, binds).await?;
        rows.first().map_or(Ok(false), |row| get(row, "named"))
    }

    async fn erasures(&self, workers: &[WorkerId]) -> StoreResult<Vec<Option<i64>>> {
        let mut reader = self.reader().await?;
        let mut db = self.db(&mut reader);
        let rows = db.rows(sql::READ_ERASURES, [ids(workers)]).await?;
        let found = rows.iter();
        let found = found.map(|row| Ok((position(row)?, get(row, "erased_at")?)));
        place(workers.len(), found)
    }
}

#[async_trait]
impl KeyWrites for SqliteUnit {
    async fn identity_keys(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<(WorkerId, u32)>> {
        let read = self
            .db()
            .rows(sql::READ_IDENTITY_KEYS, [ids(workers)])
            .await;
        let rows = self.note(read)?;
        let pairs = rows
            .iter()
            .map(|row| Ok((worker_id(row)?, narrow(row, "mac_key_id")?)));
        pairs.collect()
    }

    async fn add_identities(&mut self, added: &[IdentityUnderKey]) -> StoreResult<()> {
        if added.is_empty() {
            return Ok(());
        }
        let rows = rows_of(added.iter().map(|it| {
            json!([
                it.document_type.number(),
                it.mac_key_id,
                hex(it.number_mac),
                hex(it.worker_id.bytes()),
                hex(it.name_mac),
            ])
        }));
        let result = self.db().write(identities::INSERT_IDENTITIES, [rows]).await;
        self.note(result).map(drop)
    }

    async fn put_data_keys(&mut self, keys: &[(WorkerId, Vec<u8>)]) -> StoreResult<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let rows = keys
            .iter()
            .map(|(id, key)| json!([hex(id.bytes()), hex(key)]));
        let rows = rows_of(rows);
        let result = self.db().write(sql::PUT_DATA_KEYS, [rows]).await;
        self.note(result).map(drop)
    }

    async fn certificate_aliases(
        &mut self,
        macs: &[(u32, CertificateKey)],
    ) -> StoreResult<Vec<Option<CertificateKey>>> {
        if macs.is_empty() {
            return Ok(Vec::new());
        }
        let asked = rows_of(macs.iter().map(|(key, mac)| json!([key, hex(mac.0)])));
        let read = self.db().rows(sql::READ_ALIASES, [asked]).await;
        let rows = self.note(read)?;
        let found = rows.iter();
        let found = found.map(|row| {
            let recorded = CertificateKey(bytes(row, "recorded_mac")?);
            Ok((position(row)?, recorded))
        });
        place(macs.len(), found)
    }

    async fn put_certificate_aliases(&mut self, aliases: &[CertificateAlias]) -> StoreResult<()> {
        if aliases.is_empty() {
            return Ok(());
        }
        let rows = aliases
            .iter()
            .map(|alias| json!([alias.mac_key_id, hex(alias.mac.0), hex(alias.recorded.0)]));
        let rows = rows_of(rows);
        let result = self.db().write(sql::PUT_ALIASES, [rows]).await;
        self.note(result).map(drop)
    }

    async fn remove_under_key(&mut self, mac_key_id: u32, limit: u32) -> StoreResult<u64> {
        let mut removed = 0;
        for statement in [sql::REMOVE_IDENTITIES_UNDER, sql::REMOVE_ALIASES_UNDER] {
            let binds = [Bind::Int(mac_key_id.into()), Bind::Int(limit.into())];
            let result = self.db().write(statement, binds).await;
            removed += self.note(result)?;
        }
        Ok(removed)
    }

    async fn erase_workers(&mut self, workers: &[WorkerId]) -> StoreResult<()> {
        let erased_at = Bind::Int(self.recorded_at());
        let result = async {
            let mut db = self.db();
            db.write(sql::REMOVE_SECRETS, [ids(workers)]).await?;
            db.write(identities::REMOVE_IDENTITIES, [ids(workers)])
                .await?;
            db.write(sql::APPEND_ERASURES, [ids(workers), erased_at])
                .await
        };
        let result = result.await;
        self.note(result).map(drop)
    }
}
