//! How an answer follows, on one page: as text, Markdown or HTML that prints on A4.

use std::fmt::Write as _;

use mamagang_proto::v1::{Citation, Explanation, ExplanationInput, ExplanationStep, StepFinding};

use crate::client::view::{View, yuan};
use crate::client::words;

/// A page: what it is about, and the steps.
#[derive(Debug)]
pub struct Page<'a> {
    /// The heading.
    pub title: String,
    /// Names and values under it.
    pub summary: Vec<(String, String)>,
    /// The steps.
    pub explanation: &'a Explanation,
}

/// Facts and law that the steps point at, each once and numbered from 1.
struct Notes<'a> {
    facts: Vec<&'a ExplanationInput>,
    law: Vec<&'a Citation>,
}

impl<'a> Notes<'a> {
    fn of(explanation: &'a Explanation) -> Self {
        let mut notes = Self {
            facts: Vec::new(),
            law: Vec::new(),
        };
        for step in &explanation.steps {
            for input in &step.inputs {
                if !notes.facts.contains(&input) {
                    notes.facts.push(input);
                }
            }
            for citation in &step.citations {
                if !notes.law.contains(&citation) {
                    notes.law.push(citation);
                }
            }
        }
        notes
    }

    /// `F1 F2 L1`: what a step points at.
    fn marks(&self, step: &ExplanationStep) -> String {
        let place = |found: Option<usize>, letter: char| {
            found.map(|index| format!("{letter}{}", index + 1))
        };
        let facts = step
            .inputs
            .iter()
            .filter_map(|input| place(self.facts.iter().position(|known| *known == input), 'F'));
        let law = step.citations.iter().filter_map(|citation| {
            place(self.law.iter().position(|known| *known == citation), 'L')
        });
        facts.chain(law).collect::<Vec<_>>().join(" ")
    }
}

fn finding(step: &ExplanationStep, view: View) -> &'static str {
    let (zh, en) = match step.finding() {
        StepFinding::Met => ("符合", "met"),
        StepFinding::NotMet => ("不符合", "not met"),
        StepFinding::Review => ("待复核", "review"),
        StepFinding::Figure | StepFinding::Unspecified => ("", ""),
    };
    view.lang.pick(zh, en)
}

fn about(step: &ExplanationStep) -> String {
    match (step.from_month.as_str(), step.through_month.as_str()) {
        ("", _) => step.rule.clone(),
        (from, through) if from == through => format!("{} {from}", step.rule),
        (from, through) => format!("{} {from} – {through}", step.rule),
    }
}

/// The formula; before it the reason, where there is one.
fn derivation(step: &ExplanationStep) -> String {
    match step.reason {
        0 => step.formula.clone(),
        code => format!("{}: {}", words::reason_name(code), step.formula),
    }
}

fn amount(step: &ExplanationStep) -> String {
    step.amount_fen.map(yuan).unwrap_or_default()
}

/// A table of the page: its title, its heads, and its rows.
type Section = (&'static str, Vec<&'static str>, Vec<Vec<String>>);

/// The tables in order: steps, reasons, facts, law. Without rows one is left out.
fn sections(page: &Page<'_>, view: View) -> Vec<Section> {
    let sections = [
        steps(page, view),
        reasons(page, view),
        facts(page, view),
        law(page, view),
    ];
    let sections = sections.into_iter();
    sections.filter(|(_, _, rows)| !rows.is_empty()).collect()
}

fn section(
    view: View,
    title: (&'static str, &'static str),
    heads: &[(&'static str, &'static str)],
    rows: impl Iterator<Item = Vec<String>>,
) -> Section {
    let pick = |(zh, en): (&'static str, &'static str)| view.lang.pick(zh, en);
    let heads = heads.iter().map(|head| pick(*head)).collect();
    (pick(title), heads, rows.collect())
}

fn steps(page: &Page<'_>, view: View) -> Section {
    let notes = Notes::of(page.explanation);
    let rows = page.explanation.steps.iter().map(|step| {
        vec![
            about(step),
            finding(step, view).to_owned(),
            derivation(step),
            amount(step),
            words::confidence(step.confidence, view.lang),
            notes.marks(step),
        ]
    });
    let heads = [
        ("步骤", "step"),
        ("结果", "finding"),
        ("公式", "formula"),
        ("金额（元）", "yuan"),
        ("可信度", "confidence"),
        ("依据", "rests on"),
    ];
    section(view, ("推导", "How it follows"), &heads, rows)
}

/// What the reasons mean that stand before formulas, each once.
fn reasons(page: &Page<'_>, view: View) -> Section {
    let mut known: Vec<(i32, &str)> = Vec::new();
    for step in &page.explanation.steps {
        if step.reason != 0 && known.iter().all(|(code, _)| *code != step.reason) {
            known.push((step.reason, &step.message));
        }
    }
    let rows = known.into_iter();
    let rows = rows.map(|(code, message)| vec![words::reason_name(code), message.to_owned()]);
    let heads = [("代码", "code"), ("含义", "means")];
    section(view, ("理由", "Reasons"), &heads, rows)
}

fn facts(page: &Page<'_>, view: View) -> Section {
    let notes = Notes::of(page.explanation);
    let rows = (1..).zip(&notes.facts).map(|(number, input)| {
        vec![
            format!("F{number}"),
            input.name.clone(),
            input.value.clone(),
            input.source.clone(),
            input.source_date.clone(),
            input.fact_id.clone(),
        ]
    });
    let heads = [
        ("编号", "no."),
        ("资料", "fact"),
        ("内容", "says"),
        ("来源", "source"),
        ("数据日期", "drawn on"),
        ("记录编号", "fact id"),
    ];
    section(view, ("所依据的资料", "Facts"), &heads, rows)
}

fn law(page: &Page<'_>, view: View) -> Section {
    let notes = Notes::of(page.explanation);
    let rows = (1..).zip(&notes.law).map(|(number, citation)| {
        let instrument = format!("{} {}", citation.instrument, citation.article);
        vec![
            format!("L{number}"),
            instrument.trim_end().to_owned(),
            citation.quote.clone(),
            citation.effective_date.clone(),
            words::confidence(citation.confidence, view.lang),
        ]
    });
    let heads = [
        ("编号", "no."),
        ("文件", "instrument"),
        ("内容", "says"),
        ("起", "from"),
        ("可信度", "confidence"),
    ];
    section(view, ("法规依据", "Law"), &heads, rows)
}

/// The page as tables.
pub fn text(page: &Page<'_>, view: View) -> String {
    let mut summary = view.headless();
    for (name, value) in &page.summary {
        summary.pair(name, value.as_str());
    }
    let mut text = format!("{}\n{}", page.title, summary.text());
    for (title, heads, rows) in sections(page, view) {
        let mut grid = view.table(heads);
        for row in rows {
            grid.row(row);
        }
        grid.whole([0]);
        let _ = write!(text, "\n{title}\n{}", grid.text());
    }
    text
}

/// The page as Markdown.
pub fn markdown(page: &Page<'_>, view: View) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut text = format!("# {}\n\n", page.title);
    for (name, value) in page.summary.iter().filter(|(_, value)| !value.is_empty()) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "- {name}: {}", cell(value));
    }
    for (title, heads, rows) in sections(page, view) {
        let _ = writeln!(text, "\n## {title}\n\n| {} |", heads.join(" | "));
        let _ = writeln!(text, "|{}", " --- |".repeat(heads.len()));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

/// Fits A4 upright: a page of a year's months.
const STYLE: &str = "@page{size:A4;margin:12mm}body{font:9pt/1.35 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',sans-serif;max-width:186mm;margin:auto}h1{font-size:13pt}h2{font-size:10pt;margin:3mm 0 1mm}table{border-collapse:collapse;width:100%}th,td{border:.2mm solid #888;padding:.4mm 1mm;text-align:left;vertical-align:top}dl{display:grid;grid-template-columns:max-content auto;gap:0 3mm;margin:0}dd{margin:0}tr{break-inside:avoid}";

/// The page as HTML that needs nothing else.
pub fn html(page: &Page<'_>, view: View) -> String {
    let lang = view.lang.pick("zh-CN", "en");
    let title = escape(&page.title);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<dl>"
    );
    for (name, value) in page.summary.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(text, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
    }
    text.push_str("</dl>\n");
    for (title, heads, rows) in sections(page, view) {
        let _ = write!(text, "<h2>{title}</h2>\n<table><tr>");
        for head in heads {
            let _ = write!(text, "<th>{}</th>", escape(head));
        }
        text.push_str("</tr>\n");
        for row in rows {
            text.push_str("<tr>");
            for cell in row {
                let _ = write!(text, "<td>{}</td>", escape(&cell));
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</table>\n");
    }
    text.push_str("</body></html>\n");
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::ReasonCode;

    use super::*;
    use crate::client::words::Lang;

    fn sample() -> Explanation {
        let citation = Citation {
            instrument: "财税〔2019〕22号".to_owned(),
            ..Citation::default()
        };
        let input = ExplanationInput {
            name: "参保缴费".to_owned(),
            value: "<养老> & 医疗".to_owned(),
            fact_id: "w.3".to_owned(),
            ..ExplanationInput::default()
        };
        let step = ExplanationStep {
            rule: "当月".to_owned(),
            reason: ReasonCode::AllConditionsMet.into(),
            message: "全部条件均已满足".to_owned(),
            from_month: "2023-01".to_owned(),
            through_month: "2023-01".to_owned(),
            finding: StepFinding::Met.into(),
            formula: "7800.00 ÷ 12 = 650.00".to_owned(),
            amount_fen: Some(65_000),
            inputs: vec![input],
            citations: vec![citation],
            ..ExplanationStep::default()
        };
        Explanation {
            steps: vec![step.clone(), step],
        }
    }

    #[test]
    fn notes_are_numbered_once_and_pages_are_escaped() {
        let explanation = sample();
        let page = Page {
            title: "说明".to_owned(),
            summary: vec![
                ("结论".to_owned(), "符合".to_owned()),
                ("空".to_owned(), String::new()),
            ],
            explanation: &explanation,
        };
        let view = View {
            lang: Lang::Zh,
            columns: 160,
        };
        let markdown = markdown(&page, view);
        assert_eq!(markdown.matches("| F1 L1 |").count(), 2, "{markdown}");
        assert_eq!(markdown.matches("| F1 | ").count(), 1, "{markdown}");
        assert!(!markdown.contains("空"));
        // A reason is told once, and before each formula.
        let meaning = "| ALL_CONDITIONS_MET | 全部条件均已满足 |";
        assert_eq!(markdown.matches(meaning).count(), 1, "{markdown}");
        assert_eq!(markdown.matches("ALL_CONDITIONS_MET: 7800").count(), 2);
        let html = html(&page, view);
        assert!(html.contains("&lt;养老&gt; &amp; 医疗"), "{html}");
        assert!(text(&page, view).contains("7800.00 ÷ 12 = 650.00"));
    }
}
