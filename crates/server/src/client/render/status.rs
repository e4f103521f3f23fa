//! A person's status.

use mamagang_proto::v1::VerifyWorkerStatusResponse;

use super::reasons::reasons;
use crate::client::view::View;
use crate::client::words;

/// A status as tables.
pub fn status(status: &VerifyWorkerStatusResponse, view: View) -> String {
    let mut grid = view.headless();
    grid.pair(
        view.pick("结论", "outcome"),
        words::outcome(status.outcome, view.lang),
    )
    .pair(
        view.pick("人员类别", "category"),
        words::category(status.category, view.lang),
    )
    .pair(
        view.pick("身份起始日", "status from"),
        status.status_from_date.as_str(),
    )
    .pair(
        view.pick("身份终止日", "status to"),
        status.status_to_date.as_str(),
    )
    .pair(view.pick("来源", "source"), status.source.as_str())
    .pair(
        view.pick("数据日期", "drawn on"),
        status.source_date.as_str(),
    )
    .pair(
        view.pick("已享受月数", "months used"),
        status.months_used.to_string(),
    )
    .pair(
        view.pick("回执编号", "reference number"),
        status.reference_number.as_str(),
    );
    grid.text() + &reasons(("理由", "Reasons"), &status.reasons, view) + &sources(status, view)
}

/// What came of asking each source; nothing where none was asked.
fn sources(status: &VerifyWorkerStatusResponse, view: View) -> String {
    if status.source_answers.is_empty() {
        return String::new();
    }
    let mut grid = view.table([
        view.pick("来源", "source"),
        view.pick("查询情况", "state"),
        view.pick("数据日期", "drawn on"),
        view.pick("缓存秒数", "age in seconds"),
    ]);
    for answer in &status.source_answers {
        grid.row([
            answer.source.clone(),
            words::source_state(answer.state, view.lang),
            answer.source_date.clone(),
            answer.age_seconds.to_string(),
        ]);
    }
    grid.text()
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{Outcome, Reason, ReasonCode};

    use super::*;
    use crate::client::words::Lang;

    #[test]
    fn a_person_without_a_record_is_in_review_and_told_why() {
        let answer = VerifyWorkerStatusResponse {
            outcome: Outcome::Review.into(),
            reasons: vec![Reason {
                code: ReasonCode::NoRecord.into(),
                message: "Nothing is recorded".to_owned(),
                ..Reason::default()
            }],
            reference_number: "r-1".to_owned(),
            ..VerifyWorkerStatusResponse::default()
        };
        let text = status(
            &answer,
            View {
                lang: Lang::En,
                columns: 100,
            },
        );
        assert!(text.contains("│ outcome          ┆ review │"), "{text}");
        assert!(!text.contains("category"), "{text}");
        assert!(
            text.contains("│ NO_RECORD ┆ Nothing is recorded ┆    │"),
            "{text}"
        );
    }
}
