//! Connections: accepted within limits, drained on request.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::limits::{HttpLimits, LIMITS};

/// Pause after a failed accept: what fails is most often the process' open files, which other connections give back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// Accepts that may fail in a row before the listener counts as broken.
const ACCEPT_FAILURES_MAX: u32 = 120;

/// Serves `router` on `listener` until `shutdown` completes, then lets open answers finish.
///
/// Dropping the future closes every connection at once. Errors: the listener has failed for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_within(listener, router, LIMITS, shutdown).await
}

/// [`serve`] with other limits.
pub async fn serve_within(
    listener: TcpListener,
    router: Router,
    limits: HttpLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let draining = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, slot) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &slots) => accepted?,
        };
        let connection = drive(stream, router.clone(), limits, draining.clone());
        connections.spawn(async move {
            connection.await;
            drop(slot);
        });
    }
    drop(listener);
    draining.cancel();
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let mut failures = 0;
    loop {
        let error = match listener.accept().await {
            Ok((stream, _)) => return Ok((stream, slot)),
            Err(error) if is_the_peers(&error) => continue,
            Err(error) => error,
        };
        failures += 1;
        if failures == ACCEPT_FAILURES_MAX {
            return Err(error);
        }
        tracing::warn!(%error, failures, "A connection to the HTTP listener could not be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// Whether a peer went away before its connection was taken.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Answers one connection's requests until the peer ends it, it is old, or the server drains.
async fn drive(stream: TcpStream, router: Router, limits: HttpLimits, draining: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "An HTTP connection keeps its small packets back");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = draining.cancelled() => None,
        () = tokio::time::sleep(limits.connection_age_max) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            let finished = tokio::time::timeout(limits.drain_timeout, connection).await;
            finished.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "An HTTP connection ended early");
    }
}
