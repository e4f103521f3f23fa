//! Policy sets.

use std::sync::Arc;

use super::sample::begin;
use crate::Store;

async fn keep(store: &Arc<dyn Store>, version: &str, content: &str) -> i64 {
    let mut unit = begin(store).await;
    let recorded_at = unit.recorded_at();
    let kept = unit.put_policy_set(version, content).await;
    kept.expect("accepted");
    unit.commit().await.expect("committed");
    recorded_at
}

/// Contract.
pub async fn a_kept_policy_set_may_be_sent_again_and_stays_as_it_was(store: Arc<dyn Store>) {
    let first = keep(&store, "v1", "policies").await;
    keep(&store, "v1", "policies").await;
    let found = store.policy_set("v1").await.expect("an answer");
    let found = found.expect("a policy set");
    assert_eq!(
        (found.version.as_str(), found.content.as_str()),
        ("v1", "policies")
    );
    assert_eq!(found.recorded_at, first);
    assert_eq!(store.policy_set("v2").await.expect("an answer"), None);
}

/// Contract.
pub async fn policy_sets_are_listed_page_by_page(store: Arc<dyn Store>) {
    for version in ["b", "a", "c"] {
        keep(&store, version, version).await;
    }
    let names = async |after: Option<&str>, limit: u32| {
        let page = store.list_policy_sets(after, limit).await.expect("a page");
        page.into_iter().map(|row| row.version).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 2).await, ["a", "b"]);
    assert_eq!(names(Some("b"), 2).await, ["c"]);
    assert!(names(Some("c"), 2).await.is_empty());
}
