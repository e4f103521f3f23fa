//! Everything by which callers are told, as it was last read.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use mamagang_app::{AppError, AppResult, Caller, ErrorReason};
use mamagang_grpc::{Authenticator, Peer, Security};
use metrics::counter;
use rustls::ServerConfig;

use crate::callers::Callers;
use crate::files::{AuthFiles, FileProblem, FileProblems, Require, problem, read};
use crate::jwks::Jwks;
use crate::jwt::{TokenProblem, TokenRules, Verified};
use crate::tls::{ClientNames, TlsState};

/// Gives the present instant in microseconds since 1970-01-01T00:00Z.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

const MICROS: i64 = 1_000_000;
/// Tokens that are remembered.
const TOKENS_MAX: usize = 10_000;

/// Tells callers by certificate and token. The files are read again by [`Credentials::reload`].
pub struct Credentials {
    files: AuthFiles,
    rules: Option<TokenRules>,
    now: Now,
    state: ArcSwap<State>,
}

struct State {
    /// What the files said, for the watch over them.
    contents: Vec<Vec<u8>>,
    tls: Option<TlsState>,
    jwks: Option<Jwks>,
    callers: Callers,
    /// Tokens that were read under these keys, by their hash: a signature takes longer to check than a call to answer.
    tokens: Mutex<HashMap<[u8; 32], Told>>,
}

/// A token's caller.
struct Told {
    caller: Caller,
    verified: Verified,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

/// Why a caller is not told. For log and measurement; the caller itself is told UNAUTHENTICATED alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    Nothing,
    Header,
    Token(TokenProblem),
    Certificate,
    Revoked,
    Stranger,
    Organisation,
}

impl Unknown {
    const fn name(self) -> &'static str {
        use TokenProblem as T;
        match self {
            Self::Nothing => "nothing_shown",
            Self::Header => "header",
            Self::Token(T::Malformed) => "token_malformed",
            Self::Token(T::Algorithm) => "token_algorithm",
            Self::Token(T::Signature) => "token_signature",
            Self::Token(T::Issuer) => "token_issuer",
            Self::Token(T::Audience) => "token_audience",
            Self::Token(T::Expired) => "token_expired",
            Self::Token(T::NotYetValid) => "token_not_yet_valid",
            Self::Token(T::Claims(_)) => "token_claims",
            Self::Certificate => "certificate",
            Self::Revoked => "certificate_revoked",
            Self::Stranger => "certificate_of_nobody",
            Self::Organisation => "other_organisation",
        }
    }
}

impl Credentials {
    /// Reads every file. Errors: everything that is wrong with them.
    pub fn read(files: AuthFiles, now: Now) -> Result<Self, FileProblems> {
        let state = State::read(&files)?;
        let rules = files.jwt.as_ref().map(|jwt| TokenRules {
            issuer: jwt.issuer.clone(),
            audience: jwt.audience.clone(),
            leeway_s: i64::try_from(jwt.leeway.as_secs()).unwrap_or(i64::MAX),
        });
        Ok(Self {
            files,
            rules,
            now,
            state: ArcSwap::from_pointee(state),
        })
    }

    /// Whether connections are encrypted.
    pub const fn has_tls(&self) -> bool {
        self.files.tls.is_some()
    }

    /// Reads the files again if any has changed, and says whether it did. Errors: everything that is wrong with them;
    /// what was read before stays in force.
    pub fn reload(&self) -> Result<bool, FileProblems> {
        let contents: Result<Vec<Vec<u8>>, FileProblem> =
            self.files.paths().into_iter().map(read).collect();
        let contents = contents.map_err(|what| FileProblems(vec![what]))?;
        if contents == self.state.load().contents {
            return Ok(false);
        }
        self.state.store(Arc::new(State::read(&self.files)?));
        Ok(true)
    }

    fn tell(&self, call: &Parts) -> Result<Caller, Unknown> {
        let state = self.state.load();
        let by_token = match (&self.rules, &state.jwks) {
            (Some(rules), Some(jwks)) => bearer(&call.headers)?.map(|token| {
                let now_s = (self.now)().div_euclid(MICROS);
                let caller = state.of_token(rules, jwks, token, now_s);
                caller.map_err(Unknown::Token)
            }),
            _ => None,
        };
        let by_token = by_token.transpose()?;
        let by_certificate = self.of_certificate(&state, call)?;
        match (self.files.require, by_token, by_certificate) {
            (Require::Both, Some(token), Some(certificate)) => {
                if token.organisation == certificate.organisation {
                    Ok(token)
                } else {
                    Err(Unknown::Organisation)
                }
            }
            (Require::Both, ..) => Err(Unknown::Nothing),
            (Require::Either, Some(caller), _) | (Require::Either, None, Some(caller)) => {
                Ok(caller)
            }
            (Require::Either, None, None) => Err(Unknown::Nothing),
        }
    }

    /// The caller of the connection's certificate; `None` without one.
    fn of_certificate(&self, state: &State, call: &Parts) -> Result<Option<Caller>, Unknown> {
        let peer = call.extensions.get::<Peer>();
        let Some(certificate) = peer.and_then(Peer::certificate) else {
            return Ok(None);
        };
        let shown = ClientNames::of(certificate).ok_or(Unknown::Certificate)?;
        let (issuer, serial) = &shown.serial;
        if state
            .tls
            .as_ref()
            .is_some_and(|tls| tls.is_revoked(issuer, serial))
        {
            return Err(Unknown::Revoked);
        }
        let known = shown.names.iter().find_map(|name| state.callers.of(name));
        match (known, self.files.require, &self.rules) {
            (Some(caller), ..) => Ok(Some(caller.clone())),
            // A gateway's certificate may stand for nobody where a token says who calls.
            (None, Require::Either, Some(_)) => Ok(None),
            (None, ..) => Err(Unknown::Stranger),
        }
    }
}

impl State {
    fn of_token(
        &self,
        rules: &TokenRules,
        jwks: &Jwks,
        token: &str,
        now_s: i64,
    ) -> Result<Caller, TokenProblem> {
        let hash = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
        let key: [u8; 32] = hash
            .as_ref()
            .try_into()
            .map_err(|_| TokenProblem::Malformed)?;
        {
            let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(told) = tokens.get(&key) {
                told.verified.holds(now_s)?;
                return Ok(told.caller.clone());
            }
        }
        let verified = rules.verify(jwks, token, now_s)?;
        let caller = verified.claims.caller()?;
        let told = Told {
            caller: caller.clone(),
            verified,
        };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|_, told| told.verified.holds(now_s).is_ok());
        }
        if tokens.len() < TOKENS_MAX {
            tokens.insert(key, told);
        }
        Ok(caller)
    }

    fn read(files: &AuthFiles) -> Result<Self, FileProblems> {
        let mut problems = Vec::new();
        let mut contents = Vec::new();
        for path in files.paths() {
            contents.push(read(path).unwrap_or_default());
        }
        let is_certificate_optional = files.jwt.is_some() && files.require == Require::Either;
        let tls = files.tls.as_ref().and_then(|tls| {
            let read = TlsState::read(tls, is_certificate_optional);
            read.map_err(|what| problems.extend(what)).ok()
        });
        let mut text = |path: &std::path::Path| {
            let read = read(path).and_then(|bytes| {
                String::from_utf8(bytes).map_err(|_| problem(path, "is not UTF-8"))
            });
            read.map_err(|what| problems.push(what)).ok()
        };
        let jwks = files
            .jwt
            .as_ref()
            .and_then(|jwt| Some((jwt, text(&jwt.jwks)?)));
        let callers = files
            .callers
            .as_ref()
            .and_then(|path| Some((path, text(path)?)));
        let jwks = jwks.and_then(|(jwt, text)| {
            let parsed = Jwks::parse(&text).map_err(|what| problem(&jwt.jwks, what));
            parsed.map_err(|what| problems.push(what)).ok()
        });
        let callers = callers.and_then(|(path, text)| {
            let parsed = Callers::parse(&text).map_err(|what| problem(path, what));
            parsed.map_err(|what| problems.push(what)).ok()
        });
        if !problems.is_empty() {
            return Err(FileProblems(problems));
        }
        Ok(Self {
            contents,
            tls,
            jwks,
            callers: callers.unwrap_or_default(),
            tokens: Mutex::default(),
        })
    }
}

/// The bearer token of a call; `None` without one. Two of them are none.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Unknown> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Unknown::Header);
    }
    let text = value.to_str().map_err(|_| Unknown::Header)?;
    let (scheme, token) = text.split_once(' ').ok_or(Unknown::Header)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token.trim()))
    } else {
        Err(Unknown::Header)
    }
}

impl Authenticator for Credentials {
    fn authenticate(&self, call: &Parts) -> AppResult<Caller> {
        self.tell(call).map_err(|unknown| {
            counter!("mamagang_unauthenticated_total", "why" => unknown.name()).increment(1);
            tracing::debug!(auth.problem = unknown.name(), "a caller could not be told");
            AppError::new(ErrorReason::Unauthenticated)
        })
    }
}

impl Security for Credentials {
    fn config(&self) -> Option<Arc<ServerConfig>> {
        let state = self.state.load();
        state.tls.as_ref().map(|tls| Arc::clone(&tls.config))
    }
}
