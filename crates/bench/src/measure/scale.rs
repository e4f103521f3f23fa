//! P9: what size costs. The import is measured where the city is filled.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::ensure;
use tokio::time::Instant;

use super::checks::Checks;
use super::{Bench, Filled, file};
use crate::city::{City, employer_code};
use crate::load::{Work, drive};
use crate::report::{Bounds, Figure, median, spread};
use crate::seed;
use crate::service::{Database, Service, migrate};
use crate::wire::Line;

/// Workers of the city that the large one is compared with.
const SMALL: u64 = 10_000;
/// Employer-years of a city of a million workers: 50,000 employers, three years.
const EMPLOYER_YEARS: f64 = 150_000.0;

/// Checks of random workers against the same in a small city, alternately.
pub(super) async fn point_reads(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let small = City {
        workers: SMALL,
        staff: bench.city.staff,
        months: 12,
        long_employers: 0,
    };
    let postgres = bench.cluster.database();
    let database = Database {
        url: postgres.url(),
        key_file: file(bench, "small.keys"),
    };
    migrate(bench.mamagang(), &database)?;
    let services = [
        Service::start(bench.mamagang(), &database).await?,
        Service::start(bench.mamagang(), &filled.database).await?,
    ];
    seed::import(&services[0].address, small, 4).await?;
    let mut sides = Vec::new();
    for (service, city) in services.iter().zip([small, bench.city]) {
        let lines = Line::open_all(&service.address, 4).await?;
        let work: Arc<dyn Work> = Arc::new(Checks::new(city, 12));
        sides.push((lines, work, Arc::new(AtomicU64::new(0))));
    }
    let mut ratios = Vec::new();
    let (mut small_ms, mut large_ms) = (Vec::new(), Vec::new());
    for _ in 0..bench.turns {
        let mut medians = Vec::new();
        for (lines, work, next) in &sides {
            let run = drive(lines, 4, bench.turn / 2, Arc::clone(next), Arc::clone(work)).await;
            ensure!(run.refused.is_empty(), "P9: {:?}", run.refused);
            medians.push(run.p50_ms);
        }
        small_ms.push(medians[0]);
        large_ms.push(medians[1]);
        ratios.push(medians[1] / medians[0]);
    }
    let what = format!(
        "median check among {} workers, against {SMALL}, 4 in flight, PostgreSQL",
        bench.city.workers
    );
    let mut figure = Figure::new("P9", what, median(&ratios)).own(median(&large_ms), "ms");
    figure.spread = spread(&ratios);
    let seen = serde_json::json!({
        "small_p50_ms": small_ms,
        "large_p50_ms": large_ms,
        "memory_kb": services[1].memory_kb(),
    });
    let memory = services[1].memory_kb().1 as f64 / 1_024.0;
    let memory = Figure::new(
        "P9",
        "most memory of the service under these checks",
        memory,
    )
    .own(memory, "MiB")
    .within(Bounds::falling(512.0, 512.0, None));
    Ok(vec![
        figure
            .within(Bounds::falling(1.5, 1.3, Some(1.1)))
            .seen(seen),
        memory,
    ])
}

/// A file of declarations for the employers of a range.
pub(super) fn declarations(
    bench: &Bench,
    name: &str,
    employers: std::ops::Range<u64>,
) -> anyhow::Result<std::path::PathBuf> {
    let mut text = String::from("employer_code,cit_payable_fen\n");
    for employer in employers {
        text.push_str(&format!("{},2000000\n", employer_code(employer)));
    }
    let path = file(bench, name);
    std::fs::write(&path, text)?;
    Ok(path)
}

/// The command that settles a year.
pub(super) fn settle_year(
    bench: &Bench,
    database: &Database,
    year: i32,
    declarations: &std::path::Path,
) -> Command {
    let mut command = Command::new(bench.mamagang());
    command
        .args(["settle-year", "--year", &year.to_string(), "--declarations"])
        .arg(declarations)
        .args(["--database-url", &database.url, "--key-file"])
        .arg(&database.key_file)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Every year of every employer, by the job.
pub(super) fn settlement(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let employers = bench.city.employers();
    let path = declarations(bench, "declarations.csv", 0..employers)?;
    let mut took = Duration::ZERO;
    let years = [2023, 2024, 2025];
    for year in years {
        let started = Instant::now();
        let done = settle_year(bench, &filled.database, year, &path).output()?;
        took += started.elapsed();
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        let all = format!("{employers} employers, {employers} settled, 0 refused");
        ensure!(
            done.status.success() && told.contains(&all),
            "{year}: {told}"
        );
    }
    let employer_years = employers as f64 * years.len() as f64;
    let rate = employer_years / took.as_secs_f64();
    let what = format!(
        "settlement of {employer_years} employer-years with {} workers each, PostgreSQL; the value \
         is seconds for 150,000 at this rate",
        bench.city.staff
    );
    let figure = Figure::new("P9", what, EMPLOYER_YEARS / rate).own(rate, "employer-years/s");
    Ok(vec![figure.within(Bounds::falling(
        120.0,
        60.0,
        Some(20.0),
    ))])
}
