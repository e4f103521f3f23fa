//! `GetEntry`: one entry, and how it follows from the year before it.

use mamagang_domain::explanation::{EntryContext, explain_entry};
use mamagang_domain::ids::EntryId;
use mamagang_domain::ledger::{EntryBody, YearState};
use mamagang_domain::reason::Language;

use super::entries::ListedEntry;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::explained::{Explained, Subjects};
use crate::limits::PAGE_ROWS_MAX;
use crate::workers::history::Until;

const METHOD: &str = "mamagang.v1.LedgerService/GetEntry";

impl App {
    /// An entry by its id; in a language, with how it follows.
    pub async fn get_entry(
        &self,
        caller: &Caller,
        id: EntryId,
        explains: Option<Language>,
    ) -> AppResult<(ListedEntry, Option<Explained>)> {
        let permit = self.permit(METHOD, caller, None).await?;
        self.permit_employer(&permit, id.employer_code).await?;
        let found = async {
            let entry = self.entry(id).await?;
            let explained = match explains {
                Some(language) => Some(self.explain_entry(&entry.body, language).await?),
                None => None,
            };
            Ok((entry, explained))
        };
        let found = match found.await {
            Ok(found) => found,
            Err(error) => return Err(self.audit_refusal(METHOD, caller, None, error).await),
        };
        let mut draft = self.audit_draft(METHOD, caller, None, Vec::new());
        draft.employer_code = Some(id.employer_code);
        self.audit.write(draft).await?;
        Ok(found)
    }

    async fn entry(&self, id: EntryId) -> AppResult<ListedEntry> {
        let not_found =
            || AppError::new(ErrorReason::EntryNotFound).with("entry_id", id.to_string());
        let before = id.sequence.checked_sub(1).ok_or_else(not_found)?;
        let rows = self
            .store
            .list_entries(&id.employer_code, None, before, 1, None)
            .await?;
        let row = rows.into_iter().find(|row| row.sequence == id.sequence);
        let row = row.ok_or_else(not_found)?;
        let listed = self.listed_entries(vec![row]).await?.pop();
        listed.ok_or_else(not_found)
    }

    /// With the policies of then, the profile known then, and the year as it stood before.
    async fn explain_entry(&self, body: &EntryBody, language: Language) -> AppResult<Explained> {
        let policies = match self.edition(&body.policy_version).await {
            Err(error) if error.reason == ErrorReason::PolicyVersionNotFound => {
                self.policies.clone()
            }
            edition => edition?,
        };
        let code = body.employer_code;
        let record = self
            .employer_at(code, Until::Time(body.recorded_at))
            .await?;
        let on = last_day(body);
        let mut profiles = record.profiles.iter().rev();
        let begun = profiles.find(|held| held.body.from_on <= on);
        let held = begun.or(record.profiles.first()).ok_or_else(|| {
            AppError::new(ErrorReason::ProfileNotRecorded).with("employer_code", code.to_string())
        })?;
        let before = self.year_before(body).await?;
        let context = EntryContext {
            policy: &policies.book,
            profile: &held.body,
            profile_revision: held.revision,
            before: &before,
        };
        let explanation = explain_entry(&context, body, language);
        let subjects = Subjects {
            worker: None,
            employer: Some((code, &record)),
        };
        Ok(Explained::new(explanation, subjects))
    }

    /// An entry's year as it stood before it.
    pub(crate) async fn year_before(&self, body: &EntryBody) -> AppResult<YearState> {
        let mut state = YearState::default();
        let mut after = 0;
        loop {
            let year = Some(body.draft.tax_year);
            let rows = self
                .store
                .list_entries(&body.employer_code, year, after, PAGE_ROWS_MAX, None)
                .await?;
            let is_last = rows.len() < PAGE_ROWS_MAX as usize;
            for row in rows {
                if row.sequence >= body.sequence {
                    return Ok(state);
                }
                after = row.sequence;
                state.apply(&EntryBody::thaw(&row.frozen).map_err(AppError::internal)?);
            }
            if is_last {
                return Ok(state);
            }
        }
    }
}

fn last_day(body: &EntryBody) -> mamagang_domain::date::CivilDate {
    let year = body.draft.tax_year;
    let period = body.draft.period;
    period
        .map_or(year.last_month(), |period| period.last_month())
        .last_day()
}
