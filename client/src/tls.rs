//! TLS: the cryptography of this process, and whose word is taken for who a node
//! is.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::ClientError;

/// Has this process use ring for TLS, unless it has chosen already. Whoever makes
/// an HTTP client of their own calls it before: there is no other default, and an
/// HTTP client without one panics.
pub fn use_ring() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been first; then there is one as well.
        let _ = ring::default_provider().install_default();
    }
}

/// What believes these authorities alone, given as PEM.
///
/// # Errors
/// When there is none among them, or one makes no sense.
pub(crate) fn believing(authorities: &[u8]) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        let certificate = certificate.map_err(|why| wrong(&why.to_string()))?;
        roots.add(certificate).map_err(|why| wrong(&why.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is none in it (PEM)"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| wrong(&why.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn wrong(why: &str) -> ClientError {
    ClientError::Url(format!("the certificates of the authority: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_a_certificate() {
        for bad in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(believing(bad.as_bytes()), Err(ClientError::Url(_))), "{bad}");
        }
    }
}
