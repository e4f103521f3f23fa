//! A claim from the filing to the payment, with the decision that each line rests on explained.

use mamagang_proto::v1;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::filing_service_client::FilingServiceClient;
use mamagang_proto::v1::subsidy_service_client::SubsidyServiceClient;
use mamagang_testkit::date;
use tonic::Request;

use super::{BAKERY, LI, Service, WANG, employer, worker};

/// A message under a person's name.
fn by<T>(person: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let person = person.parse().expect("ASCII");
    request.metadata_mut().insert("x-person", person);
    request
}

fn request_id(number: u128) -> String {
    uuid::Uuid::from_u128(number).to_string()
}

fn child(person: (&str, &str)) -> Kind {
    Kind::DependentChild(v1::DependentChild {
        worker: worker(person),
        until_date: "2030-06-30".to_owned(),
    })
}

/// From 8 August 2022 for a year, on a filed post.
fn hired(person: (&str, &str), filing_id: &str) -> Kind {
    Kind::Contract(v1::Contract {
        contract_id: format!("C-{}", person.1),
        employer_code: BAKERY.to_owned(),
        worker: worker(person),
        kind: v1::ContractKind::LabourContract.into(),
        signed_date: "2022-08-08".to_owned(),
        start_date: "2022-08-08".to_owned(),
        end_date: "2023-08-07".to_owned(),
        filing_id: filing_id.to_owned(),
        ..v1::Contract::default()
    })
}

fn paid(person: (&str, &str), month: &str) -> Kind {
    use v1::Insurance::{Maternity, Medical, Pension, Unemployment, WorkInjury};
    let all = [Pension, Medical, Unemployment, WorkInjury, Maternity];
    Kind::Contribution(v1::Contribution {
        worker: worker(person),
        employer_code: BAKERY.to_owned(),
        month: month.to_owned(),
        insurances: all.map(i32::from).to_vec(),
        paid_date: format!("{month}-28"),
    })
}

/// Files posts on 5 August 2022, which the bureau accepts the same day.
async fn filed(service: &Service) -> String {
    let mut filings = FilingServiceClient::new(service.channel.clone());
    let post = v1::FiledPost {
        post_key: "P".to_owned(),
        title: "妈妈岗".to_owned(),
        count: 2,
        weekly_hours: 30,
        pay_min_fen: 2_000,
        pay_max_fen: 2_000,
        pay_unit: v1::PayUnit::Hour.into(),
        town_code: "442000001".to_owned(),
        ..v1::FiledPost::default()
    };
    let submit = v1::SubmitFilingRequest {
        request_id: request_id(10),
        employer_code: BAKERY.to_owned(),
        kind: v1::FilingKind::LabourContract.into(),
        town_code: "442000001".to_owned(),
        posts: vec![post],
        ..v1::SubmitFilingRequest::default()
    };
    let filed = filings.submit_filing(submit).await.expect("filed");
    let filing_id = filed.into_inner().filing.expect("a filing").filing_id;
    let accept = v1::DecideFilingRequest {
        request_id: request_id(11),
        filing_id: filing_id.clone(),
        decision: v1::FilingDecision::Accept.into(),
        ..v1::DecideFilingRequest::default()
    };
    let accepted = filings.decide_filing(by("reviewer", accept)).await;
    accepted.expect("accepted");
    filing_id
}

async fn reported(service: &Service, number: u128, filing_id: &str, person: (&str, &str)) {
    let hire = v1::ReportHireRequest {
        request_id: request_id(number),
        context: Some(v1::AccessContext {
            purpose: "用工报备".to_owned(),
            legal_basis: "中府函〔2022〕226号".to_owned(),
            case_number: "K-1".to_owned(),
            operator: "王五".to_owned(),
        }),
        filing_id: filing_id.to_owned(),
        post_key: "P".to_owned(),
        worker: worker(person),
        hired_date: "2022-08-08".to_owned(),
        registered_date: "2022-08-20".to_owned(),
        ..v1::ReportHireRequest::default()
    };
    let mut filings = FilingServiceClient::new(service.channel.clone());
    filings.report_hire(hire).await.expect("reported");
}

/// The insurance subsidy of 2022-Q3, claimed on 10 October for 王芳 with August and September
/// insured, and for 李敏 with September alone.
async fn claimed(service: &Service) -> v1::Claim {
    let facts = vec![employer(BAKERY, false), child(WANG), child(LI)];
    service.record_drawn(1, "2022-07-31", facts).await;
    let filing_id = filed(service).await;
    service.test.clock.move_to(date("2022-10-10"));
    let facts = vec![
        hired(WANG, &filing_id),
        hired(LI, &filing_id),
        paid(WANG, "2022-08"),
        paid(WANG, "2022-09"),
        paid(LI, "2022-09"),
    ];
    service.record_drawn(2, "2022-10-08", facts).await;
    reported(service, 20, &filing_id, WANG).await;
    reported(service, 21, &filing_id, LI).await;
    let submit = v1::SubmitClaimRequest {
        request_id: request_id(30),
        employer_code: BAKERY.to_owned(),
        kind: v1::SubsidyKind::EmployerInsurance.into(),
        quarter: "2022-Q3".to_owned(),
        ..v1::SubmitClaimRequest::default()
    };
    let mut subsidies = SubsidyServiceClient::new(service.channel.clone());
    let submitted = subsidies.submit_claim(submit).await.expect("submitted");
    submitted.into_inner().claim.expect("a claim")
}

/// Passed by two persons and paid by a third; the entry that pays.
async fn paid_out(service: &Service, claim_id: &str) -> String {
    let mut subsidies = SubsidyServiceClient::new(service.channel.clone());
    let review = v1::ReviewClaimRequest {
        request_id: request_id(31),
        claim_id: claim_id.to_owned(),
        decision: v1::ClaimDecision::Pass.into(),
        ..v1::ReviewClaimRequest::default()
    };
    let reviewed = subsidies.review_claim(by("clerk", review)).await;
    reviewed.expect("reviewed");
    let approve = v1::ApproveClaimRequest {
        request_id: request_id(32),
        claim_id: claim_id.to_owned(),
        decision: v1::ClaimDecision::Pass.into(),
        ..v1::ApproveClaimRequest::default()
    };
    let approved = subsidies.approve_claim(by("reviewer", approve)).await;
    approved.expect("approved");
    let pay = v1::MarkClaimPaidRequest {
        request_id: request_id(33),
        claim_id: claim_id.to_owned(),
        paid_date: "2022-10-10".to_owned(),
        payment_reference: "ZF-1".to_owned(),
        fund_source: "就业补助资金".to_owned(),
        validate_only: false,
    };
    let paid = subsidies.mark_claim_paid(by("cashier", pay)).await;
    let claim = paid.expect("paid").into_inner().claim;
    claim.expect("a claim").payment_entry_id
}

/// Every line's decision is one of the claim's audit row, `<row>.<n>` behind the step itself, and is
/// explained as it was made, whatever is recorded later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claims_decisions_are_explained_line_by_line() {
    let service = Service::start_on("2022-08-05").await;
    let claim = claimed(&service).await;
    // 3 × 300.00, measure 3 of the notice.
    assert_eq!((claim.lines.len(), claim.total_fen), (3, 90_000));
    let months = |decision: &str| -> Vec<&str> {
        let lines = claim.lines.iter();
        let lines = lines.filter(|line| line.decision_id == decision);
        lines.map(|line| line.month.as_str()).collect()
    };
    let row = claim.lines[0]
        .decision_id
        .rsplit_once('.')
        .expect("a row")
        .0;
    let decisions = [format!("{row}.1"), format!("{row}.2")];
    let of_wang = decisions.iter().find(|id| months(id).len() == 2);
    let of_li = decisions.iter().find(|id| months(id).len() == 1);
    let (of_wang, of_li) = (of_wang.expect("王芳's"), of_li.expect("李敏's"));
    assert_eq!(months(of_wang), ["2022-08", "2022-09"]);
    assert_eq!(months(of_li), ["2022-09"]);

    service
        .shows(
            "claim_line",
            of_li,
            &[
                "2022-08-08 + 12 ",
                "= 2023-08-07 ≤ 2023-08-07",
                "2022-08-08 ∈ 2022-07-04 … 2023-07-03; ",
                " 2022-08-05 ∈ 2022-07-04 … 2023-07-03",
                "2022-07 ∉ 2022-08-08 … 2023-08-07",
                "0 < 12 → 300.00",
                "1 × 300.00 = 300.00",
            ],
        )
        .await;
    for lang in ["zh", "en"] {
        let page = service.explain(of_wang, lang, "text").await;
        assert!(page.contains("2 × 300.00 = 600.00"), "{page}");
        let version = service.test.app.policies().version().to_owned();
        let lines = page.lines().filter(|line| {
            // What is another at every edition and run stands aside.
            let aside = ["决定时间", "decided ", "政策版本", "policy version"];
            !aside.iter().any(|name| line.contains(name)) && !line.contains(&version)
        });
        let page = lines.collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(format!("claim_line_text_{lang}"), page);
    }

    // 李敏's August turns out to have been insured: the page of then stays as it was.
    let before = service.explain(of_li, "en", "md").await;
    let later = vec![paid(LI, "2022-08")];
    service.record_drawn(40, "2022-10-09", later).await;
    assert_eq!(service.explain(of_li, "en", "md").await, before);
}

/// The payment's entry: what each person brought, the claim's lines behind it, and their sum.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claims_payment_is_explained_person_by_person() {
    let service = Service::start_on("2022-08-05").await;
    let claim = claimed(&service).await;
    let entry_id = paid_out(&service, &claim.claim_id).await;
    service
        .shows(
            "claim_payment",
            &entry_id,
            &["300.00 + 300.00 = 600.00", "600.00 + 300.00 = 900.00"],
        )
        .await;
}
