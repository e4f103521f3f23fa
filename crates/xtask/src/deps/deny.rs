//! `deny.toml` held against everything that is built in: licences, sources, versions that are banned.
//!
//! The file is cargo-deny's, and `cargo deny check` reads it too. To build that program takes longer than all stages
//! before the first build on a machine that has nothing, so what needs no network of it is read here: the run fails for
//! the same lines. Advisories need cargo-deny and its database.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::repo::Repo;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The parts of `deny.toml` that are read.
#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

/// A library that is not used, or only by some others.
#[derive(Deserialize)]
struct Ban {
    #[serde(alias = "crate")]
    name: String,
    /// Versions below this one; all without it.
    version: Option<String>,
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

/// The part of `cargo metadata` that is looked at.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    path: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// What the file forbids and is there, for every target that it names.
pub(super) fn problems(repo: &Repo) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(repo.path("deny.toml"))?;
    let rules: Rules = toml::from_str(&text).context("deny.toml has another shape")?;
    let mut problems = BTreeSet::new();
    for target in &rules.graph.targets {
        let arguments = [
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
            "--filter-platform",
            target,
        ];
        let json = repo.cargo().args(arguments).output()?;
        let metadata: Metadata =
            serde_json::from_str(&json).context("cargo metadata has another shape")?;
        problems.extend(held_against(&rules, &metadata));
    }
    Ok(problems.into_iter().collect())
}

fn held_against(rules: &Rules, metadata: &Metadata) -> Vec<String> {
    // With a platform named, the metadata lists the packages of every other one too: only those of the graph count.
    let used: BTreeSet<&str> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| node.id.as_str())
        .collect();
    let names: BTreeMap<&str, &str> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package.name.as_str()))
        .collect();
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in &metadata.resolve.nodes {
        for dependency in &node.dependencies {
            let user = names.get(node.id.as_str()).copied().unwrap_or_default();
            users.entry(dependency).or_default().insert(user);
        }
    }
    let mut problems = Vec::new();
    for package in metadata
        .packages
        .iter()
        .filter(|package| used.contains(package.id.as_str()))
    {
        let named = format!("{} {}", package.name, package.version);
        match package.source.as_deref() {
            Some(REGISTRY) => {
                let licence = package.license.as_deref().unwrap_or_default();
                if !is_allowed(licence, &rules.licenses.allow) {
                    problems.push(format!("{named}: the licence {licence:?} is not agreed to"));
                }
            }
            Some(elsewhere) => problems.push(format!("{named}: comes from {elsewhere}")),
            // Ours.
            None => problems.extend(
                package
                    .dependencies
                    .iter()
                    .filter(|dependency| dependency.req == "*" && dependency.path.is_none())
                    .map(|dependency| format!("{named}: takes any version of {}", dependency.name)),
            ),
        }
        let users = users.get(package.id.as_str());
        for ban in &rules.bans.deny {
            let wrapped = |user: &&str| ban.wrappers.iter().any(|wrapper| wrapper == user);
            let is_wrapped =
                !ban.wrappers.is_empty() && users.is_some_and(|users| users.iter().all(wrapped));
            if ban.forbids(&package.name, &package.version) && !is_wrapped {
                problems.push(format!("{named}: {}", ban.reason));
            }
        }
    }
    problems
}

impl Ban {
    fn forbids(&self, name: &str, version: &str) -> bool {
        let below = self.version.as_deref();
        name == self.name
            && below.is_none_or(|below| {
                numbers(version) < numbers(below.trim_start_matches(['<', ' ']))
            })
    }
}

/// The three numbers of a version; what is not told is 0.
fn numbers(version: &str) -> [u64; 3] {
    let released = version.split(['-', '+']).next().unwrap_or_default();
    let mut told = released.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| told.next().unwrap_or(0))
}

/// Whether an SPDX expression can be met by licences that were agreed to. `OR` binds weaker than `AND`; what cannot be
/// read is not allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met.unwrap_or(false) && words.peek().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut met = all(words, allowed)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed)?;
    }
    Some(met)
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let mut met = one(words, allowed)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed)?;
    }
    Some(met)
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let met = any(words, allowed)?;
        return (words.next()? == ")").then_some(met);
    }
    let licence = match words.next_if_eq(&"WITH") {
        Some(_) => format!("{word} WITH {}", words.next()?),
        None => word.to_owned(),
    };
    Some(allowed.contains(&licence))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const RULES: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        [licenses]
        allow = ["Apache-2.0", "MIT", "Unicode-3.0"]
        [bans]
        deny = [
            { crate = "openssl-sys", reason = "one TLS" },
            { name = "digest", version = "<0.11", wrappers = ["sha2"], reason = "one generation" },
        ]
    "#;

    /// `app` uses a library of its own accord, another one `sha2`.
    fn found(library: &Value) -> Vec<String> {
        let of_crates_io = |name: &str, version: &str, license: &str| {
            json!({"id": name, "name": name, "version": version, "license": license, "source": REGISTRY,
                "dependencies": []})
        };
        let name = library["name"].as_str().unwrap();
        let mut used = of_crates_io(name, "1.0.0", "MIT");
        for (field, value) in library.as_object().unwrap() {
            used[field] = value.clone();
        }
        let app = json!({"id": "app", "name": "app", "version": "1.0.0", "license": "Apache-2.0", "source": null,
            "dependencies": library.get("asked").cloned().unwrap_or(json!([]))});
        let user = library.get("user").and_then(Value::as_str).unwrap_or("app");
        let unused = of_crates_io("windows", "1.0.0", "Proprietary");
        let metadata = json!({
            "packages": [app, used, of_crates_io("sha2", "0.11.0", "MIT OR Apache-2.0"), unused],
            "resolve": {"nodes": [
                {"id": user, "dependencies": [name]},
                {"id": name, "dependencies": []},
                {"id": if user == "app" { "sha2" } else { "app" }, "dependencies": []},
            ]},
        });
        let rules: Rules = toml::from_str(RULES).unwrap();
        held_against(&rules, &serde_json::from_value(metadata).unwrap())
    }

    #[test]
    fn an_ordinary_library_passes_and_one_that_is_not_built_in_does_not_count() {
        assert_eq!(found(&json!({"name": "serde"})), [""; 0]);
    }

    #[test]
    fn licences_sources_bans_and_open_versions_are_named() {
        for (library, named) in [
            (json!({"name": "a", "license": "GPL-3.0"}), "licence"),
            (json!({"name": "a", "license": null}), "licence"),
            (
                json!({"name": "a", "source": "git+https://x"}),
                "comes from",
            ),
            (json!({"name": "openssl-sys"}), "one TLS"),
            (
                json!({"name": "digest", "version": "0.10.7"}),
                "one generation",
            ),
            (
                json!({"name": "a", "asked": [{"name": "a", "req": "*", "path": null}]}),
                "any version",
            ),
        ] {
            let problems = found(&library);
            assert_eq!(problems.len(), 1, "{library}: {problems:?}");
            assert!(problems[0].contains(named), "{problems:?}");
        }
    }

    #[test]
    fn a_banned_version_is_let_pass_within_its_wrapper_and_a_later_one_anywhere() {
        let wrapped = json!({"name": "digest", "version": "0.10.7", "user": "sha2"});
        assert_eq!(found(&wrapped), [""; 0]);
        assert_eq!(
            found(&json!({"name": "digest", "version": "0.11.0"})),
            [""; 0]
        );
    }

    #[test]
    fn expressions_are_met_by_what_was_agreed_to() {
        let rules: Rules = toml::from_str(RULES).unwrap();
        for (expression, is_met) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND GPL-3.0", false),
            ("GPL-3.0 AND GPL-2.0 OR MIT", true),
            ("Apache-2.0 WITH LLVM-exception", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("", false),
            ("(MIT", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(
                is_allowed(expression, &rules.licenses.allow),
                is_met,
                "{expression}"
            );
        }
    }
}
