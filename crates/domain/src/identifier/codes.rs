//! Codes of places, offices and industries: their form, and the units of Zhongshan.
//!
//! Only the form is checked: registers change each year, and a record of an older year keeps the
//! code of that year.

use super::first_non_digit;

const TOWN_DIGITS: usize = 9;
const PROVINCE_DIGITS: usize = 6;
/// An office is a county's or a town's.
const OFFICE_DIGITS: [usize; 2] = [6, 9];
const INDUSTRY_DIGITS_MAX: usize = 4;

/// Why a text is not a code of its kind: length, then characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CodeError {
    /// A length that this kind of code does not have.
    #[error("the code has a wrong length")]
    Length,
    /// A character that may not stand here.
    #[error("the code has a wrong character at position {position}")]
    Character {
        /// Counted from 1.
        position: u8,
    },
}

/// Checks a town's code: 9 digits, of which the first 6 are the county's (GB/T 10114).
pub fn check_town_code(text: &str) -> Result<(), CodeError> {
    check_digits(text, &[TOWN_DIGITS])
}

/// Checks the code of an office: 6 digits (GB/T 2260) or 9 (GB/T 10114).
pub fn check_office_code(text: &str) -> Result<(), CodeError> {
    check_digits(text, &OFFICE_DIGITS)
}

/// Checks a province's code: 6 digits (GB/T 2260), such as 440000 for Guangdong.
pub fn check_province_code(text: &str) -> Result<(), CodeError> {
    check_digits(text, &[PROVINCE_DIGITS])
}

/// Checks an industry's code (GB/T 4754): a capital letter A–T and up to 4 digits.
pub fn check_industry_code(text: &str) -> Result<(), CodeError> {
    let mut characters = text.chars();
    let section = characters.next().ok_or(CodeError::Length)?;
    let digits = characters.as_str();
    if digits.chars().count() > INDUSTRY_DIGITS_MAX {
        return Err(CodeError::Length);
    }
    if !matches!(section, 'A'..='T') {
        return Err(CodeError::Character { position: 1 });
    }
    match first_non_digit(digits) {
        Some(position) => Err(CodeError::Character {
            position: position.saturating_add(1),
        }),
        None => Ok(()),
    }
}

fn check_digits(text: &str, lengths: &[usize]) -> Result<(), CodeError> {
    if !lengths.contains(&text.chars().count()) {
        return Err(CodeError::Length);
    }
    match first_non_digit(text) {
        Some(position) => Err(CodeError::Character { position }),
        None => Ok(()),
    }
}

/// The units of Zhongshan (442000) in use, by code: 8 subdistricts, then 15 towns.
///
/// Each is (town code, Chinese name), sorted by code, for display only. 442000100, 442000102,
/// 442000104 and 442000113 are retired: older records may hold them, and they have no name here.
/// 翠亨新区 has no code in the register: see [`CUIHENG_NEW_AREA`].
pub const ZHONGSHAN_UNITS: &[(&str, &str)] = &[
    ("442000001", "石岐街道"),
    ("442000002", "东区街道"),
    ("442000003", "中山港街道（火炬开发区）"),
    ("442000004", "西区街道"),
    ("442000005", "南区街道"),
    ("442000006", "五桂山街道"),
    ("442000007", "民众街道"),
    ("442000008", "南朗街道"),
    ("442000101", "黄圃镇"),
    ("442000103", "东凤镇"),
    ("442000105", "古镇镇"),
    ("442000106", "沙溪镇"),
    ("442000107", "坦洲镇"),
    ("442000108", "港口镇"),
    ("442000109", "三角镇"),
    ("442000110", "横栏镇"),
    ("442000111", "南头镇"),
    ("442000112", "阜沙镇"),
    ("442000114", "三乡镇"),
    ("442000115", "板芙镇"),
    ("442000116", "大涌镇"),
    ("442000117", "神湾镇"),
    ("442000118", "小榄镇"),
];

/// 翠亨新区 as (code, name). The code is this service's own, far from those of the register;
/// it never goes into a file for another system.
pub const CUIHENG_NEW_AREA: (&str, &str) = ("442000900", "翠亨新区");

/// The Chinese name of a unit of Zhongshan or of 翠亨新区, or `None` for any other code.
pub fn zhongshan_unit_name(town_code: &str) -> Option<&'static str> {
    ZHONGSHAN_UNITS
        .iter()
        .chain([&CUIHENG_NEW_AREA])
        .find(|(code, _)| *code == town_code)
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::CodeError::{Character, Length};
    use super::*;

    #[test]
    fn a_town_code_has_nine_digits() {
        assert_eq!(check_town_code("442000001"), Ok(()));
        assert_eq!(check_town_code("442000"), Err(Length));
        assert_eq!(check_town_code("44200000"), Err(Length));
        assert_eq!(check_town_code("4420000011"), Err(Length));
        assert_eq!(check_town_code(""), Err(Length));
        assert_eq!(check_town_code("44200000A"), Err(Character { position: 9 }));
        assert_eq!(
            check_town_code("４42000001"),
            Err(Character { position: 1 })
        );
    }

    #[test]
    fn an_office_code_has_six_or_nine_digits() {
        assert_eq!(check_office_code("442000"), Ok(()));
        assert_eq!(check_office_code("442000001"), Ok(()));
        for wrong in ["", "44200", "4420000", "44200000", "4420000010"] {
            assert_eq!(check_office_code(wrong), Err(Length), "{wrong}");
        }
        assert_eq!(check_office_code("44200x"), Err(Character { position: 6 }));
    }

    #[test]
    fn a_province_code_has_six_digits() {
        assert_eq!(check_province_code("440000"), Ok(()));
        assert_eq!(check_province_code("44"), Err(Length));
        assert_eq!(check_province_code("442000001"), Err(Length));
        assert_eq!(
            check_province_code("44-000"),
            Err(Character { position: 3 })
        );
    }

    #[test]
    fn an_industry_code_is_a_letter_and_up_to_four_digits() {
        for right in ["A", "C13", "C139", "O8010", "T9700"] {
            assert_eq!(check_industry_code(right), Ok(()), "{right}");
        }
        let cases = [
            ("", Length),
            ("C13999", Length),
            ("U", Character { position: 1 }),
            ("c13", Character { position: 1 }),
            ("1399", Character { position: 1 }),
            ("CC13", Character { position: 2 }),
            ("C13 ", Character { position: 4 }),
            ("类13", Character { position: 1 }),
        ];
        for (text, error) in cases {
            assert_eq!(check_industry_code(text), Err(error), "{text}");
        }
    }

    #[test]
    fn units_of_zhongshan_are_sorted_well_formed_and_distinct() {
        assert_eq!(ZHONGSHAN_UNITS.len(), 23);
        assert!(ZHONGSHAN_UNITS.is_sorted_by(|(earlier, _), (later, _)| earlier < later));
        for (code, name) in ZHONGSHAN_UNITS {
            assert_eq!(check_town_code(code), Ok(()));
            assert!(code.starts_with("442000"));
            assert!(
                name.contains("街道") == (code.as_bytes()[6] == b'0'),
                "{name}"
            );
        }
    }

    #[test]
    fn a_unit_in_use_has_a_name_and_a_retired_one_has_none() {
        assert_eq!(zhongshan_unit_name("442000001"), Some("石岐街道"));
        assert_eq!(zhongshan_unit_name("442000118"), Some("小榄镇"));
        for retired in ["442000100", "442000102", "442000104", "442000113"] {
            assert_eq!(zhongshan_unit_name(retired), None, "{retired}");
        }
        assert_eq!(zhongshan_unit_name(""), None);
    }

    #[test]
    fn the_new_area_has_a_well_formed_code_that_no_unit_has() {
        let (code, name) = CUIHENG_NEW_AREA;
        assert_eq!(check_town_code(code), Ok(()));
        assert!(ZHONGSHAN_UNITS.iter().all(|(other, _)| *other != code));
        assert_eq!(zhongshan_unit_name(code), Some(name));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_check_panic(text in "\\PC*") {
            let _ = check_town_code(&text);
            let _ = check_office_code(&text);
            let _ = check_province_code(&text);
            let _ = check_industry_code(&text);
        }
    }
}
