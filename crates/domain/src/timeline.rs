//! Everything currently known of one worker, or of one employer, in one packed row.
//!
//! A timeline is a projection of the subject's facts: applying the fact rows in order of revision
//! gives the same bytes again (`mamagang doctor --rebuild` relies on it). A fact with the natural
//! key of an earlier one takes its place. Lists are kept in order of natural key, so that the
//! order in which facts arrive cannot change a decision.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::fact::{
    CertificateKey, Contract, Contribution, DependentChild, EmployerProfile, EmploymentCertificate,
    FactKind, FlexibleRegistration, OtherRelief, PovertyStatus, PriorTermUse, ReviewResolution,
    Source, TrainingRecord, UnemploymentSpell, WorkerFact, WorkerProfile,
};
use crate::identifier::EmployerCode;
use crate::month::TaxMonth;
use crate::policy::InsuranceSet;
use crate::reason::ReasonCode;

/// First byte of a packed timeline or employer record.
const PACKED_VERSION: u8 = 1;
/// That of a timeline with resolutions behind it; one without any stays as it always was.
const PACKED_WITH_RESOLUTIONS: u8 = 2;

/// A fact that is in force, with the subject's revision that stored it and its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held<T> {
    /// The subject's revision under which the fact was stored. With the subject it names the fact.
    pub revision: u32,
    source: u16,
    /// The fact.
    pub body: T,
}

/// One insurance month, with its employer as an index into the timeline's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionRow {
    /// Index into [`Timeline::employers`], or `None` when paid as an individual.
    pub employer: Option<u16>,
    /// The month paid for.
    pub month: TaxMonth,
    /// What was paid.
    pub insurances: InsuranceSet,
    /// Day of payment.
    pub paid_on: CivilDate,
}

/// What applying a fact did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The same fact from the same source is already in force.
    Unchanged {
        /// The revision that stored it.
        revision: u32,
    },
    /// The fact is stored under the subject's next revision.
    Stored {
        /// That revision.
        revision: u32,
        /// The revision of the fact whose place it takes.
        supersedes: Option<u32>,
    },
}

/// The fact is not in force (never stored, superseded or retracted).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fact is not in force")]
pub struct NotInForce;

/// The bytes are not a packed row of a known version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a packed row of a known version")]
pub struct PackedError;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sources(Vec<Source>);

impl Sources {
    fn position(&self, source: &Source) -> Option<u16> {
        let index = self.0.iter().position(|known| known == source)?;
        u16::try_from(index).ok()
    }

    /// The index of a source; the table is small, since sources are systems times drawing days.
    fn intern(&mut self, source: &Source) -> u16 {
        self.position(source).unwrap_or_else(|| {
            self.0.push(source.clone());
            u16::try_from(self.0.len() - 1).unwrap_or(u16::MAX)
        })
    }

    fn get(&self, index: u16) -> Option<&Source> {
        self.0.get(usize::from(index))
    }
}

/// Everything in force about one worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The worker's latest revision; 0 before the first fact.
    pub revision: u32,
    sources: Sources,
    employers: Vec<EmployerCode>,
    /// The worker's profile.
    pub profile: Option<Held<WorkerProfile>>,
    /// By registration day.
    pub spells: Vec<Held<UnemploymentSpell>>,
    /// By category and first day.
    pub poverty: Vec<Held<PovertyStatus>>,
    /// By key.
    pub certificates: Vec<Held<EmploymentCertificate>>,
    /// By employer and contract number.
    pub contracts: Vec<Held<Contract>>,
    /// By employer index and month.
    pub contributions: Vec<Held<ContributionRow>>,
    /// By first day.
    pub flexible: Vec<Held<FlexibleRegistration>>,
    /// At most one.
    pub child: Option<Held<DependentChild>>,
    /// By employer, code and first month.
    pub reliefs: Vec<Held<OtherRelief>>,
    /// By employer and first month.
    pub prior_uses: Vec<Held<PriorTermUse>>,
    /// By plan.
    pub trainings: Vec<Held<TrainingRecord>>,
    /// By case. Packed behind the rest, and only where there are some.
    #[serde(skip)]
    pub resolutions: Vec<Held<ReviewResolution>>,
}

/// Where a fact goes and what it takes the place of.
struct Slot {
    revision: u32,
    source: Option<u16>,
}

/// Puts a fact into an ordered list. `Ok` is an equal fact's revision (nothing changed), `Err`
/// the superseded revision, if any, after the list was changed.
fn put<T: PartialEq, K: Ord>(
    list: &mut Vec<Held<T>>,
    body: T,
    slot: &Slot,
    key: impl Fn(&T) -> K,
    source_index: impl FnOnce() -> u16,
) -> Result<u32, Option<u32>> {
    let wanted = key(&body);
    match list.binary_search_by(|held| key(&held.body).cmp(&wanted)) {
        Ok(index) => {
            let held = &mut list[index];
            if held.body == body && slot.source == Some(held.source) {
                return Ok(held.revision);
            }
            let superseded = held.revision;
            *held = Held {
                revision: slot.revision,
                source: source_index(),
                body,
            };
            Err(Some(superseded))
        }
        Err(index) => {
            list.insert(
                index,
                Held {
                    revision: slot.revision,
                    source: source_index(),
                    body,
                },
            );
            Err(None)
        }
    }
}

fn put_single<T: PartialEq>(
    single: &mut Option<Held<T>>,
    body: T,
    slot: &Slot,
    source_index: impl FnOnce() -> u16,
) -> Result<u32, Option<u32>> {
    let mut list: Vec<Held<T>> = single.take().into_iter().collect();
    let result = put(&mut list, body, slot, |_| (), source_index);
    *single = list.pop();
    result
}

fn take<T>(list: &mut Vec<Held<T>>, revision: u32) -> Option<T> {
    let index = list.iter().position(|held| held.revision == revision)?;
    Some(list.remove(index).body)
}

impl Timeline {
    /// Stores a fact under the next revision, unless the same fact from the same source is
    /// already in force.
    pub fn apply(&mut self, fact: WorkerFact, source: &Source) -> Applied {
        let slot = Slot {
            revision: self.revision + 1,
            source: self.sources.position(source),
        };
        let sources = &mut self.sources;
        let index = || sources.intern(source);
        let result = match fact {
            WorkerFact::Profile(body) => put_single(&mut self.profile, body, &slot, index),
            WorkerFact::Spell(body) => put(
                &mut self.spells,
                body,
                &slot,
                |fact| fact.registered_on,
                index,
            ),
            WorkerFact::Poverty(body) => put(
                &mut self.poverty,
                body,
                &slot,
                |fact| (fact.category, fact.from_on),
                index,
            ),
            WorkerFact::Certificate(body) => {
                put(&mut self.certificates, body, &slot, |fact| fact.key, index)
            }
            WorkerFact::Contract(body) => put(
                &mut self.contracts,
                body,
                &slot,
                |fact| (fact.employer_code, fact.contract_id.clone()),
                index,
            ),
            WorkerFact::Contribution(body) => {
                let employer = body
                    .employer_code
                    .map(|code| intern_employer(&mut self.employers, code));
                let row = ContributionRow {
                    employer,
                    month: body.month,
                    insurances: body.insurances,
                    paid_on: body.paid_on,
                };
                put(
                    &mut self.contributions,
                    row,
                    &slot,
                    |fact| (fact.employer, fact.month),
                    index,
                )
            }
            WorkerFact::Flexible(body) => {
                put(&mut self.flexible, body, &slot, |fact| fact.from_on, index)
            }
            WorkerFact::Child(body) => put_single(&mut self.child, body, &slot, index),
            WorkerFact::Relief(body) => put(
                &mut self.reliefs,
                body,
                &slot,
                |fact| (fact.employer_code, fact.relief_code, fact.from_month),
                index,
            ),
            WorkerFact::PriorUse(body) => put(
                &mut self.prior_uses,
                body,
                &slot,
                |fact| (fact.employer_code, fact.from_month),
                index,
            ),
            WorkerFact::Training(body) => put(
                &mut self.trainings,
                body,
                &slot,
                |fact| fact.plan_id.clone(),
                index,
            ),
            WorkerFact::Resolution(body) => put(
                &mut self.resolutions,
                body,
                &slot,
                |fact| fact.case_id,
                index,
            ),
        };
        match result {
            Ok(revision) => Applied::Unchanged { revision },
            Err(supersedes) => {
                self.revision = slot.revision;
                Applied::Stored {
                    revision: slot.revision,
                    supersedes,
                }
            }
        }
    }

    /// Takes a fact out of force under the next revision, which is returned.
    pub fn retract(&mut self, revision: u32) -> Result<u32, NotInForce> {
        self.take(revision).ok_or(NotInForce)?;
        self.revision += 1;
        Ok(self.revision)
    }

    fn take(&mut self, revision: u32) -> Option<()> {
        if self
            .profile
            .as_ref()
            .is_some_and(|held| held.revision == revision)
        {
            self.profile = None;
            return Some(());
        }
        if self
            .child
            .as_ref()
            .is_some_and(|held| held.revision == revision)
        {
            self.child = None;
            return Some(());
        }
        take(&mut self.spells, revision)
            .map(drop)
            .or_else(|| take(&mut self.poverty, revision).map(drop))
            .or_else(|| take(&mut self.certificates, revision).map(drop))
            .or_else(|| take(&mut self.contracts, revision).map(drop))
            .or_else(|| take(&mut self.contributions, revision).map(drop))
            .or_else(|| take(&mut self.flexible, revision).map(drop))
            .or_else(|| take(&mut self.reliefs, revision).map(drop))
            .or_else(|| take(&mut self.prior_uses, revision).map(drop))
            .or_else(|| take(&mut self.trainings, revision).map(drop))
            .or_else(|| take(&mut self.resolutions, revision).map(drop))
    }

    /// The source of a fact in force.
    pub fn source<T>(&self, held: &Held<T>) -> Option<&Source> {
        self.sources.get(held.source)
    }

    /// The source of the fact of a kind that is in force under a revision.
    pub fn source_of(&self, kind: FactKind, revision: u32) -> Option<&Source> {
        fn find<T>(list: &[Held<T>], revision: u32) -> Option<u16> {
            let found = list.iter().find(|held| held.revision == revision);
            found.map(|held| held.source)
        }
        let index = match kind {
            FactKind::WorkerProfile => find(self.profile.as_slice(), revision),
            FactKind::UnemploymentSpell => find(&self.spells, revision),
            FactKind::PovertyStatus => find(&self.poverty, revision),
            FactKind::EmploymentCertificate => find(&self.certificates, revision),
            FactKind::Contract => find(&self.contracts, revision),
            FactKind::Contribution => find(&self.contributions, revision),
            FactKind::FlexibleRegistration => find(&self.flexible, revision),
            FactKind::DependentChild => find(self.child.as_slice(), revision),
            FactKind::OtherRelief => find(&self.reliefs, revision),
            FactKind::PriorTermUse => find(&self.prior_uses, revision),
            FactKind::TrainingRecord => find(&self.trainings, revision),
            FactKind::ReviewResolution => find(&self.resolutions, revision),
            FactKind::EmployerProfile => None,
        };
        self.sources.get(index?)
    }

    /// The employers that appear in contributions, by index.
    pub fn employers(&self) -> &[EmployerCode] {
        &self.employers
    }

    /// The insurance months that an employer paid, by month.
    pub fn contributions_of(&self, employer: &EmployerCode) -> &[Held<ContributionRow>] {
        let Some(index) = self.employers.iter().position(|code| code == employer) else {
            return &[];
        };
        self.contributions_paid_by(u16::try_from(index).ok())
    }

    /// The insurance months that the worker paid as an individual, by month.
    pub fn individual_contributions(&self) -> &[Held<ContributionRow>] {
        self.contributions_paid_by(None)
    }

    fn contributions_paid_by(&self, index: Option<u16>) -> &[Held<ContributionRow>] {
        let start = self
            .contributions
            .partition_point(|held| held.body.employer < index);
        let end = self
            .contributions
            .partition_point(|held| held.body.employer <= index);
        &self.contributions[start..end]
    }

    /// A contribution as it was recorded.
    pub fn contribution(&self, row: &ContributionRow) -> Contribution {
        Contribution {
            employer_code: row
                .employer
                .and_then(|index| self.employers.get(usize::from(index)).copied()),
            month: row.month,
            insurances: row.insurances,
            paid_on: row.paid_on,
        }
    }

    /// Revision of the contract in force under an employer's number.
    pub fn contract_revision(&self, employer: &EmployerCode, contract_id: &str) -> Option<u32> {
        self.contracts
            .iter()
            .find(|held| {
                held.body.employer_code == *employer && held.body.contract_id == contract_id
            })
            .map(|held| held.revision)
    }

    /// Revision of the certificate in force under a key.
    pub fn certificate_revision(&self, key: &CertificateKey) -> Option<u32> {
        self.certificates
            .iter()
            .find(|held| held.body.key == *key)
            .map(|held| held.revision)
    }

    /// Every revision in force, with its kind, in order of revision.
    pub fn in_force(&self) -> Vec<(u32, FactKind)> {
        fn add<T>(out: &mut Vec<(u32, FactKind)>, list: &[Held<T>], kind: FactKind) {
            out.extend(list.iter().map(|held| (held.revision, kind)));
        }
        let mut out = Vec::new();
        add(&mut out, self.profile.as_slice(), FactKind::WorkerProfile);
        add(&mut out, &self.spells, FactKind::UnemploymentSpell);
        add(&mut out, &self.poverty, FactKind::PovertyStatus);
        add(
            &mut out,
            &self.certificates,
            FactKind::EmploymentCertificate,
        );
        add(&mut out, &self.contracts, FactKind::Contract);
        add(&mut out, &self.contributions, FactKind::Contribution);
        add(&mut out, &self.flexible, FactKind::FlexibleRegistration);
        add(&mut out, self.child.as_slice(), FactKind::DependentChild);
        add(&mut out, &self.reliefs, FactKind::OtherRelief);
        add(&mut out, &self.prior_uses, FactKind::PriorTermUse);
        add(&mut out, &self.trainings, FactKind::TrainingRecord);
        add(&mut out, &self.resolutions, FactKind::ReviewResolution);
        out.sort_unstable();
        out
    }

    /// The employers that have a contract with the worker, each once, in order.
    pub fn contract_employers(&self) -> Vec<EmployerCode> {
        let mut codes: Vec<_> = self
            .contracts
            .iter()
            .map(|held| held.body.employer_code)
            .collect();
        codes.dedup();
        codes
    }

    /// The filings that contracts and trainings name, each once, in order.
    pub fn filing_ids(&self) -> BTreeSet<&str> {
        let posts = self.contracts.iter().map(|held| &held.body.filing_id);
        let plans = self.trainings.iter().map(|held| &held.body.plan_id);
        posts
            .chain(plans)
            .map(String::as_str)
            .filter(|id| !id.is_empty())
            .collect()
    }

    /// How many bytes of memory its lists take up; what their rows refer to is not counted.
    pub fn list_bytes(&self) -> usize {
        let facts = size_of_val(self.spells.as_slice())
            + size_of_val(self.poverty.as_slice())
            + size_of_val(self.certificates.as_slice())
            + size_of_val(self.contracts.as_slice())
            + size_of_val(self.contributions.as_slice())
            + size_of_val(self.flexible.as_slice())
            + size_of_val(self.reliefs.as_slice())
            + size_of_val(self.prior_uses.as_slice())
            + size_of_val(self.trainings.as_slice())
            + size_of_val(self.resolutions.as_slice());
        let tables =
            size_of_val(self.sources.0.as_slice()) + size_of_val(self.employers.as_slice());
        facts + tables
    }

    /// The resolutions of a reason for a measure at an employer.
    pub fn resolutions_of(
        &self,
        measure: i32,
        employer: &EmployerCode,
        code: ReasonCode,
    ) -> impl Iterator<Item = &Held<ReviewResolution>> {
        self.resolutions.iter().filter(move |held| {
            let settled = &held.body;
            settled.measure == measure
                && settled.code == code.number()
                && settled.employer_code == *employer
        })
    }

    /// The resolution of a reason in a month; of several the one recorded last.
    pub fn resolution(
        &self,
        measure: i32,
        employer: &EmployerCode,
        code: ReasonCode,
        month: TaxMonth,
    ) -> Option<&Held<ReviewResolution>> {
        self.resolutions_of(measure, employer, code)
            .filter(|held| (held.body.from_month..=held.body.through_month).contains(&month))
            .max_by_key(|held| held.revision)
    }

    /// The packed row: a version byte, then postcard; then the resolutions, where there are some.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = pack(self);
        if self.resolutions.is_empty() {
            return bytes;
        }
        if let Some(version) = bytes.first_mut() {
            *version = PACKED_WITH_RESOLUTIONS;
        }
        // As in `pack`.
        postcard::to_extend(&self.resolutions, bytes).unwrap_or_default()
    }

    /// Reads a packed row.
    pub fn unpack(bytes: &[u8]) -> Result<Self, PackedError> {
        let Some((&PACKED_WITH_RESOLUTIONS, rest)) = bytes.split_first() else {
            return unpack(bytes);
        };
        let (mut timeline, rest): (Self, &[u8]) =
            postcard::take_from_bytes(rest).map_err(|_| PackedError)?;
        match postcard::take_from_bytes(rest) {
            Ok((resolutions, [])) => timeline.resolutions = resolutions,
            _ => return Err(PackedError),
        }
        Ok(timeline)
    }
}

fn intern_employer(employers: &mut Vec<EmployerCode>, code: EmployerCode) -> u16 {
    let index = employers
        .iter()
        .position(|known| *known == code)
        .unwrap_or_else(|| {
            employers.push(code);
            employers.len() - 1
        });
    u16::try_from(index).unwrap_or(u16::MAX)
}

/// Everything in force about one employer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployerRecord {
    /// The employer's latest fact revision; 0 before the first profile.
    pub revision: u32,
    sources: Sources,
    /// By first day.
    pub profiles: Vec<Held<EmployerProfile>>,
}

impl EmployerRecord {
    /// How many bytes of memory its lists take up; what their rows refer to is not counted.
    pub fn list_bytes(&self) -> usize {
        size_of_val(self.profiles.as_slice()) + size_of_val(self.sources.0.as_slice())
    }

    /// Stores a profile under the next revision, unless the same one is already in force.
    pub fn apply(&mut self, profile: EmployerProfile, source: &Source) -> Applied {
        let slot = Slot {
            revision: self.revision + 1,
            source: self.sources.position(source),
        };
        let sources = &mut self.sources;
        match put(
            &mut self.profiles,
            profile,
            &slot,
            |fact| fact.from_on,
            || sources.intern(source),
        ) {
            Ok(revision) => Applied::Unchanged { revision },
            Err(supersedes) => {
                self.revision = slot.revision;
                Applied::Stored {
                    revision: slot.revision,
                    supersedes,
                }
            }
        }
    }

    /// Takes a profile out of force under the next revision, which is returned.
    pub fn retract(&mut self, revision: u32) -> Result<u32, NotInForce> {
        take(&mut self.profiles, revision).ok_or(NotInForce)?;
        self.revision += 1;
        Ok(self.revision)
    }

    /// The profile in force on a day. Before the first recorded day the first profile is taken:
    /// registers often start with the day of their own introduction.
    pub fn profile_on(&self, day: CivilDate) -> Option<&EmployerProfile> {
        self.profiles
            .iter()
            .rev()
            .find(|held| held.body.from_on <= day)
            .or_else(|| self.profiles.first())
            .map(|held| &held.body)
    }

    /// The first and the last day around `day` on which [`EmployerRecord::profile_on`] is the same.
    pub(crate) fn profile_span(&self, day: CivilDate) -> (CivilDate, CivilDate) {
        let begun = self
            .profiles
            .partition_point(|held| held.body.from_on <= day);
        // The first profile holds before its own day too.
        let first = match begun {
            0 | 1 => CivilDate::MIN,
            _ => self.profiles[begun - 1].body.from_on,
        };
        let next = match begun {
            0 => self.profiles.get(1),
            _ => self.profiles.get(begun),
        };
        let last = next.map_or(CivilDate::MAX, |next| next.body.from_on.plus_days(-1));
        (first, last)
    }

    /// The source of a profile in force.
    pub fn source(&self, held: &Held<EmployerProfile>) -> Option<&Source> {
        self.sources.get(held.source)
    }

    /// The packed row.
    pub fn pack(&self) -> Vec<u8> {
        pack(self)
    }

    /// Reads a packed row.
    pub fn unpack(bytes: &[u8]) -> Result<Self, PackedError> {
        unpack(bytes)
    }
}

/// Most values take up less.
const PACKED_EXPECTED: usize = 512;

/// Packs a value behind the version byte.
pub fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    // A `Vec` never fills up and these types hold nothing that postcard refuses.
    let mut bytes = Vec::with_capacity(PACKED_EXPECTED);
    bytes.push(PACKED_VERSION);
    postcard::to_extend(value, bytes).unwrap_or_default()
}

/// Reads a value behind the version byte, to the last byte.
pub fn unpack<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, PackedError> {
    match bytes.split_first() {
        Some((&PACKED_VERSION, rest)) => match postcard::take_from_bytes(rest) {
            Ok((value, [])) => Ok(value),
            _ => Err(PackedError),
        },
        _ => Err(PackedError),
    }
}
