//! Who calls, in which language, and until when: known of every call before a method is reached.

use std::fmt;
use std::sync::Arc;

use http::Extensions;
use http::request::Parts;
use mamagang_app::audit::TurnedAway;
use mamagang_app::{App, AppError, AppResult, Caller, ErrorReason};
use mamagang_domain::reason::Language;
use tokio::time::Instant;
use tonic::Status;

use crate::convert::{Checker, Rules};
use crate::error;

/// Tells who calls. It stands in the tower stack, so that no bridge goes around it.
pub trait Authenticator: Send + Sync + fmt::Debug + 'static {
    /// The caller by headers and connection (`extensions` hold its peer certificate), or `UNAUTHENTICATED`.
    fn authenticate(&self, call: &Parts) -> AppResult<Caller>;
}

/// Where calls are recorded that no use case has recorded.
#[tonic::async_trait]
pub trait Trail: Send + Sync + 'static {
    /// Records how a call ended, in a durable row. An error means that the call fails.
    async fn record(&self, method: &str, caller: &Caller, outcome: &str) -> AppResult<()>;

    /// Records calls that were turned away together, in one durable row.
    async fn record_turned_away(&self, calls: &TurnedAway) -> AppResult<()>;
}

#[tonic::async_trait]
impl Trail for App {
    async fn record(&self, method: &str, caller: &Caller, outcome: &str) -> AppResult<()> {
        self.record_call(method, caller, outcome).await
    }

    async fn record_turned_away(&self, calls: &TurnedAway) -> AppResult<()> {
        App::record_turned_away(self, calls).await
    }
}

/// Takes every caller as the developer: for a service without configured authentication, which listens on loopback
/// only.
#[derive(Clone, Copy, Debug)]
pub struct DeveloperAuthenticator;

impl Authenticator for DeveloperAuthenticator {
    fn authenticate(&self, _: &Parts) -> AppResult<Caller> {
        Ok(Caller::developer())
    }
}

/// What is known of a call. The layer puts it into the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Who calls.
    pub(crate) caller: Arc<Caller>,
    /// The language of texts.
    pub(crate) language: Language,
    /// Until when the caller waits; `None` where it does not say.
    pub(crate) deadline: Option<Instant>,
}

impl Call {
    /// The call of a request. A request that came around the layer is nobody's.
    pub(crate) fn of(extensions: &Extensions) -> Result<Self, Status> {
        let known = extensions.get::<Self>().cloned();
        known.ok_or_else(|| {
            error::status(
                &AppError::new(ErrorReason::Unauthenticated),
                Language::Chinese,
            )
        })
    }

    /// The answer to a call that failed.
    pub(crate) fn refuse(&self, error: &AppError) -> Status {
        error::status(error, self.language)
    }

    /// Reads a request, all of it.
    pub(crate) fn read<T>(
        &self,
        app: &App,
        read: impl FnOnce(&mut Checker<'_>) -> Option<T>,
    ) -> Result<T, Status> {
        self.try_read(app, read)
            .map_err(|error| self.refuse(&error))
    }

    /// As [`Call::read`], for callers that answer with the error themselves.
    pub(crate) fn try_read<T>(
        &self,
        app: &App,
        read: impl FnOnce(&mut Checker<'_>) -> Option<T>,
    ) -> AppResult<T> {
        let mut check = Checker::new(rules(app));
        let message = read(&mut check);
        // Noted whether or not the rest can be read: a refusal for syntax is recorded with it.
        self.caller.trail.note(|noted| check.tell(noted));
        check.finish(message)
    }
}

/// What conversions compare with now.
pub(crate) fn rules(app: &App) -> Rules<'_> {
    Rules {
        today: app.today(),
        umct_rates_bp: &app.policies().book.surcharges.umct_rates_bp,
    }
}
