//! What is stored is searched for every number and name, in every form in which they could be read.

use std::path::Path;
use std::process::Command;

use mamagang_app::facts::{FactInput, FactItem, WorkerFactInput};
use mamagang_app::workers::MatchWorker;
use mamagang_app::{Caller, RequestContent, WriteRequest};
use mamagang_domain::fact::WorkerProfile;
use mamagang_domain::frozen::{digest, hex};
use mamagang_domain::identifier::CertificateNumber;
use mamagang_domain::ids::RequestId;
use mamagang_testkit::search::{base64_of, holds};
use mamagang_testkit::{TestApp, context, date, identity};
use sm3::{Digest as _, Sm3};

use crate::city::{BAKERY, LI, WANG, bakery_with_wang, check, item, lifted, post, who};

const CERTIFICATES: [&str; 2] = ["4420000012345678", "4420000087654321"];

fn secrets() -> Vec<&'static str> {
    [WANG.0, WANG.1, LI.0, LI.1, CERTIFICATES[0], CERTIFICATES[1]].to_vec()
}

fn certificate(person: (&str, &str), number: &str) -> FactItem {
    let input = WorkerFactInput::Certificate {
        number: CertificateNumber::parse(number).expect("a number"),
        enterprise_absorption_note: true,
        noted_on: None,
        office_code: "442000".to_owned(),
    };
    item(FactInput::Worker(who(person), input))
}

/// Every form in which a text could be read: plain, UTF-16, hexadecimal, base64, and its plain hashes.
fn forms(secret: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let sha256 = digest(bytes).to_vec();
    let sm3 = Sm3::digest(bytes).to_vec();
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = Vec::new();
    for (name, bytes) in [
        ("plain", bytes.to_vec()),
        ("UTF-16", wide),
        ("SHA-256", sha256),
        ("SM3", sm3),
    ] {
        forms.push((format!("{name} in hexadecimal"), hex(&bytes).into_bytes()));
        forms.push((
            format!("{name} in upper-case hexadecimal"),
            hex(&bytes).to_uppercase().into_bytes(),
        ));
        // A few characters of base64 may stand anywhere by chance.
        let encoded = base64_of(&bytes).into_iter().filter(|text| text.len() >= 7);
        forms.extend(encoded.map(|text| (format!("{name} in base64"), text.into_bytes())));
        forms.push((name.to_owned(), bytes));
    }
    forms
}

fn assert_clean(place: &str, bytes: &[u8]) {
    for secret in secrets() {
        for (form, needle) in forms(secret) {
            assert!(!holds(bytes, &needle), "{place} holds {secret}: {form}");
        }
    }
}

/// Facts, refusals, checks, matches and postings about people, each with its request.
async fn live(test: &TestApp) {
    let caller = Caller::developer();
    let mut items = bakery_with_wang();
    for (person, number) in [(WANG, CERTIFICATES[0]), (LI, CERTIFICATES[1])] {
        let profile = WorkerProfile {
            town_code: "442000001".to_owned(),
        };
        items.push(item(FactInput::WorkerProfile(
            identity(person.0, person.1),
            profile,
        )));
        items.push(certificate(person, number));
    }
    // A wrong name for a known number, and one person's certificate recorded for another.
    items.push(lifted((WANG.0, LI.1)));
    items.push(certificate(LI, CERTIFICATES[0]));
    let sealed = test.app.seal_request(WANG.0.as_bytes());
    let request = mamagang_app::facts::RecordFacts {
        request: Some(WriteRequest {
            request_id: RequestId(uuid::Uuid::from_u128(1)),
            content: RequestContent::new().field("facts", sealed),
        }),
        method: "mamagang.v1.RegistryService/RecordFacts",
        items,
        unread: Vec::new(),
    };
    test.app
        .record_facts(&caller, request)
        .await
        .expect("recorded");
    for (number, name) in [WANG, LI, (WANG.0, LI.1)] {
        let question = check((number, name), BAKERY, "2023-01", "2023-12");
        test.app
            .check_key_group(&caller, &context(), question, None)
            .await
            .expect("a decision");
        let question = MatchWorker {
            context: context(),
            identity: identity(number, name),
        };
        let _ = test.app.match_worker(&caller, question).await;
    }
    test.app
        .post_deduction(&caller, post(2, BAKERY, "2023-01", 100_000))
        .await
        .expect("posted");
}

#[test]
fn the_search_finds_what_is_there() {
    let sample = |form: &[u8]| [b"..", form, b".."].concat();
    let base64 = "eA==NDQyMDAwMTk4OTAzMTQ5OTgy";
    assert!(
        base64_of(WANG.0.as_bytes())
            .iter()
            .any(|form| base64.contains(form.as_str()))
    );
    for secret in secrets() {
        for (form, needle) in forms(secret) {
            assert!(
                !needle.is_empty() && holds(&sample(&needle), &needle),
                "{form}"
            );
        }
    }
    assert!(std::panic::catch_unwind(|| assert_clean("x", &sample(WANG.0.as_bytes()))).is_err());
}

#[tokio::test]
async fn the_sqlite_file_holds_no_number_and_no_name() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    live(&test).await;
    let directory = test
        .directory
        .as_ref()
        .expect("a directory")
        .path()
        .to_owned();
    let search = |directory: &Path| {
        let mut bytes = 0;
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let read = std::fs::read(&path).expect("a file");
            bytes += read.len();
            assert_clean(&path.display().to_string(), &read);
        }
        bytes
    };
    // With its WAL as it is, then with everything in the file.
    assert!(search(&directory) > 100_000);
    test.sqlite.as_ref().expect("a store").close().await;
    assert!(search(&directory) > 100_000);
}

#[tokio::test]
async fn a_dump_of_postgresql_holds_no_number_and_no_name() {
    let test = TestApp::postgres(date("2024-02-01")).await;
    live(&test).await;
    let url = test.postgres.as_ref().expect("a database").url();
    let program = mamagang_testkit::postgres::postgres_program("pg_dump");
    for arguments in [&["--format=plain"][..], &["--format=plain", "--inserts"]] {
        let dumped = Command::new(&program)
            .args(arguments)
            .arg(&url)
            .output()
            .expect("pg_dump");
        assert!(
            dumped.status.success(),
            "{}",
            String::from_utf8_lossy(&dumped.stderr)
        );
        assert!(dumped.stdout.len() > 20_000);
        assert_clean("the dump", &dumped.stdout);
    }
}
