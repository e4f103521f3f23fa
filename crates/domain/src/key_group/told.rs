//! What outside sources say of a person's status, put beside what is recorded.
//!
//! A source's word is input like a recorded fact, with its name and the day as of which it says so;
//! a source that could not be asked is input too: that nothing is known from it. Neither is stored.

use crate::date::CivilDate;
use crate::fact::{PersonCategory, PovertyStatus, Source, UnemploymentSpell, WorkerFact};
use crate::policy::KeyGroupPolicy;
use crate::reason::{Outcome, ReasonCode};
use crate::timeline::Timeline;

use super::category::{CategoryFinding, status_on};

/// A record of a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusRecord {
    /// Of the register of unemployment.
    Spell(UnemploymentSpell),
    /// Of the register of poverty.
    Poverty(PovertyStatus),
}

impl StatusRecord {
    /// The natural key: the category and its first day.
    pub const fn key(&self) -> (PersonCategory, CivilDate) {
        match self {
            Self::Spell(spell) => (PersonCategory::RegisteredUnemployed, spell.registered_on),
            Self::Poverty(status) => (status.category, status.from_on),
        }
    }

    /// Whether there can be such a record: it does not end before it begins, and the register of
    /// poverty has nobody in it as unemployed.
    pub fn is_possible(&self) -> bool {
        match self {
            Self::Spell(spell) => spell.ended_on.is_none_or(|end| spell.registered_on <= end),
            Self::Poverty(status) => {
                status.category != PersonCategory::RegisteredUnemployed
                    && status.to_on.is_none_or(|to| status.from_on <= to)
            }
        }
    }

    fn into_fact(self) -> WorkerFact {
        match self {
            Self::Spell(spell) => WorkerFact::Spell(spell),
            Self::Poverty(status) => WorkerFact::Poverty(status),
        }
    }
}

/// What came of asking a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It answered, as of a day.
    Records {
        /// Everything that it lists of the person.
        records: Vec<StatusRecord>,
        /// The day on which its data was drawn.
        drawn_on: CivilDate,
    },
    /// It could not be asked.
    NotAsked,
}

/// A source and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// The source's name.
    pub name: String,
    /// The categories that it keeps the register of.
    pub categories: Vec<PersonCategory>,
    /// What it said.
    pub said: Said,
}

/// A person's status from records and sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldStatus {
    /// What was found, without regard to sources that could not be asked.
    pub finding: CategoryFinding,
    /// Why, in order of precedence; the outcome is the first one's.
    pub codes: Vec<ReasonCode>,
    /// Where the record of the finding is from.
    pub source: Option<Source>,
}

/// The status of a person on a day, from what is recorded (`None`: nobody is known) and from what
/// sources say.
///
/// A source's record takes the place of a recorded one with the same key, unless that was drawn on a
/// later day. A status that a source of its category does not list is CONFLICTING_EVIDENCE. Where a
/// source could not be asked that might say otherwise, a yes and a no are both SOURCE_UNREACHABLE:
/// the person may have left the register, or stand in it.
pub fn told_status(
    policy: &KeyGroupPolicy,
    recorded: Option<&Timeline>,
    reports: &[SourceReport],
    on: CivilDate,
) -> ToldStatus {
    let mut timeline = recorded.cloned().unwrap_or_default();
    for report in reports {
        let Said::Records { records, drawn_on } = &report.said else {
            continue;
        };
        for record in records {
            // Of a category that is not the source's own it only repeats what others say.
            if report.categories.contains(&record.key().0)
                && !is_newer(&timeline, record.key(), *drawn_on)
            {
                let source = Source {
                    name: report.name.clone(),
                    drawn_on: Some(*drawn_on),
                };
                timeline.apply(record.clone().into_fact(), &source);
            }
        }
    }
    let finding = status_on(policy, &timeline, on);
    let is_contradicted = finding.code.is_none()
        && reports
            .iter()
            .any(|report| contradicts(report, &timeline, &finding));
    let found = match finding.code {
        None if is_contradicted => ReasonCode::ConflictingEvidence,
        None => ReasonCode::AllConditionsMet,
        Some(code) => code,
    };
    let is_open = reports.iter().any(|report| {
        let might_say_otherwise = found != ReasonCode::AllConditionsMet
            || finding
                .category
                .is_none_or(|category| report.categories.contains(&category));
        report.said == Said::NotAsked && might_say_otherwise
    });
    let codes = match (is_open, found.outcome()) {
        (false, _) => vec![found],
        (true, Outcome::Review) => vec![found, ReasonCode::SourceUnreachable],
        (true, Outcome::Eligible | Outcome::Ineligible) => vec![ReasonCode::SourceUnreachable],
    };
    ToldStatus {
        source: source_of(&timeline, &finding),
        finding,
        codes,
    }
}

/// Whether a record of the key is known that was drawn after a day.
fn is_newer(timeline: &Timeline, key: (PersonCategory, CivilDate), drawn_on: CivilDate) -> bool {
    let source = source_of_key(timeline, key);
    let known_on = source.and_then(|source| source.drawn_on);
    known_on.is_some_and(|known_on| known_on > drawn_on)
}

/// Whether a source of the finding's category answered without the finding's record.
fn contradicts(report: &SourceReport, timeline: &Timeline, finding: &CategoryFinding) -> bool {
    let Said::Records { records, drawn_on } = &report.said else {
        return false;
    };
    let Some(key) = finding.category.zip(finding.from_on) else {
        return false;
    };
    report.categories.contains(&key.0)
        && !records.iter().any(|record| record.key() == key)
        && !is_newer(timeline, key, *drawn_on)
}

fn source_of_key(
    timeline: &Timeline,
    (category, from_on): (PersonCategory, CivilDate),
) -> Option<&Source> {
    if category == PersonCategory::RegisteredUnemployed {
        let mut spells = timeline.spells.iter();
        let held = spells.find(|held| held.body.registered_on == from_on)?;
        return timeline.source(held);
    }
    let mut statuses = timeline.poverty.iter();
    let held =
        statuses.find(|held| (held.body.category, held.body.from_on) == (category, from_on))?;
    timeline.source(held)
}

/// Where the record of a finding is from.
fn source_of(timeline: &Timeline, finding: &CategoryFinding) -> Option<Source> {
    let key = finding.category.zip(finding.from_on)?;
    finding.record?;
    source_of_key(timeline, key).cloned()
}
