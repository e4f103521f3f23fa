//! The forms of a return, and the chain's end, on every engine.

use mamagang_app::Caller;
use mamagang_app::ledger::{CodedRow, ReliefScheduleQuery, SettleYear, WorkTimeQuery};
use mamagang_domain::fact::EmployerKind;
use mamagang_domain::ledger::{ChainAnchor, ChainFaultKind, Genesis, Settlement};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::tax::TaxKind;
use mamagang_testkit::{TestApp, context, date, month, write};

use crate::city::{
    BAKERY, LAUNDRY, LI, bakery_with_wang, code, contract, employer, insured, post, record,
    registered,
};

fn year() -> TaxYear {
    TaxYear::new(2023).expect("a year")
}

fn table(after: u32, limit: u32) -> WorkTimeQuery {
    WorkTimeQuery {
        context: context(),
        employer_code: code(BAKERY),
        tax_year: year(),
        as_of: None,
        after,
        limit,
    }
}

fn schedule() -> ReliefScheduleQuery {
    ReliefScheduleQuery {
        employer_code: code(BAKERY),
        tax_year: year(),
        period: None,
        as_of: None,
    }
}

fn settle(number: u128, cit_payable_fen: i64) -> SettleYear {
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

/// 李敏, registered unemployed for a year, hired 2023-07-01 and insured from then on.
fn unemployed_li() -> Vec<mamagang_app::facts::FactItem> {
    let mut items = registered(LI, "2022-06-01");
    items.push(contract(LI, BAKERY, "C2", "2023-07-01"));
    items.extend(insured(LI, BAKERY, "2023-07", "2023-12"));
    items
}

#[tokio::test]
async fn the_work_time_table_lists_each_worker_once_with_masked_identities() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        record(&test, unemployed_li()).await;
        let caller = Caller::developer();
        test.app
            .post_deduction(&caller, post(1, BAKERY, "2023-08", 100_000))
            .await
            .expect("posted");
        let page = test.app.work_time_table(&caller, table(0, 1)).await;
        let page = page.expect("a page");
        assert_eq!(page.next_after, Some(1));
        let rest = test.app.work_time_table(&caller, table(1, 1)).await;
        let rest = rest.expect("a page");
        assert_eq!(rest.next_after, None);
        let mut rows = [page.rows, rest.rows].concat();
        assert_eq!(
            rows.iter().map(|row| row.ordinal).collect::<Vec<_>>(),
            [1, 2]
        );
        rows.sort_by_key(|row| row.group);
        let (wang, li) = (&rows[0], &rows[1]);
        let (_, number, name) = wang.identity.clone().expect("known");
        assert_eq!(
            (number.as_str(), name.as_str()),
            ("442000********9982", "王**")
        );
        assert_eq!(wang.certificate_number, None);
        assert_eq!(
            (wang.group, wang.booked.len(), wang.months_unbooked),
            (Some(CodeGroup::Poverty), 8, 4)
        );
        assert_eq!(li.booked, [month("2023-07"), month("2023-08")]);
        assert_eq!(
            (li.group, li.accrued_fen),
            (Some(CodeGroup::Unemployment), Fen::new(2 * 65_000))
        );
        let certificate = li.certificate_number.clone().expect("a certificate");
        assert!(certificate.contains('*') && !certificate.contains("4420000022000001"));
    }
}

#[tokio::test]
async fn a_page_of_persons_needs_a_reason() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let mut asked = table(0, 10);
    asked.context.purpose.clear();
    let refused = test.app.work_time_table(&Caller::developer(), asked).await;
    assert_eq!(
        refused.expect_err("no purpose").reason,
        mamagang_app::ErrorReason::ContextRequired
    );
}

fn total(rows: &[&CodedRow], amount: impl Fn(&CodedRow) -> Fen) -> Fen {
    rows.iter().map(|row| amount(row)).sum()
}

#[tokio::test]
async fn the_relief_schedule_carries_each_balance_to_the_next_period() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        record(&test, unemployed_li()).await;
        let caller = Caller::developer();
        for (number, period, payable) in [
            (1, "2023-03", 150_000),
            (2, "2023-08", 200_000),
            (3, "2023-12", 50_000),
        ] {
            let posting = post(number, BAKERY, period, payable);
            test.app
                .post_deduction(&caller, posting)
                .await
                .expect("posted");
        }
        let settled = test.app.settle_year(&caller, settle(4, 200_000)).await;
        let balance = settled.expect("settled").balance.booked;
        let (rows, _) = test
            .app
            .relief_schedule(&caller, schedule())
            .await
            .expect("rows");
        let accrued = total(&rows.iter().collect::<Vec<_>>(), |coded| {
            coded.row.arising_fen
        });
        assert_eq!(accrued, balance.accrued_fen, "all that arose was accrued");
        for tax in TaxKind::ALL {
            let of_tax: Vec<_> = rows.iter().filter(|coded| coded.row.tax == tax).collect();
            assert_eq!(
                total(&of_tax, |coded| coded.row.deducted_fen),
                balance.deducted_fen[tax as usize],
                "{tax:?}"
            );
        }
        let settlement: Vec<_> = rows
            .iter()
            .filter(|coded| coded.row.period.is_none())
            .collect();
        assert_eq!(
            total(&settlement, |coded| coded.row.closing_fen()),
            balance.forfeited_fen
        );
        for group in CodeGroup::ALL {
            let of_group: Vec<_> = rows
                .iter()
                .filter(|coded| coded.row.group == group)
                .collect();
            for pair in of_group.windows(2) {
                assert_eq!(pair[0].row.closing_fen(), pair[1].row.opening_fen);
            }
        }
        let codes: Vec<&str> = rows.iter().map(|coded| coded.code.as_str()).collect();
        assert!(codes.contains(&"0001013612") && codes.contains(&"0001013613"));
        assert!(!codes.contains(&"0001013610") && !codes.contains(&"0001013611"));
    }
}

#[tokio::test]
async fn a_kept_head_proves_that_the_chain_still_runs_through_it() {
    for test in TestApp::each(date("2024-02-01")).await {
        record(&test, bakery_with_wang()).await;
        record(&test, vec![employer(LAUNDRY, EmployerKind::Company)]).await;
        let caller = Caller::developer();
        let empty = test
            .app
            .chain_head(&caller, code(LAUNDRY))
            .await
            .expect("a head");
        assert_eq!(
            (empty.sequence, empty.hash, empty.recorded_at),
            (0, Genesis::hash(&code(LAUNDRY)), None)
        );
        for (number, period) in [(1, "2023-01"), (2, "2023-02")] {
            let posting = post(number, BAKERY, period, 10_000);
            test.app
                .post_deduction(&caller, posting)
                .await
                .expect("posted");
        }
        let head = test
            .app
            .chain_head(&caller, code(BAKERY))
            .await
            .expect("a head");
        assert_eq!(head.sequence, 2);
        let posting = post(3, BAKERY, "2023-03", 10_000);
        test.app
            .post_deduction(&caller, posting)
            .await
            .expect("posted");
        let known = ChainAnchor {
            sequence: head.sequence,
            hash: head.hash,
        };
        let verified = test
            .app
            .verify_chain(&caller, code(BAKERY), Some(known))
            .await;
        let verified = verified.expect("verified");
        assert_eq!((verified.entry_count, verified.faults), (3, vec![]));
        let other = ChainAnchor {
            hash: [0; 32],
            ..known
        };
        let verified = test
            .app
            .verify_chain(&caller, code(BAKERY), Some(other))
            .await;
        let kinds: Vec<_> = verified
            .expect("verified")
            .faults
            .iter()
            .map(|fault| fault.kind)
            .collect();
        assert_eq!(kinds, [ChainFaultKind::Rewritten]);
        let beyond = ChainAnchor {
            sequence: 9,
            ..known
        };
        let verified = test
            .app
            .verify_chain(&caller, code(BAKERY), Some(beyond))
            .await;
        let faults = verified.expect("verified").faults;
        assert_eq!(
            (faults[0].sequence, faults[0].through, faults[0].kind),
            (4, 9, ChainFaultKind::CutOff)
        );
    }
}
