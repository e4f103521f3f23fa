//! Who is entitled to what.

use std::sync::Arc;

use mamagang_app::eligibility::CheckedDecision;
use mamagang_app::{App, AppError, AppResult, ErrorReason};
use mamagang_proto::v1;
use mamagang_proto::v1::eligibility_service_server::EligibilityService;
use mamagang_proto::v1::key_group_check_result::Result as ItemResult;
use prost::Message as _;
use tonic::{Request, Response, Status, Streaming};

use super::batch::sort;
use super::stream::{Answers, Rows, answers};
use crate::call::{Call, rules};
use crate::convert::eligibility as convert;
use crate::convert::eligibility::Asked;
use crate::convert::measures;
use crate::error::item_status;
use crate::limits::ANSWER_MESSAGE_BYTES_MAX;
use crate::reply::decision as reply;
use crate::reply::encoded::check_answer;
use crate::reply::measures as reply_measures;

/// Bytes before a result in its answer: its field's number and its length.
const ITEM_BYTES: usize = 5;

/// The eligibility service.
#[derive(Clone, Debug)]
pub(crate) struct Eligibility {
    app: Arc<App>,
}

impl Eligibility {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// The encoded answer to one question.
    pub(super) async fn check(
        &self,
        request: &Request<v1::CheckKeyGroupDeductionRequest>,
    ) -> Result<Vec<u8>, Status> {
        let call = Call::of(request.extensions())?;
        let asked = call.read(&self.app, |check| {
            convert::key_group(check, request.get_ref())
        })?;
        let checked = self
            .app
            .check_key_group(&call.caller, &asked.context, asked.question, asked.as_of)
            .await;
        let checked = checked.map_err(|error| call.refuse(&error))?;
        Ok(check_answer(&self.app, &checked, call.language))
    }
}

/// Answers the questions that can be read; one result each, in order.
async fn check(
    app: &App,
    call: &Call,
    asked: &Asked<()>,
    rows: &[v1::KeyGroupCheck],
    streamed: bool,
) -> Result<Vec<v1::KeyGroupCheckResult>, Status> {
    let read = rows
        .iter()
        .map(|row| convert::key_group_item(rules(app), row));
    let (questions, places) = sort(read);
    let answers = app
        .check_key_groups(
            &call.caller,
            &asked.context,
            &questions,
            asked.as_of,
            streamed,
        )
        .await;
    let merged = answers.and_then(|answers| places.merge(answers));
    let merged = merged.map_err(|error| call.refuse(&error))?;
    let results = rows.iter().zip(merged);
    Ok(results
        .map(|(row, answer)| item(app, call, row, &answer.and_then(|answer| answer)))
        .collect())
}

fn item(
    app: &App,
    call: &Call,
    row: &v1::KeyGroupCheck,
    answer: &AppResult<CheckedDecision>,
) -> v1::KeyGroupCheckResult {
    let result = match answer {
        Ok(checked) => ItemResult::Decision(reply::decision(app, checked, call.language)),
        Err(error) => ItemResult::Error(item_status(error, call.language)),
    };
    v1::KeyGroupCheckResult {
        row_key: row.row_key.clone(),
        result: Some(result),
    }
}

/// Keeps an answer within what a client takes in one message: a decision that has no room any more is told as an error
/// of its own, and is had from a smaller batch, a stream, or `GetDecision`.
fn within_message(
    mut results: Vec<v1::KeyGroupCheckResult>,
    call: &Call,
) -> Vec<v1::KeyGroupCheckResult> {
    let mut bytes = 0;
    for result in &mut results {
        let length = result.encoded_len() + ITEM_BYTES;
        if bytes + length > ANSWER_MESSAGE_BYTES_MAX {
            let error = AppError::new(ErrorReason::MessageTooLarge)
                .with("limit", "answer_message_bytes_max")
                .with("limit_value", ANSWER_MESSAGE_BYTES_MAX.to_string());
            result.result = Some(ItemResult::Error(item_status(&error, call.language)));
        }
        bytes += result.encoded_len() + ITEM_BYTES;
    }
    results
}

/// The questions of a stream. The first message says why they are asked, and as of when.
struct Questions {
    app: Arc<App>,
    call: Call,
    asked: Option<Asked<()>>,
}

impl Rows for Questions {
    type Row = v1::StreamKeyGroupChecksRequest;
    type Answer = v1::StreamKeyGroupChecksResponse;

    async fn answer(&mut self, rows: Vec<Self::Row>) -> Result<Vec<Self::Answer>, Status> {
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        if self.asked.is_none() {
            let opening = self.call.read(&self.app, |check| {
                convert::opening(check, first.context.as_ref(), first.as_of_time.as_ref())
            })?;
            self.asked = Some(opening);
        }
        let Some(asked) = &self.asked else {
            return Ok(Vec::new());
        };
        // A message without a question is an empty question: its own result says so.
        let questions: Vec<v1::KeyGroupCheck> = rows
            .into_iter()
            .map(|row| row.check.unwrap_or_default())
            .collect();
        let results = check(&self.app, &self.call, asked, &questions, true).await?;
        Ok(results
            .into_iter()
            .map(|result| v1::StreamKeyGroupChecksResponse {
                result: Some(result),
            })
            .collect())
    }
}

#[tonic::async_trait]
impl EligibilityService for Eligibility {
    async fn check_key_group_deduction(
        &self,
        request: Request<v1::CheckKeyGroupDeductionRequest>,
    ) -> Result<Response<v1::CheckKeyGroupDeductionResponse>, Status> {
        // Calls do not come here but to `EligibilityRoutes`, which sends the bytes as they are.
        let encoded = self.check(&request).await?;
        let answer = v1::CheckKeyGroupDeductionResponse::decode(&*encoded);
        answer
            .map(Response::new)
            .map_err(|error| Status::internal(error.to_string()))
    }

    async fn batch_check_key_group_deduction(
        &self,
        request: Request<v1::BatchCheckKeyGroupDeductionRequest>,
    ) -> Result<Response<v1::BatchCheckKeyGroupDeductionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.into_inner();
        let asked = call.read(&self.app, |check| convert::key_group_batch(check, &message))?;
        let results = check(&self.app, &call, &asked, &message.checks, false).await?;
        Ok(Response::new(v1::BatchCheckKeyGroupDeductionResponse {
            results: within_message(results, &call),
        }))
    }

    type StreamKeyGroupChecksStream = Answers<v1::StreamKeyGroupChecksResponse>;

    async fn stream_key_group_checks(
        &self,
        request: Request<Streaming<v1::StreamKeyGroupChecksRequest>>,
    ) -> Result<Response<Self::StreamKeyGroupChecksStream>, Status> {
        let call = Call::of(request.extensions())?;
        let questions = Questions {
            app: Arc::clone(&self.app),
            call: call.clone(),
            asked: None,
        };
        Ok(Response::new(answers(
            request.into_inner(),
            call,
            questions,
        )))
    }

    async fn check_vat_exemption(
        &self,
        request: Request<v1::CheckVatExemptionRequest>,
    ) -> Result<Response<v1::CheckVatExemptionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let question = call.read(&self.app, |check| convert::vat(check, request.get_ref()))?;
        let checked = self.app.check_vat_exemption(&call.caller, question).await;
        let checked = checked.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(reply::vat(&checked, call.language)))
    }

    async fn check_subsidy(
        &self,
        request: Request<v1::CheckSubsidyRequest>,
    ) -> Result<Response<v1::CheckSubsidyResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (context, question) = call.read(&self.app, |check| {
            measures::subsidy(check, request.get_ref())
        })?;
        let checked = self
            .app
            .check_subsidy(&call.caller, &context, question)
            .await;
        let checked = checked.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(v1::CheckSubsidyResponse {
            decision: Some(reply_measures::subsidy(&self.app, &checked, call.language)),
        }))
    }

    async fn check_inclusive_preferences(
        &self,
        request: Request<v1::CheckInclusivePreferencesRequest>,
    ) -> Result<Response<v1::CheckInclusivePreferencesResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (employer_code, question) = call.read(&self.app, |check| {
            measures::preferences(check, request.get_ref())
        })?;
        let checked = self
            .app
            .check_preferences(&call.caller, employer_code, question)
            .await;
        let checked = checked.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(reply_measures::preferences(
            &checked,
            call.language,
        )))
    }

    async fn get_decision(
        &self,
        request: Request<v1::GetDecisionRequest>,
    ) -> Result<Response<v1::GetDecisionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (context, id) = call.read(&self.app, |check| {
            convert::get_decision(check, request.get_ref())
        })?;
        let read = async {
            if request.get_ref().with_explanation {
                let language = call.language;
                self.app
                    .explain_decision(&call.caller, &context, id, language)
                    .await
            } else {
                let stored = self.app.get_decision(&call.caller, &context, id).await;
                stored.map(|stored| (stored, None))
            }
        };
        let (stored, explained) = read.await.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(reply::stored(
            &self.app,
            &stored,
            explained.as_ref(),
            call.language,
        )))
    }

    async fn replay_decision(
        &self,
        request: Request<v1::ReplayDecisionRequest>,
    ) -> Result<Response<v1::ReplayDecisionResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let (context, question) = call.read(&self.app, |check| {
            convert::replay_decision(check, request.get_ref())
        })?;
        let replay = self.app.replay_decision(&call.caller, &context, question);
        let replay = replay.await.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(reply::replayed(
            &self.app,
            &replay,
            call.language,
        )))
    }

    async fn simulate_hire(
        &self,
        request: Request<v1::SimulateHireRequest>,
    ) -> Result<Response<v1::SimulateHireResponse>, Status> {
        let call = Call::of(request.extensions())?;
        let message = request.get_ref();
        let question = call.read(&self.app, |check| {
            crate::convert::simulate::simulate(check, message)
        })?;
        let found = self.app.simulate_hire(&call.caller, question).await;
        let found = found.map_err(|error| call.refuse(&error))?;
        Ok(Response::new(crate::reply::simulate::simulated(
            &found,
            message,
            call.language,
        )))
    }
}
