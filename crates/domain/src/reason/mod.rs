//! Why a month, a person or an amount was decided as it was.

pub mod by_number;
mod catalogue;
mod code;
mod label;

pub use catalogue::{CatalogueEntry, catalogue};
pub use code::{Outcome, ReasonCode};
pub use label::label;

use std::fmt;
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

    /// As [`Reason::message`], written to `out`. Errors: those of `out`.
    pub fn write_message(&self, language: Language, out: &mut impl fmt::Write) -> fmt::Result {
        write_sentence(self.code, &self.facts, language, out)
    }
}

/// The catalogue's cause of a reason, then what was found, each under its label.
pub fn sentence<N: AsRef<str>>(
    code: ReasonCode,
    facts: &[(N, String)],
    language: Language,
) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = write_sentence(code, facts, language, &mut text);
    text
}

fn write_sentence<N: AsRef<str>>(
    code: ReasonCode,
    facts: &[(N, String)],
    language: Language,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    let entry = catalogue(code);
    let (cause, opens, between, closes) = match language {
        Language::Chinese => (entry.cause_zh, "（", "，", "）"),
        Language::English => (entry.cause_en, " (", ", ", ")"),
    };
    out.write_str(cause)?;
    for (index, (name, value)) in facts.iter().enumerate() {
        out.write_str(if index == 0 { opens } else { between })?;
        out.write_str(label(name.as_ref(), language))?;
        out.write_char(' ')?;
        out.write_str(value)?;
    }
    if facts.is_empty() {
        return Ok(());
    }
    out.write_str(closes)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_tells_the_cause_and_what_was_found() {
        let reason = |facts| Reason {
            facts,
            ..Reason::bare(ReasonCode::SpellTooShort)
        };
        let said = |facts: &[(&'static str, &str)], language| {
            let facts = facts
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()));
            reason(facts.collect()).message(language)
        };
        let two = [("months", "3"), ("from_month", "2023-01")];
        for (facts, zh, en) in [
            (&two[..0], "", ""),
            (&two[..1], "（月数 3）", " (months 3)"),
            (
                &two[..],
                "（月数 3，自 2023-01）",
                " (months 3, from 2023-01)",
            ),
        ] {
            let entry = catalogue(ReasonCode::SpellTooShort);
            let expected = format!("{}{zh}", entry.cause_zh);
            assert_eq!(said(facts, Language::Chinese), expected);
            let expected = format!("{}{en}", entry.cause_en);
            assert_eq!(said(facts, Language::English), expected);
        }
    }
}
