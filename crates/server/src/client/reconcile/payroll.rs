//! A payroll beside the months that are booked.

use std::collections::{BTreeMap, BTreeSet};

use mamagang_domain::month::TaxMonth;
use mamagang_files::import::{Field, Form, Kind, Record};
use mamagang_proto::v1::list_facts_request::Subject;
use mamagang_proto::v1::{
    self, AccessContext, FactKind, IdentityDocument, WorkTimeRow, WorkerRef, worker_ref,
};

use super::compare::Difference;
use super::returns::column;
use super::text_of;
use crate::client::export::read::Records;
use crate::client::failure::Failure;

/// The columns of a payroll.
pub(super) static KIND: Kind = Kind {
    name: "payroll",
    title: "工资表",
    fields: FIELDS,
    request: None,
};
const FIELDS: &[Field] = &[
    column("number", "身份证件号码", Form::Code, true),
    column("name", "姓名", Form::Text, true),
    column("month", "月份", Form::Month, true),
];

/// A person on the payroll.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Person {
    number: String,
    name: String,
}

/// The months of the year for which each person was paid.
pub(super) type Paid = BTreeMap<Person, BTreeSet<TaxMonth>>;

pub(super) fn paid(rows: Vec<Record>, year: i32) -> Result<Paid, Failure> {
    let mut paid = Paid::new();
    for row in &rows {
        let month =
            TaxMonth::parse(text_of(row, "month")).map_err(|_| Failure::Incomplete("month"))?;
        let person = Person {
            number: text_of(row, "number").to_owned(),
            name: text_of(row, "name").to_owned(),
        };
        if month.year() == year {
            paid.entry(person).or_default().insert(month);
        }
    }
    Ok(paid)
}

/// The service's id of each person it knows by number and name; the others are no matter of the deduction.
pub(super) async fn workers(
    records: &mut Records<'_>,
    paid: &Paid,
    context: &AccessContext,
) -> Result<BTreeMap<String, Person>, Failure> {
    let mut workers = BTreeMap::new();
    for person in paid.keys() {
        let identity = IdentityDocument {
            r#type: document_type(&person.number).into(),
            number: person.number.clone(),
            name: person.name.clone(),
        };
        let subject = Subject::Worker(WorkerRef {
            r#ref: Some(worker_ref::Ref::Identity(identity)),
        });
        let facts = match records
            .facts(subject, &[FactKind::Contract], true, context)
            .await
        {
            Ok(facts) => facts,
            // Somebody whom nobody has recorded, or a number that is none: not a worker of the table.
            Err(Failure::Refused(status))
                if matches!(
                    status.code(),
                    tonic::Code::NotFound | tonic::Code::InvalidArgument
                ) =>
            {
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let id = facts
            .first()
            .and_then(|stored| stored.fact.as_ref())
            .and_then(|fact| fact.fact_id.split('.').next());
        if let Some(id) = id {
            workers.insert(id.to_owned(), person.clone());
        }
    }
    Ok(workers)
}

/// The document that a number belongs to, by its form.
fn document_type(number: &str) -> v1::DocumentType {
    match number.get(..2) {
        Some("81" | "82" | "83") => v1::DocumentType::HmtResidencePermit,
        _ if number.starts_with('9')
            || number.starts_with(|character: char| character.is_ascii_alphabetic()) =>
        {
            v1::DocumentType::ForeignPermanentResidentCard
        }
        _ => v1::DocumentType::ResidentIdCard,
    }
}

/// Booked months without pay, and months with pay that facts support and nobody has booked. Persons are shown masked.
pub(super) fn compare(
    year: i32,
    paid: &Paid,
    workers: &BTreeMap<String, Person>,
    table: &[WorkTimeRow],
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for row in table {
        let months = workers
            .get(&row.worker_id)
            .and_then(|person| paid.get(person));
        let who = format!("{} {}", row.name, row.document_number);
        let is_paid = |month: &&String| {
            let month = TaxMonth::parse(month).ok();
            month
                .zip(months)
                .is_some_and(|(month, months)| months.contains(&month))
        };
        let unpaid: Vec<&str> = row
            .booked_months
            .iter()
            .filter(|month| !is_paid(month))
            .map(String::as_str)
            .collect();
        if !unpaid.is_empty() {
            differences.push(Difference {
                place: who.clone(),
                what: "已入账月份无工资记录".to_owned(),
                ledger: row.booked_months.join("、"),
                file: format!("缺 {}", unpaid.join("、")),
                suggestion: "核实合同与社保；有误的，更正事实后重新计算 RecomputeYear".to_owned(),
                fields: format!("tax_year={year} worker_id={}", row.worker_id),
            });
        }
        if row.months_unbooked > 0 && months.is_some() {
            differences.push(Difference {
                place: who,
                what: "有工资且符合条件的月份未入账".to_owned(),
                ledger: format!("未入账 {} 个月", row.months_unbooked),
                file: format!("发放 {} 个月", months.map_or(0, BTreeSet::len)),
                suggestion: "下期入账 PostDeduction 时计入；已汇算清缴的，重新计算 RecomputeYear"
                    .to_owned(),
                fields: format!("tax_year={year} worker_id={}", row.worker_id),
            });
        }
    }
    differences
}
