//! Which key group a person belongs to on a hire date (fact: section 2.2).

use crate::date::CivilDate;
use crate::fact::{PersonCategory, UnemploymentSpell};
use crate::month::TaxMonth;
use crate::policy::KeyGroupPolicy;
use crate::reason::{Outcome, ReasonCode};
use crate::timeline::{Held, Timeline};

use super::hire::hired_on_days;

/// The category found, or what stands against every category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CategoryFinding {
    /// The category that holds, or the one nearest to it.
    pub category: Option<PersonCategory>,
    /// What stands against it; `None` when it holds.
    pub code: Option<ReasonCode>,
    /// Revision of the record that it rests on.
    pub record: Option<u32>,
    /// Revision of the certificate that it rests on.
    pub certificate: Option<u32>,
    /// First day of the status.
    pub from_on: Option<CivilDate>,
    /// Last day of the status; `None` while it is open.
    pub to_on: Option<CivilDate>,
}

impl CategoryFinding {
    /// Nothing looked at.
    pub const NONE: Self = Self {
        category: None,
        code: None,
        record: None,
        certificate: None,
        from_on: None,
        to_on: None,
    };

    const fn of(category: PersonCategory, code: Option<ReasonCode>) -> Self {
        Self {
            category: Some(category),
            code,
            ..Self::NONE
        }
    }

    const fn outcome(&self) -> Outcome {
        match self.code {
            None => Outcome::Eligible,
            Some(code) => code.outcome(),
        }
    }

    /// The better of two: the better outcome, then the reason that is told first, then `self`.
    fn better(self, other: Self) -> Self {
        let rank = |finding: &Self| {
            (
                finding.outcome(),
                finding.code.map_or(0, ReasonCode::precedence),
            )
        };
        if rank(&other) < rank(&self) {
            other
        } else {
            self
        }
    }
}

/// The category of a person hired on a day: the first that holds, in the order LIFTED, MONITORED,
/// UNEMPLOYED; failing that the nearest. Without any record it is NO_RECORD, since the source may lag.
pub fn category_on(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    hired_on: CivilDate,
) -> CategoryFinding {
    nearest(
        policy,
        timeline,
        hired_on,
        own_spells(policy, timeline, hired_on),
    )
}

/// The status of a person on a day, whatever hires it has served already: the question of a
/// verification, where [`category_on`] is that of a hire.
pub fn status_on(policy: &KeyGroupPolicy, timeline: &Timeline, on: CivilDate) -> CategoryFinding {
    nearest(policy, timeline, on, &timeline.spells)
}

fn nearest(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    hired_on: CivilDate,
    spells: &[Held<UnemploymentSpell>],
) -> CategoryFinding {
    let mut best: Option<CategoryFinding> = None;
    for category in PersonCategory::ALL {
        let Some(finding) = find(policy, timeline, category, hired_on, spells) else {
            continue;
        };
        if finding.code.is_none() {
            return finding;
        }
        best = Some(best.map_or(finding, |known| known.better(finding)));
    }
    best.unwrap_or(CategoryFinding {
        code: Some(ReasonCode::NoRecord),
        ..CategoryFinding::NONE
    })
}

/// The finding for one category; `None` when nothing is recorded under it.
fn find(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    category: PersonCategory,
    hired_on: CivilDate,
    spells: &[Held<UnemploymentSpell>],
) -> Option<CategoryFinding> {
    let finding = match category {
        PersonCategory::RegisteredUnemployed => unemployed(policy, timeline, hired_on, spells)?,
        _ => poverty(timeline, category, hired_on)?,
    };
    let covered = policy
        .category_covered
        .get(&category)
        .and_then(|dated| dated.on(hired_on));
    let code = match covered {
        None => Some(ReasonCode::PolicyNotEncoded),
        Some(covered) if !covered.value => Some(ReasonCode::CategoryNotCoveredAtDate),
        Some(_) => finding.code,
    };
    Some(CategoryFinding { code, ..finding })
}

/// Poverty status counts when it holds on the hire date; later removal does not cancel it.
fn poverty(
    timeline: &Timeline,
    category: PersonCategory,
    hired_on: CivilDate,
) -> Option<CategoryFinding> {
    let mut records = timeline
        .poverty
        .iter()
        .filter(|held| held.body.category == category)
        .peekable();
    records.peek()?;
    let holding = records.clone().find(|held| held.body.holds_on(hired_on));
    let code = if holding.is_some() {
        None
    } else {
        Some(ReasonCode::CategoryNotCoveredAtDate)
    };
    let told = holding.or_else(|| records.last());
    Some(CategoryFinding {
        record: told.map(|held| held.revision),
        from_on: told.map(|held| held.body.from_on),
        to_on: told.and_then(|held| held.body.to_on),
        ..CategoryFinding::of(category, code)
    })
}

/// Half a year of one unbroken registration that is in force on the day before the hire, and a
/// certificate with the note. Spells are not added up.
fn unemployed(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    hired_on: CivilDate,
    own_spells: &[Held<UnemploymentSpell>],
) -> Option<CategoryFinding> {
    if timeline.spells.is_empty() {
        return None;
    }
    let day_before = hired_on.plus_days(-1);
    // Registers hold overlapping spells; one good one is enough.
    own_spells
        .iter()
        .filter(|held| held.body.holds_on(day_before))
        .map(|held| judge_spell(policy, timeline, held, hired_on))
        .reduce(CategoryFinding::better)
        .or_else(|| Some(without_spell_in_force(own_spells, day_before)))
}

/// What stands against one spell that is in force on the day before the hire.
fn judge_spell(
    policy: &KeyGroupPolicy,
    timeline: &Timeline,
    held: &Held<UnemploymentSpell>,
    hired_on: CivilDate,
) -> CategoryFinding {
    let spell = &held.body;
    let certificate = timeline
        .certificates
        .iter()
        .find(|held| held.body.enterprise_absorption_note);
    let mut code: Option<ReasonCode> = None;
    let mut fail =
        |found: ReasonCode| code = Some(code.map_or(found, |known| known.first_of(found)));
    match policy.registration_months_min.on(hired_on) {
        None => fail(ReasonCode::PolicyNotEncoded),
        Some(months) if spell.registered_on.plus_months(months.value) > hired_on => {
            fail(ReasonCode::SpellTooShort)
        }
        Some(_) => {}
    }
    if timeline
        .flexible
        .iter()
        .any(|held| (spell.registered_on..hired_on).contains(&held.body.from_on))
    {
        fail(ReasonCode::SpellBroken);
    }
    if certificate.is_none() {
        fail(ReasonCode::CertificateNoteMissing);
    }
    if insured_inside(timeline, spell, hired_on) {
        fail(ReasonCode::ConflictingEvidence);
    }
    CategoryFinding {
        record: Some(held.revision),
        certificate: certificate.map(|held| held.revision),
        from_on: Some(spell.registered_on),
        to_on: spell.ended_on.map(|ended| ended.plus_days(-1)),
        ..CategoryFinding::of(PersonCategory::RegisteredUnemployed, code)
    }
}

/// A record that shows the person registered too late or cancelled is a no; none of the person's
/// own for this hire is a question.
fn without_spell_in_force(
    own_spells: &[Held<UnemploymentSpell>],
    day_before: CivilDate,
) -> CategoryFinding {
    let ended = own_spells
        .iter()
        .rev()
        .find(|held| held.body.ended_on.is_some_and(|ended| ended <= day_before));
    let told = ended.or_else(|| own_spells.first());
    let code = match (ended, told) {
        (Some(_), _) => ReasonCode::SpellBroken,
        (None, Some(_)) => ReasonCode::SpellTooShort,
        (None, None) => ReasonCode::NoRecord,
    };
    CategoryFinding {
        record: told.map(|held| held.revision),
        from_on: told.map(|held| held.body.registered_on),
        to_on: told
            .and_then(|held| held.body.ended_on)
            .map(|ended| ended.plus_days(-1)),
        ..CategoryFinding::of(PersonCategory::RegisteredUnemployed, Some(code))
    }
}

/// The spells that may support this hire. A second hire as registered unemployed needs a spell of
/// its own: those registered before an earlier hire that rested on a spell are used up.
fn own_spells<'a>(
    policy: &KeyGroupPolicy,
    timeline: &'a Timeline,
    hired_on: CivilDate,
) -> &'a [Held<UnemploymentSpell>] {
    let mut contracts = timeline.contracts.iter();
    if contracts.all(|held| held.body.start_on >= hired_on) {
        return &timeline.spells;
    }
    let used_up_before = hired_on_days(policy, timeline)
        .into_iter()
        .filter(|day| *day < hired_on && rests_on_a_spell(policy, timeline, *day))
        .max();
    let first = used_up_before.map_or(0, |before| {
        timeline
            .spells
            .partition_point(|held| held.body.registered_on < before)
    });
    &timeline.spells[first..]
}

/// Whether a hire used a spell up: one of half a year was in force, and no poverty record, which
/// is taken first, held in its stead.
fn rests_on_a_spell(policy: &KeyGroupPolicy, timeline: &Timeline, hired_on: CivilDate) -> bool {
    let by_poverty = [
        PersonCategory::LiftedFromPoverty,
        PersonCategory::PovertyMonitored,
    ]
    .into_iter()
    .filter_map(|category| find(policy, timeline, category, hired_on, &timeline.spells))
    .any(|finding| finding.code.is_none());
    if by_poverty {
        return false;
    }
    let day_before = hired_on.plus_days(-1);
    policy
        .registration_months_min
        .on(hired_on)
        .is_some_and(|months| {
            timeline.spells.iter().any(|held| {
                held.body.holds_on(day_before)
                    && held.body.registered_on.plus_months(months.value) <= hired_on
            })
        })
}

/// Whether an employer paid insurance for a month that lies wholly inside the spell and before
/// the month of the hire.
fn insured_inside(timeline: &Timeline, spell: &UnemploymentSpell, hired_on: CivilDate) -> bool {
    let hire_month = TaxMonth::of(hired_on);
    timeline
        .contributions
        .iter()
        .map(|held| &held.body)
        .any(|row| {
            row.employer.is_some()
                && row.month < hire_month
                && row.month.first_day() >= spell.registered_on
        })
}
