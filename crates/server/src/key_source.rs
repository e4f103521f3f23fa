//! Where the keys come from: a file, the environment, or a command that prints them.
//!
//! Whatever prints keys is trusted with them, and nothing else is told of them: neither what a command printed nor
//! what it complained of gets into a log or an error, only how it ended.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use mamagang_crypto::{KEY_FILE_BYTES_MAX, KeyRing};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use zeroize::Zeroizing;

/// How long a command may take to print the keys.
pub const KEY_COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a running service asks the command again, for keys that were changed.
pub const KEY_COMMAND_POLL: Duration = Duration::from_secs(60);

/// Where the keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A key file, which this program makes and changes.
    File(PathBuf),
    /// The text of a key file, in the environment.
    Environment(KeyText),
    /// A program and its arguments, which prints the text of a key file. No shell is between.
    Command(Vec<String>),
}

/// The text of a key file. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(Zeroizing<String>);

impl KeyText {
    /// Keeps a text.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(***)")
    }
}

impl KeySource {
    /// Reads the keys.
    ///
    /// # Errors
    /// Where they cannot be read; the message tells the place and holds nothing of what was read.
    pub async fn load(&self) -> anyhow::Result<KeyRing> {
        match self {
            Self::File(path) => KeyRing::load(path)
                .with_context(|| format!("the key file {} cannot be used", path.display())),
            Self::Environment(text) => {
                KeyRing::from_text(&text.0).context("the keys in MAMAGANG_KEYS cannot be used")
            }
            Self::Command(words) => {
                let text = printed(words, KEY_COMMAND_TIMEOUT).await?;
                KeyRing::from_text(&text)
                    .context("the keys that the key command printed cannot be used")
            }
        }
    }

    /// The key file, for what changes it.
    ///
    /// # Errors
    /// Where the keys come from elsewhere: whoever keeps them changes them.
    pub fn file(&self) -> anyhow::Result<&Path> {
        match self {
            Self::File(path) => Ok(path),
            Self::Environment(_) | Self::Command(_) => anyhow::bail!(
                "the keys do not come from a file, and this program does not change them elsewhere: change them in a \
                 file with --key-file and put that where the keys are kept"
            ),
        }
    }
}

/// What a command prints.
async fn printed(words: &[String], timeout: Duration) -> anyhow::Result<Zeroizing<String>> {
    let (program, arguments) = words.split_first().context("the key command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What it complains of may hold what it was to keep.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("the key command {program} cannot be started"))?;
    let stdout = child.stdout.take().context("a pipe")?;
    let run = async {
        // Sized at once: a vector that grew would leave copies of secrets behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX + 1));
        let most = KEY_FILE_BYTES_MAX as u64 + 1;
        stdout.take(most).read_to_end(&mut bytes).await?;
        anyhow::Ok((bytes, child.wait().await?))
    };
    let ended = tokio::time::timeout(timeout, run).await;
    let (bytes, status) = ended.with_context(|| {
        let seconds = timeout.as_secs();
        format!("the key command {program} has not ended after {seconds} seconds")
    })??;
    anyhow::ensure!(
        status.success(),
        "the key command {program} failed: {status}"
    );
    anyhow::ensure!(
        bytes.len() <= KEY_FILE_BYTES_MAX,
        "the key command {program} printed more than {KEY_FILE_BYTES_MAX} bytes"
    );
    let text = std::str::from_utf8(&bytes).ok();
    let text = text.with_context(|| format!("the key command {program} printed no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use mamagang_crypto::{OsEntropy, Suite};

    use super::*;

    /// A shell is a program like any other.
    fn shell(script: &str) -> Vec<String> {
        ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
    }

    fn key_file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys");
        KeyRing::create_with(&path, Suite::default(), &mut OsEntropy).expect("a key file");
        (folder, path)
    }

    #[tokio::test]
    async fn the_same_keys_come_from_a_file_the_environment_and_a_command() {
        let (_folder, path) = key_file();
        let text = std::fs::read_to_string(&path).expect("a text");
        let sources = [
            KeySource::File(path.clone()),
            KeySource::Environment(KeyText::new(&text)),
            KeySource::Command(vec!["/bin/cat".to_owned(), path.display().to_string()]),
        ];
        let mut keys = Vec::new();
        for source in &sources {
            keys.push(source.load().await.expect("keys").public_keys());
        }
        assert!(keys.iter().all(|it| *it == keys[0]));
        assert!(sources[0].file().is_ok());
        assert!(sources[1].file().is_err() && sources[2].file().is_err());
        assert!(!format!("{sources:?}").contains("secret"), "{sources:?}");
    }

    #[tokio::test]
    async fn nothing_that_a_command_prints_is_in_its_error() {
        let scripts = [
            "echo hunter2; echo hunter2 >&2; exit 3",
            "echo hunter2",
            "head -c 70000 /dev/zero | tr '\\0' h; echo unter2",
            "printf '\\377hunter2'",
        ];
        for script in scripts {
            let failed = KeySource::Command(shell(script)).load().await;
            let told = format!("{:?}", failed.expect_err(script));
            assert!(!told.contains("hunter2"), "{told}");
        }
        let absent = KeySource::Command(vec!["/no/such/program".to_owned()]);
        assert!(absent.load().await.is_err());
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_given_up() {
        let begun = tokio::time::Instant::now();
        let late = printed(&shell("exec sleep 60"), Duration::from_millis(200)).await;
        let told = late.expect_err("late").to_string();
        assert!(told.contains("has not ended"), "{told}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
