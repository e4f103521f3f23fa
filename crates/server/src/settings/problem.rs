//! Wrong settings, told to an operator.

use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The file of settings.
    File {
        /// The file, as it was named.
        path: String,
        /// A key such as `log.format`, or a line such as `line 3`; empty for the file as a whole.
        place: String,
    },
    /// A variable of the environment, by name.
    Environment(String),
    /// A flag, with its dashes.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File { path, place } if place.is_empty() => f.write_str(path),
            Self::File { path, place } => write!(f, "{path}:{place}"),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// One wrong setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting's key in the file, or the key that is none.
    pub setting: String,
    /// Where the value came from.
    pub source: Source,
    /// The value without its secrets; `None` where there is none to show.
    pub given: Option<String>,
    /// What is expected instead.
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}: ", self.setting, self.source)?;
        if let Some(given) = &self.given {
            write!(f, "{given:?} was given, ")?;
        }
        write!(f, "expected {}", self.expected)
    }
}

/// Every wrong setting; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// In order of [`super::Setting::ALL`]; those of the file's form come first.
    pub problems: Vec<Problem>,
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "a setting is wrong")?,
            count => write!(f, "{count} settings are wrong")?,
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// What stands for a secret.
pub(super) const HIDDEN: &str = "***";

/// A URL, or what was meant to be one, without user, password and options.
///
/// It errs towards hiding: text that does not read as a URL may still hold a password.
pub(super) fn without_secrets(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let (user, place) = match rest.rsplit_once('@') {
        Some((_, place)) => (format!("{HIDDEN}@"), place),
        None => (String::new(), rest),
    };
    let (place, options) = match place.split_once('?') {
        Some((place, _)) => (place, format!("?{HIDDEN}")),
        None => (place, String::new()),
    };
    let shown = format!("{scheme}{user}{place}{options}");
    if shown.to_ascii_lowercase().contains("passw") {
        HIDDEN.to_owned()
    } else {
        shown
    }
}
