//! A register's list beside what is recorded.

use std::sync::Arc;

use mamagang_app::authorise::{Role, Roles};
use mamagang_app::{AppResult, Caller};
use mamagang_grpc::Authenticator;
use mamagang_proto::v1::{
    self, CompareRegisterRequest, Fact, FactKind, ListRegisterRequest, RegisterDifference, fact,
};
use tonic::Code;

use crate::harness::{
    BAKERY, LI, Service, WANG, bakery_with_wang, context, employer, lifted, reason, worker,
};

fn spell(person: (&str, &str), registered: &str, ended: &str) -> Fact {
    let body = v1::UnemploymentSpell {
        worker: worker(person),
        registered_date: registered.to_owned(),
        ended_date: ended.to_owned(),
        end_code: if ended.is_empty() { "" } else { "11" }.to_owned(),
        reason_code: "20".to_owned(),
        office_code: "442000001".to_owned(),
    };
    crate::harness::fact(registered, fact::Kind::UnemploymentSpell(body))
}

async fn compare(service: &Service, facts: Vec<Fact>) -> Vec<v1::RegisterComparison> {
    let request = CompareRegisterRequest {
        context: context(),
        facts,
    };
    let answer = service.registry().compare_register(request).await;
    answer.expect("compared").into_inner().results
}

async fn listed(service: &Service, kind: FactKind, page_size: i32) -> Vec<v1::RegisterEntry> {
    let mut request = ListRegisterRequest {
        context: context(),
        kind: kind.into(),
        page_size,
        page_token: String::new(),
    };
    let mut all = Vec::new();
    loop {
        let page = service.registry().list_register(request.clone()).await;
        let page = page.expect("a page").into_inner();
        all.extend(page.entries);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn rows_are_new_changed_or_the_same_and_a_wrong_one_is_told_by_itself() {
    let service = Service::start().await;
    let recorded = vec![
        spell(WANG, "2023-01-05", ""),
        spell(LI, "2023-02-01", "2023-08-01"),
    ];
    let stored = service.record(1, recorded).await;
    let mut other_day = spell(WANG, "2023-01-05", "");
    // The next night's list of the same register.
    other_day.source_date = "2024-02-01".to_owned();
    let results = compare(
        &service,
        vec![
            other_day,
            spell(LI, "2023-02-01", "2023-09-01"),
            spell(LI, "2024-01-10", ""),
            spell((WANG.0, "王方"), "2023-01-05", ""),
            spell(WANG, "2023-13-05", ""),
            employer(BAKERY),
            lifted(WANG),
        ],
    )
    .await;
    let told: Vec<RegisterDifference> = results.iter().map(|it| it.difference()).collect();
    use RegisterDifference::{Changed, NameDiffers, New, Same, Unspecified};
    assert_eq!(
        told,
        [
            Same,
            Changed,
            New,
            NameDiffers,
            Unspecified,
            Unspecified,
            New
        ]
    );
    assert_eq!(results[0].fact_id, stored[0].fact_id);
    assert_eq!(results[1].fact_id, stored[1].fact_id);
    assert_eq!(results[1].differing_fields, ["ended_date"]);
    let is_wrong: Vec<bool> = results.iter().map(|it| it.error.is_some()).collect();
    assert_eq!(is_wrong, [false, false, false, false, true, true, false]);
    assert_eq!(results[4].row_key, "2023-13-05");
    // Nothing was stored of it.
    let open = listed(&service, FactKind::UnemploymentSpell, 0).await;
    assert_eq!(open.len(), 1);
}

#[tokio::test]
async fn open_records_are_listed_masked_over_pages_and_ended_ones_are_not() {
    let service = Service::start().await;
    service
        .record(
            1,
            vec![
                lifted(WANG),
                lifted(LI),
                spell(LI, "2023-01-05", "2023-02-01"),
            ],
        )
        .await;
    let all = listed(&service, FactKind::PovertyStatus, 0).await;
    assert_eq!(all.len(), 2);
    assert_eq!(listed(&service, FactKind::PovertyStatus, 1).await, all);
    assert_eq!(listed(&service, FactKind::UnemploymentSpell, 0).await, []);
    let numbers: Vec<&str> = all
        .iter()
        .map(|entry| {
            entry
                .identity
                .as_ref()
                .expect("an identity")
                .number
                .as_str()
        })
        .collect();
    assert!(numbers.contains(&"442000********9982"), "{numbers:?}");
    assert_eq!(all[0].from_date, "2016-01-01");
    assert_eq!(
        (all[0].to_date.as_str(), all[0].source_date.as_str()),
        ("", "2024-01-31")
    );

    let contracts = ListRegisterRequest {
        context: context(),
        kind: FactKind::Contract.into(),
        ..ListRegisterRequest::default()
    };
    let refused = service.registry().list_register(contracts).await;
    assert_eq!(
        refused.expect_err("no register").code(),
        Code::InvalidArgument
    );
}

/// A clerk of one town.
#[derive(Debug)]
struct TownClerk;

impl Authenticator for TownClerk {
    fn authenticate(&self, call: &http::request::Parts) -> AppResult<Caller> {
        let mut caller = Caller::developer();
        if call.headers.contains_key("x-desk") {
            caller.roles = Roles::of(Role::HrClerk);
            caller.region_codes = vec!["442000002".to_owned()];
        }
        Ok(caller)
    }
}

#[tokio::test]
async fn another_towns_persons_are_neither_compared_nor_listed() {
    let service = Service::start_for(Arc::new(TownClerk)).await;
    service.record(1, bakery_with_wang()).await;
    let request = ListRegisterRequest {
        context: context(),
        kind: FactKind::PovertyStatus.into(),
        ..ListRegisterRequest::default()
    };
    let asked = crate::harness::from("clerk", request);
    let page = service.registry().list_register(asked).await;
    assert_eq!(page.expect("a page").into_inner().entries, []);
    let request = CompareRegisterRequest {
        context: context(),
        facts: vec![lifted(WANG)],
    };
    let asked = crate::harness::from("clerk", request);
    let answer = service.registry().compare_register(asked).await;
    let results = answer.expect("compared").into_inner().results;
    assert_eq!(results[0].difference(), RegisterDifference::New);
    assert_eq!(results[0].fact_id, "");

    let without = CompareRegisterRequest {
        context: None,
        facts: vec![lifted(WANG)],
    };
    let refused = service.registry().compare_register(without).await;
    assert_eq!(
        reason(&refused.expect_err("no context")),
        "CONTEXT_REQUIRED"
    );
}
