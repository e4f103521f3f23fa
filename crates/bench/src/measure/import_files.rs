//! F1 and F2: files of facts through `mamagang import`, wrong rows among them, and files too long to be held.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use mamagang_files::xlsx::{Cell, Kind, Spreadsheet};
use tokio::time::{Instant, sleep};

use super::Bench;
use crate::files::Rows;
use crate::report::{Bounds, Figure};
use crate::service::{Database, Service, memory_kb, migrate};

/// Rows that are stored, and how many of them are wrong.
const STORED: Rows = Rows {
    count: 200_000,
    wrong_every: 200,
};
/// Rows of a file that is only checked.
const CHECKED: Rows = Rows {
    count: 1_000_000,
    wrong_every: 1_000,
};

/// What an import took and told.
struct Imported {
    took: Duration,
    /// The most memory that the client had, in MiB.
    client_mib: f64,
    told: serde_json::Value,
}

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for ending in ["xlsx", "csv"] {
        if bench.wants(&["F1"]) {
            figures.push(stored(bench, "F1", ending).await?);
        }
        if bench.wants(&["F2"]) {
            figures.push(checked(bench, "F2", ending).await?);
        }
    }
    Ok(figures)
}

/// Stores a file into an empty database. Every wrong row, and no other, has to come back in its place.
async fn stored(bench: &Bench, name: &'static str, ending: &str) -> anyhow::Result<Figure> {
    let file = bench.folder.path().join(format!("stored.{ending}"));
    write(STORED, &file)?;
    let service = new_service(bench, ending).await?;
    let imported = import(bench, &service, &file, &[]).await?;
    let wrong = STORED.wrong();
    let right = STORED.count - wrong.len() as u64;
    ensure!(
        imported.told["stored"] == right && imported.told["rows"] == STORED.count,
        "{} rows were stored: {}",
        imported.told["stored"],
        imported.told
    );
    let back = imported.told["errors"]
        .as_str()
        .context("no file came back")?;
    ensure!(
        rows_with_reasons(Path::new(back))? == wrong.iter().copied().collect(),
        "other rows came back than those that are wrong"
    );
    let rate = STORED.count as f64 / imported.took.as_secs_f64();
    let what = format!(
        "{} rows of {ending} stored into SQLite by the command line, {} wrong ones back in their places",
        STORED.count,
        wrong.len()
    );
    let seen = serde_json::json!({
        "seconds": imported.took.as_secs_f64(),
        "client_peak_mib": imported.client_mib,
        "service_memory_kb": service.memory_kb(),
        "file_bytes": std::fs::metadata(&file)?.len(),
    });
    Ok(Figure::new(name, what, rate).own(rate, "rows/s").seen(seen))
}

/// Checks a file that is too long to be held, and looks at the client's memory.
async fn checked(bench: &Bench, name: &'static str, ending: &str) -> anyhow::Result<Figure> {
    let rows = Rows {
        count: if bench.args.quick {
            200_000
        } else {
            CHECKED.count
        },
        ..CHECKED
    };
    let file = bench.folder.path().join(format!("checked.{ending}"));
    write(rows, &file)?;
    let service = new_service(bench, &format!("checked-{ending}")).await?;
    let imported = import(bench, &service, &file, &["--dry-run"]).await?;
    ensure!(
        imported.told["rows"] == rows.count && imported.told["wrong"] == rows.wrong().len(),
        "{}",
        imported.told
    );
    let rate = rows.count as f64 / imported.took.as_secs_f64();
    let what = format!(
        "client's memory over {} rows of {ending}, checked and not stored",
        rows.count
    );
    let seen = serde_json::json!({
        "rows_per_second": rate,
        "seconds": imported.took.as_secs_f64(),
        "service_memory_kb": service.memory_kb(),
        "file_bytes": std::fs::metadata(&file)?.len(),
    });
    let figure = Figure::new(name, what, imported.client_mib)
        .own(rate, "rows/s")
        .within(Bounds::falling(256.0, 150.0, None));
    std::fs::remove_file(&file)?;
    Ok(figure.seen(seen))
}

fn write(rows: Rows, file: &Path) -> anyhow::Result<()> {
    match file.extension().is_some_and(|ending| ending == "xlsx") {
        true => rows.xlsx(file),
        false => rows.csv(file),
    }
}

async fn new_service(bench: &Bench, name: &str) -> anyhow::Result<Service> {
    let path = |ending: &str| bench.folder.path().join(format!("import-{name}.{ending}"));
    let database = Database {
        url: format!("sqlite://{}", path("db").display()),
        key_file: path("keys"),
    };
    migrate(bench.mamagang(), &database)?;
    Service::start(bench.mamagang(), &database).await
}

/// Runs the import and watches its memory.
async fn import(
    bench: &Bench,
    service: &Service,
    file: &Path,
    more: &[&str],
) -> anyhow::Result<Imported> {
    let told = bench.folder.path().join("told.json");
    let mut command = Command::new(bench.mamagang());
    command
        .args(["import", "contribution"])
        .arg(file)
        .args([
            "--json",
            "--address",
            &format!("http://{}", service.address),
        ])
        .args(more)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&told)?);
    let started = Instant::now();
    let mut client = command.spawn()?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory_kb(client.id()).1);
        if let Some(status) = client.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(20)).await;
    };
    let took = started.elapsed();
    ensure!(
        status.code() == Some(3),
        "wrong rows are told by the exit code 3, not {status}"
    );
    Ok(Imported {
        took,
        client_mib: peak as f64 / 1_024.0,
        told: serde_json::from_slice(&std::fs::read(&told)?)?,
    })
}

/// The rows of a file given back whose last cell has a reason.
fn rows_with_reasons(path: &Path) -> anyhow::Result<BTreeSet<u64>> {
    let place = crate::files::HEADERS.len();
    if path.extension().is_some_and(|ending| ending == "csv") {
        let text = std::fs::read_to_string(path)?;
        let lines = (1..).zip(text.lines()).skip(1);
        let with =
            lines.filter(|(_, line)| line.split(',').nth(place).is_some_and(|it| !it.is_empty()));
        return Ok(with.map(|(number, _)| number).collect());
    }
    let file = std::io::BufReader::new(std::fs::File::open(path)?);
    let mut book = Spreadsheet::open(Kind::Xlsx, file)?;
    let sheet = book.sheets().into_iter().next().context("no sheet")?;
    let mut with = BTreeSet::new();
    for row in book.rows(&sheet)?.skip(1) {
        let row = row?;
        if matches!(row.cells.get(place), Some(Cell::Text(_))) {
            with.insert(row.number.into());
        }
    }
    Ok(with)
}
