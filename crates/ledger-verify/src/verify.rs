//! Every chain of a bundle against itself, its head and the signed checkpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{
    BundleRecord, CHECKPOINT_SIGNED_KIND, ChainAnchor, ChainFaultKind, ChainVerifier, Checkpoint,
    StoredEntry,
};

use crate::read::{BundleError, read_record};
use crate::signature::is_signed;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where.
    pub subject: Subject,
    /// The first sequence concerned, or the checkpoint's number.
    pub from: u32,
    /// The last one.
    pub through: u32,
    /// What: a name of `ChainFaultKind`, or `NOT_SIGNED`.
    pub kind: &'static str,
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The checkpoints.
    Checkpoints,
    /// An employer's chain.
    Employer(String),
}

/// What was read, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Chains read.
    pub chain_count: u64,
    /// Entries read.
    pub entry_count: u64,
    /// Checkpoints read.
    pub checkpoint_count: u64,
    /// The last checkpoint's number and hash: to be kept, and compared with the next bundle's.
    pub last_checkpoint: Option<(u32, Digest32)>,
    /// What is wrong, by place.
    pub findings: Vec<Finding>,
}

/// Reads a bundle and verifies it. `keys` are the public keys that the reader trusts; with none, those
/// that the bundle names are taken, which proves that it agrees with itself and no more.
///
/// A bundle of one employer is verified for that employer alone: chains that only checkpoints know
/// are asked for where `is_whole` says that the bundle is of all.
///
/// # Errors
/// The bundle cannot be read to its end.
pub fn verify(
    bundle: &mut impl Read,
    keys: &[[u8; 32]],
    is_whole: bool,
) -> Result<Verified, BundleError> {
    let mut reading = Reading::new(keys);
    let mut number = 0;
    loop {
        number += 1;
        let Some(record) = read_record(bundle, number)? else {
            return Err(BundleError::EndsEarly { after: number - 1 });
        };
        let is_header = matches!(record, BundleRecord::Header { .. });
        if is_header != (number == 1) {
            return Err(BundleError::Misplaced { number });
        }
        match record {
            BundleRecord::Header { .. } => {}
            BundleRecord::PublicKey { key, .. } => reading.told_keys.push(key),
            BundleRecord::Checkpoint { .. } => reading.checkpoint(&record),
            BundleRecord::Head { .. } => reading.begin_chain(&record),
            BundleRecord::Entry { .. } => {
                if !reading.entry(&record) {
                    return Err(BundleError::Misplaced { number });
                }
            }
            BundleRecord::End {
                entry_count,
                checkpoint_count,
            } => {
                let verified = reading.finish(is_whole);
                let found = verified.entry_count + verified.checkpoint_count;
                let told = entry_count + checkpoint_count;
                if found != told {
                    return Err(BundleError::Incomplete { found, told });
                }
                return Ok(verified);
            }
        }
    }
}

struct Reading {
    trusted: Vec<[u8; 32]>,
    told_keys: Vec<[u8; 32]>,
    anchors: BTreeMap<String, Vec<ChainAnchor>>,
    checkpoint: (u32, Digest32),
    chain: Option<(String, ChainVerifier)>,
    seen: BTreeSet<String>,
    verified: Verified,
}

impl Reading {
    fn new(keys: &[[u8; 32]]) -> Self {
        Self {
            trusted: keys.to_vec(),
            told_keys: Vec::new(),
            anchors: BTreeMap::new(),
            checkpoint: (0, Checkpoint::start()),
            chain: None,
            seen: BTreeSet::new(),
            verified: Verified::default(),
        }
    }

    fn note(&mut self, subject: Subject, from: u32, through: u32, kind: &'static str) {
        self.verified.findings.push(Finding {
            subject,
            from,
            through,
            kind,
        });
    }

    fn checkpoint(&mut self, record: &BundleRecord) {
        let BundleRecord::Checkpoint {
            number,
            frozen,
            previous_hash,
            hash,
            signature,
            ..
        } = record
        else {
            return;
        };
        self.verified.checkpoint_count += 1;
        let (last, before) = self.checkpoint;
        let expected = last.saturating_add(1);
        if *number != expected {
            let kind = ChainFaultKind::Missing.name();
            self.note(Subject::Checkpoints, expected, expected, kind);
        }
        let is_linked = *previous_hash == before || *number != expected;
        let is_whole = Checkpoint::hash(previous_hash, frozen) == *hash;
        let body = Checkpoint::thaw(frozen).ok();
        let body = body.filter(|body| body.number == *number);
        if !is_linked || !is_whole || body.is_none() {
            let kind = ChainFaultKind::Altered.name();
            self.note(Subject::Checkpoints, *number, *number, kind);
        }
        let keys = match self.trusted.is_empty() {
            true => &self.told_keys,
            false => &self.trusted,
        };
        let signed = keys
            .iter()
            .any(|key| is_signed(key, CHECKPOINT_SIGNED_KIND, hash, signature));
        if !signed {
            self.note(Subject::Checkpoints, *number, *number, "NOT_SIGNED");
        }
        self.checkpoint = (*number, *hash);
        self.verified.last_checkpoint = Some(self.checkpoint);
        // Only what a signature vouches for says how a chain was.
        let heads = body.filter(|_| signed && is_whole);
        for head in heads.map(|body| body.heads).unwrap_or_default() {
            let anchors = self.anchors.entry(head.employer_code.to_string());
            anchors.or_default().push(ChainAnchor {
                sequence: head.sequence,
                hash: head.hash,
            });
        }
    }

    fn begin_chain(&mut self, record: &BundleRecord) {
        self.end_chain();
        let BundleRecord::Head {
            employer_code,
            sequence,
            hash,
        } = record
        else {
            return;
        };
        self.verified.chain_count += 1;
        self.seen.insert(employer_code.clone());
        let mut anchors = self.anchors.get(employer_code).cloned().unwrap_or_default();
        anchors.push(ChainAnchor {
            sequence: *sequence,
            hash: *hash,
        });
        match EmployerCode::parse(employer_code) {
            Ok(code) => {
                let verifier = ChainVerifier::new(code, anchors);
                self.chain = Some((employer_code.clone(), verifier));
            }
            Err(_) => {
                let subject = Subject::Employer(employer_code.clone());
                self.note(subject, 1, *sequence, ChainFaultKind::Misplaced.name());
            }
        }
    }

    /// Whether the entry stands behind its chain's head.
    fn entry(&mut self, record: &BundleRecord) -> bool {
        let BundleRecord::Entry {
            employer_code,
            sequence,
            tax_year,
            recorded_at,
            frozen,
            previous_hash,
            hash,
        } = record
        else {
            return false;
        };
        self.verified.entry_count += 1;
        let chain = self.chain.as_mut();
        let Some((_, verifier)) = chain.filter(|(code, _)| code == employer_code) else {
            return false;
        };
        verifier.see(&StoredEntry {
            sequence: *sequence,
            tax_year: *tax_year,
            recorded_at: *recorded_at,
            frozen,
            previous_hash: *previous_hash,
            hash: *hash,
        });
        true
    }

    fn end_chain(&mut self) {
        let Some((code, verifier)) = self.chain.take() else {
            return;
        };
        for fault in verifier.finish() {
            let subject = Subject::Employer(code.clone());
            self.note(subject, fault.sequence, fault.through, fault.kind.name());
        }
    }

    fn finish(mut self, is_whole: bool) -> Verified {
        self.end_chain();
        if is_whole {
            let gone: Vec<(String, u32)> = self
                .anchors
                .iter()
                .filter(|(code, _)| !self.seen.contains(*code))
                .filter_map(|(code, anchors)| {
                    let last = anchors.iter().map(|anchor| anchor.sequence).max()?;
                    Some((code.clone(), last))
                })
                .collect();
            for (code, last) in gone {
                let kind = ChainFaultKind::CutOff.name();
                self.note(Subject::Employer(code), 1, last, kind);
            }
        }
        self.verified.findings.sort();
        self.verified.findings.dedup();
        self.verified
    }
}
