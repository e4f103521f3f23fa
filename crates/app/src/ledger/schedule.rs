//! `GetReliefSchedule` (减免税申报明细表).

use mamagang_domain::frozen::digest;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{ReliefRow, relief_schedule};
use mamagang_domain::month::{TaxPeriod, TaxYear};

use crate::app::App;
use crate::audit::DecisionItem;
use crate::caller::Caller;
use crate::error::AppResult;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct ReliefScheduleQuery {
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// One period of it; `None` = all, and the settlement.
    pub period: Option<TaxPeriod>,
    /// As of when (microseconds); `None` = now.
    pub as_of: Option<i64>,
}

/// A row with its reduction code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedRow {
    /// The amounts.
    pub row: ReliefRow,
    /// 减税性质代码; empty where it is not known.
    pub code: String,
}

const METHOD: &str = "mamagang.v1.LedgerService/GetReliefSchedule";

impl App {
    /// The whole schedule of an employer-year, and as of when. A year has at most a hundred rows.
    pub async fn relief_schedule(
        &self,
        caller: &Caller,
        query: ReliefScheduleQuery,
    ) -> AppResult<(Vec<CodedRow>, i64)> {
        let permit = self.permit(METHOD, caller, None).await?;
        self.permit_employer(&permit, query.employer_code).await?;
        let as_of = self.close_as_of(query.as_of).await?;
        let ReliefScheduleQuery {
            employer_code,
            tax_year,
            period,
            ..
        } = query;
        if let Err(error) = self.employer_row(employer_code, as_of).await {
            return Err(self.audit_refusal(METHOD, caller, None, error).await);
        }
        let bodies = self
            .entries_of(&employer_code, Some(tax_year), as_of)
            .await?;
        let rows = relief_schedule(&bodies).into_iter();
        let asked_for = rows.filter(|row| period.is_none() || row.period == period);
        let rows: Vec<CodedRow> = asked_for
            .map(|row| CodedRow {
                code: self.reduction_code(&row, tax_year),
                row,
            })
            .collect();
        let question = format!("tax_year={}", tax_year.number());
        let answer = digest(format!("{rows:?}").as_bytes());
        let item = DecisionItem::Other { question, answer };
        let mut draft = self.audit_draft(METHOD, caller, None, vec![item]);
        draft.employer_code = Some(employer_code);
        self.audit.write(draft).await?;
        Ok((rows, as_of.unwrap_or_else(|| self.clock.now_micros())))
    }

    fn reduction_code(&self, row: &ReliefRow, year: TaxYear) -> String {
        let on = row.period.map_or(year.last_month(), TaxPeriod::last_month);
        let codes = &self.book.key_group.reduction_codes;
        let code = codes
            .get(&(row.tax, row.group))
            .and_then(|dated| dated.on(on.last_day()));
        code.map_or_else(String::new, |code| code.value.clone())
    }
}
