//! `EstimateLateClaim`: what amended returns of a past year would recover. Nothing is booked.

use std::collections::HashMap;

use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{LateClaim, LateClaimInput, UnbookedMonth, estimate_late_claim};
use mamagang_domain::month::TaxYear;
use mamagang_store::rows::{LedgerInputs, WorkerSnapshot};

use super::balance::all_worker_months;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct LateClaimQuery {
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// When the amended returns would be made.
    pub claimed_on: CivilDate,
}

const METHOD: &str = "mamagang.v1.LedgerService/EstimateLateClaim";

impl App {
    /// What amended returns of a year would recover, and what is barred.
    pub async fn late_claim(&self, caller: &Caller, query: LateClaimQuery) -> AppResult<LateClaim> {
        let permit = self.permit(METHOD, caller, None).await?;
        self.permit_employer(&permit, query.employer_code).await?;
        let claim = match self.estimate(&query).await {
            Ok(claim) => claim,
            Err(error) => return Err(self.audit_refusal(METHOD, caller, None, error).await),
        };
        let mut draft = self.audit_draft(METHOD, caller, None, Vec::new());
        draft.employer_code = Some(query.employer_code);
        self.audit.write(draft).await?;
        Ok(claim)
    }

    async fn estimate(&self, query: &LateClaimQuery) -> AppResult<LateClaim> {
        let code = query.employer_code;
        let asked = [(code, query.tax_year)];
        let inputs = self.store.ledger_inputs(&asked).await?;
        let named = |reason: ErrorReason| {
            AppError::new(reason)
                .with("employer_code", code.to_string())
                .with("tax_year", query.tax_year.number().to_string())
        };
        let inputs = inputs.into_iter().next();
        let Some((inputs, employer)) = inputs.and_then(|inputs| {
            let employer = inputs.employer.clone()?;
            Some((inputs, employer))
        }) else {
            return Err(named(ErrorReason::EmployerNotFound));
        };
        let last_day = query.tax_year.last_month().last_day();
        let profile = employer.record.profile_on(last_day);
        let profile = profile.ok_or_else(|| named(ErrorReason::ProfileNotRecorded))?;
        let unbooked = self.unbooked(query, &inputs);
        let input = LateClaimInput {
            policy: &self.book,
            profile,
            state: &inputs.year,
            tax_year: query.tax_year,
            unbooked: &unbooked,
            claimed_on: query.claimed_on,
        };
        estimate_late_claim(&input).ok_or_else(|| named(ErrorReason::PolicyNotEncoded))
    }

    fn unbooked(&self, query: &LateClaimQuery, inputs: &LedgerInputs) -> Vec<UnbookedMonth> {
        let through = query.tax_year.last_month();
        let months = all_worker_months(
            &self.book,
            inputs,
            &HashMap::new(),
            query.tax_year,
            through,
            false,
        );
        let workers = inputs.workers.iter().zip(months);
        workers
            .flat_map(|(snapshot, months)| {
                let is_employed = is_employed(snapshot, &query.employer_code, query.claimed_on);
                let worker_id = snapshot.worker.worker_id;
                let booked = months.plan.booked;
                let supported = months.plan.supported.into_iter();
                supported
                    .filter(move |value| !booked.contains(value))
                    .map(move |value| UnbookedMonth {
                        worker_id,
                        value,
                        is_employed,
                    })
            })
            .collect()
    }
}

/// Whether a contract with the employer is in force on a day.
fn is_employed(snapshot: &WorkerSnapshot, employer: &EmployerCode, on: CivilDate) -> bool {
    let contracts = snapshot.worker.timeline.contracts.iter();
    contracts
        .map(|held| &held.body)
        .filter(|contract| contract.employer_code == *employer)
        .any(|contract| contract.start_on <= on && contract.last_on().is_none_or(|last| on <= last))
}
