//! Child processes: no standard input, output passed on, failures that name the command.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result, bail};

/// A command that is about to run.
pub(crate) struct Process {
    command: Command,
    shown: String,
}

impl Process {
    /// `program`, to be run in `folder`.
    pub(crate) fn new(program: &Path, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null());
        let shown = program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        Self { command, shown }
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        for argument in arguments {
            self.shown.push(' ');
            self.shown.push_str(&argument.as_ref().to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in another folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs to the end; an exit code other than 0 is an error.
    pub(crate) fn run(mut self) -> Result<()> {
        println!("$ {}", self.shown);
        let status = self
            .command
            .status()
            .with_context(|| format!("`{}` does not start", self.shown))?;
        if !status.success() {
            bail!("`{}` failed: {status}", self.shown);
        }
        Ok(())
    }

    /// Runs to the end and returns standard output; an exit code other than 0 is an error that quotes both outputs.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self
            .command
            .output()
            .with_context(|| format!("`{}` does not start", self.shown))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!(
                "`{}` failed: {}\n{stdout}{stderr}",
                self.shown,
                output.status
            );
        }
        Ok(stdout)
    }

    /// Runs to the end and returns what it said on standard error, whatever its exit code.
    pub(crate) fn complaints(mut self) -> Result<String> {
        let output = self
            .command
            .output()
            .with_context(|| format!("`{}` does not start", self.shown))?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Runs to the end, passes every line on as it comes, and returns those that `keep` picks, failed or not.
    pub(crate) fn run_keeping(mut self, keep: fn(&str) -> bool) -> (Vec<String>, Result<()>) {
        println!("$ {}", self.shown);
        let spawned = self
            .command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match spawned.with_context(|| format!("`{}` does not start", self.shown)) {
            Ok(child) => child,
            Err(error) => return (Vec::new(), Err(error)),
        };
        let (sender, lines) = mpsc::channel();
        let readers = [
            forward(child.stdout.take(), sender.clone()),
            forward(child.stderr.take(), sender),
        ];
        let kept = lines
            .iter()
            .inspect(|line| println!("{line}"))
            .filter(|line: &String| keep(line))
            .collect();
        for reader in readers {
            // A reader ends with the pipe; a panic in it could only lose lines, and the exit code still decides.
            let _ended = reader.join();
        }
        let result = match child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(anyhow::anyhow!("`{}` failed: {status}", self.shown)),
            Err(error) => {
                Err(error).with_context(|| format!("`{}` cannot be waited for", self.shown))
            }
        };
        (kept, result)
    }
}

fn forward(
    pipe: Option<impl Read + Send + 'static>,
    lines: mpsc::Sender<String>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let Some(pipe) = pipe else { return };
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if lines
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                return;
            }
        }
    })
}

/// The program of this name on the search path.
pub(crate) fn on_path(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::new(Path::new("sh"), Path::new(".")).args(["-c", script])
    }

    #[test]
    fn a_failing_command_is_named_with_what_it_said() {
        let error = shell("echo broken >&2; exit 3")
            .output()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("exit 3") && error.contains("broken"),
            "{error}"
        );
    }

    #[test]
    fn picked_lines_of_both_outputs_are_kept_even_when_the_command_fails() {
        let (mut kept, result) = shell("echo keep out; echo drop; echo keep err >&2; exit 1")
            .run_keeping(|line| line.starts_with("keep"));
        kept.sort();
        assert_eq!(kept, ["keep err", "keep out"]);
        assert!(result.is_err());
    }

    #[test]
    fn there_is_no_standard_input_to_wait_for() {
        assert_eq!(shell("cat; echo end").output().unwrap(), "end\n");
    }
}
