//! What the machine does without us: pgbench, fsync.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use mamagang_testkit::postgres::{PostgresCluster, PostgresDatabase};
use tokio::time::Instant;

/// Branches of pgbench's bank.
const SCALE: &str = "10";

/// pgbench on a database of its own in the cluster that the service uses.
#[derive(Debug)]
pub(crate) struct Pgbench {
    cluster: &'static PostgresCluster,
    database: PostgresDatabase,
}

/// What pgbench does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// `-S`: one row by its key.
    Select,
    /// The default: three updates, a select and an insert, durable.
    TpcB,
}

impl Pgbench {
    /// Fills a bank.
    pub(crate) fn prepare(cluster: &'static PostgresCluster) -> anyhow::Result<Self> {
        let pgbench = Self {
            cluster,
            database: cluster.database(),
        };
        pgbench.run(&["-i", "-q", "-s", SCALE])?;
        Ok(pgbench)
    }

    /// Transactions a second with prepared statements, 8 clients on 2 threads, over the socket.
    pub(crate) fn rate(&self, script: Script, duration: Duration) -> anyhow::Result<f64> {
        let seconds = duration.as_secs().max(1).to_string();
        let mut arguments = vec!["-n", "-M", "prepared", "-c", "8", "-j", "2", "-T", &seconds];
        if script == Script::Select {
            arguments.push("-S");
        }
        let told = self.run(&arguments)?;
        let line = told.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.context("pgbench told no rate")?.parse()?)
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let done = Command::new(self.cluster.bin().join("pgbench"))
            .args(arguments)
            .arg(self.database.url())
            .stdin(Stdio::null())
            .output()?;
        let complaints = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "pgbench failed: {complaints}");
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

/// Durable writes of 8 KiB in a second, one after the other, as `pg_test_fsync` counts them.
pub(crate) fn fsync_rate(folder: &Path, duration: Duration) -> anyhow::Result<f64> {
    let path = folder.join("fsync");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .open(&path)?;
    let page = [1; 8_192];
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < duration {
        file.write_all(&page)?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / started.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}
