//! Certificates: issued, checked by whoever has the code, expired, revoked by themselves.

use mamagang_crypto::verify;
use mamagang_proto::v1::{
    self, CertificateStatus, CheckCertificateRequest, GetCertificateRequest, RetractFactRequest,
};
use mamagang_testkit::date;
use tonic::{Code, Status};

use crate::harness::{
    BAKERY, LI, Service, WANG, bakery_with_wang, context, english, lifted, reason, request_id,
    worker,
};

fn request(number: u128, person: (&str, &str)) -> GetCertificateRequest {
    GetCertificateRequest {
        request_id: request_id(number),
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(person),
        month: "2023-12".to_owned(),
    }
}

async fn issued(service: &Service, number: u128) -> v1::Certificate {
    let answer = service
        .verification()
        .get_certificate(request(number, WANG))
        .await;
    let answer = answer.expect("issued").into_inner();
    answer.certificate.expect("a certificate")
}

async fn status(service: &Service, code: &str) -> Result<CertificateStatus, Status> {
    let asked = CheckCertificateRequest {
        check_code: code.to_owned(),
    };
    let answer = service
        .verification()
        .check_certificate(english(asked))
        .await?;
    Ok(answer.into_inner().status())
}

#[tokio::test]
async fn a_certificate_is_signed_and_checked_by_its_code_until_the_term_ends() {
    let service = Service::start().await;
    service.record(1, bakery_with_wang()).await;
    let certificate = issued(&service, 10).await;
    assert_eq!(certificate.check_code.len(), 20);
    assert_eq!(
        certificate.category(),
        v1::PersonCategory::LiftedFromPoverty
    );
    assert_eq!(
        (
            &*certificate.start_month,
            &*certificate.issued_date,
            &*certificate.valid_until_date
        ),
        ("2023-01", "2024-02-01", "2025-12-31")
    );
    let key: [u8; 32] = certificate.public_key.clone().try_into().expect("a key");
    let signature = certificate
        .signature
        .clone()
        .try_into()
        .expect("a signature");
    assert!(verify(
        &key,
        "certificate",
        &certificate.document,
        &signature
    ));
    let mut forged = certificate.document.clone();
    forged[20] ^= 1;
    assert!(!verify(&key, "certificate", &forged, &signature));
    // The same request again is the same certificate.
    assert_eq!(issued(&service, 10).await, certificate);

    let code = &certificate.check_code;
    assert_eq!(
        status(&service, code).await.expect("known"),
        CertificateStatus::Valid
    );
    service.test.clock.move_to(date("2025-12-31"));
    assert_eq!(
        status(&service, code).await.expect("known"),
        CertificateStatus::Valid
    );
    service.test.clock.move_to(date("2026-01-01"));
    assert_eq!(
        status(&service, code).await.expect("known"),
        CertificateStatus::Expired
    );
    let unknown = status(&service, "00000000000000000000")
        .await
        .expect_err("no such code");
    assert_eq!(
        (unknown.code(), reason(&unknown).as_str()),
        (Code::NotFound, "CASE_NOT_FOUND")
    );
}

#[tokio::test]
async fn a_certificate_is_revoked_when_what_it_rests_on_is_retracted() {
    let service = Service::start().await;
    let results = service.record(1, bakery_with_wang()).await;
    let certificate = issued(&service, 10).await;
    // The poverty status, the second fact.
    let retract = RetractFactRequest {
        request_id: request_id(11),
        fact_id: results[1].fact_id.clone(),
        reason: "录入错误".to_owned(),
    };
    service
        .registry()
        .retract_fact(retract)
        .await
        .expect("retracted");
    let now = status(&service, &certificate.check_code)
        .await
        .expect("known");
    assert_eq!(now, CertificateStatus::Revoked);
}

#[tokio::test]
async fn who_does_not_meet_the_conditions_gets_no_certificate() {
    let service = Service::start().await;
    let mut facts = bakery_with_wang();
    facts.push(lifted(LI));
    service.record(1, facts).await;
    let refused = service
        .verification()
        .get_certificate(request(10, LI))
        .await;
    let refused = refused.expect_err("no contract");
    assert_eq!(reason(&refused), "CERTIFICATE_NOT_DUE");
}
