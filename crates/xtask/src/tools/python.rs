//! The Python client's environment: `.venv`, with what `clients/python/requirements.txt` pins.

use std::path::PathBuf;

use anyhow::Result;

use super::install_debian;
use crate::process;
use crate::repo::Repo;

const ENVIRONMENT: &str = ".venv";
const REQUIREMENTS: &str = "clients/python/requirements.txt";
/// A copy of the requirements that the environment was made from.
const STAMP: &str = ".venv/.installed-requirements.txt";

/// The interpreter of the environment.
pub(crate) fn interpreter(repo: &Repo) -> PathBuf {
    repo.path(".venv/bin/python")
}

/// Makes the environment unless it holds what is pinned.
pub(crate) fn install(repo: &Repo) -> Result<()> {
    let requirements = std::fs::read(repo.path(REQUIREMENTS))?;
    let is_current =
        std::fs::read(repo.path(STAMP)).is_ok_and(|installed| installed == requirements);
    if is_current && interpreter(repo).exists() {
        return Ok(());
    }
    if process::on_path("python3").is_none() {
        install_debian(repo, &["python3", "python3-venv"])?;
    }
    let make = || {
        repo.command("python3")
            .args(["-m", "venv", "--clear", ENVIRONMENT])
            .run()
    };
    if make().is_err() {
        // Debian's interpreter comes without the module that fills a new environment.
        install_debian(repo, &["python3-venv"])?;
        make()?;
    }
    let arguments = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        REQUIREMENTS,
    ];
    repo.command(interpreter(repo)).args(arguments).run()?;
    std::fs::write(repo.path(STAMP), requirements)?;
    Ok(())
}
