//! The bill of materials of the binary, in CycloneDX: what it is made of, from where, under which licence.
//!
//! From `cargo metadata` and `Cargo.lock` alone, sorted and without a date, so that the same lock file gives the same
//! bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::repo::Repo;

/// The package whose binary is delivered.
const PRODUCT: &str = "mamagang-server";
/// The platform that it is delivered for.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";
/// Where the bill is written, below the target directory.
const FILE: &str = "sbom.cdx.json";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    target_directory: std::path::PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// Writes the bill, and says where.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let arguments = [
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        PLATFORM,
    ];
    let metadata = repo.cargo().args(arguments).output()?;
    let metadata: Metadata =
        serde_json::from_str(&metadata).context("cargo metadata has another shape")?;
    let lock = fs::read_to_string(repo.path("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let lock: Lock = toml::from_str(&lock).context("Cargo.lock has another shape")?;
    let bill = bill(&metadata, &lock)?;
    let path = metadata.target_directory.join(FILE);
    let text = serde_json::to_string_pretty(&bill)?;
    fs::write(&path, format!("{text}\n"))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let count = bill["components"].as_array().map_or(0, Vec::len);
    println!("{count} components of {PRODUCT} in {}", path.display());
    Ok(())
}

fn bill(metadata: &Metadata, lock: &Lock) -> Result<Value> {
    let packages: BTreeMap<&str, &Package> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package))
        .collect();
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let product = metadata
        .packages
        .iter()
        .find(|package| package.name == PRODUCT);
    let product = product.with_context(|| format!("there is no package {PRODUCT}"))?;
    let checksums: BTreeMap<(&str, &str), &str> = lock
        .package
        .iter()
        .filter_map(|locked| {
            let key = (locked.name.as_str(), locked.version.as_str());
            Some((key, locked.checksum.as_deref()?))
        })
        .collect();
    let mut reached = BTreeSet::new();
    let mut waiting = vec![product.id.as_str()];
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            waiting.extend(nodes.get(id).into_iter().flat_map(|node| needed(node)));
        }
    }
    let mut components = BTreeMap::new();
    let mut dependencies = BTreeMap::new();
    for id in &reached {
        let package = packages
            .get(id)
            .with_context(|| format!("{id} is not described"))?;
        if **id != product.id {
            components.insert(package.reference(), package.component(&checksums));
        }
        let below: BTreeSet<String> = nodes
            .get(id)
            .into_iter()
            .flat_map(|node| needed(node))
            .filter_map(|below| packages.get(below).map(|package| package.reference()))
            .collect();
        dependencies.insert(
            package.reference(),
            json!({"ref": package.reference(), "dependsOn": below}),
        );
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "bom-ref": product.reference(),
            "name": "mamagang",
            "version": product.version,
            "licenses": product.licences(),
        }},
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies.into_values().collect::<Vec<_>>(),
    }))
}

/// What a package needs to be built and to run; not what its tests need.
fn needed(node: &Node) -> impl Iterator<Item = &str> {
    let is_needed = |dependency: &&Dependency| {
        let kinds = &dependency.dep_kinds;
        kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
    };
    node.deps
        .iter()
        .filter(is_needed)
        .map(|dependency| dependency.pkg.as_str())
}

impl Package {
    fn reference(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    fn licences(&self) -> Value {
        match &self.license {
            Some(expression) => json!([{"expression": expression.replace('/', " OR ")}]),
            None => json!([]),
        }
    }

    fn component(&self, checksums: &BTreeMap<(&str, &str), &str>) -> Value {
        let mut component = json!({
            "type": "library",
            "bom-ref": self.reference(),
            "name": self.name,
            "version": self.version,
            "scope": "required",
            "licenses": self.licences(),
        });
        if self.source.is_some() {
            component["purl"] = json!(self.reference());
        }
        if let Some(checksum) = checksums.get(&(self.name.as_str(), self.version.as_str())) {
            component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bill_holds_what_is_built_and_not_what_only_tests_need() {
        let package = |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "source": "registry"});
        let dependency =
            |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "target_directory": "target",
            "packages": [package(PRODUCT), package("a"), package("b"), package("c")],
            "resolve": {"nodes": [
                {"id": PRODUCT, "deps": [dependency("a", Value::Null), dependency("c", "dev".into())]},
                {"id": "a", "deps": [dependency("b", "build".into())]},
                {"id": "b", "deps": []},
                {"id": "c", "deps": []},
            ]},
        });
        let metadata: Metadata = serde_json::from_value(metadata).expect("metadata");
        let lock = Lock {
            package: vec![Locked {
                name: "a".to_owned(),
                version: "1.0.0".to_owned(),
                checksum: Some("ab".to_owned()),
            }],
        };
        let bill = bill(&metadata, &lock).expect("a bill");
        let names: Vec<&str> = bill["components"]
            .as_array()
            .expect("components")
            .iter()
            .filter_map(|component| component["name"].as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(bill["components"][0]["hashes"][0]["content"], "ab");
        assert_eq!(
            bill["components"][0]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
        assert_eq!(bill["dependencies"].as_array().expect("a graph").len(), 3);
    }
}
