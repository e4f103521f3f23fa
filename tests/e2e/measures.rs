//! Subsidies, inclusive preferences and the waiver of the VAT exemption.

use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::subsidy::{ClaimedMonth, SubsidyKind};
use mamagang_proto::v1::{
    self, CheckInclusivePreferencesRequest, CheckSubsidyRequest, CheckVatExemptionRequest,
    Contribution, DependentChild, Fact, GetDecisionRequest, TrainingRecord, fact,
};
use mamagang_store::rows::SubsidyMonth;
use tonic::Code;

use crate::harness::{
    BAKERY, LAUNDRY, LI, Service, WANG, contract, details, employer, english, fact, reason, worker,
};

fn day(text: &str) -> Option<CivilDate> {
    CivilDate::parse(text).ok()
}

fn insured(month: &str) -> Fact {
    use v1::Insurance::{Maternity, Medical, Pension, Unemployment, WorkInjury};
    fact(
        month,
        fact::Kind::Contribution(Contribution {
            worker: worker(WANG),
            employer_code: BAKERY.to_owned(),
            month: month.to_owned(),
            insurances: [Pension, Medical, Unemployment, WorkInjury, Maternity]
                .map(i32::from)
                .to_vec(),
            paid_date: format!("{month}-28"),
        }),
    )
}

/// 王芳, hired by the bakery on 2022-09-01 for a filed post, with a child and one training.
async fn bakery() -> Service {
    let service = Service::start().await;
    let mut hired = contract(WANG, BAKERY, "C1", "2022-09-01");
    if let Some(fact::Kind::Contract(contract)) = &mut hired.kind {
        contract.filing_id = "F1".to_owned();
    }
    let mut facts = vec![
        employer(BAKERY),
        hired,
        fact(
            "child",
            fact::Kind::DependentChild(DependentChild {
                worker: worker(WANG),
                until_date: "2030-06-30".to_owned(),
            }),
        ),
        fact(
            "training",
            fact::Kind::TrainingRecord(TrainingRecord {
                worker: worker(WANG),
                employer_code: BAKERY.to_owned(),
                plan_id: "P1".to_owned(),
                class_hours: 30,
                completed_date: "2022-10-14".to_owned(),
                standard_met: true,
            }),
        ),
    ];
    facts.extend((9..=12).map(|month| insured(&format!("2022-{month:02}"))));
    service.record(1, facts).await;
    let filing = |id: &str, kind| Filing {
        filing_id: id.to_owned(),
        employer_code: EmployerCode::parse(BAKERY).expect("a code"),
        kind,
        submitted_on: day("2022-08-01"),
        accepted_on: day("2022-08-20"),
        revoked_on: None,
    };
    let filings = [
        filing("F1", FilingKind::LabourContract),
        filing("P1", FilingKind::TrainingPlan),
    ];
    let store = service.test.app.store();
    let mut unit = store
        .begin(service.test.clock.clone())
        .await
        .expect("a unit");
    unit.put_filings(&filings).await.expect("filings");
    unit.commit().await.expect("committed");
    service
}

fn ask(kind: v1::SubsidyKind) -> CheckSubsidyRequest {
    CheckSubsidyRequest {
        context: crate::harness::context(),
        kind: kind.into(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        from_month: "2022-09".to_owned(),
        through_month: "2023-01".to_owned(),
    }
}

async fn answer(service: &Service, request: CheckSubsidyRequest) -> v1::Decision {
    let asked = service.eligibility().check_subsidy(english(request)).await;
    asked
        .expect("an answer")
        .into_inner()
        .decision
        .expect("a decision")
}

#[tokio::test]
async fn a_subsidy_is_decided_month_by_month_with_its_assumptions() {
    let service = bakery().await;
    let decision = answer(&service, ask(v1::SubsidyKind::EmployerInsurance)).await;
    assert_eq!(decision.outcome(), v1::Outcome::Eligible);
    assert_eq!(decision.total_fen, 120_000);
    assert_eq!(decision.start_month, "2022-09");
    let last = decision.months.last().expect("a month");
    assert_eq!(last.reason(), v1::ReasonCode::InsuranceNotPaid);
    assert_eq!(decision.statutory, None, "a subsidy has no statutory layer");
    let assumed: Vec<&str> = decision
        .assumptions
        .iter()
        .map(|assumption| assumption.parameter.as_str())
        .collect();
    assert_eq!(
        assumed,
        [
            "subsidy.child_age_years",
            "subsidy.required_insurances.employer_insurance"
        ]
    );
    assert!(decision.assumptions.iter().all(|it| !it.message.is_empty()));
    let met = &decision.reasons[1];
    assert_eq!(met.code(), v1::ReasonCode::AllConditionsMet);
    assert!(
        met.citations
            .iter()
            .all(|citation| citation.instrument == "中府函〔2022〕226号")
    );
    assert!(
        decision
            .evidence
            .iter()
            .any(|evidence| evidence.kind == "dependent_child" && evidence.source == "人社")
    );
}

#[tokio::test]
async fn a_check_of_a_subsidy_is_recomputed_from_its_audit_row() {
    let service = bakery().await;
    for kind in [
        v1::SubsidyKind::EmployerInsurance,
        v1::SubsidyKind::Post,
        v1::SubsidyKind::FlexibleInsurance,
        v1::SubsidyKind::Training,
    ] {
        let decision = answer(&service, ask(kind)).await;
        // What is recorded later does not change what was answered.
        service
            .record(100 + kind as u128, vec![insured("2023-01")])
            .await;
        let request = GetDecisionRequest {
            context: crate::harness::context(),
            decision_id: decision.decision_id,
            ..GetDecisionRequest::default()
        };
        let stored = service.eligibility().get_decision(request).await;
        let stored = stored.expect("a decision").into_inner();
        assert!(stored.digest_matches, "{kind:?}");
        assert!(stored.question_json.contains("\"measure\""));
        assert!(!stored.question_json.contains(WANG.0));
    }
}

#[tokio::test]
async fn months_that_a_claim_holds_elsewhere_are_refused() {
    let service = bakery().await;
    let first = answer(&service, ask(v1::SubsidyKind::Post)).await;
    assert_eq!(first.total_fen, 40_000);
    let worker_id = first.evidence[0].fact_id.split('.').next().expect("an id");
    let month = SubsidyMonth {
        worker_id: WorkerId::parse(worker_id).expect("a worker"),
        claimed: ClaimedMonth {
            kind: SubsidyKind::Post,
            month: TaxMonth::parse("2022-10").expect("a month"),
            employer_code: EmployerCode::parse(LAUNDRY).expect("a code"),
            amount_fen: Fen::new(10_000),
        },
        claim_id: "claim-1".to_owned(),
    };
    let store = service.test.app.store();
    let mut unit = store
        .begin(service.test.clock.clone())
        .await
        .expect("a unit");
    unit.put_subsidy_months(&[month]).await.expect("claimed");
    unit.commit().await.expect("committed");
    let decision = answer(&service, ask(v1::SubsidyKind::Post)).await;
    assert_eq!(decision.total_fen, 30_000);
    assert_eq!(
        decision.months[1].reason(),
        v1::ReasonCode::MonthClaimedElsewhere
    );
}

#[tokio::test]
async fn a_training_brings_its_hours_up_to_the_most() {
    let service = bakery().await;
    let mut request = ask(v1::SubsidyKind::Training);
    request.from_month.clear();
    request.through_month.clear();
    let decision = answer(&service, request).await;
    assert_eq!(decision.outcome(), v1::Outcome::Eligible);
    assert_eq!(decision.months, []);
    assert_eq!(decision.total_fen, 50_000);
    let training = &decision.trainings[0];
    assert_eq!(
        (training.plan_id.as_str(), training.class_hours),
        ("P1", 30)
    );
    assert_eq!(training.completed_date, "2022-10-14");
    assert_eq!(training.reason(), v1::ReasonCode::AllConditionsMet);
}

#[tokio::test]
async fn a_subsidy_of_an_unknown_person_is_a_review_and_of_an_unknown_employer_an_error() {
    let service = bakery().await;
    let mut request = ask(v1::SubsidyKind::Post);
    request.worker = worker(LI);
    let decision = answer(&service, request.clone()).await;
    assert_eq!(decision.outcome(), v1::Outcome::Review);
    assert_eq!(decision.missing_facts, ["worker_profile"]);
    request.employer_code = LAUNDRY.to_owned();
    let refused = service.eligibility().check_subsidy(request).await;
    let status = refused.expect_err("unknown");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(reason(&status), "EMPLOYER_NOT_FOUND");
    let refused = service
        .eligibility()
        .check_subsidy(CheckSubsidyRequest::default())
        .await;
    let status = refused.expect_err("empty");
    assert_eq!(reason(&status), "CONTEXT_REQUIRED");
    let violations = details(&status);
    let fields = violations.bad_request().expect("fields");
    assert!(
        fields
            .field_violations
            .iter()
            .any(|violation| violation.field == "kind")
    );
}

#[tokio::test]
async fn preferences_are_answered_item_by_item() {
    let service = Service::start().await;
    let request = CheckInclusivePreferencesRequest {
        tax_year: 2024,
        period: "2024-06".to_owned(),
        taxable_income_fen: Some(250_000_000),
        staff_count: Some(300),
        total_assets_fen: Some(5_000_000_000),
        vat_payer: v1::VatPayer::SmallScale.into(),
        sales_fen: Some(50_000_000),
        umct_rate_bp: Some(700),
        ..CheckInclusivePreferencesRequest::default()
    };
    let answer = service
        .eligibility()
        .check_inclusive_preferences(english(request))
        .await
        .expect("an answer")
        .into_inner();
    let told: Vec<(i32, i32, i64)> = answer
        .results
        .iter()
        .map(|result| (result.item, result.outcome, result.amount_fen))
        .collect();
    let (eligible, ineligible, review) = (1, 2, 3);
    assert_eq!(
        told,
        [
            (1, ineligible, 500_000),
            (2, eligible, 12_500_000),
            (3, eligible, 30_000),
            (4, review, 0),
        ]
    );
    assert_eq!(
        answer.results[3].reasons[0].code(),
        v1::ReasonCode::FigureMissing
    );
    let stored = service
        .eligibility()
        .get_decision(GetDecisionRequest {
            context: crate::harness::context(),
            decision_id: answer.decision_id,
            ..GetDecisionRequest::default()
        })
        .await
        .expect("a decision")
        .into_inner();
    assert!(stored.digest_matches);
}

#[tokio::test]
async fn an_employers_record_stands_in_for_what_was_not_sent() {
    let service = Service::start().await;
    service.record(1, vec![employer(BAKERY)]).await;
    let request = CheckInclusivePreferencesRequest {
        employer_code: BAKERY.to_owned(),
        tax_year: 2024,
        sales_fen: Some(50_000_000),
        ..CheckInclusivePreferencesRequest::default()
    };
    let answer = service
        .eligibility()
        .check_inclusive_preferences(request.clone())
        .await
        .expect("an answer")
        .into_inner();
    // The bakery is a general taxpayer.
    assert_eq!(
        answer.results[0].reasons[0].code(),
        v1::ReasonCode::NotSmallScale
    );
    let unknown = CheckInclusivePreferencesRequest {
        employer_code: LAUNDRY.to_owned(),
        ..request
    };
    let refused = service
        .eligibility()
        .check_inclusive_preferences(unknown)
        .await;
    assert_eq!(reason(&refused.expect_err("unknown")), "EMPLOYER_NOT_FOUND");
}

#[tokio::test]
async fn a_waived_exemption_is_taxed_and_a_natural_person_cannot_waive() {
    let service = Service::start().await;
    let mut request = CheckVatExemptionRequest {
        province_code: "440000".to_owned(),
        party: v1::Party::SmallScaleTaxpayer.into(),
        filing_cycle: v1::FilingCycle::Monthly.into(),
        obligation_date: "2024-06-30".to_owned(),
        amount_fen: 5_000_000,
        umct_rate_bp: 700,
        exemption_waived: true,
        ..CheckVatExemptionRequest::default()
    };
    let asked = service
        .eligibility()
        .check_vat_exemption(request.clone())
        .await;
    let answer = asked.expect("an answer").into_inner();
    assert_eq!(answer.outcome(), v1::VatOutcome::Taxable);
    assert_eq!(answer.vat_fen, 50_000);
    assert_eq!(answer.reasons[0].code(), v1::ReasonCode::ExemptionWaived);
    request.party = v1::Party::NaturalPerson.into();
    let refused = service.eligibility().check_vat_exemption(request).await;
    assert_eq!(
        reason(&refused.expect_err("refused")),
        "INVALID_ARGUMENT_FIELDS"
    );
}
