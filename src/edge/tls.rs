//! Certificates of a TLS listener: checked before they are used, swapped while running.

use std::sync::Arc;

use arc_swap::ArcSwap;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;
use pingora_rustls::{ClientHello, ResolvesServerCert, load_certs_and_key_files, sign::CertifiedKey};

use crate::edge::settings::TlsFiles;

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read, or holds no PEM of its kind.
    #[error("{file}: {cause}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        cause: String,
    },
    /// The key is not the certificate's.
    #[error("{certificate} and {private_key} do not belong together")]
    Mismatch {
        /// The chain.
        certificate: String,
        /// The key.
        private_key: String,
    },
}

/// The certificate of one listener.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Certificates {
    /// Reads and checks the pair.
    ///
    /// # Errors
    /// [`CertificateError`] naming the file.
    pub fn load(files: &TlsFiles) -> Result<Self, CertificateError> {
        let key = read(files)?;
        Ok(Self { files: files.clone(), current: Arc::new(Current(ArcSwap::from_pointee(key))) })
    }

    /// Reads the pair again; a bad one changes nothing.
    ///
    /// # Errors
    /// As [`Certificates::load`]; the old pair stays.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let key = read(&self.files)?;
        self.current.0.store(Arc::new(key));
        Ok(())
    }

    /// Settings of a listener with these certificates: TLS 1.2 and 1.3, HTTP/2 by ALPN.
    ///
    /// # Errors
    /// What the library refuses.
    pub fn tls_settings(&self) -> Result<TlsSettings> {
        let mut settings = TlsSettings::with_callbacks(Box::new(Quiet))?;
        settings.set_cert_resolver(Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>);
        settings.enable_h2();
        Ok(settings)
    }
}

struct Quiet;

impl pingora::listeners::TlsAccept for Quiet {}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateError> {
    let (certificate, private_key) =
        (files.certificate.display().to_string(), files.private_key.display().to_string());
    let unreadable = |file: &str, cause: String| CertificateError::Unreadable { file: file.to_owned(), cause };
    for (path, file) in [(&files.certificate, &certificate), (&files.private_key, &private_key)] {
        std::fs::metadata(path).map_err(|error| unreadable(file, error.to_string()))?;
    }
    let (chain, key) = load_certs_and_key_files(&certificate, &private_key)
        .map_err(|error| unreadable(&certificate, error.to_string()))?
        .ok_or_else(|| unreadable(&certificate, "no certificate, or no key beside it".to_owned()))?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key)
        .map_err(|error| unreadable(&private_key, error.to_string()))?;
    let pair = CertifiedKey::new(chain, key);
    pair.keys_match().map_err(|_| CertificateError::Mismatch { certificate, private_key })?;
    Ok(pair)
}
