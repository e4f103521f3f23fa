//! LedgerService.

use mamagang_proto::v1::{
    self, GetEmployerBalanceRequest, GetWorkerTermRequest, ListEntriesRequest, SettleYearRequest,
};
use tonic::Code;

use crate::harness::{
    BAKERY, Service, WANG, bakery_with_wang, context, details, posting, reason, request_id, worker,
};

#[tokio::test]
async fn the_same_posting_twice_is_one_entry_and_another_amount_is_named() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let first = service
        .ledger()
        .post_deduction(posting(2, "2023-01", 100_000))
        .await
        .expect("posted")
        .into_inner();
    let again = service
        .ledger()
        .post_deduction(posting(2, "2023-01", 100_000))
        .await
        .expect("again")
        .into_inner();
    assert_eq!(first, again);
    let error = service
        .ledger()
        .post_deduction(posting(2, "2023-01", 100_001))
        .await
        .expect_err("another amount");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::AlreadyExists, "REQUEST_ID_REUSED")
    );
    let named =
        details(&error).error_info().expect("an ErrorInfo").metadata["differing_fields"].clone();
    assert_eq!(named, "vat_payable_fen");
    let error = service
        .ledger()
        .post_deduction(posting(3, "2023-01", 100_000))
        .await
        .expect_err("posted");
    assert_eq!(
        (error.code(), reason(&error).as_str()),
        (Code::FailedPrecondition, "PERIOD_ALREADY_POSTED")
    );
    let entries = ListEntriesRequest {
        employer_code: BAKERY.to_owned(),
        ..ListEntriesRequest::default()
    };
    let listed = service
        .ledger()
        .list_entries(entries)
        .await
        .expect("entries")
        .into_inner()
        .entries;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].kind(), v1::EntryKind::Post);
    assert_eq!(
        listed[0].legs.iter().map(|leg| leg.amount_fen).sum::<i64>(),
        0
    );
    assert_eq!(
        listed[0]
            .legs
            .iter()
            .map(|leg| i64::from(leg.months))
            .sum::<i64>(),
        0
    );
}

#[tokio::test]
async fn a_year_from_posting_to_settlement() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let posted = service
        .ledger()
        .post_deduction(posting(2, "2023-12", 400_000))
        .await
        .expect("posted")
        .into_inner();
    let taxes: Vec<v1::TaxKind> = posted.lines.iter().map(v1::TaxLine::tax).collect();
    assert_eq!(
        taxes,
        [
            v1::TaxKind::Vat,
            v1::TaxKind::Umct,
            v1::TaxKind::Edu,
            v1::TaxKind::Ledu
        ]
    );
    let deducted: Vec<i64> = posted.lines.iter().map(|line| line.deducted_fen).collect();
    assert_eq!(deducted, [400_000, 28_000, 12_000, 8_000]);
    assert_eq!(posted.lines[0].by_code[0].code, "0001013612");
    assert_eq!(posted.caveats[0].code(), v1::ReasonCode::PeriodSkipped);
    let settle = SettleYearRequest {
        request_id: request_id(3),
        validate_only: false,
        employer_code: BAKERY.to_owned(),
        tax_year: 2023,
        cit_payable_fen: 300_000,
    };
    let settled = service
        .ledger()
        .settle_year(settle)
        .await
        .expect("settled")
        .into_inner();
    assert_eq!(settled.cit_line.expect("a line").deducted_fen, 300_000);
    assert_eq!(settled.forfeited_fen, 780_000 - 448_000 - 300_000);
    let ask = GetEmployerBalanceRequest {
        employer_code: BAKERY.to_owned(),
        tax_year: 2023,
        as_of_time: None,
        through_month: String::new(),
    };
    let balance = service
        .ledger()
        .get_employer_balance(ask)
        .await
        .expect("a balance")
        .into_inner();
    let balance = balance.balance.expect("a balance");
    let by_tax: i64 = balance
        .deducted
        .iter()
        .map(|amount| amount.amount_fen)
        .sum();
    assert_eq!(
        balance.accrued_fen,
        by_tax + balance.forfeited_fen + balance.remaining_fen - balance.over_deducted_fen
    );
    assert_eq!(
        (
            balance.accrued_fen,
            balance.months_counted,
            balance.worker_count
        ),
        (780_000, 12, 1)
    );

    let ask = GetWorkerTermRequest {
        context: context(),
        worker: worker(WANG),
        as_of_time: None,
    };
    let term = service
        .ledger()
        .get_worker_term(ask)
        .await
        .expect("a term")
        .into_inner();
    assert_eq!((term.months_counted, term.months_left), (12, 24));
    assert_eq!(
        (term.first_month.as_str(), term.last_month.as_str()),
        ("2023-01", "2023-12")
    );

    let error = service
        .ledger()
        .post_deduction(posting(4, "2023-11", 1))
        .await
        .expect_err("settled");
    assert_eq!(reason(&error), "YEAR_SETTLED");
}

#[tokio::test]
async fn entries_are_listed_in_pages() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    for month in 1..=3_u128 {
        service
            .ledger()
            .post_deduction(posting(10 + month, &format!("2023-{month:02}"), 100))
            .await
            .expect("posted");
    }
    let mut sequences = Vec::new();
    let mut page_token = String::new();
    loop {
        let ask = ListEntriesRequest {
            employer_code: BAKERY.to_owned(),
            tax_year: 2023,
            page_size: 2,
            page_token: page_token.clone(),
            as_of_time: None,
        };
        let page = service
            .ledger()
            .list_entries(ask)
            .await
            .expect("a page")
            .into_inner();
        sequences.extend(page.entries.iter().map(|entry| entry.sequence));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(sequences, [1, 2, 3]);
}
