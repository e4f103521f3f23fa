//! ReportService: what the rules of supervision find, and what becomes of it.

use std::sync::Arc;

use mamagang_proto::v1::{
    self, AssignFindingRequest, DecideFilingRequest, Fact, FiledPost, FilingDecision, FilingKind,
    FilingState, FindingRule, FindingState, GetFilingRequest, ListFindingsRequest,
    ReportHireRequest, ResolveFindingRequest, ScanFindingsRequest, SubmitFilingRequest, fact,
};

use crate::harness::{
    BAKERY, Desks, LAUNDRY, LI, Service, WANG, context, contract, employer, from, insured, lifted,
    reason, request_id, worker,
};

/// Born on 2 January 1962: 60 years old on 2 January 2022.
const OLD: (&str, &str) = ("44200019620102123X", "周桂兰");

async fn filed(service: &Service, number: u128, code: &str, kind: FilingKind) -> String {
    let post = FiledPost {
        post_key: "P".to_owned(),
        title: "妈妈岗".to_owned(),
        count: 9,
        weekly_hours: 30,
        working_hours: String::new(),
        pay_min_fen: 2_000,
        pay_max_fen: 2_000,
        pay_unit: v1::PayUnit::Hour.into(),
        town_code: "442000001".to_owned(),
        filled: 0,
        vacancies: 0,
    };
    let request = SubmitFilingRequest {
        request_id: request_id(number),
        employer_code: code.to_owned(),
        kind: kind.into(),
        town_code: "442000001".to_owned(),
        posts: vec![post],
        ..SubmitFilingRequest::default()
    };
    let answer = service.filings().submit_filing(from(code, request)).await;
    let filing_id = answer
        .expect("filed")
        .into_inner()
        .filing
        .expect("a filing")
        .filing_id;
    let accept = DecideFilingRequest {
        request_id: request_id(number + 1),
        filing_id: filing_id.clone(),
        decision: FilingDecision::Accept.into(),
        ..DecideFilingRequest::default()
    };
    let accepted = service
        .filings()
        .decide_filing(from("reviewer", accept))
        .await;
    accepted.expect("accepted");
    filing_id
}

async fn hired(service: &Service, number: u128, filing: &str, person: (&str, &str), day: &str) {
    let hire = ReportHireRequest {
        request_id: request_id(number),
        context: context(),
        filing_id: filing.to_owned(),
        post_key: "P".to_owned(),
        worker: worker(person),
        hired_date: day.to_owned(),
        ..ReportHireRequest::default()
    };
    let reported = service.filings().report_hire(from("clerk", hire)).await;
    reported.expect("reported");
}

fn with(mut fact: Fact, change: impl FnOnce(&mut v1::Contract)) -> Fact {
    if let Some(fact::Kind::Contract(contract)) = &mut fact.kind {
        change(contract);
    }
    fact
}

async fn scan(service: &Service) -> v1::ScanFindingsResponse {
    let asked = ScanFindingsRequest::default();
    let scanned = service
        .reports()
        .scan_findings(from("reviewer", asked))
        .await;
    scanned.expect("scanned").into_inner()
}

async fn found(service: &Service) -> Vec<v1::Finding> {
    let asked = ListFindingsRequest::default();
    let listed = service
        .reports()
        .list_findings(from("reviewer", asked))
        .await;
    listed.expect("a list").into_inner().findings
}

fn rules(found: &[v1::Finding]) -> Vec<FindingRule> {
    let mut rules: Vec<_> = found.iter().map(v1::Finding::rule).collect();
    rules.sort_unstable_by_key(|rule| *rule as i32);
    rules
}

async fn started() -> Service {
    let service = Service::start_for(Arc::new(Desks)).await;
    service
        .record(
            1,
            vec![
                employer(BAKERY),
                employer(LAUNDRY),
                lifted(WANG),
                lifted(LI),
            ],
        )
        .await;
    service
}

#[tokio::test]
async fn an_orderly_registry_gives_no_finding() {
    let service = started().await;
    let filing = filed(&service, 10, BAKERY, FilingKind::LabourContract).await;
    let signed = with(contract(WANG, BAKERY, "C1", "2024-01-15"), |contract| {
        contract.filing_id.clone_from(&filing);
    });
    let renewed = with(contract(LI, BAKERY, "C2", "2023-01-01"), |contract| {
        contract.end_date = "2023-12-31".to_owned();
    });
    let facts = vec![
        signed,
        renewed,
        // The day after: a renewal.
        contract(LI, BAKERY, "C3", "2024-01-01"),
        insured(WANG, BAKERY, "2024-01"),
    ];
    service.record(2, facts).await;
    hired(&service, 20, &filing, WANG, "2024-01-15").await;
    let scanned = scan(&service).await;
    assert_eq!(
        (scanned.employers, scanned.opened),
        (2, 0),
        "{:?}",
        found(&service).await
    );
}

#[tokio::test]
async fn each_rule_finds_what_it_is_for_once() {
    let service = started().await;
    let labour = filed(&service, 10, BAKERY, FilingKind::LabourContract).await;
    let mut dispatch = employer(LAUNDRY);
    if let Some(fact::Kind::EmployerProfile(profile)) = &mut dispatch.kind {
        profile.kind = v1::EmployerKind::DispatchAgency.into();
    }
    filed(&service, 12, LAUNDRY, FilingKind::LabourContract).await;
    let service_agreement = |contract: &mut v1::Contract| {
        contract.kind = v1::ContractKind::ServiceAgreement.into();
        contract.filing_id.clone_from(&labour);
    };
    let facts = vec![
        dispatch,
        lifted(OLD),
        // 王芳 leaves and is hired again two days after; meanwhile the laundry has her full-time.
        with(contract(WANG, BAKERY, "C1", "2023-01-01"), |contract| {
            contract.end_date = "2023-06-29".to_owned();
        }),
        contract(WANG, BAKERY, "C2", "2023-07-01"),
        contract(WANG, LAUNDRY, "L1", "2023-08-01"),
        insured(WANG, BAKERY, "2023-07"),
        insured(WANG, BAKERY, "2023-09"),
        // 李敏 has a service agreement under a labour filing, and the bakery insures her.
        with(contract(LI, BAKERY, "C3", "2023-03-01"), service_agreement),
        insured(LI, BAKERY, "2023-03"),
    ];
    service.record(2, facts).await;
    hired(&service, 20, &labour, OLD, "2023-12-20").await;
    let scanned = scan(&service).await;
    let listed = found(&service).await;
    assert_eq!(
        rules(&listed),
        [
            FindingRule::SameEmployerRehire,
            FindingRule::SeveralEmployers,
            FindingRule::EmployeePattern,
            FindingRule::ContractAgainstFiling,
            FindingRule::InsuranceGap,
            FindingRule::ExcludedEmployerKind,
            // Due on 19 January, 30 days after the hire.
            FindingRule::MissedDeadline,
            FindingRule::OverWorkingAge,
        ]
    );
    assert_eq!(scanned.opened, 8);
    for finding in &listed {
        let citation = finding.citation.as_ref().expect("a citation");
        assert_eq!(citation.instrument, "中府函〔2022〕226号");
        assert!(!finding.evidence.is_empty(), "{finding:?}");
    }
    let fact_of = |rule: FindingRule, name: &str| {
        let finding = listed.iter().find(|it| it.rule() == rule).expect("found");
        finding.facts[name].clone()
    };
    assert_eq!(
        fact_of(FindingRule::InsuranceGap, "first_missing_month"),
        "2023-08"
    );
    assert_eq!(fact_of(FindingRule::SeveralEmployers, "month"), "2023-08");
    assert_eq!(fact_of(FindingRule::MissedDeadline, "due_on"), "2024-01-19");
    // What was found before is found again and not doubled.
    let again = scan(&service).await;
    assert_eq!((again.opened, found(&service).await.len()), (0, 8));
    assert!(again.known >= 8);
}

#[tokio::test]
async fn a_finding_is_assigned_resolved_and_freezes_its_filing() {
    let service = started().await;
    let filing_id = filed(&service, 10, BAKERY, FilingKind::LabourContract).await;
    hired(&service, 20, &filing_id, WANG, "2023-12-20").await;
    scan(&service).await;
    let listed = found(&service).await;
    assert_eq!(rules(&listed), [FindingRule::MissedDeadline]);
    let finding_id = listed[0].finding_id.clone();
    let resolve = |number: u128| ResolveFindingRequest {
        request_id: request_id(number),
        finding_id: finding_id.clone(),
        reason: "约谈后仍未登记".to_owned(),
        freeze_filing: true,
    };
    let early = service
        .reports()
        .resolve_finding(from("reviewer", resolve(30)))
        .await;
    assert_eq!(
        reason(&early.expect_err("not assigned")),
        "TRANSITION_NOT_ALLOWED"
    );
    let assign = AssignFindingRequest {
        request_id: request_id(31),
        finding_id: finding_id.clone(),
        assigned_to: "稽核科 07".to_owned(),
        due_date: "2024-03-01".to_owned(),
    };
    let assigned = service
        .reports()
        .assign_finding(from("reviewer", assign))
        .await;
    let assigned = assigned
        .expect("assigned")
        .into_inner()
        .finding
        .expect("a finding");
    assert_eq!(assigned.state(), FindingState::Assigned);
    assert_eq!(
        (&*assigned.assigned_to, &*assigned.due_date),
        ("稽核科 07", "2024-03-01")
    );
    let resolved = service
        .reports()
        .resolve_finding(from("reviewer", resolve(32)))
        .await;
    let resolved = resolved
        .expect("resolved")
        .into_inner()
        .finding
        .expect("a finding");
    assert_eq!(resolved.state(), FindingState::Resolved);
    let asked = GetFilingRequest {
        filing_id,
        as_of_time: None,
    };
    let filing = service.filings().get_filing(from("clerk", asked)).await;
    let filing = filing
        .expect("known")
        .into_inner()
        .filing
        .expect("a filing");
    assert_eq!(filing.state(), FilingState::Frozen);
    let report = service
        .test
        .app
        .rebuild_and_compare()
        .await
        .expect("a report");
    assert_eq!(report.differences, Vec::<String>::new());
}
