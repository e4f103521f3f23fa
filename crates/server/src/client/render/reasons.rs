//! Reasons with the law that they rest on.

use mamagang_proto::v1::{Citation, Reason};

use crate::client::view::View;
use crate::client::words;

/// Columns of text that an explanation gets where the width allows more.
const EXPLANATION_COLUMNS_MAX: u16 = 64;

/// A titled table of reasons; empty text where there are none.
pub(in crate::client) fn reasons(title: (&str, &str), reasons: &[Reason], view: View) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let head = [
        view.pick("理由", "reason"),
        view.pick("说明", "says"),
        view.pick("依据", "by"),
    ];
    let mut grid = view.table(head);
    for reason in reasons {
        let cited: Vec<String> = reason
            .citations
            .iter()
            .map(|citation| citation_text(citation, view))
            .collect();
        grid.row([
            words::reason_name(reason.code),
            reason.message.clone(),
            cited.join("\n"),
        ]);
    }
    grid.whole([0]).at_most(1, EXPLANATION_COLUMNS_MAX);
    format!("\n{}\n{}", view.pick(title.0, title.1), grid.text())
}

/// `公告2023年第15号 第一条「…」（自 2023-01-01，原文）`.
fn citation_text(citation: &Citation, view: View) -> String {
    let mut text = citation.instrument.clone();
    if !citation.article.is_empty() {
        text.push(' ');
        text.push_str(&citation.article);
    }
    if !citation.quote.is_empty() {
        text.push_str(&format!("「{}」", citation.quote));
    }
    let from = match citation.effective_date.as_str() {
        "" => String::new(),
        date => format!("{} {date}", view.pick("自", "from")),
    };
    let confidence = words::confidence(citation.confidence, view.lang);
    let qualified: Vec<String> = [from, confidence]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    if !qualified.is_empty() {
        let inside = qualified.join(view.pick("，", ", "));
        text.push_str(&format!(
            "{}{inside}{}",
            view.pick("（", " ("),
            view.pick("）", ")")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{Confidence, ReasonCode};

    use super::*;
    use crate::client::words::Lang;

    fn reason() -> Reason {
        Reason {
            code: ReasonCode::ContractTooShort.into(),
            message: "合同期限不满一年".to_owned(),
            citations: vec![Citation {
                instrument: "公告2023年第15号".to_owned(),
                article: "第二条".to_owned(),
                quote: "签订1年以上期限劳动合同".to_owned(),
                effective_date: "2023-01-01".to_owned(),
                confidence: Confidence::Recalled.into(),
            }],
            facts: Default::default(),
        }
    }

    #[test]
    fn a_reason_stands_beside_the_law_that_says_so() {
        let view = View {
            lang: Lang::Zh,
            columns: 120,
        };
        let text = reasons(("理由", "Reasons"), &[reason()], view);
        let expected = "
理由
┌────────────────────┬──────────────────┬───────────────────────────────────────────────────────────────────────┐
│ 理由               ┆ 说明             ┆ 依据                                                                  │
╞════════════════════╪══════════════════╪═══════════════════════════════════════════════════════════════════════╡
│ CONTRACT_TOO_SHORT ┆ 合同期限不满一年 ┆ 公告2023年第15号 第二条「签订1年以上期限劳动合同」（自 2023-01-01，凭记忆） │
└────────────────────┴──────────────────┴───────────────────────────────────────────────────────────────────────┘
";
        let squeezed = |text: &str| text.replace([' ', '─', '═'], "");
        assert_eq!(squeezed(&text), squeezed(expected));
    }

    #[test]
    fn nothing_is_printed_where_there_is_no_reason() {
        let view = View {
            lang: Lang::En,
            columns: 80,
        };
        assert_eq!(reasons(("附注", "Caveats"), &[], view), "");
    }

    #[test]
    fn a_bare_citation_is_its_instrument() {
        let view = View {
            lang: Lang::En,
            columns: 80,
        };
        let bare = Citation {
            instrument: "财税〔2019〕22号".to_owned(),
            ..Citation::default()
        };
        assert_eq!(citation_text(&bare, view), "财税〔2019〕22号");
    }
}
