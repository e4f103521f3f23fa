//! What joining two records does to the months of a person, before anybody confirms it.

use std::collections::BTreeMap;

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::key_group::{BookedMonth, MergedMonths, merged_months};
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::timeline::Timeline;
use mamagang_store::rows::{PersonMonth, WorkerRow};
use serde::{Deserialize, Serialize};

use super::join::Joined;
use crate::app::App;
use crate::workers::EmployerTerm;

/// What a record has used of the 36 months.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeTerm {
    /// Booked months and months enjoyed before this system, each once.
    pub months_counted: i32,
    /// What is left.
    pub months_left: i32,
    /// By employer.
    pub by_employer: Vec<EmployerTerm>,
}

/// A month that cannot stay booked: its employer's year has to be evaluated again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthGivenUp {
    /// Which.
    pub month: TaxMonth,
    /// Whose booking is taken back by the next evaluation.
    pub employer_code: EmployerCode,
    /// Who has booked it for the record that stays; `None`: it is beyond the 36.
    pub kept_by: Option<EmployerCode>,
}

/// An employer-year with months booked under the record that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeYear {
    /// The employer.
    pub employer_code: EmployerCode,
    /// The year.
    pub tax_year: TaxYear,
    /// Months booked under the record that goes.
    pub months: i32,
    /// Those among them that are taken back.
    pub given_up: i32,
    /// Whether the year is settled: then only `RecomputeYear` takes them back.
    pub is_settled: bool,
}

/// What joining two records comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeEffect {
    /// The record that goes, as it is.
    pub from: MergeTerm,
    /// The record that stays, as it is.
    pub into: MergeTerm,
    /// The record that stays, as it will be.
    pub merged: MergeTerm,
    /// Booked months that pass on, in order.
    pub moved: Vec<TaxMonth>,
    /// Booked months that do not.
    pub given_up: Vec<MonthGivenUp>,
    /// Where months are booked under the record that goes, by employer and year.
    pub years: Vec<MergeYear>,
    /// Facts that the record that stays takes over.
    pub facts_taken_over: i32,
    /// Facts that stay in history alone, since the record that stays has one of the same key.
    pub facts_kept_aside: i32,
}

impl MergeEffect {
    /// Whether a booked month passes on.
    pub(super) fn moves(&self, month: TaxMonth) -> bool {
        self.moved.binary_search(&month).is_ok()
    }
}

fn booked_of<'a>(
    months: &'a [PersonMonth],
    row: &WorkerRow,
) -> impl Iterator<Item = &'a PersonMonth> {
    let worker_id = row.worker_id;
    months
        .iter()
        .filter(move |month| month.worker_id == worker_id)
}

impl App {
    /// The effect; `None` where a month is booked in no year that there is.
    pub(super) fn merge_effect(
        &self,
        going: &WorkerRow,
        staying: &WorkerRow,
        joined: &Joined,
        months: &[PersonMonth],
    ) -> MergeEffect {
        let index = |row: &WorkerRow| -> Vec<TaxMonth> {
            booked_of(months, row).map(|month| month.month).collect()
        };
        let prior: Vec<TaxMonth> = joined
            .timeline
            .prior_uses
            .iter()
            .flat_map(|held| held.body.from_month.through(held.body.to_month))
            .collect();
        let (gone, stayed) = (index(going), index(staying));
        let first = gone.iter().chain(&stayed).chain(&prior).min();
        let most = self.months_at_most(first.copied());
        let split = merged_months(&gone, &stayed, &prior, most);
        let kept = booked_of(months, going).filter(|month| split.moved.contains(&month.month));
        let after: Vec<BookedMonth> = booked_of(months, staying)
            .chain(kept)
            .map(booked_month)
            .collect();
        let given_up = given_up(&split, months, going, staying);
        MergeEffect {
            from: self.merge_term(&going.timeline, booked_of(months, going)),
            into: self.merge_term(&staying.timeline, booked_of(months, staying)),
            merged: self.merge_term_of(&joined.timeline, &after),
            years: years(booked_of(months, going), &given_up),
            moved: split.moved,
            given_up,
            facts_taken_over: joined.taken_over,
            facts_kept_aside: joined.kept_aside,
        }
    }

    fn merge_term<'a>(
        &self,
        timeline: &Timeline,
        months: impl Iterator<Item = &'a PersonMonth>,
    ) -> MergeTerm {
        let booked: Vec<BookedMonth> = months.map(booked_month).collect();
        self.merge_term_of(timeline, &booked)
    }

    fn merge_term_of(&self, timeline: &Timeline, booked: &[BookedMonth]) -> MergeTerm {
        let term = self.term_of(timeline, booked, 0, None);
        MergeTerm {
            months_counted: term.months_counted,
            months_left: term.months_left,
            by_employer: term.by_employer,
        }
    }
}

fn booked_month(month: &PersonMonth) -> BookedMonth {
    BookedMonth {
        month: month.month,
        employer_code: month.employer_code,
    }
}

fn given_up(
    split: &MergedMonths,
    months: &[PersonMonth],
    going: &WorkerRow,
    staying: &WorkerRow,
) -> Vec<MonthGivenUp> {
    let held_by = |row: &WorkerRow, wanted: TaxMonth| {
        booked_of(months, row)
            .find(|month| month.month == wanted)
            .map(|month| month.employer_code)
    };
    let lost = split.conflicting.iter().chain(&split.beyond);
    let mut lost: Vec<MonthGivenUp> = lost
        .filter_map(|month| {
            Some(MonthGivenUp {
                month: *month,
                employer_code: held_by(going, *month)?,
                kept_by: held_by(staying, *month),
            })
        })
        .collect();
    lost.sort_unstable_by_key(|lost| lost.month);
    lost
}

fn years<'a>(
    going: impl Iterator<Item = &'a PersonMonth>,
    given_up: &[MonthGivenUp],
) -> Vec<MergeYear> {
    let mut years: BTreeMap<(EmployerCode, TaxYear), MergeYear> = BTreeMap::new();
    for month in going {
        let tax_year = month.month.tax_year();
        let key = (month.employer_code, tax_year);
        let year = years.entry(key).or_insert(MergeYear {
            employer_code: month.employer_code,
            tax_year,
            months: 0,
            given_up: 0,
            is_settled: false,
        });
        year.months += 1;
        year.given_up += i32::from(given_up.iter().any(|lost| lost.month == month.month));
    }
    years.into_values().collect()
}
