//! The key file beside the database.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use mamagang_app::Caller;
use mamagang_app::facts::{FactInput, FactItem, RecordFacts, WorkerFactInput};
use mamagang_app::workers::Who;
use mamagang_domain::fact::{PersonCategory, PovertyStatus};
use mamagang_server::admin;
use mamagang_server::serve::{Opened, open};
use mamagang_server::settings::{DatabaseUrl, LogFormat, LogSettings, Settings};
use mamagang_testkit::{date, identity, source};

fn settings(directory: &Path) -> Settings {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Settings {
        database_url: DatabaseUrl::Sqlite(directory.join("m.db")),
        auth: None,
        calls_per_second: 1,
        grpc_listen: loopback,
        http_listen: loopback,
        key_file: directory.join("m.keys"),
        policies_dir: None,
        sources_file: None,
        log: LogSettings {
            format: LogFormat::Text,
            filter: "warn".to_owned(),
        },
        otlp_endpoint: None,
        drain: Duration::from_secs(1),
    }
}

async fn record_a_person(opened: &Opened) {
    let status = PovertyStatus {
        category: PersonCategory::LiftedFromPoverty,
        from_on: date("2016-01-01"),
        to_on: None,
    };
    let who = Who::Identity(identity("442000198903149982", "王芳"));
    let fact = FactInput::Worker(who, WorkerFactInput::Poverty(status));
    let items = vec![FactItem {
        row_key: String::new(),
        source: source(),
        fact,
    }];
    let request = RecordFacts {
        request: None,
        method: "mamagang.v1.RegistryService/RecordFacts",
        items,
        unread: Vec::new(),
    };
    opened
        .app
        .record_facts(&Caller::developer(), request)
        .await
        .expect("recorded");
}

#[tokio::test]
async fn keys_are_made_once_and_never_for_a_database_that_holds_persons() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let settings = settings(directory.path());
    let first = open(&settings).await.expect("a new database");
    assert_eq!(first.notices.len(), 1, "the new key file is told");
    record_a_person(&first).await;
    drop(first);
    let again = open(&settings).await.expect("the same keys");
    assert!(again.notices.is_empty());
    drop(again);
    std::fs::remove_file(&settings.key_file).expect("the key file");
    let error = open(&settings).await.expect_err("other keys");
    assert!(error.to_string().contains("missing"), "{error:#}");
    assert!(!settings.key_file.exists());
}

#[tokio::test]
async fn an_examination_makes_neither_database_nor_keys() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let settings = settings(directory.path());
    assert!(admin::doctor(&settings, true).await.is_err());
    assert!(!settings.key_file.exists() && !directory.path().join("m.db").exists());
    drop(open(&settings).await.expect("a new database"));
    let answer = admin::doctor(&settings, true)
        .await
        .expect("a database with keys");
    assert!(answer.contains("all equal"), "{answer}");
}
