//! A service on a loopback port with a manual clock, and short forms of requests.

use std::sync::Arc;

use mamagang_app::authorise::{Role, Roles};
use mamagang_app::{AppResult, Caller};
use mamagang_domain::identifier::EmployerCode;
use mamagang_grpc::{Authenticator, DeveloperAuthenticator, Grpc};
use mamagang_proto::v1::audit_service_client::AuditServiceClient;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::filing_service_client::FilingServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::report_service_client::ReportServiceClient;
use mamagang_proto::v1::review_service_client::ReviewServiceClient;
use mamagang_proto::v1::subsidy_service_client::SubsidyServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use mamagang_proto::v1::{
    self, AccessContext, Contract, Contribution, EmployerProfile, Fact, IdentityDocument,
    PostDeductionRequest, PovertyStatus, RecordFactsRequest, WorkerRef, fact, worker_ref,
};
use mamagang_testkit::{SteadyIds, TestApp, date};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub(crate) const BAKERY: &str = "91442000MAQQ000161";
pub(crate) const LAUNDRY: &str = "91442000QQ0000039Q";
pub(crate) const WANG: (&str, &str) = ("442000198903149982", "王芳");
pub(crate) const LI: (&str, &str) = ("442000199307089965", "李敏");

/// The desk that a call comes from, told by its header `x-desk`: a bureau's person by role, or an
/// employer's software. A call without one is the developer's.
#[derive(Debug)]
pub(crate) struct Desks;

impl Authenticator for Desks {
    fn authenticate(&self, call: &http::request::Parts) -> AppResult<Caller> {
        let desk = call
            .headers
            .get("x-desk")
            .and_then(|desk| desk.to_str().ok());
        let Some(desk) = desk else {
            return Ok(Caller::developer());
        };
        let (role, employer_code) = match desk {
            "clerk" => (Role::HrClerk, None),
            "reviewer" | "reviewer2" => (Role::HrReviewer, None),
            "tax" => (Role::TaxOfficer, None),
            code => (Role::EmployerPayroll, EmployerCode::parse(code).ok()),
        };
        Ok(Caller {
            subject: desk.to_owned(),
            organisation: desk.to_owned(),
            roles: Roles::of(role),
            employer_code,
            ..Caller::developer()
        })
    }
}

/// A message from a desk.
pub(crate) fn from<T>(desk: &str, message: T) -> Request<T> {
    let mut request = english(message);
    let desk = desk.parse().expect("ASCII");
    request.metadata_mut().insert("x-desk", desk);
    request
}

/// A running service.
pub(crate) struct Service {
    pub(crate) channel: Channel,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
    pub(crate) test: TestApp,
}

impl Service {
    /// On a new SQLite database; it is 1 February 2024.
    pub(crate) async fn start() -> Self {
        Self::start_for(Arc::new(DeveloperAuthenticator)).await
    }

    /// The same with callers told in another way.
    pub(crate) async fn start_for(authenticator: Arc<dyn Authenticator>) -> Self {
        Self::start_on(TestApp::sqlite(date("2024-02-01")).await, authenticator).await
    }

    /// On an application that a test has made.
    pub(crate) async fn start_on(test: TestApp, authenticator: Arc<dyn Authenticator>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let app = test.app.clone();
        let task = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            let ids = Arc::new(SteadyIds::default());
            let grpc = Grpc::new(app, authenticator, ids);
            mamagang_grpc::serve(listener, grpc, stopped)
                .await
                .expect("served");
        });
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect().await.expect("a connection");
        Self {
            channel,
            stop: Some(stop),
            task: Some(task),
            test,
        }
    }

    /// Drains and waits for the end.
    pub(crate) async fn drain(&mut self) {
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            task.await.expect("no panic");
        }
    }

    pub(crate) fn registry(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel.clone())
    }

    pub(crate) fn filings(&self) -> FilingServiceClient<Channel> {
        FilingServiceClient::new(self.channel.clone())
    }

    pub(crate) fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel.clone())
    }

    pub(crate) fn subsidies(&self) -> SubsidyServiceClient<Channel> {
        SubsidyServiceClient::new(self.channel.clone())
    }

    pub(crate) fn reviews(&self) -> ReviewServiceClient<Channel> {
        ReviewServiceClient::new(self.channel.clone())
    }

    pub(crate) fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone())
    }

    pub(crate) fn verification(&self) -> VerificationServiceClient<Channel> {
        VerificationServiceClient::new(self.channel.clone())
    }

    pub(crate) fn eligibility(&self) -> EligibilityServiceClient<Channel> {
        EligibilityServiceClient::new(self.channel.clone())
    }

    pub(crate) fn ledger(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone())
    }

    /// Records facts; every one is expected to be stored.
    pub(crate) async fn record(&self, number: u128, facts: Vec<Fact>) -> Vec<v1::FactResult> {
        let request = RecordFactsRequest {
            request_id: request_id(number),
            facts,
        };
        let results = self
            .registry()
            .record_facts(request)
            .await
            .expect("recorded")
            .into_inner()
            .results;
        for result in &results {
            assert!(result.error.is_none(), "{result:?}");
        }
        results
    }
}

pub(crate) fn request_id(number: u128) -> String {
    uuid::Uuid::from_u128(0x0193_a5c0_0000_7000_8000_0000_0000_0000 + number).to_string()
}

pub(crate) fn english<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("accept-language", "en".parse().expect("ASCII"));
    request
}

pub(crate) fn chinese<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("accept-language", "zh-CN".parse().expect("ASCII"));
    request
}

pub(crate) fn details(status: &Status) -> ErrorDetails {
    status.get_error_details()
}

pub(crate) fn reason(status: &Status) -> String {
    details(status)
        .error_info()
        .expect("an ErrorInfo")
        .reason
        .clone()
}

/// What an error tells under a name.
pub(crate) fn told_of(status: &Status, name: &str) -> Option<String> {
    let details = details(status);
    let info = details.error_info().expect("an ErrorInfo");
    info.metadata.get(name).cloned()
}

pub(crate) fn context() -> Option<AccessContext> {
    Some(AccessContext {
        purpose: "减免税审核".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "T-1".to_owned(),
        operator: "张三".to_owned(),
    })
}

pub(crate) fn worker(person: (&str, &str)) -> Option<WorkerRef> {
    let identity = IdentityDocument {
        r#type: v1::DocumentType::ResidentIdCard.into(),
        number: person.0.to_owned(),
        name: person.1.to_owned(),
    };
    Some(WorkerRef {
        r#ref: Some(worker_ref::Ref::Identity(identity)),
    })
}

pub(crate) fn fact(row_key: &str, kind: fact::Kind) -> Fact {
    Fact {
        fact_id: String::new(),
        row_key: row_key.to_owned(),
        source: "人社".to_owned(),
        source_date: "2024-01-31".to_owned(),
        kind: Some(kind),
    }
}

pub(crate) fn employer(employer_code: &str) -> Fact {
    fact(
        "employer",
        fact::Kind::EmployerProfile(EmployerProfile {
            employer_code: employer_code.to_owned(),
            name: "中山某某食品有限公司".to_owned(),
            kind: v1::EmployerKind::Company.into(),
            town_code: "442000001".to_owned(),
            industry_code: "C1411".to_owned(),
            vat_payer: v1::VatPayer::General.into(),
            filing_cycle: v1::FilingCycle::Monthly.into(),
            umct_rate_bp: 700,
            half_rate_surcharges: false,
            size_class: v1::SizeClass::Other.into(),
            from_date: "2019-01-01".to_owned(),
        }),
    )
}

pub(crate) fn lifted(person: (&str, &str)) -> Fact {
    fact(
        "poverty",
        fact::Kind::PovertyStatus(PovertyStatus {
            worker: worker(person),
            category: v1::PersonCategory::LiftedFromPoverty.into(),
            from_date: "2016-01-01".to_owned(),
            to_date: String::new(),
        }),
    )
}

pub(crate) fn contract(person: (&str, &str), employer_code: &str, id: &str, start: &str) -> Fact {
    fact(
        "contract",
        fact::Kind::Contract(Contract {
            contract_id: id.to_owned(),
            employer_code: employer_code.to_owned(),
            worker: worker(person),
            kind: v1::ContractKind::LabourContract.into(),
            signed_date: start.to_owned(),
            start_date: start.to_owned(),
            end_date: String::new(),
            terminated_date: String::new(),
            part_time: false,
            filing_id: String::new(),
        }),
    )
}

pub(crate) fn insured(person: (&str, &str), employer_code: &str, month: &str) -> Fact {
    use v1::Insurance::{Medical, Pension, Unemployment, WorkInjury};
    fact(
        month,
        fact::Kind::Contribution(Contribution {
            worker: worker(person),
            employer_code: employer_code.to_owned(),
            month: month.to_owned(),
            insurances: [Pension, Medical, Unemployment, WorkInjury]
                .map(i32::from)
                .to_vec(),
            paid_date: format!("{month}-28"),
        }),
    )
}

/// A bakery with 王芳, hired 2023-01-01, insured all of 2023.
pub(crate) fn bakery_with_wang() -> Vec<Fact> {
    let mut facts = vec![
        employer(BAKERY),
        lifted(WANG),
        contract(WANG, BAKERY, "C1", "2023-01-01"),
    ];
    facts.extend((1..=12).map(|month| insured(WANG, BAKERY, &format!("2023-{month:02}"))));
    facts
}

pub(crate) fn posting(number: u128, period: &str, vat_payable_fen: i64) -> PostDeductionRequest {
    PostDeductionRequest {
        request_id: request_id(number),
        employer_code: BAKERY.to_owned(),
        period: period.to_owned(),
        vat_payable_fen,
        release: v1::Release::Cumulative.into(),
        ..PostDeductionRequest::default()
    }
}
