//! Filings and hires.

use std::sync::Arc;

use mamagang_app::filings::{FilingSelection, HireSelection, OpenPostSelection};
use mamagang_app::{App, AppResult};
use mamagang_domain::ids::CaseId;
use mamagang_proto::v1;
use mamagang_proto::v1::filing_service_server::FilingService;
use tonic::{Request, Response, Status};

use crate::call::Call;
use crate::convert::filing as convert;
use crate::convert::page::{self, Selection};
use crate::reply::filing as reply;

/// The filing service.
#[derive(Clone, Debug)]
pub(crate) struct Filing {
    app: Arc<App>,
}

impl Filing {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

/// The place after which a page of cases starts.
pub(crate) fn after(
    app: &App,
    call: &Call,
    selection: Selection,
    token: &str,
) -> AppResult<Option<(i64, CaseId)>> {
    let start = page::open(app, &call.caller, selection, token, None)?;
    page::position(&start, convert::place)
}

/// The token of the page after a place.
pub(crate) fn next(
    app: &App,
    call: &Call,
    selection: Selection,
    place: Option<(i64, CaseId)>,
) -> String {
    let after = place.map(convert::place_bytes);
    page::next(app, &call.caller, selection, 0, after.as_deref())
}

#[tonic::async_trait]
impl FilingService for Filing {
    async fn submit_filing(
        &self,
        request: Request<v1::SubmitFilingRequest>,
    ) -> Result<Response<v1::SubmitFilingResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let filing = call.read(&self.app, |check| convert::submit(check, request.get_ref()))?;
        let filed = self.app.submit_filing(&call.caller, filing).await;
        let filed = filed.and_then(|filed| reply::filing(&filed));
        let filing = filed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::SubmitFilingResponse {
            filing: Some(filing),
        }))
    }

    async fn decide_filing(
        &self,
        request: Request<v1::DecideFilingRequest>,
    ) -> Result<Response<v1::DecideFilingResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let decision = call.read(&self.app, |check| convert::decide(check, request.get_ref()))?;
        let filed = self.app.decide_filing(&call.caller, decision).await;
        let filed = filed.and_then(|filed| reply::filing(&filed));
        let filing = filed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::DecideFilingResponse {
            filing: Some(filing),
        }))
    }

    async fn get_filing(
        &self,
        request: Request<v1::GetFilingRequest>,
    ) -> Result<Response<v1::GetFilingResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (id, as_of) = call.read(&self.app, |check| convert::get(check, request.get_ref()))?;
        let found = self.app.get_filing(&call.caller, id, as_of).await;
        let told = found.and_then(|(filed, history)| {
            Ok(v1::GetFilingResponse {
                filing: Some(reply::filing(&filed)?),
                history: reply::filing_steps(&history),
            })
        });
        told.map(Response::new).map_err(|error| call.refuse(&error))
    }

    async fn list_filings(
        &self,
        request: Request<v1::ListFilingsRequest>,
    ) -> Result<Response<v1::ListFilingsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list(check, &message);
            selected.zip(page::size(check, message.page_size))
        })?;
        let selection = convert::of_filings(&message);
        let listed = async {
            let after = after(&self.app, &call, selection, &message.page_token)?;
            let selected = FilingSelection {
                after,
                limit,
                ..selected
            };
            let (filings, place) = self.app.list_filings(&call.caller, selected).await?;
            let filings: AppResult<Vec<_>> = filings.iter().map(reply::filing).collect();
            Ok(v1::ListFilingsResponse {
                filings: filings?,
                next_page_token: next(&self.app, &call, selection, place),
            })
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(listed))
    }

    async fn list_open_posts(
        &self,
        request: Request<v1::ListOpenPostsRequest>,
    ) -> Result<Response<v1::ListOpenPostsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::open_posts(check, &message);
            selected.zip(page::size(check, message.page_size))
        })?;
        let selection = convert::of_open_posts(&message);
        let listed = async {
            let start = page::open(
                &self.app,
                &call.caller,
                selection,
                &message.page_token,
                None,
            )?;
            let selected = OpenPostSelection {
                after: page::position(&start, post_place)?,
                limit,
                ..selected
            };
            let (posts, place) = self.app.list_open_posts(&call.caller, selected).await?;
            let after = place.map(|(place, index)| {
                [&index.to_be_bytes()[..], &convert::place_bytes(place)].concat()
            });
            let token = page::next(&self.app, &call.caller, selection, 0, after.as_deref());
            Ok(v1::ListOpenPostsResponse {
                posts: posts.iter().map(reply::open_post).collect(),
                next_page_token: token,
            })
        };
        let listed: AppResult<_> = listed.await;
        let listed = listed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(listed))
    }

    async fn report_hire(
        &self,
        request: Request<v1::ReportHireRequest>,
    ) -> Result<Response<v1::ReportHireResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let hire = call.read(&self.app, |check| {
            convert::report_hire(check, request.get_ref(), |bytes| {
                self.app.seal_request(bytes)
            })
        })?;
        let hire = self.app.report_hire(&call.caller, hire).await;
        let hire = hire.and_then(|hire| reply::hire(&hire));
        let hire = hire.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::ReportHireResponse { hire: Some(hire) }))
    }

    async fn register_hire(
        &self,
        request: Request<v1::RegisterHireRequest>,
    ) -> Result<Response<v1::RegisterHireResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let registration = call.read(&self.app, |check| {
            convert::register_hire(check, request.get_ref())
        })?;
        let hire = self.app.register_hire(&call.caller, registration).await;
        let hire = hire.and_then(|hire| reply::hire(&hire));
        let hire = hire.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::RegisterHireResponse { hire: Some(hire) }))
    }

    async fn end_hire(
        &self,
        request: Request<v1::EndHireRequest>,
    ) -> Result<Response<v1::EndHireResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let end = call.read(&self.app, |check| {
            convert::end_hire(check, request.get_ref())
        })?;
        let hire = self.app.end_hire(&call.caller, end).await;
        let hire = hire.and_then(|hire| reply::hire(&hire));
        let hire = hire.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::EndHireResponse { hire: Some(hire) }))
    }

    async fn list_hires(
        &self,
        request: Request<v1::ListHiresRequest>,
    ) -> Result<Response<v1::ListHiresResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list_hires(check, &message);
            selected.zip(page::size(check, message.page_size))
        })?;
        let selection = convert::of_hires(&message);
        let listed = async {
            let after = after(&self.app, &call, selection, &message.page_token)?;
            let selected = HireSelection {
                after,
                limit,
                ..selected
            };
            let (hires, place) = self.app.list_hires(&call.caller, selected).await?;
            let hires: AppResult<Vec<_>> = hires.iter().map(reply::hire).collect();
            Ok(v1::ListHiresResponse {
                hires: hires?,
                next_page_token: next(&self.app, &call, selection, place),
            })
        };
        let listed: AppResult<_> = listed.await;
        let listed = listed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(listed))
    }
}

/// The place of a post: its index in the filing, then the filing's place.
fn post_place(bytes: &[u8]) -> Option<((i64, CaseId), u32)> {
    let (index, place) = bytes.split_first_chunk()?;
    Some((convert::place(place)?, u32::from_be_bytes(*index)))
}
