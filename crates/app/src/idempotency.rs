//! Same request id, same content: the first answer again. Other content: refused by field.

use std::borrow::Cow;
use std::sync::Arc;

use mamagang_domain::frozen::{digest, hex};
use mamagang_domain::ids::RequestId;
use mamagang_store::rows::{IdempotencyKey, IdempotencyRecord, RequestFields};

use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};

/// Longest value that is kept as it is; longer ones are kept as their hash.
const PLAIN_VALUE_MAX: usize = 64;

/// A request's fields by name, for comparison with the first request of the same id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestContent(Arc<RequestFields>);

impl RequestContent {
    /// No fields yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field by its value, or by its hash when the value is long. Personal data
    /// goes through [`App::seal_request`](crate::App::seal_request) first.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let value = value.into();
        let kept = if value.len() <= PLAIN_VALUE_MAX {
            value
        } else {
            hex(&digest(value.as_bytes()))
        };
        Arc::make_mut(&mut self.0).push((name.into(), kept));
        self
    }

    /// The fields.
    pub fn fields(&self) -> &[(Cow<'static, str>, String)] {
        &self.0
    }
}

/// What every call that writes carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRequest {
    /// The caller's id for it.
    pub request_id: RequestId,
    /// Its fields.
    pub content: RequestContent,
}

impl WriteRequest {
    pub(crate) fn key(&self, caller: &Caller, method: &'static str) -> IdempotencyKey {
        IdempotencyKey {
            organisation: caller.organisation.as_str().into(),
            method,
            request_id: self.request_id,
        }
    }

    /// The first answer, when there is one for the same content.
    pub(crate) fn compare<'a>(
        &self,
        known: Option<&'a IdempotencyRecord>,
    ) -> AppResult<Option<&'a [u8]>> {
        let Some(known) = known else {
            return Ok(None);
        };
        if known.content == self.content.0 {
            return Ok(Some(&known.response));
        }
        let differing: Vec<&str> = self
            .content
            .0
            .iter()
            .filter(|field| !known.content.contains(field))
            .map(|(name, _)| name.as_ref())
            .collect();
        Err(AppError::new(ErrorReason::RequestIdReused)
            .with("request_id", self.request_id.to_string())
            .with("differing_fields", differing.join(",")))
    }

    pub(crate) fn record(&self, response: Vec<u8>, recorded_at: i64) -> IdempotencyRecord {
        IdempotencyRecord {
            content: Arc::clone(&self.content.0),
            response,
            recorded_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(amount: &str) -> WriteRequest {
        let request_id = RequestId::parse("0193a5c0-0000-7000-8000-000000000001").expect("an id");
        let content = RequestContent::new()
            .field("employer_code", "A")
            .field("vat_payable_fen", amount);
        WriteRequest {
            request_id,
            content,
        }
    }

    #[test]
    fn the_first_answer_is_given_again_for_the_same_content_only() {
        let first = request("100");
        let record = first.record(vec![7], 1);
        assert_eq!(
            first.compare(Some(&record)).expect("the same"),
            Some(&[7][..])
        );
        assert_eq!(first.compare(None).expect("new"), None);
        let other = request("101")
            .compare(Some(&record))
            .expect_err("other content");
        assert_eq!(other.reason, ErrorReason::RequestIdReused);
        assert_eq!(
            other.metadata[1],
            ("differing_fields", "vat_payable_fen".to_owned())
        );
    }

    #[test]
    fn a_long_value_is_kept_as_its_hash() {
        let content = RequestContent::new()
            .field("reason", "x".repeat(65))
            .field("short", "x".repeat(64));
        assert_ne!(content.fields()[0].1, "x".repeat(65));
        assert_eq!(content.fields()[0].1.len(), 64);
        assert_eq!(content.fields()[1].1, "x".repeat(64));
    }
}
