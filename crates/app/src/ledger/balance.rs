//! `GetEmployerBalance`.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{Balance, MonthValue, Release, WorkerMonths, YearState};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_store::rows::{LedgerInputs, PersonMonth, WorkerSnapshot};
use serde::{Deserialize, Serialize};

use super::months::{YearMonths, worker_months};
use crate::app::App;
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::{AppResult, ErrorReason};
use crate::workers::history::Until;
use mamagang_domain::policy::PolicyBook;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct EmployerBalanceQuery {
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// Up to which month facts are looked at; `None` = December.
    pub through: Option<TaxMonth>,
    /// As of when (microseconds); `None` = now.
    pub as_of: Option<i64>,
}

/// The figures of an employer-year, booked and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployerBalance {
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// The booked figures.
    pub booked: Balance,
    /// What facts support and nobody has booked.
    pub unbooked_accrual_fen: Fen,
    /// Workers with a month booked or supported.
    pub worker_count: i32,
    /// Months that a person has to decide on.
    pub months_under_review: i32,
    /// Sequence of the employer's last entry.
    pub sequence: u32,
    /// Revision of the employer's record.
    pub revision: u32,
    /// Release of the last posted period.
    pub release: Release,
    /// Whether the year is settled.
    pub settled: bool,
}

const METHOD: &str = "mamagang.v1.LedgerService/GetEmployerBalance";

/// Puts the figures together from the state and the workers' months. With `is_planned` the months
/// up to the plan's end are booked by the plan, so that only later ones are not.
pub(crate) fn balance_of(
    employer_code: EmployerCode,
    tax_year: TaxYear,
    year: &YearState,
    workers: &[YearMonths],
    is_planned: bool,
    sequence: u32,
    revision: u32,
) -> EmployerBalance {
    let is_unbooked = |plan: &WorkerMonths, value: &MonthValue| {
        !is_planned && !plan.booked.iter().any(|booked| booked.month == value.month)
    };
    let unbooked_planned = workers.iter().flat_map(|worker| {
        worker
            .plan
            .supported
            .iter()
            .filter(|value| is_unbooked(&worker.plan, value))
    });
    let later = workers.iter().flat_map(|worker| {
        if is_planned {
            worker.later.as_slice()
        } else {
            &[]
        }
    });
    // After a plan the booked months are those supported; before it they may be others.
    let has_months = |worker: &&YearMonths| match is_planned {
        true => !worker.plan.supported.is_empty() || !worker.later.is_empty(),
        false => !worker.plan.booked.is_empty() || !worker.plan.supported.is_empty(),
    };
    let under_review = |worker: &YearMonths| {
        worker.plan.under_review
            + if is_planned {
                worker.later_under_review
            } else {
                0
            }
    };
    EmployerBalance {
        employer_code,
        tax_year,
        booked: year.balance(),
        unbooked_accrual_fen: unbooked_planned
            .chain(later)
            .map(|value| value.amount_fen)
            .sum(),
        worker_count: i32::try_from(workers.iter().filter(has_months).count()).unwrap_or(i32::MAX),
        months_under_review: workers.iter().map(under_review).sum(),
        sequence,
        revision,
        release: year
            .periods
            .last()
            .map_or(Release::Cumulative, |last| last.release),
        settled: year.settled.is_some(),
    }
}

/// The months of every worker of an employer-year.
pub(crate) fn all_worker_months(
    policy: &PolicyBook,
    inputs: &LedgerInputs,
    year: TaxYear,
    through: TaxMonth,
    projects: bool,
) -> Vec<YearMonths> {
    let Some(employer) = &inputs.employer else {
        return Vec::new();
    };
    inputs
        .workers
        .iter()
        .map(|snapshot| {
            worker_months(
                policy,
                &employer.employer_code,
                &employer.record,
                snapshot,
                &inputs.months,
                year,
                through,
                projects,
            )
        })
        .collect()
}

impl App {
    /// What an employer may still deduct in a year.
    pub async fn employer_balance(
        &self,
        caller: &Caller,
        query: EmployerBalanceQuery,
    ) -> AppResult<(EmployerBalance, i64)> {
        let permit = self.permit(METHOD, caller, None).await?;
        self.permit_employer(&permit, query.employer_code).await?;
        let as_of = self.close_as_of(query.as_of).await?;
        let found = self.balance_at(&query, as_of).await;
        let balance = match found {
            Ok(balance) => balance,
            Err(error) => return Err(self.audit_refusal(METHOD, caller, None, error).await),
        };
        let question = format!(
            "employer_code={}\ntax_year={}",
            query.employer_code,
            query.tax_year.number()
        );
        let answer = mamagang_domain::frozen::digest(&mamagang_domain::timeline::pack(&balance));
        let mut draft = self.audit_draft(
            METHOD,
            caller,
            None,
            vec![DecisionItem::Other { question, answer }],
        );
        draft.employer_code = Some(query.employer_code);
        self.audit.write(draft).await?;
        Ok((balance, as_of.unwrap_or_else(|| self.clock.now_micros())))
    }

    async fn balance_at(
        &self,
        query: &EmployerBalanceQuery,
        as_of: Option<i64>,
    ) -> AppResult<EmployerBalance> {
        let EmployerBalanceQuery {
            employer_code,
            tax_year,
            ..
        } = *query;
        let mut read = self
            .store
            .ledger_inputs(&[(employer_code, tax_year)])
            .await?;
        let inputs = read
            .pop()
            .ok_or_else(|| crate::AppError::new(ErrorReason::Internal))?;
        let inputs = match as_of {
            None => inputs,
            Some(time) => self.inputs_at(inputs, query, time).await?,
        };
        let record = inputs
            .employer
            .clone()
            .map(|row| row.record)
            .unwrap_or_default();
        let employer = crate::facts::require_known(employer_code, record)?;
        let through = query.through.unwrap_or(tax_year.last_month());
        let workers = all_worker_months(&self.book, &inputs, tax_year, through, false);
        let revision = employer.record.revision;
        Ok(balance_of(
            employer_code,
            tax_year,
            &inputs.year,
            &workers,
            false,
            inputs.head.sequence,
            revision,
        ))
    }

    /// The same inputs as they were at a time, rebuilt from truth.
    async fn inputs_at(
        &self,
        now: LedgerInputs,
        query: &EmployerBalanceQuery,
        time: i64,
    ) -> AppResult<LedgerInputs> {
        let EmployerBalanceQuery {
            employer_code,
            tax_year,
            ..
        } = *query;
        let record = self.employer_at(employer_code, Until::Time(time)).await?;
        let bodies = self.entries_at(&employer_code, time).await?;
        let mut year = YearState::default();
        let mut months: Vec<PersonMonth> = Vec::new();
        let mut head = now.head;
        head.sequence = bodies.last().map_or(0, |body| body.sequence);
        for body in bodies.iter().filter(|body| body.draft.tax_year == tax_year) {
            year.apply(body);
            crate::rebuild::apply_months(&mut months, body);
        }
        let mut workers: Vec<WorkerSnapshot> = Vec::with_capacity(now.workers.len());
        for snapshot in now.workers {
            workers.push(self.snapshot_at(snapshot, time).await?);
        }
        let employer = Some(mamagang_store::rows::EmployerRow {
            employer_code,
            record,
        });
        Ok(LedgerInputs {
            employer,
            head,
            year,
            months,
            workers,
        })
    }
}
