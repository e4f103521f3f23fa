use std::sync::{Arc, Mutex};
use std::time::Duration;

use mamagang_app::Caller;
use mamagang_domain::reason::Language;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::*;

/// Doubles its rows and remembers how they came.
#[derive(Clone, Default)]
struct Doubling {
    chunks: Arc<Mutex<Vec<usize>>>,
    stalls: bool,
    refuses: Option<i32>,
}

impl Rows for Doubling {
    type Row = i32;
    type Answer = i32;

    async fn answer(&mut self, rows: Vec<i32>) -> Result<Vec<i32>, Status> {
        self.chunks.lock().expect("not poisoned").push(rows.len());
        if self.stalls {
            std::future::pending::<()>().await;
        }
        match self.refuses {
            Some(row) if rows.contains(&row) => Err(Status::aborted("refused")),
            _ => Ok(rows.into_iter().map(|row| row * 2).collect()),
        }
    }
}

fn call(deadline: Option<Instant>) -> Call {
    Call {
        caller: Arc::new(Caller::developer()),
        language: Language::English,
        deadline,
    }
}

async fn run(
    rows: impl Stream<Item = Result<i32, Status>> + Send + Unpin + 'static,
    work: &Doubling,
    deadline: Option<Instant>,
) -> Vec<Result<i32, Status>> {
    chunked(rows, call(deadline), work.clone()).collect().await
}

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

#[tokio::test]
async fn rows_are_answered_in_order_in_chunks_of_a_limited_size() {
    let work = Doubling::default();
    let rows = stream::iter((0..1_200).map(Ok));
    let answers: Vec<i32> = run(rows, &work, None)
        .await
        .into_iter()
        .map(|it| it.expect("an answer"))
        .collect();
    assert_eq!(answers, (0..1_200).map(|row| row * 2).collect::<Vec<_>>());
    assert_eq!(*work.chunks.lock().expect("not poisoned"), [500, 500, 200]);
}

#[tokio::test]
async fn a_row_is_answered_before_the_next_one_is_sent() {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let mut answers = chunked(
        tokio_stream::wrappers::ReceiverStream::new(receiver),
        call(None),
        Doubling::default(),
    );
    for row in [1, 2, 3] {
        sender.send(Ok(row)).await.expect("open");
        assert_eq!(
            answers.next().await.expect("an answer").expect("right"),
            row * 2
        );
    }
    drop(sender);
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn nothing_is_taken_in_before_the_answers_are_taken_out() {
    let work = Doubling::default();
    let mut answers = chunked(stream::iter((0..1_200).map(Ok)), call(None), work.clone());
    answers.next().await.expect("an answer").expect("right");
    assert_eq!(*work.chunks.lock().expect("not poisoned"), [500]);
}

#[tokio::test]
async fn rows_before_a_broken_message_are_answered_and_the_stream_ends() {
    let work = Doubling::default();
    let rows = stream::iter([Ok(1), Ok(2), Err(Status::out_of_range("too large")), Ok(3)]);
    let answers = run(rows, &work, None).await;
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1].as_ref().expect("an answer"), &4);
    assert_eq!(
        reason(answers[2].as_ref().expect_err("the end")),
        "MESSAGE_TOO_LARGE"
    );
}

#[tokio::test]
async fn a_refusal_ends_the_stream() {
    let work = Doubling {
        refuses: Some(600),
        ..Doubling::default()
    };
    let answers = run(stream::iter((0..1_200).map(Ok)), &work, None).await;
    assert_eq!(answers.len(), 501);
    assert_eq!(
        answers[500].as_ref().expect_err("the end").code(),
        Code::Aborted
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_a_message_ends_after_a_while() {
    let started = Instant::now();
    let answers = run(stream::pending(), &Doubling::default(), None).await;
    assert_eq!(
        reason(answers[0].as_ref().expect_err("the end")),
        "DEADLINE_TOO_SHORT"
    );
    assert_eq!(started.elapsed(), STREAM_IDLE_MAX);
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_ends_a_stream_earlier() {
    let deadline = Instant::now() + Duration::from_secs(5);
    let answers = run(stream::pending(), &Doubling::default(), Some(deadline)).await;
    assert_eq!(answers.len(), 1);
    assert_eq!(Instant::now(), deadline);
}

#[tokio::test(start_paused = true)]
async fn rows_that_take_too_long_end_the_stream() {
    let started = Instant::now();
    let work = Doubling {
        stalls: true,
        ..Doubling::default()
    };
    let answers = run(stream::iter([Ok(1)]), &work, None).await;
    let status = answers[0].as_ref().expect_err("the end");
    assert_eq!(
        (status.code(), reason(status)),
        (Code::DeadlineExceeded, "DEADLINE_TOO_SHORT".to_owned())
    );
    assert_eq!(started.elapsed(), CALL_TIME_DEFAULT);
}
