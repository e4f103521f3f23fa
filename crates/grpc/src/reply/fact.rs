//! Facts as they are kept. Identities and certificate numbers come masked from the use case.

use mamagang_app::facts::{ListedFact, StoredBody};
use mamagang_domain::fact as domain;
use mamagang_domain::fact::WorkerFact;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{FactId, Subject};
use mamagang_proto::v1;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::worker_ref::Ref;

use super::employer::profile;
use super::{date_or_empty, month_or_empty, timestamp};
use crate::convert::enums::{ApiEnum as _, RELIEF_CODES};

/// A fact as it is kept.
pub(crate) fn stored(listed: &ListedFact) -> v1::StoredFact {
    let retracted = listed.retracted.as_ref();
    v1::StoredFact {
        fact: Some(fact(listed)),
        recorded_time: Some(timestamp(listed.recorded_at)),
        revision: i64::from(listed.fact_id.revision),
        actor: listed.actor.clone(),
        superseded_by_fact_id: listed
            .superseded
            .map(|(by, _)| by.to_string())
            .unwrap_or_default(),
        superseded_time: listed.superseded.map(|(_, at)| timestamp(at)),
        retracted_time: retracted.map(|(at, _, _)| timestamp(*at)),
        retracted_by: retracted.map(|(_, by, _)| by.clone()).unwrap_or_default(),
        retraction_reason: retracted.map(|(_, _, why)| why.clone()).unwrap_or_default(),
    }
}

fn fact(listed: &ListedFact) -> v1::Fact {
    let kind = match (&listed.body, listed.fact_id.subject) {
        (StoredBody::Employer(body), Subject::Employer(code)) => {
            Some(Kind::EmployerProfile(profile(&code, body)))
        }
        (StoredBody::Worker(body), _) => Some(worker_kind(listed, body)),
        // A profile of an employer is kept under the employer only.
        (StoredBody::Employer(_), Subject::Worker(_)) => None,
    };
    v1::Fact {
        fact_id: listed.fact_id.to_string(),
        row_key: String::new(),
        source: listed.source.name.clone(),
        source_date: date_or_empty(listed.source.drawn_on),
        kind,
    }
}

/// The worker by our id.
fn worker_of(fact_id: FactId) -> Option<v1::WorkerRef> {
    match fact_id.subject {
        Subject::Worker(worker) => Some(v1::WorkerRef {
            r#ref: Some(Ref::WorkerId(worker.to_string())),
        }),
        Subject::Employer(_) => None,
    }
}

fn worker_kind(listed: &ListedFact, body: &WorkerFact) -> Kind {
    let worker = worker_of(listed.fact_id);
    match body {
        WorkerFact::Profile(body) => Kind::WorkerProfile(worker_profile(listed, body)),
        WorkerFact::Spell(body) => Kind::UnemploymentSpell(spell(worker, body)),
        WorkerFact::Poverty(body) => Kind::PovertyStatus(poverty(worker, body)),
        WorkerFact::Certificate(body) => {
            Kind::EmploymentCertificate(certificate(worker, listed, body))
        }
        WorkerFact::Contract(body) => Kind::Contract(contract(worker, body)),
        WorkerFact::Contribution(body) => Kind::Contribution(contribution(worker, body)),
        WorkerFact::Flexible(body) => Kind::FlexibleRegistration(flexible(worker, body)),
        WorkerFact::Child(body) => Kind::DependentChild(v1::DependentChild {
            worker,
            until_date: body.until_on.to_string(),
        }),
        WorkerFact::Relief(body) => Kind::OtherRelief(relief(worker, body)),
        WorkerFact::PriorUse(body) => Kind::PriorTermUse(prior_use(worker, body)),
        WorkerFact::Training(body) => Kind::TrainingRecord(training(worker, body)),
        WorkerFact::Resolution(body) => Kind::ReviewResolution(resolution(worker, body)),
    }
}

type Worker = Option<v1::WorkerRef>;

fn worker_profile(listed: &ListedFact, body: &domain::WorkerProfile) -> v1::WorkerProfile {
    let identity = listed
        .identity
        .as_ref()
        .map(|(kind, number, name)| v1::IdentityDocument {
            r#type: kind.to_api(),
            number: number.clone(),
            name: name.clone(),
        });
    v1::WorkerProfile {
        identity,
        town_code: body.town_code.clone(),
    }
}

fn spell(worker: Worker, body: &domain::UnemploymentSpell) -> v1::UnemploymentSpell {
    v1::UnemploymentSpell {
        worker,
        registered_date: body.registered_on.to_string(),
        ended_date: date_or_empty(body.ended_on),
        end_code: body.end_code.clone(),
        reason_code: body.reason_code.clone(),
        office_code: body.office_code.clone(),
    }
}

fn poverty(worker: Worker, body: &domain::PovertyStatus) -> v1::PovertyStatus {
    v1::PovertyStatus {
        worker,
        category: body.category.to_api(),
        from_date: body.from_on.to_string(),
        to_date: date_or_empty(body.to_on),
    }
}

fn certificate(
    worker: Worker,
    listed: &ListedFact,
    body: &domain::EmploymentCertificate,
) -> v1::EmploymentCertificate {
    v1::EmploymentCertificate {
        worker,
        certificate_number: listed.certificate_number.clone().unwrap_or_default(),
        enterprise_absorption_note: body.enterprise_absorption_note,
        note_date: date_or_empty(body.noted_on),
        office_code: body.office_code.clone(),
    }
}

fn contract(worker: Worker, body: &domain::Contract) -> v1::Contract {
    v1::Contract {
        contract_id: body.contract_id.clone(),
        employer_code: body.employer_code.to_string(),
        worker,
        kind: body.kind.to_api(),
        signed_date: body.signed_on.to_string(),
        start_date: body.start_on.to_string(),
        end_date: date_or_empty(body.end_on),
        terminated_date: date_or_empty(body.terminated_on),
        part_time: body.part_time,
        filing_id: body.filing_id.clone(),
    }
}

fn contribution(worker: Worker, body: &domain::Contribution) -> v1::Contribution {
    v1::Contribution {
        worker,
        employer_code: body
            .employer_code
            .as_ref()
            .map(EmployerCode::to_string)
            .unwrap_or_default(),
        month: body.month.to_string(),
        insurances: body
            .insurances
            .iter()
            .map(|insurance| insurance.to_api())
            .collect(),
        paid_date: body.paid_on.to_string(),
    }
}

fn flexible(worker: Worker, body: &domain::FlexibleRegistration) -> v1::FlexibleRegistration {
    v1::FlexibleRegistration {
        worker,
        from_date: body.from_on.to_string(),
        to_date: date_or_empty(body.to_on),
    }
}

fn relief(worker: Worker, body: &domain::OtherRelief) -> v1::OtherRelief {
    let name = RELIEF_CODES
        .iter()
        .find(|(code, _)| *code == body.relief_code)
        .map(|(_, name)| *name);
    v1::OtherRelief {
        worker,
        employer_code: body.employer_code.to_string(),
        relief_code: name.unwrap_or_default().to_owned(),
        from_month: body.from_month.to_string(),
        to_month: month_or_empty(body.to_month),
    }
}

fn prior_use(worker: Worker, body: &domain::PriorTermUse) -> v1::PriorTermUse {
    v1::PriorTermUse {
        worker,
        employer_code: body.employer_code.to_string(),
        from_month: body.from_month.to_string(),
        to_month: body.to_month.to_string(),
    }
}

fn training(worker: Worker, body: &domain::TrainingRecord) -> v1::TrainingRecord {
    v1::TrainingRecord {
        worker,
        employer_code: body.employer_code.to_string(),
        plan_id: body.plan_id.clone(),
        class_hours: body.class_hours,
        completed_date: date_or_empty(body.completed_on),
        standard_met: body.standard_met,
    }
}

fn resolution(worker: Worker, body: &domain::ReviewResolution) -> v1::ReviewResolution {
    v1::ReviewResolution {
        worker,
        review_case_id: body.case_id.to_string(),
        measure: body.measure,
        employer_code: body.employer_code.to_string(),
        reason: body.code,
        from_month: body.from_month.to_string(),
        through_month: body.through_month.to_string(),
        accepted: body.accepted,
    }
}

#[cfg(test)]
mod tests {
    use mamagang_app::facts::{FactInput, WorkerFactInput};
    use mamagang_domain::date::CivilDate;
    use mamagang_domain::fact::{CertificateKey, Source};
    use mamagang_domain::identifier::DocumentType;
    use mamagang_domain::ids::WorkerId;

    use super::*;
    use crate::convert::Rules;
    use crate::convert::fact::fact_item;
    use crate::convert::testing::{day, umct_rates};

    const WORKER: &str = "0193a5c0-0000-7000-8000-000000000001";
    const EMPLOYER: &str = "91442000MAQQ000161";

    fn listed(body: StoredBody) -> ListedFact {
        let subject = match &body {
            StoredBody::Worker(_) => Subject::Worker(WorkerId::parse(WORKER).expect("an id")),
            StoredBody::Employer(_) => {
                Subject::Employer(EmployerCode::parse(EMPLOYER).expect("a code"))
            }
        };
        ListedFact {
            fact_id: FactId {
                subject,
                revision: 4,
            },
            body,
            identity: None,
            certificate_number: None,
            source: Source {
                name: "hr-bureau".to_owned(),
                drawn_on: CivilDate::parse("2026-10-31").ok(),
            },
            recorded_at: 1_000_000,
            actor: "developer".to_owned(),
            superseded: None,
            retracted: None,
        }
    }

    fn somebody() -> Option<v1::WorkerRef> {
        Some(v1::WorkerRef {
            r#ref: Some(Ref::WorkerId(WORKER.to_owned())),
        })
    }

    /// What the bureau sends, as it is read, kept and listed again.
    fn round_trip(kind: Kind) {
        let umct_rates_bp = umct_rates();
        let rules = Rules {
            today: day("2026-11-23"),
            umct_rates_bp: &umct_rates_bp,
        };
        let sent = v1::Fact {
            fact_id: String::new(),
            row_key: String::new(),
            source: "hr-bureau".to_owned(),
            source_date: "2026-10-31".to_owned(),
            kind: Some(kind),
        };
        let body = match fact_item(rules, &sent).expect("right").fact {
            FactInput::Employer(_, profile) => StoredBody::Employer(profile),
            FactInput::WorkerProfile(_, profile) => {
                StoredBody::Worker(WorkerFact::Profile(profile))
            }
            FactInput::Worker(_, input) => StoredBody::Worker(match input {
                WorkerFactInput::Spell(body) => WorkerFact::Spell(body),
                WorkerFactInput::Poverty(body) => WorkerFact::Poverty(body),
                WorkerFactInput::Contract(body) => WorkerFact::Contract(body),
                WorkerFactInput::Contribution(body) => WorkerFact::Contribution(body),
                WorkerFactInput::Flexible(body) => WorkerFact::Flexible(body),
                WorkerFactInput::Child(body) => WorkerFact::Child(body),
                WorkerFactInput::Relief(body) => WorkerFact::Relief(body),
                WorkerFactInput::PriorUse(body) => WorkerFact::PriorUse(body),
                WorkerFactInput::Training(body) => WorkerFact::Training(body),
                WorkerFactInput::Certificate { .. } => {
                    panic!("a certificate's number is kept apart")
                }
            }),
        };
        let told = stored(&listed(body)).fact.expect("a fact");
        assert_eq!(
            told,
            v1::Fact {
                fact_id: told.fact_id.clone(),
                ..sent
            }
        );
    }

    #[test]
    fn a_fact_is_listed_as_it_was_sent() {
        let (employer_code, from, to) = (
            EMPLOYER.to_owned(),
            "2023-01-01".to_owned(),
            "2024-12-31".to_owned(),
        );
        let (from_month, to_month) = ("2023-01".to_owned(), "2023-12".to_owned());
        let kinds = [
            Kind::EmployerProfile(v1::EmployerProfile {
                employer_code: employer_code.clone(),
                name: "中山样例有限公司".to_owned(),
                kind: 4,
                town_code: "442000106".to_owned(),
                industry_code: "C1819".to_owned(),
                vat_payer: 2,
                filing_cycle: 2,
                umct_rate_bp: 500,
                half_rate_surcharges: true,
                size_class: 1,
                from_date: from.clone(),
            }),
            Kind::UnemploymentSpell(v1::UnemploymentSpell {
                worker: somebody(),
                registered_date: from.clone(),
                ended_date: to.clone(),
                end_code: "11".to_owned(),
                reason_code: "20".to_owned(),
                office_code: "442000".to_owned(),
            }),
            Kind::PovertyStatus(v1::PovertyStatus {
                worker: somebody(),
                category: 2,
                from_date: from.clone(),
                to_date: String::new(),
            }),
            Kind::Contract(v1::Contract {
                contract_id: "2023-0001".to_owned(),
                employer_code: employer_code.clone(),
                worker: somebody(),
                kind: 2,
                signed_date: from.clone(),
                start_date: from.clone(),
                end_date: to.clone(),
                terminated_date: "2023-06-30".to_owned(),
                part_time: true,
                filing_id: "F-1".to_owned(),
            }),
            Kind::Contribution(v1::Contribution {
                worker: somebody(),
                employer_code: String::new(),
                month: from_month.clone(),
                insurances: vec![1, 2],
                paid_date: from.clone(),
            }),
            Kind::FlexibleRegistration(v1::FlexibleRegistration {
                worker: somebody(),
                from_date: from.clone(),
                to_date: to.clone(),
            }),
            Kind::DependentChild(v1::DependentChild {
                worker: somebody(),
                until_date: to.clone(),
            }),
            Kind::OtherRelief(v1::OtherRelief {
                worker: somebody(),
                employer_code: employer_code.clone(),
                relief_code: "SOCIAL_INSURANCE_SUBSIDY".to_owned(),
                from_month: from_month.clone(),
                to_month: String::new(),
            }),
            Kind::PriorTermUse(v1::PriorTermUse {
                worker: somebody(),
                employer_code: employer_code.clone(),
                from_month,
                to_month,
            }),
            Kind::TrainingRecord(v1::TrainingRecord {
                worker: somebody(),
                employer_code,
                plan_id: "P-1".to_owned(),
                class_hours: 25,
                completed_date: to,
                standard_met: true,
            }),
        ];
        for kind in kinds {
            round_trip(kind);
        }
    }

    #[test]
    fn identities_and_certificate_numbers_are_those_that_the_use_case_masked() {
        let profile = domain::WorkerProfile {
            town_code: "442000001".to_owned(),
        };
        let mut kept = listed(StoredBody::Worker(WorkerFact::Profile(profile)));
        kept.identity = Some((
            DocumentType::ResidentIdCard,
            "442000********9982".to_owned(),
            "王**".to_owned(),
        ));
        let Some(Kind::WorkerProfile(told)) = stored(&kept).fact.and_then(|fact| fact.kind) else {
            panic!("a profile")
        };
        assert_eq!(
            told.identity.expect("an identity").number,
            "442000********9982"
        );
        let certificate = domain::EmploymentCertificate {
            key: CertificateKey([0; 16]),
            enterprise_absorption_note: true,
            noted_on: None,
            office_code: String::new(),
        };
        let mut kept = listed(StoredBody::Worker(WorkerFact::Certificate(certificate)));
        kept.certificate_number = Some("442000******0001".to_owned());
        let Some(Kind::EmploymentCertificate(told)) = stored(&kept).fact.and_then(|fact| fact.kind)
        else {
            panic!("a certificate")
        };
        assert_eq!(
            (told.certificate_number.as_str(), told.worker),
            ("442000******0001", somebody())
        );
    }

    #[test]
    fn what_became_of_a_fact_is_told() {
        let body = domain::DependentChild {
            until_on: CivilDate::MAX,
        };
        let mut kept = listed(StoredBody::Worker(WorkerFact::Child(body)));
        assert_eq!(stored(&kept).superseded_by_fact_id, "");
        let later = FactId {
            revision: 5,
            ..kept.fact_id
        };
        kept.superseded = Some((later, 2_000_000));
        kept.retracted = Some((3_000_000, "A".to_owned(), "登记有误".to_owned()));
        let told = stored(&kept);
        assert_eq!(told.superseded_by_fact_id, format!("{WORKER}.5"));
        assert_eq!(told.retracted_time.expect("an instant").seconds, 3);
        assert_eq!(
            (told.retracted_by.as_str(), told.retraction_reason.as_str()),
            ("A", "登记有误")
        );
        assert_eq!((told.revision, told.actor.as_str()), (4, "developer"));
    }
}
