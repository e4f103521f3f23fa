//! Who lives and works in the town. Nobody exists: numbers and codes are computed.

use mamagang_proto::v1::{
    Contract, ContractKind, Contribution, DependentChild, DocumentType, EmployerKind,
    EmployerProfile, Fact, FilingCycle, FlexibleRegistration, IdentityDocument, Insurance,
    SizeClass, TrainingRecord, VatPayer, WorkerRef, fact, worker_ref,
};

/// An employer of the town.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Employer {
    pub(crate) stem: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: EmployerKind,
    pub(crate) town: &'static str,
}

pub(crate) const BAKERY: Employer = Employer {
    stem: "91442000MATT00001",
    name: "黄圃某某食品有限公司",
    kind: EmployerKind::Company,
    town: "442000101",
};
pub(crate) const DISPATCH: Employer = Employer {
    stem: "91442000MATT00002",
    name: "黄圃某某劳务派遣有限公司",
    kind: EmployerKind::DispatchAgency,
    town: "442000101",
};
pub(crate) const SHOP: Employer = Employer {
    stem: "92442000MATT00003",
    name: "黄圃某某百货店",
    kind: EmployerKind::IndividualBusiness,
    town: "442000101",
};
pub(crate) const HOMECARE: Employer = Employer {
    stem: "91442000MATT00004",
    name: "黄圃某某家政服务有限公司",
    kind: EmployerKind::Company,
    town: "442000101",
};
pub(crate) const EMPLOYERS: [Employer; 4] = [BAKERY, DISPATCH, SHOP, HOMECARE];

impl Employer {
    /// The code with its check digit (GB 32100).
    pub(crate) fn code(&self) -> String {
        const DIGITS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
        let (mut sum, mut weight) = (0, 1);
        for digit in self.stem.chars() {
            sum += DIGITS.find(digit).expect("a digit of the code") * weight;
            weight = weight * 3 % 31;
        }
        let check = DIGITS.as_bytes()[(31 - sum % 31) % 31];
        format!("{}{}", self.stem, char::from(check))
    }

    pub(crate) fn profile(&self) -> Fact {
        told(fact::Kind::EmployerProfile(EmployerProfile {
            employer_code: self.code(),
            name: self.name.to_owned(),
            kind: self.kind.into(),
            town_code: self.town.to_owned(),
            industry_code: "C1411".to_owned(),
            vat_payer: VatPayer::SmallScale.into(),
            filing_cycle: FilingCycle::Quarterly.into(),
            umct_rate_bp: 500,
            half_rate_surcharges: true,
            size_class: SizeClass::Other.into(),
            from_date: "2020-01-01".to_owned(),
        }))
    }
}

/// A person of the town, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person(pub(crate) u32);

impl Person {
    fn identity(self) -> IdentityDocument {
        let stem = format!(
            "4420001988{:02}{:02}{:03}",
            self.0 % 12 + 1,
            self.0 % 28 + 1,
            self.0
        );
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let digits = stem
            .chars()
            .map(|digit| digit.to_digit(10).expect("a digit"));
        let sum: u32 = digits
            .zip(weights)
            .map(|(digit, weight)| digit * weight)
            .sum();
        let check = b"10X98765432"[usize::try_from(sum % 11).expect("below 11")];
        IdentityDocument {
            r#type: DocumentType::ResidentIdCard.into(),
            number: format!("{stem}{}", char::from(check)),
            name: format!(
                "陈{}",
                ["一", "二", "三", "四", "五", "六", "七"][self.0 as usize - 1]
            ),
        }
    }

    pub(crate) fn worker(self) -> Option<WorkerRef> {
        let named = worker_ref::Ref::Identity(self.identity());
        Some(WorkerRef { r#ref: Some(named) })
    }

    pub(crate) fn child(self, until: &str) -> Fact {
        told(fact::Kind::DependentChild(DependentChild {
            worker: self.worker(),
            until_date: until.to_owned(),
        }))
    }

    /// A year's contract from a day, naming the filing.
    pub(crate) fn contract(
        self,
        employer: &Employer,
        kind: ContractKind,
        (from, to): (&str, &str),
        filing_id: &str,
    ) -> Fact {
        told(fact::Kind::Contract(Contract {
            contract_id: format!("HT-{}", self.0),
            employer_code: employer.code(),
            worker: self.worker(),
            kind: kind.into(),
            signed_date: from.to_owned(),
            start_date: from.to_owned(),
            end_date: to.to_owned(),
            terminated_date: String::new(),
            part_time: false,
            filing_id: filing_id.to_owned(),
        }))
    }

    /// A month's insurance: all five by an employer; by the person alone pension and medical.
    pub(crate) fn insured(self, employer: Option<&Employer>, month: &str) -> Fact {
        use Insurance::{Maternity, Medical, Pension, Unemployment, WorkInjury};
        let all = [Pension, Medical, Unemployment, WorkInjury, Maternity];
        let paid = if employer.is_some() {
            &all[..]
        } else {
            &all[..2]
        };
        self.contribution(employer, month, paid)
    }

    pub(crate) fn contribution(
        self,
        employer: Option<&Employer>,
        month: &str,
        paid: &[Insurance],
    ) -> Fact {
        told(fact::Kind::Contribution(Contribution {
            worker: self.worker(),
            employer_code: employer.map_or_else(String::new, Employer::code),
            month: month.to_owned(),
            insurances: paid.iter().map(|kind| i32::from(*kind)).collect(),
            paid_date: format!("{month}-25"),
        }))
    }

    pub(crate) fn flexible(self, from: &str) -> Fact {
        told(fact::Kind::FlexibleRegistration(FlexibleRegistration {
            worker: self.worker(),
            from_date: from.to_owned(),
            to_date: String::new(),
        }))
    }

    pub(crate) fn trained(self, employer: &Employer, plan_id: &str, class_hours: i32) -> Fact {
        told(fact::Kind::TrainingRecord(TrainingRecord {
            worker: self.worker(),
            employer_code: employer.code(),
            plan_id: plan_id.to_owned(),
            class_hours,
            completed_date: "2022-08-20".to_owned(),
            standard_met: true,
        }))
    }
}

fn told(kind: fact::Kind) -> Fact {
    Fact {
        fact_id: String::new(),
        row_key: String::new(),
        source: "黄圃人社分局".to_owned(),
        source_date: "2022-10-08".to_owned(),
        kind: Some(kind),
    }
}
