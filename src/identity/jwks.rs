//! The keys that verify a site's JWTs: one from the configuration, or a set that may change.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, jwk};
use tokio::sync::Mutex;

use super::{BuildError, IdentityError, Ports, settings::JwtKey};
use crate::clock::UnixTime;

/// A file is looked at this often at most.
const FILE_PACE: Duration = Duration::from_secs(1);
/// An address is asked this often at most, also when it fails or an unknown key id comes in.
const URL_PACE: Duration = Duration::from_secs(30);
/// How old a set from an address may get before it is asked again.
const URL_AGE: Duration = Duration::from_secs(600);
/// From the first byte sent to an address to the last one read.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of a set at most.
const MAX_SET: usize = 256 * 1024;

/// What verifies.
pub(super) enum Keys {
    /// One key for every token.
    One(DecodingKey),
    /// A set, looked up by key id.
    Set(Box<KeySet>),
}

/// A JWK set that is read again; the last good one is kept while reading fails.
pub(super) struct KeySet {
    origin: Origin,
    ports: Arc<Ports>,
    current: ArcSwapOption<Snapshot>,
    /// Held while it is read, so that it is read once.
    tried: Mutex<Tried>,
}

/// When a set was last tried.
#[derive(Default)]
struct Tried {
    /// For whatever cause.
    last: Option<UnixTime>,
    /// For a key that it did not have: with a pace of its own, since a site may change its keys right
    /// after they were read.
    for_unknown_key: Option<UnixTime>,
}

enum Origin {
    File(PathBuf),
    Url(String),
}

struct Snapshot {
    keys: Vec<NamedKey>,
    read_at: UnixTime,
    modified: Option<SystemTime>,
}

struct NamedKey {
    id: Option<String>,
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

/// Why a set is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is about to be used.
    Use,
    /// It does not have the key.
    UnknownKey,
}

impl Keys {
    /// The keys of the settings. Files are read now, addresses when they are needed.
    pub(super) fn build(key: JwtKey, family: AlgorithmFamily, ports: &Arc<Ports>) -> Result<Self, BuildError> {
        let origin = match key {
            JwtKey::Secret(secret) => {
                let secret = secrecy::ExposeSecret::expose_secret(&secret);
                return Ok(Self::One(DecodingKey::from_secret(secret.as_bytes())));
            }
            JwtKey::PublicKey(pem) => return public_key(&pem, family).map(Self::One),
            JwtKey::JwksFile(path) => Origin::File(path),
            JwtKey::JwksUrl(url) => Origin::Url(url),
        };
        let set = KeySet { origin, ports: Arc::clone(ports), current: ArcSwapOption::empty(), tried: Mutex::default() };
        if let Origin::File(path) = &set.origin {
            let snapshot = read_file(path, ports.clock.now()).map_err(BuildError::JwksFile)?;
            set.current.store(Some(Arc::new(snapshot)));
        }
        Ok(Self::Set(Box::new(set)))
    }

    /// The key for a token with this header; `None` when there is none, or more than one.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        match self {
            Self::One(key) => Some(key.clone()),
            Self::Set(set) => set.find(id, algorithm),
        }
    }

    /// Changes whenever the keys do: what one set verified is not trusted under the next.
    pub(super) fn generation(&self) -> i64 {
        match self {
            Self::One(_) => 0,
            Self::Set(set) => set.current.load().as_ref().map_or(0, |snapshot| snapshot.read_at.millis()),
        }
    }

    /// Reads the set again if it is due.
    ///
    /// # Errors
    /// `Unavailable` when no set was ever read.
    pub(super) async fn refresh(&self, cause: Cause) -> Result<(), IdentityError> {
        match self {
            Self::One(_) => Ok(()),
            Self::Set(set) => set.refresh(cause).await,
        }
    }
}

impl KeySet {
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let current = self.current.load();
        let fits = |named: &&NamedKey| {
            named.key.family() == algorithm.family()
                && named.algorithm.is_none_or(|only| only == algorithm)
                && id.is_none_or(|id| named.id.as_deref() == Some(id))
        };
        let mut fitting = current.as_ref()?.keys.iter().filter(fits);
        let (Some(only), None) = (fitting.next(), fitting.next()) else { return None };
        Some(only.key.clone())
    }

    async fn refresh(&self, cause: Cause) -> Result<(), IdentityError> {
        let mut tried = self.tried.lock().await;
        let now = self.ports.clock.now();
        if self.is_due(&tried, cause, now) {
            tried.last = Some(now);
            if cause == Cause::UnknownKey {
                tried.for_unknown_key = Some(now);
            }
            match self.read(now).await {
                Ok(Some(snapshot)) => self.current.store(Some(Arc::new(snapshot))),
                Ok(None) => {}
                Err(detail) => tracing::warn!(detail, "a JWK set could not be read: the last one stays"),
            }
        }
        if self.current.load().is_none() {
            let detail = "no JWK set could be read".to_owned();
            return Err(IdentityError::Unavailable { source_name: "jwt", detail });
        }
        Ok(())
    }

    fn is_due(&self, tried: &Tried, cause: Cause, now: UnixTime) -> bool {
        let current = self.current.load();
        let is_file = matches!(self.origin, Origin::File(_));
        let (pace, before) = match cause {
            Cause::UnknownKey if !is_file && current.is_some() => (URL_PACE, tried.for_unknown_key),
            Cause::Use if !is_file && current.is_some() => (URL_PACE, tried.last),
            Cause::UnknownKey | Cause::Use => (FILE_PACE, tried.last),
        };
        if before.is_some_and(|at| now.since(at) < pace) {
            return false;
        }
        let fresh = current.as_ref().is_some_and(|snapshot| now.since(snapshot.read_at) < URL_AGE);
        is_file || cause == Cause::UnknownKey || !fresh
    }

    /// The set as it is now; `None` when it did not change.
    async fn read(&self, now: UnixTime) -> Result<Option<Snapshot>, &'static str> {
        match &self.origin {
            Origin::Url(url) => self.fetch(url, now).await.map(Some),
            Origin::File(path) => {
                let modified = tokio::fs::metadata(path).await.and_then(|file| file.modified()).ok();
                if self.current.load().as_ref().is_some_and(|snapshot| snapshot.modified == modified) {
                    return Ok(None);
                }
                read_file(path, now).map(Some)
            }
        }
    }

    async fn fetch(&self, url: &str, now: UnixTime) -> Result<Snapshot, &'static str> {
        let request = self.ports.http.get(url).timeout(DEADLINE);
        let mut response = request.send().await.map_err(|_| "no answer")?;
        if !response.status().is_success() {
            return Err("the status is not 2xx");
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| "the answer broke off")? {
            if body.len() + chunk.len() > MAX_SET {
                return Err("the set is too large");
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Snapshot { keys: parse(&body)?, read_at: now, modified: None })
    }
}

fn read_file(path: &Path, now: UnixTime) -> Result<Snapshot, &'static str> {
    let modified = std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let bytes = std::fs::read(path).map_err(|_| "the file cannot be read")?;
    Ok(Snapshot { keys: parse(&bytes)?, read_at: now, modified })
}

/// The usable keys of a set (RFC 7517 section 5: others are ignored).
fn parse(bytes: &[u8]) -> Result<Vec<NamedKey>, &'static str> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(bytes).map_err(|_| "it is no JWK set")?;
    let keys: Vec<_> = set.keys.into_iter().filter_map(usable).collect();
    if keys.is_empty() { Err("the set has no usable key") } else { Ok(keys) }
}

fn usable(key: serde_json::Value) -> Option<NamedKey> {
    let key: jwk::Jwk = serde_json::from_value(key).ok()?;
    if key.common.public_key_use.as_ref().is_some_and(|usage| *usage != jwk::PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match key.common.key_algorithm {
        Some(named) => Some(Algorithm::try_from(named).ok()?),
        None => None,
    };
    Some(NamedKey { id: key.common.key_id.clone(), algorithm, key: DecodingKey::from_jwk(&key).ok()? })
}

fn public_key(pem: &str, family: AlgorithmFamily) -> Result<DecodingKey, BuildError> {
    let pem = pem.as_bytes();
    let key = match family {
        AlgorithmFamily::Rsa => DecodingKey::from_rsa_pem(pem),
        AlgorithmFamily::Ec => DecodingKey::from_ec_pem(pem),
        AlgorithmFamily::Ed => DecodingKey::from_ed_pem(pem),
        _ => return Err(BuildError::PublicKey),
    };
    key.map_err(|_| BuildError::PublicKey)
}
