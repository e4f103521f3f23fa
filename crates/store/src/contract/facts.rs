//! Fact rows and their owners.

use std::sync::Arc;

use mamagang_domain::date::CivilDate;
use mamagang_domain::fact::{FactKind, Source};
use mamagang_domain::ids::Subject;

use crate::Store;
use crate::rows::{FactChange, FactPage, FactQuery, FactRow, OwnedFact, OwnerKey};

use super::assert_conflict;
use super::sample::{NOW, add_workers, begin, employer, fact, mac, worker};

fn subject() -> Subject {
    Subject::Worker(worker(1))
}

fn query(subject: Subject) -> FactQuery {
    FactQuery {
        subject,
        kinds: Vec::new(),
        after: 0,
        through: None,
        as_of: None,
        limit: 100,
    }
}

async fn append(store: &Arc<dyn Store>, facts: &[FactRow]) {
    let mut unit = begin(store).await;
    unit.append_facts(facts).await.expect("accepted");
    unit.commit().await.expect("committed");
}

async fn list(store: &Arc<dyn Store>, query: &FactQuery) -> FactPage {
    store.list_facts(query).await.expect("facts")
}

/// Five revisions: kinds contract and contribution in turn, one microsecond apart.
async fn append_five(store: &Arc<dyn Store>) {
    let facts = (1u32..=5).map(|revision| {
        let kind = if revision % 2 == 1 {
            FactKind::Contract
        } else {
            FactKind::Contribution
        };
        fact(subject(), revision, kind, NOW + i64::from(revision))
    });
    append(store, &facts.collect::<Vec<_>>()).await;
}

async fn revisions(store: &Arc<dyn Store>, query: &FactQuery) -> Vec<u32> {
    let page = list(store, query).await;
    page.rows.iter().map(|row| row.revision).collect()
}

/// Contract.
pub async fn a_fact_row_comes_back_as_it_was_written(store: Arc<dyn Store>) {
    for subject in [subject(), Subject::Employer(employer(2))] {
        let recorded = FactRow {
            change: FactChange::Record {
                body: vec![0, 1, 255],
                secret: vec![9; 40],
            },
            source: Source {
                name: "人社\"失业\"系统".to_owned(),
                drawn_on: CivilDate::parse("1969-12-31").ok(),
            },
            ..fact(subject, 1, FactKind::UnemploymentSpell, NOW)
        };
        let superseding = FactRow {
            supersedes: Some(1),
            ..fact(subject, 2, FactKind::UnemploymentSpell, NOW)
        };
        let retracting = FactRow {
            change: FactChange::Retract { revision: 2 },
            reason: "录入有误".to_owned(),
            ..fact(subject, 3, FactKind::UnemploymentSpell, NOW + 1)
        };
        let facts = [recorded, superseding, retracting];
        append(&store, &facts).await;
        let page = list(&store, &query(subject)).await;
        assert_eq!(page.rows, facts);
        assert!(!page.more);
    }
}

/// Contract.
pub async fn a_revision_that_leaves_a_gap_is_refused(store: Arc<dyn Store>) {
    for subject in [subject(), Subject::Employer(employer(2))] {
        for wrong in [0, 2] {
            let mut unit = begin(&store).await;
            let fact = fact(subject, wrong, FactKind::Contract, NOW);
            assert_conflict(unit.append_facts(&[fact]).await);
        }
    }
}

/// Contract.
pub async fn a_revision_that_exists_is_refused(store: Arc<dyn Store>) {
    for subject in [subject(), Subject::Employer(employer(2))] {
        let first = fact(subject, 1, FactKind::Contract, NOW);
        append(&store, std::slice::from_ref(&first)).await;
        let mut unit = begin(&store).await;
        assert_conflict(unit.append_facts(&[first]).await);
        drop(unit);
        append(&store, &[fact(subject, 2, FactKind::Contract, NOW)]).await;
    }
}

/// Contract.
pub async fn revisions_of_one_subject_do_not_bind_another(store: Arc<dyn Store>) {
    let other = Subject::Worker(worker(2));
    let facts = [
        fact(subject(), 1, FactKind::Contract, NOW),
        fact(other, 1, FactKind::Contract, NOW),
        fact(
            Subject::Employer(employer(0)),
            1,
            FactKind::EmployerProfile,
            NOW,
        ),
        fact(subject(), 2, FactKind::Contract, NOW),
    ];
    append(&store, &facts).await;
    assert_eq!(revisions(&store, &query(subject())).await, [1, 2]);
    assert_eq!(revisions(&store, &query(other)).await, [1]);
}

/// Contract.
pub async fn facts_are_chosen_by_kind_and_revision(store: Arc<dyn Store>) {
    append_five(&store).await;
    let of_kinds = |kinds: &[FactKind]| FactQuery {
        kinds: kinds.to_vec(),
        ..query(subject())
    };
    let contributions = of_kinds(&[FactKind::Contribution]);
    assert_eq!(revisions(&store, &contributions).await, [2, 4]);
    let both = of_kinds(&[FactKind::Contribution, FactKind::Contract]);
    assert_eq!(revisions(&store, &both).await, [1, 2, 3, 4, 5]);
    let neither = of_kinds(&[FactKind::TrainingRecord]);
    assert_eq!(revisions(&store, &neither).await, [0u32; 0]);
    let between = FactQuery {
        after: 2,
        through: Some(4),
        ..query(subject())
    };
    assert_eq!(revisions(&store, &between).await, [3, 4]);
}

/// Contract.
pub async fn facts_recorded_after_the_instant_are_left_out(store: Arc<dyn Store>) {
    append_five(&store).await;
    for (as_of, last) in [(NOW, 0), (NOW + 1, 1), (NOW + 4, 4), (NOW + 99, 5)] {
        let query = FactQuery {
            as_of: Some(as_of),
            ..query(subject())
        };
        let expected: Vec<u32> = (1..=last).collect();
        assert_eq!(revisions(&store, &query).await, expected);
    }
}

/// Contract.
pub async fn a_page_of_facts_tells_whether_more_follow(store: Arc<dyn Store>) {
    append_five(&store).await;
    for (after, limit, count, more) in [
        (0, 4, 4, true),
        (0, 5, 5, false),
        (0, 6, 5, false),
        (4, 1, 1, false),
        (5, 1, 0, false),
        (0, 0, 0, true),
    ] {
        let query = FactQuery {
            after,
            limit,
            ..query(subject())
        };
        let page = list(&store, &query).await;
        assert_eq!((page.rows.len(), page.more), (count, more), "{query:?}");
    }
}

fn owned(text: &str, holder: Option<u8>) -> OwnedFact {
    OwnedFact {
        key: OwnerKey {
            kind: FactKind::Contract,
            key: mac(text),
        },
        worker_id: holder.map(worker),
    }
}

/// Contract.
pub async fn an_owner_is_noted_replaced_and_removed(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let key = owned("contract", None).key;
    let of_other_kind = OwnerKey {
        kind: FactKind::EmploymentCertificate,
        ..key
    };
    for holder in [Some(1), Some(2), None, None] {
        let mut unit = begin(&store).await;
        let note = owned("contract", holder);
        unit.put_fact_owners(&[note]).await.expect("accepted");
        unit.commit().await.expect("committed");
        let mut unit = begin(&store).await;
        let owners = unit.fact_owners(&[of_other_kind, key]).await;
        assert_eq!(owners.expect("owners"), [None, holder.map(worker)]);
    }
}

/// Contract.
pub async fn the_last_note_of_a_batch_about_an_owner_counts(store: Arc<dyn Store>) {
    add_workers(&store, [1, 2]).await;
    let mut unit = begin(&store).await;
    let notes = [
        owned("moved", Some(1)),
        owned("gone", Some(1)),
        owned("moved", Some(2)),
        owned("gone", None),
        owned("back", None),
        owned("back", Some(2)),
    ];
    unit.put_fact_owners(&notes).await.expect("accepted");
    let keys = ["moved", "gone", "back"].map(|text| owned(text, None).key);
    let owners = unit.fact_owners(&keys).await.expect("owners");
    assert_eq!(owners, [Some(worker(2)), None, Some(worker(2))]);
}
