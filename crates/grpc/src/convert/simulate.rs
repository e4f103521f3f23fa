//! Requests of `SimulateHire`.

use mamagang_app::eligibility::{SimulateHire, SimulatedEmployer};
use mamagang_app::limits::SIMULATED_HIRES_MAX;
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{EmployerKind, EmployerProfile, PersonCategory, SizeClass, VatPayer};
use mamagang_domain::ledger::Release;
use mamagang_domain::month::{FilingCycle, TaxMonth};
use mamagang_domain::simulate::{Candidate, CitForecast, Forecast, PeriodForecast};
use mamagang_proto::v1;

use super::check::Checker;
use super::enums::ApiEnum as _;

/// Most months of the 36 that can be used before.
const MONTHS_USED_MAX: i32 = 36;
/// Periods and settlements of one forecast: months of ten years.
const FORECASTS_MAX: usize = 120;

/// Candidates, the employer and its expected taxes.
pub(crate) fn simulate(
    check: &mut Checker<'_>,
    told: &v1::SimulateHireRequest,
) -> Option<SimulateHire> {
    let employer = employer(check, told);
    let count = told.candidates.len();
    if count == 0 || count > SIMULATED_HIRES_MAX {
        check.wrong(
            "candidates",
            format!("应有 1 至 {SIMULATED_HIRES_MAX} 名"),
            format!("must be 1 to {SIMULATED_HIRES_MAX}"),
        );
    }
    let candidates: Vec<Option<Candidate>> = (0..)
        .zip(&told.candidates)
        .map(|(index, person)| {
            check.inside(&format!("candidates[{index}]"), |check| {
                candidate(check, person)
            })
        })
        .collect();
    let forecast = forecast(check, told);
    Some(SimulateHire {
        employer: employer?,
        candidates: candidates.into_iter().collect::<Option<_>>()?,
        forecast: forecast?,
    })
}

fn employer(check: &mut Checker<'_>, told: &v1::SimulateHireRequest) -> Option<SimulatedEmployer> {
    if !told.employer_code.is_empty() {
        let code = check.employer_code("employer_code", &told.employer_code)?;
        return Some(SimulatedEmployer::Recorded(code));
    }
    let Some(employer) = &told.employer else {
        check.missing("employer_code");
        return None;
    };
    check.inside("employer", |check| {
        let kind = check.choice("kind", employer.kind, EmployerKind::from_api);
        let cycle = check.choice("filing_cycle", employer.filing_cycle, FilingCycle::from_api);
        let rate = check.umct_rate("umct_rate_bp", employer.umct_rate_bp, None);
        Some(SimulatedEmployer::Supposed(Box::new(EmployerProfile {
            name: String::new(),
            kind: kind?,
            town_code: String::new(),
            industry_code: String::new(),
            vat_payer: VatPayer::General,
            filing_cycle: cycle?,
            umct_rate_bp: rate?,
            half_rate_surcharges: employer.half_rate_surcharges,
            size_class: SizeClass::Other,
            from_on: CivilDate::MIN,
        })))
    })
}

fn candidate(check: &mut Checker<'_>, told: &v1::HireCandidate) -> Option<Candidate> {
    let key = check.optional_key("candidate_key", &told.candidate_key);
    let category = check.choice("category", told.category, PersonCategory::from_api);
    let start_on = check.date("start_date", &told.start_date);
    let end_on = check.optional_date("end_date", &told.end_date);
    let first = check.optional_month(
        "expected_first_insured_month",
        &told.expected_first_insured_month,
    );
    check.ordered(("start_date", start_on), ("end_date", end_on.flatten()));
    let used = told.months_used_before;
    if !(0..=MONTHS_USED_MAX).contains(&used) {
        check.wrong("months_used_before", "应为 0 至 36", "must be 0 to 36");
        return None;
    }
    key?;
    Some(Candidate {
        category: category?,
        start_on: start_on?,
        end_on: end_on?,
        first_insured_month: first?.unwrap_or(TaxMonth::of(start_on?)),
        months_used_before: used,
    })
}

fn forecast(check: &mut Checker<'_>, told: &v1::SimulateHireRequest) -> Option<Forecast> {
    for (field, count) in [
        ("periods", told.periods.len()),
        ("settlements", told.settlements.len()),
    ] {
        if count > FORECASTS_MAX {
            check.wrong(
                field,
                format!("最多 {FORECASTS_MAX} 项"),
                format!("at most {FORECASTS_MAX}"),
            );
            return None;
        }
    }
    let periods: Vec<Option<PeriodForecast>> = (0..)
        .zip(&told.periods)
        .map(|(index, period)| {
            check.inside(&format!("periods[{index}]"), |check| {
                let sales = period
                    .sales_fen
                    .map(|sales| check.amount("sales_fen", sales));
                let vat = check.amount("vat_payable_fen", period.vat_payable_fen);
                Some(PeriodForecast {
                    period: check.period("period", &period.period)?,
                    vat_payable_fen: vat?,
                    sales_fen: match sales {
                        Some(sales) => Some(sales?),
                        None => None,
                    },
                })
            })
        })
        .collect();
    let cit: Vec<Option<CitForecast>> = (0..)
        .zip(&told.settlements)
        .map(|(index, settlement)| {
            check.inside(&format!("settlements[{index}]"), |check| {
                let year = check.year("tax_year", settlement.tax_year);
                let payable = check.amount("cit_payable_fen", settlement.cit_payable_fen);
                Some(CitForecast {
                    tax_year: year?,
                    cit_payable_fen: payable?,
                })
            })
        })
        .collect();
    let release = check.optional_choice("release", told.release, Release::from_api);
    Some(Forecast {
        periods: periods.into_iter().collect::<Option<_>>()?,
        cit: cit.into_iter().collect::<Option<_>>()?,
        repeats: told.repeat_last_year,
        release: release?.unwrap_or_default(),
    })
}
