//! Postings, settlements, balances and entries.

use std::sync::Arc;

use mamagang_app::App;
use mamagang_domain::month::TaxYear;
use mamagang_proto::v1;
use mamagang_proto::v1::ledger_service_server::LedgerService;
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::call::Call;
use crate::convert::ledger as convert;
use crate::convert::page::{self, Selection};
use crate::reply::ledger::{self as reply, Telling};
use crate::reply::timestamp;

/// The ledger service.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    app: Arc<App>,
}

impl Ledger {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// Answers about a year take the law of its last day.
    fn of_year(&self, year: TaxYear, call: &Call) -> Telling<'_> {
        Telling {
            app: &self.app,
            on: year.last_month().last_day(),
            language: call.language,
        }
    }
}

#[tonic::async_trait]
impl LedgerService for Ledger {
    async fn post_deduction(
        &self,
        request: Request<v1::PostDeductionRequest>,
    ) -> Result<Response<v1::PostDeductionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let posting = call.read(&self.app, |check| {
            convert::post_deduction(check, request.get_ref())
        })?;
        let telling = Telling::of_period(&self.app, posting.declaration.period, call.language);
        let reply = self.app.post_deduction(&call.caller, posting).await;
        Ok(Response::new(
            telling.posted(&reply.map_err(|error| call.refuse(&error))?),
        ))
    }

    async fn settle_year(
        &self,
        request: Request<v1::SettleYearRequest>,
    ) -> Result<Response<v1::SettleYearResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let settling = call.read(&self.app, |check| {
            convert::settle_year(check, request.get_ref())
        })?;
        let telling = self.of_year(settling.settlement.tax_year, &call);
        let reply = self.app.settle_year(&call.caller, settling).await;
        Ok(Response::new(
            telling.settled(&reply.map_err(|error| call.refuse(&error))?),
        ))
    }

    async fn amend_deduction(
        &self,
        request: Request<v1::AmendDeductionRequest>,
    ) -> Result<Response<v1::AmendDeductionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let amending = call.read(&self.app, |check| {
            convert::amend_deduction(check, request.get_ref())
        })?;
        let telling = Telling::of_period(&self.app, amending.amendment.period, call.language);
        let reply = self.app.amend_deduction(&call.caller, amending).await;
        Ok(Response::new(
            telling.amended(&reply.map_err(|error| call.refuse(&error))?),
        ))
    }

    async fn recompute_year(
        &self,
        request: Request<v1::RecomputeYearRequest>,
    ) -> Result<Response<v1::RecomputeYearResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let recomputing = call.read(&self.app, |check| {
            convert::recompute_year(check, request.get_ref())
        })?;
        let telling = self.of_year(recomputing.tax_year, &call);
        let reply = self.app.recompute_year(&call.caller, recomputing).await;
        Ok(Response::new(
            telling.recomputed(&reply.map_err(|error| call.refuse(&error))?),
        ))
    }

    async fn get_employer_balance(
        &self,
        request: Request<v1::GetEmployerBalanceRequest>,
    ) -> Result<Response<v1::GetEmployerBalanceResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let query = call.read(&self.app, |check| {
            convert::employer_balance(check, request.get_ref())
        })?;
        let found = self.app.employer_balance(&call.caller, query).await;
        let (balance, as_of) = found.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::GetEmployerBalanceResponse {
            balance: Some(reply::balance(&balance)),
            as_of_time: Some(timestamp(as_of)),
        }))
    }

    async fn get_worker_term(
        &self,
        request: Request<v1::GetWorkerTermRequest>,
    ) -> Result<Response<v1::GetWorkerTermResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let query = call.read(&self.app, |check| {
            convert::worker_term(check, request.get_ref())
        })?;
        let term = self.app.worker_term(&call.caller, query).await;
        Ok(Response::new(reply::term(
            &term.map_err(|error| call.refuse(&error))?,
        )))
    }

    async fn list_entries(
        &self,
        request: Request<v1::ListEntriesRequest>,
    ) -> Result<Response<v1::ListEntriesResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list_entries(check, &message);
            let limit = page::size(check, message.page_size);
            selected.zip(limit)
        })?;
        let alike = v1::ListEntriesRequest {
            page_size: 0,
            page_token: String::new(),
            ..message.clone()
        };
        let selection = Selection::new("ListEntries", &alike.encode_to_vec());
        let listed = async {
            let start = page::open(
                &self.app,
                &call.caller,
                selection,
                &message.page_token,
                selected.as_of,
            )?;
            let after = page::number(&start)?;
            let (code, year) = (selected.employer_code, selected.tax_year);
            self.app
                .list_entries(&call.caller, code, year, after, limit, start.as_of)
                .await
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        let after = listed.next_after.map(u32::to_be_bytes);
        let after = after.as_ref().map(|after| after.as_slice());
        Ok(Response::new(v1::ListEntriesResponse {
            entries: listed
                .entries
                .iter()
                .map(|entry| reply::entry(&self.app, entry))
                .collect(),
            next_page_token: page::next(&self.app, &call.caller, selection, listed.as_of, after),
            as_of_time: Some(timestamp(listed.as_of)),
        }))
    }
}
