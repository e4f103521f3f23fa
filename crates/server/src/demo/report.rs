//! What the year came to, for a reader. The same input gives the same text.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use mamagang_domain::reason::ReasonCode as KnownReason;
use mamagang_proto::v1::worker_ref::Ref;
use mamagang_proto::v1::{Decision, KeyGroupCheck, MonthResult, Outcome, PersonCategory, TaxKind};

use super::play::Played;
use super::sample::Sample;
use super::totals::{Totals, YearTotal};
use crate::client::render::{self, Detail};
use crate::client::view::{View, yuan};
use crate::client::words::{self, Lang};

/// Outcomes in the order in which they are told.
const OUTCOMES: [Outcome; 3] = [Outcome::Eligible, Outcome::Ineligible, Outcome::Review];

/// The taxes of the periods, in the order in which the quota is used.
const PERIOD_TAXES: [(TaxKind, &str); 4] = [
    (TaxKind::Vat, "VAT"),
    (TaxKind::Umct, "UMCT"),
    (TaxKind::Edu, "EDU"),
    (TaxKind::Ledu, "LEDU"),
];

/// Where the taxes stand in a row of the year by employer.
const TAX_COLUMNS: std::ops::Range<usize> = 3..8;

/// The width from which the year by employer is one table.
const WHOLE_YEAR_COLUMNS_MIN: u16 = 130;

/// The whole report.
pub(super) fn report(sample: &Sample, played: &Played, totals: &Totals, view: View) -> String {
    let mut text = head(sample, view);
    text.push_str(&by_outcome(played, view));
    text.push_str(&by_reason(played, view));
    text.push_str(&by_employer(sample, totals, view));
    text.push_str(&one_in_full(sample, played, view));
    text
}

fn head(sample: &Sample, view: View) -> String {
    let counted = [
        (view.pick("资料", "facts recorded"), sample.facts.len()),
        (view.pick("核验", "checks made"), sample.checks.len()),
        (
            view.pick("申报扣减", "deductions posted"),
            sample.declarations.len(),
        ),
        (
            view.pick("汇算清缴", "years settled"),
            sample.settlements.len(),
        ),
    ];
    let mut grid = view.headless();
    for (name, count) in counted {
        grid.row([name.to_owned(), count.to_string()]);
    }
    grid.figures([1]);
    format!(
        "{}\n{}",
        view.pick("妈妈岗 · 演示", "mamagang · demo"),
        grid.text()
    )
}

fn by_outcome(played: &Played, view: View) -> String {
    let head = [
        view.pick("结论", "outcome"),
        view.pick("核验", "checks"),
        view.pick("人月", "person-months"),
        view.pick("金额（元）", "yuan"),
    ];
    let mut grid = view.table(head);
    for outcome in OUTCOMES {
        let number = i32::from(outcome);
        let decisions = played.checks.iter().map(|(_, decision)| decision);
        let checks = decisions
            .filter(|decision| decision.outcome == number)
            .count();
        let months: Vec<&MonthResult> = months_of(played)
            .filter(|month| month.outcome == number)
            .collect();
        grid.row([
            words::outcome(number, view.lang),
            checks.to_string(),
            months.len().to_string(),
            yuan(months.iter().map(|month| month.amount_fen).sum()),
        ]);
    }
    grid.figures([1, 2, 3]);
    format!(
        "\n{}\n{}",
        view.pick("核验结论", "Checks by outcome"),
        grid.text()
    )
}

fn by_reason(played: &Played, view: View) -> String {
    let mut counts: BTreeMap<(i32, i32), usize> = BTreeMap::new();
    for month in months_of(played) {
        *counts
            .entry((precedence(month.reason), month.reason))
            .or_default() += 1;
    }
    let head = [
        view.pick("理由", "reason"),
        view.pick("说明", "means"),
        view.pick("人月", "person-months"),
    ];
    let mut grid = view.table(head);
    for ((_, reason), count) in counts {
        let cause = words::reason_cause(reason, view.lang);
        grid.row([
            words::reason_name(reason),
            cause.to_owned(),
            count.to_string(),
        ]);
    }
    grid.figures([2]).whole([0]);
    format!(
        "\n{}\n{}",
        view.pick("各月理由", "Months by reason"),
        grid.text()
    )
}

fn months_of(played: &Played) -> impl Iterator<Item = &MonthResult> {
    played
        .checks
        .iter()
        .flat_map(|(_, decision)| &decision.months)
}

/// Reasons of a newer service come last.
fn precedence(reason: i32) -> i32 {
    KnownReason::from_number(reason).map_or(i32::MAX, KnownReason::precedence)
}

/// Every employer of the sample; one that settled no year has dashes. Where the width allows no single table the taxes
/// stand in one of their own.
fn by_employer(sample: &Sample, totals: &Totals, view: View) -> String {
    let (head, rows) = employer_rows(sample, totals, view);
    let (taxes, others) = (TAX_COLUMNS.collect::<Vec<_>>(), [0, 1, 2, 8, 9].to_vec());
    let parts = if view.columns < WHOLE_YEAR_COLUMNS_MIN {
        vec![others, std::iter::once(0).chain(taxes).collect()]
    } else {
        vec![(0..head.len()).collect()]
    };
    let mut text = format!(
        "\n{}\n",
        view.pick("各单位全年扣减（元）", "The year by employer (yuan)")
    );
    for columns in parts {
        let of = |row: &[String]| -> Vec<String> {
            columns
                .iter()
                .filter_map(|column| row.get(*column).cloned())
                .collect()
        };
        let part_head = of(&head);
        let mut grid = view.table(part_head.iter().map(String::as_str));
        for row in &rows {
            grid.row(of(row));
        }
        grid.figures(1..part_head.len());
        text.push_str(&grid.text());
    }
    text
}

/// The head and the rows: name, months, entitled, the taxes, forfeited, over-deducted.
fn employer_rows(sample: &Sample, totals: &Totals, view: View) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec![
        view.pick("用人单位", "employer").to_owned(),
        view.pick("人月", "months").to_owned(),
        view.pick("应享额度", "entitled").to_owned(),
    ];
    head.extend(PERIOD_TAXES.map(|(tax, _)| words::tax(tax.into(), view.lang)));
    head.push(words::tax(TaxKind::Cit.into(), view.lang));
    head.push(view.pick("作废", "forfeited").to_owned());
    head.push(view.pick("多扣", "over-deducted").to_owned());
    let mut rows = Vec::new();
    for (code, name) in sample.employers() {
        let years: Vec<&YearTotal> = totals
            .employers
            .iter()
            .filter(|year| year.employer_code == code)
            .collect();
        if years.is_empty() {
            let dashes = std::iter::repeat_n("–", head.len() - 1);
            rows.push(
                std::iter::once(name)
                    .chain(dashes)
                    .map(str::to_owned)
                    .collect(),
            );
        }
        rows.extend(years.into_iter().map(|year| figures_of(name, &[year])));
    }
    let all: Vec<&YearTotal> = totals.employers.iter().collect();
    rows.push(figures_of(view.pick("合计", "total"), &all));
    (head, rows)
}

fn figures_of(name: &str, years: &[&YearTotal]) -> Vec<String> {
    let sum = |of: &dyn Fn(&YearTotal) -> i64| yuan(years.iter().map(|year| of(year)).sum());
    let months: i64 = years.iter().map(|year| i64::from(year.months_booked)).sum();
    let mut row = vec![
        name.to_owned(),
        months.to_string(),
        sum(&|year| year.entitled_fen),
    ];
    for (_, tax) in PERIOD_TAXES {
        row.push(sum(&|year| {
            year.deducted_fen.get(tax).copied().unwrap_or(0)
        }));
    }
    row.push(sum(&|year| year.cit_fen));
    row.push(sum(&|year| year.forfeited_fen));
    row.push(sum(&|year| year.over_deducted_fen));
    row
}

/// The first worker who was registered as unemployed and is eligible, with everything that the decision rests on.
fn one_in_full(sample: &Sample, played: &Played, view: View) -> String {
    let is_it = |decision: &Decision| {
        decision.outcome() == Outcome::Eligible
            && decision.category() == PersonCategory::RegisteredUnemployed
    };
    let found = played
        .checks
        .iter()
        .position(|(_, decision)| is_it(decision));
    let Some(((row_key, decision), check)) =
        found.and_then(|index| played.checks.get(index).zip(sample.checks.get(index)))
    else {
        return String::new();
    };
    let employers = sample.employers();
    let employer = employers
        .iter()
        .find(|(code, _)| *code == check.employer_code);
    let employer = employer.map_or(check.employer_code.as_str(), |(_, name)| *name);
    let title = view.pick("一例判定的全部依据", "One decision in full");
    let who = format!("{row_key} · {employer} · {}", masked_name(check));
    format!(
        "\n{title}\n{who}\n{}",
        render::decision(decision, Detail::Repeatable, view)
    )
}

/// The first character, as the service itself shows names.
fn masked_name(check: &KeyGroupCheck) -> String {
    let named = check
        .worker
        .as_ref()
        .and_then(|worker| worker.r#ref.as_ref());
    let Some(Ref::Identity(identity)) = named else {
        return String::new();
    };
    let mut characters = identity.name.chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    first + &"*".repeat(characters.count())
}

/// How to ask the service that was left running.
pub(super) fn how_to_ask(
    sample: &Sample,
    grpc: SocketAddr,
    http: SocketAddr,
    lang: Lang,
) -> String {
    let employer = sample.employers().first().map_or("", |(code, _)| *code);
    let balance = format!(
        "mamagang balance --address http://{grpc} --employer {employer} --year 2023 --lang {}",
        lang.pick("zh", "en")
    );
    let curl = format!(
        "buf curl --protocol grpc --http2-prior-knowledge \
         -d '{{\"employerCode\": \"{employer}\", \"taxYear\": 2023}}' \
         http://{grpc}/mamagang.v1.LedgerService/GetEmployerBalance"
    );
    let title = lang.pick(
        "服务仍在运行，按 Ctrl-C 结束。",
        "The service is still running; Ctrl-C ends it.",
    );
    format!("\n{title}\n  gRPC http://{grpc}\n  HTTP http://{http}\n  {balance}\n  {curl}\n")
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1::{IdentityDocument, WorkerRef};

    use super::*;

    const VIEW: View = View {
        lang: Lang::Zh,
        columns: 160,
    };

    fn year(code: &str, entitled_fen: i64, vat_fen: i64) -> YearTotal {
        YearTotal {
            employer_code: code.to_owned(),
            tax_year: 2023,
            months_booked: 10,
            entitled_fen,
            deducted_fen: BTreeMap::from([("VAT".to_owned(), vat_fen)]),
            cit_payable_fen: 0,
            cit_fen: 0,
            forfeited_fen: entitled_fen - vat_fen,
            over_deducted_fen: 0,
        }
    }

    fn totals(employers: Vec<YearTotal>) -> Totals {
        Totals {
            employers,
            ..Totals::of(&Played::default())
        }
    }

    #[test]
    fn employers_are_listed_in_file_order_and_summed() {
        let sample = Sample::load(None).unwrap();
        let (first, second) = (sample.employers()[0].0, sample.employers()[1].0);
        let text = by_employer(
            &sample,
            &totals(vec![year(second, 100_001, 1), year(first, 65_000, 65_000)]),
            VIEW,
        );
        let lines: Vec<String> = text.lines().map(|line| line.replace(' ', "")).collect();
        assert!(
            lines[5].contains("木棉制衣有限公司┆10┆650.00┆650.00┆0.00"),
            "{text}"
        );
        assert!(
            lines[6].contains("香山灯饰有限公司┆10┆1000.01┆0.01┆0.00"),
            "{text}"
        );
        assert!(lines[7].contains("晨光托育有限公司┆–┆–┆–"), "{text}");
        let last = &lines[lines.len() - 2];
        assert!(
            last.contains("合计┆20┆1650.01┆650.01┆0.00┆0.00┆0.00┆0.00┆1000.00┆0.00"),
            "{text}"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_the_taxes_in_a_table_of_their_own() {
        let sample = Sample::load(None).unwrap();
        let first = sample.employers()[0].0;
        let year = totals(vec![year(first, 65_000, 64_999)]);
        let text = by_employer(
            &sample,
            &year,
            View {
                columns: 80,
                ..VIEW
            },
        );
        assert_eq!(text.matches("用人单位").count(), 2, "{text}");
        assert_eq!(text.matches("多扣").count(), 1, "{text}");
        assert_eq!(text.matches("地方教育附加").count(), 1, "{text}");
        let (others, taxes) = text.split_at(text.rfind("用人单位").unwrap());
        assert!(
            others.contains("650.00") && others.contains("0.01"),
            "{text}"
        );
        assert!(
            taxes.contains("649.99") && !taxes.contains("650.00"),
            "{text}"
        );
    }

    #[test]
    fn reasons_are_counted_in_their_order_of_precedence() {
        use mamagang_proto::v1::ReasonCode as R;
        let month = |reason: R| MonthResult {
            reason: reason.into(),
            ..MonthResult::default()
        };
        let decision = Decision {
            months: [
                R::AllConditionsMet,
                R::MonthBookedElsewhere,
                R::NotInForce,
                R::AllConditionsMet,
            ]
            .map(month)
            .to_vec(),
            ..Decision::default()
        };
        let played = Played {
            checks: vec![("K1".to_owned(), decision)],
            ..Played::default()
        };
        let text = by_reason(&played, VIEW);
        let order: Vec<Option<usize>> = [
            "NOT_IN_FORCE",
            "MONTH_BOOKED_ELSEWHERE",
            "ALL_CONDITIONS_MET",
        ]
        .map(|name| text.find(name))
        .to_vec();
        assert!(
            order.iter().all(Option::is_some) && order.is_sorted(),
            "{text}"
        );
        assert!(text.contains("┆    2 │"), "{text}");
    }

    #[test]
    fn names_of_people_are_masked() {
        let named = |name: &str| KeyGroupCheck {
            worker: Some(WorkerRef {
                r#ref: Some(Ref::Identity(IdentityDocument {
                    name: name.to_owned(),
                    ..IdentityDocument::default()
                })),
            }),
            ..KeyGroupCheck::default()
        };
        assert_eq!(masked_name(&named("邓燕娟")), "邓**");
        assert_eq!(masked_name(&named("")), "");
    }
}
