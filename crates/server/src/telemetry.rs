//! Logs, traces and metrics of the process.
//!
//! Logs go to standard error. Traces are made only where an endpoint is set, and sent by OTLP over gRPC. Metrics are kept
//! in memory and rendered by whoever holds the handle. None of them may carry personal data; the panic hook drops the
//! panic's message for that reason, since it often quotes the value at hand.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal, stderr};
use std::panic::PanicHookInfo;
use std::time::Duration;

use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::task::JoinHandle;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, filter};

use crate::settings::{LogFormat, LogSettings};

/// Duration of a call, by the RPC semantic conventions. Rendered as `rpc_server_call_duration_seconds`.
pub const RPC_DURATION: &str = "rpc.server.call.duration";

/// Panics since the start.
pub const PANICS: &str = "process.panics";

/// Bounds in seconds: those of the RPC semantic conventions, and finer ones below, where most calls end.
const RPC_DURATION_BOUNDS: [f64; 17] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];

/// How often recorded durations are sorted into their buckets. Between two turns they wait in memory.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// How long the receiver of traces gets to take the last ones.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log filter does not parse.
    #[error("the log filter does not parse")]
    Filter(#[source] filter::ParseError),
    /// No exporter of traces can be made for the endpoint.
    #[error("the exporter of traces could not be made")]
    Traces(#[source] ExporterBuildError),
    /// The process has a log already.
    #[error("the log could not be installed")]
    Log(#[source] TryInitError),
    /// The process has a metrics recorder already.
    #[error("the metrics recorder could not be installed")]
    Metrics(#[source] BuildError),
}

/// The process' telemetry. Close it at the end, or the last traces are lost.
#[must_use = "the last traces are lost unless it is closed"]
pub struct Telemetry {
    metrics: PrometheusHandle,
    upkeep: JoinHandle<()>,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Installs log, traces, metrics and panic hook for the process. Once, inside a multi-threaded tokio runtime.
    pub fn install(log: &LogSettings, otlp_endpoint: Option<&str>) -> Result<Self, TelemetryError> {
        let filter = EnvFilter::builder()
            .parse(&log.filter)
            .map_err(TelemetryError::Filter)?;
        let traces = otlp_endpoint
            .map(trace_provider)
            .transpose()
            .map_err(TelemetryError::Traces)?;
        let tracer = traces.as_ref().map(|provider| provider.tracer("mamagang"));
        let colours = stderr().is_terminal();
        subscriber(log.format, filter, colours, stderr, tracer)
            .try_init()
            .map_err(TelemetryError::Log)?;
        if traces.is_some() {
            opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        }
        let recorder = recorder().map_err(TelemetryError::Metrics)?;
        let metrics = recorder.handle();
        metrics::set_global_recorder(recorder)
            .map_err(|error| TelemetryError::Metrics(error.into()))?;
        describe();
        std::panic::set_hook(Box::new(log_panic));
        let upkeep = tokio::spawn(keep_up(metrics.clone()));
        Ok(Self {
            metrics,
            upkeep,
            traces,
        })
    }

    /// Renders the metrics.
    pub fn metrics(&self) -> PrometheusHandle {
        self.metrics.clone()
    }

    /// Sends what is still to be sent, for at most five seconds.
    pub async fn close(self) {
        self.upkeep.abort();
        let Some(traces) = self.traces else { return };
        // It blocks until the receiver has answered, which needs the runtime's threads.
        let closed =
            tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(FLUSH_MAX)).await;
        match closed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "The last traces could not be sent"),
            Err(error) => tracing::warn!(%error, "The sending of the last traces broke off"),
        }
    }
}

/// Log and traces; without a tracer the log alone.
fn subscriber<W>(
    format: LogFormat,
    filter: EnvFilter,
    colours: bool,
    writer: W,
    tracer: Option<SdkTracer>,
) -> impl Subscriber + Send + Sync + for<'a> LookupSpan<'a>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(colours);
    let lines = match format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .with_ansi(false)
            .boxed(),
        LogFormat::Text => lines.boxed(),
    };
    let spans = tracer.map(|tracer| {
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_threads(false);
        layer.with_filter(filter::filter_fn(is_ours))
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(spans)
}

/// Only our own spans are traced. Those of the libraries would include the exporter's, which would then export itself.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("mamagang")
}

fn trace_provider(endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(FLUSH_MAX)
        .build()?;
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder()
        .with_service_name("mamagang")
        .with_attribute(version)
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let duration = Matcher::Full(RPC_DURATION.to_owned());
    let builder = PrometheusBuilder::new().with_recommended_naming(true);
    Ok(builder
        .set_buckets_for_metric(duration, &RPC_DURATION_BOUNDS)?
        .build_recorder())
}

/// Units and help. The unit also ends the rendered name.
fn describe() {
    metrics::describe_histogram!(
        RPC_DURATION,
        metrics::Unit::Seconds,
        "Time from a call's headers to its answer's end."
    );
    metrics::describe_counter!(PANICS, "Panics since the start.");
    metrics::counter!(PANICS).absolute(0);
}

async fn keep_up(metrics: PrometheusHandle) {
    let mut turns = tokio::time::interval(METRICS_UPKEEP);
    loop {
        turns.tick().await;
        metrics.run_upkeep();
    }
}

/// Logs where a panic happened, never what it said.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    metrics::counter!(PANICS).increment(1);
    tracing::error!(
        code.location = location,
        thread.name = thread.name().unwrap_or_default(),
        code.stacktrace = backtrace,
        "The program has panicked",
    );
}

#[cfg(test)]
mod tests;
