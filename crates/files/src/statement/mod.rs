//! Statements and forms of measure 8: 就业信息表, 减免税申报明细表, the ledgers of a year and over years, and the file of
//! papers that an employer keeps (备查资料).
//!
//! The rows come masked or not as the caller may see them; here nothing is looked up and nothing is decided. Sums are of
//! the rows shown. Every statement carries a check code over what it shows and the chain's end, see [`CheckCode`].

mod code;
mod document;
mod rows;
mod tables;

pub use code::CheckCode;
pub use document::{Statement, StatementKind};
pub use rows::{
    Employer, EntryLine, EvidenceKind, EvidenceRow, MonthFigure, ScheduleRow, TaxSums, WorkTimeRow,
    YearRow,
};
pub use tables::{entries, evidence, month_chart, months, schedule, work_time, years};
