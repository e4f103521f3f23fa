//! Every crate says what it is for: in its root and on the map.

use std::collections::BTreeSet;

use super::{Finding, Tree};

const MAP: &str = "ARCHITECTURE.md";

/// Each crate's root begins with a description, `ARCHITECTURE.md` names the crate, and the workspace's lints hold in it.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let map = tree.file(MAP).map_or("", |file| &file.text);
    for name in names(tree) {
        findings.extend(undescribed(tree, name));
        findings.extend(unlinted(tree, name));
        if !map.contains(&format!("`{name}`")) {
            findings.push(Finding::of(
                MAP,
                format!("does not name the crate `{name}`"),
            ));
        }
    }
    findings
}

fn names(tree: &Tree) -> BTreeSet<&str> {
    let manifests = tree
        .under("crates/")
        .filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    manifests
        .filter_map(|folder| folder.strip_prefix("crates/"))
        .filter(|name| !name.contains('/'))
        .collect()
}

fn undescribed(tree: &Tree, name: &str) -> Option<Finding> {
    let roots = ["lib.rs", "main.rs"].map(|root| format!("crates/{name}/src/{root}"));
    match roots.iter().find_map(|root| tree.file(root)) {
        None => Some(Finding::of(
            &format!("crates/{name}"),
            "has neither src/lib.rs nor src/main.rs",
        )),
        Some(root) if root.text.lines().next().is_some_and(describes) => None,
        Some(root) => Some(
            root.finding("does not begin with a `//!` sentence that says what the crate is for"),
        ),
    }
}

/// A crate's own `clippy.toml` would replace the root's, bans and all.
fn unlinted(tree: &Tree, name: &str) -> Option<Finding> {
    let manifest = tree.file(&format!("crates/{name}/Cargo.toml"))?;
    if !manifest.text.contains("[lints]\nworkspace = true\n") {
        return Some(manifest.finding("lacks `[lints]` with `workspace = true`"));
    }
    let own = [".clippy.toml", "clippy.toml"].map(|file| format!("crates/{name}/{file}"));
    own.iter()
        .find_map(|path| tree.file(path))
        .map(|file| file.finding("hides the root's clippy.toml"))
}

/// A name alone describes nothing.
fn describes(line: &str) -> bool {
    line.strip_prefix("//! ")
        .is_some_and(|sentence| sentence.split_whitespace().count() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: (&str, &str) = ("crates/app/Cargo.toml", "[lints]\nworkspace = true\n");

    fn findings(root: &str, map: &str) -> usize {
        let files = [MANIFEST, ("crates/app/src/lib.rs", root), (MAP, map)];
        check(&Tree::of(&files)).len()
    }

    #[test]
    fn a_described_crate_on_the_map_passes() {
        assert_eq!(
            findings(
                "//! One function per use case.\n",
                "| `app` | use cases |\n"
            ),
            0
        );
    }

    #[test]
    fn a_missing_description_or_mention_is_found() {
        assert_eq!(findings("fn a() {}\n", "| `app` |\n"), 1);
        assert_eq!(findings("//! mamagang-app.\n", "| `app` |\n"), 1);
        assert_eq!(
            findings("//! One function per use case.\n", "| `grpc` |\n"),
            1
        );
    }

    #[test]
    fn a_crate_without_a_root_is_found() {
        assert_eq!(check(&Tree::of(&[MANIFEST, (MAP, "`app`\n")])).len(), 1);
    }

    #[test]
    fn a_crate_without_the_workspace_s_lints_is_found() {
        let rest = [
            ("crates/app/src/lib.rs", "//! One function per use case.\n"),
            (MAP, "`app`\n"),
        ];
        let found = |file| check(&Tree::of(&[file, rest[0], rest[1]])).len();
        assert_eq!(found(MANIFEST), 0);
        assert_eq!(found(("crates/app/Cargo.toml", "[package]\n")), 1);
        let files = [MANIFEST, ("crates/app/clippy.toml", ""), rest[0], rest[1]];
        assert_eq!(check(&Tree::of(&files)).len(), 1);
    }
}
