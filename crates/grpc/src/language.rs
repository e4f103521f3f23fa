//! The caller's language, from `accept-language` (RFC 9110, section 12.5.4).

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use mamagang_domain::reason::Language;

/// A preference of 1, in thousandths.
const WHOLE: u16 = 1_000;

/// The preferred one of the two languages that this service speaks; Chinese where none is named.
pub fn preferred(headers: &HeaderMap) -> Language {
    let ranges = headers
        .get_all(ACCEPT_LANGUAGE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut best: Option<(u16, Language)> = None;
    for (language, quality) in ranges.filter_map(range) {
        // Of two that are liked alike the one named first is taken.
        if quality > best.map_or(0, |(known, _)| known) {
            best = Some((quality, language));
        }
    }
    best.map_or(Language::Chinese, |(_, language)| language)
}

/// The language's tag in answers.
pub(crate) const fn tag(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    }
}

/// One of two texts.
pub(crate) const fn choose<'a>(language: Language, zh: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

/// A language range with its quality, if it is one of ours.
fn range(text: &str) -> Option<(Language, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next()?;
    let primary = tag.split('-').next().unwrap_or(tag);
    let language = match primary.to_ascii_lowercase().as_str() {
        "zh" | "*" => Language::Chinese,
        "en" => Language::English,
        _ => return None,
    };
    let quality = match parts.next() {
        None => WHOLE,
        Some(parameter) => quality(parameter)?,
    };
    Some((language, quality))
}

/// `q=0.85` in thousandths; at most three digits follow the point.
fn quality(parameter: &str) -> Option<u16> {
    let value = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_right = matches!(whole, "0" | "1")
        && fraction.len() <= 3
        && fraction.bytes().all(|b| b.is_ascii_digit());
    if !is_right {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    let quality = if whole == "1" {
        WHOLE + thousandths
    } else {
        thousandths
    };
    (quality <= WHOLE).then_some(quality)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Language {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                ACCEPT_LANGUAGE,
                HeaderValue::from_str(value).expect("a header"),
            );
        }
        preferred(&headers)
    }

    #[test]
    fn chinese_is_spoken_unless_english_is_preferred() {
        use Language::{Chinese, English};
        let cases: [(&[&str], Language); 18] = [
            (&[], Chinese),
            (&[""], Chinese),
            (&["zh-CN"], Chinese),
            (&["en"], English),
            (&["EN-us"], English),
            (&["fr"], Chinese),
            (&["fr, en;q=0.1"], English),
            (&["en, zh"], English),
            (&["zh, en"], Chinese),
            (&["en;q=0.8, zh;q=0.9"], Chinese),
            (&["en;q=0.801, zh;q=0.8"], English),
            (&["en;q=0"], Chinese),
            (&["zh;q=0, en;q=0.5"], English),
            (&["*"], Chinese),
            (&["en;q=1.1"], Chinese),
            (&["en;q=0.1234"], Chinese),
            (&["en;q=one, zh;q=0.1"], Chinese),
            (&["fr", "en-GB;q=0.7"], English),
        ];
        for (values, language) in cases {
            assert_eq!(of(values), language, "{values:?}");
        }
    }
}
