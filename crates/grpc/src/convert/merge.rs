//! Records to join.

use mamagang_app::workers::MergeWorkers;
use mamagang_app::{RequestContent, WriteRequest};
use mamagang_domain::ids::WorkerId;
use mamagang_proto::v1;

use super::check::Checker;
use super::person;

/// A merge to propose or to confirm.
pub(crate) fn merge_workers(
    check: &mut Checker<'_>,
    told: &v1::MergeWorkersRequest,
) -> Option<MergeWorkers> {
    let request_id = check.request_id(&told.request_id);
    let context = person::context(check, told.context.as_ref());
    let from = worker_id(check, "from_worker_id", &told.from_worker_id);
    let into = worker_id(check, "into_worker_id", &told.into_worker_id);
    if from.is_some() && from == into {
        check.wrong(
            "into_worker_id",
            "应与 from_worker_id 不同",
            "must differ from from_worker_id",
        );
    }
    let reason = check.sentence("reason", &told.reason);
    let merge_id = check.optional_case_id("merge_id", &told.merge_id);
    let content = RequestContent::new()
        .field("from_worker_id", &told.from_worker_id)
        .field("into_worker_id", &told.into_worker_id)
        .field("reason", &told.reason)
        .field("merge_id", &told.merge_id);
    Some(MergeWorkers {
        request: WriteRequest {
            request_id: request_id?,
            content,
        },
        validate_only: told.validate_only,
        context: context?,
        from: from?,
        into: into?,
        reason: reason?,
        merge_id: merge_id?,
    })
}

fn worker_id(check: &mut Checker<'_>, field: &str, text: &str) -> Option<WorkerId> {
    if text.is_empty() {
        check.missing(field);
        return None;
    }
    let id = WorkerId::parse(text);
    if id.is_none() {
        check.wrong(
            field,
            "应为本系统给出的人员编号",
            "must be an id that this service gave",
        );
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::testing::{fields_of, with_checker};

    const ID: &str = "0193a5c0-0000-7000-8000-000000000001";

    fn told() -> v1::MergeWorkersRequest {
        v1::MergeWorkersRequest {
            request_id: ID.to_owned(),
            context: Some(v1::AccessContext {
                purpose: "更正".to_owned(),
                legal_basis: "个人信息保护法 art. 46".to_owned(),
                case_number: "1".to_owned(),
                operator: "赵".to_owned(),
            }),
            from_worker_id: ID.replace("01", "02"),
            into_worker_id: ID.to_owned(),
            reason: "证件号码有误".to_owned(),
            ..v1::MergeWorkersRequest::default()
        }
    }

    #[test]
    fn a_merge_needs_two_records_a_context_and_a_reason() {
        let right = with_checker(|check| merge_workers(check, &told())).expect("right");
        assert_eq!(right.merge_id, None);
        let empty = v1::MergeWorkersRequest::default();
        let error = with_checker(|check| merge_workers(check, &empty)).expect_err("wrong");
        let fields = fields_of(&error);
        for field in ["request_id", "from_worker_id", "into_worker_id", "reason"] {
            assert!(fields.contains(&field), "{field} in {fields:?}");
        }
    }

    #[test]
    fn a_record_is_not_joined_with_itself() {
        let same = v1::MergeWorkersRequest {
            from_worker_id: ID.to_owned(),
            merge_id: "x".to_owned(),
            ..told()
        };
        let error = with_checker(|check| merge_workers(check, &same)).expect_err("wrong");
        assert_eq!(fields_of(&error), ["into_worker_id", "merge_id"]);
    }
}
