//! Which crate may use which, what the pure ones never reach, and what nobody may build in (`deny.toml`).
//!
//! Direct edges come from `cargo metadata`. What a crate reaches through others comes from `cargo tree` for that crate
//! alone, since the metadata unites the features that any crate of the workspace asks for.

mod deny;
mod metadata;
mod table;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use self::metadata::{Kind, Metadata};
use self::table::Table;
use crate::repo::Repo;

/// What a crate reaches outside its tests: each library with the way there.
type Reached = BTreeMap<String, Vec<String>>;

/// Checks the workspace of the repository.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let mut problems = problems(repo)?;
    problems.extend(deny::problems(repo)?);
    for problem in &problems {
        println!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} forbidden dependencies", problems.len());
    }
    println!("deps: no forbidden dependency");
    Ok(())
}

fn problems(repo: &Repo) -> Result<Vec<String>> {
    let table = Table::load()?;
    let metadata = repo
        .cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()?;
    let metadata = Metadata::parse(&metadata)?;
    let mut problems = direct(&table, &metadata);
    for (name, rule) in table.rules() {
        if rule.never.is_empty() || !metadata.has(name) {
            continue;
        }
        let package = format!("mamagang-{name}");
        let arguments = [
            "tree",
            "-p",
            &package,
            "-e",
            "normal,build",
            "--prefix",
            "depth",
            "--format",
            " {p}",
        ];
        problems.extend(reached(
            name,
            &rule.never,
            &parse_tree(&repo.cargo().args(arguments).output()?),
        ));
    }
    Ok(problems)
}

/// Edges of the manifests that the table forbids, and crates that it does not know.
fn direct(table: &Table, metadata: &Metadata) -> Vec<String> {
    let mut problems = Vec::new();
    for package in &metadata.packages {
        let Some(rule) = table.rule(package.short_name()) else {
            problems.push(format!(
                "{}: not in crates/xtask/src/deps/allow.toml",
                package.name
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind() != Kind::Test)
        {
            let edge = format!("{} -> {}", package.short_name(), dependency.short_name());
            if rule.never.contains(&dependency.name) {
                problems.push(format!("{edge}: {} may not use it", package.name));
            }
            if dependency.is_ours()
                && !rule.anything
                && !rule.ours.iter().any(|ours| ours == dependency.short_name())
            {
                problems.push(format!("{edge}: not an edge of the architecture"));
            }
            if dependency.is_ours()
                && !rule.developers
                && table.is_for_developers(dependency.short_name())
            {
                problems.push(format!("{edge}: for tests alone, so a dev-dependency"));
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// Libraries that `name` may never reach and does, with the way there.
fn reached(name: &str, never: &[String], reached: &Reached) -> Vec<String> {
    let ways = never.iter().filter_map(|library| reached.get(library));
    // A direct edge is named by its manifest already.
    ways.filter(|way| way.len() > 1)
        .map(|way| format!("{name} -> {}: may not be reached", way.join(" -> ")))
        .collect()
}

/// Reads the output of `cargo tree --prefix depth --format ' {p}'`: lines of `2 serde v1.0.0 (…)`.
fn parse_tree(tree: &str) -> Reached {
    let mut reached = Reached::new();
    let mut way: Vec<String> = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let Some(depth) = words
            .next()
            .and_then(|depth| depth.parse::<usize>().ok())
            .filter(|depth| *depth > 0)
        else {
            continue;
        };
        let Some(name) = words.next() else { continue };
        way.truncate(depth - 1);
        way.push(name.to_owned());
        reached
            .entry(name.to_owned())
            .or_insert_with(|| way.clone());
    }
    reached
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The workspace as the architecture draws it, with one edge more.
    fn with_edge(from: &str, to: &str, kind: Value) -> Vec<String> {
        let table = Table::load().unwrap();
        let mut packages: Vec<Value> = table
            .rules()
            .map(|(name, rule)| {
                let ours = rule.ours.iter().map(|ours| json!({"name": format!("mamagang-{ours}"), "kind": null}));
                json!({"name": format!("mamagang-{name}"), "dependencies": ours.collect::<Vec<_>>()})
            })
            .collect();
        let package = packages
            .iter_mut()
            .find(|package| package["name"] == format!("mamagang-{from}"))
            .unwrap();
        package["dependencies"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": to, "kind": kind}));
        direct(
            &table,
            &Metadata::parse(&json!({ "packages": packages }).to_string()).unwrap(),
        )
    }

    #[test]
    fn the_architecture_with_ordinary_libraries_passes() {
        assert_eq!(with_edge("domain", "serde", Value::Null), [""; 0]);
        assert_eq!(with_edge("store-sqlite", "sqlx", Value::Null), [""; 0]);
        assert_eq!(
            with_edge("server", "mamagang-store-sqlite", Value::Null),
            [""; 0]
        );
    }

    #[test]
    fn a_forbidden_library_is_named_with_its_edge() {
        for (from, library) in [
            ("domain", "tokio"),
            ("domain", "rand"),
            ("policy", "sqlx"),
            ("app", "sqlx"),
            ("app", "tonic"),
        ] {
            let problems = with_edge(from, library, Value::Null);
            assert_eq!(problems.len(), 1, "{from} -> {library}");
            assert!(
                problems[0].starts_with(&format!("{from} -> {library}: ")),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn a_build_script_is_held_to_the_same_rules() {
        assert_eq!(with_edge("domain", "tokio", json!("build")).len(), 1);
    }

    #[test]
    fn an_edge_that_the_architecture_lacks_is_named() {
        for (from, to) in [
            ("grpc", "store"),
            ("domain", "policy"),
            ("app", "store-sqlite"),
            ("ledger-verify", "policy"),
        ] {
            let problems = with_edge(from, &format!("mamagang-{to}"), Value::Null);
            assert_eq!(
                problems,
                [format!("{from} -> {to}: not an edge of the architecture")]
            );
        }
    }

    #[test]
    fn the_product_uses_the_testkit_in_tests_alone() {
        assert_eq!(with_edge("grpc", "mamagang-testkit", json!("dev")), [""; 0]);
        assert_eq!(with_edge("domain", "tokio", json!("dev")), [""; 0]);
        assert_eq!(
            with_edge("server", "mamagang-testkit", Value::Null),
            ["server -> testkit: for tests alone, so a dev-dependency"]
        );
    }

    #[test]
    fn a_crate_that_the_table_lacks_is_named() {
        let metadata =
            Metadata::parse(r#"{"packages": [{"name": "mamagang-extra", "dependencies": []}]}"#)
                .unwrap();
        assert_eq!(direct(&Table::load().unwrap(), &metadata).len(), 1);
    }

    #[test]
    fn a_library_reached_through_another_is_named_with_the_way() {
        let tree = "0 mamagang-domain v0.1.0 (path)\n1 jiff v1.0.0\n2 clock v0.1.0\n3 getrandom v0.3.0\n1 serde v1.0.0\n";
        let never = ["getrandom".to_owned(), "tokio".to_owned()];
        let problems = reached("domain", &never, &parse_tree(tree));
        assert_eq!(
            problems,
            ["domain -> jiff -> clock -> getrandom: may not be reached"]
        );
    }

    #[test]
    fn a_tree_without_forbidden_libraries_passes() {
        let tree = "0 mamagang-domain v0.1.0 (path)\n1 uuid v1.0.0\n1 serde v1.0.0\n2 serde_core v1.0.0 (*)\n";
        assert_eq!(
            reached("domain", &["getrandom".to_owned()], &parse_tree(tree)),
            [""; 0]
        );
    }

    /// A workspace on disk whose `domain` asks for `dependency`, one of two local packages: `tokio`, and `clock`, which
    /// asks for `tokio` if its feature `live` is on.
    fn problems_of_a_domain_with(dependency: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"domain\", \"server\"]\nexclude = [\"clock\", \"tokio\"]\n",
        );
        for (name, package, dependencies) in [
            ("domain", "mamagang-domain", dependency),
            (
                "server",
                "mamagang-server",
                "clock = { path = \"../clock\", features = [\"live\"] }",
            ),
            (
                "clock",
                "clock",
                "tokio = { path = \"../tokio\", optional = true }\n[features]\nlive = [\"tokio\"]",
            ),
            ("tokio", "tokio", ""),
        ] {
            let package = format!(
                "[package]\nname = \"{package}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n"
            );
            write(
                &format!("{name}/Cargo.toml"),
                &format!("{package}[dependencies]\n{dependencies}\n"),
            );
            write(&format!("{name}/src/lib.rs"), "");
        }
        problems(&Repo::at(folder.path())).unwrap()
    }

    #[test]
    fn a_workspace_on_disk_with_a_forbidden_dependency_is_refused() {
        assert_eq!(problems_of_a_domain_with(""), [""; 0]);
        assert_eq!(
            problems_of_a_domain_with("tokio = { path = \"../tokio\" }"),
            ["domain -> tokio: mamagang-domain may not use it"]
        );
        assert_eq!(
            problems_of_a_domain_with("clock = { path = \"../clock\", features = [\"live\"] }"),
            ["domain -> clock -> tokio: may not be reached"]
        );
    }

    #[test]
    fn a_feature_that_another_crate_asks_for_is_not_held_against_the_domain() {
        assert_eq!(
            problems_of_a_domain_with("clock = { path = \"../clock\" }"),
            [""; 0]
        );
    }
}
