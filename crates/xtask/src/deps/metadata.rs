//! The part of `cargo metadata` that is looked at.

use anyhow::{Context, Result};
use serde::Deserialize;

const OURS: &str = "mamagang-";

/// The packages of the workspace.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
}

/// One package and what its manifest asks for.
#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// One dependency of a manifest.
#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    kind: Option<String>,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The product, or a script that builds it.
    Product,
    /// Tests, examples and benchmarks.
    Test,
}

impl Metadata {
    pub(super) fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).context("cargo metadata has another shape")
    }

    /// Whether the crate of this short name is there yet.
    pub(super) fn has(&self, name: &str) -> bool {
        self.packages
            .iter()
            .any(|package| package.short_name() == name)
    }
}

impl Package {
    /// The name as the architecture says it: `domain`.
    pub(super) fn short_name(&self) -> &str {
        self.name.strip_prefix(OURS).unwrap_or(&self.name)
    }
}

impl Dependency {
    pub(super) fn kind(&self) -> Kind {
        if self.kind.as_deref() == Some("dev") {
            Kind::Test
        } else {
            Kind::Product
        }
    }

    pub(super) fn is_ours(&self) -> bool {
        self.name.starts_with(OURS)
    }

    pub(super) fn short_name(&self) -> &str {
        self.name.strip_prefix(OURS).unwrap_or(&self.name)
    }
}
