//! `GetClaim`, `ListClaims`.

use mamagang_domain::case::CaseKind;
use mamagang_domain::claim::{ClaimState, LineChange};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::CaseId;
use mamagang_domain::month::TaxMonth;
use mamagang_domain::subsidy::SubsidyKind;
use mamagang_store::cases::CaseQuery;

use super::Claim;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::filings::{CasePlace, HistoryStep, Page};

/// Which claims.
#[derive(Clone, Debug)]
pub struct ClaimSelection {
    /// Of this employer.
    pub employer_code: Option<EmployerCode>,
    /// In these states; empty = any.
    pub states: Vec<ClaimState>,
    /// Of this subsidy.
    pub kind: Option<SubsidyKind>,
    /// Of the quarter that begins with this month.
    pub quarter_start: Option<TaxMonth>,
    /// In towns that begin so.
    pub town_prefix: String,
    /// After this place.
    pub after: Option<CasePlace>,
    /// At most so many.
    pub limit: u32,
}

/// A claim as it is read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadClaim {
    /// The claim.
    pub claim: Claim,
    /// Its steps, oldest first.
    pub history: Vec<HistoryStep>,
    /// Lines that facts no longer support.
    pub changes: Vec<LineChange>,
}

const METHOD_GET: &str = "mamagang.v1.SubsidyService/GetClaim";
const METHOD_LIST: &str = "mamagang.v1.SubsidyService/ListClaims";

impl App {
    /// A claim, its history, and what of its lines facts no longer support: before payment what
    /// stands in its way, after it what a claw-back would take.
    pub async fn get_claim(&self, caller: &Caller, claim_id: CaseId) -> AppResult<ReadClaim> {
        let permit = self.permit(METHOD_GET, caller, None).await?;
        let found = self.case_at(&permit, CaseKind::Claim, claim_id, None).await;
        let claim = match found.and_then(|case| Claim::of(&case)) {
            Ok(claim) => claim,
            Err(error) => return Err(self.audit_refusal(METHOD_GET, caller, None, error).await),
        };
        let history = self.case_history(claim_id, claim.revision).await?;
        // What was turned down or returned stands in nobody's way.
        let changes = match claim.state()?.holds_months() {
            true => self.changes_of(&claim).await?,
            false => Vec::new(),
        };
        let mut draft = self.audit_draft(METHOD_GET, caller, None, Vec::new());
        draft.employer_code = Some(claim.employer_code);
        self.audit.write(draft).await?;
        Ok(ReadClaim {
            claim,
            history,
            changes,
        })
    }

    /// What of a claim's lines facts no longer support now.
    pub(crate) async fn changes_of(&self, claim: &Claim) -> AppResult<Vec<LineChange>> {
        let desk = self.desk(claim.employer_code, claim.file.quarter_start);
        let desk = desk.await?;
        let desk = desk.ok_or_else(|| AppError::internal("a claim of an unknown employer"))?;
        self.line_changes(&desk, claim)
    }

    /// Claims in order of submission.
    pub async fn list_claims(
        &self,
        caller: &Caller,
        selection: ClaimSelection,
    ) -> AppResult<Page<Claim>> {
        let permit = self.permit(METHOD_LIST, caller, None).await?;
        let mut query = CaseQuery::of(CaseKind::Claim, selection.limit + 1);
        query.employer_code = self
            .asked_employer(&permit, selection.employer_code)
            .await?;
        query.states = selection.states.iter().map(|state| *state as u8).collect();
        query.region_prefix = selection.town_prefix;
        query.after = selection.after;
        let (kind, quarter) = (selection.kind, selection.quarter_start);
        let is_asked = |claim: &Claim| {
            kind.is_none_or(|kind| claim.file.kind == kind)
                && quarter.is_none_or(|start| claim.file.quarter_start == start)
        };
        let page = self.page_of_cases_where(&permit, query, Claim::of, is_asked);
        let page = page.await?;
        let draft = self.audit_draft(METHOD_LIST, caller, None, Vec::new());
        self.audit.write(draft).await?;
        Ok(page)
    }
}
