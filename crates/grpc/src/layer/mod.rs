//! What surrounds every call, whatever bridge it came over: a request id, a span and measurements, the bound on calls
//! worked on at once, authentication, permission for the method, and the deadline.
//!
//! The order of gates is size and rate, authentication, permission for the method, then the method's own.

mod answers;
mod audit;
mod body;
mod deadline;
mod freshness;
mod method;
mod quota;
mod record;
mod turned_away;

use std::fmt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use mamagang_app::audit::CallTrail;
use mamagang_app::authorise::is_granted;
use mamagang_app::limits::{CALL_TIME_DEFAULT, CALL_TIME_MAX};
use mamagang_app::{AppError, Caller, ErrorReason, Ids};
use mamagang_domain::ids::RequestId;
use mamagang_domain::reason::Language;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

use crate::call::{Authenticator, Call, Trail};
use crate::limits as own;
use crate::limits::CALLS_MAX;
use crate::listener::Peer;
use crate::{error, language};
use answers::Answers;
use audit::CallAudit;
use body::{Farewell, Held, ObservedBody};
use method::{Method, Methods};
pub use quota::CallerLimits;
use quota::Quota;
use record::Record;
#[cfg(test)]
pub(crate) use record::name_of as code_name;
use turned_away::{Told, Turned};

/// The caller's name for a call, answered with it: for the logs of both sides.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes a span the child of the one that the caller's headers name.
pub type ParentSpan = Arc<dyn Fn(&Span, &HeaderMap) + Send + Sync>;

/// Surrounds every call.
#[derive(Clone)]
pub struct CallLayer(Arc<Surroundings>);

#[derive(Clone)]
struct Surroundings {
    authenticator: Arc<dyn Authenticator>,
    trail: Arc<dyn Trail>,
    ids: Arc<dyn Ids>,
    parent_span: Option<ParentSpan>,
    methods: Arc<Methods>,
    slots: Arc<Semaphore>,
    quota: Option<Arc<Quota>>,
    strangers: Arc<Quota>,
    turned: Arc<Turned>,
    answers: Arc<Answers>,
    draining: Arc<watch::Sender<bool>>,
}

impl fmt::Debug for CallLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLayer")
            .field("authenticator", &self.0.authenticator)
            .finish_non_exhaustive()
    }
}

impl CallLayer {
    /// A layer that asks `authenticator` for every caller but those of health checks, records in `trail` whom it refuses,
    /// and takes new request ids from `ids`.
    pub fn new(
        authenticator: Arc<dyn Authenticator>,
        trail: Arc<dyn Trail>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self::within(authenticator, trail, ids, None, CALLS_MAX)
    }

    /// The same with spans that join the caller's trace.
    #[must_use]
    pub fn with_parent_span(self, parent_span: ParentSpan) -> Self {
        Self(Arc::new(Surroundings {
            parent_span: Some(parent_span),
            ..(*self.0).clone()
        }))
    }

    /// The same with a rate for each caller.
    #[must_use]
    pub fn with_caller_limits(self, limits: CallerLimits) -> Self {
        Self(Arc::new(Surroundings {
            quota: Some(Arc::new(Quota::new(limits))),
            ..(*self.0).clone()
        }))
    }

    /// Tells open answers that the service drains: streams end once they have nothing more to say.
    pub fn drain(&self) {
        self.0.draining.send_replace(true);
    }

    /// Looks after answers that are not taken, for as long as the layer is used.
    pub(crate) async fn watch_answers(&self) {
        Answers::sweep(Arc::downgrade(&self.0.answers)).await;
    }

    /// Records what was turned away and is not recorded yet: before the process ends.
    pub(crate) async fn record_turned_away(&self) {
        self.0.turned.flush().await;
    }

    fn within(
        authenticator: Arc<dyn Authenticator>,
        trail: Arc<dyn Trail>,
        ids: Arc<dyn Ids>,
        parent_span: Option<ParentSpan>,
        calls_max: usize,
    ) -> Self {
        record::describe();
        let slots = Arc::new(Semaphore::new(calls_max));
        Self(Arc::new(Surroundings {
            turned: Turned::new(Arc::clone(&trail)),
            authenticator,
            trail,
            ids,
            parent_span,
            methods: Arc::new(Methods::known()),
            slots,
            quota: None,
            strangers: Arc::new(Quota::new(CallerLimits {
                calls_per_second: own::STRANGERS_RECORDED_PER_SECOND,
                calls_burst: own::STRANGERS_RECORDED_PER_SECOND,
                calls_open_max: calls_max.max(1),
            })),
            answers: Answers::new(),
            draining: Arc::new(watch::channel(false).0),
        }))
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = CallService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallService {
            inner,
            surroundings: Arc::clone(&self.0),
        }
    }
}

/// A service with its surroundings.
#[derive(Clone)]
pub struct CallService<S> {
    inner: S,
    surroundings: Arc<Surroundings>,
}

impl<S: fmt::Debug> fmt::Debug for CallService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<S, B> Service<Request<B>> for CallService<S>
where
    S: Service<Request<B>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone that is left behind is not ready; the one that was polled answers.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let (mut parts, body) = request.into_parts();
        let arrival = self.surroundings.arrive(&parts);
        let span = arrival.record.span().clone();
        let admitted = self.surroundings.admit(&parts, &arrival);
        let trail = Arc::clone(&self.surroundings.trail);
        let turned = Arc::clone(&self.surroundings.turned);
        let future = async move {
            let audit_of = |caller: Arc<Caller>| {
                let method = Arc::clone(arrival.method.name());
                CallAudit::new(Arc::clone(&trail), method, caller)
            };
            let (audit, held) = match admitted {
                Ok((call, held)) => {
                    let audit = call
                        .as_ref()
                        .filter(|_| !arrival.method.is_reflection())
                        .map(|call| audit_of(Arc::clone(&call.caller)));
                    if let Some(call) = call {
                        parts.extensions.insert(call);
                    }
                    (audit, held)
                }
                Err(refusal) => {
                    let audit = refusal.caller.map(audit_of);
                    let recorded = match refusal.told {
                        Some(told) => turned.durable(told).await,
                        None => Ok(()),
                    };
                    let error = recorded.err().unwrap_or(refusal.error);
                    return Ok(arrival.refuse(audit, error).await);
                }
            };
            // A fault that unwinds is a fault of this call alone, and is recorded like another.
            let called = ready.call(Request::from_parts(parts, body));
            let called = AssertUnwindSafe(called).catch_unwind();
            match timeout_at(arrival.answer_by, called).await {
                Ok(Ok(Ok(response))) => Ok(arrival.answer(audit, response, held).await),
                Ok(Ok(Err(error))) => Err(error),
                Ok(Err(_)) => {
                    let error = AppError::new(ErrorReason::Internal);
                    Ok(arrival.refuse(audit, error).await)
                }
                Err(_) => {
                    let error = AppError::new(ErrorReason::DeadlineTooShort);
                    Ok(arrival.refuse(audit, error).await)
                }
            }
        };
        Box::pin(future.instrument(span))
    }
}

/// A call that is not let in, and whose it was: it has a row of its own, or one together with others.
struct Refusal {
    error: AppError,
    /// Whose row is to be written.
    caller: Option<Arc<Caller>>,
    /// Tells when the row of all that are turned away now is durable, where that is waited for.
    told: Option<Told>,
}

/// A call that has arrived.
struct Arrival {
    method: Method,
    record: Record,
    request_id: HeaderValue,
    language: Language,
    deadline: Instant,
    answer_by: Instant,
    draining: watch::Receiver<bool>,
}

impl Surroundings {
    fn arrive(&self, parts: &Parts) -> Arrival {
        let started = Instant::now();
        let method = self.methods.of_path(parts.uri.path());
        let request_id = self.request_id(&parts.headers);
        let span = record::span(&method, &request_id);
        if let Some(parent_span) = &self.parent_span {
            parent_span(&span, &parts.headers);
        }
        let wait = deadline::of_caller(&parts.headers)
            .unwrap_or(CALL_TIME_DEFAULT)
            .min(CALL_TIME_MAX);
        Arrival {
            record: Record::new(method.clone(), span, started),
            method,
            // A UUID's characters are all allowed in a header.
            request_id: HeaderValue::from_str(&request_id).unwrap_or(HeaderValue::from_static("")),
            language: language::preferred(&parts.headers),
            deadline: started + wait,
            answer_by: started + wait.min(own::ANSWER_TIME_MAX),
            draining: self.draining.subscribe(),
        }
    }

    /// The caller's name for the call if it is a UUID, which tells nothing of a person; else a new one.
    fn request_id(&self, headers: &HeaderMap) -> String {
        let told = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        let told = told.and_then(|text| RequestId::parse(&text.to_ascii_lowercase()));
        told.map_or_else(|| self.ids.new_id().to_string(), |id| id.to_string())
    }

    /// Lets a call in: by rate, then by caller, then by method. Health checks are let in always.
    fn admit(&self, parts: &Parts, arrival: &Arrival) -> Result<(Option<Call>, Held), Refusal> {
        let peer = parts.extensions.get::<Peer>();
        let mut held = Held {
            ticket: peer.map(|peer| self.answers.begin(peer.cut())),
            ..Held::default()
        };
        if arrival.method.is_health() {
            return Ok((None, held));
        }
        let address = peer.and_then(Peer::address).map(|address| address.ip());
        let too_much = |caller: &Caller, error: AppError| {
            self.turned.note(caller, error.reason, address);
            Refusal {
                error,
                caller: None,
                told: None,
            }
        };
        if self.answers.are_too_many() {
            let error = AppError::overloaded().with("limit", "answer_bytes_max");
            return Err(too_much(&Caller::nobody(), error));
        }
        let place = Arc::clone(&self.slots).try_acquire_owned();
        held.place = Some(place.map_err(|_| {
            let error = AppError::overloaded().with("limit", "calls_max");
            too_much(&Caller::nobody(), error)
        })?);
        let mut caller = self
            .authenticator
            .authenticate(parts)
            .map_err(|error| self.stranger(error, address))?;
        if let Some(quota) = &self.quota {
            let share = quota.take(&caller, Instant::now());
            held.share = Some(share.map_err(|error| too_much(&caller, error))?);
        }
        // Of this call alone, whatever the authenticator keeps of its callers.
        caller.trail = CallTrail::default();
        if freshness::asks_primary(&parts.headers) {
            caller.trail.ask_primary();
        }
        // The use case asks again: there the effect is. Here a message that nobody may send is not even read.
        if arrival.method.is_ours() && !is_granted(arrival.method.name(), caller.roles) {
            return Err(Refusal {
                error: AppError::new(ErrorReason::PermissionDenied),
                caller: Some(Arc::new(caller)),
                told: None,
            });
        }
        let told = deadline::of_caller(&parts.headers).map(|_| arrival.deadline);
        Ok((
            Some(Call {
                caller: Arc::new(caller),
                language: arrival.language,
                deadline: told,
            }),
            held,
        ))
    }

    /// A call of nobody. So many a second have a row of their own as the audit trail can well bear; the others share one.
    fn stranger(&self, error: AppError, address: Option<IpAddr>) -> Refusal {
        let nobody = Caller::nobody();
        let has_own_row = self.strangers.take(&nobody, Instant::now()).is_ok();
        let told = match has_own_row {
            true => None,
            false => Some(self.turned.note(&nobody, error.reason, address)),
        };
        Refusal {
            error,
            caller: has_own_row.then(|| Arc::new(nobody)),
            told,
        }
    }
}

impl Arrival {
    /// The refusal, recorded; or, where it cannot be recorded, the error that says so.
    async fn refuse(self, audit: Option<CallAudit>, error: AppError) -> Response<Body> {
        let recorded = match audit {
            Some(audit) => audit.refused(error.reason.name()).await,
            None => Ok(()),
        };
        let told = recorded.err().unwrap_or(error);
        let status = error::status(&told, self.language);
        self.send(status.into_http(), Held::default(), None)
    }

    /// The answer once it is recorded; or, where it cannot be recorded, the error that says so.
    async fn answer(
        self,
        audit: Option<CallAudit>,
        mut response: Response<Body>,
        held: Held,
    ) -> Response<Body> {
        if self.method.is_ours() {
            response = with_details(response, self.language);
        }
        let Some(audit) = audit else {
            return self.send(response, held, None);
        };
        let is_stream = self.method.is_stream();
        freshness::tell(audit.seen_at(), response.headers_mut());
        let recorded = audit.answered(response.headers(), is_stream).await;
        match recorded {
            Ok(open) => self.send(response, held, open),
            Err(error) => {
                let status = error::status(&error, self.language);
                self.send(status.into_http(), Held::default(), None)
            }
        }
    }

    /// The response with its request id; measured when its last byte is taken.
    fn send(
        self,
        mut response: Response<Body>,
        held: Held,
        audit: Option<CallAudit>,
    ) -> Response<Body> {
        response.headers_mut().insert(REQUEST_ID, self.request_id);
        let record = self.record;
        match Status::from_header_map(response.headers()) {
            Some(status) => {
                record.finish(status.code());
                response
            }
            None => {
                if let Some(ticket) = &held.ticket {
                    ticket.hands_over();
                }
                let farewell = Farewell {
                    draining: self.draining,
                    patience: if self.method.is_health() {
                        own::DRAIN_WATCH_MAX
                    } else {
                        own::DRAIN_STREAM_MAX
                    },
                };
                let language = self.language;
                response.map(|body| {
                    let observed = ObservedBody::new(body, record, held, farewell, language, audit);
                    Body::new(observed)
                })
            }
        }
    }
}

/// A refusal of tonic's own, with the details that every error has.
fn with_details(response: Response<Body>, language: Language) -> Response<Body> {
    match Status::from_header_map(response.headers()) {
        Some(status) if status.code() != tonic::Code::Ok && status.details().is_empty() => {
            error::transport_status(status, language).into_http()
        }
        _ => response,
    }
}

#[cfg(test)]
mod tests;
