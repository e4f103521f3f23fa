//! Key files on disk: mode 0600, made whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{KeyRing, KeyRingError};
use crate::algorithm::Suite;
use crate::entropy::Entropy;

/// Bytes of a key file at most.
pub const KEY_FILE_BYTES_MAX: usize = 65_536;

const MODE: u32 = 0o600;
/// Permissions with the set-id and sticky bits.
const MODE_MASK: u32 = 0o7777;

impl KeyRing {
    /// Loads a key file, which must be a regular file (or a link to one) of mode 0600.
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        // Looked at before it is opened, since opening a pipe would wait for its other end.
        check_kind(&fs::metadata(path).map_err(unread)?)?;
        let file = File::open(path).map_err(unread)?;
        // The open file is what counts: the path may have been given another one meanwhile.
        let metadata = file.metadata().map_err(unread)?;
        check_kind(&metadata)?;
        let mode = metadata.permissions().mode() & MODE_MASK;
        if mode != MODE {
            return Err(KeyRingError::Mode { mode });
        }
        Self::from_text(&read(&file)?)
    }

    /// Makes a key file of new keys of the usual algorithms ([`Suite::INTERNATIONAL`]).
    ///
    /// The file appears whole, of mode 0600 and flushed to the disk, or not at all.
    ///
    /// # Errors
    /// [`KeyRingError::Exists`] when anything is at the path, which stays as it is.
    pub fn create(path: &Path, entropy: &mut dyn Entropy) -> Result<Self, KeyRingError> {
        Self::create_with(path, Suite::default(), entropy)
    }

    /// [`KeyRing::create`] with chosen algorithms.
    pub fn create_with(
        path: &Path,
        suite: Suite,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, KeyRingError> {
        let ring = Self::generate(suite, entropy)?;
        write_new(path, ring.to_text().as_bytes())?;
        Ok(ring)
    }
}

fn check_kind(metadata: &fs::Metadata) -> Result<(), KeyRingError> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(KeyRingError::NotAFile)
    }
}

fn read(file: &File) -> Result<Zeroizing<String>, KeyRingError> {
    // Sized at once: a vector that grew would leave copies of secrets behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX + 1));
    file.take(KEY_FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    if bytes.len() > KEY_FILE_BYTES_MAX {
        return Err(KeyRingError::TooLong);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let valid = &bytes[..error.valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            Err(KeyRingError::Syntax { line })
        }
    }
}

fn write_new(path: &Path, text: &[u8]) -> Result<(), KeyRingError> {
    let (draft, folder) = draft(path, text)?;
    draft
        .persist_noclobber(path)
        .map_err(|refused| match refused.error.kind() {
            io::ErrorKind::AlreadyExists => KeyRingError::Exists,
            _ => unwritten(refused.error),
        })?;
    flush(&folder)
}

/// Puts a file in the place of the one at a path.
pub(super) fn write_over(path: &Path, text: &[u8]) -> Result<(), KeyRingError> {
    let (draft, folder) = draft(path, text)?;
    draft
        .persist(path)
        .map_err(|refused| unwritten(refused.error))?;
    flush(&folder)
}

/// A whole file beside the path, flushed, without the path's name yet.
fn draft(path: &Path, text: &[u8]) -> Result<(NamedTempFile, PathBuf), KeyRingError> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut draft = tempfile::Builder::new()
        .prefix(".mamagang-keys-")
        .tempfile_in(folder)
        .map_err(unwritten)?;
    // Set again after creation: the process's umask may have taken bits away.
    draft
        .as_file()
        .set_permissions(Permissions::from_mode(MODE))
        .map_err(unwritten)?;
    draft.write_all(text).map_err(unwritten)?;
    draft.as_file().sync_all().map_err(unwritten)?;
    Ok((draft, folder.to_owned()))
}

/// A name is durable only once its folder is.
fn flush(folder: &Path) -> Result<(), KeyRingError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(unwritten)
}

fn unread(source: io::Error) -> KeyRingError {
    KeyRingError::Io {
        action: "read",
        source,
    }
}

fn unwritten(source: io::Error) -> KeyRingError {
    KeyRingError::Io {
        action: "written",
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::entropy::tests::{Counting, Dry};

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn mode_of(path: &Path) -> u32 {
        let metadata = fs::metadata(path).expect("the file is there");
        metadata.permissions().mode() & MODE_MASK
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("own file");
    }

    fn files_in(folder: &Path) -> usize {
        fs::read_dir(folder).expect("a folder").count()
    }

    #[test]
    fn a_new_file_has_mode_0600_and_loads_to_the_same_keys() {
        for suite in [Suite::INTERNATIONAL, Suite::NATIONAL] {
            let folder = folder();
            let path = folder.path().join("keys.toml");
            let made = KeyRing::create_with(&path, suite, &mut Counting(0)).expect("a new file");
            assert_eq!(mode_of(&path), 0o600);
            let loaded = KeyRing::load(&path).expect("loads");
            assert_eq!(*loaded.to_text(), *made.to_text());
            assert_eq!(files_in(folder.path()), 1, "no draft is left");
        }
    }

    #[test]
    fn a_file_is_never_overwritten() {
        let folder = folder();
        let path = folder.path().join("keys.toml");
        KeyRing::create(&path, &mut Counting(0)).expect("a new file");
        let before = fs::read(&path).expect("readable");
        let refused = KeyRing::create(&path, &mut Counting(5));
        assert!(matches!(refused, Err(KeyRingError::Exists)));
        assert_eq!(fs::read(&path).expect("readable"), before);
        assert_eq!(files_in(folder.path()), 1, "no draft is left");
    }

    #[test]
    fn a_dangling_link_is_not_followed_by_a_new_file() {
        let folder = folder();
        let path = folder.path().join("keys.toml");
        symlink(folder.path().join("elsewhere"), &path).expect("a link");
        let refused = KeyRing::create(&path, &mut Counting(0));
        assert!(matches!(refused, Err(KeyRingError::Exists)));
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn one_of_many_at_once_makes_the_file_and_the_others_are_refused() {
        let folder = folder();
        let path = folder.path().join("keys.toml");
        let results: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|seed| {
                    let path = &path;
                    scope.spawn(move || KeyRing::create(path, &mut Counting(seed * 1_000)))
                })
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|result| result.expect("no panic")).collect()
        });
        let mut made = results.into_iter().filter_map(Result::ok);
        let only = made.next().expect("one made it");
        assert!(made.next().is_none());
        let loaded = KeyRing::load(&path).expect("loads");
        assert_eq!(*loaded.to_text(), *only.to_text());
    }

    #[test]
    fn every_other_mode_is_refused() {
        let folder = folder();
        let path = folder.path().join("keys.toml");
        KeyRing::create(&path, &mut Counting(0)).expect("a new file");
        for mode in [
            0o400, 0o601, 0o604, 0o620, 0o640, 0o644, 0o660, 0o700, 0o777, 0o4600,
        ] {
            set_mode(&path, mode);
            match KeyRing::load(&path) {
                Err(KeyRingError::Mode { mode: found }) => assert_eq!(found, mode),
                other => panic!("{mode:o}: {other:?}"),
            }
        }
        assert_eq!(
            KeyRingError::Mode { mode: 0o644 }.to_string(),
            "the key file has mode 0644 but must have 0600"
        );
        set_mode(&path, 0o600);
        assert!(KeyRing::load(&path).is_ok());
    }

    #[test]
    fn a_link_to_a_key_file_loads_and_a_folder_does_not() {
        let folder = folder();
        let path = folder.path().join("keys.toml");
        KeyRing::create(&path, &mut Counting(0)).expect("a new file");
        let link = folder.path().join("link");
        symlink(&path, &link).expect("a link");
        assert!(KeyRing::load(&link).is_ok());
        assert!(matches!(
            KeyRing::load(folder.path()),
            Err(KeyRingError::NotAFile)
        ));
    }

    #[test]
    fn an_absent_file_or_folder_is_told_as_such() {
        let folder = folder();
        let absent = KeyRing::load(&folder.path().join("keys.toml"));
        let Err(KeyRingError::Io { action, source }) = absent else {
            panic!("{absent:?}");
        };
        assert_eq!((action, source.kind()), ("read", io::ErrorKind::NotFound));
        let path = folder.path().join("absent").join("keys.toml");
        let unwritten = KeyRing::create(&path, &mut Counting(0)).expect_err("no folder");
        assert_eq!(unwritten.to_string(), "the key file could not be written");
    }

    #[test]
    fn files_are_read_up_to_their_limit_and_as_text_only() {
        let folder = folder();
        let path = folder.path().join("keys.toml");
        let ring = KeyRing::create(&path, &mut Counting(0)).expect("a new file");
        let text = ring.to_text();
        let padded = |length: usize| format!("{}{}", *text, "\n".repeat(length - text.len()));
        fs::write(&path, padded(KEY_FILE_BYTES_MAX)).expect("own file");
        assert!(KeyRing::load(&path).is_ok());
        fs::write(&path, padded(KEY_FILE_BYTES_MAX + 1)).expect("own file");
        assert!(matches!(KeyRing::load(&path), Err(KeyRingError::TooLong)));
        fs::write(&path, b"version = 1\n\xff").expect("own file");
        assert!(matches!(
            KeyRing::load(&path),
            Err(KeyRingError::Syntax { line: 2 })
        ));
    }

    #[test]
    fn nothing_is_written_without_randomness() {
        let folder = folder();
        let refused = KeyRing::create(&folder.path().join("keys.toml"), &mut Dry);
        assert!(matches!(refused, Err(KeyRingError::Entropy(_))));
        assert_eq!(files_in(folder.path()), 0);
    }
}
