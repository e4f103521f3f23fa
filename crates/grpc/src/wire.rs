//! Protobuf written straight into bytes, for answers that are asked for most: no message is built of copied texts first.
//!
//! What is written is what prost writes of the same message: fields in order of number, the default values of proto3
//! left out, lengths in as few bytes as they need.

use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

/// A message under way.
#[derive(Debug)]
pub(crate) struct Wire(Vec<u8>);

impl Wire {
    /// Nothing yet, with room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// The bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// A field of an int32, an int64 or an enum; zero is left out.
    pub(crate) fn int(&mut self, field: u32, number: impl Into<i64>) {
        let number = number.into();
        if number != 0 {
            encode_key(field, WireType::Varint, &mut self.0);
            encode_varint(number.cast_unsigned(), &mut self.0);
        }
    }

    /// A field of text; the empty one is left out.
    pub(crate) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.element(field, text.as_bytes());
        }
    }

    /// A field of what is shown as text that is never empty.
    pub(crate) fn shown(&mut self, field: u32, value: impl Display) {
        self.message(field, |wire| {
            // Writing into bytes cannot fail.
            let _ = write!(wire, "{value}");
        });
    }

    /// An element of a repeated field of text, or a message that is encoded already; an empty one is written too.
    pub(crate) fn element(&mut self, field: u32, bytes: &[u8]) {
        encode_key(field, WireType::LengthDelimited, &mut self.0);
        encode_varint(bytes.len() as u64, &mut self.0);
        self.0.extend_from_slice(bytes);
    }

    /// A field of a message, which `write` writes.
    pub(crate) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        encode_key(field, WireType::LengthDelimited, &mut self.0);
        let at = self.0.len();
        // Most are shorter than 128 bytes, and their length is one.
        self.0.push(0);
        write(self);
        let start = at + 1;
        let length = self.0.len() - start;
        let width = encoded_len_varint(length as u64);
        if width > 1 {
            self.0.resize(start + length + width - 1, 0);
            self.0.copy_within(start..start + length, at + width);
        }
        encode_varint(length as u64, &mut &mut self.0[at..at + width]);
    }

    /// Runs `write` for each item; where each one's bytes stand.
    pub(crate) fn bodies<T>(
        &mut self,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T),
    ) -> Vec<Range<usize>> {
        let body = |item: &T| {
            let start = self.0.len();
            write(self, item);
            start..self.0.len()
        };
        items.iter().map(body).collect()
    }

    /// Bytes that were written before.
    pub(crate) fn written(&self, range: Range<usize>) -> &[u8] {
        &self.0[range]
    }
}

impl fmt::Write for Wire {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mamagang_proto::v1;
    use prost::Message as _;

    use super::*;

    fn written(write: impl FnOnce(&mut Wire)) -> Vec<u8> {
        let mut wire = Wire::with_capacity(0);
        write(&mut wire);
        wire.finish()
    }

    #[test]
    fn numbers_are_written_as_prost_writes_them_and_zero_is_not() {
        for number in [0, 1, 127, 128, 300, i64::MAX, -1, i64::MIN] {
            let message = v1::MonthResult {
                amount_fen: number,
                ..v1::MonthResult::default()
            };
            let bytes = written(|wire| wire.int(4, number));
            assert_eq!(bytes, message.encode_to_vec(), "{number}");
        }
    }

    #[test]
    fn texts_and_messages_of_every_width_of_length_are_written_as_prost_writes_them() {
        for length in [
            0, 1, 123, 124, 125, 126, 127, 128, 129, 16_379, 16_380, 16_384, 70_000,
        ] {
            let text = "x".repeat(length);
            let reason = v1::Reason {
                message: text.clone(),
                ..v1::Reason::default()
            };
            let bytes = written(|wire| wire.text(2, &text));
            assert_eq!(bytes, reason.encode_to_vec(), "{length}");
            let layer = v1::LayerOutcome {
                outcome: 1,
                reasons: vec![reason],
            };
            let bytes = written(|wire| {
                wire.int(1, 1);
                wire.message(2, |wire| wire.text(2, &text));
            });
            assert_eq!(bytes, layer.encode_to_vec(), "{length}");
        }
    }

    #[test]
    fn an_empty_element_is_written_and_a_body_is_found_again() {
        let decision = v1::Decision {
            missing_facts: vec![String::new(), "contract".to_owned()],
            ..v1::Decision::default()
        };
        let bytes = written(|wire| {
            wire.element(13, b"");
            wire.shown(13, "contract");
        });
        assert_eq!(bytes, decision.encode_to_vec());
        let mut wire = Wire::with_capacity(0);
        wire.text(1, "before");
        let bodies = wire.bodies(&["a", "", "bc"], |wire, text| wire.text(1, text));
        let found: Vec<&[u8]> = bodies.into_iter().map(|body| wire.written(body)).collect();
        assert_eq!(found, [&b"\n\x01a"[..], b"", b"\n\x02bc"]);
    }
}
