//! The closed set of reasons, with outcome and precedence.

use serde::{Deserialize, Serialize};

/// The answer to an eligibility question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// All conditions are met.
    Eligible,
    /// A rule may not decide alone; a person has to.
    Review,
    /// A condition is not met.
    Ineligible,
}

impl Outcome {
    /// The outcome of several: ELIGIBLE if any is, else REVIEW if any is, else INELIGIBLE.
    pub fn any(outcomes: impl IntoIterator<Item = Self>) -> Self {
        outcomes.into_iter().min().unwrap_or(Self::Ineligible)
    }
}

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, $outcome:ident;)*) => {
        /// A reason. The number is the one of the API; see [`ReasonCode::precedence`] for the order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ReasonCode {
            $($(#[$doc])* #[serde(rename = $text)] $name = $number,)*
        }

        impl ReasonCode {
            /// All reasons, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name used in the API, logs and files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What the reason leads to where it decides.
            #[inline]
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)* }
            }
        }
    };
}

reason_codes! {
    /// No encoded policy covers the date.
    PolicyNotEncoded = 1, "POLICY_NOT_ENCODED", Review;
    /// The employer is of a kind that the deduction does not cover.
    EmployerNotEnterprise = 2, "EMPLOYER_NOT_ENTERPRISE", Ineligible;
    /// Name and number do not belong together.
    NotMatched = 3, "NOT_MATCHED", Review;
    /// Not a labour contract.
    ContractKindNotCovered = 4, "CONTRACT_KIND_NOT_COVERED", Ineligible;
    /// Part-time work.
    PartTime = 5, "PART_TIME", Ineligible;
    /// Contract term under a year.
    ContractTooShort = 6, "CONTRACT_TOO_SHORT", Ineligible;
    /// The category does not hold, or is not covered, on the hire date.
    CategoryNotCoveredAtDate = 7, "CATEGORY_NOT_COVERED_AT_DATE", Ineligible;
    /// Registered as unemployed for less than half a year.
    SpellTooShort = 8, "SPELL_TOO_SHORT", Ineligible;
    /// The registration was broken before the hire.
    SpellBroken = 9, "SPELL_BROKEN", Ineligible;
    /// Nothing is recorded of the person's status.
    NoRecord = 10, "NO_RECORD", Review;
    /// No certificate, or none with the note.
    CertificateNoteMissing = 11, "CERTIFICATE_NOTE_MISSING", Review;
    /// Employee insurance inside the registered unemployment.
    ConflictingEvidence = 12, "CONFLICTING_EVIDENCE", Review;
    /// The hire is already under another employment tax relief.
    OtherEmploymentReliefClaimed = 13, "OTHER_EMPLOYMENT_RELIEF_CLAIMED", Ineligible;
    /// No contract is in force in the month.
    NotInForce = 14, "NOT_IN_FORCE", Ineligible;
    /// The required insurances were not paid for the month.
    InsuranceNotPaid = 15, "INSURANCE_NOT_PAID", Ineligible;
    /// The 36 months are over.
    TermExhausted = 16, "TERM_EXHAUSTED", Ineligible;
    /// Inside the 36 months by one way of counting only.
    TermCountUnconfirmed = 17, "TERM_COUNT_UNCONFIRMED", Review;
    /// The insurance was paid late.
    BackPaidInsurance = 18, "BACK_PAID_INSURANCE", Review;
    /// A source could not be asked.
    SourceUnreachable = 19, "SOURCE_UNREACHABLE", Review;
    /// Everything is met.
    AllConditionsMet = 20, "ALL_CONDITIONS_MET", Eligible;
    /// Whether VAT may still be deducted from 2026 is not established.
    VatLegUnconfirmed2026 = 30, "VAT_LEG_UNCONFIRMED_2026", Eligible;
    /// Months at another employer are supported by facts, but nobody has booked them.
    EarlierMonthsUnclaimed = 31, "EARLIER_MONTHS_UNCLAIMED", Eligible;
    /// The month is booked for another employer, or was enjoyed before this system.
    MonthBookedElsewhere = 32, "MONTH_BOOKED_ELSEWHERE", Ineligible;
    /// A period before this one was not posted and counts as zero tax.
    PeriodSkipped = 33, "PERIOD_SKIPPED", Eligible;
    /// The contract names no filed post.
    PostNotFiled = 34, "POST_NOT_FILED", Ineligible;
    /// The filed post is of another kind.
    FilingKindMismatch = 35, "FILING_KIND_MISMATCH", Ineligible;
    /// The filing was not accepted by then, or was revoked.
    FilingNotAccepted = 36, "FILING_NOT_ACCEPTED", Ineligible;
    /// More is deducted than the months now give.
    OverDeducted = 37, "OVER_DEDUCTED", Eligible;
    /// Withholding for natural persons from 2026-11-01; its text was not seen.
    NaturalPersonWithholding2026 = 50, "NATURAL_PERSON_WITHHOLDING_2026", Review;
    /// Sales stay within the threshold.
    BelowThreshold = 51, "BELOW_THRESHOLD", Eligible;
    /// Sales reach the threshold; all of them are taxed.
    ThresholdReached = 52, "THRESHOLD_REACHED", Ineligible;
    /// The regime of the date exempts every amount.
    ExemptByRegime = 53, "EXEMPT_BY_REGIME", Eligible;
    /// From when the monthly test of platform income holds is not established.
    PlatformStartUnconfirmed = 54, "PLATFORM_START_UNCONFIRMED", Eligible;
    /// Sales are so low that the education surcharges are not due.
    EduExemptBySales = 55, "EDU_EXEMPT_BY_SALES", Eligible;
    /// The exemption was waived to issue a special invoice.
    ExemptionWaived = 60, "EXEMPTION_WAIVED", Ineligible;
    /// The subsidy does not cover the employer's kind.
    EmployerKindNotCovered = 61, "EMPLOYER_KIND_NOT_COVERED", Ineligible;
    /// Whether the subsidy covers individual businesses is not established.
    IndividualBusinessUnconfirmed = 62, "INDIVIDUAL_BUSINESS_UNCONFIRMED", Review;
    /// The filing, the hire or the month lies outside the trial period.
    OutsideTrialPeriod = 63, "OUTSIDE_TRIAL_PERIOD", Ineligible;
    /// The person had no dependent child under the age on the day that counts.
    DependentChildEnded = 64, "DEPENDENT_CHILD_ENDED", Ineligible;
    /// The day of the filing's submission is not recorded.
    FilingDateMissing = 65, "FILING_DATE_MISSING", Review;
    /// Not registered as flexibly employed in the month.
    FlexibleRegistrationMissing = 66, "FLEXIBLE_REGISTRATION_MISSING", Ineligible;
    /// The insurance was paid late, and late months do not count.
    LateInsuranceNotCounted = 67, "LATE_INSURANCE_NOT_COUNTED", Ineligible;
    /// The same subsidy was claimed for the person-month at another employer.
    MonthClaimedElsewhere = 68, "MONTH_CLAIMED_ELSEWHERE", Ineligible;
    /// Another subsidy stands in the person-month.
    OtherSubsidyClaimed = 69, "OTHER_SUBSIDY_CLAIMED", Ineligible;
    /// The person has had the most months.
    SubsidyMonthsExhausted = 70, "SUBSIDY_MONTHS_EXHAUSTED", Ineligible;
    /// Facts support two subsidies that exclude each other: the first claim takes the month.
    FirstClaimWins = 71, "FIRST_CLAIM_WINS", Eligible;
    /// No completed training is recorded.
    TrainingNotCompleted = 72, "TRAINING_NOT_COMPLETED", Ineligible;
    /// The training's plan is not filed.
    TrainingPlanNotFiled = 73, "TRAINING_PLAN_NOT_FILED", Ineligible;
    /// The standard was not met.
    TrainingStandardNotMet = 74, "TRAINING_STANDARD_NOT_MET", Ineligible;
    /// The person's trainings have brought the most.
    TrainingMostReached = 75, "TRAINING_MOST_REACHED", Ineligible;
    /// A figure that the answer needs was not told.
    FigureMissing = 76, "FIGURE_MISSING", Review;
    /// Not a small-scale taxpayer.
    NotSmallScale = 77, "NOT_SMALL_SCALE", Ineligible;
    /// The employer pays no enterprise income tax.
    NoEnterpriseIncomeTax = 78, "NO_ENTERPRISE_INCOME_TAX", Ineligible;
    /// Taxable income above the limit: the full rate on everything.
    IncomeAboveLimit = 79, "INCOME_ABOVE_LIMIT", Ineligible;
    /// More people than the limit.
    StaffAboveLimit = 80, "STAFF_ABOVE_LIMIT", Ineligible;
    /// More assets than the limit.
    AssetsAboveLimit = 81, "ASSETS_ABOVE_LIMIT", Ineligible;
    /// A restricted or forbidden industry.
    RestrictedIndustry = 82, "RESTRICTED_INDUSTRY", Ineligible;
    /// Pays the six taxes and two surcharges in full.
    NotHalfRatePayer = 83, "NOT_HALF_RATE_PAYER", Ineligible;
    /// No credit for enough months in a row.
    CreditNotLasting = 84, "CREDIT_NOT_LASTING", Ineligible;
    /// The credit grew by too little.
    CreditIncrementTooSmall = 85, "CREDIT_INCREMENT_TOO_SMALL", Ineligible;
    /// The refund's rule of the day is not established.
    RefundRuleUnconfirmed = 86, "REFUND_RULE_UNCONFIRMED", Review;
    /// The person had left when the month was claimed by an amended return.
    LateClaimBarred = 90, "LATE_CLAIM_BARRED", Ineligible;
    /// Booked months were moved to another group of reduction codes.
    MonthsRegrouped = 91, "MONTHS_REGROUPED", Eligible;
    /// Two persons reviewed the question and did not take the condition as met.
    ReviewRefused = 95, "REVIEW_REFUSED", Ineligible;
    /// Months count since two persons reviewed the question and took the condition as met.
    ReviewAccepted = 96, "REVIEW_ACCEPTED", Eligible;
    /// The month is claimed before its quarter has ended, or too late.
    ClaimWindowClosed = 110, "CLAIM_WINDOW_CLOSED", Ineligible;
    /// A claim holds the person-month of the subsidy already.
    MonthAlreadyClaimed = 111, "MONTH_ALREADY_CLAIMED", Ineligible;
    /// Supervision has frozen the filing that the month rests on.
    FilingFrozen = 112, "FILING_FROZEN", Review;
}

impl ReasonCode {
    /// The code's number in the API.
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The code with a number of the API.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.number() == number)
    }

    /// Rank among reasons that hold at once: the lowest is the one told. The API's order, with
    /// MONTH_BOOKED_ELSEWHERE after contract and insurance: who does not employ the person in a
    /// month is not told that another did.
    #[inline]
    pub const fn precedence(self) -> i32 {
        match self {
            Self::MonthBookedElsewhere => Self::InsuranceNotPaid as i32 * 10 + 5,
            // The subsidies' codes stand where the deduction's of the same question stand.
            Self::EmployerKindNotCovered => Self::EmployerNotEnterprise as i32 * 10 + 5,
            Self::IndividualBusinessUnconfirmed => Self::EmployerNotEnterprise as i32 * 10 + 6,
            Self::OutsideTrialPeriod => Self::ContractTooShort as i32 * 10 + 5,
            Self::DependentChildEnded => Self::NoRecord as i32 * 10 + 5,
            other => other as i32 * 10,
        }
    }

    /// The one of two that is told.
    pub const fn first_of(self, other: Self) -> Self {
        if other.precedence() < self.precedence() {
            other
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_precedence_is_told_whatever_the_order() {
        let short = ReasonCode::SpellTooShort;
        let unpaid = ReasonCode::InsuranceNotPaid;
        assert_eq!(short.first_of(unpaid), short);
        assert_eq!(unpaid.first_of(short), short);
        let elsewhere = ReasonCode::MonthBookedElsewhere;
        assert_eq!(elsewhere.first_of(ReasonCode::TermExhausted), elsewhere);
        assert_eq!(elsewhere.first_of(unpaid), unpaid);
    }

    #[test]
    fn one_eligible_month_makes_the_whole_eligible() {
        use Outcome::{Eligible, Ineligible, Review};
        assert_eq!(Outcome::any([Ineligible, Review, Eligible]), Eligible);
        assert_eq!(Outcome::any([Ineligible, Review]), Review);
        assert_eq!(Outcome::any([]), Ineligible);
    }

    #[test]
    fn every_number_names_one_code() {
        for code in ReasonCode::ALL {
            assert_eq!(ReasonCode::from_number(code.number()), Some(*code));
        }
        assert_eq!(ReasonCode::from_number(0), None);
    }
}
