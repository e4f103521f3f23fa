//! Bare tonic: every call is answered with the same bytes, and nothing is done for it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use clap::Args;
use tonic::body::Body;
use tonic::server::{NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::wire::Raw;

/// Where and with what to answer.
#[derive(Args, Clone, Debug)]
pub(crate) struct EchoArgs {
    /// The address to listen on.
    #[arg(long)]
    listen: SocketAddr,
    /// The file that holds the answer.
    #[arg(long)]
    answer: PathBuf,
}

/// Answers until it is ended.
pub(crate) async fn run(args: EchoArgs) -> anyhow::Result<()> {
    let answer = Bytes::from(std::fs::read(args.answer)?);
    Server::builder()
        .tcp_nodelay(true)
        .add_service(Echo(answer))
        .serve(args.listen)
        .await?;
    Ok(())
}

#[derive(Clone)]
struct Echo(Bytes);

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

struct Same(Bytes);

impl UnaryService<Bytes> for Same {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

impl tonic::codegen::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answering {
        let same = Same(self.0.clone());
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Raw);
            Ok(grpc.unary(same, request).await)
        })
    }
}
