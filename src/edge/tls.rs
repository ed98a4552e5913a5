//! Certificates of a TLS listener: checked before they are used, swapped while running.

use std::sync::Arc;

use arc_swap::ArcSwap;
use pingora::listeners::tls::TlsSettings;
use pingora::prelude::*;
use pingora_rustls::{ClientHello, ResolvesServerCert, load_certs_and_key_files, sign::CertifiedKey};

use crate::{
    clock::UnixTime,
    edge::{expiry, settings::TlsFiles},
};

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
    /// The system's root certificates cannot be read; the proxy library would panic over them.
    #[error("the system's root certificates (SSL_CERT_FILE, SSL_CERT_DIR): {cause}")]
    SystemRoots {
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

    /// When the leaf ends; `None` if that cannot be read.
    #[must_use]
    pub fn ends_at(&self) -> Option<UnixTime> {
        expiry::not_after(self.current.0.load().cert.first()?)
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

/// Reads the system's root certificates as the proxy library will, which panics where they are
/// bad, even for a plain-text site. To be called before the proxy is made.
///
/// # Errors
/// [`CertificateError::SystemRoots`].
pub fn check_system_roots() -> Result<(), CertificateError> {
    let mut roots = pingora_rustls::RootCertStore::empty();
    pingora_rustls::load_platform_certs_incl_env_into_store(&mut roots)
        .map_err(|error| CertificateError::SystemRoots { cause: error.to_string() })
}

struct Quiet;

impl pingora::listeners::TlsAccept for Quiet {}

fn read(files: &TlsFiles) -> Result<CertifiedKey, CertificateError> {
    let (certificate, private_key) = (files.certificate.display().to_string(), files.private_key.display().to_string());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A new key and a certificate of it, as PEM files in `folder`.
    fn pair(folder: &std::path::Path, name: &str) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(vec![format!("{name}.example")]).unwrap();
        let files = TlsFiles {
            certificate: folder.join(format!("{name}.pem")),
            private_key: folder.join(format!("{name}.key")),
        };
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.private_key, made.signing_key.serialize_pem()).unwrap();
        files
    }

    fn leaf(certificates: &Certificates) -> Vec<u8> {
        certificates.current.0.load().cert.first().unwrap().to_vec()
    }

    #[test]
    fn key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (pair(folder.path(), "one"), pair(folder.path(), "two"));
        let mixed = TlsFiles { certificate: one.certificate, private_key: two.private_key };
        assert!(matches!(Certificates::load(&mixed), Err(CertificateError::Mismatch { .. })));
    }

    #[test]
    fn missing_and_empty_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = pair(folder.path(), "one");
        for bad in [&files.private_key, &files.certificate] {
            std::fs::write(bad, "").unwrap();
            assert!(matches!(Certificates::load(&files), Err(CertificateError::Unreadable { .. })));
            std::fs::remove_file(bad).unwrap();
            let message = Certificates::load(&files).unwrap_err().to_string();
            assert!(message.contains(&bad.display().to_string()), "{message}");
        }
    }

    #[test]
    fn reload_takes_a_new_pair_and_keeps_the_old_one_over_a_bad_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = pair(folder.path(), "one");
        let certificates = Certificates::load(&files).unwrap();
        let first = leaf(&certificates);
        pair(folder.path(), "one");
        certificates.reload().unwrap();
        let second = leaf(&certificates);
        assert_ne!(first, second);
        std::fs::write(&files.certificate, "not a certificate").unwrap();
        assert!(certificates.reload().is_err());
        assert_eq!(leaf(&certificates), second);
    }
}
