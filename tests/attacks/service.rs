//! The binary, serving on loopback without authentication, and what it is told.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use mamagang_proto::v1::{self, EmployerProfile, Fact, fact};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::{Instant, timeout};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

pub(crate) const BAKERY: &str = "91442000MAQQ000161";
pub(crate) const LAUNDRY: &str = "91442000QQ0000039Q";

/// The binary under test: the one that the run has built.
#[expect(
    clippy::disallowed_methods,
    reason = "the test run says where the binary is"
)]
fn binary() -> String {
    std::env::var("MAMAGANG_BIN").unwrap_or_else(|_| {
        let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/mamagang");
        built.to_owned()
    })
}

pub(crate) struct Service {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl Service {
    /// Starts it on a new database and free ports, and waits until it serves.
    pub(crate) async fn start() -> Self {
        let directory = TempDir::new().expect("a directory");
        let mut child = tokio::process::Command::new(binary())
            .args([
                "serve",
                "--grpc-listen",
                "127.0.0.1:0",
                "--http-listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
            ])
            .current_dir(directory.path())
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
            directory,
        }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// A new connection is answered at once.
    pub(crate) async fn assert_healthy(&self) {
        let asking = async {
            let channel = channel(self.port).await;
            let mut health = HealthClient::new(channel);
            health.check(HealthCheckRequest::default()).await
        };
        let answer = timeout(Duration::from_secs(10), asking).await;
        assert_eq!(
            answer
                .expect("in time")
                .expect("healthy")
                .into_inner()
                .status,
            1
        );
    }

    /// Kilobytes of memory that it has resident.
    pub(crate) fn resident_kb(&self) -> u64 {
        let id = self.child.id().expect("running");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().nth(1));
        kb.expect("a figure").parse().expect("a number")
    }

    /// Compares every projection with truth.
    pub(crate) fn doctor(&self) -> Output {
        Command::new(binary())
            .args(["doctor", "--rebuild"])
            .current_dir(self.directory.path())
            .output()
            .expect("run")
    }

    /// Tells it to stop, and expects that it ends by itself, well, and in time.
    pub(crate) async fn stop(mut self) -> Duration {
        let id = self.child.id().expect("running").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("told").success());
        let started = Instant::now();
        let ended = timeout(Duration::from_secs(18), self.child.wait()).await;
        let status = ended.expect("inside the drain").expect("an end");
        assert!(status.success(), "{status}");
        started.elapsed()
    }
}

pub(crate) async fn channel(port: u16) -> Channel {
    let endpoint = Channel::from_shared(format!("http://127.0.0.1:{port}")).expect("an address");
    endpoint.connect().await.expect("a connection")
}

pub(crate) fn employer(code: &str) -> Fact {
    let profile = EmployerProfile {
        employer_code: code.to_owned(),
        name: "中山某某有限公司".to_owned(),
        kind: v1::EmployerKind::Company.into(),
        town_code: "442000001".to_owned(),
        industry_code: "C1411".to_owned(),
        vat_payer: v1::VatPayer::General.into(),
        filing_cycle: v1::FilingCycle::Monthly.into(),
        umct_rate_bp: 700,
        size_class: v1::SizeClass::Other.into(),
        from_date: "2019-01-01".to_owned(),
        ..EmployerProfile::default()
    };
    Fact {
        source: "test".to_owned(),
        kind: Some(fact::Kind::EmployerProfile(profile)),
        ..Fact::default()
    }
}
