//! Cases of measure 8: facts in, a decision month by month out.

use std::sync::Arc;

use mamagang_domain::fact::{
    ContractKind, EmployerKind, FactKind, OtherRelief, PersonCategory, PriorTermUse, ReliefCode,
    WorkerFact,
};
use mamagang_domain::filing::{Filing, FilingKind};
use mamagang_domain::key_group::{Decision, MEASURE, Person, assess, explain};
use mamagang_domain::policy::PolicyBook;
use mamagang_domain::reason::{Outcome, ReasonCode};
use serde::Deserialize;

use super::cases::{Case, Compared};
use super::reviews::{ReviewGiven, add_reviews};
use super::words::{
    Day, Employer, InsuranceLine, Month, Months, MonthsFound, Yuan, list, or_none, outcome_name,
};
use super::world::{World, certificate, contract, day, flexible, paid, poverty, spell};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure8Case {
    name: String,
    source: String,
    given: Given,
    ask: Months,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    employer: EmployerKind,
    #[serde(default)]
    employer_changes: Vec<Change>,
    #[serde(default)]
    person: PersonWord,
    #[serde(default)]
    spells: Vec<Spell>,
    #[serde(default)]
    poverty: Vec<Poverty>,
    #[serde(default)]
    certificates: Vec<CertificateWord>,
    #[serde(default)]
    flexible: Vec<Span>,
    #[serde(default)]
    contracts: Vec<ContractGiven>,
    #[serde(default)]
    insurance: Vec<InsuranceLine>,
    #[serde(default)]
    reliefs: Vec<Relief>,
    #[serde(default)]
    prior_uses: Vec<Used>,
    #[serde(default)]
    booked: Vec<Used>,
    #[serde(default)]
    filings: Vec<FilingGiven>,
    #[serde(default)]
    reviews: Vec<ReviewGiven>,
    #[serde(default)]
    unclaimed_elsewhere: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    from: Day,
    employer: EmployerKind,
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
struct Spell {
    registered: Day,
    ended: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Poverty {
    category: PersonCategory,
    from: Day,
    to: Option<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum CertificateWord {
    Noted,
    WithoutNote,
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
    #[serde(default)]
    part_time: bool,
    filing: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Relief {
    #[serde(default)]
    employer: Employer,
    relief: ReliefCode,
    from: Month,
    to: Option<Month>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    employer: Employer,
    months: Months,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilingGiven {
    id: String,
    kind: FilingKind,
    #[serde(default)]
    employer: Employer,
    accepted: Option<Day>,
    revoked: Option<Day>,
}

/// An absent category, start or end means that the decision tells none, unless it is a refusal;
/// caveats are told in full; the rest is compared where it is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: Outcome,
    category: Option<PersonCategory>,
    start_month: Option<Month>,
    term_end_month: Option<Month>,
    months: Vec<MonthsFound>,
    total_yuan: Yuan,
    #[serde(default)]
    caveats: Vec<ReasonCode>,
    notice: Option<Outcome>,
    notice_reasons: Option<Vec<ReasonCode>>,
    missing_facts: Option<Vec<FactKind>>,
    months_used: Option<i32>,
}

impl Given {
    fn world(&self) -> World {
        let mut world = World::default();
        world.employ(self.employer, day("2010-01-01"));
        for change in &self.employer_changes {
            world.employ(change.employer, change.from.0);
        }
        self.add_status(&mut world);
        self.add_work(&mut world);
        add_reviews(&mut world, MEASURE, &self.reviews);
        for used in &self.booked {
            world.book(used.employer, used.months.first, used.months.last);
        }
        world.filings = self.filings.iter().map(FilingGiven::filing).collect();
        world.unclaimed_elsewhere = self.unclaimed_elsewhere;
        world
    }

    fn add_status(&self, world: &mut World) {
        for given in &self.spells {
            let ended_on = given.ended.map(|day| day.0);
            world.add(WorkerFact::Spell(spell(given.registered.0, ended_on)));
        }
        for given in &self.poverty {
            let to_on = given.to.map(|day| day.0);
            let status = poverty(given.category, given.from.0, to_on);
            world.add(WorkerFact::Poverty(status));
        }
        for (number, given) in (1..).zip(&self.certificates) {
            let noted = *given == CertificateWord::Noted;
            world.add(WorkerFact::Certificate(certificate(number, noted)));
        }
        for given in &self.flexible {
            let to_on = given.to.map(|day| day.0);
            world.add(WorkerFact::Flexible(flexible(given.from.0, to_on)));
        }
        for given in &self.reliefs {
            world.add(WorkerFact::Relief(OtherRelief {
                employer_code: given.employer.code(),
                relief_code: given.relief,
                from_month: given.from.0,
                to_month: given.to.map(|month| month.0),
            }));
        }
        for given in &self.prior_uses {
            world.add(WorkerFact::PriorUse(PriorTermUse {
                employer_code: given.employer.code(),
                from_month: given.months.first,
                to_month: given.months.last,
            }));
        }
    }

    fn add_work(&self, world: &mut World) {
        for (number, given) in self.contracts.iter().enumerate() {
            let start_on = given.start.0;
            let mut body = contract(&format!("C{number}"), start_on, given.end.map(|day| day.0));
            body.employer_code = given.employer.code();
            body.kind = given.kind.unwrap_or(body.kind);
            body.signed_on = given.signed.map_or(start_on, |day| day.0);
            body.terminated_on = given.terminated.map(|day| day.0);
            body.part_time = given.part_time;
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
    }
}

impl FilingGiven {
    fn filing(&self) -> Filing {
        Filing {
            filing_id: self.id.clone(),
            employer_code: self.employer.code(),
            kind: self.kind,
            submitted_on: None,
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
            Some(last) if last.code == found.code && last.outcome == found.outcome => {
                last.months.last = found.month;
            }
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

fn codes<'a>(codes: impl IntoIterator<Item = &'a ReasonCode>) -> String {
    list(codes.into_iter().map(|code| code.name()))
}

impl Case for Measure8Case {
    const FOLDER: &'static str = "measure8";

    fn name(&self) -> &str {
        &self.name
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn run(&self, book: &Arc<PolicyBook>) -> Compared {
        let policy = &book.key_group;
        let world = self.given.world();
        let person = match self.given.person {
            PersonWord::Known => world.known(),
            PersonWord::Unknown => Person::Unknown,
            PersonWord::NotMatched => Person::NotMatched,
        };
        let code = Employer::Us.code();
        let evidence = world.evidence(person, &code);
        let assessment = assess(policy, &evidence, self.ask.first, self.ask.last);
        let decision = explain(policy, &evidence, &assessment);
        let mut compared = self.expect.compare(&decision);
        if let Some(used) = self.expect.months_used {
            compared.add("months_used", used, assessment.months_used);
        }
        compared
    }
}

impl Expect {
    fn compare(&self, decision: &Decision) -> Compared {
        let mut compared = Compared::default();
        compared.tell_assumptions(&decision.assumptions);
        let (expected, actual) = (outcome_name(self.outcome), outcome_name(decision.outcome));
        compared.add("outcome", expected, actual);
        self.compare_term(&mut compared, decision);
        let expected = self.months.iter().map(ToString::to_string);
        compared.add_lines("months", expected, ranges(decision));
        compared.add("total_yuan", self.total_yuan.0, decision.total_fen);
        let told = codes(decision.caveats.iter().map(|caveat| &caveat.code));
        compared.add("caveats", codes(&self.caveats), told);
        if let Some(notice) = self.notice {
            let actual = outcome_name(decision.notice.outcome);
            compared.add("notice", outcome_name(notice), actual);
        }
        if let Some(reasons) = &self.notice_reasons {
            let told = codes(decision.notice.reasons.iter().map(|reason| &reason.code));
            compared.add("notice_reasons", codes(reasons), told);
        }
        if let Some(missing) = &self.missing_facts {
            let told = format!("{:?}", decision.missing_facts);
            compared.add("missing_facts", format!("{missing:?}"), told);
        }
        compared
    }
    /// Of a refusal, category and term are compared where they are given.
    fn compare_term(&self, compared: &mut Compared, decision: &Decision) {
        let is_told = self.outcome != Outcome::Ineligible;
        if is_told || self.category.is_some() {
            let name = |category: Option<PersonCategory>| format!("{category:?}");
            compared.add("category", name(self.category), name(decision.category));
        }
        if is_told || self.start_month.is_some() {
            let start = self.start_month.map(|month| month.0);
            compared.add("start_month", or_none(start), or_none(decision.start_month));
        }
        if is_told || self.term_end_month.is_some() {
            let end = self.term_end_month.map(|month| month.0);
            compared.add(
                "term_end_month",
                or_none(end),
                or_none(decision.term_end_month),
            );
        }
    }
}
