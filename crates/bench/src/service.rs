//! The processes that answer: the service itself, and an echo without a service.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::time::{Instant, sleep};

use crate::wire::Line;

/// A process that listens; ended with its value.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    /// Where it answers gRPC.
    pub(crate) address: String,
    /// From its start to a connection.
    pub(crate) start: Duration,
}

/// The database of a service.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) key_file: PathBuf,
}

impl Service {
    /// Starts the service on a migrated database.
    pub(crate) async fn start(mamagang: &Path, database: &Database) -> anyhow::Result<Self> {
        Self::start_with(mamagang, database, &[]).await
    }

    /// The same with further flags.
    pub(crate) async fn start_with(
        mamagang: &Path,
        database: &Database,
        flags: &[&str],
    ) -> anyhow::Result<Self> {
        let (grpc, http) = (free_address()?, free_address()?);
        let mut command = Command::new(mamagang);
        command
            .args(["serve", "--log-filter", "warn", "--log-format", "json"])
            .args(["--database-url", &database.url])
            .args(["--grpc-listen", &grpc, "--http-listen", &http])
            .args(flags)
            .arg("--key-file")
            .arg(&database.key_file);
        Self::wait(command, grpc).await
    }

    /// Starts the service with a trial's certificates and tokens, both required.
    pub(crate) async fn start_secured(
        mamagang: &Path,
        database: &Database,
        trial: &Trial,
    ) -> anyhow::Result<Self> {
        let (grpc, http) = (free_address()?, free_address()?);
        let mut command = Command::new(mamagang);
        command
            .args(["serve", "--log-filter", "warn", "--log-format", "json"])
            .arg("--config")
            .arg(trial.path("mamagang.toml"))
            .args([
                "--auth-require",
                "both",
                "--rate-calls-per-second",
                "1000000",
            ])
            .args(["--database-url", &database.url])
            .args(["--grpc-listen", &grpc, "--http-listen", &http])
            .arg("--key-file")
            .arg(&database.key_file);
        Self::wait(command, grpc).await
    }

    /// Starts an echo that answers every call with the bytes of a file.
    pub(crate) async fn echo(answer: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["echo", "--listen", &address, "--answer"]);
        command.arg(answer);
        Self::wait(command, address).await
    }

    async fn wait(mut command: Command, address: String) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{command:?} does not start"))?;
        let mut service = Self {
            child,
            address,
            start: Duration::ZERO,
        };
        loop {
            if Line::open(&service.address).await.is_ok() {
                service.start = started.elapsed();
                return Ok(service);
            }
            ensure!(
                service.child.try_wait()?.is_none(),
                "{command:?} has ended by itself"
            );
            ensure!(
                started.elapsed() < Duration::from_secs(60),
                "{command:?} does not listen"
            );
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kilobytes of memory that are resident now, and the most there ever were.
    pub(crate) fn memory_kb(&self) -> (u64, u64) {
        memory_kb(self.id())
    }

    /// Seconds of processor time so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.id())
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder of `mamagang certs`, and a token.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    folder: PathBuf,
    /// Of a tax officer.
    pub(crate) token: String,
}

impl Trial {
    pub(crate) fn make(mamagang: &Path, folder: &Path) -> anyhow::Result<Self> {
        let run = |command: &str, arguments: &[&str]| {
            let mut process = Command::new(mamagang);
            process
                .arg(command)
                .arg("--dir")
                .arg(folder)
                .args(arguments);
            let output = process.stdin(Stdio::null()).output()?;
            ensure!(
                output.status.success(),
                "{process:?} failed: {}",
                output.status
            );
            anyhow::Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        run("certs", &[])?;
        Ok(Self {
            folder: folder.to_owned(),
            token: run("token", &["--role", "tax_officer"])?,
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Kilobytes of memory of a process that are resident now, and the most there ever were.
pub(crate) fn memory_kb(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    (field("VmRSS:").unwrap_or(0), field("VmHWM:").unwrap_or(0))
}

/// Seconds of processor time of a process.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    // USER_HZ is 100 on every Linux.
    ticks as f64 / 100.0
}

/// Brings a database's schema up to date.
pub(crate) fn migrate(mamagang: &Path, database: &Database) -> anyhow::Result<()> {
    let status = Command::new(mamagang)
        .args(["migrate", "--database-url", &database.url, "--key-file"])
        .arg(&database.key_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "mamagang migrate failed: {status}");
    Ok(())
}

fn free_address() -> anyhow::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.to_string())
}
