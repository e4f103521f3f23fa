//! Lock files of npm record where a package came from unless told not to.

use super::{Finding, Tree};

/// No lock file of npm that names the place its packages were fetched from.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let locks = tree
        .files
        .iter()
        .filter(|file| file.path.ends_with("package-lock.json"));
    locks
        .filter_map(|file| {
            let offset = file.text.find("\"resolved\"")?;
            Some(file.finding_at(
                offset,
                "write it with omit-lockfile-registry-resolved=true in .npmrc",
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_address_is_found_and_a_digest_passes() {
        let recorded = "{\n\"resolved\": \"https://host.example/a.tgz\"\n}\n";
        assert_eq!(
            check(&Tree::of(&[("proto/package-lock.json", recorded)]))[0].line,
            2
        );
        assert_eq!(
            check(&Tree::of(&[(
                "proto/package-lock.json",
                "{\n\"integrity\": \"sha512-x\"\n}\n"
            )])),
            []
        );
    }
}
