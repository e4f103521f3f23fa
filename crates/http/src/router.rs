//! Routes and their answers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::Mutex;
use tower_http::limit::RequestBodyLimitLayer;

use crate::limits::{HttpLimits, LIMITS};
use crate::readiness::{NotReady, Readiness};

/// The version of the text format that the exporter writes.
const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub struct HttpState {
    readiness: Arc<dyn Readiness>,
    /// Probes wait for each other, so that no flood of them becomes a flood on the store.
    one_check: Arc<Mutex<()>>,
    metrics: PrometheusHandle,
    limits: HttpLimits,
}

impl HttpState {
    /// A state with the limits in force.
    pub fn new(readiness: Arc<dyn Readiness>, metrics: PrometheusHandle) -> Self {
        Self::with_limits(readiness, metrics, LIMITS)
    }

    /// A state with other limits.
    pub fn with_limits(
        readiness: Arc<dyn Readiness>,
        metrics: PrometheusHandle,
        limits: HttpLimits,
    ) -> Self {
        Self {
            readiness,
            one_check: Arc::default(),
            metrics,
            limits,
        }
    }
}

/// A JSON answer about the service's state.
#[derive(Serialize)]
struct Report {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// `GET /healthz`, `/readyz` and `/metrics`.
///
/// - `/healthz`: `200 {"status":"alive"}` as long as the process answers at all.
/// - `/readyz`: `200 {"status":"ready"}`, or `503 {"status":"not_ready","reason":…,"message":…}` with the code and
///   sentence of a [`NotReady`].
/// - `/metrics`: the metrics in Prometheus' text format.
///
/// Other paths are 404, other methods 405.
pub fn router(state: HttpState) -> Router {
    let limits = state.limits;
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(RequestBodyLimitLayer::new(limits.body_bytes_max))
        .layer(middleware::from_fn_with_state(
            limits.request_timeout,
            within,
        ))
        .layer(middleware::map_response(never_cached))
        .with_state(state)
}

async fn healthz() -> Response {
    Json(Report {
        status: "alive",
        reason: None,
        message: None,
    })
    .into_response()
}

async fn readyz(State(state): State<HttpState>) -> Response {
    let check = async {
        let _turn = state.one_check.lock().await;
        state.readiness.check().await
    };
    let answer = tokio::time::timeout(state.limits.readiness_timeout, check).await;
    match answer.unwrap_or(Err(NotReady::CheckTimedOut)) {
        Ok(()) => Json(Report {
            status: "ready",
            reason: None,
            message: None,
        })
        .into_response(),
        Err(why) => refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            why.code(),
            why.sentence(),
        ),
    }
}

async fn metrics(State(state): State<HttpState>) -> Response {
    (
        [(header::CONTENT_TYPE, METRICS_CONTENT_TYPE)],
        state.metrics.render(),
    )
        .into_response()
}

async fn not_found() -> Response {
    refusal(
        StatusCode::NOT_FOUND,
        "error",
        "NOT_FOUND",
        "There is nothing at this path.",
    )
}

async fn method_not_allowed() -> Response {
    let sentence = "This path does not take this method.";
    refusal(
        StatusCode::METHOD_NOT_ALLOWED,
        "error",
        "METHOD_NOT_ALLOWED",
        sentence,
    )
}

fn refusal(
    code: StatusCode,
    status: &'static str,
    reason: &'static str,
    message: &'static str,
) -> Response {
    (
        code,
        Json(Report {
            status,
            reason: Some(reason),
            message: Some(message),
        }),
    )
        .into_response()
}

/// Gives up on an answer that does not begin in time.
async fn within(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let sentence = "The answer took too long.";
        refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "error",
            "TIMED_OUT",
            sentence,
        )
    })
}

/// Every answer here is about this moment; one from a cache in between would be wrong.
async fn never_cached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
