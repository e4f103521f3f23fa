//! What the law fixes, as typed values with their dates and sources.
//!
//! The types are here because decisions read them; the values are data in `policies/` and are
//! loaded, checked and hashed by the `policy` crate. No value stands in this crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::date::CivilDate;
use crate::fact::{EmployerKind, Insurance, PersonCategory, ReliefCode};
use crate::filing::FilingKind;
use crate::finding::FindingRule;
use crate::inclusive::InclusivePolicy;
use crate::money::{Ceiling, Fen, RateBp};
use crate::subsidy::SubsidyPolicy;
use crate::tax::TaxKind;

/// How well a fact of law is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the instrument itself.
    Read,
    /// Seen in a secondary source that quotes or implements it.
    Secondary,
    /// Known from the official text, not read again.
    Recalled,
    /// Follows from a rule by arithmetic or reading.
    Derived,
    /// Not established: never decides alone.
    Unconfirmed,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// The instrument (文号), such as `财税〔2019〕22号`.
    pub instrument: String,
    /// The article or paragraph inside it; empty when the instrument has none.
    pub article: String,
    /// A few words of what it says.
    pub quote: String,
    /// The day from which the cited value holds.
    pub effective_on: CivilDate,
    /// How well it is established.
    pub confidence: Confidence,
}

/// One value with the days on which it holds, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedValue<T> {
    /// The first day.
    pub from: CivilDate,
    /// The last day; `None` while no end is known.
    pub to: Option<CivilDate>,
    /// The value.
    pub value: T,
    /// Its source.
    pub citation: Arc<Citation>,
}

impl<T> DatedValue<T> {
    /// How well the value is established.
    pub fn confidence(&self) -> Confidence {
        self.citation.confidence
    }
}

/// A parameter: its name and its values in order of date, without overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    /// The parameter's name, such as `key_group.quota_year`.
    pub name: Arc<str>,
    values: Vec<DatedValue<T>>,
}

impl<T> Dated<T> {
    /// A parameter of the given values, sorted by their first day.
    pub fn new(name: impl Into<Arc<str>>, mut values: Vec<DatedValue<T>>) -> Self {
        values.sort_by_key(|value| value.from);
        Self {
            name: name.into(),
            values,
        }
    }

    /// The value that holds on a day; `None` means the law of that day is not encoded.
    pub fn on(&self, day: CivilDate) -> Option<&DatedValue<T>> {
        // Few values each: a scan from the latest beats a binary search.
        self.values
            .iter()
            .rev()
            .find(|value| value.from <= day)
            .filter(|value| value.to.is_none_or(|to| day <= to))
    }

    /// What [`Dated::on`] says, and the first and the last day around `day` on which it does.
    pub fn on_with_span(&self, day: CivilDate) -> (Option<&DatedValue<T>>, (CivilDate, CivilDate)) {
        let mut last = CivilDate::MAX;
        for value in self.values.iter().rev() {
            if value.from > day {
                last = value.from.plus_days(-1);
                continue;
            }
            return match value.to {
                Some(to) if to < day => (None, (to.plus_days(1), last)),
                to => {
                    let last = to.map_or(last, |to| to.min(last));
                    (Some(value), (value.from, last))
                }
            };
        }
        (None, (CivilDate::MIN, last))
    }

    /// All values, earliest first.
    pub fn values(&self) -> &[DatedValue<T>] {
        &self.values
    }

    /// The last value, whatever its end.
    pub fn last(&self) -> Option<&DatedValue<T>> {
        self.values.last()
    }
}

/// A set of insurances (险种) as a bit mask over [`Insurance`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InsuranceSet(u8);

impl InsuranceSet {
    /// The set of the given insurances.
    pub fn of(insurances: impl IntoIterator<Item = Insurance>) -> Self {
        Self(
            insurances
                .into_iter()
                .fold(0, |bits, insurance| bits | 1 << insurance as u8),
        )
    }

    /// Whether every insurance of `other` is in `self`.
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether an insurance is in the set.
    pub const fn contains(self, insurance: Insurance) -> bool {
        self.0 & (1 << insurance as u8) != 0
    }

    /// The insurances of the set, in the enum's order.
    pub fn iter(self) -> impl Iterator<Item = Insurance> {
        Insurance::ALL
            .into_iter()
            .filter(move |insurance| self.contains(*insurance))
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The two groups into which the reduction codes divide the hires (fact: section 2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CodeGroup {
    /// 脱贫人口 and 防止返贫监测对象.
    Poverty,
    /// 登记失业半年以上人员.
    Unemployment,
}

impl CodeGroup {
    /// Both groups, in the order in which a return's rows are filled.
    pub const ALL: [Self; 2] = [Self::Poverty, Self::Unemployment];
}

impl From<PersonCategory> for CodeGroup {
    fn from(category: PersonCategory) -> Self {
        match category {
            PersonCategory::LiftedFromPoverty | PersonCategory::PovertyMonitored => Self::Poverty,
            PersonCategory::RegisteredUnemployed => Self::Unemployment,
        }
    }
}

/// Measure 8: the key-group hiring deduction (企业招用重点群体税收优惠).
#[derive(Clone, Debug)]
pub struct KeyGroupPolicy {
    /// Whether a category gives the deduction, by the hire date.
    pub category_covered: BTreeMap<PersonCategory, Dated<bool>>,
    /// Kinds of employer that may deduct.
    pub employer_kinds: Dated<Vec<EmployerKind>>,
    /// Kinds of employer that pay enterprise income tax and so have a CIT leg.
    pub cit_leg_kinds: Dated<Vec<EmployerKind>>,
    /// Least contract term, in months.
    pub contract_months_min: Dated<i32>,
    /// Least time of registered unemployment before the hire, in months.
    pub registration_months_min: Dated<i32>,
    /// Insurances that must be paid for a month.
    pub required_insurances: Dated<InsuranceSet>,
    /// How many months after the insured month its payment is still in time (to the last day).
    pub payment_grace_months: Dated<i32>,
    /// Length of the deduction term at one employer, in months.
    pub term_months: Dated<i32>,
    /// Most months of one person over all employers.
    pub person_months_max: Dated<i32>,
    /// The yearly quota of one person.
    pub quota_year_fen: Dated<Fen>,
    /// Relief codes that exclude this deduction.
    pub excluding_reliefs: Dated<Vec<ReliefCode>>,
    /// Whether VAT itself may be deducted, by the period's last day.
    pub vat_leg: Dated<bool>,
    /// 减税性质代码 per tax and group. A missing one is written empty.
    pub reduction_codes: BTreeMap<(TaxKind, CodeGroup), Dated<String>>,
    /// How the person's months are counted where there is a gap; not established.
    pub person_term_counting: Dated<String>,
    /// Whether a second hire as registered unemployed needs a spell of its own; not established.
    pub second_hire_needs_own_spell: Dated<bool>,
    /// Days after a VAT period's end within which it is declared.
    pub vat_filing_term_days: Dated<i32>,
    /// Day of the next year by which the annual settlement is due, as `05-31`.
    pub cit_settlement_due: Dated<String>,
    /// The kind of filed post that the notice's layer asks for.
    pub notice_post_kind: Dated<FilingKind>,
    /// Years after payment within which a tax paid too much is given back on a claim.
    pub late_claim_years: Dated<i32>,
    /// Whether a person has to be employed still when a month is claimed late.
    pub late_claim_needs_employment: Dated<bool>,
    /// Surcharge for late payment of tax, basis points a day.
    pub late_surcharge_day_bp: Dated<RateBp>,
}

/// The surcharges on VAT and their reliefs.
#[derive(Clone, Debug)]
pub struct SurchargePolicy {
    /// 教育费附加 rate.
    pub edu_rate_bp: Dated<RateBp>,
    /// 地方教育附加 rate.
    pub ledu_rate_bp: Dated<RateBp>,
    /// Monthly sales up to which neither of the two is due.
    pub edu_exempt_month: Dated<Ceiling>,
    /// Quarterly sales up to which neither of the two is due.
    pub edu_exempt_quarter: Dated<Ceiling>,
    /// The share of what is left that half-rate payers (六税两费) pay.
    pub half_rate_bp: Dated<RateBp>,
    /// UMCT rates that exist (市区, 县城和镇, 其他).
    pub umct_rates_bp: Dated<Vec<i32>>,
}

/// Which sales of a person with platform income are tested against the monthly threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformScope {
    /// Platform sales alone; direct sales keep the test of the day.
    PlatformOnly,
    /// All taxable sales of the month.
    AllSales,
}

/// Measure 9: VAT of workers who are not employees, and of small-scale taxpayers.
#[derive(Clone, Debug)]
pub struct VatPolicy {
    /// The regime's name (`R0` … `R3`).
    pub regime: Dated<String>,
    /// The levy rate once the threshold is reached; zero where the regime exempts every amount.
    pub levy_rate_bp: Dated<RateBp>,
    /// Monthly filers' ceiling; `None` inside a value means no ceiling.
    pub small_scale_month: Dated<Option<Ceiling>>,
    /// Quarterly filers' ceiling.
    pub small_scale_quarter: Dated<Option<Ceiling>>,
    /// Natural persons' ceiling for a day, by province code.
    pub natural_person_day: BTreeMap<String, Dated<Option<Ceiling>>>,
    /// Monthly ceiling of platform income of natural persons.
    pub platform_month: Dated<Option<Ceiling>>,
    /// What the platform test adds up.
    pub platform_scope: Dated<PlatformScope>,
    /// Whether domestic payers withhold for natural persons.
    pub natural_person_withholding: Dated<bool>,
    /// The levy rate where the exemption is waived for a special invoice.
    pub waived_rate_bp: Dated<RateBp>,
}

/// Measure 11: filings and hires.
#[derive(Clone, Debug)]
pub struct FilingPolicy {
    /// Days after a hire within which the employment is registered.
    pub employment_registration_days: Dated<i32>,
    /// Days after the end of an employment within which the end is registered.
    pub end_registration_days: Dated<i32>,
}

/// Measure 14: supervision.
#[derive(Clone, Debug)]
pub struct SupervisionPolicy {
    /// Which rules are run.
    pub rules: BTreeMap<FindingRule, Dated<bool>>,
    /// Kinds of employer that the employer subsidies exclude.
    pub excluded_employer_kinds: Dated<Vec<EmployerKind>>,
    /// Age in years from which a hire is looked at.
    pub working_age_max_years: Dated<i32>,
}

/// Everything a decision may read of the law, with the hash that names it.
#[derive(Clone, Debug)]
pub struct PolicyBook {
    /// SHA-256 over the canonical text of all parameters, in lower-case hexadecimal.
    pub version: Arc<str>,
    /// Measure 8.
    pub key_group: KeyGroupPolicy,
    /// Surcharges on VAT.
    pub surcharges: SurchargePolicy,
    /// Measure 9.
    pub vat: VatPolicy,
    /// Measure 11.
    pub filing: FilingPolicy,
    /// Measures 3, 4, 5 and 7.
    pub subsidy: SubsidyPolicy,
    /// Measure 10.
    pub inclusive: InclusivePolicy,
    /// Measure 14.
    pub supervision: SupervisionPolicy,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reaches_as_far_as_the_same_is_said() {
        let day = |number| CivilDate::from_epoch_day(number).expect("a day");
        let citation = Arc::new(Citation {
            instrument: String::new(),
            article: String::new(),
            quote: String::new(),
            effective_on: day(0),
            confidence: Confidence::Read,
        });
        let value = |from, to: Option<i32>, value: i32| DatedValue {
            from: day(from),
            to: to.map(day),
            value,
            citation: citation.clone(),
        };
        let several = vec![
            value(10, Some(19), 1),
            value(20, Some(24), 2),
            value(30, None, 3),
        ];
        for values in [Vec::new(), several] {
            let dated = Dated::new("a.b", values);
            let said = |number| dated.on(day(number)).map(|value| value.value);
            for number in 0..40 {
                let (found, (first, last)) = dated.on_with_span(day(number));
                assert_eq!(found.map(|value| value.value), said(number), "{number}");
                for other in 0..40 {
                    let inside = first <= day(other) && day(other) <= last;
                    assert!(!inside || said(other) == said(number), "{number} {other}");
                }
                assert!(first <= day(number) && day(number) <= last);
            }
        }
    }
}
