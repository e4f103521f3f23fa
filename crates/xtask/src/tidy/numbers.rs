//! Legal values in code: they belong into `policies/`, dated and cited.

use super::{Finding, Tree, is_word};
use crate::source;

/// Amounts of the measures, in yuan and in fen. An underscore may be left out. A grouping tells a sum of money in fen
/// (`100_000_00`) from a limit that counts something (`10_000_000`).
const LEGAL_NUMBERS: &[&str] = &[
    "7_800",
    "7_800_00",
    "780_000", // a year's quota
    "650_00",
    "65_000", // a month's
    "23_400",
    "23_400_00",
    "2_340_000",  // of three years
    "100_000_00", // the monthly threshold
    "300_000_00", // the quarterly one
];

/// No legal value in product code; comments and tests may name one.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.product_sources() {
        let code = source::product_code(&file.text);
        for (offset, literal) in integers(&code) {
            if LEGAL_NUMBERS.iter().any(|number| spells(literal, number)) {
                let message = format!("{literal} is a legal value: read it from a policy");
                findings.push(file.finding_at(offset, message));
            }
        }
    }
    findings
}

/// Integer literals without a type's name behind them, and where they begin.
fn integers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = code.char_indices().filter(|(offset, character)| {
        character.is_ascii_digit() && !code[..*offset].chars().next_back().is_some_and(is_word)
    });
    words.map(|(offset, _)| {
        let rest = &code[offset..];
        let length = rest
            .find(|character: char| !character.is_ascii_digit() && character != '_')
            .unwrap_or(rest.len());
        (offset, rest[..length].trim_end_matches('_'))
    })
}

fn spells(literal: &str, number: &str) -> bool {
    let mut rest = literal;
    for (index, group) in number.split('_').enumerate() {
        if index > 0 {
            rest = rest.strip_prefix('_').unwrap_or(rest);
        }
        match rest.strip_prefix(group) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<usize> {
        check(&Tree::of(&[("crates/domain/src/lib.rs", code)]))
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_legal_value_is_found_however_it_is_grouped_or_typed() {
        for number in [
            "7800",
            "780_000",
            "780000_i64",
            "65_000i64",
            "2_340_000",
            "100_000_00",
            "10000000",
            "300_000_00",
        ] {
            assert_eq!(
                found(&format!("// 备注\nconst A: i64 = {number};\n")),
                [2],
                "{number}"
            );
        }
    }

    #[test]
    fn other_numbers_pass() {
        let code =
            "const A: [i64; 4] = [7801, 17_800, 10_000_000, 78];\nlet x7800 = 0x7800; a(7.8);\n";
        assert_eq!(found(code), [0; 0]);
    }

    #[test]
    fn comments_tests_and_developers_crates_may_name_a_value() {
        assert_eq!(
            found("//! 7800 yuan\n#[cfg(test)]\nmod tests { const A: i64 = 780_000; }\n"),
            [0; 0]
        );
        assert!(
            check(&Tree::of(&[(
                "crates/testkit/src/lib.rs",
                "const A: i64 = 780_000;\n"
            )]))
            .is_empty()
        );
    }
}
