//! The 18-character scheme of GB 11643, and the two documents that follow it directly.
//!
//! Six digits of area, eight of the date of birth, three of sequence, one check character after
//! ISO 7064 MOD 11-2.

use super::document::DocumentNumberError;
use super::{position_of, starts_with_province};
use crate::date::CivilDate;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check character by remainder.
const CHECK_CHARACTERS: [u8; 11] = *b"10X98765432";
/// Areas of the residence permit: Hong Kong, Macao, Taiwan.
const HMT_PREFIXES: [&[u8]; 3] = [b"810000", b"820000", b"830000"];

/// 居民身份证. Withdrawn counties are accepted: a number is kept for life.
pub(super) fn check_resident(text: &str, today: CivilDate) -> Result<(), DocumentNumberError> {
    check_scheme(text, today, starts_with_province)
}

/// 港澳台居民居住证.
pub(super) fn check_hmt(text: &str, today: CivilDate) -> Result<(), DocumentNumberError> {
    check_scheme(text, today, |bytes| {
        HMT_PREFIXES.iter().any(|prefix| bytes.starts_with(prefix))
    })
}

/// Checks length, characters, prefix, date of birth and check character, in this order.
pub(super) fn check_scheme(
    text: &str,
    today: CivilDate,
    prefix_is_right: impl Fn(&[u8]) -> bool,
) -> Result<(), DocumentNumberError> {
    let bytes = eighteen_characters(text)?;
    if !prefix_is_right(&bytes) {
        return Err(DocumentNumberError::Prefix);
    }
    check_birth_date(&bytes, today)?;
    if bytes[17] != check_character(&bytes) {
        return Err(DocumentNumberError::CheckDigit);
    }
    Ok(())
}

/// 17 digits and a digit or `X`.
fn eighteen_characters(text: &str) -> Result<[u8; 18], DocumentNumberError> {
    if text.chars().count() != 18 {
        return Err(DocumentNumberError::Length);
    }
    let mut bytes = [0; 18];
    for (index, character) in text.chars().enumerate() {
        bytes[index] = match character {
            '0'..='9' => character as u8,
            'X' if index == 17 => b'X',
            'x' if index == 17 => return Err(DocumentNumberError::LowerCaseX),
            _ => {
                let position = position_of(index);
                return Err(DocumentNumberError::Character { position });
            }
        };
    }
    Ok(bytes)
}

fn check_birth_date(bytes: &[u8; 18], today: CivilDate) -> Result<(), DocumentNumberError> {
    let digit = |index: usize| bytes[index] - b'0';
    let pair = |index: usize| digit(index) * 10 + digit(index + 1);
    let year = i16::from(pair(6)) * 100 + i16::from(pair(8));
    let month = pair(10);
    let day = pair(12);
    if !(1..=12).contains(&month) {
        return Err(DocumentNumberError::Month);
    }
    // Both are below 100, so the casts keep their values. Year 0 is no civil date.
    let birth = CivilDate::from_ymd(year, month as i8, day as i8)
        .filter(|_| year > 0)
        .ok_or(DocumentNumberError::Date)?;
    if birth > today {
        return Err(DocumentNumberError::FutureDate);
    }
    Ok(())
}

/// The check character that the first 17 digits call for.
fn check_character(bytes: &[u8; 18]) -> u8 {
    let sum: u32 = WEIGHTS
        .iter()
        .zip(bytes)
        .map(|(weight, byte)| weight * u32::from(byte - b'0'))
        .sum();
    CHECK_CHARACTERS[(sum % 11) as usize]
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::DocumentNumberError::{
        Character, CheckDigit, Date, FutureDate, Length, LowerCaseX, Month, Prefix,
    };
    use super::*;

    pub(crate) fn date(text: &str) -> CivilDate {
        CivilDate::parse(text).expect("a test date")
    }

    fn resident(text: &str) -> Result<(), DocumentNumberError> {
        check_resident(text, date("2024-05-20"))
    }

    fn hmt(text: &str) -> Result<(), DocumentNumberError> {
        check_hmt(text, date("2024-05-20"))
    }

    /// Completes 17 digits with their check character.
    pub(crate) fn with_check_character(body: &str) -> String {
        let bytes = eighteen_characters(&format!("{body}0")).expect("17 digits");
        format!("{body}{}", char::from(check_character(&bytes)))
    }

    /// Every text that differs from a valid number in one place and keeps its shape.
    pub(crate) fn single_changes(number: &str) -> Vec<String> {
        let mut changes = Vec::new();
        for (index, old) in number.char_indices() {
            let alphabet = if index == 17 {
                "0123456789X"
            } else {
                "0123456789"
            };
            for new in alphabet.chars().filter(|new| *new != old) {
                let mut changed = number.to_owned();
                changed.replace_range(index..=index, new.encode_utf8(&mut [0; 4]));
                changes.push(changed);
            }
        }
        changes
    }

    #[test]
    fn valid_resident_numbers_are_accepted() {
        for text in [
            "442000198903149982",
            "442000199307089965",
            "440000198702209975",
            "442000198501319993",
            "44200019910607998X",
        ] {
            assert_eq!(resident(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_fault_of_a_resident_number_has_its_own_error() {
        let cases = [
            ("442000198903149983", CheckDigit),
            ("442000199002319985", Date),
            ("442000199313089961", Month),
            ("442000209912319980", FutureDate),
            ("44200019910607998x", LowerCaseX),
            ("", Length),
            ("44200019890314998", Length),
            ("4420001989031499821", Length),
            ("442000890314998", Length),
            (" 442000198903149982", Length),
            ("4420001989031499 2", Character { position: 17 }),
            ("X42000198903149982", Character { position: 1 }),
            ("44200019890314998Y", Character { position: 18 }),
            ("４42000198903149982", Character { position: 1 }),
            ("442000１98903149982", Character { position: 7 }),
            ("042000198903149982", Prefix),
            ("162000198903149982", Prefix),
            ("810000198801019965", Prefix),
            ("944840198607049981", Prefix),
            ("442000198900149982", Month),
            ("442000198903009982", Date),
            ("442000198903329982", Date),
            ("442000190002299982", Date),
            ("442000000001019982", Date),
        ];
        for (text, error) in cases {
            assert_eq!(resident(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_leap_day_is_accepted_in_leap_years_only() {
        assert_eq!(resident(&with_check_character("44200020000229001")), Ok(()));
        assert_eq!(
            resident(&with_check_character("44200019990229001")),
            Err(Date)
        );
    }

    #[test]
    fn a_withdrawn_county_is_accepted() {
        // 442001 is no area of today's register; only its province is looked at.
        assert_eq!(resident(&with_check_character("44200119850131999")), Ok(()));
    }

    #[test]
    fn a_birth_today_is_accepted_and_one_tomorrow_is_refused() {
        let number = with_check_character("44200020240520001");
        assert_eq!(check_resident(&number, date("2024-05-20")), Ok(()));
        assert_eq!(check_resident(&number, date("2024-05-19")), Err(FutureDate));
    }

    #[test]
    fn valid_permits_of_the_three_areas_are_accepted() {
        for text in [
            "810000198801019965",
            "820000199202299981",
            "830000197909099994",
        ] {
            assert_eq!(hmt(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_fault_of_a_permit_has_its_own_error() {
        let cases = [
            ("840000198801019960", Prefix),
            ("820000199302299989", Date),
            ("810000198801019966", CheckDigit),
            ("810001198801019965", Prefix),
            ("442000198903149982", Prefix),
            ("81000019880101996", Length),
            ("81000019880101996x", LowerCaseX),
            ("81000019880l019965", Character { position: 12 }),
        ];
        for (text, error) in cases {
            assert_eq!(hmt(text), Err(error), "{text}");
        }
    }

    fn valid_number(prefix: &'static str) -> impl Strategy<Value = String> {
        (0i32..20_000, 0u16..1000).prop_map(move |(day, sequence)| {
            let birth = CivilDate::from_epoch_day(day).expect("a day near 1970");
            let compact = birth.to_string().replace('-', "");
            with_check_character(&format!("{prefix}{compact}{sequence:03}"))
        })
    }

    proptest! {
        #[test]
        fn any_single_changed_character_is_refused_by_the_check_character(
            number in valid_number("442000"),
        ) {
            let today = date("2099-12-31");
            prop_assert_eq!(check_resident(&number, today), Ok(()));
            for changed in single_changes(&number) {
                prop_assert!(check_resident(&changed, today).is_err());
                let bytes: [u8; 18] = changed.as_bytes().try_into().expect("18 characters");
                prop_assert_ne!(check_character(&bytes), bytes[17]);
            }
        }

        #[test]
        fn a_changed_sequence_leaves_only_the_check_character_to_refuse(
            number in valid_number("830000"),
        ) {
            let today = date("2099-12-31");
            prop_assert_eq!(check_hmt(&number, today), Ok(()));
            let same_start = |changed: &String| changed[..14] == number[..14];
            for changed in single_changes(&number).into_iter().filter(same_start) {
                prop_assert_eq!(check_hmt(&changed, today), Err(CheckDigit));
            }
        }
    }
}
