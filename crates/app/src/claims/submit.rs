//! `SubmitClaim`: a quarter of an employer, with every month that facts support.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::claim::{ClaimAction, ClaimFile, ClaimLine, ClaimState, RefusedMonths};
use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::{CaseId, WorkerId};
use mamagang_domain::money::Fen;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::reason::{Assumption, ReasonCode};
use mamagang_domain::subsidy::{
    ClaimableMonth, RULES_VERSION, SubsidyKind, claim_days_assumed, line_refusal,
};
use mamagang_store::UnitOfWork;
use serde::{Deserialize, Serialize};

use super::evaluate::{Desk, Supported};
use super::{Claim, write_claim};
use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::Permit;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::idempotency::WriteRequest;
use crate::limits::CLAIM_LINES_MAX;
use crate::step::{Decisions, Step, Taken, day_of, locked_case};

/// A claim to submit.
#[derive(Clone, Debug)]
pub struct SubmitClaim {
    /// The request.
    pub request: WriteRequest,
    /// Whether nothing is to be written.
    pub validate_only: bool,
    /// The returned claim that is submitted again; `None` = a new one.
    pub claim_id: Option<CaseId>,
    /// Whose.
    pub employer_code: EmployerCode,
    /// Which subsidy.
    pub kind: SubsidyKind,
    /// First month of the quarter.
    pub quarter_start: TaxMonth,
    /// For these workers only; empty = everybody with a contract at the employer.
    pub workers: Vec<WorkerId>,
}

/// A month that was not claimed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedMonth {
    /// Whose.
    pub worker_id: WorkerId,
    /// Which.
    pub month: TaxMonth,
    /// Why.
    #[serde(with = "mamagang_domain::reason::by_number")]
    pub code: ReasonCode,
}

/// A claim that was submitted, and what was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The claim.
    pub claim: Claim,
    /// Months without a line.
    pub refused: Vec<RefusedMonth>,
}

/// What facts give for a claim.
struct Given {
    lines: Vec<ClaimLine>,
    refused: Vec<RefusedMonth>,
    decisions: Decisions,
}

impl App {
    /// Claims what facts support of a quarter.
    pub async fn submit_claim(&self, caller: &Caller, claim: SubmitClaim) -> AppResult<Submission> {
        let permit = self.permit(SubmitClaim::METHOD, caller, None).await?;
        self.permit_employer(&permit, claim.employer_code).await?;
        self.take_step(&permit, &claim).await
    }

    /// What the days on which a claim's months may be claimed rest on and is not established: values
    /// of the policies of now.
    pub fn claim_days_assumed(&self, quarter_start: TaxMonth) -> Vec<Assumption> {
        let months = quarter_start.through(quarter_start.plus(2));
        claim_days_assumed(&self.book.subsidy, months)
    }

    /// The code that stands against claiming a month on a day; `None` = it becomes a line.
    fn refusal(&self, found: &Supported, today: CivilDate) -> Option<ReasonCode> {
        let (amount_fen, code) = found.payable();
        let month = ClaimableMonth {
            month: found.month,
            amount_fen,
            code,
            is_claimed: found.is_claimed,
        };
        line_refusal(&self.book.subsidy, month, today)
    }
}

impl SubmitClaim {
    /// Decides every worker's months. A decision is kept where a line rests on it.
    fn given(&self, app: &App, desk: &Desk, today: CivilDate) -> Given {
        let mut given = Given {
            lines: Vec::new(),
            refused: Vec::new(),
            decisions: Decisions {
                audit_id: app.new_audit_id(),
                rules_version: RULES_VERSION,
                items: Vec::new(),
            },
        };
        let (from, through) = (self.quarter_start, self.quarter_start.plus(2));
        let mut unknown: BTreeSet<WorkerId> = self.workers.iter().copied().collect();
        let asked = unknown.clone();
        for support in desk.support(&app.book, self.kind, &asked, from, through) {
            unknown.remove(&support.worker_id);
            let decision_id = given.decisions.next_id();
            let lines_before = given.lines.len();
            for found in &support.months {
                match app.refusal(found, today) {
                    None => given.lines.push(ClaimLine {
                        worker_id: support.worker_id,
                        worker_revision: support.worker_revision,
                        month: found.month,
                        amount_fen: found.amount_fen,
                        clawed_back_fen: Fen::ZERO,
                        decision_id,
                    }),
                    Some(code) => given.refused.push(RefusedMonth {
                        worker_id: support.worker_id,
                        month: found.month,
                        code,
                    }),
                }
            }
            if given.lines.len() > lines_before {
                given.decisions.items.push(support.item);
            }
        }
        // Who was asked for and has no contract at the employer is not passed over in silence.
        for worker_id in unknown {
            let months = from.through(through).map(|month| RefusedMonth {
                worker_id,
                month,
                code: ReasonCode::NotInForce,
            });
            given.refused.extend(months);
        }
        given
    }

    /// The returned claim that is submitted again, moved on; its employer, subsidy and quarter stay.
    fn resubmitted(&self, before: &Claim) -> AppResult<Claim> {
        let mut claim = before.clone();
        claim.move_on(ClaimAction::Submit)?;
        let same = [
            ("employer_code", claim.employer_code == self.employer_code),
            ("kind", claim.file.kind == self.kind),
            ("quarter", claim.file.quarter_start == self.quarter_start),
        ];
        let wrong = same.into_iter().filter(|(_, is_same)| !is_same);
        let wrong: Vec<Violation> = wrong
            .map(|(field, _)| {
                Violation::new(field, "应与退回的申领一致", "must be the claim's own")
            })
            .collect();
        match wrong.is_empty() {
            true => Ok(claim),
            false => Err(AppError::invalid(wrong)),
        }
    }
}

/// How many months were left out, by reason.
fn counted(refused: &[RefusedMonth]) -> Vec<RefusedMonths> {
    let mut counts: BTreeMap<ReasonCode, u32> = BTreeMap::new();
    for month in refused {
        *counts.entry(month.code).or_default() += 1;
    }
    let counts = counts.into_iter();
    counts
        .map(|(code, count)| RefusedMonths { code, count })
        .collect()
}

fn require_lines(given: &Given, assumed: &[Assumption]) -> AppResult<()> {
    let lines = given.lines.len();
    if lines == 0 {
        let error = AppError::new(ErrorReason::NothingToClaim)
            .with("refused", given.refused.len().to_string());
        let mut codes = given.refused.iter().map(|month| month.code);
        if !codes.any(|code| code == ReasonCode::ClaimWindowClosed) {
            return Err(error);
        }
        // Days of claiming that are not established do not decide in silence.
        let assumed = assumed
            .iter()
            .map(|it| format!("{}={}", it.parameter, it.value));
        return Err(error.with("assumptions", assumed.collect::<Vec<_>>().join(", ")));
    }
    if lines > CLAIM_LINES_MAX {
        return Err(AppError::new(ErrorReason::ClaimTooLong)
            .with("lines", lines.to_string())
            .with("limit_value", CLAIM_LINES_MAX.to_string()));
    }
    Ok(())
}

#[async_trait]
impl Step for SubmitClaim {
    type Answer = Submission;

    const METHOD: &'static str = "mamagang.v1.SubsidyService/SubmitClaim";

    fn request(&self) -> &WriteRequest {
        &self.request
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Submission>, Attempt> {
        // The claim first, then its employer and workers, as every step of a claim does.
        let before = match self.claim_id {
            Some(id) => Some(locked_case(unit, permit, CaseKind::Claim, id).await?),
            None => None,
        };
        let resubmitted = match &before {
            Some(case) => Some(self.resubmitted(&Claim::of(case)?)?),
            None => None,
        };
        let desk = Desk::locked(unit, self.employer_code, self.quarter_start).await?;
        let desk = desk.ok_or_else(|| {
            let error = AppError::new(ErrorReason::EmployerNotFound);
            error.with("employer_code", self.employer_code.to_string())
        })?;
        let today = day_of(unit);
        let given = self.given(app, &desk, today);
        require_lines(&given, &app.claim_days_assumed(self.quarter_start))?;
        let Given {
            lines,
            refused,
            decisions,
        } = given;
        let profiles = &desk.employer.record.profiles;
        let town_code = profiles.last().map(|held| held.body.town_code.clone());
        let mut claim = resubmitted.unwrap_or_else(|| Claim {
            claim_id: CaseId(app.ids.new_id()),
            employer_code: self.employer_code,
            town_code: town_code.unwrap_or_default(),
            state: ClaimState::Submitted as u8,
            revision: 0,
            opened_at: 0,
            updated_at: 0,
            file: ClaimFile::new(self.kind, self.quarter_start, today),
        });
        claim.file.lines = lines;
        claim.file.refused = counted(&refused);
        claim.file.workers.clone_from(&self.workers);
        claim.file.policy_version = app.book.version.to_string();
        claim.file.submitted_on = today;
        claim.file.submitted_by.clone_from(&permit.caller.subject);
        claim.file.reviewed_by.clear();
        claim.file.approved_by.clear();
        write_claim(unit, permit.caller, before.as_ref(), &mut claim, "").await?;
        Ok(Taken {
            question: format!(
                "claim_id={}\nmeasure={}\nquarter={}\nlines={}",
                claim.claim_id,
                self.kind.measure(),
                self.quarter_start,
                claim.file.lines.len()
            ),
            employer_code: Some(self.employer_code),
            worker_id: None,
            decisions: Some(decisions),
            answer: Submission { claim, refused },
        })
    }
}
