//! Answers of a hot standby, told as such.

use std::sync::Arc;
use std::time::Duration;

use mamagang_grpc::DeveloperAuthenticator;
use mamagang_proto::v1::CheckKeyGroupDeductionRequest;
use mamagang_testkit::{TestApp, date};
use tonic::Request;

use crate::harness::{BAKERY, Service, WANG, bakery_with_wang, context, english, worker};

fn check() -> Request<CheckKeyGroupDeductionRequest> {
    english(CheckKeyGroupDeductionRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        from_month: "2023-12".to_owned(),
        through_month: "2023-12".to_owned(),
        as_of_time: None,
    })
}

/// What the answer's header and its decision say of the moment that it is as of.
async fn ask(
    service: &Service,
    request: Request<CheckKeyGroupDeductionRequest>,
) -> (Option<String>, String) {
    let answered = service
        .eligibility()
        .check_key_group_deduction(request)
        .await
        .expect("an answer");
    let header = answered.metadata().get("mamagang-read-as-of");
    let header = header.map(|value| value.to_str().expect("ASCII").to_owned());
    let decision = answered.into_inner().decision.expect("a decision");
    let as_of = decision.as_of_time.expect("an instant").to_string();
    (header, as_of)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_tells_as_of_when_a_replica_was_read_unless_the_primary_is_asked_for() {
    let lag_max = Duration::from_secs(60);
    let (test, _standby) = TestApp::with_standby(date("2024-02-01"), lag_max).await;
    let service = Service::start_on(test, Arc::new(DeveloperAuthenticator)).await;
    service.record(1, bakery_with_wang()).await;
    let mut looks = 0;
    loop {
        let (header, as_of) = ask(&service, check()).await;
        if let Some(told) = header {
            assert_eq!(told, as_of);
            break;
        }
        looks += 1;
        assert!(looks < 600, "the replica is never read");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut request = check();
    let consistency = "primary".parse().expect("ASCII");
    request
        .metadata_mut()
        .insert("mamagang-consistency", consistency);
    let (header, _) = ask(&service, request).await;
    assert_eq!(header, None);
}
