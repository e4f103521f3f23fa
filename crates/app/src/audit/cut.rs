//! Taking out what has been kept long enough: by class and month, and told of in the trail.

use mamagang_domain::frozen::{Writer, digest};
use mamagang_domain::ids::AuditId;
use mamagang_domain::month::TaxMonth;
use mamagang_store::audit::{AuditCut, AuditGap, AuditPlace, AuditQuery, Retention};
use mamagang_store::rows::AuditRow;
use uuid::Uuid;

use super::record::DecisionItem;
use super::verify::runs_of;
use crate::app::{App, month_start};
use crate::caller::Caller;
use crate::error::{AppError, AppResult, Violation};
use crate::limits::PAGE_ROWS_MAX;

/// The method under which it is recorded. It is no method of the contract: whoever runs the service does it.
const METHOD: &str = "mamagang.admin/CutAudit";

/// What was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditCutReport {
    /// Rows.
    pub rows: u64,
    /// Gaps that they left in the chains.
    pub gaps: u64,
}

impl App {
    /// Takes out the rows of a class that were recorded before a month. Each part is one unit of work with a row that
    /// tells of it; where it stops in between, the next run goes on.
    pub async fn cut_audit(
        &self,
        caller: &Caller,
        class: Retention,
        before: TaxMonth,
        reason: &str,
    ) -> AppResult<AuditCutReport> {
        let before_micros = month_start(before);
        if before_micros > class.expired_before(self.now_micros()) {
            let violation = Violation::new(
                "before",
                format!("该类记录须至少保存 {} 天", class.days()),
                format!("rows of this class are kept for {} days", class.days()),
            );
            return Err(AppError::invalid(vec![violation]));
        }
        let mut report = AuditCutReport::default();
        loop {
            let mut rows = self.expired(class, before_micros).await?;
            if rows.is_empty() {
                return Ok(report);
            }
            rows.sort_by_key(|row| (row.writer_id, row.position));
            let mut unit = self.store.begin(self.clock.clone()).await?;
            let cut = AuditCut {
                cut_id: self.new_audit_id(),
                retention: class,
                before: before_micros,
                cut_at: unit.recorded_at(),
            };
            let gaps: Vec<AuditGap> = runs_of(&rows)
                .into_iter()
                .map(|(first, last)| gap(&rows[first], &rows[last], cut.cut_id))
                .collect();
            let removed = unit.cut_audit(&cut, &gaps).await?;
            report.rows += removed;
            report.gaps += gaps.len() as u64;
            let mut draft = self.audit_draft(
                METHOD,
                caller,
                None,
                vec![told(&cut, &gaps, before, reason)],
            );
            draft.audit_id = cut.cut_id;
            self.writes.commit(unit, vec![draft]).await?;
        }
    }

    async fn expired(&self, class: Retention, before: i64) -> AppResult<Vec<AuditRow>> {
        let query = AuditQuery {
            after: AuditPlace {
                recorded_at: i64::MIN,
                audit_id: AuditId(Uuid::nil()),
            },
            until: before,
            retention: Some(class),
            limit: PAGE_ROWS_MAX,
        };
        Ok(self.store.audit_rows(&query).await?)
    }
}

fn gap(first: &AuditRow, last: &AuditRow, cut_id: AuditId) -> AuditGap {
    AuditGap {
        writer_id: first.writer_id,
        first_position: first.position,
        last_position: last.position,
        previous_hash: first.previous_hash,
        hash: last.hash,
        cut_id,
    }
}

/// What the trail says of a cut, with a digest of the gaps: a gap that is changed later shows.
fn told(cut: &AuditCut, gaps: &[AuditGap], before: TaxMonth, reason: &str) -> DecisionItem {
    let mut writer = Writer::new(1);
    for gap in gaps {
        writer
            .bytes(&gap.writer_id)
            .int(i64::try_from(gap.first_position).unwrap_or(i64::MAX))
            .int(i64::try_from(gap.last_position).unwrap_or(i64::MAX))
            .bytes(&gap.previous_hash)
            .bytes(&gap.hash);
    }
    let rows: u64 = gaps
        .iter()
        .map(|gap| gap.last_position + 1 - gap.first_position)
        .sum();
    DecisionItem::Other {
        question: format!(
            "retention={}\nbefore={before}\nrows={rows}\nreason={reason}",
            cut.retention.number()
        ),
        answer: digest(&writer.finish()),
    }
}
