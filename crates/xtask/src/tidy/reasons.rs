//! The reasons of the API and of the domain are the same.

use super::{Finding, Tree, word_offsets};

const ENUM: &str = "enum ReasonCode {";
const PREFIX: &str = "REASON_CODE_";
const CATALOGUE: &str = "crates/domain/src/reason";

/// Every value of the API's `ReasonCode` stands in the domain's catalogue under the same name.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(contract) = tree
        .under("proto/")
        .find(|file| file.path.ends_with(".proto") && file.text.contains(ENUM))
    else {
        return vec![Finding::of("proto", "has no `enum ReasonCode`")];
    };
    let catalogue: String = tree
        .under(CATALOGUE)
        .filter(|file| file.is_rust())
        .map(|file| file.text.as_str())
        .collect();
    let missing =
        values(&contract.text).filter(|name| word_offsets(&catalogue, name).next().is_none());
    missing
        .map(|name| contract.finding(format!("{PREFIX}{name}: {CATALOGUE} does not know {name}")))
        .collect()
}

fn values(contract: &str) -> impl Iterator<Item = &str> {
    let body = contract.split_once(ENUM).map_or("", |(_, after)| after);
    let body = body.split_once("\n}").map_or(body, |(inside, _)| inside);
    let names = body
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(PREFIX));
    names
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|name| *name != "UNSPECIFIED")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "enum ReasonCode {\n  // None.\n  REASON_CODE_UNSPECIFIED = 0;\n  // Part time.\n  \
        REASON_CODE_PART_TIME = 5;\n}\nenum Other {\n  REASON_CODE_ELSE = 1;\n}\n";

    fn findings(code: &str) -> usize {
        check(&Tree::of(&[
            ("proto/mamagang/v1/reason.proto", CONTRACT),
            ("crates/domain/src/reason/code.rs", code),
        ]))
        .len()
    }

    #[test]
    fn a_reason_that_the_domain_names_passes() {
        assert_eq!(findings("PartTime = 5, \"PART_TIME\";\n"), 0);
    }

    #[test]
    fn a_reason_that_the_domain_lacks_or_spells_otherwise_is_found() {
        assert_eq!(findings(""), 1);
        assert_eq!(findings("\"PART_TIME_2026\"\n"), 1);
    }

    #[test]
    fn a_contract_without_reasons_is_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
