//! 统一社会信用代码, the employer's code, GB 32100.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::position_of;

/// The 31 characters of GB 32100; a character's value is its index. I, O, S, V and Z are left out.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const MODULUS: u32 = 31;
/// Weights of the inner organisation code, GB 11714.
const INNER_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// An employer's 统一社会信用代码: 18 characters, checked.
///
/// A self-describing format such as JSON gets it as text; a binary one as 18 bytes without a
/// length. Both are checked again on the way in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmployerCode([u8; 18]);

/// Why a text is not an employer code: length, then characters, then the check character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EmployerCodeError {
    /// Not 18 characters.
    #[error("the employer code must have 18 characters")]
    Length,
    /// A character outside the 31 of GB 32100; lower case is outside.
    #[error("the employer code has a wrong character at position {position}")]
    Character {
        /// Counted from 1.
        position: u8,
    },
    /// The last character does not match the rest.
    #[error("the check character of the employer code does not match")]
    CheckDigit,
}

impl EmployerCode {
    /// Reads a code strictly: 18 characters, capital letters, the check character of GB 32100.
    pub fn parse(text: &str) -> Result<Self, EmployerCodeError> {
        let Ok(bytes) = <[u8; 18]>::try_from(text.as_bytes()) else {
            return Err(Self::why_not(text));
        };
        if bytes
            .iter()
            .any(|byte| VALUES[usize::from(*byte)] == NO_VALUE)
        {
            return Err(Self::why_not(text));
        }
        if bytes[17] != check_character(&bytes) {
            return Err(EmployerCodeError::CheckDigit);
        }
        Ok(Self(bytes))
    }

    /// What is wrong with a text of another length or with other characters.
    fn why_not(text: &str) -> EmployerCodeError {
        if text.chars().count() != 18 {
            return EmployerCodeError::Length;
        }
        let is_wrong = |character: char| {
            let byte = u8::try_from(character).ok();
            byte.is_none_or(|byte| VALUES[usize::from(byte)] == NO_VALUE)
        };
        let index = text.chars().position(is_wrong).unwrap_or(0);
        EmployerCodeError::Character {
            position: position_of(index),
        }
    }

    /// The code's 18 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("every character is from the ASCII alphabet")
    }

    /// Whether the organisation code at positions 9–17 ends in its own check character (GB 11714).
    ///
    /// A mismatch is worth a warning, never a refusal: GB 32100 checks the whole code by itself.
    pub fn inner_digit_matches(self) -> bool {
        let sum: u32 = INNER_WEIGHTS
            .iter()
            .zip(&self.0[8..16])
            .map(|(weight, byte)| weight * char::from(*byte).to_digit(36).unwrap_or(0))
            .sum();
        let expected = match 11 - sum % 11 {
            10 => b'X',
            11 => b'0',
            digit => b'0' + digit as u8,
        };
        self.0[16] == expected
    }
}

/// The value of every byte in GB 32100, 0–30, or [`NO_VALUE`]. Codes are read on every call, from
/// the database too.
const VALUES: [u8; 256] = {
    let mut values = [NO_VALUE; 256];
    let mut index = 0;
    while index < ALPHABET.len() {
        values[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    values
};
const NO_VALUE: u8 = u8::MAX;

/// The weight of each of the 17 characters: powers of 3.
const WEIGHTS: [u32; 17] = {
    let mut weights = [1; 17];
    let mut index = 1;
    while index < weights.len() {
        weights[index] = weights[index - 1] * 3 % MODULUS;
        index += 1;
    }
    weights
};

/// The check character that the first 17 characters call for.
fn check_character(bytes: &[u8; 18]) -> u8 {
    let sum: u32 = bytes
        .iter()
        .zip(WEIGHTS)
        .map(|(byte, weight)| weight * u32::from(VALUES[usize::from(*byte)]))
        .sum();
    ALPHABET[((MODULUS - sum % MODULUS) % MODULUS) as usize]
}

impl fmt::Display for EmployerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for EmployerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EmployerCode {
    type Err = EmployerCodeError;

    fn from_str(text: &str) -> Result<Self, EmployerCodeError> {
        Self::parse(text)
    }
}

impl Serialize for EmployerCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.as_str())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for EmployerCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parsed = if deserializer.is_human_readable() {
            Self::parse(&String::deserialize(deserializer)?)
        } else {
            let bytes = <[u8; 18]>::deserialize(deserializer)?;
            let text = std::str::from_utf8(&bytes).map_err(D::Error::custom)?;
            Self::parse(text)
        };
        parsed.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error as ValueError, StrDeserializer};

    use super::EmployerCodeError::{Character, CheckDigit, Length};
    use super::*;

    const VALID: [&str; 5] = [
        "91442000MAQQ000161",
        "92442000MAQQ00024Q",
        "91442000QQ0000039Q",
        "52442000QQ0000047L",
        "11442000QQ0000063H",
    ];

    fn code(text: &str) -> EmployerCode {
        EmployerCode::parse(text).expect("a valid code")
    }

    #[test]
    fn valid_codes_are_accepted_without_a_warning() {
        for text in VALID {
            let parsed = code(text);
            assert_eq!(parsed.as_str(), text);
            assert_eq!(parsed.to_string(), text);
            assert_eq!(format!("{parsed:?}"), text);
            assert_eq!(text.parse(), Ok(parsed));
            assert!(parsed.inner_digit_matches(), "{text}");
        }
    }

    #[test]
    fn a_wrong_inner_digit_is_accepted_with_a_warning() {
        assert!(!code("91442000MAQQ000174").inner_digit_matches());
    }

    #[test]
    fn each_fault_has_its_own_error() {
        let cases = [
            ("91442000MAQQ000162", CheckDigit),
            ("9I442000MAQQ000161", Character { position: 2 }),
            ("91442000MAQQ00016", Length),
            ("91442000maqq000161", Character { position: 9 }),
            ("", Length),
            ("91442000MAQQ0001611", Length),
            (" 91442000MAQQ000161", Length),
            ("91442000MAQQ00016l", Character { position: 18 }),
            ("91442000MAQQ00016Ｑ", Character { position: 18 }),
            ("91442000MAQQ 00161", Character { position: 13 }),
        ];
        for (text, error) in cases {
            assert_eq!(EmployerCode::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_letters_left_out_of_the_alphabet_are_refused() {
        for letter in ['I', 'O', 'S', 'V', 'Z'] {
            let text = format!("91442000{letter}AQQ000161");
            assert_eq!(EmployerCode::parse(&text), Err(Character { position: 9 }));
        }
    }

    #[test]
    fn a_binary_format_holds_the_eighteen_bytes_only() {
        let bytes = postcard::to_stdvec(&code(VALID[0])).expect("serialises");
        assert_eq!(bytes, VALID[0].as_bytes());
        assert_eq!(
            postcard::from_bytes::<EmployerCode>(&bytes),
            Ok(code(VALID[0]))
        );
    }

    #[test]
    fn a_binary_code_is_checked_on_the_way_in() {
        assert!(postcard::from_bytes::<EmployerCode>(b"91442000MAQQ000162").is_err());
        assert!(postcard::from_bytes::<EmployerCode>(b"91442000MAQQ00016").is_err());
        assert!(postcard::from_bytes::<EmployerCode>(&[0xff; 18]).is_err());
    }

    #[test]
    fn a_readable_format_holds_the_text_and_is_checked_on_the_way_in() {
        struct Readable(EmployerCode);
        impl fmt::Display for Readable {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.serialize(f)
            }
        }
        assert_eq!(Readable(code(VALID[1])).to_string(), VALID[1]);

        let read = |text: &'static str| {
            let deserializer: StrDeserializer<'_, ValueError> = text.into_deserializer();
            EmployerCode::deserialize(deserializer)
        };
        assert_eq!(read(VALID[1]), Ok(code(VALID[1])));
        let error = read("91442000MAQQ000162").expect_err("a wrong check character");
        assert_eq!(error.to_string(), CheckDigit.to_string());
    }

    #[test]
    fn padding_applies_to_the_shown_code() {
        assert_eq!(format!("{:>20}", code(VALID[0])), format!("  {}", VALID[0]));
    }

    proptest! {
        #[test]
        fn any_single_changed_character_is_refused_by_the_check_character(
            body in "[0-9A-HJ-NPQRTUWXY]{17}",
        ) {
            let mut bytes: [u8; 18] = format!("{body}0").as_bytes().try_into().expect("18 bytes");
            bytes[17] = check_character(&bytes);
            let valid = std::str::from_utf8(&bytes).expect("ASCII").to_owned();
            prop_assert!(EmployerCode::parse(&valid).is_ok());
            for index in 0..18 {
                for new in ALPHABET.iter().filter(|new| **new != bytes[index]) {
                    let mut changed = bytes;
                    changed[index] = *new;
                    let text = std::str::from_utf8(&changed).expect("ASCII");
                    prop_assert_eq!(EmployerCode::parse(text), Err(CheckDigit));
                }
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = EmployerCode::parse(&text);
        }

        #[test]
        fn no_text_of_nearly_the_right_shape_makes_the_parser_panic(text in "[0-9A-Za-z企]{17,19}") {
            if let Ok(parsed) = EmployerCode::parse(&text) {
                let _ = parsed.inner_digit_matches();
            }
        }
    }
}
