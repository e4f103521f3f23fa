//! One employer asks for another's, in every way there is.

use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use mamagang_proto::v1::{
    self, CheckKeyGroupDeductionRequest, GetDecisionRequest, GetEmployerBalanceRequest,
    GetEmployerRequest, GetWorkerTermRequest, KeyGroupCheck, ListEntriesRequest,
    MatchWorkerRequest, PostDeductionRequest, StreamKeyGroupChecksRequest, VerifyContractRequest,
    VerifyWorkerStatusRequest, WorkerRef, key_group_check_result, worker_ref,
};
use tonic::Code;

use crate::city::{BAKERY, City, FAR, LAUNDRY, NEAR, context, identity, request_id, worker};

fn check(employer_code: &str, who: WorkerRef) -> CheckKeyGroupDeductionRequest {
    CheckKeyGroupDeductionRequest {
        context: Some(context()),
        employer_code: employer_code.to_owned(),
        worker: Some(who),
        from_month: "2023-01".to_owned(),
        through_month: "2023-01".to_owned(),
        as_of_time: None,
    }
}

fn entries(employer_code: &str, page_token: &str) -> ListEntriesRequest {
    ListEntriesRequest {
        employer_code: employer_code.to_owned(),
        page_size: 1,
        page_token: page_token.to_owned(),
        ..ListEntriesRequest::default()
    }
}

#[tokio::test]
async fn an_employer_gets_nothing_of_another_and_every_try_is_recorded() {
    let city = City::start().await;
    let (bakery, laundry) = (city.payroll(NEAR), city.payroll(FAR));
    let subject = format!("payroll-{BAKERY}");
    let mut ledger = LedgerServiceClient::new(city.channel.clone());
    let mut registry = RegistryServiceClient::new(city.channel.clone());
    let mut eligibility = EligibilityServiceClient::new(city.channel.clone());
    let mut verification = VerificationServiceClient::new(city.channel.clone());
    let denied = |result: Result<(), tonic::Status>, what: &str| {
        assert_eq!(
            result.expect_err(what).code(),
            Code::PermissionDenied,
            "{what}"
        );
    };
    let absent = |result: Result<(), tonic::Status>, what: &str| {
        assert_eq!(result.expect_err(what).code(), Code::NotFound, "{what}");
    };

    // The balance, the profile, the entries.
    let balance = |employer_code: &str| GetEmployerBalanceRequest {
        employer_code: employer_code.to_owned(),
        tax_year: 2023,
        ..GetEmployerBalanceRequest::default()
    };
    let own = ledger
        .get_employer_balance(city.request(&bakery, balance(BAKERY)))
        .await;
    assert!(own.is_ok(), "its own");
    let asked = ledger
        .get_employer_balance(city.request(&bakery, balance(LAUNDRY)))
        .await;
    denied(asked.map(drop), "a balance");
    let profile = GetEmployerRequest {
        employer_code: LAUNDRY.to_owned(),
        as_of_time: None,
    };
    let asked = registry.get_employer(city.request(&bakery, profile)).await;
    denied(asked.map(drop), "a profile");
    let asked = ledger
        .list_entries(city.request(&bakery, entries(LAUNDRY, "")))
        .await;
    denied(asked.map(drop), "entries");
    let (_, refused) = city.recorded(&subject).await;
    assert_eq!(refused, 3);

    // The worker: by identity, by our id, by the other's match.
    let matching = |person| MatchWorkerRequest {
        context: Some(context()),
        identity: Some(identity(person)),
    };
    let asked = registry
        .match_worker(city.request(&bakery, matching(FAR.person)))
        .await;
    absent(asked.map(drop), "a match");
    let term = |who| GetWorkerTermRequest {
        context: Some(context()),
        worker: Some(who),
        as_of_time: None,
    };
    let asked = ledger
        .get_worker_term(city.request(&bakery, term(worker(FAR.person))))
        .await;
    absent(asked.map(drop), "a term");
    let theirs = registry
        .match_worker(city.request(&laundry, matching(FAR.person)))
        .await;
    let match_id = theirs.expect("its own person").into_inner().match_id;
    let by_match = WorkerRef {
        r#ref: Some(worker_ref::Ref::MatchId(match_id)),
    };
    let asked = ledger
        .get_worker_term(city.request(&bakery, term(by_match)))
        .await;
    assert_eq!(
        asked.expect_err("a match of another").code(),
        Code::FailedPrecondition
    );
    let status = VerifyWorkerStatusRequest {
        context: Some(context()),
        worker: Some(worker(FAR.person)),
        as_of_date: "2023-01-01".to_owned(),
    };
    let asked = verification
        .verify_worker_status(city.request(&bakery, status))
        .await;
    let asked = asked.expect("an answer").into_inner();
    assert_eq!(
        asked.reasons[0].code(),
        v1::ReasonCode::NoRecord,
        "as if unknown"
    );
    assert_eq!((asked.category, asked.months_used), (0, 0));

    // Checks and contracts.
    let asked = eligibility
        .check_key_group_deduction(city.request(&bakery, check(LAUNDRY, worker(FAR.person))))
        .await;
    denied(asked.map(drop), "a check");
    let asked = eligibility
        .check_key_group_deduction(city.request(&bakery, check(BAKERY, worker(FAR.person))))
        .await;
    let decision = asked
        .expect("an answer")
        .into_inner()
        .decision
        .expect("a decision");
    assert_eq!(
        decision.months[0].reason(),
        v1::ReasonCode::NoRecord,
        "as if unknown"
    );
    assert!(decision.evidence.is_empty());
    let contract = VerifyContractRequest {
        context: Some(context()),
        employer_code: LAUNDRY.to_owned(),
        worker: Some(worker(FAR.person)),
        expected_kind: v1::ContractKind::LabourContract.into(),
        as_of_date: "2023-06-01".to_owned(),
    };
    let asked = verification
        .verify_contract(city.request(&bakery, contract))
        .await;
    denied(asked.map(drop), "a contract");

    // The stream.
    let row = StreamKeyGroupChecksRequest {
        context: Some(context()),
        check: Some(KeyGroupCheck {
            row_key: "1".to_owned(),
            employer_code: LAUNDRY.to_owned(),
            worker: Some(worker(FAR.person)),
            from_month: "2023-01".to_owned(),
            through_month: "2023-01".to_owned(),
        }),
        as_of_time: None,
    };
    let stream = city.request(&bakery, tokio_stream::once(row));
    let mut answers = eligibility
        .stream_key_group_checks(stream)
        .await
        .expect("a stream")
        .into_inner();
    let answer = answers
        .message()
        .await
        .expect("an answer")
        .expect("an answer");
    match answer.result.and_then(|result| result.result) {
        Some(key_group_check_result::Result::Error(error)) => {
            assert_eq!(Code::from(error.code), Code::PermissionDenied);
        }
        other => panic!("{other:?}"),
    }

    // A decision by its id.
    let theirs = eligibility
        .check_key_group_deduction(city.request(&laundry, check(LAUNDRY, worker(FAR.person))))
        .await;
    let decision_id = theirs
        .expect("its own")
        .into_inner()
        .decision
        .expect("a decision")
        .decision_id;
    let by_id = |decision_id: &str| GetDecisionRequest {
        with_explanation: false,
        context: Some(context()),
        decision_id: decision_id.to_owned(),
    };
    let asked = eligibility
        .get_decision(city.request(&laundry, by_id(&decision_id)))
        .await;
    assert!(asked.is_ok(), "its own");
    let asked = eligibility
        .get_decision(city.request(&bakery, by_id(&decision_id)))
        .await;
    absent(asked.map(drop), "a decision");

    // A page token. The tax office posts two periods for each, so that there is a second page.
    let officer = city.token("officer", "tax", &["tax_officer"], "", &[]);
    for (number, (employer_code, period)) in [
        (BAKERY, "2023-01"),
        (BAKERY, "2023-02"),
        (LAUNDRY, "2023-01"),
        (LAUNDRY, "2023-02"),
    ]
    .into_iter()
    .enumerate()
    {
        let posting = PostDeductionRequest {
            request_id: request_id(500 + number),
            employer_code: employer_code.to_owned(),
            period: period.to_owned(),
            release: v1::Release::Cumulative.into(),
            vat_payable_fen: 100,
            ..PostDeductionRequest::default()
        };
        let posted = ledger.post_deduction(city.request(&officer, posting)).await;
        assert!(posted.is_ok(), "{posted:?}");
    }
    let page = ledger
        .list_entries(city.request(&laundry, entries(LAUNDRY, "")))
        .await;
    let token = page.expect("its own").into_inner().next_page_token;
    assert!(!token.is_empty());
    let asked = ledger
        .list_entries(city.request(&bakery, entries(LAUNDRY, &token)))
        .await;
    assert_ne!(asked.expect_err("another's list").code(), Code::Ok);
    let asked = ledger
        .list_entries(city.request(&bakery, entries(BAKERY, &token)))
        .await;
    assert_eq!(
        asked.expect_err("another's token").code(),
        Code::InvalidArgument
    );

    let (calls, refused) = city.recorded(&subject).await;
    assert!(refused >= 9, "{refused} of {calls} are recorded as refused");
    assert!(calls >= refused + 4, "{calls} calls are recorded");
}
