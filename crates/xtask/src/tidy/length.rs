//! Files that are too long to be read.

use super::{Finding, Tree};

const LINES_MAX: usize = 700;

/// No Rust file of more than 700 lines, generated ones excepted.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let written = tree
        .files
        .iter()
        .filter(|file| file.is_rust() && !is_generated(&file.text));
    written
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > LINES_MAX).then(|| {
                file.finding(format!(
                    "{lines} lines, at most {LINES_MAX}: split it by noun"
                ))
            })
        })
        .collect()
}

fn is_generated(text: &str) -> bool {
    text.lines()
        .take(3)
        .any(|line| line.contains(concat!("@gene", "rated")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_at_the_limit_passes_and_one_line_more_is_found() {
        let at_limit = "//\n".repeat(LINES_MAX);
        assert!(check(&Tree::of(&[("a.rs", &at_limit)])).is_empty());
        let found = check(&Tree::of(&[("a.rs", &format!("{at_limit}//\n"))]));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn generated_files_and_other_languages_may_be_long() {
        let generated = format!(
            "// {}\n{}",
            concat!("@gene", "rated"),
            "//\n".repeat(LINES_MAX)
        );
        let data = "a,b\n".repeat(LINES_MAX + 1);
        assert!(check(&Tree::of(&[("a.rs", &generated), ("a.csv", &data)])).is_empty());
    }
}
