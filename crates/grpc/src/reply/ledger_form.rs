//! The ledger's forms and chains.

use mamagang_app::App;
use mamagang_app::ledger::{ChainHead, CodedRow, VerifiedChain, WorkTimeRow};
use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::EntryId;
use mamagang_domain::ledger::ChainFault;
use mamagang_domain::month::{TaxPeriod, TaxYear};
use mamagang_domain::policy::CodeGroup;
use mamagang_proto::v1;

use super::ledger::{category_of, code_name};
use super::timestamp;
use crate::convert::enums::ApiEnum as _;

/// Faults told in one answer.
const FAULTS_MAX: usize = 100;

/// A row of 就业信息表; `on` chooses the code of the worker's kind.
pub(crate) fn work_time(app: &App, row: &WorkTimeRow, on: CivilDate) -> v1::WorkTimeRow {
    let (document_type, document_number, name) = match &row.identity {
        Some((kind, number, name)) => (kind.to_api(), number.clone(), name.clone()),
        None => Default::default(),
    };
    v1::WorkTimeRow {
        ordinal: i32::try_from(row.ordinal).unwrap_or(i32::MAX),
        worker_id: row.worker_id.to_string(),
        name,
        document_type,
        document_number,
        certificate_number: row.certificate_number.clone().unwrap_or_default(),
        category: row
            .group
            .map(|group| category_of(group).to_api())
            .unwrap_or_default(),
        type_code: row
            .group
            .map(|group| type_code(app, group, on))
            .unwrap_or_default(),
        months: i32::try_from(row.booked.len()).unwrap_or(i32::MAX),
        booked_months: row.booked.iter().map(ToString::to_string).collect(),
        months_unbooked: row.months_unbooked,
        months_under_review: row.months_under_review,
        accrued_fen: row.accrued_fen.get(),
    }
}

/// 类型 (lxDm) of a group, as the form's own table has it.
fn type_code(app: &App, group: CodeGroup, on: CivilDate) -> String {
    let group = match group {
        CodeGroup::Poverty => "poverty",
        CodeGroup::Unemployment => "unemployment",
    };
    let parameter = app
        .policies()
        .get(&format!("key_group.form_type_codes.{group}"));
    let value = parameter.and_then(|known| known.on(on));
    value
        .map(|value| value.value.to_string())
        .unwrap_or_default()
}

/// A row of 减免税申报明细表.
pub(crate) fn relief(
    app: &App,
    coded: &CodedRow,
    employer_code: EmployerCode,
    year: TaxYear,
) -> v1::ReliefScheduleRow {
    let row = &coded.row;
    let on = row.period.map_or(year.last_month(), TaxPeriod::last_month);
    let entry_id = EntryId {
        employer_code,
        sequence: row.sequence,
    };
    v1::ReliefScheduleRow {
        period: row
            .period
            .map(|period| period.to_string())
            .unwrap_or_default(),
        tax: row.tax.to_api(),
        code: coded.code.clone(),
        code_name: code_name(app, row.tax, row.group, on.last_day()),
        category: category_of(row.group).to_api(),
        opening_fen: row.opening_fen.get(),
        arising_fen: row.arising_fen.get(),
        deductible_fen: row.deductible_fen().get(),
        deducted_fen: row.deducted_fen.get(),
        closing_fen: row.closing_fen().get(),
        entry_id: entry_id.to_string(),
    }
}

/// The end of a chain.
pub(crate) fn head(head: &ChainHead) -> v1::GetChainHeadResponse {
    v1::GetChainHeadResponse {
        sequence: i64::from(head.sequence),
        hash: head.hash.to_vec(),
        recorded_time: head.recorded_at.map(timestamp),
    }
}

/// What was found of a chain.
pub(crate) fn verified(chain: &VerifiedChain) -> v1::VerifyChainResponse {
    v1::VerifyChainResponse {
        intact: chain.faults.is_empty(),
        entry_count: i64::try_from(chain.entry_count).unwrap_or(i64::MAX),
        sequence: i64::from(chain.sequence),
        hash: chain.hash.to_vec(),
        faults: chain.faults.iter().take(FAULTS_MAX).map(fault).collect(),
    }
}

fn fault(fault: &ChainFault) -> v1::ChainFault {
    v1::ChainFault {
        sequence: i64::from(fault.sequence),
        through_sequence: i64::from(fault.through),
        // The numbers are the same; a test goes through them.
        kind: fault.kind as i32,
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::ledger::ChainFaultKind;

    use super::*;

    #[test]
    fn kinds_of_fault_have_the_numbers_of_the_contract() {
        for kind in ChainFaultKind::ALL {
            let told = v1::ChainFaultKind::try_from(kind as i32).expect("known");
            assert_eq!(
                told.as_str_name(),
                format!("CHAIN_FAULT_KIND_{}", kind.name())
            );
        }
        assert!(v1::ChainFaultKind::try_from(ChainFaultKind::ALL.len() as i32 + 1).is_err());
    }
}
