//! `mamagang explain`: how a decision or an entry follows.

use mamagang_domain::ids::EntryId;
use mamagang_proto::v1::{
    Explanation, GetDecisionRequest, GetDecisionResponse, GetEntryRequest, GetEntryResponse,
};

use super::args::{ExplainArgs, PageFormat};
use super::ask::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::json;
use super::render::explanation::{Page, html, markdown, text};
use super::view::{View, yuan};
use super::words;

/// Asks for a decision or an entry with its explanation, and writes the page.
pub(super) async fn explain(
    args: &ExplainArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let format = match args.client.json {
        true => PageFormat::Json,
        false => args.format,
    };
    if EntryId::parse(&args.id).is_some() {
        let request = GetEntryRequest {
            entry_id: args.id.clone(),
            with_explanation: true,
        };
        let answer = connection.ledger().get_entry(request).await?.into_inner();
        if format == PageFormat::Json {
            return json_of("mamagang.v1.GetEntryResponse", &answer);
        }
        let explanation = answer.explanation.clone();
        let explanation = explanation.ok_or(Failure::Incomplete("explanation"))?;
        return Ok(page(entry_page(&answer, &explanation, view), format, view));
    }
    let request = GetDecisionRequest {
        context: Some(args.context.to_context()),
        decision_id: args.id.clone(),
        with_explanation: true,
    };
    let answer = connection
        .eligibility()
        .get_decision(request)
        .await?
        .into_inner();
    if format == PageFormat::Json {
        return json_of("mamagang.v1.GetDecisionResponse", &answer);
    }
    let explanation = answer.explanation.clone();
    let explanation = explanation.ok_or(Failure::Incomplete("explanation"))?;
    let page_of = decision_page(&args.id, &answer, &explanation, view);
    Ok(page(page_of, format, view))
}

fn json_of(name: &str, message: &impl prost::Message) -> Result<Answer, Failure> {
    Ok(Answer::new(json::of(name, message)? + "\n", 0))
}

fn page(page: Page<'_>, format: PageFormat, view: View) -> Answer {
    let text = match format {
        PageFormat::Md => markdown(&page, view),
        PageFormat::Html => html(&page, view),
        PageFormat::Text | PageFormat::Json => text(&page, view),
    };
    Answer::new(text, 0)
}

fn decision_page<'a>(
    id: &str,
    answer: &GetDecisionResponse,
    explanation: &'a Explanation,
    view: View,
) -> Page<'a> {
    let pair = |zh: &str, en: &str, value: String| (view.pick(zh, en).to_owned(), value);
    let mut summary = vec![
        pair("决定编号", "decision id", id.to_owned()),
        pair("措施", "measure", measure_of(answer, view)),
    ];
    if let Some(decision) = &answer.decision {
        let employer = field(&answer.question_json, "employer_code");
        let worker = field(&answer.question_json, "worker_id");
        summary.extend([
            pair("用人单位", "employer", employer),
            pair("人员", "worker", worker),
            pair(
                "结论",
                "outcome",
                words::outcome(decision.outcome, view.lang),
            ),
            pair(
                "人员类别",
                "category",
                words::category(decision.category, view.lang),
            ),
            pair("起始月", "start month", decision.start_month.clone()),
            pair("期满月", "term end month", decision.term_end_month.clone()),
            pair("合计（元）", "total (yuan)", yuan(decision.total_fen)),
        ]);
        for assumed in &decision.assumptions {
            let value = format!("{} ({})", assumed.message, assumed.parameter);
            summary.push(pair("假定", "assumption", value));
        }
        for caveat in &decision.caveats {
            summary.push(pair("附注", "caveat", caveat.message.clone()));
        }
        summary.push(pair(
            "复核案件",
            "review case",
            decision.review_case_id.clone(),
        ));
    }
    if let Some(vat) = &answer.vat {
        summary.extend([
            pair("适用时期", "regime", vat.regime.clone()),
            pair(
                "不含税销售额（元）",
                "sales without VAT (yuan)",
                yuan(vat.net_sales_fen),
            ),
            pair("增值税（元）", "VAT (yuan)", yuan(vat.vat_fen)),
        ]);
    }
    if answer.preferences.is_some() {
        let year = number(&answer.question_json, "tax_year");
        let period = field(&answer.question_json, "period");
        summary.extend([
            pair("年度", "tax year", year),
            pair("所属期", "period", period),
        ]);
    }
    let recorded = answer.recorded_time.map(|time| time.to_string());
    let agrees = words::yes_or_no(answer.digest_matches, view.lang).to_owned();
    summary.extend([
        pair("决定时间", "decided", recorded.unwrap_or_default()),
        pair("与当时答复一致", "as it was answered", agrees),
        pair(
            "政策版本",
            "policy version",
            answer.recorded_policy_version.clone(),
        ),
        pair(
            "规则版本",
            "rules version",
            answer.recorded_rules_version.to_string(),
        ),
    ]);
    Page {
        title: view.pick("决定说明", "How a decision follows").to_owned(),
        summary,
        explanation,
    }
}

fn entry_page<'a>(answer: &GetEntryResponse, explanation: &'a Explanation, view: View) -> Page<'a> {
    let pair = |zh: &str, en: &str, value: String| (view.pick(zh, en).to_owned(), value);
    let entry = answer.entry.clone().unwrap_or_default();
    let recorded = entry.recorded_time.map(|time| time.to_string());
    let subsidy = entry.subsidy.as_ref();
    let measure = subsidy.map_or(DEDUCTION, |subsidy| words::measure_of(subsidy.kind()));
    let kind = words::entry_kind(entry.kind(), view.lang);
    Page {
        title: view
            .pick("分录说明", "How a ledger entry follows")
            .to_owned(),
        summary: vec![
            pair("分录编号", "entry id", entry.entry_id.clone()),
            pair("措施", "measure", words::measure(measure, view.lang)),
            pair("分录类型", "entry kind", kind.to_owned()),
            pair("年度", "tax year", entry.tax_year.to_string()),
            pair("所属期", "period", entry.period.clone()),
            pair("冲销", "reverses", entry.reversed_entry_id.clone()),
            pair("入账时间", "recorded", recorded.unwrap_or_default()),
        ],
        explanation,
    }
}

/// The measure of every entry that is of no subsidy.
const DEDUCTION: i64 = 8;
/// The measure of a question on VAT, which is recorded without it.
const VAT_EXEMPTION: i64 = 9;

/// The measure that was asked about, by number and name.
fn measure_of(answer: &GetDecisionResponse, view: View) -> String {
    let told = number(&answer.question_json, "measure").parse();
    match (told, answer.vat.is_some()) {
        (Ok(measure), _) => words::measure(measure, view.lang),
        (Err(_), true) => words::measure(VAT_EXEMPTION, view.lang),
        (Err(_), false) => String::new(),
    }
}

/// A text field of the canonical question; empty where it has none.
fn field(question_json: &str, name: &str) -> String {
    let question: serde_json::Value = serde_json::from_str(question_json).unwrap_or_default();
    question[name].as_str().unwrap_or_default().to_owned()
}

/// A number of the canonical question; empty where it has none.
fn number(question_json: &str, name: &str) -> String {
    let question: serde_json::Value = serde_json::from_str(question_json).unwrap_or_default();
    let number = question[name].as_i64();
    number.map(|number| number.to_string()).unwrap_or_default()
}
