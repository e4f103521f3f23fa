//! A small city: two employers and a few workers.

use mamagang_app::Caller;
use mamagang_app::eligibility::KeyGroupCheck;
use mamagang_app::facts::{
    FactInput, FactItem, FactOutcome, RecordFacts, RecordedFact, WorkerFactInput,
};
use mamagang_app::ledger::PostDeduction;
use mamagang_app::workers::Who;
use mamagang_domain::fact::{
    Contract, ContractKind, EmployerKind, EmployerProfile, PersonCategory, PovertyStatus,
    SizeClass, UnemploymentSpell, VatPayer,
};
use mamagang_domain::identifier::{CertificateNumber, EmployerCode};
use mamagang_domain::ledger::{Declaration, Release};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxPeriod};
use mamagang_testkit::{TestApp, date, identity, month, paid, source, write};

pub(crate) const BAKERY: &str = "91442000MAQQ000161";
pub(crate) const LAUNDRY: &str = "91442000QQ0000039Q";
pub(crate) const WANG: (&str, &str) = ("442000198903149982", "王芳");
pub(crate) const LI: (&str, &str) = ("442000199307089965", "李敏");
pub(crate) const ZHANG: (&str, &str) = ("440000198702209975", "张丽");

/// A person with a number in the document: born 1989-03-14 in Zhongshan (GB 11643).
pub(crate) fn numbered_person(number: usize) -> (String, &'static str) {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("44200019890314{number:03}");
    let sum: usize = body
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| usize::from(digit - b'0') * weight)
        .sum();
    let check = b"10X98765432"[sum % 11];
    (format!("{body}{}", char::from(check)), "陈小玲")
}

/// An employer's code with a number in it: `91442000MAQ` and six digits, with its check character (GB
/// 32100).
pub(crate) fn numbered_employer(number: usize) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("91442000MAQ{number:06}");
    let mut weight = 1;
    let mut sum = 0;
    for letter in body.bytes() {
        let value = ALPHABET
            .iter()
            .position(|known| *known == letter)
            .expect("a letter");
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    let check = ALPHABET[(31 - sum % 31) % 31];
    format!("{body}{}", char::from(check))
}

pub(crate) fn code(text: &str) -> EmployerCode {
    EmployerCode::parse(text).expect("a code")
}

pub(crate) fn who(person: (&str, &str)) -> Who {
    Who::Identity(identity(person.0, person.1))
}

pub(crate) fn item(fact: FactInput) -> FactItem {
    FactItem {
        row_key: "r".to_owned(),
        source: source(),
        fact,
    }
}

pub(crate) fn employer(employer_code: &str, kind: EmployerKind) -> FactItem {
    let profile = EmployerProfile {
        name: "中山某某有限公司".to_owned(),
        kind,
        town_code: "442000001".to_owned(),
        industry_code: "C1411".to_owned(),
        vat_payer: VatPayer::General,
        filing_cycle: FilingCycle::Monthly,
        umct_rate_bp: RateBp::new(700),
        half_rate_surcharges: false,
        size_class: SizeClass::Other,
        from_on: date("2019-01-01"),
    };
    item(FactInput::Employer(code(employer_code), profile))
}

pub(crate) fn lifted(person: (&str, &str)) -> FactItem {
    let status = PovertyStatus {
        category: PersonCategory::LiftedFromPoverty,
        from_on: date("2015-01-01"),
        to_on: None,
    };
    item(FactInput::Worker(
        who(person),
        WorkerFactInput::Poverty(status),
    ))
}

/// Registered unemployed from a day on, with a certificate that notes it.
pub(crate) fn registered(person: (&str, &str), registered_on: &str) -> Vec<FactItem> {
    let spell = UnemploymentSpell {
        registered_on: date(registered_on),
        ended_on: None,
        end_code: String::new(),
        reason_code: "20".to_owned(),
        office_code: "442000001".to_owned(),
    };
    let certificate = WorkerFactInput::Certificate {
        number: CertificateNumber::parse("4420000022000001").expect("a number"),
        enterprise_absorption_note: true,
        noted_on: Some(date(registered_on)),
        office_code: "442000001".to_owned(),
    };
    [WorkerFactInput::Spell(spell), certificate]
        .map(|fact| item(FactInput::Worker(who(person), fact)))
        .into()
}

pub(crate) fn contract(
    person: (&str, &str),
    employer_code: &str,
    id: &str,
    start: &str,
) -> FactItem {
    let contract = Contract {
        contract_id: id.to_owned(),
        employer_code: code(employer_code),
        kind: ContractKind::LabourContract,
        signed_on: date(start),
        start_on: date(start),
        end_on: None,
        terminated_on: None,
        part_time: false,
        filing_id: String::new(),
    };
    item(FactInput::Worker(
        who(person),
        WorkerFactInput::Contract(contract),
    ))
}

/// A contract with an agreed end.
pub(crate) fn contract_until(
    person: (&str, &str),
    employer_code: &str,
    id: &str,
    start: &str,
    end: &str,
) -> FactItem {
    let mut item = contract(person, employer_code, id, start);
    if let FactInput::Worker(_, WorkerFactInput::Contract(contract)) = &mut item.fact {
        contract.end_on = Some(date(end));
    }
    item
}

pub(crate) fn insured(
    person: (&str, &str),
    employer_code: &str,
    from: &str,
    through: &str,
) -> Vec<FactItem> {
    month(from)
        .through(month(through))
        .map(|month| {
            item(FactInput::Worker(
                who(person),
                WorkerFactInput::Contribution(paid(code(employer_code), month)),
            ))
        })
        .collect()
}

/// A bakery with 王芳, hired 2023-01-01, insured all of 2023.
pub(crate) fn bakery_with_wang() -> Vec<FactItem> {
    let mut items = vec![
        employer(BAKERY, EmployerKind::Company),
        lifted(WANG),
        contract(WANG, BAKERY, "C1", "2023-01-01"),
    ];
    items.extend(insured(WANG, BAKERY, "2023-01", "2023-12"));
    items
}

pub(crate) async fn record(test: &TestApp, items: Vec<FactItem>) -> Vec<RecordedFact> {
    let request = RecordFacts {
        request: None,
        method: "mamagang.v1.RegistryService/RecordFacts",
        items,
        unread: Vec::new(),
    };
    let outcomes = test
        .app
        .record_facts(&Caller::developer(), request)
        .await
        .expect("recorded");
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            FactOutcome::Recorded(fact) => fact,
            FactOutcome::Refused { reason, violations }
            | FactOutcome::Unread { reason, violations } => panic!("{reason:?} {violations:?}"),
        })
        .collect()
}

pub(crate) fn check(
    person: (&str, &str),
    employer_code: &str,
    from: &str,
    through: &str,
) -> KeyGroupCheck {
    KeyGroupCheck {
        employer_code: code(employer_code),
        who: who(person),
        from: month(from),
        through: month(through),
    }
}

pub(crate) fn post(
    number: u128,
    employer_code: &str,
    period: &str,
    vat_payable_fen: i64,
) -> PostDeduction {
    PostDeduction {
        request: write(
            number,
            &format!("{employer_code} {period} {vat_payable_fen}"),
        ),
        validate_only: false,
        employer_code: code(employer_code),
        declaration: Declaration {
            period: TaxPeriod::parse(period).expect("a period"),
            vat_payable_fen: Fen::new(vat_payable_fen),
            sales_fen: None,
            release: Release::Cumulative,
            return_number: String::new(),
            declared_at: None,
        },
    }
}
