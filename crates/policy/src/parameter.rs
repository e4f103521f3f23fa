//! A parameter of law with its dated values, read but not yet bound to a rule.

use std::fmt;

use mamagang_domain::date::CivilDate;
use mamagang_domain::policy::Confidence;
use serde::Deserialize;

use crate::index::Level;

/// What a parameter's values are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 1/100 yuan.
    Fen,
    /// Basis points (1 % = 100); a list where several rates exist side by side.
    Bp,
    /// Days.
    Days,
    /// Months.
    Months,
    /// Years.
    Years,
    /// People.
    People,
    /// True or false.
    Boolean,
    /// Words of a closed list, in no order.
    Set,
    /// One word or code.
    Code,
}

impl Unit {
    /// Whether a value is of the unit's type.
    pub(crate) const fn takes(self, value: &Value) -> bool {
        match self {
            Self::Fen => matches!(value, Value::Integer(_) | Value::Nothing),
            Self::Bp => matches!(value, Value::Integer(_) | Value::Integers(_)),
            Self::Days | Self::Months | Self::Years | Self::People => {
                matches!(value, Value::Integer(_))
            }
            Self::Boolean => matches!(value, Value::Boolean(_)),
            Self::Set => matches!(value, Value::Texts(_)),
            Self::Code => matches!(value, Value::Text(_) | Value::Nothing),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fen => "fen",
            Self::Bp => "bp",
            Self::Days => "days",
            Self::Months => "months",
            Self::Years => "years",
            Self::People => "people",
            Self::Boolean => "boolean",
            Self::Set => "set",
            Self::Code => "code",
        })
    }
}

/// Whether a ceiling itself is still inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// 以下, 以上: the number is inside.
    Inclusive,
    /// 不满, 未达到, 超过: the number is outside.
    Exclusive,
    /// Not a ceiling, or no ceiling at all.
    None,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inclusive => "inclusive",
            Self::Exclusive => "exclusive",
            Self::None => "none",
        })
    }
}

/// A value as its file writes it. There is no variant for fractions: amounts are whole fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`: no ceiling, or a code that is not known.
    Nothing,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A word, or digits in quotes.
    Text(String),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Words.
    Texts(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("-"),
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
            Self::Integers(values) => {
                let texts: Vec<String> = values.iter().map(i64::to_string).collect();
                f.write_str(&texts.join(", "))
            }
            Self::Texts(values) => f.write_str(&values.join(", ")),
        }
    }
}

/// A confidence as the files spell it.
pub(crate) const fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Read => "read",
        Confidence::Secondary => "secondary",
        Confidence::Recalled => "recalled",
        Confidence::Derived => "derived",
        Confidence::Unconfirmed => "unconfirmed",
    }
}

/// What a national parameter does to the values that places set for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// A place may exceed the national value by at most so many basis points of it.
    RaiseMax,
    /// A place may not set less.
    Least,
    /// A place may not set more.
    Most,
}

/// See [`LimitKind`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limited parameter's name.
    pub parameter: String,
    /// How it is limited.
    pub kind: LimitKind,
}

/// One value with its dates and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterValue {
    /// The value.
    pub value: Value,
    /// Whether it is a ceiling, and of which kind.
    pub bound: Bound,
    /// The first day on which it holds.
    pub effective_from: CivilDate,
    /// The last day; `None` while no end is known.
    pub effective_to: Option<CivilDate>,
    /// The day of publication; `None` where it is not established.
    pub known_from: Option<CivilDate>,
    /// The instrument (文号); several are joined with `、`.
    pub instrument: String,
    /// The article; empty when there is none or it is not known.
    pub article: String,
    /// A few words of what the article says, not a verbatim text.
    pub quote: String,
    /// How well it is established.
    pub confidence: Confidence,
    /// The day on which the value was last compared with its source.
    pub checked_on: CivilDate,
    /// Remarks; empty when there are none.
    pub note: String,
    /// What about the value is not established, though the value itself may be.
    pub open_points: Vec<String>,
}

impl ParameterValue {
    /// Whether the value holds on a day.
    pub fn holds_on(&self, day: CivilDate) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|to| day <= to)
    }

    /// The dates as text, such as `2023-01-01..2027-12-31`; the end is left out while open.
    pub fn dates(&self) -> String {
        let to = self
            .effective_to
            .map(|to| to.to_string())
            .unwrap_or_default();
        format!("{}..{to}", self.effective_from)
    }
}

/// A parameter of law in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The file, relative to the policies' folder.
    pub file: String,
    /// The name, which is the file's path in its scope: `key_group.quota_year`.
    pub name: String,
    /// The folder of the scope, such as `guangdong`.
    pub folder: String,
    /// The scope's level.
    pub level: Level,
    /// The code of the scope as the file repeats it: `national` or a GB/T 2260 code.
    pub scope: String,
    /// Chinese title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// The unit of all values.
    pub unit: Unit,
    /// Why days between two values may be without one; `None` = they may not.
    pub gaps_allowed_because: Option<String>,
    /// What the parameter does to the values of places.
    pub limits: Option<Limit>,
    /// The values in the file's order.
    pub values: Vec<ParameterValue>,
}

impl Parameter {
    /// The value that holds on a day; `None` means the law of that day is not encoded.
    pub fn on(&self, day: CivilDate) -> Option<&ParameterValue> {
        self.values.iter().find(|value| value.holds_on(day))
    }
}
