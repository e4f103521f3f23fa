//! An employer's year.

use mamagang_proto::v1::EmployerBalance;

use crate::client::view::{View, yuan};
use crate::client::words;

/// A balance as a table. The lines sum up: accrued = deducted + forfeited + remaining − over-deducted.
pub fn balance(balance: &EmployerBalance, view: View) -> String {
    let mut grid = view.headless();
    grid.pair(
        view.pick("用人单位", "employer"),
        balance.employer_code.as_str(),
    )
    .pair(
        view.pick("纳税年度", "tax year"),
        balance.tax_year.to_string(),
    )
    .pair(
        view.pick("已汇算清缴", "settled"),
        words::yes_or_no(balance.settled, view.lang),
    )
    .pair(
        view.pick("额度口径", "release"),
        words::release(balance.release, view.lang),
    )
    .pair(
        view.pick("人数", "workers"),
        balance.worker_count.to_string(),
    )
    .pair(
        view.pick("已计入月数", "months counted"),
        balance.months_counted.to_string(),
    )
    .pair(
        view.pick("待复核月数", "months under review"),
        balance.months_under_review.to_string(),
    )
    .pair(
        view.pick("流水号", "sequence"),
        balance.sequence.to_string(),
    );
    let mut amounts = view.table([view.pick("项目", "item"), view.pick("金额（元）", "yuan")]);
    let mut line = |name: &str, fen: i64| {
        amounts.row([name.to_owned(), yuan(fen)]);
    };
    line(view.pick("全年额度", "accrued"), balance.accrued_fen);
    line(view.pick("目前可用额度", "released"), balance.released_fen);
    for taken in &balance.deducted {
        let of = words::tax(taken.tax, view.lang);
        line(
            &format!("{}{of}", view.pick("已扣减 ", "deducted ")),
            taken.amount_fen,
        );
    }
    line(view.pick("未用额度", "remaining"), balance.remaining_fen);
    line(view.pick("年终作废", "forfeited"), balance.forfeited_fen);
    line(
        view.pick("多扣减", "over-deducted"),
        balance.over_deducted_fen,
    );
    line(
        view.pick("有据未入账", "supported, not booked"),
        balance.unbooked_accrual_fen,
    );
    amounts.figures([1]);
    format!("{}\n{}", grid.text(), amounts.text())
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{TaxAmount, TaxKind};

    use super::*;
    use crate::client::words::Lang;

    #[test]
    fn every_figure_of_the_year_is_shown_in_yuan() {
        let year = EmployerBalance {
            employer_code: "91442000MAQQ100119".to_owned(),
            tax_year: 2023,
            accrued_fen: 650_000,
            released_fen: 650_000,
            deducted: vec![TaxAmount {
                tax: TaxKind::Vat.into(),
                amount_fen: 380_001,
            }],
            forfeited_fen: 269_999,
            settled: true,
            ..EmployerBalance::default()
        };
        let text = balance(
            &year,
            View {
                lang: Lang::En,
                columns: 80,
            },
        );
        let expected = "\
┌───────────────────────┬─────────┐
│ item                  ┆    yuan │
╞═══════════════════════╪═════════╡
│ accrued               ┆ 6500.00 │
│ released              ┆ 6500.00 │
│ deducted VAT          ┆ 3800.01 │
│ remaining             ┆    0.00 │
│ forfeited             ┆ 2699.99 │
│ over-deducted         ┆    0.00 │
│ supported, not booked ┆    0.00 │
└───────────────────────┴─────────┘
";
        assert!(text.ends_with(expected), "{text}");
        assert!(text.contains("│ settled             ┆ yes "), "{text}");
    }
}
