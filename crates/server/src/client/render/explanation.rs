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

/// The cells of every table, in the order heads, steps; heads, facts; heads, law.
struct Tables {
    steps: (Vec<String>, Vec<Vec<String>>),
    facts: (Vec<String>, Vec<Vec<String>>),
    law: (Vec<String>, Vec<Vec<String>>),
}

fn tables(page: &Page<'_>, view: View) -> Tables {
    let notes = Notes::of(page.explanation);
    let heads = |names: &[(&str, &str)]| -> Vec<String> {
        let names = names.iter();
        names.map(|(zh, en)| view.pick(zh, en).to_owned()).collect()
    };
    let steps = page.explanation.steps.iter();
    let steps = steps.map(|step| {
        vec![
            about(step),
            finding(step, view).to_owned(),
            derivation(step),
            amount(step),
            words::confidence(step.confidence, view.lang),
            notes.marks(step),
        ]
    });
    let facts = (1..).zip(&notes.facts).map(|(number, input)| {
        vec![
            format!("F{number}"),
            input.name.clone(),
            input.value.clone(),
            input.source.clone(),
            input.source_date.clone(),
            input.fact_id.clone(),
        ]
    });
    let law = (1..).zip(&notes.law).map(|(number, citation)| {
        vec![
            format!("L{number}"),
            format!("{} {}", citation.instrument, citation.article)
                .trim_end()
                .to_owned(),
            citation.quote.clone(),
            citation.effective_date.clone(),
            words::confidence(citation.confidence, view.lang),
        ]
    });
    Tables {
        steps: (
            heads(&[
                ("步骤", "step"),
                ("结果", "finding"),
                ("公式", "formula"),
                ("金额（元）", "yuan"),
                ("可信度", "confidence"),
                ("依据", "rests on"),
            ]),
            steps.collect(),
        ),
        facts: (
            heads(&[
                ("编号", "no."),
                ("资料", "fact"),
                ("内容", "says"),
                ("来源", "source"),
                ("数据日期", "drawn on"),
                ("记录编号", "fact id"),
            ]),
            facts.collect(),
        ),
        law: (
            heads(&[
                ("编号", "no."),
                ("文件", "instrument"),
                ("内容", "says"),
                ("起", "from"),
                ("可信度", "confidence"),
            ]),
            law.collect(),
        ),
    }
}

fn titles(view: View) -> [&'static str; 3] {
    [
        view.lang.pick("推导", "How it follows"),
        view.lang.pick("所依据的资料", "Facts"),
        view.lang.pick("法规依据", "Law"),
    ]
}

/// The page as tables.
pub fn text(page: &Page<'_>, view: View) -> String {
    let mut summary = view.headless();
    for (name, value) in &page.summary {
        summary.pair(name, value.as_str());
    }
    let mut text = format!("{}\n{}", page.title, summary.text());
    let tables = tables(page, view);
    for (title, (heads, rows)) in
        titles(view)
            .into_iter()
            .zip([tables.steps, tables.facts, tables.law])
    {
        if rows.is_empty() {
            continue;
        }
        let mut grid = view.table(heads.iter().map(String::as_str));
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
    let tables = tables(page, view);
    for (title, (heads, rows)) in
        titles(view)
            .into_iter()
            .zip([tables.steps, tables.facts, tables.law])
    {
        if rows.is_empty() {
            continue;
        }
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
    let tables = tables(page, view);
    for (title, (heads, rows)) in
        titles(view)
            .into_iter()
            .zip([tables.steps, tables.facts, tables.law])
    {
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "<h2>{title}</h2>\n<table><tr>");
        for head in heads {
            let _ = write!(text, "<th>{}</th>", escape(&head));
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
        let html = html(&page, view);
        assert!(html.contains("&lt;养老&gt; &amp; 医疗"), "{html}");
        assert!(text(&page, view).contains("7800.00 ÷ 12 = 650.00"));
    }
}
