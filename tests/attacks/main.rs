//! Attacks on the binary. After each it is healthy, and its memory is bounded.

mod codec;
mod fields;
mod http2;
mod service;

use std::time::Duration;

use http2::{Raw, SETTINGS_INITIAL_WINDOW, grpc_headers, grpc_message};
use mamagang_proto::v1::CheckVatExemptionRequest;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::{
    Fact, GetEmployerBalanceRequest, ImportFactsRequest, ListEmployersRequest, RecordFactsRequest,
};
use prost::Message as _;
use service::Service;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Kilobytes that an attack may leave behind, or take meanwhile.
const GROWTH_KB_MAX: u64 = 160 * 1024;
const VAT: &str = "/mamagang.v1.EligibilityService/CheckVatExemption";
const IMPORT: &str = "/mamagang.v1.RegistryService/ImportFacts";

/// Runs an attack on a service of its own, and looks at it afterwards.
async fn attack<F>(work: impl FnOnce(u16) -> F)
where
    F: Future<Output = ()>,
{
    let service = Service::start().await;
    service.assert_healthy().await;
    let before = service.resident_kb();
    work(service.port()).await;
    service.assert_healthy().await;
    assert_bounded(&service, before);
    service.stop().await;
}

fn assert_bounded(service: &Service, before: u64) {
    let after = service.resident_kb();
    assert!(
        after < before + GROWTH_KB_MAX,
        "{before} kB before, {after} kB after"
    );
}

#[tokio::test]
async fn an_oversized_message_is_refused_before_it_is_taken_in() {
    attack(|port| async move {
        let channel = service::channel(port).await;
        let mut registry = RegistryServiceClient::new(channel);
        let facts = vec![
            Fact {
                source: "x".repeat(5 * 1024 * 1024),
                ..Fact::default()
            };
            1
        ];
        let request = RecordFactsRequest {
            request_id: String::new(),
            facts,
        };
        let error = registry.record_facts(request).await.expect_err("too large");
        assert_eq!(error.code(), Code::OutOfRange);
        // A length of 4 GiB that is claimed and never sent.
        let mut raw = Raw::connect(port, &[]).await;
        raw.headers(1, &grpc_headers(VAT), false).await;
        raw.data(1, &[0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3], false)
            .await;
        let told = raw.grpc_status(1).await;
        assert_eq!(told.as_deref(), Some("11"));
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_headers_ends_its_connection() {
    attack(|port| async move {
        // A list far above what the service takes.
        let mut raw = Raw::connect(port, &[]).await;
        let mut headers = grpc_headers(VAT);
        for number in 0..4_000 {
            headers.push((format!("x-flood-{number}"), "y".repeat(200)));
        }
        raw.headers(1, &headers, true).await;
        assert!(raw.ends_or_refuses(1).await);
        // CONTINUATION frames without an end.
        let mut raw = Raw::connect(port, &[]).await;
        raw.open_headers(1, &grpc_headers(VAT)).await;
        let mut is_closed = false;
        for number in 0..20_000 {
            let header = [(format!("x-{number}"), "z".repeat(1_000))];
            if raw.continuation(1, &header).await.is_err() {
                is_closed = true;
                break;
            }
        }
        assert!(is_closed || raw.is_closed().await);
    })
    .await;
}

#[tokio::test]
async fn a_rapid_reset_ends_its_connection() {
    attack(|port| async move {
        let mut raw = Raw::connect(port, &[]).await;
        let mut is_closed = false;
        for burst in 0..100_u32 {
            let streams = (0..200).map(|number| (burst * 200 + number) * 2 + 1);
            if raw
                .open_and_reset(streams, &grpc_headers(IMPORT))
                .await
                .is_err()
            {
                is_closed = true;
                break;
            }
        }
        assert!(is_closed || raw.is_closed().await);
    })
    .await;
}

#[tokio::test]
async fn resets_that_the_service_is_made_to_send_end_the_connection() {
    attack(|port| async move {
        // "MadeYouReset": each stream is broken by a window update of nothing, which the service must answer by a reset.
        let mut raw = Raw::connect(port, &[]).await;
        let mut is_closed = false;
        for number in 0..20_000_u32 {
            let stream = number * 2 + 1;
            let opened = raw.try_headers(stream, &grpc_headers(IMPORT), false).await;
            if opened.is_err() || raw.window(stream, 0).await.is_err() {
                is_closed = true;
                break;
            }
        }
        assert!(is_closed || raw.is_closed().await);
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_streams_are_no_more_than_a_connection_may_have() {
    attack(|port| async move {
        let mut raw = Raw::connect(port, &[]).await;
        for number in 0..10_000_u32 {
            if raw
                .try_headers(number * 2 + 1, &grpc_headers(IMPORT), false)
                .await
                .is_err()
            {
                break;
            }
        }
        let refused = raw.count_resets(Duration::from_secs(5)).await;
        assert!(
            refused > 1_000 || raw.is_closed().await,
            "{refused} were refused"
        );
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_never_read_is_given_up_with_its_connection() {
    attack(|port| async move {
        let mut raw = Raw::connect(port, &[(SETTINGS_INITIAL_WINDOW, 0)]).await;
        let message = grpc_message(&CheckVatExemptionRequest::default().encode_to_vec());
        // Reflection answers with more than a window.
        let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
        let asked = tonic_reflection::pb::v1::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(
                tonic_reflection::pb::v1::server_reflection_request::MessageRequest::FileContainingSymbol(
                    "mamagang.v1.LedgerService".to_owned(),
                ),
            ),
        };
        for number in 0..200_u32 {
            let stream = number * 2 + 1;
            if number % 2 == 0 {
                raw.headers(stream, &grpc_headers(reflection), false).await;
                raw.data(stream, &grpc_message(&asked.encode_to_vec()), true).await;
            } else {
                raw.headers(stream, &grpc_headers(VAT), false).await;
                raw.data(stream, &message, true).await;
            }
        }
        let started = Instant::now();
        let closed = timeout(Duration::from_secs(60), raw.wait_closed()).await;
        assert!(closed.is_ok(), "the connection was not given up");
        assert!(started.elapsed() > Duration::from_secs(20), "{:?}", started.elapsed());
    })
    .await;
}

#[tokio::test]
async fn silent_connections_are_capped_and_closed() {
    attack(|port| async move {
        let mut held = Vec::new();
        for _ in 0..600 {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
                held.push(stream);
            }
        }
        // Those above the share of one address are closed at once, the others when they have said nothing for too long.
        let mut closed_soon = 0;
        sleep(Duration::from_secs(1)).await;
        for stream in &held {
            closed_soon += usize::from(is_closed(stream));
        }
        assert!(closed_soon >= 300, "{closed_soon} were closed at once");
        let until = Instant::now() + Duration::from_secs(20);
        while held.iter().any(|stream| !is_closed(stream)) {
            assert!(Instant::now() < until, "silent connections are kept");
            sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
}

/// Whether the other side has ended.
fn is_closed(stream: &TcpStream) -> bool {
    let mut buffer = [0; 64];
    loop {
        match stream.try_read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[tokio::test]
async fn open_watches_and_idle_streams_end_when_the_service_is_told_to_stop() {
    let service = Service::start().await;
    let channel = service::channel(service.port()).await;
    let mut health = HealthClient::new(channel.clone());
    let mut watch = health
        .watch(HealthCheckRequest::default())
        .await
        .expect("a watch")
        .into_inner();
    watch.message().await.expect("a status");
    let (rows, sent) = tokio::sync::mpsc::channel::<ImportFactsRequest>(1);
    let mut registry = RegistryServiceClient::new(channel);
    let stream = tokio_stream::wrappers::ReceiverStream::new(sent);
    let mut answers = registry
        .import_facts(stream)
        .await
        .expect("a stream")
        .into_inner();
    let took = service.stop().await;
    assert!(took < Duration::from_secs(15), "{took:?}");
    let told = watch.message().await;
    assert!(
        matches!(&told, Ok(Some(last)) if last.status == 2) || told.is_err(),
        "{told:?}"
    );
    let ended = answers.message().await.expect_err("ended");
    assert_eq!(ended.code(), Code::Unavailable);
    drop(rows);
}

#[tokio::test]
async fn hostile_texts_in_every_field_of_every_method_break_nothing() {
    let service = Service::start().await;
    let before = service.resident_kb();
    let channel = service::channel(service.port()).await;
    let calls = fields::hostile_calls();
    assert!(calls.len() > 100, "{}", calls.len());
    for call in calls {
        let code = call.send(channel.clone()).await;
        let is_fault = matches!(code, Code::Internal | Code::Unknown | Code::DataLoss);
        assert!(!is_fault, "{} {:?}: {code:?}", call.method, call.text);
    }
    service.assert_healthy().await;
    assert_bounded(&service, before);
    // Nothing of it was taken for a statement: the tables are there and say what they said.
    let doctor = service.doctor();
    assert!(doctor.status.success(), "{doctor:?}");
    service.stop().await;
}

#[tokio::test]
async fn a_forged_page_token_lists_nothing() {
    let service = Service::start().await;
    let before = service.resident_kb();
    let channel = service::channel(service.port()).await;
    let mut registry = RegistryServiceClient::new(channel.clone());
    let request = RecordFactsRequest {
        request_id: "0193a5c0-0000-7000-8000-000000000001".to_owned(),
        facts: [service::BAKERY, service::LAUNDRY]
            .map(service::employer)
            .to_vec(),
    };
    let recorded = registry.record_facts(request).await.expect("recorded");
    assert!(
        recorded
            .into_inner()
            .results
            .iter()
            .all(|row| row.error.is_none())
    );
    let ask = |page_token: String| ListEmployersRequest {
        page_size: 1,
        page_token,
        ..ListEmployersRequest::default()
    };
    let first = registry
        .list_employers(ask(String::new()))
        .await
        .expect("a page");
    let token = first.into_inner().next_page_token;
    assert!(!token.is_empty());
    for place in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("ASCII");
        let error = registry
            .list_employers(ask(forged))
            .await
            .expect_err("forged");
        assert_eq!(error.code(), Code::InvalidArgument, "at {place}");
    }
    for other in ["", "AAAA", "..", "null", "0"] {
        let listed = registry.list_employers(ask(other.to_owned())).await;
        assert_eq!(listed.is_ok(), other.is_empty(), "{other}");
    }
    // A deadline of nothing is no way around either.
    let mut request = tonic::Request::new(GetEmployerBalanceRequest {
        employer_code: service::BAKERY.to_owned(),
        tax_year: 2023,
        ..GetEmployerBalanceRequest::default()
    });
    request.set_timeout(Duration::from_nanos(1));
    let late = LedgerServiceClient::new(channel.clone())
        .get_employer_balance(request)
        .await;
    assert!(late.is_err());
    let vat = CheckVatExemptionRequest::default();
    let wrong = EligibilityServiceClient::new(channel)
        .check_vat_exemption(vat)
        .await;
    assert_eq!(wrong.expect_err("empty").code(), Code::InvalidArgument);
    service.assert_healthy().await;
    assert_bounded(&service, before);
    service.stop().await;
}
