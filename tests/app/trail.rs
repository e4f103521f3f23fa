//! The audit trail is kept by class.

use mamagang_app::audit::{BundleError, Retention, verify_bundle};
use mamagang_app::workers::MatchWorker;
use mamagang_app::{Caller, ErrorReason};
use mamagang_domain::ids::AuditId;
use mamagang_store::audit::{AuditPlace, AuditQuery};
use mamagang_testkit::{TestApp, context, date, identity, month};

use crate::city::{BAKERY, WANG, bakery_with_wang, check, code, record};

async fn kept(test: &TestApp) -> Vec<(Retention, String)> {
    let query = AuditQuery {
        after: AuditPlace {
            recorded_at: i64::MIN,
            audit_id: AuditId(uuid::Uuid::nil()),
        },
        until: i64::MAX,
        retention: None,
        limit: 1_000,
    };
    let rows = test.app.store().audit_rows(&query).await.expect("rows");
    let told = rows.into_iter().map(|row| {
        let name = row.method.rsplit('/').next().unwrap_or_default().to_owned();
        (row.retention, name)
    });
    told.collect()
}

/// One call of each class.
async fn calls(test: &TestApp) {
    let caller = Caller::developer();
    let employer = test.app.get_employer(&caller, code(BAKERY), None).await;
    employer.expect("known");
    let question = MatchWorker {
        context: context(),
        identity: identity(WANG.0, WANG.1),
    };
    test.app
        .match_worker(&caller, question)
        .await
        .expect("known");
    let question = check(WANG, BAKERY, "2023-01", "2023-12");
    test.app
        .check_key_group(&caller, &context(), question, None)
        .await
        .expect("a decision");
}

#[tokio::test]
async fn what_a_class_has_kept_long_enough_is_taken_out_and_the_chains_still_hold() {
    for test in TestApp::each(date("2012-03-01")).await {
        let caller = Caller::developer();
        record(&test, bakery_with_wang()).await;
        calls(&test).await;
        test.clock.move_to(date("2012-08-01"));
        let early = test
            .app
            .cut_audit(&caller, Retention::SixMonths, month("2012-04"), "满期")
            .await;
        let early = early.expect_err("the class is kept longer");
        assert_eq!(early.reason, ErrorReason::InvalidArgumentFields);

        test.clock.move_to(date("2012-12-01"));
        calls(&test).await;
        let cut = test
            .app
            .cut_audit(&caller, Retention::SixMonths, month("2012-04"), "满期")
            .await
            .expect("cut");
        assert_eq!((cut.rows, cut.gaps), (1, 1));
        let left = kept(&test).await;
        let of = |class: Retention| left.iter().filter(|(kept, _)| *kept == class).count();
        // The facts, two checks and the cut itself; two matches; the later look at the employer.
        assert_eq!(of(Retention::TenYears), 4);
        assert_eq!(of(Retention::ThreeYears), 2);
        assert_eq!(of(Retention::SixMonths), 1);
        assert!(left.iter().any(|(_, name)| name == "CutAudit"));
        calls(&test).await;
        let verified = test.app.verify_audit().await.expect("verified");
        assert_eq!(verified.faults, Vec::<String>::new());
        assert_eq!(verified.taken_out, 1);

        test.clock.move_to(date("2023-02-01"));
        for (class, rows) in [
            (Retention::SixMonths, 2),
            (Retention::ThreeYears, 3),
            (Retention::TenYears, 5),
        ] {
            let cut = test.app.cut_audit(&caller, class, month("2013-01"), "满期");
            assert_eq!(cut.await.expect("cut").rows, rows, "{class:?}");
        }
        let verified = test.app.verify_audit().await.expect("verified");
        assert_eq!(verified.faults, Vec::<String>::new());
        assert_eq!(verified.taken_out, 11);
        // A chain of which nothing is left goes on where it ended.
        calls(&test).await;
        let verified = test.app.verify_audit().await.expect("verified");
        assert_eq!(verified.faults, Vec::<String>::new());
        assert_eq!(verified.rows, kept(&test).await.len() as u64);
    }
}

#[tokio::test]
async fn a_row_that_was_changed_is_named() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    record(&test, bakery_with_wang()).await;
    calls(&test).await;
    let path = test
        .directory
        .as_ref()
        .expect("a directory")
        .path()
        .join("test.db");
    let mut stranger =
        sqlx::ConnectOptions::connect(&sqlx::sqlite::SqliteConnectOptions::new().filename(path))
            .await
            .expect("a connection");
    for sql in [
        "DROP TRIGGER audit_event_refuses_update",
        "UPDATE audit_event SET caller = 'nobody' WHERE method LIKE '%MatchWorker'",
        "UPDATE audit_event SET frozen = CAST(frozen || x'00' AS BLOB) WHERE method LIKE '%GetEmployer'",
    ] {
        sqlx::query(sql).execute(&mut stranger).await.expect("done");
    }
    let verified = test.app.verify_audit().await.expect("verified");
    assert_eq!(verified.faults.len(), 3, "{:?}", verified.faults);
    assert!(
        verified
            .faults
            .iter()
            .any(|fault| fault.contains("columns"))
    );
    assert!(
        verified
            .faults
            .iter()
            .any(|fault| fault.contains("breaks the chain"))
    );
}

#[tokio::test]
async fn an_exported_bundle_is_verified_without_the_database_and_shows_every_change() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let caller = Caller::developer();
    record(&test, bakery_with_wang()).await;
    calls(&test).await;
    let mut bundle = Vec::new();
    let exported = test
        .app
        .export_audit(&caller, 0, i64::MAX, &mut bundle)
        .await
        .expect("exported");
    let text = String::from_utf8(bundle).expect("text");
    let verified = verify_bundle(&text, Some(&exported.public_key)).expect("as it was exported");
    assert_eq!((verified.rows, verified.links), (4, 4));
    assert!(!text.contains(WANG.0) && !text.contains(WANG.1));
    let other_key = "ab".repeat(32);
    assert_eq!(
        verify_bundle(&text, Some(&other_key)),
        Err(BundleError::Signature)
    );
    let lines: Vec<&str> = text.lines().collect();
    for left_out in 1..lines.len() - 1 {
        let mut fewer = lines.clone();
        fewer.remove(left_out);
        assert!(
            verify_bundle(&fewer.join("\n"), None).is_err(),
            "line {left_out}"
        );
    }
    let changed = text.replacen("00000008", "00000009", 1);
    assert_ne!(changed, text);
    assert!(verify_bundle(&changed, None).is_err());
    assert!(verify_bundle("", None).is_err());
}
