//! The gRPC listener.

use std::future::Future;
use std::sync::Arc;

use mamagang_app::limits::{CONNECTION_STREAMS_MAX, MESSAGE_BYTES_MAX};
use mamagang_app::{App, Ids};
use mamagang_proto::v1::audit_service_server::{AuditServiceServer, SERVICE_NAME as AUDIT};
use mamagang_proto::v1::eligibility_service_server::{
    EligibilityServiceServer, SERVICE_NAME as ELIGIBILITY,
};
use mamagang_proto::v1::filing_service_server::{FilingServiceServer, SERVICE_NAME as FILING};
use mamagang_proto::v1::ledger_service_server::{LedgerServiceServer, SERVICE_NAME as LEDGER};
use mamagang_proto::v1::policy_service_server::{PolicyServiceServer, SERVICE_NAME as POLICY};
use mamagang_proto::v1::registry_service_server::{
    RegistryServiceServer, SERVICE_NAME as REGISTRY,
};
use mamagang_proto::v1::report_service_server::{ReportServiceServer, SERVICE_NAME as REPORT};
use mamagang_proto::v1::review_service_server::{ReviewServiceServer, SERVICE_NAME as REVIEW};
use mamagang_proto::v1::subsidy_service_server::{SERVICE_NAME as SUBSIDY, SubsidyServiceServer};
use mamagang_proto::v1::verification_service_server::{
    SERVICE_NAME as VERIFICATION, VerificationServiceServer,
};
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Layer as _;

use crate::call::{Authenticator, Trail};
use crate::layer::{CallLayer, CallService, CallerLimits, ParentSpan};
use crate::limits as own;
use crate::listener::{Security, incoming};
use crate::services::{
    Audit, Eligibility, EligibilityRoutes, Filing, Ledger, Policy, Registry, Report, Review,
    Subsidy, Verification,
};

/// The services whose health is told, and the whole, which has no name.
const SERVICES: [&str; 11] = [
    "",
    REGISTRY,
    FILING,
    VERIFICATION,
    ELIGIBILITY,
    LEDGER,
    SUBSIDY,
    AUDIT,
    POLICY,
    REPORT,
    REVIEW,
];

/// What the services are made of.
#[derive(Clone)]
pub struct Grpc {
    app: Arc<App>,
    layer: CallLayer,
    health: HealthReporter,
    security: Option<Arc<dyn Security>>,
}

impl std::fmt::Debug for Grpc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grpc")
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}

impl Grpc {
    /// The services over the use cases. `authenticator` tells who calls; `ids` gives request ids to calls without one.
    pub fn new(app: Arc<App>, authenticator: Arc<dyn Authenticator>, ids: Arc<dyn Ids>) -> Self {
        let trail: Arc<dyn Trail> = app.clone();
        Self {
            layer: CallLayer::new(authenticator, trail, ids),
            app,
            health: HealthReporter::new(),
            security: None,
        }
    }

    /// The same with spans that join the caller's trace.
    #[must_use]
    pub fn with_parent_span(mut self, parent_span: ParentSpan) -> Self {
        self.layer = self.layer.with_parent_span(parent_span);
        self
    }

    /// The same with a rate for each caller.
    #[must_use]
    pub fn with_caller_limits(mut self, limits: CallerLimits) -> Self {
        self.layer = self.layer.with_caller_limits(limits);
        self
    }

    /// The same over connections that `security` secures.
    #[must_use]
    pub fn with_security(mut self, security: Arc<dyn Security>) -> Self {
        self.security = Some(security);
        self
    }

    /// What surrounds every call, for other bridges to the same services.
    pub fn layer(&self) -> CallLayer {
        self.layer.clone()
    }

    /// Every service with its surroundings: a tower service that answers in process, without a connection.
    pub fn router(&self) -> CallService<Routes> {
        self.layer.layer(self.routes())
    }

    /// Tells whether the services take calls.
    pub async fn set_serving(&self, is_serving: bool) {
        let status = if is_serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        if !is_serving {
            // Streams that would not end by themselves end: their callers go on elsewhere.
            self.app.stop_watches();
        }
        for service in SERVICES {
            self.health.set_service_status(service, status).await;
        }
    }

    /// The services of the API, health checks and reflection, without surroundings.
    fn routes(&self) -> Routes {
        let app = || Arc::clone(&self.app);
        macro_rules! limited {
            ($server:ident, $service:ident) => {
                $server::new($service::new(app()))
                    .max_decoding_message_size(MESSAGE_BYTES_MAX)
                    .accept_compressed(CompressionEncoding::Gzip)
                    .send_compressed(CompressionEncoding::Gzip)
            };
        }
        let health = tonic_health::server::HealthService::from_health_reporter(self.health.clone());
        let mut routes = Routes::builder();
        routes
            .add_service(limited!(RegistryServiceServer, Registry))
            .add_service(limited!(FilingServiceServer, Filing))
            .add_service(limited!(VerificationServiceServer, Verification))
            .add_service(EligibilityRoutes::new(
                Eligibility::new(app()),
                limited!(EligibilityServiceServer, Eligibility),
            ))
            .add_service(limited!(LedgerServiceServer, Ledger))
            .add_service(limited!(SubsidyServiceServer, Subsidy))
            .add_service(limited!(ReportServiceServer, Report))
            .add_service(limited!(ReviewServiceServer, Review))
            .add_service(limited!(AuditServiceServer, Audit))
            .add_service(limited!(PolicyServiceServer, Policy))
            .add_service(tonic_health::pb::health_server::HealthServer::new(health));
        // The descriptors are compiled in; a test asks both versions of reflection for them.
        if let Ok(reflection) = reflection().build_v1() {
            routes.add_service(reflection);
        }
        if let Ok(reflection) = reflection().build_v1alpha() {
            routes.add_service(reflection);
        }
        routes.routes()
    }
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(mamagang_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// Serves until `shutdown` completes; then tells health checks so, takes no more calls and lets open ones finish, for
/// at most [`DRAIN_TIME_MAX`](crate::limits::DRAIN_TIME_MAX). Errors: the listener has failed.
pub async fn serve(
    listener: TcpListener,
    grpc: Grpc,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    grpc.set_serving(true).await;
    let (asked, mut is_asked) = tokio::sync::watch::channel(false);
    let stop = {
        let health = grpc.clone();
        async move {
            shutdown.await;
            health.set_serving(false).await;
            health.layer.drain();
            asked.send_replace(true);
        }
    };
    let connections = incoming(listener, grpc.security.clone());
    let watching = grpc.layer();
    let serving = server()
        .layer(grpc.layer())
        .add_routes(grpc.routes())
        .serve_with_incoming_shutdown(connections, stop);
    let drained = async {
        // An error means that the server has ended, and with it the wait.
        if is_asked.wait_for(|asked| *asked).await.is_ok() {
            tokio::time::sleep(own::DRAIN_TIME_MAX).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        served = serving => served,
        () = watching.watch_answers() => Ok(()),
        () = drained => {
            tracing::warn!("Calls were still open when the time for draining was over");
            Ok(())
        }
    };
    watching.record_turned_away().await;
    ended
}

fn server() -> Server {
    Server::builder()
        .max_concurrent_streams(CONNECTION_STREAMS_MAX)
        .initial_stream_window_size(own::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(own::CONNECTION_WINDOW_BYTES)
        .http2_max_header_list_size(own::HEADER_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(own::PENDING_RESETS_MAX))
        .http2_max_local_error_reset_streams(Some(own::ERROR_RESETS_MAX))
        .http2_keepalive_interval(Some(own::KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(own::KEEPALIVE_TIMEOUT))
        // Without a grace: with one, tonic cuts connections off instead of asking them to end.
        .max_connection_age(own::CONNECTION_AGE_MAX)
}
