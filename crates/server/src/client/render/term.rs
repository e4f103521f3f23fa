//! A person's 36 months.

use mamagang_proto::v1::GetWorkerTermResponse;

use crate::client::view::View;
use crate::client::words;

/// A term as tables.
pub fn term(term: &GetWorkerTermResponse, view: View) -> String {
    let mut grid = view.headless();
    grid.pair(
        view.pick("已享受月数", "months counted"),
        term.months_counted.to_string(),
    )
    .pair(
        view.pick("待复核月数", "months under review"),
        term.months_under_review.to_string(),
    )
    .pair(
        view.pick("剩余月数", "months left"),
        term.months_left.to_string(),
    )
    .pair(view.pick("首月", "first month"), term.first_month.as_str())
    .pair(view.pick("末月", "last month"), term.last_month.as_str());
    let mut text = grid.text();
    if term.by_employer.is_empty() {
        return text;
    }
    let head = [
        view.pick("用人单位", "employer"),
        view.pick("月数", "months"),
        view.pick("首月", "first month"),
        view.pick("末月", "last month"),
        view.pick("系统之前", "before this system"),
    ];
    let mut employers = view.table(head);
    for used in &term.by_employer {
        employers.row([
            used.employer_code.clone(),
            used.months.to_string(),
            used.first_month.clone(),
            used.last_month.clone(),
            words::yes_or_no(used.prior_use, view.lang).to_owned(),
        ]);
    }
    employers.figures([1]);
    text.push('\n');
    text.push_str(&employers.text());
    text
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::EmployerTerm;

    use super::*;
    use crate::client::words::Lang;

    #[test]
    fn months_are_told_by_employer_and_prior_use_apart() {
        let used = GetWorkerTermResponse {
            months_counted: 30,
            months_left: 6,
            first_month: "2021-05".to_owned(),
            last_month: "2023-12".to_owned(),
            by_employer: vec![EmployerTerm {
                employer_code: "91442000MAQQ10062H".to_owned(),
                months: 18,
                first_month: "2021-05".to_owned(),
                last_month: "2022-10".to_owned(),
                prior_use: true,
            }],
            ..GetWorkerTermResponse::default()
        };
        let text = term(
            &used,
            View {
                lang: Lang::Zh,
                columns: 100,
            },
        );
        assert!(text.contains("│ 剩余月数   ┆ 6       │"), "{text}");
        let row = "│ 91442000MAQQ10062H ┆   18 ┆ 2021-05 ┆ 2022-10 ┆ 是       │";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn a_term_that_nobody_used_has_no_table_of_employers() {
        let unused = GetWorkerTermResponse {
            months_left: 36,
            ..GetWorkerTermResponse::default()
        };
        let text = term(
            &unused,
            View {
                lang: Lang::En,
                columns: 100,
            },
        );
        assert!(text.contains("│ months left         ┆ 36 │"), "{text}");
        assert!(!text.contains("employer"), "{text}");
    }
}
