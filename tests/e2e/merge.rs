//! Joining two records over gRPC.

use std::sync::Arc;

use mamagang_proto::v1::{
    ListFactsRequest, MergeState, MergeWorkersRequest, MergeWorkersResponse, WorkerRef,
    list_facts_request, worker_ref,
};
use tonic::{Code, Status};

use crate::harness::{
    BAKERY, Desks, LI, Service, WANG, bakery_with_wang, context, contract, from, lifted, posting,
    reason, request_id, worker,
};

struct Records {
    service: Service,
    wrong: String,
    right: String,
}

impl Records {
    /// 王芳 and 李敏 at the bakery: one person under two numbers.
    async fn start() -> Self {
        let service = Service::start_for(Arc::new(Desks)).await;
        let wang = service.record(1, bakery_with_wang()).await;
        let facts = vec![lifted(LI), contract(LI, BAKERY, "C2", "2023-01-01")];
        let li = service.record(2, facts).await;
        let posted = service
            .ledger()
            .post_deduction(posting(3, "2023-01", 100_000))
            .await;
        assert!(posted.is_ok(), "{posted:?}");
        Self {
            wrong: li[0].worker_id.clone(),
            right: wang[1].worker_id.clone(),
            service,
        }
    }

    fn request(&self, number: u128, merge_id: &str) -> MergeWorkersRequest {
        MergeWorkersRequest {
            request_id: request_id(number),
            validate_only: false,
            context: context(),
            from_worker_id: self.wrong.clone(),
            into_worker_id: self.right.clone(),
            reason: "证件号码录入有误".to_owned(),
            merge_id: merge_id.to_owned(),
        }
    }

    async fn merge(
        &self,
        desk: &str,
        request: MergeWorkersRequest,
    ) -> Result<MergeWorkersResponse, Status> {
        let mut registry = self.service.registry();
        let merged = registry.merge_workers(from(desk, request)).await?;
        Ok(merged.into_inner())
    }
}

#[tokio::test]
async fn one_reviewer_proposes_and_another_confirms() {
    let records = Records::start().await;
    let drawn_up = MergeWorkersRequest {
        validate_only: true,
        ..records.request(10, "")
    };
    let drawn_up = records.merge("reviewer", drawn_up).await.expect("told");
    assert_eq!(drawn_up.state(), MergeState::DrawnUp);
    assert!(drawn_up.merge_id.is_empty());
    let proposed = records.merge("reviewer", records.request(11, "")).await;
    let proposed = proposed.expect("proposed");
    assert_eq!(proposed.state(), MergeState::Proposed);
    assert_eq!(proposed.effect, drawn_up.effect);
    let effect = proposed.effect.clone().expect("an effect");
    let merged = effect.merged_term.expect("a term");
    assert_eq!((merged.months_counted, merged.months_left), (1, 35));
    assert_eq!((effect.facts_taken_over, effect.facts_kept_aside), (1, 1));

    let request = records.request(12, &proposed.merge_id);
    let refused = records.merge("reviewer", request).await;
    let refused = refused.expect_err("the same person");
    assert_eq!(reason(&refused), "SECOND_PERSON_REQUIRED");
    let request = records.request(13, &proposed.merge_id);
    let confirmed = records.merge("reviewer2", request).await;
    let confirmed = confirmed.expect("confirmed");
    assert_eq!(confirmed.state(), MergeState::Confirmed);

    let mut registry = records.service.registry();
    for who in [
        worker(LI),
        Some(WorkerRef {
            r#ref: Some(worker_ref::Ref::WorkerId(records.wrong.clone())),
        }),
        worker(WANG),
    ] {
        let listing = ListFactsRequest {
            context: context(),
            subject: who.map(list_facts_request::Subject::Worker),
            ..ListFactsRequest::default()
        };
        let listed = registry.list_facts(from("reviewer", listing)).await;
        let facts = listed.expect("listed").into_inner().facts;
        assert!(facts.iter().all(|it| {
            it.fact
                .as_ref()
                .is_some_and(|it| it.fact_id.starts_with(&records.right))
        }));
    }
}

#[tokio::test]
async fn nobody_but_a_reviewer_joins_records_and_every_wrong_field_is_named() {
    let records = Records::start().await;
    for desk in ["clerk", "tax", BAKERY] {
        let refused = records.merge(desk, records.request(10, "")).await;
        assert_eq!(
            refused.expect_err(desk).code(),
            Code::PermissionDenied,
            "{desk}"
        );
    }
    let wrong = records
        .merge("reviewer", MergeWorkersRequest::default())
        .await;
    assert_eq!(reason(&wrong.expect_err("empty")), "CONTEXT_REQUIRED");
    let wrong = MergeWorkersRequest {
        context: context(),
        ..MergeWorkersRequest::default()
    };
    let wrong = records.merge("reviewer", wrong).await;
    assert_eq!(
        reason(&wrong.expect_err("empty")),
        "INVALID_ARGUMENT_FIELDS"
    );
    let unknown = MergeWorkersRequest {
        from_worker_id: request_id(99),
        ..records.request(11, "")
    };
    let unknown = records.merge("reviewer", unknown).await;
    assert_eq!(reason(&unknown.expect_err("nobody")), "WORKER_NOT_FOUND");
    let absent = records
        .merge("reviewer", records.request(12, &request_id(98)))
        .await;
    assert_eq!(reason(&absent.expect_err("no proposal")), "CASE_NOT_FOUND");
}
