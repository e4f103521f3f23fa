//! Postings, balances, terms and entries.

use mamagang_app::App;
use mamagang_app::ledger::{
    CodedLine, EmployerBalance, LateOverDeduction, LedgerReply, ListedEntry,
};
use mamagang_app::workers::{EmployerTerm, WorkerTerm};
use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::PersonCategory;
use mamagang_domain::ids::EntryId;
use mamagang_domain::ledger::{AccrualChange, EntryKind, Leg, TaxLine};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxPeriod;
use mamagang_domain::policy::CodeGroup;
use mamagang_domain::reason::Language;
use mamagang_domain::tax::TaxKind;
use mamagang_proto::v1;

use super::reason::caveat;
use super::{date_or_empty, month_or_empty, timestamp};
use crate::convert::enums::ApiEnum as _;

/// A line without its rows by code.
pub(crate) fn tax_line(line: &TaxLine, by_code: Vec<v1::CodeAmount>) -> v1::TaxLine {
    v1::TaxLine {
        tax: line.tax.to_api(),
        due_fen: line.due_fen.get(),
        deducted_fen: line.deducted.total().get(),
        halved_fen: line.halved_fen.get(),
        paid_fen: line.paid_fen.get(),
        by_code,
    }
}

/// A line with its rows by code; `on` chooses the code's name.
fn coded_line(app: &App, line: &CodedLine, on: CivilDate) -> v1::TaxLine {
    let rows = line.by_code.iter().map(|row| v1::CodeAmount {
        code: row.code.clone(),
        code_name: code_name(app, line.line.tax, row.group, on),
        category: category_of(row.group).to_api(),
        amount_fen: row.amount_fen.get(),
    });
    tax_line(&line.line, rows.collect())
}

/// The name of a reduction code in the catalogue (减免税政策代码目录), also where the code itself is not known.
pub(crate) fn code_name(app: &App, tax: TaxKind, group: CodeGroup, on: CivilDate) -> String {
    let tax = match tax {
        TaxKind::Vat => "vat",
        TaxKind::Umct => "umct",
        TaxKind::Edu => "edu",
        TaxKind::Ledu => "ledu",
        TaxKind::Cit => "cit",
    };
    let group = match group {
        CodeGroup::Poverty => "poverty",
        CodeGroup::Unemployment => "unemployment",
    };
    let parameter = app
        .policies()
        .get(&format!("key_group.reduction_codes.{tax}_{group}"));
    parameter
        .and_then(|known| known.on(on))
        .map(|value| value.quote.clone())
        .unwrap_or_default()
}

/// The category that stands for a group of codes.
pub(crate) const fn category_of(group: CodeGroup) -> PersonCategory {
    match group {
        CodeGroup::Poverty => PersonCategory::LiftedFromPoverty,
        CodeGroup::Unemployment => PersonCategory::RegisteredUnemployed,
    }
}

/// Where an employer stands.
pub(crate) fn balance(balance: &EmployerBalance) -> v1::EmployerBalance {
    let booked = &balance.booked;
    let deducted = TaxKind::ALL.into_iter().zip(booked.deducted_fen);
    v1::EmployerBalance {
        employer_code: balance.employer_code.to_string(),
        tax_year: balance.tax_year.number(),
        accrued_fen: booked.accrued_fen.get(),
        released_fen: booked.released_fen.get(),
        deducted: deducted
            .map(|(tax, fen)| v1::TaxAmount {
                tax: tax.to_api(),
                amount_fen: fen.get(),
            })
            .collect(),
        remaining_fen: booked.remaining_fen.get(),
        forfeited_fen: booked.forfeited_fen.get(),
        over_deducted_fen: booked.over_deducted_fen.get(),
        unbooked_accrual_fen: balance.unbooked_accrual_fen.get(),
        worker_count: balance.worker_count,
        months_counted: booked.months_counted,
        months_under_review: balance.months_under_review,
        sequence: i64::from(balance.sequence),
        revision: i64::from(balance.revision),
        release: balance.release.to_api(),
        advance_fen: balance.booked.advance_fen.get(),
        settled: balance.settled,
    }
}

/// What every answer of a write has: the day that chooses codes and law, and the language.
#[derive(Clone, Copy)]
pub(crate) struct Telling<'a> {
    pub(crate) app: &'a App,
    pub(crate) on: CivilDate,
    pub(crate) language: Language,
}

impl<'a> Telling<'a> {
    /// Of a period: its last day.
    pub(crate) fn of_period(app: &'a App, period: TaxPeriod, language: Language) -> Self {
        Self {
            app,
            on: period.last_month().last_day(),
            language,
        }
    }

    fn lines(self, lines: &[CodedLine]) -> Vec<v1::TaxLine> {
        lines
            .iter()
            .map(|line| coded_line(self.app, line, self.on))
            .collect()
    }

    fn line(self, line: Option<&CodedLine>) -> Option<v1::TaxLine> {
        line.map(|line| coded_line(self.app, line, self.on))
    }

    fn caveats(self, reply: &LedgerReply) -> Vec<v1::Reason> {
        let book = &self.app.policies().book;
        reply
            .caveats
            .iter()
            .map(|told| caveat(book, self.on, told, self.language))
            .collect()
    }

    /// The answer to a posting.
    pub(crate) fn posted(self, reply: &LedgerReply) -> v1::PostDeductionResponse {
        v1::PostDeductionResponse {
            entry_id: id_text(reply.entry_id),
            sequence: sequence(reply),
            lines: self.lines(&reply.lines),
            balance: Some(balance(&reply.balance)),
            caveats: self.caveats(reply),
        }
    }

    /// The answer to a settlement.
    pub(crate) fn settled(self, reply: &LedgerReply) -> v1::SettleYearResponse {
        v1::SettleYearResponse {
            entry_id: id_text(reply.entry_id),
            sequence: sequence(reply),
            cit_line: self.line(reply.line(TaxKind::Cit)),
            forfeited_fen: reply.balance.booked.forfeited_fen.get(),
            balance: Some(balance(&reply.balance)),
            caveats: self.caveats(reply),
        }
    }

    /// The answer to an amendment: the lines of the period, and the CIT line after settlement.
    pub(crate) fn amended(self, reply: &LedgerReply) -> v1::AmendDeductionResponse {
        let mut lines = self.lines(&reply.lines);
        lines.extend(self.line(reply.cit_line.as_ref()));
        v1::AmendDeductionResponse {
            entry_id: id_text(reply.entry_id),
            sequence: sequence(reply),
            lines,
            balance: Some(balance(&reply.balance)),
            caveats: self.caveats(reply),
            reversed_entry_id: id_text(reply.reversed_entry_id),
            refund_fen: (-reply.paid_change_fen).or_zero().get(),
            additional_fen: reply.paid_change_fen.or_zero().get(),
            over_deductions: reply.over_deductions.iter().map(over_deduction).collect(),
        }
    }

    /// The answer to a recomputation.
    pub(crate) fn recomputed(self, reply: &LedgerReply) -> v1::RecomputeYearResponse {
        v1::RecomputeYearResponse {
            entry_id: id_text(reply.entry_id),
            sequence: sequence(reply),
            changes: reply.accruals.iter().map(month_change).collect(),
            accrued_change_fen: accrued_change(&reply.accruals).get(),
            over_deducted_fen: reply.over_deducted_fen().get(),
            late_surcharge_from_date: date_or_empty(reply.late_surcharge_from_on()),
            over_deductions: reply.over_deductions.iter().map(over_deduction).collect(),
            late_surcharge_fen: late_surcharge(&reply.over_deductions).get(),
            late_surcharge_through_date: reply.late_through_on.to_string(),
            refund_fen: (-reply.paid_change_fen).or_zero().get(),
            additional_fen: reply.paid_change_fen.or_zero().get(),
            cit_line: self.line(reply.cit_line.as_ref()),
            balance: Some(balance(&reply.balance)),
            caveats: self.caveats(reply),
        }
    }
}

/// The entry's sequence; where nothing was stored, the one that it would have got.
fn sequence(reply: &LedgerReply) -> i64 {
    match reply.entry_id {
        Some(id) => i64::from(id.sequence),
        None => i64::from(reply.balance.sequence) + i64::from(reply.planned_entries),
    }
}

fn id_text(id: Option<EntryId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn over_deduction(late: &LateOverDeduction) -> v1::OverDeduction {
    v1::OverDeduction {
        period: late
            .part
            .period
            .map(|period| period.to_string())
            .unwrap_or_default(),
        amount_fen: late.part.amount_fen.get(),
        late_surcharge_from_date: date_or_empty(late.part.late_from_on),
        late_days: late.days,
        late_surcharge_fen: late.surcharge_fen.unwrap_or(Fen::ZERO).get(),
    }
}

fn late_surcharge(parts: &[LateOverDeduction]) -> Fen {
    parts.iter().filter_map(|late| late.surcharge_fen).sum()
}

fn month_change(change: &AccrualChange) -> v1::MonthChange {
    let kind = if change.booked {
        v1::MonthChangeKind::Booked
    } else {
        v1::MonthChangeKind::TakenBack
    };
    v1::MonthChange {
        worker_id: change.worker_id.to_string(),
        month: change.month.to_string(),
        kind: kind as i32,
        amount_fen: change.amount_fen.get(),
    }
}

fn accrued_change(changes: &[AccrualChange]) -> Fen {
    changes
        .iter()
        .map(|change| {
            if change.booked {
                change.amount_fen
            } else {
                -change.amount_fen
            }
        })
        .sum()
}

/// A person's term.
pub(crate) fn term(term: &WorkerTerm) -> v1::GetWorkerTermResponse {
    v1::GetWorkerTermResponse {
        months_counted: term.months_counted,
        months_under_review: term.months_under_review,
        months_left: term.months_left,
        by_employer: employer_terms(&term.by_employer),
        first_month: month_or_empty(term.first_month),
        last_month: month_or_empty(term.last_month),
        as_of_time: Some(timestamp(term.as_of)),
    }
}

/// Months by employer, earliest first.
pub(crate) fn employer_terms(parts: &[EmployerTerm]) -> Vec<v1::EmployerTerm> {
    let by_employer = parts.iter().map(|part| v1::EmployerTerm {
        employer_code: part.employer_code.to_string(),
        months: part.months,
        first_month: part.first_month.to_string(),
        last_month: part.last_month.to_string(),
        prior_use: part.prior_use,
    });
    let mut by_employer: Vec<v1::EmployerTerm> = by_employer.collect();
    by_employer.sort_by(|a, b| a.first_month.cmp(&b.first_month));
    by_employer
}

/// An entry with its legs.
pub(crate) fn entry(app: &App, listed: &ListedEntry) -> v1::LedgerEntry {
    let (body, draft) = (&listed.body, &listed.body.draft);
    let id = |sequence: u32| {
        EntryId {
            employer_code: body.employer_code,
            sequence,
        }
        .to_string()
    };
    let on = draft
        .period
        .map_or(draft.tax_year.last_month(), TaxPeriod::last_month)
        .last_day();
    let mut lines: Vec<v1::TaxLine> = listed
        .lines
        .iter()
        .map(|line| coded_line(app, line, on))
        .collect();
    if draft.kind == EntryKind::Reversal {
        lines.iter_mut().for_each(negate);
    }
    v1::LedgerEntry {
        entry_id: id(body.sequence),
        sequence: i64::from(body.sequence),
        kind: draft.kind.to_api(),
        tax_year: draft.tax_year.number(),
        period: draft
            .period
            .map(|period| period.to_string())
            .unwrap_or_default(),
        lines,
        reversed_entry_id: draft.reverses.map(id).unwrap_or_default(),
        recorded_time: Some(timestamp(body.recorded_at)),
        legs: listed.legs.iter().map(leg).collect(),
        hash: listed.hash.to_vec(),
        policy_version: body.policy_version.clone(),
        actor: body.actor.clone(),
        request_id: body.request_id.to_string(),
        reason: draft.reason.clone(),
        effective_from_date: draft.effective().0.to_string(),
        effective_through_date: draft.effective().1.to_string(),
        rules_version: body.rules_version,
        decision_id: body
            .decision_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        declared_time: draft.declared_at.map(timestamp),
        return_number: draft.return_number.clone(),
        payable_fen: draft.payable_fen.get(),
        sales_fen: draft.sales_fen.map(Fen::get),
        release: draft.release.to_api(),
        previous_hash: listed.previous_hash.to_vec(),
        subsidy: draft
            .subsidy
            .as_ref()
            .map(|part| super::claim::entry_part(draft.kind, part)),
    }
}

/// What a reversal takes back.
fn negate(line: &mut v1::TaxLine) {
    line.due_fen = -line.due_fen;
    line.deducted_fen = -line.deducted_fen;
    line.halved_fen = -line.halved_fen;
    line.paid_fen = -line.paid_fen;
    for row in &mut line.by_code {
        row.amount_fen = -row.amount_fen;
    }
}

fn leg(leg: &Leg) -> v1::LedgerLeg {
    v1::LedgerLeg {
        account: leg.account.name().to_owned(),
        worker_id: leg
            .worker_id
            .map(|worker| worker.to_string())
            .unwrap_or_default(),
        month: month_or_empty(leg.month),
        months: leg.months,
        amount_fen: leg.amount_fen.get(),
    }
}

#[cfg(test)]
mod tests {
    use mamagang_domain::identifier::EmployerCode;
    use mamagang_domain::ids::WorkerId;
    use mamagang_domain::ledger::{Account, Balance, ByGroup, Release};
    use mamagang_domain::month::{TaxMonth, TaxYear};

    use super::*;

    const WORKER: &str = "0193a5c0-0000-7000-8000-000000000001";

    fn month(text: &str) -> TaxMonth {
        TaxMonth::parse(text).expect("a month")
    }

    fn employer() -> EmployerCode {
        EmployerCode::parse("91442000MAQQ000161").expect("a code")
    }

    fn reply(entry: Option<u32>, planned_entries: u32) -> LedgerReply {
        LedgerReply {
            entry_id: entry.map(|sequence| EntryId {
                employer_code: employer(),
                sequence,
            }),
            planned_entries,
            reversed_entry_id: None,
            lines: Vec::new(),
            accruals: Vec::new(),
            balance: EmployerBalance {
                employer_code: employer(),
                tax_year: TaxYear::new(2024).expect("a year"),
                booked: Balance {
                    deducted_fen: [1, 2, 3, 4, 5].map(Fen::new),
                    ..Balance::default()
                },
                unbooked_accrual_fen: Fen::new(65_000),
                worker_count: 1,
                months_under_review: 2,
                sequence: 8,
                revision: 3,
                release: Release::AnnualProjected,
                settled: true,
            },
            caveats: Vec::new(),
            over_deductions: Vec::new(),
            late_through_on: CivilDate::parse("2025-01-01").expect("a date"),
            paid_change_fen: Fen::ZERO,
            cit_line: None,
        }
    }

    #[test]
    fn a_preview_tells_the_sequence_that_the_entry_would_have_got() {
        assert_eq!(sequence(&reply(Some(8), 1)), 8);
        assert_eq!(sequence(&reply(None, 1)), 9);
        assert_eq!(sequence(&reply(None, 0)), 8);
        assert_eq!(
            (
                id_text(reply(None, 1).entry_id).as_str(),
                id_text(reply(Some(8), 1).entry_id).as_str()
            ),
            ("", "91442000MAQQ000161-8")
        );
    }

    #[test]
    fn a_balance_lists_every_tax_in_order() {
        let told = balance(&reply(None, 1).balance);
        let deducted: Vec<(i32, i64)> = told
            .deducted
            .iter()
            .map(|part| (part.tax, part.amount_fen))
            .collect();
        assert_eq!(deducted, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
        assert_eq!((told.release, told.settled, told.revision), (2, true, 3));
    }

    #[test]
    fn a_line_sums_its_groups_and_is_negated_whole() {
        let line = TaxLine {
            tax: TaxKind::Vat,
            due_fen: Fen::new(100),
            deducted: ByGroup {
                poverty: Fen::new(30),
                unemployment: Fen::new(20),
            },
            halved_fen: Fen::new(25),
            paid_fen: Fen::new(25),
        };
        let row = v1::CodeAmount {
            amount_fen: 30,
            ..Default::default()
        };
        let mut told = tax_line(&line, vec![row]);
        assert_eq!((told.tax, told.deducted_fen), (v1::TaxKind::Vat as i32, 50));
        negate(&mut told);
        assert_eq!(
            (
                told.due_fen,
                told.deducted_fen,
                told.halved_fen,
                told.paid_fen
            ),
            (-100, -50, -25, -25)
        );
        assert_eq!(told.by_code[0].amount_fen, -30);
    }

    #[test]
    fn changes_of_months_are_signed_in_their_sum_only() {
        let change = |booked: bool, fen: i64| AccrualChange {
            worker_id: WorkerId::parse(WORKER).expect("an id"),
            worker_revision: 1,
            month: month("2024-03"),
            group: CodeGroup::Poverty,
            amount_fen: Fen::new(fen),
            booked,
        };
        let changes = [
            change(true, 65_000),
            change(false, 65_000),
            change(false, 50_000),
        ];
        assert_eq!(accrued_change(&changes).get(), -50_000);
        let told = month_change(&changes[2]);
        assert_eq!(
            (told.kind, told.amount_fen),
            (v1::MonthChangeKind::TakenBack as i32, 50_000)
        );
    }

    #[test]
    fn a_term_lists_employers_by_their_first_month() {
        let part = |first: &str| EmployerTerm {
            employer_code: employer(),
            months: 1,
            first_month: month(first),
            last_month: month(first),
            prior_use: false,
        };
        let told = term(&WorkerTerm {
            months_counted: 2,
            months_under_review: 0,
            months_left: 34,
            by_employer: vec![part("2023-01"), part("2021-05")],
            first_month: Some(month("2021-05")),
            last_month: Some(month("2023-01")),
            as_of: 0,
        });
        assert_eq!(told.by_employer[0].first_month, "2021-05");
        assert_eq!(
            (told.first_month.as_str(), told.months_left),
            ("2021-05", 34)
        );
    }

    #[test]
    fn a_leg_names_its_account() {
        let told = leg(&Leg::fen(Account::Deducted(TaxKind::Umct), Fen::new(7)));
        assert_eq!(
            (
                told.account.as_str(),
                told.worker_id.as_str(),
                told.month.as_str()
            ),
            ("DEDUCTED_UMCT", "", "")
        );
    }
}
