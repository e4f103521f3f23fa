//! Postings, settlements and balances on a real database.

use std::sync::Arc;

use mamagang_app::ledger::{AmendDeduction, EmployerBalanceQuery, RecomputeYear, SettleYear};
use mamagang_app::workers::WorkerTermQuery;
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::ledger::{Amendment, EntryKind, Settlement};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxPeriod, TaxYear};
use mamagang_domain::reason::ReasonCode;
use mamagang_store::Clock;
use mamagang_testkit::{TestApp, context, date, write};

use crate::city::{
    BAKERY, LAUNDRY, LI, WANG, bakery_with_wang, code, contract, employer, insured, lifted, post,
    record, who,
};

fn year() -> TaxYear {
    TaxYear::new(2023).expect("a year")
}

fn query() -> EmployerBalanceQuery {
    EmployerBalanceQuery {
        employer_code: code(BAKERY),
        tax_year: year(),
        through: None,
        as_of: None,
    }
}

pub(crate) fn settle(number: u128, cit_payable_fen: i64) -> SettleYear {
    SettleYear {
        request: write(number, "settle"),
        validate_only: false,
        employer_code: code(BAKERY),
        settlement: Settlement {
            tax_year: year(),
            cit_payable_fen: Fen::new(cit_payable_fen),
        },
    }
}

#[tokio::test]
async fn a_year_is_posted_month_by_month_and_settled() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        let caller = Caller::developer();
        let january = test
            .app
            .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
            .await
            .expect("posted");
        assert_eq!(january.lines[0].line.deducted.total(), Fen::new(65_000));
        assert_eq!(january.lines[0].by_code[0].code, "0001013612");
        assert_eq!(january.lines[0].line.paid_fen, Fen::new(35_000));
        assert_eq!(january.balance.unbooked_accrual_fen, Fen::new(11 * 65_000));
        let february = test
            .app
            .post_deduction(&caller, post(2, BAKERY, "2023-02", 10_000))
            .await
            .expect("posted");
        let deducted: Vec<i64> = february
            .lines
            .iter()
            .map(|line| line.line.deducted.total().get())
            .collect();
        assert_eq!(deducted, [10_000, 700, 300, 200]);
        let settled = test
            .app
            .settle_year(&caller, settle(3, 200_000))
            .await
            .expect("settled");
        assert_eq!(settled.lines[0].line.deducted.total(), Fen::new(200_000));
        let (balance, _) = test
            .app
            .employer_balance(&caller, query())
            .await
            .expect("a balance");
        assert_eq!(balance, settled.balance);
        let booked = balance.booked;
        assert_eq!(booked.accrued_fen, Fen::new(780_000));
        assert_eq!(
            booked.forfeited_fen,
            Fen::new(780_000 - 65_000 - 11_200 - 200_000)
        );
        assert_eq!(
            (booked.remaining_fen, booked.over_deducted_fen),
            (Fen::ZERO, Fen::ZERO)
        );
        assert_eq!(
            (balance.worker_count, balance.sequence, balance.settled),
            (1, 3, true)
        );
        let report = test.app.rebuild_and_compare().await.expect("a report");
        assert_eq!(report.differences, Vec::<String>::new());
        assert_eq!((report.entries, report.person_months), (3, 12));
    }
}

#[tokio::test]
async fn the_same_posting_twice_is_one_entry() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let first = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
        .await
        .expect("posted");
    let again = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
        .await
        .expect("the first answer");
    assert_eq!(first, again);
    let other = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_001))
        .await
        .expect_err("other amount");
    assert_eq!(other.reason, ErrorReason::RequestIdReused);
    let second = test
        .app
        .post_deduction(&caller, post(2, BAKERY, "2023-01", 100_000))
        .await
        .expect_err("posted");
    assert_eq!(second.reason, ErrorReason::PeriodAlreadyPosted);
    let page = test
        .app
        .list_entries(&caller, code(BAKERY), None, 0, 10, None)
        .await
        .expect("entries");
    assert_eq!(page.entries.len(), 1);
}

#[tokio::test]
async fn periods_keep_their_order_and_a_skipped_one_is_told() {
    let test = TestApp::sqlite(date("2023-05-31")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let not_ended = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-05", 100))
        .await
        .expect_err("not ended");
    assert_eq!(not_ended.reason, ErrorReason::PeriodNotEnded);
    let march = test
        .app
        .post_deduction(&caller, post(2, BAKERY, "2023-03", 100))
        .await
        .expect("posted");
    assert_eq!(march.caveats[0].code, ReasonCode::PeriodSkipped);
    assert_eq!(
        march.caveats[0].facts,
        [("periods".to_owned(), "2".to_owned())]
    );
    let february = test
        .app
        .post_deduction(&caller, post(3, BAKERY, "2023-02", 100))
        .await
        .expect_err("before March");
    assert_eq!(february.reason, ErrorReason::PeriodOutOfOrder);
    let quarter = test
        .app
        .post_deduction(&caller, post(4, BAKERY, "2023-Q1", 100))
        .await
        .expect_err("quarterly");
    assert_eq!(quarter.reason, ErrorReason::FilingCycleMismatch);
    test.clock.move_to(date("2023-06-01"));
    test.app
        .post_deduction(&caller, post(5, BAKERY, "2023-05", 100))
        .await
        .expect("ended");
}

#[tokio::test]
async fn an_individual_business_and_an_unknown_employer_are_refused() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(
        &test,
        vec![employer(BAKERY, EmployerKind::IndividualBusiness)],
    )
    .await;
    let caller = Caller::developer();
    let error = test
        .app
        .post_deduction(&caller, post(1, BAKERY, "2023-01", 100))
        .await
        .expect_err("not covered");
    assert_eq!(error.reason, ErrorReason::EmployerNotEnterprise);
    let error = test
        .app
        .post_deduction(&caller, post(2, LAUNDRY, "2023-01", 100))
        .await
        .expect_err("unknown");
    assert_eq!(error.reason, ErrorReason::EmployerNotFound);
}

#[tokio::test]
async fn a_partnership_has_no_cit_leg() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, vec![employer(BAKERY, EmployerKind::Partnership)]).await;
    let caller = Caller::developer();
    let error = test
        .app
        .settle_year(&caller, settle(1, 1))
        .await
        .expect_err("CIT");
    assert_eq!(
        (error.reason, error.violations[0].field.as_str()),
        (ErrorReason::InvalidArgumentFields, "cit_payable_fen")
    );
    test.app
        .settle_year(&caller, settle(2, 0))
        .await
        .expect("settled");
    let again = test
        .app
        .settle_year(&caller, settle(3, 0))
        .await
        .expect_err("settled");
    assert_eq!(again.reason, ErrorReason::YearSettled);
}

#[tokio::test]
async fn the_year_is_settled_from_the_first_of_january() {
    let test = TestApp::sqlite(date("2023-12-31")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let early = test
        .app
        .settle_year(&caller, settle(1, 0))
        .await
        .expect_err("not ended");
    assert_eq!(early.reason, ErrorReason::YearNotEnded);
    test.clock.move_to(date("2024-01-01"));
    test.app
        .settle_year(&caller, settle(1, 0))
        .await
        .expect("settled");
}

#[tokio::test]
async fn a_month_is_booked_for_the_first_employer_that_claims_it() {
    for test in TestApp::each(date("2024-02-01")).await {
        let mut items = bakery_with_wang();
        items.push(employer(LAUNDRY, EmployerKind::Company));
        items.push(contract(WANG, LAUNDRY, "C9", "2023-01-01"));
        items.extend(insured(WANG, LAUNDRY, "2023-01", "2023-12"));
        record(&test, items).await;
        let test = Arc::new(test);
        let calls = (0..8_u128).map(|number| {
            let test = test.clone();
            let employer = if number % 2 == 0 { BAKERY } else { LAUNDRY };
            tokio::spawn(async move {
                test.app
                    .post_deduction(
                        &Caller::developer(),
                        post(number, employer, "2023-01", 100_000),
                    )
                    .await
            })
        });
        let mut booked = 0;
        for call in calls.collect::<Vec<_>>() {
            if let Ok(reply) = call.await.expect("no panic") {
                booked += reply.accruals.len();
            }
        }
        assert_eq!(booked, 1);
        let query = WorkerTermQuery {
            context: context(),
            who: who(WANG),
            as_of: None,
        };
        let term = test
            .app
            .worker_term(&Caller::developer(), query)
            .await
            .expect("a term");
        assert_eq!((term.months_counted, term.months_left), (1, 35));
        let report = test.app.rebuild_and_compare().await.expect("a report");
        assert_eq!(report.differences, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_validated_posting_stores_nothing() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let mut call = post(1, BAKERY, "2023-01", 100_000);
    call.validate_only = true;
    let preview = test
        .app
        .post_deduction(&caller, call.clone())
        .await
        .expect("a preview");
    assert_eq!(preview.entry_id, None);
    let (balance, _) = test
        .app
        .employer_balance(&caller, query())
        .await
        .expect("a balance");
    assert_eq!(
        (balance.booked.accrued_fen, balance.sequence),
        (Fen::ZERO, 0)
    );
    call.validate_only = false;
    let posted = test
        .app
        .post_deduction(&caller, call)
        .await
        .expect("posted");
    assert_eq!(posted.lines, preview.lines);
}

#[tokio::test]
async fn a_balance_as_of_a_moment_is_what_was_answered_then() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    test.app
        .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
        .await
        .expect("posted");
    let (then, _) = test
        .app
        .employer_balance(&caller, query())
        .await
        .expect("a balance");
    let moment = test.clock.now_micros();
    record(
        &test,
        vec![lifted(LI), contract(LI, BAKERY, "C2", "2023-01-01")],
    )
    .await;
    record(&test, insured(LI, BAKERY, "2023-01", "2023-12")).await;
    test.app
        .post_deduction(&caller, post(2, BAKERY, "2023-02", 100_000))
        .await
        .expect("posted");
    let (now, _) = test
        .app
        .employer_balance(&caller, query())
        .await
        .expect("a balance");
    assert_ne!(then, now);
    let (again, as_of) = test
        .app
        .employer_balance(
            &caller,
            EmployerBalanceQuery {
                as_of: Some(moment),
                ..query()
            },
        )
        .await
        .expect("then");
    assert_eq!((again, as_of), (then, moment));
    let future = EmployerBalanceQuery {
        as_of: Some(moment * 2),
        ..query()
    };
    let error = test
        .app
        .employer_balance(&caller, future)
        .await
        .expect_err("the future");
    assert_eq!(error.reason, ErrorReason::AsOfInFuture);
}

#[tokio::test]
async fn an_amendment_takes_the_period_back_and_declares_it_anew() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    test.app
        .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
        .await
        .expect("posted");
    let amend = AmendDeduction {
        request: write(2, "amend"),
        validate_only: false,
        employer_code: code(BAKERY),
        amendment: Amendment {
            period: TaxPeriod::parse("2023-01").expect("a period"),
            vat_payable_fen: Fen::new(50_000),
            sales_fen: None,
            release: None,
            reason: "更正".to_owned(),
        },
    };
    let reply = test
        .app
        .amend_deduction(&caller, amend)
        .await
        .expect("amended");
    assert_eq!(reply.reversed_entry_id.map(|id| id.sequence), Some(1));
    assert_eq!(reply.lines[0].line.deducted.total(), Fen::new(50_000));
    let page = test
        .app
        .list_entries(&caller, code(BAKERY), None, 0, 10, None)
        .await
        .expect("entries");
    let kinds: Vec<EntryKind> = page
        .entries
        .iter()
        .map(|entry| entry.body.draft.kind)
        .collect();
    assert_eq!(
        kinds,
        [EntryKind::Post, EntryKind::Reversal, EntryKind::Post]
    );
    let report = test.app.rebuild_and_compare().await.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test]
async fn a_recomputation_after_a_leaver_finds_the_over_deduction() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let facts = record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    test.app
        .post_deduction(&caller, post(1, BAKERY, "2023-03", 500_000))
        .await
        .expect("posted");
    // February's insurance turns out not to have been paid.
    let february = facts[4];
    let fact_id = mamagang_domain::ids::FactId {
        subject: mamagang_domain::ids::Subject::Worker(february.worker_id.expect("a worker")),
        revision: february.revision,
    };
    let retract = mamagang_app::facts::RetractFact {
        request: write(9, "r"),
        fact_id,
        reason: "未缴".to_owned(),
    };
    test.app
        .retract_fact(&caller, retract)
        .await
        .expect("retracted");
    let call = RecomputeYear {
        request: write(2, "recompute"),
        validate_only: false,
        employer_code: code(BAKERY),
        tax_year: year(),
        surcharge_through: None,
    };
    let reply = test
        .app
        .recompute_year(&caller, call)
        .await
        .expect("recomputed");
    assert_eq!(reply.over_deducted_fen(), Fen::new(65_000));
    assert_eq!(reply.late_surcharge_from_on(), Some(date("2023-04-16")));
    assert_eq!(reply.balance.booked.over_deducted_fen, Fen::new(65_000));
    let report = test.app.rebuild_and_compare().await.expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test]
async fn a_return_number_is_used_once_by_an_employer() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let caller = Caller::developer();
    let numbered = |number, period| {
        let mut call = post(number, BAKERY, period, 100);
        call.declaration.return_number = "R-1".to_owned();
        call
    };
    test.app
        .post_deduction(&caller, numbered(1, "2022-12"))
        .await
        .expect("posted");
    let error = test
        .app
        .post_deduction(&caller, numbered(2, "2023-01"))
        .await
        .expect_err("used");
    assert_eq!(error.reason, ErrorReason::ReturnNumberReused);
}
