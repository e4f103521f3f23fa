//! Tokens: what a caller is given to keep and bring back, such as a match or a place in a list.
//!
//! A token is base64url of `version (1) ‖ key id (4) ‖ expiry (8, microseconds) ‖ caller tag (16)
//! ‖ payload ‖ MAC (32)`, integers big-endian. The payload is authentic but readable by whoever
//! holds the token: it carries our ids, never a person's data. The kind stands in the MAC alone, so
//! that a token of one kind is none of another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::MacAlgorithm;
use crate::fields::fields;
use crate::key_ring::{Key, KeyRing};
use crate::mac::MAC_BYTES;

const VERSION: u8 = 1;
const CALLER_TAG_BYTES: usize = 16;
/// Version, key id, expiry.
const HEADER_BYTES: usize = 1 + 4 + 8;
const TOKEN_LABEL: &[u8] = b"mamagang/token";
const CALLER_LABEL: &[u8] = b"mamagang/token-caller";

/// Characters of a token at most: 16 KiB, for a payload of about 12,000 bytes. A longer payload
/// makes a token that is never opened.
pub const TOKEN_CHARACTERS_MAX: usize = 16_384;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A matched worker: a `match_id`.
    Match,
    /// A place in a list: a `page_token`.
    Page,
}

impl TokenKind {
    /// The word that stands in the MAC.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Page => "page",
        }
    }
}

/// Why a token was not opened, in order of precedence.
///
/// `OtherCaller` reads like `Invalid`: who holds another's token learns nothing of it. It is a
/// value of its own so that the audit trail can tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenError {
    /// No token of this service, of another kind, changed, or of a key that was removed.
    #[error("the token is not valid")]
    Invalid,
    /// Made for another caller.
    #[error("the token is not valid")]
    OtherCaller,
    /// Its time is over. A new one must be asked for.
    #[error("the token has expired")]
    Expired,
}

impl KeyRing {
    /// Makes a token that opens for this caller only, before `expires_at_micros` (microseconds
    /// since 1970, UTC).
    pub fn seal_token(
        &self,
        kind: TokenKind,
        caller: &str,
        expires_at_micros: i64,
        payload: &[u8],
    ) -> String {
        let key = self.token.current();
        let caller_tag = key.algorithm.mac(&key.secret, &caller_message(caller));
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&key.id.to_be_bytes());
        bytes.extend_from_slice(&expires_at_micros.to_be_bytes());
        bytes.extend_from_slice(&caller_tag[..CALLER_TAG_BYTES]);
        bytes.extend_from_slice(payload);
        let mac = key.algorithm.mac(
            &key.secret,
            &fields(&[TOKEN_LABEL, kind.name().as_bytes(), &bytes]),
        );
        bytes.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The payload of a token of this kind, made for this caller, whose time is not over.
    ///
    /// A token opens while `now_micros` is before its expiry, and no longer at it.
    pub fn open_token(
        &self,
        kind: TokenKind,
        caller: &str,
        now_micros: i64,
        text: &str,
    ) -> Result<Vec<u8>, TokenError> {
        if text.len() > TOKEN_CHARACTERS_MAX {
            return Err(TokenError::Invalid);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| TokenError::Invalid)?;
        let token = Token::read(&bytes).ok_or(TokenError::Invalid)?;
        let key = self.token.get(token.key_id).ok_or(TokenError::Invalid)?;
        let message = fields(&[TOKEN_LABEL, kind.name().as_bytes(), token.authenticated]);
        if !key.algorithm.verify(&key.secret, &message, token.mac) {
            return Err(TokenError::Invalid);
        }
        if !is_callers(key, caller, token.caller_tag) {
            return Err(TokenError::OtherCaller);
        }
        if now_micros >= token.expires_at_micros {
            return Err(TokenError::Expired);
        }
        Ok(token.payload.to_vec())
    }
}

/// A token's parts; nothing of it is authentic before its MAC is verified.
struct Token<'a> {
    key_id: u32,
    expires_at_micros: i64,
    caller_tag: &'a [u8; CALLER_TAG_BYTES],
    payload: &'a [u8],
    authenticated: &'a [u8],
    mac: &'a [u8; MAC_BYTES],
}

impl<'a> Token<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (authenticated, mac) = bytes.split_last_chunk::<MAC_BYTES>()?;
        let (header, rest) = authenticated.split_first_chunk::<HEADER_BYTES>()?;
        let (caller_tag, payload) = rest.split_first_chunk::<CALLER_TAG_BYTES>()?;
        let (version, header) = header.split_first()?;
        let (key_id, expires) = header.split_first_chunk::<4>()?;
        (*version == VERSION).then_some(Self {
            key_id: u32::from_be_bytes(*key_id),
            expires_at_micros: i64::from_be_bytes(expires.try_into().ok()?),
            caller_tag,
            payload,
            authenticated,
            mac,
        })
    }
}

fn is_callers(key: &Key<MacAlgorithm>, caller: &str, tag: &[u8; CALLER_TAG_BYTES]) -> bool {
    key.algorithm
        .verify(&key.secret, &caller_message(caller), tag)
}

fn caller_message(caller: &str) -> zeroize::Zeroizing<Vec<u8>> {
    fields(&[CALLER_LABEL, caller.as_bytes()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::Suite;
    use crate::entropy::tests::Counting;
    use crate::key_ring::tests::ring_of;

    fn ring(suite: Suite) -> KeyRing {
        KeyRing::generate(suite, &mut Counting(0)).expect("keys")
    }

    #[test]
    fn a_token_opens_until_its_expiry_and_no_longer_at_it() {
        for suite in [Suite::INTERNATIONAL, Suite::NATIONAL] {
            let ring = ring(suite);
            let token = ring.seal_token(TokenKind::Match, "tax", 1_000, b"payload");
            let open = |now| ring.open_token(TokenKind::Match, "tax", now, &token);
            assert_eq!(open(i64::MIN), Ok(b"payload".to_vec()));
            assert_eq!(open(999), Ok(b"payload".to_vec()));
            assert_eq!(open(1_000), Err(TokenError::Expired));
            assert_eq!(open(i64::MAX), Err(TokenError::Expired));
        }
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_another() {
        let ring = ring(Suite::INTERNATIONAL);
        let token = ring.seal_token(TokenKind::Match, "tax", 1_000, b"payload");
        assert_eq!(
            ring.open_token(TokenKind::Page, "tax", 0, &token),
            Err(TokenError::Invalid)
        );
    }

    #[test]
    fn anothers_token_is_told_apart_inwardly_only_and_before_its_expiry() {
        let ring = ring(Suite::INTERNATIONAL);
        let token = ring.seal_token(TokenKind::Page, "tax", 1_000, b"");
        for now in [0, 2_000] {
            assert_eq!(
                ring.open_token(TokenKind::Page, "hr", now, &token),
                Err(TokenError::OtherCaller)
            );
        }
        assert_eq!(
            TokenError::OtherCaller.to_string(),
            TokenError::Invalid.to_string()
        );
    }

    #[test]
    fn every_changed_or_missing_byte_is_invalid() {
        let ring = ring(Suite::INTERNATIONAL);
        let token = ring.seal_token(TokenKind::Page, "tax", 1_000, b"payload");
        let bytes = URL_SAFE_NO_PAD.decode(&token).expect("base64url");
        let open = |bytes: &[u8]| {
            ring.open_token(TokenKind::Page, "tax", 0, &URL_SAFE_NO_PAD.encode(bytes))
        };
        assert!(open(&bytes).is_ok());
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(open(&changed), Err(TokenError::Invalid), "{index}");
            assert_eq!(open(&bytes[..index]), Err(TokenError::Invalid), "{index}");
        }
        for text in [
            format!("{token}="),
            format!("{token}A"),
            format!(" {token}"),
        ] {
            assert_eq!(
                ring.open_token(TokenKind::Page, "tax", 0, &text),
                Err(TokenError::Invalid)
            );
        }
    }

    #[test]
    fn a_token_has_one_spelling() {
        let ring = ring(Suite::INTERNATIONAL);
        for payload in [&b""[..], b"1", b"12"] {
            let token = ring.seal_token(TokenKind::Page, "tax", 1_000, payload);
            for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
                let spelled = format!("{}{last}", &token[..token.len() - 1]);
                let is_open = ring.open_token(TokenKind::Page, "tax", 0, &spelled).is_ok();
                assert_eq!(is_open, spelled == token);
            }
        }
    }

    #[test]
    fn a_token_outlives_the_retirement_of_its_key_but_not_its_removal() {
        let before = ring_of(&[("token", 1, "current", 1)]);
        let during = ring_of(&[("token", 2, "current", 2), ("token", 1, "retired", 1)]);
        let after = ring_of(&[("token", 2, "current", 2)]);
        let token = before.seal_token(TokenKind::Match, "tax", 1_000, b"payload");
        assert!(
            during
                .open_token(TokenKind::Match, "tax", 0, &token)
                .is_ok()
        );
        assert_eq!(
            after.open_token(TokenKind::Match, "tax", 0, &token),
            Err(TokenError::Invalid)
        );
    }

    #[test]
    fn a_token_is_opened_up_to_its_longest() {
        let ring = ring(Suite::INTERNATIONAL);
        // 16,384 characters are 12,288 bytes, of which 61 are not payload.
        for (length, is_open) in [(12_227, true), (12_228, false)] {
            let token = ring.seal_token(TokenKind::Page, "tax", 1_000, &vec![0; length]);
            let opened = ring.open_token(TokenKind::Page, "tax", 0, &token);
            assert_eq!(opened.is_ok(), is_open, "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_opening_panic_or_succeed(text in "\\PC*", plausible in "[A-Za-z0-9_-]{0,200}") {
            let ring = ring(Suite::INTERNATIONAL);
            for text in [text, plausible] {
                prop_assert_eq!(ring.open_token(TokenKind::Page, "tax", 0, &text), Err(TokenError::Invalid));
            }
        }

        #[test]
        fn every_payload_and_caller_comes_back(
            payload in prop::collection::vec(any::<u8>(), 0..200), caller in "\\PC{0,30}", expires_at in 1i64..,
        ) {
            let ring = ring(Suite::NATIONAL);
            let token = ring.seal_token(TokenKind::Page, &caller, expires_at, &payload);
            prop_assert_eq!(ring.open_token(TokenKind::Page, &caller, 0, &token), Ok(payload));
        }
    }
}
