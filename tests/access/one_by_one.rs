//! Employer A asks for everything of employer B, method by method: each call tells nothing, and its own row in the audit
//! trail says that it was refused.

use mamagang_app::authorise::{Role, Scope, row_of};
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::{
    GetWorkerTermRequest, ListEntriesRequest, MatchWorkerRequest, WorkerRef, worker_ref,
};
use tonic::Code;

use crate::cells::{Told, try_cell};
use crate::city::{BAKERY, City, FAR, NEAR, context, identity};
use crate::ids::Ids;
use crate::requests::{self, Filling};

/// Methods of an employer's software that name neither an employer nor a person, and answer about nobody.
fn concerns_nobody(scope: Scope) -> bool {
    scope != Scope::OwnEmployer
}

/// Of claims the table has none: they are tried where they are made (`tests/e2e/subsidy`).
const OF_CLAIMS: &[&str] = &[
    "mamagang.v1.SubsidyService/GetClaim",
    "mamagang.v1.SubsidyService/SubmitClaim",
];

/// What a method that decides about a person answers of one who is out of reach: as of one whom nobody knows.
const AS_IF_UNKNOWN: &[&str] = &[
    "mamagang.v1.VerificationService/BatchVerifyWorkerStatus",
    "mamagang.v1.VerificationService/VerifyWorkerStatus",
];

#[tokio::test]
async fn each_question_about_another_employer_is_refused_and_recorded_as_such() {
    let city = City::start().await;
    let pool = requests::pool();
    let mut filling = Filling {
        place: FAR,
        number: 0,
        ids: Ids::of(&city, FAR, 200).await,
    };
    let bakery = city.payroll(NEAR);
    let subject = format!("payroll-{BAKERY}");
    let mut tried = 0;
    let mut wrong = Vec::new();
    for method in requests::methods(&pool) {
        let name = format!("{}/{}", method.parent_service().full_name(), method.name());
        let row = row_of(&name).expect("a line in the matrix");
        if concerns_nobody(row.scope(Role::EmployerPayroll)) || OF_CLAIMS.contains(&&*name) {
            continue;
        }
        filling.number += 1;
        let before = city.rows_of(&subject).await.len();
        let told = try_cell(&city, &bakery, &method, &filling).await;
        let rows = city.rows_of(&subject).await.split_off(before);
        let (is_silent, expected) = match AS_IF_UNKNOWN.contains(&&*name) {
            true => (told == Told::Answered(Code::Ok), "OK"),
            false => (told.tells_nothing(), "PERMISSION_DENIED"),
        };
        let is_recorded = rows
            .iter()
            .any(|(method, outcome)| *method == name && outcome == expected);
        if !is_silent || !is_recorded {
            wrong.push(format!("{name}: {told:?}, recorded as {rows:?}"));
        }
        tried += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried >= 30, "{tried} methods");
}

#[tokio::test]
async fn tokens_of_another_employer_open_nothing_and_are_recorded() {
    let city = City::start().await;
    let (bakery, laundry) = (city.payroll(NEAR), city.payroll(FAR));
    Ids::of(&city, FAR, 200).await;
    let subject = format!("payroll-{BAKERY}");
    let mut registry = RegistryServiceClient::new(city.channel.clone());
    let mut ledger = LedgerServiceClient::new(city.channel.clone());
    let matching = MatchWorkerRequest {
        context: Some(context()),
        identity: Some(identity(FAR.person)),
    };
    let theirs = registry
        .match_worker(city.request(&laundry, matching))
        .await;
    let match_id = theirs.expect("its own person").into_inner().match_id;
    let term = GetWorkerTermRequest {
        context: Some(context()),
        worker: Some(WorkerRef {
            r#ref: Some(worker_ref::Ref::MatchId(match_id)),
        }),
        as_of_time: None,
    };
    let refused = ledger.get_worker_term(city.request(&bakery, term)).await;
    assert_eq!(
        refused.expect_err("another's match").code(),
        Code::FailedPrecondition
    );
    let expected = "mamagang.v1.LedgerService/GetWorkerTerm".to_owned();
    let rows = city.rows_of(&subject).await;
    assert_eq!(rows, [(expected, "MATCH_EXPIRED".to_owned())]);

    city.post_twice(FAR).await;
    let entries = |employer_code: &str, page_token: &str| ListEntriesRequest {
        employer_code: employer_code.to_owned(),
        page_size: 1,
        page_token: page_token.to_owned(),
        ..ListEntriesRequest::default()
    };
    let page = ledger
        .list_entries(city.request(&laundry, entries(FAR.employer_code, "")))
        .await;
    let token = page.expect("its own").into_inner().next_page_token;
    assert!(!token.is_empty());
    for (employer_code, code, outcome) in [
        (BAKERY, Code::InvalidArgument, "PAGE_TOKEN_INVALID"),
        // The token is looked at first: whose list it is does not matter.
        (
            FAR.employer_code,
            Code::InvalidArgument,
            "PAGE_TOKEN_INVALID",
        ),
    ] {
        let before = city.rows_of(&subject).await.len();
        let request = city.request(&bakery, entries(employer_code, &token));
        let refused = ledger.list_entries(request).await;
        assert_eq!(refused.expect_err("another's token").code(), code);
        let rows = city.rows_of(&subject).await.split_off(before);
        let expected = "mamagang.v1.LedgerService/ListEntries".to_owned();
        assert_eq!(rows, [(expected, outcome.to_owned())]);
    }
}
