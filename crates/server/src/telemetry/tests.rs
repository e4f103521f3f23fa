mod leaks;

use std::io;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use super::*;

/// A log that can be read back.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn logged(format: LogFormat, filter: &str, work: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let filter = EnvFilter::builder().parse(filter).unwrap();
    tracing::subscriber::with_default(
        subscriber(format, filter, false, move || writer.clone(), None),
        work,
    );
    lines.text()
}

#[test]
fn a_json_log_is_one_object_a_line_with_its_spans() {
    let text = logged(LogFormat::Json, "info", || {
        let span = tracing::info_span!("grpc.call", request_id = "r-1");
        let _entered = span.enter();
        tracing::info!(entry.id = 7, "An entry was booked");
        tracing::debug!("Not asked for");
    });
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["message"], "An entry was booked");
    assert_eq!(lines[0]["entry.id"], 7);
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(
        lines[0]["spans"],
        json!([{"name": "grpc.call", "request_id": "r-1"}])
    );
}

#[test]
fn a_text_log_is_a_sentence_and_fields() {
    let text = logged(LogFormat::Text, "warn", || {
        tracing::warn!(free = 3, "The disk is nearly full");
        tracing::info!("Not asked for");
    });
    assert!(
        text.contains("WARN") && text.contains("The disk is nearly full free=3"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn a_panic_is_logged_and_counted_without_what_it_said() {
    let recorder = recorder().unwrap();
    let metrics = recorder.handle();
    let text = metrics::with_local_recorder(&recorder, || {
        logged(LogFormat::Json, "info", || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(log_panic));
            let caught = std::panic::catch_unwind(|| panic!("worker 442000199001010013"));
            std::panic::set_hook(before);
            assert!(caught.is_err());
        })
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert!(
        line["code.location"]
            .as_str()
            .unwrap()
            .contains("tests.rs:")
    );
    assert!(!text.contains("442000"), "{text}");
    assert!(
        metrics.render().contains("process_panics_total 1"),
        "{}",
        metrics.render()
    );
}

#[test]
fn durations_of_calls_are_a_histogram_in_seconds() {
    let recorder = recorder().unwrap();
    let metrics = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        describe();
        for seconds in [0.0005, 0.0006, 11.0] {
            metrics::histogram!(RPC_DURATION, "rpc.method" => "a").record(seconds);
        }
    });
    let text = metrics.render();
    for line in [
        "# TYPE rpc_server_call_duration_seconds histogram",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a\",le=\"0.0005\"} 1",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a\",le=\"0.001\"} 2",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a\",le=\"10\"} 2",
        "rpc_server_call_duration_seconds_bucket{rpc_method=\"a\",le=\"+Inf\"} 3",
        "rpc_server_call_duration_seconds_count{rpc_method=\"a\"} 3",
        "process_panics_total 0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}

/// A receiver of traces.
struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0
            .send(request.into_inner())
            .map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_sends_the_last_spans_and_only_ours() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut exports) = mpsc::unbounded_channel();
    let service = TraceServiceServer::new(Collector(sender));
    let serving = tonic::transport::Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);

    let log = LogSettings {
        format: LogFormat::Json,
        filter: "off".to_owned(),
    };
    let telemetry = Telemetry::install(&log, Some(&endpoint)).unwrap();
    tracing::info_span!("app.post_deduction", employer.id = 4).in_scope(|| ());
    tracing::info_span!(target: "h2", "frame").in_scope(|| ());
    assert!(
        telemetry
            .metrics()
            .render()
            .contains("process_panics_total 0")
    );
    telemetry.close().await;

    let export = exports.recv().await.unwrap();
    let resource = &export.resource_spans[0];
    let attributes = &resource.resource.as_ref().unwrap().attributes;
    assert!(attributes.iter().any(|attribute| {
        attribute.key == "service.name" && format!("{:?}", attribute.value).contains("\"mamagang\"")
    }));
    let names: Vec<_> = resource
        .scope_spans
        .iter()
        .flat_map(|scope| &scope.spans)
        .map(|span| &span.name)
        .collect();
    assert_eq!(names, ["app.post_deduction"]);
    assert!(exports.try_recv().is_err());
}
