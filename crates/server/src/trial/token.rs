//! A token for a trial.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use mamagang_store::Clock as _;
use rcgen::{KeyPair, SigningKey as _};
use serde_json::json;

use super::{AUDIENCE, ISSUER};
use crate::clock::SystemClock;

/// `mamagang token`.
#[derive(Args, Clone, Debug)]
pub struct TokenArgs {
    /// The folder that `mamagang certs` made
    #[arg(long, value_name = "DIR", default_value = "trial")]
    pub dir: PathBuf,
    /// A role; may be given more than once
    #[arg(long, value_name = "ROLE", required = true)]
    pub role: Vec<String>,
    /// Who calls
    #[arg(long, value_name = "NAME", default_value = "trial")]
    pub subject: String,
    /// For which office or firm
    #[arg(long, value_name = "NAME", default_value = "trial")]
    pub organisation: String,
    /// The employer of the role employer_payroll
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub employer: String,
    /// A prefix of the town codes that may be reached; may be given more than once
    #[arg(long, value_name = "DIGITS")]
    pub region: Vec<String>,
    /// Minutes until it expires
    #[arg(long, value_name = "MINUTES", default_value_t = 480, value_parser = clap::value_parser!(u32).range(1..))]
    pub minutes: u32,
}

/// The token's text.
pub fn token(args: &TokenArgs) -> anyhow::Result<String> {
    let path = args.dir.join("token.key");
    let pem = fs::read_to_string(&path).with_context(|| {
        format!(
            "{} cannot be read; `mamagang certs` makes it",
            path.display()
        )
    })?;
    let key = KeyPair::from_pem(&pem).context("token.key holds no key")?;
    let now = SystemClock.now_micros().div_euclid(1_000_000);
    let claims = json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": now,
        "nbf": now,
        "exp": now + i64::from(args.minutes) * 60,
        "sub": args.subject,
        "org": args.organisation,
        "roles": args.role,
        "employer_code": args.employer,
        "region_codes": args.region,
    });
    let said: mamagang_auth::Claims = serde_json::from_value(claims.clone())?;
    said.caller().context("such a token would be refused")?;
    let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "trial"});
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = key.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode(&signature)))
}
