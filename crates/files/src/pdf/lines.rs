//! Breaking text into lines.

use super::font::face;

/// May not begin a line.
const CLOSING: &str = "，。、；：！？）》」』】〕’”…·,.;:!?)]}%";
/// May not end a line.
const OPENING: &str = "（《「『【〔‘“([{";

/// The text in lines of at most `width`, broken at line ends, between Chinese characters, at blanks, and inside a word
/// only when it is wider than a line. At least one line; a character wider than the line stands alone.
pub(super) fn broken(text: &str, size: i32, width: i32) -> Vec<String> {
    text.split('\n')
        .flat_map(|paragraph| broken_paragraph(paragraph, size, width))
        .collect()
}

fn broken_paragraph(text: &str, size: i32, width: i32) -> Vec<String> {
    let characters: Vec<char> = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut lines = Vec::new();
    let mut start = 0;
    while start < characters.len() {
        let end = start + fitting(&characters[start..], size, width);
        let end = if end < characters.len() {
            start + break_before(&characters[start..], end - start)
        } else {
            end
        };
        let line: String = characters[start..end].iter().collect();
        lines.push(line.trim_end().to_owned());
        start = end;
        while start < characters.len() && characters[start] == ' ' {
            start += 1;
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// How many characters fit; at least one.
fn fitting(characters: &[char], size: i32, width: i32) -> usize {
    let available = i64::from(width) * 1_000;
    let mut used = 0;
    for (index, character) in characters.iter().enumerate() {
        used += i64::from(face().glyph(*character).advance) * i64::from(size);
        if used > available {
            return index.max(1);
        }
    }
    characters.len()
}

/// The last place at or before `end` where the line may end; `end` itself when there is none.
fn break_before(characters: &[char], end: usize) -> usize {
    (1..=end)
        .rev()
        .find(|place| may_break(characters[place - 1], characters[*place]))
        .unwrap_or(end)
}

fn may_break(before: char, after: char) -> bool {
    if CLOSING.contains(after) || OPENING.contains(before) {
        return false;
    }
    before == ' ' || after == ' ' || is_wide(before) || is_wide(after)
}

/// Whether the character is Chinese text, between whose characters a line may end.
fn is_wide(character: char) -> bool {
    u32::from(character) >= 0x2E80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ten(text: &str, ems: i32) -> Vec<String> {
        broken(text, 10, ems * 10)
    }

    #[test]
    fn chinese_breaks_anywhere_but_before_a_closing_sign() {
        assert_eq!(at_ten("一二三四五", 3), ["一二三", "四五"]);
        assert_eq!(at_ten("一二三，四", 3), ["一二", "三，四"]);
        assert_eq!(at_ten("一二（三）", 3), ["一二", "（三）"]);
    }

    #[test]
    fn words_and_numbers_stay_whole_where_they_can() {
        assert_eq!(at_ten("共 12345678 人", 5), ["共", "12345678", "人"]);
        let parts = at_ten("91442000MAQQ000161", 5);
        assert!(parts.len() > 1);
        assert_eq!(parts.concat(), "91442000MAQQ000161");
    }

    #[test]
    fn line_ends_and_emptiness_are_kept() {
        assert_eq!(at_ten("一\n\n二", 3), ["一", "", "二"]);
        assert_eq!(at_ten("", 3), [""]);
        assert_eq!(at_ten("一二", 0), ["一", "二"]);
    }
}
