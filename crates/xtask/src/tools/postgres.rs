//! The programs of a PostgreSQL server, for clusters that last as long as a test run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::install_debian;
use crate::repo::Repo;

/// Tells the tests where `initdb` and `postgres` are.
pub(crate) const VARIABLE: &str = "MAMAGANG_PG_BIN";

/// Where Debian keeps a folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder that holds `initdb`: the one that the environment names, else the newest version installed, else one that
/// is installed now. Tests on PostgreSQL are never skipped, so having none is an error.
pub(crate) fn install(repo: &Repo) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(VARIABLE) {
        return named(folder);
    }
    if let Some(folder) = newest(Path::new(DEBIAN)) {
        return Ok(folder);
    }
    install_debian(repo, &["postgresql"])?;
    match newest(Path::new(DEBIAN)) {
        Some(folder) => Ok(folder),
        None => bail!("PostgreSQL was installed, but {DEBIAN}/*/bin/initdb is not there"),
    }
}

fn named(folder: OsString) -> Result<PathBuf> {
    let folder = PathBuf::from(folder);
    if !is_complete(&folder) {
        bail!(
            "{VARIABLE}={}: initdb and postgres are not there",
            folder.display()
        );
    }
    Ok(folder)
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let folders = std::fs::read_dir(versions)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    let complete = folders.filter(|folder| is_complete(&folder.join("bin")));
    complete
        .max_by_key(|folder| major_version(folder))
        .map(|folder| folder.join("bin"))
}

fn major_version(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(versions: &Path, version: &str, programs: &[&str]) {
        let folder = versions.join(version).join("bin");
        std::fs::create_dir_all(&folder).unwrap();
        for program in programs {
            std::fs::write(folder.join(program), "").unwrap();
        }
    }

    #[test]
    fn the_newest_whole_version_is_taken() {
        let versions = tempfile::tempdir().unwrap();
        server(versions.path(), "9", &["initdb", "postgres"]);
        server(versions.path(), "15", &["initdb", "postgres"]);
        server(versions.path(), "17", &["psql"]);
        assert_eq!(
            newest(versions.path()),
            Some(versions.path().join("15/bin"))
        );
    }

    #[test]
    fn a_client_alone_is_no_server() {
        let versions = tempfile::tempdir().unwrap();
        server(versions.path(), "15", &["psql", "initdb"]);
        assert_eq!(newest(versions.path()), None);
        assert!(named(versions.path().join("15/bin").into()).is_err());
    }
}
