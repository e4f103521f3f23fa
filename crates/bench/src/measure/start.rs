//! P10: from the start of the process to the first answer, and memory without calls.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::checks::check;
use super::{Bench, Filled};
use crate::report::{Bounds, Figure, median, spread};
use crate::service::Service;
use crate::wire::Line;

pub(super) async fn measure(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let (mut seconds, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..bench.turns {
        let started = Instant::now();
        let service = Service::start(bench.mamagang(), &filled.database).await?;
        let mut line = Line::open(&service.address).await?;
        line.ask(check(bench.city, 0, 12)).await?;
        seconds.push(started.elapsed().as_secs_f64());
        sleep(Duration::from_secs(1)).await;
        idle.push(service.memory_kb().0 as f64 / 1_024.0);
    }
    let binary = std::fs::metadata(bench.mamagang())?.len() as f64 / 1_048_576.0;
    let binary =
        Figure::new("P10", "the program, with its tables of lines", binary).own(binary, "MiB");
    let mut start = Figure::new(
        "P10",
        "start to the first answer, existing SQLite database",
        median(&seconds),
    )
    .own(median(&seconds), "s")
    .within(Bounds::falling(0.3, 0.1, None));
    start.spread = spread(&seconds);
    let mut memory = Figure::new("P10", "idle memory after the first answer", median(&idle))
        .own(median(&idle), "MiB")
        .within(Bounds::falling(40.0, 25.0, None));
    memory.spread = spread(&idle);
    Ok(vec![start, memory, binary])
}
