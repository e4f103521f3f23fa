//! What the reading of settings asks of the process.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;

/// Longest file of settings, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The environment, the file system and the terminal, as far as settings need them.
pub struct Surroundings<'a> {
    /// The value of a variable. Text that was not UTF-8 arrives with replacement characters and is refused for them.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<String>,
    /// Whether a directory is there.
    pub is_directory: &'a dyn Fn(&Path) -> bool,
    /// Whether logs go to a terminal.
    pub logs_to_terminal: bool,
}

impl Surroundings<'static> {
    /// Those of this process.
    pub fn of_this_process() -> Self {
        Self {
            variable: &variable,
            read_file: &read_file,
            is_directory: &Path::is_dir,
            logs_to_terminal: io::stderr().is_terminal(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where settings are read from the environment"
)]
fn variable(name: &str) -> Option<String> {
    match std::env::var(name) {
        Ok(text) => Some(text),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(text)) => Some(text.to_string_lossy().into_owned()),
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "longer than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(text)
}
