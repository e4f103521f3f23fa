//! P1 and P2: checks of random workers.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::ensure;
use bytes::Bytes;
use mamagang_proto::v1;
use prost::Message as _;

use super::{Bench, Filled, Turns, file};
use crate::city::{City, employer_code, worker_ref};
use crate::load::{Work, drive};
use crate::report::{Bounds, Figure};
use crate::service::{Database, Service};
use crate::wire::{Call, Line, path};
use crate::yardstick::{Pgbench, Script};

/// Connections, and calls in flight over all of them.
pub(super) const LINES: usize = 8;
pub(super) const IN_FLIGHT: usize = 128;

/// Checks made beforehand, so that the client's cost is that of the wire.
pub(super) struct Checks(Vec<Call>);

impl Checks {
    pub(super) fn new(city: City, months: i32) -> Self {
        let count = city.workers.min(20_000);
        // Far apart from one to the next, all over the city.
        let step = (city.workers / count).max(1);
        Self(
            (0..count)
                .map(|index| check(city, index * 7_919 * step % city.workers, months))
                .collect(),
        )
    }
}

pub(super) fn check(city: City, worker: u64, months: i32) -> Call {
    let through = crate::city::month(months - 1).to_string();
    let request = v1::CheckKeyGroupDeductionRequest {
        context: Some(v1::AccessContext {
            purpose: "申报前核对".to_owned(),
            legal_basis: "公告2023年第15号".to_owned(),
            case_number: "2024-基准".to_owned(),
            operator: "赵".to_owned(),
        }),
        employer_code: employer_code(city.employer_of(worker)),
        worker: Some(worker_ref(worker)),
        from_month: "2023-01".to_owned(),
        through_month: through,
        as_of_time: None,
    };
    Call::new(path::CHECK, &request)
}

impl Work for Checks {
    fn call(&self, number: u64) -> Option<Call> {
        let index = (number % self.0.len() as u64) as usize;
        Some(self.0[index].clone())
    }

    fn look(&self, _: u64, answer: Bytes) -> Result<(), String> {
        let decision = v1::CheckKeyGroupDeductionResponse::decode(answer)
            .map_err(|error| error.to_string())?
            .decision
            .ok_or("no decision")?;
        match decision.outcome() {
            v1::Outcome::Eligible => Ok(()),
            outcome => Err(format!("{outcome:?}")),
        }
    }
}

/// The same calls to the echo, which answers as the service did once.
struct Echoes(Checks);

impl Work for Echoes {
    fn call(&self, number: u64) -> Option<Call> {
        let mut call = self.0.call(number)?;
        call.path = http::uri::PathAndQuery::from_static(path::ECHO);
        Some(call)
    }

    fn look(&self, number: u64, answer: Bytes) -> Result<(), String> {
        self.0.look(number, answer)
    }
}

pub(super) async fn on_sqlite(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for months in [12, 36] {
        let service = Service::start(bench.mamagang(), &filled.database).await?;
        let city = if months == 12 {
            bench.city
        } else {
            long(bench.city)
        };
        let (echo, bytes) = echo(bench, &service, months).await?;
        let lines = Line::open_all(&service.address, LINES).await?;
        let echo_lines = Line::open_all(&echo.address, LINES).await?;
        let work: Arc<dyn Work> = Arc::new(Checks::new(city, months));
        let echoes: Arc<dyn Work> = Arc::new(Echoes(Checks::new(city, months)));
        let next = || Arc::new(AtomicU64::new(0));
        drive(&lines, IN_FLIGHT, bench.turn, next(), Arc::clone(&work)).await;
        let mut turns = Turns::default();
        for _ in 0..bench.turns {
            let yardstick = drive(
                &echo_lines,
                IN_FLIGHT,
                bench.turn / 2,
                next(),
                Arc::clone(&echoes),
            );
            let yardstick = yardstick.await.rate;
            let cpu = service.cpu_seconds();
            let run = drive(&lines, IN_FLIGHT, bench.turn, next(), Arc::clone(&work)).await;
            turns.add(yardstick, run, service.cpu_seconds() - cpu);
        }
        turns.sound("P1")?;
        let what = format!(
            "check of {months} months, {IN_FLIGHT} in flight, SQLite, {} workers, {bytes} bytes an answer",
            city.workers
        );
        let figure = turns.figure("P1", what, "tonic echo", Bounds::rising(0.18, 0.28, 0.45));
        figures.push(figure);
    }
    Ok(figures)
}

/// The part of the city that has 36 months.
fn long(city: City) -> City {
    City {
        workers: city.long_employers * city.staff,
        ..city
    }
}

/// An echo that answers as the service does.
async fn echo(bench: &Bench, service: &Service, months: i32) -> anyhow::Result<(Service, usize)> {
    let mut line = Line::open(&service.address).await?;
    let answer = line.ask(check(bench.city, 0, months)).await?;
    let decision = v1::CheckKeyGroupDeductionResponse::decode(answer.clone())?.decision;
    ensure!(
        decision.is_some_and(|decision| decision.outcome() == v1::Outcome::Eligible),
        "the standard check is not ELIGIBLE"
    );
    let path = file(bench, "answer");
    std::fs::write(&path, &answer)?;
    Ok((Service::echo(&path).await?, answer.len()))
}

pub(super) async fn on_postgres(
    bench: &Bench,
    filled: &Filled,
    pgbench: &Pgbench,
) -> anyhow::Result<Vec<Figure>> {
    let database: &Database = &filled.database;
    let service = Service::start(bench.mamagang(), database).await?;
    let lines = Line::open_all(&service.address, LINES).await?;
    let work: Arc<dyn Work> = Arc::new(Checks::new(bench.city, 12));
    let next = || Arc::new(AtomicU64::new(0));
    drive(&lines, IN_FLIGHT, bench.turn, next(), Arc::clone(&work)).await;
    let mut turns = Turns::default();
    for _ in 0..bench.turns {
        let yardstick = pgbench.rate(Script::Select, bench.turn / 2)?;
        let cpu = service.cpu_seconds();
        let run = drive(&lines, IN_FLIGHT, bench.turn, next(), Arc::clone(&work)).await;
        turns.add(yardstick, run, service.cpu_seconds() - cpu);
    }
    turns.sound("P2")?;
    let what = format!(
        "check of 12 months, {IN_FLIGHT} in flight, PostgreSQL, {} workers",
        bench.city.workers
    );
    let bounds = Bounds::rising(0.12, 0.20, 0.35);
    Ok(vec![turns.figure(
        "P2",
        what,
        "pgbench -S prepared",
        bounds,
    )])
}
