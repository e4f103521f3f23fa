//! An unambiguous concatenation: what is authenticated must have one reading only.

use zeroize::Zeroizing;

/// Each part behind its length as a big-endian `u32`. Parts are far below 4 GiB: inputs are bounded.
pub(crate) fn fields(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length = parts.iter().map(|part| part.len() + 4).sum();
    // Sized at once: a vector that grew would leave copies of personal data behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    for part in parts {
        let part_length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&part_length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_join_alike_are_told_apart() {
        assert_ne!(*fields(&[b"ab", b"c"]), *fields(&[b"a", b"bc"]));
        assert_ne!(*fields(&[b"abc"]), *fields(&[b"abc", b""]));
        assert_eq!(*fields(&[b"a", b""]), [0, 0, 0, 1, b'a', 0, 0, 0, 0]);
    }
}
