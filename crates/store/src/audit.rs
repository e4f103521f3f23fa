//! The audit trail beyond the row itself: whose data a call concerned, reading it back, and taking
//! out what has been kept long enough.
//!
//! Rows are taken out by retention class only. What is taken out of a chain leaves an [`AuditGap`]
//! with the hashes at both of its ends, so that the rest of the chain can still be verified.

use async_trait::async_trait;
use mamagang_domain::frozen::Digest32;
use mamagang_domain::ids::{AuditId, WorkerId};

use crate::StoreResult;
use crate::rows::AuditRow;

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// How long a row is kept at least. The days are those of the database's guard too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retention {
    /// Logs of the network (网络安全法 art. 21(3): six months).
    SixMonths = 1,
    /// Processing of personal data (个人信息保护法 art. 56: three years).
    ThreeYears = 2,
    /// What taxes rest on (税收征收管理法实施细则 art. 29: ten years).
    TenYears = 3,
}

impl Retention {
    /// All, by number.
    pub const ALL: [Self; 3] = [Self::SixMonths, Self::ThreeYears, Self::TenYears];

    /// The number in rows.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The class with a number, or `None`.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    /// The longest that the months or years can be, in days.
    pub const fn days(self) -> i64 {
        match self {
            Self::SixMonths => 184,
            Self::ThreeYears => 1_096,
            Self::TenYears => 3_653,
        }
    }

    /// The instant before which rows may be taken out, seen from another (microseconds).
    pub const fn expired_before(self, now: i64) -> i64 {
        now.saturating_sub(self.days() * DAY_MICROS)
    }
}

/// A person whose data one row of several persons' data concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditSubject {
    /// Who.
    pub worker_id: WorkerId,
    /// When the row was recorded (microseconds).
    pub recorded_at: i64,
    /// Which row.
    pub audit_id: AuditId,
}

/// Where a list of audit rows goes on. Rows come in order of instant, then of id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPlace {
    /// The row's instant (microseconds).
    pub recorded_at: i64,
    /// Its id.
    pub audit_id: AuditId,
}

/// Which audit rows to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// After which row.
    pub after: AuditPlace,
    /// Recorded before (microseconds).
    pub until: i64,
    /// Of which class; `None` = all.
    pub retention: Option<Retention>,
    /// At most so many.
    pub limit: u32,
}

/// A place in the chains: a writer and a position in its chain.
pub type ChainPlace = ([u8; 16], u64);

/// A taking out of a class, recorded before anything is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCut {
    /// Its id: that of the audit row that tells of it.
    pub cut_id: AuditId,
    /// Of which class.
    pub retention: Retention,
    /// Rows recorded before (microseconds).
    pub before: i64,
    /// When (microseconds).
    pub cut_at: i64,
}

/// Consecutive rows that were taken out of a writer's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditGap {
    /// Whose chain.
    pub writer_id: [u8; 16],
    /// The first position taken out.
    pub first_position: u64,
    /// The last one.
    pub last_position: u64,
    /// The hash before the first.
    pub previous_hash: Digest32,
    /// The hash of the last, which the next row continues.
    pub hash: Digest32,
    /// By which taking out.
    pub cut_id: AuditId,
}

/// Reading the audit trail.
#[async_trait]
pub trait AuditReads {
    /// Rows of a span of time, in order.
    async fn audit_rows(&self, query: &AuditQuery) -> StoreResult<Vec<AuditRow>>;

    /// Rows that concern any of some workers, in order: alone, or among others.
    async fn audit_rows_of(
        &self,
        workers: &[WorkerId],
        query: &AuditQuery,
    ) -> StoreResult<Vec<AuditRow>>;

    /// The workers that were merged into one, in order.
    async fn merged_into(&self, worker: WorkerId) -> StoreResult<Vec<WorkerId>>;

    /// Rows in order of writer and position, after a place.
    async fn audit_chains(
        &self,
        after: Option<ChainPlace>,
        limit: u32,
    ) -> StoreResult<Vec<AuditRow>>;

    /// Gaps in order of writer and position, after a place.
    async fn audit_gaps(&self, after: Option<ChainPlace>, limit: u32)
    -> StoreResult<Vec<AuditGap>>;
}

/// Writing it, beside the rows themselves.
#[async_trait]
pub trait AuditWrites {
    /// Notes whose data rows concern that concern several persons.
    async fn put_audit_subjects(&mut self, subjects: &[AuditSubject]) -> StoreResult<()>;

    /// Takes the rows of gaps out; the number of rows. Rows that have not been kept long enough, or
    /// gaps whose ends are not the rows', are a conflict.
    async fn cut_audit(&mut self, cut: &AuditCut, gaps: &[AuditGap]) -> StoreResult<u64>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_kept_no_shorter_than_its_months_or_years() {
        // The longest half-year, three years and ten years of the calendar.
        assert_eq!(Retention::SixMonths.days(), 31 * 4 + 30 * 2);
        assert_eq!(Retention::ThreeYears.days(), 365 * 3 + 1);
        assert_eq!(Retention::TenYears.days(), 365 * 10 + 3);
        for class in Retention::ALL {
            assert_eq!(Retention::from_number(class.number()), Some(class));
            assert_eq!(class.expired_before(class.days() * DAY_MICROS), 0);
        }
        assert_eq!(Retention::from_number(4), None);
    }
}
