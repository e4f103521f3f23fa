//! Signed tokens (RFC 7519, RFC 8725).
//!
//! Own code on ring rather than a library: the instant is an argument, the algorithm is the key's and never the
//! header's, and nothing that is not understood is passed over ([ADR 0009](../../../docs/adr/0009-callers.md)).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::claims::{Claims, ClaimsProblem};
use crate::jwks::Jwks;

/// Bytes of a token.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// What tokens must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// `iss`.
    pub issuer: String,
    /// What `aud` is or holds.
    pub audience: String,
    /// Seconds by which the issuer's clock may differ.
    pub leeway_s: i64,
}

/// Why a token is not accepted. The caller is told none of it; the log names the problem and never the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// Not three parts of base64url with JSON, or too long.
    #[error("malformed")]
    Malformed,
    /// `none`, a shared secret, or another algorithm than the key's.
    #[error("algorithm")]
    Algorithm,
    /// No key of the set has signed it.
    #[error("signature")]
    Signature,
    /// Another issuer's.
    #[error("issuer")]
    Issuer,
    /// For another service.
    #[error("audience")]
    Audience,
    /// Past `exp`, or without one.
    #[error("expired")]
    Expired,
    /// Before `nbf`, or issued in the future.
    #[error("not yet valid")]
    NotYetValid,
    /// Says of its caller what is not understood.
    #[error("claims: {0}")]
    Claims(#[from] ClaimsProblem),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; there are none.
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Registered {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn has(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// A token that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who shows it.
    pub claims: Claims,
    /// The first second in which it holds, the leeway included.
    pub from_s: i64,
    /// The first second in which it does not hold any more, the leeway included.
    pub until_s: i64,
}

impl TokenRules {
    /// Reads a token that a key of the set has signed. `now_s` is in seconds since 1970-01-01T00:00Z.
    pub fn verify(&self, jwks: &Jwks, token: &str, now_s: i64) -> Result<Verified, TokenProblem> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenProblem::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenProblem::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenProblem::Malformed)?;
        let header: Header = part(header)?;
        if header.crit.is_some() {
            return Err(TokenProblem::Malformed);
        }
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenProblem::Malformed)?;
        let mut problem = TokenProblem::Signature;
        let verified = jwks.candidates(header.kid.as_deref()).any(|key| {
            if key.algorithm().name() != header.alg {
                problem = TokenProblem::Algorithm;
                return false;
            }
            key.verifies(signed.as_bytes(), &signature)
        });
        if !verified {
            return Err(problem);
        }
        // Only now is anything believed that the token says.
        let (from_s, until_s) = self.check(&part(payload)?)?;
        let verified = Verified {
            claims: part(payload)?,
            from_s,
            until_s,
        };
        verified.holds(now_s)?;
        Ok(verified)
    }

    /// From when until when a token holds, if it is of the issuer and for this service.
    fn check(&self, said: &Registered) -> Result<(i64, i64), TokenProblem> {
        if said.iss.as_deref() != Some(self.issuer.as_str()) {
            return Err(TokenProblem::Issuer);
        }
        if !said.aud.as_ref().is_some_and(|aud| aud.has(&self.audience)) {
            return Err(TokenProblem::Audience);
        }
        let expires = said.exp.ok_or(TokenProblem::Expired)?;
        let begins = [said.nbf, said.iat].into_iter().flatten().max();
        let from_s = begins.map_or(i64::MIN, |begins| begins.saturating_sub(self.leeway_s));
        Ok((from_s, expires.saturating_add(self.leeway_s)))
    }
}

impl Verified {
    /// Whether it holds now.
    pub fn holds(&self, now_s: i64) -> Result<(), TokenProblem> {
        if now_s >= self.until_s {
            Err(TokenProblem::Expired)
        } else if now_s < self.from_s {
            Err(TokenProblem::NotYetValid)
        } else {
            Ok(())
        }
    }
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, TokenProblem> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenProblem::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenProblem::Malformed)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use ring::rand::SystemRandom;
    use ring::rsa::PublicKeyComponents;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RsaKeyPair,
    };
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn rules() -> TokenRules {
        TokenRules {
            issuer: "https://id.zs.gov.cn".to_owned(),
            audience: "mamagang".to_owned(),
            leeway_s: 30,
        }
    }

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    struct Issuer {
        key: Ed25519KeyPair,
        jwks: Jwks,
    }

    fn new_issuer() -> Issuer {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        let x = b64(key.public_key());
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1"}]});
        let jwks = Jwks::parse(&set.to_string()).expect("a set");
        Issuer { key, jwks }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.zs.gov.cn", "aud": ["other", "mamagang"], "exp": NOW + 60, "nbf": NOW,
            "sub": "zhang.san", "org": "人社局", "roles": ["hr_clerk"],
        })
    }

    impl Issuer {
        fn token(&self, header: &Value, claims: &Value) -> String {
            let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
            let signature = self.key.sign(signed.as_bytes());
            format!("{signed}.{}", b64(signature))
        }

        fn verify(&self, token: &str, now_s: i64) -> Result<Claims, TokenProblem> {
            let verified = rules().verify(&self.jwks, token, now_s)?;
            Ok(verified.claims)
        }
    }

    fn header() -> Value {
        json!({"alg": "EdDSA", "kid": "k1", "typ": "JWT"})
    }

    #[test]
    fn a_token_of_the_issuer_says_who_calls() {
        let issuer = new_issuer();
        let said = issuer.verify(&issuer.token(&header(), &claims()), NOW);
        let said = said.expect("claims");
        assert_eq!(
            (said.subject.as_str(), said.organisation.as_str()),
            ("zhang.san", "人社局")
        );
        let without_kid = issuer.token(&json!({"alg": "EdDSA"}), &claims());
        assert!(issuer.verify(&without_kid, NOW).is_ok());
    }

    #[test]
    fn a_token_holds_from_nbf_to_exp_with_the_leeway() {
        let issuer = new_issuer();
        let token = issuer.token(&header(), &claims());
        let at = |now: i64| issuer.verify(&token, now).err();
        assert_eq!(at(NOW + 89), None);
        assert_eq!(at(NOW + 90), Some(TokenProblem::Expired));
        assert_eq!(at(NOW - 30), None);
        assert_eq!(at(NOW - 31), Some(TokenProblem::NotYetValid));
        let mut endless = claims();
        endless.as_object_mut().expect("an object").remove("exp");
        let token = issuer.token(&header(), &endless);
        assert_eq!(
            issuer.verify(&token, NOW).err(),
            Some(TokenProblem::Expired)
        );
    }

    #[test]
    fn a_token_for_others_or_of_others_is_refused() {
        let issuer = new_issuer();
        let with = |name: &str, value: Value| {
            let mut said = claims();
            said[name] = value;
            issuer.verify(&issuer.token(&header(), &said), NOW).err()
        };
        assert_eq!(with("aud", json!("other")), Some(TokenProblem::Audience));
        assert_eq!(
            with("aud", json!(["mamagang2"])),
            Some(TokenProblem::Audience)
        );
        assert_eq!(
            with("iss", json!("https://id.zs.gov.cn.evil")),
            Some(TokenProblem::Issuer)
        );
        assert_eq!(with("aud", json!("mamagang")), None);
        let other = new_issuer();
        let token = other.token(&header(), &claims());
        assert_eq!(
            issuer.verify(&token, NOW).err(),
            Some(TokenProblem::Signature)
        );
    }

    #[test]
    fn the_header_does_not_choose_the_algorithm() {
        let issuer = new_issuer();
        for alg in ["none", "None", "HS256", "ES256", "RS256", ""] {
            let token = issuer.token(&json!({"alg": alg, "kid": "k1"}), &claims());
            assert_eq!(
                issuer.verify(&token, NOW).err(),
                Some(TokenProblem::Algorithm),
                "{alg}"
            );
        }
        let signed = format!(
            "{}.{}",
            b64(json!({"alg": "none"}).to_string()),
            b64(claims().to_string())
        );
        assert_eq!(
            issuer.verify(&format!("{signed}."), NOW).err(),
            Some(TokenProblem::Algorithm)
        );
        // HS256 with the public key as its secret: there is no such algorithm here.
        let critical = issuer.token(
            &json!({"alg": "EdDSA", "crit": ["b64"], "b64": false}),
            &claims(),
        );
        assert_eq!(
            issuer.verify(&critical, NOW).err(),
            Some(TokenProblem::Malformed)
        );
        let unknown = issuer.token(&json!({"alg": "EdDSA", "kid": "k2"}), &claims());
        assert_eq!(
            issuer.verify(&unknown, NOW).err(),
            Some(TokenProblem::Signature)
        );
    }

    #[test]
    fn every_changed_character_and_every_cut_is_refused() {
        let issuer = new_issuer();
        let token = issuer.token(&header(), &claims());
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(issuer.verify(&changed, NOW).is_err(), "changed at {place}");
            assert!(
                issuer.verify(&token[..place], NOW).is_err(),
                "cut at {place}"
            );
        }
        assert!(
            issuer
                .verify(&"a".repeat(TOKEN_BYTES_MAX + 1), NOW)
                .is_err()
        );
    }

    #[test]
    fn p256_keys_sign_tokens_too() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        let point = key.public_key().as_ref();
        let set = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])}]});
        let jwks = Jwks::parse(&set.to_string()).expect("a set");
        let sign = |signed: &[u8]| {
            let signature = key.sign(&random, signed).expect("a signature");
            signature.as_ref().to_vec()
        };
        assert_holds_and_breaks(&jwks, "ES256", &sign);
    }

    #[test]
    fn rsa_keys_sign_tokens_too() {
        // ring makes no RSA keys.
        let text = include_str!("testdata/rsa-2048.txt");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let document = STANDARD.decode(lines.collect::<String>()).expect("base64");
        let key = RsaKeyPair::from_der(&document).expect("a key");
        let public: PublicKeyComponents<Vec<u8>> = key.public().into();
        let set = json!({"keys": [{"kty": "RSA", "n": b64(public.n), "e": b64(public.e)}]});
        let jwks = Jwks::parse(&set.to_string()).expect("a set");
        let sign = |signed: &[u8]| {
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed,
                &mut signature,
            )
            .expect("a signature");
            signature
        };
        assert_holds_and_breaks(&jwks, "RS256", &sign);
    }

    /// A good token of an algorithm holds; every way of getting it wrong is refused for what it is.
    fn assert_holds_and_breaks(jwks: &Jwks, alg: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>) {
        let part = |alg: &str, claims: &Value| {
            let header = json!({"alg": alg}).to_string();
            format!("{}.{}", b64(header), b64(claims.to_string()))
        };
        let token = |signed: &str| format!("{signed}.{}", b64(sign(signed.as_bytes())));
        let told = |token: &str| rules().verify(jwks, token, NOW).map(drop);
        let good = part(alg, &claims());
        assert_eq!(told(&token(&good)), Ok(()));

        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            token(&part(alg, &claims))
        };
        for (name, value, problem) in [
            ("exp", json!(NOW - 31), TokenProblem::Expired),
            ("nbf", json!(NOW + 31), TokenProblem::NotYetValid),
            ("aud", json!("tax-portal"), TokenProblem::Audience),
            ("iss", json!("https://elsewhere"), TokenProblem::Issuer),
        ] {
            assert_eq!(told(&with(name, value)), Err(problem), "{name}");
        }
        for other in ["none", "HS256", "EdDSA", "ES256", "RS256", "RS384", "PS256"] {
            let token = token(&part(other, &claims()));
            let is_own = other == alg;
            assert_eq!(told(&token).is_ok(), is_own, "{other}");
        }
        // Signed by somebody else, over something else, not at all.
        let mut wrong = sign(good.as_bytes());
        wrong[20] ^= 1;
        let another = sign(part(alg, &json!({"sub": "root"})).as_bytes());
        for signature in [wrong, another, Vec::new(), vec![0; 64], vec![0; 256]] {
            let forged = format!("{good}.{}", b64(&signature));
            assert_eq!(
                told(&forged),
                Err(TokenProblem::Signature),
                "{} bytes",
                signature.len()
            );
        }
        let issuer = new_issuer();
        let of_another_key = format!("{good}.{}", b64(issuer.key.sign(good.as_bytes())));
        assert_eq!(told(&of_another_key), Err(TokenProblem::Signature));
    }
}
