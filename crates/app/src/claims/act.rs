//! `ReviewClaim`, `ApproveClaim`, `MarkClaimPaid`, `ClawBackClaim`.

use std::marker::PhantomData;

use async_trait::async_trait;
use mamagang_domain::case::CaseKind;
use mamagang_domain::claim::{ClaimAction, LineChange, Verdict};
use mamagang_domain::date::CivilDate;
use mamagang_domain::ids::CaseId;
use mamagang_domain::ledger::EntryKind;
use mamagang_domain::subsidy::RULES_VERSION;
use mamagang_store::UnitOfWork;

use super::entry::{Booking, book};
use super::evaluate::Desk;
use super::{Claim, write_claim};
use crate::app::App;
use crate::attempt::Attempt;
use crate::authorise::{Permit, require_second_person};
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason, Violation};
use crate::idempotency::WriteRequest;
use crate::step::{Decisions, Step, Taken, day_of, locked_case};

/// A step after the submission.
#[derive(Clone, Debug)]
pub enum ClaimStep {
    /// 初审: passes it, returns it, or turns it down.
    Review(Verdict),
    /// 复审: approves it, returns it, or turns it down.
    Approve(Verdict),
    /// 拨付.
    Pay {
        /// When it was paid.
        paid_on: CivilDate,
        /// The payment's reference.
        payment_reference: String,
        /// Where the money came from.
        fund_source: String,
    },
    /// 追回: everything that facts no longer support.
    ClawBack,
}

/// A step of a claim.
#[derive(Clone, Debug)]
pub struct ActOnClaim {
    /// The request.
    pub request: WriteRequest,
    /// Whether nothing is to be written.
    pub validate_only: bool,
    /// Which claim.
    pub claim_id: CaseId,
    /// What is done.
    pub step: ClaimStep,
    /// Why; needed to return a claim, to turn it down and to claw back.
    pub reason: String,
}

/// A method of the service that moves claims: each has its own name in the trail.
trait Method: Send + Sync {
    const NAME: &'static str;
}

macro_rules! methods {
    ($($name:ident $text:literal;)*) => {$(
        struct $name;

        impl Method for $name {
            const NAME: &'static str = concat!("mamagang.v1.SubsidyService/", $text);
        }
    )*};
}

methods! {
    Review "ReviewClaim";
    Approve "ApproveClaim";
    Pay "MarkClaimPaid";
    ClawBack "ClawBackClaim";
}

struct Acting<M> {
    act: ActOnClaim,
    method: PhantomData<M>,
}

impl App {
    /// Takes a step of a claim.
    pub async fn act_on_claim(&self, caller: &Caller, act: ActOnClaim) -> AppResult<Claim> {
        match act.step {
            ClaimStep::Review(_) => self.act_as::<Review>(caller, act).await,
            ClaimStep::Approve(_) => self.act_as::<Approve>(caller, act).await,
            ClaimStep::Pay { .. } => self.act_as::<Pay>(caller, act).await,
            ClaimStep::ClawBack => self.act_as::<ClawBack>(caller, act).await,
        }
    }

    async fn act_as<M: Method>(&self, caller: &Caller, act: ActOnClaim) -> AppResult<Claim> {
        let permit = self.permit(M::NAME, caller, None).await?;
        let method = PhantomData::<M>;
        self.take_step(&permit, &Acting { act, method }).await
    }
}

impl ActOnClaim {
    const fn action(&self) -> ClaimAction {
        match self.step {
            ClaimStep::Review(verdict) => ClaimAction::Review(verdict),
            ClaimStep::Approve(verdict) => ClaimAction::Approve(verdict),
            ClaimStep::Pay { .. } => ClaimAction::Pay,
            ClaimStep::ClawBack => ClaimAction::ClawBack,
        }
    }
}

#[async_trait]
impl<M: Method> Step for Acting<M> {
    type Answer = Claim;

    const METHOD: &'static str = M::NAME;

    fn request(&self) -> &WriteRequest {
        &self.act.request
    }

    fn validate_only(&self) -> bool {
        self.act.validate_only
    }

    async fn take(
        &self,
        app: &App,
        permit: &Permit<'_>,
        unit: &mut dyn UnitOfWork,
    ) -> Result<Taken<Claim>, Attempt> {
        let act = &self.act;
        // The claim first, then its employer and workers: nothing locks them the other way round.
        let before = locked_case(unit, permit, CaseKind::Claim, act.claim_id).await?;
        let mut claim = Claim::of(&before)?;
        let desk = Desk::of_claim(unit, &claim).await?;
        let changes = app.line_changes(&desk, &claim)?;
        let (action, today) = (act.action(), day_of(unit));
        claim.move_on(action)?;
        self.sign(permit, &mut claim, today)?;
        let decisions = Decisions {
            audit_id: app.new_audit_id(),
            rules_version: RULES_VERSION,
            items: Vec::new(),
        };
        let booked = |kind, lines, on| Booking {
            kind,
            lines,
            head: desk.head,
            caller: permit.caller,
            request_id: act.request.request_id,
            audit_id: decisions.audit_id,
            reason: &act.reason,
            on,
        };
        match action {
            ClaimAction::ClawBack if changes.is_empty() => {
                return Err(AppError::new(ErrorReason::NothingToClawBack).into());
            }
            ClaimAction::ClawBack => {
                let lines = claim.file.claw_back(&changes);
                let booking = booked(EntryKind::SubsidyClawBack, lines, today);
                let sequence = book(app, unit, &claim, booking).await?;
                claim.file.claw_back_sequences.push(sequence);
            }
            // A claim passes with what facts support, or not at all.
            ClaimAction::Review(Verdict::Pass) | ClaimAction::Approve(Verdict::Pass) => {
                require_supported(&changes)?;
            }
            ClaimAction::Pay => {
                require_supported(&changes)?;
                let on = claim.file.paid_on.unwrap_or(today);
                let booking = booked(EntryKind::SubsidyPayment, claim.file.payment(), on);
                claim.file.payment_sequence = Some(book(app, unit, &claim, booking).await?);
            }
            ClaimAction::Submit | ClaimAction::Review(_) | ClaimAction::Approve(_) => {}
        }
        write_claim(unit, permit.caller, Some(&before), &mut claim, &act.reason).await?;
        Ok(Taken {
            question: format!("claim_id={}\naction={}", act.claim_id, action.name()),
            employer_code: Some(claim.employer_code),
            worker_id: None,
            decisions: Some(decisions),
            answer: claim,
        })
    }
}

impl<M: Method> Acting<M> {
    /// Notes who took the step; two reviews are two persons', neither of them the claimant.
    fn sign(&self, permit: &Permit<'_>, claim: &mut Claim, today: CivilDate) -> AppResult<()> {
        let caller = permit.caller;
        match &self.act.step {
            ClaimStep::Review(_) => {
                require_second_person(caller, &claim.file.submitted_by)?;
                claim.file.reviewed_by.clone_from(&caller.subject);
            }
            ClaimStep::Approve(_) => {
                require_second_person(caller, &claim.file.submitted_by)?;
                require_second_person(caller, &claim.file.reviewed_by)?;
                claim.file.approved_by.clone_from(&caller.subject);
            }
            ClaimStep::Pay {
                paid_on,
                payment_reference,
                fund_source,
            } => {
                let wrong = match paid_on {
                    day if *day > today => Some(("不得晚于今天", "must not lie in the future")),
                    day if *day < claim.file.submitted_on => Some((
                        "不得早于申领日期",
                        "must not lie before the claim's submission",
                    )),
                    _ => None,
                };
                if let Some((zh, en)) = wrong {
                    return Err(AppError::invalid(vec![Violation::new("paid_date", zh, en)]));
                }
                claim.file.paid_on = Some(*paid_on);
                claim.file.payment_reference.clone_from(payment_reference);
                claim.file.fund_source.clone_from(fund_source);
            }
            ClaimStep::ClawBack => {}
        }
        Ok(())
    }
}

/// Errors: `CLAIM_EVIDENCE_CHANGED`, with the first line that facts no longer support.
fn require_supported(changes: &[LineChange]) -> AppResult<()> {
    let Some(first) = changes.first() else {
        return Ok(());
    };
    Err(AppError::new(ErrorReason::ClaimEvidenceChanged)
        .with("lines", changes.len().to_string())
        .with("worker_id", first.worker_id.to_string())
        .with("month", first.month.to_string())
        .with("reason", first.code.name()))
}
