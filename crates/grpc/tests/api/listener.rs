//! The listener: health, reflection, size, shutdown.

use mamagang_grpc::serve;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

use super::*;

struct Listener {
    channel: Channel,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), tonic::transport::Error>>,
}

async fn listen() -> Listener {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let grpc = grpc().await;
    let served = tokio::spawn(async move {
        serve(listener, grpc, async {
            stopped.await.ok();
        })
        .await
    });
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
    Listener {
        channel: channel.connect().await.expect("a connection"),
        stop,
        served,
    }
}

#[tokio::test]
async fn health_is_told_for_each_service_until_the_listener_stops() {
    let Listener {
        channel,
        stop,
        served,
    } = listen().await;
    let mut health = HealthClient::new(channel);
    for service in [
        "",
        "mamagang.v1.RegistryService",
        "mamagang.v1.VerificationService",
        "mamagang.v1.EligibilityService",
        "mamagang.v1.LedgerService",
    ] {
        let asked = HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = health
            .check(asked)
            .await
            .expect("health")
            .into_inner()
            .status;
        assert_eq!(status, ServingStatus::Serving as i32, "{service}");
    }
    let asked = HealthCheckRequest {
        service: "mamagang.v1.LedgerService".to_owned(),
    };
    let mut watched = health.watch(asked).await.expect("a watch").into_inner();
    assert_eq!(
        watched.next().await.expect("now").expect("told").status,
        ServingStatus::Serving as i32
    );
    stop.send(()).expect("listening");
    assert_eq!(
        watched.next().await.expect("then").expect("told").status,
        ServingStatus::NotServing as i32
    );
    drop((watched, health));
    served.await.expect("no panic").expect("stopped in order");
}

#[tokio::test]
async fn both_versions_of_reflection_list_the_services() {
    use tonic_reflection::pb::{v1 as now, v1alpha as before};
    let Listener {
        channel,
        stop: _stop,
        ..
    } = listen().await;
    let question = now::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            now::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let mut client = now::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let asked = client
        .server_reflection_info(tokio_stream::once(question))
        .await
        .expect("an answer");
    let answer = asked
        .into_inner()
        .next()
        .await
        .expect("one")
        .expect("right");
    let shown = format!("{answer:?}");
    for service in [
        "RegistryService",
        "VerificationService",
        "EligibilityService",
        "LedgerService",
        "grpc.health.v1.Health",
    ] {
        assert!(shown.contains(service), "{service}");
    }
    let question = before::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            before::server_reflection_request::MessageRequest::FileContainingSymbol(
                "mamagang.v1.LedgerService".to_owned(),
            ),
        ),
    };
    let mut client = before::server_reflection_client::ServerReflectionClient::new(channel);
    let asked = client
        .server_reflection_info(tokio_stream::once(question))
        .await
        .expect("an answer");
    let answer = asked
        .into_inner()
        .next()
        .await
        .expect("one")
        .expect("right");
    assert!(matches!(
        answer.message_response,
        Some(before::server_reflection_response::MessageResponse::FileDescriptorResponse(_))
    ));
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_with_its_limit() {
    let Listener {
        channel,
        stop: _stop,
        ..
    } = listen().await;
    let mut registry = RegistryServiceClient::new(channel).max_encoding_message_size(8 << 20);
    let large = v1::Fact {
        source: "x".repeat(5 << 20),
        ..Default::default()
    };
    let message = v1::RecordFactsRequest {
        request_id: request_id(1),
        facts: vec![large],
    };
    let status = registry
        .record_facts(english(message))
        .await
        .expect_err("too large");
    assert_eq!(
        (status.code(), status.message()),
        (Code::OutOfRange, "The message is too large")
    );
    assert_eq!(
        status.get_details_error_info().expect("ErrorInfo").metadata["limit"],
        "message_bytes_max"
    );
}

#[tokio::test]
async fn a_compressed_message_is_read_and_its_answer_compressed() {
    use tonic::codec::CompressionEncoding::Gzip;
    let Listener {
        channel,
        stop: _stop,
        ..
    } = listen().await;
    let mut registry = RegistryServiceClient::new(channel)
        .send_compressed(Gzip)
        .accept_compressed(Gzip);
    let message = v1::RecordFactsRequest {
        request_id: request_id(1),
        facts: facts(),
    };
    let answer = registry.record_facts(message).await.expect("recorded");
    assert_eq!(
        answer.metadata().get("grpc-encoding").expect("compressed"),
        "gzip"
    );
    assert!(answer.metadata().contains_key("x-request-id"));
    assert_eq!(answer.into_inner().results.len(), 14);
}
