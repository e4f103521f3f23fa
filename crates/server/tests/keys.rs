//! The key file beside the database.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use mamagang_app::Caller;
use mamagang_app::facts::{FactInput, FactItem, RecordFacts, WorkerFactInput};
use mamagang_app::workers::Who;
use mamagang_domain::fact::{PersonCategory, PovertyStatus};
use mamagang_server::admin;
use mamagang_server::key_admin;
use mamagang_server::key_source::{KeySource, KeyText};
use mamagang_server::serve::{Opened, open};
use mamagang_server::settings::{DatabaseUrl, LogFormat, LogSettings, Settings};
use mamagang_testkit::{date, identity, source};

fn settings(directory: &Path) -> Settings {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Settings {
        database_url: DatabaseUrl::Sqlite(directory.join("m.db")),
        replica: None,
        auth: None,
        kept_mib: 0,
        calls_per_second: 1,
        grpc_listen: loopback,
        http_listen: loopback,
        keys: KeySource::File(directory.join("m.keys")),
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
    let file = settings.keys.file().expect("a file");
    std::fs::remove_file(file).expect("the key file");
    let error = open(&settings).await.expect_err("other keys");
    assert!(error.to_string().contains("missing"), "{error:#}");
    assert!(!file.exists());
}

#[tokio::test]
async fn an_examination_makes_neither_database_nor_keys() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let settings = settings(directory.path());
    assert!(admin::doctor(&settings, true).await.is_err());
    let file = settings.keys.file().expect("a file");
    assert!(!file.exists() && !directory.path().join("m.db").exists());
    drop(open(&settings).await.expect("a new database"));
    let answer = admin::doctor(&settings, true)
        .await
        .expect("a database with keys");
    assert!(answer.contains("all equal"), "{answer}");
}

#[tokio::test]
async fn a_database_is_opened_with_the_same_keys_from_anywhere() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let of_file = settings(directory.path());
    let first = open(&of_file).await.expect("a new database");
    record_a_person(&first).await;
    let told = first.app.mac_key_ids();
    drop(first);
    let path = of_file.keys.file().expect("a file").to_owned();
    let text = std::fs::read_to_string(&path).expect("a text");
    let sources = [
        KeySource::Environment(KeyText::new(&text)),
        KeySource::Command(vec!["/bin/cat".to_owned(), path.display().to_string()]),
    ];
    for keys in sources {
        let settings = Settings {
            keys,
            ..of_file.clone()
        };
        let opened = open(&settings).await.expect("the same keys");
        assert_eq!(opened.app.mac_key_ids(), told);
        record_a_person(&opened).await;
        let persons = opened.app.store().list_workers(None, 9).await;
        assert_eq!(persons.expect("workers").len(), 1, "found, not made again");
        let refused = key_admin::rotate(&settings).await.expect_err("no file");
        assert!(refused.to_string().contains("--key-file"), "{refused:#}");
        assert!(key_admin::show(&settings).await.is_ok());
    }
    let failing = Settings {
        keys: KeySource::Command(vec!["/bin/false".to_owned()]),
        ..of_file.clone()
    };
    assert!(open(&failing).await.is_err());
}
