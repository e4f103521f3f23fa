//! `GetChainHead` and `VerifyChain`.

use mamagang_domain::frozen::Digest32;
use mamagang_domain::identifier::EmployerCode;
use mamagang_domain::ledger::{ChainAnchor, ChainFault, ChainVerifier, StoredEntry};
use mamagang_store::StoreErrorKind;
use mamagang_store::rows::{EntryRow, LedgerHead};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::PAGE_ROWS_MAX;

/// The end of an employer's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Sequence of the last entry; 0 before the first.
    pub sequence: u32,
    /// Its hash, or the chain's start.
    pub hash: Digest32,
    /// When it was recorded (microseconds).
    pub recorded_at: Option<i64>,
}

/// What reading a whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedChain {
    /// Entries read.
    pub entry_count: u64,
    /// Sequence of the last entry read.
    pub sequence: u32,
    /// Its hash, or the chain's start.
    pub hash: Digest32,
    /// What is wrong.
    pub faults: Vec<ChainFault>,
}

const METHOD_HEAD: &str = "mamagang.v1.LedgerService/GetChainHead";
const METHOD_VERIFY: &str = "mamagang.v1.LedgerService/VerifyChain";

/// An entry's row, not trusted.
pub(crate) fn stored(row: &EntryRow) -> StoredEntry<'_> {
    StoredEntry {
        sequence: row.sequence,
        tax_year: row.tax_year.number(),
        recorded_at: row.recorded_at,
        frozen: &row.frozen,
        previous_hash: row.previous_hash,
        hash: row.hash,
    }
}

impl App {
    /// The end of an employer's chain.
    pub async fn chain_head(&self, caller: &Caller, code: EmployerCode) -> AppResult<ChainHead> {
        self.permit_chain(METHOD_HEAD, caller, code).await?;
        if let Err(error) = self.employer_row(code, None).await {
            return Err(self.audit_refusal(METHOD_HEAD, caller, None, error).await);
        }
        let head = self.stored_head(code).await?;
        let last = match head.sequence.checked_sub(1) {
            None => None,
            Some(before) => {
                let entries = self.store.list_entries(&code, None, before, 1, None);
                entries.await?.pop()
            }
        };
        let mut draft = self.audit_draft(METHOD_HEAD, caller, None, Vec::new());
        draft.employer_code = Some(code);
        self.audit.write(draft).await?;
        Ok(ChainHead {
            sequence: head.sequence,
            hash: head.hash,
            recorded_at: last.map(|row| row.recorded_at),
        })
    }

    /// Reads a whole chain and computes every hash again. `known` is a head that the caller kept.
    pub async fn verify_chain(
        &self,
        caller: &Caller,
        code: EmployerCode,
        known: Option<ChainAnchor>,
    ) -> AppResult<VerifiedChain> {
        self.permit_chain(METHOD_VERIFY, caller, code).await?;
        if let Err(error) = self.employer_row(code, None).await {
            return Err(self.audit_refusal(METHOD_VERIFY, caller, None, error).await);
        }
        let verified = self
            .verified_chain(code, known.into_iter().collect())
            .await?;
        let mut draft = self.audit_draft(METHOD_VERIFY, caller, None, Vec::new());
        draft.employer_code = Some(code);
        self.audit.write(draft).await?;
        Ok(verified)
    }

    /// Both gates: hashes and sequences are about nobody, so that auditors and operators reach every
    /// chain.
    async fn permit_chain(
        &self,
        method: &'static str,
        caller: &Caller,
        code: EmployerCode,
    ) -> AppResult<()> {
        let permit = self.permit(method, caller, None).await?;
        if permit.reads_about_nobody() {
            return Ok(());
        }
        self.permit_employer(&permit, code).await
    }

    /// Verifies a chain against its own head and the given anchors. Entries that are appended
    /// meanwhile are read too: the head is read first, so that it never lies behind the chain.
    pub(crate) async fn verified_chain(
        &self,
        code: EmployerCode,
        mut anchors: Vec<ChainAnchor>,
    ) -> AppResult<VerifiedChain> {
        let head = self.stored_head(code).await?;
        anchors.push(ChainAnchor {
            sequence: head.sequence,
            hash: head.hash,
        });
        let mut verifier = ChainVerifier::new(code, anchors);
        let mut unreadable = Vec::new();
        let mut after = 0;
        loop {
            let rows = match self
                .store
                .list_entries(&code, None, after, PAGE_ROWS_MAX, None)
                .await
            {
                Ok(rows) => rows,
                Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                    self.readable_entries(code, after, &mut unreadable).await?
                }
                Err(error) => return Err(error.into()),
            };
            for row in &rows {
                verifier.see(&stored(row));
            }
            let last_read = rows.last().map(|row| row.sequence);
            let last_passed = unreadable.last().map(|fault: &ChainFault| fault.sequence);
            match last_read.max(last_passed) {
                Some(last) if last > after => after = last,
                _ => break,
            }
        }
        let (entry_count, sequence, hash) =
            (verifier.entry_count(), verifier.sequence(), verifier.hash());
        let mut faults = verifier.finish();
        // A row that cannot be read is told as such, not as missing.
        faults.retain(|fault| {
            !unreadable
                .iter()
                .any(|known| (known.sequence, known.through) == (fault.sequence, fault.through))
        });
        faults.extend(unreadable);
        faults.sort_unstable();
        Ok(VerifiedChain {
            entry_count,
            sequence,
            hash,
            faults,
        })
    }

    /// The entries after a sequence, one by one, since one among them cannot be read; that one is
    /// noted and the reading ends before it.
    async fn readable_entries(
        &self,
        code: EmployerCode,
        after: u32,
        unreadable: &mut Vec<ChainFault>,
    ) -> AppResult<Vec<EntryRow>> {
        let mut rows: Vec<EntryRow> = Vec::new();
        loop {
            let last = rows.last().map_or(after, |row| row.sequence);
            match self.store.list_entries(&code, None, last, 1, None).await {
                Ok(mut found) => match found.pop() {
                    Some(row) => rows.push(row),
                    None => return Ok(rows),
                },
                Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                    unreadable.push(ChainFault {
                        sequence: last + 1,
                        through: last + 1,
                        kind: mamagang_domain::ledger::ChainFaultKind::Misplaced,
                    });
                    return Ok(rows);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) async fn stored_head(&self, code: EmployerCode) -> AppResult<LedgerHead> {
        let year = mamagang_domain::month::TaxYear::new(1)
            .ok_or_else(|| AppError::new(ErrorReason::Internal))?;
        let mut inputs = self.store.ledger_inputs(&[(code, year)]).await?;
        let inputs = inputs.pop();
        inputs
            .map(|inputs| inputs.head)
            .ok_or_else(|| AppError::new(ErrorReason::Internal))
    }
}
