//! The facts of two records joined: what is in force for the record that goes is recorded for the one that stays, and
//! retracted where it stood.

use std::collections::BTreeSet;

use mamagang_crypto::PersonKey;
use mamagang_domain::fact::{Source, WorkerFact};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{Subject, WorkerId};
use mamagang_domain::timeline::{Applied, Timeline, unpack};
use mamagang_store::UnitOfWork;
use mamagang_store::rows::{FactChange, FactRow, OwnedFact, WorkerRow, WorkerSecret};

use crate::app::App;
use crate::attempt::Attempt;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::facts::{
    FACT_SECRET, certificate_owner_key, contract_owner_key, fact_secret_row, region_of,
};

/// What is joined.
pub(super) struct Joining<'a> {
    pub(super) app: &'a App,
    pub(super) going: &'a WorkerRow,
    pub(super) staying: &'a WorkerRow,
    /// Of both, in this order.
    pub(super) secrets: &'a [Option<WorkerSecret>],
    pub(super) recorded_at: i64,
    pub(super) actor: &'a str,
}

/// What was joined, to be written.
pub(super) struct Joined {
    /// Of the record that stays.
    pub(super) timeline: Timeline,
    pub(super) taken_over: i32,
    pub(super) kept_aside: i32,
    rows: [WorkerRow; 2],
    facts: Vec<FactRow>,
    links: Vec<(EmployerCode, WorkerId)>,
    owners: Vec<OwnedFact>,
}

impl Joining<'_> {
    /// Joins the facts in force among the rows of the record that goes, in their order. A fact whose natural key the
    /// record that stays has already is not taken over: it stays in history.
    pub(super) fn join(&self, rows: &[FactRow]) -> AppResult<Joined> {
        let (from, into) = (self.going.worker_id, self.staying.worker_id);
        let keys = self.person_keys()?;
        let in_force: BTreeSet<u32> = self
            .going
            .timeline
            .in_force()
            .into_iter()
            .map(|(revision, _)| revision)
            .collect();
        let mut going = self.going.timeline.clone();
        let mut staying = self.staying.timeline.clone();
        let mut taken = Vec::new();
        let mut retracted = Vec::new();
        let (mut links, mut owners) = (Vec::new(), Vec::new());
        let mut kept_aside = 0;
        for row in rows.iter().filter(|row| in_force.contains(&row.revision)) {
            let FactChange::Record { body, secret } = &row.change else {
                continue;
            };
            let fact: WorkerFact = unpack(body).map_err(AppError::internal)?;
            let mut tried = staying.clone();
            if let Applied::Stored {
                revision,
                supersedes: None,
            } = tried.apply(fact.clone(), &row.source)
            {
                staying = tried;
                match &fact {
                    WorkerFact::Contract(contract) => {
                        links.push((contract.employer_code, into));
                        let key =
                            contract_owner_key(&contract.employer_code, &contract.contract_id);
                        owners.push(owned(key, into));
                    }
                    WorkerFact::Certificate(certificate) => {
                        owners.push(owned(certificate_owner_key(certificate.key), into));
                    }
                    _ => {}
                }
                let change = FactChange::Record {
                    body: body.clone(),
                    secret: self.sealed_anew(&keys, row.revision, revision, secret)?,
                };
                taken.push(FactRow {
                    subject: Subject::Worker(into),
                    revision,
                    kind: row.kind,
                    change,
                    supersedes: None,
                    source: row.source.clone(),
                    recorded_at: self.recorded_at,
                    actor: self.actor.to_owned(),
                    reason: format!("merged from {from}"),
                });
            } else {
                kept_aside += 1;
            }
            let revision = going.retract(row.revision).map_err(AppError::internal)?;
            retracted.push(FactRow {
                subject: Subject::Worker(from),
                revision,
                kind: row.kind,
                change: FactChange::Retract {
                    revision: row.revision,
                },
                supersedes: Some(row.revision),
                source: Source {
                    name: String::new(),
                    drawn_on: None,
                },
                recorded_at: self.recorded_at,
                actor: self.actor.to_owned(),
                reason: format!("merged into {into}"),
            });
        }
        let taken_over = i32::try_from(taken.len()).unwrap_or(i32::MAX);
        let row = |worker_id, timeline: &Timeline| WorkerRow {
            worker_id,
            region_code: region_of(timeline),
            timeline: timeline.clone(),
        };
        Ok(Joined {
            rows: [row(from, &going), row(into, &staying)],
            timeline: staying,
            taken_over,
            kept_aside,
            facts: retracted.into_iter().chain(taken).collect(),
            links,
            owners,
        })
    }

    fn person_keys(&self) -> AppResult<[PersonKey; 2]> {
        let ring = self.app.keys();
        let key = |place: usize, worker_id: WorkerId| {
            let secret = self.secrets.get(place).and_then(Option::as_ref);
            let secret = secret.ok_or_else(|| AppError::new(ErrorReason::Internal))?;
            ring.unwrap(&secret.data_key, worker_id)
                .map_err(AppError::internal)
        };
        Ok([
            key(0, self.going.worker_id)?,
            key(1, self.staying.worker_id)?,
        ])
    }

    /// A fact's personal part, under the key of the person that takes it over.
    fn sealed_anew(
        &self,
        [going, staying]: &[PersonKey; 2],
        before: u32,
        after: u32,
        secret: &[u8],
    ) -> AppResult<Vec<u8>> {
        if secret.is_empty() {
            return Ok(Vec::new());
        }
        let row = fact_secret_row(self.going.worker_id, before);
        let plain = going.decrypt(FACT_SECRET, &row, secret);
        let plain = plain.map_err(AppError::internal)?;
        let mut entropy = (self.app.entropy)();
        let row = fact_secret_row(self.staying.worker_id, after);
        staying
            .encrypt(FACT_SECRET, &row, &plain, &mut *entropy)
            .map_err(AppError::internal)
    }
}

impl Joined {
    pub(super) async fn write(&self, unit: &mut dyn UnitOfWork) -> Result<(), Attempt> {
        unit.append_facts(&self.facts).await?;
        unit.put_workers(&self.rows).await?;
        unit.link_workers(&self.links).await?;
        unit.put_fact_owners(&self.owners).await?;
        Ok(())
    }
}

const fn owned(key: mamagang_store::rows::OwnerKey, worker_id: WorkerId) -> OwnedFact {
    OwnedFact {
        key,
        worker_id: Some(worker_id),
    }
}
