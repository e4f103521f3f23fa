//! Batches, forms, chains and the feed over gRPC.

use std::time::Duration;

use mamagang_proto::v1::post_deduction_result::Result as PostingResult;
use mamagang_proto::v1::{
    self, BatchGetEmployerBalancesRequest, BatchPostDeductionsRequest, GetChainHeadRequest,
    GetReliefScheduleRequest, GetWorkTimeTableRequest, VerifyChainRequest, WatchEntriesRequest,
};
use tonic::{Code, Streaming};

use crate::harness::{BAKERY, Service, bakery_with_wang, context, posting, reason};

async fn watch(service: &Service, feed_token: &str) -> Streaming<v1::WatchEntriesResponse> {
    let request = WatchEntriesRequest {
        feed_token: feed_token.to_owned(),
        ..WatchEntriesRequest::default()
    };
    let stream = service.ledger().watch_entries(request).await;
    stream.expect("a stream").into_inner()
}

async fn next(stream: &mut Streaming<v1::WatchEntriesResponse>) -> (i64, String) {
    let message = tokio::time::timeout(Duration::from_secs(10), stream.message()).await;
    let message = message.expect("in time").expect("a feed").expect("no end");
    let entry = message.entry.expect("an entry");
    (entry.sequence, message.feed_token)
}

#[tokio::test]
async fn a_batch_answers_each_posting_by_itself() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let mut wrong = posting(3, "2023-02", 100);
    wrong.employer_code = "no code".to_owned();
    let batch = BatchPostDeductionsRequest {
        postings: vec![
            posting(2, "2023-01", 100_000),
            wrong,
            posting(4, "2023-01", 100_000),
            posting(5, "2023-02", 100_000),
        ],
    };
    let answered = service.ledger().batch_post_deductions(batch).await;
    let results = answered.expect("answered").into_inner().results;
    let told: Vec<Result<i64, i32>> = results
        .iter()
        .map(|result| match result.result.as_ref().expect("a result") {
            PostingResult::Posting(posting) => Ok(posting.sequence),
            PostingResult::Error(error) => Err(error.code),
        })
        .collect();
    let (wrong, refused) = (
        Code::InvalidArgument as i32,
        Code::FailedPrecondition as i32,
    );
    assert_eq!(told, [Ok(1), Err(wrong), Err(refused), Ok(2)]);
    let empty = BatchPostDeductionsRequest::default();
    let error = service.ledger().batch_post_deductions(empty).await;
    assert_eq!(reason(&error.expect_err("none")), "INVALID_ARGUMENT_FIELDS");
    let years = BatchGetEmployerBalancesRequest {
        years: vec![v1::EmployerYear {
            employer_code: BAKERY.to_owned(),
            tax_year: 2023,
            through_month: String::new(),
        }],
        as_of_time: None,
    };
    let found = service.ledger().batch_get_employer_balances(years).await;
    assert_eq!(found.expect("balances").into_inner().results.len(), 1);
}

#[tokio::test]
async fn the_forms_and_the_chain_are_told() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    service
        .ledger()
        .post_deduction(posting(2, "2023-01", 100_000))
        .await
        .expect("posted");
    let table = GetWorkTimeTableRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        tax_year: 2023,
        ..GetWorkTimeTableRequest::default()
    };
    let table = service.ledger().get_work_time_table(table).await;
    let rows = table.expect("a table").into_inner().rows;
    assert_eq!((rows.len(), rows[0].ordinal, rows[0].months), (1, 1, 1));
    assert_eq!(rows[0].type_code, "04");
    let schedule = GetReliefScheduleRequest {
        employer_code: BAKERY.to_owned(),
        tax_year: 2023,
        page_size: 1,
        ..GetReliefScheduleRequest::default()
    };
    let page = service.ledger().get_relief_schedule(schedule.clone()).await;
    let page = page.expect("a page").into_inner();
    assert_eq!(page.rows[0].code, "0001013612");
    assert_eq!(
        (page.rows[0].arising_fen, page.rows[0].deducted_fen),
        (65_000, 65_000)
    );
    assert_eq!(page.rows[0].closing_fen, 0);
    let head = GetChainHeadRequest {
        employer_code: BAKERY.to_owned(),
    };
    let head = service
        .ledger()
        .get_chain_head(head)
        .await
        .expect("a head")
        .into_inner();
    let verify = VerifyChainRequest {
        employer_code: BAKERY.to_owned(),
        known_sequence: head.sequence,
        known_hash: head.hash.clone(),
    };
    let verified = service
        .ledger()
        .verify_chain(verify)
        .await
        .expect("verified")
        .into_inner();
    assert!(verified.intact && verified.hash == head.hash);
    assert_eq!(verified.entry_count, 1);
}

#[tokio::test]
async fn a_watch_goes_on_from_its_token_and_ends_when_the_service_drains() {
    let mut service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    for (number, period) in [(2, "2023-01"), (3, "2023-02")] {
        let posted = service
            .ledger()
            .post_deduction(posting(number, period, 100))
            .await;
        posted.expect("posted");
    }
    let mut stream = watch(&service, "").await;
    let (first, token) = next(&mut stream).await;
    assert_eq!(first, 1);
    assert_eq!(next(&mut stream).await.0, 2);
    drop(stream);
    let mut stream = watch(&service, &token).await;
    assert_eq!(next(&mut stream).await.0, 2);
    let posted = service
        .ledger()
        .post_deduction(posting(4, "2023-03", 100))
        .await;
    posted.expect("posted");
    assert_eq!(next(&mut stream).await.0, 3);
    let foreign = WatchEntriesRequest {
        employer_code: BAKERY.to_owned(),
        feed_token: token,
        from_now: false,
    };
    let error = service.ledger().watch_entries(foreign).await;
    let error = error.expect_err("another selection's token");
    assert_eq!(reason(&error), "PAGE_TOKEN_INVALID");
    let ended = tokio::spawn(async move { stream.message().await });
    service.drain().await;
    let end = ended.await.expect("no panic").expect("no error");
    assert!(end.is_none());
}
