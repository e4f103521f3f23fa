//! The routes, without a socket.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use mamagang_http::{HttpLimits, HttpState, LIMITS, NotReady, Readiness, router};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt;

struct Fixed(Result<(), NotReady>);

#[async_trait]
impl Readiness for Fixed {
    async fn check(&self) -> Result<(), NotReady> {
        self.0
    }
}

/// Never answers, and knows how many callers waited for it at once.
#[derive(Clone, Default)]
struct Stuck {
    running: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
}

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Readiness for Stuck {
    async fn check(&self) -> Result<(), NotReady> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        let _running = Running(Arc::clone(&self.running));
        self.peak.fetch_max(running, Ordering::SeqCst);
        pending().await
    }
}

fn routes(readiness: impl Readiness) -> Router {
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    router(HttpState::new(Arc::new(readiness), metrics))
}

async fn call(router: Router, method: Method, path: &str, body: Body) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(body)
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn get(router: Router, path: &str) -> (StatusCode, Value) {
    let (status, body) = call(router, Method::GET, path, Body::empty()).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn a_living_process_is_healthy_even_when_it_is_not_ready() {
    let routes = routes(Fixed(Err(NotReady::StoreUnavailable)));
    assert_eq!(
        get(routes, "/healthz").await,
        (StatusCode::OK, json!({"status": "alive"}))
    );
}

#[tokio::test]
async fn a_passed_check_is_ready() {
    assert_eq!(
        get(routes(Fixed(Ok(()))), "/readyz").await,
        (StatusCode::OK, json!({"status": "ready"}))
    );
}

#[tokio::test]
async fn a_failed_check_is_unavailable_and_says_why() {
    for (why, reason) in [
        (NotReady::Draining, "DRAINING"),
        (NotReady::StoreUnavailable, "STORE_UNAVAILABLE"),
    ] {
        let (status, body) = get(routes(Fixed(Err(why))), "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            body,
            json!({"status": "not_ready", "reason": reason, "message": why.sentence()})
        );
    }
}

#[tokio::test]
async fn a_check_that_hangs_is_unavailable_and_only_one_hangs_at_a_time() {
    let stuck = Stuck::default();
    let limits = HttpLimits {
        readiness_timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let state = HttpState::with_limits(Arc::new(stuck.clone()), metrics, limits);
    let routes = router(state);
    let (first, second) = tokio::join!(get(routes.clone(), "/readyz"), get(routes, "/readyz"));
    for (status, body) in [first, second] {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body["reason"], "CHECK_TIMED_OUT");
    }
    assert_eq!(stuck.peak.load(Ordering::SeqCst), 1);
    assert_eq!(stuck.running.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_route_that_hangs_is_given_up_on() {
    let limits = HttpLimits {
        request_timeout: Duration::from_millis(20),
        readiness_timeout: Duration::from_secs(60),
        ..LIMITS
    };
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let routes = router(HttpState::with_limits(
        Arc::new(Stuck::default()),
        metrics,
        limits,
    ));
    let (status, body) = get(routes, "/readyz").await;
    assert_eq!(
        (status, body["reason"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("TIMED_OUT"))
    );
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        metrics::counter!("probe.calls", "kind" => "test").increment(3)
    });
    let routes = router(HttpState::new(Arc::new(Fixed(Ok(()))), handle));
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&bytes).contains("probe_calls{kind=\"test\"} 3"));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_json() {
    let (status, body) = get(routes(Fixed(Ok(()))), "/console").await;
    assert_eq!(
        (status, body["reason"].as_str()),
        (StatusCode::NOT_FOUND, Some("NOT_FOUND"))
    );
    let (status, body) = call(
        routes(Fixed(Ok(()))),
        Method::POST,
        "/readyz",
        Body::empty(),
    )
    .await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(body.contains("METHOD_NOT_ALLOWED"));
}

#[tokio::test]
async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    for (length, expected) in [
        (LIMITS.body_bytes_max, StatusCode::OK),
        (LIMITS.body_bytes_max + 1, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let request = Request::get("/healthz")
            .header(header::CONTENT_LENGTH, length)
            .body(Body::from(vec![b'x'; length]))
            .unwrap();
        let response = routes(Fixed(Ok(()))).oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{length}");
    }
}
