//! The Ed25519 keys under which stamps and assertions are signed.

use std::{fmt, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use zeroize::Zeroizing;

use super::provider;
use crate::clock::UnixTime;

/// How long a key is published before it signs, where another one can sign meanwhile: until then every
/// node has it and every site that reads `jwks.json` has seen it (decisions 32).
pub const PUBLISHED_FOR: Duration = Duration::from_secs(3600);

/// Why keys cannot serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The id is not 1 to 32 characters of `[a-z0-9-]`.
    #[error("key id {0:?} is not 1 to 32 characters of a-z, 0-9 and -")]
    Id(String),
    /// The bytes are no Ed25519 key in PKCS #8.
    #[error("key {0:?} is no Ed25519 key in PKCS #8")]
    Bytes(String),
    /// A ring has one or two keys.
    #[error("a key ring has one or two keys, not {0}")]
    Count(usize),
    /// Two keys of one id.
    #[error("two keys have the id {0:?}")]
    Twice(String),
}

/// An Ed25519 key with the id under which tokens name it.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: Vec<u8>,
    made_at: UnixTime,
}

impl SigningKey {
    /// A new key: PKCS #8 v2 (RFC 5958), DER, 83 bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without randomness no key may be made at all")]
    pub fn generate() -> Zeroizing<Vec<u8>> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the operating system gives randomness");
        Zeroizing::new(made.as_ref().to_vec())
    }

    /// The key in these bytes (PKCS #8, DER, version 1 or 2), made at this time.
    ///
    /// # Errors
    /// [`BadKey::Id`] or [`BadKey::Bytes`].
    pub fn from_pkcs8(id: &str, der: &[u8], made_at: UnixTime) -> Result<Self, BadKey> {
        let is_id_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > 32 || !id.bytes().all(is_id_byte) {
            return Err(BadKey::Id(id.to_owned()));
        }
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| BadKey::Bytes(id.to_owned()))?;
        let public = pair.public_key().as_ref().to_vec();
        provider::install();
        Ok(Self {
            id: id.to_owned(),
            signing: EncodingKey::from_ed_der(der),
            verifying: DecodingKey::from_ed_der(&public),
            public,
            made_at,
        })
    }

    /// The id under which tokens name it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    pub(super) const fn verifying(&self) -> &DecodingKey {
        &self.verifying
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

/// One key, or two while rotating: both verify, and the newer one signs once it was published for
/// [`PUBLISHED_FOR`].
#[derive(Clone, Debug)]
pub struct KeyRing {
    newer: SigningKey,
    older: Option<SigningKey>,
}

impl KeyRing {
    /// The ring of these keys, the newer one first.
    ///
    /// # Errors
    /// [`BadKey::Count`] unless there are one or two, [`BadKey::Twice`] when they share an id.
    pub fn new(keys: Vec<SigningKey>) -> Result<Self, BadKey> {
        let count = keys.len();
        let mut keys = keys.into_iter();
        let (Some(newer), older, None) = (keys.next(), keys.next(), keys.next()) else {
            return Err(BadKey::Count(count));
        };
        if older.as_ref().is_some_and(|older| older.id == newer.id) {
            return Err(BadKey::Twice(newer.id));
        }
        Ok(Self { newer, older })
    }

    /// The key that signs now: the newer one unless it is too young and there is another.
    #[must_use]
    pub fn signing(&self, now: UnixTime) -> &SigningKey {
        let is_young = self.newer.made_at.plus(PUBLISHED_FOR) > now;
        self.older.as_ref().filter(|_| is_young).unwrap_or(&self.newer)
    }

    /// The key of exactly this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        self.keys().find(|key| key.id == id)
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.newer).chain(self.older.as_ref())
    }

    /// The public halves as a JWK set (RFC 7517 section 5, RFC 8037 section 2).
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .keys()
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": key.id, "x": BASE64URL_NOPAD.encode(&key.public),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }
}
