//! Frozen bytes: the encoding over which chains are hashed. Specified in `docs/frozen-bytes.md`.
//!
//! A record is `0x4D`, the format version, the algorithm's id, then its fields in a fixed order,
//! each a big-endian `u32` length and that many bytes. Integers are eight bytes, big-endian, two's
//! complement; text is UTF-8; an absent field has the length `0xFFFF_FFFF` and no bytes.

use sha2::{Digest, Sha256};

const MAGIC: u8 = 0x4d;
const ABSENT: u32 = u32::MAX;
/// Room for most records, so that none is copied while it is written.
const RECORD_BYTES: usize = 1_024;

/// The chain's hash algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256 (FIPS 180-4).
    Sha256 = 1,
}

/// A digest of 32 bytes.
pub type Digest32 = [u8; 32];

/// `algorithm(previous ‖ record)`.
pub fn chained(previous: &Digest32, record: &[u8]) -> Digest32 {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(record);
    hasher.finalize().into()
}

/// `algorithm(bytes)`.
pub fn digest(bytes: &[u8]) -> Digest32 {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The bytes are not a record of a known version, or end early or late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frozen record of a known version")]
pub struct FrozenError;

/// Writes a record field by field.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// A record of a format version.
    pub fn new(version: u8) -> Self {
        let mut record = Vec::with_capacity(RECORD_BYTES);
        record.extend_from_slice(&[MAGIC, version, Algorithm::Sha256 as u8]);
        Self(record)
    }

    /// A field of bytes. Longer ones than 4 GiB do not occur: every input is bounded.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let length = u32::try_from(bytes.len()).unwrap_or(ABSENT - 1);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A field of text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// A field of an integer.
    pub fn int(&mut self, number: i64) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    /// An absent field.
    pub fn absent(&mut self) -> &mut Self {
        self.0.extend_from_slice(&ABSENT.to_be_bytes());
        self
    }

    /// A field of an integer, or an absent one.
    pub fn optional_int(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.int(number),
            None => self.absent(),
        }
    }

    /// A field of text, or an absent one.
    pub fn optional_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.absent(),
        }
    }

    /// The finished record.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a record field by field.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Opens a record of a known format version.
    pub fn new(record: &'a [u8], version: u8) -> Result<Self, FrozenError> {
        match record.split_at_checked(3) {
            Some((head, rest)) if head == [MAGIC, version, Algorithm::Sha256 as u8] => {
                Ok(Self(rest))
            }
            _ => Err(FrozenError),
        }
    }

    fn field(&mut self) -> Result<Option<&'a [u8]>, FrozenError> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or(FrozenError)?;
        let length = u32::from_be_bytes(*head);
        if length == ABSENT {
            self.0 = rest;
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| FrozenError)?;
        let (field, rest) = rest.split_at_checked(length).ok_or(FrozenError)?;
        self.0 = rest;
        Ok(Some(field))
    }

    /// A field of bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], FrozenError> {
        self.field()?.ok_or(FrozenError)
    }

    /// A field of bytes, or an absent one.
    pub fn optional_bytes(&mut self) -> Result<Option<&'a [u8]>, FrozenError> {
        self.field()
    }

    /// A field of text.
    pub fn text(&mut self) -> Result<&'a str, FrozenError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| FrozenError)
    }

    /// A field of an integer.
    pub fn int(&mut self) -> Result<i64, FrozenError> {
        self.optional_int()?.ok_or(FrozenError)
    }

    /// A field of an integer that fits a narrower type.
    pub fn narrow<T: TryFrom<i64>>(&mut self) -> Result<T, FrozenError> {
        T::try_from(self.int()?).map_err(|_| FrozenError)
    }

    /// A field of an integer, or an absent one.
    pub fn optional_int(&mut self) -> Result<Option<i64>, FrozenError> {
        self.field()?
            .map(|field| {
                field
                    .try_into()
                    .map(i64::from_be_bytes)
                    .map_err(|_| FrozenError)
            })
            .transpose()
    }

    /// A field of text, or an absent one.
    pub fn optional_text(&mut self) -> Result<Option<&'a str>, FrozenError> {
        self.field()?
            .map(|field| std::str::from_utf8(field).map_err(|_| FrozenError))
            .transpose()
    }

    /// A count of elements, refused when the rest of the record cannot hold that many.
    pub fn count(&mut self) -> Result<usize, FrozenError> {
        let count: usize = self.narrow()?;
        if count > self.0.len() / 4 {
            Err(FrozenError)
        } else {
            Ok(count)
        }
    }

    /// Ends the record; bytes that are left over are refused.
    pub fn finish(self) -> Result<(), FrozenError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(FrozenError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_back_in_order_and_to_the_last_byte() {
        let mut writer = Writer::new(1);
        writer
            .text("妈妈岗")
            .int(-5)
            .absent()
            .optional_int(Some(7))
            .bytes(&[]);
        let record = writer.finish();
        let mut reader = Reader::new(&record, 1).expect("a record");
        assert_eq!(reader.text(), Ok("妈妈岗"));
        assert_eq!(reader.int(), Ok(-5));
        assert_eq!(reader.optional_text(), Ok(None));
        assert_eq!(reader.optional_int(), Ok(Some(7)));
        assert_eq!(reader.bytes(), Ok(&[][..]));
        assert_eq!(reader.finish(), Ok(()));
        for cut in 0..record.len() {
            let short = &record[..cut];
            let read = Reader::new(short, 1).and_then(|mut reader| {
                reader.text()?;
                reader.int()?;
                reader.optional_text()?;
                reader.optional_int()?;
                reader.bytes()?;
                reader.finish()
            });
            assert_eq!(read, Err(FrozenError), "cut at {cut}");
        }
    }

    /// The vector of `docs/frozen-bytes.md`.
    #[test]
    fn the_documented_vector_holds() {
        let mut writer = Writer::new(1);
        writer.text("A").int(1).absent();
        let record = writer.finish();
        assert_eq!(
            hex(&record),
            "4d0101000000014100000008000000000000000 1ffffffff".replace(' ', "")
        );
        assert_eq!(chained(&[0; 32], &record), {
            let mut both = vec![0; 32];
            both.extend_from_slice(&record);
            digest(&both)
        });
    }

    #[test]
    fn another_version_or_algorithm_is_refused() {
        let record = Writer::new(1).finish();
        assert!(Reader::new(&record, 2).is_err());
        assert!(Reader::new(&[MAGIC, 1, 9], 1).is_err());
    }
}
