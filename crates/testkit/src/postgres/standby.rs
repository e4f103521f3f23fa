//! A server of a test's own, and a standby that follows it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Account, PostgresCluster, PostgresDatabase, finish, free_port, programs};

static OWN: AtomicU32 = AtomicU32::new(0);

/// What a standby is started with besides: that it can lose what it has is no matter here.
const STANDBY_SETTINGS: &[&str] = &["-c", "fsync=off", "-c", "max_standby_streaming_delay=1s"];

impl PostgresCluster {
    /// A server of its own on a temporary folder, which ends with this process. What is done to it
    /// disturbs no other test.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed or does not start.
    pub fn own() -> &'static Self {
        let folder = own_folder("own");
        let lock = folder.with_extension("lock");
        let started = Self::start_in(folder, programs(), Some(&lock), id());
        Box::leak(Box::new(started.expect("PostgreSQL starts")))
    }

    /// A hot standby that follows this server over its socket; it ends with this process.
    ///
    /// # Panics
    /// Where the server cannot be copied or the copy does not start.
    pub fn standby(&'static self) -> PostgresStandby {
        let started = self.start_standby(own_folder("standby"));
        started.expect("a standby starts")
    }

    fn start_standby(&self, folder: std::path::PathBuf) -> io::Result<PostgresStandby> {
        let account = Account::current()?;
        fs::create_dir(&folder)?;
        account.give(&folder)?;
        let mut copy = account.command(&self.bin.join("pg_basebackup"));
        copy.arg("-h").arg(&self.folder);
        copy.args(["-p", &self.port.to_string(), "-U", "postgres"]);
        copy.args(["-R", "--no-sync", "-c", "fast", "-X", "stream", "-D"]);
        finish(copy.arg(folder.join("data")))?;
        let cluster = Self {
            bin: self.bin.clone(),
            port: free_port()?,
            folder,
        };
        let standby = PostgresStandby { cluster };
        standby.run()?;
        Ok(standby)
    }
}

fn own_folder(kind: &str) -> std::path::PathBuf {
    let number = OWN.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("mamagang-{kind}-{}-{number}", id()))
}

/// A hot standby of a test.
#[derive(Debug)]
pub struct PostgresStandby {
    cluster: PostgresCluster,
}

impl PostgresStandby {
    /// The URL of its copy of a database, as the superuser `postgres`.
    pub fn url(&self, database: &PostgresDatabase) -> String {
        self.cluster.url_of("postgres", &database.name)
    }

    /// Stops replaying; what arrives is kept for later. Returns once nothing is replayed any more.
    ///
    /// # Panics
    /// Where the standby refuses.
    pub fn pause(&self) {
        let done = self.cluster.run_sql(
            "DO $$ BEGIN
                PERFORM pg_wal_replay_pause();
                FOR look IN 1..600 LOOP
                    IF pg_get_wal_replay_pause_state() = 'paused' THEN RETURN; END IF;
                    PERFORM pg_sleep(0.02);
                END LOOP;
                RAISE 'replay does not pause';
            END $$",
        );
        done.expect("paused");
    }

    /// Goes on replaying.
    ///
    /// # Panics
    /// Where the standby refuses.
    pub fn resume(&self) {
        let done = self.cluster.run_sql("SELECT pg_wal_replay_resume()");
        done.expect("resumed");
    }

    /// Makes it a primary.
    ///
    /// # Panics
    /// Where the standby refuses.
    pub fn promote(&self) {
        let done = self.cluster.run_sql("SELECT pg_promote()");
        done.expect("promoted");
    }

    /// Ends it at once, as a machine does that fails.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn kill(&self) {
        let account = Account::current().expect("an account");
        let mut stop = self.control(&account, "stop");
        finish(stop.args(["-m", "immediate"])).expect("stopped");
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_again(&self) {
        self.run().expect("started again");
    }

    fn run(&self) -> io::Result<()> {
        let account = Account::current()?;
        let lock = self.cluster.folder.with_extension("lock");
        let mut guardian = self
            .cluster
            .spawn(&account, id(), Some(&lock), STANDBY_SETTINGS)?;
        self.cluster.wait_until_ready(&mut guardian)
    }

    fn control(&self, account: &Account, what: &str) -> Command {
        let control: &Path = &self.cluster.bin.join("pg_ctl");
        let mut command = account.command(control);
        command.arg(what).arg("-D");
        command.arg(self.cluster.folder.join("data"));
        command
    }
}
