//! TLS on the listener.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{InconsistentKeys, ServerConfig};
use tracing::{info, warn};

use crate::StartError;
use crate::files::{self, Watched};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// What TLS computes with.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A certificate and its key, which are read again when their files change: certificates are renewed while a server runs.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// What is shown to who connects. The lock is held to take or to replace it, and a poisoned one is taken all the same.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// Reads a certificate with its chain, and its key, both in PEM.
    ///
    /// # Errors
    /// Says which file cannot be read, or is not what it should be.
    pub fn from_files(certificate: PathBuf, key: PathBuf) -> Result<Self, StartError> {
        let text = |option, path: &Path| {
            std::fs::read_to_string(path).map_err(|error| StartError::file(option, path, error))
        };
        let (certificates, key_text) = (text("--tls-cert", &certificate)?, text("--tls-key", &key)?);
        let certified = certified(&certificates, &key_text).map_err(|Unfit { is_key, why }| {
            let (option, path) = if is_key { ("--tls-key", &key) } else { ("--tls-cert", &certificate) };
            StartError::unfit(option, path, why)
        })?;
        let current = Arc::new(Current(RwLock::new(Arc::new(certified))));
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| StartError::unfit("--tls-cert", &certificate, error.to_string()))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { certificate, key, current, acceptor: Arc::new(config).into() })
    }

    pub(crate) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Reads the files again whenever they change. Two that do not fit each other, or cannot be read, change nothing: they
    /// are written one after the other, and the next look finds both.
    pub(crate) async fn keep_watch(&self) {
        let mut watched = Watched::new([self.certificate.clone(), self.key.clone()], PERIOD);
        loop {
            watched.changed().await;
            let (Ok(certificates), Ok(key)) =
                (files::read_text(&self.certificate).await, files::read_text(&self.key).await)
            else {
                warn!("the certificate or its key cannot be read; those that were read before serve on");
                continue;
            };
            match certified(&certificates, &key) {
                Ok(certified) => {
                    let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
                    if current.cert != certified.cert {
                        *current = Arc::new(certified);
                        info!("the certificate has been read again");
                    }
                }
                Err(Unfit { why, .. }) => {
                    warn!(why, "the certificate has changed and cannot be used; the old one serves on");
                }
            }
        }
    }
}

/// What is wrong with a certificate, or with its key.
struct Unfit {
    is_key: bool,
    why: String,
}

fn certified(certificates: &str, key: &str) -> Result<CertifiedKey, Unfit> {
    let unfit = |is_key, why: &str| Unfit { is_key, why: why.to_owned() };
    let chain = CertificateDer::pem_slice_iter(certificates.as_bytes()).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|_| unfit(false, "it should hold certificates in PEM"))?;
    if chain.is_empty() {
        return Err(unfit(false, "it holds no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| unfit(true, "it should hold a private key in PEM, not encrypted"))?;
    let key = provider()
        .key_provider
        .load_private_key(key)
        .map_err(|_| unfit(true, "its key should be one of RSA, P-256, P-384 or Ed25519"))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // A key that does not tell its public half is taken at its word.
        Ok(()) | Err(tokio_rustls::rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(certified)
        }
        Err(tokio_rustls::rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            Err(unfit(true, "it is not the key of the certificate in --tls-cert"))
        }
        Err(_) => Err(unfit(false, "its first certificate cannot be read")),
    }
}
