//! The binary with certificates and tokens, as in a trial: made, served, asked, revoked.

mod trial;

use std::time::Duration;

use mamagang_proto::v1::GetEmployerBalanceRequest;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use tokio::time::Instant;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use trial::{BAKERY, Trial, now};

/// Asks for a balance, with a token where one is given. A role that may ask is told that there is no such employer.
async fn ask(channel: Channel, token: Option<&str>) -> Status {
    let mut request = Request::new(GetEmployerBalanceRequest {
        employer_code: BAKERY.to_owned(),
        tax_year: 2023,
        ..GetEmployerBalanceRequest::default()
    });
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", value);
    }
    LedgerServiceClient::new(channel)
        .get_employer_balance(request)
        .await
        .expect_err("nothing is recorded")
}

#[tokio::test]
async fn a_trial_is_one_command_and_callers_are_told_by_token() {
    let trial = Trial::make();
    let service = trial.serve().await;
    let channel = trial.channel(&service, None).await;
    let code = |token: Option<String>| {
        let channel = channel.clone();
        async move { ask(channel, token.as_deref()).await.code() }
    };
    assert_eq!(code(None).await, Code::Unauthenticated);
    assert_eq!(
        code(Some(trial.token(&["--role", "tax_officer"]))).await,
        Code::NotFound
    );
    assert_eq!(
        code(Some(trial.token(&["--role", "operator"]))).await,
        Code::PermissionDenied
    );
    let own = trial.token(&["--role", "employer_payroll", "--employer", BAKERY]);
    assert_eq!(code(Some(own)).await, Code::NotFound);
    let other = "91442000QQ0000039Q";
    let foreign = trial.token(&["--role", "employer_payroll", "--employer", other]);
    assert_eq!(code(Some(foreign)).await, Code::PermissionDenied);
    // The client in the binary goes the same way.
    let token = trial.token(&["--role", "tax_officer"]);
    let told = trial.run(&[
        "balance",
        "--employer",
        BAKERY,
        "--year",
        "2023",
        "--json",
        "--ca",
        &trial.path("ca.pem"),
        "--address",
        &service.address(),
        "--token",
        &token,
    ]);
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(text.contains("EMPLOYER_NOT_FOUND"), "{text}");
    service.stop().await;
}

#[tokio::test]
async fn tokens_that_do_not_hold_are_refused_one_like_another() {
    let trial = Trial::make();
    let service = trial.serve().await;
    let channel = trial.channel(&service, None).await;
    let good = trial.claims();
    assert_eq!(
        ask(channel.clone(), Some(&trial.sign(&good))).await.code(),
        Code::NotFound
    );
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = trial.claims();
        claims[name] = value;
        trial.sign(&claims)
    };
    let parts: Vec<String> = trial.sign(&good).split('.').map(str::to_owned).collect();
    let none = Trial::encode(br#"{"alg":"none","typ":"JWT"}"#);
    let refused = [
        ("expired", with("exp", (now() - 31).into())),
        ("not yet valid", with("nbf", (now() + 60).into())),
        ("another audience", with("aud", "tax-portal".into())),
        ("another issuer", with("iss", "https://elsewhere".into())),
        (
            "an unknown role",
            with("roles", serde_json::json!(["tax_officer", "root"])),
        ),
        ("nobody", with("sub", "".into())),
        ("another key", Trial::make().sign(&good)),
        ("no algorithm", format!("{none}.{}.", parts[1])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        (
            "the public key as a shared secret",
            trial.shared_secret_token(&good),
        ),
        ("nonsense", "a.b.c".to_owned()),
    ];
    for (what, token) in refused {
        let status = ask(channel.clone(), Some(&token)).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{what}");
        assert_eq!(status.message(), "未通过身份认证", "{what}");
    }
    assert_eq!(
        ask(channel, Some(&trial.sign(&good))).await.code(),
        Code::NotFound
    );
    service.stop().await;
}

#[tokio::test]
async fn a_certificate_that_is_revoked_ends_new_and_kept_connections_without_restart() {
    let trial = Trial::make();
    let service = trial.serve().await;
    let kept = trial.channel(&service, Some("tax_officer")).await;
    assert_eq!(ask(kept.clone(), None).await.code(), Code::NotFound);
    let other = trial.channel(&service, Some("operator")).await;
    assert_eq!(
        ask(other.clone(), None).await.code(),
        Code::PermissionDenied
    );

    let revoked = trial.run(&["certs", "--dir", &trial.dir(), "--revoke", "tax_officer"]);
    assert!(revoked.status.success(), "{revoked:?}");
    let until = Instant::now() + Duration::from_secs(30);
    while ask(kept.clone(), None).await.code() != Code::Unauthenticated {
        assert!(Instant::now() < until, "the list was not read in time");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let fresh = trial.endpoint(&service, Some("tax_officer")).connect_lazy();
    assert_ne!(ask(fresh, None).await.code(), Code::NotFound);
    assert_eq!(ask(other, None).await.code(), Code::PermissionDenied);
    service.stop().await;
}

#[tokio::test]
async fn a_certificate_of_another_authority_and_a_plain_connection_come_to_nothing() {
    let trial = Trial::make();
    let service = trial.serve().await;
    let stranger = Trial::make();
    let endpoint = stranger.endpoint_with_ca(&service, Some("tax_officer"), &trial.path("ca.pem"));
    assert_ne!(
        ask(endpoint.connect_lazy(), None).await.code(),
        Code::NotFound
    );
    let plain = Channel::from_shared(format!("http://127.0.0.1:{}", service.port()));
    let plain = plain.expect("an address").connect_lazy();
    assert_ne!(ask(plain, None).await.code(), Code::NotFound);
    service.stop().await;
}

#[tokio::test]
async fn wrong_files_of_callers_are_all_told_at_once_and_nothing_is_served() {
    let trial = Trial::make();
    std::fs::write(trial.path("jwks.json"), "{}").expect("written");
    std::fs::write(trial.path("callers.toml"), "[[caller]]\n").expect("written");
    let told = trial.run(&["serve", "--config", &trial.path("mamagang.toml")]);
    assert!(!told.status.success());
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        text.contains("jwks.json") && text.contains("callers.toml"),
        "{text}"
    );
}
