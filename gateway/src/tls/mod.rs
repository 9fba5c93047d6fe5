//! TLS at the node's door: one certificate and its key, read from files, and read
//! again when they are renewed. Connections that are open keep the one that they
//! began with.

mod validity;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, Error, ServerConfig};

use self::validity::{Moment, validity};
use crate::server::stopped;

/// The longest file of certificates or of a key, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// How long before its end a certificate is warned of.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Where the node's certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The certificate and those between it and an authority, in this order, as
    /// PEM.
    pub certificate: PathBuf,
    /// Its key, as PEM.
    pub key: PathBuf,
    /// How often it is looked whether the files are new.
    pub look_every: Duration,
}

impl TlsConfig {
    /// Files that are looked at every ten seconds.
    #[must_use]
    pub const fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, look_every: Duration::from_secs(10) }
    }

    /// Reads both files and checks them.
    ///
    /// # Errors
    /// When they are of no use together, or now.
    pub fn check(&self) -> Result<(), TlsError> {
        load(self).map(drop)
    }
}

/// Why a certificate and its key cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("{path} cannot be read: {why}", path = .0.display(), why = .1)]
    Read(PathBuf, io::Error),
    /// A file is damaged.
    #[error("{path} is no PEM: {why}", path = .0.display(), why = .1)]
    Pem(PathBuf, String),
    /// There is none in the file.
    #[error("{} holds no certificate (PEM)", .0.display())]
    NoCertificate(PathBuf),
    /// There is none in the file.
    #[error("{} holds no private key (PEM)", .0.display())]
    NoKey(PathBuf),
    /// They are of two pairs.
    #[error("the key in {} is not that of the certificate in {}", .key.display(), .certificate.display())]
    OtherKey {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// Its time is over.
    #[error("the certificate in {path} has expired: it was good until {until}", path = .0.display(), until = .1)]
    Expired(PathBuf, String),
    /// Its time has not come.
    #[error("the certificate in {path} is not good before {from}", path = .0.display(), from = .1)]
    NotYet(PathBuf, String),
    /// A kind of key or certificate that this node does not know, or a damaged
    /// one.
    #[error("the certificate in {path} and its key cannot be used: {why}", path = .0.display(), why = .1)]
    Unusable(PathBuf, Error),
}

fn load(config: &TlsConfig) -> Result<CertifiedKey, TlsError> {
    let TlsConfig { certificate, key, .. } = config;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
    let chain = chain.map_err(|why| TlsError::Pem(certificate.clone(), why.to_string()))?;
    let first = chain.first().ok_or_else(|| TlsError::NoCertificate(certificate.clone()))?;
    let unusable = |why| TlsError::Unusable(certificate.clone(), why);
    let (from, until) =
        validity(first).ok_or_else(|| unusable(Error::InvalidCertificate(rustls::CertificateError::BadEncoding)))?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|why| match why {
        pem::Error::NoItemsFound => TlsError::NoKey(key.clone()),
        why => TlsError::Pem(key.clone(), why.to_string()),
    })?;
    let now = seconds();
    if until < Moment::at(now) {
        return Err(TlsError::Expired(certificate.clone(), until.to_string()));
    }
    if from > Moment::at(now) {
        return Err(TlsError::NotYet(certificate.clone(), from.to_string()));
    }
    if until < Moment::at(now + SOON.as_secs()) {
        tracing::warn!(file = %certificate.display(), %until, "the certificate ends soon");
    }
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|why| match why {
        Error::InconsistentKeys(_) => TlsError::OtherKey { key: key.clone(), certificate: certificate.clone() },
        why => unusable(why),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let fault = |why| TlsError::Read(path.to_owned(), why);
    // A pipe would hold whoever opens it until somebody writes.
    if !fs::metadata(path).map_err(fault)?.is_file() {
        return Err(fault(io::Error::other("it is no regular file")));
    }
    let file = fs::File::open(path).map_err(fault)?;
    let mut bytes = Vec::new();
    let read = io::Read::read_to_end(&mut io::Read::take(file, FILE_BYTES_MAX + 1), &mut bytes);
    read.map_err(fault)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(fault(io::Error::other(format!("it is longer than {FILE_BYTES_MAX} bytes"))));
    }
    Ok(bytes)
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

/// Unix seconds.
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The certificate in use.
#[derive(Debug)]
pub(crate) struct Certificate {
    config: TlsConfig,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // It is replaced whole.
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// What says whether a file is another one than before.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    /// Reads it for the first time.
    pub(crate) fn read(config: TlsConfig) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(load(&config)?));
        Ok(Arc::new(Self { config, current }))
    }

    /// What takes connections with it.
    pub(crate) fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the suites of TLS 1.2 and 1.3");
        let mut config = config.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Reads it anew; the one in use stays when the files are of no use.
    pub(crate) fn renew(&self) -> Result<(), TlsError> {
        let renewed = Arc::new(load(&self.config)?);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.cert != renewed.cert {
            tracing::info!(file = %self.config.certificate.display(), "the certificate is renewed");
        }
        *current = renewed;
        Ok(())
    }

    fn stamp(&self) -> Stamp {
        [&self.config.certificate, &self.config.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        })
    }

    /// Renews it when its files are others than before. One file may be new
    /// before the other is: then what they are together is looked at again.
    pub(crate) async fn watch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let (mut known, mut told) = (self.stamp(), None);
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.config.look_every) => {}
                () = stopped(&mut stop) => return,
            }
            let found = self.stamp();
            if found == known {
                continue;
            }
            match self.renew() {
                Ok(()) => (known, told) = (found, None),
                Err(error) if told != Some(found) => {
                    tracing::error!(%error, "the certificate in use stays: its files are new and of no use");
                    told = Some(found);
                }
                Err(_) => {}
            }
        }
    }
}
