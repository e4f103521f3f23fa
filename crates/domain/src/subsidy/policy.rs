//! What the notice and the defaults beside it fix for the subsidies, as typed values.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fact::EmployerKind;
use crate::filing::FilingKind;
use crate::money::Fen;
use crate::policy::{Dated, InsuranceSet};

use super::SubsidyKind;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $text)] $word,)*
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$word => $text,)* })
            }
        }
    )*};
}

words! {
    /// What has to lie inside the trial period.
    TrialTest {
        /// The filing's submission.
        FilingSubmitted = "FILING_SUBMITTED",
        /// The contract's first day.
        ContractStarted = "CONTRACT_STARTED",
    }
    /// How the months of a person are held against the most that one gets.
    MonthCounting {
        /// Counted months, over all employers, whatever lies between them.
        CountedMonths = "COUNTED_MONTHS",
        /// The calendar months from the first counted one on.
        CalendarMonths = "CALENDAR_MONTHS",
    }
    /// By which day of a month its filing has to be accepted.
    AcceptedBy {
        /// The last.
        MonthEnd = "MONTH_END",
        /// The first.
        MonthStart = "MONTH_START",
    }
    /// What becomes of an individual business (个体工商户).
    IndividualBusiness {
        /// Covered as any employer.
        Covered = "COVERED",
        /// A person has to decide.
        Review = "REVIEW",
    }
    /// On which days a person has to be an eligible worker.
    WorkerTested {
        /// On the hire date alone.
        HireDate = "HIRE_DATE",
        /// On the last day of each month.
        EachMonth = "EACH_MONTH",
    }
    /// On how many days of a month 灵活就业登记 has to be in force.
    RegistrationDays {
        /// On one at least.
        AnyDay = "ANY_DAY",
        /// On all of them.
        EveryDay = "EVERY_DAY",
    }
    /// Over what the most that a person's training brings is counted.
    CapScope {
        /// Over all employers and the whole trial.
        Person = "PERSON",
        /// At each employer for itself.
        PersonAtEmployer = "PERSON_AT_EMPLOYER",
    }
    /// How often claims are made.
    ClaimCycle {
        /// Once the quarter is over.
        Quarterly = "QUARTERLY",
        /// Once the month is over.
        Monthly = "MONTHLY",
    }
}

/// What may meet a subsidy in one person-month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Benefit {
    /// Another subsidy of the notice.
    Subsidy(SubsidyKind),
    /// The key-group hiring deduction (measure 8).
    KeyGroupDeduction,
    /// A social-insurance subsidy outside the notice.
    OtherInsuranceSubsidy,
}

/// The pairs that the table of stacking rules speaks of, with their names in the policies. A pair
/// that is not among them is not restricted.
pub const STACKING: [(SubsidyKind, Benefit, &str); 6] = [
    (
        SubsidyKind::EmployerInsurance,
        Benefit::Subsidy(SubsidyKind::Post),
        "employer_insurance_with_post",
    ),
    (
        SubsidyKind::EmployerInsurance,
        Benefit::KeyGroupDeduction,
        "employer_insurance_with_key_group",
    ),
    (
        SubsidyKind::Post,
        Benefit::KeyGroupDeduction,
        "post_with_key_group",
    ),
    (
        SubsidyKind::EmployerInsurance,
        Benefit::Subsidy(SubsidyKind::FlexibleInsurance),
        "employer_insurance_with_flexible_insurance",
    ),
    (
        SubsidyKind::EmployerInsurance,
        Benefit::OtherInsuranceSubsidy,
        "employer_insurance_with_other_insurance",
    ),
    (
        SubsidyKind::FlexibleInsurance,
        Benefit::OtherInsuranceSubsidy,
        "flexible_insurance_with_other_insurance",
    ),
];

/// Measures 3, 4, 5 and 7. A place without subsidies has no values: its decisions are
/// POLICY_NOT_ENCODED.
#[derive(Clone, Debug)]
pub struct SubsidyPolicy {
    /// True on the days of the trial period.
    pub trial_open: Dated<bool>,
    /// What has to lie inside the trial period.
    pub trial_tests: Dated<Vec<TrialTest>>,
    /// Whether months after the trial period still count for who began in it.
    pub trial_runs_on: Dated<bool>,
    /// A month's subsidy; for training that of a class hour.
    pub amount_fen: BTreeMap<SubsidyKind, Dated<Fen>>,
    /// Most months of a person and a subsidy.
    pub months_max: Dated<i32>,
    /// How those months are counted.
    pub month_counting: Dated<MonthCounting>,
    /// Least contract term, in months.
    pub contract_months_min: Dated<i32>,
    /// What has to be filed.
    pub filing_kind: BTreeMap<SubsidyKind, Dated<FilingKind>>,
    /// By when it has to be accepted.
    pub filing_accepted_by: Dated<AcceptedBy>,
    /// Kinds of employer that are covered, individual businesses apart.
    pub employer_kinds: BTreeMap<SubsidyKind, Dated<Vec<EmployerKind>>>,
    /// What becomes of individual businesses.
    pub individual_business: BTreeMap<SubsidyKind, Dated<IndividualBusiness>>,
    /// Insurances that must be paid for a month. None for training.
    pub required_insurances: BTreeMap<SubsidyKind, Dated<InsuranceSet>>,
    /// Whether a month counts in which the contract is in force on some days only.
    pub partial_month_counts: Dated<bool>,
    /// How many months after the insured month its payment is still in time.
    pub payment_grace_months: Dated<i32>,
    /// Whether a month counts whose insurance was paid later than that.
    pub back_paid_counts: Dated<bool>,
    /// The age that the child has to be under, in years. Whoever records the fact applies it.
    pub child_age_years: Dated<i32>,
    /// On which days the person has to be an eligible worker.
    pub worker_tested: Dated<WorkerTested>,
    /// On how many days of a month the flexible registration has to be in force.
    pub registration_days: Dated<RegistrationDays>,
    /// Most that the training of a person brings.
    pub training_person_max_fen: Dated<Fen>,
    /// Over what that is counted.
    pub training_cap_scope: Dated<CapScope>,
    /// Months after the month claimed within which a claim is submitted (to the last day).
    pub claim_window_months: Dated<i32>,
    /// How often claims are made.
    pub claim_cycle: Dated<ClaimCycle>,
    /// Whether two benefits may meet in one person-month, by the pairs of [`STACKING`].
    pub stacking: BTreeMap<(SubsidyKind, Benefit), Dated<bool>>,
}

impl SubsidyPolicy {
    /// The rule on two benefits, whichever of them is asked about; `None` where they may meet
    /// without one.
    pub(super) fn stacking_of(&self, kind: SubsidyKind, other: Benefit) -> Option<&Dated<bool>> {
        let turned = match other {
            Benefit::Subsidy(second) => self.stacking.get(&(second, Benefit::Subsidy(kind))),
            _ => None,
        };
        self.stacking.get(&(kind, other)).or(turned)
    }
}
