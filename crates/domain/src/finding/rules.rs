//! The rules. Each looks at one employer: its record, filings, hires, claims and workers.

mod claims;

use serde::{Deserialize, Serialize};

use crate::claim::LineChange;
use crate::date::CivilDate;
use crate::fact::{Contract, ContractKind, EmployerKind};
use crate::filing::FilingKind;
use crate::frozen::{Digest32, Writer, digest};
use crate::identifier::EmployerCode;
use crate::ids::{CaseId, WorkerId};
use crate::month::TaxMonth;
use crate::policy::SupervisionPolicy;
use crate::timeline::{Held, Timeline};

/// A rule. Numbered as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FindingRule {
    /// 同一单位再次招用: hired again by the same employer after a gap.
    SameEmployerRehire = 1,
    /// 同月多单位用工: full-time contracts with several employers in one month.
    SeveralEmployers = 2,
    /// 劳务协议呈劳动关系特征: a service agreement whose employer pays employee insurance.
    EmployeePattern = 3,
    /// 合同类型与备案不符: a contract of another kind than its filing.
    ContractAgainstFiling = 4,
    /// 参保断档: a month without insurance between insured ones.
    InsuranceGap = 5,
    /// 合同短于申领: a claimed month that no contract covers.
    ContractShorterThanClaimed = 6,
    /// 不得享受的单位类型: a filing in force of an excluded kind of employer.
    ExcludedEmployerKind = 7,
    /// 逾期未登记: a registration that is overdue.
    MissedDeadline = 8,
    /// 超过劳动年龄: a hire of a person over working age.
    OverWorkingAge = 9,
    /// 待追回: a paid claim that facts no longer support as it was paid.
    ClawBackDue = 10,
}

impl FindingRule {
    /// All, by number.
    pub const ALL: [Self; 10] = [
        Self::SameEmployerRehire,
        Self::SeveralEmployers,
        Self::EmployeePattern,
        Self::ContractAgainstFiling,
        Self::InsuranceGap,
        Self::ContractShorterThanClaimed,
        Self::ExcludedEmployerKind,
        Self::MissedDeadline,
        Self::OverWorkingAge,
        Self::ClawBackDue,
    ];

    /// The name of its parameter, after `supervision.rules.`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameEmployerRehire => "same_employer_rehire",
            Self::SeveralEmployers => "several_employers",
            Self::EmployeePattern => "employee_pattern",
            Self::ContractAgainstFiling => "contract_against_filing",
            Self::InsuranceGap => "insurance_gap",
            Self::ContractShorterThanClaimed => "contract_shorter_than_claimed",
            Self::ExcludedEmployerKind => "excluded_employer_kind",
            Self::MissedDeadline => "missed_deadline",
            Self::OverWorkingAge => "over_working_age",
            Self::ClawBackDue => "claw_back_due",
        }
    }
}

/// A filing, as supervision reads it.
#[derive(Clone, Debug)]
pub struct SupervisedFiling {
    /// Which.
    pub filing_id: CaseId,
    /// What was filed.
    pub kind: FilingKind,
    /// Whether it is accepted, or frozen after it was.
    pub in_force: bool,
}

/// A hire, as supervision reads it.
#[derive(Clone, Debug)]
pub struct SupervisedHire {
    /// Which.
    pub hire_id: CaseId,
    /// Its filing.
    pub filing_id: CaseId,
    /// Who.
    pub worker_id: WorkerId,
    /// First day of work.
    pub hired_on: CivilDate,
    /// When the next registration is due.
    pub due_on: Option<CivilDate>,
    /// Day of birth of the worker, where the document tells it.
    pub born_on: Option<CivilDate>,
}

/// A claim that stands, as supervision reads it.
#[derive(Clone, Debug)]
pub struct SupervisedClaim {
    /// Which.
    pub claim_id: CaseId,
    /// Worker and month of each line that stands; none of trainings.
    pub lines: Vec<(WorkerId, TaxMonth)>,
    /// Of a paid claim, the lines that facts no longer support.
    pub claw_back_due: Vec<LineChange>,
}

/// A worker, as supervision reads one.
#[derive(Clone, Copy, Debug)]
pub struct SupervisedWorker<'a> {
    /// Who.
    pub worker_id: WorkerId,
    /// What is in force.
    pub timeline: &'a Timeline,
}

/// Everything that the rules read of an employer.
#[derive(Clone, Debug)]
pub struct Supervision<'a> {
    /// Which.
    pub employer_code: EmployerCode,
    /// Its kind today, where a profile says it.
    pub employer_kind: Option<EmployerKind>,
    /// Its filings.
    pub filings: &'a [SupervisedFiling],
    /// Its hires.
    pub hires: &'a [SupervisedHire],
    /// Its claims.
    pub claims: &'a [SupervisedClaim],
    /// Its workers.
    pub workers: &'a [SupervisedWorker<'a>],
    /// Today.
    pub today: CivilDate,
}

/// What a finding says, beside what its case holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingFile {
    /// Which rule.
    pub rule: FindingRule,
    /// The numbers behind it, by name.
    pub facts: Vec<(String, String)>,
    /// Facts it rests on, as `<worker>.<revision>`, and cases by id.
    pub evidence: Vec<String>,
    /// The filing that a freeze would concern.
    pub filing_id: Option<CaseId>,
    /// Who looks at it.
    pub assigned_to: String,
}

/// A finding that a rule has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The person it concerns, where it is one.
    pub worker_id: Option<WorkerId>,
    /// What it says.
    pub file: FindingFile,
    /// What makes it the same finding again.
    pub key: Digest32,
}

struct Maker<'a> {
    of: &'a Supervision<'a>,
    found: Vec<Found>,
}

impl Maker<'_> {
    fn add(
        &mut self,
        rule: FindingRule,
        worker_id: Option<WorkerId>,
        filing_id: Option<CaseId>,
        evidence: Vec<String>,
        facts: &[(&str, String)],
    ) {
        let mut writer = Writer::new(1);
        writer.int(rule as i64);
        // A person at several employers is one finding, whichever employer it is seen from.
        match (rule, worker_id) {
            (FindingRule::SeveralEmployers, Some(worker)) => writer.bytes(worker.bytes()),
            (_, Some(worker)) => writer
                .text(self.of.employer_code.as_str())
                .bytes(worker.bytes()),
            (_, None) => writer.text(self.of.employer_code.as_str()).absent(),
        };
        for (name, value) in facts {
            writer.text(name).text(value);
        }
        let facts = facts.iter();
        let facts = facts.map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.found.push(Found {
            worker_id,
            key: digest(&writer.finish()),
            file: FindingFile {
                rule,
                facts: facts.collect(),
                evidence,
                filing_id,
                assigned_to: String::new(),
            },
        });
    }
}

/// Every finding of the rules that are in force today.
pub fn findings_of(policy: &SupervisionPolicy, of: &Supervision<'_>) -> Vec<Found> {
    let applies = |rule: FindingRule| {
        let switch = policy.rules.get(&rule);
        switch.is_some_and(|dated| dated.on(of.today).is_some_and(|value| value.value))
    };
    let mut maker = Maker {
        of,
        found: Vec::new(),
    };
    for rule in FindingRule::ALL.into_iter().filter(|rule| applies(*rule)) {
        match rule {
            FindingRule::SameEmployerRehire => rehired(&mut maker),
            FindingRule::SeveralEmployers => several_employers(&mut maker),
            FindingRule::EmployeePattern => employee_pattern(&mut maker),
            FindingRule::ContractAgainstFiling => contract_against_filing(&mut maker),
            FindingRule::InsuranceGap => insurance_gap(&mut maker),
            FindingRule::ContractShorterThanClaimed => claims::shorter_than_claimed(&mut maker),
            FindingRule::ExcludedEmployerKind => excluded_kind(policy, &mut maker),
            FindingRule::MissedDeadline => missed_deadline(&mut maker),
            FindingRule::OverWorkingAge => over_working_age(policy, &mut maker),
            FindingRule::ClawBackDue => claims::claw_back_due(&mut maker),
        }
    }
    maker.found
}

fn own<'t>(maker: &Maker<'_>, worker: &SupervisedWorker<'t>) -> Vec<&'t Held<Contract>> {
    let contracts = worker.timeline.contracts.iter();
    let own = contracts.filter(|held| held.body.employer_code == maker.of.employer_code);
    let mut own: Vec<_> = own.collect();
    own.sort_by_key(|held| (held.body.start_on, held.body.contract_id.clone()));
    own
}

fn fact_of<T>(worker: &SupervisedWorker<'_>, held: &Held<T>) -> String {
    format!("{}.{}", worker.worker_id, held.revision)
}

fn covers(contract: &Contract, month: TaxMonth) -> bool {
    contract.start_on <= month.last_day()
        && contract
            .last_on()
            .is_none_or(|last| last >= month.first_day())
}

fn filing_of(maker: &Maker<'_>, contract: &Contract) -> Option<CaseId> {
    let named = CaseId::parse(&contract.filing_id)?;
    let filings = maker.of.filings.iter();
    filings.map(|it| it.filing_id).find(|id| *id == named)
}

fn rehired(maker: &mut Maker<'_>) {
    for worker in maker.of.workers {
        let contracts = own(maker, worker);
        let mut last: Option<(CivilDate, &Held<Contract>)> = None;
        for held in contracts {
            let begins = held.body.start_on;
            if let Some((ended, before)) = last
                && ended.plus_days(1) < begins
            {
                let evidence = vec![fact_of(worker, before), fact_of(worker, held)];
                let filing = filing_of(maker, &held.body);
                let facts = [
                    ("ended_on", ended.to_string()),
                    ("hired_on", begins.to_string()),
                ];
                let rule = FindingRule::SameEmployerRehire;
                maker.add(rule, Some(worker.worker_id), filing, evidence, &facts);
            }
            // An open contract has no end to be hired again after.
            let Some(ends) = held.body.last_on() else {
                break;
            };
            if last.is_none_or(|(known, _)| known < ends) {
                last = Some((ends, held));
            }
        }
    }
}

fn several_employers(maker: &mut Maker<'_>) {
    for worker in maker.of.workers {
        let full_time =
            worker.timeline.contracts.iter().filter(|held| {
                held.body.kind == ContractKind::LabourContract && !held.body.part_time
            });
        let full_time: Vec<_> = full_time.collect();
        let own = full_time
            .iter()
            .filter(|held| held.body.employer_code == maker.of.employer_code);
        let mut first: Option<(TaxMonth, &Held<Contract>, &Held<Contract>)> = None;
        for (held, other) in own.flat_map(|held| full_time.iter().map(move |other| (held, other))) {
            if other.body.employer_code == held.body.employer_code {
                continue;
            }
            let month = TaxMonth::of(held.body.start_on.max(other.body.start_on));
            let overlaps = covers(&held.body, month) && covers(&other.body, month);
            if overlaps && first.is_none_or(|(known, ..)| month < known) {
                first = Some((month, held, other));
            }
        }
        if let Some((month, held, other)) = first {
            let mut evidence = vec![fact_of(worker, held), fact_of(worker, other)];
            evidence.sort();
            let rule = FindingRule::SeveralEmployers;
            let facts = [("month", month.to_string())];
            maker.add(rule, Some(worker.worker_id), None, evidence, &facts);
        }
    }
}

fn employee_pattern(maker: &mut Maker<'_>) {
    for worker in maker.of.workers {
        let paid = worker.timeline.contributions_of(&maker.of.employer_code);
        for held in own(maker, worker) {
            if held.body.kind != ContractKind::ServiceAgreement {
                continue;
            }
            let paid: Vec<_> = paid
                .iter()
                .filter(|row| covers(&held.body, row.body.month))
                .collect();
            let Some(first) = paid.first() else { continue };
            let mut evidence = vec![fact_of(worker, held)];
            evidence.extend(paid.iter().map(|row| fact_of(worker, row)));
            let facts = [
                ("contract_id", held.body.contract_id.clone()),
                ("first_month", first.body.month.to_string()),
            ];
            let filing = filing_of(maker, &held.body);
            let rule = FindingRule::EmployeePattern;
            maker.add(rule, Some(worker.worker_id), filing, evidence, &facts);
        }
    }
}

fn contract_against_filing(maker: &mut Maker<'_>) {
    for worker in maker.of.workers {
        for held in own(maker, worker) {
            let named = filing_of(maker, &held.body);
            let filings = maker.of.filings.iter();
            let filing = filings.into_iter().find(|it| Some(it.filing_id) == named);
            let Some(filing) = filing else { continue };
            let wanted = match filing.kind {
                FilingKind::LabourContract => Some(ContractKind::LabourContract),
                FilingKind::Service => Some(ContractKind::ServiceAgreement),
                FilingKind::TrainingPlan => None,
            };
            if wanted == Some(held.body.kind) {
                continue;
            }
            let evidence = vec![fact_of(worker, held), filing.filing_id.to_string()];
            let facts = [("contract_id", held.body.contract_id.clone())];
            let rule = FindingRule::ContractAgainstFiling;
            maker.add(rule, Some(worker.worker_id), named, evidence, &facts);
        }
    }
}

fn insurance_gap(maker: &mut Maker<'_>) {
    for worker in maker.of.workers {
        let paid = worker.timeline.contributions_of(&maker.of.employer_code);
        let months: Vec<TaxMonth> = paid.iter().map(|row| row.body.month).collect();
        let (Some(first), Some(last)) = (months.first(), months.last()) else {
            continue;
        };
        let contracts = own(maker, worker);
        let missing = first.through(*last).find(|month| {
            let in_force = contracts.iter().any(|held| covers(&held.body, *month));
            in_force && !months.contains(month)
        });
        let Some(missing) = missing else { continue };
        let evidence = contracts.iter().map(|held| fact_of(worker, held)).collect();
        let filing = contracts
            .iter()
            .find_map(|held| filing_of(maker, &held.body));
        let rule = FindingRule::InsuranceGap;
        let facts = [("first_missing_month", missing.to_string())];
        maker.add(rule, Some(worker.worker_id), filing, evidence, &facts);
    }
}

fn excluded_kind(policy: &SupervisionPolicy, maker: &mut Maker<'_>) {
    let excluded = policy.excluded_employer_kinds.on(maker.of.today);
    let Some(kind) = maker.of.employer_kind else {
        return;
    };
    if !excluded.is_some_and(|value| value.value.contains(&kind)) {
        return;
    }
    for filing in maker.of.filings {
        if filing.in_force && filing.kind == FilingKind::LabourContract {
            let evidence = vec![filing.filing_id.to_string()];
            let facts = [("filing_id", filing.filing_id.to_string())];
            let rule = FindingRule::ExcludedEmployerKind;
            maker.add(rule, None, Some(filing.filing_id), evidence, &facts);
        }
    }
}

fn missed_deadline(maker: &mut Maker<'_>) {
    for hire in maker.of.hires {
        let Some(due) = hire.due_on.filter(|due| *due < maker.of.today) else {
            continue;
        };
        let evidence = vec![hire.hire_id.to_string()];
        let facts = [
            ("hire_id", hire.hire_id.to_string()),
            ("due_on", due.to_string()),
        ];
        let rule = FindingRule::MissedDeadline;
        let filing = Some(hire.filing_id);
        maker.add(rule, Some(hire.worker_id), filing, evidence, &facts);
    }
}

fn over_working_age(policy: &SupervisionPolicy, maker: &mut Maker<'_>) {
    for hire in maker.of.hires {
        let Some(born) = hire.born_on else {
            continue;
        };
        let Some(years) = policy.working_age_max_years.on(hire.hired_on) else {
            continue;
        };
        // The day on which the age is reached is the first one over it.
        if born.plus_months(years.value * 12) > hire.hired_on {
            continue;
        }
        let evidence = vec![hire.hire_id.to_string()];
        let facts = [
            ("hire_id", hire.hire_id.to_string()),
            ("hired_on", hire.hired_on.to_string()),
        ];
        let rule = FindingRule::OverWorkingAge;
        let filing = Some(hire.filing_id);
        maker.add(rule, Some(hire.worker_id), filing, evidence, &facts);
    }
}
