//! The plaintext of a worker's identity column.

use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::{
    DocumentNumber, DocumentNumberError, DocumentType, PersonName, PersonNameError,
};
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// A worker's document and name, as they stand inside the encrypted column.
///
/// Encoded as `version (1) ‖ document type (1) ‖ length of the number (1) ‖ number ‖ name`, both
/// texts in UTF-8. `Debug` shows masks only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityPlain {
    /// The document's type.
    pub document_type: DocumentType,
    /// The document's number.
    pub number: DocumentNumber,
    /// The name, normalised.
    pub name: PersonName,
}

/// Why decrypted bytes are not an identity. Never holds the number or the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Too short, or a text that is not UTF-8.
    #[error("the identity is malformed")]
    Malformed,
    /// Written in a version that this program does not know.
    #[error("the identity has the unknown version {version}")]
    UnknownVersion {
        /// The version found.
        version: u8,
    },
    /// A document type that this program does not know.
    #[error("the identity has an unknown document type")]
    DocumentType,
    /// The number is not one of its document type.
    #[error("the identity holds a wrong document number")]
    Number(#[source] DocumentNumberError),
    /// The name is not a name, or not normalised.
    #[error("the identity holds a wrong name")]
    Name(#[source] PersonNameError),
}

impl IdentityPlain {
    /// The bytes to encrypt.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let number = self.number.expose().as_bytes();
        let name = self.name.expose().as_bytes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(3 + number.len() + name.len()));
        let header = [self.document_type.number(), number.len() as i64];
        bytes.push(VERSION);
        // A type is 1–3 and a number has 18 characters at most.
        bytes.extend(header.map(|value| u8::try_from(value).unwrap_or(u8::MAX)));
        bytes.extend_from_slice(number);
        bytes.extend_from_slice(name);
        bytes
    }

    /// Reads decrypted bytes and checks the texts again; `today` bounds the date of birth.
    pub fn decode(bytes: &[u8], today: CivilDate) -> Result<Self, IdentityError> {
        let (version, rest) = bytes.split_first().ok_or(IdentityError::Malformed)?;
        if *version != VERSION {
            return Err(IdentityError::UnknownVersion { version: *version });
        }
        let ([stored_type, length], rest) = rest
            .split_first_chunk::<2>()
            .ok_or(IdentityError::Malformed)?;
        let (number, name) = rest
            .split_at_checked(usize::from(*length))
            .ok_or(IdentityError::Malformed)?;
        let document_type = DocumentType::from_number(i64::from(*stored_type))
            .ok_or(IdentityError::DocumentType)?;
        let number = DocumentNumber::parse(document_type, text(number)?, today)
            .map_err(IdentityError::Number)?;
        let name = PersonName::parse(text(name)?).map_err(IdentityError::Name)?;
        Ok(Self {
            document_type,
            number,
            name,
        })
    }
}

fn text(bytes: &[u8]) -> Result<&str, IdentityError> {
    std::str::from_utf8(bytes).map_err(|_| IdentityError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> CivilDate {
        CivilDate::parse("2024-05-20").expect("a date")
    }

    fn identity(document_type: DocumentType, number: &str, name: &str) -> IdentityPlain {
        IdentityPlain {
            document_type,
            number: DocumentNumber::parse(document_type, number, today()).expect("a number"),
            name: PersonName::parse(name).expect("a name"),
        }
    }

    fn sample() -> IdentityPlain {
        identity(DocumentType::ResidentIdCard, "442000198903149982", "王芳")
    }

    #[test]
    fn identities_of_every_document_come_back() {
        for plain in [
            sample(),
            identity(
                DocumentType::HmtResidencePermit,
                "810000198801019965",
                "陈 大文",
            ),
            identity(
                DocumentType::ForeignPermanentResidentCard,
                "USA440086070412",
                "JOHN·SMITH",
            ),
        ] {
            let decoded = IdentityPlain::decode(&plain.encode(), today());
            assert_eq!(decoded, Ok(plain));
        }
    }

    #[test]
    fn the_encoding_is_the_documented_one() {
        let expected = [&[1, 1, 18][..], b"442000198903149982", "王芳".as_bytes()].concat();
        assert_eq!(*sample().encode(), expected);
    }

    #[test]
    fn each_fault_has_its_own_error() {
        let with = |index: usize, byte: u8| {
            let mut bytes = sample().encode();
            bytes[index] = byte;
            IdentityPlain::decode(&bytes, today()).expect_err("a fault")
        };
        assert_eq!(with(0, 2), IdentityError::UnknownVersion { version: 2 });
        assert_eq!(with(1, 4), IdentityError::DocumentType);
        assert_eq!(
            with(1, 2),
            IdentityError::Number(DocumentNumberError::Prefix)
        );
        assert_eq!(
            with(2, 17),
            IdentityError::Number(DocumentNumberError::Length)
        );
        assert_eq!(with(2, 200), IdentityError::Malformed);
        assert_eq!(
            with(20, b'3'),
            IdentityError::Number(DocumentNumberError::CheckDigit)
        );
        assert_eq!(with(21, 0xff), IdentityError::Malformed);
        let nameless = &sample().encode()[..21];
        assert_eq!(
            IdentityPlain::decode(nameless, today()),
            Err(IdentityError::Name(PersonNameError::Empty))
        );
        assert_eq!(
            IdentityPlain::decode(b"", today()),
            Err(IdentityError::Malformed)
        );
    }

    #[test]
    fn debug_shows_masks_only() {
        let shown = format!("{:?}", sample());
        assert!(shown.contains("442000********9982"), "{shown}");
        assert!(!shown.contains("19890314") && !shown.contains("王芳"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = IdentityPlain::decode(&bytes, today());
            let _ = IdentityPlain::decode(&[&[1, 1, 18][..], &bytes].concat(), today());
        }
    }
}
