//! Enums of the API and those of the rules, both ways.

use mamagang_app::certificates::CertificateStatus;
use mamagang_app::eligibility::SourceState;
use mamagang_app::facts::RegisterDifference;
use mamagang_app::filings::{FilingDecision, Registration};
use mamagang_app::supervision::Dimension;
use mamagang_domain::claim::{ClaimState, Verdict};
use mamagang_domain::fact::{
    ContractKind, EmployerKind, FactKind, Insurance, PersonCategory, ReliefCode, SizeClass,
    VatPayer,
};
use mamagang_domain::filing::{
    CarerGroup, Distance, FilingKind, FilingState, HireState, PayUnit, TrainingStage,
};
use mamagang_domain::finding::{FindingRule, FindingState};
use mamagang_domain::identifier::DocumentType;
use mamagang_domain::inclusive::{PreferenceItem, RefundClass};
use mamagang_domain::ledger::{EntryKind, Release};
use mamagang_domain::month::FilingCycle;
use mamagang_domain::policy::Confidence;
use mamagang_domain::reason::Outcome;
use mamagang_domain::review::ReviewState;
use mamagang_domain::subsidy::SubsidyKind;
use mamagang_domain::tax::TaxKind;
use mamagang_domain::vat::VatOutcome;
use mamagang_proto::v1;

/// An enum of the rules with its number in the API.
pub(crate) trait ApiEnum: Copy + PartialEq + Sized + 'static {
    /// Every value with its number; 0 never appears.
    const TABLE: &'static [(Self, i32)];

    /// The value with a number.
    fn from_api(number: i32) -> Option<Self> {
        Self::TABLE
            .iter()
            .find(|(_, known)| *known == number)
            .map(|(value, _)| *value)
    }

    /// The value's number; every value is in the table.
    fn to_api(self) -> i32 {
        Self::TABLE
            .iter()
            .find(|(known, _)| *known == self)
            .map_or(0, |(_, number)| *number)
    }
}

/// The number of an optional value; 0 when there is none.
pub(crate) fn optional<T: ApiEnum>(value: Option<T>) -> i32 {
    value.map_or(0, T::to_api)
}

macro_rules! api_enums {
    ($($name:ident as $api:ident: $($value:ident),+;)*) => {$(
        impl ApiEnum for $name {
            const TABLE: &'static [(Self, i32)] = &[$(($name::$value, v1::$api::$value as i32)),+];
        }
    )*};
}

api_enums! {
    DocumentType as DocumentType: ResidentIdCard, HmtResidencePermit, ForeignPermanentResidentCard;
    PersonCategory as PersonCategory: LiftedFromPoverty, PovertyMonitored, RegisteredUnemployed;
    ContractKind as ContractKind: LabourContract, ServiceAgreement;
    Insurance as Insurance: Pension, Medical, Unemployment, WorkInjury, Maternity;
    EmployerKind as EmployerKind: Company, SoleProprietorship, Partnership, PrivateNonEnterprise, IndividualBusiness,
        DispatchAgency;
    VatPayer as VatPayer: General, SmallScale;
    FilingCycle as FilingCycle: Monthly, Quarterly;
    SizeClass as SizeClass: AboveDesignated, Other;
    Confidence as Confidence: Read, Secondary, Recalled, Derived, Unconfirmed;
    TaxKind as TaxKind: Vat, Umct, Edu, Ledu, Cit;
    FilingKind as FilingKind: LabourContract, Service, TrainingPlan;
    FilingState as FilingState: Draft, Submitted, Accepted, Returned, Expired, Revoked, Frozen;
    FilingDecision as FilingDecision: Accept, Return, Revoke, Freeze, Unfreeze, Expire;
    PayUnit as PayUnit: Hour, Day, Month;
    TrainingStage as TrainingStage: PrePost, OnPost, Transfer;
    HireState as HireState: Reported, Registered, Ended, Closed;
    CarerGroup as CarerGroup: Mother, OtherCarer;
    Distance as Distance: SameTown, OtherTown;
    Registration as HireRegistration: Employment, End;
    CertificateStatus as CertificateStatus: Valid, Expired, Revoked;
    RegisterDifference as RegisterDifference: New, Changed, Same, NameDiffers;
    SourceState as SourceState: Answered, NoAnswer, BadAnswer, Resting, NoTime, OutOfDate;
    ClaimState as ClaimState: Submitted, Reviewed, Approved, Paid, Rejected, ClawedBack, Returned;
    Verdict as ClaimDecision: Pass, Return, Reject;
    FindingState as FindingState: Open, Assigned, Resolved;
    FindingRule as FindingRule: SameEmployerRehire, SeveralEmployers, EmployeePattern, ContractAgainstFiling,
        InsuranceGap, ContractShorterThanClaimed, ExcludedEmployerKind, MissedDeadline, OverWorkingAge, ClawBackDue;
    Dimension as StatisticsDimension: Town, Industry, SizeClass, Month, Measure, CarerGroup, Distance, FundSource;
    Outcome as Outcome: Eligible, Ineligible, Review;
    VatOutcome as VatOutcome: Exempt, Taxable, Review;
    SubsidyKind as SubsidyKind: EmployerInsurance, Post, FlexibleInsurance, Training;
    PreferenceItem as PreferenceItem: SmallScaleVat, SmallProfitIncomeTax, HalfRateSurcharges, CreditRefund;
    RefundClass as RefundClass: SmallOrMicro, NamedIndustry, RealEstate, Other;
    Release as Release: Cumulative, AnnualProjected;
    EntryKind as EntryKind: Post, Reversal, Settle, Recompute, SubsidyPayment, SubsidyClawBack;
    FactKind as FactKind: EmployerProfile, WorkerProfile, UnemploymentSpell, PovertyStatus, EmploymentCertificate,
        Contract, Contribution, FlexibleRegistration, DependentChild, OtherRelief, PriorTermUse, TrainingRecord,
        ReviewResolution;
    ReviewState as ReviewState: Open, Proposed, Resolved;
}

/// Relief codes, which the API writes as text.
pub(crate) const RELIEF_CODES: [(ReliefCode, &str); 3] = [
    (ReliefCode::Veteran, "VETERAN"),
    (ReliefCode::OtherEmploymentTax, "OTHER_EMPLOYMENT_TAX"),
    (
        ReliefCode::SocialInsuranceSubsidy,
        "SOCIAL_INSURANCE_SUBSIDY",
    ),
];

/// The name of a fact's field in the API's `Fact.kind`.
pub(crate) const fn fact_kind_name(kind: FactKind) -> &'static str {
    match kind {
        FactKind::EmployerProfile => "employer_profile",
        FactKind::WorkerProfile => "worker_profile",
        FactKind::UnemploymentSpell => "unemployment_spell",
        FactKind::PovertyStatus => "poverty_status",
        FactKind::EmploymentCertificate => "employment_certificate",
        FactKind::Contract => "contract",
        FactKind::Contribution => "contribution",
        FactKind::FlexibleRegistration => "flexible_registration",
        FactKind::DependentChild => "dependent_child",
        FactKind::OtherRelief => "other_relief",
        FactKind::PriorTermUse => "prior_term_use",
        FactKind::TrainingRecord => "training_record",
        FactKind::ReviewResolution => "review_resolution",
    }
}

#[cfg(test)]
mod tests {
    use mamagang_app::ErrorReason;
    use mamagang_domain::reason::ReasonCode;

    use super::*;

    /// Every number that the API gives, and the table's, both ways.
    fn covers<T: ApiEnum + std::fmt::Debug>(is_api: impl Fn(i32) -> bool) {
        let numbers: Vec<i32> = (1..100).filter(|number| is_api(*number)).collect();
        let table: Vec<i32> = T::TABLE.iter().map(|(_, number)| *number).collect();
        let mut sorted = table.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, numbers);
        for (value, number) in T::TABLE {
            assert_eq!(
                (T::from_api(*number), value.to_api()),
                (Some(*value), *number)
            );
        }
        assert_eq!(
            (T::from_api(0), T::from_api(-1), T::from_api(i32::MAX)),
            (None, None, None)
        );
    }

    #[test]
    fn every_value_of_the_api_but_the_unspecified_one_is_a_value_of_the_rules() {
        covers::<DocumentType>(|n| v1::DocumentType::try_from(n).is_ok());
        covers::<PersonCategory>(|n| v1::PersonCategory::try_from(n).is_ok());
        covers::<ContractKind>(|n| v1::ContractKind::try_from(n).is_ok());
        covers::<Insurance>(|n| v1::Insurance::try_from(n).is_ok());
        covers::<EmployerKind>(|n| v1::EmployerKind::try_from(n).is_ok());
        covers::<VatPayer>(|n| v1::VatPayer::try_from(n).is_ok());
        covers::<FilingCycle>(|n| v1::FilingCycle::try_from(n).is_ok());
        covers::<SizeClass>(|n| v1::SizeClass::try_from(n).is_ok());
        covers::<Confidence>(|n| v1::Confidence::try_from(n).is_ok());
        covers::<TaxKind>(|n| v1::TaxKind::try_from(n).is_ok());
        covers::<Outcome>(|n| v1::Outcome::try_from(n).is_ok());
        covers::<VatOutcome>(|n| v1::VatOutcome::try_from(n).is_ok());
        covers::<SubsidyKind>(|n| v1::SubsidyKind::try_from(n).is_ok());
        covers::<PreferenceItem>(|n| v1::PreferenceItem::try_from(n).is_ok());
        covers::<RefundClass>(|n| v1::RefundClass::try_from(n).is_ok());
        covers::<Release>(|n| v1::Release::try_from(n).is_ok());
        covers::<EntryKind>(|n| v1::EntryKind::try_from(n).is_ok());
        covers::<ClaimState>(|n| v1::ClaimState::try_from(n).is_ok());
        covers::<Verdict>(|n| v1::ClaimDecision::try_from(n).is_ok());
        covers::<FactKind>(|n| v1::FactKind::try_from(n).is_ok());
    }

    #[test]
    fn outcomes_have_the_numbers_of_the_api() {
        assert_eq!(
            [Outcome::Eligible, Outcome::Ineligible, Outcome::Review].map(ApiEnum::to_api),
            [1, 2, 3]
        );
    }

    #[test]
    fn reason_codes_have_one_number_and_name_everywhere() {
        for code in ReasonCode::ALL {
            let api = v1::ReasonCode::try_from(code.number()).expect("a number of the API");
            assert_eq!(api.as_str_name(), format!("REASON_CODE_{}", code.name()));
        }
        let api = (1..1_000)
            .filter(|number| v1::ReasonCode::try_from(*number).is_ok())
            .count();
        assert_eq!(api, ReasonCode::ALL.len());
    }

    #[test]
    fn error_reasons_have_one_number_and_name_everywhere() {
        for reason in ErrorReason::ALL {
            let api = v1::ErrorReason::try_from(*reason as i32).expect("a number of the API");
            assert_eq!(api.as_str_name(), format!("ERROR_REASON_{}", reason.name()));
        }
        let api = (1..1_000)
            .filter(|number| v1::ErrorReason::try_from(*number).is_ok())
            .count();
        assert_eq!(api, ErrorReason::ALL.len());
    }

    #[test]
    fn fact_kinds_are_named_as_in_the_api() {
        for kind in FactKind::ALL {
            let api = v1::FactKind::try_from(kind.to_api())
                .expect("a kind of the API")
                .as_str_name();
            assert_eq!(
                api,
                format!("FACT_KIND_{}", fact_kind_name(kind).to_uppercase())
            );
        }
    }
}
