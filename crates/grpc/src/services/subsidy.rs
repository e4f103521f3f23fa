//! Claims.

use std::sync::Arc;

use mamagang_app::claims::{ActOnClaim, ClaimSelection};
use mamagang_app::{App, AppResult};
use mamagang_proto::v1;
use mamagang_proto::v1::subsidy_service_server::SubsidyService;
use tonic::{Request, Response, Status};

use super::filing::{after, next};
use crate::call::Call;
use crate::convert::claim as convert;
use crate::convert::page;
use crate::reply::claim as reply;
use crate::reply::reason::assumption;

/// The subsidy service.
#[derive(Clone, Debug)]
pub(crate) struct Subsidy {
    app: Arc<App>,
}

impl Subsidy {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    async fn act(&self, call: &Call, act: ActOnClaim) -> Result<Option<v1::Claim>, Status> {
        let claim = self.app.act_on_claim(&call.caller, act).await;
        let claim = claim.and_then(|claim| reply::claim(&claim));
        claim.map(Some).map_err(|error| call.refuse(&error))
    }
}

#[tonic::async_trait]
impl SubsidyService for Subsidy {
    async fn submit_claim(
        &self,
        request: Request<v1::SubmitClaimRequest>,
    ) -> Result<Response<v1::SubmitClaimResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let claim = call.read(&self.app, |check| convert::submit(check, request.get_ref()))?;
        let submitted = self.app.submit_claim(&call.caller, claim).await;
        let told = submitted.and_then(|submission| {
            let quarter = submission.claim.file.quarter_start;
            let assumed = self.app.claim_days_assumed(quarter);
            Ok(v1::SubmitClaimResponse {
                claim: Some(reply::claim(&submission.claim)?),
                refused: reply::refused(&submission.refused),
                assumptions: assumed
                    .iter()
                    .map(|assumed| assumption(&self.app, assumed, call.language))
                    .collect(),
            })
        });
        told.map(Response::new).map_err(|error| call.refuse(&error))
    }

    async fn review_claim(
        &self,
        request: Request<v1::ReviewClaimRequest>,
    ) -> Result<Response<v1::ReviewClaimResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let act = call.read(&self.app, |check| convert::review(check, request.get_ref()))?;
        let claim = self.act(&call, act).await?;
        Ok(Response::new(v1::ReviewClaimResponse { claim }))
    }

    async fn approve_claim(
        &self,
        request: Request<v1::ApproveClaimRequest>,
    ) -> Result<Response<v1::ApproveClaimResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let act = call.read(&self.app, |check| {
            convert::approve(check, request.get_ref())
        })?;
        let claim = self.act(&call, act).await?;
        Ok(Response::new(v1::ApproveClaimResponse { claim }))
    }

    async fn mark_claim_paid(
        &self,
        request: Request<v1::MarkClaimPaidRequest>,
    ) -> Result<Response<v1::MarkClaimPaidResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let act = call.read(&self.app, |check| convert::pay(check, request.get_ref()))?;
        let claim = self.act(&call, act).await?;
        Ok(Response::new(v1::MarkClaimPaidResponse { claim }))
    }

    async fn claw_back_claim(
        &self,
        request: Request<v1::ClawBackClaimRequest>,
    ) -> Result<Response<v1::ClawBackClaimResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let act = call.read(&self.app, |check| {
            convert::claw_back(check, request.get_ref())
        })?;
        let claim = self.act(&call, act).await?;
        Ok(Response::new(v1::ClawBackClaimResponse { claim }))
    }

    async fn get_claim(
        &self,
        request: Request<v1::GetClaimRequest>,
    ) -> Result<Response<v1::GetClaimResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let told = request.get_ref();
        let id = call.read(&self.app, |check| check.case_id("claim_id", &told.claim_id))?;
        let found = self.app.get_claim(&call.caller, id).await;
        let told = found.and_then(|found| {
            Ok(v1::GetClaimResponse {
                claim: Some(reply::claim(&found.claim)?),
                history: reply::claim_steps(&found.history),
                changes: reply::changes(&found.changes),
            })
        });
        told.map(Response::new).map_err(|error| call.refuse(&error))
    }

    async fn list_claims(
        &self,
        request: Request<v1::ListClaimsRequest>,
    ) -> Result<Response<v1::ListClaimsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list(check, &message);
            selected.zip(page::size(check, message.page_size))
        })?;
        let selection = convert::of_claims(&message);
        let listed = async {
            let after = after(&self.app, &call, selection, &message.page_token)?;
            let selected = ClaimSelection {
                after,
                limit,
                ..selected
            };
            let (claims, place) = self.app.list_claims(&call.caller, selected).await?;
            let claims: AppResult<Vec<_>> = claims.iter().map(reply::claim).collect();
            Ok(v1::ListClaimsResponse {
                claims: claims?,
                next_page_token: next(&self.app, &call, selection, place),
            })
        };
        let listed: AppResult<_> = listed.await;
        let listed = listed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(listed))
    }
}
