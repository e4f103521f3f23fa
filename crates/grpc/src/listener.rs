//! Connections: how many there may be, how they are secured, and when they are cut off.
//!
//! What HTTP/2 itself bounds is set in `server.rs`. Here is what stands before and beside it: a connection that never
//! says a word, one that outlives its age with streams that never end, one whose answers are not taken, and more of
//! them than there may be.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use metrics::{counter, gauge};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use crate::limits as own;

/// Bytes of HTTP/2's preface: what a client says first.
const PREFACE_BYTES: usize = 24;
/// Bytes that are gathered before they are sent: a largest frame of HTTP/2 with its head, and some answers.
const SENT_TOGETHER_MAX: usize = 20 << 10;
/// So many bytes wait for nothing more.
const WORTH_SENDING: usize = 4 << 10;
/// Connections that are ready and wait for being served.
const READY_MAX: usize = 64;

/// What secures connections.
pub trait Security: Send + Sync + std::fmt::Debug + 'static {
    /// The configuration of new connections as of now; `None` = they are not encrypted.
    fn config(&self) -> Option<Arc<ServerConfig>>;
}

/// The other end of a connection. Every request's extensions hold it.
#[derive(Clone, Debug)]
pub struct Peer {
    address: Option<SocketAddr>,
    certificate: Option<CertificateDer<'static>>,
    cut: Cut,
}

impl Peer {
    /// Its address.
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The certificate that it showed, verified by the handshake.
    pub const fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.certificate.as_ref()
    }

    /// Cuts its connection off.
    pub(crate) const fn cut(&self) -> &Cut {
        &self.cut
    }
}

/// Cuts a connection off from elsewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut(Arc<CutState>);

#[derive(Debug, Default)]
struct CutState {
    is_cut: AtomicBool,
    reader: AtomicWaker,
}

impl Cut {
    /// The connection's next read fails, and with it all its streams.
    pub(crate) fn now(&self) {
        self.0.is_cut.store(true, Ordering::Release);
        self.0.reader.wake();
    }

    /// Whether it was cut off; if not, the reader is woken when it is.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> bool {
        self.0.reader.register(cx.waker());
        self.0.is_cut.load(Ordering::Acquire)
    }
}

/// How many connections there are, by address.
#[derive(Debug, Default)]
struct Count {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place among those that there may be.
#[derive(Debug)]
struct Place {
    count: Arc<Mutex<Count>>,
    address: IpAddr,
}

impl Place {
    /// A place for a connection, if there is one.
    fn take(count: &Arc<Mutex<Count>>, address: IpAddr) -> Option<Self> {
        let mut counted = count.lock().unwrap_or_else(PoisonError::into_inner);
        let here = counted.by_address.get(&address).copied().unwrap_or(0);
        if counted.all >= own::CONNECTIONS_MAX || here >= own::ADDRESS_CONNECTIONS_MAX {
            return None;
        }
        counted.all += 1;
        counted.by_address.insert(address, here + 1);
        gauge!("mamagang_connections").set(counted.all as u32);
        Some(Self {
            count: Arc::clone(count),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        counted.all = counted.all.saturating_sub(1);
        let here = counted.by_address.get(&self.address).copied().unwrap_or(0);
        if here <= 1 {
            counted.by_address.remove(&self.address);
        } else {
            counted.by_address.insert(self.address, here - 1);
        }
        gauge!("mamagang_connections").set(counted.all as u32);
    }
}

/// Connections as they become ready. The listener closes when the stream is dropped.
pub(crate) fn incoming(
    listener: TcpListener,
    security: Option<Arc<dyn Security>>,
) -> ReceiverStream<io::Result<Connection>> {
    let (ready, waiting) = mpsc::channel(READY_MAX);
    tokio::spawn(accept(listener, security, ready));
    ReceiverStream::new(waiting)
}

async fn accept(
    listener: TcpListener,
    security: Option<Arc<dyn Security>>,
    ready: mpsc::Sender<io::Result<Connection>>,
) {
    let count = Arc::new(Mutex::new(Count::default()));
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection could not be accepted"
                );
                // Out of descriptors: the listener stays readable, so without a pause this would spin.
                sleep(own::ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = Place::take(&count, address.ip()) else {
            counter!("mamagang_connections_refused_total").increment(1);
            continue;
        };
        let config = security.as_ref().and_then(|security| security.config());
        let ready = ready.clone();
        tokio::spawn(async move {
            // Where it cannot be set the connection is slower, not wrong.
            let _ = stream.set_nodelay(true);
            let opened = Connection::open(stream, address, config, place).await;
            if let Some(connection) = opened {
                let _ = ready.send(Ok(connection)).await;
            }
        });
    }
}

#[derive(Debug)]
enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection, watched.
#[derive(Debug)]
pub(crate) struct Connection {
    io: BufWriter<Io>,
    /// Whether others have had their turn since something was last sent.
    has_waited: bool,
    peer: Peer,
    read_bytes: usize,
    silence: Pin<Box<Sleep>>,
    age: Pin<Box<Sleep>>,
    _place: Place,
}

impl Connection {
    async fn open(
        stream: TcpStream,
        address: SocketAddr,
        config: Option<Arc<ServerConfig>>,
        place: Place,
    ) -> Option<Self> {
        let io = match config {
            None => Io::Plain(stream),
            Some(config) => {
                let handshake = TlsAcceptor::from(config).accept(stream);
                match timeout(own::HANDSHAKE_TIME_MAX, handshake).await {
                    Ok(Ok(stream)) => Io::Tls(Box::new(stream)),
                    Ok(Err(error)) => {
                        counter!("mamagang_handshakes_failed_total").increment(1);
                        tracing::debug!(
                            error = &error as &dyn std::error::Error,
                            "a TLS handshake failed"
                        );
                        return None;
                    }
                    Err(_) => {
                        counter!("mamagang_handshakes_failed_total").increment(1);
                        return None;
                    }
                }
            }
        };
        let certificate = match &io {
            Io::Plain(_) => None,
            Io::Tls(stream) => {
                let shown = stream.get_ref().1.peer_certificates();
                shown.and_then(|chain| chain.first().cloned())
            }
        };
        Some(Self {
            io: BufWriter::with_capacity(SENT_TOGETHER_MAX, io),
            has_waited: false,
            peer: Peer {
                address: Some(address),
                certificate,
                cut: Cut::default(),
            },
            read_bytes: 0,
            silence: Box::pin(sleep(own::SILENCE_MAX)),
            age: Box::pin(sleep(own::CONNECTION_AGE_MAX + own::CONNECTION_GRACE_MAX)),
            _place: place,
        })
    }

    /// Why the connection is cut off, if it is.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        let is_silent =
            self.read_bytes < PREFACE_BYTES && self.silence.as_mut().poll(cx).is_ready();
        if is_silent || self.age.as_mut().poll(cx).is_ready() {
            counter!("mamagang_connections_cut_total").increment(1);
            return Some(io::Error::from(io::ErrorKind::TimedOut));
        }
        if self.peer.cut.poll(cx) {
            counter!("mamagang_connections_cut_total").increment(1);
            return Some(io::Error::from(io::ErrorKind::ConnectionAborted));
        }
        None
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.poll_end(cx) {
            // Answers that wait for others to be sent with them are finished.
            let _ = Pin::new(&mut self.io).poll_flush(cx);
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buffer);
        let read = buffer.filled().len() - before;
        self.read_bytes = self.read_bytes.saturating_add(read);
        polled
    }
}

/// Answers that are ready together leave together: a packet costs its sender and its receiver more than
/// most answers do.
impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    /// Once, whoever could run before us runs first: calls that are about to be answered add to what is
    /// sent. Nobody waits for a clock, and an answer that is alone waits for nothing.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gathered = self.io.buffer().len();
        if !self.has_waited && gathered > 0 && gathered < WORTH_SENDING {
            self.has_waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if flushed.is_ready() {
            self.has_waited = false;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    /// h2 would send each answer by itself otherwise, from where it lies.
    fn is_write_vectored(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use super::*;

    #[test]
    fn a_place_is_given_back_and_an_address_gets_its_share_only() {
        let count = Arc::new(Mutex::new(Count::default()));
        let here = IpAddr::from([127, 0, 0, 1]);
        let there = IpAddr::from([127, 0, 0, 2]);
        let mut held: Vec<Place> = (0..own::ADDRESS_CONNECTIONS_MAX)
            .map(|_| Place::take(&count, here).expect("a place"))
            .collect();
        assert!(Place::take(&count, here).is_none());
        assert!(Place::take(&count, there).is_some());
        held.pop();
        assert!(Place::take(&count, here).is_some());
        drop(held);
        assert_eq!(count.lock().expect("a lock").all, 0);
        assert!(count.lock().expect("a lock").by_address.is_empty());
    }

    #[test]
    fn a_cut_wakes_the_reader() {
        let cut = Cut::default();
        let context = Context::from_waker(futures::task::noop_waker_ref());
        assert!(!cut.poll(&context));
        cut.clone().now();
        assert!(cut.poll(&context));
    }

    /// Counts how often a task is asked again.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn answers_that_are_ready_together_are_sent_together() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let (near, far) = (near.expect("a peer").0, far.expect("connected"));
        let count = Arc::new(Mutex::new(Count::default()));
        let place = Place::take(&count, address.ip()).expect("a place");
        let connection = Connection::open(near, address, None, place).await;
        let mut connection = connection.expect("no handshake to fail");
        // An answer, and another one while the first waits for others.
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut sent = |bytes: &[u8]| {
            let written = Pin::new(&mut connection).poll_write(&mut cx, bytes);
            assert!(matches!(written, Poll::Ready(Ok(count)) if count == bytes.len()));
            Pin::new(&mut connection).poll_flush(&mut cx)
        };
        assert!(sent(b"one").is_pending());
        // It is asked again at once.
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        let mut read = [0; 16];
        let nothing = far.try_read(&mut read).expect_err("nothing was sent");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        assert!(matches!(sent(b"two"), Poll::Ready(Ok(()))));
        far.readable().await.expect("readable");
        let count = far.try_read(&mut read).expect("read");
        assert_eq!(&read[..count], b"onetwo");
        // What is worth sending waits for nobody.
        let large = [7; WORTH_SENDING];
        assert!(matches!(sent(&large), Poll::Ready(Ok(()))));
        let mut read = vec![0; WORTH_SENDING];
        let read_all = async {
            let mut count = 0;
            while count < WORTH_SENDING {
                far.readable().await.expect("readable");
                count += far.try_read(&mut read[count..]).unwrap_or_default();
            }
        };
        read_all.await;
        assert_eq!(read, large);
        // The next one lets others go first again; nothing to send lets nobody.
        assert!(sent(b"three").is_pending());
        assert!(matches!(sent(b""), Poll::Ready(Ok(()))));
        assert!(matches!(sent(b""), Poll::Ready(Ok(()))));
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
    }
}
