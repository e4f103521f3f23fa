//! 外国人永久居留身份证, the foreign permanent resident card, of both forms in use.

use super::document::DocumentNumberError;
use super::{position_of, resident};
use crate::date::CivilDate;

const OLD_LENGTH: usize = 15;
const OLD_LETTERS: usize = 3;

/// Checks a card number of the form of 2023 (18 characters) or the older one (15).
pub(super) fn check(text: &str, today: CivilDate) -> Result<(), DocumentNumberError> {
    if text.chars().count() == OLD_LENGTH {
        return check_old(text);
    }
    // 9, two digits of place, three of nationality; then as on a resident's card.
    resident::check_scheme(text, today, |bytes| bytes.starts_with(b"9"))
}

/// Three capital letters and twelve digits. Its check digit is not among the rules known.
fn check_old(text: &str) -> Result<(), DocumentNumberError> {
    let wrong = text.chars().enumerate().position(|(index, character)| {
        if index < OLD_LETTERS {
            !character.is_ascii_uppercase()
        } else {
            !character.is_ascii_digit()
        }
    });
    match wrong {
        Some(index) => Err(DocumentNumberError::Character {
            position: position_of(index),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::resident::tests::{date, single_changes, with_check_character};
    use super::DocumentNumberError::{
        Character, CheckDigit, Date, FutureDate, Length, LowerCaseX, Month, Prefix,
    };
    use super::*;

    fn card(text: &str) -> Result<(), DocumentNumberError> {
        check(text, date("2024-05-20"))
    }

    #[test]
    fn valid_cards_of_both_forms_are_accepted() {
        for text in [
            "944840198607049981",
            "944826199102129975",
            "USA440086070412",
        ] {
            assert_eq!(card(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_fault_of_a_new_card_has_its_own_error() {
        let cases = [
            ("944840198607049982", CheckDigit),
            ("844840198607049981", Prefix),
            ("94484019860704998", Length),
            ("9448401986070499811", Length),
            ("94484019860704998x", LowerCaseX),
            ("9448401986070499A1", Character { position: 17 }),
            ("944840198613049981", Month),
            ("944840198606319981", Date),
            ("944840202405219981", FutureDate),
        ];
        for (text, error) in cases {
            assert_eq!(card(text), Err(error), "{text}");
        }
    }

    #[test]
    fn each_fault_of_an_old_card_has_its_own_error() {
        let cases = [
            ("usa440086070412", Character { position: 1 }),
            ("USa440086070412", Character { position: 3 }),
            ("US4440086070412", Character { position: 3 }),
            ("USAA40086070412", Character { position: 4 }),
            ("USA44008607041X", Character { position: 15 }),
            ("ＵSA440086070412", Character { position: 1 }),
            ("USA44008607041", Length),
            ("USA4400860704123", Length),
        ];
        for (text, error) in cases {
            assert_eq!(card(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_single_changed_character_of_a_new_card_is_refused(
            place in 0u8..100, nationality in 0u16..1000, sequence in 0u16..1000,
        ) {
            let body = format!("9{place:02}{nationality:03}19860704{sequence:03}");
            let number = with_check_character(&body);
            prop_assert_eq!(card(&number), Ok(()));
            for changed in single_changes(&number) {
                prop_assert!(card(&changed).is_err());
            }
        }

        #[test]
        fn every_old_card_of_the_right_form_is_accepted(text in "[A-Z]{3}[0-9]{12}") {
            prop_assert_eq!(card(&text), Ok(()));
        }
    }
}
