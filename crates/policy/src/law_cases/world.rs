//! Facts for cases, refusals and properties.

use std::sync::{Arc, OnceLock};

use super::words::Employer;
use crate::policies::load_embedded;
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    CertificateKey, Contract, ContractKind, Contribution, EmployerKind, EmployerProfile,
    EmploymentCertificate, FlexibleRegistration, Insurance, PersonCategory, PovertyStatus,
    SizeClass, Source, UnemploymentSpell, VatPayer, WorkerFact,
};
use mamagang_domain::filing::Filing;
use mamagang_domain::key_group::{BookedMonth, Evidence, Person};
use mamagang_domain::money::RateBp;
use mamagang_domain::month::{FilingCycle, TaxMonth};
use mamagang_domain::policy::{InsuranceSet, PolicyBook};
use mamagang_domain::timeline::{EmployerRecord, Timeline};

/// The repository's policies, read once.
pub fn book() -> Arc<PolicyBook> {
    static BOOK: OnceLock<Arc<PolicyBook>> = OnceLock::new();
    BOOK.get_or_init(|| load_embedded().expect("the embedded policies").book)
        .clone()
}

pub fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a test date")
}

pub fn month(text: &str) -> TaxMonth {
    TaxMonth::parse(text).expect("a test month")
}

pub fn source() -> Source {
    Source {
        name: "case".to_owned(),
        drawn_on: None,
    }
}

pub fn profile(kind: EmployerKind, from_on: CivilDate) -> EmployerProfile {
    EmployerProfile {
        name: "中山市案例有限公司".to_owned(),
        kind,
        town_code: "442000001".to_owned(),
        industry_code: "C13".to_owned(),
        vat_payer: VatPayer::General,
        filing_cycle: FilingCycle::Monthly,
        umct_rate_bp: RateBp::new(700),
        half_rate_surcharges: false,
        size_class: SizeClass::Other,
        from_on,
    }
}

/// A labour contract of full time with the employer of the question, signed on its first day.
pub fn contract(id: &str, start_on: CivilDate, end_on: Option<CivilDate>) -> Contract {
    Contract {
        contract_id: id.to_owned(),
        employer_code: Employer::Us.code(),
        kind: ContractKind::LabourContract,
        signed_on: start_on,
        start_on,
        end_on,
        terminated_on: None,
        part_time: false,
        filing_id: String::new(),
    }
}

pub fn spell(registered_on: CivilDate, ended_on: Option<CivilDate>) -> UnemploymentSpell {
    UnemploymentSpell {
        registered_on,
        ended_on,
        end_code: ended_on.map(|_| "11".to_owned()).unwrap_or_default(),
        reason_code: "20".to_owned(),
        office_code: "442000".to_owned(),
    }
}

pub fn poverty(
    category: PersonCategory,
    from_on: CivilDate,
    to_on: Option<CivilDate>,
) -> PovertyStatus {
    PovertyStatus {
        category,
        from_on,
        to_on,
    }
}

pub fn certificate(number: u8, noted: bool) -> EmploymentCertificate {
    EmploymentCertificate {
        key: CertificateKey([number; 16]),
        enterprise_absorption_note: noted,
        noted_on: None,
        office_code: "442000".to_owned(),
    }
}

/// All five insurances, paid on the month's last day.
pub fn paid(employer: Option<Employer>, paid_for: TaxMonth) -> Contribution {
    Contribution {
        employer_code: employer.map(Employer::code),
        month: paid_for,
        insurances: InsuranceSet::of(Insurance::ALL),
        paid_on: paid_for.last_day(),
    }
}

pub fn flexible(from_on: CivilDate, to_on: Option<CivilDate>) -> FlexibleRegistration {
    FlexibleRegistration { from_on, to_on }
}

/// Everything about one person and the employer that asks.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub timeline: Timeline,
    pub employer: EmployerRecord,
    pub booked: Vec<BookedMonth>,
    pub filings: Vec<Filing>,
    pub unclaimed_elsewhere: i32,
}

impl World {
    pub fn employ(&mut self, kind: EmployerKind, from_on: CivilDate) {
        self.employer.apply(profile(kind, from_on), &source());
    }

    pub fn add(&mut self, fact: WorkerFact) -> &mut Self {
        self.timeline.apply(fact, &source());
        self
    }

    pub fn book(&mut self, employer: Employer, first: TaxMonth, last: TaxMonth) {
        let code = employer.code();
        self.booked
            .extend(first.through(last).map(|month| BookedMonth {
                month,
                employer_code: code,
            }));
        self.booked.sort_unstable();
    }

    pub fn known(&self) -> Person<'_> {
        Person::Known(&self.timeline)
    }

    pub fn evidence<'a>(
        &'a self,
        person: Person<'a>,
        code: &'a mamagang_domain::identifier::EmployerCode,
    ) -> Evidence<'a> {
        Evidence {
            person,
            employer_code: code,
            employer: &self.employer,
            booked: &self.booked,
            unclaimed_elsewhere: self.unclaimed_elsewhere,
            filings: &self.filings,
        }
    }
}
