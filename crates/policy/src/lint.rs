//! What must hold of policy files before a decision may read them.

use mamagang_domain::money::{AMOUNT_FEN_MAX, BP_WHOLE};

use crate::book;
use crate::index::Index;
use crate::limits;
use crate::load::Catalogue;
use crate::parameter::{Bound, Parameter, ParameterValue, Unit, Value};
use crate::problem::{PolicyProblem, ProblemKind};

/// The longest duration or largest number of people that a parameter may give: a century of
/// months.
const DURATION_MAX: i64 = 1_200;

/// Every problem of a catalogue, in order of file and field; empty when it may be used.
pub fn lint(catalogue: &Catalogue) -> Vec<PolicyProblem> {
    let mut problems = lint_each(catalogue);
    problems.extend(limits::check(catalogue));
    for folder in places_to_bind(&catalogue.index) {
        if let Err(found) = book::bind(catalogue, folder, "", book::Absent::of(&catalogue.index)) {
            problems.extend(found);
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// The problems that a file shows without the others.
pub(crate) fn lint_each(catalogue: &Catalogue) -> Vec<PolicyProblem> {
    let mut check = Check {
        index: &catalogue.index,
        problems: Vec::new(),
    };
    for parameter in &catalogue.parameters {
        check.names(parameter);
        check.texts(parameter);
        for position in 0..parameter.values.len() {
            check.value(parameter, position);
        }
        check.sequence(parameter);
    }
    check.problems
}

/// The places in which no other place lies: whatever they lack, their decisions lack.
fn places_to_bind(index: &Index) -> impl Iterator<Item = &str> {
    let is_parent = |folder: &str| {
        index
            .scopes
            .iter()
            .any(|scope| scope.parent.as_deref() == Some(folder))
    };
    index
        .scopes
        .iter()
        .map(|scope| scope.folder.as_str())
        .filter(move |folder| !is_parent(folder))
}

struct Check<'a> {
    index: &'a Index,
    problems: Vec<PolicyProblem>,
}

impl Check<'_> {
    fn report(
        &mut self,
        parameter: &Parameter,
        field: impl Into<String>,
        kind: ProblemKind,
        message: impl Into<String>,
    ) {
        self.problems
            .push(PolicyProblem::new(&parameter.file, field, kind, message));
    }

    fn names(&mut self, parameter: &Parameter) {
        let below = parameter
            .file
            .strip_prefix(&parameter.folder)
            .and_then(|path| path.strip_prefix('/'));
        let expected = below
            .and_then(|path| path.strip_suffix(".yaml"))
            .map(|path| path.replace('/', "."));
        if expected.as_deref() != Some(&parameter.name) {
            let message = format!("{} does not spell the file's path", parameter.name);
            self.report(parameter, "name", ProblemKind::NameIsNotPath, message);
        }
        let code = self
            .index
            .scope(&parameter.folder)
            .map(|scope| scope.code.as_str());
        if code != Some(&parameter.scope) {
            let message = format!(
                "{} is not the code of {}",
                parameter.scope, parameter.folder
            );
            self.report(parameter, "scope", ProblemKind::WrongScope, message);
        }
    }

    fn texts(&mut self, parameter: &Parameter) {
        for (field, text) in [
            ("title_zh", &parameter.title_zh),
            ("title_en", &parameter.title_en),
        ] {
            if text.trim().is_empty() {
                self.report(parameter, field, ProblemKind::Empty, "a title is needed");
            }
        }
        if parameter
            .gaps_allowed_because
            .as_ref()
            .is_some_and(|reason| reason.trim().is_empty())
        {
            self.report(
                parameter,
                "gaps_allowed_because",
                ProblemKind::Empty,
                "a reason is needed",
            );
        }
        if parameter.values.is_empty() {
            self.report(
                parameter,
                "values",
                ProblemKind::Empty,
                "at least one value is needed",
            );
        }
    }

    fn value(&mut self, parameter: &Parameter, position: usize) {
        let value = &parameter.values[position];
        let field = |name: &str| format!("values[{position}].{name}");
        if value.instrument.trim().is_empty() || value.quote.trim().is_empty() {
            self.report(
                parameter,
                field("citation"),
                ProblemKind::Uncited,
                "an instrument and a quote are needed",
            );
        }
        if let Err(message) = value_fits(parameter.unit, &value.value) {
            self.report(parameter, field("value"), ProblemKind::WrongType, message);
        }
        if value.bound != Bound::None
            && !(parameter.unit == Unit::Fen && matches!(value.value, Value::Integer(_)))
        {
            let message = format!("{} stands on what is not an amount", value.bound);
            self.report(parameter, field("bound"), ProblemKind::WrongBound, message);
        }
        if value
            .effective_to
            .is_some_and(|to| to < value.effective_from)
        {
            self.report(
                parameter,
                field("effective_to"),
                ProblemKind::DatesReversed,
                "lies before effective_from",
            );
        }
        self.checked_on(parameter, value, &field("checked_on"));
    }

    fn checked_on(&mut self, parameter: &Parameter, value: &ParameterValue, field: &str) {
        let (from, to) = (self.index.checked_from, self.index.checked_to);
        if value.checked_on < from || to < value.checked_on {
            let message = format!("{} is outside the edition's {from}..{to}", value.checked_on);
            self.report(parameter, field, ProblemKind::CheckedOn, message);
        }
        if let Some(known) = value.known_from.filter(|known| *known > value.checked_on) {
            self.report(
                parameter,
                field,
                ProblemKind::CheckedOn,
                format!("lies before the publication on {known}"),
            );
        }
    }

    /// Order, overlaps and gaps between each value and the next.
    fn sequence(&mut self, parameter: &Parameter) {
        for (position, pair) in parameter.values.windows(2).enumerate() {
            let (earlier, later) = (&pair[0], &pair[1]);
            let field = format!("values[{}].effective_from", position + 1);
            if later.effective_from <= earlier.effective_from {
                let message = format!("{} does not follow {}", later.dates(), earlier.dates());
                let same = later.effective_from == earlier.effective_from;
                let kind = if same {
                    ProblemKind::Overlap
                } else {
                    ProblemKind::Unsorted
                };
                self.report(parameter, field, kind, message);
                continue;
            }
            if earlier
                .effective_to
                .is_none_or(|to| later.effective_from <= to)
            {
                let message = format!(
                    "{} begins before {} has ended",
                    later.dates(),
                    earlier.dates()
                );
                self.report(parameter, field, ProblemKind::Overlap, message);
            } else if earlier
                .effective_to
                .is_some_and(|to| to.plus_days(1) < later.effective_from)
                && parameter.gaps_allowed_because.is_none()
            {
                let message = format!(
                    "no value holds between {} and {}",
                    earlier.dates(),
                    later.dates()
                );
                self.report(parameter, field, ProblemKind::Gap, message);
            }
        }
    }
}

fn value_fits(unit: Unit, value: &Value) -> Result<(), String> {
    if !unit.takes(value) {
        return Err(format!("{value} is no value of the unit {unit}"));
    }
    let most = match unit {
        Unit::Fen => AMOUNT_FEN_MAX,
        Unit::Bp => BP_WHOLE,
        Unit::Days | Unit::Months | Unit::Years | Unit::People => DURATION_MAX,
        Unit::Boolean | Unit::Set | Unit::Code => return words_fit(value),
    };
    let out_of_range = |number: &i64| !(0..=most).contains(number);
    match value {
        Value::Integer(number) if out_of_range(number) => {
            Err(format!("{number} is not within 0..{most}"))
        }
        Value::Integers(numbers) => numbers
            .iter()
            .find(|number| out_of_range(number))
            .map_or(Ok(()), |number| {
                Err(format!("{number} is not within 0..{most}"))
            }),
        _ => Ok(()),
    }
}

fn words_fit(value: &Value) -> Result<(), String> {
    match value {
        Value::Text(word) if word.trim().is_empty() => Err("an empty word".into()),
        Value::Texts(words) => words
            .iter()
            .enumerate()
            .find(|(position, word)| word.trim().is_empty() || words[..*position].contains(word))
            .map_or(Ok(()), |(_, word)| {
                Err(format!("{word:?} is empty or there twice"))
            }),
        _ => Ok(()),
    }
}
