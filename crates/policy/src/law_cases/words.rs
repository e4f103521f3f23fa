//! The words of case files: dates, months, ranges and amounts, as a reader writes them.

use std::fmt;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::Insurance;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::money::Fen;
use mamagang_domain::month::{FilingCycle, TaxMonth, TaxPeriod};
use mamagang_domain::policy::InsuranceSet;
use mamagang_domain::reason::{Outcome, ReasonCode};
use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

macro_rules! written {
    ($($name:ident: $read:path;)*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                $read(&text).ok_or_else(|| format!("{text:?} is not a {}", stringify!($name)))
            }
        }
    )*};
}

/// `2024-05-20`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub CivilDate);

/// `2024-05`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Month(pub TaxMonth);

/// `2024-05` or `2024-Q2`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Period(pub TaxPeriod);

/// `2024-05`, or `2024-05..2024-12` with both ends.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Months {
    pub first: TaxMonth,
    pub last: TaxMonth,
}

/// `6500.00`: yuan with two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Yuan(pub Fen);

/// `2023-01..2023-02 INELIGIBLE NOT_IN_FORCE`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct MonthsFound {
    pub months: Months,
    pub outcome: Outcome,
    pub code: ReasonCode,
}

/// `2023-03..2023-12 in time`, `2023-06 paid 2023-07-31`, each with `by A` or `by the worker`, and
/// `only PENSION MEDICAL`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct InsuranceLine {
    pub months: Months,
    /// `None`: on the last day of the month paid for.
    pub paid_on: Option<CivilDate>,
    /// `None`: paid as an individual.
    pub employer: Option<Employer>,
    pub insurances: InsuranceSet,
}

/// Who employs: the employer of the question, or another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Employer {
    /// The one that asks.
    #[default]
    #[serde(rename = "us")]
    Us,
    A,
    B,
}

impl Employer {
    pub fn code(self) -> EmployerCode {
        let text = match self {
            Self::Us => "91442000MAQQ000161",
            Self::A => "91442000QQ0000039Q",
            Self::B => "52442000QQ0000047L",
        };
        EmployerCode::parse(text).expect("a synthetic employer code")
    }
}

/// How often an employer files.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cycle {
    Monthly,
    Quarterly,
}

impl From<Cycle> for FilingCycle {
    fn from(cycle: Cycle) -> Self {
        match cycle {
            Cycle::Monthly => Self::Monthly,
            Cycle::Quarterly => Self::Quarterly,
        }
    }
}

written! {
    Day: read_day;
    Month: read_month;
    Period: read_period;
    Months: read_months;
    Yuan: read_yuan;
    MonthsFound: read_months_found;
    InsuranceLine: read_insurance;
}

/// A word of a closed list, spelled as serde spells it.
pub fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    let deserializer: StrDeserializer<'_, WordError> = text.into_deserializer();
    T::deserialize(deserializer).ok()
}

fn read_day(text: &str) -> Option<Day> {
    CivilDate::parse(text).ok().map(Day)
}

fn read_month(text: &str) -> Option<Month> {
    TaxMonth::parse(text).ok().map(Month)
}

fn read_period(text: &str) -> Option<Period> {
    TaxPeriod::parse(text).ok().map(Period)
}

fn read_months(text: &str) -> Option<Months> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (TaxMonth::parse(first).ok()?, TaxMonth::parse(last).ok()?);
    (first <= last).then_some(Months { first, last })
}

fn read_yuan(text: &str) -> Option<Yuan> {
    let (yuan, fen) = text.split_once('.')?;
    let is_strict = fen.len() == 2 && fen.bytes().all(|byte| byte.is_ascii_digit());
    let total = format!("{yuan}{fen}").parse().ok()?;
    is_strict.then_some(Yuan(Fen::new(total)))
}

fn read_months_found(text: &str) -> Option<MonthsFound> {
    let mut words = text.split(' ');
    let found = MonthsFound {
        months: read_months(words.next()?)?,
        outcome: word(words.next()?)?,
        code: word(words.next()?)?,
    };
    words.next().is_none().then_some(found)
}

fn read_insurance(text: &str) -> Option<InsuranceLine> {
    let mut words = text.split(' ').peekable();
    let months = read_months(words.next()?)?;
    let paid_on = match (words.next()?, words.next()?) {
        ("in", "time") => None,
        ("paid", day) => Some(CivilDate::parse(day).ok()?),
        _ => return None,
    };
    let mut employer = Some(Employer::Us);
    if words.next_if_eq(&"by").is_some() {
        employer = match words.next()? {
            "the" if words.next() == Some("worker") => None,
            name => Some(word(name)?),
        };
    }
    let insurances = match words.next() {
        None => InsuranceSet::of(Insurance::ALL),
        Some("only") => InsuranceSet::of(words.map(word).collect::<Option<Vec<Insurance>>>()?),
        Some(_) => return None,
    };
    Some(InsuranceLine {
        months,
        paid_on,
        employer,
        insurances,
    })
}

impl fmt::Display for Months {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..{}", self.first, self.last)
        }
    }
}

impl fmt::Display for MonthsFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = outcome_name(self.outcome);
        write!(f, "{} {outcome} {}", self.months, self.code.name())
    }
}

pub fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Eligible => "ELIGIBLE",
        Outcome::Review => "REVIEW",
        Outcome::Ineligible => "INELIGIBLE",
    }
}

/// The text of a value that may be absent.
pub fn or_none<T: fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// Names in a list, or `none`.
pub fn list(names: impl IntoIterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(" ")
    }
}

#[test]
fn words_are_read_strictly() {
    assert_eq!(
        read_yuan("6500.05").map(|yuan| yuan.0),
        Some(Fen::new(650_005))
    );
    for wrong in ["6500", "6500.5", "6500.", ".50x", "6,500.00"] {
        assert!(read_yuan(wrong).is_none(), "{wrong}");
    }
    assert!(read_months("2023-03..2023-02").is_none());
    for right in [
        "2023-03 in time",
        "2023-03..2023-04 paid 2023-05-01 by A",
        "2023-03 in time by the worker only PENSION MEDICAL",
    ] {
        assert!(read_insurance(right).is_some(), "{right}");
    }
    for wrong in [
        "2023-03",
        "2023-03 late",
        "2023-03 in time by C",
        "2023-03 in time only LIFE",
    ] {
        assert!(read_insurance(wrong).is_none(), "{wrong}");
    }
}
