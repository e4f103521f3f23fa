//! Where the repository is, and the commands that are run in it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::Process;

/// The checkout that the command works on.
pub(crate) struct Repo {
    root: PathBuf,
}

impl Repo {
    /// The checkout around the current directory: the nearest folder upwards that holds `Cargo.lock`.
    pub(crate) fn find() -> Result<Self> {
        let here = std::env::current_dir().context("the current directory cannot be read")?;
        match here
            .ancestors()
            .find(|folder| folder.join("Cargo.lock").is_file())
        {
            Some(root) => Ok(Self {
                root: root.to_owned(),
            }),
            None => bail!("no Cargo.lock in {} or above it", here.display()),
        }
    }

    /// The checkout in this folder.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// A file or folder of the checkout.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A command run in the checkout's folder.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Process {
        Process::new(program.as_ref(), &self.root)
    }

    /// The cargo that runs this command.
    pub(crate) fn cargo(&self) -> Process {
        self.command(
            std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from),
        )
    }

    /// Tracked files and untracked ones that are not ignored, as paths relative to the root.
    ///
    /// The checkout may belong to another user than the one who runs this, as on a build machine; git then answers
    /// only if told that the folder is trusted.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let listed = self
            .command("git")
            .args([
                "-c",
                "safe.directory=*",
                "ls-files",
                "-z",
                "-co",
                "--exclude-standard",
            ])
            .output()?;
        Ok(listed
            .split('\0')
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .collect())
    }
}
