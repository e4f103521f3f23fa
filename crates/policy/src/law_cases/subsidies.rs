//! Cases of measures 3, 4, 5 and 7: facts and claims in, a subsidy month by month out.

use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{
    ContractKind, DependentChild, EmployerKind, FactKind, OtherRelief, ReliefCode, TrainingRecord,
    WorkerFact,
};
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::key_group::Person;
use mamagang_domain::money::Fen;
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::{Outcome, ReasonCode};
use mamagang_domain::subsidy::{
    ClaimableMonth, ClaimedMonth, Decision, Evidence, SubsidyKind, SubsidyPolicy, claim_window,
    decide, line_refusal,
};
use serde::Deserialize;

use super::cases::{Case, Compared};
use super::reviews::{ReviewGiven, add_reviews};
use super::words::{
    Day, Employer, InsuranceLine, Month, Months, MonthsFound, Yuan, list, outcome_name,
};
use super::world::{World, contract, day, flexible, paid};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsidyCase {
    name: String,
    source: String,
    given: Given,
    ask: Ask,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    subsidy: SubsidyKind,
    /// Not needed for training.
    months: Option<Months>,
    /// The day on which the months are claimed, where the case is about a claim.
    claimed_on: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    employer: EmployerKind,
    #[serde(default)]
    person: PersonWord,
    /// The last day on which the person has a child under the age; absent: no record.
    child_until: Option<Day>,
    #[serde(default)]
    contracts: Vec<ContractGiven>,
    #[serde(default)]
    insurance: Vec<InsuranceLine>,
    #[serde(default)]
    flexible: Vec<Span>,
    #[serde(default)]
    filings: Vec<FilingGiven>,
    #[serde(default)]
    trainings: Vec<TrainingGiven>,
    #[serde(default)]
    claimed: Vec<Claimed>,
    /// Months of measure 8 in the ledger.
    #[serde(default)]
    booked: Vec<Booked>,
    #[serde(default)]
    other_insurance_subsidy: Vec<Relief>,
    /// Of the subsidy asked about.
    #[serde(default)]
    reviews: Vec<ReviewGiven>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PersonWord {
    #[default]
    Known,
    Unknown,
    NotMatched,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    from: Day,
    to: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractGiven {
    #[serde(default)]
    employer: Employer,
    kind: Option<ContractKind>,
    signed: Option<Day>,
    start: Day,
    end: Option<Day>,
    terminated: Option<Day>,
    filing: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilingGiven {
    id: String,
    kind: FilingKind,
    #[serde(default)]
    employer: Employer,
    submitted: Option<Day>,
    accepted: Option<Day>,
    revoked: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainingGiven {
    #[serde(default)]
    employer: Employer,
    plan: String,
    hours: i32,
    completed: Option<Day>,
    #[serde(default = "yes")]
    standard_met: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claimed {
    subsidy: SubsidyKind,
    employer: Employer,
    months: Months,
    /// Of each month; needed for training alone.
    yuan: Option<Yuan>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Booked {
    employer: Employer,
    months: Months,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Relief {
    from: Month,
    to: Option<Month>,
}

/// Caveats are told in full; the rest is compared where it is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: Outcome,
    #[serde(default)]
    months: Vec<MonthsFound>,
    #[serde(default)]
    trainings: Vec<TrainingFound>,
    total_yuan: Yuan,
    #[serde(default)]
    caveats: Vec<ReasonCode>,
    reasons: Option<Vec<ReasonCode>>,
    /// Names of parameters, `subsidy.` left out.
    assumptions: Option<Vec<String>>,
    missing_facts: Option<Vec<FactKind>>,
    months_used: Option<i32>,
    start_month: Option<Month>,
    /// What a claim on the day asked has of the months: `2022-07..2022-09 300.00` each, or the
    /// reason why a month is no line.
    lines: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainingFound {
    plan: String,
    reason: ReasonCode,
    yuan: Yuan,
}

impl Given {
    fn world(&self) -> World {
        let mut world = World::default();
        world.employ(self.employer, day("2010-01-01"));
        if let Some(until) = self.child_until {
            let child = DependentChild { until_on: until.0 };
            world.add(WorkerFact::Child(child));
        }
        for (number, given) in self.contracts.iter().enumerate() {
            let start_on = given.start.0;
            let mut body = contract(&format!("C{number}"), start_on, given.end.map(|day| day.0));
            body.employer_code = given.employer.code();
            body.kind = given.kind.unwrap_or(body.kind);
            body.signed_on = given.signed.map_or(start_on, |day| day.0);
            body.terminated_on = given.terminated.map(|day| day.0);
            body.filing_id = given.filing.clone().unwrap_or_default();
            world.add(WorkerFact::Contract(body));
        }
        for line in &self.insurance {
            for month in line.months.first.through(line.months.last) {
                let mut body = paid(line.employer, month);
                body.insurances = line.insurances;
                body.paid_on = line.paid_on.unwrap_or(body.paid_on);
                world.add(WorkerFact::Contribution(body));
            }
        }
        for given in &self.flexible {
            let to_on = given.to.map(|day| day.0);
            world.add(WorkerFact::Flexible(flexible(given.from.0, to_on)));
        }
        for given in &self.trainings {
            world.add(WorkerFact::Training(TrainingRecord {
                employer_code: given.employer.code(),
                plan_id: given.plan.clone(),
                class_hours: given.hours,
                completed_on: given.completed.map(|day| day.0),
                standard_met: given.standard_met,
            }));
        }
        for given in &self.other_insurance_subsidy {
            world.add(WorkerFact::Relief(OtherRelief {
                employer_code: Employer::A.code(),
                relief_code: ReliefCode::SocialInsuranceSubsidy,
                from_month: given.from.0,
                to_month: given.to.map(|month| month.0),
            }));
        }
        for used in &self.booked {
            world.book(used.employer, used.months.first, used.months.last);
        }
        world.filings = self.filings.iter().map(FilingGiven::filing).collect();
        world
    }

    fn claimed(&self) -> Vec<ClaimedMonth> {
        let mut claimed = Vec::new();
        for given in &self.claimed {
            let months = given.months.first.through(given.months.last);
            claimed.extend(months.map(|month| ClaimedMonth {
                kind: given.subsidy,
                month,
                employer_code: given.employer.code(),
                amount_fen: given.yuan.map_or(Fen::ZERO, |yuan| yuan.0),
            }));
        }
        claimed.sort_unstable();
        claimed
    }
}

impl FilingGiven {
    fn filing(&self) -> Filing {
        Filing {
            filing_id: self.id.clone(),
            employer_code: self.employer.code(),
            kind: self.kind,
            submitted_on: self.submitted.map(|day| day.0),
            accepted_on: self.accepted.map(|day| day.0),
            revoked_on: self.revoked.map(|day| day.0),
        }
    }
}

/// Neighbouring months with the same answer as one range.
fn ranges(decision: &Decision) -> Vec<String> {
    let mut ranges: Vec<MonthsFound> = Vec::new();
    for found in &decision.months {
        match ranges.last_mut() {
            Some(last) if last.code == found.code => last.months.last = found.month,
            _ => ranges.push(MonthsFound {
                months: Months {
                    first: found.month,
                    last: found.month,
                },
                outcome: found.outcome,
                code: found.code,
            }),
        }
    }
    ranges.iter().map(ToString::to_string).collect()
}

/// What a claim on a day has of each month; neighbouring months with the same as one range.
fn lines(
    policy: &SubsidyPolicy,
    decision: &Decision,
    claimed: &[ClaimedMonth],
    on: CivilDate,
) -> Vec<String> {
    let mut lines: Vec<(Months, String)> = Vec::new();
    for found in &decision.months {
        let held = |it: &ClaimedMonth| (it.kind, it.month) == (decision.kind, found.month);
        let month = ClaimableMonth {
            month: found.month,
            amount_fen: found.amount_fen,
            code: found.code,
            is_claimed: claimed.iter().any(held),
        };
        let told = line_refusal(policy, month, on);
        let told = told.map_or_else(|| found.amount_fen.yuan(), |code| code.name().to_owned());
        match lines.last_mut() {
            Some((months, last)) if *last == told => months.last = found.month,
            _ => lines.push((
                Months {
                    first: found.month,
                    last: found.month,
                },
                told,
            )),
        }
    }
    let lines = lines.into_iter();
    lines
        .map(|(months, told)| format!("{months} {told}"))
        .collect()
}

fn codes<'a>(codes: impl IntoIterator<Item = &'a ReasonCode>) -> String {
    list(codes.into_iter().map(|code| code.name()))
}

impl Case for SubsidyCase {
    const FOLDER: &'static str = "subsidies";

    fn name(&self) -> &str {
        &self.name
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn run(&self, book: &Arc<PolicyBook>) -> Compared {
        let mut world = self.given.world();
        add_reviews(&mut world, self.ask.subsidy.measure(), &self.given.reviews);
        let claimed = self.given.claimed();
        let code = Employer::Us.code();
        let evidence = Evidence {
            person: match self.given.person {
                PersonWord::Known => world.known(),
                PersonWord::Unknown => Person::Unknown,
                PersonWord::NotMatched => Person::NotMatched,
            },
            employer_code: &code,
            employer: &world.employer,
            booked: &world.booked,
            claimed: &claimed,
            filings: &world.filings,
        };
        let (from, through) = match self.ask.months {
            Some(months) => (months.first, months.last),
            None => (
                super::world::month("2022-07"),
                super::world::month("2022-07"),
            ),
        };
        let decision = decide(&book.subsidy, self.ask.subsidy, &evidence, from, through);
        let mut compared = self.expect.compare(&decision);
        let told = self.ask.claimed_on.map(|on| {
            // The days of claiming rest on defaults of their own.
            let months = decision.months.iter().map(|found| found.month);
            let windows = months.filter_map(|month| claim_window(&book.subsidy, month));
            windows.for_each(|window| compared.tell_assumptions(&window.assumptions));
            lines(&book.subsidy, &decision, &claimed, on.0)
        });
        let expected = self.expect.lines.iter().flatten().cloned();
        compared.add_lines("lines", expected, told.unwrap_or_default());
        compared
    }
}

impl Expect {
    fn compare(&self, decision: &Decision) -> Compared {
        let mut compared = Compared::default();
        compared.tell_assumptions(&decision.assumptions);
        let (expected, actual) = (outcome_name(self.outcome), outcome_name(decision.outcome));
        compared.add("outcome", expected, actual);
        let expected = self.months.iter().map(ToString::to_string);
        compared.add_lines("months", expected, ranges(decision));
        let expected = self.trainings.iter();
        let expected = expected.map(|it| format!("{} {} {}", it.plan, it.reason.name(), it.yuan.0));
        let actual = decision.trainings.iter();
        let actual =
            actual.map(|it| format!("{} {} {}", it.plan_id, it.code.name(), it.amount_fen));
        compared.add_lines("trainings", expected, actual);
        compared.add("total_yuan", self.total_yuan.0, decision.total_fen);
        let told = codes(decision.caveats.iter().map(|caveat| &caveat.code));
        compared.add("caveats", codes(&self.caveats), told);
        if let Some(reasons) = &self.reasons {
            let told = codes(decision.reasons.iter().map(|reason| &reason.code));
            compared.add("reasons", codes(reasons), told);
        }
        if let Some(assumptions) = &self.assumptions {
            let told = decision.assumptions.iter();
            let told: Vec<&str> = told
                .map(|it| it.parameter.strip_prefix("subsidy.").unwrap_or_default())
                .collect();
            compared.add("assumptions", assumptions.join(" "), told.join(" "));
        }
        if let Some(missing) = &self.missing_facts {
            let told = format!("{:?}", decision.missing_facts);
            compared.add("missing_facts", format!("{missing:?}"), told);
        }
        if let Some(used) = self.months_used {
            compared.add("months_used", used, decision.months_used);
        }
        if let Some(start) = self.start_month {
            let told = super::words::or_none(decision.start_month);
            compared.add("start_month", start.0, told);
        }
        compared
    }
}
