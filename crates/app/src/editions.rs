//! The editions of the law: the one in use, and those that earlier decisions were made under.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mamagang_policy::{Policies, PolicyProblem};

use crate::app::App;
use crate::error::{AppError, AppResult, ErrorReason};
use crate::limits::EDITIONS_KEPT_MAX;

/// Editions that were read from the database, by version.
#[derive(Debug, Default)]
pub(crate) struct Editions {
    read: Mutex<HashMap<String, Arc<Policies>>>,
}

impl Editions {
    fn get(&self, version: &str) -> Option<Arc<Policies>> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(version).cloned()
    }

    fn keep(&self, version: &str, policies: &Arc<Policies>) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Few editions exist; when there are more than expected, reading again does no harm.
        if read.len() >= EDITIONS_KEPT_MAX {
            read.clear();
        }
        read.insert(version.to_owned(), Arc::clone(policies));
    }
}

impl App {
    /// An edition by its version: the one in use, or one that was applied before. A version that
    /// was never applied here is `POLICY_VERSION_NOT_FOUND`; a kept text that does not give its
    /// hash is a fault.
    pub async fn edition(&self, version: &str) -> AppResult<Arc<Policies>> {
        if version == self.policies.version() {
            return Ok(Arc::clone(&self.policies));
        }
        if let Some(known) = self.editions.get(version) {
            return Ok(known);
        }
        let kept = self.store.policy_set(version).await?;
        let kept = kept.ok_or_else(|| {
            AppError::new(ErrorReason::PolicyVersionNotFound).with("policy_version", version)
        })?;
        let policies = Policies::from_canonical_text(&kept.content).map_err(damaged)?;
        if policies.version() != version {
            let message = format!(
                "the policy set {version} has the hash {}",
                policies.version()
            );
            return Err(AppError::internal(message));
        }
        let policies = Arc::new(policies);
        self.editions.keep(version, &policies);
        Ok(policies)
    }
}

fn damaged(problems: Vec<PolicyProblem>) -> AppError {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    AppError::internal(lines.join("; "))
}
