//! Employer A asks for everything of employer B, method by method: each call tells nothing, and its own row in the audit
//! trail says that it was refused.

use mamagang_app::authorise::{Role, Scope, row_of};
use mamagang_proto::v1::audit_service_client::AuditServiceClient;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::subsidy_service_client::SubsidyServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use mamagang_proto::v1::{
    BatchVerifyWorkerStatusRequest, CheckKeyGroupDeductionRequest, CheckSubsidyRequest,
    ContractKind, FactKind, GetWorkerTermRequest, ListEntriesRequest, ListRegisterRequest,
    ListSubjectAccessRequest, MatchWorkerRequest, SubmitClaimRequest, SubsidyKind,
    VerifyContractRequest, VerifyWorkerStatusRequest, WorkerRef, WorkerStatusCheck, worker_ref,
};
use tonic::Code;

use crate::cells::{Told, try_cell};
use crate::city::{BAKERY, City, FAR, NEAR, context, identity, request_id, worker};
use crate::claims::CLAIMED_QUARTER;
use crate::ids::Ids;
use crate::requests::{self, Filling};

/// Methods of an employer's software that name neither an employer nor a person, and answer about nobody.
fn concerns_nobody(scope: Scope) -> bool {
    scope != Scope::OwnEmployer
}

/// What a method that decides about a person answers of one who is out of reach: as of one whom nobody knows. The trail
/// tells them apart.
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
        if concerns_nobody(row.scope(Role::EmployerPayroll)) {
            continue;
        }
        filling.number += 1;
        let before = city.rows_of(&subject).await.len();
        let told = try_cell(&city, &bakery, &method, &filling).await;
        let rows = city.rows_of(&subject).await.split_off(before);
        let is_silent = match AS_IF_UNKNOWN.contains(&&*name) {
            true => told == Told::Answered(Code::Ok),
            false => told.tells_nothing(),
        };
        let is_recorded = rows
            .iter()
            .any(|(method, outcome)| *method == name && outcome == "PERMISSION_DENIED");
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

/// The person whom nobody knows.
const NOBODY: (&str, &str) = ("440000198702209975", "赵敏");

/// Method and outcome of the rows that tell who saw, or asked for, a person's data: those of a subject's calls.
async fn accesses(city: &City, subject: &str, person: (&str, &str)) -> Vec<(String, String)> {
    let reader = city.token("reader", "audit", &["audit_reader"], "", &[]);
    let asked = ListSubjectAccessRequest {
        context: Some(context()),
        worker: Some(worker(person)),
        page_size: 1_000,
        ..ListSubjectAccessRequest::default()
    };
    let mut audit = AuditServiceClient::new(city.channel.clone());
    let listed = audit
        .list_subject_access(city.request(&reader, asked))
        .await;
    let events = listed.expect("listed").into_inner().events.into_iter();
    let events = events.filter(|event| event.caller == subject);
    events.map(|event| (event.method, event.outcome)).collect()
}

#[tokio::test]
async fn a_person_out_of_reach_is_told_from_an_unknown_one_by_the_trail_alone() {
    let city = City::start().await;
    let bakery = city.payroll(NEAR);
    let subject = format!("payroll-{BAKERY}");
    let method = "mamagang.v1.VerificationService/VerifyWorkerStatus".to_owned();
    let mut verification = VerificationServiceClient::new(city.channel.clone());
    let mut verified = Vec::new();
    for (person, expected) in [
        (NOBODY, &["OK"][..]),
        (FAR.person, &["OK", "PERMISSION_DENIED"]),
        (NEAR.person, &["OK"]),
    ] {
        let before = city.rows_of(&subject).await.len();
        let status = VerifyWorkerStatusRequest {
            context: Some(context()),
            worker: Some(worker(person)),
            as_of_date: "2023-01-01".to_owned(),
        };
        let status = city.request(&bakery, status);
        let answer = verification.verify_worker_status(status).await;
        let mut answer = answer.expect("an answer").into_inner();
        answer.reference_number.clear();
        verified.push(answer);
        let rows = city.rows_of(&subject).await.split_off(before);
        let expected = expected
            .iter()
            .map(|outcome| (method.clone(), (*outcome).to_owned()));
        assert_eq!(rows, expected.collect::<Vec<_>>(), "{person:?}");
    }
    assert_eq!(verified[0], verified[1], "the caller sees no difference");
    assert_ne!(verified[0], verified[2]);
    let denied = "PERMISSION_DENIED".to_owned();
    let about_far = accesses(&city, &subject, FAR.person).await;
    assert_eq!(about_far, [(method.clone(), denied)]);
    let about_near = accesses(&city, &subject, NEAR.person).await;
    assert_eq!(about_near, [(method, "OK".to_owned())]);
}

#[tokio::test]
async fn a_batch_names_those_out_of_reach_in_a_row_of_their_own() {
    let city = City::start().await;
    let bakery = city.payroll(NEAR);
    let subject = format!("payroll-{BAKERY}");
    let method = "mamagang.v1.VerificationService/BatchVerifyWorkerStatus".to_owned();
    let checks = [NEAR.person, FAR.person, NOBODY, FAR.person];
    let checks = checks
        .iter()
        .enumerate()
        .map(|(row, person)| WorkerStatusCheck {
            row_key: row.to_string(),
            worker: Some(worker(*person)),
            as_of_date: "2023-01-01".to_owned(),
        });
    let batch = BatchVerifyWorkerStatusRequest {
        context: Some(context()),
        checks: checks.collect(),
    };
    let mut verification = VerificationServiceClient::new(city.channel.clone());
    let batch = city.request(&bakery, batch);
    let answered = verification.batch_verify_worker_status(batch).await;
    assert_eq!(answered.expect("answers").into_inner().results.len(), 4);
    let told = |outcome: &str| (method.clone(), outcome.to_owned());
    let (ok, denied) = (told("OK"), told("PERMISSION_DENIED"));
    assert_eq!(city.rows_of(&subject).await, [ok.clone(), denied.clone()]);
    assert_eq!(accesses(&city, &subject, FAR.person).await, [denied]);
    assert_eq!(accesses(&city, &subject, NEAR.person).await, [ok]);
}

/// Decisions of the caller's own employer on a person who has no contract there.
#[tokio::test]
async fn a_check_of_another_employers_person_is_answered_and_recorded_as_out_of_reach() {
    let city = City::start().await;
    let bakery = city.payroll(NEAR);
    let subject = format!("payroll-{BAKERY}");
    let mut eligibility = EligibilityServiceClient::new(city.channel.clone());
    let mut verification = VerificationServiceClient::new(city.channel.clone());
    let check = CheckKeyGroupDeductionRequest {
        context: Some(context()),
        employer_code: BAKERY.to_owned(),
        worker: Some(worker(FAR.person)),
        from_month: "2023-01".to_owned(),
        through_month: "2023-01".to_owned(),
        as_of_time: None,
    };
    let check = city.request(&bakery, check);
    eligibility
        .check_key_group_deduction(check)
        .await
        .expect("an answer");
    let subsidy = CheckSubsidyRequest {
        context: Some(context()),
        kind: SubsidyKind::Post.into(),
        employer_code: BAKERY.to_owned(),
        worker: Some(worker(FAR.person)),
        from_month: "2023-06".to_owned(),
        through_month: "2023-06".to_owned(),
    };
    let subsidy = city.request(&bakery, subsidy);
    eligibility.check_subsidy(subsidy).await.expect("an answer");
    let contract = VerifyContractRequest {
        context: Some(context()),
        employer_code: BAKERY.to_owned(),
        worker: Some(worker(FAR.person)),
        expected_kind: ContractKind::LabourContract.into(),
        as_of_date: "2023-06-01".to_owned(),
    };
    let contract = city.request(&bakery, contract);
    verification
        .verify_contract(contract)
        .await
        .expect("an answer");
    let methods = [
        "mamagang.v1.EligibilityService/CheckKeyGroupDeduction",
        "mamagang.v1.EligibilityService/CheckSubsidy",
        "mamagang.v1.VerificationService/VerifyContract",
    ];
    let denied = methods.map(|method| (method.to_owned(), "PERMISSION_DENIED".to_owned()));
    assert_eq!(accesses(&city, &subject, FAR.person).await, denied);
    let rows = city.rows_of(&subject).await;
    assert_eq!(rows.len(), 2 * methods.len(), "{rows:?}");
}

/// Under the caller's own code, another's claim is as absent as one that nobody has.
#[tokio::test]
async fn anothers_claim_is_not_submitted_again_under_ones_own_code() {
    let city = City::start().await;
    let bakery = city.payroll(NEAR);
    let subject = format!("payroll-{BAKERY}");
    let theirs = Ids::of(&city, FAR, 200).await.claims.submitted;
    let mut subsidies = SubsidyServiceClient::new(city.channel.clone());
    let mut told = Vec::new();
    for (number, claim_id, outcome) in [
        (900, theirs, "PERMISSION_DENIED"),
        (901, request_id(999), "CASE_NOT_FOUND"),
    ] {
        let before = city.rows_of(&subject).await.len();
        let claim = SubmitClaimRequest {
            request_id: request_id(number),
            employer_code: BAKERY.to_owned(),
            kind: SubsidyKind::EmployerInsurance.into(),
            quarter: CLAIMED_QUARTER.to_owned(),
            claim_id: claim_id.clone(),
            ..SubmitClaimRequest::default()
        };
        let refused = subsidies.submit_claim(city.request(&bakery, claim)).await;
        let refused = refused.expect_err("out of reach");
        told.push((refused.code(), refused.message().replace(&claim_id, "")));
        let rows = city.rows_of(&subject).await.split_off(before);
        let method = "mamagang.v1.SubsidyService/SubmitClaim".to_owned();
        assert_eq!(rows, [(method, outcome.to_owned())]);
    }
    assert_eq!(told[0].0, Code::NotFound);
    assert_eq!(told[0], told[1], "the caller sees no difference");
}

/// A clerk of one town is shown that town's part of a register.
#[tokio::test]
async fn a_register_is_shown_as_far_as_the_caller_reaches() {
    let city = City::start().await;
    let mut registry = RegistryServiceClient::new(city.channel.clone());
    let mut told = Vec::new();
    for region_codes in [&[NEAR.town_code][..], &[FAR.town_code], &[]] {
        let clerk = city.token("clerk", "hr", &["hr_clerk"], "", region_codes);
        let register = ListRegisterRequest {
            context: Some(context()),
            kind: FactKind::PovertyStatus.into(),
            ..ListRegisterRequest::default()
        };
        let listed = registry.list_register(city.request(&clerk, register)).await;
        let entries = listed.expect("listed").into_inner().entries.into_iter();
        told.push(entries.map(|entry| entry.worker_id).collect::<Vec<_>>());
    }
    let [near, far, all] = told.try_into().expect("three answers");
    assert_eq!((near.len(), far.len(), all.len()), (1, 1, 2));
    assert_ne!(near, far);
}
