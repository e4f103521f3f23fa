//! `mamagang explain` of worked examples of the fact book, as a lawyer reads it.
//!
//! Each page shows the formulas of the example in both languages, and is kept as a snapshot; a change
//! of a word or a number shows there.

mod claim;
mod measures;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use mamagang_app::{AppResult, Caller};
use mamagang_grpc::{Authenticator, Grpc};
use mamagang_proto::v1;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::worker_ref::Ref;
use mamagang_testkit::{SteadyIds, TestApp, date};
use tokio::net::TcpListener;
use tonic::transport::Channel;

const BAKERY: &str = "91442000MAQQ000161";
const LAUNDRY: &str = "91442000QQ0000039Q";
const WANG: (&str, &str) = ("442000198903149982", "王芳");
const LI: (&str, &str) = ("442000199307089965", "李敏");

/// The developer, under the name of the header `x-person`: some steps ask for a second person.
#[derive(Debug)]
struct Persons;

impl Authenticator for Persons {
    fn authenticate(&self, call: &http::request::Parts) -> AppResult<Caller> {
        let mut caller = Caller::developer();
        let person = call.headers.get("x-person").map(|it| it.to_str());
        if let Some(Ok(person)) = person {
            person.clone_into(&mut caller.subject);
        }
        Ok(caller)
    }
}

/// A service on a port of its own. It ends with the test's runtime.
struct Service {
    test: TestApp,
    address: SocketAddr,
    channel: Channel,
}

impl Service {
    async fn start() -> Self {
        Self::start_on("2026-07-01").await
    }

    async fn start_on(day: &str) -> Self {
        let test = TestApp::sqlite(date(day)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let ids = Arc::new(SteadyIds::default());
        let grpc = Grpc::new(test.app.clone(), Arc::new(Persons), ids);
        tokio::spawn(mamagang_grpc::serve(listener, grpc, std::future::pending()));
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect().await.expect("a connection");
        Self {
            test,
            address,
            channel,
        }
    }

    async fn record(&self, number: u128, kinds: Vec<Kind>) {
        self.record_drawn(number, "2024-01-31", kinds).await;
    }

    /// Facts that their source drew on a day.
    async fn record_drawn(&self, number: u128, drawn_on: &str, kinds: Vec<Kind>) {
        let facts = kinds.into_iter().enumerate().map(|(index, kind)| v1::Fact {
            fact_id: String::new(),
            row_key: index.to_string(),
            source: "中山市人社局".to_owned(),
            source_date: drawn_on.to_owned(),
            kind: Some(kind),
        });
        let request = v1::RecordFactsRequest {
            request_id: uuid::Uuid::from_u128(number).to_string(),
            facts: facts.collect(),
        };
        let mut registry = RegistryServiceClient::new(self.channel.clone());
        let recorded = registry.record_facts(request).await.expect("recorded");
        for result in recorded.into_inner().results {
            assert!(result.error.is_none(), "{result:?}");
        }
    }

    async fn post(&self, number: u128, employer: &str, period: &str, vat: i64) -> String {
        let request = v1::PostDeductionRequest {
            request_id: uuid::Uuid::from_u128(number).to_string(),
            employer_code: employer.to_owned(),
            period: period.to_owned(),
            vat_payable_fen: vat,
            release: v1::Release::Cumulative.into(),
            ..v1::PostDeductionRequest::default()
        };
        let mut ledger = LedgerServiceClient::new(self.channel.clone());
        let posted = ledger.post_deduction(request).await.expect("posted");
        posted.into_inner().entry_id
    }

    /// What the command prints.
    async fn explain(&self, id: &str, lang: &str, format: &str) -> String {
        let arguments = [
            "explain",
            id,
            "--lang",
            lang,
            "--format",
            format,
            "--case",
            "K-1",
            "--operator",
            "王五",
            "--address",
            &format!("http://{}", self.address),
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_mamagang"));
        command.args(arguments).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.expect("no panic").expect("the program starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Every formula stands on the page in both languages, and the pages are as they are kept.
    async fn shows(&self, name: &str, id: &str, formulas: &[&str]) {
        for lang in ["zh", "en"] {
            let page = self.explain(id, lang, "md").await;
            for formula in formulas {
                assert!(page.contains(formula), "{lang} {formula}: {page}");
            }
            insta::assert_snapshot!(format!("{name}_{lang}"), self.steady(&page));
        }
    }

    /// A page without what is another at every edition and run.
    fn steady(&self, page: &str) -> String {
        let page = page.replace(self.test.app.policies().version(), "<version>");
        let times = [
            "- 决定时间: ",
            "- decided: ",
            "- 入账时间: ",
            "- recorded: ",
        ];
        let lines = page.lines().map(|line| {
            let time = times.iter().find(|time| line.starts_with(**time));
            time.map_or_else(|| line.to_owned(), |time| format!("{time}<time>"))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn worker(person: (&str, &str)) -> Option<v1::WorkerRef> {
    Some(v1::WorkerRef {
        r#ref: Some(Ref::Identity(v1::IdentityDocument {
            r#type: v1::DocumentType::ResidentIdCard.into(),
            number: person.0.to_owned(),
            name: person.1.to_owned(),
        })),
    })
}

fn employer(code: &str, half_rate: bool) -> Kind {
    Kind::EmployerProfile(v1::EmployerProfile {
        employer_code: code.to_owned(),
        name: "中山某某有限公司".to_owned(),
        kind: v1::EmployerKind::Company.into(),
        town_code: "442000001".to_owned(),
        industry_code: "C1411".to_owned(),
        vat_payer: v1::VatPayer::General.into(),
        filing_cycle: v1::FilingCycle::Monthly.into(),
        umct_rate_bp: 700,
        half_rate_surcharges: half_rate,
        size_class: v1::SizeClass::Other.into(),
        from_date: "2019-01-01".to_owned(),
    })
}

fn lifted(person: (&str, &str)) -> Kind {
    Kind::PovertyStatus(v1::PovertyStatus {
        worker: worker(person),
        category: v1::PersonCategory::LiftedFromPoverty.into(),
        from_date: "2016-01-01".to_owned(),
        to_date: String::new(),
    })
}

fn contract(person: (&str, &str), employer: &str, id: &str, start: &str) -> Kind {
    Kind::Contract(v1::Contract {
        contract_id: id.to_owned(),
        employer_code: employer.to_owned(),
        worker: worker(person),
        kind: v1::ContractKind::LabourContract.into(),
        signed_date: start.to_owned(),
        start_date: start.to_owned(),
        ..v1::Contract::default()
    })
}

/// Insured from January or later to the year's end.
fn insured(
    person: (&str, &str),
    employer: &str,
    year: i32,
    months: std::ops::RangeInclusive<u32>,
) -> Vec<Kind> {
    use v1::Insurance::{Pension, Unemployment, WorkInjury};
    let paid = |month: u32| {
        let month = format!("{year}-{month:02}");
        Kind::Contribution(v1::Contribution {
            worker: worker(person),
            employer_code: employer.to_owned(),
            paid_date: format!("{month}-28"),
            insurances: [Pension, WorkInjury, Unemployment].map(i32::from).to_vec(),
            month,
        })
    };
    months.map(paid).collect()
}

async fn check(service: &Service, employer: &str, from: &str, through: &str) -> v1::Decision {
    let request = v1::CheckKeyGroupDeductionRequest {
        context: Some(v1::AccessContext {
            purpose: "审核".to_owned(),
            legal_basis: "公告2024年第4号".to_owned(),
            case_number: "K-1".to_owned(),
            operator: "王五".to_owned(),
        }),
        employer_code: employer.to_owned(),
        worker: worker(WANG),
        from_month: from.to_owned(),
        through_month: through.to_owned(),
        as_of_time: None,
    };
    let mut eligibility = EligibilityServiceClient::new(service.channel.clone());
    let checked = eligibility.check_key_group_deduction(request).await;
    let decision = checked.expect("decided").into_inner().decision;
    decision.expect("a decision")
}

/// One worker of twelve months, one of seven; VAT of the year 6,000; CIT payable 3,000.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_is_explained_from_the_check_to_the_settlement() {
    let service = Service::start().await;
    let mut facts = vec![employer(BAKERY, false), lifted(WANG), lifted(LI)];
    facts.push(contract(WANG, BAKERY, "C1", "2023-01-01"));
    facts.push(contract(LI, BAKERY, "C2", "2023-06-01"));
    facts.extend(insured(WANG, BAKERY, 2023, 1..=12));
    facts.extend(insured(LI, BAKERY, 2023, 6..=12));
    service.record(1, facts).await;
    let decision = check(&service, BAKERY, "2023-01", "2023-12").await;
    assert_eq!(decision.total_fen, 780_000);
    service
        .shows(
            "a2_check",
            &decision.decision_id,
            &["7800.00 ÷ 12 = 650.00", "12 × 650.00 = 7800.00"],
        )
        .await;

    let posted = service.post(2, BAKERY, "2023-12", 600_000).await;
    service
        .shows(
            "a2_posting",
            &posted,
            &["min(6000.00, 12350.00) = 6000.00", "6000.00 × 7% = 420.00"],
        )
        .await;
    let settlement = v1::SettleYearRequest {
        request_id: uuid::Uuid::from_u128(3).to_string(),
        employer_code: BAKERY.to_owned(),
        tax_year: 2023,
        cit_payable_fen: 300_000,
        ..v1::SettleYearRequest::default()
    };
    let mut ledger = LedgerServiceClient::new(service.channel.clone());
    let settled = ledger
        .settle_year(settlement)
        .await
        .expect("settled")
        .into_inner();
    assert_eq!(settled.forfeited_fen, 263_000);
    service
        .shows(
            "a2_settlement",
            &format!("{BAKERY}-2"),
            &[
                "min(3000.00, 5630.00) = 3000.00",
                "5630.00 − 3000.00 = 2630.00",
            ],
        )
        .await;
}

/// A half-rate firm, seven months (4,550), VAT 4,400: 150 go to UMCT, and 189 are paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a5_is_explained_line_by_line() {
    let service = Service::start().await;
    let mut facts = vec![employer(BAKERY, true), lifted(WANG)];
    facts.push(contract(WANG, BAKERY, "C1", "2023-06-01"));
    facts.extend(insured(WANG, BAKERY, 2023, 6..=12));
    service.record(1, facts).await;
    let posted = service.post(2, BAKERY, "2023-12", 440_000).await;
    service
        .shows(
            "a5_posting",
            &posted,
            &[
                "min(308.00, 150.00) = 150.00",
                "(308.00 − 150.00) × 50% = 79.00",
            ],
        )
        .await;
    let html = service.explain(&posted, "zh", "html").await;
    assert!(html.contains("(308.00 − 150.00) × 50% = 79.00"), "{html}");
    let text = service.explain(&posted, "en", "text").await;
    assert!(text.contains("UMCT"), "{text}");
    let json = service.explain(&posted, "en", "json").await;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["entry"]["period"], "2023-12");
}

/// 18 months booked at A from 2021-05, hired by B in 2023-01: the person's 36 run out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a14_is_explained_month_by_month() {
    let service = Service::start().await;
    let mut facts = vec![
        employer(LAUNDRY, false),
        employer(BAKERY, false),
        lifted(WANG),
    ];
    facts.push(Kind::PriorTermUse(v1::PriorTermUse {
        worker: worker(WANG),
        employer_code: LAUNDRY.to_owned(),
        from_month: "2021-05".to_owned(),
        to_month: "2022-10".to_owned(),
    }));
    facts.push(contract(WANG, BAKERY, "C1", "2023-01-01"));
    facts.extend(insured(WANG, BAKERY, 2023, 1..=12));
    facts.extend(insured(WANG, BAKERY, 2024, 1..=9));
    service.record(1, facts).await;
    let decision = check(&service, BAKERY, "2024-03", "2024-08").await;
    let outcomes: Vec<i32> = decision.months.iter().map(|month| month.outcome).collect();
    let expected = [1, 1, 3, 3, 2, 2];
    assert_eq!(outcomes, expected);
    service
        .shows(
            "a14_check",
            &decision.decision_id,
            &["2024-05 ≤ 2025-12; 2024-05 > 2024-04", "34 < 36", "36 ≥ 36"],
        )
        .await;
}

/// The request that the documents show.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_simulation_is_asked_from_a_file_and_shown_side_by_side() {
    let service = Service::start().await;
    let file = mamagang_testkit::repository().join("docs/requests/simulate.json");
    let address = format!("http://{}", service.address);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mamagang"));
    command
        .arg("simulate")
        .arg(&file)
        .args(["--lang", "en", "--address", &address])
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("no panic").expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    // 10 months of 2024: 6,500, of which VAT takes 5,000 and the surcharges 600; CIT the rest.
    assert!(shown.contains("王某 2024-03 – 2027-02"), "{shown}");
    assert!(shown.contains("李某 2024-06 – 2025-11"), "{shown}");
    assert!(
        shown.contains("VAT 5000.00, UMCT 350.00, EDU 150.00, LEDU 100.00, CIT 900.00"),
        "{shown}"
    );
}

/// 2026-05: platform 98,000 and direct 5,000 make 103,000, so all of it is taxed: 1,030.00.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b15_is_explained_with_both_sums() {
    let service = Service::start().await;
    let request = v1::CheckVatExemptionRequest {
        province_code: "440000".to_owned(),
        party: v1::Party::NaturalPerson.into(),
        obligation_date: "2026-05-20".to_owned(),
        amount_fen: 500_000,
        platform_sales_month_fen: 9_800_000,
        umct_rate_bp: 700,
        ..v1::CheckVatExemptionRequest::default()
    };
    let mut eligibility = EligibilityServiceClient::new(service.channel.clone());
    let answer = eligibility
        .check_vat_exemption(request)
        .await
        .expect("decided");
    let answer = answer.into_inner();
    assert_eq!(answer.vat_fen, 103_000);
    service
        .shows(
            "b15",
            &answer.decision_id,
            &["103000.00 ≥ 100000.00", "103000.00 × 1% = 1030.00"],
        )
        .await;
}
