//! Whether a status or a contract holds.

use std::sync::Arc;

use mamagang_app::eligibility::StatusVerified;
use mamagang_app::{App, AppResult};
use mamagang_proto::v1;
use mamagang_proto::v1::verification_service_server::VerificationService;
use mamagang_proto::v1::worker_status_check_result::Result as ItemResult;
use tonic::{Request, Response, Status};

use super::batch::sort;
use crate::call::{Call, rules};
use crate::convert::enums::ApiEnum as _;
use crate::convert::verification as convert;
use crate::error::item_status;
use crate::reply::verification as reply;

/// The verification service.
#[derive(Clone, Debug)]
pub(crate) struct Verification {
    app: Arc<App>,
}

impl Verification {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

fn item(
    row: &v1::WorkerStatusCheck,
    answer: &AppResult<StatusVerified>,
    call: &Call,
) -> v1::WorkerStatusCheckResult {
    let result = match answer {
        Ok(verified) => ItemResult::Answer(reply::status(verified, call.language)),
        Err(error) => ItemResult::Error(item_status(error, call.language)),
    };
    v1::WorkerStatusCheckResult {
        row_key: row.row_key.clone(),
        result: Some(result),
    }
}

#[tonic::async_trait]
impl VerificationService for Verification {
    async fn verify_worker_status(
        &self,
        request: Request<v1::VerifyWorkerStatusRequest>,
    ) -> Result<Response<v1::VerifyWorkerStatusResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let read = call.read(&self.app, |check| {
            convert::worker_status(check, request.get_ref())
        });
        let (context, question) = read?;
        let verified = self
            .app
            .verify_status(&call.caller, &context, question)
            .await;
        let verified = verified.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(reply::status(&verified, call.language)))
    }

    async fn batch_verify_worker_status(
        &self,
        request: Request<v1::BatchVerifyWorkerStatusRequest>,
    ) -> Result<Response<v1::BatchVerifyWorkerStatusResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let context = call.read(&self.app, |check| {
            convert::worker_status_batch(check, &message)
        })?;
        let read = message
            .checks
            .iter()
            .map(|row| convert::worker_status_item(rules(&self.app), row));
        let (questions, places) = sort(read);
        let answers = self
            .app
            .verify_statuses(&call.caller, &context, &questions)
            .await;
        let merged = answers.and_then(|answers| places.merge(answers));
        let merged = merged.map_err(|error| call.refuse(&error))?;
        let rows = message.checks.iter().zip(merged);
        let results = rows
            .map(|(row, answer)| item(row, &answer.and_then(|answer| answer), &call))
            .collect();
        Ok(Response::new(v1::BatchVerifyWorkerStatusResponse {
            results,
        }))
    }

    async fn verify_contract(
        &self,
        request: Request<v1::VerifyContractRequest>,
    ) -> Result<Response<v1::VerifyContractResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (context, question) = call.read(&self.app, |check| {
            convert::contract(check, request.get_ref())
        })?;
        let verified = self
            .app
            .verify_contract(&call.caller, &context, question)
            .await;
        let verified = verified.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(reply::contract(&verified, call.language)))
    }

    async fn get_certificate(
        &self,
        request: Request<v1::GetCertificateRequest>,
    ) -> Result<Response<v1::GetCertificateResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let issue = call.read(&self.app, |check| {
            convert::issue_certificate(check, request.get_ref(), |bytes| {
                self.app.seal_request(bytes)
            })
        })?;
        let issued = self.app.issue_certificate(&call.caller, issue).await;
        let issued = issued.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::GetCertificateResponse {
            certificate: Some(reply::certificate(&self.app, &issued)),
        }))
    }

    async fn check_certificate(
        &self,
        request: Request<v1::CheckCertificateRequest>,
    ) -> Result<Response<v1::CheckCertificateResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let told = request.get_ref();
        let code = call.read(&self.app, |check| check.key("check_code", &told.check_code))?;
        let checked = self.app.check_certificate(&call.caller, &code).await;
        let (certificate, status) = checked.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::CheckCertificateResponse {
            status: status.to_api(),
            certificate: Some(reply::certificate(&self.app, &certificate)),
        }))
    }
}
