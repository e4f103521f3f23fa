//! Collects every wrong field of a request, so that a caller hears of all of them at once.

use mamagang_app::audit::Noted;
use mamagang_app::{AppError, AppResult, ErrorReason, Violation};
use mamagang_domain::date::CivilDate;
use mamagang_domain::policy::Dated;

/// What conversions compare with: the day, and the rates that exist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// Today in Asia/Shanghai. No date of birth lies after it.
    pub(crate) today: CivilDate,
    /// The UMCT rates that exist, in basis points.
    pub(crate) umct_rates_bp: &'a Dated<Vec<i32>>,
}

/// The wrong fields found so far, and where in the message the walk is.
#[derive(Debug)]
pub(crate) struct Checker<'a> {
    /// What conversions compare with.
    pub(crate) rules: Rules<'a>,
    path: String,
    violations: Vec<Violation>,
    lacks_context: bool,
    /// What the audit trail is told of the call.
    pub(crate) told: Noted,
}

impl<'a> Checker<'a> {
    /// Nothing found yet, at the message's root.
    pub(crate) fn new(rules: Rules<'a>) -> Self {
        Self {
            rules,
            path: String::new(),
            violations: Vec::new(),
            lacks_context: false,
            told: Noted::default(),
        }
    }

    /// Adds what was read of the call to what is known of it. What concerns several employers names none.
    pub(crate) fn tell(&self, noted: &mut Noted) {
        noted.context = self.told.context.clone().or(noted.context.take());
        noted.employer_code = self.told.employer_code.or(noted.employer_code);
        noted.worker_id = self.told.worker_id.or(noted.worker_id);
    }

    /// Walks into a field that is a message.
    pub(crate) fn inside<T>(&mut self, field: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        self.path = self.path_of(field);
        let result = walk(self);
        self.path.truncate(length);
        result
    }

    /// Notes a wrong field of the message that the walk is in. The texts never repeat what was sent, which may be
    /// personal.
    pub(crate) fn wrong(&mut self, field: &str, zh: impl Into<String>, en: impl Into<String>) {
        let field = self.path_of(field);
        self.violations.push(Violation::new(field, zh, en));
    }

    /// Notes that a field is absent.
    pub(crate) fn missing(&mut self, field: &str) {
        self.wrong(field, "必填", "required");
    }

    /// Notes that a field of the access context is absent.
    pub(crate) fn missing_context(&mut self, field: &str) {
        self.lacks_context = true;
        self.missing(field);
    }

    /// The converted message, or the error with every wrong field. An incomplete access context is named as such,
    /// whatever else is wrong.
    pub(crate) fn finish<T>(self, converted: Option<T>) -> AppResult<T> {
        match converted {
            Some(converted) if self.violations.is_empty() => Ok(converted),
            // A conversion that gives nothing has noted why.
            _ if self.violations.is_empty() => Err(AppError::new(ErrorReason::Internal)),
            _ => {
                let mut error = AppError::invalid(self.violations);
                if self.lacks_context {
                    error.reason = ErrorReason::ContextRequired;
                }
                Err(error)
            }
        }
    }

    /// Whether the walk is in the message itself, not in one of its fields.
    pub(crate) fn is_at_root(&self) -> bool {
        self.path.is_empty()
    }

    fn path_of(&self, field: &str) -> String {
        match (self.path.as_str(), field) {
            ("", field) => field.to_owned(),
            (path, "") => path.to_owned(),
            (path, field) => format!("{path}.{field}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::with_checker;

    #[test]
    fn a_wrong_field_is_named_by_its_path_from_the_root() {
        let error = with_checker(|check| {
            check.inside("facts[3]", |check| {
                check.inside("contract", |check| check.missing("start_date"));
                check.missing("source");
            });
            check.missing("request_id");
            None::<()>
        })
        .expect_err("wrong");
        let fields: Vec<&str> = error
            .violations
            .iter()
            .map(|wrong| wrong.field.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "facts[3].contract.start_date",
                "facts[3].source",
                "request_id"
            ]
        );
        assert_eq!(error.reason, ErrorReason::InvalidArgumentFields);
    }

    #[test]
    fn an_incomplete_context_is_told_before_other_wrong_fields() {
        let error = with_checker(|check| {
            check.missing("employer_code");
            check.missing_context("context.purpose");
            Some(())
        })
        .expect_err("wrong");
        assert_eq!(
            (error.reason, error.violations.len()),
            (ErrorReason::ContextRequired, 2)
        );
    }

    #[test]
    fn nothing_wrong_gives_what_was_converted() {
        assert_eq!(with_checker(|_| Some(7)).expect("right"), 7);
    }
}
