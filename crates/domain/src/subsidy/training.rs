//! Measure 7: what the completed trainings of a person bring their employer. Months do not matter.

use crate::date::CivilDate;
use crate::fact::TrainingRecord;
use crate::key_group::settled;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::reason::{Outcome, ReasonCode};
use crate::timeline::{Held, Timeline};

use super::assess::employer_code;
use super::notes::Notes;
use super::policy::{AcceptedBy, CapScope, SubsidyPolicy, TrialTest};
use super::{Evidence, Person, SubsidyKind};

/// What was found for one training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingResult {
    /// The plan.
    pub plan_id: String,
    /// The worker's revision under which it is stored.
    pub revision: u32,
    /// Class hours.
    pub class_hours: i32,
    /// Day of completion.
    pub completed_on: Option<CivilDate>,
    /// Its outcome.
    pub outcome: Outcome,
    /// Why.
    pub code: ReasonCode,
    /// What it brings; zero unless ELIGIBLE. Less than its hours where the most is reached.
    pub amount_fen: Fen,
}

pub(super) struct TrainingAssessment {
    pub(super) trainings: Vec<TrainingResult>,
    pub(super) notes: Notes,
}

/// Judges every training at the employer, in order of completion.
pub(super) fn assess_trainings(
    policy: &SubsidyPolicy,
    evidence: &Evidence<'_>,
) -> TrainingAssessment {
    let mut notes = Notes::default();
    let Person::Known(timeline) = evidence.person else {
        return TrainingAssessment {
            trainings: Vec::new(),
            notes,
        };
    };
    let mut records: Vec<&Held<TrainingRecord>> = timeline
        .trainings
        .iter()
        .filter(|held| held.body.employer_code == *evidence.employer_code)
        .collect();
    records.sort_by_key(|held| {
        let open = held.body.completed_on.is_none();
        (open, held.body.completed_on, held.body.plan_id.clone())
    });
    let elsewhere: Fen = evidence
        .claimed
        .iter()
        .filter(|claimed| {
            claimed.kind == SubsidyKind::Training
                && claimed.employer_code != *evidence.employer_code
        })
        .map(|claimed| claimed.amount_fen)
        .sum();
    let mut brought = Fen::ZERO;
    let mut trainings = Vec::with_capacity(records.len());
    for held in records {
        let record = &held.body;
        let settle = |code: ReasonCode| settle(evidence, timeline, record, code);
        let result = judge(policy, evidence, timeline, record, (&settle, &mut notes))
            .and_then(|day| within_cap(policy, record, day, (elsewhere, brought), &mut notes));
        let (code, amount_fen) = match result {
            Ok(amount_fen) => (ReasonCode::AllConditionsMet, amount_fen),
            Err(code) => (code, Fen::ZERO),
        };
        brought += amount_fen;
        trainings.push(TrainingResult {
            plan_id: record.plan_id.clone(),
            revision: held.revision,
            class_hours: record.class_hours,
            completed_on: record.completed_on,
            outcome: code.outcome(),
            code,
            amount_fen,
        });
    }
    TrainingAssessment { trainings, notes }
}

/// The day of completion, or the first code that stands against the training.
fn judge(
    policy: &SubsidyPolicy,
    evidence: &Evidence<'_>,
    timeline: &Timeline,
    record: &TrainingRecord,
    (settle, notes): (&dyn Fn(ReasonCode) -> Result<(), ReasonCode>, &mut Notes),
) -> Result<CivilDate, ReasonCode> {
    let day = record
        .completed_on
        .ok_or(ReasonCode::TrainingNotCompleted)?;
    let month = TaxMonth::of(day);
    let hour = policy.amount_fen.get(&SubsidyKind::Training);
    if hour.is_none_or(|dated| dated.on(day).is_none()) {
        return Err(ReasonCode::PolicyNotEncoded);
    }
    match employer_code(policy, SubsidyKind::Training, evidence, month, notes) {
        // A review of the employer is told where nothing else stands against the training.
        Some(code) if code.outcome() == Outcome::Ineligible => return Err(code),
        Some(ReasonCode::PolicyNotEncoded) => return Err(ReasonCode::PolicyNotEncoded),
        _ => {}
    }
    plan_code(policy, evidence, record, month, notes).or_else(settle)?;
    if !record.standard_met {
        return Err(ReasonCode::TrainingStandardNotMet);
    }
    let Some(child) = timeline.child.as_ref() else {
        return settle(ReasonCode::NoRecord).map(|()| day);
    };
    notes.read(&policy.child_age_years, day);
    if child.body.until_on < day {
        return Err(ReasonCode::DependentChildEnded);
    }
    match employer_code(policy, SubsidyKind::Training, evidence, month, notes) {
        None => Ok(day),
        Some(code) => settle(code).map(|()| day),
    }
}

/// What stands of a code against a training: nothing where a review took the condition as met. It
/// is settled in the month of its completion.
fn settle(
    evidence: &Evidence<'_>,
    timeline: &Timeline,
    record: &TrainingRecord,
    code: ReasonCode,
) -> Result<(), ReasonCode> {
    let day = record.completed_on.ok_or(code)?;
    let measure = SubsidyKind::Training.measure();
    let employer = evidence.employer_code;
    let held = timeline.resolution(measure, employer, code, TaxMonth::of(day));
    settled(code, held.map(|held| &held.body))
}

/// Hours count only under a plan that was filed and accepted.
fn plan_code(
    policy: &SubsidyPolicy,
    evidence: &Evidence<'_>,
    record: &TrainingRecord,
    month: TaxMonth,
    notes: &mut Notes,
) -> Result<(), ReasonCode> {
    let last = month.last_day();
    let plan = evidence
        .filing(&record.plan_id)
        .ok_or(ReasonCode::TrainingPlanNotFiled)?;
    let kind = policy.filing_kind.get(&SubsidyKind::Training);
    if kind.and_then(|dated| notes.read(dated, last)) != Some(&plan.kind) {
        return Err(ReasonCode::FilingKindMismatch);
    }
    if !plan.is_accepted_on(last) {
        return Err(ReasonCode::FilingNotAccepted);
    }
    let in_time = plan
        .accepted_on
        .is_some_and(|accepted| accepted <= month.first_day());
    if !in_time && notes.read(&policy.filing_accepted_by, last) != Some(&AcceptedBy::MonthEnd) {
        return Err(ReasonCode::FilingNotAccepted);
    }
    let inside = plan
        .submitted_on
        .map(|submitted| policy.trial_open.on(submitted).is_some());
    if inside == Some(true) {
        return Ok(());
    }
    let first = policy.trial_open.values().first().map(|value| value.from);
    let tests = first.and_then(|day| notes.read(&policy.trial_tests, day));
    if tests.is_some_and(|tests| !tests.contains(&TrialTest::FilingSubmitted)) {
        return Ok(());
    }
    Err(match inside {
        None => ReasonCode::FilingDateMissing,
        Some(_) => ReasonCode::OutsideTrialPeriod,
    })
}

/// The hours' worth, as far as the person's most leaves room beside what others were paid and
/// what earlier trainings here brought.
fn within_cap(
    policy: &SubsidyPolicy,
    record: &TrainingRecord,
    day: CivilDate,
    (elsewhere, brought): (Fen, Fen),
    notes: &mut Notes,
) -> Result<Fen, ReasonCode> {
    let hour = policy.amount_fen.get(&SubsidyKind::Training);
    let hour = hour.and_then(|dated| notes.read(dated, day));
    let most = notes.read(&policy.training_person_max_fen, day);
    let (Some(hour), Some(most)) = (hour, most) else {
        return Err(ReasonCode::PolicyNotEncoded);
    };
    let worth = hour.times(i64::from(record.class_hours));
    let mut left = *most - brought;
    // Over whom the most is counted matters once somebody else was paid.
    if elsewhere > Fen::ZERO {
        left = match notes.read(&policy.training_cap_scope, day) {
            Some(CapScope::Person) => left - elsewhere,
            Some(CapScope::PersonAtEmployer) => left,
            None => return Err(ReasonCode::PolicyNotEncoded),
        };
    }
    match worth.min(left.or_zero()) {
        Fen::ZERO => Err(ReasonCode::TrainingMostReached),
        amount => Ok(amount),
    }
}
