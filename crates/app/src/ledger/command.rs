//! Calls that write to the ledger, and their answers.

use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::EntryId;
use mamagang_domain::ledger::{
    AccrualChange, Amendment, Caveat, Declaration, OverDeduction, Settlement, TaxLine,
};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxYear;
use mamagang_domain::policy::{CodeGroup, PolicyBook};
use mamagang_domain::tax::TaxKind;
use serde::{Deserialize, Serialize};

use super::balance::EmployerBalance;
use crate::app::App;
use crate::audit::AuditDraft;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::idempotency::WriteRequest;

/// Declares a period.
#[derive(Clone, Debug)]
pub struct PostDeduction {
    /// The request.
    pub request: WriteRequest,
    /// Plan only, store nothing.
    pub validate_only: bool,
    /// Whose.
    pub employer_code: EmployerCode,
    /// What is declared.
    pub declaration: Declaration,
}

/// Corrects a declared period.
#[derive(Clone, Debug)]
pub struct AmendDeduction {
    /// The request.
    pub request: WriteRequest,
    /// Plan only, store nothing.
    pub validate_only: bool,
    /// Whose.
    pub employer_code: EmployerCode,
    /// What is corrected.
    pub amendment: Amendment,
}

/// Closes a year.
#[derive(Clone, Debug)]
pub struct SettleYear {
    /// The request.
    pub request: WriteRequest,
    /// Plan only, store nothing.
    pub validate_only: bool,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year, and its CIT payable.
    pub settlement: Settlement,
}

/// Re-evaluates a year.
#[derive(Clone, Debug)]
pub struct RecomputeYear {
    /// The request.
    pub request: WriteRequest,
    /// Plan only, store nothing.
    pub validate_only: bool,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which year.
    pub tax_year: TaxYear,
    /// The day up to which the surcharge for late payment is told; `None` = today.
    pub surcharge_through: Option<CivilDate>,
}

/// A part of a line under one reduction code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeAmount {
    /// 减税性质代码; empty where it is not known.
    pub code: String,
    /// The group that the code stands for.
    pub group: CodeGroup,
    /// How much.
    pub amount_fen: Fen,
}

/// A tax line with its parts by reduction code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodedLine {
    /// The line.
    pub line: TaxLine,
    /// Its parts above zero.
    pub by_code: Vec<CodeAmount>,
}

impl CodedLine {
    /// A line with the codes that hold on a day.
    pub fn new(policy: &PolicyBook, line: TaxLine, on: CivilDate) -> Self {
        let codes = &policy.key_group.reduction_codes;
        let part = |group: CodeGroup| {
            let amount_fen = line.deducted.get(group);
            let code = codes.get(&(line.tax, group)).and_then(|dated| dated.on(on));
            let code = code.map_or_else(String::new, |code| code.value.clone());
            (amount_fen > Fen::ZERO).then_some(CodeAmount {
                code,
                group,
                amount_fen,
            })
        };
        Self {
            line,
            by_code: CodeGroup::ALL.into_iter().filter_map(part).collect(),
        }
    }
}

/// The answer to a call that writes to the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReply {
    /// The entry; `None` when nothing was stored.
    pub entry_id: Option<EntryId>,
    /// Entries that the call appends, or would append.
    pub planned_entries: u32,
    /// The entry taken back, of an amendment.
    pub reversed_entry_id: Option<EntryId>,
    /// The lines of the period, or the CIT line of a settlement.
    pub lines: Vec<CodedLine>,
    /// Person-months booked and taken back.
    pub accruals: Vec<AccrualChange>,
    /// The year afterwards.
    pub balance: EmployerBalance,
    /// Notes.
    pub caveats: Vec<Caveat>,
    /// Deducted beyond the corrected total, by where it arose.
    pub over_deductions: Vec<LateOverDeduction>,
    /// The day up to which the surcharge for late payment is told.
    pub late_through_on: CivilDate,
    /// By how much more is to be paid than before; below zero is what is refunded (退税).
    pub paid_change_fen: Fen,
    /// The CIT line as recomputed after settlement.
    pub cit_line: Option<CodedLine>,
}

/// A part of what is over-deducted, with the surcharge for late payment up to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateOverDeduction {
    /// The part.
    pub part: OverDeduction,
    /// Days late, the day included.
    pub days: i32,
    /// The surcharge; `None` where no encoded policy covers it.
    pub surcharge_fen: Option<Fen>,
}

impl LedgerReply {
    /// Deducted beyond the corrected total.
    pub fn over_deducted_fen(&self) -> Fen {
        let parts = self.over_deductions.iter();
        parts.map(|late| late.part.amount_fen).sum()
    }

    /// The first day from which the surcharge for late payment runs on any of it.
    pub fn late_surcharge_from_on(&self) -> Option<CivilDate> {
        let parts = self.over_deductions.iter();
        parts.filter_map(|late| late.part.late_from_on).min()
    }

    /// The line of a tax.
    pub fn line(&self, tax: TaxKind) -> Option<&CodedLine> {
        self.lines.iter().find(|coded| coded.line.tax == tax)
    }
}

const METHOD_BATCH: &str = "mamagang.v1.LedgerService/BatchPostDeductions";

/// What a command does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Post(Declaration),
    Amend(Amendment),
    Settle(Settlement),
    Recompute {
        tax_year: TaxYear,
        surcharge_through: Option<CivilDate>,
    },
}

impl Action {
    pub(crate) const fn method(&self) -> &'static str {
        match self {
            Self::Post(_) => "mamagang.v1.LedgerService/PostDeduction",
            Self::Amend(_) => "mamagang.v1.LedgerService/AmendDeduction",
            Self::Settle(_) => "mamagang.v1.LedgerService/SettleYear",
            Self::Recompute { .. } => "mamagang.v1.LedgerService/RecomputeYear",
        }
    }

    pub(crate) const fn tax_year(&self) -> TaxYear {
        match self {
            Self::Post(declaration) => declaration.period.year(),
            Self::Amend(amendment) => amendment.period.year(),
            Self::Settle(settlement) => settlement.tax_year,
            Self::Recompute { tax_year, .. } => *tax_year,
        }
    }
}

/// A call on its way to the writer.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) caller: Caller,
    pub(crate) request: WriteRequest,
    pub(crate) validate_only: bool,
    pub(crate) employer_code: EmployerCode,
    pub(crate) action: Action,
    /// The id of the audit row, made by the caller of the writer.
    pub(crate) audit_id: mamagang_domain::ids::AuditId,
}

impl App {
    /// Declares a period: books the months that facts support, deducts, and answers with the lines.
    pub async fn post_deduction(
        &self,
        caller: &Caller,
        call: PostDeduction,
    ) -> AppResult<LedgerReply> {
        let action = Action::Post(call.declaration);
        self.run(
            caller,
            call.request,
            call.validate_only,
            call.employer_code,
            action,
        )
        .await
    }

    /// Declares several periods, each by itself; one result each, in order. A refusal is recorded
    /// under the batch's method.
    pub async fn post_deductions(
        &self,
        caller: &Caller,
        calls: Vec<PostDeduction>,
    ) -> AppResult<Vec<AppResult<LedgerReply>>> {
        let permit = self.permit(METHOD_BATCH, caller, None).await?;
        let codes: Vec<_> = calls.iter().map(|call| call.employer_code).collect();
        let mut out_of_reach = self.employers_out_of_reach(&permit, &codes).await?;
        let within = calls.into_iter().zip(&out_of_reach);
        let within = within.filter(|(_, refused)| refused.is_none());
        let commands = within.map(|(call, _)| Command {
            caller: caller.clone(),
            request: call.request,
            validate_only: call.validate_only,
            employer_code: call.employer_code,
            action: Action::Post(call.declaration),
            audit_id: self.new_audit_id(),
        });
        let results = self.ledger.submit_all(commands.collect()).await;
        let refusals: Vec<AuditDraft> = results
            .iter()
            .filter_map(|result| {
                Some(self.refusal_draft(METHOD_BATCH, caller, result.as_ref().err()?))
            })
            .collect();
        // Refusals share a commit too: one row each, and none is told before all are kept.
        let unkept = self.audit.write_all(refusals).await.err();
        let told = |result: AppResult<LedgerReply>| match (result, &unkept) {
            (Err(_), Some(error)) => Err(AppError::new(error.reason)),
            (result, _) => result,
        };
        let mut results = results.into_iter().map(told);
        let placed = out_of_reach.iter_mut().map(|refused| match refused.take() {
            Some(error) => Err(error),
            None => results
                .next()
                .unwrap_or_else(|| Err(AppError::new(ErrorReason::Internal))),
        });
        Ok(placed.collect())
    }

    /// Takes a period back and declares it anew.
    pub async fn amend_deduction(
        &self,
        caller: &Caller,
        call: AmendDeduction,
    ) -> AppResult<LedgerReply> {
        let action = Action::Amend(call.amendment);
        self.run(
            caller,
            call.request,
            call.validate_only,
            call.employer_code,
            action,
        )
        .await
    }

    /// Closes a year.
    pub async fn settle_year(&self, caller: &Caller, call: SettleYear) -> AppResult<LedgerReply> {
        let action = Action::Settle(call.settlement);
        self.run(
            caller,
            call.request,
            call.validate_only,
            call.employer_code,
            action,
        )
        .await
    }

    /// Re-evaluates a year.
    pub async fn recompute_year(
        &self,
        caller: &Caller,
        call: RecomputeYear,
    ) -> AppResult<LedgerReply> {
        let action = Action::Recompute {
            tax_year: call.tax_year,
            surcharge_through: call.surcharge_through,
        };
        self.run(
            caller,
            call.request,
            call.validate_only,
            call.employer_code,
            action,
        )
        .await
    }

    async fn run(
        &self,
        caller: &Caller,
        request: WriteRequest,
        validate_only: bool,
        employer_code: EmployerCode,
        action: Action,
    ) -> AppResult<LedgerReply> {
        let method = action.method();
        let permit = self.permit(method, caller, None).await?;
        self.permit_employer(&permit, employer_code).await?;
        let audit_id = self.new_audit_id();
        let command = Command {
            caller: caller.clone(),
            request,
            validate_only,
            employer_code,
            action,
            audit_id,
        };
        match self.ledger.submit(command).await {
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.audit_refusal(method, caller, None, error).await),
        }
    }
}
