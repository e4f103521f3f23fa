//! What a hire would bring: the same rules over facts that are only supposed, and nothing stored.

use crate::date::CivilDate;
use crate::fact::{
    CertificateKey, Contract, ContractKind, Contribution, EmployerProfile, EmploymentCertificate,
    Insurance, PersonCategory, PovertyStatus, PriorTermUse, Source, UnemploymentSpell, WorkerFact,
};
use crate::identifier::EmployerCode;
use crate::ids::WorkerId;
use crate::key_group::{Evidence, MonthFinding, Person, assess};
use crate::ledger::{
    Declaration, LedgerRefusal, MonthValue, PlanInput, Release, Settlement, WorkerMonths,
    YearState, plan_posting, plan_settlement,
};
use crate::money::Fen;
use crate::month::{TaxMonth, TaxPeriod, TaxYear};
use crate::policy::{CodeGroup, InsuranceSet, PolicyBook};
use crate::reason::{Outcome, ReasonCode};
use crate::timeline::{EmployerRecord, Timeline};

/// Months asked about a candidate: the longest term, and a year in which it may still begin.
const MONTHS_LOOKED_AT: i32 = 60;

/// A person who might be hired. The category is supposed to hold on the hire date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Why the person would count.
    pub category: PersonCategory,
    /// The contract's first day.
    pub start_on: CivilDate,
    /// Its agreed last day; `None` = open-ended.
    pub end_on: Option<CivilDate>,
    /// The first month for which insurance is expected to be paid.
    pub first_insured_month: TaxMonth,
    /// Months of the 36 that other employers have used, up to the hire.
    pub months_used_before: i32,
}

/// What a VAT period is expected to owe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodForecast {
    /// Which.
    pub period: TaxPeriod,
    /// VAT payable.
    pub vat_payable_fen: Fen,
    /// Sales, where told.
    pub sales_fen: Option<Fen>,
}

/// What a year's settlement is expected to owe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CitForecast {
    /// Which.
    pub tax_year: TaxYear,
    /// CIT payable.
    pub cit_payable_fen: Fen,
}

/// The taxes that are expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// VAT periods, in any order.
    pub periods: Vec<PeriodForecast>,
    /// Settlements, in any order.
    pub cit: Vec<CitForecast>,
    /// Whether years after the last one told are as that one.
    pub repeats: bool,
    /// How the quota is released.
    pub release: Release,
}

/// One year of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedYear {
    /// Which.
    pub tax_year: TaxYear,
    /// Months that would count.
    pub months: i32,
    /// What they give.
    pub entitled_fen: Fen,
    /// What each tax would take, in the order VAT, UMCT, EDU, LEDU, CIT; `None` where no tax of the year
    /// was told, or no encoded policy covers it.
    pub taken_fen: Option<[Fen; 5]>,
    /// What would be lost; `None` likewise.
    pub forfeited_fen: Option<Fen>,
}

/// What one hire, or several together, would bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// Every month looked at from the hire on: its outcome by reason, with what it gives.
    pub months: Vec<MonthFinding>,
    /// s; `None` where the hire gives no right, and of several together.
    pub start_month: Option<TaxMonth>,
    /// The last month that would count.
    pub last_month: Option<TaxMonth>,
    /// The first reason against the hire, where no month would count.
    pub against: Option<ReasonCode>,
    /// Year by year.
    pub years: Vec<SimulatedYear>,
}

impl Simulation {
    /// What the whole term gives.
    pub fn entitled(&self) -> Fen {
        self.years.iter().map(|year| year.entitled_fen).sum()
    }

    /// What the taxes told would take.
    pub fn taken(&self) -> Fen {
        let taken = self.years.iter().filter_map(|year| year.taken_fen);
        taken.flatten().sum()
    }
}

/// Each candidate alone, side by side, and all of them together: one quota's taxes are the other's
/// too. The employer is supposed to have no other hires.
pub fn simulate_hires(
    policy: &PolicyBook,
    employer_code: &EmployerCode,
    profile: &EmployerProfile,
    candidates: &[Candidate],
    forecast: &Forecast,
) -> (Vec<Simulation>, Simulation) {
    let mut record = EmployerRecord::default();
    record.apply(profile.clone(), &source());
    let found: Vec<(Vec<MonthFinding>, Option<TaxMonth>)> = candidates
        .iter()
        .map(|candidate| months_of(policy, employer_code, &record, candidate))
        .collect();
    let each = found.iter().map(|(months, start_month)| Simulation {
        start_month: *start_month,
        last_month: counted(months).last().map(|finding| finding.month),
        against: against(months),
        years: years_of(policy, profile, &[months], forecast),
        months: months.clone(),
    });
    let each: Vec<Simulation> = each.collect();
    let all: Vec<&Vec<MonthFinding>> = found.iter().map(|(months, _)| months).collect();
    let lasts = each.iter().filter_map(|simulation| simulation.last_month);
    let together = Simulation {
        months: Vec::new(),
        start_month: None,
        last_month: lasts.max(),
        against: None,
        years: years_of(policy, profile, &all, forecast),
    };
    (each, together)
}

fn source() -> Source {
    Source {
        name: String::new(),
        drawn_on: None,
    }
}

fn counted(months: &[MonthFinding]) -> impl Iterator<Item = &MonthFinding> {
    months
        .iter()
        .filter(|finding| finding.outcome() == Outcome::Eligible)
}

fn against(months: &[MonthFinding]) -> Option<ReasonCode> {
    if counted(months).next().is_some() {
        return None;
    }
    let codes = months.iter().map(|finding| finding.code);
    codes.min_by_key(|code| (code.outcome(), code.precedence()))
}

/// The months of a supposed hire and its s.
fn months_of(
    policy: &PolicyBook,
    employer_code: &EmployerCode,
    record: &EmployerRecord,
    candidate: &Candidate,
) -> (Vec<MonthFinding>, Option<TaxMonth>) {
    let from = TaxMonth::of(candidate.start_on);
    let through = from.plus(MONTHS_LOOKED_AT - 1);
    let timeline = supposed(employer_code, candidate, through);
    let evidence = Evidence {
        person: Person::Known(&timeline),
        employer_code,
        employer: record,
        booked: &[],
        unclaimed_elsewhere: 0,
        filings: &[],
    };
    let found = assess(&policy.key_group, &evidence, from, through);
    (found.months, found.start_month)
}

/// Facts that make the category hold and the insurance be paid.
fn supposed(employer_code: &EmployerCode, candidate: &Candidate, through: TaxMonth) -> Timeline {
    let mut timeline = Timeline::default();
    let source = source();
    let start_on = candidate.start_on;
    // A year is more than any encoded policy asks for; the question supposes that the status holds.
    let status_from = start_on.plus_months(-12);
    match candidate.category {
        PersonCategory::RegisteredUnemployed => {
            let spell = UnemploymentSpell {
                registered_on: status_from,
                ended_on: Some(start_on),
                end_code: String::new(),
                reason_code: String::new(),
                office_code: String::new(),
            };
            let certificate = EmploymentCertificate {
                key: CertificateKey([0; 16]),
                enterprise_absorption_note: true,
                noted_on: None,
                office_code: String::new(),
            };
            timeline.apply(WorkerFact::Spell(spell), &source);
            timeline.apply(WorkerFact::Certificate(certificate), &source);
        }
        category => {
            let status = PovertyStatus {
                category,
                from_on: status_from,
                to_on: None,
            };
            timeline.apply(WorkerFact::Poverty(status), &source);
        }
    }
    let first = TaxMonth::of(start_on).max(candidate.first_insured_month);
    if candidate.months_used_before > 0 {
        let used = PriorTermUse {
            employer_code: other_than(employer_code),
            from_month: first.plus(-candidate.months_used_before),
            to_month: first.plus(-1),
        };
        timeline.apply(WorkerFact::PriorUse(used), &source);
    }
    let contract = Contract {
        contract_id: "simulated".to_owned(),
        employer_code: *employer_code,
        kind: ContractKind::LabourContract,
        signed_on: start_on,
        start_on,
        end_on: candidate.end_on,
        terminated_on: None,
        part_time: false,
        filing_id: String::new(),
    };
    timeline.apply(WorkerFact::Contract(contract), &source);
    for month in first.through(through) {
        let contribution = Contribution {
            employer_code: Some(*employer_code),
            month,
            insurances: InsuranceSet::of(Insurance::ALL),
            paid_on: month.last_day(),
        };
        timeline.apply(WorkerFact::Contribution(contribution), &source);
    }
    timeline
}

/// Any other employer, to whom the months used before belong.
fn other_than(employer_code: &EmployerCode) -> EmployerCode {
    let synthetic = ["91442000QQ0000039Q", "91442000MAQQ000161"];
    let codes = synthetic
        .into_iter()
        .filter_map(|text| EmployerCode::parse(text).ok());
    let mut others = codes.filter(|code| code != employer_code);
    others.next().unwrap_or(*employer_code)
}

fn years_of(
    policy: &PolicyBook,
    profile: &EmployerProfile,
    workers: &[&Vec<MonthFinding>],
    forecast: &Forecast,
) -> Vec<SimulatedYear> {
    let mut years: Vec<i32> = workers
        .iter()
        .flat_map(|months| counted(months))
        .map(|finding| finding.month.year())
        .collect();
    years.sort_unstable();
    years.dedup();
    let years = years.into_iter().filter_map(TaxYear::new);
    years
        .map(|year| {
            let values: Vec<Vec<MonthValue>> = workers
                .iter()
                .map(|months| values_in(months, year))
                .collect();
            let entitled: Fen = values.iter().flatten().map(|value| value.amount_fen).sum();
            let count: usize = values.iter().map(Vec::len).sum();
            let settled = taxes_of(forecast, year).and_then(|taxes| {
                play(policy, profile, &values, year, &taxes, forecast.release).ok()
            });
            let balance = settled.map(|state| state.balance());
            SimulatedYear {
                tax_year: year,
                months: i32::try_from(count).unwrap_or(i32::MAX),
                entitled_fen: entitled,
                taken_fen: balance.map(|balance| balance.deducted_fen),
                forfeited_fen: balance.map(|balance| balance.forfeited_fen),
            }
        })
        .collect()
}

fn values_in(months: &[MonthFinding], year: TaxYear) -> Vec<MonthValue> {
    let in_year = counted(months).filter(|finding| finding.month.year() == year.number());
    in_year
        .filter_map(|finding| {
            Some(MonthValue {
                month: finding.month,
                group: CodeGroup::from(finding.category?),
                amount_fen: finding.amount_fen,
            })
        })
        .collect()
}

/// The taxes told for a year, or those of the last year told where years repeat; `None` where
/// nothing is told.
fn taxes_of(forecast: &Forecast, year: TaxYear) -> Option<(Vec<PeriodForecast>, Fen)> {
    let told = |wanted: i32| {
        let periods: Vec<PeriodForecast> = forecast
            .periods
            .iter()
            .filter(|told| told.period.year().number() == wanted)
            .copied()
            .collect();
        let cit = forecast
            .cit
            .iter()
            .find(|told| told.tax_year.number() == wanted);
        (!periods.is_empty() || cit.is_some())
            .then(|| (periods, cit.map_or(Fen::ZERO, |told| told.cit_payable_fen)))
    };
    if let Some(taxes) = told(year.number()) {
        return Some(sorted(taxes));
    }
    if !forecast.repeats {
        return None;
    }
    let periods = forecast
        .periods
        .iter()
        .map(|told| told.period.year().number());
    let settled = forecast.cit.iter().map(|told| told.tax_year.number());
    let last = periods
        .chain(settled)
        .filter(|told| *told < year.number())
        .max()?;
    let (periods, cit) = told(last)?;
    let ahead = (year.number() - last) * 12;
    let moved = periods.into_iter().filter_map(|told| {
        let first = told.period.first_month().plus(ahead);
        let is_month = told.period.first_month() == told.period.last_month();
        let period = match is_month {
            true => TaxPeriod::month(first),
            false => TaxPeriod::quarter(first.year(), (first.month() + 2) / 3)?,
        };
        Some(PeriodForecast { period, ..told })
    });
    Some(sorted((moved.collect(), cit)))
}

fn sorted((mut periods, cit): (Vec<PeriodForecast>, Fen)) -> (Vec<PeriodForecast>, Fen) {
    periods.sort_by_key(|told| told.period.first_month());
    (periods, cit)
}

/// Posts the periods and settles the year, as the ledger would.
fn play(
    policy: &PolicyBook,
    profile: &EmployerProfile,
    values: &[Vec<MonthValue>],
    year: TaxYear,
    (periods, cit_payable_fen): &(Vec<PeriodForecast>, Fen),
    release: Release,
) -> Result<YearState, LedgerRefusal> {
    let mut state = YearState::default();
    let mut booked_through: Option<TaxMonth> = None;
    let today = year.last_month().last_day().plus_days(1);
    for told in periods {
        let through = told.period.last_month();
        let workers = workers_of(values, booked_through, through);
        let workers: Vec<&WorkerMonths> = workers.iter().collect();
        let input = PlanInput {
            policy,
            profile,
            state: &state,
            workers: &workers,
            today,
        };
        let declared = Declaration {
            period: told.period,
            vat_payable_fen: told.vat_payable_fen,
            sales_fen: told.sales_fen,
            release,
            return_number: String::new(),
            declared_at: None,
        };
        let plan = plan_posting(&input, &declared)?;
        for draft in &plan.drafts {
            state.apply_draft(draft, 0);
        }
        booked_through = Some(through);
    }
    let workers = workers_of(values, booked_through, year.last_month());
    let workers: Vec<&WorkerMonths> = workers.iter().collect();
    let input = PlanInput {
        policy,
        profile,
        state: &state,
        workers: &workers,
        today,
    };
    let settlement = Settlement {
        tax_year: year,
        cit_payable_fen: *cit_payable_fen,
    };
    let plan = plan_settlement(&input, &settlement)?;
    for draft in &plan.drafts {
        state.apply_draft(draft, 0);
    }
    Ok(state)
}

fn workers_of(
    values: &[Vec<MonthValue>],
    booked_through: Option<TaxMonth>,
    through: TaxMonth,
) -> Vec<WorkerMonths> {
    let of = |months: &[MonthValue], holds: &dyn Fn(TaxMonth) -> bool| {
        let kept = months.iter().filter(|value| holds(value.month));
        kept.copied().collect::<Vec<_>>()
    };
    let workers = values
        .iter()
        .enumerate()
        .map(|(index, months)| WorkerMonths {
            worker_id: Some(supposed_worker(index)),
            revision: 0,
            booked: of(months, &|month| {
                booked_through.is_some_and(|booked| month <= booked)
            }),
            supported: of(months, &|month| month <= through),
            projected: of(months, &|month| month > through),
            elsewhere: 0,
            unclaimed_elsewhere: 0,
            left_on: None,
            under_review: 0,
        });
    workers.collect()
}

/// An id for a person who is nobody yet.
fn supposed_worker(index: usize) -> WorkerId {
    let number = u128::try_from(index).unwrap_or(u128::MAX);
    WorkerId(uuid::Uuid::from_u128(number))
}
