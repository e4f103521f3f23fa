//! Subsidies, trainings and inclusive preferences, explained from the facts to the sum.

use mamagang_domain::date::CivilDate;
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::identifier::EmployerCode;
use mamagang_proto::v1;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::fact::Kind;

use super::{BAKERY, Service, WANG, employer, worker};

fn hired_for(filing_id: &str) -> Kind {
    Kind::Contract(v1::Contract {
        contract_id: "C1".to_owned(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        kind: v1::ContractKind::LabourContract.into(),
        signed_date: "2022-08-01".to_owned(),
        start_date: "2022-08-01".to_owned(),
        end_date: "2024-07-31".to_owned(),
        filing_id: filing_id.to_owned(),
        ..v1::Contract::default()
    })
}

fn paid(month: &str, paid_date: &str) -> Kind {
    use v1::Insurance::{Maternity, Medical, Pension, Unemployment, WorkInjury};
    let all = [Pension, Medical, Unemployment, WorkInjury, Maternity];
    Kind::Contribution(v1::Contribution {
        worker: worker(WANG),
        employer_code: BAKERY.to_owned(),
        month: month.to_owned(),
        insurances: all.map(i32::from).to_vec(),
        paid_date: paid_date.to_owned(),
    })
}

/// 王芳, hired on 2022-08-01 for a post that is accepted in September; October is not insured,
/// November paid too late, and the months after fill the twelve.
async fn bakery() -> Service {
    let service = Service::start().await;
    let mut facts = vec![
        employer(BAKERY, false),
        hired_for("F1"),
        Kind::DependentChild(v1::DependentChild {
            worker: worker(WANG),
            until_date: "2030-06-30".to_owned(),
        }),
        Kind::TrainingRecord(v1::TrainingRecord {
            worker: worker(WANG),
            employer_code: BAKERY.to_owned(),
            plan_id: "P1".to_owned(),
            class_hours: 30,
            completed_date: "2022-10-14".to_owned(),
            standard_met: true,
        }),
        paid("2022-08", "2022-08-28"),
        paid("2022-09", "2022-09-28"),
        paid("2022-11", "2023-02-10"),
        paid("2022-12", "2023-01-31"),
    ];
    facts.extend((1..=12).map(|month| {
        let month = format!("2023-{month:02}");
        paid(&month, &format!("{month}-28"))
    }));
    service.record(1, facts).await;
    let filing = |id: &str, kind| Filing {
        filing_id: id.to_owned(),
        employer_code: EmployerCode::parse(BAKERY).expect("a code"),
        kind,
        submitted_on: CivilDate::parse("2022-08-10").ok(),
        accepted_on: CivilDate::parse("2022-09-05").ok(),
        revoked_on: None,
    };
    let filings = [
        filing("F1", FilingKind::LabourContract),
        filing("P1", FilingKind::TrainingPlan),
    ];
    let store = service.test.app.store();
    let begun = store.begin(service.test.clock.clone()).await;
    let mut unit = begun.expect("a unit");
    unit.put_filings(&filings).await.expect("filings");
    unit.commit().await.expect("committed");
    service
}

async fn subsidy(service: &Service, kind: v1::SubsidyKind, months: (&str, &str)) -> v1::Decision {
    let request = v1::CheckSubsidyRequest {
        context: Some(v1::AccessContext {
            purpose: "补贴审核".to_owned(),
            legal_basis: "中府函〔2022〕226号".to_owned(),
            case_number: "K-1".to_owned(),
            operator: "王五".to_owned(),
        }),
        kind: kind.into(),
        employer_code: BAKERY.to_owned(),
        worker: worker(WANG),
        from_month: months.0.to_owned(),
        through_month: months.1.to_owned(),
    };
    let mut eligibility = EligibilityServiceClient::new(service.channel.clone());
    let checked = eligibility.check_subsidy(request).await.expect("decided");
    checked.into_inner().decision.expect("a decision")
}

/// Twelve months at 300.00: September, December and ten of 2023; those after are too many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insurance_subsidy_is_explained_month_by_month() {
    let service = bakery().await;
    let kind = v1::SubsidyKind::EmployerInsurance;
    let decision = subsidy(&service, kind, ("2022-08", "2023-11")).await;
    assert_eq!(decision.total_fen, 360_000);
    service
        .shows(
            "subsidy_insurance",
            &decision.decision_id,
            &[
                "2022-08-01 ∈ 2022-07-04 … 2023-07-03",
                "2022-09-05 > 2022-08-31",
                "2023-02-10 > 2022-12-31 (2022-11 + 1)",
                "11 < 12",
                "12 ≥ 12",
                "12 × 300.00 = 3600.00",
            ],
        )
        .await;
}

/// Thirty hours at 20.00 are 600.00, of which a person brings 500.00.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_training_is_explained_up_to_the_most() {
    let service = bakery().await;
    let decision = subsidy(&service, v1::SubsidyKind::Training, ("", "")).await;
    assert_eq!(decision.total_fen, 50_000);
    service
        .shows(
            "subsidy_training",
            &decision.decision_id,
            &["min(20.00 × 30, 500.00 − 0.00) = 500.00"],
        )
        .await;
}

/// The fact book's checks: 2,500,000 gives 100,000 in 2022, and one fen too much 750,000.00.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preferences_are_explained_item_by_item() {
    let service = Service::start().await;
    let request = v1::CheckInclusivePreferencesRequest {
        tax_year: 2022,
        period: "2022-06".to_owned(),
        taxable_income_fen: Some(250_000_000),
        staff_count: Some(300),
        total_assets_fen: Some(5_000_000_000),
        vat_payer: v1::VatPayer::General.into(),
        surcharges_due_fen: Some(100_000),
        surcharges_relieved_fen: 15_000,
        input_credit_fen: Some(10_000_000),
        input_ratio_bp: Some(9_000),
        refund_class: v1::RefundClass::SmallOrMicro.into(),
        ..v1::CheckInclusivePreferencesRequest::default()
    };
    let mut eligibility = EligibilityServiceClient::new(service.channel.clone());
    let ask = eligibility.check_inclusive_preferences(request.clone());
    let answer = ask.await.expect("decided").into_inner();
    service
        .shows(
            "preferences",
            &answer.decision_id,
            &[
                "2500000.00 ≤ 3000000.00",
                "1000000.00 × 2.5% + 1500000.00 × 5% = 100000.00",
                "(1000.00 − 150.00) × 50% = 425.00",
                "100000.00 × 100% × 90% = 90000.00",
            ],
        )
        .await;
    let above = v1::CheckInclusivePreferencesRequest {
        taxable_income_fen: Some(300_000_001),
        ..request
    };
    let ask = eligibility.check_inclusive_preferences(above);
    let answer = ask.await.expect("decided").into_inner();
    let page = service.explain(&answer.decision_id, "en", "md").await;
    assert!(page.contains("3000000.01 > 3000000.00"), "{page}");
    assert!(page.contains("3000000.01 × 25% = 750000.00"), "{page}");
}
