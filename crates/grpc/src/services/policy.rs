//! The law itself.

use std::sync::Arc;

use mamagang_app::App;
use mamagang_proto::v1;
use mamagang_proto::v1::policy_service_server::PolicyService;
use tonic::{Request, Response, Status};

use crate::call::Call;
use crate::convert::eligibility::policy_version;
use crate::convert::page::{self, Selection};
use crate::reply::policy as reply;
use crate::reply::timestamp;

/// The policy service.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    app: Arc<App>,
}

impl Policy {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl PolicyService for Policy {
    async fn list_instruments(
        &self,
        request: Request<v1::ListInstrumentsRequest>,
    ) -> Result<Response<v1::ListInstrumentsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let limit = call.read(&self.app, |check| page::size(check, message.page_size))?;
        // A page belongs to its edition: after a change of policy the list starts anew.
        let version = self.app.policies().version().to_owned();
        let selection = Selection::new("ListInstruments", version.as_bytes());
        let listed = async {
            let token = &message.page_token;
            let start = page::open(&self.app, &call.caller, selection, token, None)?;
            let after = page::number(&start)?;
            self.app.list_instruments(&call.caller, after, limit).await
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        let after = listed.next_after.map(u32::to_be_bytes);
        let after = after.as_ref().map(|after| after.as_slice());
        let now = self.app.now_micros();
        Ok(Response::new(v1::ListInstrumentsResponse {
            instruments: listed.instruments.iter().map(reply::instrument).collect(),
            policy_version: version,
            next_page_token: page::next(&self.app, &call.caller, selection, now, after),
        }))
    }

    async fn list_parameters(
        &self,
        request: Request<v1::ListParametersRequest>,
    ) -> Result<Response<v1::ListParametersResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let limit = call.read(&self.app, |check| page::size(check, message.page_size))?;
        // A page belongs to its edition: after a change of policy the list starts anew.
        let version = self.app.policies().version().to_owned();
        let selection = Selection::new("ListParameters", version.as_bytes());
        let listed = async {
            let token = &message.page_token;
            let start = page::open(&self.app, &call.caller, selection, token, None)?;
            let after = page::number(&start)?;
            self.app.list_parameters(&call.caller, after, limit).await
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        let after = listed.next_after.map(u32::to_be_bytes);
        let after = after.as_ref().map(|after| after.as_slice());
        let now = self.app.now_micros();
        let parameters = listed.parameters.iter();
        Ok(Response::new(v1::ListParametersResponse {
            parameters: parameters
                .map(|parameter| reply::parameter(parameter, call.language))
                .collect(),
            next_page_token: page::next(&self.app, &call.caller, selection, now, after),
            policy_version: version,
        }))
    }

    async fn get_parameter(
        &self,
        request: Request<v1::GetParameterRequest>,
    ) -> Result<Response<v1::GetParameterResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.get_ref();
        let on = call.read(&self.app, |check| {
            let name = check.key("name", &message.name);
            let on = match message.date.as_str() {
                "" => Some(self.app.today()),
                date => check.date("date", date),
            };
            name.and(on)
        })?;
        let found = self
            .app
            .get_parameter(&call.caller, &message.name, on)
            .await;
        let found = found.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::GetParameterResponse {
            parameter: Some(reply::parameter(&found.parameter, call.language)),
            value: found.value.as_ref().map(reply::value),
            policy_version: self.app.policies().version().to_owned(),
        }))
    }

    async fn get_policy_version(
        &self,
        request: Request<v1::GetPolicyVersionRequest>,
    ) -> Result<Response<v1::GetPolicyVersionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let asked = &request.get_ref().policy_version;
        let version = call.read(&self.app, |check| match asked.as_str() {
            "" => Some(None),
            version => policy_version(check, version).map(Some),
        })?;
        let found = self
            .app
            .get_policy_version(&call.caller, version.as_deref())
            .await;
        let found = found.map_err(|error| call.refuse(&error))?;
        let in_use = self.app.policies().version();
        let versions = found.versions.iter();
        Ok(Response::new(v1::GetPolicyVersionResponse {
            policy_version: found.version,
            content: found.content,
            first_applied_time: Some(timestamp(found.recorded_at)),
            versions: versions
                .map(|name| v1::AppliedPolicyVersion {
                    policy_version: name.version.clone(),
                    first_applied_time: Some(timestamp(name.recorded_at)),
                    is_current: name.version == in_use,
                })
                .collect(),
        }))
    }
}
