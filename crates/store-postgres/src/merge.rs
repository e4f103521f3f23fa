//! Joining two records of one person.

use std::collections::BTreeSet;

use async_trait::async_trait;
use mamagang_domain::ids::WorkerId;
use mamagang_store::merge::MergeWrites;
use mamagang_store::rows::PersonMonth;
use mamagang_store::{StoreError, StoreErrorKind, StoreResult};

use crate::db::Bind;
use crate::month;
use crate::sql::merge as sql;
use crate::unit::PostgresUnit;

#[async_trait]
impl MergeWrites for PostgresUnit {
    async fn months_of_workers(&mut self, workers: &[WorkerId]) -> StoreResult<Vec<PersonMonth>> {
        let mut book = std::mem::take(&mut self.months);
        let read = month::of_workers(&mut self.reading(), &mut book, workers).await;
        self.months = book;
        self.note(read)
    }

    async fn merge_workers(&mut self, from: WorkerId, into: WorkerId) -> StoreResult<()> {
        // What is known under two ids is told by their rows: one of them keeps what was booked.
        let mut book = std::mem::take(&mut self.months);
        let both = BTreeSet::from([from, into]);
        let taken = month::take_from_employers(&mut self.writing(), &mut book, &both).await;
        self.months = book;
        self.note(taken)?;
        let binds = || [into, from].map(|id| Bind::Blob(id.bytes().to_vec()));
        let moved = self.writing().write(sql::MOVE_MERGED, binds()).await;
        self.note(moved)?;
        let merged = self.writing().write(sql::MERGE, binds()).await;
        let result = self.note(merged).and_then(|written| match written {
            1 => Ok(()),
            _ => {
                let context = "a merged worker is not merged";
                Err(StoreError::new(StoreErrorKind::Conflict, context))
            }
        });
        self.note(result)
    }
}
