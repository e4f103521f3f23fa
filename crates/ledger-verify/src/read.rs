//! The records of a bundle, one by one.

use std::io::{self, Read};

use mamagang_domain::ledger::{BUNDLE_RECORD_BYTES_MAX, BundleRecord};

/// Why a bundle cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file cannot be read.
    #[error("the bundle cannot be read")]
    Io(#[from] io::Error),
    /// The file ends inside a record, or before the last one.
    #[error("the bundle ends early, after record {after}")]
    EndsEarly {
        /// Records read.
        after: u64,
    },
    /// The bytes are no record of a bundle.
    #[error("record {number} is none of an audit bundle")]
    NotARecord {
        /// Which, from 1.
        number: u64,
    },
    /// Records stand in another order than the exporter writes them in.
    #[error("record {number} stands in the wrong place")]
    Misplaced {
        /// Which, from 1.
        number: u64,
    },
    /// The last record counts otherwise than the bundle has.
    #[error("the bundle was cut: {found} entries and checkpoints of {told}")]
    Incomplete {
        /// Entries and checkpoints found.
        found: u64,
        /// Those that the last record tells.
        told: u64,
    },
}

/// The next record; `None` at the end of the file.
pub fn read_record(
    bundle: &mut impl Read,
    number: u64,
) -> Result<Option<BundleRecord>, BundleError> {
    let mut length = [0; 4];
    match bundle.read(&mut length[..1])? {
        0 => return Ok(None),
        _ => fill(bundle, &mut length[1..], number)?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > BUNDLE_RECORD_BYTES_MAX {
        return Err(BundleError::NotARecord { number });
    }
    let mut record = vec![0; length];
    fill(bundle, &mut record, number)?;
    let decoded = BundleRecord::decode(&record);
    decoded
        .map(Some)
        .map_err(|_| BundleError::NotARecord { number })
}

fn fill(bundle: &mut impl Read, bytes: &mut [u8], number: u64) -> Result<(), BundleError> {
    bundle
        .read_exact(bytes)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BundleError::EndsEarly { after: number - 1 },
            _ => BundleError::Io(error),
        })
}
