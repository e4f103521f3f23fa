use mamagang_app::{AppError, ErrorReason};
use mamagang_proto::v1::worker_ref::Ref;

use super::*;
use crate::convert::testing::{day, fields_of, umct_rates};

const EMPLOYER: &str = "91442000MAQQ000161";

fn read(kind: Kind) -> Result<FactItem, AppError> {
    let umct_rates_bp = umct_rates();
    let rules = Rules {
        today: day("2026-11-23"),
        umct_rates_bp: &umct_rates_bp,
    };
    fact_item(rules, &whole(kind))
}

fn whole(kind: Kind) -> v1::Fact {
    v1::Fact {
        fact_id: "not ours".to_owned(),
        row_key: "U0001".to_owned(),
        source: "人社失业登记系统".to_owned(),
        source_date: "2026-10-31".to_owned(),
        kind: Some(kind),
    }
}

/// A change of a kind, and the field that it makes wrong; empty when it stays right.
type Change<T> = (fn(&mut T), &'static str);

/// The kind is right as it stands, and wrong in exactly one field after each change.
fn table<T: Clone>(right: &T, kind: fn(T) -> Kind, changes: &[Change<T>]) {
    read(kind(right.clone())).expect("right as it stands");
    let name = kind_name(&whole(kind(right.clone())));
    for (index, (change, field)) in changes.iter().enumerate() {
        let mut told = right.clone();
        change(&mut told);
        match read(kind(told)) {
            Ok(_) => assert_eq!(*field, "", "change {index} is wrong in {field}"),
            Err(error) => assert_eq!(
                fields_of(&error),
                [format!("{name}.{field}")],
                "change {index}"
            ),
        }
    }
}

fn somebody() -> Option<v1::WorkerRef> {
    let document = v1::IdentityDocument {
        r#type: v1::DocumentType::ResidentIdCard as i32,
        number: "442000198903149982".to_owned(),
        name: "王小明".to_owned(),
    };
    Some(v1::WorkerRef {
        r#ref: Some(Ref::Identity(document)),
    })
}

fn profile() -> v1::EmployerProfile {
    v1::EmployerProfile {
        employer_code: EMPLOYER.to_owned(),
        name: "中山样例有限公司".to_owned(),
        kind: v1::EmployerKind::Company as i32,
        town_code: "442000106".to_owned(),
        industry_code: "C1819".to_owned(),
        vat_payer: v1::VatPayer::General as i32,
        filing_cycle: v1::FilingCycle::Monthly as i32,
        umct_rate_bp: 700,
        half_rate_surcharges: false,
        size_class: v1::SizeClass::Other as i32,
        from_date: "2020-01-01".to_owned(),
    }
}

#[test]
fn an_employer_profile_needs_all_but_the_size_class() {
    table(
        &profile(),
        Kind::EmployerProfile,
        &[
            (|it| it.employer_code.clear(), "employer_code"),
            (
                |it| it.employer_code = "91442000MAQQ000162".to_owned(),
                "employer_code",
            ),
            (|it| it.name = " ".to_owned(), "name"),
            (|it| it.kind = 0, "kind"),
            (|it| it.kind = 7, "kind"),
            (|it| it.town_code = "442000".to_owned(), "town_code"),
            (|it| it.industry_code.clear(), "industry_code"),
            (|it| it.vat_payer = 0, "vat_payer"),
            (|it| it.filing_cycle = 3, "filing_cycle"),
            (|it| it.umct_rate_bp = 0, "umct_rate_bp"),
            (|it| it.umct_rate_bp = 600, "umct_rate_bp"),
            (|it| it.size_class = 0, ""),
            (|it| it.size_class = 3, "size_class"),
            (|it| it.from_date = "2020-02-30".to_owned(), "from_date"),
        ],
    );
    let untold = v1::EmployerProfile {
        size_class: 0,
        ..profile()
    };
    let item = read(Kind::EmployerProfile(untold)).expect("right");
    assert!(
        matches!(item.fact, FactInput::Employer(_, profile) if profile.size_class == SizeClass::Other)
    );
}

#[test]
fn a_worker_profile_needs_an_identity() {
    let Some(v1::WorkerRef {
        r#ref: Some(Ref::Identity(identity)),
    }) = somebody()
    else {
        panic!("an identity")
    };
    table(
        &v1::WorkerProfile {
            identity: Some(identity),
            town_code: String::new(),
        },
        Kind::WorkerProfile,
        &[
            (|it| it.town_code = "442000001".to_owned(), ""),
            (|it| it.town_code = "442000".to_owned(), "town_code"),
            (|it| it.identity = None, "identity"),
            (
                |it| it.identity.as_mut().expect("told").number.push('0'),
                "identity.number",
            ),
        ],
    );
}

#[test]
fn a_spell_ends_no_earlier_than_it_began_and_has_codes_of_the_lists() {
    table(
        &v1::UnemploymentSpell {
            worker: somebody(),
            registered_date: "2022-09-10".to_owned(),
            ended_date: "2023-03-10".to_owned(),
            end_code: "11".to_owned(),
            reason_code: "20".to_owned(),
            office_code: "442000".to_owned(),
        },
        Kind::UnemploymentSpell,
        &[
            (|it| it.worker = None, "worker"),
            (|it| it.registered_date.clear(), "registered_date"),
            (|it| it.ended_date = "2022-09-10".to_owned(), ""),
            (|it| it.ended_date = "2022-09-09".to_owned(), "ended_date"),
            (|it| it.end_code.clear(), ""),
            (|it| it.end_code = "27".to_owned(), "end_code"),
            (|it| it.ended_date.clear(), "end_code"),
            (|it| it.reason_code.clear(), ""),
            (|it| it.reason_code = "11".to_owned(), "reason_code"),
            (|it| it.office_code.clear(), ""),
            (|it| it.office_code = "4420000".to_owned(), "office_code"),
        ],
    );
}

#[test]
fn a_poverty_record_is_of_one_of_the_two_categories() {
    table(
        &v1::PovertyStatus {
            worker: somebody(),
            category: v1::PersonCategory::LiftedFromPoverty as i32,
            from_date: "2017-12-31".to_owned(),
            to_date: String::new(),
        },
        Kind::PovertyStatus,
        &[
            (
                |it| it.category = v1::PersonCategory::PovertyMonitored as i32,
                "",
            ),
            (
                |it| it.category = v1::PersonCategory::RegisteredUnemployed as i32,
                "category",
            ),
            (|it| it.category = 0, "category"),
            (|it| it.from_date.clear(), "from_date"),
            (|it| it.to_date = "2017-12-31".to_owned(), ""),
            (|it| it.to_date = "2017-12-30".to_owned(), "to_date"),
        ],
    );
}

#[test]
fn a_certificate_has_a_date_of_the_note_only_with_the_note() {
    table(
        &v1::EmploymentCertificate {
            worker: somebody(),
            certificate_number: "4420000022000001".to_owned(),
            enterprise_absorption_note: true,
            note_date: "2022-09-10".to_owned(),
            office_code: "442000005".to_owned(),
        },
        Kind::EmploymentCertificate,
        &[
            (|it| it.certificate_number.clear(), "certificate_number"),
            (
                |it| it.certificate_number = "442000002200000".to_owned(),
                "certificate_number",
            ),
            (
                |it| it.certificate_number = "9920000022000001".to_owned(),
                "certificate_number",
            ),
            (|it| it.note_date.clear(), ""),
            (|it| it.enterprise_absorption_note = false, "note_date"),
            (|it| it.note_date = "2022-9-10".to_owned(), "note_date"),
            (|it| it.office_code = "44".to_owned(), "office_code"),
        ],
    );
}

#[test]
fn a_contract_ends_no_earlier_than_it_starts() {
    table(
        &v1::Contract {
            contract_id: "2023-0001".to_owned(),
            employer_code: EMPLOYER.to_owned(),
            worker: somebody(),
            kind: v1::ContractKind::LabourContract as i32,
            signed_date: "2023-03-12".to_owned(),
            start_date: "2023-03-10".to_owned(),
            end_date: "2024-03-09".to_owned(),
            terminated_date: String::new(),
            part_time: false,
            filing_id: String::new(),
        },
        Kind::Contract,
        &[
            (|it| it.contract_id.clear(), "contract_id"),
            (|it| it.employer_code.clear(), "employer_code"),
            (|it| it.worker = None, "worker"),
            (|it| it.kind = 0, "kind"),
            (|it| it.signed_date.clear(), "signed_date"),
            (|it| it.start_date.clear(), "start_date"),
            (|it| it.end_date.clear(), ""),
            (|it| it.end_date = "2023-03-10".to_owned(), ""),
            (|it| it.end_date = "2023-03-09".to_owned(), "end_date"),
            (|it| it.terminated_date = "2023-03-10".to_owned(), ""),
            (
                |it| it.terminated_date = "2023-03-09".to_owned(),
                "terminated_date",
            ),
            (|it| it.filing_id = "F ".to_owned(), "filing_id"),
        ],
    );
}

#[test]
fn a_contribution_names_each_insurance_once_and_is_paid_on_a_day() {
    table(
        &v1::Contribution {
            worker: somebody(),
            employer_code: EMPLOYER.to_owned(),
            month: "2023-03".to_owned(),
            insurances: vec![1, 2, 3, 4, 5],
            paid_date: "2023-03-23".to_owned(),
        },
        Kind::Contribution,
        &[
            (|it| it.employer_code.clear(), ""),
            (|it| it.employer_code = "x".to_owned(), "employer_code"),
            (|it| it.month.clear(), "month"),
            (|it| it.insurances = vec![5], ""),
            (|it| it.insurances.clear(), "insurances"),
            (|it| it.insurances = vec![1, 6], "insurances[1]"),
            (|it| it.insurances = vec![1, 2, 1], "insurances[2]"),
            (|it| it.insurances = vec![1, 2, 3, 4, 5, 1], "insurances[5]"),
            (|it| it.paid_date.clear(), "paid_date"),
        ],
    );
}

#[test]
fn flexible_registrations_and_children_have_their_dates() {
    table(
        &v1::FlexibleRegistration {
            worker: somebody(),
            from_date: "2022-06-01".to_owned(),
            to_date: String::new(),
        },
        Kind::FlexibleRegistration,
        &[
            (|it| it.from_date.clear(), "from_date"),
            (|it| it.to_date = "2022-06-01".to_owned(), ""),
            (|it| it.to_date = "2022-05-31".to_owned(), "to_date"),
        ],
    );
    table(
        &v1::DependentChild {
            worker: somebody(),
            until_date: "2030-01-01".to_owned(),
        },
        Kind::DependentChild,
        &[
            (|it| it.until_date.clear(), "until_date"),
            (|it| it.worker = None, "worker"),
        ],
    );
}

#[test]
fn reliefs_and_prior_use_span_at_most_a_hundred_and_twenty_months() {
    table(
        &v1::OtherRelief {
            worker: somebody(),
            employer_code: EMPLOYER.to_owned(),
            relief_code: "VETERAN".to_owned(),
            from_month: "2020-01".to_owned(),
            to_month: String::new(),
        },
        Kind::OtherRelief,
        &[
            (|it| it.relief_code.clear(), "relief_code"),
            (|it| it.relief_code = "veteran".to_owned(), "relief_code"),
            (|it| it.to_month = "2020-01".to_owned(), ""),
            (|it| it.to_month = "2019-12".to_owned(), "to_month"),
            (|it| it.to_month = "2029-12".to_owned(), ""),
            (|it| it.to_month = "2030-01".to_owned(), "to_month"),
        ],
    );
    table(
        &v1::PriorTermUse {
            worker: somebody(),
            employer_code: EMPLOYER.to_owned(),
            from_month: "2021-05".to_owned(),
            to_month: "2022-10".to_owned(),
        },
        Kind::PriorTermUse,
        &[
            (|it| it.employer_code.clear(), "employer_code"),
            (|it| it.to_month.clear(), "to_month"),
            (|it| it.to_month = "2021-05".to_owned(), ""),
            (|it| it.to_month = "2021-04".to_owned(), "to_month"),
            (|it| it.to_month = "2031-04".to_owned(), ""),
            (|it| it.to_month = "2031-05".to_owned(), "to_month"),
        ],
    );
}

#[test]
fn a_training_has_a_plan_and_no_fewer_than_zero_hours() {
    table(
        &v1::TrainingRecord {
            worker: somebody(),
            employer_code: EMPLOYER.to_owned(),
            plan_id: "P-1".to_owned(),
            class_hours: 25,
            completed_date: String::new(),
            standard_met: false,
        },
        Kind::TrainingRecord,
        &[
            (|it| it.plan_id.clear(), "plan_id"),
            (|it| it.class_hours = 0, ""),
            (|it| it.class_hours = -1, "class_hours"),
            (|it| it.class_hours = CLASS_HOURS_MAX, ""),
            (|it| it.class_hours = CLASS_HOURS_MAX + 1, "class_hours"),
            (
                |it| it.completed_date = "2024-13-01".to_owned(),
                "completed_date",
            ),
        ],
    );
}

#[test]
fn what_surrounds_a_fact_is_checked_and_its_id_ignored() {
    let umct_rates_bp = umct_rates();
    let rules = Rules {
        today: day("2026-11-23"),
        umct_rates_bp: &umct_rates_bp,
    };
    let right = whole(Kind::EmployerProfile(profile()));
    let item = fact_item(rules, &right).expect("right");
    assert_eq!(
        (item.row_key.as_str(), item.source.drawn_on),
        ("U0001", Some(day("2026-10-31")))
    );
    let undated = v1::Fact {
        source_date: String::new(),
        ..right.clone()
    };
    assert_eq!(
        fact_item(rules, &undated).expect("right").source.drawn_on,
        None
    );
    let wrong = v1::Fact {
        row_key: "r".repeat(129),
        source: String::new(),
        source_date: "2026".to_owned(),
        kind: None,
        fact_id: String::new(),
    };
    let error = fact_item(rules, &wrong).expect_err("wrong");
    assert_eq!(
        fields_of(&error),
        ["row_key", "source", "source_date", "kind"]
    );
    assert_eq!(error.reason, ErrorReason::InvalidArgumentFields);
}

#[test]
fn a_violation_of_the_use_case_is_located_in_the_fact() {
    let fact = whole(Kind::DependentChild(v1::DependentChild::default()));
    let found = from_the_fact(
        &fact,
        vec![Violation::new("worker.identity", "不一致", "do not match")],
    );
    assert_eq!(found[0].field, "dependent_child.worker.identity");
}
