//! The services over the application on the in-memory store, called by the generated clients.

mod facts;
mod ledger;
mod listener;
mod streams;

use std::sync::Arc;

use mamagang_grpc::{CallService, DeveloperAuthenticator, Grpc};
use mamagang_proto::v1;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use mamagang_proto::v1::worker_ref::Ref;
use mamagang_testkit::{SteadyIds, TestApp, date};
use tonic::Request;
use tonic::service::Routes;

const EMPLOYER: &str = "91442000MAQQ000161";

/// The services of a new application, as of 2026-11-23.
async fn grpc() -> Grpc {
    let app = TestApp::memory(date("2026-11-23")).await.app;
    Grpc::new(
        app,
        Arc::new(DeveloperAuthenticator),
        Arc::new(SteadyIds::default()),
    )
}

/// The clients of one application.
struct Clients {
    registry: RegistryServiceClient<CallService<Routes>>,
    verification: VerificationServiceClient<CallService<Routes>>,
    eligibility: EligibilityServiceClient<CallService<Routes>>,
    ledger: LedgerServiceClient<CallService<Routes>>,
}

async fn clients() -> Clients {
    let router = grpc().await.router();
    Clients {
        registry: RegistryServiceClient::new(router.clone()),
        verification: VerificationServiceClient::new(router.clone()),
        eligibility: EligibilityServiceClient::new(router.clone()),
        ledger: LedgerServiceClient::new(router),
    }
}

/// A request of a caller who reads English.
fn english<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("accept-language", "en".parse().expect("a header"));
    request
}

fn request_id(number: u32) -> String {
    format!("0193a5c0-0000-7000-8000-{number:012}")
}

fn context() -> Option<v1::AccessContext> {
    Some(v1::AccessContext {
        purpose: "审核减免".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "ZS-2024-0001".to_owned(),
        operator: "A-17".to_owned(),
    })
}

fn identity() -> v1::IdentityDocument {
    v1::IdentityDocument {
        r#type: v1::DocumentType::ResidentIdCard as i32,
        number: "442000198903149982".to_owned(),
        name: "王小明".to_owned(),
    }
}

fn worker() -> Option<v1::WorkerRef> {
    Some(v1::WorkerRef {
        r#ref: Some(Ref::Identity(identity())),
    })
}

fn fact(row_key: &str, kind: Kind) -> v1::Fact {
    v1::Fact {
        row_key: row_key.to_owned(),
        source: "hr-bureau".to_owned(),
        source_date: "2026-10-31".to_owned(),
        kind: Some(kind),
        ..Default::default()
    }
}

fn contribution(month: u32) -> v1::Fact {
    fact(
        &format!("B{month:04}"),
        Kind::Contribution(v1::Contribution {
            worker: worker(),
            employer_code: EMPLOYER.to_owned(),
            month: format!("2023-{month:02}"),
            insurances: vec![1, 2, 3, 4, 5],
            paid_date: format!("2023-{month:02}-20"),
        }),
    )
}

/// Case A1: registered as unemployed since 2022-09-10, hired 2023-03-10, insured from 2023-03.
fn facts() -> Vec<v1::Fact> {
    let mut facts = vec![
        fact(
            "E0001",
            Kind::EmployerProfile(v1::EmployerProfile {
                employer_code: EMPLOYER.to_owned(),
                name: "中山样例有限公司".to_owned(),
                kind: v1::EmployerKind::Company as i32,
                town_code: "442000106".to_owned(),
                industry_code: "C1819".to_owned(),
                vat_payer: v1::VatPayer::General as i32,
                filing_cycle: v1::FilingCycle::Monthly as i32,
                umct_rate_bp: 700,
                half_rate_surcharges: false,
                size_class: v1::SizeClass::Other as i32,
                from_date: "2018-01-01".to_owned(),
            }),
        ),
        fact(
            "U0001",
            Kind::UnemploymentSpell(v1::UnemploymentSpell {
                worker: worker(),
                registered_date: "2022-09-10".to_owned(),
                ended_date: "2023-03-10".to_owned(),
                end_code: "11".to_owned(),
                reason_code: "20".to_owned(),
                office_code: "442000004".to_owned(),
            }),
        ),
        fact(
            "J0001",
            Kind::EmploymentCertificate(v1::EmploymentCertificate {
                worker: worker(),
                certificate_number: "4420000022000001".to_owned(),
                enterprise_absorption_note: true,
                note_date: "2022-09-10".to_owned(),
                office_code: "442000004".to_owned(),
            }),
        ),
        fact(
            "H0001",
            Kind::Contract(v1::Contract {
                contract_id: "2023-0001".to_owned(),
                employer_code: EMPLOYER.to_owned(),
                worker: worker(),
                kind: v1::ContractKind::LabourContract as i32,
                signed_date: "2023-03-10".to_owned(),
                start_date: "2023-03-10".to_owned(),
                end_date: "2024-03-09".to_owned(),
                ..Default::default()
            }),
        ),
    ];
    facts.extend((3..=12).map(contribution));
    facts
}

/// Records the facts of case A1.
async fn record_all(clients: &mut Clients) -> Vec<v1::FactResult> {
    let message = v1::RecordFactsRequest {
        request_id: request_id(1),
        facts: facts(),
    };
    let recorded = clients
        .registry
        .record_facts(message)
        .await
        .expect("recorded");
    let results = recorded.into_inner().results;
    for result in &results {
        assert_eq!(result.error, None, "{}", result.row_key);
    }
    results
}
