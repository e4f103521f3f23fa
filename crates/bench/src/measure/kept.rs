//! A city that stays between runs: a million workers take longer to fill than to measure.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use mamagang_testkit::postgres::PostgresDatabase;

use crate::city::City;
use crate::service::Database;

/// The folder of a city that stays.
pub(super) struct Kept {
    folder: PathBuf,
}

impl Kept {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The city's database, where it was filled before.
    pub(super) fn find(
        &self,
        city: City,
        postgres: &PostgresDatabase,
    ) -> anyhow::Result<Option<Database>> {
        let Ok(told) = std::fs::read_to_string(self.note_path()) else {
            return Ok(None);
        };
        ensure!(
            told == describe(city),
            "{} holds another city: {told}",
            self.folder.display()
        );
        Ok(Some(Database {
            url: postgres.url(),
            key_file: self.key_path(),
        }))
    }

    /// Notes that the city is whole, with the keys that its people are found by.
    pub(super) fn note(&self, city: City, filled: &Database) -> anyhow::Result<()> {
        std::fs::copy(&filled.key_file, self.key_path()).context("keeping the keys")?;
        std::fs::write(self.note_path(), describe(city)).context("noting the city")?;
        Ok(())
    }

    fn note_path(&self) -> PathBuf {
        self.folder.join("city")
    }

    fn key_path(&self) -> PathBuf {
        self.folder.join("keys")
    }
}

fn describe(city: City) -> String {
    format!(
        "{} workers, {} of an employer, {} months, {} long employers",
        city.workers, city.staff, city.months, city.long_employers
    )
}
