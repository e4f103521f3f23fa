//! P3 to P6: postings, each of an employer with five workers and one new month of each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use mamagang_proto::v1;
use prost::Message as _;
use uuid::Uuid;

use super::checks::LINES;
use super::peers::{self, Peer, PeerTurns};
use super::{Bench, Filled, Turns, failed, file};
use crate::city::{employer_code, month};
use crate::load::{Work, drive};
use crate::report::{Bounds, Figure, median, spread};
use crate::service::Service;
use crate::wire::{Call, Line, path};
use crate::yardstick::{Pgbench, Script};

/// Periods of an employer: three years.
const PERIODS: u64 = 36;

/// Postings of all employers' first period, then of all their second, and so on.
pub(super) struct Postings {
    codes: Vec<String>,
}

impl Postings {
    pub(super) fn new(employers: u64) -> Self {
        Self {
            codes: (0..employers).map(employer_code).collect(),
        }
    }
}

/// A request id that is nobody else's, and in no order.
pub(super) fn request_id(kind: u64, number: u64) -> String {
    let mut bits = (kind << 56) ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits ^= bits >> 31;
    let mixed = bits.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let id = (u128::from(mixed) << 64) | u128::from((kind << 48) ^ number);
    Uuid::from_u128(id).to_string()
}

pub(super) fn posting(
    employer_code: &str,
    period: i32,
    request_id: String,
) -> v1::PostDeductionRequest {
    v1::PostDeductionRequest {
        request_id,
        validate_only: false,
        employer_code: employer_code.to_owned(),
        period: month(period).to_string(),
        declared_time: None,
        return_number: String::new(),
        vat_payable_fen: 150_000,
        release: v1::Release::Cumulative.into(),
        sales_fen: None,
    }
}

impl Postings {
    /// The posting of a number; `None` where every period is posted.
    pub(super) fn request(&self, number: u64) -> Option<v1::PostDeductionRequest> {
        let count = self.codes.len() as u64;
        let (period, employer) = (number / count, (number % count) as usize);
        if period >= PERIODS {
            return None;
        }
        let period = i32::try_from(period).ok()?;
        Some(posting(
            &self.codes[employer],
            period,
            request_id(1, number),
        ))
    }
}

impl Work for Postings {
    fn call(&self, number: u64) -> Option<Call> {
        Some(Call::new(path::POST, &self.request(number)?))
    }

    fn look(&self, _: u64, answer: Bytes) -> Result<(), String> {
        let posted = v1::PostDeductionResponse::decode(answer).map_err(|e| e.to_string())?;
        match posted.entry_id.is_empty() || posted.lines.len() != 4 {
            true => Err("no entry".to_owned()),
            false => Ok(()),
        }
    }
}

/// Half amendments of a posted period, half balances; over `employers` in turn.
struct Mixed {
    codes: Vec<String>,
    kind: u64,
}

impl Work for Mixed {
    fn call(&self, number: u64) -> Option<Call> {
        let turn = number / 2;
        let code = self.codes[(turn % self.codes.len() as u64) as usize].clone();
        if number.is_multiple_of(2) {
            let request = v1::AmendDeductionRequest {
                request_id: request_id(self.kind, number),
                employer_code: code,
                period: month(0).to_string(),
                vat_payable_fen: 100_000 + i64::try_from(turn % 50_000).ok()?,
                reason: "更正".to_owned(),
                ..v1::AmendDeductionRequest::default()
            };
            return Some(Call::new(path::AMEND, &request));
        }
        let request = v1::GetEmployerBalanceRequest {
            employer_code: code,
            tax_year: 2023,
            as_of_time: None,
            through_month: String::new(),
        };
        Some(Call::new(path::BALANCE, &request))
    }
}

pub(super) async fn on_postgres(
    bench: &Bench,
    filled: &Filled,
    pgbench: &Pgbench,
) -> anyhow::Result<Vec<Figure>> {
    let work: Arc<dyn Work> = Arc::new(Postings::new(bench.city.long_employers));
    let next = Arc::new(AtomicU64::new(0));
    let mut figures = Vec::new();
    if bench.args.wants("P3") || bench.args.wants("P4") {
        // First: what it posts, the other would have kept otherwise.
        figures.extend(nothing_kept(bench, filled, pgbench, &next, &work).await?);
    }
    let service = Service::start(bench.mamagang(), &filled.database).await?;
    let lines = Line::open_all(&service.address, LINES).await?;
    // The first of each employer, so that every chain has begun and the caches are warm.
    drive(
        &lines,
        256,
        bench.turn,
        Arc::clone(&next),
        Arc::clone(&work),
    )
    .await;
    let measures = [
        ("P3", 256, Bounds::rising(2.0, 3.5, 5.0)),
        ("P4", 8, Bounds::rising(1.0, 1.2, 1.5)),
    ];
    for (name, in_flight, bounds) in measures {
        if !bench.args.wants(name) {
            continue;
        }
        let mut turns = Turns::default();
        let program = bench.args.peers.as_ref();
        let mut peers = PeerTurns::start(program, bench.cluster, name, in_flight).await;
        for _ in 0..bench.turns {
            let yardstick = pgbench.rate(Script::TpcB, bench.turn)?;
            let cpu = service.cpu_seconds();
            let run = drive(
                &lines,
                in_flight,
                bench.turn,
                Arc::clone(&next),
                Arc::clone(&work),
            );
            let run = run.await;
            turns.add(yardstick, run, service.cpu_seconds() - cpu);
            peers.take(bench.turn).await;
        }
        let beside = peers.figures(&turns.runs).await;
        if let Err(error) = turns.sound(name) {
            figures.push(failed(name, &error));
            continue;
        }
        let what = format!(
            "PostDeduction of 5 new person-months, {in_flight} in flight, PostgreSQL, durable"
        );
        figures.push(turns.figure(name, what, "pgbench TPC-B prepared", bounds));
        figures.extend(beside);
    }
    if bench.args.wants("P6") {
        let figure = one_employer(bench, &lines, &service, &next).await;
        figures.push(figure.unwrap_or_else(|error| failed("P6", &error)));
    }
    if bench.args.wants("P7") {
        let figure = batches(bench, &lines, &service, &next).await;
        figures.push(figure.unwrap_or_else(|error| failed("P7", &error)));
    }
    if !figures.is_empty() {
        let most = service.memory_kb().1 as f64 / 1_024.0;
        let memory = Figure::new("P10", "most memory of the service under postings", most);
        figures.push(memory.own(most, "MiB"));
    }
    Ok(figures)
}

/// Turns of what nothing is held against: they use postings up.
const TURNS_BESIDE: u32 = 3;

/// P3 and P4 of a service that keeps nothing of an employer from posting to posting: as they are where
/// each employer posts once.
async fn nothing_kept(
    bench: &Bench,
    filled: &Filled,
    pgbench: &Pgbench,
    next: &Arc<AtomicU64>,
    work: &Arc<dyn Work>,
) -> anyhow::Result<Vec<Figure>> {
    let flags = ["--postgres-kept-mib", "0"];
    let service = Service::start_with(bench.mamagang(), &filled.database, &flags).await?;
    let lines = Line::open_all(&service.address, LINES).await?;
    let run = |in_flight| {
        drive(
            &lines,
            in_flight,
            bench.turn,
            Arc::clone(next),
            Arc::clone(work),
        )
    };
    run(256).await;
    let mut figures = Vec::new();
    for (name, in_flight) in [("P3", 256), ("P4", 8)] {
        if !bench.args.wants(name) {
            continue;
        }
        let mut turns = Turns::default();
        for _ in 0..bench.turns.min(TURNS_BESIDE) {
            let yardstick = pgbench.rate(Script::TpcB, bench.turn)?;
            let cpu = service.cpu_seconds();
            let ran = run(in_flight).await;
            turns.add(yardstick, ran, service.cpu_seconds() - cpu);
        }
        if let Err(error) = turns.sound(name) {
            figures.push(failed(name, &error));
            continue;
        }
        let what = format!(
            "PostDeduction where nothing is kept of an employer, {in_flight} in flight, PostgreSQL"
        );
        figures.push(turns.beside(name, what, "pgbench TPC-B prepared"));
    }
    Ok(figures)
}

/// Postings of one batch call, and such calls in flight.
const BATCH: u64 = 1_000;
const BATCHES_IN_FLIGHT: usize = 3;

/// Batches of the postings that come next.
struct Batches {
    postings: Postings,
    next: Arc<AtomicU64>,
}

impl Work for Batches {
    fn call(&self, _: u64) -> Option<Call> {
        let first = self.next.fetch_add(BATCH, Ordering::Relaxed);
        let postings = (first..first + BATCH).map(|number| self.postings.request(number));
        let postings: Option<Vec<_>> = postings.collect();
        let request = v1::BatchPostDeductionsRequest {
            postings: postings?,
        };
        Some(Call::new(path::BATCH_POST, &request))
    }

    fn looks_at_every_answer(&self) -> bool {
        true
    }

    fn look(&self, _: u64, answer: Bytes) -> Result<(), String> {
        let answer = v1::BatchPostDeductionsResponse::decode(answer).map_err(|e| e.to_string())?;
        let refused = answer
            .results
            .into_iter()
            .find_map(|result| match result.result {
                Some(v1::post_deduction_result::Result::Posting(_)) => None,
                other => Some(format!("{other:?}")),
            });
        refused.map_or(Ok(()), Err)
    }
}

/// P7: a thousand postings a call.
async fn batches(
    bench: &Bench,
    lines: &[Line],
    service: &Service,
    next: &Arc<AtomicU64>,
) -> anyhow::Result<Figure> {
    let work: Arc<dyn Work> = Arc::new(Batches {
        postings: Postings::new(bench.city.long_employers),
        next: Arc::clone(next),
    });
    let mut rates = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..bench.turns {
        let cpu = service.cpu_seconds();
        let calls = Arc::default();
        let run = drive(
            lines,
            BATCHES_IN_FLIGHT,
            bench.turn,
            calls,
            Arc::clone(&work),
        )
        .await;
        anyhow::ensure!(run.refused.is_empty(), "P7: {:?}", run.refused);
        if run.done == 0 {
            // Every period of every employer is posted.
            break;
        }
        let postings = (run.done * BATCH) as f64;
        rates.push(postings / run.seconds);
        seen.push(serde_json::json!({
            "run": run,
            "service_cpu_micros_per_posting": (service.cpu_seconds() - cpu) * 1e6 / postings.max(1.0),
        }));
    }
    let rate = median(&rates);
    let what =
        "BatchPostDeductions of 1,000, 3 calls in flight, 5 new person-months each, PostgreSQL";
    let mut figure = Figure::new("P7", what, rate).own(rate, "postings/s");
    figure.spread = spread(&rates);
    let bounds = Bounds::rising(10_000.0, 15_000.0, 40_000.0);
    Ok(figure.within(bounds).seen(serde_json::json!(seen)))
}

/// P6: one employer's callers are no slower than half of as many employers'.
async fn one_employer(
    bench: &Bench,
    lines: &[Line],
    service: &Service,
    posted: &AtomicU64,
) -> anyhow::Result<Figure> {
    const IN_FLIGHT: usize = 64;
    let employers = posted.load(Ordering::Relaxed);
    let employers = employers.min(bench.city.long_employers).saturating_sub(256);
    let codes: Vec<String> = (0..employers).map(employer_code).collect();
    let one: Arc<dyn Work> = Arc::new(Mixed {
        codes: vec![codes[0].clone()],
        kind: 2,
    });
    let distinct: Arc<dyn Work> = Arc::new(Mixed { codes, kind: 3 });
    let (next_one, next_distinct) = (Arc::default(), Arc::default());
    let mut turns = Turns::default();
    for _ in 0..bench.turns {
        let yardstick = drive(
            lines,
            IN_FLIGHT,
            bench.turn,
            Arc::clone(&next_distinct),
            Arc::clone(&distinct),
        );
        let yardstick = yardstick.await;
        anyhow::ensure!(yardstick.refused.is_empty(), "P6: {:?}", yardstick.refused);
        let cpu = service.cpu_seconds();
        let run = drive(
            lines,
            IN_FLIGHT,
            bench.turn,
            Arc::clone(&next_one),
            Arc::clone(&one),
        );
        let run = run.await;
        turns.add(yardstick.rate, run, service.cpu_seconds() - cpu);
    }
    turns.sound("P6")?;
    let what = "one employer, 64 in flight, half amendments, half balances, PostgreSQL";
    let bounds = Bounds::rising(0.5, 0.6, 0.8);
    Ok(turns.figure("P6", what, "distinct employers", bounds))
}

/// What the crate doubleentry posts on SQLite FULL, one at a time, as it was measured on two cores
/// once; with `--peers` it is measured anew.
const DOUBLEENTRY_ON_SQLITE: f64 = 685.0;
const FEW_CALLERS: usize = 8;

pub(super) async fn on_sqlite(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let service = Service::start(bench.mamagang(), &filled.database).await?;
    let lines = Line::open_all(&service.address, LINES).await?;
    let work: Arc<dyn Work> = Arc::new(Postings::new(bench.city.long_employers));
    let next = Arc::new(AtomicU64::new(0));
    drive(
        &lines,
        256,
        bench.turn,
        Arc::clone(&next),
        Arc::clone(&work),
    )
    .await;
    let mut turns = Turns::default();
    let mut peer = match &bench.args.peers {
        Some(program) => Some(Peer::on_sqlite(program, &file(bench, "peer.db")).await?),
        None => None,
    };
    // Few callers get more of the peer than many do: its best is what counts.
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..bench.turns {
        if let Some(peer) = &mut peer {
            of_few.push(peer.turn(FEW_CALLERS, bench.turn).await?);
            of_many.push(peer.turn(256, bench.turn).await?);
        }
        let cpu = service.cpu_seconds();
        let run = drive(
            &lines,
            256,
            bench.turn,
            Arc::clone(&next),
            Arc::clone(&work),
        );
        let run = run.await;
        let measured = [of_few.last(), of_many.last()].into_iter().flatten();
        let best = measured.map(|run| run.rate).reduce(f64::max);
        let yardstick = best.unwrap_or(DOUBLEENTRY_ON_SQLITE);
        turns.add(yardstick, run, service.cpu_seconds() - cpu);
    }
    turns.sound("P5")?;
    let what = "PostDeduction of 5 new person-months, 256 in flight, SQLite FULL";
    let bounds = Bounds::rising(5.0, 8.0, 15.0);
    let to = match &peer {
        Some(_) => "doubleentry, the better of 8 and 256 callers,",
        None => "doubleentry, measured before:",
    };
    let mut figures = vec![turns.figure("P5", what, to, bounds)];
    for (callers, runs) in [(FEW_CALLERS, &of_few), (256, &of_many)] {
        let name = format!("doubleentry on SQLite, {callers} callers");
        figures.extend(peers::beside("P5", 256, &name, &turns.runs, runs));
    }
    if let Some(peer) = peer {
        peer.end().await;
    }
    Ok(figures)
}
