//! FilingService: from the draft of a filing to the end of a hire, and what decisions make of it.

use mamagang_proto::v1::{
    self, CheckKeyGroupDeductionRequest, DecideFilingRequest, EndHireRequest, FiledPost,
    FilingDecision, FilingKind, FilingState, GetFilingRequest, HireState, ListFilingsRequest,
    ListHiresRequest, ListOpenPostsRequest, RegisterHireRequest, ReportHireRequest,
    SubmitFilingRequest, fact,
};
use mamagang_testkit::date;
use std::sync::Arc;
use tonic::Code;

use crate::harness::{
    BAKERY, Desks, LAUNDRY, LI, Service, WANG, bakery_with_wang, context, contract, details,
    employer, from, insured, lifted, reason, request_id, worker,
};

async fn started() -> Service {
    let service = Service::start_for(Arc::new(Desks)).await;
    service.record(1, bakery_with_wang()).await;
    service.record(2, vec![employer(LAUNDRY), lifted(LI)]).await;
    service
}

fn post(post_key: &str, count: i32) -> FiledPost {
    FiledPost {
        post_key: post_key.to_owned(),
        title: "面点裱花".to_owned(),
        count,
        weekly_hours: 30,
        working_hours: "9:00–15:00，弹性".to_owned(),
        pay_min_fen: 2_000,
        pay_max_fen: 2_800,
        pay_unit: v1::PayUnit::Hour.into(),
        town_code: "442000001".to_owned(),
        filled: 0,
        vacancies: 0,
    }
}

fn filing(number: u128, posts: Vec<FiledPost>) -> SubmitFilingRequest {
    SubmitFilingRequest {
        request_id: request_id(number),
        employer_code: BAKERY.to_owned(),
        kind: FilingKind::LabourContract.into(),
        town_code: "442000001".to_owned(),
        guideline_version: "2022".to_owned(),
        posts,
        ..SubmitFilingRequest::default()
    }
}

fn decision(number: u128, filing_id: &str, decision: FilingDecision) -> DecideFilingRequest {
    DecideFilingRequest {
        request_id: request_id(number),
        filing_id: filing_id.to_owned(),
        decision: decision.into(),
        reason: "材料核对".to_owned(),
        ..DecideFilingRequest::default()
    }
}

async fn submit(service: &Service, request: SubmitFilingRequest) -> v1::Filing {
    let answer = service.filings().submit_filing(from(BAKERY, request)).await;
    answer
        .expect("filed")
        .into_inner()
        .filing
        .expect("a filing")
}

async fn decide(service: &Service, request: DecideFilingRequest) -> v1::Filing {
    let answer = service
        .filings()
        .decide_filing(from("reviewer", request))
        .await;
    answer
        .expect("decided")
        .into_inner()
        .filing
        .expect("a filing")
}

/// A filing of the bakery with two places, accepted on the service's day.
async fn accepted(service: &Service) -> String {
    let filed = submit(service, filing(100, vec![post("P1", 2)])).await;
    let accepted = decision(101, &filed.filing_id, FilingDecision::Accept);
    decide(service, accepted).await.filing_id
}

fn hire(number: u128, filing_id: &str, person: (&str, &str), day: &str) -> ReportHireRequest {
    ReportHireRequest {
        request_id: request_id(number),
        context: context(),
        filing_id: filing_id.to_owned(),
        post_key: "P1".to_owned(),
        worker: worker(person),
        hired_date: day.to_owned(),
        carer_group: v1::CarerGroup::Mother.into(),
        ..ReportHireRequest::default()
    }
}

async fn report(service: &Service, request: ReportHireRequest) -> Result<v1::Hire, tonic::Status> {
    let answer = service.filings().report_hire(from(BAKERY, request)).await?;
    Ok(answer.into_inner().hire.expect("a hire"))
}

#[tokio::test]
async fn a_filing_goes_from_draft_to_revocation_and_its_history_tells_so() {
    let service = started().await;
    let mut draft = filing(10, vec![post("P1", 2)]);
    draft.draft = true;
    let filed = submit(&service, draft).await;
    assert_eq!(
        (filed.state(), filed.submitted_date.as_str()),
        (FilingState::Draft, "")
    );

    let mut submission = filing(11, vec![post("P1", 3)]);
    submission.filing_id.clone_from(&filed.filing_id);
    let submitted = submit(&service, submission.clone()).await;
    assert_eq!(submitted.state(), FilingState::Submitted);
    assert_eq!(submitted.submitted_date, "2024-02-01");
    // The same request again gets the first answer and writes nothing.
    assert_eq!(submit(&service, submission.clone()).await, submitted);

    let returned = decide(
        &service,
        decision(12, &filed.filing_id, FilingDecision::Return),
    )
    .await;
    assert_eq!(returned.state(), FilingState::Returned);
    submission.request_id = request_id(13);
    submit(&service, submission).await;
    service.test.clock.move_to(date("2024-02-05"));
    let accept = decision(14, &filed.filing_id, FilingDecision::Accept);
    let accepted = decide(&service, accept).await;
    assert_eq!(
        (accepted.state(), accepted.accepted_date.as_str()),
        (FilingState::Accepted, "2024-02-05")
    );
    let accepted_at = accepted.updated_time;
    service.test.clock.move_to(date("2024-03-01"));
    decide(
        &service,
        decision(15, &filed.filing_id, FilingDecision::Freeze),
    )
    .await;
    let revoked = decide(
        &service,
        decision(16, &filed.filing_id, FilingDecision::Revoke),
    )
    .await;
    assert_eq!(revoked.revoked_date, "2024-03-01");

    let asked = GetFilingRequest {
        filing_id: filed.filing_id.clone(),
        as_of_time: None,
    };
    let told = service.filings().get_filing(from("clerk", asked)).await;
    let told = told.expect("known").into_inner();
    let states: Vec<&str> = told
        .history
        .iter()
        .map(|step| step.state.as_str())
        .collect();
    let life = "DRAFT SUBMITTED RETURNED SUBMITTED ACCEPTED FROZEN REVOKED";
    assert_eq!(states, life.split(' ').collect::<Vec<_>>());
    assert_eq!(told.history[2].reason, "材料核对");
    assert_eq!(told.filing, Some(revoked));

    let as_it_was = GetFilingRequest {
        filing_id: filed.filing_id,
        as_of_time: accepted_at,
    };
    let told = service.filings().get_filing(from("clerk", as_it_was)).await;
    let told = told.expect("known").into_inner();
    assert_eq!((told.filing, told.history.len()), (Some(accepted), 5));
    let report = service
        .test
        .app
        .rebuild_and_compare()
        .await
        .expect("a report");
    assert_eq!((report.differences, report.cases), (vec![], 1));
}

#[tokio::test]
async fn a_step_that_the_state_does_not_allow_is_refused_by_name() {
    let service = started().await;
    let filed = submit(&service, filing(10, vec![post("P1", 1)])).await;
    let freeze = decision(11, &filed.filing_id, FilingDecision::Freeze);
    let refused = service
        .filings()
        .decide_filing(from("reviewer", freeze))
        .await;
    let refused = refused.expect_err("not accepted yet");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "TRANSITION_NOT_ALLOWED");
    let details = details(&refused);
    let told = &details.error_info().expect("an ErrorInfo").metadata;
    let told = ["kind", "state", "action", "refusal"].map(|name| told[name].as_str());
    assert_eq!(told, ["FILING", "SUBMITTED", "FREEZE", "NOT_ACCEPTED"]);
}

#[tokio::test]
async fn who_files_does_not_decide_and_another_employers_filing_is_not_there() {
    let service = started().await;
    let filed = submit(&service, filing(10, vec![post("P1", 1)])).await;
    let accept = || decision(11, &filed.filing_id, FilingDecision::Accept);
    let refused = service
        .filings()
        .decide_filing(from(BAKERY, accept()))
        .await;
    assert_eq!(refused.expect_err("its own").code(), Code::PermissionDenied);
    // The developer has every role and is one person all the same.
    let own = filing(12, vec![post("P1", 1)]);
    let own = service
        .filings()
        .submit_filing(own)
        .await
        .expect("filed")
        .into_inner();
    let own = own.filing.expect("a filing").filing_id;
    let refused = service
        .filings()
        .decide_filing(decision(13, &own, FilingDecision::Accept))
        .await;
    assert_eq!(
        reason(&refused.expect_err("the same person")),
        "SECOND_PERSON_REQUIRED"
    );

    let asked = GetFilingRequest {
        filing_id: filed.filing_id.clone(),
        as_of_time: None,
    };
    let refused = service.filings().get_filing(from(LAUNDRY, asked)).await;
    assert_eq!(reason(&refused.expect_err("another's")), "CASE_NOT_FOUND");
    let listed = service
        .filings()
        .list_filings(from(LAUNDRY, ListFilingsRequest::default()))
        .await;
    assert_eq!(listed.expect("a list").into_inner().filings, []);
    let mut foreign = filing(14, vec![post("P1", 1)]);
    foreign.filing_id.clone_from(&filed.filing_id);
    foreign.employer_code = LAUNDRY.to_owned();
    let refused = service
        .filings()
        .submit_filing(from(LAUNDRY, foreign))
        .await;
    assert_eq!(reason(&refused.expect_err("another's")), "CASE_NOT_FOUND");
}

#[tokio::test]
async fn every_wrong_field_of_a_filing_is_told() {
    let service = started().await;
    let mut wrong = filing(10, vec![post("P1", 0), post("P1", 1)]);
    wrong.town_code = "4420".to_owned();
    wrong.posts[1].pay_max_fen = 1;
    wrong.posts[1].weekly_hours = 169;
    wrong.training_plan = Some(v1::TrainingPlan::default());
    let refused = service.filings().submit_filing(from(BAKERY, wrong)).await;
    let refused = details(&refused.expect_err("wrong"));
    let wrong = refused
        .bad_request()
        .expect("violations")
        .field_violations
        .iter();
    let mut fields: Vec<&str> = wrong.map(|it| it.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "posts[0].count",
            "posts[1].pay_max_fen",
            "posts[1].post_key",
            "posts[1].weekly_hours",
            "town_code",
            "training_plan",
            "training_plan.class_hours",
            "training_plan.headcount",
            "training_plan.stage",
            "training_plan.title",
        ]
    );
}

#[tokio::test]
async fn a_hire_takes_a_place_waits_for_its_registrations_and_gives_the_place_back() {
    let service = started().await;
    let filing_id = accepted(&service).await;
    let reported = report(&service, hire(20, &filing_id, WANG, "2024-01-31")).await;
    let reported = reported.expect("reported");
    assert_eq!(reported.state(), HireState::Reported);
    // 30 days after the hire.
    assert_eq!(reported.due_date, "2024-03-01");
    let again = report(&service, hire(21, &filing_id, WANG, "2024-01-31")).await;
    assert_eq!(
        reason(&again.expect_err("the same")),
        "HIRE_ALREADY_REPORTED"
    );
    let mut second = hire(22, &filing_id, LI, "2024-02-01");
    second.registered_date = "2024-02-01".to_owned();
    let second = report(&service, second).await.expect("reported");
    assert_eq!(
        (second.state(), second.due_date.as_str()),
        (HireState::Registered, "")
    );
    let third = report(&service, hire(23, &filing_id, LI, "2024-01-15")).await;
    assert_eq!(reason(&third.expect_err("two places")), "POST_FULL");
    let open = ListOpenPostsRequest::default();
    let posts = service
        .filings()
        .list_open_posts(from(LAUNDRY, open.clone()))
        .await;
    assert_eq!(posts.expect("a list").into_inner().posts, []);

    let late = ListHiresRequest {
        due_before_date: "2024-03-02".to_owned(),
        ..ListHiresRequest::default()
    };
    let hires = service
        .filings()
        .list_hires(from("clerk", late.clone()))
        .await;
    let hires = hires.expect("a list").into_inner().hires;
    assert_eq!(hires.len(), 1);
    assert_eq!(hires[0], reported);
    let registration = RegisterHireRequest {
        request_id: request_id(24),
        hire_id: reported.hire_id.clone(),
        registration: v1::HireRegistration::Employment.into(),
        registered_date: "2024-02-01".to_owned(),
    };
    let registered = service
        .filings()
        .register_hire(from(BAKERY, registration.clone()))
        .await;
    let registered = registered
        .expect("noted")
        .into_inner()
        .hire
        .expect("a hire");
    assert_eq!(registered.state(), HireState::Registered);
    let hires = service.filings().list_hires(from("clerk", late)).await;
    assert_eq!(hires.expect("a list").into_inner().hires, []);
    let twice = RegisterHireRequest {
        request_id: request_id(25),
        ..registration.clone()
    };
    let refused = service.filings().register_hire(from(BAKERY, twice)).await;
    assert_eq!(
        reason(&refused.expect_err("registered")),
        "TRANSITION_NOT_ALLOWED"
    );

    service.test.clock.move_to(date("2024-05-10"));
    let end = EndHireRequest {
        request_id: request_id(26),
        hire_id: reported.hire_id.clone(),
        ended_date: "2024-05-01".to_owned(),
        reason: "合同期满".to_owned(),
    };
    let ended = service.filings().end_hire(from(BAKERY, end)).await;
    let ended = ended.expect("noted").into_inner().hire.expect("a hire");
    // 15 days after the end.
    assert_eq!(
        (ended.state(), ended.due_date.as_str()),
        (HireState::Ended, "2024-05-16")
    );
    let posts = service.filings().list_open_posts(from(LAUNDRY, open)).await;
    let posts = posts.expect("a list").into_inner().posts;
    assert_eq!(posts[0].post.as_ref().expect("a post").vacancies, 1);
    assert_eq!(posts[0].employer_name, "中山某某食品有限公司");
    let closing = RegisterHireRequest {
        request_id: request_id(27),
        registration: v1::HireRegistration::End.into(),
        registered_date: "2024-05-09".to_owned(),
        ..registration
    };
    let closed = service.filings().register_hire(from(BAKERY, closing)).await;
    let closed = closed.expect("noted").into_inner().hire.expect("a hire");
    assert_eq!((closed.state(), closed.revision), (HireState::Closed, 4));
    let report = service
        .test
        .app
        .rebuild_and_compare()
        .await
        .expect("a report");
    assert_eq!((report.differences, report.cases), (vec![], 3));
}

#[tokio::test]
async fn a_frozen_filing_takes_no_hires_until_it_is_lifted() {
    let service = started().await;
    let filing_id = accepted(&service).await;
    decide(&service, decision(20, &filing_id, FilingDecision::Freeze)).await;
    let refused = report(&service, hire(21, &filing_id, WANG, "2024-02-01")).await;
    assert_eq!(reason(&refused.expect_err("frozen")), "FILING_NOT_IN_FORCE");
    decide(&service, decision(22, &filing_id, FilingDecision::Unfreeze)).await;
    report(&service, hire(23, &filing_id, WANG, "2024-02-01"))
        .await
        .expect("reported");
}

#[tokio::test]
async fn open_posts_are_filtered_and_paged_without_a_gap() {
    let service = started().await;
    for number in 0..3 {
        let mut posts = vec![post("A", 1), post("B", 2), post("C", 3)];
        posts[1].weekly_hours = 40;
        let filed = submit(&service, filing(30 + 2 * number, posts)).await;
        let accept = decision(31 + 2 * number, &filed.filing_id, FilingDecision::Accept);
        decide(&service, accept).await;
    }
    let mut asked = ListOpenPostsRequest {
        town_code: "442000".to_owned(),
        weekly_hours_max: 30,
        title_part: "裱花".to_owned(),
        page_size: 4,
        ..ListOpenPostsRequest::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = service
            .filings()
            .list_open_posts(from(LAUNDRY, asked.clone()))
            .await;
        let page = page.expect("a page").into_inner();
        let posts = page.posts.into_iter();
        seen.extend(posts.map(|open| (open.filing_id, open.post.expect("a post").post_key)));
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
    }
    assert_eq!(seen.len(), 6);
    assert!(seen.iter().all(|(_, key)| key != "B"));
    let mut once = seen.clone();
    once.dedup();
    assert_eq!(once, seen);
    asked.page_token = String::new();
    asked.town_code = "442001".to_owned();
    let none = service
        .filings()
        .list_open_posts(from(LAUNDRY, asked))
        .await;
    assert_eq!(none.expect("a page").into_inner().posts, []);
}

#[tokio::test]
async fn the_notice_layer_of_measure_8_follows_the_filing() {
    let service = started().await;
    let filing_id = accepted(&service).await;
    let mut signed = contract(LI, BAKERY, "C2", "2024-01-10");
    if let Some(fact::Kind::Contract(contract)) = &mut signed.kind {
        contract.filing_id.clone_from(&filing_id);
    }
    service.test.clock.move_to(date("2024-06-01"));
    let mut facts = vec![signed];
    facts.extend((1..=5).map(|month| insured(LI, BAKERY, &format!("2024-{month:02}"))));
    service.record(40, facts).await;
    let check = |from: &str, through: &str| CheckKeyGroupDeductionRequest {
        context: context(),
        employer_code: BAKERY.to_owned(),
        worker: worker(LI),
        from_month: from.to_owned(),
        through_month: through.to_owned(),
        as_of_time: None,
    };
    let layers = async |from: &str, through: &str| {
        let asked = service
            .eligibility()
            .check_key_group_deduction(check(from, through))
            .await;
        let decision = asked
            .expect("an answer")
            .into_inner()
            .decision
            .expect("a decision");
        let notice = decision.notice.as_ref().expect("a layer").outcome();
        (decision.outcome(), notice)
    };
    use v1::Outcome::{Eligible, Ineligible};
    // Accepted on 1 February: January comes before it.
    assert_eq!(layers("2024-01", "2024-01").await, (Eligible, Ineligible));
    assert_eq!(layers("2024-02", "2024-02").await, (Eligible, Eligible));
    // Revoked on 1 June: the months before stay.
    decide(&service, decision(41, &filing_id, FilingDecision::Revoke)).await;
    assert_eq!(layers("2024-05", "2024-05").await, (Eligible, Eligible));
    assert_eq!(layers("2024-06", "2024-06").await.1, Ineligible);
}
