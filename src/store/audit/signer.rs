//! The key that rows and heads are signed with.

use std::{fmt, sync::Arc};

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::Signed;

/// Signs rows and heads under the newest audit key, verifies under all.
#[derive(Clone)]
pub struct Signer {
    id: String,
    pair: Arc<Ed25519KeyPair>,
    /// The public halves, by id.
    public: Vec<(String, Vec<u8>)>,
}

/// The bytes are no Ed25519 key in PKCS #8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no Ed25519 key in PKCS #8")]
pub struct NoKey;

impl Signer {
    /// The key in these bytes (PKCS #8, DER).
    ///
    /// # Errors
    /// [`NoKey`].
    pub fn from_pkcs8(id: &str, der: &[u8]) -> Result<Self, NoKey> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| NoKey)?;
        let public = vec![(id.to_owned(), pair.public_key().as_ref().to_vec())];
        Ok(Self { id: id.to_owned(), pair: Arc::new(pair), public })
    }

    /// Verifies what an older key signed as well.
    #[must_use]
    pub fn knowing(mut self, older: &Self) -> Self {
        self.public.extend(older.public.iter().cloned());
        self
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs a digest.
    #[must_use]
    pub fn sign(&self, digest: &[u8; 32]) -> Signed {
        Signed { key_id: self.id.clone(), signature: self.pair.sign(digest).as_ref().to_vec() }
    }

    /// Whether one of the keys signed this digest.
    #[must_use]
    pub fn verify(&self, digest: &[u8; 32], signed: &Signed) -> bool {
        let key = self.public.iter().find(|(id, _)| *id == signed.key_id);
        key.is_some_and(|(_, public)| {
            UnparsedPublicKey::new(&ED25519, public).verify(digest, &signed.signature).is_ok()
        })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.id)
    }
}
