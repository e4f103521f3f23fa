//! A city of any size, the same each time: every person and employer follows from a number.

use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::month::TaxMonth;
use mamagang_proto::v1;
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::worker_ref::Ref;

/// Workers of a standard employer.
pub(crate) const STAFF: u64 = 5;

/// Surnames and given names; names need not differ, numbers do.
const SURNAMES: [&str; 12] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙",
];
const GIVEN: [&str; 12] = [
    "芳", "敏", "静", "丽", "娟", "艳", "玲", "桂英", "秀兰", "婷婷", "雪梅", "海燕",
];

const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The first contributions and contracts.
const FIRST_MONTH: (i32, i32) = (2023, 1);

/// How large a city is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct City {
    /// Workers.
    pub(crate) workers: u64,
    /// How many of them make an employer, one after the other by number.
    pub(crate) staff: u64,
    /// Months of contributions of everybody.
    pub(crate) months: i32,
    /// Employers whose workers have 36 months all the same, from number 0 on.
    pub(crate) long_employers: u64,
}

impl City {
    pub(crate) fn employers(&self) -> u64 {
        self.workers / self.staff
    }

    /// The employer of a worker.
    pub(crate) fn employer_of(&self, worker: u64) -> u64 {
        worker / self.staff
    }

    /// Months of contributions of a worker.
    pub(crate) fn months_of(&self, worker: u64) -> i32 {
        match self.employer_of(worker) < self.long_employers {
            true => self.months.max(36),
            false => self.months,
        }
    }

    /// Facts about an employer and its workers, in the order in which they are recorded.
    pub(crate) fn facts_of_employer(&self, employer: u64) -> Vec<v1::Fact> {
        let first = employer * self.staff;
        let mut facts = vec![fact(profile(employer))];
        for worker in first..(first + self.staff).min(self.workers) {
            facts.extend(self.facts_of_worker(worker).into_iter().map(fact));
        }
        facts
    }

    /// How many facts there are.
    pub(crate) fn facts(&self) -> u64 {
        let of_workers: i64 = (0..self.workers)
            .map(|worker| 2 + i64::from(self.months_of(worker)))
            .sum();
        self.employers() + u64::try_from(of_workers).unwrap_or(0)
    }

    fn facts_of_worker(&self, worker: u64) -> Vec<Kind> {
        let code = employer_code(self.employer_of(worker));
        let mut facts = vec![poverty(worker), contract(worker, &code)];
        let months = self.months_of(worker);
        facts.extend((0..months).map(|index| contribution(worker, &code, month(index))));
        facts
    }
}

/// A month counted from the first.
pub(crate) fn month(index: i32) -> TaxMonth {
    TaxMonth::new(FIRST_MONTH.0, FIRST_MONTH.1)
        .expect("a month")
        .plus(index)
}

/// The resident number of a worker.
pub(crate) fn resident_number(worker: u64) -> String {
    // Three digits of sequence within a day of birth, some 14,000 days, and towns above them.
    let (day, sequence) = (worker / 1_000, worker % 1_000);
    let (town, day) = (day / 12_000, day % 12_000);
    let (year, rest) = (1965 + day / 336, day % 336);
    let (month, day) = (1 + rest / 28, 1 + rest % 28);
    let body = format!("44{town:04}{year:04}{month:02}{day:02}{sequence:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = char::from(b"10X98765432"[(sum % 11) as usize]);
    format!("{body}{check}")
}

/// The name of a worker.
pub(crate) fn name(worker: u64) -> String {
    let surname = SURNAMES[(worker % 12) as usize];
    let given = GIVEN[(worker / 12 % 12) as usize];
    format!("{surname}{given}")
}

/// The code of an employer.
pub(crate) fn employer_code(employer: u64) -> String {
    let mut body = b"91442000MA00000000".to_vec();
    let mut rest = employer;
    for place in (10..17).rev() {
        let base = ALPHABET.len() as u64;
        body[place] = ALPHABET[(rest % base) as usize];
        rest /= base;
    }
    for check in ALPHABET {
        body[17] = *check;
        let text = String::from_utf8_lossy(&body);
        if EmployerCode::parse(&text).is_ok() {
            return text.into_owned();
        }
    }
    unreachable!("one of 31 check characters is right");
}

/// A worker as calls name one.
pub(crate) fn worker_ref(worker: u64) -> v1::WorkerRef {
    v1::WorkerRef {
        r#ref: Some(Ref::Identity(v1::IdentityDocument {
            r#type: v1::DocumentType::ResidentIdCard.into(),
            number: resident_number(worker),
            name: name(worker),
        })),
    }
}

fn fact(kind: Kind) -> v1::Fact {
    v1::Fact {
        fact_id: String::new(),
        row_key: String::new(),
        source: "基准".to_owned(),
        source_date: String::new(),
        kind: Some(kind),
    }
}

fn profile(employer: u64) -> Kind {
    Kind::EmployerProfile(v1::EmployerProfile {
        employer_code: employer_code(employer),
        name: format!("中山市第{employer}号有限公司"),
        kind: v1::EmployerKind::Company.into(),
        town_code: format!("4420{:05}", employer % 24),
        industry_code: "C1411".to_owned(),
        vat_payer: v1::VatPayer::General.into(),
        filing_cycle: v1::FilingCycle::Monthly.into(),
        umct_rate_bp: 700,
        half_rate_surcharges: false,
        size_class: v1::SizeClass::Other.into(),
        from_date: "2019-01-01".to_owned(),
    })
}

fn poverty(worker: u64) -> Kind {
    Kind::PovertyStatus(v1::PovertyStatus {
        worker: Some(worker_ref(worker)),
        category: v1::PersonCategory::LiftedFromPoverty.into(),
        from_date: "2015-01-01".to_owned(),
        to_date: String::new(),
    })
}

fn contract(worker: u64, employer_code: &str) -> Kind {
    Kind::Contract(v1::Contract {
        contract_id: format!("C{worker}"),
        employer_code: employer_code.to_owned(),
        worker: Some(worker_ref(worker)),
        kind: v1::ContractKind::LabourContract.into(),
        signed_date: "2023-01-01".to_owned(),
        start_date: "2023-01-01".to_owned(),
        end_date: String::new(),
        terminated_date: String::new(),
        part_time: false,
        filing_id: String::new(),
    })
}

fn contribution(worker: u64, employer_code: &str, month: TaxMonth) -> Kind {
    Kind::Contribution(v1::Contribution {
        worker: Some(worker_ref(worker)),
        employer_code: employer_code.to_owned(),
        month: month.to_string(),
        insurances: [
            v1::Insurance::Pension,
            v1::Insurance::Medical,
            v1::Insurance::Unemployment,
            v1::Insurance::WorkInjury,
            v1::Insurance::Maternity,
        ]
        .map(i32::from)
        .to_vec(),
        paid_date: month.last_day().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mamagang_domain::date::CivilDate;
    use mamagang_domain::identifier::{DocumentNumber, DocumentType};

    use super::*;

    #[test]
    fn every_number_is_valid_and_nobody_elses() {
        let today = CivilDate::parse("2026-01-01").expect("a date");
        let workers = (0..3_000)
            .chain(1_000_000..1_003_000)
            .chain(11_999_000..12_001_000);
        let mut seen = BTreeSet::new();
        for worker in workers {
            let number = resident_number(worker);
            let parsed = DocumentNumber::parse(DocumentType::ResidentIdCard, &number, today);
            assert!(parsed.is_ok(), "{worker}: {number}");
            assert!(seen.insert(number), "{worker}");
        }
        let employers: BTreeSet<_> = (0..50_000).map(employer_code).collect();
        assert_eq!(employers.len(), 50_000);
    }

    #[test]
    fn facts_are_counted_as_they_are_made() {
        let city = City {
            workers: 20,
            staff: STAFF,
            months: 12,
            long_employers: 1,
        };
        let made: usize = (0..city.employers())
            .map(|employer| city.facts_of_employer(employer).len())
            .sum();
        assert_eq!(made as u64, city.facts());
        assert_eq!(made, 4 + 5 * 38 + 15 * 14);
        let large = City { staff: 10, ..city };
        assert_eq!(large.facts(), 2 + 10 * 38 + 10 * 14);
    }
}
