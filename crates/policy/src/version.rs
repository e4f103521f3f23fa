//! The version of an edition: a hash of everything in it that a decision may read or cite.

use mamagang_domain::date::CivilDate;
use sha2::{Digest, Sha256};

use crate::load::Catalogue;
use crate::parameter::{Parameter, ParameterValue, Value, confidence_word};

/// The first field of a canonical text: its format.
pub(crate) const HEADING: &str = "mamagang-policy-1";

/// SHA-256 of the canonical text, in lower-case hexadecimal.
pub(crate) fn version(catalogue: &Catalogue) -> String {
    hex::encode(Sha256::digest(canonical_text(catalogue)))
}

/// Each field on a line of its own as `<length in bytes>:<text>`, so that no field can run into
/// the next. Parameters are sorted by scope and name. Titles, notes, open points and the day of
/// the last check are left out: they explain a value and change no decision.
pub(crate) fn canonical_text(catalogue: &Catalogue) -> String {
    let mut text = Text(String::new());
    text.field(HEADING);
    text.field(&catalogue.index.jurisdiction);
    let mut scopes: Vec<_> = catalogue.index.scopes.iter().collect();
    scopes.sort_by(|a, b| a.code.cmp(&b.code));
    text.count(scopes.len());
    for scope in scopes {
        text.field(&scope.folder);
        text.field(&scope.code);
        text.field(scope.parent.as_deref().unwrap_or_default());
    }
    let mut parameters: Vec<_> = catalogue.parameters.iter().collect();
    parameters.sort_by(|a, b| (&a.scope, &a.name).cmp(&(&b.scope, &b.name)));
    text.count(parameters.len());
    for parameter in parameters {
        text.parameter(parameter);
    }
    text.0
}

struct Text(String);

impl Text {
    fn field(&mut self, field: &str) {
        self.0.push_str(&format!("{}:{field}\n", field.len()));
    }

    fn count(&mut self, count: usize) {
        self.field(&count.to_string());
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.field(&parameter.scope);
        self.field(&parameter.name);
        self.field(&parameter.unit.to_string());
        self.count(parameter.values.len());
        for value in &parameter.values {
            self.value(value);
        }
    }

    fn value(&mut self, value: &ParameterValue) {
        let date = |date: Option<CivilDate>| date.map(|date| date.to_string()).unwrap_or_default();
        self.items(&value.value);
        self.field(&value.bound.to_string());
        self.field(&value.effective_from.to_string());
        self.field(&date(value.effective_to));
        self.field(&date(value.known_from));
        self.field(&value.instrument);
        self.field(&value.article);
        self.field(&value.quote);
        self.field(confidence_word(value.confidence));
    }

    fn items(&mut self, value: &Value) {
        let (kind, items): (&str, Vec<String>) = match value {
            Value::Nothing => ("nothing", Vec::new()),
            Value::Boolean(value) => ("boolean", vec![value.to_string()]),
            Value::Integer(value) => ("integer", vec![value.to_string()]),
            Value::Text(value) => ("text", vec![value.clone()]),
            Value::Integers(values) => ("integers", values.iter().map(i64::to_string).collect()),
            Value::Texts(values) => ("texts", values.clone()),
        };
        self.field(kind);
        self.count(items.len());
        for item in &items {
            self.field(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::policy::Confidence;

    use super::*;
    use crate::embedded::FILES;
    use crate::parameter::Bound;

    fn catalogue() -> Catalogue {
        Catalogue::checked(FILES.iter().copied()).expect("the embedded policies")
    }

    #[test]
    fn the_order_of_files_and_of_places_does_not_matter() {
        let forwards = catalogue();
        let mut backwards =
            Catalogue::checked(FILES.iter().rev().copied()).expect("the same files");
        assert_eq!(version(&backwards), version(&forwards));
        backwards.parameters.reverse();
        backwards.index.scopes.reverse();
        assert_eq!(version(&backwards), version(&forwards));
    }

    #[test]
    fn any_change_of_any_value_changes_the_version() {
        type Change = fn(&mut ParameterValue);
        let changes: [Change; 9] = [
            |value| value.value = Value::Text("another".into()),
            |value| {
                value.bound = if value.bound == Bound::None {
                    Bound::Inclusive
                } else {
                    Bound::None
                }
            },
            |value| value.effective_from = value.effective_from.plus_days(1),
            |value| value.effective_to = value.effective_to.xor(Some(CivilDate::MAX)),
            |value| value.known_from = value.known_from.xor(Some(CivilDate::MAX)),
            |value| value.instrument.push('x'),
            |value| value.article.push('x'),
            |value| value.quote.push('x'),
            |value| {
                let read = value.confidence == Confidence::Read;
                value.confidence = if read {
                    Confidence::Derived
                } else {
                    Confidence::Read
                };
            },
        ];
        let unchanged = catalogue();
        let before = version(&unchanged);
        for position in 0..unchanged.parameters.len() {
            for change in changes {
                let mut changed = unchanged.clone();
                let value = changed.parameters[position]
                    .values
                    .last_mut()
                    .expect("a value");
                change(value);
                assert_ne!(
                    version(&changed),
                    before,
                    "{}",
                    unchanged.parameters[position].file
                );
            }
        }
    }

    #[test]
    fn fields_cannot_run_into_each_other() {
        let mut moved = catalogue();
        let value = &mut moved.parameters[0].values[0];
        let last = value.instrument.pop().expect("an instrument");
        value.article.insert(0, last);
        assert_ne!(version(&moved), version(&catalogue()));
    }

    #[test]
    fn the_canonical_text_is_length_prefixed() {
        let text = canonical_text(&catalogue());
        assert!(
            text.starts_with("17:mamagang-policy-1\n9:zhongshan\n1:3\n"),
            "{text}"
        );
        let quota = "6:440000\n20:key_group.quota_year\n3:fen\n1:2\n7:integer\n1:1\n6:780000\n4:none\n10:2019-01-01\n";
        assert!(text.contains(quota), "{text}");
    }
}
