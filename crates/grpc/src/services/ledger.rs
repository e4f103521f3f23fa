//! Postings, settlements, balances and entries.

use std::sync::Arc;

use mamagang_app::App;
use mamagang_domain::month::{TaxPeriod, TaxYear};
use mamagang_proto::v1;
use mamagang_proto::v1::employer_balance_result::Result as BalanceResult;
use mamagang_proto::v1::ledger_service_server::LedgerService;
use mamagang_proto::v1::post_deduction_result::Result as PostingResult;
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::batch::sort;
use super::ledger_form as forms;
use super::ledger_watch as watches;
use super::stream::Answers;
use crate::call::{Call, rules};
use crate::convert::page::{self, Selection};
use crate::convert::{ledger as convert, ledger_form as form_convert};
use crate::error::item_status;
use crate::reply::ledger::{self as reply, Telling};
use crate::reply::ledger_form as form_reply;
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

    async fn batch_post_deductions(
        &self,
        request: Request<v1::BatchPostDeductionsRequest>,
    ) -> Result<Response<v1::BatchPostDeductionsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        call.read(&self.app, |check| convert::postings(check, &message))?;
        let read = message
            .postings
            .iter()
            .map(|told| convert::posting(rules(&self.app), told));
        let (postings, places) = sort(read);
        let periods: Vec<TaxPeriod> = postings
            .iter()
            .map(|posting| posting.declaration.period)
            .collect();
        let replies = self.app.post_deductions(&call.caller, postings).await;
        let replies = replies.map_err(|error| call.refuse(&error))?;
        let told = periods.into_iter().zip(replies).map(|(period, reply)| {
            reply.map(|reply| Telling::of_period(&self.app, period, call.language).posted(&reply))
        });
        let results = places.merge(told.collect());
        let results = results.map_err(|error| call.refuse(&error))?;
        let results = message.postings.iter().zip(results).map(|(told, result)| {
            let result = match result.and_then(|result| result) {
                Ok(posting) => PostingResult::Posting(posting),
                Err(error) => PostingResult::Error(item_status(&error, call.language)),
            };
            v1::PostDeductionResult {
                request_id: told.request_id.clone(),
                result: Some(result),
            }
        });
        Ok(Response::new(v1::BatchPostDeductionsResponse {
            results: results.collect(),
        }))
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

    async fn batch_get_employer_balances(
        &self,
        request: Request<v1::BatchGetEmployerBalancesRequest>,
    ) -> Result<Response<v1::BatchGetEmployerBalancesResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let as_of = call.read(&self.app, |check| {
            convert::employer_balances(check, &message)
        })?;
        let read = message
            .years
            .iter()
            .map(|told| convert::employer_year_item(rules(&self.app), told));
        let (queries, places) = sort(read);
        let found = self
            .app
            .employer_balances(&call.caller, &queries, as_of)
            .await;
        let merged = found.and_then(|(found, as_of)| Ok((places.merge(found)?, as_of)));
        let (results, as_of) = merged.map_err(|error| call.refuse(&error))?;
        let results = results.into_iter().map(|result| {
            let result = match result.and_then(|result| result) {
                Ok(balance) => BalanceResult::Balance(reply::balance(&balance)),
                Err(error) => BalanceResult::Error(item_status(&error, call.language)),
            };
            v1::EmployerBalanceResult {
                result: Some(result),
            }
        });
        Ok(Response::new(v1::BatchGetEmployerBalancesResponse {
            results: results.collect(),
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

    type WatchEntriesStream = Answers<v1::WatchEntriesResponse>;

    async fn watch_entries(
        &self,
        request: Request<v1::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let call = Call::of(request.extensions())?;
        watches::watch_entries(&self.app, call, request.into_inner()).await
    }

    async fn get_work_time_table(
        &self,
        request: Request<v1::GetWorkTimeTableRequest>,
    ) -> Result<Response<v1::GetWorkTimeTableResponse>, Status> {
        let call = Call::of(request.extensions())?;
        forms::work_time_table(&self.app, &call, request.into_inner()).await
    }

    async fn get_relief_schedule(
        &self,
        request: Request<v1::GetReliefScheduleRequest>,
    ) -> Result<Response<v1::GetReliefScheduleResponse>, Status> {
        let call = Call::of(request.extensions())?;
        forms::relief_schedule(&self.app, &call, request.into_inner()).await
    }

    async fn get_chain_head(
        &self,
        request: Request<v1::GetChainHeadRequest>,
    ) -> Result<Response<v1::GetChainHeadResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let code = call.read(&self.app, |check| {
            form_convert::chain(check, &request.get_ref().employer_code)
        })?;
        let head = self.app.chain_head(&call.caller, code).await;
        let head = head.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(form_reply::head(&head)))
    }

    async fn verify_chain(
        &self,
        request: Request<v1::VerifyChainRequest>,
    ) -> Result<Response<v1::VerifyChainResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (code, known) = call.read(&self.app, |check| {
            form_convert::verify_chain(check, request.get_ref())
        })?;
        let verified = self.app.verify_chain(&call.caller, code, known).await;
        let verified = verified.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(form_reply::verified(&verified)))
    }

    async fn get_entry(
        &self,
        request: Request<v1::GetEntryRequest>,
    ) -> Result<Response<v1::GetEntryResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.get_ref();
        let id = call.read(&self.app, |check| convert::get_entry(check, message))?;
        let explains = message.with_explanation.then_some(call.language);
        let found = self.app.get_entry(&call.caller, id, explains).await;
        let (entry, explained) = found.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::GetEntryResponse {
            entry: Some(reply::entry(&self.app, &entry)),
            explanation: explained
                .map(|explained| crate::reply::explanation::explanation(&explained, call.language)),
        }))
    }

    async fn estimate_late_claim(
        &self,
        request: Request<v1::EstimateLateClaimRequest>,
    ) -> Result<Response<v1::EstimateLateClaimResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let today = self.app.today();
        let query = call.read(&self.app, |check| {
            convert::late_claim(check, request.get_ref(), today)
        })?;
        let claim = self.app.late_claim(&call.caller, query).await;
        let claim = claim.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(crate::reply::late_claim::late_claim(&claim)))
    }
}
