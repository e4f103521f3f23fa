//! Places that exist on one machine alone, and hosts of package registries, which are a setting of each machine.

use super::{Finding, Tree, is_word};

/// Written in two parts, so that this file is not its own finding.
const FOLDERS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
];

const REGISTRIES: &[&str] = &[
    concat!("registry.np", "mjs.org"),
    concat!("registry.yar", "npkg.com"),
    concat!("py", "pi.org"),
    concat!("files.python", "hosted.org"),
    concat!("//cra", "tes.io"),
    concat!("index.cra", "tes.io"),
    concat!("static.cra", "tes.io"),
    concat!("deb.deb", "ian.org"),
    concat!("security.deb", "ian.org"),
    concat!("proxy.gol", "ang.org"),
    concat!("repo1.ma", "ven.org"),
    concat!("repo.maven.apa", "che.org"),
];

/// No machine's own folder and no registry's host.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for folder in FOLDERS {
            let offsets = file.text.match_indices(folder).map(|(offset, _)| offset);
            let at_root = offsets.filter(|offset| begins_a_path(&file.text[..*offset]));
            findings.extend(at_root.map(|offset| {
                file.finding_at(offset, format!("`{folder}` is a machine's own path"))
            }));
        }
        for host in REGISTRIES {
            let offsets = file.text.match_indices(host).map(|(offset, _)| offset);
            findings.extend(offsets.map(|offset| {
                file.finding_at(offset, format!("`{host}` is a package registry's host"))
            }));
        }
    }
    findings
}

/// Whether a path that follows begins here, rather than going on from a host or a folder.
fn begins_a_path(before: &str) -> bool {
    !before
        .chars()
        .next_back()
        .is_some_and(|character| is_word(character) || "./-~}*".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_and_registry_hosts_are_found() {
        for place in FOLDERS
            .iter()
            .map(|folder| format!("cd {folder}x"))
            .chain(REGISTRIES.iter().map(|host| format!("https:{host}/x")))
        {
            assert_eq!(
                check(&Tree::of(&[("README.md", &format!("a\n{place}\n"))])).len(),
                1,
                "{place}"
            );
        }
    }

    #[test]
    fn paths_inside_the_repository_and_hosts_that_look_alike_pass() {
        let text = format!(
            "see docs{}x and https://a.example{}y\n",
            FOLDERS[2], FOLDERS[1]
        );
        let lock = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert_eq!(
            check(&Tree::of(&[("README.md", &text), ("Cargo.lock", lock)])),
            []
        );
    }
}
