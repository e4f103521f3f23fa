//! Why a month, a person or an amount was decided as it was.

pub mod by_number;
mod catalogue;
mod code;
mod label;

pub use catalogue::{CatalogueEntry, catalogue};
pub use code::{Outcome, ReasonCode};
pub use label::label;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::policy::{Citation, Confidence};

/// The caller's language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// 简体中文, the default.
    #[default]
    Chinese,
    /// English.
    English,
}

/// A reason with its sources and the numbers that were put into the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Which.
    pub code: ReasonCode,
    /// The law behind it.
    pub citations: Vec<Arc<Citation>>,
    /// What was found, by name; values are dates, months, counts or amounts as text.
    pub facts: Vec<(&'static str, String)>,
}

impl Reason {
    /// A reason without sources or facts.
    pub const fn bare(code: ReasonCode) -> Self {
        Self {
            code,
            citations: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// The sentence for a reader: the catalogue's cause, then what was found.
    pub fn message(&self, language: Language) -> String {
        sentence(self.code, &self.facts, language)
    }
}

/// The catalogue's cause of a reason, then what was found, each under its label.
pub fn sentence<N: AsRef<str>>(
    code: ReasonCode,
    facts: &[(N, String)],
    language: Language,
) -> String {
    let entry = catalogue(code);
    let cause = match language {
        Language::Chinese => entry.cause_zh,
        Language::English => entry.cause_en,
    };
    if facts.is_empty() {
        return cause.to_owned();
    }
    let found: Vec<String> = facts
        .iter()
        .map(|(name, value)| format!("{} {value}", label(name.as_ref(), language)))
        .collect();
    match language {
        Language::Chinese => format!("{cause}（{}）", found.join("，")),
        Language::English => format!("{cause} ({})", found.join(", ")),
    }
}

/// A parameter that is not established and that this decision leaned on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The parameter's name.
    pub parameter: Arc<str>,
    /// The value used, as text.
    pub value: String,
    /// How well it is established.
    pub confidence: Confidence,
}
