//! `mamagang simulate`: hires that are only supposed, side by side.

use mamagang_proto::v1::{SimulateHireRequest, SimulateHireResponse, SimulatedHire};

use super::args::SimulateArgs;
use super::ask::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::json;
use super::view::{View, yuan};
use super::words;

/// Sends the request of a file and shows each candidate, then all of them together.
pub(super) async fn simulate(
    args: &SimulateArgs,
    connection: &Connection,
    view: View,
) -> Result<Answer, Failure> {
    let path = args.request.display();
    let text = std::fs::read_to_string(&args.request)
        .map_err(|error| Failure::File(format!("{path}: {error}")))?;
    let request: SimulateHireRequest = json::read("mamagang.v1.SimulateHireRequest", &text)?;
    let answer = connection.eligibility().simulate_hire(request).await?;
    let answer = answer.into_inner();
    let shown = match args.client.json {
        true => json::of("mamagang.v1.SimulateHireResponse", &answer)? + "\n",
        false => tables(&answer, view),
    };
    Ok(Answer::new(shown, 0))
}

fn tables(answer: &SimulateHireResponse, view: View) -> String {
    let mut text = String::new();
    for hire in &answer.hires {
        text.push_str(&table(&hire.candidate_key, hire, view));
    }
    if let (Some(together), true) = (&answer.together, answer.hires.len() > 1) {
        text.push_str(&table(view.pick("合计", "together"), together, view));
    }
    text
}

fn table(title: &str, hire: &SimulatedHire, view: View) -> String {
    if hire.years.is_empty() {
        let outcome = words::outcome(hire.outcome, view.lang);
        return format!("{title}: {outcome} {}\n\n", hire.message);
    }
    let mut grid = view.table([
        view.pick("年度", "year"),
        view.pick("月数", "months"),
        view.pick("额度（元）", "entitled, yuan"),
        view.pick("各税扣减（元）", "taken by tax, yuan"),
        view.pick("失效（元）", "lost, yuan"),
    ]);
    for year in &hire.years {
        let taken = year.taken.iter().map(|taken| {
            let tax = words::tax(taken.tax, view.lang);
            format!("{tax} {}", yuan(taken.amount_fen))
        });
        grid.row([
            year.tax_year.to_string(),
            year.months.to_string(),
            yuan(year.entitled_fen),
            taken.collect::<Vec<_>>().join(", "),
            year.forfeited_fen.map(yuan).unwrap_or_default(),
        ]);
    }
    grid.figures([1, 2, 4]).whole([0]);
    let window = match hire.start_month.is_empty() {
        true => String::new(),
        false => format!(" {} – {}", hire.start_month, hire.last_month),
    };
    format!("{title}{window}\n{}\n", grid.text())
}
