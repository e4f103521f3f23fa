//! The listener, over real loopback connections.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use mamagang_http::{HttpLimits, HttpState, LIMITS, NotReady, Readiness, router, serve_within};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Ready;

#[async_trait]
impl Readiness for Ready {
    async fn check(&self) -> Result<(), NotReady> {
        Ok(())
    }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
}

async fn start(routes: Router, limits: HttpLimits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let task = tokio::spawn(serve_within(listener, routes, limits, stopped));
    Server {
        address,
        stop,
        task,
    }
}

fn probes() -> Router {
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    router(HttpState::new(Arc::new(Ready), metrics))
}

/// Sends `request` and reads until the server ends the connection.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses what it has not read to its end may reset the connection after its answer.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_probe_is_answered_over_a_socket_and_the_server_ends_when_asked() {
    let server = start(probes(), LIMITS).await;
    let answer = exchange(
        server.address,
        "GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("{\"status\":\"ready\"}"), "{answer}");
    server.stop.cancel();
    server.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused_and_up_to_it_are_read() {
    let server = start(probes(), LIMITS).await;
    // Two headers of the limit are `host` and `connection`.
    for (count, status) in [
        (LIMITS.headers_max - 2, "200"),
        (LIMITS.headers_max - 1, "431"),
    ] {
        let headers: String = (0..count)
            .map(|index| format!("x-{index}: 1\r\n"))
            .collect();
        let request =
            format!("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
        let answer = exchange(server.address, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{count}: {answer}"
        );
    }
    let long = "a".repeat(LIMITS.header_bytes_max + 1);
    let answer = exchange(
        server.address,
        &format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_connection_that_sends_no_request_is_closed() {
    let limits = HttpLimits {
        header_timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let server = start(probes(), limits).await;
    for partial in ["", "GET /healthz HTTP/1.1\r\nhost"] {
        let answer = exchange(server.address, partial).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_until_another_ends() {
    let server = start(
        probes(),
        HttpLimits {
            connections_max: 1,
            ..LIMITS
        },
    )
    .await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    first.read_u8().await.unwrap();
    let second = exchange(
        server.address,
        "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    let mut second = tokio::spawn(second);
    tokio::time::timeout(Duration::from_millis(100), &mut second)
        .await
        .expect_err("the second connection was answered while the first held the only slot");
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200 OK"));
}

/// A route that says when it was entered and waits to be let go.
fn held() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (entering, releasing) = (Arc::clone(&entered), Arc::clone(&release));
    let route = get(move || async move {
        entering.notify_one();
        releasing.notified().await;
        "done"
    });
    (Router::new().route("/held", route), entered, release)
}

const HELD: &str = "GET /held HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn an_answer_under_way_is_finished_after_the_order_to_stop() {
    let (routes, entered, release) = held();
    let server = start(routes, LIMITS).await;
    let answer = tokio::spawn(exchange(server.address, HELD));
    entered.notified().await;
    server.stop.cancel();
    assert!(!server.task.is_finished());
    release.notify_one();
    let answer = answer.await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("done"),
        "{answer}"
    );
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_that_never_comes_does_not_keep_the_server() {
    let (routes, entered, _release) = held();
    let server = start(
        routes,
        HttpLimits {
            drain_timeout: Duration::from_millis(50),
            ..LIMITS
        },
    )
    .await;
    let answer = tokio::spawn(exchange(server.address, HELD));
    entered.notified().await;
    server.stop.cancel();
    server.task.await.unwrap().unwrap();
    assert_eq!(answer.await.unwrap(), "");
}
