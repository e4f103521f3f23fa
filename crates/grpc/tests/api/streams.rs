//! Streams of facts and of questions.

use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;

fn rows(facts: Vec<v1::Fact>) -> Vec<v1::ImportFactsRequest> {
    let mut rows: Vec<_> = facts
        .into_iter()
        .map(|fact| v1::ImportFactsRequest {
            request_id: String::new(),
            fact: Some(fact),
            validate_only: false,
        })
        .collect();
    rows[0].request_id = request_id(1);
    rows
}

async fn import(
    clients: &mut Clients,
    rows: Vec<v1::ImportFactsRequest>,
) -> Vec<Result<v1::FactResult, tonic::Status>> {
    let answers = clients
        .registry
        .import_facts(tokio_stream::iter(rows))
        .await
        .expect("a stream")
        .into_inner();
    answers
        .map(|answer| answer.map(|answer| answer.result.expect("a result")))
        .collect()
        .await
}

#[tokio::test]
async fn an_import_answers_each_row_in_order_and_records_nothing_twice() {
    let mut clients = clients().await;
    let mut sent = rows(facts());
    sent.insert(2, v1::ImportFactsRequest::default());
    let first: Vec<_> = import(&mut clients, sent.clone())
        .await
        .into_iter()
        .map(|it| it.expect("a row"))
        .collect();
    assert_eq!(first.len(), sent.len());
    for (row, result) in sent.iter().zip(&first) {
        assert_eq!(
            result.row_key,
            row.fact
                .as_ref()
                .map(|fact| fact.row_key.clone())
                .unwrap_or_default()
        );
        assert_eq!(result.error.is_some(), row.fact.is_none());
    }
    let again: Vec<_> = import(&mut clients, sent)
        .await
        .into_iter()
        .map(|it| it.expect("a row"))
        .collect();
    assert!(
        again
            .iter()
            .all(|result| result.error.is_some() || result.unchanged)
    );
    assert_eq!(again[0].fact_id, first[0].fact_id);
}

#[tokio::test]
async fn an_import_without_a_request_id_is_refused() {
    let mut clients = clients().await;
    let mut sent = rows(facts());
    sent[0].request_id.clear();
    let answers = import(&mut clients, sent).await;
    assert_eq!(answers.len(), 1);
    let status = answers[0].as_ref().expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status
            .get_details_bad_request()
            .expect("BadRequest")
            .field_violations[0]
            .field,
        "request_id"
    );
}

fn question(row_key: &str, employer_code: &str) -> v1::StreamKeyGroupChecksRequest {
    v1::StreamKeyGroupChecksRequest {
        context: None,
        check: Some(v1::KeyGroupCheck {
            row_key: row_key.to_owned(),
            employer_code: employer_code.to_owned(),
            worker: worker(),
            from_month: "2023-01".to_owned(),
            through_month: "2023-12".to_owned(),
        }),
        as_of_time: None,
    }
}

#[tokio::test]
async fn the_first_message_of_a_stream_says_why_the_others_are_asked() {
    use v1::key_group_check_result::Result as Answer;
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let first = v1::StreamKeyGroupChecksRequest {
        context: context(),
        ..question("1", EMPLOYER)
    };
    let sent = vec![
        first,
        question("2", ""),
        question("3", "91442000QQ0000039Q"),
        question("4", EMPLOYER),
    ];
    let answers = clients
        .eligibility
        .stream_key_group_checks(tokio_stream::iter(sent))
        .await
        .expect("a stream");
    let answers: Vec<_> = answers
        .into_inner()
        .map(|it| it.expect("an answer").result.expect("a result"))
        .collect()
        .await;
    let keys: Vec<&str> = answers
        .iter()
        .map(|answer| answer.row_key.as_str())
        .collect();
    assert_eq!(keys, ["1", "2", "3", "4"]);
    let codes: Vec<i32> = answers
        .iter()
        .map(|answer| match answer.result.as_ref().expect("told") {
            Answer::Decision(decision) => -decision.outcome,
            Answer::Error(error) => error.code,
        })
        .collect();
    assert_eq!(
        codes,
        [-1, Code::InvalidArgument as i32, Code::NotFound as i32, -1]
    );
}

#[tokio::test]
async fn a_stream_of_questions_without_a_context_is_refused() {
    let mut clients = clients().await;
    let sent = tokio_stream::iter(vec![question("1", EMPLOYER)]);
    let mut answers = clients
        .eligibility
        .stream_key_group_checks(sent)
        .await
        .expect("a stream")
        .into_inner();
    let status = answers.next().await.expect("an end").expect_err("refused");
    assert_eq!(
        status.get_details_error_info().expect("ErrorInfo").reason,
        "CONTEXT_REQUIRED"
    );
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn a_batch_of_statuses_has_one_answer_each() {
    use v1::worker_status_check_result::Result as Answer;
    let mut clients = clients().await;
    record_all(&mut clients).await;
    let check = |row_key: &str, worker: Option<v1::WorkerRef>| v1::WorkerStatusCheck {
        row_key: row_key.to_owned(),
        worker,
        as_of_date: "2023-03-10".to_owned(),
    };
    let expired = Some(v1::WorkerRef {
        r#ref: Some(Ref::MatchId("made up".to_owned())),
    });
    let message = v1::BatchVerifyWorkerStatusRequest {
        context: context(),
        checks: vec![check("1", worker()), check("2", None), check("3", expired)],
    };
    let results = clients
        .verification
        .batch_verify_worker_status(message)
        .await
        .expect("answers")
        .into_inner()
        .results;
    let codes: Vec<i32> = results
        .iter()
        .map(|result| match result.result.as_ref().expect("told") {
            Answer::Answer(answer) => -answer.outcome,
            Answer::Error(error) => error.code,
        })
        .collect();
    assert_eq!(
        codes,
        [
            -1,
            Code::InvalidArgument as i32,
            Code::FailedPrecondition as i32
        ]
    );
}
