//! Two towns: a bakery with 王芳 in one, a laundry with 李敏 in the other. Callers show tokens.

use std::sync::Arc;
use std::time::Duration;

use mamagang_auth::{AuthFiles, Credentials, JwtFiles, Require};
use mamagang_grpc::Grpc;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::{
    self, AccessContext, Contract, Contribution, DependentChild, EmployerProfile, Fact,
    IdentityDocument, PovertyStatus, RecordFactsRequest, WorkerProfile, WorkerRef, fact,
    worker_ref,
};
use mamagang_testkit::{SteadyIds, TestApp, date};
use rcgen::{KeyPair, PKCS_ED25519, SigningKey as _};
use serde_json::{Value, json};
use sqlx::Row as _;
use tokio::net::TcpListener;
use tonic::Request;
use tonic::transport::Channel;

use crate::ids::{accepted, filed};

pub(crate) const BAKERY: &str = "91442000MAQQ000161";
pub(crate) const LAUNDRY: &str = "91442000QQ0000039Q";
pub(crate) const WANG: (&str, &str) = ("442000198903149982", "王芳");
pub(crate) const LI: (&str, &str) = ("442000199307089965", "李敏");
const ISSUER: &str = "https://id.zs.gov.cn";
/// 2024-02-01 in seconds since 1970: the service's day.
const NOW: i64 = 1_706_745_600;

/// An employer and its person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) employer_code: &'static str,
    pub(crate) person: (&'static str, &'static str),
    pub(crate) town_code: &'static str,
}

pub(crate) const NEAR: Place = Place {
    employer_code: BAKERY,
    person: WANG,
    town_code: "442000001",
};
pub(crate) const FAR: Place = Place {
    employer_code: LAUNDRY,
    person: LI,
    town_code: "442000002",
};

/// The service with its issuer of tokens.
pub(crate) struct City {
    pub(crate) channel: Channel,
    test: TestApp,
    key: KeyPair,
}

/// base64url of RFC 7515.
fn encode(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let six = word >> (18 - 6 * place) & 63;
            text.push(char::from(LETTERS[six as usize]));
        }
    }
    text
}

impl City {
    pub(crate) async fn start() -> Self {
        // In the trial period of the notice, for the filings that claims rest on.
        let test = TestApp::sqlite(date("2023-06-01")).await;
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let directory = test.directory.as_ref().expect("a directory");
        let jwks = directory.path().join("jwks.json");
        let set =
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key_raw())}]});
        std::fs::write(&jwks, set.to_string()).expect("written");
        let files = AuthFiles {
            tls: None,
            jwt: Some(JwtFiles {
                jwks,
                issuer: ISSUER.to_owned(),
                audience: "mamagang".to_owned(),
                leeway: Duration::from_secs(30),
            }),
            callers: None,
            require: Require::Either,
        };
        let credentials = Credentials::read(files, Arc::new(|| NOW * 1_000_000)).expect("keys");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let grpc = Grpc::new(
            test.app.clone(),
            Arc::new(credentials),
            Arc::new(SteadyIds::default()),
        );
        tokio::spawn(mamagang_grpc::serve(listener, grpc, std::future::pending()));
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        let channel = endpoint.connect().await.expect("a connection");
        let city = Self { channel, test, key };
        let mut filings = Vec::new();
        for (number, place) in [NEAR, FAR].into_iter().enumerate() {
            city.record(number, registered(place)).await;
            let filing_id = filed(&city, place, 10 + 2 * number).await;
            accepted(&city, &filing_id, 11 + 2 * number).await;
            filings.push(filing_id);
        }
        city.test.clock.move_to(date("2024-02-01"));
        for (number, (place, filing_id)) in [NEAR, FAR].into_iter().zip(filings).enumerate() {
            city.record(20 + number, employed(place, &filing_id)).await;
        }
        city
    }

    async fn record(&self, number: usize, facts: Vec<Fact>) {
        let request = RecordFactsRequest {
            request_id: request_id(number),
            facts,
        };
        let request = self.request(&self.token("clerk", "hr", &["hr_clerk"], "", &[]), request);
        let results = RegistryServiceClient::new(self.channel.clone())
            .record_facts(request)
            .await
            .expect("recorded")
            .into_inner()
            .results;
        assert!(
            results.iter().all(|result| result.error.is_none()),
            "{results:?}"
        );
    }

    /// A second record of a place's person, or of somebody else: who can tell.
    pub(crate) async fn second_record(&self, place: Place, number: usize) -> String {
        let person = if place.employer_code == BAKERY {
            ("442000198001010025", "王方")
        } else {
            ("442000198001010041", "李民")
        };
        let profile = WorkerProfile {
            identity: Some(identity(person)),
            town_code: place.town_code.to_owned(),
        };
        let request = RecordFactsRequest {
            request_id: request_id(number),
            facts: vec![fact(fact::Kind::WorkerProfile(profile))],
        };
        let request = self.request(&self.token("clerk", "hr", &["hr_clerk"], "", &[]), request);
        let mut registry = RegistryServiceClient::new(self.channel.clone());
        let recorded = registry.record_facts(request).await.expect("recorded");
        recorded.into_inner().results[0].worker_id.clone()
    }

    /// A token of the issuer.
    pub(crate) fn token(
        &self,
        subject: &str,
        organisation: &str,
        roles: &[&str],
        employer_code: &str,
        region_codes: &[&str],
    ) -> String {
        let claims: Value = json!({
            "iss": ISSUER, "aud": "mamagang", "exp": NOW + 600, "sub": subject, "org": organisation,
            "roles": roles, "employer_code": employer_code, "region_codes": region_codes,
        });
        let header = json!({"alg": "EdDSA"}).to_string();
        let signed = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = self.key.sign(signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", encode(&signature))
    }

    /// A token that holds every role.
    pub(crate) fn token_of_everybody(&self) -> String {
        let roles = mamagang_app::authorise::Role::ALL.map(|role| role.name());
        self.token("everybody", "office", &roles, NEAR.employer_code, &[])
    }

    /// Every projection is what truth says, and the trail is whole.
    pub(crate) async fn assert_whole(&self) {
        let report = self.test.app.rebuild_and_compare().await.expect("compared");
        assert_eq!(report.differences, Vec::<String>::new());
        let trail = self.test.app.verify_audit().await.expect("verified");
        assert_eq!(trail.faults, Vec::<String>::new());
    }

    /// The token of an employer's payroll.
    pub(crate) fn payroll(&self, place: Place) -> String {
        let code = place.employer_code;
        self.token(
            &format!("payroll-{code}"),
            code,
            &["employer_payroll"],
            code,
            &[],
        )
    }

    /// A request that shows a token.
    pub(crate) fn request<T>(&self, token: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let value = format!("Bearer {token}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", value);
        request
    }

    /// Method and outcome of the rows of a subject's calls, in the order in which they were written.
    pub(crate) async fn rows_of(&self, subject: &str) -> Vec<(String, String)> {
        let rows =
            sqlx::query("SELECT method, outcome FROM audit_event WHERE caller = ? ORDER BY rowid")
                .bind(subject)
                .fetch_all(&self.database().await)
                .await
                .expect("rows");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn database(&self) -> sqlx::SqlitePool {
        let directory = self.test.directory.as_ref().expect("a directory");
        let path = directory.path().join("test.db");
        sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display()))
            .await
            .expect("a database")
    }

    /// Posts two periods of a place's employer, so that there is a second page of entries.
    pub(crate) async fn post_twice(&self, place: Place) {
        let officer = self.token("officer", "tax", &["tax_officer"], "", &[]);
        let mut ledger = v1::ledger_service_client::LedgerServiceClient::new(self.channel.clone());
        for (number, period) in [(510, "2023-01"), (511, "2023-02")] {
            let posting = v1::PostDeductionRequest {
                request_id: request_id(number),
                employer_code: place.employer_code.to_owned(),
                period: period.to_owned(),
                release: v1::Release::Cumulative.into(),
                vat_payable_fen: 100,
                ..v1::PostDeductionRequest::default()
            };
            let posted = ledger.post_deduction(self.request(&officer, posting)).await;
            assert!(posted.is_ok(), "{posted:?}");
        }
    }

    /// How many calls of a subject are in the audit trail, and how many of them as refused for want of permission.
    pub(crate) async fn recorded(&self, subject: &str) -> (i64, i64) {
        let pool = self.database().await;
        let count = "SELECT count(*), coalesce(sum(outcome = 'PERMISSION_DENIED'), 0) FROM audit_event WHERE caller = ?";
        let row = sqlx::query(count)
            .bind(subject)
            .fetch_one(&pool)
            .await
            .expect("a row");
        (row.get(0), row.get(1))
    }
}

pub(crate) fn request_id(number: usize) -> String {
    uuid::Uuid::from_u128(0x0193_a5c0_0000_7000_8000_0000_0000_0000 + number as u128).to_string()
}

pub(crate) fn context() -> AccessContext {
    AccessContext {
        purpose: "减免税审核".to_owned(),
        legal_basis: "公告2024年第4号".to_owned(),
        case_number: "T-1".to_owned(),
        operator: "张三".to_owned(),
    }
}

pub(crate) fn identity(person: (&str, &str)) -> IdentityDocument {
    IdentityDocument {
        r#type: v1::DocumentType::ResidentIdCard.into(),
        number: person.0.to_owned(),
        name: person.1.to_owned(),
    }
}

pub(crate) fn worker(person: (&str, &str)) -> WorkerRef {
    WorkerRef {
        r#ref: Some(worker_ref::Ref::Identity(identity(person))),
    }
}

fn fact(kind: fact::Kind) -> Fact {
    Fact {
        source: "test".to_owned(),
        kind: Some(kind),
        ..Fact::default()
    }
}

/// A person as the list of 脱贫人口 has it.
pub(crate) fn listed_as_poor(person: (&str, &str)) -> Fact {
    fact(fact::Kind::PovertyStatus(PovertyStatus {
        worker: Some(worker(person)),
        category: v1::PersonCategory::LiftedFromPoverty.into(),
        from_date: "2015-01-01".to_owned(),
        ..PovertyStatus::default()
    }))
}

/// A place's employer and person.
fn registered(place: Place) -> Vec<Fact> {
    let employer_code = place.employer_code.to_owned();
    vec![
        fact(fact::Kind::EmployerProfile(EmployerProfile {
            employer_code,
            name: "中山某某有限公司".to_owned(),
            kind: v1::EmployerKind::Company.into(),
            town_code: place.town_code.to_owned(),
            industry_code: "C1411".to_owned(),
            vat_payer: v1::VatPayer::General.into(),
            filing_cycle: v1::FilingCycle::Monthly.into(),
            umct_rate_bp: 700,
            size_class: v1::SizeClass::Other.into(),
            from_date: "2019-01-01".to_owned(),
            ..EmployerProfile::default()
        })),
        fact(fact::Kind::WorkerProfile(WorkerProfile {
            identity: Some(identity(place.person)),
            town_code: place.town_code.to_owned(),
        })),
        listed_as_poor(place.person),
    ]
}

/// The person's work on a filed post: January insured in time, February too late, and what a claim rests on from June to
/// December.
fn employed(place: Place, filing_id: &str) -> Vec<Fact> {
    let who = || Some(worker(place.person));
    let employer_code = place.employer_code.to_owned();
    let paid = |month: &str, paid_date: &str| {
        fact(fact::Kind::Contribution(Contribution {
            worker: who(),
            employer_code: employer_code.clone(),
            month: month.to_owned(),
            insurances: (1..=5).collect(),
            paid_date: paid_date.to_owned(),
        }))
    };
    let mut facts = vec![
        fact(fact::Kind::Contract(Contract {
            worker: who(),
            contract_id: "C1".to_owned(),
            employer_code: employer_code.clone(),
            kind: v1::ContractKind::LabourContract.into(),
            signed_date: "2023-01-01".to_owned(),
            start_date: "2023-01-01".to_owned(),
            filing_id: filing_id.to_owned(),
            ..Contract::default()
        })),
        paid("2023-01", "2023-01-20"),
        paid("2023-02", "2023-09-20"),
    ];
    facts.extend((6..=12).map(|month| {
        let month = format!("2023-{month:02}");
        paid(&month, &format!("{month}-20"))
    }));
    facts.push(fact(fact::Kind::DependentChild(DependentChild {
        worker: who(),
        until_date: "2030-01-01".to_owned(),
    })));
    // The last one is for a retraction: before the contract, so that nothing rests on it.
    facts.push(paid("2022-12", "2022-12-20"));
    facts
}
