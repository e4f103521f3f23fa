//! Requests signed as national data-sharing gateways ask for it: an HMAC over application, time,
//! nonce and request, each in a header of its own. The names of the headers differ from gateway to
//! gateway and are settings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use zeroize::Zeroizing;

/// Names of the headers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderNames {
    /// Of the application's id.
    pub application: String,
    /// Of the time, in milliseconds since 1970.
    pub timestamp: String,
    /// Of the nonce.
    pub nonce: String,
    /// Of the signature, in Base64.
    pub signature: String,
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self {
            application: "x-tif-paasid".to_owned(),
            timestamp: "x-tif-timestamp".to_owned(),
            nonce: "x-tif-nonce".to_owned(),
            signature: "x-tif-signature".to_owned(),
        }
    }
}

/// The hash function of a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignedDigest {
    /// HMAC-SHA-256.
    #[default]
    Sha256,
    /// HMAC-SM3 (GB/T 32905).
    Sm3,
}

/// Headers of one request, by name.
pub type SignedHeaders = [(String, String); 4];

/// Signs requests.
pub struct Signer {
    application: String,
    secret: Zeroizing<Vec<u8>>,
    digest: SignedDigest,
    names: HeaderNames,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("application", &self.application)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer for an application that the gateway knows.
    pub fn new(
        application: impl Into<String>,
        secret: Zeroizing<Vec<u8>>,
        digest: SignedDigest,
        names: HeaderNames,
    ) -> Self {
        Self {
            application: application.into(),
            secret,
            digest,
            names,
        }
    }

    /// The headers of a POST to a path with a body, sent at an instant (milliseconds) under a nonce
    /// that is used once.
    pub fn headers(&self, millis: i64, nonce: &str, path: &str, body: &[u8]) -> SignedHeaders {
        let names = &self.names;
        [
            (names.application.clone(), self.application.clone()),
            (names.timestamp.clone(), millis.to_string()),
            (names.nonce.clone(), nonce.to_owned()),
            (
                names.signature.clone(),
                self.signature(millis, nonce, path, body),
            ),
        ]
    }

    /// The signature over application, time, nonce, `POST`, path and the body's hash in lower-case
    /// hexadecimal, a line each; Base64.
    pub fn signature(&self, millis: i64, nonce: &str, path: &str, body: &[u8]) -> String {
        let millis = millis.to_string();
        let hash = match self.digest {
            SignedDigest::Sha256 => hex::encode(Sha256::digest(body)),
            SignedDigest::Sm3 => hex::encode(Sm3::digest(body)),
        };
        let lines = [&self.application, &millis, nonce, "POST", path, &hash].join("\n");
        match self.digest {
            SignedDigest::Sha256 => mac(
                Hmac::<Sha256>::new_from_slice(&self.secret),
                lines.as_bytes(),
            ),
            SignedDigest::Sm3 => mac(Hmac::<Sm3>::new_from_slice(&self.secret), lines.as_bytes()),
        }
    }
}

fn mac<M: Mac, E: std::fmt::Debug>(keyed: Result<M, E>, text: &[u8]) -> String {
    let mut mac = keyed.expect("HMAC takes a key of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(application: &str, secret: &[u8], digest: SignedDigest) -> Signer {
        let secret = Zeroizing::new(secret.to_vec());
        Signer::new(application, secret, digest, HeaderNames::default())
    }

    #[test]
    fn every_part_of_a_request_is_signed() {
        let usual = || signer("app", b"secret", SignedDigest::Sha256);
        let first = usual().signature(1, "n", "/status", b"body");
        assert_eq!(usual().signature(1, "n", "/status", b"body"), first);
        let sm3 = signer("app", b"secret", SignedDigest::Sm3);
        for other in [
            signer("app", b"other", SignedDigest::Sha256).signature(1, "n", "/status", b"body"),
            signer("ape", b"secret", SignedDigest::Sha256).signature(1, "n", "/status", b"body"),
            sm3.signature(1, "n", "/status", b"body"),
            usual().signature(2, "n", "/status", b"body"),
            usual().signature(1, "m", "/status", b"body"),
            usual().signature(1, "n", "/states", b"body"),
            usual().signature(1, "n", "/status", b"bodies"),
        ] {
            assert_ne!(other, first);
        }
        assert!(!format!("{:?}", usual()).contains("secret"));
    }

    #[test]
    fn the_signature_is_that_of_another_implementation() {
        // printf 'app\n1706745600000\nn1\nPOST\n/status\n%s' "$(printf '{}' | sha256sum | cut -c-64)" |
        // openssl dgst -sha256 -hmac secret -binary | base64
        let signature = signer("app", b"secret", SignedDigest::Sha256).signature(
            1_706_745_600_000,
            "n1",
            "/status",
            b"{}",
        );
        assert_eq!(signature, "JqBIIShG/DE3lYZ31spfMmzG5nyfY7Oy6pRjtMaeaVg=");
    }

    #[test]
    fn the_headers_are_named_as_the_gateway_wants_them() {
        let names: HeaderNames = toml::from_str("nonce = \"x-nonce\"").expect("names");
        let secret = Zeroizing::new(b"secret".to_vec());
        let signer = Signer::new("app", secret, SignedDigest::Sha256, names);
        let headers = signer.headers(7, "n", "/", b"");
        let named = headers.each_ref().map(|(name, _)| name.as_str());
        assert_eq!(
            named,
            [
                "x-tif-paasid",
                "x-tif-timestamp",
                "x-nonce",
                "x-tif-signature"
            ]
        );
        assert_eq!((&*headers[1].1, &*headers[2].1), ("7", "n"));
    }
}
