//! `CheckKeyGroupDeduction`, the call that is made most: its answer is written as bytes by
//! [`crate::reply::encoded`], and goes out without a message in between.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use mamagang_app::limits::MESSAGE_BYTES_MAX;
use mamagang_proto::v1::CheckKeyGroupDeductionRequest;
use mamagang_proto::v1::eligibility_service_server::{
    EligibilityServiceServer, SERVICE_NAME as ELIGIBILITY,
};
use prost::bytes::BufMut as _;
use tonic::body::Body;
use tonic::codec::{Codec, CompressionEncoding, EnabledCompressionEncodings, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstDecoder;
use tower::Service;

use super::Eligibility;

const PATH: &str = "/mamagang.v1.EligibilityService/CheckKeyGroupDeduction";

/// The eligibility service: this call here, the others as they were generated.
#[derive(Clone, Debug)]
pub(crate) struct EligibilityRoutes {
    eligibility: Eligibility,
    others: EligibilityServiceServer<Eligibility>,
}

impl EligibilityRoutes {
    pub(crate) const fn new(
        eligibility: Eligibility,
        others: EligibilityServiceServer<Eligibility>,
    ) -> Self {
        Self {
            eligibility,
            others,
        }
    }
}

impl NamedService for EligibilityRoutes {
    const NAME: &'static str = ELIGIBILITY;
}

impl Service<http::Request<Body>> for EligibilityRoutes {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<http::Request<Body>>::poll_ready(&mut self.others, cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != PATH {
            return self.others.call(request);
        }
        let check = Check(self.eligibility.clone());
        Box::pin(async move {
            let mut compression = EnabledCompressionEncodings::default();
            compression.enable(CompressionEncoding::Gzip);
            let mut grpc = Grpc::new(CheckCodec)
                .apply_compression_config(compression, compression)
                .apply_max_message_size_config(Some(MESSAGE_BYTES_MAX), None);
            Ok(grpc.unary(check, request).await)
        })
    }
}

struct Check(Eligibility);

impl UnaryService<CheckKeyGroupDeductionRequest> for Check {
    type Response = Vec<u8>;
    type Future = BoxFuture<'static, Result<Response<Vec<u8>>, Status>>;

    fn call(&mut self, request: Request<CheckKeyGroupDeductionRequest>) -> Self::Future {
        let eligibility = self.0.clone();
        Box::pin(async move { eligibility.check(&request).await.map(Response::new) })
    }
}

/// Reads the request as a message, and takes the answer as it is.
struct CheckCodec;

impl Codec for CheckCodec {
    type Encode = Vec<u8>;
    type Decode = CheckKeyGroupDeductionRequest;
    type Encoder = Encoded;
    type Decoder = ProstDecoder<CheckKeyGroupDeductionRequest>;

    fn encoder(&mut self) -> Encoded {
        Encoded
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::default()
    }
}

struct Encoded;

impl Encoder for Encoded {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}
