//! 就业创业证编号, the number of an employment and entrepreneurship certificate.

use std::fmt;

use super::{first_non_digit, mask_middle, starts_with_province};

const LENGTH: usize = 16;

/// A certificate number: 6 digits of area, 1 of household kind, 1 check digit, 2 of year, 6 serial.
///
/// The formula of the check digit is not known, so the form alone is checked. It names a
/// person: it has no `Display` and its `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateNumber(String);

/// Why a text is not a certificate number: length, then digits, then area. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CertificateNumberError {
    /// Not 16 characters.
    #[error("the certificate number must have 16 digits")]
    Length,
    /// A character that is no ASCII digit.
    #[error("the certificate number has a wrong character at position {position}")]
    Character {
        /// Counted from 1.
        position: u8,
    },
    /// The first two digits are not those of a province.
    #[error("the certificate number begins with an area that does not exist")]
    Area,
}

impl CertificateNumber {
    /// Reads a number strictly: 16 digits whose first two are those of a province.
    pub fn parse(text: &str) -> Result<Self, CertificateNumberError> {
        if text.chars().count() != LENGTH {
            return Err(CertificateNumberError::Length);
        }
        if let Some(position) = first_non_digit(text) {
            return Err(CertificateNumberError::Character { position });
        }
        if !starts_with_province(text.as_bytes()) {
            return Err(CertificateNumberError::Area);
        }
        Ok(Self(text.to_owned()))
    }

    /// The number itself: for the MAC and the encrypted column only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// First six and last four digits: `442000******0001`.
    pub fn masked(&self) -> String {
        mask_middle(&self.0)
    }
}

impl fmt::Debug for CertificateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::CertificateNumberError::{Area, Character, Length};
    use super::*;

    #[test]
    fn valid_numbers_are_accepted() {
        for text in ["4420000022000001", "4420001123004567"] {
            let number = CertificateNumber::parse(text).expect("a valid number");
            assert_eq!(number.expose(), text);
        }
    }

    #[test]
    fn each_fault_has_its_own_error() {
        let cases = [
            ("442000002200000", Length),
            ("4420000A22000001", Character { position: 8 }),
            ("9920000022000001", Area),
            ("", Length),
            ("44200000220000011", Length),
            ("442000002200000１", Character { position: 16 }),
            ("-420000022000001", Character { position: 1 }),
            ("0020000022000001", Area),
            ("8100000022000001", Area),
        ];
        for (text, error) in cases {
            assert_eq!(CertificateNumber::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn debug_shows_the_mask_only() {
        let number = CertificateNumber::parse("4420001123004567").expect("a valid number");
        assert_eq!(number.masked(), "442000******4567");
        assert_eq!(format!("{number:?}"), "442000******4567");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = CertificateNumber::parse(&text);
        }

        #[test]
        fn no_text_of_nearly_the_right_shape_makes_the_parser_panic(text in "[0-9A-Z证]{15,17}") {
            let _ = CertificateNumber::parse(&text);
        }
    }
}
