//! Finding workers: by document, by our id, by a match id.

pub(crate) mod history;
mod match_worker;
pub(crate) mod merge;
mod misses;
mod term;

pub(crate) use misses::Misses;

pub use match_worker::{MatchWorker, Matched};
pub use merge::{Merge, MergeEffect, MergeTerm, MergeWorkers, MergeYear, MonthGivenUp};
pub use term::{EmployerTerm, WorkerTerm, WorkerTermQuery};

use mamagang_crypto::{KeyRing, TokenKind};
use mamagang_domain::identifier::{DocumentNumber, DocumentType, PersonName};
use mamagang_domain::ids::WorkerId;
use mamagang_domain::key_group::Person;
use mamagang_store::rows::{IdentityKey, KeyedMac, WorkerKey, WorkerSnapshot};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};

/// How a caller names a worker.
#[derive(Clone, Debug)]
pub enum Who {
    /// By document and name.
    Identity(Identity),
    /// By our id.
    WorkerId(WorkerId),
    /// By a match id of MatchWorker.
    MatchId(String),
}

/// A document and the name on it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The document's type.
    pub document_type: DocumentType,
    /// Its number.
    pub number: DocumentNumber,
    /// The holder's name.
    pub name: PersonName,
}

impl App {
    /// The key under which the store finds a worker.
    pub(crate) fn worker_key(&self, caller: &Caller, who: &Who) -> AppResult<WorkerKey> {
        match who {
            Who::Identity(identity) => {
                self.misses.check(caller, self.clock.now_micros())?;
                Ok(WorkerKey::Identity(self.identity_key(identity)))
            }
            Who::WorkerId(id) => Ok(WorkerKey::Id(*id)),
            Who::MatchId(token) => {
                let now = self.clock.now_micros();
                let opened =
                    self.keys()
                        .open_token(TokenKind::Match, &caller.token_scope(), now, token);
                let payload = opened.map_err(|_| AppError::new(ErrorReason::MatchExpired))?;
                let id = WorkerId::from_slice(&payload)
                    .ok_or_else(|| AppError::new(ErrorReason::MatchExpired))?;
                Ok(WorkerKey::Id(id))
            }
        }
    }

    pub(crate) fn identity_key(&self, identity: &Identity) -> IdentityKey {
        identity_key(&self.keys(), identity)
    }

    /// The person behind a question. A wrong name for a known document tells nothing more.
    pub(crate) fn person<'a>(&self, who: &Who, snapshot: Option<&'a WorkerSnapshot>) -> Person<'a> {
        person_of(snapshot, self.is_named(who, snapshot))
    }

    /// Counts the identities among the questions that matched nobody.
    pub(crate) fn note_misses<'a>(
        &self,
        caller: &Caller,
        asked: impl Iterator<Item = (&'a Who, Option<&'a WorkerSnapshot>)>,
    ) {
        let named = asked.map(|(who, found)| (who, self.is_named(who, found)));
        self.note_unnamed(caller, named);
    }

    /// As [`App::note_misses`], where it is known of each whether it was found under its name.
    pub(crate) fn note_unnamed<'a>(
        &self,
        caller: &Caller,
        asked: impl Iterator<Item = (&'a Who, bool)>,
    ) {
        let missed = asked.filter(|(who, is_named)| matches!(who, Who::Identity(_)) && !is_named);
        let missed = u32::try_from(missed.count()).unwrap_or(u32::MAX);
        self.misses.note(caller, missed, self.clock.now_micros());
    }

    /// Whether somebody was found, and is called as the question says.
    pub(crate) fn is_named(&self, who: &Who, found: Option<&WorkerSnapshot>) -> bool {
        match (who, found) {
            (_, None) => false,
            (Who::Identity(identity), Some(found)) => self.name_matches(identity, &found.name_macs),
            (_, Some(_)) => true,
        }
    }

    pub(crate) fn name_matches(&self, identity: &Identity, recorded: &[KeyedMac]) -> bool {
        name_matches(&self.keys(), identity, recorded)
    }
}

/// The person who was found, or was not, under the name told or another.
pub(crate) fn person_of(snapshot: Option<&WorkerSnapshot>, is_named: bool) -> Person<'_> {
    match snapshot {
        None => Person::Unknown,
        Some(_) if !is_named => Person::NotMatched,
        Some(snapshot) => Person::Known(&snapshot.worker.timeline),
    }
}

/// The number's MACs under every key of a ring.
pub(crate) fn identity_key(keys: &KeyRing, identity: &Identity) -> IdentityKey {
    let macs = keys.mac_number(identity.document_type, &identity.number);
    IdentityKey {
        document_type: identity.document_type,
        macs: keyed(macs),
    }
}

/// The name's MACs under every key of a ring, in the order of the number's.
pub(crate) fn name_macs(keys: &KeyRing, identity: &Identity) -> Vec<KeyedMac> {
    keyed(keys.mac_name(&identity.number, &identity.name))
}

/// Whether a recorded name's MAC is that of the name told. Rings of before and after a change of keys have a key in
/// common, so it does not matter which of them had read the recorded one.
pub(crate) fn name_matches(keys: &KeyRing, identity: &Identity, recorded: &[KeyedMac]) -> bool {
    let asked = name_macs(keys, identity);
    recorded.iter().any(|mac| asked.contains(mac))
}

fn keyed(macs: Vec<(u32, [u8; 32])>) -> Vec<KeyedMac> {
    macs.into_iter()
        .map(|(key_id, mac)| KeyedMac { key_id, mac })
        .collect()
}
