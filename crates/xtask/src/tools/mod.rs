//! Programs that the checks need besides cargo: found, or installed by their ordinary package managers.

pub(crate) mod buf;
pub(crate) mod nextest;
pub(crate) mod postgres;
pub(crate) mod python;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::repo::Repo;

/// Installs Debian packages, as root or with a `sudo` that asks for nothing.
fn install_debian(repo: &Repo, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if process::on_path("apt-get").is_none() {
        bail!("{wanted}: not found, and there is no apt-get to install it with");
    }
    let is_root = repo.command("id").args(["-u"]).output()?.trim() == "0";
    let apt = |arguments: &[&str]| {
        let command = if is_root {
            repo.command("apt-get")
        } else {
            repo.command("sudo")
                .args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        };
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .run()
    };
    apt(&["update", "-qq"])?;
    let mut install = vec!["install", "-qq", "-y", "--no-install-recommends"];
    install.extend(packages);
    apt(&install).with_context(|| format!("{wanted} cannot be installed"))
}
