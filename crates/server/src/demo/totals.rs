//! What the year came to, in the shape of the independent model in `tests/model`, so that the two can be compared.

use std::collections::BTreeMap;

use mamagang_proto::v1::{
    Decision, EmployerBalance, Outcome, PersonCategory, PostDeductionRequest,
    PostDeductionResponse, Release, SettleYearRequest, TaxKind, TaxLine,
};
use serde::Serialize;

use super::play::Played;
use crate::client::words::{bare_name, reason_name};

/// Everything that was decided, posted and settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Each check, in the order of the questions.
    pub checks: Vec<CheckTotal>,
    /// How often what came out.
    pub counts: Counts,
    /// Each posting, in order.
    pub declarations: Vec<PostingTotal>,
    /// Each employer's year after settlement, in the order of the settlements.
    pub employers: Vec<YearTotal>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckTotal {
    /// The question's row.
    pub row_key: String,
    /// Its outcome.
    pub outcome: String,
    /// The category that the right rests on, if any.
    pub category: Option<String>,
    /// The first month of the term, if any.
    pub start_month: Option<String>,
    /// Every month asked for.
    pub months: Vec<MonthTotal>,
    /// The sum of the eligible months, in fen.
    pub total_fen: i64,
}

/// One month of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonthTotal {
    /// Which.
    pub month: String,
    /// Its outcome.
    pub outcome: String,
    /// Its reason.
    pub reason: String,
}

/// How often what came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Checks.
    pub checks_by_outcome: BTreeMap<String, usize>,
    /// Person-months asked about.
    pub months_by_outcome: BTreeMap<String, usize>,
    /// Person-months asked about.
    pub months_by_reason: BTreeMap<String, usize>,
}

/// One posting; amounts in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostingTotal {
    /// Whose.
    pub employer_code: String,
    /// For which period.
    pub period: String,
    /// How the quota was released.
    pub release: String,
    /// Person-months of the year booked so far.
    pub months_booked: i32,
    /// Their worth.
    pub accrued_fen: i64,
    /// What was usable of the year in this period, used or not.
    pub released_fen: i64,
    /// What of it was left before the posting.
    pub available_fen: i64,
    /// What of it is left after the posting.
    pub remaining_fen: i64,
    /// What each tax took.
    pub lines: Vec<LineTotal>,
}

/// One tax of a posting, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineTotal {
    /// Which.
    pub tax: String,
    /// Payable before the deduction.
    pub due_fen: i64,
    /// Deducted.
    pub deducted_fen: i64,
    /// Remitted by the half rate.
    pub halved_fen: i64,
    /// Still to be paid.
    pub paid_fen: i64,
}

/// One employer's year, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct YearTotal {
    /// Whose.
    pub employer_code: String,
    /// Which.
    pub tax_year: i32,
    /// Person-months.
    pub months_booked: i32,
    /// Their worth.
    pub entitled_fen: i64,
    /// Deducted from the taxes of the periods.
    pub deducted_fen: BTreeMap<String, i64>,
    /// Enterprise income tax payable.
    pub cit_payable_fen: i64,
    /// Deducted from it.
    pub cit_fen: i64,
    /// Lost.
    pub forfeited_fen: i64,
    /// Deducted beyond the year's worth.
    pub over_deducted_fen: i64,
}

impl Totals {
    /// What was played, summed up.
    pub(super) fn of(played: &Played) -> Self {
        let checks: Vec<CheckTotal> = played
            .checks
            .iter()
            .map(|(row_key, decision)| check(row_key, decision))
            .collect();
        let posted = played.declarations.iter();
        let settled = played.years.iter();
        Self {
            counts: counts(&checks),
            checks,
            declarations: posted
                .map(|(request, answer)| posting(request, answer))
                .collect(),
            employers: settled
                .map(|(request, balance)| year(request, balance))
                .collect(),
        }
    }
}

fn check(row_key: &str, decision: &Decision) -> CheckTotal {
    let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let category = decision.category();
    let category_name = bare_name(category.as_str_name(), "PERSON_CATEGORY_");
    CheckTotal {
        row_key: row_key.to_owned(),
        outcome: outcome_name(decision.outcome()),
        category: (category != PersonCategory::Unspecified).then(|| category_name.to_owned()),
        start_month: told(&decision.start_month),
        months: decision
            .months
            .iter()
            .map(|result| MonthTotal {
                month: result.month.clone(),
                outcome: outcome_name(result.outcome()),
                reason: reason_name(result.reason),
            })
            .collect(),
        total_fen: decision.total_fen,
    }
}

fn outcome_name(outcome: Outcome) -> String {
    bare_name(outcome.as_str_name(), "OUTCOME_").to_owned()
}

fn counts(checks: &[CheckTotal]) -> Counts {
    let mut counts = Counts::default();
    for check in checks {
        *counts
            .checks_by_outcome
            .entry(check.outcome.clone())
            .or_default() += 1;
        for month in &check.months {
            *counts
                .months_by_outcome
                .entry(month.outcome.clone())
                .or_default() += 1;
            *counts
                .months_by_reason
                .entry(month.reason.clone())
                .or_default() += 1;
        }
    }
    counts
}

fn posting(request: &PostDeductionRequest, answer: &PostDeductionResponse) -> PostingTotal {
    let balance = answer.balance.clone().unwrap_or_default();
    let taken: i64 = answer.lines.iter().map(|line| line.deducted_fen).sum();
    let used: i64 = balance.deducted.iter().map(|of| of.amount_fen).sum();
    let left = |used: i64| balance.released_fen.saturating_sub(used).max(0);
    PostingTotal {
        employer_code: request.employer_code.clone(),
        period: request.period.clone(),
        release: release_name(request.release()),
        months_booked: balance.months_counted,
        accrued_fen: balance.accrued_fen,
        released_fen: balance.released_fen,
        available_fen: left(used.saturating_sub(taken)),
        remaining_fen: left(used),
        lines: answer.lines.iter().map(line).collect(),
    }
}

fn release_name(release: Release) -> String {
    bare_name(release.as_str_name(), "RELEASE_").to_owned()
}

fn line(line: &TaxLine) -> LineTotal {
    LineTotal {
        tax: tax_name(line.tax()),
        due_fen: line.due_fen,
        deducted_fen: line.deducted_fen,
        halved_fen: line.halved_fen,
        paid_fen: line.paid_fen,
    }
}

fn tax_name(tax: TaxKind) -> String {
    bare_name(tax.as_str_name(), "TAX_KIND_").to_owned()
}

fn year(request: &SettleYearRequest, balance: &EmployerBalance) -> YearTotal {
    let is_cit = |tax: TaxKind| tax == TaxKind::Cit;
    let taken = balance.deducted.iter();
    YearTotal {
        employer_code: request.employer_code.clone(),
        tax_year: request.tax_year,
        months_booked: balance.months_counted,
        entitled_fen: balance.accrued_fen,
        cit_payable_fen: request.cit_payable_fen,
        cit_fen: taken
            .clone()
            .filter(|of| is_cit(of.tax()))
            .map(|of| of.amount_fen)
            .sum(),
        deducted_fen: taken
            .filter(|of| !is_cit(of.tax()))
            .map(|of| (tax_name(of.tax()), of.amount_fen))
            .collect(),
        forfeited_fen: balance.forfeited_fen,
        over_deducted_fen: balance.over_deducted_fen,
    }
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{MonthResult, ReasonCode, TaxAmount};
    use serde_json::json;

    use super::*;

    fn month(month: &str, outcome: Outcome, reason: ReasonCode) -> MonthResult {
        MonthResult {
            month: month.to_owned(),
            outcome: outcome.into(),
            reason: reason.into(),
            amount_fen: 0,
        }
    }

    fn taken(tax: TaxKind, amount_fen: i64) -> TaxAmount {
        TaxAmount {
            tax: tax.into(),
            amount_fen,
        }
    }

    #[test]
    fn checks_are_counted_by_outcome_and_their_months_by_reason() {
        let unknown = Decision {
            outcome: Outcome::Review.into(),
            months: vec![
                month("2023-01", Outcome::Review, ReasonCode::NoRecord),
                month("2023-02", Outcome::Ineligible, ReasonCode::NotInForce),
            ],
            ..Decision::default()
        };
        let played = Played {
            checks: vec![("K1".to_owned(), unknown)],
            ..Played::default()
        };
        let json = serde_json::to_value(Totals::of(&played)).unwrap();
        let expected = json!({
            "checks": [{
                "row_key": "K1",
                "outcome": "REVIEW",
                "category": null,
                "start_month": null,
                "months": [
                    { "month": "2023-01", "outcome": "REVIEW", "reason": "NO_RECORD" },
                    { "month": "2023-02", "outcome": "INELIGIBLE", "reason": "NOT_IN_FORCE" },
                ],
                "total_fen": 0,
            }],
            "counts": {
                "checks_by_outcome": { "REVIEW": 1 },
                "months_by_outcome": { "INELIGIBLE": 1, "REVIEW": 1 },
                "months_by_reason": { "NOT_IN_FORCE": 1, "NO_RECORD": 1 },
            },
            "declarations": [],
            "employers": [],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_was_left_before_a_posting_is_what_is_left_after_it_and_what_it_took() {
        let answer = PostDeductionResponse {
            lines: vec![TaxLine {
                tax: TaxKind::Vat.into(),
                due_fen: 100,
                deducted_fen: 60,
                halved_fen: 0,
                paid_fen: 40,
                by_code: Vec::new(),
            }],
            balance: Some(EmployerBalance {
                months_counted: 2,
                accrued_fen: 130_000,
                released_fen: 200,
                deducted: vec![taken(TaxKind::Vat, 110), taken(TaxKind::Umct, 40)],
                ..EmployerBalance::default()
            }),
            ..PostDeductionResponse::default()
        };
        let total = posting(&PostDeductionRequest::default(), &answer);
        assert_eq!((total.available_fen, total.remaining_fen), (110, 50));
        assert_eq!(total.lines[0].tax, "VAT");
    }

    #[test]
    fn a_quota_that_shrank_below_what_was_used_leaves_nothing() {
        let answer = PostDeductionResponse {
            balance: Some(EmployerBalance {
                released_fen: 100,
                deducted: vec![taken(TaxKind::Vat, 110)],
                ..EmployerBalance::default()
            }),
            ..PostDeductionResponse::default()
        };
        let total = posting(&PostDeductionRequest::default(), &answer);
        assert_eq!((total.available_fen, total.remaining_fen), (0, 0));
    }

    #[test]
    fn income_tax_is_told_apart_from_the_taxes_of_the_periods() {
        let settled = SettleYearRequest {
            cit_payable_fen: 500,
            ..SettleYearRequest::default()
        };
        let balance = EmployerBalance {
            deducted: vec![taken(TaxKind::Vat, 110), taken(TaxKind::Cit, 40)],
            ..EmployerBalance::default()
        };
        let total = year(&settled, &balance);
        assert_eq!(
            total.deducted_fen,
            BTreeMap::from([("VAT".to_owned(), 110)])
        );
        assert_eq!((total.cit_payable_fen, total.cit_fen), (500, 40));
    }
}
