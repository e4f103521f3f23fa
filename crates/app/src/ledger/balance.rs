//! `GetEmployerBalance`.

use std::collections::HashMap;
use std::sync::Arc;

use mamagang_domain::frozen::digest;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{Balance, EntryDraft, MonthValue, Release, YearState};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxYear};
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::timeline::{EmployerRecord, pack};
use mamagang_store::rows::{LedgerInputs, PersonMonth, WorkerSnapshot};
use serde::{Deserialize, Serialize};

use super::months::{YearMonths, left_behind, worker_months};
use crate::app::App;
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::workers::history::Until;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct EmployerBalanceQuery {
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// Up to which month facts are looked at; `None` = December.
    pub through: Option<TaxMonth>,
    /// As of when (microseconds); `None` = now. Of a batch the batch's counts.
    pub as_of: Option<i64>,
}

impl EmployerBalanceQuery {
    /// The question in an audit row.
    fn text(&self) -> String {
        let mut text = format!(
            "employer_code={}\ntax_year={}",
            self.employer_code,
            self.tax_year.number()
        );
        if let Some(month) = self.through {
            text.push_str(&format!("\nthrough_month={month}"));
        }
        if let Some(time) = self.as_of {
            text.push_str(&format!("\nas_of={time}"));
        }
        text
    }
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
const METHOD_BATCH: &str = "mamagang.v1.LedgerService/BatchGetEmployerBalances";

/// Puts the figures together from the state and the workers' months. With `includes_later` the
/// months after those that a plan looked at are counted too.
pub(crate) fn balance_of(
    (employer_code, tax_year): (EmployerCode, TaxYear),
    year: &YearState,
    workers: &[YearMonths],
    includes_later: bool,
    sequence: u32,
    revision: u32,
) -> EmployerBalance {
    let mut unbooked_accrual_fen = Fen::ZERO;
    let mut worker_count = 0;
    let mut months_under_review = 0;
    for worker in workers {
        let plan = &worker.plan;
        let is_booked =
            |value: &&MonthValue| plan.booked.iter().any(|booked| booked.month == value.month);
        let later = worker.later.iter().filter(|_| includes_later);
        let supported = plan.supported.iter().chain(later);
        let mut has_months = !plan.booked.is_empty();
        for value in supported.filter(|value| !is_booked(value)) {
            unbooked_accrual_fen += value.amount_fen;
            has_months = true;
        }
        if has_months {
            worker_count += 1;
        }
        months_under_review += plan.under_review;
        if includes_later {
            months_under_review += worker.later_under_review;
        }
    }
    EmployerBalance {
        employer_code,
        tax_year,
        booked: year.balance(),
        unbooked_accrual_fen,
        worker_count,
        months_under_review,
        sequence,
        revision,
        release: year
            .periods
            .last()
            .map_or(Release::Cumulative, |last| last.release),
        settled: year.settled.is_some(),
    }
}

/// Brings the workers' booked months up to what a plan books and takes back.
pub(crate) fn book_planned(workers: &mut [YearMonths], drafts: &[EntryDraft]) {
    for change in drafts.iter().flat_map(|draft| &draft.accruals) {
        let worker = workers
            .iter_mut()
            .find(|worker| worker.plan.worker_id == Some(change.worker_id));
        let Some(worker) = worker else {
            continue;
        };
        let booked = &mut worker.plan.booked;
        if change.booked {
            booked.push(MonthValue {
                month: change.month,
                group: change.group,
                amount_fen: change.amount_fen,
            });
        } else {
            booked.retain(|known| known.month != change.month);
        }
    }
}

/// A balance in an audit row.
fn balance_item(query: &EmployerBalanceQuery, balance: &EmployerBalance) -> DecisionItem {
    DecisionItem::Other {
        question: query.text(),
        answer: digest(&pack(balance)),
    }
}

/// The months of every worker of an employer-year.
pub(crate) fn all_worker_months(
    policy: &PolicyBook,
    inputs: &LedgerInputs,
    elsewhere: &HashMap<EmployerCode, EmployerRecord>,
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
                elsewhere,
                snapshot,
                &inputs.months,
                year,
                through,
                projects,
            )
        })
        .chain(left_behind(inputs))
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
        let found = self.balances_at(&[query], as_of).await;
        let found = found.and_then(|mut found| {
            found
                .pop()
                .unwrap_or_else(|| Err(AppError::new(ErrorReason::Internal)))
        });
        let balance = match found {
            Ok(balance) => balance,
            Err(error) => return Err(self.audit_refusal(METHOD, caller, None, error).await),
        };
        let item = balance_item(&query, &balance);
        let mut draft = self.audit_draft(METHOD, caller, None, vec![item]);
        draft.employer_code = Some(query.employer_code);
        self.audit.write(draft).await?;
        Ok((balance, as_of.unwrap_or_else(|| self.clock.now_micros())))
    }

    /// The balances of several employer-years, read together; one result each, in order.
    pub async fn employer_balances(
        &self,
        caller: &Caller,
        queries: &[EmployerBalanceQuery],
        as_of: Option<i64>,
    ) -> AppResult<(Vec<AppResult<EmployerBalance>>, i64)> {
        let permit = self.permit(METHOD_BATCH, caller, None).await?;
        let codes: Vec<_> = queries.iter().map(|query| query.employer_code).collect();
        let refused = self.employers_out_of_reach(&permit, &codes).await?;
        let as_of = self.close_as_of(as_of).await?;
        let read = match self.balances_at(queries, as_of).await {
            Ok(read) => read,
            Err(error) => return Err(self.audit_refusal(METHOD_BATCH, caller, None, error).await),
        };
        let found: Vec<_> = read
            .into_iter()
            .zip(refused)
            .map(|(balance, refused)| refused.map_or(balance, Err))
            .collect();
        let items = queries.iter().zip(&found).map(|(query, balance)| {
            let query = EmployerBalanceQuery { as_of, ..*query };
            match balance {
                Ok(balance) => balance_item(&query, balance),
                Err(error) => DecisionItem::Other {
                    question: query.text(),
                    answer: digest(error.reason.name().as_bytes()),
                },
            }
        });
        let draft = self.audit_draft(METHOD_BATCH, caller, None, items.collect());
        self.audit.write(draft).await?;
        Ok((found, as_of.unwrap_or_else(|| self.clock.now_micros())))
    }

    async fn balances_at(
        &self,
        queries: &[EmployerBalanceQuery],
        as_of: Option<i64>,
    ) -> AppResult<Vec<AppResult<EmployerBalance>>> {
        let years: Vec<_> = queries
            .iter()
            .map(|query| (query.employer_code, query.tax_year))
            .collect();
        let mut balances = Vec::with_capacity(queries.len());
        for (query, inputs) in queries.iter().zip(self.year_inputs(&years, as_of).await?) {
            balances.push(self.balance_from(query, inputs));
        }
        Ok(balances)
    }

    fn balance_from(
        &self,
        query: &EmployerBalanceQuery,
        inputs: LedgerInputs,
    ) -> AppResult<EmployerBalance> {
        let (employer_code, tax_year) = (query.employer_code, query.tax_year);
        let record = inputs.employer.as_ref().map(|row| row.record.clone());
        let employer = crate::facts::require_known(employer_code, record.unwrap_or_default())?;
        let through = query.through.unwrap_or(tax_year.last_month());
        let workers = all_worker_months(
            &self.book,
            &inputs,
            &HashMap::new(),
            tax_year,
            through,
            false,
        );
        Ok(balance_of(
            (employer_code, tax_year),
            &inputs.year,
            &workers,
            false,
            inputs.head.sequence,
            employer.record.revision,
        ))
    }

    /// What is read of employer-years, now or as it was.
    pub(crate) async fn year_inputs(
        &self,
        years: &[(EmployerCode, TaxYear)],
        as_of: Option<i64>,
    ) -> AppResult<Vec<LedgerInputs>> {
        let read = self.store.ledger_inputs(years).await?;
        let Some(time) = as_of else {
            return Ok(read);
        };
        let mut inputs = Vec::with_capacity(read.len());
        for (year, now) in years.iter().zip(read) {
            inputs.push(self.inputs_at(now, *year, time).await?);
        }
        Ok(inputs)
    }

    /// The same inputs as they were at a time, rebuilt from truth.
    async fn inputs_at(
        &self,
        now: LedgerInputs,
        (employer_code, tax_year): (EmployerCode, TaxYear),
        time: i64,
    ) -> AppResult<LedgerInputs> {
        let record = self.employer_at(employer_code, Until::Time(time)).await?;
        let bodies = self.entries_of(&employer_code, None, Some(time)).await?;
        let mut year = YearState::default();
        let mut months: Vec<PersonMonth> = Vec::new();
        let merged = self.merges_confirmed_by(time).await?;
        let mut head = now.head;
        head.sequence = bodies.last().map_or(0, |body| body.sequence);
        for body in bodies.iter().filter(|body| body.draft.tax_year == tax_year) {
            year.apply(body);
            merged.apply_months(&mut months, body);
        }
        merged.name_alike(&mut months);
        let mut workers: Vec<WorkerSnapshot> = Vec::with_capacity(now.workers.len());
        for snapshot in now.workers {
            workers.push(self.snapshot_at(snapshot, time).await?);
        }
        let employer = mamagang_store::rows::EmployerRow {
            employer_code,
            record,
        };
        Ok(LedgerInputs {
            employer: Some(Arc::new(employer)),
            head,
            year,
            months,
            workers,
        })
    }
}
