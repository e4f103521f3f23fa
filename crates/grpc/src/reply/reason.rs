//! Reasons, citations and assumptions in the caller's language.

use std::sync::Arc;

use mamagang_app::App;
use mamagang_domain::date::CivilDate;
use mamagang_domain::explanation::value_words;
use mamagang_domain::ledger::Caveat;
use mamagang_domain::policy::{Citation, PolicyBook};
use mamagang_domain::reason::{Assumption, Language, Reason, ReasonCode, sentence};
use mamagang_proto::v1;

use crate::convert::enums::ApiEnum as _;
use crate::language::choose;

/// A reason with its sentence, its law and what was found.
pub(crate) fn reason(reason: &Reason, language: Language) -> v1::Reason {
    v1::Reason {
        code: reason.code.number(),
        message: reason.message(language),
        citations: reason
            .citations
            .iter()
            .map(|citation| self::citation(citation))
            .collect(),
        facts: reason
            .facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    }
}

/// Several.
pub(crate) fn reasons(reasons: &[Reason], language: Language) -> Vec<v1::Reason> {
    reasons.iter().map(|told| reason(told, language)).collect()
}

/// A note on a posting, with the law of the day that it concerns.
pub(crate) fn caveat(
    book: &PolicyBook,
    on: CivilDate,
    caveat: &Caveat,
    language: Language,
) -> v1::Reason {
    v1::Reason {
        code: caveat.code.number(),
        message: sentence(caveat.code, &caveat.facts, language),
        citations: law_of(book, on, caveat.code)
            .iter()
            .map(|cited| citation(cited))
            .collect(),
        facts: caveat.facts.iter().cloned().collect(),
    }
}

/// What a note on a posting rests on, where that is law.
fn law_of(book: &PolicyBook, on: CivilDate, code: ReasonCode) -> Option<Arc<Citation>> {
    let policy = &book.key_group;
    match code {
        ReasonCode::VatLegUnconfirmed2026 => {
            policy.vat_leg.on(on).map(|value| value.citation.clone())
        }
        ReasonCode::MonthBookedElsewhere => policy
            .person_months_max
            .on(on)
            .map(|value| value.citation.clone()),
        ReasonCode::OverDeducted => policy
            .late_surcharge_day_bp
            .on(on)
            .map(|value| value.citation.clone()),
        _ => None,
    }
}

pub(crate) fn citation(citation: &Citation) -> v1::Citation {
    v1::Citation {
        instrument: citation.instrument.clone(),
        article: citation.article.clone(),
        quote: citation.quote.clone(),
        effective_date: citation.effective_on.to_string(),
        confidence: citation.confidence.to_api(),
    }
}

/// An open question of law and its default: the parameter's title says what is assumed.
pub(crate) fn assumption(app: &App, assumption: &Assumption, language: Language) -> v1::Assumption {
    v1::Assumption {
        parameter: assumption.parameter.to_string(),
        value: assumption.value.clone(),
        message: assumption_message(app, assumption, language),
        confidence: assumption.confidence.to_api(),
    }
}

/// What an assumption says.
pub(super) fn assumption_message(app: &App, assumption: &Assumption, language: Language) -> String {
    let parameter = app.policies().get(&assumption.parameter);
    let title = parameter.map(|known| choose(language, &known.title_zh, &known.title_en));
    let title = title.unwrap_or(&assumption.parameter);
    let value = value_words(language, &assumption.value);
    match language {
        Language::Chinese => format!("法规未明确，按默认口径处理：{title} = {value}"),
        Language::English => {
            format!("Not settled by the text; the default is taken: {title} = {value}")
        }
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::policy::Confidence;

    use super::*;

    #[test]
    fn a_reason_speaks_the_callers_language_and_keeps_its_facts_and_law() {
        let cited = Arc::new(Citation {
            instrument: "财税〔2019〕22号".to_owned(),
            article: "第二条".to_owned(),
            quote: "登记失业半年以上".to_owned(),
            effective_on: CivilDate::parse("2019-01-01").expect("a date"),
            confidence: Confidence::Recalled,
        });
        let told = Reason {
            code: ReasonCode::SpellTooShort,
            citations: vec![cited],
            facts: vec![("registered_date", "2023-01-02".to_owned())],
        };
        let zh = reason(&told, Language::Chinese);
        let en = reason(&told, Language::English);
        assert!(
            zh.message.starts_with("招用前登记失业不足半年"),
            "{}",
            zh.message
        );
        assert!(
            en.message.starts_with("Registered as unemployed"),
            "{}",
            en.message
        );
        assert!(zh.message.contains("2023-01-02") && en.message.contains("2023-01-02"));
        assert_eq!(en.code, v1::ReasonCode::SpellTooShort as i32);
        assert_eq!(en.facts["registered_date"], "2023-01-02");
        assert_eq!(en.citations[0].effective_date, "2019-01-01");
        assert_eq!(en.citations[0].confidence, v1::Confidence::Recalled as i32);
    }
}
