//! The rows, as the use cases see them.

use std::borrow::Cow;
use std::sync::Arc;

use mamagang_domain::fact::{FactKind, Source};
use mamagang_domain::filing::Filing;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::{DocumentType, EmployerCode};
use mamagang_domain::ids::{AuditId, RequestId, Subject, WorkerId};
use mamagang_domain::key_group::BookedMonth;
use mamagang_domain::ledger::YearState;
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::subsidy::ClaimedMonth;
use mamagang_domain::timeline::{EmployerRecord, Timeline};

use crate::audit::{AuditPlace, Retention};

/// A keyed MAC.
pub type Mac = [u8; 32];

/// A document number's MAC under one MAC key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdentityKey {
    /// The document's type.
    pub document_type: DocumentType,
    /// The number's MACs, under each MAC key in use (two during a rotation).
    pub macs: Vec<KeyedMac>,
}

/// A MAC and the key that made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyedMac {
    /// The key's id.
    pub key_id: u32,
    /// The MAC.
    pub mac: Mac,
}

/// How a caller names a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerKey {
    /// By our id.
    Id(WorkerId),
    /// By document.
    Identity(IdentityKey),
}

/// A worker found by document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIdentity {
    /// Who.
    pub worker_id: WorkerId,
    /// The MAC of the recorded name, under the key that the row was found by.
    pub name: KeyedMac,
}

/// A worker's projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerRow {
    /// Who.
    pub worker_id: WorkerId,
    /// Town, 9 digits; empty when not told. The prefix that authorisation compares.
    pub region_code: String,
    /// Everything in force; its revision is the row's.
    pub timeline: Timeline,
}

/// A worker as a check reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSnapshot {
    /// The worker.
    pub worker: Arc<WorkerRow>,
    /// MACs of the recorded name; empty when the worker was named by our id.
    pub name_macs: Vec<KeyedMac>,
    /// Booked months, by month.
    pub booked: Vec<BookedMonth>,
    /// The filings that contracts and trainings name.
    pub filings: Arc<[Filing]>,
}

/// An employer's projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployerRow {
    /// Which.
    pub employer_code: EmployerCode,
    /// Everything in force.
    pub record: EmployerRecord,
}

/// What checks read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckInputs {
    /// One element a worker key.
    pub workers: Vec<Option<WorkerSnapshot>>,
    /// One element an employer code.
    pub employers: Vec<Option<EmployerRow>>,
}

/// The end of an employer's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerHead {
    /// Sequence of the last entry; 0 when there is none.
    pub sequence: u32,
    /// Its hash, or the chain's start.
    pub hash: Digest32,
}

/// What postings and balances read of one employer-year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerInputs {
    /// The employer; `None` when unknown.
    pub employer: Option<Arc<EmployerRow>>,
    /// The chain's end.
    pub head: LedgerHead,
    /// The year.
    pub year: YearState,
    /// Months booked for the employer in the year.
    pub months: Vec<PersonMonth>,
    /// Every worker with a contract at the employer, with the months booked for anyone.
    pub workers: Vec<WorkerSnapshot>,
}

/// A worker to add, or whose identity to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorker {
    /// Who.
    pub worker_id: WorkerId,
    /// The document's type.
    pub document_type: DocumentType,
    /// The number's MACs.
    pub number_macs: Vec<KeyedMac>,
    /// The name's MACs, in the same order of keys.
    pub name_macs: Vec<KeyedMac>,
    /// The encrypted identity.
    pub secret: WorkerSecret,
}

/// A worker's encrypted identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSecret {
    /// The person's data key, wrapped. Destroying it erases the person.
    pub data_key: Vec<u8>,
    /// Document type, number and name, encrypted by the data key.
    pub identity: Vec<u8>,
}

/// What a fact row does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactChange {
    /// Records a fact: the packed body, and what of it is personal, encrypted.
    Record {
        /// Postcard of the domain's fact behind a version byte.
        body: Vec<u8>,
        /// Personal parts, encrypted by the person's data key; empty when there are none.
        secret: Vec<u8>,
    },
    /// Takes a fact out of force.
    Retract {
        /// The revision that stored it.
        revision: u32,
    },
}

/// A row of truth about a worker or an employer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// Whom it is about.
    pub subject: Subject,
    /// The subject's revision, without gaps from 1.
    pub revision: u32,
    /// The fact's kind.
    pub kind: FactKind,
    /// What it does.
    pub change: FactChange,
    /// The revision whose place it takes.
    pub supersedes: Option<u32>,
    /// Where it came from.
    pub source: Source,
    /// When it was recorded (microseconds).
    pub recorded_at: i64,
    /// Who recorded it.
    pub actor: String,
    /// Why, for retractions.
    pub reason: String,
}

/// Which fact rows to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactQuery {
    /// Of whom.
    pub subject: Subject,
    /// Of which kinds; empty = all.
    pub kinds: Vec<FactKind>,
    /// Above which revision.
    pub after: u32,
    /// Up to which revision; `None` = all.
    pub through: Option<u32>,
    /// Recorded no later than (microseconds); `None` = now.
    pub as_of: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Fact rows and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactPage {
    /// In order of revision.
    pub rows: Vec<FactRow>,
    /// Whether rows above the last one were left off.
    pub more: bool,
}

/// The natural key of a fact that does not name its worker (contract, certificate), hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerKey {
    /// The fact's kind.
    pub kind: FactKind,
    /// SHA-256 over the key, or the certificate's MAC padded with zeroes.
    pub key: Digest32,
}

/// Who holds such a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnedFact {
    /// Which fact.
    pub key: OwnerKey,
    /// Who; `None` when nobody any longer.
    pub worker_id: Option<WorkerId>,
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Whose ledger.
    pub employer_code: EmployerCode,
    /// From 1, without gaps.
    pub sequence: u32,
    /// The year it belongs to.
    pub tax_year: TaxYear,
    /// When it was recorded (microseconds).
    pub recorded_at: i64,
    /// The frozen bytes.
    pub frozen: Vec<u8>,
    /// The hash before.
    pub previous_hash: Digest32,
    /// The entry's hash.
    pub hash: Digest32,
}

/// An entry with its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRow {
    /// Given when the row was written, before its commit; rises, with gaps.
    pub position: i64,
    /// The entry.
    pub entry: EntryRow,
}

/// A checkpoint as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// From 1, without gaps.
    pub number: u32,
    /// When it was made (microseconds).
    pub recorded_at: i64,
    /// The frozen bytes.
    pub frozen: Vec<u8>,
    /// The hash before.
    pub previous_hash: Digest32,
    /// Its hash.
    pub hash: Digest32,
    /// The key that signed it.
    pub key_id: u32,
    /// The signature over the hash.
    pub signature: [u8; 64],
}

/// The state of an employer-year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearRow {
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// Its state.
    pub state: YearState,
}

/// A booked person-month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonMonth {
    /// Whose month.
    pub worker_id: WorkerId,
    /// Which.
    pub month: TaxMonth,
    /// For whom.
    pub employer_code: EmployerCode,
    /// Under which reduction code.
    pub group: CodeGroup,
    /// What it gives.
    pub amount_fen: Fen,
    /// The entry that booked it.
    pub sequence: u32,
}

impl PersonMonth {
    /// As the worker's own months tell it.
    pub fn booked(&self) -> BookedMonth {
        BookedMonth {
            month: self.month,
            employer_code: self.employer_code,
        }
    }
}

/// A request, inside its scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey {
    /// The caller's organisation.
    pub organisation: Arc<str>,
    /// The method, such as `mamagang.v1.LedgerService/PostDeduction`.
    pub method: &'static str,
    /// The caller's id.
    pub request_id: RequestId,
}

/// A request's fields by name.
pub type RequestFields = Vec<(Cow<'static, str>, String)>;

/// What a request was and what it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Its fields by name, each with its value or the value's hash, in order of name.
    pub content: Arc<RequestFields>,
    /// The answer, packed.
    pub response: Vec<u8>,
    /// When it was recorded (microseconds).
    pub recorded_at: i64,
}

/// A person-month of a subsidy that a claim holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubsidyMonth {
    /// Whose.
    pub worker_id: WorkerId,
    /// Of which subsidy, which month, where and how much.
    pub claimed: ClaimedMonth,
    /// The claim that holds it.
    pub claim_id: String,
}

/// An audit row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id, and that of the decision it holds.
    pub audit_id: AuditId,
    /// The writer whose chain it is on.
    pub writer_id: [u8; 16],
    /// Place in that chain, from 1, without gaps.
    pub position: u64,
    /// When (microseconds).
    pub recorded_at: i64,
    /// The method called.
    pub method: String,
    /// Who called.
    pub caller: String,
    /// For which organisation.
    pub organisation: String,
    /// How long it is kept at least.
    pub retention: Retention,
    /// How it ended: a gRPC code's name.
    pub outcome: String,
    /// The worker it concerns, where it is one.
    pub worker_id: Option<WorkerId>,
    /// The employer it concerns, where it is one.
    pub employer_code: Option<EmployerCode>,
    /// The frozen bytes of everything else.
    pub frozen: Vec<u8>,
    /// The hash before.
    pub previous_hash: Digest32,
    /// `SHA-256(previous_hash ‖ frozen)`.
    pub hash: Digest32,
}

impl AuditRow {
    /// Its place in a list.
    pub fn place(&self) -> AuditPlace {
        AuditPlace {
            recorded_at: self.recorded_at,
            audit_id: self.audit_id,
        }
    }
}
