//! The town's bureau: a service on a loopback port, by a clock that the play moves.

use std::sync::Arc;

use mamagang_app::authorise::{Role, Roles};
use mamagang_app::{AppError, AppResult, Caller, ErrorReason};
use mamagang_grpc::{Authenticator, Grpc};
use mamagang_server::client::connection::{Connection, Speaker};
use mamagang_server::client::words::Lang;
use mamagang_testkit::{SteadyIds, TestApp};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Endpoint;

/// Who calls is whose name the token is.
#[derive(Debug)]
struct Names;

impl Authenticator for Names {
    fn authenticate(&self, call: &http::request::Parts) -> AppResult<Caller> {
        let token = call.headers.get("authorization");
        let name = token
            .and_then(|token| token.to_str().ok())
            .and_then(|token| token.strip_prefix("Bearer "))
            .ok_or_else(|| AppError::new(ErrorReason::Unauthenticated))?;
        let role = match name {
            "clerk" | "clerk2" => Role::HrClerk,
            "reviewer" => Role::HrReviewer,
            "officer" => Role::TaxOfficer,
            _ => return Err(AppError::new(ErrorReason::Unauthenticated)),
        };
        Ok(Caller {
            subject: name.to_owned(),
            organisation: "人社局".to_owned(),
            roles: Roles::of(role),
            ..Caller::developer()
        })
    }
}

/// A running bureau.
pub(crate) struct Service {
    pub(crate) test: TestApp,
    pub(crate) address: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start(test: TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let app = test.app.clone();
        let task = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            let grpc = Grpc::new(app, Arc::new(Names), Arc::new(SteadyIds::default()));
            let served = mamagang_grpc::serve(listener, grpc, stopped).await;
            served.expect("served");
        });
        Self {
            test,
            address: format!("http://{address}"),
            stop,
            task,
        }
    }

    /// A connection of a person's, answered in Chinese.
    pub(crate) async fn connection(&self, who: &str) -> Connection {
        let endpoint = Endpoint::from_shared(self.address.clone()).expect("an address");
        let speaker = Speaker::new(Lang::Zh, Some(who)).expect("a token");
        let patience = std::time::Duration::from_secs(30);
        let opened = Connection::open(&endpoint, speaker, patience).await;
        opened.expect("a connection")
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.expect("no panic");
    }
}
