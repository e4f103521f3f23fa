//! Accounts and legs: double entry in two units, months and fen.

use serde::{Deserialize, Serialize};

use crate::ids::WorkerId;
use crate::money::Fen;
use crate::month::TaxMonth;
use crate::subsidy::SubsidyKind;
use crate::tax::TaxKind;

/// An account of an employer's ledger, or of a person's term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Account {
    /// Months that a person has used of the 36. Unit: months.
    PersonTerm,
    /// The employer's side of the person's months. Unit: months.
    EmployerMonths,
    /// What the booked months give; grows below zero. Unit: fen.
    Accrued,
    /// What may still be deducted. Unit: fen.
    Available,
    /// What is deducted beyond the booked months; grows below zero. Unit: fen.
    OverDeducted,
    /// Deducted from a tax. Unit: fen.
    Deducted(TaxKind),
    /// Lost at the year's end. Unit: fen.
    Forfeited,
    /// What funds have paid for claims; grows below zero. Unit: fen.
    SubsidyFund,
    /// Paid of a subsidy, less what was taken back. Unit: fen.
    SubsidyPaid(SubsidyKind),
}

impl Account {
    /// The account's name in answers and exports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PersonTerm => "PERSON_TERM",
            Self::EmployerMonths => "EMPLOYER_MONTHS",
            Self::Accrued => "ACCRUED",
            Self::Available => "AVAILABLE",
            Self::OverDeducted => "OVER_DEDUCTED",
            Self::Deducted(TaxKind::Vat) => "DEDUCTED_VAT",
            Self::Deducted(TaxKind::Umct) => "DEDUCTED_UMCT",
            Self::Deducted(TaxKind::Edu) => "DEDUCTED_EDU",
            Self::Deducted(TaxKind::Ledu) => "DEDUCTED_LEDU",
            Self::Deducted(TaxKind::Cit) => "DEDUCTED_CIT",
            Self::Forfeited => "FORFEITED",
            Self::SubsidyFund => "SUBSIDY_FUND",
            Self::SubsidyPaid(SubsidyKind::EmployerInsurance) => "SUBSIDY_EMPLOYER_INSURANCE",
            Self::SubsidyPaid(SubsidyKind::Post) => "SUBSIDY_POST",
            Self::SubsidyPaid(SubsidyKind::FlexibleInsurance) => "SUBSIDY_FLEXIBLE_INSURANCE",
            Self::SubsidyPaid(SubsidyKind::Training) => "SUBSIDY_TRAINING",
        }
    }
}

/// One side of a double entry. Over an entry the legs of each unit sum to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The account.
    pub account: Account,
    /// The person, for accounts in months.
    pub worker_id: Option<WorkerId>,
    /// The month, for accounts in months.
    pub month: Option<TaxMonth>,
    /// Months moved.
    pub months: i32,
    /// Fen moved.
    pub amount_fen: Fen,
}

impl Leg {
    /// A leg in fen.
    pub const fn fen(account: Account, amount_fen: Fen) -> Self {
        Self {
            account,
            worker_id: None,
            month: None,
            months: 0,
            amount_fen,
        }
    }

    /// A leg in months.
    pub const fn months(
        account: Account,
        worker_id: WorkerId,
        month: TaxMonth,
        months: i32,
    ) -> Self {
        Self {
            account,
            worker_id: Some(worker_id),
            month: Some(month),
            months,
            amount_fen: Fen::ZERO,
        }
    }
}
