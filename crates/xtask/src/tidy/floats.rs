//! Floating-point numbers, which no sum of money and no rate may pass through.

use super::{Finding, Tree, word_offsets};
use crate::source;

const EXACT: &[&str] = &["crates/domain/src/", "crates/policy/src/"];

/// A deserialiser is handed a float here and nowhere else, and refuses it with its own words.
const REFUSAL: &str = "fn visit_f64";

/// No `f32`, no `f64` where decisions and policies are.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in EXACT
        .iter()
        .flat_map(|folder| tree.under(folder))
        .filter(|file| file.is_rust())
    {
        let code = source::without_comments(&file.text);
        for (line, code) in code
            .lines()
            .enumerate()
            .filter(|(_, code)| !code.contains(REFUSAL))
        {
            for float in ["f32", "f64"] {
                // A suffix follows its digits directly, so it is no word of its own.
                if word_offsets(code, float).next().is_some() || has_suffix(code, float) {
                    let message = format!("`{float}`: use fen, basis points or a decimal");
                    findings.push(Finding {
                        path: file.path.clone(),
                        line: line + 1,
                        message,
                    });
                }
            }
        }
    }
    findings
}

fn has_suffix(code: &str, float: &str) -> bool {
    code.match_indices(float).any(|(offset, _)| {
        let word = code[..offset]
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        word.starts_with(|c: char| c.is_ascii_digit()) && !word.starts_with("0x")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_type_or_suffix_is_found_in_domain_and_policy() {
        for (path, code) in [
            ("crates/domain/src/a.rs", "//!\nfn a(x: f64) {}\n"),
            ("crates/policy/src/a.rs", "//!\nlet x = 1_f32;\n"),
            ("crates/domain/src/a.rs", "//!\nlet x = 1.5f64;\n"),
        ] {
            let found = check(&Tree::of(&[(path, code)]));
            assert_eq!(
                found.iter().map(|finding| finding.line).collect::<Vec<_>>(),
                [2],
                "{code}"
            );
        }
    }

    #[test]
    fn names_comments_and_other_crates_pass() {
        let tree = Tree::of(&[
            (
                "crates/domain/src/a.rs",
                "// never f64\nlet buf64 = 0xaf64; let hash_f32 = 1;\nfn visit_f64(value: f64) {}\n",
            ),
            ("crates/http/src/a.rs", "fn seconds() -> f64 {}\n"),
        ]);
        assert_eq!(check(&tree), []);
    }
}
