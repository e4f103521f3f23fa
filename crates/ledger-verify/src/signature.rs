//! Ed25519 over what a checkpoint says (RFC 8032).

use ed25519_dalek::{Signature, VerifyingKey};

/// What every signature of the service begins with.
const LABEL: &[u8] = b"mamagang/signature";

/// Whether a signature over a document of a kind is by the holder of a key. What is signed is the
/// label, the kind and the document, each behind its length as four bytes, big-endian.
pub(crate) fn is_signed(key: &[u8; 32], kind: &str, document: &[u8], signature: &[u8; 64]) -> bool {
    let mut message = Vec::new();
    for part in [LABEL, kind.as_bytes(), document] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(part);
    }
    VerifyingKey::from_bytes(key).is_ok_and(|key| {
        key.verify_strict(&message, &Signature::from_bytes(signature))
            .is_ok()
    })
}
