//! How fresh an answer has to be, and how fresh it is, where it may come from a replica.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::reply::timestamp;

/// Asks for an answer from the database itself, whatever its value: who asks for a consistency that
/// there is not is answered with the best one.
const CONSISTENCY: HeaderName = HeaderName::from_static("mamagang-consistency");

/// Everything that was committed by this instant (RFC 3339, UTC) has been seen by the answer. Of an
/// answer from the database itself it is not told.
const READ_AS_OF: HeaderName = HeaderName::from_static("mamagang-read-as-of");

pub(super) fn asks_primary(headers: &HeaderMap) -> bool {
    headers.contains_key(CONSISTENCY)
}

pub(super) fn tell(seen_at: Option<i64>, headers: &mut HeaderMap) {
    let told = seen_at.map(|at| HeaderValue::from_str(&timestamp(at).to_string()));
    if let Some(Ok(told)) = told {
        headers.insert(READ_AS_OF, told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_a_consistency_is_answered_by_the_database() {
        let mut headers = HeaderMap::new();
        assert!(!asks_primary(&headers));
        for value in ["primary", "", "strong"] {
            headers.insert(CONSISTENCY, HeaderValue::from_static(value));
            assert!(asks_primary(&headers), "{value}");
        }
    }

    #[test]
    fn an_answer_of_a_replica_tells_its_instant_and_another_none() {
        let mut headers = HeaderMap::new();
        tell(None, &mut headers);
        assert!(headers.is_empty());
        tell(Some(1_704_038_400_000_250), &mut headers);
        assert_eq!(
            headers["mamagang-read-as-of"],
            "2023-12-31T16:00:00.000250Z"
        );
    }
}
