//! What is read from files of keys and certificates.

use std::sync::Arc;

use super::StartError;
use crate::{
    config::{self, Config},
    edge::{settings::TlsFiles, tls::Certificates},
    stamp,
};

/// The keys of one use, the newest first.
pub(super) fn key_ring(keys: &[config::keys::PrivateKey]) -> Result<stamp::KeyRing, StartError> {
    let bad = |error: stamp::BadKey| StartError::Config(format!("the key file: {error}"));
    let keys: Result<Vec<_>, _> =
        keys.iter().map(|key| stamp::SigningKey::from_pkcs8(&key.id, &key.pkcs8, key.made_at)).collect();
    stamp::KeyRing::new(keys.map_err(bad)?).map_err(bad)
}

/// The certificates of the listeners that have one, in their order.
pub(super) fn load_certificates(config: &Config) -> Result<Vec<Option<Arc<Certificates>>>, StartError> {
    let load = |files: &TlsFiles| {
        Certificates::load(files).map(Arc::new).map_err(|error| StartError::Config(error.to_string()))
    };
    config.edge.listen.iter().map(|listener| listener.tls.as_ref().map(load).transpose()).collect()
}
