//! Unfinished work and forgotten debugging aids. Prose may speak of them.

use super::{Finding, Tree};

/// Written in two parts, so that this file is not its own finding.
const MARKERS: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
    concat!("db", "g!("),
];

/// No marker of unfinished work, no test that is never run, no debug print.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| !file.path.ends_with(".md") && !file.is_vendored())
    {
        for marker in MARKERS {
            findings.extend(
                file.text
                    .match_indices(marker)
                    .map(|(at, _)| file.finding_at(at, format!("`{marker}`"))),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_is_found_with_its_line() {
        for marker in MARKERS {
            let text = format!("fn a() {{\n    {marker}\n}}\n");
            let found = check(&Tree::of(&[("crates/domain/src/lib.rs", &text)]));
            assert_eq!(
                found.iter().map(|finding| finding.line).collect::<Vec<_>>(),
                [2],
                "{marker}"
            );
        }
    }

    #[test]
    fn finished_code_and_prose_pass() {
        let prose = format!("No `{}` is left.\n", MARKERS[0]);
        assert!(
            check(&Tree::of(&[
                ("a.rs", "fn done() {}\n"),
                ("README.md", &prose)
            ]))
            .is_empty()
        );
    }
}
