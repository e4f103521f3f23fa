//! What checks read: one statement for all questions of a call, of the database or of a replica.
//!
//! A replica is some seconds late, and its answers say as of when they are. It is read for questions
//! of now that it settles: it knows the person and the employer, and nothing is left to a person. A
//! person who was recorded a moment ago is so not told to be unknown, nothing is counted as a miss,
//! and no case is opened, on the word of a replica: what it leaves open the database is asked again.
//! Whether somebody is within the caller's reach is for the database to say; only callers who reach
//! everybody are answered from a replica.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::timeline::EmployerRecord;
use mamagang_store::rows::{CheckInputs, EmployerRow, WorkerKey, WorkerSnapshot};

use super::check::{KeyGroupCheck, check_range};
use super::loader::{CheckLoader, Loaded};
use crate::app::App;
use crate::audit::PersonRecord;
use crate::authorise::Permit;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::workers::history::Until;

/// What one check reads.
pub(super) struct CheckInput {
    pub(super) worker: Option<WorkerSnapshot>,
    /// Whether the worker is called as the question says; its MAC is made once a question.
    pub(super) is_named: bool,
    pub(super) employer: EmployerRow,
    /// Records of the other employers with which persons have contracts.
    pub(super) elsewhere: Arc<HashMap<EmployerCode, EmployerRecord>>,
    /// As of when a replica was read (microseconds); `None` = the database itself was.
    pub(super) seen_at: Option<i64>,
}

/// What is looked up for questions: the key of each person, and every employer once.
struct Keys {
    of_persons: Vec<AppResult<WorkerKey>>,
    employers: Vec<EmployerCode>,
}

impl Keys {
    /// The persons that can be looked up, in order.
    fn known(&self) -> Vec<WorkerKey> {
        let keys = self.of_persons.iter();
        keys.filter_map(|key| key.as_ref().ok().cloned()).collect()
    }
}

impl App {
    /// Reads what questions of now need, of the replica where it may be read and settles them.
    pub(super) async fn read_now(
        &self,
        permit: &Permit<'_>,
        checks: &[KeyGroupCheck],
    ) -> AppResult<Vec<AppResult<CheckInput>>> {
        let may_be_late = permit.reaches_everything() && !permit.caller.trail.asks_primary();
        let replica = self.replica_checks.as_ref().filter(|_| may_be_late);
        let read = match replica {
            Some(replica) => self.read_replica(replica, permit, checks).await?,
            None => None,
        };
        let Some(mut inputs) = read else {
            return self.read_checks(permit, checks, None).await;
        };
        let open: Vec<usize> = (0..checks.len())
            .filter(|place| !self.is_settled(&checks[*place], &inputs[*place]))
            .collect();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        metrics::counter!("mamagang_replica_answers_total")
            .increment(count(checks.len() - open.len()));
        metrics::counter!("mamagang_replica_asked_again_total").increment(count(open.len()));
        if !open.is_empty() {
            let again: Vec<KeyGroupCheck> = open.iter().map(|at| checks[*at].clone()).collect();
            let read = self.read_checks(permit, &again, None).await?;
            for (place, input) in open.into_iter().zip(read) {
                inputs[place] = input;
            }
        }
        let seen = inputs
            .iter()
            .filter_map(|input| input.as_ref().ok()?.seen_at);
        if let Some(earliest) = seen.min() {
            permit.caller.trail.note_seen(earliest);
        }
        Ok(inputs)
    }

    /// Reads what questions need of the database, as it is or as it was at a time.
    pub(super) async fn read_checks(
        &self,
        permit: &Permit<'_>,
        checks: &[KeyGroupCheck],
        as_of: Option<i64>,
    ) -> AppResult<Vec<AppResult<CheckInput>>> {
        let keys = self.keys_of(permit, checks);
        let read = self.checks.load(keys.known(), keys.employers.clone());
        let read = read.await?;
        let mut inputs = self.inputs_of(permit, checks, keys, read, as_of).await?;
        let codes = other_employers(checks, &inputs);
        if !codes.is_empty() {
            let read = self.store.check_inputs(&[], &codes).await?;
            let records = self.records_at(read.employers, as_of).await?;
            share(&mut inputs, records);
        }
        Ok(inputs)
    }

    /// The same of a replica; `None` where it is not read.
    async fn read_replica(
        &self,
        replica: &CheckLoader,
        permit: &Permit<'_>,
        checks: &[KeyGroupCheck],
    ) -> AppResult<Option<Vec<AppResult<CheckInput>>>> {
        let keys = self.keys_of(permit, checks);
        let read = replica.load(keys.known(), keys.employers.clone());
        let Ok(read) = read.await else {
            return Ok(None);
        };
        let mut inputs = self.inputs_of(permit, checks, keys, read, None).await?;
        let codes = other_employers(checks, &inputs);
        if !codes.is_empty() {
            // Replay only goes forward: read later, it is no older.
            let Ok(read) = replica.load(Vec::new(), codes).await else {
                return Ok(None);
            };
            let records = self.records_at(read.inputs.employers, None).await?;
            share(&mut inputs, records);
        }
        Ok(Some(inputs))
    }

    /// Whether the question can be answered from what a replica had. Where the months asked for are
    /// wrong, what was read is no matter.
    fn is_settled(&self, check: &KeyGroupCheck, input: &AppResult<CheckInput>) -> bool {
        let Ok(input) = input else {
            return false;
        };
        if check_range(check).is_err() {
            return true;
        }
        let asked = self.asked(&self.book, check, input);
        let is_known = matches!(asked.person, PersonRecord::Known { .. });
        is_known && asked.reviewed(&asked.decide(&self.book).0).is_none()
    }

    fn keys_of(&self, permit: &Permit<'_>, checks: &[KeyGroupCheck]) -> Keys {
        let persons = checks.iter();
        let persons = persons.map(|check| self.worker_key(permit.caller, &check.who));
        let codes: BTreeSet<EmployerCode> =
            checks.iter().map(|check| check.employer_code).collect();
        Keys {
            of_persons: persons.collect(),
            employers: codes.into_iter().collect(),
        }
    }

    /// What was read, question by question. A person out of reach is answered like one whom nobody
    /// knows.
    async fn inputs_of(
        &self,
        permit: &Permit<'_>,
        checks: &[KeyGroupCheck],
        keys: Keys,
        read: Loaded,
        as_of: Option<i64>,
    ) -> AppResult<Vec<AppResult<CheckInput>>> {
        let Loaded { inputs, seen_at } = read;
        let CheckInputs { workers, employers } = inputs;
        let employers = self.records_at(employers, as_of).await?;
        let within = self.employers_within_reach(permit, &keys.employers).await?;
        let snapshots = self.within_reach(permit, workers).await?;
        let asked = checks.iter().zip(&keys.of_persons);
        let asked = asked.filter(|(_, key)| key.is_ok());
        let asked = asked.map(|(check, _)| &check.who);
        let named = asked.clone().zip(&snapshots);
        let named = named.map(|(who, found)| self.is_named(who, found.as_ref()));
        let named: Vec<bool> = named.collect();
        if seen_at.is_none() {
            self.note_unnamed(permit.caller, asked.zip(named.iter().copied()));
        }
        let mut workers = snapshots.into_iter().zip(named);
        let mut inputs = Vec::with_capacity(checks.len());
        for (check, key) in checks.iter().zip(keys.of_persons) {
            let input = match key {
                Err(error) => Err(error),
                Ok(_) => {
                    let (found, is_named) = workers.next().unwrap_or((None, false));
                    let worker = match (found, as_of) {
                        (Some(snapshot), Some(time)) => {
                            Some(self.snapshot_at(snapshot, time).await?)
                        }
                        (snapshot, _) => snapshot,
                    };
                    let record = employers.get(&check.employer_code);
                    let record = record.cloned().unwrap_or_default();
                    if within.contains(&check.employer_code) {
                        crate::facts::require_profile(check.employer_code, record).map(|employer| {
                            CheckInput {
                                worker,
                                is_named,
                                employer,
                                elsewhere: Arc::default(),
                                seen_at,
                            }
                        })
                    } else {
                        Err(out_of_reach(permit, check.employer_code))
                    }
                }
            };
            inputs.push(input);
        }
        Ok(inputs)
    }

    /// The records of employers by their codes, as they are or as they were at a time.
    async fn records_at(
        &self,
        rows: Vec<Option<EmployerRow>>,
        as_of: Option<i64>,
    ) -> AppResult<HashMap<EmployerCode, EmployerRecord>> {
        let mut records = HashMap::new();
        for row in rows.into_iter().flatten() {
            let record = match as_of {
                None => row.record,
                Some(time) => {
                    self.employer_at(row.employer_code, Until::Time(time))
                        .await?
                }
            };
            records.insert(row.employer_code, record);
        }
        Ok(records)
    }

    /// A worker as known at a time. The name is compared with the present one: identities are not
    /// kept by time.
    pub(crate) async fn snapshot_at(
        &self,
        snapshot: WorkerSnapshot,
        time: i64,
    ) -> AppResult<WorkerSnapshot> {
        let worker_id = snapshot.worker.worker_id;
        let (timeline, employers) = self
            .timeline_and_employers_at(worker_id, Until::Time(time))
            .await?;
        let booked = self.booked_at(worker_id, &employers, time).await?;
        let worker = mamagang_store::rows::WorkerRow {
            timeline,
            ..Arc::unwrap_or_clone(snapshot.worker)
        };
        Ok(WorkerSnapshot {
            worker: Arc::new(worker),
            booked,
            ..snapshot
        })
    }
}

/// The other employers with which the persons have contracts, for the months that nobody claimed
/// there. Most persons have none, and then nothing is read.
fn other_employers(
    checks: &[KeyGroupCheck],
    inputs: &[AppResult<CheckInput>],
) -> Vec<EmployerCode> {
    let mut codes: BTreeSet<EmployerCode> = BTreeSet::new();
    for (check, input) in checks.iter().zip(inputs) {
        if let Ok(CheckInput {
            worker: Some(snapshot),
            ..
        }) = input
        {
            let others = snapshot.worker.timeline.contract_employers().into_iter();
            codes.extend(others.filter(|code| *code != check.employer_code));
        }
    }
    codes.into_iter().collect()
}

/// Gives every question the records of the other employers.
fn share(inputs: &mut [AppResult<CheckInput>], records: HashMap<EmployerCode, EmployerRecord>) {
    let records = Arc::new(records);
    for input in inputs.iter_mut().flatten() {
        input.elsewhere = Arc::clone(&records);
    }
}

/// What is told of an employer out of reach, item by item.
fn out_of_reach(permit: &Permit<'_>, code: EmployerCode) -> AppError {
    if permit.is_by_region() {
        return AppError::new(ErrorReason::EmployerNotFound)
            .with("employer_code", code.to_string());
    }
    AppError::new(ErrorReason::PermissionDenied)
}
