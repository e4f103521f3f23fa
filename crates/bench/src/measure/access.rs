//! A1: checks with certificate and token, beside the same without.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::checks::{Checks, IN_FLIGHT, LINES};
use super::{Bench, Filled, Turns, file};
use crate::load::{Work, drive};
use crate::report::{Bounds, Figure};
use crate::service::{Service, Trial};
use crate::wire::Line;

/// The service in development mode is the yardstick: audit, MACs and sealed columns are on in both.
pub(super) async fn measure(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let trial = Trial::make(bench.mamagang(), &file(bench, "trial"))?;
    let open = Service::start(bench.mamagang(), &filled.database).await?;
    let secured = Service::start_secured(bench.mamagang(), &filled.database, &trial).await?;
    let open_lines = Line::open_all(&open.address, LINES).await?;
    let mut lines = Vec::with_capacity(LINES);
    for _ in 0..LINES {
        lines.push(Line::open_secured(&secured.address, &trial).await?);
    }
    let work: Arc<dyn Work> = Arc::new(Checks::new(bench.city, 12));
    let next = || Arc::new(AtomicU64::new(0));
    for warm in [&open_lines, &lines] {
        drive(warm, IN_FLIGHT, bench.turn / 2, next(), Arc::clone(&work)).await;
    }
    let mut turns = Turns::default();
    for _ in 0..bench.turns {
        let yardstick = drive(
            &open_lines,
            IN_FLIGHT,
            bench.turn,
            next(),
            Arc::clone(&work),
        )
        .await;
        let cpu = secured.cpu_seconds();
        let run = drive(&lines, IN_FLIGHT, bench.turn, next(), Arc::clone(&work)).await;
        turns.add(yardstick.rate, run, secured.cpu_seconds() - cpu);
    }
    turns.sound("A1")?;
    let what = format!(
        "check of 12 months with TLS 1.3, client certificate and EdDSA token, {IN_FLIGHT} in flight, {LINES} kept \
         connections, SQLite"
    );
    let bounds = Bounds::rising(0.80, 0.90, 0.95);
    Ok(vec![turns.figure("A1", what, "development mode", bounds)])
}
