//! The text of every setting and where it came from.

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::{HIDDEN, Problem, SettingsError, Source, without_secrets};
use super::surroundings::Surroundings;
use super::{Setting, file};
use crate::cli::SettingFlags;

/// A setting's text, not yet judged.
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) source: Source,
}

/// The winning text of every setting, and the problems found so far.
#[derive(Default)]
pub(super) struct Gathered {
    values: BTreeMap<Setting, Raw>,
    problems: Vec<Problem>,
}

/// Takes each setting from the last source that has it.
pub(super) fn gather(flags: &SettingFlags, surroundings: &Surroundings<'_>) -> Gathered {
    let mut gathered = Gathered::default();
    for setting in Setting::ALL {
        if let Some(text) = setting.default_text() {
            gathered.set(setting, text, Source::Default);
        }
    }
    let config = from_process(Setting::Config, flags, surroundings);
    if let Some(path) = config {
        gathered.read(path, surroundings);
    }
    for setting in Setting::ALL {
        if let Some(raw) = from_process(setting, flags, surroundings) {
            gathered.values.insert(setting, raw);
        }
    }
    gathered
}

/// A setting from its flag, or else from its variable.
fn from_process(
    setting: Setting,
    flags: &SettingFlags,
    surroundings: &Surroundings<'_>,
) -> Option<Raw> {
    if let Some(text) = flags.get(setting) {
        return Some(Raw {
            text: text.to_owned(),
            source: Source::Flag(setting.flag()),
        });
    }
    let name = setting.variable();
    let text = (surroundings.variable)(&name).filter(|text| !text.is_empty())?;
    Some(Raw {
        text,
        source: Source::Environment(name),
    })
}

impl Gathered {
    fn set(&mut self, setting: Setting, text: &str, source: Source) {
        self.values.insert(
            setting,
            Raw {
                text: text.to_owned(),
                source,
            },
        );
    }

    /// Adds what the file says, or why it says nothing.
    fn read(&mut self, config: Raw, surroundings: &Surroundings<'_>) {
        match (surroundings.read_file)(Path::new(&config.text)) {
            Ok(text) => {
                let contents = file::parse(&config.text, &text);
                self.values.extend(contents.values);
                self.problems.extend(contents.problems);
            }
            Err(error) => self.problems.push(Problem {
                setting: Setting::Config.key().to_owned(),
                source: config.source,
                given: Some(config.text),
                expected: format!("a TOML file that can be read ({error})"),
            }),
        }
    }

    /// Whether any source has it.
    pub(super) fn has(&self, setting: Setting) -> bool {
        self.values.contains_key(&setting)
    }

    /// The value of a setting's text. `parse` answers what it expected instead; that is kept as a problem.
    pub(super) fn judge<T>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let raw = self.values.get(&setting)?;
        let judged = if raw.text.contains(char::REPLACEMENT_CHARACTER) {
            Err("text in UTF-8".to_owned())
        } else {
            parse(&raw.text)
        };
        match judged {
            Ok(value) => Some(value),
            Err(expected) => {
                let secret = setting.may_hold_a_secret();
                let given = if setting.is_a_secret() {
                    HIDDEN.to_owned()
                } else if secret {
                    without_secrets(&raw.text)
                } else {
                    raw.text.clone()
                };
                self.problems.push(Problem {
                    setting: setting.key().to_owned(),
                    source: raw.source.clone(),
                    given: Some(given),
                    expected,
                });
                None
            }
        }
    }

    /// Adds a problem.
    pub(super) fn refuse(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// All problems, if there is any.
    pub(super) fn finish(self) -> Result<(), SettingsError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(SettingsError {
                problems: self.problems,
            })
        }
    }
}
