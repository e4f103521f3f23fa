//! Requests about subsidies and inclusive preferences.

use mamagang_app::AccessContext;
use mamagang_app::eligibility::SubsidyCheck;
use mamagang_domain::fact::VatPayer;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::inclusive::{PreferenceQuestion, RefundClass};
use mamagang_domain::money::{BP_WHOLE, Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxMonth, TaxPeriod, TaxYear};
use mamagang_domain::subsidy::SubsidyKind;
use mamagang_proto::v1;

use super::check::Checker;
use super::eligibility::months;
use super::enums::ApiEnum as _;
use super::person;

/// Most people, and most months in a row, that a question may tell.
const COUNT_MAX: i32 = 10_000_000;

/// A question about one worker's subsidy at one employer.
pub(crate) fn subsidy(
    check: &mut Checker<'_>,
    told: &v1::CheckSubsidyRequest,
) -> Option<(AccessContext, SubsidyCheck)> {
    let context = person::context(check, told.context.as_ref());
    let kind = check.choice("kind", told.kind, SubsidyKind::from_api);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let who = person::worker(check, told.worker.as_ref());
    // A training has no months; the day of the question stands in for them.
    let (from, through) = if kind == Some(SubsidyKind::Training) {
        let month = TaxMonth::of(check.rules.today);
        (month, month)
    } else {
        months(check, &told.from_month, &told.through_month)?
    };
    let question = SubsidyCheck {
        kind: kind?,
        employer_code: employer_code?,
        who: who?,
        from,
        through,
    };
    Some((context?, question))
}

/// Figures of an employer's year.
pub(crate) fn preferences(
    check: &mut Checker<'_>,
    told: &v1::CheckInclusivePreferencesRequest,
) -> Option<(Option<EmployerCode>, PreferenceQuestion)> {
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let tax_year = check.year("tax_year", told.tax_year);
    let period = period_of(check, tax_year, &told.period);
    let vat_payer = check.optional_choice("vat_payer", told.vat_payer, VatPayer::from_api);
    let filing_cycle =
        check.optional_choice("filing_cycle", told.filing_cycle, FilingCycle::from_api);
    let refund_class =
        check.optional_choice("refund_class", told.refund_class, RefundClass::from_api);
    let taxable_income_fen = amount(check, "taxable_income_fen", told.taxable_income_fen);
    let total_assets_fen = amount(check, "total_assets_fen", told.total_assets_fen);
    let sales_fen = amount(check, "sales_fen", told.sales_fen);
    let surcharges_due_fen = amount(check, "surcharges_due_fen", told.surcharges_due_fen);
    let surcharges_relieved_fen =
        check.amount("surcharges_relieved_fen", told.surcharges_relieved_fen);
    let input_credit_fen = amount(check, "input_credit_fen", told.input_credit_fen);
    let credit_increment_fen = amount(check, "credit_increment_fen", told.credit_increment_fen);
    let staff_count = count(check, "staff_count", told.staff_count, COUNT_MAX);
    let credit_months = count(check, "credit_months", told.credit_months, COUNT_MAX);
    let whole = i32::try_from(BP_WHOLE).unwrap_or(i32::MAX);
    let input_ratio_bp = count(check, "input_ratio_bp", told.input_ratio_bp, whole);
    let umct_rate_bp = match told.umct_rate_bp {
        None => Some(None),
        Some(rate) => {
            let on = tax_year.map(|year| year.last_month().last_day());
            check.umct_rate("umct_rate_bp", rate, on).map(Some)
        }
    };
    let question = PreferenceQuestion {
        period: period?,
        taxable_income_fen: taxable_income_fen?,
        staff_count: staff_count?,
        total_assets_fen: total_assets_fen?,
        restricted_industry: told.restricted_industry,
        vat_payer: vat_payer?,
        filing_cycle: filing_cycle?,
        sales_fen: sales_fen?,
        umct_rate_bp: umct_rate_bp?,
        surcharges_due_fen: surcharges_due_fen?,
        surcharges_relieved_fen: surcharges_relieved_fen?,
        input_credit_fen: input_credit_fen?,
        credit_increment_fen: credit_increment_fen?,
        credit_months: credit_months?,
        input_ratio_bp: input_ratio_bp?.map(RateBp::new),
        refund_class: refund_class?,
        ..PreferenceQuestion::of_year(tax_year?)
    };
    Some((employer_code?, question))
}

/// A period of the year; the empty text is none.
fn period_of(
    check: &mut Checker<'_>,
    year: Option<TaxYear>,
    text: &str,
) -> Option<Option<TaxPeriod>> {
    if text.is_empty() {
        return Some(None);
    }
    let period = check.period("period", text)?;
    if year.is_some_and(|year| period.year() != year) {
        check.wrong(
            "period",
            "应在 tax_year 所指年度内",
            "must lie inside tax_year",
        );
        return None;
    }
    Some(Some(period))
}

fn amount(check: &mut Checker<'_>, field: &str, told: Option<i64>) -> Option<Option<Fen>> {
    match told {
        None => Some(None),
        Some(fen) => check.amount(field, fen).map(Some),
    }
}

/// A number from 0 to `most`; absent is none.
fn count(
    check: &mut Checker<'_>,
    field: &str,
    told: Option<i32>,
    most: i32,
) -> Option<Option<i32>> {
    match told {
        Some(number) if !(0..=most).contains(&number) => {
            let zh = format!("应在 0 至 {most} 之间");
            check.wrong(field, zh, format!("must be 0 to {most}"));
            None
        }
        told => Some(told),
    }
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::worker_ref::Ref;

    use super::*;
    use crate::convert::testing::{context, fields_of, with_checker};

    fn question(kind: i32) -> v1::CheckSubsidyRequest {
        v1::CheckSubsidyRequest {
            context: context(),
            kind,
            employer_code: "91442000MAQQ000161".to_owned(),
            worker: Some(v1::WorkerRef {
                r#ref: Some(Ref::MatchId("m".to_owned())),
            }),
            from_month: "2022-09".to_owned(),
            through_month: "2022-12".to_owned(),
        }
    }

    #[test]
    fn every_subsidy_but_training_is_asked_about_by_month() {
        for kind in 1..=4 {
            let mut told = question(kind);
            assert!(with_checker(|check| subsidy(check, &told)).is_ok());
            told.from_month.clear();
            told.through_month.clear();
            let read = with_checker(|check| subsidy(check, &told));
            assert_eq!(read.is_ok(), kind == 4, "{kind}");
        }
        for kind in [0, 5] {
            let error = with_checker(|check| subsidy(check, &question(kind))).expect_err("wrong");
            assert_eq!(fields_of(&error), ["kind"]);
        }
    }

    #[test]
    fn a_year_alone_is_a_question_of_preferences() {
        let told = v1::CheckInclusivePreferencesRequest {
            tax_year: 2024,
            ..Default::default()
        };
        let (code, read) = with_checker(|check| preferences(check, &told)).expect("right");
        assert_eq!(code, None);
        let year = TaxYear::new(2024).expect("a year");
        assert_eq!(read, PreferenceQuestion::of_year(year));
    }

    #[test]
    fn every_wrong_figure_is_told_at_once() {
        let wrong = v1::CheckInclusivePreferencesRequest {
            employer_code: "9".to_owned(),
            tax_year: 2024,
            period: "2023-05".to_owned(),
            taxable_income_fen: Some(-1),
            staff_count: Some(-1),
            total_assets_fen: Some(-1),
            vat_payer: 9,
            sales_fen: Some(-1),
            filing_cycle: 9,
            umct_rate_bp: Some(701),
            surcharges_due_fen: Some(-1),
            surcharges_relieved_fen: -1,
            input_credit_fen: Some(-1),
            credit_increment_fen: Some(-1),
            credit_months: Some(-1),
            input_ratio_bp: Some(10_001),
            refund_class: 9,
            ..Default::default()
        };
        let error = with_checker(|check| preferences(check, &wrong)).expect_err("wrong");
        let mut fields = fields_of(&error);
        fields.sort_unstable();
        let mut expected = vec![
            "employer_code",
            "period",
            "taxable_income_fen",
            "staff_count",
            "total_assets_fen",
            "vat_payer",
            "sales_fen",
            "filing_cycle",
            "umct_rate_bp",
            "surcharges_due_fen",
            "surcharges_relieved_fen",
            "input_credit_fen",
            "credit_increment_fen",
            "credit_months",
            "input_ratio_bp",
            "refund_class",
        ];
        expected.sort_unstable();
        assert_eq!(fields, expected);
    }
}
