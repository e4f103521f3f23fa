//! Both engines take the same steps.

use std::collections::BTreeSet;

use super::{Finding, Tree};

const SQLITE: &str = "migrations/sqlite/";
const POSTGRES: &str = "migrations/postgres/";

/// `migrations/sqlite` and `migrations/postgres` hold the same numbers and names, from the day the second store is there.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sqlite = names(tree, SQLITE);
    let postgres = names(tree, POSTGRES);
    let mut findings = malformed(SQLITE, &sqlite);
    if tree.file("crates/store-postgres/Cargo.toml").is_none() && postgres.is_empty() {
        return findings;
    }
    findings.extend(malformed(POSTGRES, &postgres));
    findings.extend(
        sqlite
            .difference(&postgres)
            .map(|name| Finding::of(POSTGRES, format!("lacks {name}"))),
    );
    findings.extend(
        postgres
            .difference(&sqlite)
            .map(|name| Finding::of(SQLITE, format!("lacks {name}"))),
    );
    findings
}

fn names<'a>(tree: &'a Tree, folder: &'a str) -> BTreeSet<&'a str> {
    tree.under(folder)
        .filter(|file| file.path.ends_with(".sql"))
        .filter_map(|file| file.path.strip_prefix(folder))
        .collect()
}

/// Names that are not `0001_noun.sql`, and numbers given twice.
fn malformed(folder: &str, names: &BTreeSet<&str>) -> Vec<Finding> {
    let mut numbers = BTreeSet::new();
    let wrong = names.iter().filter(|name| match name.split_once('_') {
        Some((number, _))
            if number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            !numbers.insert(number)
        }
        _ => true,
    });
    wrong
        .map(|name| {
            Finding::of(
                folder,
                format!("{name}: want four digits of its own, an underscore and a name"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: (&str, &str) = ("migrations/sqlite/0001_facts.sql", "");

    #[test]
    fn equal_folders_pass_and_so_does_sqlite_alone_before_the_second_store() {
        assert_eq!(check(&Tree::of(&[FIRST])), []);
        assert_eq!(
            check(&Tree::of(&[
                FIRST,
                ("migrations/postgres/0001_facts.sql", "")
            ])),
            []
        );
    }

    #[test]
    fn a_migration_that_one_engine_lacks_is_found() {
        let store = ("crates/store-postgres/Cargo.toml", "");
        assert_eq!(
            check(&Tree::of(&[FIRST, store])),
            [Finding::of(POSTGRES, "lacks 0001_facts.sql")]
        );
        let other_name = ("migrations/postgres/0001_fact.sql", "");
        assert_eq!(check(&Tree::of(&[FIRST, other_name])).len(), 2);
    }

    #[test]
    fn a_number_given_twice_or_not_at_all_is_found() {
        assert_eq!(
            check(&Tree::of(&[
                FIRST,
                ("migrations/sqlite/0001_ledger.sql", "")
            ]))
            .len(),
            1
        );
        assert_eq!(
            check(&Tree::of(&[("migrations/sqlite/ledger.sql", "")])).len(),
            1
        );
    }
}
