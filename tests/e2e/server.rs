//! The server around the services: health, reflection, drain.

use std::collections::BTreeSet;

use mamagang_app::Caller;
use mamagang_domain::identifier::EmployerCode;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{BAKERY, Service, bakery_with_wang, posting};

#[tokio::test]
async fn health_is_told_for_the_whole_and_for_each_service() {
    let service = Service::start().await;
    for name in [
        "",
        "mamagang.v1.LedgerService",
        "mamagang.v1.EligibilityService",
    ] {
        let request = HealthCheckRequest {
            service: name.to_owned(),
        };
        let answer = HealthClient::new(service.channel.clone())
            .check(request)
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name}");
    }
    let request = HealthCheckRequest {
        service: "mamagang.v1.Nothing".to_owned(),
    };
    assert!(
        HealthClient::new(service.channel.clone())
            .check(request)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let service = Service::start().await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(service.channel.clone());
    let stream = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await;
    let answer = stream
        .expect("a stream")
        .into_inner()
        .message()
        .await
        .expect("a message")
        .expect("an answer");
    let Some(MessageResponse::ListServicesResponse(listed)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<String> = listed
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    for name in ["Registry", "Verification", "Eligibility", "Ledger"] {
        assert!(
            names.contains(&format!("mamagang.v1.{name}Service")),
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn a_drained_server_finishes_what_is_under_way() {
    let mut service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let calls: Vec<_> = (1..=12_u128)
        .map(|month| {
            let mut ledger = service.ledger();
            tokio::spawn(async move {
                ledger
                    .post_deduction(posting(10 + month, &format!("2023-{month:02}"), 10))
                    .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    service.drain().await;
    let mut acknowledged = BTreeSet::new();
    for call in calls {
        // A call that came after the drain began is refused; one that was answered is stored.
        if let Ok(reply) = call.await.expect("no panic") {
            acknowledged.insert(reply.into_inner().sequence);
        }
    }
    let employer_code = EmployerCode::parse(BAKERY).expect("a code");
    let app = &service.test.app;
    let page = app
        .list_entries(&Caller::developer(), employer_code, None, 0, 100, None)
        .await;
    let stored: BTreeSet<i64> = page
        .expect("entries")
        .entries
        .iter()
        .map(|entry| i64::from(entry.body.sequence))
        .collect();
    assert!(
        acknowledged.is_subset(&stored),
        "{acknowledged:?} {stored:?}"
    );
    let after = service
        .ledger()
        .post_deduction(posting(99, "2023-12", 10))
        .await;
    assert!(after.is_err(), "nobody listens any longer");
}
