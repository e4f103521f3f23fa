//! Numbers and names of persons, employers and places: syntax, check characters, masks.
//!
//! Parsing is strict: nothing is trimmed or upper-cased, since a number that was typed or
//! exported wrongly points to a wrong record. Only [`PersonName`] is normalised. No error holds
//! the text that was refused, so errors may be logged. Personal values have no `Display`, and
//! their `Debug` shows the mask only.

mod certificate;
pub mod codes;
mod document;
mod employer;
mod foreign;
mod name;
mod resident;

pub use certificate::{CertificateNumber, CertificateNumberError};
pub use document::{DocumentNumber, DocumentNumberError, DocumentType};
pub use employer::{EmployerCode, EmployerCodeError};
pub use name::{PersonName, PersonNameError};

/// First two digits of the area codes of GB/T 2260 under which mainland numbers are issued.
///
/// Counties come and go and old numbers stay valid, so no finer list is consulted.
const PROVINCES: [[u8; 2]; 32] = [
    *b"11", *b"12", *b"13", *b"14", *b"15", *b"21", *b"22", *b"23", *b"31", *b"32", *b"33", *b"34",
    *b"35", *b"36", *b"37", *b"41", *b"42", *b"43", *b"44", *b"45", *b"46", *b"50", *b"51", *b"52",
    *b"53", *b"54", *b"61", *b"62", *b"63", *b"64", *b"65", *b"71",
];

/// Whether the text begins with the two digits of a province.
fn starts_with_province(bytes: &[u8]) -> bool {
    PROVINCES.iter().any(|province| bytes.starts_with(province))
}

/// A position as errors tell it: counted in characters from 1, at most 255.
fn position_of(index: usize) -> u8 {
    u8::try_from(index.saturating_add(1)).unwrap_or(u8::MAX)
}

/// The position of the first character that is no ASCII digit.
fn first_non_digit(text: &str) -> Option<u8> {
    text.chars()
        .position(|character| !character.is_ascii_digit())
        .map(position_of)
}

/// First six and last four characters, a star for each one between: `442000********9982`.
///
/// A text with ten characters or fewer becomes stars only.
fn mask_middle(text: &str) -> String {
    let length = text.chars().count();
    text.chars()
        .enumerate()
        .map(|(index, character)| {
            let is_shown = length > 10 && (index < 6 || index + 4 >= length);
            if is_shown { character } else { '*' }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_keeps_six_and_four_characters() {
        assert_eq!(mask_middle("442000198903149982"), "442000********9982");
        assert_eq!(mask_middle("12345678901"), "123456*8901");
    }

    #[test]
    fn a_mask_of_a_short_text_shows_nothing() {
        assert_eq!(mask_middle("1234567890"), "**********");
        assert_eq!(mask_middle(""), "");
    }

    #[test]
    fn provinces_are_those_of_the_mainland_register_and_taiwan() {
        for known in ["110101", "442000", "659001", "71"] {
            assert!(starts_with_province(known.as_bytes()), "{known}");
        }
        for unknown in [
            "", "4", "00", "16", "47", "66", "81", "82", "83", "91", "99",
        ] {
            assert!(!starts_with_province(unknown.as_bytes()), "{unknown}");
        }
    }
}
