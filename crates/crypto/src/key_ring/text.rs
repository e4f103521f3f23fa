//! The text of a key file.

use std::fmt::Write;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{KEY_FILE_BYTES_MAX, Key, KeyPurpose, KeyRing, KeyRingError, KeySet};
use crate::algorithm::{CipherAlgorithm, MacAlgorithm, SignatureAlgorithm};
use crate::secret::Secret;

const VERSION: i64 = 1;
/// Keys of one purpose at most: each retired MAC key costs a MAC in every search.
pub const KEYS_MAX: usize = 8;

/// Room for the longest file.
const TEXT_BYTES: usize = 6_144;

const PREAMBLE: &str = "\
# Secret keys of a mamagang service. Keep this file at mode 0600 and back it up apart from the
# database: without it, persons are neither found nor read.
";

/// Read before the rest, since another version may have other fields.
#[derive(Deserialize)]
struct RawVersion {
    version: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRing {
    #[serde(rename = "version")]
    _version: i64,
    #[serde(default)]
    wrapping: Vec<RawCipherKey>,
    #[serde(default)]
    mac: Vec<RawMacKey>,
    #[serde(default)]
    token: Vec<RawMacKey>,
    #[serde(default)]
    signing: Vec<RawSigningKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCipherKey {
    id: u32,
    cipher: String,
    status: String,
    secret: RawSecret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMacKey {
    id: u32,
    mac: String,
    status: String,
    secret: RawSecret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSigningKey {
    id: u32,
    signature: String,
    status: String,
    secret: RawSecret,
}

/// Wiped when dropped.
struct RawSecret(Zeroizing<String>);

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// A key with its algorithm told apart; its status and secret are still text.
struct RawKey<A> {
    id: u32,
    algorithm: Option<A>,
    key_bytes: usize,
    status: String,
    secret: RawSecret,
}

impl From<RawCipherKey> for RawKey<CipherAlgorithm> {
    fn from(raw: RawCipherKey) -> Self {
        let algorithm = CipherAlgorithm::from_name(&raw.cipher);
        Self {
            id: raw.id,
            algorithm,
            key_bytes: algorithm.map_or(0, CipherAlgorithm::key_bytes),
            status: raw.status,
            secret: raw.secret,
        }
    }
}

impl From<RawMacKey> for RawKey<MacAlgorithm> {
    fn from(raw: RawMacKey) -> Self {
        let algorithm = MacAlgorithm::from_name(&raw.mac);
        Self {
            id: raw.id,
            algorithm,
            key_bytes: algorithm.map_or(0, MacAlgorithm::key_bytes),
            status: raw.status,
            secret: raw.secret,
        }
    }
}

impl From<RawSigningKey> for RawKey<SignatureAlgorithm> {
    fn from(raw: RawSigningKey) -> Self {
        let algorithm = SignatureAlgorithm::from_name(&raw.signature);
        Self {
            id: raw.id,
            algorithm,
            key_bytes: algorithm.map_or(0, SignatureAlgorithm::key_bytes),
            status: raw.status,
            secret: raw.secret,
        }
    }
}

impl KeyRing {
    /// Reads the text of a key file, for keys that come from the environment or a secret store.
    ///
    /// # Errors
    /// The first fault, in order: length, version, syntax, then purpose by purpose.
    pub fn from_text(text: &str) -> Result<Self, KeyRingError> {
        if text.len() > KEY_FILE_BYTES_MAX {
            return Err(KeyRingError::TooLong);
        }
        let RawVersion { version } = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        if version != VERSION {
            return Err(KeyRingError::UnknownVersion { version });
        }
        let raw: RawRing = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let mut seen = Vec::new();
        Ok(Self {
            wrapping: key_set(KeyPurpose::Wrapping, raw.wrapping, &mut seen)?,
            mac: key_set(KeyPurpose::Mac, raw.mac, &mut seen)?,
            token: key_set(KeyPurpose::Token, raw.token, &mut seen)?,
            signing: match raw.signing.is_empty() {
                true => None,
                false => Some(key_set(KeyPurpose::Signing, raw.signing, &mut seen)?),
            },
        })
    }

    /// The text of a key file that holds this ring.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        // Sized at once: a string that grew would leave copies of secrets behind.
        let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES));
        text.push_str(PREAMBLE);
        // Writing into a String cannot fail.
        let _ = writeln!(text, "version = {VERSION}");
        let cipher = |algorithm: CipherAlgorithm| ("cipher", algorithm.name());
        let mac = |algorithm: MacAlgorithm| ("mac", algorithm.name());
        write_set(&mut text, KeyPurpose::Wrapping, &self.wrapping, cipher);
        write_set(&mut text, KeyPurpose::Mac, &self.mac, mac);
        write_set(&mut text, KeyPurpose::Token, &self.token, mac);
        if let Some(signing) = &self.signing {
            let signature = |algorithm: SignatureAlgorithm| ("signature", algorithm.name());
            write_set(&mut text, KeyPurpose::Signing, signing, signature);
        }
        text
    }
}

/// Where the parser stopped. Its message may quote the file, secrets included, so it is dropped.
fn syntax(text: &str, error: &toml::de::Error) -> KeyRingError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    KeyRingError::Syntax { line }
}

fn key_set<A: Copy, R: Into<RawKey<A>>>(
    purpose: KeyPurpose,
    raw: Vec<R>,
    seen: &mut Vec<Secret>,
) -> Result<KeySet<A>, KeyRingError> {
    if raw.len() > KEYS_MAX {
        return Err(KeyRingError::TooManyKeys { purpose });
    }
    let mut current = Vec::new();
    let mut retired: Vec<Key<A>> = Vec::new();
    for raw_key in raw {
        let raw_key = raw_key.into();
        let key_id = raw_key.id;
        let is_current = match raw_key.status.as_str() {
            "current" => true,
            "retired" => false,
            _ => return Err(KeyRingError::UnknownStatus { purpose, key_id }),
        };
        let key = key(purpose, raw_key, seen)?;
        if key_id == 0
            || current
                .iter()
                .chain(&retired)
                .any(|known| known.id == key_id)
        {
            return Err(KeyRingError::KeyId { purpose, key_id });
        }
        if is_current {
            &mut current
        } else {
            &mut retired
        }
        .push(key);
    }
    let count = current.len();
    match current.pop() {
        Some(current) if count == 1 => Ok(KeySet { current, retired }),
        _ => Err(KeyRingError::CurrentKey { purpose, count }),
    }
}

fn key<A>(
    purpose: KeyPurpose,
    raw: RawKey<A>,
    seen: &mut Vec<Secret>,
) -> Result<Key<A>, KeyRingError> {
    let key_id = raw.id;
    let algorithm = raw
        .algorithm
        .ok_or(KeyRingError::UnknownAlgorithm { purpose, key_id })?;
    let expected = raw.key_bytes;
    let form = KeyRingError::SecretForm {
        purpose,
        key_id,
        expected,
    };
    let mut bytes = Zeroizing::new(vec![0; expected]);
    // The library's error quotes a character of the secret, so it is dropped.
    hex::decode_to_slice(raw.secret.0.as_bytes(), &mut bytes).map_err(|_| form)?;
    let secret = Secret::new(bytes);
    let is_placeholder = secret.expose().windows(2).all(|pair| pair[0] == pair[1]);
    let is_known = seen.iter().any(|known| known.expose() == secret.expose());
    if is_placeholder || is_known {
        return Err(KeyRingError::SecretReused { purpose, key_id });
    }
    seen.push(secret.clone());
    Ok(Key {
        id: key_id,
        algorithm,
        secret,
    })
}

fn write_set<A: Copy>(
    text: &mut String,
    purpose: KeyPurpose,
    keys: &KeySet<A>,
    algorithm: impl Fn(A) -> (&'static str, &'static str),
) {
    for key in keys.iter() {
        let (field, name) = algorithm(key.algorithm);
        let status = if key.id == keys.current.id {
            "current"
        } else {
            "retired"
        };
        let secret = Zeroizing::new(hex::encode(key.secret.expose()));
        let _ = write!(
            text,
            "\n[[{purpose}]]\nid = {}\n{field} = \"{name}\"\nstatus = \"{status}\"\nsecret = \"{}\"\n",
            key.id, *secret
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::Suite;
    use crate::entropy::tests::Counting;
    use crate::key_ring::tests::ring_of;

    fn sample() -> String {
        let ring = KeyRing::generate(Suite::INTERNATIONAL, &mut Counting(0)).expect("keys");
        ring.to_text().to_string()
    }

    fn refusal(text: &str) -> String {
        KeyRing::from_text(text).expect_err("a fault").to_string()
    }

    /// The secrets of a text, in order.
    fn secrets(text: &str) -> Vec<&str> {
        let is_secret = |part: &&str| part.len() >= 32 && hex::decode(part).is_ok();
        text.split('"').filter(is_secret).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let rings = [
            ring_of(&[("mac", 4, "current", 4), ("mac", 3, "retired", 3)]),
            KeyRing::generate(Suite::NATIONAL, &mut Counting(0)).expect("keys"),
        ];
        for ring in rings {
            let text = ring.to_text();
            let read = KeyRing::from_text(&text).expect("a valid key file");
            assert_eq!(*read.to_text(), *text);
            assert_eq!(read.mac.current().id, ring.mac.current().id);
        }
    }

    #[test]
    fn the_longest_file_fits_the_room_set_aside_for_it() {
        let keys: Vec<_> = (1..=8u8)
            .flat_map(|number| {
                let status = if number == 1 { "current" } else { "retired" };
                [
                    ("wrapping", 0),
                    ("mac", 50),
                    ("token", 100),
                    ("signing", 150),
                ]
                .map(|(purpose, seed)| {
                    (purpose, u32::MAX - u32::from(number), status, seed + number)
                })
            })
            .collect();
        let text = ring_of(&keys).to_text();
        assert!(text.len() <= TEXT_BYTES, "{}", text.len());
    }

    #[test]
    fn a_file_of_before_there_were_signing_keys_is_read() {
        let text = sample();
        let (before, _) = text.split_once("[[signing]]").expect("a signing key");
        let ring = KeyRing::from_text(before).expect("a valid key file");
        assert!(ring.signing.is_none());
        assert!(!ring.to_text().contains("signing"));
    }

    #[test]
    fn algorithms_are_the_files_choice() {
        let text = sample().replace("hmac-sha256", "hmac-sm3");
        let ring = KeyRing::from_text(&text).expect("a valid key file");
        assert_eq!(ring.mac.current().algorithm, MacAlgorithm::HmacSm3);
        assert_eq!(ring.token.current().algorithm, MacAlgorithm::HmacSm3);
        assert_eq!(
            ring.wrapping.current().algorithm,
            CipherAlgorithm::Aes256Gcm
        );
    }

    #[test]
    fn another_version_is_refused_before_anything_else() {
        let text = sample().replace("version = 1", "version = 2\nnovelty = true");
        assert_eq!(refusal(&text), "the key file has the unknown version 2");
        assert_eq!(
            refusal("version = 0"),
            "the key file has the unknown version 0"
        );
    }

    #[test]
    fn each_fault_has_its_own_error() {
        let text = sample();
        let change = |from: &str, to: &str| refusal(&text.replacen(from, to, 1));
        let first_secret = secrets(&text)[0];
        assert_eq!(
            change("aes-256-gcm", "rot13"),
            "wrapping key 1 has an unknown algorithm"
        );
        assert_eq!(
            change("current", "Current"),
            "wrapping key 1 has an unknown status"
        );
        assert_eq!(
            change("current", "retired"),
            "the key file has 0 current wrapping keys but must have one"
        );
        assert_eq!(
            change("id = 1", "id = 0"),
            "the key file has a zero or repeated id 0 among its wrapping keys"
        );
        let form = "the secret of wrapping key 1 must be 32 bytes in hexadecimal";
        assert_eq!(change(first_secret, &first_secret[2..]), form);
        assert_eq!(change(first_secret, &format!("{first_secret}00")), form);
        assert_eq!(change(first_secret, &"zz".repeat(32)), form);
        assert_eq!(
            change("aes-256-gcm", "sm4-gcm"),
            "the secret of wrapping key 1 must be 16 bytes in hexadecimal"
        );
        assert_eq!(
            change(first_secret, &"00".repeat(32)),
            "the secret of wrapping key 1 is a placeholder or another key's"
        );
        assert_eq!(
            change(secrets(&text)[1], first_secret),
            "the secret of mac key 1 is a placeholder or another key's"
        );
    }

    #[test]
    fn a_purpose_has_one_current_key_distinct_ids_and_a_limit() {
        let text = sample();
        let more = |count: u8, same_id: bool, status: &str| {
            let keys = (0..count).map(|number| {
                let id = if same_id { 1 } else { u32::from(number) + 2 };
                let secret = format!("{:02x}{}", number, "5a".repeat(31));
                format!("[[mac]]\nid = {id}\nmac = \"hmac-sm3\"\nstatus = \"{status}\"\nsecret = \"{secret}\"\n")
            });
            KeyRing::from_text(&format!("{text}{}", keys.collect::<String>()))
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        assert_eq!(more(7, false, "retired"), Ok(()));
        assert_eq!(
            more(8, false, "retired"),
            Err("the key file has too many mac keys".to_owned())
        );
        assert_eq!(
            more(1, false, "current"),
            Err("the key file has 2 current mac keys but must have one".to_owned())
        );
        assert_eq!(
            more(1, true, "retired"),
            Err("the key file has a zero or repeated id 1 among its mac keys".to_owned())
        );
    }

    #[test]
    fn a_syntax_error_tells_the_line_and_quotes_nothing() {
        let text = sample();
        let secret = secrets(&text)[0];
        let unquoted = text.replacen(&format!("\"{secret}\""), secret, 1);
        let number = text.replacen(&format!("\"{secret}\""), "1234567890", 1);
        let unknown = text.replacen("secret =", "sceret =", 1);
        for broken in [unquoted, number, unknown] {
            let error = KeyRing::from_text(&broken).expect_err("a fault");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("not understood at line"), "{shown}");
            assert!(!shown.contains(&secret[..6]) && !shown.contains("12345"));
            assert!(std::error::Error::source(&error).is_none());
        }
        assert_eq!(
            refusal(&text.replacen("version = 1", "version = one", 1)),
            "the key file is not understood at line 3"
        );
        assert_eq!(refusal(&"\n".repeat(65_537)), "the key file is too long");
        assert_eq!(refusal(""), "the key file is not understood at line 1");
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "\\PC*", tail in "[\\[\\]a-z0-9=\" \n]{0,80}") {
            let _ = KeyRing::from_text(&text);
            let _ = KeyRing::from_text(&format!("version = 1\n{tail}"));
            let _ = KeyRing::from_text(&format!("{}{tail}", sample()));
        }
    }
}
