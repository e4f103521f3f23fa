//! Findings and statistics, told.

use mamagang_app::supervision::{Finding, StatisticsRow};
use mamagang_app::{App, AppResult};
use mamagang_proto::v1;

use super::reason::citation;
use super::{date_or_empty, timestamp};
use crate::convert::enums::ApiEnum as _;

pub(crate) fn finding(app: &App, finding: &Finding) -> AppResult<v1::Finding> {
    let file = &finding.file;
    let rules = &app.policies().book.supervision.rules;
    let switch = rules.get(&file.rule).and_then(|dated| dated.last());
    let or_empty = |id: Option<String>| id.unwrap_or_default();
    Ok(v1::Finding {
        finding_id: finding.finding_id.to_string(),
        rule: file.rule.to_api(),
        state: finding.state()?.to_api(),
        employer_code: or_empty(finding.employer_code.map(|code| code.to_string())),
        worker_id: or_empty(finding.worker_id.map(|id| id.to_string())),
        town_code: finding.town_code.clone(),
        facts: file.facts.iter().cloned().collect(),
        evidence: file.evidence.clone(),
        filing_id: or_empty(file.filing_id.map(|id| id.to_string())),
        citation: switch.map(|value| citation(&value.citation)),
        assigned_to: file.assigned_to.clone(),
        due_date: date_or_empty(finding.due_on),
        revision: i64::from(finding.revision),
        found_time: Some(timestamp(finding.opened_at)),
        updated_time: Some(timestamp(finding.updated_at)),
    })
}

pub(crate) fn row(row: &StatisticsRow) -> v1::StatisticsRow {
    let refusals = row.refusals.iter();
    let refusals = refusals.map(|(code, months)| v1::RefusalCount {
        reason: code.number(),
        months: *months,
    });
    v1::StatisticsRow {
        keys: row.keys.clone(),
        filings: row.filings,
        accepted_filings: row.accepted_filings,
        places: row.places,
        decision_days: row.decision_days,
        hires: row.hires,
        claimed_months: row.claimed_months,
        claimed_fen: row.claimed_fen.get(),
        paid_fen: row.paid_fen.get(),
        clawed_back_fen: row.clawed_back_fen.get(),
        refusals: refusals.collect(),
    }
}
