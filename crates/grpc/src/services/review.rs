//! Reviews: the queue, and the two persons.

use std::sync::Arc;

use mamagang_app::reviews::ReviewSelection;
use mamagang_app::{App, AppResult};
use mamagang_proto::v1;
use mamagang_proto::v1::review_service_server::ReviewService;
use tonic::{Request, Response, Status};

use super::filing::{after, next};
use crate::call::Call;
use crate::convert::{page, review as convert};
use crate::reply::review as reply;

/// The review service.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    app: Arc<App>,
}

impl Review {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl ReviewService for Review {
    async fn list_review_cases(
        &self,
        request: Request<v1::ListReviewCasesRequest>,
    ) -> Result<Response<v1::ListReviewCasesResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list(check, &message);
            selected.zip(page::size(check, message.page_size))
        })?;
        let selection = convert::of_reviews(&message);
        let listed = async {
            let after = after(&self.app, &call, selection, &message.page_token)?;
            let selected = ReviewSelection {
                after,
                limit,
                ..selected
            };
            let (reviews, place) = self.app.list_reviews(&call.caller, selected).await?;
            let told = reviews.iter();
            let told = told.map(|it| reply::review(&self.app, it, call.language));
            let told: AppResult<Vec<_>> = told.collect();
            Ok(v1::ListReviewCasesResponse {
                cases: told?,
                next_page_token: next(&self.app, &call, selection, place),
            })
        };
        let listed: AppResult<_> = listed.await;
        let listed = listed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(listed))
    }

    async fn get_review_case(
        &self,
        request: Request<v1::GetReviewCaseRequest>,
    ) -> Result<Response<v1::GetReviewCaseResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (context, case_id) =
            call.read(&self.app, |check| convert::get(check, request.get_ref()))?;
        let read = async {
            let read = self.app.get_review(&call.caller, &context, case_id).await;
            let (review, steps) = read?;
            Ok(v1::GetReviewCaseResponse {
                case: Some(reply::review(&self.app, &review, call.language)?),
                history: reply::steps(&steps),
            })
        };
        let read: AppResult<_> = read.await;
        let read = read.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(read))
    }

    async fn propose_resolution(
        &self,
        request: Request<v1::ProposeResolutionRequest>,
    ) -> Result<Response<v1::ProposeResolutionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let propose = call.read(&self.app, |check| {
            convert::propose(check, request.get_ref())
        })?;
        let review = self.app.propose_resolution(&call.caller, propose).await;
        let case = review.and_then(|it| reply::review(&self.app, &it, call.language));
        let case = case.map(Some).map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::ProposeResolutionResponse { case }))
    }

    async fn confirm_resolution(
        &self,
        request: Request<v1::ConfirmResolutionRequest>,
    ) -> Result<Response<v1::ConfirmResolutionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let confirm = call.read(&self.app, |check| {
            convert::confirm(check, request.get_ref())
        })?;
        let review = self.app.confirm_resolution(&call.caller, confirm).await;
        let case = review.and_then(|it| reply::review(&self.app, &it, call.language));
        let case = case.map(Some).map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::ConfirmResolutionResponse { case }))
    }
}
