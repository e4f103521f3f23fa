//! The connection's security: TLS 1.3 alone, with client certificates where authorities for them are given.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{RootCertStore, ServerConfig};
use webpki::{CertRevocationList, OwnedCertRevocationList};

use crate::files::{FileProblem, TlsFiles, problem, read};

/// HTTP/2 and nothing else.
const ALPN: &[u8] = b"h2";

/// A certificate's issuer and serial number: by these it is revoked.
type Serial = (Vec<u8>, Vec<u8>);

/// What was read of the TLS files.
#[derive(Debug)]
pub(crate) struct TlsState {
    pub(crate) config: Arc<ServerConfig>,
    lists: Vec<CertRevocationList<'static>>,
}

impl TlsState {
    /// Reads the files. A certificate is optional for clients that may show a token instead.
    pub(crate) fn read(
        files: &TlsFiles,
        is_certificate_optional: bool,
    ) -> Result<Self, Vec<FileProblem>> {
        let mut problems = Vec::new();
        let mut keep = |found: Result<Vec<CertificateDer<'static>>, FileProblem>| {
            found
                .map_err(|what| problems.push(what))
                .unwrap_or_default()
        };
        let chain = keep(certificates(&files.certificate));
        let authorities = files
            .client_ca
            .as_deref()
            .map(|path| keep(certificates(path)));
        let key = read(&files.key).and_then(|pem| {
            PrivateKeyDer::from_pem_slice(&pem)
                .map_err(|_| problem(&files.key, "holds no private key in PEM"))
        });
        let revoked = files
            .revoked
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), lists);
        let (key, revoked) = match (key, revoked) {
            (Ok(key), Ok(revoked)) if problems.is_empty() => (key, revoked),
            (key, revoked) => {
                problems.extend(key.err());
                problems.extend(revoked.err());
                return Err(problems);
            }
        };
        let built = config(
            files,
            chain,
            key,
            authorities,
            &revoked,
            is_certificate_optional,
        );
        let config = built.map_err(|what| vec![what])?;
        let parsed = revoked
            .iter()
            .map(|list| OwnedCertRevocationList::from_der(list));
        let parsed: Result<Vec<_>, _> = parsed
            .map(|list| list.map(CertRevocationList::from))
            .collect();
        let path = files.revoked.as_deref().unwrap_or(Path::new(""));
        Ok(Self {
            config,
            lists: parsed
                .map_err(|_| vec![problem(path, "holds a revocation list that cannot be read")])?,
        })
    }

    /// Whether a certificate was revoked since its connection was opened.
    pub(crate) fn is_revoked(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.lists
            .iter()
            .any(|list| list.issuer() == issuer && !matches!(list.find_serial(serial), Ok(None)))
    }
}

fn config(
    files: &TlsFiles,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authorities: Option<Vec<CertificateDer<'static>>>,
    revoked: &[CertificateRevocationListDer<'static>],
    is_certificate_optional: bool,
) -> Result<Arc<ServerConfig>, FileProblem> {
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| problem(&files.certificate, error.to_string()))?;
    let builder = match authorities {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let path = files.client_ca.as_deref().unwrap_or(Path::new(""));
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots
                    .add(authority)
                    .map_err(|_| problem(path, "holds a certificate that is no authority"))?;
            }
            let mut verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            if !revoked.is_empty() {
                // A list that is out of date is as good as none: clients are refused until it is renewed.
                verifier = verifier
                    .with_crls(revoked.iter().cloned())
                    .only_check_end_entity_revocation()
                    .enforce_revocation_expiration();
            }
            if is_certificate_optional {
                verifier = verifier.allow_unauthenticated();
            }
            let verifier = verifier
                .build()
                .map_err(|error| problem(path, error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| problem(&files.key, error.to_string()))?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    // No early data: it may be replayed.
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileProblem> {
    let pem = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|_| problem(path, "holds PEM that cannot be read"))?;
    if found.is_empty() {
        return Err(problem(path, "holds no certificate in PEM"));
    }
    let distinct: HashSet<&[u8]> = found.iter().map(AsRef::as_ref).collect();
    if distinct.len() < found.len() {
        return Err(problem(path, "holds a certificate twice"));
    }
    Ok(found)
}

fn lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, FileProblem> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|_| problem(path, "holds PEM that cannot be read"))?;
    if found.is_empty() {
        return Err(problem(path, "holds no revocation list in PEM"));
    }
    Ok(found)
}

/// The names, issuer and serial number of a client's certificate.
#[derive(Debug)]
pub(crate) struct ClientNames {
    pub(crate) names: Vec<String>,
    pub(crate) serial: Serial,
}

impl ClientNames {
    /// Reads a certificate that the handshake has verified. URIs go before DNS names.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = webpki::EndEntityCert::try_from(certificate).ok()?;
        let uris = parsed.valid_uri_names().map(str::to_owned);
        let names = uris.chain(parsed.valid_dns_names().map(str::to_owned));
        Some(Self {
            names: names.collect(),
            serial: (parsed.issuer().to_vec(), parsed.serial().to_vec()),
        })
    }
}
