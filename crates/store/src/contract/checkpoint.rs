//! Checkpoints and the feed.

use std::sync::Arc;

use mamagang_domain::ledger::{Checkpoint, CheckpointHead};

use super::assert_conflict;
use super::sample::{begin, employer, entries};
use crate::rows::{CheckpointRow, EntryRow};
use crate::{Store, StoreResult};

async fn append(store: &Arc<dyn Store>, entries: &[EntryRow]) {
    let mut unit = begin(store).await;
    unit.append_entries(entries).await.expect("accepted");
    unit.commit().await.expect("committed");
}

fn head(entry: &EntryRow) -> CheckpointHead {
    CheckpointHead {
        employer_code: entry.employer_code,
        sequence: entry.sequence,
        hash: entry.hash,
    }
}

fn checkpoint(number: u32, previous: Option<&CheckpointRow>) -> CheckpointRow {
    let frozen = vec![u8::try_from(number).expect("few")];
    let previous_hash = previous.map_or_else(Checkpoint::start, |row| row.hash);
    CheckpointRow {
        number,
        recorded_at: i64::from(number),
        hash: Checkpoint::hash(&previous_hash, &frozen),
        frozen,
        previous_hash,
        key_id: 1,
        signature: [3; 64],
    }
}

async fn keep(
    store: &Arc<dyn Store>,
    row: &CheckpointRow,
    heads: &[CheckpointHead],
) -> StoreResult<()> {
    let mut unit = begin(store).await;
    unit.append_checkpoint(row, heads).await?;
    unit.commit().await
}

/// Contract.
pub async fn a_checkpoint_comes_back_and_must_continue_the_one_before(store: Arc<dyn Store>) {
    let first = checkpoint(1, None);
    let second = checkpoint(2, Some(&first));
    assert_conflict(keep(&store, &second, &[]).await);
    keep(&store, &first, &[]).await.expect("kept");
    assert_conflict(keep(&store, &first, &[]).await);
    let astray = CheckpointRow {
        previous_hash: [0; 32],
        ..second.clone()
    };
    assert_conflict(keep(&store, &astray, &[]).await);
    keep(&store, &second, &[]).await.expect("kept");
    let listed = store.list_checkpoints(0, 10).await.expect("checkpoints");
    assert_eq!(listed, [first, second.clone()]);
    let page = store.list_checkpoints(1, 1).await.expect("checkpoints");
    assert_eq!(page, std::slice::from_ref(&second));
    let mut unit = begin(&store).await;
    let last = unit.last_checkpoint().await.expect("a read");
    assert_eq!(last, Some(second));
}

/// Contract.
pub async fn only_heads_that_moved_since_their_checkpoint_are_listed(store: Arc<dyn Store>) {
    let (ours, theirs) = (entries(employer(0), 3), entries(employer(1), 1));
    append(&store, &ours[..2]).await;
    append(&store, &theirs).await;
    let moved = async |limit: u32| {
        let mut unit = begin(&store).await;
        unit.moved_heads(limit).await.expect("heads")
    };
    let mut both = [head(&ours[1]), head(&theirs[0])];
    both.sort_unstable();
    assert_eq!(moved(10).await, both);
    assert_eq!(moved(1).await, both[..1]);
    let first = checkpoint(1, None);
    keep(&store, &first, &both).await.expect("kept");
    assert_eq!(moved(10).await, []);
    append(&store, &ours[2..]).await;
    assert_eq!(moved(10).await, [head(&ours[2])]);
}

/// Contract.
pub async fn chains_are_found_by_their_entries_in_order_of_code(store: Arc<dyn Store>) {
    assert_eq!(store.next_chain("").await.expect("a read"), None);
    append(&store, &entries(employer(0), 2)).await;
    append(&store, &entries(employer(1), 1)).await;
    let mut codes = [employer(0), employer(1)];
    codes.sort_unstable();
    let mut after = String::new();
    for code in codes {
        let next = store.next_chain(&after).await.expect("a read");
        assert_eq!(next.as_deref(), Some(code.as_str()));
        after = code.to_string();
    }
    assert_eq!(store.next_chain(&after).await.expect("a read"), None);
}

/// Contract.
pub async fn the_feed_has_every_entry_once_in_order_of_position(store: Arc<dyn Store>) {
    assert_eq!(store.feed_end().await.expect("a read"), 0);
    let (ours, theirs) = (entries(employer(0), 2), entries(employer(1), 1));
    append(&store, &ours[..1]).await;
    append(&store, &theirs).await;
    let before = store.feed_end().await.expect("a read");
    append(&store, &ours[1..]).await;
    let end = store.feed_end().await.expect("a read");
    assert!(end > before && before > 0);
    let all = store.list_feed(0, end, 10).await.expect("a feed");
    let found: Vec<_> = all.iter().map(|row| row.entry.clone()).collect();
    assert_eq!(found, [ours[0].clone(), theirs[0].clone(), ours[1].clone()]);
    assert!(
        all.windows(2)
            .all(|pair| pair[0].position < pair[1].position)
    );
    let page = store.list_feed(0, end, 2).await.expect("a feed");
    assert_eq!(page, all[..2]);
    let rest = store.list_feed(all[1].position, end, 10).await;
    assert_eq!(rest.expect("a feed"), all[2..]);
    let earlier = store.list_feed(0, before, 10).await.expect("a feed");
    assert_eq!(earlier, all[..2]);
}

/// Contract.
pub async fn an_entry_of_a_unit_that_is_dropped_is_in_no_feed(store: Arc<dyn Store>) {
    let chain = entries(employer(0), 1);
    let mut unit = begin(&store).await;
    unit.append_entries(&chain).await.expect("accepted");
    drop(unit);
    store.fence().await.expect("a fence");
    assert_eq!(store.feed_end().await.expect("a read"), 0);
    assert_eq!(store.list_feed(0, i64::MAX, 10).await.expect("a feed"), []);
}
