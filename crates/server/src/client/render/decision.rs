//! A decision, with everything that it rests on.

use mamagang_proto::v1::{
    Assumption, Decision, EvidenceRef, LayerOutcome, MonthResult, TrainingResult,
};

use super::reasons::reasons;
use crate::client::view::{View, yuan};
use crate::client::words;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Full,
    /// What comes out the same whenever the same facts are decided: without ids.
    Repeatable,
}

/// A decision as tables.
pub fn decision(decision: &Decision, detail: Detail, view: View) -> String {
    let mut text = summary(decision, detail, view);
    text.push_str(&months(&decision.months, view));
    text.push_str(&trainings(&decision.trainings, view));
    text.push_str(&reasons(("理由", "Reasons"), &decision.reasons, view));
    text.push_str(&reasons(("附注", "Caveats"), &decision.caveats, view));
    text.push_str(&layer(
        (
            "通知层面（中府函〔2022〕226号）",
            "By the notice (中府函〔2022〕226号)",
        ),
        decision.notice.as_ref(),
        view,
    ));
    text.push_str(&assumptions(&decision.assumptions, view));
    text.push_str(&missing(&decision.missing_facts, view));
    text.push_str(&evidence(&decision.evidence, detail, view));
    text
}

fn summary(decision: &Decision, detail: Detail, view: View) -> String {
    let outcome = |layer: &Option<LayerOutcome>| {
        layer.as_ref().map_or_else(String::new, |layer| {
            words::outcome(layer.outcome, view.lang)
        })
    };
    let mut grid = view.headless();
    grid.pair(
        view.pick("结论", "outcome"),
        words::outcome(decision.outcome, view.lang),
    )
    .pair(
        view.pick("法定条件", "by statute"),
        outcome(&decision.statutory),
    )
    .pair(
        view.pick("通知条件", "by the notice"),
        outcome(&decision.notice),
    )
    .pair(
        view.pick("人员类别", "category"),
        words::category(decision.category, view.lang),
    )
    .pair(
        view.pick("起始月", "start month"),
        decision.start_month.as_str(),
    )
    .pair(
        view.pick("期满月", "term end month"),
        decision.term_end_month.as_str(),
    )
    .pair(
        view.pick("合计（元）", "total (yuan)"),
        yuan(decision.total_fen),
    );
    if detail == Detail::Full {
        let decided = decision
            .decided_time
            .map_or_else(String::new, |time| time.to_string());
        grid.pair(
            view.pick("决定编号", "decision id"),
            decision.decision_id.as_str(),
        )
        .pair(view.pick("决定时间", "decided"), decided)
        .pair(
            view.pick("政策版本", "policy version"),
            decision.policy_version.as_str(),
        )
        .pair(
            view.pick("规则版本", "rules version"),
            decision.rules_version.to_string(),
        )
        .pair(
            view.pick("复核案件", "review case"),
            decision.review_case_id.as_str(),
        );
    }
    grid.text()
}

/// Months of one outcome and reason that follow one another share a line.
fn months(months: &[MonthResult], view: View) -> String {
    let head = [
        view.pick("月份", "months"),
        view.pick("月数", "count"),
        view.pick("结论", "outcome"),
        view.pick("金额（元）", "yuan"),
        view.pick("理由", "reason"),
    ];
    let mut grid = view.table(head);
    for run in months.chunk_by(|a, b| (a.outcome, a.reason) == (b.outcome, b.reason)) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let span = if run.len() == 1 {
            first.month.clone()
        } else {
            format!("{} – {}", first.month, last.month)
        };
        grid.row([
            span,
            run.len().to_string(),
            words::outcome(first.outcome, view.lang),
            yuan(run.iter().map(|month| month.amount_fen).sum()),
            words::reason_name(first.reason),
        ]);
    }
    grid.figures([1, 3]).whole([0]);
    if grid.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}", view.pick("逐月", "Month by month"), grid.text())
}

fn trainings(trainings: &[TrainingResult], view: View) -> String {
    if trainings.is_empty() {
        return String::new();
    }
    let mut grid = view.table([
        view.pick("培训计划", "plan"),
        view.pick("课时", "hours"),
        view.pick("完成日期", "completed"),
        view.pick("结论", "outcome"),
        view.pick("金额（元）", "yuan"),
        view.pick("理由", "reason"),
    ]);
    for training in trainings {
        grid.row([
            training.plan_id.clone(),
            training.class_hours.to_string(),
            training.completed_date.clone(),
            words::outcome(training.outcome, view.lang),
            yuan(training.amount_fen),
            words::reason_name(training.reason),
        ]);
    }
    grid.figures([1, 4]);
    format!("\n{}\n{}", view.pick("培训", "Trainings"), grid.text())
}

fn layer(title: (&str, &str), layer: Option<&LayerOutcome>, view: View) -> String {
    layer.map_or_else(String::new, |layer| reasons(title, &layer.reasons, view))
}

fn assumptions(assumptions: &[Assumption], view: View) -> String {
    if assumptions.is_empty() {
        return String::new();
    }
    let head = [
        view.pick("参数", "parameter"),
        view.pick("取值", "value"),
        view.pick("可信度", "confidence"),
        view.pick("说明", "says"),
    ];
    let mut grid = view.table(head);
    for assumption in assumptions {
        grid.row([
            assumption.parameter.clone(),
            assumption.value.clone(),
            words::confidence(assumption.confidence, view.lang),
            assumption.message.clone(),
        ]);
    }
    grid.whole([0, 2]);
    format!(
        "\n{}\n{}",
        view.pick("所作假定", "Assumptions"),
        grid.text()
    )
}

fn missing(facts: &[String], view: View) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let label = view.pick("缺少的资料：", "Missing facts: ");
    format!("\n{label}{}\n", facts.join(view.pick("、", ", ")))
}

/// In full every fact by its id; else facts that read alike share a line with their number.
fn evidence(evidence: &[EvidenceRef], detail: Detail, view: View) -> String {
    if evidence.is_empty() {
        return String::new();
    }
    let last = match detail {
        Detail::Full => view.pick("资料编号", "fact id"),
        Detail::Repeatable => view.pick("条数", "count"),
    };
    let mut grid = view.table([
        view.pick("种类", "kind"),
        view.pick("内容", "says"),
        view.pick("来源", "source"),
        view.pick("数据日期", "drawn on"),
        last,
    ]);
    let is_alike = |a: &EvidenceRef, b: &EvidenceRef| {
        let told = |fact: &EvidenceRef| {
            [&fact.kind, &fact.summary, &fact.source, &fact.source_date].map(String::clone)
        };
        detail == Detail::Repeatable && told(a) == told(b)
    };
    for run in evidence.chunk_by(is_alike) {
        let Some(fact) = run.first() else { continue };
        let last = match detail {
            Detail::Full => fact.fact_id.clone(),
            Detail::Repeatable => run.len().to_string(),
        };
        let told = [&fact.kind, &fact.summary, &fact.source, &fact.source_date];
        grid.row(told.into_iter().cloned().chain([last]));
    }
    grid.whole([0, 3, 4]);
    if detail == Detail::Repeatable {
        grid.figures([4]);
    }
    format!(
        "\n{}\n{}",
        view.pick("所依据的资料", "Evidence"),
        grid.text()
    )
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{Outcome, PersonCategory, ReasonCode};

    use super::*;
    use crate::client::words::Lang;

    const VIEW: View = View {
        lang: Lang::Zh,
        columns: 100,
    };

    fn month(month: &str, outcome: Outcome, reason: ReasonCode, amount_fen: i64) -> MonthResult {
        MonthResult {
            month: month.to_owned(),
            outcome: outcome.into(),
            reason: reason.into(),
            amount_fen,
        }
    }

    fn sample() -> Decision {
        let met = |of: &str| month(of, Outcome::Eligible, ReasonCode::AllConditionsMet, 65_000);
        Decision {
            decision_id: "0192f3a0-0000-7000-8000-000000000002".to_owned(),
            outcome: Outcome::Eligible.into(),
            category: PersonCategory::RegisteredUnemployed.into(),
            start_month: "2023-02".to_owned(),
            months: vec![
                month("2023-01", Outcome::Ineligible, ReasonCode::NotInForce, 0),
                met("2023-02"),
                met("2023-03"),
            ],
            total_fen: 130_000,
            missing_facts: vec!["contribution".to_owned(), "contract".to_owned()],
            evidence: vec![EvidenceRef {
                fact_id: "f-1".to_owned(),
                kind: "contract".to_owned(),
                source: "hr-bureau".to_owned(),
                source_date: "2026-10-31".to_owned(),
                recorded_time: None,
                summary: "劳动合同 2023-02-01 起".to_owned(),
            }],
            ..Decision::default()
        }
    }

    #[test]
    fn like_months_share_a_line_with_their_sum() {
        let expected = "
逐月
┌───────────────────┬──────┬────────┬────────────┬────────────────────┐
│ 月份              ┆ 月数 ┆ 结论   ┆ 金额（元） ┆ 理由               │
╞═══════════════════╪══════╪════════╪════════════╪════════════════════╡
│ 2023-01           ┆    1 ┆ 不符合 ┆       0.00 ┆ NOT_IN_FORCE       │
│ 2023-02 – 2023-03 ┆    2 ┆ 符合   ┆    1300.00 ┆ ALL_CONDITIONS_MET │
└───────────────────┴──────┴────────┴────────────┴────────────────────┘
";
        assert_eq!(months(&sample().months, VIEW), expected);
    }

    #[test]
    fn ids_are_told_in_full_detail_only() {
        let full = decision(&sample(), Detail::Full, VIEW);
        let repeatable = decision(&sample(), Detail::Repeatable, VIEW);
        for id in ["0192f3a0-0000-7000-8000-000000000002", "f-1"] {
            assert!(full.contains(id), "{full}");
            assert!(!repeatable.contains(id), "{repeatable}");
        }
        assert!(repeatable.contains("劳动合同 2023-02-01 起"));
        assert!(repeatable.contains("缺少的资料：contribution、contract\n"));
    }

    #[test]
    fn facts_that_read_alike_are_counted_unless_each_is_told_by_its_id() {
        let contract = sample().evidence.remove(0);
        let paid = |id: &str| EvidenceRef {
            fact_id: id.to_owned(),
            kind: "contribution".to_owned(),
            ..EvidenceRef::default()
        };
        let facts = [contract, paid("p-1"), paid("p-2")];
        let text = evidence(&facts, Detail::Repeatable, VIEW);
        assert_eq!(text.matches("contribution").count(), 1, "{text}");
        assert!(
            text.contains("┆    2 │") && text.contains("┆    1 │"),
            "{text}"
        );
        let text = evidence(&facts, Detail::Full, VIEW);
        assert_eq!(text.matches("contribution").count(), 2, "{text}");
        assert!(text.contains("p-1") && text.contains("p-2"), "{text}");
    }
}
