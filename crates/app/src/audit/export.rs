//! A part of the audit trail as a trail bundle that can be verified without the database: one JSON object a line, the last
//! one a signature over all the others.
//!
//! ```text
//! {"format":"mamagang.audit.bundle.v1","from":0,"until":1,"exported_at":2}
//! {"writer":"…","position":1,"previous_hash":"…","hash":"…","frozen":"…"}
//! {"writer":"…","first_position":2,"last_position":9,"previous_hash":"…","hash":"…"}
//! {"algorithm":"ed25519","key_id":1,"public_key":"…","lines_hash":"…","signature":"…"}
//! ```
//! Bytes are in hexadecimal, instants in microseconds. `lines_hash` starts as 32 zero bytes and becomes
//! `SHA-256(lines_hash ‖ line)` with each line, without its line feed; it is signed as a document of the kind
//! `mamagang.audit.bundle`.

use std::collections::BTreeMap;
use std::io::Write;

use mamagang_crypto::{PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verify};
use mamagang_domain::frozen::{Digest32, chained, digest, hex};
use mamagang_domain::ids::AuditId;
use mamagang_store::audit::{AuditPlace, AuditQuery};
use serde_json::{Value, json};
use uuid::Uuid;

use super::record::DecisionItem;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult};
use crate::limits::PAGE_ROWS_MAX;

const METHOD: &str = "mamagang.admin/ExportAudit";
const FORMAT: &str = "mamagang.audit.bundle.v1";
const KIND: &str = "mamagang.audit.bundle";

/// What a bundle holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleReport {
    /// Rows.
    pub rows: u64,
    /// Rows that stand next to their predecessor in the bundle and continue it.
    pub links: u64,
    /// Gaps.
    pub gaps: u64,
    /// The key that signed it, in hexadecimal.
    pub public_key: String,
}

/// Why a bundle is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// A line is not of the documented form.
    #[error("line {line} is not of the documented form")]
    Form {
        /// Counted from 1.
        line: usize,
    },
    /// A row does not continue the chain, or its hash is not its bytes'.
    #[error("line {line} breaks the chain of its writer")]
    Chain {
        /// Counted from 1.
        line: usize,
    },
    /// The signature is not over these lines, or by another key.
    #[error("the signature is not that of the key over these lines")]
    Signature,
}

struct Lines<'a> {
    out: &'a mut (dyn Write + Send),
    hash: Digest32,
}

impl Lines<'_> {
    fn put(&mut self, line: &Value) -> AppResult<()> {
        let text = line.to_string();
        self.hash = chained(&self.hash, text.as_bytes());
        writeln!(self.out, "{text}").map_err(AppError::internal)
    }
}

impl App {
    /// Writes the rows of a span of time (microseconds, `until` excluded) as a signed bundle, and records that it did.
    pub async fn export_audit(
        &self,
        caller: &Caller,
        from: i64,
        until: i64,
        out: &mut (dyn Write + Send),
    ) -> AppResult<BundleReport> {
        let mut report = BundleReport::default();
        let mut lines = Lines { out, hash: [0; 32] };
        lines.put(&json!({
            "format": FORMAT, "from": from, "until": until, "exported_at": self.now_micros(),
        }))?;
        let mut query = AuditQuery {
            after: AuditPlace {
                recorded_at: from.saturating_sub(1),
                audit_id: AuditId(Uuid::max()),
            },
            until,
            retention: None,
            limit: PAGE_ROWS_MAX,
        };
        loop {
            let rows = self.store.audit_rows(&query).await?;
            let Some(last) = rows.last() else {
                break;
            };
            query.after = last.place();
            for row in &rows {
                lines.put(&json!({
                    "writer": hex(&row.writer_id), "position": row.position,
                    "previous_hash": hex(&row.previous_hash), "hash": hex(&row.hash),
                    "frozen": hex(&row.frozen),
                }))?;
            }
            report.rows += rows.len() as u64;
        }
        for gap in self.all_gaps().await? {
            lines.put(&json!({
                "writer": hex(&gap.writer_id), "first_position": gap.first_position,
                "last_position": gap.last_position, "previous_hash": hex(&gap.previous_hash),
                "hash": hex(&gap.hash),
            }))?;
            report.gaps += 1;
        }
        let hash = lines.hash;
        let signed = self.keys().sign(KIND, &hash).map_err(AppError::internal)?;
        report.public_key = hex(&signed.key.bytes);
        lines.put(&json!({
            "algorithm": signed.key.algorithm.name(), "key_id": signed.key.key_id,
            "public_key": report.public_key, "lines_hash": hex(&hash),
            "signature": hex(&signed.bytes),
        }))?;
        let question = format!("from={from}\nuntil={until}\nrows={}", report.rows);
        let item = DecisionItem::Other {
            question,
            answer: hash,
        };
        let draft = self.audit_draft(METHOD, caller, None, vec![item]);
        self.audit.write(draft).await?;
        Ok(report)
    }
}

/// Verifies a bundle: its signature by the given key, or by the one that it names, and every link inside it.
///
/// # Errors
/// The first fault, by line.
pub fn verify_bundle(text: &str, public_key: Option<&str>) -> Result<BundleReport, BundleError> {
    let mut report = BundleReport::default();
    let mut hash: Digest32 = [0; 32];
    let mut heads: BTreeMap<String, BTreeMap<u64, Digest32>> = BTreeMap::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let form = BundleError::Form { line: index + 1 };
        let value: Value = serde_json::from_str(line).map_err(|_| form.clone())?;
        if lines.peek().is_none() {
            let key = public_key.or_else(|| value["public_key"].as_str());
            let key: [u8; PUBLIC_KEY_BYTES] = key.and_then(bytes).ok_or_else(|| form.clone())?;
            let signature: [u8; SIGNATURE_BYTES] =
                value["signature"].as_str().and_then(bytes).ok_or(form)?;
            if !verify(&key, KIND, &hash, &signature) {
                return Err(BundleError::Signature);
            }
            report.public_key = hex(&key);
            return Ok(report);
        }
        hash = chained(&hash, line.as_bytes());
        if index == 0 {
            if value["format"] != FORMAT {
                return Err(form);
            }
            continue;
        }
        let field = |name: &str| value[name].as_str().and_then(bytes::<32>);
        let (Some(writer), Some(previous), Some(own)) = (
            value["writer"].as_str(),
            field("previous_hash"),
            field("hash"),
        ) else {
            return Err(form);
        };
        let known = heads.entry(writer.to_owned()).or_default();
        if let Some(position) = value["position"].as_u64() {
            let frozen = value["frozen"].as_str().and_then(unhex);
            let frozen = frozen.ok_or_else(|| form.clone())?;
            let before = match position {
                1 => unhex(writer).map(|id| digest(&id)),
                _ => known.get(&(position - 1)).copied(),
            };
            let continues = before.is_none_or(|before| before == previous);
            if !continues || chained(&previous, &frozen) != own {
                return Err(BundleError::Chain { line: index + 1 });
            }
            report.links += u64::from(before.is_some());
            report.rows += 1;
            known.insert(position, own);
        } else {
            report.gaps += 1;
        }
    }
    Err(BundleError::Form { line: 1 })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex(text)?.try_into().ok()
}
