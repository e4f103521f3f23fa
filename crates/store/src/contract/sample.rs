//! Values for contracts: fictitious, and different by number.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    Contract, ContractKind, EmployerKind, EmployerProfile, FactKind, SizeClass, Source, VatPayer,
    WorkerFact, WorkerProfile,
};
use mamagang_domain::frozen::{Digest32, digest};
use mamagang_domain::identifier::{DocumentType, EmployerCode};
use mamagang_domain::ids::{AuditId, RequestId, Subject, WorkerId};
use mamagang_domain::ledger::{Genesis, chain_hash};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::{FilingCycle, TaxMonth, TaxYear};
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::timeline::{EmployerRecord, Timeline};
use uuid::Uuid;

use crate::audit::Retention;
use crate::rows::{
    AuditRow, EmployerRow, EntryRow, FactChange, FactRow, IdempotencyKey, IdempotencyRecord,
    IdentityKey, KeyedMac, NewWorker, PersonMonth, WorkerRow, WorkerSecret,
};
use crate::{Clock, Store, UnitOfWork};

/// A clock that stands where it is put.
#[derive(Debug)]
pub struct ManualClock(pub AtomicI64);

impl ManualClock {
    /// A clock at an instant.
    pub fn at(micros: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(micros)))
    }
}

impl Clock for ManualClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The instant of most contracts: 2024-05-20.
pub const NOW: i64 = 1_716_163_200_000_000;

/// Opens a unit at [`NOW`].
pub async fn begin(store: &Arc<dyn Store>) -> Box<dyn UnitOfWork> {
    let unit = store.begin(ManualClock::at(NOW)).await;
    unit.expect("a unit begins")
}

/// Adds workers in a unit of its own.
pub async fn add_workers(store: &Arc<dyn Store>, numbers: impl IntoIterator<Item = u8>) {
    let workers: Vec<_> = numbers.into_iter().map(new_worker).collect();
    let mut unit = begin(store).await;
    unit.insert_workers(&workers).await.expect("new workers");
    unit.commit().await.expect("committed");
}

/// Codes in ascending order, from 0 to 4.
pub fn employer(number: usize) -> EmployerCode {
    let codes = [
        "11442000QQ0000063H",
        "52442000QQ0000047L",
        "91442000MAQQ000161",
        "91442000QQ0000039Q",
        "92442000MAQQ00024Q",
    ];
    EmployerCode::parse(codes[number]).expect("a valid code")
}

/// Ids in ascending order.
pub fn worker(number: u8) -> WorkerId {
    WorkerId(Uuid::from_u128(
        0x0193_a5c0_0000_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}

/// A MAC.
pub fn mac(text: &str) -> Digest32 {
    digest(text.as_bytes())
}

/// A MAC under a key.
pub fn keyed(key_id: u32, text: &str) -> KeyedMac {
    KeyedMac {
        key_id,
        mac: mac(&format!("{key_id} {text}")),
    }
}

/// A worker with an identity under MAC key 1.
pub fn new_worker(number: u8) -> NewWorker {
    NewWorker {
        worker_id: worker(number),
        document_type: DocumentType::ResidentIdCard,
        number_macs: vec![keyed(1, &format!("number {number}"))],
        name_macs: vec![keyed(1, &format!("name {number}"))],
        secret: WorkerSecret {
            data_key: vec![number; 48],
            identity: vec![number, 0, 255],
        },
    }
}

/// The document of [`new_worker`].
pub fn identity(number: u8) -> IdentityKey {
    IdentityKey {
        document_type: DocumentType::ResidentIdCard,
        macs: vec![keyed(1, &format!("number {number}"))],
    }
}

fn source() -> Source {
    Source {
        name: "人社失业登记系统".to_owned(),
        drawn_on: CivilDate::parse("2024-05-19").ok(),
    }
}

/// A worker with a profile and a contract at each employer.
pub fn worker_row(number: u8, employers: &[EmployerCode]) -> WorkerRow {
    let town_code = "442000100".to_owned();
    let mut timeline = Timeline::default();
    let profile = WorkerProfile {
        town_code: town_code.clone(),
    };
    timeline.apply(WorkerFact::Profile(profile), &source());
    let start_on = CivilDate::parse("2023-03-01").expect("a date");
    for employer_code in employers {
        let contract = Contract {
            contract_id: format!("合同-{number}"),
            employer_code: *employer_code,
            kind: ContractKind::LabourContract,
            signed_on: start_on,
            start_on,
            end_on: None,
            terminated_on: None,
            part_time: false,
            filing_id: format!("filing-{number}"),
        };
        timeline.apply(WorkerFact::Contract(contract), &source());
    }
    WorkerRow {
        worker_id: worker(number),
        region_code: town_code,
        timeline,
    }
}

/// An employer with one profile.
pub fn employer_row(number: usize, name: &str) -> EmployerRow {
    let profile = EmployerProfile {
        name: name.to_owned(),
        kind: EmployerKind::Company,
        town_code: "442000100".to_owned(),
        industry_code: "C1811".to_owned(),
        vat_payer: VatPayer::General,
        filing_cycle: FilingCycle::Monthly,
        umct_rate_bp: RateBp::new(700),
        half_rate_surcharges: false,
        size_class: SizeClass::Other,
        from_on: CivilDate::parse("2019-01-01").expect("a date"),
    };
    let mut record = EmployerRecord::default();
    record.apply(profile, &source());
    EmployerRow {
        employer_code: employer(number),
        record,
    }
}

/// A fact row with nothing optional.
pub fn fact(subject: Subject, revision: u32, kind: FactKind, recorded_at: i64) -> FactRow {
    FactRow {
        subject,
        revision,
        kind,
        change: FactChange::Record {
            body: vec![1, 2, 3],
            secret: Vec::new(),
        },
        supersedes: None,
        source: Source {
            name: "HR".to_owned(),
            drawn_on: None,
        },
        recorded_at,
        actor: "clerk".to_owned(),
        reason: String::new(),
    }
}

/// A year.
pub fn year(number: i32) -> TaxYear {
    TaxYear::new(number).expect("a year")
}

/// A month.
pub fn month(text: &str) -> TaxMonth {
    TaxMonth::parse(text).expect("a month")
}

/// An entry that continues a chain.
pub fn entry(employer_code: EmployerCode, sequence: u32, previous_hash: Digest32) -> EntryRow {
    let frozen = format!("{employer_code} {sequence}").into_bytes();
    EntryRow {
        employer_code,
        sequence,
        tax_year: year(2023),
        recorded_at: NOW,
        hash: chain_hash(&previous_hash, &frozen),
        frozen,
        previous_hash,
    }
}

/// The first entries of an employer's chain.
pub fn entries(employer_code: EmployerCode, count: u32) -> Vec<EntryRow> {
    let mut previous = Genesis::hash(&employer_code);
    let chain = (1..=count).map(|sequence| {
        let next = entry(employer_code, sequence, previous);
        previous = next.hash;
        next
    });
    chain.collect()
}

/// A booked month.
pub fn booked(number: u8, month: TaxMonth, employer_code: EmployerCode) -> PersonMonth {
    PersonMonth {
        worker_id: worker(number),
        month,
        employer_code,
        group: CodeGroup::Unemployment,
        amount_fen: Fen::new(12_345),
        sequence: 1,
    }
}

/// A request of an organisation.
pub fn request(organisation: &str, method: &'static str, number: u128) -> IdempotencyKey {
    IdempotencyKey {
        organisation: organisation.into(),
        method,
        request_id: RequestId(Uuid::from_u128(number)),
    }
}

/// An answer.
pub fn answer(text: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        content: Arc::new(vec![
            ("employer_code".into(), "91442000MAQQ000161".to_owned()),
            ("reason".into(), format!("\"{text}\" 更正\n")),
        ]),
        response: text.as_bytes().to_vec(),
        recorded_at: NOW,
    }
}

/// The first rows of an audit writer's chain.
pub fn audit_rows(writer: u8, count: u64) -> Vec<AuditRow> {
    let mut previous_hash = [0; 32];
    let chain = (1..=count).map(|position| {
        let frozen = format!("{writer} {position}").into_bytes();
        let row = AuditRow {
            audit_id: audit_id(writer, position),
            writer_id: [writer; 16],
            position,
            recorded_at: NOW,
            method: "mamagang.v1.EligibilityService/CheckKeyGroupDeduction".to_owned(),
            caller: "bureau".to_owned(),
            organisation: "office".to_owned(),
            retention: Retention::SixMonths,
            outcome: "OK".to_owned(),
            worker_id: None,
            employer_code: None,
            hash: chain_hash(&previous_hash, &frozen),
            frozen,
            previous_hash,
        };
        previous_hash = row.hash;
        row
    });
    chain.collect()
}

/// The id of a row of [`audit_rows`].
pub fn audit_id(writer: u8, position: u64) -> AuditId {
    AuditId(Uuid::from_u128(
        (u128::from(writer) << 64) + u128::from(position),
    ))
}
