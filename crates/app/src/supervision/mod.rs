//! Supervision and statistics (measures 1, 2, 14 and 15).

mod findings;
mod scan;
mod statistics;

pub use findings::{AssignFinding, Finding, FindingSelection, ResolveFinding};
pub use scan::{ScanFindings, Scanned};
pub use statistics::{Dimension, Statistics, StatisticsQuery, StatisticsRow};
