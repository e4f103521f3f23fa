//! Decisions whose facts and policies of then no longer give the answer of then: the rules have changed since. What is
//! kept of the answer tells what it was, whatever the measure.

use mamagang_app::Caller;
use mamagang_app::eligibility::{PolicyChoice, Replay, ReplayQuestion, Verdict};
use mamagang_domain::frozen::hex;
use mamagang_domain::ids::DecisionId;
use mamagang_domain::inclusive::PreferenceQuestion;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_testkit::{TestApp, context, date};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use crate::city::{BAKERY, WANG, bakery_with_wang, check, record};
use crate::replay::{ask_subsidy, ask_vat, subsidised};

/// A field of frozen bytes: its length, then the bytes.
fn field(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short");
    [&length.to_be_bytes()[..], bytes].concat()
}

/// Makes the row of a decision one that other rules gave: its short answer says otherwise, and so does its digest,
/// which is the last field.
async fn given_by_other_rules(test: &TestApp, id: DecisionId, then: &[u8], other: &[u8]) {
    let directory = test.directory.as_ref().expect("a directory");
    let path = directory.path().join("test.db");
    let opened = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await;
    let mut database = opened.expect("a database");
    let guard = "DROP TRIGGER IF EXISTS audit_event_refuses_update";
    let dropped = sqlx::raw_sql(guard).execute(&mut database).await;
    dropped.expect("the guard is away");
    let audit_id = hex(id.audit.bytes());
    let select = format!("SELECT frozen FROM audit_event WHERE audit_id = X'{audit_id}'");
    let row = sqlx::raw_sql(AssertSqlSafe(select))
        .fetch_one(&mut database)
        .await;
    let mut frozen: Vec<u8> = row.expect("a row").get(0);
    assert_eq!(then.len(), other.len());
    let mut found = frozen
        .windows(then.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == then);
    let (at, _) = found.next_back().expect("the short answer");
    frozen[at..at + other.len()].copy_from_slice(other);
    let last = frozen.last_mut().expect("a digest");
    *last = last.wrapping_add(1);
    let frozen = hex(&frozen);
    let update =
        format!("UPDATE audit_event SET frozen = X'{frozen}' WHERE audit_id = X'{audit_id}'");
    let updated = sqlx::raw_sql(AssertSqlSafe(update))
        .execute(&mut database)
        .await;
    assert_eq!(updated.expect("updated").rows_affected(), 1);
}

async fn replay(test: &TestApp, decision_id: DecisionId) -> Replay {
    let question = ReplayQuestion {
        decision_id,
        policy: PolicyChoice::OfThen,
        current_facts: false,
    };
    let replayed = test
        .app
        .replay_decision(&Caller::developer(), &context(), question)
        .await;
    replayed.expect("replayed")
}

#[tokio::test]
async fn outcome_and_sum_of_then_are_told_of_every_measure() {
    let test = TestApp::sqlite(date("2024-03-01")).await;
    let developer = Caller::developer();
    subsidised(&test).await;
    let subsidy = ask_subsidy(&test).await.decision_id;
    let vat = ask_vat(&test).await;
    let question = PreferenceQuestion {
        taxable_income_fen: Some(Fen::new(250_000_000)),
        staff_count: Some(20),
        total_assets_fen: Some(Fen::new(100_000_000)),
        ..PreferenceQuestion::of_year(TaxYear::new(2023).expect("a year"))
    };
    let asked = test.app.check_preferences(&developer, None, question).await;
    let preferences = asked.expect("decided").decision_id;

    for (id, name, then, now) in [
        (subsidy, "total_yuan", "900.00", "100.00"),
        (subsidy, "outcome", "ELIGIBLX", "ELIGIBLE"),
        (vat, "vat_yuan", "9.00", "5.00"),
        (vat, "outcome", "TAXABLX", "TAXABLE"),
        (
            preferences,
            "SmallProfitIncomeTax.amount_yuan",
            "925000.00",
            "125000.00",
        ),
    ] {
        let before = replay(&test, id).await;
        let so_far = before.differences.len();
        let line = |value: &str| [field(name.as_bytes()), field(value.as_bytes())].concat();
        given_by_other_rules(&test, id, &line(now), &line(then)).await;
        let replayed = replay(&test, id).await;
        if so_far == 0 {
            assert_eq!(before.verdict, Verdict::Identical);
            assert_eq!(replayed.verdict, Verdict::RulesDiffer, "{name}");
        }
        let told = replayed.differences.iter();
        let told: Vec<_> = told
            .map(|part| (part.field.as_str(), part.then.as_str(), part.now.as_str()))
            .collect();
        assert_eq!(told.len(), so_far + 1, "{told:?}");
        assert!(told.contains(&(name, then, now)), "{told:?}");
    }
}

/// Of measure 8 the short answer is two numbers.
#[tokio::test]
async fn outcome_and_sum_of_then_are_told_of_measure_8() {
    let test = TestApp::sqlite(date("2024-03-01")).await;
    record(&test, bakery_with_wang()).await;
    let question = check(WANG, BAKERY, "2023-12", "2023-12");
    let asked = test
        .app
        .check_key_group(&Caller::developer(), &context(), question, None)
        .await;
    let id = asked.expect("decided").decision_id;
    let numbers = |outcome: i64, total: i64| {
        [field(&outcome.to_be_bytes()), field(&total.to_be_bytes())].concat()
    };
    given_by_other_rules(&test, id, &numbers(0, 65_000), &numbers(2, 0)).await;
    let replayed = replay(&test, id).await;
    assert_eq!(replayed.verdict, Verdict::RulesDiffer);
    let told = replayed.differences.iter();
    let told: Vec<_> = told
        .map(|part| (part.field.as_str(), part.then.as_str(), part.now.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("outcome", "INELIGIBLE", "ELIGIBLE"),
            ("total_yuan", "0.00", "650.00")
        ]
    );
}
