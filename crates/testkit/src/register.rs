//! A register over HTTP on a loopback port: answers as a test tells it, and dies when a test wants.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its path.
    pub path: String,
    /// Its headers, named in lower case.
    pub headers: HashMap<String, String>,
    /// Its body.
    pub body: String,
}

/// What a register does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers with a status and a body.
    Full(u16, String),
    /// Announces a body, sends half of it and closes the connection.
    Half(String),
    /// Says nothing and keeps the connection.
    Silence,
    /// Closes the connection and the port, in the middle of everything.
    Death,
}

/// A register.
#[derive(Debug)]
pub struct Register {
    /// Where it is asked, `IP:PORT`.
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Script = dyn Fn(usize, &Asked) -> Reply + Send + Sync;

impl Register {
    /// Starts a register; `script` is given how many requests came before, and the request.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(script: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, script) = (asked.clone(), Arc::new(script));
        tokio::spawn(async move {
            let (dying, mut dead) = tokio::sync::mpsc::channel::<()>(1);
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    _ = dead.recv() => return,
                };
                let Ok((stream, _)) = accepted else { return };
                let (script, seen, dying) = (script.clone(), seen.clone(), dying.clone());
                tokio::spawn(async move {
                    if answer(stream, &*script, &seen).await.is_none() {
                        // The port may be closed already.
                        let _ = dying.try_send(());
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// What was asked so far.
    ///
    /// # Panics
    /// When a script has panicked.
    pub fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().expect("no script panicked")
    }
}

/// Answers one request; `None` where the register dies of it.
async fn answer(stream: TcpStream, script: &Script, seen: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let asked = read(&mut stream).await?;
    let reply = {
        let mut seen = seen.lock().expect("no script panicked");
        seen.push(asked.clone());
        script(seen.len() - 1, &asked)
    };
    let (status, body, told) = match reply {
        Reply::Full(status, body) => {
            let told = body.len();
            (status, body, told)
        }
        Reply::Half(body) => {
            let half: String = body.chars().take(body.chars().count() / 2).collect();
            (200, half, body.len())
        }
        Reply::Silence => return std::future::pending().await,
        Reply::Death => return None,
    };
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {told}\r\n\r\n{body}");
    // Who asked may be gone.
    let _ = stream.write_all(head.as_bytes()).await;
    Some(())
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    let mut path = String::new();
    let mut headers = HashMap::new();
    while stream.read_line(&mut line).await.ok()? > 2 {
        match line.trim_end().split_once(": ") {
            Some((name, value)) => drop(headers.insert(name.to_lowercase(), value.to_owned())),
            None => path = line.split(' ').nth(1)?.to_owned(),
        }
        line.clear();
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).ok()?;
    Some(Asked {
        path,
        headers,
        body,
    })
}
