//! The shape of a parameter's file, read with its words still as text so that every wrong word of
//! a file is reported at once and with its field.

use std::fmt;

use mamagang_domain::date::CivilDate;
use mamagang_domain::policy::Confidence;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::index::Scope;
use crate::parameter::{Bound, Limit, Parameter, ParameterValue, Value};
use crate::problem::{PolicyProblem, ProblemKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParameter {
    name: String,
    scope: String,
    title_zh: String,
    title_en: String,
    unit: String,
    gaps_allowed_because: Option<String>,
    limits: Option<RawLimit>,
    values: Vec<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    parameter: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    value: Value,
    bound: String,
    effective_from: String,
    effective_to: Option<String>,
    known_from: Option<String>,
    #[serde(default)]
    citation: RawCitation,
    confidence: String,
    checked_on: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    open_points: Vec<String>,
}

/// Absent parts are left to the lint, which names them as uncited.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawCitation {
    instrument: String,
    article: String,
    quote: String,
}

/// Reads YAML without the snippets that would repeat the file in each message.
pub(crate) fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}

/// A word of a closed list, spelled as serde spells it.
pub(crate) fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let deserializer: StrDeserializer<'_, WordError> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|error| error.to_string())
}

/// Reads one file. `file` is its path below the policies' folder.
pub(crate) fn parse(
    file: &str,
    scope: Option<&Scope>,
    text: &str,
) -> Result<Parameter, Vec<PolicyProblem>> {
    let raw: RawParameter = yaml(text)
        .map_err(|error| vec![PolicyProblem::new(file, "-", ProblemKind::Syntax, error)])?;
    let mut reader = Reader {
        file,
        problems: Vec::new(),
    };
    let parameter = reader.parameter(raw, scope);
    match parameter {
        Some(parameter) if reader.problems.is_empty() => Ok(parameter),
        _ => Err(reader.problems),
    }
}

struct Reader<'a> {
    file: &'a str,
    problems: Vec<PolicyProblem>,
}

impl Reader<'_> {
    fn parameter(&mut self, raw: RawParameter, scope: Option<&Scope>) -> Option<Parameter> {
        let folder = self.file.split('/').next().unwrap_or_default().to_owned();
        if scope.is_none() {
            self.report(
                "-",
                ProblemKind::WrongScope,
                format!("the index has no scope with the folder {folder}"),
            );
        }
        let unit = self.word("unit", &raw.unit);
        let limits = raw.limits.map(|limit| {
            let kind = self.word("limits.kind", &limit.kind);
            kind.map(|kind| Limit {
                parameter: limit.parameter,
                kind,
            })
        });
        // Every value is read before any failure ends the reading, so that all are reported.
        let values: Vec<Option<ParameterValue>> = raw
            .values
            .into_iter()
            .enumerate()
            .map(|(position, value)| self.value(position, value))
            .collect();
        Some(Parameter {
            file: self.file.to_owned(),
            name: raw.name,
            folder,
            level: scope?.level,
            scope: raw.scope,
            title_zh: raw.title_zh,
            title_en: raw.title_en,
            unit: unit?,
            gaps_allowed_because: raw.gaps_allowed_because,
            limits: match limits {
                None => None,
                Some(limit) => Some(limit?),
            },
            values: values.into_iter().collect::<Option<_>>()?,
        })
    }

    fn value(&mut self, position: usize, raw: RawValue) -> Option<ParameterValue> {
        let field = |name: &str| format!("values[{position}].{name}");
        let bound: Option<Bound> = self.word(&field("bound"), &raw.bound);
        let confidence: Option<Confidence> = self.word(&field("confidence"), &raw.confidence);
        let effective_from = self.date(&field("effective_from"), &raw.effective_from);
        let effective_to = self.optional_date(&field("effective_to"), raw.effective_to.as_deref());
        let known_from = self.optional_date(&field("known_from"), raw.known_from.as_deref());
        let checked_on = self.date(&field("checked_on"), &raw.checked_on);
        Some(ParameterValue {
            value: raw.value,
            bound: bound?,
            effective_from: effective_from?,
            effective_to: effective_to?,
            known_from: known_from?,
            instrument: raw.citation.instrument,
            article: raw.citation.article,
            quote: raw.citation.quote,
            confidence: confidence?,
            checked_on: checked_on?,
            note: raw.note,
            open_points: raw.open_points,
        })
    }

    fn word<T: DeserializeOwned>(&mut self, field: &str, text: &str) -> Option<T> {
        word(text)
            .map_err(|error| self.report(field, ProblemKind::UnknownWord, error))
            .ok()
    }

    fn date(&mut self, field: &str, text: &str) -> Option<CivilDate> {
        CivilDate::parse(text)
            .map_err(|error| self.report(field, ProblemKind::BadDate, format!("{error}: {text}")))
            .ok()
    }

    /// `None` on a wrong date, `Some(None)` on an absent one.
    fn optional_date(&mut self, field: &str, text: Option<&str>) -> Option<Option<CivilDate>> {
        text.map_or(Some(None), |text| self.date(field, text).map(Some))
    }

    fn report(&mut self, field: &str, kind: ProblemKind, message: String) {
        self.problems
            .push(PolicyProblem::new(self.file, field, kind, message));
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, true, false, a whole number, a word, digits in quotes, or a list of one of these kinds")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value)
            .map(Value::Integer)
            .map_err(|_| E::custom("too large a number"))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Err(E::custom(format!(
            "{value} is not a whole number; amounts are fen and rates basis points"
        )))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (mut integers, mut texts) = (Vec::new(), Vec::new());
        while let Some(item) = items.next_element::<Value>()? {
            match item {
                Value::Integer(integer) => integers.push(integer),
                Value::Text(text) => texts.push(text),
                other => {
                    return Err(serde::de::Error::custom(format!(
                        "a list cannot hold {other}"
                    )));
                }
            }
        }
        match (integers.is_empty(), texts.is_empty()) {
            (false, true) => Ok(Value::Integers(integers)),
            (true, false) => Ok(Value::Texts(texts)),
            (true, true) => Err(serde::de::Error::custom("an empty list")),
            (false, false) => Err(serde::de::Error::custom("a list of both numbers and words")),
        }
    }
}
