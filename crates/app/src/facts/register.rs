//! A register's list beside what is recorded: what is new on it, what differs, and who is no longer on it. Nothing is
//! stored: what follows from a difference, people decide.

use mamagang_domain::fact::{FactKind, Source};
use mamagang_domain::identifier::DocumentType;
use mamagang_domain::ids::{FactId, Subject, WorkerId};
use mamagang_domain::key_group::{Person, StatusRecord};
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::{WorkerKey, WorkerRow};

use super::input::{FactInput, FactItem, WorkerFactInput};
use super::record::IDENTITY_SECRET;
use crate::app::{App, require_context};
use crate::audit::{DecisionItem, given};
use crate::caller::{AccessContext, Caller};
use crate::error::{AppError, AppResult, Violation};
use crate::limits::PAGE_ROWS_MAX;

const METHOD_COMPARE: &str = "mamagang.v1.RegistryService/CompareRegister";
const METHOD_LIST: &str = "mamagang.v1.RegistryService/ListRegister";

/// How a row of a list differs from what is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterDifference {
    /// No such record is in force.
    New,
    /// A record with the same key says otherwise.
    Changed,
    /// The same is recorded; its source and day may differ.
    Same,
    /// The number is known under another name.
    NameDiffers,
}

/// A row beside what is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterComparison {
    /// How it differs.
    pub difference: RegisterDifference,
    /// The record with the same key.
    pub fact_id: Option<FactId>,
    /// What differs in it, by the contract's names.
    pub differing: Vec<&'static str>,
}

/// A record of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterEntry {
    /// Its fact.
    pub fact_id: FactId,
    /// Whom it is about.
    pub worker_id: WorkerId,
    /// The document, with number and name masked; `None` of a person who was erased.
    pub identity: Option<(DocumentType, String, String)>,
    /// What it says.
    pub record: StatusRecord,
    /// Where it is from.
    pub source: Option<Source>,
}

/// A page of a register's open records.
#[derive(Clone, Debug)]
pub struct RegisterPage {
    /// In order of our ids of the persons.
    pub entries: Vec<RegisterEntry>,
    /// The last person of the page where there may be more.
    pub next_after: Option<WorkerId>,
}

impl App {
    /// Compares rows of a list with what is recorded; one answer a row, in order.
    pub async fn compare_register(
        &self,
        caller: &Caller,
        context: &AccessContext,
        rows: &[FactItem],
    ) -> AppResult<Vec<AppResult<RegisterComparison>>> {
        let permit = self.permit(METHOD_COMPARE, caller, Some(context)).await?;
        require_context(context)?;
        let mut asked = Vec::with_capacity(rows.len());
        let mut keys = Vec::new();
        for row in rows {
            let read = self.listed_row(caller, row);
            keys.extend(read.as_ref().ok().map(|(key, _)| key.clone()));
            asked.push(read);
        }
        let read = self.store.check_inputs(&keys, &[]).await?;
        let found = self.within_reach(&permit, read.workers).await?;
        let mut snapshots = found.iter();
        let mut draft = self.audit_draft(METHOD_COMPARE, caller, Some(context), Vec::new());
        let mut answers = Vec::with_capacity(rows.len());
        for (row, asked) in rows.iter().zip(asked) {
            answers.push(asked.map(|(_, record)| {
                let snapshot = snapshots.next().and_then(Option::as_ref);
                let FactInput::Worker(who, _) = &row.fact else {
                    return nothing_recorded();
                };
                match self.person(who, snapshot) {
                    Person::Unknown => nothing_recorded(),
                    Person::NotMatched => RegisterComparison {
                        difference: RegisterDifference::NameDiffers,
                        ..nothing_recorded()
                    },
                    Person::Known(timeline) => {
                        let worker_id = snapshot.map(|found| found.worker.worker_id);
                        draft.subjects.extend(worker_id);
                        worker_id
                            .map_or_else(nothing_recorded, |id| compared(id, timeline, &record))
                    }
                }
            }));
        }
        draft.given = given(&["register_difference"]);
        draft.items.push(DecisionItem::Other {
            question: format!("rows={}", rows.len()),
            answer: [0; 32],
        });
        self.write_answer(draft).await?;
        Ok(answers)
    }

    /// Whom a row is about, and what it says.
    fn listed_row(&self, caller: &Caller, row: &FactItem) -> AppResult<(WorkerKey, StatusRecord)> {
        let (who, record) = match &row.fact {
            FactInput::Worker(who, WorkerFactInput::Spell(spell)) => {
                (who, StatusRecord::Spell(spell.clone()))
            }
            FactInput::Worker(who, WorkerFactInput::Poverty(status)) => {
                (who, StatusRecord::Poverty(status.clone()))
            }
            _ => {
                return Err(AppError::invalid(vec![Violation::new(
                    "kind",
                    "应为失业登记或脱贫记录",
                    "must be an unemployment_spell or a poverty_status",
                )]));
            }
        };
        Ok((self.worker_key(caller, who)?, record))
    }

    /// The records of a register that have no end, by person, those of persons within reach.
    pub async fn list_register(
        &self,
        caller: &Caller,
        context: &AccessContext,
        kind: FactKind,
        after: Option<WorkerId>,
        persons_max: u32,
    ) -> AppResult<RegisterPage> {
        let permit = self.permit(METHOD_LIST, caller, Some(context)).await?;
        require_context(context)?;
        let limit = persons_max.min(PAGE_ROWS_MAX);
        let rows = self.store.list_workers(after, limit).await?;
        let is_full = u32::try_from(rows.len()).unwrap_or(u32::MAX) == limit;
        let next_after = rows.last().filter(|_| is_full).map(|row| row.worker_id);
        let known: Vec<Option<&WorkerRow>> = rows.iter().map(Some).collect();
        let within = self.workers_within_reach(&permit, &known).await?;
        let mut entries = Vec::new();
        for (row, _) in rows.iter().zip(within).filter(|(_, within)| *within) {
            entries.extend(open_records(row, kind));
        }
        self.name_entries(&mut entries).await?;
        let mut draft = self.audit_draft(METHOD_LIST, caller, Some(context), Vec::new());
        draft
            .subjects
            .extend(entries.iter().map(|entry| entry.worker_id));
        draft.given = given(&["register_entries"]);
        self.audit.write(draft).await?;
        Ok(RegisterPage {
            entries,
            next_after,
        })
    }

    /// Fills in masked identities.
    async fn name_entries(&self, entries: &mut [RegisterEntry]) -> AppResult<()> {
        let ids: Vec<WorkerId> = entries.iter().map(|entry| entry.worker_id).collect();
        let secrets = self.store.worker_secrets(&ids).await?;
        for (entry, secret) in entries.iter_mut().zip(secrets) {
            let Some(secret) = secret else { continue };
            // A person whose key was destroyed is erased.
            let Ok(key) = self.keys().unwrap(&secret.data_key, entry.worker_id) else {
                continue;
            };
            let plain = key.decrypt(IDENTITY_SECRET, entry.worker_id.bytes(), &secret.identity);
            let plain = plain.map_err(AppError::internal)?;
            let identity = mamagang_crypto::IdentityPlain::decode(&plain, self.today());
            let identity = identity.map_err(AppError::internal)?;
            let (number, name) = (identity.number.masked(), identity.name.masked());
            entry.identity = Some((identity.document_type, number, name));
        }
        Ok(())
    }
}

const fn nothing_recorded() -> RegisterComparison {
    RegisterComparison {
        difference: RegisterDifference::New,
        fact_id: None,
        differing: Vec::new(),
    }
}

fn compared(worker_id: WorkerId, timeline: &Timeline, listed: &StatusRecord) -> RegisterComparison {
    let Some((revision, recorded)) = record_with_key(timeline, listed) else {
        return nothing_recorded();
    };
    let differing = differing_fields(&recorded, listed);
    RegisterComparison {
        difference: match differing.is_empty() {
            true => RegisterDifference::Same,
            false => RegisterDifference::Changed,
        },
        fact_id: Some(FactId {
            subject: Subject::Worker(worker_id),
            revision,
        }),
        differing,
    }
}

fn record_with_key(timeline: &Timeline, listed: &StatusRecord) -> Option<(u32, StatusRecord)> {
    let key = listed.key();
    let spells = timeline
        .spells
        .iter()
        .map(|held| (held.revision, StatusRecord::Spell(held.body.clone())));
    let statuses = timeline
        .poverty
        .iter()
        .map(|held| (held.revision, StatusRecord::Poverty(held.body.clone())));
    spells
        .chain(statuses)
        .find(|(_, record)| record.key() == key)
}

fn differing_fields(recorded: &StatusRecord, listed: &StatusRecord) -> Vec<&'static str> {
    let fields = match (recorded, listed) {
        (StatusRecord::Spell(was), StatusRecord::Spell(is)) => vec![
            ("ended_date", was.ended_on != is.ended_on),
            ("end_code", was.end_code != is.end_code),
            ("reason_code", was.reason_code != is.reason_code),
            ("office_code", was.office_code != is.office_code),
        ],
        (StatusRecord::Poverty(was), StatusRecord::Poverty(is)) => {
            vec![("to_date", was.to_on != is.to_on)]
        }
        // Keys name the category, and each register its own.
        _ => Vec::new(),
    };
    let differing = fields.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(field, _)| field).collect()
}

/// A person's records of a register without an end.
fn open_records(row: &WorkerRow, kind: FactKind) -> Vec<RegisterEntry> {
    let timeline = &row.timeline;
    let entry = |revision: u32, record: StatusRecord, source: Option<&Source>| RegisterEntry {
        fact_id: FactId {
            subject: Subject::Worker(row.worker_id),
            revision,
        },
        worker_id: row.worker_id,
        identity: None,
        record,
        source: source.cloned(),
    };
    match kind {
        FactKind::UnemploymentSpell => timeline
            .spells
            .iter()
            .filter(|held| held.body.ended_on.is_none())
            .map(|held| {
                let record = StatusRecord::Spell(held.body.clone());
                entry(held.revision, record, timeline.source(held))
            })
            .collect(),
        FactKind::PovertyStatus => timeline
            .poverty
            .iter()
            .filter(|held| held.body.to_on.is_none())
            .map(|held| {
                let record = StatusRecord::Poverty(held.body.clone());
                entry(held.revision, record, timeline.source(held))
            })
            .collect(),
        _ => Vec::new(),
    }
}
