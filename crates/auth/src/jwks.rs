//! Public keys of token issuers (RFC 7517, RFC 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

/// Bytes of the smallest RSA modulus: 2,048 bits.
const RSA_BYTES_MIN: usize = 256;
/// Bytes of the largest RSA modulus: ring's 8,192 bits.
const RSA_BYTES_MAX: usize = 1_024;
/// Keys of a set.
const KEYS_MAX: usize = 64;

/// A signature algorithm. There is no other: neither `none` nor one with a shared secret can be written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// Its name in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A public key and the one algorithm that it is for: the header of a token does not choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519.
    Ed25519(Vec<u8>),
    /// An uncompressed point of P-256.
    P256(Vec<u8>),
    /// RSA modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    /// The algorithm of its signatures.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// Whether a signature is of this key.
    pub fn verifies(&self, message: &[u8], signed: &[u8]) -> bool {
        let verified = match self {
            Self::Ed25519(key) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signed)
            }
            Self::P256(key) => {
                let algorithm = &signature::ECDSA_P256_SHA256_FIXED;
                UnparsedPublicKey::new(algorithm, key).verify(message, signed)
            }
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed)
            }
        };
        verified.is_ok()
    }
}

/// A set of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks {
    keys: Vec<(Option<String>, PublicKey)>,
}

#[derive(Deserialize)]
struct RawSet {
    keys: Vec<RawKey>,
}

#[derive(Deserialize)]
struct RawKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwks {
    /// Reads a set. Errors: what is wrong, without the keys. A secret key among them is wrong too: this file is public.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: RawSet = serde_json::from_str(text)
            .map_err(|error| format!("is no JSON Web Key Set (line {})", error.line()))?;
        if raw.keys.is_empty() || raw.keys.len() > KEYS_MAX {
            return Err(format!("must hold 1 to {KEYS_MAX} keys"));
        }
        let keys = raw.keys.iter().enumerate().map(|(index, key)| {
            let read = key.read();
            let place = key.kid.clone().unwrap_or_else(|| (index + 1).to_string());
            let public = read.map_err(|what| format!("key {place}: {what}"))?;
            Ok((key.kid.clone(), public))
        });
        let keys: Vec<(Option<String>, PublicKey)> = keys.collect::<Result<_, String>>()?;
        for (index, (kid, _)) in keys.iter().enumerate() {
            if kid.is_some() && keys[..index].iter().any(|(other, _)| other == kid) {
                return Err("two keys have one kid".to_owned());
            }
        }
        Ok(Self { keys })
    }

    /// The keys that a token may be signed with: the one it names, or all where it names none.
    pub fn candidates<'a>(&'a self, kid: Option<&'a str>) -> impl Iterator<Item = &'a PublicKey> {
        self.keys
            .iter()
            .filter(move |(own, _)| kid.is_none_or(|kid| own.as_deref() == Some(kid)))
            .map(|(_, key)| key)
    }
}

impl RawKey {
    fn read(&self) -> Result<PublicKey, String> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("is not for signatures".to_owned());
        }
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519(sized(&self.x, 32)?),
            ("EC", Some("P-256")) => {
                let mut point = vec![4];
                point.extend(sized(&self.x, 32)?);
                point.extend(sized(&self.y, 32)?);
                PublicKey::P256(point)
            }
            ("RSA", None) => {
                let modulus = decoded(&self.n)?;
                if !(RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&modulus.len()) {
                    return Err("RSA keys have 2,048 to 8,192 bits".to_owned());
                }
                PublicKey::Rsa {
                    modulus,
                    exponent: decoded(&self.e)?,
                }
            }
            ("oct", _) => {
                return Err(
                    "is a shared secret; tokens are signed with EdDSA, ES256 or RS256".to_owned(),
                );
            }
            _ => return Err("is neither Ed25519, nor P-256, nor RSA".to_owned()),
        };
        match &self.alg {
            Some(alg) if alg != key.algorithm().name() => {
                Err(format!("is of {}, not of its alg", key.algorithm().name()))
            }
            _ => Ok(key),
        }
    }
}

fn decoded(text: &Option<String>) -> Result<Vec<u8>, String> {
    let text = text.as_deref().ok_or("lacks a part")?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| "is not base64url".to_owned())
}

fn sized(text: &Option<String>, bytes: usize) -> Result<Vec<u8>, String> {
    let value = decoded(text)?;
    if value.len() == bytes {
        Ok(value)
    } else {
        Err(format!("a part has not {bytes} bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Jwks::parse(text).expect_err("a wrong set")
    }

    #[test]
    fn a_set_is_read_key_by_key() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let text = format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"a","alg":"EdDSA","use":"sig"}},
                {{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}","kid":"b"}}]}}"#
        );
        let set = Jwks::parse(&text).expect("a set");
        assert_eq!(set.candidates(None).count(), 2);
        assert_eq!(set.candidates(Some("a")).count(), 1);
        assert_eq!(set.candidates(Some("c")).count(), 0);
    }

    #[test]
    fn what_could_weaken_tokens_is_no_key() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        assert!(refused(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#).contains("shared secret"));
        assert!(refused(r#"{"keys":[]}"#).contains("1 to 64"));
        assert!(refused("nonsense").contains("no JSON"));
        let small = URL_SAFE_NO_PAD.encode([7; 255]);
        let rsa = format!(r#"{{"keys":[{{"kty":"RSA","n":"{small}","e":"AQAB"}}]}}"#);
        assert!(refused(&rsa).contains("2,048"));
        let other =
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","alg":"HS256"}}]}}"#);
        assert!(refused(&other).contains("not of its alg"));
        let twice = format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"a"}},{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"a"}}]}}"#
        );
        assert!(refused(&twice).contains("one kid"));
        let short = URL_SAFE_NO_PAD.encode([7; 31]);
        let cut = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{short}"}}]}}"#);
        assert!(refused(&cut).contains("32 bytes"));
    }
}
