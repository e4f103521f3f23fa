//! Keys are changed while the service works, and destroyed for one person.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mamagang_app::facts::{FactInput, FactItem, FactListQuery, FactSubject, WorkerFactInput};
use mamagang_app::keys::EraseWorker;
use mamagang_app::workers::{MatchWorker, Who};
use mamagang_app::{Caller, ErrorReason};
use mamagang_crypto::{KeyRing, OsEntropy};
use mamagang_domain::fact::WorkerProfile;
use mamagang_domain::identifier::CertificateNumber;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::reason::Outcome;
use mamagang_testkit::{TestApp, context, date, identity};

use crate::city::{
    BAKERY, LI, WANG, bakery_with_wang, check, insured, item, lifted, post, record, who,
};

const CERTIFICATE: &str = "4420000012345678";

fn profile(person: (&str, &str)) -> FactItem {
    let profile = WorkerProfile {
        town_code: "442000001".to_owned(),
    };
    item(FactInput::WorkerProfile(
        identity(person.0, person.1),
        profile,
    ))
}

fn certificate(person: (&str, &str)) -> FactItem {
    let input = WorkerFactInput::Certificate {
        number: CertificateNumber::parse(CERTIFICATE).expect("a number"),
        enterprise_absorption_note: true,
        noted_on: Some(date("2023-01-05")),
        office_code: "442000".to_owned(),
    };
    item(FactInput::Worker(who(person), input))
}

async fn found(test: &TestApp, person: (&str, &str)) -> Result<String, ErrorReason> {
    let question = MatchWorker {
        context: context(),
        identity: identity(person.0, person.1),
    };
    let matched = test.app.match_worker(&Caller::developer(), question).await;
    matched
        .map(|matched| matched.match_id)
        .map_err(|error| error.reason)
}

/// The masked number of the worker's profile; nothing where it cannot be read.
async fn masked(test: &TestApp, worker_id: WorkerId) -> Option<String> {
    let query = FactListQuery {
        context: context(),
        subject: FactSubject::Worker(Who::WorkerId(worker_id)),
        kinds: Vec::new(),
        include_history: false,
        show_identity: false,
        as_of: None,
        after: 0,
        limit: 50,
    };
    let listed = test.app.list_facts(&Caller::developer(), query).await;
    let facts = listed.expect("listed").facts;
    let shown = facts.into_iter().find_map(|fact| fact.identity);
    shown.map(|(_, number, _)| number)
}

/// Residents with valid numbers (GB 11643: weights and check characters).
fn residents(count: u32) -> Vec<(String, String)> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";
    (1..=count)
        .map(|number| {
            let body = format!("44200019900101{number:03}");
            let digits = body.bytes().map(|byte| u32::from(byte - b'0'));
            let sum: u32 = digits
                .zip(WEIGHTS)
                .map(|(digit, weight)| digit * weight)
                .sum();
            let check = char::from(CHECK[usize::try_from(sum % 11).expect("small")]);
            (format!("{body}{check}"), "陈芳".to_owned())
        })
        .collect()
}

fn draw(ring: &KeyRing) -> KeyRing {
    ring.staged(&mut OsEntropy).expect("keys")
}

#[tokio::test]
async fn a_changed_key_finds_and_reads_everybody_and_the_old_one_can_be_destroyed() {
    for test in TestApp::each(date("2024-02-01")).await {
        let caller = Caller::developer();
        let mut items = bakery_with_wang();
        items.extend([profile(WANG), profile(LI), certificate(WANG)]);
        let recorded = record(&test, items).await;
        let wang = recorded[1].worker_id.expect("a worker");
        let staged = draw(&test.keys);
        test.app.use_keys(Arc::new(staged.clone()));
        let report = test.app.reencrypt(&caller).await.expect("brought");
        assert_eq!((report.workers, report.identities), (2, 2));
        assert_eq!((report.data_keys, report.certificates), (0, 1));
        let again = test.app.reencrypt(&caller).await.expect("brought");
        assert!(again.changed_nothing(), "{again:?}");

        test.app.use_keys(Arc::new(staged.promoted()));
        let report = test.app.reencrypt(&caller).await.expect("brought");
        assert_eq!((report.identities, report.data_keys), (0, 2));
        let unchanged = record(&test, vec![certificate(WANG)]).await;
        assert!(unchanged[0].unchanged, "the number has its first key");

        test.app
            .use_keys(Arc::new(staged.promoted().without_retired()));
        assert!(test.app.is_mac_key_named(1).await.expect("told"));
        let removed = test.app.remove_under_keys(&caller, &[1]).await;
        assert_eq!(removed.expect("removed"), 2);
        assert!(!test.app.is_mac_key_named(1).await.expect("told"));
        for person in [WANG, LI] {
            found(&test, person).await.expect("found by the new key");
        }
        assert_eq!(
            masked(&test, wang).await.as_deref(),
            Some("442000********9982")
        );
        let unchanged = record(&test, vec![certificate(WANG)]).await;
        assert!(
            unchanged[0].unchanged,
            "the old key is gone, the certificate is known"
        );
        let question = check(WANG, BAKERY, "2023-01", "2023-12");
        let checked = test
            .app
            .check_key_group(&caller, &context(), question, None)
            .await
            .expect("a decision");
        assert_eq!(checked.decision.outcome, Outcome::Eligible);
        let rebuilt = test.app.rebuild_and_compare().await.expect("compared");
        assert_eq!(rebuilt.differences, Vec::<String>::new());
        let verified = test.app.verify_audit().await.expect("verified");
        assert_eq!(verified.faults, Vec::<String>::new());

        test.app.use_keys(Arc::clone(&test.keys));
        let lost = found(&test, WANG)
            .await
            .expect_err("the old key finds nobody");
        assert_eq!(lost, ErrorReason::WorkerNotFound);
    }
}

/// Checks and postings go on while the keys are staged, promoted and retired; none may fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_keys_are_changed() {
    for test in TestApp::each(date("2024-02-01")).await {
        let test = Arc::new(test);
        record(&test, bakery_with_wang()).await;
        let people = residents(60);
        let named = |person: &(String, String)| (person.0.clone(), person.1.clone());
        for person in &people {
            record(&test, vec![lifted((&person.0, &person.1))]).await;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicU64::new(0));
        let mut tasks = Vec::new();
        for task in 0..4_usize {
            let (test, stop, done) = (Arc::clone(&test), Arc::clone(&stop), Arc::clone(&done));
            let people: Vec<_> = people.iter().map(named).collect();
            tasks.push(tokio::spawn(async move {
                let caller = Caller::developer();
                let mut round = task;
                while !stop.load(Ordering::Relaxed) {
                    let (number, name) = &people[round % people.len()];
                    let question = check((number, name), BAKERY, "2023-01", "2023-03");
                    test.app
                        .check_key_group(&caller, &context(), question, None)
                        .await
                        .expect("a decision");
                    found(&test, (number, name))
                        .await
                        .expect("everybody is found at every moment");
                    let month = format!("2022-{:02}", 1 + round % 12);
                    record(&test, insured((number, name), BAKERY, &month, &month)).await;
                    done.fetch_add(3, Ordering::Relaxed);
                    round += 4;
                }
            }));
        }
        let poster = {
            let (test, done) = (Arc::clone(&test), Arc::clone(&done));
            tokio::spawn(async move {
                for month in 1..=12_u8 {
                    let period = format!("2023-{month:02}");
                    let posting = post(u128::from(month), BAKERY, &period, 100_000);
                    test.app
                        .post_deduction(&Caller::developer(), posting)
                        .await
                        .expect("posted");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let caller = Caller::developer();
        let mut ring = Arc::clone(&test.keys);
        let mut old = Vec::new();
        for _change in 0..3 {
            let staged = Arc::new(draw(&ring));
            for step in [Arc::clone(&staged), Arc::new(staged.promoted())] {
                test.app.use_keys(step);
                test.app.reencrypt(&caller).await.expect("brought");
            }
            old.push(ring.mac_key_ids()[0]);
            test.app.reencrypt(&caller).await.expect("brought");
            ring = Arc::new(staged.promoted().without_retired());
            test.app.use_keys(Arc::clone(&ring));
            let removed = test.app.remove_under_keys(&caller, &old).await;
            assert!(removed.expect("removed") >= 61);
        }
        poster.await.expect("every posting was answered");
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.expect("every request was answered");
        }
        assert!(done.load(Ordering::Relaxed) > 20);
        // What was under way with a ring of before may have left rows under its keys.
        let removed = test.app.remove_under_keys(&caller, &old).await;
        removed.expect("removed");
        for key in old {
            assert!(
                !test.app.is_mac_key_named(key).await.expect("told"),
                "{key}"
            );
        }
        for (number, name) in &people {
            found(&test, (number, name)).await.expect("still found");
        }
        let rebuilt = test.app.rebuild_and_compare().await.expect("compared");
        assert_eq!(rebuilt.differences, Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_erased_person_is_read_and_found_by_nobody_and_the_ledger_stays_whole() {
    for test in TestApp::each(date("2024-02-01")).await {
        let caller = Caller::developer();
        let mut items = bakery_with_wang();
        items.extend([profile(WANG), certificate(WANG)]);
        let recorded = record(&test, items).await;
        let worker_id = recorded[1].worker_id.expect("a worker");
        test.app
            .post_deduction(&caller, post(1, BAKERY, "2023-01", 100_000))
            .await
            .expect("posted");
        let question = check(WANG, BAKERY, "2023-01", "2023-12");
        let checked = test
            .app
            .check_key_group(&caller, &context(), question, None)
            .await
            .expect("a decision");
        let erase = EraseWorker {
            worker_id,
            reason: "本人申请".to_owned(),
        };
        let erased = test
            .app
            .erase_worker(&caller, &erase)
            .await
            .expect("erased");
        assert!(!erased.was_erased);
        let again = test
            .app
            .erase_worker(&caller, &erase)
            .await
            .expect("erased");
        assert_eq!(
            (again.was_erased, again.erased_at),
            (true, erased.erased_at)
        );

        assert_eq!(found(&test, WANG).await, Err(ErrorReason::WorkerNotFound));
        assert_eq!(masked(&test, worker_id).await, None);
        let stored = test
            .app
            .get_decision(&caller, &context(), checked.decision_id)
            .await
            .expect("the decision is recomputed");
        assert_eq!(stored.recomputed_digest(), Some(stored.recorded_digest));
        let rebuilt = test.app.rebuild_and_compare().await.expect("compared");
        assert_eq!(rebuilt.differences, Vec::<String>::new());
        test.app
            .post_deduction(&caller, post(2, BAKERY, "2023-02", 100_000))
            .await
            .expect("the months go on under our id");
        let staged = draw(&test.keys);
        test.app.use_keys(Arc::new(staged));
        let report = test.app.reencrypt(&caller).await.expect("brought");
        assert!(
            report.changed_nothing(),
            "an erased person has nothing to bring"
        );

        let new = record(&test, vec![lifted(WANG)]).await;
        assert_ne!(
            new[0].worker_id,
            Some(worker_id),
            "the document is nobody's again"
        );
        let unknown = EraseWorker {
            worker_id: WorkerId(uuid::Uuid::from_u128(9)),
            reason: String::new(),
        };
        let refused = test.app.erase_worker(&caller, &unknown).await;
        assert_eq!(
            refused.expect_err("nobody").reason,
            ErrorReason::WorkerNotFound
        );
    }
}
