use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, StreamBody};
use mamagang_app::audit::TurnedAway;
use mamagang_app::authorise::{Role, Roles};
use mamagang_app::{AppResult, Caller};
use tonic::Code;
use tonic::codegen::Bytes;
use tonic_types::StatusExt as _;
use tower::{ServiceExt as _, service_fn};

use super::*;
use crate::call::DeveloperAuthenticator;

const METHOD: &str = "/mamagang.v1.LedgerService/PostDeduction";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const MINTED: &str = "00000000-0000-0000-0000-000000000007";

#[derive(Debug)]
struct Sevens;

impl Ids for Sevens {
    fn new_id(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(7)
    }
}

#[derive(Debug)]
struct Nobody;

impl Authenticator for Nobody {
    fn authenticate(&self, _: &Parts) -> AppResult<Caller> {
        Err(AppError::new(ErrorReason::Unauthenticated))
    }
}

/// A caller with one role.
#[derive(Debug)]
struct Auditor;

impl Authenticator for Auditor {
    fn authenticate(&self, _: &Parts) -> AppResult<Caller> {
        Ok(Caller {
            roles: Roles::of(Role::TaxAuditor),
            ..Caller::developer()
        })
    }
}

/// Remembers what was refused.
#[derive(Debug, Default)]
struct Remembered(std::sync::Mutex<Vec<String>>);

#[tonic::async_trait]
impl Trail for Remembered {
    async fn record(&self, method: &str, caller: &Caller, outcome: &str) -> AppResult<()> {
        let line = format!("{method} {} {outcome}", caller.subject);
        self.0.lock().expect("a lock").push(line);
        Ok(())
    }

    async fn record_turned_away(&self, calls: &TurnedAway) -> AppResult<()> {
        let line = format!(
            "{} {} x{}",
            calls.caller.subject,
            calls.reason.name(),
            calls.count
        );
        self.0.lock().expect("a lock").push(line);
        Ok(())
    }
}

fn layer_of(authenticator: impl Authenticator, calls_max: usize) -> CallLayer {
    layer_with(authenticator, Arc::default(), calls_max)
}

fn layer_with(
    authenticator: impl Authenticator,
    trail: Arc<Remembered>,
    calls_max: usize,
) -> CallLayer {
    let authenticator = Arc::new(authenticator);
    CallLayer::within(authenticator, trail, Arc::new(Sevens), None, calls_max)
}

#[tokio::test]
async fn a_method_that_no_role_grants_is_refused_before_it_is_reached_and_recorded() {
    let trail = Arc::new(Remembered::default());
    let layer = layer_with(Auditor, Arc::clone(&trail), 1);
    let response = through(&layer, request(METHOD, &[])).await;
    assert_eq!(
        refusal(&response),
        Some((Code::PermissionDenied, "PERMISSION_DENIED".to_owned()))
    );
    let read = through(
        &layer,
        request("/mamagang.v1.LedgerService/ListEntries", &[]),
    );
    assert_eq!(refusal(&read.await), None);
    let recorded = trail.0.lock().expect("a lock").clone();
    assert_eq!(
        recorded,
        [
            "mamagang.v1.LedgerService/PostDeduction developer PERMISSION_DENIED",
            "mamagang.v1.LedgerService/ListEntries developer OK"
        ]
    );
}

fn request(path: &str, headers: &[(&'static str, &'static str)]) -> Request<Empty<Bytes>> {
    let mut builder = Request::builder().uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Empty::new()).expect("a request")
}

/// An answer whose code stands in its trailers.
fn answer(code: Code) -> Response<Body> {
    let mut trailers = HeaderMap::new();
    Status::new(code, "")
        .add_header(&mut trailers)
        .expect("trailers");
    let frames = [
        Ok::<_, Status>(http_body::Frame::data(Bytes::from_static(b"x"))),
        Ok(http_body::Frame::trailers(trailers)),
    ];
    Response::new(Body::new(StreamBody::new(futures::stream::iter(frames))))
}

/// Calls a service that answers OK through the layer.
async fn through(layer: &CallLayer, request: Request<Empty<Bytes>>) -> Response<Body> {
    let service = service_fn(|request: Request<Empty<Bytes>>| async move {
        let known = request.extensions().get::<Call>().is_some();
        let mut response = answer(Code::Ok);
        response
            .headers_mut()
            .insert("x-known", HeaderValue::from(u16::from(known)));
        Ok::<_, Infallible>(response)
    });
    layer
        .layer(service)
        .oneshot(request)
        .await
        .expect("infallible")
}

fn refusal(response: &Response<Body>) -> Option<(Code, String)> {
    let status = Status::from_header_map(response.headers())?;
    let reason = status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default();
    Some((status.code(), reason))
}

#[tokio::test]
async fn a_call_reaches_its_method_with_its_caller() {
    let layer = layer_of(DeveloperAuthenticator, 1);
    let response = through(&layer, request(METHOD, &[])).await;
    assert_eq!(response.headers()["x-known"], "1");
    assert_eq!(refusal(&response), None);
}

#[tokio::test]
async fn a_caller_that_is_not_known_is_refused_in_its_language() {
    let layer = layer_of(Nobody, 1);
    let response = through(&layer, request(METHOD, &[("accept-language", "en")])).await;
    assert_eq!(
        refusal(&response),
        Some((Code::Unauthenticated, "UNAUTHENTICATED".to_owned()))
    );
    let status = Status::from_header_map(response.headers()).expect("a status");
    assert_eq!(status.message(), "The caller is not authenticated");
    assert_eq!(response.headers()[REQUEST_ID], MINTED);
}

#[tokio::test]
async fn health_checks_need_no_caller_and_no_place() {
    let layer = layer_of(Nobody, 0);
    assert_eq!(refusal(&through(&layer, request(HEALTH, &[])).await), None);
}

#[tokio::test]
async fn the_rate_is_looked_at_before_the_caller() {
    let layer = layer_of(Nobody, 0);
    let response = through(&layer, request(METHOD, &[])).await;
    assert_eq!(
        refusal(&response),
        Some((Code::ResourceExhausted, "OVERLOADED".to_owned()))
    );
    let status = Status::from_header_map(response.headers()).expect("a status");
    assert_eq!(
        status.get_details_error_info().expect("ErrorInfo").metadata["limit"],
        "calls_max"
    );
    assert!(status.get_details_retry_info().is_some());
}

#[tokio::test]
async fn a_call_holds_its_place_until_its_answer_is_taken() {
    let layer = layer_of(DeveloperAuthenticator, 1);
    let first = through(&layer, request(METHOD, &[])).await;
    assert!(refusal(&through(&layer, request(METHOD, &[])).await).is_some());
    let taken = first.into_body().collect().await.expect("a body");
    assert_eq!(taken.trailers().expect("trailers")["grpc-status"], "0");
    let third = through(&layer, request(METHOD, &[])).await;
    assert_eq!(refusal(&third), None);
    drop(third);
    assert_eq!(refusal(&through(&layer, request(METHOD, &[])).await), None);
}

#[tokio::test]
async fn a_request_id_is_the_callers_if_it_is_a_uuid() {
    let layer = layer_of(DeveloperAuthenticator, 8);
    let own = "0193a5c0-0000-7000-8000-00000000abcd";
    let cases = [
        (own, own),
        ("0193A5C0-0000-7000-8000-00000000ABCD", own),
        ("442000198903149982", MINTED),
        ("", MINTED),
    ];
    for (sent, kept) in cases {
        let response = through(&layer, request(METHOD, &[("x-request-id", sent)])).await;
        assert_eq!(response.headers()[REQUEST_ID], kept, "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_callers_deadline_or_after_the_longest_time() {
    let layer = layer_of(DeveloperAuthenticator, 8);
    let stalling = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
        futures::future::pending::<Result<Response<Body>, Infallible>>()
    }));
    let waits: [(&[(&'static str, &'static str)], Duration); 3] = [
        (&[("grpc-timeout", "5S")], Duration::from_secs(5)),
        (&[("grpc-timeout", "soon")], CALL_TIME_DEFAULT),
        (&[], CALL_TIME_DEFAULT),
    ];
    for (headers, wait) in waits {
        let started = Instant::now();
        let response = stalling
            .clone()
            .oneshot(request(METHOD, headers))
            .await
            .expect("infallible");
        assert_eq!(
            refusal(&response),
            Some((Code::DeadlineExceeded, "DEADLINE_TOO_SHORT".to_owned()))
        );
        assert_eq!(started.elapsed(), wait);
    }
}

#[tokio::test]
async fn only_our_own_methods_get_our_details() {
    let layer = layer_of(DeveloperAuthenticator, 8);
    let refusing = layer.layer(service_fn(|_: Request<Empty<Bytes>>| async {
        Ok::<_, Infallible>(Status::out_of_range("too large").into_http::<Body>())
    }));
    let told = |path: &'static str| refusing.clone().oneshot(request(path, &[]));
    let ours = told(METHOD).await.expect("infallible");
    assert_eq!(
        refusal(&ours),
        Some((Code::OutOfRange, "MESSAGE_TOO_LARGE".to_owned()))
    );
    let other = told(HEALTH).await.expect("infallible");
    assert_eq!(refusal(&other), Some((Code::OutOfRange, String::new())));
}
