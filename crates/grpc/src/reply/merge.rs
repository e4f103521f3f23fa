//! Records joined, or to be joined.

use mamagang_app::workers::{EmployerTerm, Merge, MergeEffect, MergeTerm};
use mamagang_proto::v1;

use super::ledger::employer_terms;

/// A merge as it stands.
pub(crate) fn merge(merge: &Merge, was_written: bool) -> v1::MergeWorkersResponse {
    let state = match (was_written, merge.is_confirmed) {
        (false, _) => v1::MergeState::DrawnUp,
        (true, false) => v1::MergeState::Proposed,
        (true, true) => v1::MergeState::Confirmed,
    };
    v1::MergeWorkersResponse {
        merge_id: merge.merge_id.map_or_else(String::new, |id| id.to_string()),
        state: state.into(),
        effect: Some(effect(&merge.effect)),
    }
}

fn effect(effect: &MergeEffect) -> v1::MergeEffect {
    let given_up = effect.given_up.iter().map(|lost| v1::MonthGivenUp {
        month: lost.month.to_string(),
        employer_code: lost.employer_code.to_string(),
        kept_by_employer_code: lost
            .kept_by
            .map_or_else(String::new, |code| code.to_string()),
    });
    let years = effect.years.iter().map(|year| v1::MergeYear {
        employer_code: year.employer_code.to_string(),
        tax_year: year.tax_year.number(),
        months: year.months,
        months_given_up: year.given_up,
        settled: year.is_settled,
    });
    v1::MergeEffect {
        from_term: Some(term(&effect.from)),
        into_term: Some(term(&effect.into)),
        merged_term: Some(term(&effect.merged)),
        moved_months: effect.moved.iter().map(ToString::to_string).collect(),
        given_up_months: given_up.collect(),
        years: years.collect(),
        facts_taken_over: effect.facts_taken_over,
        facts_kept_aside: effect.facts_kept_aside,
    }
}

fn term(term: &MergeTerm) -> v1::MergeTerm {
    let by_employer: &[EmployerTerm] = &term.by_employer;
    v1::MergeTerm {
        months_counted: term.months_counted,
        months_left: term.months_left,
        by_employer: employer_terms(by_employer),
    }
}
