//! A small town: a bakery with two workers on labour contracts, a laundry with one on a service
//! agreement.

use std::sync::Arc;

use mamagang_proto::v1::{
    self, ApproveClaimRequest, ClaimDecision, Contribution, DecideFilingRequest, DependentChild,
    Fact, FiledPost, FilingDecision, FilingKind, FlexibleRegistration, GetClaimRequest,
    GetStatisticsRequest, ListEntriesRequest, ListFindingsRequest, MarkClaimPaidRequest,
    ReportHireRequest, ReviewClaimRequest, ScanFindingsRequest, StatisticsDimension,
    SubmitClaimRequest, SubmitFilingRequest, SubsidyKind, fact,
};
use mamagang_testkit::{TestApp, date};
use tonic::Status;

use crate::harness::{
    BAKERY, Desks, LAUNDRY, LI, Service, WANG, context, contract, employer, fact as told, from,
    request_id, worker,
};

const ZHAO: (&str, &str) = ("440000198702209975", "赵敏");

pub(super) fn child(person: (&str, &str)) -> Fact {
    told(
        "child",
        fact::Kind::DependentChild(DependentChild {
            worker: worker(person),
            until_date: "2030-01-01".to_owned(),
        }),
    )
}

/// A month's insurance, by an employer or, without one, by the person.
pub(super) fn paid(person: (&str, &str), employer_code: &str, month: &str) -> Fact {
    use v1::Insurance::{Maternity, Medical, Pension, Unemployment, WorkInjury};
    let all = [Pension, Medical, Unemployment, WorkInjury, Maternity];
    let kinds = if employer_code.is_empty() {
        &all[..2]
    } else {
        &all[..]
    };
    told(
        month,
        fact::Kind::Contribution(Contribution {
            worker: worker(person),
            employer_code: employer_code.to_owned(),
            month: month.to_owned(),
            insurances: kinds.iter().map(|kind| i32::from(*kind)).collect(),
            paid_date: format!("{month}-28"),
        }),
    )
}

/// The same month with pension and medical alone, which is not enough.
pub(super) fn paid_in_part(person: (&str, &str), employer_code: &str, month: &str) -> Fact {
    let mut fact = paid(person, employer_code, month);
    if let Some(fact::Kind::Contribution(contribution)) = &mut fact.kind {
        contribution.insurances.truncate(2);
    }
    fact
}

pub(super) fn signed(
    person: (&str, &str),
    employer_code: &str,
    kind: v1::ContractKind,
    filing_id: &str,
) -> Fact {
    let mut fact = contract(
        person,
        employer_code,
        &format!("C-{}", person.1),
        "2022-08-08",
    );
    if let Some(fact::Kind::Contract(contract)) = &mut fact.kind {
        contract.kind = kind.into();
        contract.end_date = "2023-08-07".to_owned();
        contract.filing_id = filing_id.to_owned();
    }
    fact
}

/// A town in which the bakery has two workers on labour contracts and the laundry one on a service
/// agreement, from August 2022 on.
pub(super) struct Town {
    pub(super) service: Service,
    pub(super) filings: [String; 2],
}

async fn filed(service: &Service, number: u128, code: &str, kind: FilingKind) -> String {
    let post = FiledPost {
        post_key: "P".to_owned(),
        title: "妈妈岗".to_owned(),
        count: 3,
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
    let filing = answer
        .expect("filed")
        .into_inner()
        .filing
        .expect("a filing");
    let accept = DecideFilingRequest {
        request_id: request_id(number + 1),
        filing_id: filing.filing_id.clone(),
        decision: FilingDecision::Accept.into(),
        ..DecideFilingRequest::default()
    };
    let accepted = service
        .filings()
        .decide_filing(from("reviewer", accept))
        .await;
    accepted.expect("accepted");
    filing.filing_id
}

impl Town {
    /// On 10 October.
    pub(super) async fn founded() -> Self {
        Self::founded_on("2022-10-10").await
    }

    pub(super) async fn founded_on(day: &str) -> Self {
        Self::founded_over(TestApp::sqlite(date("2022-08-05")).await, day).await
    }

    pub(super) async fn founded_over(test: TestApp, day: &str) -> Self {
        let service = Service::start_on(test, Arc::new(Desks)).await;
        let people = [WANG, LI, ZHAO];
        let mut facts = vec![employer(BAKERY), employer(LAUNDRY)];
        facts.extend(people.map(child));
        service.record(1, facts).await;
        let labour = filed(&service, 10, BAKERY, FilingKind::LabourContract).await;
        let service_post = filed(&service, 20, LAUNDRY, FilingKind::Service).await;
        service.test.clock.move_to(date(day));
        use v1::ContractKind::{LabourContract, ServiceAgreement};
        let mut facts = vec![
            signed(WANG, BAKERY, LabourContract, &labour),
            signed(LI, BAKERY, LabourContract, &labour),
            signed(ZHAO, LAUNDRY, ServiceAgreement, &service_post),
            told(
                "flexible",
                fact::Kind::FlexibleRegistration(FlexibleRegistration {
                    worker: worker(ZHAO),
                    from_date: "2022-08-08".to_owned(),
                    to_date: String::new(),
                }),
            ),
            paid(WANG, BAKERY, "2022-08"),
            paid(WANG, BAKERY, "2022-09"),
            paid(ZHAO, "", "2022-08"),
            paid(ZHAO, "", "2022-09"),
        ];
        // 李敏's insurance begins in September.
        facts.push(paid(LI, BAKERY, "2022-09"));
        service.record(2, facts).await;
        for (number, (filing, code, person)) in (30..).zip([
            (&labour, BAKERY, WANG),
            (&labour, BAKERY, LI),
            (&service_post, LAUNDRY, ZHAO),
        ]) {
            let hire = ReportHireRequest {
                request_id: request_id(number),
                context: context(),
                filing_id: filing.clone(),
                post_key: "P".to_owned(),
                worker: worker(person),
                hired_date: "2022-08-08".to_owned(),
                registered_date: "2022-08-20".to_owned(),
                ..ReportHireRequest::default()
            };
            let hired = service.filings().report_hire(from(code, hire)).await;
            hired.expect("reported");
        }
        Self {
            service,
            filings: [labour, service_post],
        }
    }

    pub(super) async fn submit(
        &self,
        number: u128,
        code: &str,
        kind: SubsidyKind,
    ) -> Result<v1::SubmitClaimResponse, Status> {
        let request = SubmitClaimRequest {
            request_id: request_id(number),
            employer_code: code.to_owned(),
            kind: kind.into(),
            quarter: "2022-Q3".to_owned(),
            ..SubmitClaimRequest::default()
        };
        let answer = self
            .service
            .subsidies()
            .submit_claim(from(code, request))
            .await;
        answer.map(tonic::Response::into_inner)
    }

    pub(super) async fn review(&self, number: u128, claim_id: &str) -> Result<v1::Claim, Status> {
        let request = ReviewClaimRequest {
            request_id: request_id(number),
            claim_id: claim_id.to_owned(),
            decision: ClaimDecision::Pass.into(),
            ..ReviewClaimRequest::default()
        };
        let answer = self
            .service
            .subsidies()
            .review_claim(from("clerk", request))
            .await?;
        Ok(answer.into_inner().claim.expect("a claim"))
    }

    pub(super) async fn approve(&self, number: u128, claim_id: &str) -> Result<v1::Claim, Status> {
        let request = ApproveClaimRequest {
            request_id: request_id(number),
            claim_id: claim_id.to_owned(),
            decision: ClaimDecision::Pass.into(),
            ..ApproveClaimRequest::default()
        };
        let answer = self
            .service
            .subsidies()
            .approve_claim(from("reviewer", request))
            .await?;
        Ok(answer.into_inner().claim.expect("a claim"))
    }

    pub(super) async fn pay(&self, number: u128, claim_id: &str) -> Result<v1::Claim, Status> {
        let request = MarkClaimPaidRequest {
            request_id: request_id(number),
            claim_id: claim_id.to_owned(),
            paid_date: "2022-10-10".to_owned(),
            payment_reference: format!("ZF-{number}"),
            fund_source: "就业补助资金".to_owned(),
            validate_only: false,
        };
        let answer = self
            .service
            .subsidies()
            .mark_claim_paid(from("reviewer2", request))
            .await?;
        Ok(answer.into_inner().claim.expect("a claim"))
    }

    pub(super) async fn paid(&self, number: u128, code: &str, kind: SubsidyKind) -> v1::Claim {
        let submitted = self.submit(number, code, kind).await.expect("submitted");
        let id = submitted.claim.expect("a claim").claim_id;
        self.review(number + 1, &id).await.expect("reviewed");
        self.approve(number + 2, &id).await.expect("approved");
        self.pay(number + 3, &id).await.expect("paid")
    }

    pub(super) async fn statistics(&self, by: &[StatisticsDimension]) -> v1::GetStatisticsResponse {
        let request = GetStatisticsRequest {
            from_date: "2022-07-01".to_owned(),
            through_date: "2022-12-31".to_owned(),
            town_code: "442000".to_owned(),
            dimensions: by.iter().map(|it| i32::from(*it)).collect(),
        };
        let answer = self
            .service
            .reports()
            .get_statistics(from("reviewer", request))
            .await;
        answer.expect("statistics").into_inner()
    }

    /// An employer's ledger.
    pub(super) async fn entries(&self, code: &str) -> Vec<v1::LedgerEntry> {
        let request = ListEntriesRequest {
            employer_code: code.to_owned(),
            ..ListEntriesRequest::default()
        };
        let listed = self.service.ledger().list_entries(request).await;
        listed.expect("a list").into_inner().entries
    }

    /// Every finding, after a scan of all employers.
    pub(super) async fn findings(&self) -> Vec<v1::Finding> {
        let mut reports = self.service.reports();
        let scan = ScanFindingsRequest::default();
        let scanned = reports.scan_findings(from("reviewer", scan)).await;
        scanned.expect("scanned");
        let list = ListFindingsRequest::default();
        let listed = reports.list_findings(from("reviewer", list)).await;
        listed.expect("a list").into_inner().findings
    }

    pub(super) async fn changes(&self, claim_id: &str) -> Vec<v1::ClaimLineChange> {
        let request = GetClaimRequest {
            claim_id: claim_id.to_owned(),
        };
        let answer = self
            .service
            .subsidies()
            .get_claim(from("clerk", request))
            .await;
        answer.expect("known").into_inner().changes
    }
}
