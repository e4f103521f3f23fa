//! Compiles the files of `policies/` and the law cases of `tests/cases/` into the crate, and refuses
//! to build when the policies do not pass the lint. The modules are the crate's own, so that the build and the running service agree.
#![allow(
    clippy::print_stdout,
    reason = "Cargo reads a build script's standard output"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

macro_rules! shared {
    ($($name:ident = $path:literal),+ $(,)?) => {$(
        #[path = $path]
        #[allow(dead_code, unreachable_pub, missing_docs, reason = "a module of the crate, of which the build needs a part")]
        mod $name;
    )+};
}
shared! {
    book = "src/book.rs",
    book_measures = "src/book_measures.rs",
    index = "src/index.rs",
    limits = "src/limits.rs",
    lint = "src/lint.rs",
    load = "src/load.rs",
    names = "src/names.rs",
    parameter = "src/parameter.rs",
    problem = "src/problem.rs",
    raw = "src/raw.rs",
}

fn main() {
    let folder = policies_folder();
    watch(&folder);
    let files = match load::read_folder(&folder) {
        Ok(files) => files,
        Err(problems) => return fail(&problems),
    };
    let texts = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    if let Err(problems) = load::Catalogue::checked(texts) {
        return fail(&problems);
    }
    let cases_folder = repository().join("tests/cases");
    watch(&cases_folder);
    let cases = match load::read_folder(&cases_folder) {
        Ok(cases) => cases,
        Err(problems) => return fail(&problems),
    };
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let mut code = generated("FILES", "Path below `policies/`, and text.", &files);
    code.push_str(&generated(
        "CASES",
        "Path below `tests/cases/`, and text.",
        &cases,
    ));
    std::fs::write(out.join("embedded_policies.rs"), code).expect("OUT_DIR is writable");
}

fn repository() -> PathBuf {
    let manifest = PathBuf::from(
        std::env::var_os("CARGO_MANIFEST_DIR").expect("Cargo sets CARGO_MANIFEST_DIR"),
    );
    manifest.join("../..")
}

fn policies_folder() -> PathBuf {
    repository().join("policies")
}

/// Names every folder besides the files' root, so that a new file, a removed one and a renamed one
/// each cause a rebuild.
fn watch(folder: &Path) {
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        println!("cargo::rerun-if-changed={}", entry.path().display());
    }
}

fn fail(problems: &[problem::PolicyProblem]) {
    for problem in problems {
        println!("cargo::error=policies/{problem}");
    }
}

/// The texts are written out, not included by path, so that nothing of the build machine stays.
fn generated(name: &str, about: &str, files: &[(String, String)]) -> String {
    let mut code = format!("/// {about}\npub(crate) static {name}: &[(&str, &str)] = &[\n");
    for (path, text) in files {
        writeln!(code, "    ({path:?}, {text:?}),").expect("a string takes every write");
    }
    code.push_str("];\n");
    code
}
