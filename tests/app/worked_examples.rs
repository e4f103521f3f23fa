//! A1–A14 of the fact book played through the ledger, from facts to the statement.

use mamagang_app::Caller;
use mamagang_app::facts::{FactInput, FactItem, WorkerFactInput};
use mamagang_app::ledger::{
    EmployerBalanceQuery, PostDeduction, RecomputeYear, ReliefScheduleQuery, SettleYear,
};
use mamagang_domain::fact::{Contract, EmployerKind, EmployerProfile, UnemploymentSpell};
use mamagang_domain::identifier::CertificateNumber;
use mamagang_domain::ledger::{Declaration, Release, Settlement};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxPeriod, TaxYear};
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::reason::Outcome;
use mamagang_domain::tax::TaxKind;
use mamagang_testkit::{TestApp, date, write};

use crate::city::{
    BAKERY, LAUNDRY, check, code, contract, employer, insured, item, lifted, numbered_person,
    record, who,
};

const LAST: &str = "2030-02-01";

/// One employer's years, step by step.
struct Play {
    test: TestApp,
    steps: u128,
}

impl Play {
    async fn new() -> Self {
        Self {
            test: TestApp::sqlite(date(LAST)).await,
            steps: 0,
        }
    }

    fn request(&mut self, what: &str) -> mamagang_app::WriteRequest {
        self.steps += 1;
        write(self.steps, &format!("{} {what}", self.steps))
    }

    async fn record(&self, items: Vec<FactItem>) {
        for some in items.chunks(500) {
            record(&self.test, some.to_vec()).await;
        }
    }

    /// A company of the city that files by quarter.
    async fn employer(&self, umct_rate_bp: i32, half_rate: bool) {
        let FactInput::Employer(employer_code, profile) =
            employer(BAKERY, EmployerKind::Company).fact
        else {
            panic!("an employer");
        };
        let profile = EmployerProfile {
            filing_cycle: FilingCycle::Quarterly,
            umct_rate_bp: RateBp::new(umct_rate_bp),
            half_rate_surcharges: half_rate,
            ..profile
        };
        self.record(vec![item(FactInput::Employer(employer_code, profile))])
            .await;
    }

    async fn poor(&self, number: usize, start: &str, from: &str, through: &str) {
        let (id, name) = numbered_person(number);
        let person = (id.as_str(), name);
        let mut items = vec![lifted(person)];
        items.push(contract(person, BAKERY, &format!("P{number}"), start));
        items.extend(insured(person, BAKERY, from, through));
        self.record(items).await;
    }

    /// Registered unemployed for a year before the hire, with a noted certificate.
    async fn unemployed(&self, number: usize, start: &str, from: &str, through: &str) {
        let (id, name) = numbered_person(number);
        let person = (id.as_str(), name);
        let hired_on = date(start);
        let spell = UnemploymentSpell {
            registered_on: hired_on.plus_months(-12),
            ended_on: None,
            end_code: String::new(),
            reason_code: "20".to_owned(),
            office_code: "442000001".to_owned(),
        };
        let certificate = format!("4420000022{number:06}");
        let mut items = vec![
            item(FactInput::Worker(
                who(person),
                WorkerFactInput::Spell(spell),
            )),
            item(FactInput::Worker(
                who(person),
                WorkerFactInput::Certificate {
                    number: CertificateNumber::parse(&certificate).expect("a number"),
                    enterprise_absorption_note: true,
                    noted_on: Some(hired_on),
                    office_code: "442000001".to_owned(),
                },
            )),
            contract(person, BAKERY, &format!("U{number}"), start),
        ];
        items.extend(insured(person, BAKERY, from, through));
        self.record(items).await;
    }

    async fn post(&mut self, period: &str, vat_fen: i64, sales_fen: Option<i64>, release: Release) {
        let posting = PostDeduction {
            request: self.request(period),
            validate_only: false,
            employer_code: code(BAKERY),
            declaration: Declaration {
                period: TaxPeriod::parse(period).expect("a period"),
                vat_payable_fen: Fen::new(vat_fen),
                sales_fen: sales_fen.map(Fen::new),
                release,
                return_number: String::new(),
                declared_at: None,
            },
        };
        let posted = self
            .test
            .app
            .post_deduction(&Caller::developer(), posting)
            .await;
        posted.expect("posted");
    }

    async fn settle(&mut self, year: i32, cit_fen: i64) {
        let settling = SettleYear {
            request: self.request("settle"),
            validate_only: false,
            employer_code: code(BAKERY),
            settlement: Settlement {
                tax_year: TaxYear::new(year).expect("a year"),
                cit_payable_fen: Fen::new(cit_fen),
            },
        };
        let settled = self
            .test
            .app
            .settle_year(&Caller::developer(), settling)
            .await;
        settled.expect("settled");
    }

    /// What the employer's statement says of a year: balance, entries, relief schedule.
    async fn statement(&self, year: i32) -> String {
        let caller = Caller::developer();
        let tax_year = TaxYear::new(year).expect("a year");
        let (balance, _) = self
            .test
            .app
            .employer_balance(
                &caller,
                EmployerBalanceQuery {
                    employer_code: code(BAKERY),
                    tax_year,
                    through: None,
                    as_of: None,
                },
            )
            .await
            .expect("a balance");
        let booked = balance.booked;
        let taxes: Vec<String> = TaxKind::ALL
            .into_iter()
            .zip(booked.deducted_fen)
            .map(|(tax, fen)| format!("{} {}", tax_name(tax), fen.yuan()))
            .collect();
        let mut lines = vec![
            format!(
                "{year}: {} months of {} workers, accrued {}, released {}",
                booked.months_counted,
                balance.worker_count,
                booked.accrued_fen.yuan(),
                booked.released_fen.yuan()
            ),
            format!("deducted {}", taxes.join(", ")),
            format!(
                "remaining {}, forfeited {}, over-deducted {}, advance {}, settled {}",
                booked.remaining_fen.yuan(),
                booked.forfeited_fen.yuan(),
                booked.over_deducted_fen.yuan(),
                booked.advance_fen.yuan(),
                balance.settled
            ),
        ];
        let page = self
            .test
            .app
            .list_entries(&caller, code(BAKERY), Some(tax_year), 0, 100, None)
            .await
            .expect("entries");
        for entry in page.entries {
            let draft = &entry.body.draft;
            let period = draft
                .period
                .map_or("-".to_owned(), |period| period.to_string());
            let months: i32 = draft
                .accruals
                .iter()
                .map(|change| if change.booked { 1 } else { -1 })
                .sum();
            lines.push(format!(
                "{:?} {period} payable {} months {months:+}",
                draft.kind,
                draft.payable_fen.yuan()
            ));
            for coded in &entry.lines {
                let line = &coded.line;
                lines.push(format!(
                    "  {} due {} deducted {} halved {} paid {}",
                    tax_name(line.tax),
                    line.due_fen.yuan(),
                    line.deducted.total().yuan(),
                    line.halved_fen.yuan(),
                    line.paid_fen.yuan()
                ));
            }
            let fen: Fen = entry.legs.iter().map(|leg| leg.amount_fen).sum();
            let moved: i32 = entry.legs.iter().map(|leg| leg.months).sum();
            assert_eq!((fen, moved), (Fen::ZERO, 0), "legs of {draft:?}");
        }
        let (rows, _) = self
            .test
            .app
            .relief_schedule(
                &caller,
                ReliefScheduleQuery {
                    employer_code: code(BAKERY),
                    tax_year,
                    period: None,
                    as_of: None,
                },
            )
            .await
            .expect("a schedule");
        for coded in rows {
            let row = coded.row;
            let period = row
                .period
                .map_or("settlement".to_owned(), |period| period.to_string());
            let group = match row.group {
                CodeGroup::Poverty => "poverty",
                CodeGroup::Unemployment => "unemployment",
            };
            lines.push(format!(
                "{period} {} {group} {}: {} + {} - {} = {}",
                tax_name(row.tax),
                coded.code,
                row.opening_fen.yuan(),
                row.arising_fen.yuan(),
                row.deducted_fen.yuan(),
                row.closing_fen().yuan()
            ));
        }
        lines.join("\n")
    }
}

fn tax_name(tax: TaxKind) -> &'static str {
    match tax {
        TaxKind::Vat => "VAT",
        TaxKind::Umct => "UMCT",
        TaxKind::Edu => "EDU",
        TaxKind::Ledu => "LEDU",
        TaxKind::Cit => "CIT",
    }
}

/// The statement holds what the fact book says, and is otherwise as it was.
fn assert_says(name: &str, statement: &str, facts: &[&str]) {
    for fact in facts {
        assert!(
            statement.contains(fact),
            "{name} lacks {fact}:\n{statement}"
        );
    }
    insta::assert_snapshot!(name, statement);
}

#[tokio::test]
async fn a1_unemployed_hired_in_march() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    play.unemployed(1, "2023-03-10", "2023-03", "2023-12").await;
    play.settle(2023, 0).await;
    let told = play.statement(2023).await;
    assert_says("a1", &told, &["10 months of 1 workers, accrued 6500.00"]);
}

#[tokio::test]
async fn a2_one_worker_of_twelve_months_and_one_of_seven() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    play.poor(1, "2023-01-01", "2023-01", "2023-12").await;
    play.unemployed(2, "2023-06-01", "2023-06", "2023-12").await;
    play.post("2023-Q4", 600_000, None, Release::Cumulative)
        .await;
    play.settle(2023, 300_000).await;
    let told = play.statement(2023).await;
    let facts = [
        "accrued 12350.00",
        "VAT 6000.00, UMCT 420.00, EDU 180.00, LEDU 120.00, CIT 3000.00",
        "forfeited 2630.00",
    ];
    assert_says("a2", &told, &facts);
}

#[tokio::test]
async fn a3_exempt_from_vat_all_year() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    play.unemployed(1, "2023-01-01", "2023-01", "2023-12").await;
    play.settle(2023, 2_000_000).await;
    assert_says(
        "a3",
        &play.statement(2023).await,
        &["CIT 7800.00", "forfeited 0.00"],
    );
}

#[tokio::test]
async fn a4_half_rate_firm_whose_quota_is_enough() {
    let mut play = Play::new().await;
    play.employer(700, true).await;
    play.unemployed(1, "2023-01-01", "2023-01", "2023-12").await;
    play.post("2023-Q4", 400_000, None, Release::Cumulative)
        .await;
    let told = play.statement(2023).await;
    let facts = [
        "VAT 4000.00, UMCT 280.00, EDU 120.00, LEDU 80.00, CIT 0.00",
        "remaining 3320.00",
    ];
    assert_says("a4", &told, &facts);
}

#[tokio::test]
async fn a5_half_rate_firm_whose_quota_runs_out() {
    let mut play = Play::new().await;
    play.employer(700, true).await;
    play.unemployed(1, "2023-06-01", "2023-06", "2023-12").await;
    play.post("2023-Q4", 440_000, None, Release::Cumulative)
        .await;
    let told = play.statement(2023).await;
    let facts = [
        "accrued 4550.00",
        "UMCT due 308.00 deducted 150.00 halved 79.00 paid 79.00",
        "EDU due 132.00 deducted 0.00 halved 66.00 paid 66.00",
        "LEDU due 88.00 deducted 0.00 halved 44.00 paid 44.00",
    ];
    assert_says("a5", &told, &facts);
}

#[tokio::test]
async fn a6_insured_a_month_after_the_hire() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    play.unemployed(1, "2024-05-20", "2024-06", "2027-12").await;
    for year in [2024, 2025, 2026, 2027] {
        play.settle(year, 0).await;
    }
    assert_says(
        "a6",
        &play.statement(2024).await,
        &["7 months of 1 workers, accrued 4550.00"],
    );
    let last = play.statement(2027).await;
    assert!(last.contains("5 months of 1 workers"), "to 2027-05: {last}");
}

#[tokio::test]
async fn a7_one_of_three_leaves_in_august() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    for number in 1..=2 {
        play.poor(number, "2023-01-01", "2023-01", "2023-12").await;
    }
    play.poor(3, "2023-01-01", "2023-01", "2023-08").await;
    play.leave(3, "2023-01-01", "2023-08-31").await;
    play.settle(2023, 0).await;
    assert_says("a7", &play.statement(2023).await, &["accrued 20800.00"]);
}

impl Play {
    /// The contract as it stands once the worker has left.
    async fn leave(&self, number: usize, start: &str, last: &str) {
        let (id, name) = numbered_person(number);
        let person = (id.as_str(), name);
        let FactInput::Worker(worker, WorkerFactInput::Contract(known)) =
            contract(person, BAKERY, &format!("P{number}"), start).fact
        else {
            panic!("a contract");
        };
        let ended = Contract {
            terminated_on: Some(date(last)),
            ..known
        };
        let ended = WorkerFactInput::Contract(ended);
        self.record(vec![item(FactInput::Worker(worker, ended))])
            .await;
    }
}

#[tokio::test]
async fn a8_one_has_left_in_march_and_too_much_was_deducted() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    for number in 1..=2 {
        play.poor(number, "2023-01-01", "2023-01", "2023-12").await;
    }
    play.poor(3, "2023-01-01", "2023-01", "2023-03").await;
    play.post("2023-Q1", 1_869_159, Some(0), Release::AnnualProjected)
        .await;
    play.leave(3, "2023-01-01", "2023-03-31").await;
    let recomputing = RecomputeYear {
        request: play.request("recompute"),
        validate_only: false,
        employer_code: code(BAKERY),
        tax_year: TaxYear::new(2023).expect("a year"),
        surcharge_through: Some(date("2023-05-15")),
    };
    let caller = Caller::developer();
    let told = play.test.app.recompute_year(&caller, recomputing).await;
    let told = told.expect("recomputed");
    assert_eq!(told.over_deducted_fen(), Fen::new(245_000));
    assert_eq!(told.late_surcharge_from_on(), Some(date("2023-04-16")));
    let late = told.over_deductions[0];
    // 2,450.00 × 30 days × 0.05 %.
    assert_eq!((late.days, late.surcharge_fen), (30, Some(Fen::new(3_675))));
    play.settle(2023, 0).await;
    let facts = ["accrued 17550.00", "over-deducted 2450.00"];
    assert_says("a8", &play.statement(2023).await, &facts);
}

#[tokio::test]
async fn a9_a_whole_term() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    play.poor(1, "2022-07-01", "2022-07", "2025-12").await;
    let mut years = Vec::new();
    for (year, accrued) in [
        (2022, "accrued 3900.00"),
        (2023, "accrued 7800.00"),
        (2024, "accrued 7800.00"),
        (2025, "accrued 3900.00"),
    ] {
        play.settle(year, 0).await;
        let told = play.statement(year).await;
        assert!(told.contains(accrued), "{told}");
        years.push(told);
    }
    assert_says("a9", &years.join("\n"), &[]);
}

#[tokio::test]
async fn a10_a_month_without_insurance() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    play.poor(1, "2023-01-01", "2023-01", "2023-05").await;
    let (id, name) = numbered_person(1);
    play.record(insured((id.as_str(), name), BAKERY, "2023-07", "2023-12"))
        .await;
    play.settle(2023, 0).await;
    assert_says(
        "a10",
        &play.statement(2023).await,
        &["11 months of 1 workers, accrued 7150.00"],
    );
}

#[tokio::test]
async fn a11_twenty_workers_and_a_rest_that_is_lost() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    for number in 1..=20 {
        play.poor(number, "2023-01-01", "2023-01", "2023-12").await;
    }
    play.post("2023-Q4", 10_000_000, None, Release::Cumulative)
        .await;
    play.settle(2023, 3_000_000).await;
    let told = play.statement(2023).await;
    let facts = [
        "accrued 156000.00",
        "VAT 100000.00, UMCT 7000.00, EDU 3000.00, LEDU 2000.00, CIT 30000.00",
        "forfeited 14000.00",
    ];
    assert_says("a11", &told, &facts);
}

#[tokio::test]
async fn a12_a_five_percent_town() {
    let mut play = Play::new().await;
    play.employer(500, false).await;
    play.unemployed(1, "2023-01-01", "2023-01", "2023-12").await;
    play.post("2023-Q1", 238_095, Some(0), Release::AnnualProjected)
        .await;
    play.post("2023-Q2", 500_037, None, Release::AnnualProjected)
        .await;
    let told = play.statement(2023).await;
    let facts = [
        "VAT due 5000.37 deducted 5000.37",
        "UMCT due 250.02 deducted 250.02",
        "EDU due 150.01 deducted 49.61 halved 0.00 paid 100.40",
        "LEDU due 100.01 deducted 0.00 halved 0.00 paid 100.01",
    ];
    assert_says("a12", &told, &facts);
}

#[tokio::test]
async fn a13_quarters_released_by_projection() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    for number in 1..=3 {
        play.poor(number, "2023-01-01", "2023-01", "2023-12").await;
    }
    for (period, vat, left) in [
        ("2023-Q1", 420_000, "18696.00"),
        ("2023-Q2", 0, "18696.00"),
        ("2023-Q3", 900_000, "8616.00"),
        ("2023-Q4", 550_000, "2456.00"),
    ] {
        play.post(period, vat, None, Release::AnnualProjected).await;
        let told = play.statement(2023).await;
        let last = told.lines().last().expect("a schedule");
        assert!(last.ends_with(&format!("= {left}")), "{told}");
    }
    assert_says("a13", &play.statement(2023).await, &["remaining 2456.00"]);
}

#[tokio::test]
async fn a14_a_second_employer_takes_over() {
    let mut play = Play::new().await;
    play.employer(700, false).await;
    let (id, name) = numbered_person(1);
    let person = (id.as_str(), name);
    let mut items = vec![
        employer(LAUNDRY, EmployerKind::Company),
        lifted(person),
        contract(person, LAUNDRY, "A", "2021-05-01"),
    ];
    items.extend(insured(person, LAUNDRY, "2021-05", "2022-10"));
    items.push(contract(person, BAKERY, "B", "2023-01-01"));
    items.extend(insured(person, BAKERY, "2023-01", "2025-12"));
    play.record(items).await;
    let caller = Caller::developer();
    for year in [2021, 2022] {
        let settling = SettleYear {
            request: play.request("settle"),
            validate_only: false,
            employer_code: code(LAUNDRY),
            settlement: Settlement {
                tax_year: TaxYear::new(year).expect("a year"),
                cit_payable_fen: Fen::ZERO,
            },
        };
        play.test
            .app
            .settle_year(&caller, settling)
            .await
            .expect("settled");
    }
    for year in [2023, 2024] {
        play.settle(year, 0).await;
    }
    let mut asked = check(person, BAKERY, "2023-01", "2024-12");
    asked.who = who(person);
    let decided = play
        .test
        .app
        .check_key_group(&caller, &mamagang_testkit::context(), asked, None)
        .await
        .expect("a decision");
    let outcomes: Vec<Outcome> = decided
        .decision
        .months
        .iter()
        .map(|month| month.outcome)
        .collect();
    assert!(
        outcomes[..16]
            .iter()
            .all(|outcome| *outcome == Outcome::Eligible)
    );
    assert_eq!(outcomes[16..18], [Outcome::Review; 2]);
    assert!(
        outcomes[18..]
            .iter()
            .all(|outcome| *outcome == Outcome::Ineligible)
    );
    let years = [play.statement(2023).await, play.statement(2024).await];
    let facts = [
        "12 months of 1 workers",
        "4 months of 1 workers, accrued 2600.00",
    ];
    assert_says("a14", &years.join("\n"), &facts);
}
