//! The linter of the API contract, pinned in `proto/package.json`.

use anyhow::Result;

use super::install_debian;
use crate::process::{self, Process};
use crate::repo::Repo;

const CONTRACT: &str = "proto";
const PROGRAM: &str = "proto/node_modules/.bin/buf";
const LOCK: &str = "proto/package-lock.json";
/// A copy of the lock file that the installed packages came from.
const STAMP: &str = "proto/node_modules/.installed-lock.json";

/// Installs the pinned linter unless it is there.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let lock = std::fs::read(repo.path(LOCK))?;
    let is_current = std::fs::read(repo.path(STAMP)).is_ok_and(|installed| installed == lock);
    if is_current && repo.path(PROGRAM).exists() {
        return Ok(());
    }
    if process::on_path("npm").is_none() {
        install_debian(repo, &["nodejs", "npm"])?;
    }
    // The package's own script only looks for the binary that the platform's package holds already.
    repo.command("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .within(&repo.path(CONTRACT))
        .run()?;
    std::fs::write(repo.path(STAMP), lock)?;
    Ok(())
}

/// Lints the contract and checks its format.
pub(crate) fn check_contract(repo: &Repo) -> Result<()> {
    install(repo)?;
    buf(repo).args(["lint"]).run()?;
    buf(repo)
        .args(["format", "--diff", "--exit-code", "--path", "mamagang"])
        .run()
}

fn buf(repo: &Repo) -> Process {
    repo.command(repo.path(PROGRAM))
        .within(&repo.path(CONTRACT))
}
