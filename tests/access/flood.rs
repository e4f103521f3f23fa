//! "Every call is recorded", also when strangers come in numbers.

use mamagang_proto::v1::audit_service_client::AuditServiceClient;
use mamagang_proto::v1::ledger_service_client::LedgerServiceClient;
use mamagang_proto::v1::{AuditEvent, GetEmployerBalanceRequest, ListAuditEventsRequest};
use tonic::Code;

use crate::city::{City, context};

const FLOOD: usize = 1_200;

async fn refused_strangers(city: &City) -> Vec<AuditEvent> {
    let reader = city.token("reader", "audit", &["audit_reader"], "", &[]);
    let asked = ListAuditEventsRequest {
        context: Some(context()),
        outcome: "UNAUTHENTICATED".to_owned(),
        page_size: 1_000,
        ..ListAuditEventsRequest::default()
    };
    let mut audit = AuditServiceClient::new(city.channel.clone());
    let listed = audit.list_audit_events(city.request(&reader, asked)).await;
    listed.expect("listed").into_inner().events
}

/// A line of a summary.
fn told<'a>(event: &'a AuditEvent, name: &str) -> &'a str {
    let lines = event.summary.lines();
    let mut told = lines.filter_map(|line| line.split_once('='));
    told.find(|(known, _)| *known == name).expect("a line").1
}

#[tokio::test]
async fn every_call_of_a_flood_of_strangers_is_in_some_row_before_it_is_answered() {
    let city = City::start().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..FLOOD {
        let mut ledger = LedgerServiceClient::new(city.channel.clone());
        asking.spawn(async move {
            let asked = GetEmployerBalanceRequest::default();
            let refused = ledger.get_employer_balance(asked).await;
            refused.expect_err("nobody").code()
        });
    }
    let codes = asking.join_all().await;
    assert!(codes.iter().all(|code| *code == Code::Unauthenticated));

    let rows = refused_strangers(&city).await;
    let (shared, own): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.method == "_TURNED_AWAY");
    assert!(own.iter().all(|row| row.summary.is_empty()));
    let counted: usize = shared
        .iter()
        .map(|row| told(row, "count").parse::<usize>().expect("a number"))
        .sum();
    assert_eq!(counted + own.len(), FLOOD, "each is in one row");
    assert!(rows.len() < FLOOD / 10, "{} rows", rows.len());
    for row in shared {
        let (first, last) = (told(row, "first_at"), told(row, "last_at"));
        let at = |text: &str| text.parse::<i64>().expect("an instant");
        assert!(at(first) <= at(last));
        let peers = told(row, "peers");
        assert_eq!(peers, format!("127.0.0.0/24:{}", told(row, "count")));
    }
    // The trail is whole, and callers are served as before.
    assert_eq!(refused_strangers(&city).await.len(), rows.len());
}
