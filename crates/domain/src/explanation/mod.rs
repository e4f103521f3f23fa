//! Explanations: how an answer follows, step by step, with the numbers put in.
//!
//! A step names its rule, shows the formula with its numbers, and points at what it looked at: facts
//! by revision, figures by name, law by citation. Explanations are made only when somebody asks for
//! one, from the same inputs as the answer; answers carry none of it.

mod entry;
mod subsidy_entry;
mod vat;
pub(crate) mod words;

pub use entry::{EntryContext, explain_entry};
pub use vat::explain_vat;
pub use words::value_words;

pub(crate) use entry::due_line;
pub(crate) use vat::{sale_steps, surcharge_lines};

use std::sync::Arc;

use crate::date::CivilDate;
use crate::fact::FactKind;
use crate::filing::Filing;
use crate::money::{Fen, RateBp};
use crate::month::TaxMonth;
use crate::policy::{Citation, Confidence, InsuranceSet};
use crate::reason::{Language, Outcome, ReasonCode};

/// A recorded fact that a step looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactRef {
    /// Of the worker.
    Worker {
        /// Under which revision.
        revision: u32,
        /// Of which kind.
        kind: FactKind,
    },
    /// Of the employer.
    Employer {
        /// Under which revision.
        revision: u32,
    },
}

/// Something that a step looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it is called, in the reader's language.
    pub name: String,
    /// What it is, as text.
    pub value: String,
    /// The fact that says so.
    pub fact: Option<FactRef>,
    /// Who says so where no fact does.
    pub said: Option<Said>,
}

/// Who says something that is no recorded fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In the reader's language.
    pub by: String,
    /// The day as of which it says so; `None` where that is the decision's own.
    pub on: Option<CivilDate>,
}

impl Said {
    fn by(language: Language, zh: &str, en: &str) -> Self {
        Self {
            by: say(language, zh, en),
            on: None,
        }
    }

    /// Whoever asked or declared.
    pub(crate) fn asked(language: Language) -> Self {
        Self::by(language, "申报或提问内容", "as declared or asked")
    }

    /// The ledger of this service.
    pub(crate) fn ledger(language: Language) -> Self {
        Self::by(language, "本系统台账", "ledger of this service")
    }

    /// The claims of this service.
    pub(crate) fn claims(language: Language) -> Self {
        Self::by(language, "本系统补贴申领", "claims of this service")
    }

    /// The register of filings of this service, as the last step known left it.
    pub(crate) fn filed(language: Language, filing: &Filing) -> Self {
        let steps = [filing.submitted_on, filing.accepted_on, filing.revoked_on];
        Self {
            on: steps.into_iter().flatten().max(),
            ..Self::by(language, "本系统备案", "filings of this service")
        }
    }

    /// A value of the policies, with the citation beside it.
    pub(crate) fn policy(language: Language) -> Self {
        Self::by(language, "法规参数", "policy value")
    }
}

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A condition that is met.
    Met,
    /// A condition that is not met.
    NotMet,
    /// What a rule may not decide alone.
    Review,
    /// A figure.
    Figure,
}

impl From<Outcome> for Finding {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Eligible => Self::Met,
            Outcome::Review => Self::Review,
            Outcome::Ineligible => Self::NotMet,
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule, in the reader's language.
    pub rule: String,
    /// The months it is about; `None` where it is about the whole.
    pub months: Option<(TaxMonth, TaxMonth)>,
    /// How it came out.
    pub finding: Finding,
    /// The reason it leads to.
    pub code: Option<ReasonCode>,
    /// The formula with its numbers.
    pub formula: String,
    /// What it comes to, where that is an amount.
    pub amount_fen: Option<Fen>,
    /// What it looked at.
    pub inputs: Vec<Input>,
    /// The law behind it.
    pub citations: Vec<Arc<Citation>>,
}

impl Step {
    /// A step that comes to a figure.
    pub fn figure(rule: impl Into<String>, formula: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            months: None,
            finding: Finding::Figure,
            code: None,
            formula: formula.into(),
            amount_fen: None,
            inputs: Vec::new(),
            citations: Vec::new(),
        }
    }

    /// A condition: met, or with what stands against it.
    pub fn condition(
        rule: impl Into<String>,
        formula: impl Into<String>,
        against: Option<ReasonCode>,
    ) -> Self {
        Self {
            finding: against.map_or(Finding::Met, |code| code.outcome().into()),
            code: against,
            ..Self::figure(rule, formula)
        }
    }

    /// The same with an amount.
    #[must_use]
    pub fn amount(mut self, amount: Fen) -> Self {
        self.amount_fen = Some(amount);
        self
    }

    /// The same with a fact it looked at.
    #[must_use]
    pub fn input(
        mut self,
        name: impl Into<String>,
        value: impl ToString,
        fact: Option<FactRef>,
    ) -> Self {
        self.inputs.push(Input {
            name: name.into(),
            value: value.to_string(),
            fact,
            said: None,
        });
        self
    }

    /// The same with something that no fact says.
    #[must_use]
    pub fn said(mut self, name: impl Into<String>, value: impl ToString, said: Said) -> Self {
        self.inputs.push(Input {
            name: name.into(),
            value: value.to_string(),
            fact: None,
            said: Some(said),
        });
        self
    }

    /// The same with law behind it; each source once.
    #[must_use]
    pub fn cite(mut self, citations: impl IntoIterator<Item = Arc<Citation>>) -> Self {
        for citation in citations {
            if !self.citations.contains(&citation) {
                self.citations.push(citation);
            }
        }
        self
    }

    /// How well the step is established: as well as its weakest source; `None` without any.
    pub fn confidence(&self) -> Option<Confidence> {
        let sources = self.citations.iter();
        sources.map(|citation| citation.confidence).max()
    }
}

/// How an answer follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// A text in the reader's language.
pub(crate) fn say(language: Language, zh: &str, en: &str) -> String {
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
    .to_owned()
}

/// A last day; `None` is open.
pub(crate) fn until(language: Language, day: Option<CivilDate>) -> String {
    day.map_or_else(|| say(language, "无期限", "open"), |day| day.to_string())
}

/// Insurances by their names.
pub(crate) fn insurances(language: Language, set: InsuranceSet) -> String {
    let names = set.iter().map(|kind| words::insurance(language, kind));
    names.collect::<Vec<_>>().join(" ")
}

/// A fact of the worker, as an input names it.
pub(crate) const fn worker_fact(revision: u32, kind: FactKind) -> Option<FactRef> {
    Some(FactRef::Worker { revision, kind })
}

/// A rate as people write it: `7%`, `0.5%`.
pub(crate) fn percent(rate: RateBp) -> String {
    let bp = rate.get();
    match bp % 100 {
        0 => format!("{}%", bp / 100),
        rest => {
            let digits = format!("{rest:02}");
            format!("{}.{}%", bp / 100, digits.trim_end_matches('0'))
        }
    }
}

/// How amounts are rounded, beside every formula that rounds.
pub(crate) const fn rounding(language: Language) -> &'static str {
    match language {
        Language::Chinese => "四舍五入到分",
        Language::English => "half up to 0.01",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_without_needless_digits() {
        let written = [700, 50, 5, 10_000, 1_250].map(|bp| percent(RateBp::new(bp)));
        assert_eq!(written, ["7%", "0.5%", "0.05%", "100%", "12.5%"]);
    }

    #[test]
    fn a_step_is_established_as_well_as_its_weakest_source() {
        let source = |confidence| {
            Arc::new(Citation {
                instrument: format!("{confidence:?}"),
                article: String::new(),
                quote: String::new(),
                effective_on: CivilDate::MIN,
                confidence,
            })
        };
        let step = Step::figure("r", "f");
        assert_eq!(step.confidence(), None);
        let step = step.cite([source(Confidence::Read), source(Confidence::Derived)]);
        let step = step.cite([source(Confidence::Read)]);
        assert_eq!(
            (step.citations.len(), step.confidence()),
            (2, Some(Confidence::Derived))
        );
    }
}
