//! Findings and statistics.

use std::sync::Arc;

use mamagang_app::supervision::FindingSelection;
use mamagang_app::{App, AppResult};
use mamagang_proto::v1;
use mamagang_proto::v1::report_service_server::ReportService;
use tonic::{Request, Response, Status};

use super::filing::{after, next};
use crate::call::Call;
use crate::convert::{page, report as convert};
use crate::reply::report as reply;

/// The report service.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    app: Arc<App>,
}

impl Report {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

/// A count as the API writes it; a scan is bounded.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[tonic::async_trait]
impl ReportService for Report {
    async fn scan_findings(
        &self,
        request: Request<v1::ScanFindingsRequest>,
    ) -> Result<Response<v1::ScanFindingsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let scan = call.read(&self.app, |check| convert::scan(check, request.get_ref()))?;
        let scanned = self.app.scan_findings(&call.caller, scan).await;
        let scanned = scanned.map_err(|error| call.refuse(&error))?;
        let next = scanned.next_after.map(|code| code.to_string());
        Ok(Response::new(v1::ScanFindingsResponse {
            employers: count(scanned.employers),
            opened: count(scanned.opened),
            known: count(scanned.known),
            next_employer_code: next.unwrap_or_default(),
        }))
    }

    async fn list_findings(
        &self,
        request: Request<v1::ListFindingsRequest>,
    ) -> Result<Response<v1::ListFindingsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list(check, &message);
            selected.zip(page::size(check, message.page_size))
        })?;
        let selection = convert::of_findings(&message);
        let listed = async {
            let after = after(&self.app, &call, selection, &message.page_token)?;
            let selected = FindingSelection {
                after,
                limit,
                ..selected
            };
            let (findings, place) = self.app.list_findings(&call.caller, selected).await?;
            let told = findings.iter().map(|it| reply::finding(&self.app, it));
            let told: AppResult<Vec<_>> = told.collect();
            Ok(v1::ListFindingsResponse {
                findings: told?,
                next_page_token: next(&self.app, &call, selection, place),
            })
        };
        let listed: AppResult<_> = listed.await;
        let listed = listed.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(listed))
    }

    async fn assign_finding(
        &self,
        request: Request<v1::AssignFindingRequest>,
    ) -> Result<Response<v1::AssignFindingResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let assign = call.read(&self.app, |check| convert::assign(check, request.get_ref()))?;
        let finding = self.app.assign_finding(&call.caller, assign).await;
        let finding = finding.and_then(|it| reply::finding(&self.app, &it));
        let finding = finding.map(Some).map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::AssignFindingResponse { finding }))
    }

    async fn resolve_finding(
        &self,
        request: Request<v1::ResolveFindingRequest>,
    ) -> Result<Response<v1::ResolveFindingResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let resolve = call.read(&self.app, |check| {
            convert::resolve(check, request.get_ref())
        })?;
        let finding = self.app.resolve_finding(&call.caller, resolve).await;
        let finding = finding.and_then(|it| reply::finding(&self.app, &it));
        let finding = finding.map(Some).map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::ResolveFindingResponse { finding }))
    }

    async fn get_statistics(
        &self,
        request: Request<v1::GetStatisticsRequest>,
    ) -> Result<Response<v1::GetStatisticsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let query = call.read(&self.app, |check| {
            convert::statistics(check, request.get_ref())
        })?;
        let statistics = self.app.statistics(&call.caller, query).await;
        let statistics = statistics.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::GetStatisticsResponse {
            rows: statistics.rows.iter().map(reply::row).collect(),
            total: Some(reply::row(&statistics.total)),
        }))
    }
}
