//! Editions of the policies that differ from the repository's.

use std::fs;
use std::path::{Path, PathBuf};

use mamagang_policy::{Policies, load_dir};
use tempfile::TempDir;

/// A copy of the repository's `policies/` with one text put in place of another in one file.
///
/// # Panics
/// When the file does not hold the text, or the edition does not pass the lint.
pub fn changed_policies(file: &str, from: &str, to: &str) -> Policies {
    let copy = changed_policies_dir(file, from, to);
    load_dir(copy.path()).expect("an edition that passes the lint")
}

/// As [`changed_policies`], as a directory for `--policies-dir`; gone when it is dropped.
///
/// # Panics
/// When the file does not hold the text, or the copy cannot be made.
pub fn changed_policies_dir(file: &str, from: &str, to: &str) -> TempDir {
    let copy = TempDir::new().expect("a directory");
    copy_dir(&repository().join("policies"), copy.path());
    let path = copy.path().join(file);
    let text = fs::read_to_string(&path).expect("a policy file");
    assert!(text.contains(from), "{file} does not say {from}");
    fs::write(&path, text.replace(from, to)).expect("written");
    copy
}

/// The repository's root.
///
/// # Panics
/// Never in this workspace.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the workspace").to_owned()
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir(&target).expect("a directory");
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("copied");
        }
    }
}
