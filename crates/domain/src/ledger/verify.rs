//! Whether a chain of entries is as it was recorded.
//!
//! Shared by the service, by the operator's commands and by the offline verifier: all of them tell
//! the same fault of the same entry.

use crate::frozen::Digest32;
use crate::identifier::EmployerCode;

use super::entry::{EntryBody, Genesis, chain_hash};

/// An entry as it is stored: the columns, not trusted.
#[derive(Clone, Copy, Debug)]
pub struct StoredEntry<'a> {
    /// Place in the chain.
    pub sequence: u32,
    /// The year that the row claims.
    pub tax_year: i32,
    /// The instant that the row claims (microseconds).
    pub recorded_at: i64,
    /// The frozen bytes.
    pub frozen: &'a [u8],
    /// The hash before.
    pub previous_hash: Digest32,
    /// Its own hash.
    pub hash: Digest32,
}

/// What can be wrong with an entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChainFaultKind {
    /// There is none with the sequence.
    Missing = 1,
    /// Its hash does not follow from the hash before and its bytes.
    Altered = 2,
    /// Its bytes are those of another entry, or no entry's at all.
    Misplaced = 3,
    /// It fits itself, and the entry after it continues another one.
    Replaced = 4,
    /// The chain ends before an anchor says that it does.
    CutOff = 5,
    /// An anchor knows another hash.
    Rewritten = 6,
}

impl ChainFaultKind {
    /// All, by number.
    pub const ALL: [Self; 6] = [
        Self::Missing,
        Self::Altered,
        Self::Misplaced,
        Self::Replaced,
        Self::CutOff,
        Self::Rewritten,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::Altered => "ALTERED",
            Self::Misplaced => "MISPLACED",
            Self::Replaced => "REPLACED",
            Self::CutOff => "CUT_OFF",
            Self::Rewritten => "REWRITTEN",
        }
    }
}

/// What is wrong with an entry, or with a run of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainFault {
    /// The first entry concerned.
    pub sequence: u32,
    /// The last entry concerned.
    pub through: u32,
    /// What is wrong.
    pub kind: ChainFaultKind,
}

/// A place of the chain that is known from elsewhere: a head that was kept, or a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainAnchor {
    /// Which entry.
    pub sequence: u32,
    /// Its hash.
    pub hash: Digest32,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    sequence: u32,
    hash: Digest32,
    /// Whether nothing is wrong with the entry by itself.
    is_whole: bool,
}

/// Reads a chain from its start, entry by entry.
#[derive(Debug)]
pub struct ChainVerifier {
    employer_code: EmployerCode,
    anchors: Vec<ChainAnchor>,
    /// Anchors up to here were compared.
    compared: usize,
    /// The last place where an anchor agreed.
    agreed_through: u32,
    last: Option<Seen>,
    entry_count: u64,
    faults: Vec<ChainFault>,
}

impl ChainVerifier {
    /// A verifier of an employer's chain, with the places of it that are known from elsewhere.
    pub fn new(employer_code: EmployerCode, mut anchors: Vec<ChainAnchor>) -> Self {
        anchors.retain(|anchor| anchor.sequence > 0);
        anchors.sort_unstable();
        anchors.dedup();
        Self {
            employer_code,
            anchors,
            compared: 0,
            agreed_through: 0,
            last: None,
            entry_count: 0,
            faults: Vec::new(),
        }
    }

    /// Takes the next entry. Entries come in the order in which they are stored.
    pub fn see(&mut self, entry: &StoredEntry<'_>) {
        self.entry_count += 1;
        let expected = self.sequence().saturating_add(1);
        if entry.sequence < expected {
            self.fault(entry.sequence, entry.sequence, ChainFaultKind::Misplaced);
            return;
        }
        if entry.sequence > expected {
            self.fault(expected, entry.sequence - 1, ChainFaultKind::Missing);
        }
        let own = self.own_fault(entry);
        if let Some(kind) = own {
            self.fault(entry.sequence, entry.sequence, kind);
        } else if entry.sequence == expected {
            self.compare_link(entry);
        }
        self.last = Some(Seen {
            sequence: entry.sequence,
            hash: entry.hash,
            is_whole: own.is_none(),
        });
        self.compare_anchors(entry, own.is_none());
    }

    /// What is wrong with an entry by itself.
    fn own_fault(&self, entry: &StoredEntry<'_>) -> Option<ChainFaultKind> {
        if chain_hash(&entry.previous_hash, entry.frozen) != entry.hash {
            return Some(ChainFaultKind::Altered);
        }
        let Ok(body) = EntryBody::thaw(entry.frozen) else {
            return Some(ChainFaultKind::Misplaced);
        };
        let is_its_own = body.employer_code == self.employer_code
            && body.sequence == entry.sequence
            && body.recorded_at == entry.recorded_at
            && body.draft.tax_year.number() == entry.tax_year;
        (!is_its_own).then_some(ChainFaultKind::Misplaced)
    }

    /// Whether a whole entry continues the one before. If not, the other one was exchanged: this
    /// one still holds the hash that it was recorded on. The first entry has none before it.
    fn compare_link(&mut self, entry: &StoredEntry<'_>) {
        match self.last {
            None if entry.previous_hash != Genesis::hash(&self.employer_code) => {
                self.fault(entry.sequence, entry.sequence, ChainFaultKind::Replaced);
            }
            Some(last) if last.is_whole && entry.previous_hash != last.hash => {
                self.fault(last.sequence, last.sequence, ChainFaultKind::Replaced);
            }
            _ => {}
        }
    }

    fn compare_anchors(&mut self, entry: &StoredEntry<'_>, is_whole: bool) {
        while let Some(anchor) = self.anchors.get(self.compared).copied() {
            if anchor.sequence > entry.sequence {
                return;
            }
            self.compared += 1;
            if anchor.sequence < entry.sequence {
                // The entry is missing, and told as such.
                continue;
            }
            if anchor.hash == entry.hash {
                self.agreed_through = entry.sequence;
            } else if is_whole {
                let first = self.agreed_through.saturating_add(1).min(entry.sequence);
                self.fault(first, entry.sequence, ChainFaultKind::Rewritten);
                self.agreed_through = entry.sequence;
            }
        }
    }

    /// What is wrong with the chain, once its last entry was seen.
    pub fn finish(mut self) -> Vec<ChainFault> {
        let sequence = self.sequence();
        if let Some(last) = self.anchors.last().copied()
            && last.sequence > sequence
        {
            self.fault(sequence + 1, last.sequence, ChainFaultKind::CutOff);
        }
        // An anchor on an entry that was exchanged alone says nothing of those before it.
        let replaced: Vec<u32> = self
            .faults
            .iter()
            .filter(|fault| fault.kind == ChainFaultKind::Replaced)
            .map(|fault| fault.sequence)
            .collect();
        self.faults.retain(|fault| {
            fault.kind != ChainFaultKind::Rewritten || !replaced.contains(&fault.through)
        });
        self.faults.sort_unstable();
        self.faults.dedup();
        self.faults
    }

    /// Sequence of the last entry seen; 0 before the first.
    pub fn sequence(&self) -> u32 {
        self.last.map_or(0, |last| last.sequence)
    }

    /// Hash of the last entry seen, or the chain's start.
    pub fn hash(&self) -> Digest32 {
        self.last
            .map_or_else(|| Genesis::hash(&self.employer_code), |last| last.hash)
    }

    /// Entries seen.
    pub const fn entry_count(&self) -> u64 {
        self.entry_count
    }

    /// What was found so far.
    pub fn faults(&self) -> &[ChainFault] {
        &self.faults
    }

    fn fault(&mut self, sequence: u32, through: u32, kind: ChainFaultKind) {
        self.faults.push(ChainFault {
            sequence,
            through,
            kind,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RequestId;
    use crate::ledger::{Entry, EntryDraft, EntryKind, Release};
    use crate::money::Fen;
    use crate::month::TaxYear;

    const BAKERY: &str = "91442000MAQQ000161";
    const LAUNDRY: &str = "91442000QQ0000039Q";

    fn code(text: &str) -> EmployerCode {
        EmployerCode::parse(text).expect("a code")
    }

    fn body(employer: &str, sequence: u32, payable: i64) -> EntryBody {
        EntryBody {
            employer_code: code(employer),
            sequence,
            recorded_at: i64::from(sequence),
            actor: "developer".to_owned(),
            request_id: RequestId::from_slice(&[7; 16]).expect("an id"),
            policy_version: "p".to_owned(),
            rules_version: 1,
            decision_id: None,
            draft: EntryDraft {
                kind: EntryKind::Recompute,
                tax_year: TaxYear::new(2024).expect("a year"),
                period: None,
                payable_fen: Fen::new(payable),
                sales_fen: None,
                release: Release::Cumulative,
                return_number: String::new(),
                declared_at: None,
                reason: String::new(),
                reverses: None,
                lines: Vec::new(),
                accruals: Vec::new(),
                projected: crate::ledger::ByGroup::ZERO,
                cit_change: crate::ledger::ByGroup::ZERO,
                forfeited_change: crate::ledger::ByGroup::ZERO,
                subsidy: None,
            },
        }
    }

    fn chain(count: u32) -> Vec<Entry> {
        let mut hash = Genesis::hash(&code(BAKERY));
        let entries = (1..=count).map(|sequence| {
            let entry = Entry::chain(body(BAKERY, sequence, 0), hash);
            hash = entry.hash;
            entry
        });
        entries.collect()
    }

    fn stored(entry: &Entry) -> StoredEntry<'_> {
        StoredEntry {
            sequence: entry.body.sequence,
            tax_year: entry.body.draft.tax_year.number(),
            recorded_at: entry.body.recorded_at,
            frozen: &entry.frozen,
            previous_hash: entry.previous_hash,
            hash: entry.hash,
        }
    }

    fn verify(entries: &[StoredEntry<'_>], anchors: &[(u32, Digest32)]) -> Vec<ChainFault> {
        let anchors = anchors.iter().map(|(sequence, hash)| ChainAnchor {
            sequence: *sequence,
            hash: *hash,
        });
        let mut verifier = ChainVerifier::new(code(BAKERY), anchors.collect());
        for entry in entries {
            verifier.see(entry);
        }
        verifier.finish()
    }

    fn one(sequence: u32, kind: ChainFaultKind) -> Vec<ChainFault> {
        vec![ChainFault {
            sequence,
            through: sequence,
            kind,
        }]
    }

    #[test]
    fn a_chain_as_recorded_has_no_fault() {
        let entries = chain(4);
        let rows: Vec<_> = entries.iter().map(stored).collect();
        assert_eq!(
            verify(&rows, &[(2, entries[1].hash), (4, entries[3].hash)]),
            []
        );
        assert_eq!(verify(&[], &[]), []);
    }

    #[test]
    fn every_changed_byte_is_told_of_its_entry() {
        let entries = chain(3);
        for at in 0..entries[1].frozen.len() {
            let mut frozen = entries[1].frozen.clone();
            frozen[at] ^= 1;
            let mut rows: Vec<_> = entries.iter().map(stored).collect();
            rows[1].frozen = &frozen;
            assert_eq!(verify(&rows, &[]), one(2, ChainFaultKind::Altered), "{at}");
        }
        for at in 0..32 {
            let mut rows: Vec<_> = entries.iter().map(stored).collect();
            rows[1].hash[at] ^= 1;
            assert_eq!(verify(&rows, &[]), one(2, ChainFaultKind::Altered));
            let mut rows: Vec<_> = entries.iter().map(stored).collect();
            rows[1].previous_hash[at] ^= 1;
            assert_eq!(verify(&rows, &[]), one(2, ChainFaultKind::Altered));
        }
        let mut rows: Vec<_> = entries.iter().map(stored).collect();
        rows[1].tax_year += 1;
        assert_eq!(verify(&rows, &[]), one(2, ChainFaultKind::Misplaced));
        let mut rows: Vec<_> = entries.iter().map(stored).collect();
        rows[1].recorded_at += 1;
        assert_eq!(verify(&rows, &[]), one(2, ChainFaultKind::Misplaced));
    }

    #[test]
    fn a_missing_entry_is_named_wherever_it_stood() {
        let entries = chain(4);
        for missing in 1..=4_u32 {
            let rows: Vec<_> = entries
                .iter()
                .filter(|entry| entry.body.sequence != missing)
                .map(stored)
                .collect();
            let kind = match missing {
                4 => ChainFaultKind::CutOff,
                _ => ChainFaultKind::Missing,
            };
            assert_eq!(verify(&rows, &[(4, entries[3].hash)]), one(missing, kind));
        }
    }

    #[test]
    fn a_swapped_pair_is_named() {
        let entries = chain(4);
        let mut rows: Vec<_> = entries.iter().map(stored).collect();
        let (second, third) = (rows[1].sequence, rows[2].sequence);
        rows.swap(1, 2);
        (rows[1].sequence, rows[2].sequence) = (second, third);
        let named: Vec<u32> = verify(&rows, &[])
            .iter()
            .map(|fault| fault.sequence)
            .collect();
        assert_eq!(named, [2, 3]);
    }

    #[test]
    fn a_forged_entry_with_a_fitting_hash_is_named_and_not_the_one_after_it() {
        let entries = chain(4);
        for forged in 1..=4_usize {
            let sequence = forged as u32;
            let previous = entries[forged - 1].previous_hash;
            let other = Entry::chain(body(BAKERY, sequence, 5), previous);
            let mut rows: Vec<_> = entries.iter().map(stored).collect();
            rows[forged - 1] = stored(&other);
            let faults = verify(&rows, &[(3, entries[2].hash), (4, entries[3].hash)]);
            assert!(
                faults
                    .iter()
                    .all(|fault| (fault.sequence, fault.through) == (sequence, sequence)),
                "{faults:?}"
            );
            assert!(!faults.is_empty());
        }
    }

    #[test]
    fn an_entry_of_another_employer_or_of_no_kind_is_misplaced() {
        let entries = chain(3);
        let foreign = Entry::chain(body(LAUNDRY, 3, 0), entries[1].hash);
        let rows = [stored(&entries[0]), stored(&entries[1]), stored(&foreign)];
        assert_eq!(verify(&rows, &[]), one(3, ChainFaultKind::Misplaced));
        let mut rows: Vec<_> = entries.iter().map(stored).collect();
        rows[2].frozen = b"no entry";
        rows[2].hash = chain_hash(&rows[2].previous_hash, rows[2].frozen);
        assert_eq!(verify(&rows, &[]), one(3, ChainFaultKind::Misplaced));
    }

    #[test]
    fn a_chain_written_anew_differs_from_what_was_kept_of_it() {
        let kept = chain(5);
        let mut hash = kept[1].hash;
        let mut forged: Vec<Entry> = kept[..2].to_vec();
        for sequence in 3..=5 {
            let entry = Entry::chain(body(BAKERY, sequence, 9), hash);
            hash = entry.hash;
            forged.push(entry);
        }
        let rows: Vec<_> = forged.iter().map(stored).collect();
        assert_eq!(verify(&rows, &[]), []);
        let faults = verify(&rows, &[(2, kept[1].hash), (4, kept[3].hash)]);
        assert_eq!(
            faults,
            [ChainFault {
                sequence: 3,
                through: 4,
                kind: ChainFaultKind::Rewritten
            }]
        );
    }
}
