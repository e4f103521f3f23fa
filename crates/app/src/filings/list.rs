//! `GetFiling`, `ListFilings`, `ListOpenPosts`, `ListHires`.

use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{FilingKind, FilingState, HireState, Post};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::CaseId;
use mamagang_store::cases::{CaseFile, CaseQuery};

use super::{Filed, HistoryStep, ReportedHire};
use crate::app::App;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::limits::{CASE_STEPS_MAX, PAGE_ROWS_MAX};
use crate::step::{reached, reaches_case};

/// A place in the order of cases.
pub type CasePlace = (i64, CaseId);

/// Which filings.
#[derive(Clone, Debug)]
pub struct FilingSelection {
    /// Of this employer.
    pub employer_code: Option<EmployerCode>,
    /// In these states; empty = any.
    pub states: Vec<FilingState>,
    /// In towns that begin so.
    pub town_prefix: String,
    /// After this place.
    pub after: Option<CasePlace>,
    /// At most so many.
    pub limit: u32,
}

/// Which hires.
#[derive(Clone, Debug)]
pub struct HireSelection {
    /// Reported against this filing.
    pub filing_id: Option<CaseId>,
    /// Of this employer.
    pub employer_code: Option<EmployerCode>,
    /// In these states; empty = any.
    pub states: Vec<HireState>,
    /// With a registration due before this day.
    pub due_before: Option<CivilDate>,
    /// After this place.
    pub after: Option<CasePlace>,
    /// At most so many.
    pub limit: u32,
}

/// Which open posts.
#[derive(Clone, Debug)]
pub struct OpenPostSelection {
    /// In towns that begin so.
    pub town_prefix: String,
    /// Of this kind.
    pub kind: Option<FilingKind>,
    /// With at most so many hours a week; 0 = any.
    pub weekly_hours_max: u32,
    /// Whose title holds these words.
    pub title_part: String,
    /// After this place, and this post of the filing there.
    pub after: Option<(CasePlace, u32)>,
    /// At most so many.
    pub limit: u32,
}

/// A post with free places. No person in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPost {
    /// The filing.
    pub filing_id: CaseId,
    /// Labour contract or service.
    pub kind: FilingKind,
    /// Whose.
    pub employer_code: EmployerCode,
    /// The employer's name; empty where no profile is recorded.
    pub employer_name: String,
    /// The post.
    pub post: Post,
}

/// A page and the place after which the next one starts.
pub type Page<T, P = CasePlace> = (Vec<T>, Option<P>);

const METHOD_GET: &str = "mamagang.v1.FilingService/GetFiling";
const METHOD_LIST: &str = "mamagang.v1.FilingService/ListFilings";
const METHOD_POSTS: &str = "mamagang.v1.FilingService/ListOpenPosts";
const METHOD_HIRES: &str = "mamagang.v1.FilingService/ListHires";

impl App {
    /// A filing, now or as it was, with its history up to then.
    pub async fn get_filing(
        &self,
        caller: &Caller,
        filing_id: CaseId,
        as_of: Option<i64>,
    ) -> AppResult<(Filed, Vec<HistoryStep>)> {
        let permit = self.permit(METHOD_GET, caller, None).await?;
        let as_of = self.close_as_of(as_of).await?;
        let found = self
            .case_at(&permit, CaseKind::Filing, filing_id, as_of)
            .await;
        let filed = match found.and_then(|case| Filed::of(&case)) {
            Ok(filed) => filed,
            Err(error) => return Err(self.audit_refusal(METHOD_GET, caller, None, error).await),
        };
        let history = self.case_history(filing_id, filed.revision).await?;
        let mut draft = self.audit_draft(METHOD_GET, caller, None, Vec::new());
        draft.employer_code = Some(filed.employer_code);
        self.audit.write(draft).await?;
        Ok((filed, history))
    }

    /// A case of a kind, now or as it was.
    pub(crate) async fn case_at(
        &self,
        permit: &Permit<'_>,
        kind: CaseKind,
        case_id: CaseId,
        as_of: Option<i64>,
    ) -> AppResult<CaseFile> {
        let found = match as_of {
            None => self.store.cases(&[case_id]).await?,
            Some(time) => self.store.cases_as_of(&[case_id], time).await?,
        };
        reached(permit, found.into_iter().next().flatten(), kind, case_id)
    }

    /// The steps of a case up to a revision, oldest first.
    pub(crate) async fn case_history(
        &self,
        case_id: CaseId,
        through: u32,
    ) -> AppResult<Vec<HistoryStep>> {
        let from = through.saturating_sub(CASE_STEPS_MAX);
        let events = self
            .store
            .list_case_events(case_id, from, CASE_STEPS_MAX)
            .await?;
        let steps = events.into_iter().filter(|it| it.file.revision <= through);
        let steps = steps.map(|event| HistoryStep {
            revision: event.file.revision,
            state: event.file.state,
            recorded_at: event.file.updated_at,
            actor: event.actor,
            reason: event.reason,
        });
        Ok(steps.collect())
    }

    /// Filings in order of opening.
    pub async fn list_filings(
        &self,
        caller: &Caller,
        selection: FilingSelection,
    ) -> AppResult<Page<Filed>> {
        let permit = self.permit(METHOD_LIST, caller, None).await?;
        let mut query = CaseQuery::of(CaseKind::Filing, selection.limit + 1);
        query.employer_code = self
            .asked_employer(&permit, selection.employer_code)
            .await?;
        query.states = selection.states.iter().map(|state| *state as u8).collect();
        query.region_prefix = selection.town_prefix;
        query.after = selection.after;
        let page = self.page_of_cases(&permit, query, Filed::of).await?;
        let draft = self.audit_draft(METHOD_LIST, caller, None, Vec::new());
        self.audit.write(draft).await?;
        Ok(page)
    }

    /// Hires in order of their report. Workers appear by our id only.
    pub async fn list_hires(
        &self,
        caller: &Caller,
        selection: HireSelection,
    ) -> AppResult<Page<ReportedHire>> {
        let permit = self.permit(METHOD_HIRES, caller, None).await?;
        let mut query = CaseQuery::of(CaseKind::Hire, selection.limit + 1);
        query.employer_code = self
            .asked_employer(&permit, selection.employer_code)
            .await?;
        query.parent_id = selection.filing_id;
        query.states = selection.states.iter().map(|state| *state as u8).collect();
        query.due_before = selection.due_before;
        query.after = selection.after;
        let page = self.page_of_cases(&permit, query, ReportedHire::of).await?;
        let draft = self.audit_draft(METHOD_HIRES, caller, None, Vec::new());
        self.audit.write(draft).await?;
        Ok(page)
    }

    /// The employer whose cases are listed: the one asked for, within reach; for an employer's own
    /// software its own.
    pub(crate) async fn asked_employer(
        &self,
        permit: &Permit<'_>,
        asked: Option<EmployerCode>,
    ) -> AppResult<Option<EmployerCode>> {
        match asked {
            Some(code) => {
                self.permit_employer(permit, code).await?;
                Ok(Some(code))
            }
            None if permit.reaches_everything() || permit.is_by_region() => Ok(None),
            None => Ok(permit.caller.employer_code),
        }
    }

    /// A page of the cases within reach; the query's limit is one more than the page's.
    pub(crate) async fn page_of_cases<T>(
        &self,
        permit: &Permit<'_>,
        query: CaseQuery,
        read: impl Fn(&CaseFile) -> AppResult<T>,
    ) -> AppResult<Page<T>> {
        self.page_of_cases_where(permit, query, read, |_| true)
            .await
    }

    /// The same of those that `is_asked` takes.
    pub(crate) async fn page_of_cases_where<T>(
        &self,
        permit: &Permit<'_>,
        mut query: CaseQuery,
        read: impl Fn(&CaseFile) -> AppResult<T>,
        is_asked: impl Fn(&T) -> bool,
    ) -> AppResult<Page<T>> {
        // The one town of a clerk is found by the store; of several, rows are left out here.
        if let ([town], true) = (&permit.caller.region_codes[..], permit.is_by_region()) {
            let is_narrower = town.starts_with(&query.region_prefix);
            if is_narrower && permit.caller.employer_code.is_none() {
                query.region_prefix = town.clone();
            }
        }
        let wanted = usize::try_from(query.limit).map_err(AppError::internal)?;
        let mut found: Vec<(CasePlace, T)> = Vec::new();
        while found.len() < wanted {
            let rows = self.store.list_cases(&query).await?;
            let Some(last) = rows.last() else { break };
            query.after = Some((last.opened_at, last.case_id));
            let is_last = rows.len() < wanted;
            for file in rows.iter().filter(|file| reaches_case(permit, file)) {
                let read = read(file)?;
                if is_asked(&read) {
                    found.push(((file.opened_at, file.case_id), read));
                }
            }
            if is_last {
                break;
            }
        }
        let has_more = found.len() >= wanted;
        found.truncate(wanted.saturating_sub(1));
        let last = found.last().map(|(place, _)| *place);
        let found = found.into_iter().map(|(_, read)| read);
        Ok((found.collect(), last.filter(|_| has_more)))
    }

    /// Posts with free places (measure 12): published, so nobody's in particular.
    pub async fn list_open_posts(
        &self,
        caller: &Caller,
        selection: OpenPostSelection,
    ) -> AppResult<Page<OpenPost, (CasePlace, u32)>> {
        self.permit(METHOD_POSTS, caller, None).await?;
        let limit = usize::try_from(selection.limit).map_err(AppError::internal)?;
        let mut query = CaseQuery::of(CaseKind::Filing, PAGE_ROWS_MAX);
        query.states = vec![FilingState::Accepted as u8];
        let mut skipped = selection.after;
        // The filing of the last post is looked at again, for the posts after it.
        query.after = selection.after.map(|(place, _)| before(place));
        let mut posts: Vec<(CasePlace, u32, OpenPost)> = Vec::new();
        'pages: loop {
            let rows = self.store.list_cases(&query).await?;
            let Some(last) = rows.last() else { break };
            query.after = Some((last.opened_at, last.case_id));
            for row in &rows {
                let place = (row.opened_at, row.case_id);
                let from = skipped.take_if(|(known, _)| *known == place);
                let from = from.map_or(0, |(_, index)| index + 1);
                posts.extend(open_posts(row, place, from, &selection, self.today())?);
                if posts.len() > limit {
                    break 'pages;
                }
            }
        }
        let has_more = posts.len() > limit;
        posts.truncate(limit);
        let next = posts.last().map(|(place, index, _)| (*place, *index));
        let mut posts: Vec<_> = posts.into_iter().map(|(_, _, post)| post).collect();
        self.name_employers(&mut posts).await?;
        let draft = self.audit_draft(METHOD_POSTS, caller, None, Vec::new());
        self.audit.write(draft).await?;
        Ok((posts, next.filter(|_| has_more)))
    }

    async fn name_employers(&self, posts: &mut [OpenPost]) -> AppResult<()> {
        let codes: Vec<_> = posts.iter().map(|post| post.employer_code).collect();
        let inputs = self.store.check_inputs(&[], &codes).await?;
        for (post, row) in posts.iter_mut().zip(inputs.employers) {
            let profile = row.as_ref().and_then(|row| row.record.profiles.last());
            post.employer_name = profile.map_or_else(String::new, |held| held.body.name.clone());
        }
        Ok(())
    }
}

/// The place just before another, for a list that is to begin with it.
fn before((at, id): CasePlace) -> CasePlace {
    let number = id.0.as_u128();
    match number.checked_sub(1) {
        Some(less) => (at, CaseId(uuid::Uuid::from_u128(less))),
        None => (at - 1, CaseId(uuid::Uuid::from_u128(u128::MAX))),
    }
}

fn open_posts(
    row: &CaseFile,
    place: CasePlace,
    from: u32,
    selection: &OpenPostSelection,
    today: CivilDate,
) -> AppResult<Vec<(CasePlace, u32, OpenPost)>> {
    let filed = Filed::of(row)?;
    let is_over = filed.file.expires_on.is_some_and(|last| last < today);
    if is_over || selection.kind.is_some_and(|kind| kind != filed.file.kind) {
        return Ok(Vec::new());
    }
    let (filing_id, kind, employer_code) = (filed.filing_id, filed.file.kind, filed.employer_code);
    let hours = selection.weekly_hours_max;
    let posts = (0..).zip(filed.file.posts).filter(|(index, post)| {
        *index >= from
            && post.vacancies() > 0
            && post.town_code.starts_with(&selection.town_prefix)
            && (hours == 0 || post.weekly_hours <= hours)
            && post.title.contains(&selection.title_part)
    });
    let posts = posts.map(|(index, post)| {
        let open = OpenPost {
            filing_id,
            kind,
            employer_code,
            employer_name: String::new(),
            post,
        };
        (place, index, open)
    });
    Ok(posts.collect())
}
