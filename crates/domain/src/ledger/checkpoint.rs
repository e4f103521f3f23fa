//! Checkpoints: where the chains of all employers ended, chained among themselves and signed.
//!
//! A chain shows what was changed inside it, and not that it was cut off or written anew from some
//! point on. A checkpoint keeps its end elsewhere. Each lists the ends that moved since the one
//! before, so that together they cover every chain.

use crate::frozen::{Digest32, FrozenError, Reader, Writer, chained, digest};
use crate::identifier::EmployerCode;

/// Version of the frozen form.
const FORMAT_VERSION: u8 = 1;

/// What a signature over a checkpoint says that it is over; the document is the checkpoint's hash.
pub const CHECKPOINT_SIGNED_KIND: &str = "ledger checkpoint";

/// The end of one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointHead {
    /// Whose chain.
    pub employer_code: EmployerCode,
    /// Sequence of its last entry.
    pub sequence: u32,
    /// That entry's hash.
    pub hash: Digest32,
}

/// A checkpoint's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Place among the checkpoints, from 1, without gaps.
    pub number: u32,
    /// When it was made (microseconds).
    pub recorded_at: i64,
    /// The ends that moved since the checkpoint before, by employer.
    pub heads: Vec<CheckpointHead>,
}

impl Checkpoint {
    /// The hash before the first checkpoint.
    pub fn start() -> Digest32 {
        let mut writer = Writer::new(FORMAT_VERSION);
        writer.text("mamagang checkpoints");
        digest(&writer.finish())
    }

    /// The hash of a checkpoint's bytes after the one before.
    pub fn hash(previous_hash: &Digest32, frozen: &[u8]) -> Digest32 {
        chained(previous_hash, frozen)
    }

    /// The frozen bytes.
    pub fn freeze(&self) -> Vec<u8> {
        let mut writer = Writer::new(FORMAT_VERSION);
        writer
            .int(i64::from(self.number))
            .int(self.recorded_at)
            .int(self.heads.len() as i64);
        for head in &self.heads {
            writer
                .text(head.employer_code.as_str())
                .int(i64::from(head.sequence))
                .bytes(&head.hash);
        }
        writer.finish()
    }

    /// Reads frozen bytes back.
    pub fn thaw(frozen: &[u8]) -> Result<Self, FrozenError> {
        let mut reader = Reader::new(frozen, FORMAT_VERSION)?;
        let number = reader.narrow()?;
        let recorded_at = reader.int()?;
        let count = reader.count()?;
        let heads = (0..count)
            .map(|_| read_head(&mut reader))
            .collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self {
            number,
            recorded_at,
            heads,
        })
    }
}

fn read_head(reader: &mut Reader<'_>) -> Result<CheckpointHead, FrozenError> {
    Ok(CheckpointHead {
        employer_code: EmployerCode::parse(reader.text()?).map_err(|_| FrozenError)?,
        sequence: reader.narrow()?,
        hash: reader.bytes()?.try_into().map_err(|_| FrozenError)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            number: 3,
            recorded_at: 1_706_760_000_000_000,
            heads: vec![CheckpointHead {
                employer_code: EmployerCode::parse("91442000MAQQ000161").expect("a code"),
                sequence: 7,
                hash: [9; 32],
            }],
        }
    }

    #[test]
    fn a_checkpoint_is_thawed_as_it_was_frozen_and_nothing_else_is() {
        let frozen = checkpoint().freeze();
        assert_eq!(Checkpoint::thaw(&frozen), Ok(checkpoint()));
        for cut in 0..frozen.len() {
            assert!(Checkpoint::thaw(&frozen[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Checkpoint::thaw(&[&frozen[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_count_beyond_the_bytes_is_refused_without_making_room_for_it() {
        let mut writer = Writer::new(FORMAT_VERSION);
        writer.int(1).int(0).int(i64::MAX);
        assert!(Checkpoint::thaw(&writer.finish()).is_err());
    }
}
