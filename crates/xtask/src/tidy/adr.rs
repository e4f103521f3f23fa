//! Records of decisions have one shape.

use super::{File, Finding, Tree};

const SECTIONS: &[&str] = &["Status", "Context", "Decision", "Consequences"];

/// Every file in `docs/adr` is numbered, titled with its number and has the four sections.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let records = tree
        .under("docs/adr/")
        .filter(|file| file.path.ends_with(".md") && !file.path.ends_with("/README.md"));
    records.flat_map(of_record).collect()
}

fn of_record(file: &File) -> Vec<Finding> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let number: String = name.chars().take_while(char::is_ascii_digit).collect();
    let mut findings = Vec::new();
    if number.len() != 4 || !file.text.starts_with(&format!("# {number}")) {
        findings.push(file.finding("is not named 0000-name.md with a title `# 0000…`"));
    }
    for section in SECTIONS {
        if !file
            .text
            .lines()
            .any(|line| line.trim_end() == format!("## {section}"))
        {
            findings.push(file.finding(format!("lacks the section `## {section}`")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str =
        "# 0001: Truth\n\n## Status\n\n## Context\n\n## Decision\n\n## Consequences\n";

    #[test]
    fn a_whole_record_passes_and_each_missing_section_is_found() {
        assert_eq!(check(&Tree::of(&[("docs/adr/0001-truth.md", WHOLE)])), []);
        for section in SECTIONS {
            let text = WHOLE.replace(&format!("## {section}\n"), "");
            assert_eq!(
                check(&Tree::of(&[("docs/adr/0001-truth.md", &text)])).len(),
                1,
                "{section}"
            );
        }
    }

    #[test]
    fn a_record_under_another_number_is_found() {
        assert_eq!(
            check(&Tree::of(&[("docs/adr/0002-truth.md", WHOLE)])).len(),
            1
        );
        assert_eq!(check(&Tree::of(&[("docs/adr/truth.md", WHOLE)])).len(), 1);
    }
}
