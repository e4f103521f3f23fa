//! The audit bundle: chains, checkpoints and public keys in one file, for a verifier that has
//! nothing else. Specified in `docs/frozen-bytes.md`.
//!
//! A bundle is a row of records, each a frozen record behind its length. Here one record is encoded
//! and decoded; files are read and written elsewhere.

use crate::frozen::{Digest32, FrozenError, Reader, Writer};

/// Version of the records' form.
const FORMAT_VERSION: u8 = 1;
const MAGIC: &str = "mamagang audit bundle";

/// Bytes of one record, at most: a checkpoint of the most heads, and some.
pub const BUNDLE_RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A record of a bundle. Columns are as they are stored: the verifier trusts none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleRecord {
    /// The first.
    Header {
        /// When the bundle was made (microseconds).
        exported_at: i64,
    },
    /// A key that the exporter says it signs by. Only one that is known from elsewhere proves
    /// anything.
    PublicKey {
        /// Its id in the exporter's key file.
        key_id: u32,
        /// The Ed25519 key.
        key: [u8; 32],
    },
    /// A checkpoint.
    Checkpoint {
        /// Its number as stored.
        number: u32,
        /// Its frozen bytes.
        frozen: Vec<u8>,
        /// The hash before.
        previous_hash: Digest32,
        /// Its own hash.
        hash: Digest32,
        /// Which key signed it.
        key_id: u32,
        /// The signature over the hash.
        signature: [u8; 64],
    },
    /// The end of a chain as the service had it noted; its entries follow.
    Head {
        /// Whose chain, as stored.
        employer_code: String,
        /// Sequence of the last entry.
        sequence: u32,
        /// That entry's hash.
        hash: Digest32,
    },
    /// An entry.
    Entry {
        /// Whose, as stored.
        employer_code: String,
        /// Its sequence as stored.
        sequence: u32,
        /// Its year as stored.
        tax_year: i32,
        /// Its instant as stored.
        recorded_at: i64,
        /// Its frozen bytes.
        frozen: Vec<u8>,
        /// The hash before.
        previous_hash: Digest32,
        /// Its own hash.
        hash: Digest32,
    },
    /// The last: a bundle without it was cut off.
    End {
        /// Entries in the bundle.
        entry_count: u64,
        /// Checkpoints in it.
        checkpoint_count: u64,
    },
}

impl BundleRecord {
    /// The record behind its length.
    pub fn encode(&self) -> Vec<u8> {
        let record = self.record();
        let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes()[..], &record].concat()
    }

    fn record(&self) -> Vec<u8> {
        let mut writer = Writer::new(FORMAT_VERSION);
        match self {
            Self::Header { exported_at } => {
                writer.int(1).text(MAGIC).int(*exported_at);
            }
            Self::PublicKey { key_id, key } => {
                writer.int(2).int(i64::from(*key_id)).bytes(key);
            }
            Self::Checkpoint {
                number,
                frozen,
                previous_hash,
                hash,
                key_id,
                signature,
            } => {
                writer.int(3).int(i64::from(*number)).bytes(frozen);
                writer.bytes(previous_hash).bytes(hash);
                writer.int(i64::from(*key_id)).bytes(signature);
            }
            Self::Head {
                employer_code,
                sequence,
                hash,
            } => {
                writer.int(4).text(employer_code);
                writer.int(i64::from(*sequence)).bytes(hash);
            }
            Self::Entry {
                employer_code,
                sequence,
                tax_year,
                recorded_at,
                frozen,
                previous_hash,
                hash,
            } => {
                writer.int(5).text(employer_code);
                writer
                    .int(i64::from(*sequence))
                    .int(i64::from(*tax_year))
                    .int(*recorded_at);
                writer.bytes(frozen).bytes(previous_hash).bytes(hash);
            }
            Self::End {
                entry_count,
                checkpoint_count,
            } => {
                let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
                writer
                    .int(6)
                    .int(count(*entry_count))
                    .int(count(*checkpoint_count));
            }
        }
        writer.finish()
    }

    /// Reads a record, without its length.
    pub fn decode(record: &[u8]) -> Result<Self, FrozenError> {
        let mut reader = Reader::new(record, FORMAT_VERSION)?;
        let decoded = match reader.int()? {
            1 => {
                if reader.text()? != MAGIC {
                    return Err(FrozenError);
                }
                Self::Header {
                    exported_at: reader.int()?,
                }
            }
            2 => Self::PublicKey {
                key_id: reader.narrow()?,
                key: array(reader.bytes()?)?,
            },
            3 => Self::Checkpoint {
                number: reader.narrow()?,
                frozen: reader.bytes()?.to_vec(),
                previous_hash: array(reader.bytes()?)?,
                hash: array(reader.bytes()?)?,
                key_id: reader.narrow()?,
                signature: array(reader.bytes()?)?,
            },
            4 => Self::Head {
                employer_code: reader.text()?.to_owned(),
                sequence: reader.narrow()?,
                hash: array(reader.bytes()?)?,
            },
            5 => Self::Entry {
                employer_code: reader.text()?.to_owned(),
                sequence: reader.narrow()?,
                tax_year: reader.narrow()?,
                recorded_at: reader.int()?,
                frozen: reader.bytes()?.to_vec(),
                previous_hash: array(reader.bytes()?)?,
                hash: array(reader.bytes()?)?,
            },
            6 => Self::End {
                entry_count: reader.narrow()?,
                checkpoint_count: reader.narrow()?,
            },
            _ => return Err(FrozenError),
        };
        reader.finish()?;
        Ok(decoded)
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], FrozenError> {
    bytes.try_into().map_err(|_| FrozenError)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<BundleRecord> {
        vec![
            BundleRecord::Header { exported_at: 7 },
            BundleRecord::PublicKey {
                key_id: 1,
                key: [3; 32],
            },
            BundleRecord::Checkpoint {
                number: 1,
                frozen: vec![1, 2],
                previous_hash: [4; 32],
                hash: [5; 32],
                key_id: 1,
                signature: [6; 64],
            },
            BundleRecord::Head {
                employer_code: "91442000MAQQ000161".to_owned(),
                sequence: 2,
                hash: [7; 32],
            },
            BundleRecord::Entry {
                employer_code: "91442000MAQQ000161".to_owned(),
                sequence: 1,
                tax_year: 2024,
                recorded_at: -1,
                frozen: vec![8],
                previous_hash: [9; 32],
                hash: [10; 32],
            },
            BundleRecord::End {
                entry_count: 1,
                checkpoint_count: 1,
            },
        ]
    }

    #[test]
    fn every_record_is_read_as_it_was_written_and_no_cut_of_it_is() {
        for record in records() {
            let encoded = record.encode();
            let length = u32::from_be_bytes(encoded[..4].try_into().expect("four bytes"));
            assert_eq!(length as usize, encoded.len() - 4);
            assert_eq!(BundleRecord::decode(&encoded[4..]), Ok(record));
            for cut in 4..encoded.len() {
                assert!(BundleRecord::decode(&encoded[4..cut]).is_err());
            }
        }
    }
}
