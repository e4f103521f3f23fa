//! A full run of the service at its most talkative: everything that it says of itself is searched for every number and
//! name that it was told.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use mamagang_proto::v1::{
    self, AccessContext, CheckKeyGroupDeductionRequest, Contract, Contribution,
    EmploymentCertificate, Fact, GetWorkerTermRequest, IdentityDocument, ImportFactsRequest,
    ListFactsRequest, MatchWorkerRequest, PostDeductionRequest, PovertyStatus, RecordFactsRequest,
    VerifyContractRequest, VerifyWorkerStatusRequest, WorkerProfile, WorkerRef, fact,
    list_facts_request, worker_ref,
};
use mamagang_testkit::search::{forms, holds};
use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::*;
use crate::key_source::KeySource;
use crate::serve;
use crate::settings::{DatabaseUrl, Settings};

const BAKERY: &str = "91442000MAQQ000161";
const WANG: (&str, &str) = ("442000198903149982", "王芳");
const LI: (&str, &str) = ("442000199307089965", "李敏");
/// Its check character is wrong.
const MISTYPED: &str = "442000198903149983";
const CERTIFICATE: &str = "4420000012345678";
const CONTRACT: &str = "LD-2023-00817-QX";
/// What is searched for and said on purpose: without it in every place the search would prove nothing.
const CANARY: &str = "440000198702209975";

const SECRETS: [&str; 7] = [WANG.0, WANG.1, LI.0, LI.1, MISTYPED, CERTIFICATE, CONTRACT];

fn found(place: &str, bytes: &[u8], secrets: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for secret in secrets {
        for (form, needle) in forms(secret) {
            if holds(bytes, &needle) {
                found.push(format!("{place} holds {secret}: {form}"));
            }
        }
    }
    found
}

fn identity(person: (&str, &str)) -> Option<IdentityDocument> {
    Some(IdentityDocument {
        r#type: v1::DocumentType::ResidentIdCard.into(),
        number: person.0.to_owned(),
        name: person.1.to_owned(),
    })
}

fn worker(person: (&str, &str)) -> Option<WorkerRef> {
    let identity = identity(person)?;
    Some(WorkerRef {
        r#ref: Some(worker_ref::Ref::Identity(identity)),
    })
}

fn context() -> Option<AccessContext> {
    Some(AccessContext {
        purpose: "减免税审核".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "T-1".to_owned(),
        operator: "张三".to_owned(),
    })
}

fn request_id(number: u128) -> String {
    uuid::Uuid::from_u128(0x0193_a5c0_0000_7000_8000_0000_0000_0000 + number).to_string()
}

fn fact(kind: fact::Kind) -> Fact {
    Fact {
        source: "test".to_owned(),
        kind: Some(kind),
        ..Fact::default()
    }
}

fn facts() -> Vec<Fact> {
    let employer = v1::EmployerProfile {
        employer_code: BAKERY.to_owned(),
        name: "中山某某有限公司".to_owned(),
        kind: v1::EmployerKind::Company.into(),
        town_code: "442000001".to_owned(),
        industry_code: "C1411".to_owned(),
        vat_payer: v1::VatPayer::General.into(),
        filing_cycle: v1::FilingCycle::Monthly.into(),
        umct_rate_bp: 700,
        size_class: v1::SizeClass::Other.into(),
        from_date: "2019-01-01".to_owned(),
        ..v1::EmployerProfile::default()
    };
    let mut facts = vec![fact(fact::Kind::EmployerProfile(employer))];
    for person in [WANG, LI, (MISTYPED, WANG.1), (WANG.0, LI.1)] {
        facts.push(fact(fact::Kind::WorkerProfile(WorkerProfile {
            identity: identity(person),
            town_code: "442000001".to_owned(),
        })));
        facts.push(fact(fact::Kind::PovertyStatus(PovertyStatus {
            worker: worker(person),
            category: v1::PersonCategory::LiftedFromPoverty.into(),
            from_date: "2015-01-01".to_owned(),
            ..PovertyStatus::default()
        })));
        facts.push(fact(fact::Kind::EmploymentCertificate(
            EmploymentCertificate {
                worker: worker(person),
                certificate_number: CERTIFICATE.to_owned(),
                office_code: "442000".to_owned(),
                ..EmploymentCertificate::default()
            },
        )));
        facts.push(fact(fact::Kind::Contract(Contract {
            worker: worker(person),
            contract_id: CONTRACT.to_owned(),
            employer_code: BAKERY.to_owned(),
            kind: v1::ContractKind::LabourContract.into(),
            signed_date: "2023-01-01".to_owned(),
            start_date: "2023-01-01".to_owned(),
            ..Contract::default()
        })));
        facts.push(fact(fact::Kind::Contribution(Contribution {
            worker: worker(person),
            employer_code: BAKERY.to_owned(),
            month: "2023-01".to_owned(),
            insurances: (1..=5).collect(),
            paid_date: "2023-01-20".to_owned(),
        })));
    }
    facts
}

/// Every error that callers are given, as its bytes and as its text.
#[derive(Default)]
struct Errors(Vec<u8>);

impl Errors {
    fn keep<T>(&mut self, result: Result<T, Status>) -> Option<T> {
        result
            .map_err(|status| {
                self.0.extend(format!("{status:?} {status}").into_bytes());
                self.0.extend(status.details());
            })
            .ok()
    }

    fn keep_items(&mut self, results: &[v1::FactResult]) {
        for error in results.iter().filter_map(|result| result.error.as_ref()) {
            self.0.extend(format!("{error:?}").into_bytes());
            self.0.extend(error.encode_to_vec());
        }
    }
}

/// Everything that the offices do, right and wrong.
async fn work(channel: &Channel, errors: &mut Errors) {
    let mut registry = RegistryServiceClient::new(channel.clone());
    let recording = RecordFactsRequest {
        request_id: request_id(1),
        facts: facts(),
    };
    let recorded = registry.record_facts(recording).await;
    let results = recorded.expect("answered").into_inner().results;
    assert!(results.iter().any(|result| result.error.is_some()));
    assert!(results.iter().any(|result| result.error.is_none()));
    errors.keep_items(&results);
    let rows: Vec<ImportFactsRequest> = facts()
        .into_iter()
        .map(|fact| ImportFactsRequest {
            request_id: request_id(2),
            fact: Some(fact),
            ..ImportFactsRequest::default()
        })
        .collect();
    let imported = registry.import_facts(tokio_stream::iter(rows)).await;
    let mut imported = imported.expect("opened").into_inner();
    while let Some(answer) = imported.message().await.expect("answered") {
        errors.keep_items(answer.result.as_slice());
    }

    let mut eligibility = EligibilityServiceClient::new(channel.clone());
    let mut verification = VerificationServiceClient::new(channel.clone());
    let mut ledger = LedgerServiceClient::new(channel.clone());
    for person in [
        WANG,
        LI,
        (MISTYPED, WANG.1),
        (WANG.0, LI.1),
        (CONTRACT, CERTIFICATE),
    ] {
        let matching = MatchWorkerRequest {
            context: context(),
            identity: identity(person),
        };
        errors.keep(registry.match_worker(matching).await);
        let check = CheckKeyGroupDeductionRequest {
            context: context(),
            employer_code: BAKERY.to_owned(),
            worker: worker(person),
            from_month: "2023-01".to_owned(),
            through_month: "2023-12".to_owned(),
            as_of_time: None,
        };
        errors.keep(eligibility.check_key_group_deduction(check).await);
        let status = VerifyWorkerStatusRequest {
            context: context(),
            worker: worker(person),
            as_of_date: "2023-06-01".to_owned(),
        };
        errors.keep(verification.verify_worker_status(status).await);
        let contract = VerifyContractRequest {
            context: context(),
            // Where a code belongs a number may be typed.
            employer_code: person.0.to_owned(),
            worker: worker(person),
            expected_kind: v1::ContractKind::LabourContract.into(),
            as_of_date: person.1.to_owned(),
        };
        errors.keep(verification.verify_contract(contract).await);
        let term = GetWorkerTermRequest {
            context: context(),
            worker: worker(person),
            as_of_time: None,
        };
        errors.keep(ledger.get_worker_term(term).await);
        let listing = ListFactsRequest {
            context: context(),
            subject: worker(person).map(list_facts_request::Subject::Worker),
            page_token: person.0.to_owned(),
            ..ListFactsRequest::default()
        };
        errors.keep(registry.list_facts(listing).await);
    }
    for (number, period) in [(10, "2023-01"), (11, "2023-01"), (12, WANG.0)] {
        let posting = PostDeductionRequest {
            request_id: request_id(number),
            employer_code: BAKERY.to_owned(),
            period: period.to_owned(),
            release: v1::Release::Cumulative.into(),
            vat_payable_fen: 100_000,
            ..PostDeductionRequest::default()
        };
        errors.keep(ledger.post_deduction(posting).await);
    }
}

async fn metrics_of(address: SocketAddr) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut told = Vec::new();
    stream.read_to_end(&mut told).await.unwrap();
    told
}

fn settings(directory: &std::path::Path) -> Settings {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Settings {
        database_url: DatabaseUrl::Sqlite(directory.join("m.db")),
        replica: None,
        auth: None,
        kept_mib: 256,
        calls_per_second: 1_000,
        grpc_listen: loopback,
        http_listen: loopback,
        keys: KeySource::File(directory.join("m.keys")),
        policies_dir: None,
        sources_file: None,
        log: LogSettings {
            format: LogFormat::Json,
            filter: "trace".to_owned(),
        },
        otlp_endpoint: None,
        drain: Duration::from_secs(5),
    }
}

/// What the process says of itself while it works.
struct Said {
    log: Vec<u8>,
    traces: Vec<u8>,
    metrics: Vec<u8>,
    errors: Vec<u8>,
}

impl Said {
    fn places(&self) -> [(&'static str, &[u8]); 4] {
        [
            ("the log", &self.log),
            ("the traces", &self.traces),
            ("the metrics", &self.metrics),
            ("the errors", &self.errors),
        ]
    }
}

async fn a_run() -> Said {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut exports) = mpsc::unbounded_channel();
    let collector = TraceServiceServer::new(Collector(sender));
    let serving = tonic::transport::Server::builder()
        .add_service(collector)
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);

    let directory = tempfile::TempDir::new().unwrap();
    let settings = settings(directory.path());
    let lines = Lines::default();
    let writer = lines.clone();
    let provider = trace_provider(&endpoint).unwrap();
    let filter = EnvFilter::builder().parse(&settings.log.filter).unwrap();
    let tracer = Some(provider.tracer("mamagang"));
    subscriber(
        LogFormat::Json,
        filter,
        false,
        move || writer.clone(),
        tracer,
    )
    .try_init()
    .unwrap();
    let recorder = recorder().unwrap();
    let metrics = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    describe();
    std::panic::set_hook(Box::new(log_panic));

    let opened = serve::open(&settings).await.unwrap();
    let draining = CancellationToken::new();
    let running = serve::start(
        opened.app,
        serve::Access::of_developer(),
        settings.grpc_listen,
        settings.http_listen,
        metrics,
        draining.clone(),
    )
    .await
    .unwrap();
    let channel = Channel::from_shared(format!("http://{}", running.grpc)).unwrap();
    let channel = channel.connect().await.unwrap();
    let mut errors = Errors::default();
    work(&channel, &mut errors).await;
    let panicked = tokio::spawn(async {
        panic!("{WANG:?} {LI:?} {CERTIFICATE} {CONTRACT}");
    });
    assert!(panicked.await.is_err());
    // A failure of this test itself is told the usual way.
    drop(std::panic::take_hook());

    // The canary: said once in each place by the same means as everything else.
    let span = tracing::info_span!("canary", canary = CANARY);
    span.in_scope(|| tracing::info!(canary = CANARY, "The search has to find this"));
    // A span is sent when it ends.
    drop(span);
    metrics::counter!("canary", "canary" => CANARY).increment(1);
    errors.keep(Err::<(), _>(Status::invalid_argument(CANARY)));

    let told = metrics_of(running.http).await;
    drop(channel);
    draining.cancel();
    running.drained().await.unwrap();
    tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH_MAX))
        .await
        .unwrap()
        .unwrap();
    let mut traces = Vec::new();
    while let Ok(export) = exports.try_recv() {
        traces.extend(format!("{export:?}").into_bytes());
        traces.extend(export.encode_to_vec());
    }
    Said {
        log: lines.0.lock().unwrap().clone(),
        traces,
        metrics: told,
        errors: errors.0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_traces_metrics_errors_and_panics_hold_no_number_and_no_name() {
    let said = a_run().await;
    for (place, bytes) in said.places() {
        let canary = found(place, bytes, &[CANARY]);
        assert!(!canary.is_empty(), "{place} was not searched");
        let leaks = found(place, bytes, &SECRETS);
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
    let log = String::from_utf8_lossy(&said.log);
    assert!(log.contains("The program has panicked"), "a panic is told");
    assert!(log.lines().count() > 1_000, "every level is on");
    for (place, least) in [("the traces", 10_000), ("the errors", 5_000)] {
        let told = said.places().into_iter().find(|(name, _)| *name == place);
        assert!(
            told.is_some_and(|(_, bytes)| bytes.len() > least),
            "{place}"
        );
    }
}
