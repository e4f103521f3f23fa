//! Facts in.

use std::sync::Arc;

use mamagang_app::facts::{FactListQuery, FactOutcome, RecordFacts};
use mamagang_app::{App, AppError, ErrorReason, WriteRequest};
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ids::WorkerId;
use mamagang_proto::v1;
use mamagang_proto::v1::registry_service_server::RegistryService;
use prost::Message as _;
use tonic::{Request, Response, Status, Streaming};

use super::batch::sort;
use super::stream::{Answers, Rows, answers};
use crate::call::{Call, rules};
use crate::convert::fact::fact_item;
use crate::convert::merge as merge_convert;
use crate::convert::page::{self, Selection};
use crate::convert::register as register_convert;
use crate::convert::registry as convert;
use crate::reply::{employer, fact, fact_result, merge as merge_reply, register, timestamp};

const METHOD_RECORD: &str = "mamagang.v1.RegistryService/RecordFacts";
const METHOD_IMPORT: &str = "mamagang.v1.RegistryService/ImportFacts";

/// The registry service.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    app: Arc<App>,
}

impl Registry {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

/// How facts are recorded.
enum Manner {
    /// By a request with its id.
    Named(WriteRequest),
    /// As a part of a stream, whose natural keys make it safe to repeat.
    Streamed,
    /// Not at all.
    Preview,
}

/// Records the facts that can be read; one result each, in order. With nothing to read the call is recorded all the
/// same, so that its request id is taken.
async fn record(
    app: &App,
    call: &Call,
    method: &'static str,
    manner: Manner,
    facts: &[v1::Fact],
) -> Result<Vec<v1::FactResult>, Status> {
    let mut items = Vec::with_capacity(facts.len());
    let mut unread = Vec::new();
    for (place, fact) in facts.iter().enumerate() {
        match fact_item(rules(app), fact) {
            Ok(item) => items.push(item),
            Err(AppError {
                reason, violations, ..
            }) => unread.push((place, FactOutcome::Unread { reason, violations })),
        }
    }
    let outcomes = if items.is_empty() && !matches!(manner, Manner::Named(_)) {
        unread.into_iter().map(|(_, outcome)| outcome).collect()
    } else {
        let is_preview = matches!(manner, Manner::Preview);
        let request = RecordFacts {
            request: match manner {
                Manner::Named(request) => Some(request),
                Manner::Streamed | Manner::Preview => None,
            },
            method,
            items,
            unread,
        };
        let recorded = if is_preview {
            app.preview_facts(&call.caller, request).await
        } else {
            app.record_facts(&call.caller, request).await
        };
        recorded.map_err(|error| call.refuse(&error))?
    };
    if outcomes.len() != facts.len() {
        return Err(call.refuse(&AppError::new(ErrorReason::Internal)));
    }
    let results = facts.iter().zip(outcomes);
    let results =
        results.map(|(fact, outcome)| fact_result::of_outcome(fact, outcome, call.language));
    Ok(results.collect())
}

/// The facts of an import.
struct Import {
    app: Arc<App>,
    call: Call,
    is_open: bool,
    is_preview: bool,
}

impl Rows for Import {
    type Row = v1::ImportFactsRequest;
    type Answer = v1::ImportFactsResponse;

    async fn answer(&mut self, rows: Vec<Self::Row>) -> Result<Vec<Self::Answer>, Status> {
        if let Some(first) = rows.first().filter(|_| !self.is_open) {
            self.call
                .read(&self.app, |check| check.request_id(&first.request_id))?;
            self.is_open = true;
            self.is_preview = first.validate_only;
        }
        // A row without a fact is a fact without a kind: its own result says so.
        let facts: Vec<v1::Fact> = rows
            .into_iter()
            .map(|row| row.fact.unwrap_or_default())
            .collect();
        let manner = if self.is_preview {
            Manner::Preview
        } else {
            Manner::Streamed
        };
        let mut results = record(&self.app, &self.call, METHOD_IMPORT, manner, &facts).await?;
        if self.is_preview {
            // What was not stored has no ids.
            for result in &mut results {
                result.fact_id.clear();
                result.worker_id.clear();
            }
        }
        Ok(results
            .into_iter()
            .map(|result| v1::ImportFactsResponse {
                result: Some(result),
            })
            .collect())
    }
}

#[tonic::async_trait]
impl RegistryService for Registry {
    async fn record_facts(
        &self,
        request: Request<v1::RecordFactsRequest>,
    ) -> Result<Response<v1::RecordFactsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let write = call.read(&self.app, |check| {
            convert::record_facts(check, &message, |bytes| self.app.seal_request(bytes))
        })?;
        let results = record(
            &self.app,
            &call,
            METHOD_RECORD,
            Manner::Named(write),
            &message.facts,
        )
        .await?;
        Ok(Response::new(v1::RecordFactsResponse { results }))
    }

    type ImportFactsStream = Answers<v1::ImportFactsResponse>;

    async fn import_facts(
        &self,
        request: Request<Streaming<v1::ImportFactsRequest>>,
    ) -> Result<Response<Self::ImportFactsStream>, Status> {
        let call = Call::of(request.extensions())?;
        let import = Import {
            app: Arc::clone(&self.app),
            call: call.clone(),
            is_open: false,
            is_preview: false,
        };
        Ok(Response::new(answers(request.into_inner(), call, import)))
    }

    async fn retract_fact(
        &self,
        request: Request<v1::RetractFactRequest>,
    ) -> Result<Response<v1::RetractFactResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let retraction = call.read(&self.app, |check| convert::retract_fact(check, &message))?;
        let retracted = self.app.retract_fact(&call.caller, retraction).await;
        let retracted = retracted.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::RetractFactResponse {
            fact_id: message.fact_id,
            retracted_time: Some(timestamp(retracted.retracted_at)),
            revision: i64::from(retracted.revision),
        }))
    }

    async fn list_facts(
        &self,
        request: Request<v1::ListFactsRequest>,
    ) -> Result<Response<v1::ListFactsResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let (selected, limit) = call.read(&self.app, |check| {
            let selected = convert::list_facts(check, &message);
            let limit = page::size(check, message.page_size);
            selected.zip(limit)
        })?;
        let alike = v1::ListFactsRequest {
            context: None,
            page_size: 0,
            page_token: String::new(),
            ..message.clone()
        };
        let selection = Selection::new("ListFacts", &alike.encode_to_vec());
        let listed = async {
            let start = page::open(
                &self.app,
                &call.caller,
                selection,
                &message.page_token,
                selected.as_of,
            )?;
            let query = FactListQuery {
                context: selected.context,
                subject: selected.subject,
                kinds: selected.kinds,
                include_history: message.include_history,
                show_identity: message.show_identity,
                as_of: start.as_of,
                after: page::number(&start)?,
                limit: limit as usize,
            };
            self.app.list_facts(&call.caller, query).await
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        let after = listed.next_after.map(u32::to_be_bytes);
        let after = after.as_ref().map(|after| after.as_slice());
        Ok(Response::new(v1::ListFactsResponse {
            facts: listed.facts.iter().map(fact::stored).collect(),
            next_page_token: page::next(&self.app, &call.caller, selection, listed.as_of, after),
            as_of_time: Some(timestamp(listed.as_of)),
        }))
    }

    async fn compare_register(
        &self,
        request: Request<v1::CompareRegisterRequest>,
    ) -> Result<Response<v1::CompareRegisterResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let context = call.read(&self.app, |check| {
            register_convert::compare_register(check, &message)
        })?;
        let facts = &message.facts;
        let (rows, places) = sort(facts.iter().map(|fact| fact_item(rules(&self.app), fact)));
        let compared = self
            .app
            .compare_register(&call.caller, &context, &rows)
            .await;
        let merged = compared.and_then(|compared| places.merge(compared));
        let merged = merged.map_err(|error| call.refuse(&error))?;
        let results = facts.iter().zip(merged).map(|(fact, compared)| {
            register::comparison(fact, &compared.and_then(|it| it), call.language)
        });
        Ok(Response::new(v1::CompareRegisterResponse {
            results: results.collect(),
        }))
    }

    async fn list_register(
        &self,
        request: Request<v1::ListRegisterRequest>,
    ) -> Result<Response<v1::ListRegisterResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let ((context, kind), limit) = call.read(&self.app, |check| {
            let selected = register_convert::list_register(check, &message);
            let limit = page::size(check, message.page_size);
            selected.zip(limit)
        })?;
        let alike = v1::ListRegisterRequest {
            kind: message.kind,
            ..Default::default()
        };
        let selection = Selection::new("ListRegister", &alike.encode_to_vec());
        let listed = async {
            let token = &message.page_token;
            let start = page::open(&self.app, &call.caller, selection, token, None)?;
            let after = page::position(&start, WorkerId::from_slice)?;
            self.app
                .list_register(&call.caller, &context, kind, after, limit)
                .await
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        let after = listed.next_after.map(|id| id.bytes().to_vec());
        let now = self.app.now_micros();
        Ok(Response::new(v1::ListRegisterResponse {
            entries: listed.entries.iter().map(register::entry).collect(),
            next_page_token: page::next(&self.app, &call.caller, selection, now, after.as_deref()),
        }))
    }

    async fn get_employer(
        &self,
        request: Request<v1::GetEmployerRequest>,
    ) -> Result<Response<v1::GetEmployerResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (code, as_of) = call.read(&self.app, |check| {
            convert::get_employer(check, request.get_ref())
        })?;
        let found = self.app.get_employer(&call.caller, code, as_of).await;
        let (row, as_of) = found.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::GetEmployerResponse {
            employer: Some(employer::employer(&row.employer_code, &row.record)),
            as_of_time: Some(timestamp(as_of)),
        }))
    }

    async fn list_employers(
        &self,
        request: Request<v1::ListEmployersRequest>,
    ) -> Result<Response<v1::ListEmployersResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let ((town_code, as_of), limit) = call.read(&self.app, |check| {
            let selected = convert::list_employers(check, &message);
            let limit = page::size(check, message.page_size);
            selected.zip(limit)
        })?;
        let alike = v1::ListEmployersRequest {
            page_size: 0,
            page_token: String::new(),
            ..message.clone()
        };
        let selection = Selection::new("ListEmployers", &alike.encode_to_vec());
        let listed = async {
            let start = page::open(
                &self.app,
                &call.caller,
                selection,
                &message.page_token,
                as_of,
            )?;
            let after = page::position(&start, employer_after)?;
            self.app
                .list_employers(&call.caller, &town_code, after, limit as usize, start.as_of)
                .await
        };
        let listed = listed.await.map_err(|error| call.refuse(&error))?;
        let after = listed
            .next_after
            .as_ref()
            .map(|code| code.as_str().as_bytes());
        Ok(Response::new(v1::ListEmployersResponse {
            employers: listed
                .employers
                .iter()
                .map(|row| employer::employer(&row.employer_code, &row.record))
                .collect(),
            next_page_token: page::next(&self.app, &call.caller, selection, listed.as_of, after),
            as_of_time: Some(timestamp(listed.as_of)),
        }))
    }

    async fn match_worker(
        &self,
        request: Request<v1::MatchWorkerRequest>,
    ) -> Result<Response<v1::MatchWorkerResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let question = call.read(&self.app, |check| {
            convert::match_worker(check, request.get_ref())
        })?;
        let matched = self.app.match_worker(&call.caller, question).await;
        let matched = matched.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::MatchWorkerResponse {
            match_id: matched.match_id,
            expire_time: Some(timestamp(matched.expires_at)),
        }))
    }

    async fn merge_workers(
        &self,
        request: Request<v1::MergeWorkersRequest>,
    ) -> Result<Response<v1::MergeWorkersResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let merge = call.read(&self.app, |check| {
            merge_convert::merge_workers(check, request.get_ref())
        })?;
        let was_written = !merge.validate_only;
        let merged = self.app.merge_workers(&call.caller, merge).await;
        let merged = merged.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(merge_reply::merge(&merged, was_written)))
    }
}

fn employer_after(bytes: &[u8]) -> Option<EmployerCode> {
    EmployerCode::parse(std::str::from_utf8(bytes).ok()?).ok()
}
