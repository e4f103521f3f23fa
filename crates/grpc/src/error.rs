//! The one map from an error to what a caller is told.
//!
//! Every error carries an `ErrorInfo` of domain `mamagang.v1` and a `LocalizedMessage`; wrong fields come as a
//! `BadRequest` with all of them, and `RetryInfo` says when a retry may help. Causes are logged here, once, and never
//! sent.

use std::collections::HashMap;
use std::error::Error as StdError;

use mamagang_app::{AppError, ErrorReason};
use mamagang_domain::reason::Language;
use mamagang_proto::google::rpc::Status as ItemStatus;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::language::{choose, tag};

/// `ErrorInfo.domain` of every error.
pub const ERROR_DOMAIN: &str = "mamagang.v1";

/// The gRPC code of a reason, as `error_reason.proto` documents it.
pub const fn code_of(reason: ErrorReason) -> Code {
    use ErrorReason as R;
    match reason {
        R::InvalidArgumentFields | R::ContextRequired | R::PageTokenInvalid => {
            Code::InvalidArgument
        }
        R::EmployerNotFound
        | R::WorkerNotFound
        | R::FactNotFound
        | R::DecisionNotFound
        | R::PolicyVersionNotFound
        | R::EntryNotFound
        | R::ParameterNotFound
        | R::CaseNotFound
        | R::PostNotFound => Code::NotFound,
        R::MatchExpired
        | R::EmployerNotEnterprise
        | R::PeriodAlreadyPosted
        | R::PeriodNotEnded
        | R::PeriodOutOfOrder
        | R::PeriodNotPosted
        | R::YearSettled
        | R::YearNotEnded
        | R::FilingCycleMismatch
        | R::PolicyNotEncoded
        | R::ProfileNotRecorded
        | R::FactAlreadyRetracted
        | R::DecisionNotReplayable
        | R::WorkersNotMergeable
        | R::MergeEffectChanged
        | R::TransitionNotAllowed
        | R::PostFull
        | R::FilingNotInForce
        | R::NothingToClaim
        | R::ClaimEvidenceChanged
        | R::NothingToClawBack
        | R::ClaimTooLong
        | R::ReviewNotAcceptable
        | R::FindingWithoutFiling
        | R::StatisticsTooFine
        | R::CertificateNotDue => Code::FailedPrecondition,
        R::RequestIdReused | R::ReturnNumberReused | R::HireAlreadyReported => Code::AlreadyExists,
        R::Unauthenticated => Code::Unauthenticated,
        R::PermissionDenied | R::SecondPersonRequired => Code::PermissionDenied,
        R::Overloaded | R::RateExceeded | R::TooManyMisses => Code::ResourceExhausted,
        R::DeadlineTooShort => Code::DeadlineExceeded,
        R::StoreUnavailable | R::Draining => Code::Unavailable,
        R::Internal => Code::Internal,
        R::MessageTooLarge | R::AsOfInFuture => Code::OutOfRange,
    }
}

/// The answer to a call that failed. Faults are logged with their causes.
pub fn status(error: &AppError, language: Language) -> Status {
    log_fault(error);
    let text = error.reason.text();
    let message = choose(language, text.zh, text.en);
    Status::with_error_details(
        code_of(error.reason),
        message,
        details(error, language, message),
    )
}

/// The same as an item's `error` inside an answer.
pub fn item_status(error: &AppError, language: Language) -> ItemStatus {
    let status = status(error, language);
    // The details of a Status are an encoded google.rpc.Status, whole.
    ItemStatus::decode(status.details()).unwrap_or_else(|_| ItemStatus {
        code: status.code() as i32,
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

/// What tonic refused by itself before a method was reached, with the details that every error has.
pub(crate) fn transport_status(refused: Status, language: Language) -> Status {
    if !refused.details().is_empty() {
        return refused;
    }
    let error = match refused.code() {
        // tonic says RESOURCE_EXHAUSTED where the message grows beyond the limit while it is decompressed.
        Code::OutOfRange | Code::ResourceExhausted => AppError::new(ErrorReason::MessageTooLarge)
            .with("limit", "message_bytes_max")
            .with(
                "limit_value",
                mamagang_app::limits::MESSAGE_BYTES_MAX.to_string(),
            ),
        Code::Internal => AppError::invalid(vec![mamagang_app::Violation::new(
            "",
            "消息格式不正确，无法解析",
            "the message is malformed and cannot be read",
        )]),
        _ => return refused,
    };
    status(&error, language)
}

fn details(error: &AppError, language: Language, message: &str) -> ErrorDetails {
    let mut metadata: HashMap<String, String> = error
        .metadata
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let mut details = ErrorDetails::new();
    if !error.violations.is_empty() {
        metadata.insert("violations".to_owned(), error.violations.len().to_string());
        let violations = error.violations.iter();
        let fields =
            violations.map(|wrong| FieldViolation::new(&wrong.field, wrong.text(language)));
        details.set_bad_request(fields.collect::<Vec<_>>());
    }
    details.set_error_info(error.reason.name(), ERROR_DOMAIN, metadata);
    details.set_localized_message(tag(language), message);
    if error.retry_after.is_some() {
        details.set_retry_info(error.retry_after);
    }
    details
}

fn log_fault(error: &AppError) {
    let chain = || {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(known) = cause {
            causes.push(known.to_string());
            cause = known.source();
        }
        causes.join(": ")
    };
    match error.reason {
        ErrorReason::Internal => tracing::error!(
            error.reason = error.reason.name(),
            error.chain = chain(),
            "A call failed by a fault of ours"
        ),
        ErrorReason::StoreUnavailable => {
            tracing::warn!(
                error.reason = error.reason.name(),
                error.chain = chain(),
                "The database did not answer a call"
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
