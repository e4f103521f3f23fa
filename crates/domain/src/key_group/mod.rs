//! Measure 8: the key-group hiring deduction (财税〔2019〕22号, 公告2021年第18号, 公告2023年第15号).
//!
//! [`assess`] decides month by month from what is known; [`explain`] turns an assessment into
//! reasons with their sources. The two are apart because postings need the first only.

mod assess;
mod category;
mod explain;
mod hire;
mod merge;
mod notice;
mod projection;
mod terms;
mod told;
mod trace;

pub(crate) use assess::settled;
pub use assess::{MonthFinding, assess};
pub use category::{CategoryFinding, category_on, status_on};
pub(crate) use explain::accepted_caveat;
pub use explain::{Decision, EvidenceRef, LayerOutcome, MonthResult, explain};
pub use hire::{Hire, OfContracts, hires_of};
pub use merge::{MergedMonths, merged_months};
pub use projection::projected_months;
pub use told::{Said, SourceReport, StatusRecord, ToldStatus, told_status};
pub use trace::trace;

use crate::fact::PersonCategory;
use crate::filing::Filing;
use crate::identifier::EmployerCode;
use crate::month::TaxMonth;
use crate::timeline::{EmployerRecord, Timeline};

/// Raised whenever the answer of any law case of this measure changes.
pub const RULES_VERSION: i32 = 1;

/// The number of the measure in the notice.
pub const MEASURE: i32 = 8;

/// A person-month that the ledger has booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookedMonth {
    /// The month.
    pub month: TaxMonth,
    /// For whom.
    pub employer_code: EmployerCode,
}

/// What is known of the person who was asked about.
#[derive(Clone, Copy, Debug)]
pub enum Person<'a> {
    /// The identity is known.
    Known(&'a Timeline),
    /// Nobody with that document is known.
    Unknown,
    /// The document is known under another name. Nothing of the person is told.
    NotMatched,
}

/// Everything a decision reads.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The person.
    pub person: Person<'a>,
    /// The employer that asks to deduct.
    pub employer_code: &'a EmployerCode,
    /// That employer's record.
    pub employer: &'a EmployerRecord,
    /// Months of the person that the ledger has booked, by month, for any employer.
    pub booked: &'a [BookedMonth],
    /// Months at other employers that facts support and nobody has booked, before this
    /// employer's first.
    pub unclaimed_elsewhere: i32,
    /// The filings that the person's contracts name.
    pub filings: &'a [Filing],
}

/// The answer to the months asked, without its reasons written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// One finding for each month from first to last.
    pub months: Vec<MonthFinding>,
    /// The hires of this person at this employer, earliest first.
    pub hires: Vec<Hire>,
    /// s: the first month of the term at this employer.
    pub start_month: Option<TaxMonth>,
    /// The last month that can be ELIGIBLE: s + 35, or earlier where the person's own 36 months
    /// end first.
    pub term_end_month: Option<TaxMonth>,
    /// The category under which the person counts.
    pub category: Option<PersonCategory>,
    /// Months counted against the person's 36 before the first month asked.
    pub months_used: i32,
}
