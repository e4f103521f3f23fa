//! Every call leaves its row, and the trail tells whose data was seen.

use std::sync::Arc;

use mamagang_app::authorise::Roles;
use mamagang_app::{AppError, AppResult, Caller, ErrorReason};
use mamagang_domain::ids::AuditId;
use mamagang_grpc::Authenticator;
use mamagang_grpc::limits::STRANGERS_RECORDED_PER_SECOND;
use mamagang_proto::FILE_DESCRIPTOR_SET;
use mamagang_proto::v1::{
    self, BatchCheckKeyGroupDeductionRequest, CheckKeyGroupDeductionRequest,
    GetEmployerBalanceRequest, GetEmployerRequest, GetWorkerTermRequest, ImportFactsRequest,
    KeyGroupCheck, ListAuditEventsRequest, ListEmployersRequest, ListEntriesRequest,
    ListFactsRequest, ListSubjectAccessRequest, MatchWorkerRequest, RecordFactsRequest,
    list_facts_request, worker_ref,
};
use mamagang_store::audit::{AuditPlace, AuditQuery, Retention};
use mamagang_store::rows::AuditRow;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::codegen::http::request::Parts;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::harness::{
    BAKERY, LI, Service, WANG, bakery_with_wang, context, lifted, posting, reason, request_id,
    worker,
};

/// A caller that nobody knows.
#[derive(Debug)]
struct Stranger;

impl Authenticator for Stranger {
    fn authenticate(&self, _: &Parts) -> AppResult<Caller> {
        Err(AppError::new(ErrorReason::Unauthenticated))
    }
}

/// A caller that may do nothing.
#[derive(Debug)]
struct Visitor;

impl Authenticator for Visitor {
    fn authenticate(&self, _: &Parts) -> AppResult<Caller> {
        Ok(Caller {
            subject: "visitor".to_owned(),
            roles: Roles::NONE,
            ..Caller::developer()
        })
    }
}

/// Every method of the API, and whether its answer is a stream.
fn methods() -> Vec<(String, bool)> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let mut methods = Vec::new();
    for file in set
        .file
        .iter()
        .filter(|file| file.package() == "mamagang.v1")
    {
        for service in &file.service {
            methods.extend(service.method.iter().map(|method| {
                let name = format!("mamagang.v1.{}/{}", service.name(), method.name());
                (name, method.server_streaming())
            }));
        }
    }
    assert!(methods.len() >= 20, "{methods:?}");
    methods
}

async fn rows(service: &Service) -> Vec<AuditRow> {
    let query = AuditQuery {
        after: AuditPlace {
            recorded_at: i64::MIN,
            audit_id: AuditId(uuid::Uuid::nil()),
        },
        until: i64::MAX,
        retention: None,
        limit: 100_000,
    };
    let store = service.test.app.store();
    store.audit_rows(&query).await.expect("rows")
}

/// Calls a method with one message of any form, and takes its whole answer.
async fn call<M: Message + Default + 'static>(
    service: &Service,
    method: &str,
    message: M,
) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(service.channel.clone());
    client.ready().await.expect("a connection");
    let path = PathAndQuery::try_from(format!("/{method}")).expect("a path");
    let request = Request::new(tokio_stream::once(message));
    let codec = ProstCodec::<M, ()>::default();
    let mut answers = client.streaming(request, path, codec).await?.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

const FEED: &str = "mamagang.v1.LedgerService/WatchEntries";

#[tokio::test]
async fn every_method_leaves_one_row_for_a_call_that_it_cannot_read() {
    let service = Service::start().await;
    for (method, is_stream) in methods() {
        for malformed in [false, true] {
            // Nothing is wrong with an empty request for the feed: it is answered until the caller leaves.
            if method == FEED && !malformed {
                continue;
            }
            let before = rows(&service).await.len();
            let answer = match malformed {
                true => call(&service, &method, vec![0xff_u8; 3]).await,
                false => call(&service, &method, ()).await,
            };
            let left = rows(&service).await.split_off(before);
            let told: Vec<&str> = left.iter().map(|row| row.outcome.as_str()).collect();
            assert!(
                left.iter().all(|row| row.method == method),
                "{method}: {left:?}"
            );
            match answer {
                Err(status) if is_stream && told.first() == Some(&"OPENED") => {
                    assert_eq!(told, ["OPENED", &reason(&status)], "{method}");
                }
                Err(status) => assert_eq!(told, [reason(&status)], "{method}"),
                Ok(()) => assert_eq!(told, ["OK"], "{method}"),
            }
        }
    }
}

#[tokio::test]
async fn every_method_leaves_one_row_for_a_call_that_is_not_let_in() {
    // Of strangers so many are recorded in a second; the rest are counted, lest they fill the trail.
    let strangers = usize::try_from(STRANGERS_RECORDED_PER_SECOND).expect("few");
    let cases: [(Arc<dyn Authenticator>, &str, &str, usize); 2] = [
        (Arc::new(Stranger), "-", "UNAUTHENTICATED", strangers),
        (
            Arc::new(Visitor),
            "visitor",
            "PERMISSION_DENIED",
            usize::MAX,
        ),
    ];
    for (authenticator, caller, outcome, most) in cases {
        let service = Service::start_for(authenticator).await;
        for (method, _) in methods().into_iter().take(most) {
            let before = rows(&service).await.len();
            let status = call(&service, &method, ()).await.expect_err("refused");
            assert_eq!(reason(&status), outcome);
            let left = rows(&service).await.split_off(before);
            let told = left.iter().map(|row| {
                (
                    row.method.as_str(),
                    row.caller.as_str(),
                    row.outcome.as_str(),
                )
            });
            let told: Vec<_> = told.collect();
            assert_eq!(told, [(method.as_str(), caller, outcome)]);
        }
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist_leaves_a_row_without_its_name() {
    let service = Service::start().await;
    let before = rows(&service).await.len();
    let method = "mamagang.v1.LedgerService/442000198903149982";
    let status = call(&service, method, ()).await.expect_err("none");
    assert_eq!(status.code(), Code::Unimplemented);
    let left = rows(&service).await.split_off(before);
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].method.as_str(), left[0].outcome.as_str()),
        ("_OTHER", "UNIMPLEMENTED")
    );
    assert_eq!(left[0].retention, Retention::SixMonths);
}

fn check() -> CheckKeyGroupDeductionRequest {
    CheckKeyGroupDeductionRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        from_month: "2023-01".to_owned(),
        through_month: "2023-12".to_owned(),
        as_of_time: None,
    }
}

#[tokio::test]
async fn every_answered_call_leaves_one_row() {
    let service = Service::start().await;
    let mut expected = Vec::new();
    macro_rules! answered {
        ($client:ident, $method:ident, $name:literal, $request:expr) => {{
            let answer = service.$client().$method($request).await.expect($name);
            expected.push($name);
            answer.into_inner()
        }};
    }
    let facts = RecordFactsRequest {
        request_id: request_id(1),
        facts: bakery_with_wang(),
    };
    for _again in 0..2 {
        let recorded = answered!(registry, record_facts, "RecordFacts", facts.clone());
        assert!(recorded.results.iter().all(|result| result.error.is_none()));
    }
    for _again in 0..2 {
        answered!(
            ledger,
            post_deduction,
            "PostDeduction",
            posting(2, "2023-01", 100)
        );
    }
    answered!(
        registry,
        get_employer,
        "GetEmployer",
        GetEmployerRequest {
            employer_code: BAKERY.to_owned(),
            ..Default::default()
        }
    );
    answered!(
        registry,
        list_employers,
        "ListEmployers",
        ListEmployersRequest::default()
    );
    let subject = list_facts_request::Subject::Worker(worker(WANG).expect("a worker"));
    answered!(
        registry,
        list_facts,
        "ListFacts",
        ListFactsRequest {
            context: context(),
            subject: Some(subject),
            ..Default::default()
        }
    );
    let identity = match worker(WANG).and_then(|worker| worker.r#ref) {
        Some(worker_ref::Ref::Identity(identity)) => identity,
        _ => panic!("an identity"),
    };
    answered!(
        registry,
        match_worker,
        "MatchWorker",
        MatchWorkerRequest {
            context: context(),
            identity: Some(identity)
        }
    );
    let checked = answered!(
        eligibility,
        check_key_group_deduction,
        "CheckKeyGroupDeduction",
        check()
    );
    answered!(
        eligibility,
        get_decision,
        "GetDecision",
        v1::GetDecisionRequest {
            with_explanation: false,
            context: context(),
            decision_id: checked.decision.expect("a decision").decision_id,
        }
    );
    answered!(
        ledger,
        get_employer_balance,
        "GetEmployerBalance",
        GetEmployerBalanceRequest {
            employer_code: BAKERY.to_owned(),
            tax_year: 2023,
            ..Default::default()
        }
    );
    answered!(
        ledger,
        list_entries,
        "ListEntries",
        ListEntriesRequest {
            employer_code: BAKERY.to_owned(),
            ..Default::default()
        }
    );
    answered!(
        ledger,
        get_worker_term,
        "GetWorkerTerm",
        GetWorkerTermRequest {
            context: context(),
            worker: worker(WANG),
            as_of_time: None
        }
    );
    answered!(
        audit,
        list_audit_events,
        "ListAuditEvents",
        ListAuditEventsRequest {
            context: context(),
            ..Default::default()
        }
    );
    answered!(
        audit,
        list_subject_access,
        "ListSubjectAccess",
        ListSubjectAccessRequest {
            context: context(),
            worker: worker(WANG),
            ..Default::default()
        }
    );
    let left = rows(&service).await;
    let told = left
        .iter()
        .map(|row| row.method.rsplit('/').next().unwrap_or_default());
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(left.iter().all(|row| row.outcome == "OK"));
    let report = service.test.app.verify_audit().await.expect("verified");
    assert_eq!(
        (report.rows, &report.faults[..]),
        (left.len() as u64, &[][..])
    );
}

#[tokio::test]
async fn a_refused_call_is_recorded_with_what_it_said_of_itself() {
    let service = Service::start().await;
    let wrong = CheckKeyGroupDeductionRequest {
        through_month: "2023-13".to_owned(),
        ..check()
    };
    let refused = service.eligibility().check_key_group_deduction(wrong).await;
    assert_eq!(
        reason(&refused.expect_err("wrong")),
        "INVALID_ARGUMENT_FIELDS"
    );
    let mut audit = service.audit();
    let listed = audit.list_audit_events(ListAuditEventsRequest {
        context: context(),
        outcome: "INVALID_ARGUMENT_FIELDS".to_owned(),
        employer_code: BAKERY.to_owned(),
        ..Default::default()
    });
    let events = listed.await.expect("listed").into_inner().events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].context, context());
    assert_eq!(events[0].organisation, "development");
    assert!(events[0].fields_given.is_empty());
}

#[tokio::test]
async fn a_stream_is_recorded_when_it_opens_for_what_it_does_and_when_it_ends() {
    let service = Service::start().await;
    let messages = bakery_with_wang()
        .into_iter()
        .map(|fact| ImportFactsRequest {
            request_id: request_id(1),
            fact: Some(fact),
            ..ImportFactsRequest::default()
        });
    let messages = tokio_stream::iter(messages.collect::<Vec<_>>());
    let answers = service
        .registry()
        .import_facts(messages)
        .await
        .expect("opened");
    let mut answers = answers.into_inner();
    while answers.message().await.expect("answered").is_some() {}
    let left = rows(&service).await;
    let told: Vec<&str> = left.iter().map(|row| row.outcome.as_str()).collect();
    assert_eq!(told.first(), Some(&"OPENED"));
    assert_eq!(told.last(), Some(&"CLOSED"));
    assert!(
        told.len() >= 3 && told[1..told.len() - 1].iter().all(|it| *it == "OK"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_caller_that_leaves_a_stream_is_recorded() {
    let service = Service::start().await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<ImportFactsRequest>(1);
    let messages = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let answers = service
        .registry()
        .import_facts(messages)
        .await
        .expect("opened");
    drop((answers, sender));
    let left = async {
        loop {
            let left = rows(&service).await;
            if left.len() == 2 {
                return left;
            }
            tokio::task::yield_now().await;
        }
    };
    let left = tokio::time::timeout(std::time::Duration::from_secs(20), left).await;
    let left = left.expect("recorded");
    assert_eq!(
        (left[0].outcome.as_str(), left[1].outcome.as_str()),
        ("OPENED", "CANCELLED")
    );
}

#[tokio::test]
async fn who_saw_a_persons_data_is_told_also_of_batches() {
    let service = Service::start().await;
    let mut facts = bakery_with_wang();
    facts.push(lifted(LI));
    let recorded = service.record(1, facts).await;
    let wang = recorded[1].worker_id.clone();
    let item = |person| KeyGroupCheck {
        employer_code: BAKERY.to_owned(),
        worker: worker(person),
        from_month: "2023-01".to_owned(),
        through_month: "2023-02".to_owned(),
        ..Default::default()
    };
    let asked = |people: &[(&'static str, &'static str)]| BatchCheckKeyGroupDeductionRequest {
        context: context(),
        checks: people.iter().map(|person| item(*person)).collect(),
        ..Default::default()
    };
    for people in [&[WANG, LI][..], &[LI], &[WANG]] {
        let answered = service
            .eligibility()
            .batch_check_key_group_deduction(asked(people))
            .await;
        answered.expect("answered");
    }
    service
        .eligibility()
        .check_key_group_deduction(check())
        .await
        .expect("answered");
    let mut token = String::new();
    let mut found = Vec::new();
    loop {
        let mut audit = service.audit();
        let listed = audit.list_subject_access(ListSubjectAccessRequest {
            context: context(),
            worker: worker(WANG),
            page_size: 2,
            page_token: token,
            ..Default::default()
        });
        let page = listed.await.expect("listed").into_inner();
        assert_eq!(page.worker_ids, std::slice::from_ref(&wang));
        found.extend(page.events);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let told: Vec<(&str, i32)> = found
        .iter()
        .map(|event| {
            (
                event.method.rsplit('/').next().unwrap_or_default(),
                event.item_count,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("BatchCheckKeyGroupDeduction", 2),
            ("BatchCheckKeyGroupDeduction", 1),
            ("CheckKeyGroupDeduction", 1)
        ]
    );
    assert_eq!(
        found[2].fields_given,
        ["category", "months", "reasons", "evidence"]
    );
    assert_eq!(found[2].retention_class(), v1::RetentionClass::TenYears);
    assert_eq!(found[2].worker_id, wang);
    assert!(found[0].worker_id.is_empty());
}
