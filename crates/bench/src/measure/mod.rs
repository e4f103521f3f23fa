//! P1 to P10, A1, F1 and F2, each beside its yardstick.

mod access;
mod checks;
mod decision;
mod import_files;
mod instances;
mod kept;
mod peers;
mod postings;
mod scale;
mod start;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use mamagang_testkit::postgres::{PostgresCluster, PostgresDatabase};
use tempfile::TempDir;

use crate::RunArgs;
use crate::city::{City, STAFF};
use crate::load::Run;
use crate::report::{Bounds, Figure, Report, median, spread};
use crate::seed;
use crate::service::{Database, Service, migrate};
use crate::yardstick::{Pgbench, fsync_rate};

/// What every measure needs.
pub(crate) struct Bench {
    args: RunArgs,
    folder: TempDir,
    cluster: &'static PostgresCluster,
    city: City,
    turns: u32,
    turn: Duration,
    figures: Vec<Figure>,
}

/// A database with the city in it.
pub(crate) struct Filled {
    database: Database,
    _postgres: Option<PostgresDatabase>,
}

/// Runs what is wanted, prints the table and writes the results.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<()> {
    let quick = args.quick;
    let workers = args.workers.unwrap_or(if quick { 60_000 } else { 115_000 });
    let staff = args.staff.unwrap_or(STAFF);
    anyhow::ensure!(staff > 0, "--staff: an employer has a worker at least");
    let is_only_scale = args.only.iter().all(|only| only.eq_ignore_ascii_case("P9"));
    anyhow::ensure!(
        staff == STAFF || (is_only_scale && !args.only.is_empty()),
        "--staff: the other measures are of employers with {STAFF} workers; add --only P9"
    );
    let city = City {
        workers,
        staff,
        months: args.months.unwrap_or(12),
        // The others are for the trial of two instances.
        long_employers: (workers * 4 / 5 / staff).min(14_000),
    };
    let mut bench = Bench {
        turns: args.turns.unwrap_or(if quick { 3 } else { 5 }),
        turn: Duration::from_secs(args.seconds.unwrap_or(2)),
        folder: tempfile::tempdir()?,
        cluster: match &args.keep {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                PostgresCluster::kept(&folder.join("postgres"))?
            }
            None => PostgresCluster::start(),
        },
        city,
        args,
        figures: Vec::new(),
    };
    let started = seconds_since_1970();
    let load = load_average();
    bench.durability()?;
    if bench.wants(&["P8"]) {
        let figures = decision::measure(&bench);
        bench.note("P8", figures);
    }
    if bench.wants(&["P1", "P5", "P10", "A1"]) {
        let filled = bench.sqlite().await?;
        if bench.wants(&["P1"]) {
            let figures = checks::on_sqlite(&bench, &filled).await;
            bench.note("P1", figures);
        }
        if bench.wants(&["P5"]) {
            let figures = postings::on_sqlite(&bench, &filled).await;
            bench.note("P5", figures);
        }
        if bench.wants(&["A1"]) {
            let figures = access::measure(&bench, &filled).await;
            bench.note("A1", figures);
        }
        if bench.wants(&["P10"]) {
            let figures = start::measure(&bench, &filled).await;
            bench.note("P10", figures);
        }
    }
    if bench.wants(&["F1", "F2"]) {
        let figures = import_files::measure(&bench).await;
        bench.note("F1", figures);
    }
    if bench.wants(&["P2", "P3", "P4", "P6", "P7", "P9", "T1", "T2"]) {
        on_postgres(&mut bench).await?;
    }
    let report = Report {
        started,
        quick,
        commit: commit(),
        processors: std::thread::available_parallelism().map_or(0, usize::from),
        workers,
        turns: bench.turns,
        load: (load, load_average()),
        figures: bench.figures,
    };
    let path = report.write(&bench.args.results)?;
    println!("\n{}\nwritten to {}", report.table(), path.display());
    Ok(())
}

/// The measures on PostgreSQL. They share a database, so they come in this order always.
async fn on_postgres(bench: &mut Bench) -> anyhow::Result<()> {
    let filled = bench.postgres().await?;
    let pgbench = Pgbench::prepare(bench.cluster)?;
    if bench.wants(&["P2"]) {
        let figures = checks::on_postgres(bench, &filled, &pgbench).await;
        bench.note("P2", figures);
    }
    if bench.wants(&["P3", "P4", "P6", "P7"]) {
        let figures = postings::on_postgres(bench, &filled, &pgbench).await;
        bench.note("P3", figures);
    }
    if bench.wants(&["T1"]) {
        let figures = instances::two_at_once(bench, &filled).await;
        bench.note("T1", figures);
    }
    if bench.wants(&["P9"]) {
        let figures = scale::point_reads(bench, &filled).await;
        bench.note("P9", figures);
        let figures = scale::settlement(bench, &filled);
        bench.note("P9", figures);
    }
    if bench.wants(&["T2"]) {
        let figures = instances::one_killed(bench, &filled).await;
        bench.note("T2", figures);
    }
    Ok(())
}

impl Bench {
    fn wants(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.args.wants(name))
    }

    /// A measure that failed is told as such and keeps no other out.
    fn note(&mut self, name: &'static str, figures: anyhow::Result<Vec<Figure>>) {
        match figures {
            Ok(figures) => self.tell(figures),
            Err(error) => self.tell(vec![failed(name, &error)]),
        }
    }

    fn tell(&mut self, figures: Vec<Figure>) {
        for figure in figures {
            println!(
                "{} {}: {:.3} ({:.0} {}) {}",
                figure.name, figure.what, figure.value, figure.own, figure.unit, figure.verdict
            );
            self.figures.push(figure);
        }
    }

    fn mamagang(&self) -> &Path {
        &self.args.mamagang
    }

    fn durability(&mut self) -> anyhow::Result<()> {
        let rate = fsync_rate(self.folder.path(), Duration::from_secs(1))?;
        let figure = Figure::new("–", "8 KiB written and synced, one after the other", rate);
        self.tell(vec![figure.own(rate, "/s")]);
        Ok(())
    }

    async fn sqlite(&mut self) -> anyhow::Result<Filled> {
        let path = self.folder.path().join("city.db");
        let url = format!("sqlite://{}", path.display());
        self.fill("SQLite", url, None, 1).await
    }

    async fn postgres(&mut self) -> anyhow::Result<Filled> {
        let kept = self.args.keep.clone().map(kept::Kept::new);
        let database = match &kept {
            Some(_) => self.cluster.kept_database("city")?,
            None => self.cluster.database(),
        };
        if let Some(kept) = &kept
            && let Some(filled) = kept.find(self.city, &database)?
        {
            // It may have been filled by an earlier version.
            migrate(self.mamagang(), &filled)?;
            return Ok(Filled {
                database: filled,
                _postgres: Some(database),
            });
        }
        let filled = self
            .fill("PostgreSQL", database.url(), Some(database), 4)
            .await?;
        if let Some(kept) = &kept {
            kept.note(self.city, &filled.database)?;
        }
        Ok(filled)
    }

    async fn fill(
        &mut self,
        engine: &'static str,
        url: String,
        postgres: Option<PostgresDatabase>,
        streams: u64,
    ) -> anyhow::Result<Filled> {
        let key_file = self.folder.path().join(format!("{engine}.keys"));
        let database = Database { url, key_file };
        migrate(self.mamagang(), &database)?;
        let service = Service::start(self.mamagang(), &database).await?;
        let city = self.city;
        println!("importing {} facts into {engine}", city.facts());
        let took = seed::import(&service.address, city, streams).await?;
        let rate = city.facts() as f64 / took.as_secs_f64();
        let what = format!(
            "ImportFacts into {engine}, {} facts of {} workers, {streams} streams",
            city.facts(),
            city.workers
        );
        let seen = serde_json::json!({
            "memory_kb": service.memory_kb(),
            "service_cpu_micros_per_fact": service.cpu_seconds() * 1e6 / city.facts() as f64,
        });
        let bounds = Bounds::rising(30_000.0, 60_000.0, 150_000.0);
        let figure = Figure::new("P9", what, rate).own(rate, "facts/s");
        self.tell(vec![figure.within(bounds).seen(seen)]);
        drop(service);
        write_back(postgres.as_ref())?;
        Ok(Filled {
            database,
            _postgres: postgres,
        })
    }
}

/// Settles a filled database, as pgbench does its own: statistics are taken, and everything is
/// written back, so that no measure pays for the filling.
fn write_back(postgres: Option<&PostgresDatabase>) -> anyhow::Result<()> {
    if let Some(database) = postgres {
        database.run_sql("VACUUM (ANALYZE)")?;
        database.run_sql("CHECKPOINT")?;
    }
    let synced = std::process::Command::new("sync").status()?;
    anyhow::ensure!(synced.success(), "sync: {synced}");
    Ok(())
}

/// Turns of a yardstick and the service.
#[derive(Default)]
pub(crate) struct Turns {
    yardstick: Vec<f64>,
    runs: Vec<Run>,
    cpu: Vec<f64>,
}

impl Turns {
    fn add(&mut self, yardstick: f64, run: Run, cpu_seconds: f64) {
        self.yardstick.push(yardstick);
        self.cpu.push(cpu_seconds * 1e6 / run.done.max(1) as f64);
        self.runs.push(run);
    }

    fn figure(
        &self,
        name: &'static str,
        what: impl Into<String>,
        to: &str,
        bounds: Bounds,
    ) -> Figure {
        self.beside(name, what, to).within(bounds)
    }

    /// The same where nothing is held against it.
    fn beside(&self, name: &'static str, what: impl Into<String>, to: &str) -> Figure {
        let rates: Vec<f64> = self.runs.iter().map(|run| run.rate).collect();
        let ratios: Vec<f64> = rates
            .iter()
            .zip(&self.yardstick)
            .map(|(rate, yardstick)| rate / yardstick)
            .collect();
        let p99: Vec<f64> = self.runs.iter().map(|run| run.p99_ms).collect();
        let p50: Vec<f64> = self.runs.iter().map(|run| run.p50_ms).collect();
        let mut figure = Figure::new(name, what, median(&ratios)).own(median(&rates), "/s");
        figure.spread = spread(&ratios);
        to.clone_into(&mut figure.to);
        figure.yardstick = Some(median(&self.yardstick));
        figure.seen(serde_json::json!({
            "p50_ms": median(&p50),
            "p99_ms": median(&p99),
            "service_cpu_micros_per_call": median(&self.cpu),
            "runs": self.runs,
            "yardstick_runs": self.yardstick,
        }))
    }

    /// What went wrong in any turn.
    fn trouble(&self) -> Option<String> {
        let refused: Vec<_> = self.runs.iter().map(|run| &run.refused).collect();
        let any = refused.iter().any(|refused| !refused.is_empty());
        any.then(|| format!("{refused:?}"))
    }

    /// Refusals make a figure worthless.
    fn sound(&self, name: &str) -> anyhow::Result<()> {
        match self.trouble() {
            None => Ok(()),
            Some(trouble) => anyhow::bail!("{name}: calls were refused: {trouble}"),
        }
    }
}

/// The figure of a measure that failed.
fn failed(name: &'static str, error: &anyhow::Error) -> Figure {
    let mut failed = Figure::new(name, format!("failed: {error:#}"), 0.0);
    failed.verdict = "FAILED";
    failed
}

/// A file in the bench's folder.
fn file(bench: &Bench, name: &str) -> PathBuf {
    bench.folder.path().join(name)
}

#[expect(clippy::disallowed_methods, reason = "the name of the results' file")]
fn seconds_since_1970() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

fn load_average() -> f64 {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = told.split_whitespace().next();
    first.and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

fn commit() -> String {
    let told = std::process::Command::new("git")
        .args(["rev-parse", "--short", "HEAD"])
        .output()
        .context("git");
    told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned())
        .unwrap_or_default()
}
