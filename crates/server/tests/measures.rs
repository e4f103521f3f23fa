//! `mamagang check-subsidy`, `check-vat` and `check-preferences` as they are typed.

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use mamagang_grpc::{DeveloperAuthenticator, Grpc};
use mamagang_testkit::{SteadyIds, TestApp, date};
use tokio::net::TcpListener;

/// A service on a port of its own, which ends with the test's runtime.
async fn service() -> (TestApp, SocketAddr) {
    let test = TestApp::sqlite(date("2026-07-01")).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let ids = Arc::new(SteadyIds::default());
    let grpc = Grpc::new(test.app.clone(), Arc::new(DeveloperAuthenticator), ids);
    tokio::spawn(mamagang_grpc::serve(listener, grpc, std::future::pending()));
    (test, address)
}

async fn typed(address: SocketAddr, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mamagang"));
    command
        .args(line.split(' '))
        .args(["--lang", "en", "--address", &format!("http://{address}")])
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.expect("no panic").expect("the program starts")
}

async fn shown(address: SocketAddr, line: &str) -> String {
    let output = typed(address, line).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {told}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// B4 and B5: 504.99 with VAT is exempt, 505.00 is taxed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vat_is_asked_on_both_sides_of_the_threshold() {
    let (_test, address) = service().await;
    let exempt = "check-vat --on 2023-02-05 --amount-fen 50499 --with-vat";
    let exempt = shown(address, exempt).await;
    assert!(
        exempt.contains("exempt") && exempt.contains("BELOW_THRESHOLD"),
        "{exempt}"
    );
    let taxed = "check-vat --on 2023-02-05 --amount-fen 50500 --with-vat";
    let taxed = shown(address, taxed).await;
    assert!(
        taxed.contains("taxable") && taxed.contains("5.00"),
        "{taxed}"
    );
    let quarter = "check-vat --party quarterly --on 2024-09-30 --amount-fen 30010000 --json";
    let quarter = shown(address, quarter).await;
    let quarter: serde_json::Value = serde_json::from_str(&quarter).expect("JSON");
    assert_eq!(quarter["vatFen"], "300100");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_are_asked_by_figures() {
    let (_test, address) = service().await;
    let line = "check-preferences --year 2023 --income-fen 80000000 --staff 20 --assets-fen 100000000 --small-scale --sales-fen 9000000 --period 2023-05";
    let told = shown(address, line).await;
    // 800,000 × 5 % = 40,000; sales of 90,000 in a month are exempt.
    assert!(told.contains("40000.00"), "{told}");
    assert!(told.contains("small-scale VAT"), "{told}");
    let both = "check-preferences --year 2023 --small-scale --general";
    assert!(!typed(address, both).await.status.success());
}

/// B17: from November 2026 withholding is a question of law, with a case in the queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_listed_proposed_and_confirmed_by_another_person_only() {
    let (_test, address) = service().await;
    let asked = "check-vat --on 2026-11-15 --amount-fen 500000 --with-vat --json";
    let asked = shown(address, asked).await;
    let asked: serde_json::Value = serde_json::from_str(&asked).expect("JSON");
    let case = asked["reviewCaseId"].as_str().expect("a case");
    let listed = shown(address, "reviews list").await;
    assert!(listed.contains(case) && listed.contains("open"), "{listed}");
    let steps = "--reason known --request-id 018bcfe5-6806-7000-8000-00000000000";
    let proposed = format!("reviews propose {case} --evidence letter {steps}1");
    let proposed = shown(address, &proposed).await;
    assert!(
        proposed.contains("proposed") && proposed.contains("letter"),
        "{proposed}"
    );
    // There is one developer only.
    let confirmed = typed(address, &format!("reviews confirm {case} {steps}2")).await;
    let told = String::from_utf8_lossy(&confirmed.stderr).into_owned();
    assert!(told.contains("SECOND_PERSON_REQUIRED"), "{told}");
    let line = format!("reviews show {case} --case K-1 --operator W");
    let page = shown(address, &line).await;
    assert!(page.contains("PROPOSED"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subsidy_of_an_unknown_employer_is_refused_with_its_reason() {
    let (_test, address) = service().await;
    let line = "check-subsidy --kind post --employer 91442000MAQQ000161 --worker-id 018bcfe5-6806-7000-8000-000000000001 --from 2022-09 --through 2022-12 --case K-1 --operator W --json";
    let output = typed(address, line).await;
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("EMPLOYER_NOT_FOUND"), "{told}");
}
