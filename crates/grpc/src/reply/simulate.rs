//! Hires that are only supposed.

use mamagang_app::eligibility::SimulatedHires;
use mamagang_domain::reason::{Language, Outcome, sentence};
use mamagang_domain::simulate::{SimulatedYear, Simulation};
use mamagang_domain::tax::TaxKind;
use mamagang_proto::v1;

use super::month_or_empty;
use crate::convert::enums::ApiEnum as _;

/// Candidates side by side, under the keys that the caller gave them.
pub(crate) fn simulated(
    found: &SimulatedHires,
    told: &v1::SimulateHireRequest,
    language: Language,
) -> v1::SimulateHireResponse {
    let keys = told
        .candidates
        .iter()
        .map(|told| told.candidate_key.as_str());
    v1::SimulateHireResponse {
        hires: keys
            .zip(&found.each)
            .map(|(key, simulation)| hire(key, simulation, language))
            .collect(),
        together: Some(hire("", &found.together, language)),
        policy_version: found.policy_version.clone(),
    }
}

fn hire(key: &str, simulation: &Simulation, language: Language) -> v1::SimulatedHire {
    let outcome = match simulation.against {
        Some(code) => code.outcome(),
        None if simulation.years.is_empty() => Outcome::Ineligible,
        None => Outcome::Eligible,
    };
    let message = simulation
        .against
        .map(|code| sentence::<&str>(code, &[], language));
    v1::SimulatedHire {
        candidate_key: key.to_owned(),
        outcome: outcome.to_api(),
        reason: simulation.against.map_or(0, |code| code.number()),
        message: message.unwrap_or_default(),
        start_month: month_or_empty(simulation.start_month),
        last_month: month_or_empty(simulation.last_month),
        years: simulation.years.iter().map(year).collect(),
        entitled_fen: simulation.entitled().get(),
        taken_fen: simulation.taken().get(),
    }
}

fn year(year: &SimulatedYear) -> v1::SimulatedYear {
    let taken = year.taken_fen.map(|taken| {
        let taxes = TaxKind::ALL.into_iter().zip(taken);
        taxes
            .map(|(tax, amount)| v1::TaxAmount {
                tax: tax.to_api(),
                amount_fen: amount.get(),
            })
            .collect()
    });
    v1::SimulatedYear {
        tax_year: year.tax_year.number(),
        months: year.months,
        entitled_fen: year.entitled_fen.get(),
        taken: taken.unwrap_or_default(),
        forfeited_fen: year.forfeited_fen.map(|lost| lost.get()),
    }
}
