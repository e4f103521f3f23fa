//! Rules between parameters: what the nation lets a place set, and codes kept apart.

use mamagang_domain::date::CivilDate;
use mamagang_domain::money::BP_WHOLE;

use crate::index::Level;
use crate::load::Catalogue;
use crate::names;
use crate::parameter::{LimitKind, Parameter, ParameterValue, Value};
use crate::problem::{PolicyProblem, ProblemKind};

/// Months of a year, over which a yearly quota is spread in whole fen.
const MONTHS_OF_YEAR: i64 = 12;

/// The problems that only several files together show, and those of single named parameters.
pub(crate) fn check(catalogue: &Catalogue) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for parameter in &catalogue.parameters {
        unit_differs(catalogue, parameter, &mut problems);
        limited(catalogue, parameter, &mut problems);
        if parameter.name == names::QUOTA_YEAR {
            quota_divides(parameter, &mut problems);
        }
        if parameter.name.starts_with(names::REDUCTION_CODES) {
            code_is_not_forbidden(catalogue, parameter, &mut problems);
        }
    }
    problems
}

fn national(parameter: &Parameter) -> bool {
    parameter.level == Level::National
}

fn national_of<'a>(catalogue: &'a Catalogue, name: &str) -> Option<&'a Parameter> {
    catalogue
        .parameters
        .iter()
        .find(|parameter| national(parameter) && parameter.name == name)
}

fn unit_differs(catalogue: &Catalogue, parameter: &Parameter, problems: &mut Vec<PolicyProblem>) {
    let Some(base) = national_of(catalogue, &parameter.name) else {
        return;
    };
    if base.unit != parameter.unit {
        let message = format!("{} here, {} in {}", parameter.unit, base.unit, base.file);
        problems.push(PolicyProblem::new(
            &parameter.file,
            "unit",
            ProblemKind::WrongType,
            message,
        ));
    }
}

/// Whether the values that places set for a limited parameter keep its limit.
fn limited(catalogue: &Catalogue, limit: &Parameter, problems: &mut Vec<PolicyProblem>) {
    let Some(rule) = &limit.limits else { return };
    let base = national_of(catalogue, &rule.parameter);
    let targets = || {
        catalogue
            .parameters
            .iter()
            .filter(|other| !national(other) && other.name == rule.parameter)
    };
    let needs_base = rule.kind == LimitKind::RaiseMax;
    if !national(limit)
        || (needs_base && base.is_none())
        || (base.is_none() && targets().next().is_none())
    {
        let message = format!(
            "{} has no values for a national limit to bind",
            rule.parameter
        );
        problems.push(PolicyProblem::new(
            &limit.file,
            "limits.parameter",
            ProblemKind::Missing,
            message,
        ));
        return;
    }
    let base_values = base.map(|base| base.values.as_slice()).unwrap_or_default();
    for target in targets() {
        for (position, value) in target.values.iter().enumerate() {
            let broken = limit
                .values
                .iter()
                .filter(|bound| common_days(&[value, bound]).is_some());
            let broken = broken
                .filter_map(|bound| beyond(rule.kind, value, bound, base_values))
                .next();
            if let Some(message) = broken {
                let field = format!("values[{position}].value");
                problems.push(PolicyProblem::new(
                    &target.file,
                    field,
                    ProblemKind::BeyondLimit,
                    message,
                ));
            }
        }
    }
}

/// How a value goes beyond its limit; `None` while it keeps it.
fn beyond(
    kind: LimitKind,
    value: &ParameterValue,
    limit: &ParameterValue,
    base: &[ParameterValue],
) -> Option<String> {
    let (Value::Integer(amount), Value::Integer(limit_amount)) = (&value.value, &limit.value)
    else {
        return None;
    };
    match kind {
        LimitKind::Least => {
            (amount < limit_amount).then(|| format!("{amount} is below {limit_amount}"))
        }
        LimitKind::Most => {
            (amount > limit_amount).then(|| format!("{amount} is above {limit_amount}"))
        }
        LimitKind::RaiseMax => base
            .iter()
            .filter(|base| common_days(&[value, limit, base]).is_some())
            .find_map(|base| match base.value {
                Value::Integer(base_amount) => raised_too_far(*amount, base_amount, *limit_amount),
                _ => None,
            }),
    }
}

fn raised_too_far(amount: i64, base: i64, raise_bp: i64) -> Option<String> {
    let whole = i128::from(BP_WHOLE);
    let most = i128::from(base) * (whole + i128::from(raise_bp));
    (i128::from(amount) * whole > most)
        .then(|| format!("{amount} is above {base} raised by {raise_bp} bp"))
}

/// The first day on which all values hold.
fn common_days(values: &[&ParameterValue]) -> Option<CivilDate> {
    let from = values.iter().map(|value| value.effective_from).max()?;
    values
        .iter()
        .all(|value| value.holds_on(from))
        .then_some(from)
}

fn quota_divides(quota: &Parameter, problems: &mut Vec<PolicyProblem>) {
    for (position, value) in quota.values.iter().enumerate() {
        if let Value::Integer(fen) = value.value
            && fen % MONTHS_OF_YEAR != 0
        {
            let message = format!("a twelfth of {fen} is not whole fen");
            let field = format!("values[{position}].value");
            problems.push(PolicyProblem::new(
                &quota.file,
                field,
                ProblemKind::QuotaNotDivisible,
                message,
            ));
        }
    }
}

fn code_is_not_forbidden(
    catalogue: &Catalogue,
    codes: &Parameter,
    problems: &mut Vec<PolicyProblem>,
) {
    let Some(forbidden) = national_of(catalogue, names::SELF_EMPLOYMENT_CODES) else {
        return;
    };
    for (position, value) in codes.values.iter().enumerate() {
        let Value::Text(code) = &value.value else {
            continue;
        };
        let is_forbidden = forbidden
            .values
            .iter()
            .any(|value| matches!(&value.value, Value::Texts(codes) if codes.contains(code)));
        if is_forbidden {
            let message = format!("{code} belongs to the relief of the self-employed");
            let field = format!("values[{position}].value");
            problems.push(PolicyProblem::new(
                &codes.file,
                field,
                ProblemKind::ForbiddenCode,
                message,
            ));
        }
    }
}
