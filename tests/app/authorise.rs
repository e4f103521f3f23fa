//! Who reaches what: employers themselves, clerks their towns.

use mamagang_app::authorise::{Role, Roles};
use mamagang_app::eligibility::StatusVerification;
use mamagang_app::facts::{FactInput, FactListQuery, FactOutcome, FactSubject, RecordFacts};
use mamagang_app::ledger::EmployerBalanceQuery;
use mamagang_app::workers::{MatchWorker, Who, WorkerTermQuery};
use mamagang_app::{AppResult, Caller, ErrorReason};
use mamagang_domain::fact::{EmployerKind, WorkerProfile};
use mamagang_domain::month::TaxYear;
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_testkit::{TestApp, context, date, identity};
use sqlx::Row as _;

use crate::city::{
    BAKERY, LAUNDRY, LI, WANG, bakery_with_wang, check, code, contract, employer, insured, item,
    lifted, post, record, who,
};

fn payroll_of(employer_code: &str) -> Caller {
    Caller {
        subject: "payroll".to_owned(),
        organisation: employer_code.to_owned(),
        roles: Roles::of(Role::EmployerPayroll),
        employer_code: Some(code(employer_code)),
        ..Caller::developer()
    }
}

fn clerk_of(region: &str) -> Caller {
    Caller {
        subject: format!("clerk-{region}"),
        roles: Roles::of(Role::HrClerk).and(Role::TaxOfficer),
        region_codes: vec![region.to_owned()],
        ..Caller::developer()
    }
}

/// A bakery with 王芳 and a laundry with 李敏, both in town 442000001.
async fn two_employers(test: &TestApp) {
    let mut items = bakery_with_wang();
    items.push(employer(LAUNDRY, EmployerKind::Company));
    items.push(lifted(LI));
    items.push(contract(LI, LAUNDRY, "L1", "2023-01-01"));
    items.extend(insured(LI, LAUNDRY, "2023-01", "2023-12"));
    record(test, items).await;
}

fn reason<T>(result: AppResult<T>) -> Option<ErrorReason> {
    result.err().map(|error| error.reason)
}

/// How many calls of a caller were recorded as refused for want of permission.
async fn denied(test: &TestApp, subject: &str) -> i64 {
    let directory = test.directory.as_ref().expect("a directory");
    let path = directory.path().join("test.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display()))
        .await
        .expect("a database");
    let count =
        "SELECT count(*) FROM audit_event WHERE caller = ? AND outcome = 'PERMISSION_DENIED'";
    let row = sqlx::query(count).bind(subject).fetch_one(&pool).await;
    row.expect("a row").get(0)
}

#[tokio::test]
async fn an_employer_reaches_itself_and_its_own_people_only() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    two_employers(&test).await;
    let app = &test.app;
    let bakery = payroll_of(BAKERY);
    let balance = |employer_code| EmployerBalanceQuery {
        employer_code: code(employer_code),
        tax_year: TaxYear::new(2023).expect("a year"),
        through: None,
        as_of: None,
    };
    let term = |person| WorkerTermQuery {
        context: context(),
        who: who(person),
        as_of: None,
    };
    let matching = |person: (&str, &str)| MatchWorker {
        context: context(),
        identity: identity(person.0, person.1),
    };
    let why = context();

    assert_eq!(
        reason(app.employer_balance(&bakery, balance(BAKERY)).await),
        None
    );
    assert_eq!(reason(app.worker_term(&bakery, term(WANG)).await), None);
    let own = app
        .check_key_group(
            &bakery,
            &why,
            check(WANG, BAKERY, "2023-01", "2023-12"),
            None,
        )
        .await
        .expect("a decision");
    assert_eq!(own.decision.outcome, Outcome::Eligible);

    let denial = Some(ErrorReason::PermissionDenied);
    assert_eq!(
        reason(app.employer_balance(&bakery, balance(LAUNDRY)).await),
        denial
    );
    assert_eq!(
        reason(app.get_employer(&bakery, code(LAUNDRY), None).await),
        denial
    );
    let entries = app.list_entries(&bakery, code(LAUNDRY), None, 0, 10, None);
    assert_eq!(reason(entries.await), denial);
    let other = check(WANG, LAUNDRY, "2023-01", "2023-12");
    assert_eq!(
        reason(app.check_key_group(&bakery, &why, other, None).await),
        denial
    );
    assert_eq!(
        reason(app.worker_term(&bakery, term(LI)).await),
        Some(ErrorReason::WorkerNotFound)
    );
    assert_eq!(
        reason(app.match_worker(&bakery, matching(LI)).await),
        Some(ErrorReason::WorkerNotFound)
    );
    // Posting is the tax office's.
    assert_eq!(
        reason(
            app.post_deduction(&bakery, post(1, BAKERY, "2023-02", 100))
                .await
        ),
        denial
    );
    assert_eq!(denied(&test, "payroll").await, 7);

    // Another employer's person is answered like one whom nobody knows; the trail tells who it was.
    let foreign = app
        .check_key_group(&bakery, &why, check(LI, BAKERY, "2023-01", "2023-12"), None)
        .await
        .expect("a decision");
    assert_eq!(foreign.decision.outcome, Outcome::Review);
    assert_eq!(foreign.decision.months[0].code, ReasonCode::NoRecord);
    assert_eq!(denied(&test, "payroll").await, 8);
}

#[tokio::test]
async fn permission_is_asked_before_it_is_said_whether_there_is_an_employer() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let error = test
        .app
        .get_employer(&payroll_of(BAKERY), code(LAUNDRY), None)
        .await;
    assert_eq!(reason(error), Some(ErrorReason::PermissionDenied));
    let own = test
        .app
        .get_employer(&payroll_of(BAKERY), code(BAKERY), None)
        .await;
    assert_eq!(reason(own), Some(ErrorReason::EmployerNotFound));
}

#[tokio::test]
async fn a_decision_and_a_match_of_another_employer_are_as_if_there_were_none() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    two_employers(&test).await;
    let app = &test.app;
    let (bakery, laundry) = (payroll_of(BAKERY), payroll_of(LAUNDRY));
    let why = context();
    let made = app
        .check_key_group(
            &laundry,
            &why,
            check(LI, LAUNDRY, "2023-01", "2023-12"),
            None,
        )
        .await
        .expect("a decision");
    let own = app.get_decision(&laundry, &why, made.decision_id).await;
    assert_eq!(reason(own), None);
    let foreign = app.get_decision(&bakery, &why, made.decision_id).await;
    assert_eq!(reason(foreign), Some(ErrorReason::DecisionNotFound));
    assert_eq!(denied(&test, "payroll").await, 1);

    let matched = app
        .match_worker(
            &laundry,
            MatchWorker {
                context: context(),
                identity: identity(LI.0, LI.1),
            },
        )
        .await
        .expect("a match");
    // Also where both call through one organisation.
    for organisation in [BAKERY, LAUNDRY] {
        let caller = Caller {
            organisation: organisation.to_owned(),
            ..bakery.clone()
        };
        let question = StatusVerification {
            who: Who::MatchId(matched.match_id.clone()),
            as_of_on: date("2023-01-01"),
        };
        let used = app.verify_status(&caller, &why, question).await;
        assert_eq!(reason(used), Some(ErrorReason::MatchExpired));
    }
}

#[tokio::test]
async fn identities_are_masked_unless_asked_for_by_those_who_may_see_them() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    let profile = WorkerProfile {
        town_code: "442000001".to_owned(),
    };
    record(
        &test,
        vec![item(FactInput::WorkerProfile(
            identity(WANG.0, WANG.1),
            profile,
        ))],
    )
    .await;
    let shown = |role: Role, show_identity: bool, case_number: &str| {
        let caller = Caller {
            roles: Roles::of(role),
            ..Caller::developer()
        };
        let query = FactListQuery {
            context: mamagang_app::AccessContext {
                case_number: case_number.to_owned(),
                ..context()
            },
            subject: FactSubject::Worker(who(WANG)),
            kinds: Vec::new(),
            include_history: false,
            show_identity,
            as_of: None,
            after: 0,
            limit: 10,
        };
        let app = test.app.clone();
        async move {
            let listed = app.list_facts(&caller, query).await?;
            Ok::<_, mamagang_app::AppError>(
                listed.facts[0].identity.clone().expect("an identity").1,
            )
        }
    };
    for role in [
        Role::HrClerk,
        Role::HrReviewer,
        Role::TaxOfficer,
        Role::TaxAuditor,
    ] {
        let masked = shown(role, false, "T-1").await.expect("facts");
        assert_eq!(masked, "442000********9982");
        assert_eq!(shown(role, true, "T-1").await.expect("facts"), WANG.0);
    }
    let without_case = shown(Role::TaxOfficer, true, " ").await;
    assert_eq!(reason(without_case), Some(ErrorReason::PermissionDenied));
}

#[tokio::test]
async fn a_towns_clerk_does_not_read_another_town() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    two_employers(&test).await;
    let app = &test.app;
    let why = context();
    let question = || check(WANG, BAKERY, "2023-01", "2023-12");
    for (region, is_own) in [("442000001", true), ("4420", true), ("442000002", false)] {
        let clerk = clerk_of(region);
        let expected = (!is_own).then_some(ErrorReason::EmployerNotFound);
        let found = app.get_employer(&clerk, code(BAKERY), None).await;
        assert_eq!(reason(found), expected, "{region}");
        let checked = app.check_key_group(&clerk, &why, question(), None).await;
        assert_eq!(reason(checked), expected, "{region}");
        let posted = app.post_deduction(&clerk, post(9, BAKERY, "2023-02", 100));
        assert_eq!(reason(posted.await), expected, "{region}");
        let listed = app.list_employers(&clerk, "", None, 10, None).await;
        let listed = listed.expect("a page").employers.len();
        assert_eq!(listed, if is_own { 2 } else { 0 }, "{region}");
        // 王芳 has no town of her own: her employer's counts.
        let term = WorkerTermQuery {
            context: context(),
            who: who(WANG),
            as_of: None,
        };
        let expected = (!is_own).then_some(ErrorReason::WorkerNotFound);
        assert_eq!(reason(app.worker_term(&clerk, term).await), expected);
    }
    assert_eq!(denied(&test, "clerk-442000002").await, 4);
}

#[tokio::test]
async fn a_towns_clerk_records_nothing_of_another_town() {
    let test = TestApp::sqlite(date("2024-02-01")).await;
    two_employers(&test).await;
    let profile = |town: &str, person: (&str, &str)| {
        let profile = WorkerProfile {
            town_code: town.to_owned(),
        };
        item(FactInput::WorkerProfile(
            identity(person.0, person.1),
            profile,
        ))
    };
    let newcomer = ("442000199107145686", "陈秀");
    let clerk = clerk_of("442000002");
    let items = vec![
        employer(BAKERY, EmployerKind::Company),
        lifted(WANG),
        contract(WANG, BAKERY, "C9", "2024-01-01"),
        profile("442000001", newcomer),
        lifted(newcomer),
        profile("442000002", newcomer),
        lifted(newcomer),
    ];
    let request = RecordFacts {
        request: None,
        method: "mamagang.v1.RegistryService/RecordFacts",
        items,
        unread: Vec::new(),
    };
    let outcomes = test
        .app
        .record_facts(&clerk, request)
        .await
        .expect("outcomes");
    let recorded: Vec<bool> = outcomes
        .iter()
        .map(|outcome| match outcome {
            FactOutcome::Recorded(_) => true,
            FactOutcome::Refused { reason, .. } | FactOutcome::Unread { reason, .. } => {
                assert_eq!(*reason, ErrorReason::PermissionDenied);
                false
            }
        })
        .collect();
    assert_eq!(recorded, [false, false, false, false, false, true, true]);
    let fact_id = {
        let query = FactListQuery {
            context: context(),
            subject: FactSubject::Employer(code(BAKERY)),
            kinds: Vec::new(),
            include_history: false,
            show_identity: false,
            as_of: None,
            after: 0,
            limit: 10,
        };
        let listed = test.app.list_facts(&Caller::developer(), query).await;
        listed.expect("facts").facts[0].fact_id
    };
    let retraction = mamagang_app::facts::RetractFact {
        request: mamagang_testkit::write(5, "r"),
        fact_id,
        reason: "错误".to_owned(),
    };
    let error = test.app.retract_fact(&clerk, retraction).await;
    assert_eq!(reason(error), Some(ErrorReason::FactNotFound));
}
