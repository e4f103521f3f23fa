//! Names of natural persons, normalised so that two sources' spellings compare equal.

use std::fmt;

use super::position_of;

/// Characters that a name has at most, after normalisation.
const CHARACTERS_MAX: usize = 50;
/// The dot between the parts of a transliterated name.
const NAME_DOT: char = '·';

/// A person's name: 1–50 characters, normalised.
///
/// It has no `Display` and its `Debug` is masked, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

/// Why a text is not a name. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PersonNameError {
    /// Nothing but spaces and dots.
    #[error("the name is empty")]
    Empty,
    /// More than 50 characters after normalisation.
    #[error("the name has more than 50 characters")]
    TooLong,
    /// A digit, a control or invisible character, or one of ``< > " ' ` ;``.
    #[error("the name has a wrong character at position {position}")]
    Character {
        /// Counted from 1 in the normalised name.
        position: u8,
    },
}

impl PersonName {
    /// Normalises and checks a name.
    ///
    /// Full-width forms become ASCII, the dots in use between name parts become `·`, runs of
    /// spaces become one, and the ends are trimmed. Nothing else is changed, not even case.
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        let name = normalise(text);
        if name
            .chars()
            .all(|character| matches!(character, ' ' | NAME_DOT))
        {
            return Err(PersonNameError::Empty);
        }
        if name.chars().count() > CHARACTERS_MAX {
            return Err(PersonNameError::TooLong);
        }
        match name.chars().position(is_refused) {
            Some(index) => Err(PersonNameError::Character {
                position: position_of(index),
            }),
            None => Ok(Self(name)),
        }
    }

    /// The name itself: for the MAC, the encrypted column and documents only.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first character and two stars, whatever the length: `王**`.
    ///
    /// A name of one character is all stars, since its first character would be the whole name.
    pub fn masked(&self) -> String {
        let mut characters = self.0.chars();
        match (characters.next(), characters.next()) {
            (Some(first), Some(_)) => format!("{first}**"),
            _ => "**".to_owned(),
        }
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

fn normalise(text: &str) -> String {
    let mut name = String::new();
    for character in text.trim().chars().map(normalise_character) {
        let repeats_a_space = character == ' ' && name.ends_with(' ');
        if !repeats_a_space {
            name.push(character);
        }
    }
    name
}

fn normalise_character(character: char) -> char {
    match character {
        '·' | '•' | '・' | '･' | '‧' => NAME_DOT,
        '\u{3000}' | '\u{a0}' => ' ',
        // The full-width forms lie at a fixed distance from their ASCII ones.
        '！'..='～' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

fn is_refused(character: char) -> bool {
    // 〇 counts as a number in Unicode but is used in names.
    let is_digit = character.is_numeric() && character != '〇';
    is_digit
        || character.is_control()
        || is_invisible(character)
        || matches!(character, '<' | '>' | '"' | '\'' | '`' | ';')
}

/// Characters that make two different names look alike, or turn the text around them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::PersonNameError::{Character, Empty, TooLong};
    use super::*;

    fn normalised(text: &str) -> String {
        PersonName::parse(text)
            .expect("a valid name")
            .expose()
            .to_owned()
    }

    #[test]
    fn ends_are_trimmed_and_full_width_forms_become_ascii() {
        assert_eq!(normalised("  王小芳\u{3000}"), "王小芳");
        assert_eq!(normalised("ＳＭＩＴＨ，Ｊohn"), "SMITH,John");
        assert_eq!(normalised("SMITH \u{3000}\u{a0} JOHN"), "SMITH JOHN");
        assert_eq!(normalised("刘〇"), "刘〇");
    }

    #[test]
    fn every_dot_between_name_parts_becomes_the_same_dot() {
        for dot in ['·', '•', '・', '･', '‧'] {
            let text = format!("阿依古丽{dot}买买提");
            assert_eq!(normalised(&text), "阿依古丽·买买提", "{dot}");
        }
    }

    #[test]
    fn fifty_characters_are_accepted_and_fifty_one_are_refused() {
        assert!(PersonName::parse(&"王".repeat(50)).is_ok());
        assert_eq!(PersonName::parse(&"王".repeat(51)), Err(TooLong));
        assert!(PersonName::parse("王").is_ok());
    }

    #[test]
    fn a_name_of_nothing_is_refused() {
        for text in ["", " ", "\u{3000}", "\n", "·", " ・ "] {
            assert_eq!(PersonName::parse(text), Err(Empty), "{text:?}");
        }
    }

    #[test]
    fn digits_controls_invisibles_and_symbols_are_refused() {
        for wrong in [
            '1', '９', '٣', '²', '\0', '\t', '\n', '\u{7f}', '\u{85}', '\u{200b}', '\u{202e}',
            '\u{2066}', '\u{feff}', '<', '>', '"', '\'', '`', ';', '＜', '；',
        ] {
            let result = PersonName::parse(&format!("王{wrong}芳"));
            assert_eq!(result, Err(Character { position: 2 }), "{wrong:?}");
        }
    }

    #[test]
    fn debug_shows_the_mask_only() {
        for (text, mask) in [
            ("王小芳", "王**"),
            ("王芳", "王**"),
            ("王", "**"),
            ("𠮷田", "𠮷**"),
            ("JOHN SMITH", "J**"),
        ] {
            let name = PersonName::parse(text).expect("a valid name");
            assert_eq!(name.masked(), mask);
            assert_eq!(format!("{name:?}"), mask);
        }
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in proptest::prelude::any::<String>()) {
            if let Ok(name) = PersonName::parse(&text) {
                proptest::prop_assert_eq!(PersonName::parse(name.expose()), Ok(name));
            }
        }

        #[test]
        fn no_long_text_makes_the_parser_panic(text in "\\PC{0,300}") {
            let _ = PersonName::parse(&text);
        }
    }
}
