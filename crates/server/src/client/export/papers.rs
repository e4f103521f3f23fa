//! The list of papers behind a year's months: contracts, certificates, registrations and insurance of each worker.

use std::collections::BTreeMap;

use mamagang_files::statement::{EvidenceKind, EvidenceRow};
use mamagang_proto::v1::fact::Kind;
use mamagang_proto::v1::{AccessContext, FactKind, StoredFact, WorkTimeRow};

use super::read::{Records, worker};
use crate::client::failure::Failure;
use crate::client::words::{self, Lang};

const KINDS: [FactKind; 5] = [
    FactKind::Contract,
    FactKind::EmploymentCertificate,
    FactKind::UnemploymentSpell,
    FactKind::PovertyStatus,
    FactKind::Contribution,
];

/// The papers of the workers with booked months, as they were recorded.
pub(super) async fn of(
    records: &mut Records<'_>,
    employer: &str,
    rows: &[WorkTimeRow],
    context: &AccessContext,
) -> Result<Vec<EvidenceRow>, Failure> {
    let mut papers = Vec::new();
    for row in rows.iter().filter(|row| row.months > 0) {
        let facts = records
            .facts(worker(&row.worker_id), &KINDS, false, context)
            .await?;
        let mut of_worker: Vec<EvidenceRow> = facts
            .iter()
            .filter_map(|fact| paper(employer, row, fact))
            .collect();
        of_worker.extend(insurance(employer, row, &facts));
        of_worker.sort_by(|one, other| (one.kind, &one.from).cmp(&(other.kind, &other.from)));
        papers.extend(of_worker);
    }
    Ok(papers)
}

fn paper(employer: &str, row: &WorkTimeRow, stored: &StoredFact) -> Option<EvidenceRow> {
    let fact = stored.fact.as_ref()?;
    let (kind, number, from, to) = match fact.kind.as_ref()? {
        Kind::Contract(contract) if contract.employer_code == employer => {
            let last = [&contract.terminated_date, &contract.end_date]
                .into_iter()
                .find(|date| !date.is_empty());
            (
                EvidenceKind::Contract,
                contract.contract_id.clone(),
                &contract.start_date,
                last.cloned(),
            )
        }
        Kind::EmploymentCertificate(paper) => (
            EvidenceKind::Certificate,
            paper.certificate_number.clone(),
            &paper.note_date,
            None,
        ),
        Kind::UnemploymentSpell(spell) => (
            EvidenceKind::Registration,
            spell.office_code.clone(),
            &spell.registered_date,
            Some(spell.ended_date.clone()),
        ),
        Kind::PovertyStatus(status) => (
            EvidenceKind::Poverty,
            words::category(status.category, Lang::Zh),
            &status.from_date,
            Some(status.to_date.clone()),
        ),
        _ => return None,
    };
    Some(EvidenceRow {
        name: row.name.clone(),
        document_number: row.document_number.clone(),
        kind,
        number,
        from: from.clone(),
        to: to.unwrap_or_default(),
        source: fact.source.clone(),
        fact_id: fact.fact_id.clone(),
    })
}

/// The insurance months that this employer paid, one line a source: from the first to the last and how many they are.
fn insurance(employer: &str, row: &WorkTimeRow, facts: &[StoredFact]) -> Vec<EvidenceRow> {
    let mut sources: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for fact in facts.iter().filter_map(|stored| stored.fact.as_ref()) {
        if let Some(Kind::Contribution(paid)) = &fact.kind
            && paid.employer_code == employer
            && row.booked_months.contains(&paid.month)
        {
            sources
                .entry(&fact.source)
                .or_default()
                .push((&paid.month, &fact.fact_id));
        }
    }
    let line = |(source, mut paid): (&str, Vec<(&str, &str)>)| {
        paid.sort_unstable();
        let (first, last) = (paid.first()?, paid.last()?);
        Some(EvidenceRow {
            name: row.name.clone(),
            document_number: row.document_number.clone(),
            kind: EvidenceKind::Insurance,
            number: format!("{} 个月", paid.len()),
            from: first.0.to_owned(),
            to: last.0.to_owned(),
            source: source.to_owned(),
            fact_id: first.1.to_owned(),
        })
    };
    sources.into_iter().filter_map(line).collect()
}
