//! TLS for the HTTP side, when a certificate is given.

use std::path::PathBuf;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Config;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds no PEM of its kind.
    #[error("{file}: {source}")]
    Pem {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key are not usable together.
    #[error("tls_certificate and tls_key: {0}")]
    Pair(#[from] rustls::Error),
}

/// The TLS configuration, where certificate and key are configured.
///
/// # Errors
/// [`TlsError`] naming the file.
pub fn configuration(config: &Config) -> Result<Option<ServerConfig>, TlsError> {
    let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
        return Ok(None);
    };
    let certificate_fault = |source| TlsError::Pem { file: certificate.clone(), source };
    let chain = CertificateDer::pem_file_iter(certificate)
        .map_err(certificate_fault)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(certificate_fault)?;
    let key_fault = |source| TlsError::Pem { file: key.clone(), source };
    let key = PrivateKeyDer::from_pem_file(key).map_err(key_fault)?;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Some(config))
}
