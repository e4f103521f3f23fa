//! Identity documents of natural persons.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{foreign, mask_middle, resident};
use crate::date::CivilDate;

/// Kinds of identity document, numbered as they are stored and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentType {
    /// 居民身份证, GB 11643.
    ResidentIdCard = 1,
    /// 港澳台居民居住证, residence permit of residents of Hong Kong, Macao and Taiwan.
    HmtResidencePermit = 2,
    /// 外国人永久居留身份证, of 2023 or of the older form.
    ForeignPermanentResidentCard = 3,
}

impl DocumentType {
    /// All, in stored order.
    pub const ALL: [Self; 3] = [
        Self::ResidentIdCard,
        Self::HmtResidencePermit,
        Self::ForeignPermanentResidentCard,
    ];

    /// The stored number, 1–3.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// The type with a stored number, or `None`.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Why a text is not a document number. Never holds the text.
///
/// One error is told, in this order: length, characters, prefix, date, check character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DocumentNumberError {
    /// A length that the document does not have: 18, or 15 for the older foreign card.
    #[error("the document number has a wrong length")]
    Length,
    /// A character that may not stand here.
    #[error("the document number has a wrong character at position {position}")]
    Character {
        /// Counted from 1.
        position: u8,
    },
    /// The check character is a lower-case `x`; only the capital letter is accepted.
    #[error("the document number ends in a lower-case x; write a capital X")]
    LowerCaseX,
    /// The first digits are not those of this document type.
    #[error("the document number begins with digits that this document type does not have")]
    Prefix,
    /// The month of birth is not 01–12.
    #[error("the document number holds a month that does not exist")]
    Month,
    /// The day of birth does not exist in its month.
    #[error("the document number holds a date that does not exist")]
    Date,
    /// The date of birth is after today.
    #[error("the document number holds a date of birth in the future")]
    FutureDate,
    /// The check character does not match the rest.
    #[error("the check character of the document number does not match")]
    CheckDigit,
}

/// A checked document number: 18 characters, or 15 of the older foreign card.
///
/// It has no `Display` and its `Debug` is masked, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// Reads a number strictly; `today` bounds the date of birth, which may be today itself.
    pub fn parse(
        document_type: DocumentType,
        text: &str,
        today: CivilDate,
    ) -> Result<Self, DocumentNumberError> {
        match document_type {
            DocumentType::ResidentIdCard => resident::check_resident(text, today)?,
            DocumentType::HmtResidencePermit => resident::check_hmt(text, today)?,
            DocumentType::ForeignPermanentResidentCard => foreign::check(text, today)?,
        }
        Ok(Self(text.to_owned()))
    }

    /// The number itself: for the MAC and the encrypted column only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Day of birth; the older foreign card does not tell it.
    pub fn born_on(&self) -> Option<CivilDate> {
        let digits = self.0.get(6..14).filter(|_| self.0.len() == 18)?;
        let (year, rest) = digits.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        CivilDate::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// First six and last four characters: `442000********9982`.
    pub fn masked(&self) -> String {
        mask_middle(&self.0)
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> CivilDate {
        CivilDate::parse("2024-05-20").expect("a test date")
    }

    #[test]
    fn types_round_trip_through_their_numbers() {
        for document_type in DocumentType::ALL {
            assert_eq!(
                DocumentType::from_number(document_type.number()),
                Some(document_type)
            );
        }
        assert_eq!(DocumentType::HmtResidencePermit.number(), 2);
        for unknown in [i64::MIN, -1, 0, 4, i64::MAX] {
            assert_eq!(DocumentType::from_number(unknown), None);
        }
    }

    #[test]
    fn debug_shows_the_mask_only() {
        let text = "442000198903149982";
        let number = DocumentNumber::parse(DocumentType::ResidentIdCard, text, today())
            .expect("a valid number");
        assert_eq!(number.expose(), text);
        assert_eq!(number.masked(), "442000********9982");
        assert_eq!(format!("{number:?}"), "442000********9982");
        assert_eq!(
            format!("{:#?}", Some(&number)).matches("19890314").count(),
            0
        );
    }

    #[test]
    fn a_number_is_valid_for_its_own_document_type_only() {
        let samples = [
            (DocumentType::ResidentIdCard, "442000198903149982"),
            (DocumentType::HmtResidencePermit, "810000198801019965"),
            (
                DocumentType::ForeignPermanentResidentCard,
                "944840198607049981",
            ),
        ];
        for (own_type, text) in samples {
            for document_type in DocumentType::ALL {
                let result = DocumentNumber::parse(document_type, text, today());
                if document_type == own_type {
                    assert!(result.is_ok(), "{text} as {document_type:?}");
                } else {
                    assert_eq!(
                        result,
                        Err(DocumentNumberError::Prefix),
                        "{text} as {document_type:?}"
                    );
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*", number in 1i64..=3) {
            let document_type = DocumentType::from_number(number).expect("1 to 3");
            let _ = DocumentNumber::parse(document_type, &text, today());
        }

        #[test]
        fn no_text_of_nearly_the_right_shape_makes_the_parser_panic(
            text in "[0-9A-Za-z８Xx身]{14,19}", number in 1i64..=3,
        ) {
            let document_type = DocumentType::from_number(number).expect("1 to 3");
            let _ = DocumentNumber::parse(document_type, &text, today());
        }

        #[test]
        fn no_eighteen_digits_make_the_parser_panic(text in "[0-9]{17}[0-9Xx]", number in 1i64..=3) {
            let document_type = DocumentType::from_number(number).expect("1 to 3");
            let _ = DocumentNumber::parse(document_type, &text, today());
        }
    }
}
