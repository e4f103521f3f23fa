//! Line ends.

use super::{File, Finding, Tree};

/// Outputs of programs are kept byte by byte.
const VERBATIM: &[&str] = &[
    ".snap", ".trycmd", ".stdout", ".stderr", ".out", ".golden", ".svg",
];

/// No blanks at a line's end, and every file ends with a line's end. CSV lines may end as the format says, in CRLF.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let verbatim = |file: &File| VERBATIM.iter().any(|ending| file.path.ends_with(ending));
    tree.files
        .iter()
        .filter(|file| !file.is_vendored() && !verbatim(file))
        .flat_map(of_file)
        .collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let is_csv = file.path.ends_with(".csv");
    let mut findings = Vec::new();
    for (index, line) in file.text.split('\n').enumerate() {
        let line = if is_csv {
            line.strip_suffix('\r').unwrap_or(line)
        } else {
            line
        };
        if line.ends_with([' ', '\t', '\r']) {
            findings.push(Finding {
                path: file.path.clone(),
                line: index + 1,
                message: "blanks at the line's end".to_owned(),
            });
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(file.finding("no line end at the file's end"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_at_a_line_s_end_and_a_missing_line_end_are_found() {
        assert_eq!(check(&Tree::of(&[("a.md", "a\nb \nc\t\r\n")])).len(), 2);
        assert_eq!(check(&Tree::of(&[("a.md", "a")])).len(), 1);
    }

    #[test]
    fn clean_files_empty_ones_csv_and_snapshots_pass() {
        let files = [
            ("a.rs", "a\n\nb\n"),
            (".gitkeep", ""),
            ("a.csv", "a,b\r\n"),
            ("a.snap", "a \n"),
        ];
        assert_eq!(check(&Tree::of(&files)), []);
    }
}
