//! Facts as they come in, after syntax checks.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    Contract, Contribution, DependentChild, EmployerProfile, FlexibleRegistration, OtherRelief,
    PovertyStatus, PriorTermUse, Source, TrainingRecord, UnemploymentSpell, WorkerProfile,
};
use mamagang_domain::identifier::{CertificateNumber, EmployerCode};

use crate::workers::{Identity, Who};

/// One fact of a call.
#[derive(Clone, Debug)]
pub struct FactItem {
    /// The caller's key for the row.
    pub row_key: String,
    /// Where the fact came from.
    pub source: Source,
    /// The fact.
    pub fact: FactInput,
}

/// A fact and whom it is about.
#[derive(Clone, Debug)]
pub enum FactInput {
    /// An employer's profile.
    Employer(EmployerCode, EmployerProfile),
    /// A worker's profile: names the person, and renames a known one.
    WorkerProfile(Identity, WorkerProfile),
    /// Any other fact about a worker.
    Worker(Who, WorkerFactInput),
}

/// A fact about a worker.
#[derive(Clone, Debug)]
pub enum WorkerFactInput {
    /// Registered unemployment.
    Spell(UnemploymentSpell),
    /// Poverty record.
    Poverty(PovertyStatus),
    /// Certificate: its number is personal and kept encrypted.
    Certificate {
        /// The number.
        number: CertificateNumber,
        /// Whether it is noted 企业吸纳税收政策.
        enterprise_absorption_note: bool,
        /// Day of the note.
        noted_on: Option<CivilDate>,
        /// Noting office.
        office_code: String,
    },
    /// Contract.
    Contract(Contract),
    /// Insurance month.
    Contribution(Contribution),
    /// Flexible employment.
    Flexible(FlexibleRegistration),
    /// Dependent child.
    Child(DependentChild),
    /// Other relief.
    Relief(OtherRelief),
    /// Term used earlier.
    PriorUse(PriorTermUse),
    /// Training.
    Training(TrainingRecord),
}
