//! Keys and erasures.

use async_trait::async_trait;
use mamagang_domain::fact::CertificateKey;
use mamagang_domain::ids::WorkerId;
use mamagang_store::keys::{CertificateAlias, IdentityUnderKey, KeyReads, KeyWrites};
use mamagang_store::{StoreResult, UnitOfWork as _};

use crate::column::{bytes, get, narrow, place, place_of as position, worker_id};
use crate::db::Bind;
use crate::sql::keys as sql;
use crate::sql::worker as identities;
use crate::store::PostgresStore;
use crate::unit::PostgresUnit;

fn ids(workers: &[WorkerId]) -> Bind {
    Bind::blobs(workers.iter().map(WorkerId::bytes))
}

#[async_trait]
impl KeyReads for PostgresStore {
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
impl KeyWrites for PostgresUnit {
    async fn identity_keys(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<(WorkerId, u32)>> {
        let asked = [ids(workers)];
        let read = self.reading().rows(sql::READ_IDENTITY_KEYS, asked).await;
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
        let binds = [
            Bind::ints(added.iter().map(|it| it.document_type.number())),
            Bind::ints(added.iter().map(|it| it.mac_key_id)),
            Bind::blobs(added.iter().map(|it| it.number_mac)),
            Bind::blobs(added.iter().map(|it| *it.worker_id.bytes())),
            Bind::blobs(added.iter().map(|it| it.name_mac)),
        ];
        let result = self
            .writing()
            .write(identities::INSERT_IDENTITIES, binds)
            .await;
        self.note(result).map(drop)
    }

    async fn put_data_keys(&mut self, keys: &[(WorkerId, Vec<u8>)]) -> StoreResult<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let binds = [
            Bind::blobs(keys.iter().map(|(id, _)| *id.bytes())),
            Bind::blobs(keys.iter().map(|(_, key)| key)),
        ];
        let result = self.writing().write(sql::PUT_DATA_KEYS, binds).await;
        self.note(result).map(drop)
    }

    async fn certificate_aliases(
        &mut self,
        macs: &[(u32, CertificateKey)],
    ) -> StoreResult<Vec<Option<CertificateKey>>> {
        if macs.is_empty() {
            return Ok(Vec::new());
        }
        let asked = [
            Bind::ints(macs.iter().map(|(key, _)| *key)),
            Bind::blobs(macs.iter().map(|(_, mac)| mac.0)),
        ];
        let read = self.reading().rows(sql::READ_ALIASES, asked).await;
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
        let binds = [
            Bind::ints(aliases.iter().map(|alias| alias.mac_key_id)),
            Bind::blobs(aliases.iter().map(|alias| alias.mac.0)),
            Bind::blobs(aliases.iter().map(|alias| alias.recorded.0)),
        ];
        let result = self.writing().write(sql::PUT_ALIASES, binds).await;
        self.note(result).map(drop)
    }

    async fn remove_under_key(&mut self, mac_key_id: u32, limit: u32) -> StoreResult<u64> {
        let mut removed = 0;
        for statement in [sql::REMOVE_IDENTITIES_UNDER, sql::REMOVE_ALIASES_UNDER] {
            let binds = [Bind::Int(mac_key_id.into()), Bind::Int(limit.into())];
            let result = self.writing().write(statement, binds).await;
            removed += self.note(result)?;
        }
        Ok(removed)
    }

    async fn erase_workers(&mut self, workers: &[WorkerId]) -> StoreResult<()> {
        let erased_at = Bind::Int(self.recorded_at());
        let result = async {
            let mut db = self.writing();
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
