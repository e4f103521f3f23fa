//! PostgreSQL for the length of a test run.

mod standby;

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::os::unix::{fs as unix_fs, process as unix_process};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

pub use standby::PostgresStandby;

/// The server's account where the tests run as root, as which it does not start.
const ACCOUNT: &str = "postgres";

/// Starts the server and ends it with the run, however the run ends. `$1`: the process to watch,
/// `$2`: the folder, `$3`: the lock file, or nothing where the folder is kept; then the server's
/// command.
const GUARDIAN: &str = r#"
run=$1 folder=$2 lock=$3
shift 3
"$@" >"$folder/log" 2>&1 </dev/null &
server=$!
while kill -0 "$run" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.2; done
if kill -0 "$run" 2>/dev/null; then exit 1; fi
if [ -z "$lock" ]; then
    kill -INT "$server" 2>/dev/null
    wait "$server"
    rm -f "$folder/ready"
    exit 0
fi
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder" "$lock"
"#;

static SHARED: OnceLock<PostgresCluster> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A server on a temporary folder, reached over a socket in it or over the loopback address.
///
/// There is one a test run: where every test is a process of its own (`cargo nextest`), the first
/// one starts it and the others find it. A shell watches the run and, once it has ended or was
/// killed, stops the server and removes the folder.
#[derive(Debug)]
pub struct PostgresCluster {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl PostgresCluster {
    /// The run's server, started where it is not running yet.
    ///
    /// # Panics
    /// Where PostgreSQL is not installed or does not start. Tests of it are never skipped.
    pub fn start() -> &'static Self {
        SHARED.get_or_init(|| Self::find_or_start().expect("PostgreSQL starts"))
    }

    /// A server on a folder that stays: made where it is not there, found as it was left. It ends
    /// with this process.
    ///
    /// # Errors
    /// Where the folder cannot be made, or the server does not start on it.
    pub fn kept(folder: &Path) -> io::Result<&'static Self> {
        let started = Self::start_in(folder.to_owned(), programs(), None, id())?;
        Ok(SHARED.get_or_init(|| started))
    }

    /// A database of that name, made where there is none, and not removed.
    ///
    /// # Errors
    /// What the server refuses.
    pub fn kept_database(&'static self, name: &str) -> io::Result<PostgresDatabase> {
        let told = self.ask(&format!(
            "SELECT count(*) FROM pg_database WHERE datname = '{name}'"
        ))?;
        if told.trim() == "0" {
            self.run_sql(&format!("CREATE DATABASE {name}"))?;
        }
        Ok(PostgresDatabase {
            cluster: self,
            name: name.to_owned(),
            is_kept: true,
        })
    }

    /// The folder of the programs that came with the server, such as `pgbench`.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// A new, empty database.
    ///
    /// # Panics
    /// Where the server refuses.
    pub fn database(&'static self) -> PostgresDatabase {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", id());
        self.run_sql(&format!("CREATE DATABASE {name}"))
            .expect("a new database");
        PostgresDatabase {
            cluster: self,
            name,
            is_kept: false,
        }
    }

    fn find_or_start() -> io::Result<Self> {
        let run = Run::current();
        let folder = std::env::temp_dir().join(format!("mamagang-postgres-{}", run.key));
        let lock_path = folder.with_extension("lock");
        let lock = File::create(&lock_path)?;
        lock.lock()?;
        let bin = programs();
        if let Ok(port) = fs::read_to_string(folder.join("ready")) {
            let port = port.parse().map_err(io::Error::other)?;
            return Ok(Self { bin, folder, port });
        }
        let started = Self::start_in(folder.clone(), bin, Some(&lock_path), run.process);
        if started.is_err() {
            // Nobody watches over what has not started.
            let _ = fs::remove_dir_all(folder);
            let _ = fs::remove_file(lock_path);
        }
        started
    }

    fn start_in(folder: PathBuf, bin: PathBuf, lock: Option<&Path>, run: u32) -> io::Result<Self> {
        let account = Account::current()?;
        let data = folder.join("data");
        if !data.exists() {
            fs::create_dir(&folder)?;
            account.give(&folder)?;
            Self::initialise(&account, &bin, &data)?;
        }
        let port = free_port()?;
        let cluster = Self { bin, folder, port };
        let mut guardian = cluster.spawn(&account, run, lock, &[])?;
        cluster.wait_until_ready(&mut guardian)?;
        let ready = cluster.folder.join("ready");
        fs::write(ready, port.to_string())?;
        Ok(cluster)
    }

    fn initialise(account: &Account, bin: &Path, data: &Path) -> io::Result<()> {
        let mut initdb = account.command(&bin.join("initdb"));
        initdb.args([
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
            "--auth=trust",
        ]);
        initdb.args(["--username=postgres", "--pgdata"]).arg(data);
        finish(&mut initdb).map(drop)
    }

    fn spawn(
        &self,
        account: &Account,
        run: u32,
        lock: Option<&Path>,
        settings: &[&str],
    ) -> io::Result<Child> {
        let mut server = account.command(&self.bin.join("postgres"));
        server.arg("-D").arg(self.folder.join("data"));
        server.args(["-p", &self.port.to_string()]);
        server.arg("-k").arg(&self.folder);
        server.args(["-c", "listen_addresses=127.0.0.1"]);
        // Every test has pools of its own.
        server.args(["-c", "max_connections=400"]);
        server.args(settings);
        let mut guardian = Command::new("sh");
        guardian.args(["-c", GUARDIAN, "sh", &run.to_string()]);
        guardian
            .arg(&self.folder)
            .arg(lock.unwrap_or(Path::new("")));
        guardian.arg(server.get_program()).args(server.get_args());
        // Out of the terminal's and the runner's reach, who would end it before its work is done.
        guardian.process_group(0);
        quiet(&mut guardian).spawn()
    }

    fn wait_until_ready(&self, guardian: &mut Child) -> io::Result<()> {
        const LOOKS_MAX: u32 = 600;
        for _ in 0..LOOKS_MAX {
            let mut look = Command::new(self.bin.join("pg_isready"));
            look.arg("-h").arg(&self.folder);
            look.args(["-p", &self.port.to_string()]);
            if quiet(&mut look).status()?.success() {
                return Ok(());
            }
            if guardian.try_wait()?.is_some() {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(io::Error::other(log))
    }

    fn url_of(&self, login: &str, database: &str) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        format!("postgres://{login}@localhost:{port}/{database}?host={folder}")
    }

    fn run_sql(&self, sql: &str) -> io::Result<()> {
        self.run_sql_in("postgres", sql)
    }

    fn run_sql_in(&self, database: &str, sql: &str) -> io::Result<()> {
        finish(&mut self.psql(database, sql)).map(drop)
    }

    /// The answer of a statement, without heads.
    fn ask(&self, sql: &str) -> io::Result<String> {
        let mut psql = self.psql("postgres", sql);
        psql.arg("-At");
        finish(&mut psql)
    }

    fn psql(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.arg("-h").arg(&self.folder);
        psql.args(["-p", &self.port.to_string(), "-U", "postgres", "-qX"]);
        psql.args(["-d", database]);
        psql.args(["-v", "ON_ERROR_STOP=1", "-c", sql]);
        psql
    }
}

/// A database of a test, removed with its value.
pub struct PostgresDatabase {
    cluster: &'static PostgresCluster,
    name: String,
    is_kept: bool,
}

impl PostgresDatabase {
    /// Its URL, as the superuser `postgres`.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Its URL, as another login of the server. No login has a password.
    pub fn url_of(&self, login: &str) -> String {
        self.cluster.url_of(login, &self.name)
    }
}

impl PostgresDatabase {
    /// Runs statements in it, as the superuser.
    ///
    /// # Errors
    /// What the server refuses.
    pub fn run_sql(&self, sql: &str) -> io::Result<()> {
        self.cluster.run_sql_in(&self.name, sql)
    }
}

impl fmt::Debug for PostgresDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresDatabase").field(&self.name).finish()
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // What cannot be removed goes with the server.
        let name = &self.name;
        let _ = self
            .cluster
            .run_sql(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
}

/// What ends when the tests have ended.
struct Run {
    key: String,
    process: u32,
}

impl Run {
    #[expect(clippy::disallowed_methods, reason = "the runner tells through it")]
    fn current() -> Self {
        match std::env::var("NEXTEST_RUN_ID") {
            Ok(key) => Self {
                key,
                process: unix_process::parent_id(),
            },
            Err(_) => Self {
                key: id().to_string(),
                process: id(),
            },
        }
    }
}

/// Who runs the server: us, or the server's own account where we are root.
struct Account(Option<(u32, u32)>);

impl Account {
    fn current() -> io::Result<Self> {
        let number = |of: &[&str]| {
            let told = Command::new("id").args(of).output()?;
            let told = String::from_utf8_lossy(&told.stdout);
            told.trim().parse::<u32>().map_err(io::Error::other)
        };
        if number(&["-u"])? != 0 {
            return Ok(Self(None));
        }
        let ids = (number(&["-u", ACCOUNT])?, number(&["-g", ACCOUNT])?);
        Ok(Self(Some(ids)))
    }

    fn give(&self, folder: &Path) -> io::Result<()> {
        match self.0 {
            Some((user, group)) => unix_fs::chown(folder, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// A command that becomes the program, without a process between.
    fn command(&self, program: &Path) -> Command {
        let Some((user, group)) = self.0 else {
            return Command::new(program);
        };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &user.to_string()]);
        command.args(["--regid", &group.to_string()]);
        command.args(["--init-groups", "--"]).arg(program);
        command
    }
}

/// The folder told by the environment, or that of the newest version installed.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings of their own"
)]
fn programs() -> PathBuf {
    if let Ok(told) = std::env::var("MAMAGANG_PG_BIN") {
        return told.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.flatten().filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin")))
    });
    let newest = versions.max().map(|(_, bin)| bin);
    newest.expect("PostgreSQL is installed, or MAMAGANG_PG_BIN names its programs' folder")
}

/// A program of the PostgreSQL that tests run on, such as `pg_dump`.
pub fn postgres_program(name: &str) -> PathBuf {
    programs().join(name)
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Not on the test's own output, which a runner waits for until all have closed it.
fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
}

/// What it has told.
fn finish(command: &mut Command) -> io::Result<String> {
    let done = command.current_dir("/").stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(io::Error::other(told))
}
