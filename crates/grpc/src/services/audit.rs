//! Who asked what, and whose data was seen.

use std::sync::Arc;

use mamagang_app::App;
use mamagang_app::audit::{AuditPage, AuditSpan};
use mamagang_proto::v1;
use mamagang_proto::v1::audit_service_server::AuditService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::call::Call;
use crate::convert::audit as convert;
use crate::convert::page::{self, Selection, Start};
use crate::reply::audit as reply;

/// The audit service.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    app: Arc<App>,
}

impl Audit {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// The part of a span that a page lists. The first page fixes its end, so that the trail's own rows of the pages
    /// are not listed by the next.
    fn span(
        &self,
        span: convert::Span,
        start: &Start,
        limit: u32,
    ) -> mamagang_app::AppResult<(AuditSpan, i64)> {
        let until = start
            .as_of
            .or(span.until)
            .unwrap_or_else(|| self.app.now_micros());
        let after = page::position(start, convert::place)?;
        let span = AuditSpan {
            from: span.from,
            until: Some(until),
            after,
            limit: limit as usize,
        };
        Ok((span, until))
    }

    fn next(&self, call: &Call, selection: Selection, until: i64, page: &AuditPage) -> String {
        let after = page.next_after.map(convert::place_bytes);
        page::next(&self.app, &call.caller, selection, until, after.as_deref())
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_events(
        &self,
        request: Request<v1::ListAuditEventsRequest>,
    ) -> Result<Response<v1::ListAuditEventsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let ((context, span, filter), limit) = call.read(&self.app, |check| {
            let read = convert::list_audit_events(check, &message);
            let limit = page::size(check, message.page_size);
            read.zip(limit)
        })?;
        let alike = v1::ListAuditEventsRequest {
            context: None,
            page_size: 0,
            page_token: String::new(),
            ..message.clone()
        };
        let selection = Selection::new("ListAuditEvents", &alike.encode_to_vec());
        let listed = async {
            let token = &message.page_token;
            let start = page::open(&self.app, &call.caller, selection, token, None)?;
            let (span, until) = self.span(span, &start, limit)?;
            let page = self
                .app
                .list_audit_events(&call.caller, &context, span, &filter)
                .await?;
            Ok((page, until))
        };
        let (page, until) = listed.await.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::ListAuditEventsResponse {
            events: page.events.iter().map(reply::event).collect(),
            next_page_token: self.next(&call, selection, until, &page),
        }))
    }

    async fn list_subject_access(
        &self,
        request: Request<v1::ListSubjectAccessRequest>,
    ) -> Result<Response<v1::ListSubjectAccessResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let ((context, span, who), limit) = call.read(&self.app, |check| {
            let read = convert::list_subject_access(check, &message);
            let limit = page::size(check, message.page_size);
            read.zip(limit)
        })?;
        let alike = v1::ListSubjectAccessRequest {
            context: None,
            page_size: 0,
            page_token: String::new(),
            ..message.clone()
        };
        let selection = Selection::new("ListSubjectAccess", &alike.encode_to_vec());
        let listed = async {
            let token = &message.page_token;
            let start = page::open(&self.app, &call.caller, selection, token, None)?;
            let (span, until) = self.span(span, &start, limit)?;
            let page = self
                .app
                .list_subject_access(&call.caller, &context, &who, span)
                .await?;
            Ok((page, until))
        };
        let (page, until) = listed.await.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::ListSubjectAccessResponse {
            events: page.events.iter().map(reply::event).collect(),
            next_page_token: self.next(&call, selection, until, &page),
            worker_ids: page.worker_ids.iter().map(ToString::to_string).collect(),
        }))
    }
}
