//! Hires that are only supposed.

use mamagang_app::Caller;
use mamagang_app::eligibility::{SimulateHire, SimulatedEmployer, SimulatedHires};
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{EmployerKind, EmployerProfile, PersonCategory, SizeClass, VatPayer};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxPeriod, TaxYear};
use mamagang_domain::reason::ReasonCode;
use mamagang_domain::simulate::{Candidate, CitForecast, Forecast, PeriodForecast};
use mamagang_testkit::{TestApp, date, month};

use crate::city::{BAKERY, bakery_with_wang, code, record};

fn profile(kind: EmployerKind) -> SimulatedEmployer {
    SimulatedEmployer::Supposed(Box::new(EmployerProfile {
        name: String::new(),
        kind,
        town_code: String::new(),
        industry_code: String::new(),
        vat_payer: VatPayer::General,
        filing_cycle: FilingCycle::Monthly,
        umct_rate_bp: RateBp::new(700),
        half_rate_surcharges: false,
        size_class: SizeClass::Other,
        from_on: CivilDate::MIN,
    }))
}

fn candidate(start: &str, first: &str, used: i32) -> Candidate {
    Candidate {
        category: PersonCategory::RegisteredUnemployed,
        start_on: date(start),
        end_on: None,
        first_insured_month: month(first),
        months_used_before: used,
    }
}

async fn simulate(
    test: &TestApp,
    employer: SimulatedEmployer,
    candidates: Vec<Candidate>,
    forecast: Forecast,
) -> SimulatedHires {
    let question = SimulateHire {
        employer,
        candidates,
        forecast,
    };
    let caller = Caller::developer();
    test.app
        .simulate_hire(&caller, question)
        .await
        .expect("simulated")
}

/// A9: start 2022-07, the full term, 3,900 + 7,800 + 7,800 + 3,900; and A6, insured a month late.
#[tokio::test]
async fn a_hire_brings_its_thirty_six_months_year_by_year() {
    let test = TestApp::memory(date("2024-02-01")).await;
    let candidates = vec![
        candidate("2022-07-01", "2022-07", 0),
        candidate("2024-05-20", "2024-06", 0),
        candidate("2023-01-01", "2023-01", 18),
        candidate("2023-01-01", "2023-01", 36),
    ];
    let company = profile(EmployerKind::Company);
    let found = simulate(&test, company, candidates, Forecast::default()).await;
    let [a9, a6, half, none] = &found.each[..] else {
        panic!("{found:?}");
    };
    let entitled: Vec<String> = a9
        .years
        .iter()
        .map(|year| year.entitled_fen.yuan())
        .collect();
    assert_eq!(entitled, ["3900.00", "7800.00", "7800.00", "3900.00"]);
    assert_eq!(a9.last_month, Some(month("2025-06")));
    assert!(a9.years.iter().all(|year| year.taken_fen.is_none()));
    assert_eq!(
        (a6.start_month, a6.last_month),
        (Some(month("2024-06")), Some(month("2027-05")))
    );
    let months: i32 = half.years.iter().map(|year| year.months).sum();
    assert_eq!((months, half.last_month), (18, Some(month("2024-06"))));
    assert_eq!(none.against, Some(ReasonCode::TermExhausted));
    assert!(none.years.is_empty());
}

/// A2's employer: what one hire takes, two together cannot take twice.
#[tokio::test]
async fn taxes_take_each_hire_alone_and_all_together_within_what_is_due() {
    let test = TestApp::memory(date("2024-02-01")).await;
    let period = PeriodForecast {
        period: TaxPeriod::parse("2023-12").expect("a period"),
        vat_payable_fen: Fen::new(600_000),
        sales_fen: None,
    };
    let forecast = Forecast {
        periods: vec![period],
        cit: vec![CitForecast {
            tax_year: TaxYear::new(2023).expect("a year"),
            cit_payable_fen: Fen::new(300_000),
        }],
        ..Forecast::default()
    };
    let candidates = vec![
        candidate("2023-01-01", "2023-01", 0),
        candidate("2023-06-01", "2023-06", 0),
    ];
    let company = profile(EmployerKind::Company);
    let found = simulate(&test, company, candidates, forecast).await;
    let first = &found.each[0].years[0];
    let yuan = |taken: [Fen; 5]| taken.map(Fen::yuan);
    let taken = first.taken_fen.map(yuan).expect("taxes were told");
    assert_eq!(taken, ["6000.00", "420.00", "180.00", "120.00", "1080.00"]);
    let together = &found.together.years[0];
    assert_eq!(together.entitled_fen.yuan(), "12350.00");
    let taken = together.taken_fen.map(yuan).expect("taxes were told");
    assert_eq!(taken, ["6000.00", "420.00", "180.00", "120.00", "3000.00"]);
    assert_eq!(
        together.forfeited_fen.map(Fen::yuan).as_deref(),
        Some("2630.00")
    );
    // 2024 was not told, and is as 2023 only where that is asked for.
    assert!(found.each[0].years[1].taken_fen.is_none());
}

#[tokio::test]
async fn years_repeat_where_asked_and_an_individual_business_has_no_right() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    let rows = || test.sqlite.as_ref().expect("sqlite").rows_written();
    let forecast = Forecast {
        cit: vec![CitForecast {
            tax_year: TaxYear::new(2024).expect("a year"),
            cit_payable_fen: Fen::new(500_000),
        }],
        repeats: true,
        ..Forecast::default()
    };
    let bakery = SimulatedEmployer::Recorded(code(BAKERY));
    let hire = vec![candidate("2024-03-01", "2024-03", 0)];
    let before = rows();
    let found = simulate(&test, bakery, hire.clone(), forecast.clone()).await;
    assert_eq!(rows(), before + 1, "the audit row alone is written");
    let taken: Vec<String> = found.each[0]
        .years
        .iter()
        .map(|year| {
            year.taken_fen
                .expect("repeated")
                .into_iter()
                .sum::<Fen>()
                .yuan()
        })
        .collect();
    assert_eq!(taken, ["5000.00", "5000.00", "5000.00", "1300.00"]);
    let shop = profile(EmployerKind::IndividualBusiness);
    let found = simulate(&test, shop, hire, forecast).await;
    assert_eq!(
        found.each[0].against,
        Some(ReasonCode::EmployerNotEnterprise)
    );
}
