//! Rust source seen as code: comments, texts and tests blanked, with every byte where it was.

use std::ops::Range;

const TEST_ATTRIBUTE: &str = "#[cfg(test)]";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Comment,
    Text,
}

/// The source without its comments; texts stay.
pub(crate) fn without_comments(source: &str) -> String {
    blank(
        source,
        segments(source)
            .into_iter()
            .filter(|(kind, _)| *kind == Kind::Comment)
            .map(|(_, range)| range),
    )
}

/// The source without its comments and without the items under `#[cfg(test)]`; texts stay.
pub(crate) fn product_code(source: &str) -> String {
    let code = without_comments(source);
    blank(&code, test_items(source).into_iter())
}

/// The modules that the source declares under `#[cfg(test)]` and keeps in files of their own.
pub(crate) fn test_modules(source: &str) -> Vec<String> {
    test_items(source)
        .into_iter()
        .filter_map(|range| {
            let item = source[range].trim_end().strip_suffix(';')?;
            let (_, name) = item.rsplit_once("mod ")?;
            Some(name.trim().to_owned())
        })
        .collect()
}

fn blank(source: &str, ranges: impl Iterator<Item = Range<usize>>) -> String {
    let mut text = String::with_capacity(source.len());
    let mut copied = 0;
    for range in ranges {
        text.push_str(&source[copied..range.start]);
        for character in source[range.clone()].chars() {
            let blanks = if character == '\n' {
                "\n"
            } else {
                &"    "[..character.len_utf8()]
            };
            text.push_str(blanks);
        }
        copied = range.end;
    }
    text.push_str(&source[copied..]);
    text
}

/// Items under `#[cfg(test)]`, from the attribute to the closing brace or semicolon, in order and apart.
fn test_items(source: &str) -> Vec<Range<usize>> {
    let mut mask = source.as_bytes().to_vec();
    for (_, range) in segments(source) {
        mask[range].fill(b' ');
    }
    let mut items = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&mask[at..], TEST_ATTRIBUTE.as_bytes()) {
        let start = at + found;
        let end = item_end(&mask, start + TEST_ATTRIBUTE.len());
        items.push(start..end);
        at = end;
    }
    items
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn item_end(mask: &[u8], start: usize) -> usize {
    let mut brackets = 0_usize;
    let mut braces = 0_usize;
    for (offset, byte) in mask.iter().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return offset + 1;
                }
            }
            b';' if brackets == 0 && braces == 0 => return offset + 1,
            _ => {}
        }
    }
    mask.len()
}

/// The comments and texts of a source, in order.
fn segments(source: &str) -> Vec<(Kind, Range<usize>)> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let segment = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => Some((Kind::Comment, line_end(bytes, at))),
            b'/' if bytes[at..].starts_with(b"/*") => {
                Some((Kind::Comment, block_comment_end(bytes, at)))
            }
            b'"' => Some((Kind::Text, text_end(bytes, at))),
            b'r' if !continues_word(bytes, at) => {
                raw_text_end(bytes, at).map(|end| (Kind::Text, end))
            }
            b'\'' => character_end(source, at).map(|end| (Kind::Text, end)),
            _ => None,
        };
        at = match segment {
            Some((kind, end)) => {
                found.push((kind, at..end));
                end
            }
            None => at + 1,
        };
    }
    found
}

/// Whether the `r` at this place belongs to a longer word; `br` and `cr` begin a raw text as well.
fn continues_word(bytes: &[u8], at: usize) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match bytes[..at] {
        [.., before, b'b' | b'c'] => is_word(before),
        [b'b' | b'c'] | [] => false,
        [.., before] => is_word(before),
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |length| at + length)
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn text_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_text_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = open + 1;
    Some(find(&bytes[body..], &close).map_or(bytes.len(), |length| body + length + close.len()))
}

/// The end of the character literal that begins here, or nothing where a lifetime begins.
fn character_end(source: &str, start: usize) -> Option<usize> {
    let rest = &source[start + 1..];
    let mut characters = rest.char_indices();
    let (_, first) = characters.next()?;
    if first == '\\' {
        let escaped = 1 + rest[1..].chars().next()?.len_utf8();
        return rest[escaped..]
            .find('\'')
            .map(|length| start + 1 + escaped + length + 1);
    }
    let (second_at, second) = characters.next()?;
    (second == '\'').then_some(start + 1 + second_at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_texts_stay() {
        let code = without_comments(
            "let a = \"// text\"; // 备注\n/* b /* c */ d */ let e = r#\"/* \"x\" */\"#;\n",
        );
        assert_eq!(code.lines().count(), 2);
        assert!(
            code.contains("\"// text\"") && code.contains("r#\"/* \"x\" */\"#"),
            "{code}"
        );
        assert!(!code.contains("备注") && !code.contains('d'), "{code}");
    }

    #[test]
    fn a_lifetime_and_a_quote_character_do_not_open_a_text() {
        let code = without_comments("fn f<'a>(x: &'a str) { ('\"', '\\'', b'\"') } // gone");
        assert!(
            code.contains("fn f<'a>(x: &'a str)") && !code.contains("gone"),
            "{code}"
        );
    }

    #[test]
    fn items_under_the_test_attribute_go_and_what_follows_stays() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { \"}\"; '}' }\n}\nfn c(x: [u8; 3]) {}\n";
        let code = product_code(source);
        assert!(
            code.contains("fn a") && code.contains("fn c") && !code.contains("fn b"),
            "{code}"
        );
        assert_eq!(code.lines().count(), source.lines().count());
    }

    #[test]
    fn a_test_function_with_an_array_argument_ends_at_its_brace() {
        let code = product_code("#[cfg(test)]\nfn b(x: [u8; 3]) { 1 }\nfn c() {}\n");
        assert!(!code.contains('1') && code.contains("fn c"), "{code}");
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_named() {
        let source =
            "#[cfg(test)]\nmod table;\nmod product;\n#[cfg(test)]\nmod tests { mod inner; }\n";
        assert_eq!(test_modules(source), ["table"]);
    }
}
