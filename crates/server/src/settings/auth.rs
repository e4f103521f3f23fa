//! The settings by which callers are told. They go together: half of them is a wrong setting.

use std::path::PathBuf;
use std::time::Duration;

use mamagang_auth::{AuthFiles, JwtFiles, Require, TlsFiles};

use super::Setting;
use super::gather::Gathered;
use super::problem::{Problem, Source};
use super::surroundings::Surroundings;
use super::value;

/// How the settings that were given want callers to be told; `None` where none was given: then every caller is the
/// developer.
pub(super) fn auth(gathered: &mut Gathered, surroundings: &Surroundings<'_>) -> Option<AuthFiles> {
    let any = [
        Setting::TlsCertificate,
        Setting::TlsKey,
        Setting::TlsClientCa,
        Setting::TlsRevoked,
        Setting::AuthCallers,
        Setting::JwtJwks,
        Setting::JwtIssuer,
        Setting::JwtAudience,
    ];
    let is_asked_for = any.into_iter().any(|setting| gathered.has(setting));
    let mut path = |setting| gathered.judge(setting, |text| value::file(text, surroundings));
    let certificate = path(Setting::TlsCertificate);
    let key = path(Setting::TlsKey);
    let client_ca = path(Setting::TlsClientCa);
    let revoked = path(Setting::TlsRevoked);
    let callers = path(Setting::AuthCallers);
    let jwks = path(Setting::JwtJwks);
    let issuer = gathered.judge(Setting::JwtIssuer, value::text);
    let audience = gathered.judge(Setting::JwtAudience, value::text);
    let leeway = gathered.judge(Setting::JwtLeewaySeconds, value::leeway);
    let require = gathered.judge(Setting::AuthRequire, value::require);
    if !is_asked_for {
        return None;
    }
    let pairs = [
        (Setting::TlsCertificate, Setting::TlsKey),
        (Setting::TlsKey, Setting::TlsCertificate),
        (Setting::TlsClientCa, Setting::TlsCertificate),
        (Setting::TlsClientCa, Setting::AuthCallers),
        (Setting::TlsRevoked, Setting::TlsClientCa),
        (Setting::AuthCallers, Setting::TlsClientCa),
        (Setting::JwtJwks, Setting::JwtIssuer),
        (Setting::JwtJwks, Setting::JwtAudience),
        (Setting::JwtIssuer, Setting::JwtJwks),
        (Setting::JwtAudience, Setting::JwtJwks),
    ];
    let mut is_whole = true;
    let mut missing: Vec<Setting> = Vec::new();
    for (given, needed) in pairs {
        if gathered.has(given) && !gathered.has(needed) && !missing.contains(&needed) {
            lacks(
                gathered,
                needed,
                &format!("a value, because {} is set", given.key()),
            );
            missing.push(needed);
            is_whole = false;
        }
    }
    let (by_certificate, by_token) = (
        gathered.has(Setting::TlsClientCa),
        gathered.has(Setting::JwtJwks),
    );
    if is_whole && !by_certificate && !by_token {
        lacks(
            gathered,
            Setting::JwtJwks,
            "a file, or tls.client_ca: encryption alone does not tell who calls",
        );
    }
    if is_whole && require == Some(Require::Both) && !(by_certificate && by_token) {
        lacks(
            gathered,
            Setting::AuthRequire,
            "either, or both tls.client_ca and jwt.jwks to be set",
        );
    }
    Some(AuthFiles {
        tls: tls(certificate, key, client_ca, revoked),
        jwt: jwt(jwks, issuer, audience, leeway),
        callers,
        require: require.unwrap_or(Require::Either),
    })
}

fn tls(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
    revoked: Option<PathBuf>,
) -> Option<TlsFiles> {
    Some(TlsFiles {
        certificate: certificate?,
        key: key?,
        client_ca,
        revoked,
    })
}

fn jwt(
    jwks: Option<PathBuf>,
    issuer: Option<String>,
    audience: Option<String>,
    leeway: Option<Duration>,
) -> Option<JwtFiles> {
    Some(JwtFiles {
        jwks: jwks?,
        issuer: issuer?,
        audience: audience?,
        leeway: leeway?,
    })
}

fn lacks(gathered: &mut Gathered, setting: Setting, expected: &str) {
    gathered.refuse(Problem {
        setting: setting.key().to_owned(),
        source: Source::Default,
        given: None,
        expected: expected.to_owned(),
    });
}
