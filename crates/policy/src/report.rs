//! An edition as text for people.

use std::fmt::Write as _;

use crate::parameter::{Bound, Parameter, ParameterValue, confidence_word};
use crate::policies::{OpenPoint, Policies};

/// Languages of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 简体中文.
    Zh,
    /// English.
    En,
}

/// Every parameter with its values, then what is not established, the counts and the version.
/// Amounts are in fen and rates in basis points, as the files write them. Ends with a line break.
pub fn report(policies: &Policies, language: Language) -> String {
    let mut text = String::new();
    for parameter in policies.parameters() {
        parameter_lines(&mut text, parameter, language);
    }
    let open = policies.unconfirmed();
    let heading = match language {
        Language::Zh => "尚未确认",
        Language::En => "Not established",
    };
    line(&mut text, &format!("\n{heading}: {}", open.len()));
    for point in &open {
        line(&mut text, &open_line(point));
    }
    let values: usize = policies
        .parameters()
        .iter()
        .map(|parameter| parameter.values.len())
        .sum();
    let parameters = policies.parameters().len();
    let place = policies.index().scope(&policies.index().jurisdiction);
    let (zh, en) = place
        .map(|place| (place.title_zh.as_str(), place.title_en.as_str()))
        .unwrap_or_default();
    line(
        &mut text,
        &match language {
            Language::Zh => format!(
                "\n适用地区: {zh}\n参数: {parameters}\n取值: {values}\n版本: {}",
                policies.version()
            ),
            Language::En => format!(
                "\nJurisdiction: {en}\nParameters: {parameters}\nValues: {values}\nVersion: {}",
                policies.version()
            ),
        },
    );
    text
}

fn parameter_lines(text: &mut String, parameter: &Parameter, language: Language) {
    let title = match language {
        Language::Zh => &parameter.title_zh,
        Language::En => &parameter.title_en,
    };
    line(
        text,
        &format!(
            "{} [{}, {}] {title}",
            parameter.name, parameter.folder, parameter.unit
        ),
    );
    for value in &parameter.values {
        line(
            text,
            &format!(
                "  {}  {}  {}  {}",
                value.dates(),
                shown(value),
                confidence_word(value.confidence),
                source(value)
            ),
        );
    }
}

fn shown(value: &ParameterValue) -> String {
    match value.bound {
        Bound::Inclusive => format!("<= {}", value.value),
        Bound::Exclusive => format!("< {}", value.value),
        Bound::None => value.value.to_string(),
    }
}

fn source(value: &ParameterValue) -> String {
    format!("{}{}", value.instrument, value.article)
}

fn open_line(open: &OpenPoint<'_>) -> String {
    let about = open.point.unwrap_or(&open.value.note);
    format!("  {} {}  {about}", open.parameter.name, open.value.dates())
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
