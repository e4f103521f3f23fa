//! The way to the service.

use std::time::Duration;

use mamagang_proto::v1::audit_service_client::AuditServiceClient;
use mamagang_proto::v1::eligibility_service_client::EligibilityServiceClient;
use mamagang_proto::v1::filing_service_client::FilingServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::registry_service_client::RegistryServiceClient;
use mamagang_proto::v1::report_service_client::ReportServiceClient;
use mamagang_proto::v1::review_service_client::ReviewServiceClient;
use mamagang_proto::v1::subsidy_service_client::SubsidyServiceClient;
use mamagang_proto::v1::verification_service_client::VerificationServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::failure::Failure;
use super::words::Lang;

/// How long the connection itself may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer: a page or a batch of decisions is far below it.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Asks for answers in a language.
#[derive(Clone)]
pub struct Speaker {
    lang: Lang,
    authorization: Option<MetadataValue<Ascii>>,
}

impl std::fmt::Debug for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speaker")
            .field("lang", &self.lang)
            .finish_non_exhaustive()
    }
}

impl Speaker {
    /// Asks in a language, and shows a token where one is given. Errors: the token has characters that no token has.
    pub fn new(lang: Lang, token: Option<&str>) -> Result<Self, Failure> {
        let bearer = |token: &str| format!("Bearer {token}").parse();
        let authorization: Option<MetadataValue<Ascii>> = token
            .map(bearer)
            .transpose()
            .map_err(|_| Failure::Credentials("--token".to_owned()))?;
        Ok(Self {
            lang,
            authorization,
        })
    }
}

impl Interceptor for Speaker {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let tag = MetadataValue::from_static(self.lang.tag());
        request.metadata_mut().insert("accept-language", tag);
        if let Some(authorization) = &self.authorization {
            let authorization = authorization.clone();
            request
                .metadata_mut()
                .insert("authorization", authorization);
        }
        Ok(request)
    }
}

/// A channel that says in which language it wants to be answered.
pub type Line = InterceptedService<Channel, Speaker>;

/// A connection; its clients share one HTTP/2 channel.
#[derive(Clone, Debug)]
pub struct Connection {
    channel: Channel,
    speaker: Speaker,
}

impl Connection {
    /// Connects. `patience` bounds how long each call may take to begin its answer.
    pub async fn open(
        endpoint: &Endpoint,
        speaker: Speaker,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let endpoint = endpoint
            .clone()
            .connect_timeout(CONNECT_TIME_MAX)
            .timeout(patience);
        let channel = endpoint
            .connect()
            .await
            .map_err(|source| Failure::Unreachable {
                address: endpoint.uri().to_string(),
                source,
            })?;
        Ok(Self { channel, speaker })
    }

    /// The language in which answers are asked for.
    pub const fn lang(&self) -> Lang {
        self.speaker.lang
    }

    /// Facts.
    pub fn registry(&self) -> RegistryServiceClient<Line> {
        RegistryServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
    }

    /// Statuses.
    pub fn verification(&self) -> VerificationServiceClient<Line> {
        VerificationServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
    }

    /// Filings and hires.
    pub fn filings(&self) -> FilingServiceClient<Line> {
        FilingServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Findings and statistics.
    pub fn reports(&self) -> ReportServiceClient<Line> {
        ReportServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// The audit trail.
    pub fn audit(&self) -> AuditServiceClient<Line> {
        AuditServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Decisions.
    pub fn eligibility(&self) -> EligibilityServiceClient<Line> {
        EligibilityServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// What a rule may not decide alone.
    pub fn reviews(&self) -> ReviewServiceClient<Line> {
        ReviewServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
    }

    /// Deductions and balances.
    pub fn ledger(&self) -> LedgerServiceClient<Line> {
        LedgerServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Claims.
    pub fn subsidies(&self) -> SubsidyServiceClient<Line> {
        SubsidyServiceClient::with_interceptor(self.channel.clone(), self.speaker.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }
}
