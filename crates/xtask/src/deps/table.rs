//! The edges that the architecture allows.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

const TABLE: &str = include_str!("allow.toml");

/// The rules, by the crate's short name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    #[serde(rename = "crate")]
    rules: BTreeMap<String, Rule>,
}

/// What one crate may use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Crates of ours.
    #[serde(default)]
    pub(super) ours: Vec<String>,
    /// Libraries that may not be reached.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// All of our crates may be used.
    #[serde(default)]
    pub(super) anything: bool,
    /// The crate is no part of the product.
    #[serde(default)]
    pub(super) developers: bool,
}

impl Table {
    pub(super) fn load() -> Result<Self> {
        toml::from_str(TABLE).context("crates/xtask/src/deps/allow.toml")
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.rules.iter().map(|(name, rule)| (name.as_str(), rule))
    }

    pub(super) fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.get(name)
    }

    pub(super) fn is_for_developers(&self, name: &str) -> bool {
        self.rule(name).is_some_and(|rule| rule.developers)
    }
}
