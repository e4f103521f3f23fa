//! Cases of the allocation: a year of postings, corrections and its settlement, step by step.

use std::sync::Arc;

use mamagang_domain::fact::EmployerKind;
use mamagang_domain::ledger::{
    Amendment, Caveat, Declaration, LedgerRefusal, Plan, Release, TaxLine,
};
use mamagang_domain::money::{Fen, RateBp};
use mamagang_domain::month::TaxYear;
use mamagang_domain::policy::{CodeGroup, PolicyBook};
use mamagang_domain::reason::ReasonCode;
use mamagang_domain::tax::TaxKind;
use serde::Deserialize;

use super::cases::{Case, Compared};
use super::desk::{Desk, WorkerFacts};
use super::words::{Cycle, Day, Months, Period, Yuan, list, or_none};
use super::world::{day, profile};

/// The day on which steps are taken unless a step says otherwise: after every year of the cases.
const TODAY: &str = "2030-01-01";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationCase {
    name: String,
    source: String,
    given: Given,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    employer: EmployerKind,
    tax_year: i32,
    files: Cycle,
    umct_percent: i32,
    #[serde(default)]
    half_rate: bool,
    workers: Vec<Workers>,
}

/// Workers of one group with the same counted months.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Workers {
    #[serde(default = "one")]
    count: usize,
    group: Group,
    months: Vec<Months>,
}

const fn one() -> usize {
    1
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Group {
    Poverty,
    Unemployment,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    Post(Post),
    Amend(Post),
    /// From here on the facts support these months instead.
    FactsBecome(Vec<Workers>),
    Recompute(Recompute),
    Settle(Settle),
    Balance(BalanceExpected),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    period: Period,
    vat_yuan: Yuan,
    sales_yuan: Option<Yuan>,
    release: Option<Release>,
    on: Option<Day>,
    expect: PostExpected,
}

/// Amounts by tax are compared where they are given; refusals and caveats are told in full.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostExpected {
    refused: Option<String>,
    due: Option<Taxes>,
    deducted: Option<Taxes>,
    deducted_for_poverty: Option<Taxes>,
    halved: Option<Taxes>,
    paid: Option<Taxes>,
    /// What is released and not yet deducted after the step.
    left_yuan: Option<Yuan>,
    #[serde(default)]
    caveats: Vec<ReasonCode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
struct Taxes {
    vat: Yuan,
    umct: Yuan,
    edu: Yuan,
    ledu: Yuan,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recompute {
    over_deducted_yuan: Yuan,
    late_surcharge_from: Option<Day>,
    #[serde(default)]
    caveats: Vec<ReasonCode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settle {
    cit_payable_yuan: Yuan,
    on: Option<Day>,
    refused: Option<String>,
    cit_deducted_yuan: Option<Yuan>,
    cit_paid_yuan: Option<Yuan>,
    forfeited_yuan: Option<Yuan>,
    #[serde(default)]
    caveats: Vec<ReasonCode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BalanceExpected {
    months: i32,
    accrued_yuan: Yuan,
    deducted: Taxes,
    cit_yuan: Yuan,
    remaining_yuan: Yuan,
    forfeited_yuan: Yuan,
    over_deducted_yuan: Yuan,
}

fn facts(workers: &[Workers]) -> Vec<WorkerFacts> {
    let mut all = Vec::new();
    for given in workers {
        let ranges = given.months.iter();
        let one_worker = WorkerFacts {
            group: match given.group {
                Group::Poverty => CodeGroup::Poverty,
                Group::Unemployment => CodeGroup::Unemployment,
            },
            months: ranges
                .flat_map(|range| range.first.through(range.last))
                .collect(),
        };
        all.extend(std::iter::repeat_n(one_worker, given.count));
    }
    all
}

impl Given {
    fn desk(&self, book: &Arc<PolicyBook>) -> Desk {
        let mut profile = profile(self.employer, day("2010-01-01"));
        profile.filing_cycle = self.files.into();
        profile.umct_rate_bp = RateBp::new(self.umct_percent * 100);
        profile.half_rate_surcharges = self.half_rate;
        let year = TaxYear::new(self.tax_year).expect("a tax year");
        let mut desk = Desk::new(Arc::clone(book), profile, year);
        desk.facts = facts(&self.workers);
        desk
    }
}

/// The refusal's name without its details.
fn refusal(error: &LedgerRefusal) -> String {
    let text = format!("{error:?}");
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn codes<'a>(codes: impl IntoIterator<Item = &'a ReasonCode>) -> String {
    list(codes.into_iter().map(|code| code.name()))
}

fn on(day_given: Option<Day>) -> mamagang_domain::date::CivilDate {
    day_given.map_or_else(|| day(TODAY), |day| day.0)
}

impl Taxes {
    fn shown(&self) -> String {
        let parts = [&self.vat, &self.umct, &self.edu, &self.ledu];
        let texts = parts.map(|part| part.0.to_string());
        format!(
            "VAT {} UMCT {} EDU {} LEDU {}",
            texts[0], texts[1], texts[2], texts[3]
        )
    }
}

fn shown(lines: &[TaxLine], part: impl Fn(&TaxLine) -> Fen) -> String {
    let texts = lines.iter().map(|line| {
        let name = match line.tax {
            TaxKind::Vat => "VAT",
            TaxKind::Umct => "UMCT",
            TaxKind::Edu => "EDU",
            TaxKind::Ledu => "LEDU",
            TaxKind::Cit => "CIT",
        };
        format!("{name} {}", part(line))
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// Writes a case's steps down, expected beside actual.
struct Played {
    desk: Desk,
    compared: Compared,
}

impl Played {
    /// Compares the refusals; the plan where there is one.
    fn taken(
        &mut self,
        step: &str,
        result: Result<Plan, LedgerRefusal>,
        refused: Option<&String>,
        caveats: &[ReasonCode],
    ) -> Option<Plan> {
        let told = result.as_ref().err().map(refusal);
        self.compared
            .add(&format!("{step} refused"), or_none(refused), or_none(told));
        let plan = result.ok()?;
        let of_vat_leg = |caveat: &Caveat| caveat.code == ReasonCode::VatLegUnconfirmed2026;
        if plan.caveats.iter().any(of_vat_leg) {
            self.compared.told.push("key_group.vat_leg".to_owned());
        }
        let found = codes(plan.caveats.iter().map(|caveat| &caveat.code));
        self.compared
            .add(&format!("{step} caveats"), codes(caveats), found);
        Some(plan)
    }

    fn post(&mut self, step: &str, post: &Post) {
        let declared = Declaration {
            period: post.period.0,
            vat_payable_fen: post.vat_yuan.0,
            sales_fen: post.sales_yuan.map(|yuan| yuan.0),
            release: post.release.unwrap_or_default(),
            return_number: String::new(),
            declared_at: None,
        };
        let result = self.desk.post(&declared, on(post.on));
        self.posted(step, post, result);
    }

    fn amend(&mut self, step: &str, post: &Post) {
        let amendment = Amendment {
            period: post.period.0,
            vat_payable_fen: post.vat_yuan.0,
            sales_fen: post.sales_yuan.map(|yuan| yuan.0),
            release: post.release,
            reason: "corrected return".to_owned(),
        };
        let result = self.desk.amend(&amendment, on(post.on));
        self.posted(step, post, result);
    }

    fn posted(&mut self, step: &str, post: &Post, result: Result<Plan, LedgerRefusal>) {
        let expect = &post.expect;
        let plan = self.taken(step, result, expect.refused.as_ref(), &expect.caveats);
        let lines = plan
            .and_then(|plan| plan.drafts.last().map(|draft| draft.lines.clone()))
            .unwrap_or_default();
        let mut compare = |label: &str, taxes: &Option<Taxes>, part: fn(&TaxLine) -> Fen| {
            if let Some(taxes) = taxes {
                let label = format!("{step} {label}");
                self.compared
                    .add(&label, taxes.shown(), shown(&lines, part));
            }
        };
        compare("due", &expect.due, |line| line.due_fen);
        compare("deducted", &expect.deducted, |line| line.deducted.total());
        compare(
            "deducted for poverty",
            &expect.deducted_for_poverty,
            |line| line.deducted.poverty,
        );
        compare("halved", &expect.halved, |line| line.halved_fen);
        compare("paid", &expect.paid, |line| line.paid_fen);
        if let Some(left) = &expect.left_yuan {
            let state = &self.desk.state;
            let actual = state.released().total() - state.deducted().total();
            self.compared.add(&format!("{step} left"), left.0, actual);
        }
    }

    fn recompute(&mut self, step: &str, expect: &Recompute) {
        let result = self.desk.recompute(day(TODAY));
        let Some(plan) = self.taken(step, result, None, &expect.caveats) else {
            return;
        };
        let over = plan.over_deducted_fen();
        self.compared.add(
            &format!("{step} over_deducted"),
            expect.over_deducted_yuan.0,
            over,
        );
        let from = expect.late_surcharge_from.map(|day| day.0);
        let label = format!("{step} late_surcharge_from");
        self.compared.add(
            &label,
            or_none(from),
            or_none(plan.late_surcharge_from_on()),
        );
    }

    fn settle(&mut self, step: &str, expect: &Settle) {
        let result = self.desk.settle(expect.cit_payable_yuan.0, on(expect.on));
        let plan = self.taken(step, result, expect.refused.as_ref(), &expect.caveats);
        let Some(draft) = plan.and_then(|plan| plan.drafts.into_iter().next()) else {
            return;
        };
        let mut compare = |label: &str, expected: Option<Yuan>, actual: Fen| {
            if let Some(expected) = expected {
                self.compared
                    .add(&format!("{step} {label}"), expected.0, actual);
            }
        };
        let line = draft.lines[0];
        compare(
            "cit_deducted",
            expect.cit_deducted_yuan,
            line.deducted.total(),
        );
        compare("cit_paid", expect.cit_paid_yuan, line.paid_fen);
        compare(
            "forfeited",
            expect.forfeited_yuan,
            draft.forfeited_change.total(),
        );
    }

    fn balance(&mut self, step: &str, expect: &BalanceExpected) {
        let balance = self.desk.state.balance();
        let [vat, umct, edu, ledu, cit] = balance.deducted_fen;
        let mut compare = |label: &str, expected: Fen, actual: Fen| {
            self.compared
                .add(&format!("{step} {label}"), expected, actual);
        };
        compare("accrued", expect.accrued_yuan.0, balance.accrued_fen);
        compare("CIT", expect.cit_yuan.0, cit);
        compare("remaining", expect.remaining_yuan.0, balance.remaining_fen);
        compare("forfeited", expect.forfeited_yuan.0, balance.forfeited_fen);
        compare(
            "over_deducted",
            expect.over_deducted_yuan.0,
            balance.over_deducted_fen,
        );
        let actual = format!("VAT {vat} UMCT {umct} EDU {edu} LEDU {ledu}");
        self.compared
            .add(&format!("{step} deducted"), expect.deducted.shown(), actual);
        self.compared.add(
            &format!("{step} months"),
            expect.months,
            balance.months_counted,
        );
    }
}

impl Case for AllocationCase {
    const FOLDER: &'static str = "allocation";

    fn name(&self) -> &str {
        &self.name
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn run(&self, book: &Arc<PolicyBook>) -> Compared {
        let mut played = Played {
            desk: self.given.desk(book),
            compared: Compared::default(),
        };
        for (number, step) in (1..).zip(&self.steps) {
            let label = format!("step {number}");
            match step {
                Step::Post(post) => played.post(&label, post),
                Step::Amend(post) => played.amend(&label, post),
                Step::FactsBecome(workers) => played.desk.facts = facts(workers),
                Step::Recompute(expect) => played.recompute(&label, expect),
                Step::Settle(expect) => played.settle(&label, expect),
                Step::Balance(expect) => played.balance(&label, expect),
            }
        }
        played.compared
    }
}
