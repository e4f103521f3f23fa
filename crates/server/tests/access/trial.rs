//! A trial's folder, and the binary that serves it.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, SigningKey as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

pub(crate) const BAKERY: &str = "91442000MAQQ000161";

/// Seconds since 1970-01-01T00:00Z.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary under test reads this clock too"
)]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("in range")
}

/// What `mamagang certs` made.
pub(crate) struct Trial(TempDir);

impl Trial {
    pub(crate) fn make() -> Self {
        let trial = Self(TempDir::new().expect("a directory"));
        let made = trial.run(&["certs", "--dir", &trial.dir()]);
        assert!(made.status.success(), "{made:?}");
        trial
    }

    pub(crate) fn dir(&self) -> String {
        let path = self.0.path().join("trial");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// A file of the folder.
    pub(crate) fn path(&self, name: &str) -> String {
        let path = self.0.path().join("trial").join(name);
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_mamagang"))
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .expect("run")
    }

    pub(crate) fn token(&self, arguments: &[&str]) -> String {
        let mut all = vec!["token", "--dir"];
        let dir = self.dir();
        all.push(&dir);
        all.extend(arguments);
        let output = self.run(&all);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .expect("ASCII")
            .trim()
            .to_owned()
    }

    /// The claims of a good token.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": "https://trial.mamagang.invalid", "aud": "mamagang", "exp": now() + 600,
            "sub": "zhang.san", "org": "trial", "roles": ["tax_officer"],
        })
    }

    pub(crate) fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A token signed with the trial's key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let pem = std::fs::read_to_string(self.path("token.key")).expect("a key");
        let key = KeyPair::from_pem(&pem).expect("a key");
        let header = json!({"alg": "EdDSA", "kid": "trial"}).to_string();
        let signed = format!(
            "{}.{}",
            Self::encode(header.as_bytes()),
            Self::encode(claims.to_string().as_bytes())
        );
        let signature = key.sign(signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", Self::encode(&signature))
    }

    /// A token of HS256 whose secret is the text of the public keys.
    pub(crate) fn shared_secret_token(&self, claims: &Value) -> String {
        let header = json!({"alg": "HS256", "kid": "trial"}).to_string();
        let signed = format!(
            "{}.{}",
            Self::encode(header.as_bytes()),
            Self::encode(claims.to_string().as_bytes())
        );
        let secret = std::fs::read(self.path("jwks.json")).expect("keys");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let tag = ring::hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", Self::encode(tag.as_ref()))
    }

    pub(crate) async fn serve(&self) -> Service {
        Service::start(
            &["--config", &self.path("mamagang.toml")],
            self.0.path(),
            "https",
        )
        .await
    }

    /// The service's address, shown a role's certificate where one is named.
    pub(crate) fn endpoint(&self, service: &Service, role: Option<&str>) -> Endpoint {
        self.endpoint_with_ca(service, role, &self.path("ca.pem"))
    }

    pub(crate) fn endpoint_with_ca(
        &self,
        service: &Service,
        role: Option<&str>,
        ca: &str,
    ) -> Endpoint {
        let read = |path: &str| std::fs::read(path).expect("a file");
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(ca)));
        if let Some(role) = role {
            let certificate = read(&self.path(&format!("{role}.pem")));
            let key = read(&self.path(&format!("{role}.key")));
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        let endpoint = Channel::from_shared(service.address()).expect("an address");
        endpoint.tls_config(tls).expect("TLS")
    }

    pub(crate) async fn channel(&self, service: &Service, role: Option<&str>) -> Channel {
        let endpoint = self.endpoint(service, role);
        endpoint.connect().await.expect("a connection")
    }
}

/// The binary, serving.
pub(crate) struct Service {
    child: Child,
    port: u16,
    scheme: &'static str,
}

impl Service {
    /// Starts the binary on free ports, and waits until it serves.
    pub(crate) async fn start(arguments: &[&str], directory: &Path, scheme: &'static str) -> Self {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_mamagang"))
            .arg("serve")
            .args(arguments)
            .args([
                "--grpc-listen",
                "127.0.0.1:0",
                "--http-listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
            ])
            .current_dir(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut port = None;
        while let Some(line) = lines.next_line().await.expect("a line") {
            if let Some((_, rest)) = line.split_once("\"grpc.address\":\"127.0.0.1:") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                port = digits.parse().ok();
                break;
            }
        }
        // What else it says is read and dropped, so that the pipe never fills.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            port: port.expect("the service says where it serves"),
            scheme,
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Tells it to stop, and expects that it ends by itself, well, and in time.
    pub(crate) async fn stop(mut self) -> Duration {
        let id = self.child.id().expect("running").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("told").success());
        let started = tokio::time::Instant::now();
        let ended = tokio::time::timeout(Duration::from_secs(18), self.child.wait()).await;
        let status = ended.expect("inside the drain").expect("an end");
        assert!(status.success(), "{status}");
        started.elapsed()
    }
}
