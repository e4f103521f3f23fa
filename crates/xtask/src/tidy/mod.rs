//! House rules that a program can check, over tracked files and new ones that are not ignored.
//!
//! Each check is a function from the tree of files to its findings, in a module of its own.

mod adr;
mod crates;
mod floats;
mod length;
mod lock;
mod markers;
mod migrations;
mod numbers;
mod places;
mod reasons;
mod whitespace;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::source;

type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: &[Check] = &[
    adr::check,
    crates::check,
    floats::check,
    length::check,
    lock::check,
    markers::check,
    migrations::check,
    numbers::check,
    places::check,
    reasons::check,
    whitespace::check,
];

/// Crates that are for the developers alone: rules about product code do not hold in them.
const DEVELOPERS_CRATES: &[&str] = &["crates/bench/", "crates/testkit/", "crates/xtask/"];

/// Files of others, kept as they came.
const VENDORED: &str = "proto/third_party/";

/// Checks the repository's files.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let tree = Tree::read(repo)?;
    let findings: BTreeSet<Finding> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), tree.files.len());
    }
    println!(
        "tidy: {} files, {} checks, no finding",
        tree.files.len(),
        CHECKS.len()
    );
    Ok(())
}

/// A text file of the repository.
struct File {
    /// Relative to the root, with `/` between folders.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_vendored(&self) -> bool {
        self.path.starts_with(VENDORED)
    }

    /// The finding at the byte `offset`, whose line is counted from 1.
    fn finding_at(&self, offset: usize, message: impl Into<String>) -> Finding {
        let line = self.text[..offset].matches('\n').count() + 1;
        Finding {
            path: self.path.clone(),
            line,
            message: message.into(),
        }
    }

    fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::of(&self.path, message)
    }
}

/// The repository's text files, by path.
struct Tree {
    files: Vec<File>,
}

impl Tree {
    fn read(repo: &Repo) -> Result<Self> {
        let mut files = Vec::new();
        for path in repo.files()? {
            let full = repo.path(&path);
            // Git lists a file that is tracked and was deleted, and a link to a folder.
            if !full.is_file() {
                continue;
            }
            let bytes = std::fs::read(&full).with_context(|| format!("{path} cannot be read"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path, text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        });
        Self {
            files: files.collect(),
        }
    }

    fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files
            .iter()
            .filter(move |file| file.path.starts_with(folder))
    }

    /// Rust files below `crates/*/src` that are built into the product: neither the developers' crates nor modules
    /// that are declared for tests alone.
    fn product_sources(&self) -> impl Iterator<Item = &File> {
        let tests: Vec<String> = self
            .files
            .iter()
            .filter(|file| file.is_rust())
            .flat_map(test_module_paths)
            .collect();
        self.under("crates/").filter(move |file| {
            let of_a_source_folder = file.is_rust() && file.path.split('/').nth(2) == Some("src");
            let of_developers = DEVELOPERS_CRATES
                .iter()
                .any(|folder| file.path.starts_with(folder));
            let of_tests = tests.iter().any(|path| {
                file.path == format!("{path}.rs") || file.path.starts_with(&format!("{path}/"))
            });
            of_a_source_folder && !of_developers && !of_tests
        })
    }
}

/// Where the test modules are that a file declares, without `.rs`.
fn test_module_paths(file: &File) -> Vec<String> {
    let path = Path::new(&file.path);
    let stem = path.file_stem().unwrap_or_default();
    let parent = path.parent().unwrap_or(Path::new(""));
    let folder = if ["lib", "main", "mod"].iter().any(|root| stem == *root) {
        parent.to_owned()
    } else {
        parent.join(stem)
    };
    source::test_modules(&file.text)
        .into_iter()
        .map(|name| format!("{}/{name}", folder.display()))
        .collect()
}

/// What a check found; line 0 is the whole file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn of(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.path, self.message),
            line => write!(formatter, "{}:{line}: {}", self.path, self.message),
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where `word` stands in `text` with no letter, digit or underscore beside it.
fn word_offsets<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word)
        .map(|(offset, _)| offset)
        .filter(move |offset| {
            let before = text[..*offset].chars().next_back();
            let after = text[offset + word.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_file_and_line() {
        let tree = Tree::of(&[("a.txt", "one\ntwo\n")]);
        assert_eq!(
            tree.files[0].finding_at(4, "wrong").to_string(),
            "a.txt:2: wrong"
        );
        assert_eq!(tree.files[0].finding("wrong").to_string(), "a.txt: wrong");
    }

    #[test]
    fn product_sources_leave_out_developers_crates_and_test_modules() {
        let tree = Tree::of(&[
            (
                "crates/domain/src/lib.rs",
                "#[cfg(test)]\nmod cases;\nmod money;\n",
            ),
            ("crates/domain/src/cases.rs", ""),
            ("crates/domain/src/cases/more.rs", ""),
            ("crates/domain/src/money.rs", "#[cfg(test)]\nmod table;\n"),
            ("crates/domain/src/money/table.rs", ""),
            ("crates/domain/tests/law.rs", ""),
            ("crates/testkit/src/lib.rs", ""),
        ]);
        let paths: Vec<&str> = tree
            .product_sources()
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(
            paths,
            ["crates/domain/src/lib.rs", "crates/domain/src/money.rs"]
        );
    }
}
