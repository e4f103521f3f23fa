//! Questions to the audit trail.

use mamagang_app::AccessContext;
use mamagang_app::audit::{AuditFilter, AuditPlace};
use mamagang_app::limits::{KEY_CHARS_MAX, TEXT_CHARS_MAX};
use mamagang_app::workers::Who;
use mamagang_domain::ids::{AuditId, WorkerId};
use mamagang_proto::v1;
use prost_types::Timestamp;

use super::check::Checker;
use super::person;

/// A span of time, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Recorded at or after.
    pub(crate) from: Option<i64>,
    /// Recorded before.
    pub(crate) until: Option<i64>,
}

fn span(
    check: &mut Checker<'_>,
    from: Option<&Timestamp>,
    until: Option<&Timestamp>,
) -> Option<Span> {
    let from = check.instant("from_time", from);
    let until = check.instant("until_time", until);
    check.ordered(
        ("from_time", from.flatten()),
        ("until_time", until.flatten()),
    );
    Some(Span {
        from: from?,
        until: until?,
    })
}

/// A filter's text; the empty one lets everything pass.
fn filter(check: &mut Checker<'_>, field: &str, text: &str, most: usize) -> Option<Option<String>> {
    let text = check.optional_text(field, text, most)?;
    Some((!text.is_empty()).then_some(text))
}

/// `ListAuditEvents`.
pub(crate) fn list_audit_events(
    check: &mut Checker<'_>,
    told: &v1::ListAuditEventsRequest,
) -> Option<(AccessContext, Span, AuditFilter)> {
    let context = person::context(check, told.context.as_ref());
    let span = span(check, told.from_time.as_ref(), told.until_time.as_ref());
    let caller = filter(check, "caller", &told.caller, TEXT_CHARS_MAX);
    let organisation = filter(check, "organisation", &told.organisation, TEXT_CHARS_MAX);
    let method = filter(check, "method", &told.method, TEXT_CHARS_MAX);
    let employer_code = check.optional_employer_code("employer_code", &told.employer_code);
    let outcome = filter(check, "outcome", &told.outcome, KEY_CHARS_MAX);
    let worker_id = match told.worker_id.as_str() {
        "" => Some(None),
        text => {
            let id = WorkerId::parse(text);
            if id.is_none() {
                check.wrong(
                    "worker_id",
                    "应为本系统给出的人员编号",
                    "must be an id that this service gave",
                );
            }
            id.map(Some)
        }
    };
    let filter = AuditFilter {
        caller: caller?,
        organisation: organisation?,
        method: method?,
        employer_code: employer_code?,
        worker_id: worker_id?,
        outcome: outcome?,
    };
    Some((context?, span?, filter))
}

/// `ListSubjectAccess`.
pub(crate) fn list_subject_access(
    check: &mut Checker<'_>,
    told: &v1::ListSubjectAccessRequest,
) -> Option<(AccessContext, Span, Who)> {
    let context = person::context(check, told.context.as_ref());
    let who = person::worker(check, told.worker.as_ref());
    let span = span(check, told.from_time.as_ref(), told.until_time.as_ref());
    Some((context?, span?, who?))
}

/// A place in the trail as a page token holds it.
pub(crate) fn place_bytes(place: AuditPlace) -> Vec<u8> {
    [&place.recorded_at.to_be_bytes()[..], place.audit_id.bytes()].concat()
}

/// A place of a page token.
pub(crate) fn place(bytes: &[u8]) -> Option<AuditPlace> {
    let (recorded_at, id) = bytes.split_first_chunk()?;
    Some(AuditPlace {
        recorded_at: i64::from_be_bytes(*recorded_at),
        audit_id: AuditId::from_slice(id)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::{fields_of, with_checker};

    #[test]
    fn every_wrong_filter_is_named() {
        let told = v1::ListAuditEventsRequest {
            caller: "x".repeat(TEXT_CHARS_MAX + 1),
            employer_code: "1".to_owned(),
            worker_id: "1".to_owned(),
            outcome: "OK\n".to_owned(),
            from_time: Some(Timestamp {
                seconds: 2,
                nanos: 0,
            }),
            until_time: Some(Timestamp {
                seconds: 1,
                nanos: 0,
            }),
            ..v1::ListAuditEventsRequest::default()
        };
        let error = with_checker(|check| list_audit_events(check, &told)).expect_err("wrong");
        assert_eq!(
            fields_of(&error),
            [
                "context.purpose",
                "context.legal_basis",
                "context.case_number",
                "context.operator",
                "until_time",
                "caller",
                "employer_code",
                "outcome",
                "worker_id"
            ]
        );
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let told = AuditPlace {
            recorded_at: -5,
            audit_id: AuditId::from_slice(&[7; 16]).expect("an id"),
        };
        let bytes = place_bytes(told);
        assert_eq!(place(&bytes), Some(told));
        for cut in 0..bytes.len() {
            assert_eq!(place(&bytes[..cut]), None);
        }
    }
}
