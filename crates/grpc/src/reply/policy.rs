//! The law as messages.

use mamagang_app::law::{InstrumentView, Parameter, ParameterValue};
use mamagang_domain::reason::Language;
use mamagang_proto::v1;

use super::date_or_empty;
use crate::convert::enums::ApiEnum as _;
use crate::language::choose;

/// An instrument.
pub(crate) fn instrument(view: &InstrumentView) -> v1::Instrument {
    v1::Instrument {
        instrument: view.instrument.clone(),
        articles: view.articles.iter().cloned().collect(),
        parameters: view.parameters.iter().cloned().collect(),
        effective_date: view.effective_on.to_string(),
        confidence: view.confidence.to_api(),
    }
}

/// A parameter with all its values.
pub(crate) fn parameter(parameter: &Parameter, language: Language) -> v1::PolicyParameter {
    v1::PolicyParameter {
        name: parameter.name.clone(),
        place_code: parameter.scope.clone(),
        title: choose(language, &parameter.title_zh, &parameter.title_en).to_owned(),
        unit: parameter.unit.to_string(),
        values: parameter.values.iter().map(value).collect(),
    }
}

/// A value.
pub(crate) fn value(value: &ParameterValue) -> v1::PolicyValue {
    v1::PolicyValue {
        value: value.value.to_string(),
        bound: value.bound.to_string(),
        effective_from_date: value.effective_from.to_string(),
        effective_to_date: date_or_empty(value.effective_to),
        citation: Some(v1::Citation {
            instrument: value.instrument.clone(),
            article: value.article.clone(),
            quote: value.quote.clone(),
            effective_date: value.effective_from.to_string(),
            confidence: value.confidence.to_api(),
        }),
        checked_date: value.checked_on.to_string(),
        note: value.note.clone(),
        open_points: value.open_points.clone(),
    }
}
