//! HTTP/2 by hand, for what no well-behaved client sends.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 section 6.5.2).
pub(crate) const SETTINGS_INITIAL_WINDOW: u16 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Bytes of a frame that every peer takes.
const FRAME_BYTES_MAX: usize = 16_384;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A frame that was received.
#[derive(Debug)]
struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// A connection whose frames are written one by one. What arrives is read all the time, so that nothing waits for us.
pub(crate) struct Raw {
    write: OwnedWriteHalf,
    frames: mpsc::UnboundedReceiver<Frame>,
    resets: HashMap<u32, u32>,
    has_goaway: bool,
}

/// The headers of a gRPC call.
pub(crate) fn grpc_headers(path: &str) -> Vec<(String, String)> {
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// A message with gRPC's five bytes before it.
pub(crate) fn grpc_message(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("short");
    let mut bytes = vec![0];
    bytes.extend(length.to_be_bytes());
    bytes.extend(message);
    bytes
}

/// Literal header fields, never indexed and not compressed (RFC 7541 section 6.2.2).
fn block(headers: &[(String, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.push(0);
        for text in [name, value] {
            integer(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// An integer with a prefix of seven bits (RFC 7541 section 5.1).
fn integer(bytes: &mut Vec<u8>, value: usize) {
    let Some(mut rest) = value.checked_sub(127) else {
        bytes.push(u8::try_from(value).expect("below 127"));
        return;
    };
    bytes.push(127);
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).expect("below 128") | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("below 128"));
}

/// A frame's bytes.
fn encoded(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = Vec::with_capacity(9 + payload.len());
    bytes.extend(&length[1..]);
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

impl Raw {
    pub(crate) async fn connect(port: u16, settings: &[(u16, u32)]) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a connection");
        let (read, mut write) = stream.into_split();
        write.write_all(PREFACE).await.expect("written");
        let (sender, frames) = mpsc::unbounded_channel();
        tokio::spawn(receive(read, sender));
        let mut raw = Self {
            write,
            frames,
            resets: HashMap::new(),
            has_goaway: false,
        };
        let mut payload = Vec::new();
        for (name, value) in settings {
            payload.extend(name.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        raw.frame(SETTINGS, 0, 0, &payload).await.expect("written");
        raw.frame(SETTINGS, 1, 0, &[]).await.expect("written");
        raw
    }

    async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        self.write(&encoded(kind, flags, stream, payload)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // A peer that takes nothing any more has given us up.
        match timeout(PATIENCE, self.write.write_all(bytes)).await {
            Ok(written) => written,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Headers, in as many frames as they need.
    pub(crate) async fn try_headers(
        &mut self,
        stream: u32,
        headers: &[(String, String)],
        is_end: bool,
    ) -> io::Result<()> {
        let block = block(headers);
        let mut pieces = block.chunks(FRAME_BYTES_MAX).peekable();
        let mut kind = HEADERS;
        while let Some(piece) = pieces.next() {
            let mut flags = if pieces.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            if is_end && kind == HEADERS {
                flags |= END_STREAM;
            }
            self.frame(kind, flags, stream, piece).await?;
            kind = CONTINUATION;
        }
        Ok(())
    }

    pub(crate) async fn headers(
        &mut self,
        stream: u32,
        headers: &[(String, String)],
        is_end: bool,
    ) {
        // Whether they were taken is looked at later.
        let _ = self.try_headers(stream, headers, is_end).await;
    }

    /// Headers that are not at their end.
    pub(crate) async fn open_headers(&mut self, stream: u32, headers: &[(String, String)]) {
        let block = block(headers);
        self.frame(HEADERS, 0, stream, &block)
            .await
            .expect("written");
    }

    /// More of them, and still no end.
    pub(crate) async fn continuation(
        &mut self,
        stream: u32,
        headers: &[(String, String)],
    ) -> io::Result<()> {
        self.frame(CONTINUATION, 0, stream, &block(headers)).await
    }

    pub(crate) async fn data(&mut self, stream: u32, bytes: &[u8], is_end: bool) {
        let flags = if is_end { END_STREAM } else { 0 };
        // As above.
        let _ = self.frame(DATA, flags, stream, bytes).await;
    }

    /// Opens streams and takes each back at once, all in one write, so that they arrive together.
    pub(crate) async fn open_and_reset(
        &mut self,
        streams: impl Iterator<Item = u32>,
        headers: &[(String, String)],
    ) -> io::Result<()> {
        let block = block(headers);
        let mut bytes = Vec::new();
        for stream in streams {
            bytes.extend(encoded(HEADERS, END_HEADERS, stream, &block));
            // CANCEL.
            bytes.extend(encoded(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        }
        self.write(&bytes).await
    }

    pub(crate) async fn window(&mut self, stream: u32, by: u32) -> io::Result<()> {
        self.frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
            .await
    }

    /// The next frame; `None` when the connection is closed.
    async fn next(&mut self) -> Option<Frame> {
        let frame = self.frames.recv().await?;
        if frame.kind == RST_STREAM {
            *self.resets.entry(frame.stream).or_default() += 1;
        }
        self.has_goaway |= frame.kind == GOAWAY && frame.payload.get(4..8) != Some(&[0; 4]);
        Some(frame)
    }

    /// Whether the service has closed the connection, or says that it will for what we did.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let waiting = async {
            while !self.has_goaway {
                if self.next().await.is_none() {
                    return;
                }
            }
        };
        timeout(PATIENCE, waiting).await.is_ok()
    }

    /// Waits until the connection is closed.
    pub(crate) async fn wait_closed(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Whether a call is refused as a whole: by an answer without a method's work, by a reset, or by a closed connection.
    pub(crate) async fn ends_or_refuses(&mut self, stream: u32) -> bool {
        let waiting = async {
            while let Some(frame) = self.next().await {
                let is_its_own =
                    frame.stream == stream && matches!(frame.kind, HEADERS | RST_STREAM);
                if is_its_own || self.has_goaway {
                    return;
                }
            }
        };
        timeout(PATIENCE, waiting).await.is_ok()
    }

    /// How many streams the service resets within a time.
    pub(crate) async fn count_resets(&mut self, within: Duration) -> usize {
        let counting = async { while self.resets.len() < 2_000 && self.next().await.is_some() {} };
        // When the time is over, those counted until then are what is asked for.
        let _ = timeout(within, counting).await;
        self.resets.len()
    }

    /// `grpc-status` of an answer that consists of headers alone, as far as it stands there in plain.
    pub(crate) async fn grpc_status(&mut self, stream: u32) -> Option<String> {
        let waiting = async {
            while let Some(frame) = self.next().await {
                if frame.stream == stream && frame.kind == HEADERS {
                    return Some(frame.payload);
                }
            }
            None
        };
        let payload = timeout(PATIENCE, waiting).await.ok().flatten()?;
        status_in(&payload)
    }
}

/// Finds the literal `grpc-status` in a header block: its name in plain or in Huffman's code.
fn status_in(block: &[u8]) -> Option<String> {
    // "grpc-status" in the code of RFC 7541 appendix B.
    const CODED: &[u8] = &[0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f];
    let plain = b"grpc-status";
    let find = |name: &[u8]| {
        let at = block
            .windows(name.len())
            .position(|window| window == name)?;
        Some(at + name.len())
    };
    let at = find(plain).or_else(|| find(CODED))?;
    let length = *block.get(at)?;
    let value = block.get(at + 1..)?;
    if length & 128 == 0 {
        let text = value.get(..usize::from(length))?;
        return String::from_utf8(text.to_vec()).ok();
    }
    // Digits have five bits in Huffman's code where they are 0, 1 and 2: "11" is 00001 00001 and six ones.
    match value.get(..usize::from(length & 127))? {
        [0x08, 0x7f] => Some("11".to_owned()),
        other => Some(format!("{other:?}")),
    }
}

async fn receive(mut read: OwnedReadHalf, sender: mpsc::UnboundedSender<Frame>) {
    loop {
        let mut head = [0; 9];
        if read.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if read.read_exact(&mut payload).await.is_err() {
            return;
        }
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        let frame = Frame {
            kind: head[3],
            stream,
            payload,
        };
        if sender.send(frame).is_err() {
            return;
        }
    }
}
