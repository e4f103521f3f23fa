//! Requests of the ledger.

use mamagang_app::ledger::{
    AmendDeduction, EmployerBalanceQuery, LateClaimQuery, PostDeduction, RecomputeYear, SettleYear,
};
use mamagang_app::workers::WorkerTermQuery;
use mamagang_app::{AppResult, RequestContent, WriteRequest};
use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::EntryId;
use mamagang_domain::ledger::{Amendment, Declaration, Release, Settlement};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_proto::v1;

use super::check::{Checker, Rules};
use super::enums::ApiEnum as _;
use super::person;
use super::registry::items_in_bounds;

/// A declared period.
pub(crate) fn post_deduction(
    check: &mut Checker<'_>,
    told: &v1::PostDeductionRequest,
) -> Option<PostDeduction> {
    let request_id = check.request_id(&told.request_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let period = check.period("period", &told.period);
    let declared_at = check.instant("declared_time", told.declared_time.as_ref());
    let return_number = check.optional_key("return_number", &told.return_number);
    let vat_payable_fen = check.amount("vat_payable_fen", told.vat_payable_fen);
    let release = check.optional_choice("release", told.release, Release::from_api);
    let sales_fen = optional_amount(check, "sales_fen", told.sales_fen);
    let release = release?.unwrap_or_default();
    let content = RequestContent::new()
        .field("employer_code", &told.employer_code)
        .field("period", &told.period)
        .field("declared_time", optional_text(declared_at?))
        .field("return_number", &told.return_number)
        .field("vat_payable_fen", told.vat_payable_fen.to_string())
        .field("release", release.to_api().to_string())
        .field("sales_fen", optional_text(told.sales_fen));
    Some(PostDeduction {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        employer_code: employer_code?,
        declaration: Declaration {
            period: period?,
            vat_payable_fen: vat_payable_fen?,
            sales_fen: sales_fen?,
            release,
            return_number: return_number?,
            declared_at: declared_at?,
        },
    })
}

/// One posting of a batch; paths of wrong fields start at the posting.
pub(crate) fn posting(
    rules: Rules<'_>,
    told: &v1::PostDeductionRequest,
) -> AppResult<PostDeduction> {
    let mut check = Checker::new(rules);
    let posting = post_deduction(&mut check, told);
    check.finish(posting)
}

/// How many postings there are.
pub(crate) fn postings(
    check: &mut Checker<'_>,
    told: &v1::BatchPostDeductionsRequest,
) -> Option<()> {
    items_in_bounds(check, "postings", told.postings.len());
    Some(())
}

/// A year to settle.
pub(crate) fn settle_year(
    check: &mut Checker<'_>,
    told: &v1::SettleYearRequest,
) -> Option<SettleYear> {
    let request_id = check.request_id(&told.request_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let cit_payable_fen = check.amount("cit_payable_fen", told.cit_payable_fen);
    let content = RequestContent::new()
        .field("employer_code", &told.employer_code)
        .field("tax_year", told.tax_year.to_string())
        .field("cit_payable_fen", told.cit_payable_fen.to_string());
    Some(SettleYear {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        employer_code: employer_code?,
        settlement: Settlement {
            tax_year: tax_year?,
            cit_payable_fen: cit_payable_fen?,
        },
    })
}

/// A correction of a posted period. The original's release and sales hold unless told.
pub(crate) fn amend_deduction(
    check: &mut Checker<'_>,
    told: &v1::AmendDeductionRequest,
) -> Option<AmendDeduction> {
    let request_id = check.request_id(&told.request_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let period = check.period("period", &told.period);
    let vat_payable_fen = check.amount("vat_payable_fen", told.vat_payable_fen);
    let reason = check.sentence("reason", &told.reason);
    let release = check.optional_choice("release", told.release, Release::from_api);
    let sales_fen = optional_amount(check, "sales_fen", told.sales_fen);
    let content = RequestContent::new()
        .field("employer_code", &told.employer_code)
        .field("period", &told.period)
        .field("vat_payable_fen", told.vat_payable_fen.to_string())
        .field("reason", &told.reason)
        .field("release", told.release.to_string())
        .field("sales_fen", optional_text(told.sales_fen));
    Some(AmendDeduction {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        employer_code: employer_code?,
        amendment: Amendment {
            period: period?,
            vat_payable_fen: vat_payable_fen?,
            sales_fen: sales_fen?,
            release: release?,
            reason: reason?,
        },
    })
}

/// A year to evaluate again.
pub(crate) fn recompute_year(
    check: &mut Checker<'_>,
    told: &v1::RecomputeYearRequest,
) -> Option<RecomputeYear> {
    let request_id = check.request_id(&told.request_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let surcharge_through =
        check.optional_date("surcharge_through_date", &told.surcharge_through_date);
    let content = RequestContent::new()
        .field("employer_code", &told.employer_code)
        .field("tax_year", told.tax_year.to_string())
        .field("surcharge_through_date", &told.surcharge_through_date);
    Some(RecomputeYear {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        employer_code: employer_code?,
        tax_year: tax_year?,
        surcharge_through: surcharge_through?,
    })
}

/// Which balance.
pub(crate) fn employer_balance(
    check: &mut Checker<'_>,
    told: &v1::GetEmployerBalanceRequest,
) -> Option<EmployerBalanceQuery> {
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    let year = v1::EmployerYear {
        employer_code: told.employer_code.clone(),
        tax_year: told.tax_year,
        through_month: told.through_month.clone(),
    };
    let query = employer_year(check, &year);
    Some(EmployerBalanceQuery {
        as_of: as_of?,
        ..query?
    })
}

/// How many balances are asked for, and as of when.
pub(crate) fn employer_balances(
    check: &mut Checker<'_>,
    told: &v1::BatchGetEmployerBalancesRequest,
) -> Option<Option<i64>> {
    items_in_bounds(check, "years", told.years.len());
    check.instant("as_of_time", told.as_of_time.as_ref())
}

/// One employer-year of a batch; paths of wrong fields start at it.
pub(crate) fn employer_year_item(
    rules: Rules<'_>,
    told: &v1::EmployerYear,
) -> AppResult<EmployerBalanceQuery> {
    let mut check = Checker::new(rules);
    let query = employer_year(&mut check, told);
    check.finish(query)
}

/// An employer-year; the month up to which facts count lies inside the year.
fn employer_year(check: &mut Checker<'_>, told: &v1::EmployerYear) -> Option<EmployerBalanceQuery> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let through = check.optional_month("through_month", &told.through_month);
    if let (Some(year), Some(Some(month))) = (tax_year, through)
        && month.year() != year.number()
    {
        check.wrong(
            "through_month",
            "应在 tax_year 年度之内",
            "must lie in tax_year",
        );
    }
    Some(EmployerBalanceQuery {
        employer_code: employer_code?,
        tax_year: tax_year?,
        through: through?,
        as_of: None,
    })
}

/// Whose term.
pub(crate) fn worker_term(
    check: &mut Checker<'_>,
    told: &v1::GetWorkerTermRequest,
) -> Option<WorkerTermQuery> {
    let context = person::context(check, told.context.as_ref());
    let who = person::worker(check, told.worker.as_ref());
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    Some(WorkerTermQuery {
        context: context?,
        who: who?,
        as_of: as_of?,
    })
}

/// Which entries, without the page.
#[derive(Debug)]
pub(crate) struct EntrySelection {
    pub(crate) employer_code: EmployerCode,
    pub(crate) tax_year: Option<TaxYear>,
    pub(crate) as_of: Option<i64>,
}

/// Which entries; year 0 is all.
pub(crate) fn list_entries(
    check: &mut Checker<'_>,
    told: &v1::ListEntriesRequest,
) -> Option<EntrySelection> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = match told.tax_year {
        0 => Some(None),
        number => check.year("tax_year", number).map(Some),
    };
    let as_of = check.instant("as_of_time", told.as_of_time.as_ref());
    Some(EntrySelection {
        employer_code: employer_code?,
        tax_year: tax_year?,
        as_of: as_of?,
    })
}

fn optional_amount(check: &mut Checker<'_>, field: &str, fen: Option<i64>) -> Option<Option<Fen>> {
    match fen {
        None => Some(None),
        Some(fen) => check.amount(field, fen).map(Some),
    }
}

/// A number for comparison; absence differs from every number.
fn optional_text(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Which year, and when it would be claimed.
pub(crate) fn late_claim(
    check: &mut Checker<'_>,
    told: &v1::EstimateLateClaimRequest,
    today: CivilDate,
) -> Option<LateClaimQuery> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let claimed_on = check.optional_date("claim_date", &told.claim_date);
    Some(LateClaimQuery {
        employer_code: employer_code?,
        tax_year: tax_year?,
        claimed_on: claimed_on?.unwrap_or(today),
    })
}

/// Which entry.
pub(crate) fn get_entry(check: &mut Checker<'_>, told: &v1::GetEntryRequest) -> Option<EntryId> {
    if told.entry_id.is_empty() {
        check.missing("entry_id");
        return None;
    }
    let id = EntryId::parse(&told.entry_id);
    if id.is_none() {
        check.wrong(
            "entry_id",
            "应为本系统给出的分录编号",
            "must be an id that this service gave",
        );
    }
    id
}

#[cfg(test)]
mod tests;
