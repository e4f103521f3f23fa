//! Two instances on one database: nothing lost, doubled or out of order, and one killed.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use mamagang_proto::v1;
use prost::Message as _;
use tokio::time::{Instant, sleep};

use super::checks::LINES;
use super::postings::posting;
use super::scale::{declarations, settle_year};
use super::{Bench, Filled};
use crate::city::employer_code;
use crate::load::{Work, drive};
use crate::report::Figure;
use crate::service::{Database, Service};
use crate::wire::{Call, Line, path};

/// Callers of the two instances together.
const IN_FLIGHT: usize = 256;
/// Employers that all callers post for at the same time, so that the instances meet; when all
/// their periods are posted, so many others follow.
const SHARED: u64 = 64;
const PERIODS: u64 = 36;

/// Acknowledged postings: entry by employer and period.
type Journal = BTreeMap<(String, String), Vec<String>>;

/// Postings of a few employers by all callers, each period twice under one request id: the second
/// caller gets the first one's answer, whichever instance it asks.
struct Contended {
    first_employer: u64,
    employers: u64,
    journal: Mutex<Journal>,
    asked: Mutex<BTreeMap<u64, (String, String)>>,
}

impl Contended {
    fn question(&self, number: u64) -> Option<(String, i32, String)> {
        let turn = number / 2;
        let (group, rest) = (turn / (SHARED * PERIODS), turn % (SHARED * PERIODS));
        let employer = self.first_employer + group * SHARED + rest % SHARED;
        if employer >= self.employers {
            return None;
        }
        let period = i32::try_from(rest / SHARED).ok()?;
        let request_id = super::postings::request_id(9, turn);
        Some((employer_code(employer), period, request_id))
    }
}

impl Work for Contended {
    fn call(&self, number: u64) -> Option<Call> {
        let (code, period, request_id) = self.question(number)?;
        let request = posting(&code, period, request_id);
        let mut asked = self.asked.lock().ok()?;
        asked.insert(number, (code, request.period.clone()));
        Some(Call::new(path::POST, &request))
    }

    fn looks_at_every_answer(&self) -> bool {
        true
    }

    fn look(&self, number: u64, answer: Bytes) -> Result<(), String> {
        let posted = v1::PostDeductionResponse::decode(answer).map_err(|e| e.to_string())?;
        let asked = self.asked.lock().map_err(|e| e.to_string())?;
        let key = asked.get(&number).ok_or("an answer to no question")?;
        let mut journal = self.journal.lock().map_err(|e| e.to_string())?;
        journal
            .entry(key.clone())
            .or_default()
            .push(posted.entry_id);
        Ok(())
    }
}

/// All callers post for the same employers through both instances; then every ledger is read and
/// held against what was acknowledged.
pub(super) async fn two_at_once(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    let services = [
        Service::start(bench.mamagang(), &filled.database).await?,
        Service::start(bench.mamagang(), &filled.database).await?,
    ];
    let mut lines = Vec::new();
    for service in &services {
        lines.extend(Line::open_all(&service.address, LINES).await?);
    }
    // Those whom no other measure posts for.
    let work = Arc::new(Contended {
        first_employer: bench.city.long_employers,
        employers: bench.city.employers(),
        journal: Mutex::default(),
        asked: Mutex::default(),
    });
    let duration = if bench.args.quick {
        Duration::from_secs(10)
    } else {
        Duration::from_secs(60)
    };
    let run = drive(&lines, IN_FLIGHT, duration, Arc::default(), work.clone()).await;
    let journal = std::mem::take(&mut *work.journal.lock().map_err(|e| anyhow::anyhow!("{e}"))?);
    ensure!(!journal.is_empty(), "nothing was posted: {:?}", run.refused);
    // A period may be asked for before the one before it, by a caller who was faster: that is
    // refused, and nothing else is.
    let others: Vec<_> = run
        .refused
        .keys()
        .filter(|told| !told.starts_with("FailedPrecondition"))
        .collect();
    ensure!(others.is_empty(), "T1: {others:?}");
    let codes: BTreeSet<&String> = journal.keys().map(|(code, _)| code).collect();
    let mut entries = 0;
    for code in &codes {
        entries += history_is_whole(&mut lines[0], code, &journal).await?;
    }
    let employers = codes.len();
    let what = format!(
        "{IN_FLIGHT} callers of two instances for {:.0} s, {employers} employers, each posting sent twice: {} \
         answers, {entries} entries, none lost, doubled or out of order",
        run.seconds, run.done
    );
    let mut figure = Figure::new("T1", what, run.rate).own(run.rate, "answers/s");
    figure.verdict = "held";
    Ok(vec![figure])
}

/// Sequences without a gap, each period once and in the order of its year, and every acknowledgement there.
async fn history_is_whole(line: &mut Line, code: &str, journal: &Journal) -> anyhow::Result<usize> {
    let request = v1::ListEntriesRequest {
        employer_code: code.to_owned(),
        page_size: 1_000,
        ..v1::ListEntriesRequest::default()
    };
    let call = Call::new(path::ENTRIES, &request);
    let page: v1::ListEntriesResponse = line.answer(call).await?;
    let mut periods = Vec::new();
    for (entry, sequence) in page.entries.iter().zip(1..) {
        ensure!(
            entry.sequence == sequence,
            "{code}: a gap before {}",
            entry.sequence
        );
        periods.push(entry.period.clone());
        let known = journal.get(&(code.to_owned(), entry.period.clone()));
        for acknowledged in known.into_iter().flatten() {
            ensure!(
                *acknowledged == entry.entry_id,
                "{code} {}: acknowledged as {acknowledged}, kept as {}",
                entry.period,
                entry.entry_id
            );
        }
    }
    // December and the January after it are of two tax years, and may be asked for in either order.
    let mut of_years: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for period in &periods {
        let year = period.get(..4).context("a period without a year")?;
        of_years.entry(year).or_default().push(period);
    }
    let in_order = |of_year: &Vec<&String>| of_year.is_sorted_by(|a, b| a < b);
    ensure!(of_years.values().all(in_order), "{code}: {periods:?}");
    let once: BTreeSet<&String> = periods.iter().collect();
    ensure!(once.len() == periods.len(), "{code}: {periods:?}");
    let from = (code.to_owned(), String::new());
    let acknowledged = journal.range(from..).map(|((of, period), _)| (of, period));
    for (_, period) in acknowledged.take_while(|(of, _)| *of == code) {
        ensure!(periods.contains(period), "{code}: {period} is lost");
    }
    Ok(periods.len())
}

/// Two processes settle a year together and one is killed in the middle: the other finishes it.
pub(super) async fn one_killed(bench: &Bench, filled: &Filled) -> anyhow::Result<Vec<Figure>> {
    // A year before the facts: every employer is settled with nothing to book.
    const YEAR: i32 = 2022;
    let employers = bench.city.employers();
    let database: &Database = &filled.database;
    let path = declarations(bench, "killed.csv", 0..employers)?;
    let started = Instant::now();
    let mut first = settle_year(bench, database, YEAR, &path)
        .stdout(Stdio::null())
        .spawn()?;
    let second = settle_year(bench, database, YEAR, &path)
        .stdout(Stdio::piped())
        .spawn()?;
    // Long enough to be in the middle, as the count of entries shows below.
    sleep(Duration::from_millis(600)).await;
    let was_working = first.try_wait()?.is_none();
    first.kill()?;
    first.wait()?;
    let killed_after = started.elapsed();
    let told = tokio::task::spawn_blocking(move || second.wait_with_output()).await??;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let all = format!("{employers} employers, {employers} settled, 0 refused");
    ensure!(told.contains(&all), "T2: {told}");
    let took = started.elapsed().as_secs_f64();
    let service = Service::start(bench.mamagang(), database).await?;
    let mut line = Line::open(&service.address).await?;
    let step = (employers / 500).max(1);
    let mut looked_at = 0;
    for employer in (0..employers).step_by(usize::try_from(step)?) {
        let request = v1::ListEntriesRequest {
            employer_code: employer_code(employer),
            tax_year: YEAR,
            page_size: 10,
            ..v1::ListEntriesRequest::default()
        };
        let call = Call::new(path::ENTRIES, &request);
        let page: v1::ListEntriesResponse = line.answer(call).await.context("entries")?;
        ensure!(
            page.entries.len() == 1,
            "employer {employer} was settled {} times",
            page.entries.len()
        );
        looked_at += 1;
    }
    let what = format!(
        "settle-year of {employers} employers by two processes, one killed after {:.1} s{}; the other \
         finished it; {looked_at} employers looked at, each settled once",
        killed_after.as_secs_f64(),
        if was_working { "" } else { " (it had ended)" },
    );
    let mut figure = Figure::new("T2", what, took).own(took, "s");
    figure.verdict = if was_working { "held" } else { "not tried" };
    Ok(vec![figure])
}
