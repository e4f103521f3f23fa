//! `ListFacts`, `GetEmployer`, `ListEmployers`.

use std::collections::{BTreeSet, HashMap};

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{EmployerProfile, FactKind, Source, WorkerFact};
use mamagang_domain::identifier::{CertificateNumber, DocumentType, EmployerCode};
use mamagang_domain::ids::{FactId, Subject};
use mamagang_domain::timeline::{EmployerRecord, unpack};
use mamagang_store::rows::{EmployerRow, FactChange, FactRow};

use super::record::FACT_SECRET;
use super::recording::fact_secret_row;
use crate::app::{App, require_context};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, ErrorReason};
use crate::workers::Who;
use crate::workers::history::Until;

/// Whose facts.
#[derive(Clone, Debug)]
pub enum FactSubject {
    /// A worker's.
    Worker(Who),
    /// An employer's.
    Employer(EmployerCode),
}

/// The question.
#[derive(Clone, Debug)]
pub struct FactListQuery {
    /// Why it is asked; required for a worker's facts.
    pub context: AccessContext,
    /// Whose facts.
    pub subject: FactSubject,
    /// Of which kinds; empty = all.
    pub kinds: Vec<FactKind>,
    /// Whether superseded and retracted ones are listed too.
    pub include_history: bool,
    /// Whether identities are shown unmasked, to those who may see them.
    pub show_identity: bool,
    /// As of when (microseconds); `None` = now.
    pub as_of: Option<i64>,
    /// Above which revision.
    pub after: u32,
    /// At most so many.
    pub limit: usize,
}

/// A fact's body as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredBody {
    /// About a worker.
    Worker(WorkerFact),
    /// About an employer.
    Employer(EmployerProfile),
}

/// A listed fact. Identities are masked unless they were asked for by someone who may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFact {
    /// Its id.
    pub fact_id: FactId,
    /// Its body.
    pub body: StoredBody,
    /// Document type, number and name of a profile.
    pub identity: Option<(DocumentType, String, String)>,
    /// Number of a certificate.
    pub certificate_number: Option<String>,
    /// Where it came from.
    pub source: Source,
    /// When it was recorded (microseconds).
    pub recorded_at: i64,
    /// Who recorded it.
    pub actor: String,
    /// The fact that took its place, and when.
    pub superseded: Option<(FactId, i64)>,
    /// When it was retracted, by whom and why.
    pub retracted: Option<(i64, String, String)>,
}

/// A page of facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFacts {
    /// In order of revision.
    pub facts: Vec<ListedFact>,
    /// The revision after which the next page starts.
    pub next_after: Option<u32>,
    /// As of when (microseconds).
    pub as_of: i64,
}

/// A page of employers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployerPage {
    /// In order of code.
    pub employers: Vec<EmployerRow>,
    /// The code after which the next page starts.
    pub next_after: Option<EmployerCode>,
    /// As of when (microseconds).
    pub as_of: i64,
}

const METHOD_FACTS: &str = "mamagang.v1.RegistryService/ListFacts";
const METHOD_EMPLOYER: &str = "mamagang.v1.RegistryService/GetEmployer";
const METHOD_EMPLOYERS: &str = "mamagang.v1.RegistryService/ListEmployers";

impl App {
    /// Facts of a worker or an employer, each with its history.
    pub async fn list_facts(
        &self,
        caller: &Caller,
        query: FactListQuery,
    ) -> AppResult<ListedFacts> {
        let permit = self
            .permit(METHOD_FACTS, caller, Some(&query.context))
            .await?;
        if query.show_identity && !caller.may_see_identity(&query.context) {
            let error = AppError::new(ErrorReason::PermissionDenied);
            return Err(self
                .deny(&permit, crate::authorise::Subject::default(), error)
                .await);
        }
        let as_of = self.close_as_of(query.as_of).await?;
        let (subject, context) = match &query.subject {
            FactSubject::Employer(code) => {
                self.permit_employer(&permit, *code).await?;
                (Subject::Employer(*code), None)
            }
            FactSubject::Worker(who) => {
                require_context(&query.context)?;
                let found = self.known_worker(&permit, who).await?;
                let subject = Subject::Worker(found.worker.worker_id);
                (subject, Some(&query.context))
            }
        };
        let rows = self
            .fact_rows(subject, as_of.map_or(Until::End, Until::Time))
            .await?;
        let mut facts = self.listed(&rows, &query)?;
        let next_after =
            (facts.len() > query.limit).then(|| facts[query.limit - 1].fact_id.revision);
        facts.truncate(query.limit);
        self.fill_in(subject, &rows, &mut facts, query.show_identity)
            .await?;
        let mut draft = self.audit_draft(METHOD_FACTS, caller, context, Vec::new());
        match subject {
            Subject::Worker(worker_id) => {
                draft.worker_id = Some(worker_id);
                draft.given = given_of(&facts, query.show_identity);
            }
            Subject::Employer(code) => draft.employer_code = Some(code),
        }
        self.audit.write(draft).await?;
        Ok(ListedFacts {
            facts,
            next_after,
            as_of: as_of.unwrap_or_else(|| self.clock.now_micros()),
        })
    }

    fn listed(&self, rows: &[FactRow], query: &FactListQuery) -> AppResult<Vec<ListedFact>> {
        let mut replaced: HashMap<u32, &FactRow> = HashMap::new();
        for row in rows {
            match (&row.change, row.supersedes) {
                (FactChange::Retract { revision }, _) => drop(replaced.insert(*revision, row)),
                (FactChange::Record { .. }, Some(before)) => drop(replaced.insert(before, row)),
                _ => {}
            }
        }
        let mut facts = Vec::new();
        for row in rows.iter().filter(|row| row.revision > query.after) {
            let FactChange::Record { body, .. } = &row.change else {
                continue;
            };
            let end = replaced.get(&row.revision).copied();
            let kind_wanted = query.kinds.is_empty() || query.kinds.contains(&row.kind);
            if !kind_wanted || (end.is_some() && !query.include_history) {
                continue;
            }
            facts.push(listed_fact(row, body, end)?);
            if facts.len() > query.limit {
                break;
            }
        }
        Ok(facts)
    }

    /// Fills in the identities of the facts that have one, masked unless they are to be shown.
    async fn fill_in(
        &self,
        subject: Subject,
        rows: &[FactRow],
        facts: &mut [ListedFact],
        show: bool,
    ) -> AppResult<()> {
        let Subject::Worker(worker_id) = subject else {
            return Ok(());
        };
        let Some(secret) = self
            .store
            .worker_secrets(&[worker_id])
            .await?
            .pop()
            .flatten()
        else {
            return Ok(());
        };
        let key = self
            .keys()
            .unwrap(&secret.data_key, worker_id)
            .map_err(AppError::internal)?;
        let by_revision: HashMap<u32, &FactRow> =
            rows.iter().map(|row| (row.revision, row)).collect();
        for fact in facts {
            let revision = fact.fact_id.revision;
            let Some(FactChange::Record { secret, .. }) =
                by_revision.get(&revision).map(|row| &row.change)
            else {
                continue;
            };
            if secret.is_empty() {
                continue;
            }
            let row = fact_secret_row(worker_id, revision);
            let plain = key
                .decrypt(FACT_SECRET, &row, secret)
                .map_err(AppError::internal)?;
            match &fact.body {
                StoredBody::Worker(WorkerFact::Profile(_)) => {
                    fact.identity = Some(told_identity(&plain, self.today(), show)?)
                }
                StoredBody::Worker(WorkerFact::Certificate(_)) => {
                    fact.certificate_number = Some(told_certificate(&plain, show)?);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// An employer with its profiles.
    pub async fn get_employer(
        &self,
        caller: &Caller,
        code: EmployerCode,
        as_of: Option<i64>,
    ) -> AppResult<(EmployerRow, i64)> {
        let permit = self.permit(METHOD_EMPLOYER, caller, None).await?;
        self.permit_employer(&permit, code).await?;
        let as_of = self.close_as_of(as_of).await?;
        let found = self.employer_row(code, as_of).await;
        let row = match found {
            Ok(row) => row,
            Err(error) => {
                return Err(self
                    .audit_refusal(METHOD_EMPLOYER, caller, None, error)
                    .await);
            }
        };
        let mut draft = self.audit_draft(METHOD_EMPLOYER, caller, None, Vec::new());
        draft.employer_code = Some(code);
        self.audit.write(draft).await?;
        Ok((row, as_of.unwrap_or_else(|| self.clock.now_micros())))
    }

    /// An employer's record, now or as it was. An employer of which nothing was recorded is unknown.
    pub(crate) async fn employer_row(
        &self,
        code: EmployerCode,
        as_of: Option<i64>,
    ) -> AppResult<EmployerRow> {
        let record = match as_of {
            Some(time) => self.employer_at(code, Until::Time(time)).await?,
            None => {
                let row = self
                    .store
                    .check_inputs(&[], &[code])
                    .await?
                    .employers
                    .pop()
                    .flatten();
                row.map(|row| row.record).unwrap_or_default()
            }
        };
        require_known(code, record)
    }

    /// Employers in order of code.
    pub async fn list_employers(
        &self,
        caller: &Caller,
        town_code: &str,
        after: Option<EmployerCode>,
        limit: usize,
        as_of: Option<i64>,
    ) -> AppResult<EmployerPage> {
        let permit = self.permit(METHOD_EMPLOYERS, caller, None).await?;
        let as_of = self.close_as_of(as_of).await?;
        let mut employers: Vec<EmployerRow> = Vec::new();
        let mut position = after;
        let chunk = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        loop {
            let rows = self.store.list_employers(position, chunk).await?;
            let is_last = rows.len() < chunk as usize;
            position = rows.last().map(|row| row.employer_code).or(position);
            for row in rows {
                if !permit.reaches_employer(&row.employer_code, Some(&row.record)) {
                    continue;
                }
                let row = match as_of {
                    None => row,
                    Some(_) => match self.employer_row(row.employer_code, as_of).await {
                        Ok(row) => row,
                        Err(_) => continue,
                    },
                };
                let in_town = row
                    .record
                    .profiles
                    .last()
                    .is_some_and(|held| held.body.town_code.starts_with(town_code));
                if in_town {
                    employers.push(row);
                }
            }
            if is_last || employers.len() > limit {
                break;
            }
        }
        let more = employers.len() > limit;
        employers.truncate(limit);
        let next_after = if more {
            employers.last().map(|row| row.employer_code)
        } else {
            None
        };
        self.audit
            .write(self.audit_draft(METHOD_EMPLOYERS, caller, None, Vec::new()))
            .await?;
        Ok(EmployerPage {
            employers,
            next_after,
            as_of: as_of.unwrap_or_else(|| self.clock.now_micros()),
        })
    }
}

/// The employer, known by any fact that was ever recorded of it.
pub(crate) fn require_known(
    employer_code: EmployerCode,
    record: EmployerRecord,
) -> AppResult<EmployerRow> {
    if record.revision == 0 {
        let error = AppError::new(ErrorReason::EmployerNotFound);
        return Err(error.with("employer_code", employer_code.to_string()));
    }
    Ok(EmployerRow {
        employer_code,
        record,
    })
}

pub(crate) fn require_profile(
    employer_code: EmployerCode,
    record: EmployerRecord,
) -> AppResult<EmployerRow> {
    if record.profiles.is_empty() {
        let error = AppError::new(ErrorReason::EmployerNotFound);
        return Err(error.with("employer_code", employer_code.to_string()));
    }
    Ok(EmployerRow {
        employer_code,
        record,
    })
}

fn listed_fact(row: &FactRow, body: &[u8], end: Option<&FactRow>) -> AppResult<ListedFact> {
    let body = match row.subject {
        Subject::Worker(_) => StoredBody::Worker(unpack(body).map_err(AppError::internal)?),
        Subject::Employer(_) => StoredBody::Employer(unpack(body).map_err(AppError::internal)?),
    };
    let (superseded, retracted) = match end {
        Some(end) if matches!(end.change, FactChange::Retract { .. }) => (
            None,
            Some((end.recorded_at, end.actor.clone(), end.reason.clone())),
        ),
        Some(end) => (
            Some((
                FactId {
                    subject: row.subject,
                    revision: end.revision,
                },
                end.recorded_at,
            )),
            None,
        ),
        None => (None, None),
    };
    Ok(ListedFact {
        fact_id: FactId {
            subject: row.subject,
            revision: row.revision,
        },
        body,
        identity: None,
        certificate_number: None,
        source: row.source.clone(),
        recorded_at: row.recorded_at,
        actor: row.actor.clone(),
        superseded,
        retracted,
    })
}

fn told_identity(
    plain: &[u8],
    today: CivilDate,
    show: bool,
) -> AppResult<(DocumentType, String, String)> {
    let identity =
        mamagang_crypto::IdentityPlain::decode(plain, today).map_err(AppError::internal)?;
    if show {
        let number = identity.number.expose().to_owned();
        return Ok((
            identity.document_type,
            number,
            identity.name.expose().to_owned(),
        ));
    }
    Ok((
        identity.document_type,
        identity.number.masked(),
        identity.name.masked(),
    ))
}

fn told_certificate(plain: &[u8], show: bool) -> AppResult<String> {
    let text = std::str::from_utf8(plain).map_err(AppError::internal)?;
    let number = CertificateNumber::parse(text).map_err(AppError::internal)?;
    Ok(if show {
        number.expose().to_owned()
    } else {
        number.masked()
    })
}

/// The personal fields of listed facts: their kinds, and what of identities is shown.
fn given_of(facts: &[ListedFact], is_shown: bool) -> Vec<String> {
    let manner = if is_shown { "plain" } else { "masked" };
    let mut names: BTreeSet<String> = facts
        .iter()
        .map(|fact| match &fact.body {
            StoredBody::Worker(body) => format!("facts.{:?}", body.kind()),
            StoredBody::Employer(_) => "facts.EmployerProfile".to_owned(),
        })
        .collect();
    if facts.iter().any(|fact| fact.identity.is_some()) {
        names.insert(format!("identity.number:{manner}"));
        names.insert(format!("identity.name:{manner}"));
    }
    if facts.iter().any(|fact| fact.certificate_number.is_some()) {
        names.insert(format!("certificate_number:{manner}"));
    }
    names.into_iter().collect()
}
