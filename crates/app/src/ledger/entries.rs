//! `ListEntries`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{EntryBody, Leg, YearState};
use mamagang_domain::month::TaxYear;
use mamagang_store::rows::EntryRow;

use super::command::CodedLine;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};

/// An entry as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEntry {
    /// Its content.
    pub body: EntryBody,
    /// Its lines with their reduction codes.
    pub lines: Vec<CodedLine>,
    /// Its double entry, as the year before it stood.
    pub legs: Vec<Leg>,
    /// The hash before.
    pub previous_hash: Digest32,
    /// Its hash.
    pub hash: Digest32,
}

/// A page of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// In order of sequence.
    pub entries: Vec<ListedEntry>,
    /// The sequence after which the next page starts.
    pub next_after: Option<u32>,
    /// As of when (microseconds).
    pub as_of: i64,
}

const METHOD: &str = "mamagang.v1.LedgerService/ListEntries";

impl App {
    /// Entries of an employer, in order, of one year when given.
    pub async fn list_entries(
        &self,
        caller: &Caller,
        employer_code: EmployerCode,
        tax_year: Option<TaxYear>,
        after: u32,
        limit: u32,
        as_of: Option<i64>,
    ) -> AppResult<EntryPage> {
        let permit = self.permit(METHOD, caller, None).await?;
        self.permit_employer(&permit, employer_code).await?;
        let as_of = self.close_as_of(as_of).await?;
        if let Err(error) = self.employer_row(employer_code, None).await {
            return Err(self.audit_refusal(METHOD, caller, None, error).await);
        }
        let mut rows = self
            .store
            .list_entries(
                &employer_code,
                tax_year,
                after,
                limit.saturating_add(1),
                as_of,
            )
            .await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_after = if more {
            rows.last().map(|row| row.sequence)
        } else {
            None
        };
        let entries = self.listed_entries(rows).await?;
        let mut draft = self.audit_draft(METHOD, caller, None, Vec::new());
        draft.employer_code = Some(employer_code);
        self.audit.write(draft).await?;
        Ok(EntryPage {
            entries,
            next_after,
            as_of: as_of.unwrap_or_else(|| self.clock.now_micros()),
        })
    }

    /// Rows as listed; of each employer in order of sequence.
    pub(crate) async fn listed_entries(&self, rows: Vec<EntryRow>) -> AppResult<Vec<ListedEntry>> {
        let mut years: BTreeMap<(EmployerCode, TaxYear), YearState> = BTreeMap::new();
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let body = EntryBody::thaw(&row.frozen).map_err(AppError::internal)?;
            let key = (row.employer_code, body.draft.tax_year);
            let year = match years.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(self.year_before(&body).await?),
            };
            let legs = body.draft.legs_in(year);
            year.apply(&body);
            let (_, on) = body.draft.effective();
            let lines = body
                .draft
                .lines
                .iter()
                .map(|line| CodedLine::new(&self.book, *line, on))
                .collect();
            entries.push(ListedEntry {
                body,
                lines,
                legs,
                previous_hash: row.previous_hash,
                hash: row.hash,
            });
        }
        Ok(entries)
    }
}
