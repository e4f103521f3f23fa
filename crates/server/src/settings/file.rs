//! The file of settings.

use toml::{Table, Value};

use super::Setting;
use super::gather::Raw;
use super::problem::{Problem, Source};

/// What a file says, and what is wrong with its form.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) values: Vec<(Setting, Raw)>,
    pub(super) problems: Vec<Problem>,
}

/// Reads the text of the file named `path`. No value is shown in a problem: a misspelled key may hold a password.
pub(super) fn parse(path: &str, text: &str) -> Contents {
    let mut contents = Contents::default();
    match text.parse::<Table>() {
        Ok(table) => contents.walk(path, "", &table),
        Err(error) => {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            // The error's own display quotes the line, and with it whatever secret stands there.
            let expected = format!("TOML ({})", error.message());
            contents.refuse(
                path,
                Setting::Config.key(),
                format!("line {line}"),
                expected,
            );
        }
    }
    contents
}

impl Contents {
    fn walk(&mut self, path: &str, prefix: &str, table: &Table) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            let setting = in_files().find(|setting| setting.key() == key);
            match (setting, value) {
                (Some(setting), value) => self.take(path, setting, value),
                (None, Value::Table(inner)) if is_table(&key) => self.walk(path, &key, inner),
                (None, value) if is_table(&key) => {
                    let expected = format!("a table, not {}", kind(value));
                    self.refuse(path, &key, key.clone(), expected);
                }
                (None, _) => {
                    let known: Vec<_> = in_files().map(Setting::key).collect();
                    let expected = format!("no such key; there are {}", known.join(", "));
                    self.refuse(path, &key, key.clone(), expected);
                }
            }
        }
    }

    fn take(&mut self, path: &str, setting: Setting, value: &Value) {
        let is_number = matches!(
            setting,
            Setting::DrainSeconds
                | Setting::JwtLeewaySeconds
                | Setting::RateCallsPerSecond
                | Setting::ReplicaMaxLagSeconds
                | Setting::PostgresKeptMib
        );
        let text = match value {
            Value::Integer(number) if is_number => number.to_string(),
            Value::String(text) if !is_number => text.clone(),
            _ => {
                let wanted = if is_number {
                    "a whole number"
                } else {
                    "a text in quotes"
                };
                let expected = format!("{wanted}, not {}", kind(value));
                self.refuse(path, setting.key(), setting.key().to_owned(), expected);
                return;
            }
        };
        let source = Source::File {
            path: path.to_owned(),
            place: setting.key().to_owned(),
        };
        self.values.push((setting, Raw { text, source }));
    }

    fn refuse(&mut self, path: &str, setting: &str, place: String, expected: String) {
        let source = Source::File {
            path: path.to_owned(),
            place,
        };
        self.problems.push(Problem {
            setting: setting.to_owned(),
            source,
            given: None,
            expected,
        });
    }
}

/// The settings that a file may hold.
fn in_files() -> impl Iterator<Item = Setting> {
    Setting::ALL
        .into_iter()
        .filter(|setting| !matches!(setting, Setting::Config | Setting::Keys))
}

/// Whether settings lie in a table of this name.
fn is_table(key: &str) -> bool {
    in_files().any(|setting| {
        setting
            .key()
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "a truth value",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}
