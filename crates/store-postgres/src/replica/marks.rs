//! What the primary had made durable at some moments, and what that says of a standby.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mamagang_store::ReplicaMiss;
use tokio::time::Instant;

/// What the primary had made durable at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of the database cluster, which its copies share.
    pub(super) system: i64,
    /// The line of history, which a failover changes.
    pub(super) timeline: i64,
    /// Bytes of the write-ahead log.
    pub(super) position: i64,
    /// The moment by the service's clock: microseconds since 1970-01-01T00:00Z.
    pub(super) at_micros: i64,
    /// The same moment by a clock that nobody sets.
    pub(super) taken: Instant,
}

/// How far a standby is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether it is a standby at all. One that was promoted is none any more.
    pub(super) follows: bool,
    pub(super) system: i64,
    pub(super) timeline: i64,
    /// Bytes of the write-ahead log that it has replayed; `None` where it never replayed any.
    pub(super) position: Option<i64>,
}

/// The marks of the last while, by moment.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<VecDeque<Mark>>);

impl Marks {
    /// Adds the newest mark and drops those that are older than it by more than `kept`: nobody may be
    /// answered as of them.
    pub(super) fn add(&self, mark: Mark, kept: Duration) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks.push_back(mark);
        while let Some(first) = marks.front()
            && mark.taken.duration_since(first.taken) > kept
        {
            marks.pop_front();
        }
    }

    /// The newest mark that a standby has reached, no older than `oldest` where it is given. Only a
    /// standby on the primary's present line is taken: another one may have replayed what is lost.
    pub(super) fn seen(
        &self,
        standing: &Standing,
        oldest: Option<Instant>,
    ) -> Result<Mark, ReplicaMiss> {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = marks.back().ok_or(ReplicaMiss::Behind)?;
        let line = (newest.system, newest.timeline);
        let Some(position) = standing.position else {
            return Err(ReplicaMiss::Unreachable);
        };
        if !standing.follows || (standing.system, standing.timeline) != line {
            return Err(ReplicaMiss::Unreachable);
        }
        let mut reached = marks.iter().rev().filter(|mark| {
            (mark.system, mark.timeline) == line
                && mark.position <= position
                && oldest.is_none_or(|oldest| mark.taken >= oldest)
        });
        reached.next().copied().ok_or(ReplicaMiss::Behind)
    }

    /// Whether the standby is known to be of another cluster.
    pub(super) fn is_of_another_system(&self, standing: &Standing) -> bool {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        marks
            .back()
            .is_some_and(|mark| mark.system != standing.system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Duration = Duration::from_secs(5);

    fn mark(start: Instant, second: u64, position: i64) -> Mark {
        Mark {
            system: 7,
            timeline: 1,
            position,
            at_micros: i64::try_from(second).expect("small") * 1_000_000,
            taken: start + Duration::from_secs(second),
        }
    }

    const fn standing(position: i64) -> Standing {
        Standing {
            follows: true,
            system: 7,
            timeline: 1,
            position: Some(position),
        }
    }

    /// Marks at the seconds 1, 2 and 3, of positions 10, 20 and 20.
    fn marks(start: Instant) -> Marks {
        let marks = Marks::default();
        for (second, position) in [(1, 10), (2, 20), (3, 20)] {
            marks.add(mark(start, second, position), KEPT);
        }
        marks
    }

    #[test]
    fn a_standby_has_seen_the_newest_mark_whose_position_it_has_reached() {
        let start = Instant::now();
        let marks = marks(start);
        let seen = |position| {
            let found = marks.seen(&standing(position), None);
            found.map(|mark| mark.at_micros / 1_000_000)
        };
        assert_eq!(seen(9), Err(ReplicaMiss::Behind));
        assert_eq!(seen(10), Ok(1));
        assert_eq!(seen(19), Ok(1));
        // Nothing was written between the last two: an idle primary makes no standby old.
        assert_eq!(seen(20), Ok(3));
        assert_eq!(seen(99), Ok(3));
        let none = Marks::default().seen(&standing(99), None);
        assert_eq!(none, Err(ReplicaMiss::Behind));
    }

    #[test]
    fn a_mark_that_is_older_than_the_bound_does_not_count() {
        let start = Instant::now();
        let marks = marks(start);
        let bound = |micros| Some(start + Duration::from_micros(micros));
        let on_it = marks.seen(&standing(15), bound(1_000_000));
        assert_eq!(on_it.map(|mark| mark.position), Ok(10));
        let beyond = marks.seen(&standing(15), bound(1_000_001));
        assert_eq!(beyond, Err(ReplicaMiss::Behind));
    }

    #[test]
    fn marks_are_dropped_once_they_are_older_than_they_are_kept() {
        let start = Instant::now();
        let marks = marks(start);
        marks.add(mark(start, 6, 30), KEPT);
        assert!(marks.seen(&standing(10), None).is_ok());
        marks.add(mark(start, 7, 30), KEPT);
        let dropped = marks.seen(&standing(10), None);
        assert_eq!(dropped, Err(ReplicaMiss::Behind));
    }

    #[test]
    fn only_a_standby_on_the_present_line_is_read() {
        let start = Instant::now();
        let marks = marks(start);
        let of_another = Standing {
            system: 8,
            ..standing(20)
        };
        let promoted = Standing {
            follows: false,
            ..standing(20)
        };
        let new = Standing {
            position: None,
            ..standing(20)
        };
        for other in [of_another, promoted, new] {
            let seen = marks.seen(&other, None);
            assert_eq!(seen, Err(ReplicaMiss::Unreachable), "{other:?}");
        }
        assert!(marks.is_of_another_system(&of_another));
        assert!(!marks.is_of_another_system(&promoted));
        // The primary failed over: what the standby has is of the line before.
        let after = Mark {
            timeline: 2,
            ..mark(start, 4, 15)
        };
        marks.add(after, KEPT);
        let seen = marks.seen(&standing(20), None);
        assert_eq!(seen, Err(ReplicaMiss::Unreachable));
        // It has gone over: the marks of before are not its own.
        let over = |position| Standing {
            timeline: 2,
            ..standing(position)
        };
        assert_eq!(marks.seen(&over(14), None), Err(ReplicaMiss::Behind));
        assert_eq!(marks.seen(&over(15), None), Ok(after));
    }
}
