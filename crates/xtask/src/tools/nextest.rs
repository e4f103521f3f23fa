//! The test runner.

use anyhow::Result;

use crate::process;
use crate::repo::Repo;

/// Whether `cargo nextest` is there.
pub(crate) fn is_installed() -> bool {
    process::on_path("cargo-nextest").is_some()
}

/// Builds the runner unless it is there. Without it the tests run under `cargo test`, so a failure is only told.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    if let Err(error) = repo
        .cargo()
        .args(["install", "cargo-nextest", "--locked"])
        .run()
    {
        println!("{error:#}; the tests will run under `cargo test`");
    }
    Ok(())
}
