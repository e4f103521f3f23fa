//! Requests about findings and statistics.

use mamagang_app::limits::PAGE_ROWS_MAX;
use mamagang_app::supervision::{
    AssignFinding, Dimension, FindingSelection, ResolveFinding, ScanFindings, StatisticsQuery,
};
use mamagang_app::{RequestContent, WriteRequest};
use mamagang_domain::finding::{FindingRule, FindingState};
use mamagang_proto::v1;
use prost::Message as _;

use super::check::Checker;
use super::filing::prefix;
use super::page::Selection;

/// Which employers to look at.
pub(crate) fn scan(
    check: &mut Checker<'_>,
    told: &v1::ScanFindingsRequest,
) -> Option<ScanFindings> {
    let field = "after_employer_code";
    let after = check.optional_employer_code(field, &told.after_employer_code);
    let limit = check.count("employers_max", told.employers_max, 0, PAGE_ROWS_MAX);
    Some(ScanFindings {
        after: after?,
        limit: match limit? {
            0 => PAGE_ROWS_MAX,
            limit => limit,
        },
    })
}

/// Which findings; the page is read by the service.
pub(crate) fn list(
    check: &mut Checker<'_>,
    told: &v1::ListFindingsRequest,
) -> Option<FindingSelection> {
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let states = check.choices::<FindingState>("states", &told.states);
    let rules = check.choices::<FindingRule>("rules", &told.rules);
    let town_prefix = prefix(check, "town_code", &told.town_code);
    Some(FindingSelection {
        employer_code: employer_code?,
        states: states?,
        rules: rules?,
        town_prefix: town_prefix?,
        after: None,
        limit: 0,
    })
}

/// What a page of findings belongs to.
pub(crate) fn of_findings(told: &v1::ListFindingsRequest) -> Selection {
    let alike = v1::ListFindingsRequest {
        page_size: 0,
        page_token: String::new(),
        ..told.clone()
    };
    Selection::new("ListFindings", &alike.encode_to_vec())
}

/// A finding to assign.
pub(crate) fn assign(
    check: &mut Checker<'_>,
    told: &v1::AssignFindingRequest,
) -> Option<AssignFinding> {
    let request_id = check.request_id(&told.request_id);
    let finding_id = check.case_id("finding_id", &told.finding_id);
    let assigned_to = check.key("assigned_to", &told.assigned_to);
    let due_on = check.optional_date("due_date", &told.due_date);
    let content = RequestContent::new()
        .field("finding_id", &told.finding_id)
        .field("assigned_to", &told.assigned_to)
        .field("due_date", &told.due_date);
    Some(AssignFinding {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        finding_id: finding_id?,
        assigned_to: assigned_to?,
        due_on: due_on?,
    })
}

/// A finding to resolve.
pub(crate) fn resolve(
    check: &mut Checker<'_>,
    told: &v1::ResolveFindingRequest,
) -> Option<ResolveFinding> {
    let request_id = check.request_id(&told.request_id);
    let finding_id = check.case_id("finding_id", &told.finding_id);
    let reason = check.sentence("reason", &told.reason);
    let content = RequestContent::new()
        .field("finding_id", &told.finding_id)
        .field("reason", &told.reason)
        .field("freeze_filing", told.freeze_filing.to_string());
    Some(ResolveFinding {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        finding_id: finding_id?,
        reason: reason?,
        freeze_filing: told.freeze_filing,
    })
}

/// Which statistics.
pub(crate) fn statistics(
    check: &mut Checker<'_>,
    told: &v1::GetStatisticsRequest,
) -> Option<StatisticsQuery> {
    let from = check.date("from_date", &told.from_date);
    let through = check.date("through_date", &told.through_date);
    if from
        .zip(through)
        .is_some_and(|(from, through)| through < from)
    {
        let zh = "不得早于起始日期";
        check.wrong("through_date", zh, "must not lie before from_date");
    }
    let town_prefix = prefix(check, "town_code", &told.town_code);
    let by = check.choices::<Dimension>("dimensions", &told.dimensions);
    let mut once = by.clone().unwrap_or_default();
    once.sort_unstable();
    once.dedup();
    if by.as_ref().is_some_and(|by| by.len() != once.len()) {
        check.wrong("dimensions", "不得重复", "each may stand once only");
    }
    Some(StatisticsQuery {
        from: from?,
        through: through?,
        town_prefix: town_prefix?,
        by: by?,
    })
}
