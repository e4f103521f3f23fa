//! Random histories: facts, corrections, retractions, postings, amendments, settlements and
//! recomputations in any order, against a naive model that recomputes everything from the facts.
//!
//! 200 histories of at least 50 steps; 5,000 with `cargo xtask test --full`.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_app::facts::{FactInput, FactItem, RetractFact, WorkerFactInput};
use mamagang_app::ledger::{AmendDeduction, EmployerBalanceQuery, RecomputeYear, SettleYear};
use mamagang_app::workers::WorkerTermQuery;
use mamagang_app::{Caller, WriteRequest};
use mamagang_domain::fact::{Contract, EmployerKind};
use mamagang_domain::ids::{FactId, Subject};
use mamagang_domain::ledger::{Amendment, Balance, Settlement};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxPeriod, TaxYear};
use mamagang_testkit::{TestApp, context, date, write};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::city::{code, contract, employer, insured, item, lifted, post, record, who};

use crate::steps::{EMPLOYERS, Step, WORKERS, YEARS, any_step};

const TODAY: &str = "2026-02-01";
const MONTH_FEN: i64 = 65_000;

fn month_of(index: i32) -> TaxMonth {
    TaxMonth::new(2023, 1).expect("a month").plus(index)
}

fn year_of(index: i32) -> usize {
    usize::try_from(index / 12).expect("inside")
}

// ------------------------------------------------------------------ the model

/// A year of an employer, as the model has it.
#[derive(Clone, Debug, Default)]
struct Year {
    /// VAT and the four deductions by month posted.
    posted: BTreeMap<i32, [i64; 4]>,
    /// Settled: the payable, what CIT took, what is lost.
    settled: Option<(i64, i64, i64)>,
}

/// Facts and books. Says what is right in as few words as possible, and knows nothing of entries.
#[derive(Clone, Debug, Default)]
struct Model {
    /// First and last month in force.
    contracts: BTreeMap<(usize, usize), (i32, Option<i32>)>,
    insured: BTreeSet<(usize, usize, i32)>,
    /// Which employer a person-month is booked for.
    booked: BTreeMap<(usize, i32), usize>,
    years: BTreeMap<(usize, usize), Year>,
}

/// The figures of an employer-year.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Figures {
    months: i32,
    accrued: i64,
    deducted: [i64; 5],
    remaining: i64,
    forfeited: i64,
    over: i64,
    unbooked: i64,
}

fn half_up(amount: i64, bp: i64) -> i64 {
    (amount * bp + 5_000) / 10_000
}

impl Model {
    /// Whether the facts support a month here: in force, insured, and nobody else has booked it.
    fn supports(&self, worker: usize, employer: usize, month: i32) -> bool {
        let in_force = self
            .contracts
            .get(&(worker, employer))
            .is_some_and(|(first, last)| *first <= month && last.is_none_or(|last| month <= last));
        let elsewhere = self
            .booked
            .get(&(worker, month))
            .is_some_and(|holder| *holder != employer);
        in_force && self.insured.contains(&(worker, employer, month)) && !elsewhere
    }

    fn months_of(year: usize) -> std::ops::Range<i32> {
        let first = i32::try_from(year).expect("small") * 12;
        first..first + 12
    }

    /// Books what the facts support to a month, and takes back what they no longer do.
    fn rebook(&mut self, employer: usize, year: usize, through: i32, is_claim_of_leavers: bool) {
        for worker in 0..WORKERS.len() {
            let has_left = self
                .contracts
                .get(&(worker, employer))
                .is_some_and(|(_, last)| last.is_some());
            for month in Self::months_of(year) {
                let is_booked = self.booked.get(&(worker, month)) == Some(&employer);
                let is_right = month <= through && self.supports(worker, employer, month);
                if is_booked && !is_right {
                    self.booked.remove(&(worker, month));
                } else if !is_booked && is_right && !(is_claim_of_leavers && has_left) {
                    self.booked.insert((worker, month), employer);
                }
            }
        }
    }

    fn booked_months(&self, employer: usize, year: usize, through: i32) -> i64 {
        let months = Self::months_of(year);
        let booked = self.booked.iter().filter(|((_, month), holder)| {
            months.contains(month) && **holder == employer && *month <= through
        });
        i64::try_from(booked.count()).expect("few")
    }

    fn covered(&self, employer: usize, year: usize) -> i32 {
        let state = self.years.get(&(employer, year));
        let months = Self::months_of(year);
        match state {
            Some(state) if state.settled.is_some() => months.end - 1,
            Some(state) => state
                .posted
                .keys()
                .last()
                .copied()
                .unwrap_or(months.start - 1),
            None => months.start - 1,
        }
    }

    fn take(mut available: i64, vat: i64) -> [i64; 4] {
        let dues = [vat, half_up(vat, 700), half_up(vat, 300), half_up(vat, 200)];
        dues.map(|due| {
            let taken = due.min(available).max(0);
            available -= taken;
            taken
        })
    }

    fn sum(year: &Year, months: impl Fn(i32) -> bool) -> i64 {
        let posted = year.posted.iter().filter(|(month, _)| months(**month));
        posted.flat_map(|(_, lines)| lines).sum()
    }

    fn resettle(&mut self, employer: usize, year: usize) {
        let accrued = self.booked_months(employer, year, i32::MAX) * MONTH_FEN;
        let state = self.years.entry((employer, year)).or_default();
        if let Some((payable, cit, lost)) = &mut state.settled {
            let in_periods: i64 = state.posted.values().flatten().sum();
            let available = (accrued - in_periods).max(0);
            *cit = available.min(*payable);
            *lost = available - *cit;
        }
    }

    fn post(&mut self, employer: usize, month: i32, vat: i64) -> bool {
        let year = year_of(month);
        let state = self.years.entry((employer, year)).or_default();
        let is_late = state
            .posted
            .keys()
            .last()
            .is_some_and(|last| *last >= month);
        if state.settled.is_some() || is_late {
            return false;
        }
        self.rebook(employer, year, month, false);
        let accrued = self.booked_months(employer, year, i32::MAX) * MONTH_FEN;
        let state = self.years.entry((employer, year)).or_default();
        let available = accrued - Self::sum(state, |_| true);
        state.posted.insert(month, Self::take(available, vat));
        true
    }

    fn amend(&mut self, employer: usize, month: i32, vat: i64) -> bool {
        let year = year_of(month);
        let is_posted = self
            .years
            .get(&(employer, year))
            .is_some_and(|state| state.posted.contains_key(&month));
        if !is_posted {
            return false;
        }
        let covered = self.covered(employer, year);
        self.rebook(employer, year, covered, true);
        let here = self.booked_months(employer, year, month) * MONTH_FEN;
        let all = self.booked_months(employer, year, i32::MAX) * MONTH_FEN;
        let state = self.years.entry((employer, year)).or_default();
        let earlier = Self::sum(state, |other| other < month);
        let others = Self::sum(state, |other| other != month);
        let available = (here - earlier).min(all - others);
        state.posted.insert(month, Self::take(available, vat));
        self.resettle(employer, year);
        true
    }

    fn settle(&mut self, employer: usize, year: usize, cit: i64) -> bool {
        let state = self.years.entry((employer, year)).or_default();
        if state.settled.is_some() {
            return false;
        }
        state.settled = Some((cit, 0, 0));
        let last = Self::months_of(year).end - 1;
        self.rebook(employer, year, last, false);
        self.resettle(employer, year);
        true
    }

    fn recompute(&mut self, employer: usize, year: usize) {
        let covered = self.covered(employer, year);
        self.rebook(employer, year, covered, false);
        self.resettle(employer, year);
    }

    fn figures(&self, employer: usize, year: usize) -> Figures {
        let months = self.booked_months(employer, year, i32::MAX);
        let state = self
            .years
            .get(&(employer, year))
            .cloned()
            .unwrap_or_default();
        let mut deducted = [0; 5];
        for lines in state.posted.values() {
            for (sum, line) in deducted.iter_mut().zip(lines) {
                *sum += line;
            }
        }
        let (_, cit, forfeited) = state.settled.unwrap_or_default();
        deducted[4] = cit;
        let accrued = months * MONTH_FEN;
        let left = accrued - deducted.iter().sum::<i64>() - forfeited;
        let unbooked = (0..WORKERS.len())
            .flat_map(|worker| Self::months_of(year).map(move |month| (worker, month)))
            .filter(|(worker, month)| {
                self.booked.get(&(*worker, *month)) != Some(&employer)
                    && self.supports(*worker, employer, *month)
            });
        Figures {
            months: i32::try_from(months).expect("few"),
            accrued,
            deducted,
            remaining: left.max(0),
            forfeited,
            over: (-left).max(0),
            unbooked: i64::try_from(unbooked.count()).expect("few") * MONTH_FEN,
        }
    }

    fn all(&self) -> Vec<Figures> {
        let pairs = (0..EMPLOYERS.len()).flat_map(|e| (0..YEARS.len()).map(move |y| (e, y)));
        pairs
            .map(|(employer, year)| self.figures(employer, year))
            .collect()
    }

    fn used(&self, worker: usize) -> usize {
        self.booked.keys().filter(|(who, _)| *who == worker).count()
    }
}

// ------------------------------------------------------------------ the play

/// A history as it goes on.
struct History {
    test: TestApp,
    model: Model,
    requests: u128,
    /// Revisions of the facts in force, to take them back.
    contracts: BTreeMap<(usize, usize), FactId>,
    insurances: BTreeMap<(usize, usize, i32), FactId>,
    last_posting: Option<(usize, i32, i64, u128)>,
    /// What was answered at which instant.
    answered: Vec<(i64, Vec<Figures>)>,
}

fn queries() -> Vec<EmployerBalanceQuery> {
    let pairs = EMPLOYERS.into_iter().flat_map(|e| YEARS.map(|y| (e, y)));
    pairs
        .map(|(employer, year)| EmployerBalanceQuery {
            employer_code: code(employer),
            tax_year: TaxYear::new(year).expect("a year"),
            through: None,
            as_of: None,
        })
        .collect()
}

fn read(balance: &mamagang_app::ledger::EmployerBalance) -> Figures {
    let Balance {
        accrued_fen,
        deducted_fen,
        remaining_fen,
        forfeited_fen,
        over_deducted_fen,
        months_counted,
        ..
    } = balance.booked;
    Figures {
        months: months_counted,
        accrued: accrued_fen.get(),
        deducted: deducted_fen.map(Fen::get),
        remaining: remaining_fen.get(),
        forfeited: forfeited_fen.get(),
        over: over_deducted_fen.get(),
        unbooked: balance.unbooked_accrual_fen.get(),
    }
}

impl History {
    async fn new() -> Self {
        let test = TestApp::memory(date(TODAY)).await;
        let mut items: Vec<FactItem> = WORKERS.map(lifted).into();
        items.extend(EMPLOYERS.map(|code| employer(code, EmployerKind::Company)));
        record(&test, items).await;
        Self {
            test,
            model: Model::default(),
            requests: 0,
            contracts: BTreeMap::new(),
            insurances: BTreeMap::new(),
            last_posting: None,
            answered: Vec::new(),
        }
    }

    fn request(&mut self) -> WriteRequest {
        self.requests += 1;
        write(self.requests, &self.requests.to_string())
    }

    async fn fact(&self, item: FactItem) -> FactId {
        let recorded = record(&self.test, vec![item]).await.remove(0);
        FactId {
            subject: Subject::Worker(recorded.worker_id.expect("a worker")),
            revision: recorded.revision,
        }
    }

    async fn retract(&mut self, fact_id: FactId) {
        let request = RetractFact {
            request: self.request(),
            fact_id,
            reason: "更正".to_owned(),
        };
        let retracted = self
            .test
            .app
            .retract_fact(&Caller::developer(), request)
            .await;
        retracted.expect("in force");
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let caller = Caller::developer();
        match *step {
            Step::Hire {
                worker,
                employer,
                start,
                lasts,
            } => {
                let first_day = month_of(start).first_day();
                let FactInput::Worker(who, WorkerFactInput::Contract(plain)) = contract(
                    WORKERS[worker],
                    EMPLOYERS[employer],
                    "C",
                    &first_day.to_string(),
                )
                .fact
                else {
                    return Ok(());
                };
                let last = lasts.map(|lasts| start + lasts);
                let hired = Contract {
                    terminated_on: last.map(|last| month_of(last).last_day()),
                    ..plain
                };
                // Each worker has one contract number an employer; another worker's is another.
                let hired = Contract {
                    contract_id: format!("C{worker}"),
                    ..hired
                };
                let hired = item(FactInput::Worker(who, WorkerFactInput::Contract(hired)));
                let id = self.fact(hired).await;
                self.contracts.insert((worker, employer), id);
                self.model
                    .contracts
                    .insert((worker, employer), (start, last));
            }
            Step::Unhire { worker, employer } => {
                if let Some(id) = self.contracts.remove(&(worker, employer)) {
                    self.retract(id).await;
                    self.model.contracts.remove(&(worker, employer));
                }
            }
            Step::Insure {
                worker,
                employer,
                from,
                count,
            } => {
                let last = (from + count - 1).min(23);
                let items = insured(
                    WORKERS[worker],
                    EMPLOYERS[employer],
                    &month_of(from).to_string(),
                    &month_of(last).to_string(),
                );
                let recorded = record(&self.test, items).await;
                for (month, fact) in (from..=last).zip(recorded) {
                    let key = (worker, employer, month);
                    let id = FactId {
                        subject: Subject::Worker(fact.worker_id.expect("a worker")),
                        revision: fact.revision,
                    };
                    self.insurances.insert(key, id);
                    self.model.insured.insert(key);
                }
            }
            Step::Uninsure {
                worker,
                employer,
                month,
            } => {
                if let Some(id) = self.insurances.remove(&(worker, employer, month)) {
                    self.retract(id).await;
                    self.model.insured.remove(&(worker, employer, month));
                }
            }
            Step::Post {
                employer,
                month,
                vat_fen,
            } => {
                self.requests += 1;
                let period = month_of(month).to_string();
                let posting = post(self.requests, EMPLOYERS[employer], &period, vat_fen);
                let posted = self.test.app.post_deduction(&caller, posting).await;
                prop_assert_eq!(posted.is_ok(), self.model.post(employer, month, vat_fen));
                if posted.is_ok() {
                    self.last_posting = Some((employer, month, vat_fen, self.requests));
                }
            }
            Step::Again => {
                let Some((employer, month, vat_fen, number)) = self.last_posting else {
                    return Ok(());
                };
                let period = month_of(month).to_string();
                let posting = post(number, EMPLOYERS[employer], &period, vat_fen);
                let again = self.test.app.post_deduction(&caller, posting).await;
                prop_assert!(again.is_ok(), "the first answer again");
            }
            Step::Amend {
                employer,
                month,
                vat_fen,
            } => {
                let amending = AmendDeduction {
                    request: self.request(),
                    validate_only: false,
                    employer_code: code(EMPLOYERS[employer]),
                    amendment: Amendment {
                        period: TaxPeriod::month(month_of(month)),
                        vat_payable_fen: Fen::new(vat_fen),
                        sales_fen: None,
                        release: None,
                        reason: "更正申报".to_owned(),
                    },
                };
                let amended = self.test.app.amend_deduction(&caller, amending).await;
                prop_assert_eq!(amended.is_ok(), self.model.amend(employer, month, vat_fen));
            }
            Step::Settle {
                employer,
                year,
                cit_fen,
            } => {
                let settling = SettleYear {
                    request: self.request(),
                    validate_only: false,
                    employer_code: code(EMPLOYERS[employer]),
                    settlement: Settlement {
                        tax_year: TaxYear::new(YEARS[year]).expect("a year"),
                        cit_payable_fen: Fen::new(cit_fen),
                    },
                };
                let settled = self.test.app.settle_year(&caller, settling).await;
                prop_assert_eq!(settled.is_ok(), self.model.settle(employer, year, cit_fen));
            }
            Step::Recompute { employer, year } => {
                let recomputing = RecomputeYear {
                    request: self.request(),
                    validate_only: false,
                    employer_code: code(EMPLOYERS[employer]),
                    tax_year: TaxYear::new(YEARS[year]).expect("a year"),
                    surcharge_through: None,
                };
                let recomputed = self.test.app.recompute_year(&caller, recomputing).await;
                prop_assert!(recomputed.is_ok());
                self.model.recompute(employer, year);
            }
        }
        Ok(())
    }

    /// What holds after every step, and what the model says.
    async fn look(&mut self) -> Result<(), TestCaseError> {
        let caller = Caller::developer();
        let found = self
            .test
            .app
            .employer_balances(&caller, &queries(), None)
            .await;
        let (found, as_of) = found.expect("balances");
        let mut told = Vec::new();
        for balance in found {
            let balance = balance.expect("a known employer");
            let figures = read(&balance);
            let deducted: i64 = figures.deducted.iter().sum();
            prop_assert_eq!(
                figures.accrued,
                deducted + figures.forfeited + figures.remaining - figures.over
            );
            prop_assert!(figures.remaining == 0 || figures.over == 0);
            prop_assert!(!balance.settled || figures.remaining == 0);
            told.push(figures);
        }
        prop_assert_eq!(&told, &self.model.all());
        self.answered.push((as_of, told));
        Ok(())
    }

    /// What holds at the end: every earlier answer again, the terms, and every projection.
    async fn look_back(&mut self, every: usize) -> Result<(), TestCaseError> {
        let caller = Caller::developer();
        for (as_of, told) in self.answered.iter().step_by(every) {
            let then = self
                .test
                .app
                .employer_balances(&caller, &queries(), Some(*as_of))
                .await;
            let (then, _) = then.expect("balances");
            let then: Vec<Figures> = then
                .iter()
                .map(|balance| read(balance.as_ref().expect("a known employer")))
                .collect();
            prop_assert_eq!(&then, told, "as of {}", as_of);
        }
        for (worker, person) in WORKERS.into_iter().enumerate() {
            let query = WorkerTermQuery {
                context: context(),
                who: who(person),
                as_of: None,
            };
            let term = self
                .test
                .app
                .worker_term(&caller, query)
                .await
                .expect("a term");
            let used = i32::try_from(self.model.used(worker)).expect("few");
            prop_assert_eq!(term.months_counted, used);
            prop_assert!(term.months_counted <= 36);
        }
        let report = self.test.app.rebuild_and_compare().await.expect("a report");
        prop_assert_eq!(report.differences, Vec::<String>::new());
        let anchors = self.test.app.checkpoint_anchors().await.expect("anchors");
        let codes = self
            .test
            .app
            .chains_after(&anchors, "", 10)
            .await
            .expect("codes");
        for chain in self
            .test
            .app
            .verify_chains(&anchors, codes)
            .await
            .expect("chains")
        {
            prop_assert!(chain.faults.is_empty(), "{:?}", chain.faults);
        }
        Ok(())
    }
}

async fn play(steps: &[Step], every: usize) -> Result<(), TestCaseError> {
    let mut history = History::new().await;
    for step in steps {
        history.take(step).await?;
        history.look().await?;
    }
    history.look_back(every).await
}

#[test]
fn a_naive_model_agrees_on_every_balance_at_every_instant() {
    // Quick runs look back at every seventh instant, full ones at each.
    let (cases, every) = match is_set("MAMAGANG_TEST_FULL") {
        true => (5_000, 1),
        false => (200, 7),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let histories = proptest::collection::vec(any_step(), 50..70);
    let result = runner.run(&histories, |steps| runtime.block_on(play(&steps, every)));
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The developer's tool says by the environment how long to test.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}
