//! Facts.

use mamagang_app::facts::{FactInput, FactItem, WorkerFactInput};
use mamagang_app::limits::SPAN_MONTHS_MAX;
use mamagang_app::workers::Who;
use mamagang_app::{AppResult, Violation};
use mamagang_domain::fact as domain;
use mamagang_domain::fact::{
    ContractKind, EmployerKind, Insurance, PersonCategory, SizeClass, Source, VatPayer,
};
use mamagang_domain::identifier::CertificateNumber;
use mamagang_domain::month::FilingCycle;
use mamagang_domain::policy::InsuranceSet;
use mamagang_proto::v1;
use mamagang_proto::v1::fact::Kind;

use super::check::{Checker, Rules};
use super::enums::{ApiEnum as _, RELIEF_CODES};
use super::fields::{INDUSTRY, OFFICE, TOWN};
use super::{person, texts};
use crate::limits::CLASS_HOURS_MAX;

/// National codes of why a registration ended (fact book, section 3).
const END_CODES: [&str; 13] = [
    "11", "12", "13", "14", "21", "22", "23", "24", "25", "26", "31", "32", "90",
];
/// National codes of why a person is unemployed (fact book, section 3).
const REASON_CODES: [&str; 7] = ["10", "20", "32", "50", "60", "70", "90"];

/// A fact for itself; paths of wrong fields start at the fact.
pub(crate) fn fact_item(rules: Rules<'_>, fact: &v1::Fact) -> AppResult<FactItem> {
    let mut check = Checker::new(rules);
    let item = fact_in(&mut check, fact);
    check.finish(item)
}

/// The name of a fact's field in `Fact.kind`; empty when none is set.
pub(crate) const fn kind_name(fact: &v1::Fact) -> &'static str {
    match &fact.kind {
        None => "",
        Some(Kind::EmployerProfile(_)) => "employer_profile",
        Some(Kind::WorkerProfile(_)) => "worker_profile",
        Some(Kind::UnemploymentSpell(_)) => "unemployment_spell",
        Some(Kind::PovertyStatus(_)) => "poverty_status",
        Some(Kind::EmploymentCertificate(_)) => "employment_certificate",
        Some(Kind::Contract(_)) => "contract",
        Some(Kind::Contribution(_)) => "contribution",
        Some(Kind::FlexibleRegistration(_)) => "flexible_registration",
        Some(Kind::DependentChild(_)) => "dependent_child",
        Some(Kind::OtherRelief(_)) => "other_relief",
        Some(Kind::PriorTermUse(_)) => "prior_term_use",
        Some(Kind::TrainingRecord(_)) => "training_record",
        Some(Kind::ReviewResolution(_)) => "review_resolution",
    }
}

/// Violations that the use case found in a fact, with their paths from the fact.
pub(crate) fn from_the_fact(fact: &v1::Fact, violations: Vec<Violation>) -> Vec<Violation> {
    let kind = kind_name(fact);
    let located = |wrong: Violation| Violation {
        field: format!("{kind}.{}", wrong.field),
        ..wrong
    };
    violations.into_iter().map(located).collect()
}

fn fact_in(check: &mut Checker<'_>, fact: &v1::Fact) -> Option<FactItem> {
    let row_key = check.row_key(&fact.row_key);
    let source = check.key("source", &fact.source);
    let drawn_on = check.optional_date("source_date", &fact.source_date);
    let Some(kind) = &fact.kind else {
        check.wrong("kind", "必填：事实种类之一", "required: one kind of fact");
        return None;
    };
    let fact = check.inside(kind_name(fact), |check| kind_in(check, kind));
    Some(FactItem {
        row_key: row_key?,
        source: Source {
            name: source?,
            drawn_on: drawn_on?,
        },
        fact: fact?,
    })
}

fn kind_in(check: &mut Checker<'_>, kind: &Kind) -> Option<FactInput> {
    match kind {
        Kind::EmployerProfile(told) => employer_profile(check, told),
        Kind::WorkerProfile(told) => worker_profile(check, told),
        Kind::UnemploymentSpell(told) => {
            about(check, told.worker.as_ref(), |check| spell(check, told))
        }
        Kind::PovertyStatus(told) => {
            about(check, told.worker.as_ref(), |check| poverty(check, told))
        }
        Kind::EmploymentCertificate(told) => about(check, told.worker.as_ref(), |check| {
            certificate(check, told)
        }),
        Kind::Contract(told) => about(check, told.worker.as_ref(), |check| contract(check, told)),
        Kind::Contribution(told) => about(check, told.worker.as_ref(), |check| {
            contribution(check, told)
        }),
        Kind::FlexibleRegistration(told) => {
            about(check, told.worker.as_ref(), |check| flexible(check, told))
        }
        Kind::DependentChild(told) => {
            about(check, told.worker.as_ref(), |check| child(check, told))
        }
        Kind::OtherRelief(told) => about(check, told.worker.as_ref(), |check| relief(check, told)),
        Kind::PriorTermUse(told) => {
            about(check, told.worker.as_ref(), |check| prior_use(check, told))
        }
        Kind::TrainingRecord(told) => {
            about(check, told.worker.as_ref(), |check| training(check, told))
        }
        Kind::ReviewResolution(_) => {
            let zh = "由复核确认产生，不能直接登记";
            check.wrong("", zh, "is recorded by ConfirmResolution alone");
            None
        }
    }
}

/// A fact about a worker: whose it is, then what it says.
fn about(
    check: &mut Checker<'_>,
    worker: Option<&v1::WorkerRef>,
    read: impl FnOnce(&mut Checker<'_>) -> Option<WorkerFactInput>,
) -> Option<FactInput> {
    let who: Option<Who> = person::worker(check, worker);
    let fact = read(check);
    Some(FactInput::Worker(who?, fact?))
}

fn employer_profile(check: &mut Checker<'_>, told: &v1::EmployerProfile) -> Option<FactInput> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let name = check.sentence("name", &told.name);
    let kind = check.choice("kind", told.kind, EmployerKind::from_api);
    let town_code = check.code("town_code", &told.town_code, &TOWN);
    let industry_code = check.code("industry_code", &told.industry_code, &INDUSTRY);
    let vat_payer = check.choice("vat_payer", told.vat_payer, VatPayer::from_api);
    let filing_cycle = check.choice("filing_cycle", told.filing_cycle, FilingCycle::from_api);
    let from_on = check.date("from_date", &told.from_date);
    let umct_rate_bp = check.umct_rate("umct_rate_bp", told.umct_rate_bp, from_on);
    let size_class = check.optional_choice("size_class", told.size_class, SizeClass::from_api);
    let profile = domain::EmployerProfile {
        name: name?,
        kind: kind?,
        town_code: town_code?,
        industry_code: industry_code?,
        vat_payer: vat_payer?,
        filing_cycle: filing_cycle?,
        umct_rate_bp: umct_rate_bp?,
        half_rate_surcharges: told.half_rate_surcharges,
        // The API's OTHER is "all others": those of which nothing is told are among them.
        size_class: size_class?.unwrap_or(SizeClass::Other),
        from_on: from_on?,
    };
    Some(FactInput::Employer(employer_code?, profile))
}

fn worker_profile(check: &mut Checker<'_>, told: &v1::WorkerProfile) -> Option<FactInput> {
    let identity = person::identity(check, told.identity.as_ref());
    let town_code = check.optional_code("town_code", &told.town_code, &TOWN);
    Some(FactInput::WorkerProfile(
        identity?,
        domain::WorkerProfile {
            town_code: town_code?,
        },
    ))
}

fn spell(check: &mut Checker<'_>, told: &v1::UnemploymentSpell) -> Option<WorkerFactInput> {
    let registered_on = check.date("registered_date", &told.registered_date);
    let ended_on = check.optional_date("ended_date", &told.ended_date);
    check.ordered(
        ("registered_date", registered_on),
        ("ended_date", ended_on.flatten()),
    );
    let end_code = check.optional_listed("end_code", &told.end_code, &END_CODES);
    if ended_on == Some(None) && !told.end_code.is_empty() {
        check.wrong(
            "end_code",
            "未填 ended_date 时应为空",
            "must be empty while ended_date is",
        );
    }
    let reason_code = check.optional_listed("reason_code", &told.reason_code, &REASON_CODES);
    let office_code = check.optional_code("office_code", &told.office_code, &OFFICE);
    Some(WorkerFactInput::Spell(domain::UnemploymentSpell {
        registered_on: registered_on?,
        ended_on: ended_on?,
        end_code: end_code?,
        reason_code: reason_code?,
        office_code: office_code?,
    }))
}

fn poverty(check: &mut Checker<'_>, told: &v1::PovertyStatus) -> Option<WorkerFactInput> {
    let category = check.choice("category", told.category, |number| {
        PersonCategory::from_api(number)
            .filter(|category| *category != PersonCategory::RegisteredUnemployed)
    });
    let from_on = check.date("from_date", &told.from_date);
    let to_on = check.optional_date("to_date", &told.to_date);
    check.ordered(("from_date", from_on), ("to_date", to_on.flatten()));
    Some(WorkerFactInput::Poverty(domain::PovertyStatus {
        category: category?,
        from_on: from_on?,
        to_on: to_on?,
    }))
}

fn certificate(
    check: &mut Checker<'_>,
    told: &v1::EmploymentCertificate,
) -> Option<WorkerFactInput> {
    let number = if told.certificate_number.is_empty() {
        check.missing("certificate_number");
        None
    } else {
        CertificateNumber::parse(&told.certificate_number)
            .map_err(|error| check.refuse("certificate_number", texts::certificate_number(error)))
            .ok()
    };
    let noted_on = check.optional_date("note_date", &told.note_date);
    if !told.enterprise_absorption_note && !told.note_date.is_empty() {
        check.wrong(
            "note_date",
            "未加注时应为空",
            "must be empty without the note",
        );
    }
    let office_code = check.optional_code("office_code", &told.office_code, &OFFICE);
    Some(WorkerFactInput::Certificate {
        number: number?,
        enterprise_absorption_note: told.enterprise_absorption_note,
        noted_on: noted_on?,
        office_code: office_code?,
    })
}

fn contract(check: &mut Checker<'_>, told: &v1::Contract) -> Option<WorkerFactInput> {
    let contract_id = check.key("contract_id", &told.contract_id);
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let kind = check.choice("kind", told.kind, ContractKind::from_api);
    let signed_on = check.date("signed_date", &told.signed_date);
    let start_on = check.date("start_date", &told.start_date);
    let end_on = check.optional_date("end_date", &told.end_date);
    check.ordered(("start_date", start_on), ("end_date", end_on.flatten()));
    let terminated_on = check.optional_date("terminated_date", &told.terminated_date);
    check.ordered(
        ("start_date", start_on),
        ("terminated_date", terminated_on.flatten()),
    );
    let filing_id = check.optional_key("filing_id", &told.filing_id);
    Some(WorkerFactInput::Contract(domain::Contract {
        contract_id: contract_id?,
        employer_code: employer_code?,
        kind: kind?,
        signed_on: signed_on?,
        start_on: start_on?,
        end_on: end_on?,
        terminated_on: terminated_on?,
        part_time: told.part_time,
        filing_id: filing_id?,
    }))
}

fn contribution(check: &mut Checker<'_>, told: &v1::Contribution) -> Option<WorkerFactInput> {
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let month = check.month("month", &told.month);
    let insurances = insurances(check, &told.insurances);
    let paid_on = check.date("paid_date", &told.paid_date);
    Some(WorkerFactInput::Contribution(domain::Contribution {
        employer_code: employer_code?,
        month: month?,
        insurances: insurances?,
        paid_on: paid_on?,
    }))
}

/// At least one insurance, each once.
fn insurances(check: &mut Checker<'_>, numbers: &[i32]) -> Option<InsuranceSet> {
    if numbers.is_empty() {
        check.missing("insurances");
        return None;
    }
    let mut known: Vec<Insurance> = Vec::new();
    let mut is_right = true;
    // A list with more than one of each repeats itself: the first fault beyond that tells enough.
    for (index, number) in numbers.iter().enumerate().take(Insurance::ALL.len() + 1) {
        let field = format!("insurances[{index}]");
        match check.choice(&field, *number, Insurance::from_api) {
            Some(insurance) if known.contains(&insurance) => {
                check.wrong(&field, "险种重复", "the insurance is listed twice");
                is_right = false;
            }
            Some(insurance) => known.push(insurance),
            None => is_right = false,
        }
    }
    is_right.then(|| InsuranceSet::of(known))
}

fn flexible(check: &mut Checker<'_>, told: &v1::FlexibleRegistration) -> Option<WorkerFactInput> {
    let from_on = check.date("from_date", &told.from_date);
    let to_on = check.optional_date("to_date", &told.to_date);
    check.ordered(("from_date", from_on), ("to_date", to_on.flatten()));
    Some(WorkerFactInput::Flexible(domain::FlexibleRegistration {
        from_on: from_on?,
        to_on: to_on?,
    }))
}

fn child(check: &mut Checker<'_>, told: &v1::DependentChild) -> Option<WorkerFactInput> {
    let until_on = check.date("until_date", &told.until_date)?;
    Some(WorkerFactInput::Child(domain::DependentChild { until_on }))
}

fn relief(check: &mut Checker<'_>, told: &v1::OtherRelief) -> Option<WorkerFactInput> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let relief_code = RELIEF_CODES
        .iter()
        .find(|(_, name)| *name == told.relief_code)
        .map(|(code, _)| *code);
    if told.relief_code.is_empty() {
        check.missing("relief_code");
    } else {
        check.optional_listed(
            "relief_code",
            &told.relief_code,
            &RELIEF_CODES.map(|(_, name)| name),
        );
    }
    let from_month = check.month("from_month", &told.from_month);
    let to_month = check.optional_month("to_month", &told.to_month);
    check.ordered(("from_month", from_month), ("to_month", to_month.flatten()));
    check.span("to_month", from_month, to_month.flatten(), SPAN_MONTHS_MAX);
    Some(WorkerFactInput::Relief(domain::OtherRelief {
        employer_code: employer_code?,
        relief_code: relief_code?,
        from_month: from_month?,
        to_month: to_month?,
    }))
}

fn prior_use(check: &mut Checker<'_>, told: &v1::PriorTermUse) -> Option<WorkerFactInput> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let from_month = check.month("from_month", &told.from_month);
    let to_month = check.month("to_month", &told.to_month);
    check.ordered(("from_month", from_month), ("to_month", to_month));
    check.span("to_month", from_month, to_month, SPAN_MONTHS_MAX);
    Some(WorkerFactInput::PriorUse(domain::PriorTermUse {
        employer_code: employer_code?,
        from_month: from_month?,
        to_month: to_month?,
    }))
}

fn training(check: &mut Checker<'_>, told: &v1::TrainingRecord) -> Option<WorkerFactInput> {
    let employer_code = check.employer_code("employer_code", &told.employer_code);
    let plan_id = check.key("plan_id", &told.plan_id);
    let class_hours = (0..=CLASS_HOURS_MAX)
        .contains(&told.class_hours)
        .then_some(told.class_hours);
    if class_hours.is_none() {
        let zh = format!("应在 0 至 {CLASS_HOURS_MAX} 之间");
        check.wrong("class_hours", zh, format!("must be 0 to {CLASS_HOURS_MAX}"));
    }
    let completed_on = check.optional_date("completed_date", &told.completed_date);
    Some(WorkerFactInput::Training(domain::TrainingRecord {
        employer_code: employer_code?,
        plan_id: plan_id?,
        class_hours: class_hours?,
        completed_on: completed_on?,
        standard_met: told.standard_met,
    }))
}

#[cfg(test)]
mod tests;
