//! Everything that is kept.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::fact::CertificateKey;
use mamagang_domain::filing::Filing;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{AuditId, CaseId, Subject, WorkerId};
use mamagang_domain::ledger::{Genesis, YearState};
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::subsidy::SubsidyKind;
use uuid::Uuid;

use crate::audit::{AuditGap, AuditSubject, ChainPlace};
use crate::cases::CaseEvent;
use crate::rows::{
    AuditRow, CheckpointRow, EmployerRow, EntryRow, FactRow, IdempotencyKey, IdempotencyRecord,
    IdentityKey, KeyedMac, KnownIdentity, LedgerHead, Mac, OwnerKey, PersonMonth, SubsidyMonth,
    WorkerRow, WorkerSecret,
};
use crate::{JobPart, JobRow};

/// A document's MAC: type, key, MAC.
pub(super) type IdentityId = (i64, u32, Mac);

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) facts: BTreeMap<Subject, Vec<FactRow>>,
    pub(super) entries: BTreeMap<EmployerCode, Vec<EntryRow>>,
    /// Entries by the order in which they were written.
    pub(super) feed: BTreeMap<i64, (EmployerCode, u32)>,
    pub(super) checkpoints: Vec<CheckpointRow>,
    /// How far each chain was last in a checkpoint.
    pub(super) checked_heads: BTreeMap<EmployerCode, u32>,
    pub(super) audit: BTreeMap<AuditId, AuditRow>,
    pub(super) audit_chains: BTreeMap<[u8; 16], Vec<AuditId>>,
    /// Whose data the rows of several persons' data concern.
    pub(super) audit_subjects: BTreeSet<AuditSubject>,
    pub(super) audit_gaps: BTreeMap<ChainPlace, AuditGap>,
    pub(super) policy_sets: BTreeMap<String, (String, i64)>,
    pub(super) answers: BTreeMap<IdempotencyKey, IdempotencyRecord>,
    pub(super) workers: BTreeMap<WorkerId, WorkerRow>,
    pub(super) merged: BTreeMap<WorkerId, WorkerId>,
    /// Whose document it is, and the name's MAC.
    pub(super) identities: BTreeMap<IdentityId, (WorkerId, Mac)>,
    pub(super) secrets: BTreeMap<WorkerId, WorkerSecret>,
    /// Certificates under further MAC keys: the key that their facts have.
    pub(super) certificate_aliases: BTreeMap<(u32, CertificateKey), CertificateKey>,
    /// When persons were erased.
    pub(super) erasures: BTreeMap<WorkerId, i64>,
    pub(super) employers: BTreeMap<EmployerCode, EmployerRow>,
    pub(super) links: BTreeSet<(EmployerCode, WorkerId)>,
    pub(super) owners: BTreeMap<OwnerKey, WorkerId>,
    pub(super) years: BTreeMap<(EmployerCode, TaxYear), YearState>,
    pub(super) months: BTreeMap<(WorkerId, TaxMonth), PersonMonth>,
    pub(super) filings: BTreeMap<String, Filing>,
    pub(super) jobs: BTreeMap<Uuid, JobRow>,
    /// With the instant until which each is held.
    pub(super) job_parts: BTreeMap<(Uuid, u32), (JobPart, i64)>,
    pub(super) subsidy_months: BTreeMap<(WorkerId, SubsidyKind, TaxMonth), SubsidyMonth>,
    /// Events by revision; the last one holds the file.
    pub(super) cases: BTreeMap<CaseId, Vec<CaseEvent>>,
}

impl State {
    /// The worker that an id stands for: itself, or the one it was merged into.
    pub(super) fn resolve(&self, id: WorkerId) -> WorkerId {
        self.merged.get(&id).copied().unwrap_or(id)
    }

    pub(super) fn worker(&self, id: WorkerId) -> Option<&WorkerRow> {
        self.workers.get(&self.resolve(id))
    }

    /// Who is known under a document, with the name's MACs in the order of the number's.
    pub(super) fn holder(&self, key: &IdentityKey) -> Option<(WorkerId, Vec<KeyedMac>)> {
        let known = key.macs.iter().filter_map(|keyed| {
            let id = (key.document_type.number(), keyed.key_id, keyed.mac);
            let (worker, mac) = self.identities.get(&id)?;
            let key_id = keyed.key_id;
            Some((self.resolve(*worker), KeyedMac { key_id, mac: *mac }))
        });
        let known: Vec<_> = known.collect();
        let (holder, _) = *known.first()?;
        let of_holder = known.into_iter().filter(|(worker, _)| *worker == holder);
        Some((holder, of_holder.map(|(_, name)| name).collect()))
    }

    pub(super) fn identity(&self, key: &IdentityKey) -> Option<KnownIdentity> {
        let (worker_id, names) = self.holder(key)?;
        let name = names.into_iter().next()?;
        Some(KnownIdentity { worker_id, name })
    }

    pub(super) fn head(&self, employer: &EmployerCode) -> LedgerHead {
        let last = self.entries.get(employer).and_then(|chain| chain.last());
        last.map_or_else(
            || LedgerHead {
                sequence: 0,
                hash: Genesis::hash(employer),
            },
            |entry| LedgerHead {
                sequence: entry.sequence,
                hash: entry.hash,
            },
        )
    }

    /// The last position of a writer's chain and its hash, whether the row is still there or not.
    pub(super) fn last_audit_place(&self, writer_id: [u8; 16]) -> Option<(u64, Digest32)> {
        let row = self.last_audit_row(writer_id);
        let row = row.map(|row| (row.position, row.hash));
        let gaps = self.audit_gaps.values();
        let gaps = gaps.filter(|gap| gap.writer_id == writer_id);
        let gap = gaps.map(|gap| (gap.last_position, gap.hash));
        row.into_iter()
            .chain(gap)
            .max_by_key(|(position, _)| *position)
    }

    pub(super) fn last_audit_row(&self, writer_id: [u8; 16]) -> Option<&AuditRow> {
        self.audit.get(self.audit_chains.get(&writer_id)?.last()?)
    }

    /// Months of a worker, by month, whoever booked them.
    pub(super) fn months_of(&self, worker: WorkerId) -> impl Iterator<Item = &PersonMonth> {
        let months = self.months.values();
        months.filter(move |month| month.worker_id == worker)
    }
}
