//! Random histories: facts, corrections, retractions, postings, amendments, settlements and
//! recomputations in any order, against a naive model that recomputes everything from the facts.
//!
//! Both releases and both groups of reduction codes take part. 200 histories of at least 50 steps;
//! 5,000 with `cargo xtask test --full`.

mod model;
mod steps;

use std::collections::BTreeMap;

use mamagang_app::facts::{FactInput, FactItem, RetractFact, WorkerFactInput};
use mamagang_app::ledger::{
    AmendDeduction, EmployerBalanceQuery, PostDeduction, RecomputeYear, SettleYear,
};
use mamagang_app::workers::WorkerTermQuery;
use mamagang_app::{Caller, WriteRequest};
use mamagang_domain::fact::{Contract, EmployerKind};
use mamagang_domain::ids::{FactId, Subject};
use mamagang_domain::ledger::{Amendment, Balance, ByGroup, EntryKind, Release, Settlement};
use mamagang_domain::money::Fen;
use mamagang_domain::month::{TaxMonth, TaxPeriod, TaxYear};
use mamagang_testkit::{TestApp, context, date, write};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::city::{code, contract, employer, insured, item, lifted, post, record, registered, who};
use model::{Figures, Groups, Model, plus};
use steps::{EMPLOYERS, Step, UNEMPLOYED, WORKERS, YEARS, any_step};

const TODAY: &str = "2026-02-01";

fn month_of(index: i32) -> TaxMonth {
    TaxMonth::new(2023, 1).expect("a month").plus(index)
}

/// A history as it goes on.
struct History {
    test: TestApp,
    model: Model,
    requests: u128,
    /// Revisions of the facts in force, to take them back.
    contracts: BTreeMap<(usize, usize), FactId>,
    insurances: BTreeMap<(usize, usize, i32), FactId>,
    last_posting: Option<PostDeduction>,
    /// What was answered at which instant.
    answered: Vec<(i64, Vec<Figures>)>,
}

fn release(projected: bool) -> Release {
    match projected {
        true => Release::AnnualProjected,
        false => Release::Cumulative,
    }
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
        released_fen,
        deducted_fen,
        remaining_fen,
        forfeited_fen,
        over_deducted_fen,
        advance_fen,
        months_counted,
    } = balance.booked;
    Figures {
        months: months_counted,
        accrued: accrued_fen.get(),
        released: released_fen.get(),
        deducted: deducted_fen.map(Fen::get),
        remaining: remaining_fen.get(),
        forfeited: forfeited_fen.get(),
        over: over_deducted_fen.get(),
        advance: advance_fen.get(),
        unbooked: balance.unbooked_accrual_fen.get(),
    }
}

impl History {
    async fn new() -> Self {
        let test = TestApp::memory(date(TODAY)).await;
        let poor = WORKERS[..UNEMPLOYED].iter().copied();
        let mut items: Vec<FactItem> = poor.map(lifted).collect();
        items.extend(registered(WORKERS[UNEMPLOYED], "2022-01-10"));
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
                projected,
            } => {
                self.requests += 1;
                let period = month_of(month).to_string();
                let mut posting = post(self.requests, EMPLOYERS[employer], &period, vat_fen);
                posting.declaration.release = release(projected);
                let posted = self.test.app.post_deduction(&caller, posting.clone()).await;
                let is_right = self.model.post(employer, month, vat_fen, projected);
                prop_assert_eq!(posted.is_ok(), is_right);
                if posted.is_ok() {
                    self.last_posting = Some(posting);
                }
            }
            Step::Again => {
                let Some(posting) = self.last_posting.clone() else {
                    return Ok(());
                };
                let again = self.test.app.post_deduction(&caller, posting).await;
                prop_assert!(again.is_ok(), "the first answer again");
            }
            Step::Amend {
                employer,
                month,
                vat_fen,
                projected,
            } => {
                let amending = AmendDeduction {
                    request: self.request(),
                    validate_only: false,
                    employer_code: code(EMPLOYERS[employer]),
                    amendment: Amendment {
                        period: TaxPeriod::month(month_of(month)),
                        vat_payable_fen: Fen::new(vat_fen),
                        sales_fen: None,
                        release: projected.map(release),
                        reason: "更正申报".to_owned(),
                    },
                };
                let amended = self.test.app.amend_deduction(&caller, amending).await;
                let is_right = self.model.amend(employer, month, vat_fen, projected);
                prop_assert_eq!(amended.is_ok(), is_right);
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

    /// What the entries of a year deducted under each group of reduction codes.
    async fn deducted_by_group(&self, employer_code: &str, tax_year: i32) -> Groups {
        let year = TaxYear::new(tax_year);
        let caller = Caller::developer();
        let app = &self.test.app;
        let page = app.list_entries(&caller, code(employer_code), year, 0, 500, None);
        let entries = page.await.expect("entries").entries;
        let groups = |amount: ByGroup| [amount.poverty.get(), amount.unemployment.get()];
        let mut total = [0; 2];
        for entry in entries {
            let draft = entry.body.draft;
            for line in &draft.lines {
                let [poverty, unemployment] = groups(line.deducted);
                total = match draft.kind {
                    EntryKind::Reversal => plus(total, [-poverty, -unemployment]),
                    _ => plus(total, [poverty, unemployment]),
                };
            }
            total = plus(total, groups(draft.cit_change));
        }
        total
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
        for (employer, employer_code) in EMPLOYERS.into_iter().enumerate() {
            for (year, tax_year) in YEARS.into_iter().enumerate() {
                let found = self.deducted_by_group(employer_code, tax_year).await;
                prop_assert_eq!(found, self.model.deducted(employer, year), "by code");
            }
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
