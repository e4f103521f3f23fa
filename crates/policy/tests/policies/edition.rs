//! A copy of the repository's policies that a test may spoil.

use std::fs;
use std::path::{Path, PathBuf};

use mamagang_domain::date::CivilDate;
use mamagang_policy::{Policies, PolicyProblem, ProblemKind, load_dir};
use tempfile::TempDir;

pub(crate) const QUOTA: &str = "guangdong/key_group/quota_year.yaml";
pub(crate) const DAY: &str = "guangdong/vat/natural_person_day.yaml";
pub(crate) const REGIME: &str = "national/vat/regime.yaml";
pub(crate) const WITHHOLDING: &str = "national/vat/natural_person_withholding.yaml";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

pub(crate) fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a test date")
}

pub(crate) struct Edition(TempDir);

impl Edition {
    pub(crate) fn new() -> Self {
        let edition = Self(TempDir::new().expect("a folder"));
        copy(&repository(), edition.0.path());
        edition
    }

    pub(crate) fn load(&self) -> Result<Policies, Vec<PolicyProblem>> {
        load_dir(self.0.path())
    }

    /// Replaces the first occurrence.
    pub(crate) fn replace(self, file: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.0.path().join(file)).expect("a policy file");
        assert!(text.contains(from), "{file} has no {from:?}");
        self.write(file, &text.replacen(from, to, 1))
    }

    pub(crate) fn write(self, file: &str, text: &str) -> Self {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
        self
    }

    pub(crate) fn append(self, file: &str, text: &str) -> Self {
        let old = fs::read_to_string(self.0.path().join(file)).expect("a policy file");
        self.write(file, &(old + text))
    }

    pub(crate) fn remove(self, file: &str) -> Self {
        fs::remove_file(self.0.path().join(file)).expect("removed");
        self
    }

    pub(crate) fn rename(self, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.0.path().join(from)).expect("a policy file");
        self.remove(from).write(to, &text)
    }

    pub(crate) fn problems(&self) -> Vec<PolicyProblem> {
        self.load().err().unwrap_or_default()
    }

    /// Asserts that exactly one problem is found.
    pub(crate) fn has_only(&self, file: &str, field: &str, kind: ProblemKind) {
        let problems = self.problems();
        let found: Vec<_> = problems
            .iter()
            .map(|p| (p.file.as_str(), p.field.as_str(), p.kind))
            .collect();
        assert_eq!(found, [(file, field, kind)], "{problems:#?}");
    }

    pub(crate) fn passes(&self) {
        assert_eq!(self.problems(), []);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}
