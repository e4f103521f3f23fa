//! `GetStatistics`: what was filed, hired and paid, by town, industry, month and the like.

use std::collections::BTreeMap;

use mamagang_domain::case::CaseKind;
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::SizeClass;
use mamagang_domain::filing::{CarerGroup, Distance, FilingState};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::ReasonCode;
use mamagang_store::cases::{CaseFile, CaseQuery};

use crate::app::{App, start_of};
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::claims::Claim;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::filings::{Filed, ReportedHire};
use crate::limits::{PAGE_ROWS_MAX, STATISTICS_ROWS_MAX};
use crate::step::reaches_case;

/// What rows are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// 镇街: the filing's or employer's town.
    Town,
    /// 行业: the employer's industry, its section's letter.
    Industry,
    /// 规模: the employer's size class.
    SizeClass,
    /// 月份: of submission, of the hire, or the month claimed.
    Month,
    /// 措施: of a claim.
    Measure,
    /// 育儿人员类别: of a hire.
    CarerGroup,
    /// 距离: of a hire.
    Distance,
    /// 资金来源: of a paid claim.
    FundSource,
}

/// The question.
#[derive(Clone, Debug)]
pub struct StatisticsQuery {
    /// Opened on or after.
    pub from: CivilDate,
    /// Opened on or before.
    pub through: CivilDate,
    /// In towns that begin so.
    pub town_prefix: String,
    /// What rows are told apart by, in this order.
    pub by: Vec<Dimension>,
}

/// A row. What a dimension does not concern stands under the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatisticsRow {
    /// Values of the dimensions, in their order.
    pub keys: Vec<String>,
    /// Filings opened.
    pub filings: i64,
    /// Filings accepted, whatever became of them since.
    pub accepted_filings: i64,
    /// Places of accepted filings.
    pub places: i64,
    /// Days from submission to acceptance, summed over accepted filings.
    pub decision_days: i64,
    /// Hires reported.
    pub hires: i64,
    /// Person-months claimed.
    pub claimed_months: i64,
    /// What was claimed and not turned down.
    pub claimed_fen: Fen,
    /// What was paid.
    pub paid_fen: Fen,
    /// What of it was taken back.
    pub clawed_back_fen: Fen,
    /// Months that were left out of claims, by reason.
    pub refusals: BTreeMap<ReasonCode, i64>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// By keys.
    pub rows: Vec<StatisticsRow>,
    /// Over all of them.
    pub total: StatisticsRow,
}

const METHOD: &str = "mamagang.v1.ReportService/GetStatistics";

/// What is known of an employer, as far as rows are told apart by it.
#[derive(Clone, Debug, Default)]
struct Employer {
    town: String,
    industry: String,
    size: String,
}

/// A case's own values of the dimensions.
#[derive(Clone, Debug, Default)]
struct Own {
    town: String,
    month: String,
    measure: String,
    carer: String,
    distance: String,
    fund: String,
}

#[derive(Debug, Default)]
struct Sums {
    by: Vec<Dimension>,
    rows: BTreeMap<Vec<String>, StatisticsRow>,
    total: StatisticsRow,
}

impl Sums {
    /// Adds to the row of a case's values and to the total.
    fn add(
        &mut self,
        employer: &Employer,
        own: &Own,
        change: impl Fn(&mut StatisticsRow),
    ) -> AppResult<()> {
        let values = self.by.iter().map(|dimension| match dimension {
            Dimension::Town if own.town.is_empty() => employer.town.clone(),
            Dimension::Town => own.town.clone(),
            Dimension::Industry => employer.industry.clone(),
            Dimension::SizeClass => employer.size.clone(),
            Dimension::Month => own.month.clone(),
            Dimension::Measure => own.measure.clone(),
            Dimension::CarerGroup => own.carer.clone(),
            Dimension::Distance => own.distance.clone(),
            Dimension::FundSource => own.fund.clone(),
        });
        let keys: Vec<String> = values.collect();
        if self.rows.len() >= STATISTICS_ROWS_MAX && !self.rows.contains_key(&keys) {
            let error = AppError::new(ErrorReason::StatisticsTooFine);
            return Err(error.with("limit_value", STATISTICS_ROWS_MAX.to_string()));
        }
        change(self.rows.entry(keys).or_default());
        change(&mut self.total);
        Ok(())
    }

    fn add_filing(&mut self, case: &CaseFile, employer: &Employer) -> AppResult<()> {
        let filed = Filed::of(case)?;
        let is_draft = filed.state()? == FilingState::Draft;
        let file = &filed.file;
        let own = Own {
            town: filed.town_code.clone(),
            month: file.submitted_on.map_or_else(String::new, month_of),
            ..Own::default()
        };
        let days = file.accepted_on.zip(file.submitted_on);
        let days = days.map_or(0, |(to, from)| i64::from(to.epoch_day() - from.epoch_day()));
        let places: i64 = file.posts.iter().map(|post| i64::from(post.count)).sum();
        self.add(employer, &own, |row| {
            row.filings += i64::from(!is_draft);
            if file.accepted_on.is_some() {
                row.accepted_filings += 1;
                row.places += places;
                row.decision_days += days;
            }
        })
    }

    fn add_hire(&mut self, case: &CaseFile, employer: &Employer) -> AppResult<()> {
        let hire = ReportedHire::of(case)?;
        let carer = match hire.file.carer_group {
            Some(CarerGroup::Mother) => "MOTHER",
            Some(CarerGroup::OtherCarer) => "OTHER_CARER",
            None => "",
        };
        let distance = match hire.file.distance {
            Some(Distance::SameTown) => "SAME_TOWN",
            Some(Distance::OtherTown) => "OTHER_TOWN",
            None => "",
        };
        let own = Own {
            town: hire.town_code.clone(),
            month: month_of(hire.file.hired_on),
            carer: carer.to_owned(),
            distance: distance.to_owned(),
            ..Own::default()
        };
        self.add(employer, &own, |row| row.hires += 1)
    }

    fn add_claim(&mut self, case: &CaseFile, employer: &Employer) -> AppResult<()> {
        let claim = Claim::of(case)?;
        let state = claim.state()?;
        let mut own = Own {
            town: claim.town_code.clone(),
            measure: claim.file.kind.measure().to_string(),
            fund: claim.file.fund_source.clone(),
            ..Own::default()
        };
        if state.holds_months() {
            for line in &claim.file.lines {
                own.month = line.month.to_string();
                self.add(employer, &own, |row| {
                    row.claimed_months += 1;
                    row.claimed_fen += line.amount_fen;
                    row.clawed_back_fen += line.clawed_back_fen;
                    if state.is_paid() {
                        row.paid_fen += line.amount_fen;
                    }
                })?;
            }
        }
        own.month = String::new();
        for months in &claim.file.refused {
            self.add(employer, &own, |row| {
                *row.refusals.entry(months.code).or_default() += i64::from(months.count);
            })?;
        }
        Ok(())
    }
}

fn month_of(day: CivilDate) -> String {
    TaxMonth::of(day).to_string()
}

impl App {
    /// Counts and sums over filings, hires and claims within reach.
    pub async fn statistics(
        &self,
        caller: &Caller,
        query: StatisticsQuery,
    ) -> AppResult<Statistics> {
        let permit = self.permit(METHOD, caller, None).await?;
        let mut sums = Sums {
            by: query.by.clone(),
            ..Sums::default()
        };
        let summed = self.sum_cases(&permit, &query, &mut sums).await;
        if let Err(error) = summed {
            return Err(self.audit_refusal(METHOD, caller, None, error).await);
        }
        let draft = self.audit_draft(METHOD, caller, None, Vec::new());
        self.audit.write(draft).await?;
        let rows = sums.rows.into_iter();
        let rows = rows.map(|(keys, row)| StatisticsRow { keys, ..row });
        Ok(Statistics {
            rows: rows.collect(),
            total: sums.total,
        })
    }

    async fn sum_cases(
        &self,
        permit: &Permit<'_>,
        query: &StatisticsQuery,
        sums: &mut Sums,
    ) -> AppResult<()> {
        let mut employers: BTreeMap<EmployerCode, Employer> = BTreeMap::new();
        for kind in [CaseKind::Filing, CaseKind::Hire, CaseKind::Claim] {
            let mut cases = CaseQuery::of(kind, PAGE_ROWS_MAX);
            cases.region_prefix.clone_from(&query.town_prefix);
            cases.opened_from = Some(start_of(query.from));
            cases.opened_before = Some(start_of(query.through.plus_days(1)));
            loop {
                let rows = self.store.list_cases(&cases).await?;
                let Some(last) = rows.last() else { break };
                cases.after = Some((last.opened_at, last.case_id));
                self.learn_employers(&rows, &mut employers).await?;
                for row in rows.iter().filter(|row| reaches_case(permit, row)) {
                    let employer = row.employer_code.and_then(|code| employers.get(&code));
                    let employer = employer.cloned().unwrap_or_default();
                    match kind {
                        CaseKind::Filing => sums.add_filing(row, &employer)?,
                        CaseKind::Hire => sums.add_hire(row, &employer)?,
                        _ => sums.add_claim(row, &employer)?,
                    }
                }
            }
        }
        Ok(())
    }

    async fn learn_employers(
        &self,
        rows: &[CaseFile],
        known: &mut BTreeMap<EmployerCode, Employer>,
    ) -> AppResult<()> {
        let mut codes: Vec<_> = rows.iter().filter_map(|row| row.employer_code).collect();
        codes.retain(|code| !known.contains_key(code));
        codes.sort_unstable();
        codes.dedup();
        let read = self.store.check_inputs(&[], &codes).await?;
        for (code, row) in codes.into_iter().zip(read.employers) {
            let profile = row.and_then(|row| row.record.profiles.into_iter().next_back());
            let employer = profile.map_or_else(Employer::default, |held| Employer {
                town: held.body.town_code.clone(),
                industry: held.body.industry_code.chars().take(1).collect(),
                size: match held.body.size_class {
                    SizeClass::AboveDesignated => "ABOVE_DESIGNATED".to_owned(),
                    SizeClass::Other => "OTHER".to_owned(),
                },
            });
            known.insert(code, employer);
        }
        Ok(())
    }
}
