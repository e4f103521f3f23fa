//! The facts that bureaus record, after syntax checks and with persons resolved to our ids.
//!
//! Shapes follow the API's `Fact`; natural keys are in [`crate::timeline`].

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::identifier::EmployerCode;
use crate::ids::CaseId;
use crate::money::RateBp;
use crate::month::{FilingCycle, TaxMonth};
use crate::policy::InsuranceSet;

/// The key groups of measure 8, in the order in which they are tried (fact: section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonCategory {
    /// 建档立卡贫困人口 / 脱贫人口.
    LiftedFromPoverty,
    /// 防止返贫监测对象.
    PovertyMonitored,
    /// 登记失业半年以上人员.
    RegisteredUnemployed,
}

impl PersonCategory {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 3] = [
        Self::LiftedFromPoverty,
        Self::PovertyMonitored,
        Self::RegisteredUnemployed,
    ];
}

/// Kinds of employer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EmployerKind {
    /// 公司.
    Company,
    /// 个人独资企业.
    SoleProprietorship,
    /// 合伙企业.
    Partnership,
    /// 民办非企业单位.
    PrivateNonEnterprise,
    /// 个体工商户.
    IndividualBusiness,
    /// 劳务派遣单位.
    DispatchAgency,
}

impl EmployerKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Company,
        Self::SoleProprietorship,
        Self::Partnership,
        Self::PrivateNonEnterprise,
        Self::IndividualBusiness,
        Self::DispatchAgency,
    ];
}

/// VAT payer status (纳税人类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VatPayer {
    /// 一般纳税人.
    General,
    /// 小规模纳税人.
    SmallScale,
}

/// Size class (规模以上 or not).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SizeClass {
    /// 规模以上.
    AboveDesignated,
    /// 其他.
    Other,
}

/// Insurances (险种).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Insurance {
    /// 基本养老保险.
    Pension,
    /// 基本医疗保险.
    Medical,
    /// 失业保险.
    Unemployment,
    /// 工伤保险.
    WorkInjury,
    /// 生育保险.
    Maternity,
}

impl Insurance {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Pension,
        Self::Medical,
        Self::Unemployment,
        Self::WorkInjury,
        Self::Maternity,
    ];
}

/// Kinds of contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContractKind {
    /// 劳动合同.
    LabourContract,
    /// 劳务协议.
    ServiceAgreement,
}

/// Another relief or subsidy that a hire is already under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReliefCode {
    /// 自主就业退役士兵 deduction.
    Veteran,
    /// Another employment tax relief.
    OtherEmploymentTax,
    /// Another social-insurance subsidy.
    SocialInsuranceSubsidy,
}

/// An employer's tax profile from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployerProfile {
    /// Registered name.
    pub name: String,
    /// Kind.
    pub kind: EmployerKind,
    /// Town, 9 digits.
    pub town_code: String,
    /// GB/T 4754 industry code.
    pub industry_code: String,
    /// VAT payer status.
    pub vat_payer: VatPayer,
    /// VAT filing cycle.
    pub filing_cycle: FilingCycle,
    /// UMCT rate of the place.
    pub umct_rate_bp: RateBp,
    /// Whether the half rate of the six taxes and two surcharges applies (六税两费减半).
    pub half_rate_surcharges: bool,
    /// Size class.
    pub size_class: SizeClass,
    /// First day on which the profile holds. Natural key inside the employer.
    pub from_on: CivilDate,
}

/// What is known of a worker beside the identity, which is kept encrypted elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerProfile {
    /// Town, 9 digits; empty when not told.
    pub town_code: String,
}

/// An unbroken registration as unemployed (失业登记).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnemploymentSpell {
    /// Day of registration. Natural key.
    pub registered_on: CivilDate,
    /// The day from which it no longer holds; `None` = open.
    pub ended_on: Option<CivilDate>,
    /// Cancellation reason code; empty when open.
    pub end_code: String,
    /// Unemployment reason code.
    pub reason_code: String,
    /// Registering office.
    pub office_code: String,
}

impl UnemploymentSpell {
    /// Whether the registration is in force on a day.
    pub fn holds_on(&self, day: CivilDate) -> bool {
        self.registered_on <= day && self.ended_on.is_none_or(|ended| ended > day)
    }
}

/// A poverty record of the national monitoring system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PovertyStatus {
    /// 脱贫人口 or 监测对象; never the unemployed category.
    pub category: PersonCategory,
    /// First day. Natural key with the category.
    pub from_on: CivilDate,
    /// Last day; `None` = open.
    pub to_on: Option<CivilDate>,
}

impl PovertyStatus {
    /// Whether the status is in force on a day.
    pub fn holds_on(&self, day: CivilDate) -> bool {
        self.from_on <= day && self.to_on.is_none_or(|to| day <= to)
    }
}

/// A keyed MAC over a certificate number: finds the certificate, tells nothing of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertificateKey(pub [u8; 16]);

/// 《就业创业证》 or 《就业失业登记证》.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmploymentCertificate {
    /// Natural key.
    pub key: CertificateKey,
    /// Whether it is noted 企业吸纳税收政策.
    pub enterprise_absorption_note: bool,
    /// Day of the note.
    pub noted_on: Option<CivilDate>,
    /// Noting office.
    pub office_code: String,
}

/// A contract between an employer and a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The employer's number for it. Natural key with the employer.
    pub contract_id: String,
    /// The employer.
    pub employer_code: EmployerCode,
    /// Labour or service.
    pub kind: ContractKind,
    /// Day of signature.
    pub signed_on: CivilDate,
    /// First day in force: the hire date.
    pub start_on: CivilDate,
    /// Agreed last day; `None` = open-ended.
    pub end_on: Option<CivilDate>,
    /// Actual last day when ended early.
    pub terminated_on: Option<CivilDate>,
    /// 非全日制.
    pub part_time: bool,
    /// The filed post that it fills; empty when none.
    pub filing_id: String,
}

impl Contract {
    /// The last day in force; `None` while open.
    pub fn last_on(&self) -> Option<CivilDate> {
        match (self.end_on, self.terminated_on) {
            (Some(end), Some(terminated)) => Some(end.min(terminated)),
            (end, terminated) => end.or(terminated),
        }
    }
}

/// Insurances paid for one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The paying employer; `None` = paid as an individual.
    pub employer_code: Option<EmployerCode>,
    /// The month paid for. Natural key with the employer.
    pub month: TaxMonth,
    /// What was paid.
    pub insurances: InsuranceSet,
    /// Day of payment.
    pub paid_on: CivilDate,
}

/// Registration as flexibly employed (灵活就业登记).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlexibleRegistration {
    /// First day. Natural key.
    pub from_on: CivilDate,
    /// Last day; `None` = open.
    pub to_on: Option<CivilDate>,
}

/// Parent or carer of a child under the age of the notice's policy: a yes/no fact with its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependentChild {
    /// Last day on which it holds.
    pub until_on: CivilDate,
}

/// Another relief for the same hire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherRelief {
    /// Who claims it.
    pub employer_code: EmployerCode,
    /// Which.
    pub relief_code: ReliefCode,
    /// First month.
    pub from_month: TaxMonth,
    /// Last month; `None` = open.
    pub to_month: Option<TaxMonth>,
}

/// Months of the deduction enjoyed before this system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorTermUse {
    /// Who enjoyed them.
    pub employer_code: EmployerCode,
    /// First month. Natural key with the employer.
    pub from_month: TaxMonth,
    /// Last month.
    pub to_month: TaxMonth,
}

/// A completed training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// Who trained.
    pub employer_code: EmployerCode,
    /// The filed plan. Natural key.
    pub plan_id: String,
    /// Class hours.
    pub class_hours: i32,
    /// Day of completion; `None` while it runs.
    pub completed_on: Option<CivilDate>,
    /// Whether the standard was met.
    pub standard_met: bool,
}

/// What two persons decided where a rule may not decide alone. Recorded by the confirmation of a
/// review, never by a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewResolution {
    /// The case. Natural key.
    pub case_id: CaseId,
    /// The number of the measure that it is for.
    pub measure: i32,
    /// The employer that it is for.
    pub employer_code: EmployerCode,
    /// The number of the reason that it settles.
    pub code: i32,
    /// First month that it settles.
    pub from_month: TaxMonth,
    /// The last.
    pub through_month: TaxMonth,
    /// Whether the condition is taken as met; else the months are refused.
    pub accepted: bool,
}

/// A fact about a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkerFact {
    /// See [`WorkerProfile`].
    Profile(WorkerProfile),
    /// See [`UnemploymentSpell`].
    Spell(UnemploymentSpell),
    /// See [`PovertyStatus`].
    Poverty(PovertyStatus),
    /// See [`EmploymentCertificate`].
    Certificate(EmploymentCertificate),
    /// See [`Contract`].
    Contract(Contract),
    /// See [`Contribution`].
    Contribution(Contribution),
    /// See [`FlexibleRegistration`].
    Flexible(FlexibleRegistration),
    /// See [`DependentChild`].
    Child(DependentChild),
    /// See [`OtherRelief`].
    Relief(OtherRelief),
    /// See [`PriorTermUse`].
    PriorUse(PriorTermUse),
    /// See [`TrainingRecord`].
    Training(TrainingRecord),
    /// See [`ReviewResolution`].
    Resolution(ReviewResolution),
}

/// The kinds of fact, numbered as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FactKind {
    /// An employer's profile.
    EmployerProfile = 1,
    /// A worker's profile.
    WorkerProfile = 2,
    /// Registered unemployment.
    UnemploymentSpell = 3,
    /// Poverty record.
    PovertyStatus = 4,
    /// Employment certificate.
    EmploymentCertificate = 5,
    /// Contract.
    Contract = 6,
    /// Insurance month.
    Contribution = 7,
    /// Flexible employment.
    FlexibleRegistration = 8,
    /// Dependent child.
    DependentChild = 9,
    /// Other relief.
    OtherRelief = 10,
    /// Term used earlier.
    PriorTermUse = 11,
    /// Training.
    TrainingRecord = 12,
    /// A review's resolution.
    ReviewResolution = 20,
}

impl FactKind {
    /// All, in stored order.
    pub const ALL: [Self; 13] = [
        Self::EmployerProfile,
        Self::WorkerProfile,
        Self::UnemploymentSpell,
        Self::PovertyStatus,
        Self::EmploymentCertificate,
        Self::Contract,
        Self::Contribution,
        Self::FlexibleRegistration,
        Self::DependentChild,
        Self::OtherRelief,
        Self::PriorTermUse,
        Self::TrainingRecord,
        Self::ReviewResolution,
    ];

    /// The kind with a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }
}

impl WorkerFact {
    /// The fact's kind.
    pub const fn kind(&self) -> FactKind {
        match self {
            Self::Profile(_) => FactKind::WorkerProfile,
            Self::Spell(_) => FactKind::UnemploymentSpell,
            Self::Poverty(_) => FactKind::PovertyStatus,
            Self::Certificate(_) => FactKind::EmploymentCertificate,
            Self::Contract(_) => FactKind::Contract,
            Self::Contribution(_) => FactKind::Contribution,
            Self::Flexible(_) => FactKind::FlexibleRegistration,
            Self::Child(_) => FactKind::DependentChild,
            Self::Relief(_) => FactKind::OtherRelief,
            Self::PriorUse(_) => FactKind::PriorTermUse,
            Self::Training(_) => FactKind::TrainingRecord,
            Self::Resolution(_) => FactKind::ReviewResolution,
        }
    }
}

/// Where a fact came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The source's name, such as `人社失业登记系统`.
    pub name: String,
    /// The day on which the source's data was drawn.
    pub drawn_on: Option<CivilDate>,
}
