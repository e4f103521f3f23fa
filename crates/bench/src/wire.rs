//! Calls as bytes: the same client, whatever answers.

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::service::Trial;

/// The methods that are called.
pub(crate) mod path {
    pub(crate) const CHECK: &str = "/mamagang.v1.EligibilityService/CheckKeyGroupDeduction";
    pub(crate) const POST: &str = "/mamagang.v1.LedgerService/PostDeduction";
    pub(crate) const AMEND: &str = "/mamagang.v1.LedgerService/AmendDeduction";
    pub(crate) const BALANCE: &str = "/mamagang.v1.LedgerService/GetEmployerBalance";
    pub(crate) const BATCH_POST: &str = "/mamagang.v1.LedgerService/BatchPostDeductions";
    pub(crate) const ENTRIES: &str = "/mamagang.v1.LedgerService/ListEntries";
    pub(crate) const ECHO: &str = "/bench.Echo/Echo";
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: PathAndQuery,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(path: &'static str, message: &impl Message) -> Self {
        Self {
            path: PathAndQuery::from_static(path),
            body: message.encode_to_vec().into(),
        }
    }
}

/// Messages pass as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length)))
    }
}

/// One HTTP/2 connection.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    grpc: tonic::client::Grpc<Channel>,
    authorization: Option<MetadataValue<Ascii>>,
}

impl Line {
    /// Connects to `address` (`127.0.0.1:50051`).
    pub(crate) async fn open(address: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let channel = endpoint.connect().await?;
        Ok(Self::over(channel, None))
    }

    fn over(channel: Channel, authorization: Option<MetadataValue<Ascii>>) -> Self {
        let grpc = tonic::client::Grpc::new(channel);
        Self {
            grpc: grpc.max_decoding_message_size(64 * 1024 * 1024),
            authorization,
        }
    }

    /// The same over TLS, with a client certificate and a token with every call.
    pub(crate) async fn open_secured(address: &str, trial: &Trial) -> anyhow::Result<Self> {
        let read = |name: &str| std::fs::read(trial.path(name));
        let identity = Identity::from_pem(read("tax_officer.pem")?, read("tax_officer.key")?);
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(read("ca.pem")?))
            .identity(identity);
        let endpoint = Endpoint::from_shared(format!("https://{address}"))?
            .tls_config(tls)?
            .tcp_nodelay(true);
        let authorization = format!("Bearer {}", trial.token).parse()?;
        Ok(Self::over(endpoint.connect().await?, Some(authorization)))
    }

    /// Several connections.
    pub(crate) async fn open_all(address: &str, count: usize) -> anyhow::Result<Vec<Self>> {
        let mut lines = Vec::with_capacity(count);
        for _ in 0..count {
            lines.push(Self::open(address).await?);
        }
        Ok(lines)
    }

    /// The channel, for clients that are generated.
    pub(crate) async fn channel(address: &str) -> anyhow::Result<Channel> {
        Ok(Endpoint::from_shared(format!("http://{address}"))?
            .tcp_nodelay(true)
            .connect()
            .await?)
    }

    /// The answer's bytes.
    pub(crate) async fn ask(&mut self, call: Call) -> Result<Bytes, Status> {
        let ready = self.grpc.ready().await;
        ready.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut request = tonic::Request::new(call.body);
        if let Some(authorization) = &self.authorization {
            let authorization = authorization.clone();
            request
                .metadata_mut()
                .insert("authorization", authorization);
        }
        let answer = self.grpc.unary(request, call.path, Raw);
        Ok(answer.await?.into_inner())
    }

    /// The answer, read.
    pub(crate) async fn answer<A: Message + Default>(&mut self, call: Call) -> anyhow::Result<A> {
        Ok(A::decode(self.ask(call).await?)?)
    }
}
