//! What there is in a place: a case of each kind, an entry, a decision, a certificate, two records of persons. The table
//! asks for them by their ids, so that reach is tried as well as role.

use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::filing_service_client::FilingServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::report_service_client::ReportServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use mamagang_proto::v1::{
    self, CheckKeyGroupDeductionRequest, DecideFilingRequest, FiledPost, FilingDecision,
    FilingKind, GetCertificateRequest, ListFactsRequest, ListFindingsRequest, PostDeductionRequest,
    ReportHireRequest, ScanFindingsRequest, SubmitFilingRequest, list_facts_request,
};

use crate::city::{City, Place, context, request_id, worker};
use crate::claims::ClaimIds;

/// The post that every filing has.
pub(crate) const POST: &str = "P";

/// The ids of what there is in a place.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) decision_id: String,
    pub(crate) fact_id: String,
    pub(crate) entry_id: String,
    /// A filing that waits for its decision.
    pub(crate) submitted_filing_id: String,
    /// A filing in force.
    pub(crate) filing_id: String,
    pub(crate) hire_id: String,
    pub(crate) finding_id: String,
    pub(crate) check_code: String,
    pub(crate) review_case_id: String,
    pub(crate) claims: ClaimIds,
    pub(crate) worker_id: String,
    /// A second record, which may be the same person's.
    pub(crate) other_worker_id: String,
}

pub(crate) fn post(place: Place) -> FiledPost {
    FiledPost {
        post_key: POST.to_owned(),
        title: "妈妈岗".to_owned(),
        count: 50,
        weekly_hours: 30,
        pay_min_fen: 2_000,
        pay_max_fen: 2_000,
        pay_unit: v1::PayUnit::Hour.into(),
        town_code: place.town_code.to_owned(),
        ..FiledPost::default()
    }
}

pub(crate) async fn filed(city: &City, place: Place, number: usize) -> String {
    let clerk = city.token("clerk", "hr", &["hr_clerk"], "", &[]);
    let request = SubmitFilingRequest {
        request_id: request_id(number),
        employer_code: place.employer_code.to_owned(),
        kind: FilingKind::LabourContract.into(),
        town_code: place.town_code.to_owned(),
        posts: vec![post(place)],
        ..SubmitFilingRequest::default()
    };
    let mut filings = FilingServiceClient::new(city.channel.clone());
    let filed = filings.submit_filing(city.request(&clerk, request)).await;
    let filed = filed.expect("filed").into_inner().filing;
    filed.expect("a filing").filing_id
}

pub(crate) async fn accepted(city: &City, filing_id: &str, number: usize) {
    let reviewer = city.token("reviewer", "hr", &["hr_reviewer"], "", &[]);
    let accept = DecideFilingRequest {
        request_id: request_id(number),
        filing_id: filing_id.to_owned(),
        decision: FilingDecision::Accept.into(),
        ..DecideFilingRequest::default()
    };
    let mut filings = FilingServiceClient::new(city.channel.clone());
    let accepted = filings.decide_filing(city.request(&reviewer, accept)).await;
    accepted.expect("accepted");
}

impl Ids {
    /// Makes one of each; `number` begins a hundred request ids of the place's own.
    pub(crate) async fn of(city: &City, place: Place, number: usize) -> Self {
        let clerk = city.token("clerk", "hr", &["hr_clerk"], "", &[]);
        let reviewer = city.token("reviewer", "hr", &["hr_reviewer"], "", &[]);
        let officer = city.token("officer", "tax", &["tax_officer"], "", &[]);
        let submitted_filing_id = filed(city, place, number).await;
        let filing_id = filed(city, place, number + 1).await;
        accepted(city, &filing_id, number + 2).await;
        let mut filings = FilingServiceClient::new(city.channel.clone());
        let hire = ReportHireRequest {
            request_id: request_id(number + 3),
            context: Some(context()),
            filing_id: filing_id.clone(),
            post_key: POST.to_owned(),
            worker: Some(worker(place.person)),
            // Its registration is overdue by the service's day: a finding.
            hired_date: "2023-12-20".to_owned(),
            ..ReportHireRequest::default()
        };
        let hire = filings.report_hire(city.request(&clerk, hire)).await;
        let hire = hire.expect("reported").into_inner().hire.expect("a hire");
        let listed = city.facts_of_person(place).await;
        let fact_id = listed.last().expect("a fact").clone();
        let worker_id = fact_id.split('.').next().expect("an id").to_owned();
        Self {
            decision_id: checked(city, place, &officer, "2023-01").await.decision_id,
            // Its insurance was paid too late: a question for two persons.
            review_case_id: checked(city, place, &officer, "2023-02")
                .await
                .review_case_id,
            claims: ClaimIds::of(city, place, number + 20).await,
            entry_id: entry(city, place, &officer, number + 4).await,
            finding_id: finding(city, place, &reviewer).await,
            check_code: certificate(city, place, &officer, number + 5).await,
            other_worker_id: city.second_record(place, number + 6).await,
            submitted_filing_id,
            filing_id,
            hire_id: hire.hire_id,
            fact_id,
            worker_id,
        }
    }
}

async fn checked(city: &City, place: Place, officer: &str, month: &str) -> v1::Decision {
    let check = CheckKeyGroupDeductionRequest {
        context: Some(context()),
        employer_code: place.employer_code.to_owned(),
        worker: Some(worker(place.person)),
        from_month: month.to_owned(),
        through_month: month.to_owned(),
        as_of_time: None,
    };
    let mut eligibility = EligibilityServiceClient::new(city.channel.clone());
    let request = city.request(officer, check);
    let checked = eligibility.check_key_group_deduction(request).await;
    let decision = checked.expect("a decision").into_inner().decision;
    decision.expect("a decision")
}

/// A posting of the year before: the table's own are of 2023.
async fn entry(city: &City, place: Place, officer: &str, number: usize) -> String {
    let posting = PostDeductionRequest {
        request_id: request_id(number),
        employer_code: place.employer_code.to_owned(),
        period: "2022-12".to_owned(),
        release: v1::Release::Cumulative.into(),
        vat_payable_fen: 100,
        ..PostDeductionRequest::default()
    };
    let mut ledger = LedgerServiceClient::new(city.channel.clone());
    let posted = ledger.post_deduction(city.request(officer, posting)).await;
    posted.expect("posted").into_inner().entry_id
}

async fn finding(city: &City, place: Place, reviewer: &str) -> String {
    let mut reports = ReportServiceClient::new(city.channel.clone());
    let scan = city.request(reviewer, ScanFindingsRequest::default());
    reports.scan_findings(scan).await.expect("scanned");
    let asked = ListFindingsRequest {
        employer_code: place.employer_code.to_owned(),
        ..ListFindingsRequest::default()
    };
    let found = reports.list_findings(city.request(reviewer, asked)).await;
    let found = found.expect("a list").into_inner().findings;
    found.first().expect("a finding").finding_id.clone()
}

async fn certificate(city: &City, place: Place, officer: &str, number: usize) -> String {
    let asked = GetCertificateRequest {
        request_id: request_id(number),
        context: Some(context()),
        employer_code: place.employer_code.to_owned(),
        worker: Some(worker(place.person)),
        month: "2023-01".to_owned(),
    };
    let mut verification = VerificationServiceClient::new(city.channel.clone());
    let issued = verification
        .get_certificate(city.request(officer, asked))
        .await;
    let issued = issued.expect("issued").into_inner().certificate;
    issued.expect("a certificate").check_code
}

impl City {
    /// The ids of a person's facts, in order.
    async fn facts_of_person(&self, place: Place) -> Vec<String> {
        let officer = self.token("officer", "tax", &["tax_officer"], "", &[]);
        let listing = ListFactsRequest {
            context: Some(context()),
            subject: Some(list_facts_request::Subject::Worker(worker(place.person))),
            ..ListFactsRequest::default()
        };
        let mut registry = RegistryServiceClient::new(self.channel.clone());
        let listed = registry.list_facts(self.request(&officer, listing)).await;
        let facts = listed.expect("facts").into_inner().facts;
        let facts = facts.into_iter().filter_map(|fact| fact.fact);
        facts.map(|fact| fact.fact_id).collect()
    }
}
