//! Which of two reasons is told when both hold: always the first in order of precedence.

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    ContractKind, EmployerKind, OtherRelief, PersonCategory, ReliefCode, WorkerFact,
};
use mamagang_domain::key_group::{Person, assess};
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::ReasonCode::{
    self, AllConditionsMet, BackPaidInsurance, CategoryNotCoveredAtDate, CertificateNoteMissing,
    ConflictingEvidence, ContractKindNotCovered, ContractTooShort, EmployerNotEnterprise,
    InsuranceNotPaid, MonthBookedElsewhere, NoRecord, NotInForce, NotMatched,
    OtherEmploymentReliefClaimed, PartTime, PolicyNotEncoded, SpellBroken, SpellTooShort,
    TermCountUnconfirmed, TermExhausted,
};

use mamagang_policy::law_cases::words::Employer;
use mamagang_policy::law_cases::world::{
    World, book, certificate, contract, day, flexible, paid, poverty, spell,
};

/// Every reason that facts can give against a month, in order of precedence. SOURCE_UNREACHABLE is
/// not among them: it tells of a source, not of facts.
const FAULTS: [ReasonCode; 19] = [
    PolicyNotEncoded,
    EmployerNotEnterprise,
    NotMatched,
    ContractKindNotCovered,
    PartTime,
    ContractTooShort,
    CategoryNotCoveredAtDate,
    SpellTooShort,
    SpellBroken,
    NoRecord,
    CertificateNoteMissing,
    ConflictingEvidence,
    OtherEmploymentReliefClaimed,
    NotInForce,
    InsuranceNotPaid,
    MonthBookedElsewhere,
    TermExhausted,
    TermCountUnconfirmed,
    BackPaidInsurance,
];

/// Pairs that no facts can give at once.
const EXCLUSIVE: [(ReasonCode, ReasonCode); 7] = [
    // A record that fails on its date, and no record.
    (CategoryNotCoveredAtDate, NoRecord),
    (SpellTooShort, NoRecord),
    (SpellBroken, NoRecord),
    // Evidence against a spell needs the spell.
    (NoRecord, ConflictingEvidence),
    // A category that may hold goes before one that does not: see the last test.
    (CategoryNotCoveredAtDate, CertificateNoteMissing),
    (CategoryNotCoveredAtDate, ConflictingEvidence),
    // Paid late, and not paid.
    (InsuranceNotPaid, BackPaidInsurance),
];

/// A month against which the given reasons stand, and no other.
struct Scene<'a> {
    faults: &'a [ReasonCode],
    hired_on: CivilDate,
    asked: TaxMonth,
}

impl<'a> Scene<'a> {
    fn new(faults: &'a [ReasonCode]) -> Self {
        let has = |code| faults.contains(&code);
        let hired_on = day(if has(PolicyNotEncoded) {
            "2028-03-10"
        } else {
            "2023-03-10"
        });
        let months_later = if has(TermExhausted) { 36 } else { 2 };
        Self {
            faults,
            hired_on,
            asked: TaxMonth::of(hired_on).plus(months_later),
        }
    }

    fn has(&self, code: ReasonCode) -> bool {
        self.faults.contains(&code)
    }

    fn world(&self) -> World {
        let mut world = World::default();
        let kind = if self.has(EmployerNotEnterprise) {
            EmployerKind::IndividualBusiness
        } else {
            EmployerKind::Company
        };
        world.employ(kind, day("2010-01-01"));
        self.add_status(&mut world);
        self.add_work(&mut world);
        self.add_term(&mut world);
        world
    }

    fn add_status(&self, world: &mut World) {
        let has_spell_fault = self.has(SpellTooShort) || self.has(SpellBroken);
        if self.has(CategoryNotCoveredAtDate) {
            let ended_on = self.hired_on.plus_days(-1);
            let lifted = PersonCategory::LiftedFromPoverty;
            let record = poverty(lifted, day("2015-01-01"), Some(ended_on));
            world.add(WorkerFact::Poverty(record));
        }
        if has_spell_fault || !(self.has(CategoryNotCoveredAtDate) || self.has(NoRecord)) {
            let days = if self.has(SpellTooShort) { 100 } else { 250 };
            let registered_on = self.hired_on.plus_days(-days);
            world.add(WorkerFact::Spell(spell(registered_on, Some(self.hired_on))));
        }
        if self.has(SpellBroken) {
            let fact = flexible(self.hired_on.plus_days(-20), None);
            world.add(WorkerFact::Flexible(fact));
        }
        if !self.has(CertificateNoteMissing) {
            world.add(WorkerFact::Certificate(certificate(1, true)));
        }
        if self.has(ConflictingEvidence) {
            let month = TaxMonth::of(self.hired_on).plus(-1);
            world.add(WorkerFact::Contribution(paid(Some(Employer::A), month)));
        }
    }

    fn add_work(&self, world: &mut World) {
        let end_on = self
            .has(ContractTooShort)
            .then(|| self.hired_on.plus_months(12).plus_days(-2));
        let mut body = contract("C", self.hired_on, end_on);
        body.part_time = self.has(PartTime);
        if self.has(ContractKindNotCovered) {
            body.kind = ContractKind::ServiceAgreement;
        }
        if self.has(NotInForce) {
            body.terminated_on = Some(TaxMonth::of(self.hired_on).last_day());
        }
        world.add(WorkerFact::Contract(body));
        for month in TaxMonth::of(self.hired_on).through(self.asked) {
            let mut body = paid(Some(Employer::Us), month);
            if month == self.asked && self.has(BackPaidInsurance) {
                body.paid_on = month.plus(2).first_day();
            }
            if month != self.asked || !self.has(InsuranceNotPaid) {
                world.add(WorkerFact::Contribution(body));
            }
        }
    }

    fn add_term(&self, world: &mut World) {
        let hired_in = TaxMonth::of(self.hired_on);
        if self.has(OtherEmploymentReliefClaimed) {
            world.add(WorkerFact::Relief(OtherRelief {
                employer_code: Employer::Us.code(),
                relief_code: ReliefCode::Veteran,
                from_month: hired_in,
                to_month: None,
            }));
        }
        if self.has(MonthBookedElsewhere) {
            world.book(Employer::A, self.asked, self.asked);
        }
        if self.has(TermCountUnconfirmed) {
            // A year enjoyed so long ago that the calendar's 36 months are over.
            world.book(Employer::A, hired_in.plus(-50), hired_in.plus(-39));
        }
    }

    fn told(&self) -> ReasonCode {
        let world = self.world();
        let person = if self.has(NotMatched) {
            Person::NotMatched
        } else {
            world.known()
        };
        let code = Employer::Us.code();
        let evidence = world.evidence(person, &code);
        let assessment = assess(&book().key_group, &evidence, self.asked, self.asked);
        assessment.months[0].code
    }
}

#[test]
fn without_a_fault_all_conditions_are_met() {
    assert_eq!(Scene::new(&[]).told(), AllConditionsMet);
}

#[test]
fn each_fault_alone_is_told() {
    for code in FAULTS {
        assert_eq!(Scene::new(&[code]).told(), code);
    }
}

#[test]
fn the_faults_stand_in_order_of_precedence_and_none_is_left_out() {
    let mut codes: Vec<ReasonCode> = ReasonCode::ALL
        .iter()
        .copied()
        .filter(|code| code.precedence() < AllConditionsMet.precedence())
        .filter(|code| *code != ReasonCode::SourceUnreachable)
        // From there on the codes of other measures.
        .filter(|code| code.number() < ReasonCode::ExemptionWaived.number())
        .collect();
    codes.sort_by_key(|code| code.precedence());
    assert_eq!(codes, FAULTS);
}

#[test]
fn of_two_faults_the_first_in_order_is_told() {
    let mut pairs = 0;
    for (position, first) in FAULTS.into_iter().enumerate() {
        for second in FAULTS.into_iter().skip(position + 1) {
            if EXCLUSIVE.contains(&(first, second)) {
                continue;
            }
            let told = Scene::new(&[second, first]).told();
            assert_eq!(told, first, "{} and {}", first.name(), second.name());
            pairs += 1;
        }
    }
    assert_eq!(
        pairs,
        FAULTS.len() * (FAULTS.len() - 1) / 2 - EXCLUSIVE.len()
    );
}

#[test]
fn of_two_categories_the_one_that_may_hold_is_told_whatever_the_order() {
    // The poverty record had ended, the spell lacks its certificate: a question, not a refusal.
    let mut world = Scene::new(&[CertificateNoteMissing]).world();
    let lifted = PersonCategory::LiftedFromPoverty;
    let record = poverty(lifted, day("2015-01-01"), Some(day("2023-03-09")));
    world.add(WorkerFact::Poverty(record));
    let code = Employer::Us.code();
    let asked = TaxMonth::of(day("2023-05-01"));
    let evidence = world.evidence(world.known(), &code);
    let found = assess(&book().key_group, &evidence, asked, asked).months[0];
    assert_eq!(found.code, CertificateNoteMissing);
    assert_eq!(found.category, Some(PersonCategory::RegisteredUnemployed));
}
