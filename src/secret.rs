//! Secrets: drawing them, hashing them under a key, sealing them at rest.
//!
//! Nothing here prints a secret: every type's `Debug` is empty of it.

use std::{cell::RefCell, fmt, sync::Arc};

use arc_swap::ArcSwap;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// `N` bytes from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give: nothing here can be safe then.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness no secret may be made at all")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A bearer secret of 256 random bits: 32 bytes, on the wire as base64url without padding, 43
/// characters. Kept in stores only as its [`TokenHash`].
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Characters on the wire.
    pub const LENGTH: usize = 43;

    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(Zeroizing::new(BASE64URL_NOPAD.encode(&random::<32>())))
    }

    /// The token that a client sent; `None` unless it is exactly the canonical form.
    #[must_use]
    pub fn parse(sent: &str) -> Option<Self> {
        let decoded = BASE64URL_NOPAD.decode(sent.as_bytes()).ok()?;
        (decoded.len() == 32).then(|| Self(Zeroizing::new(sent.to_owned())))
    }

    /// What a client is given.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a store keeps.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a [`Token`]: enough, since the token has 256 random bits. Compared in constant time.
#[derive(Clone, Copy, Debug, Eq, serde::Serialize, serde::Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl std::hash::Hash for TokenHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A public name for a short-lived thing: 128 random bits, base64url without padding, 22
/// characters. Not a secret (decisions 15).
#[must_use]
pub fn public_id() -> String {
    BASE64URL_NOPAD.encode(&random::<16>())
}

/// A name like a [`public_id`] for one request. The bytes are drawn for many at once: a call to the
/// operating system for each request costs more than the rest of the first look at it.
#[must_use]
pub fn request_id() -> String {
    const AHEAD: usize = 64;
    thread_local! {
        static DRAWN: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
    }
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.is_empty() {
            drawn.extend_from_slice(random::<{ 16 * AHEAD }>().as_chunks().0);
        }
        BASE64URL_NOPAD.encode(&drawn.pop().unwrap_or_else(random))
    })
}

/// Whether a text has the shape of a [`public_id`].
#[must_use]
pub fn is_public_id(text: &str) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 16)
}

/// A symmetric key of 256 bits with the id under which a key file names it.
#[derive(Clone)]
pub struct SymmetricKey {
    /// 1 to 32 characters of `[a-z0-9-]`.
    pub id: String,
    /// The key itself.
    pub bytes: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SymmetricKey({})", self.id)
    }
}

/// HMAC-SHA-256 under one key, with a domain a purpose, over length-prefixed parts: no two lists of
/// parts give the same bytes.
#[derive(Clone, Debug)]
pub struct Hasher(SymmetricKey);

impl Hasher {
    /// Hashes under this key.
    #[must_use]
    pub const fn new(key: SymmetricKey) -> Self {
        Self(key)
    }

    /// The keyed hash of `parts` for `purpose`.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    pub fn hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.bytes.as_slice())
            .expect("HMAC takes keys of every length");
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// SHA-256 over length-prefixed parts, without a key: for digests that are not secret.
#[must_use]
pub fn digest<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Bytes sealed with XChaCha20-Poly1305: key id, 24 bytes of nonce, ciphertext and tag. Opens only
/// with the same purpose and context it was sealed with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sealed {
    /// The id of the sealing key.
    pub key_id: String,
    /// Nonce, then ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// A sealed value could not be opened: another key, another context, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open here")]
pub struct Unopenable;

/// Seals under its first key, opens under every key it has. Clones share their keys.
#[derive(Clone, Debug)]
pub struct Sealer {
    keys: Arc<ArcSwap<Vec<SymmetricKey>>>,
}

const NONCE: usize = 24;

impl Sealer {
    /// Seals under `newest`; `older` keys still open what they sealed.
    #[must_use]
    pub fn new(newest: SymmetricKey, older: impl IntoIterator<Item = SymmetricKey>) -> Self {
        let keys = std::iter::once(newest).chain(older).collect();
        Self { keys: Arc::new(ArcSwap::from_pointee(keys)) }
    }

    /// Takes over the keys of another, in this one and its clones.
    pub fn take_over(&self, other: &Self) {
        self.keys.store(other.keys.load_full());
    }

    /// The id of the key that it seals under.
    #[must_use]
    pub fn key_id(&self) -> String {
        self.keys.load().first().map(|key| key.id.clone()).unwrap_or_default()
    }

    /// Seals `plain` for `purpose` in this `context` (the row's id, the account, ...).
    ///
    /// # Panics
    /// Never for inputs below 256 GiB, the limit of the cipher.
    #[must_use]
    #[expect(clippy::expect_used, reason = "fails only above 256 GiB")]
    pub fn seal(&self, purpose: &str, context: &[&[u8]], plain: &[u8]) -> Sealed {
        let keys = self.keys.load();
        let key = keys.first().expect("a sealer has a newest key");
        let nonce = random::<NONCE>();
        let associated = associated(purpose, context);
        let payload = Payload { msg: plain, aad: &associated };
        let sealed = cipher(key, purpose).encrypt(&XNonce::from(nonce), payload).expect("below the limit");
        let bytes = [nonce.as_slice(), &sealed].concat();
        Sealed { key_id: key.id.clone(), bytes }
    }

    /// Opens what [`Sealer::seal`] made for the same purpose and context.
    ///
    /// # Errors
    /// [`Unopenable`] for everything else.
    pub fn open(&self, purpose: &str, context: &[&[u8]], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Unopenable> {
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.id == sealed.key_id).ok_or(Unopenable)?;
        let (nonce, ciphertext) = sealed.bytes.split_first_chunk::<NONCE>().ok_or(Unopenable)?;
        let associated = associated(purpose, context);
        let payload = Payload { msg: ciphertext, aad: &associated };
        let plain = cipher(key, purpose).decrypt(&XNonce::from(*nonce), payload).map_err(|_| Unopenable)?;
        Ok(Zeroizing::new(plain))
    }
}

/// The cipher under the key that HKDF derives for this purpose (RFC 5869).
#[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8160 bytes")]
fn cipher(key: &SymmetricKey, purpose: &str) -> XChaCha20Poly1305 {
    let mut derived = Zeroizing::new([0; 32]);
    hkdf::Hkdf::<Sha256>::new(Some(b"stepgate sealing"), key.bytes.as_slice())
        .expand(purpose.as_bytes(), derived.as_mut_slice())
        .expect("32 bytes are within the limit");
    XChaCha20Poly1305::new((&*derived).into())
}

fn associated(purpose: &str, context: &[&[u8]]) -> [u8; 32] {
    digest(std::iter::once(purpose.as_bytes()).chain(context.iter().copied()))
}

#[cfg(test)]
mod fuzz_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, fill: u8) -> SymmetricKey {
        SymmetricKey { id: id.into(), bytes: Zeroizing::new([fill; 32]) }
    }

    #[test]
    fn sealed_values_open_only_in_their_own_context() {
        let sealer = Sealer::new(key("a", 1), []);
        let sealed = sealer.seal("factor", &[b"row-1", b"ayu"], b"secret");
        assert_eq!(&**sealer.open("factor", &[b"row-1", b"ayu"], &sealed).unwrap(), b"secret");
        assert!(sealer.open("factor", &[b"row-2", b"ayu"], &sealed).is_err());
        assert!(sealer.open("factor", &[b"row-1ayu"], &sealed).is_err());
        assert!(sealer.open("held", &[b"row-1", b"ayu"], &sealed).is_err());
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let sealer = Sealer::new(key("a", 1), []);
        let sealed = sealer.seal("held", &[b"x"], b"amount=1");
        for at in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[at] ^= 1;
            assert_eq!(sealer.open("held", &[b"x"], &changed), Err(Unopenable));
        }
    }

    #[test]
    fn older_keys_still_open() {
        let sealed = Sealer::new(key("old", 1), []).seal("p", &[], b"x");
        assert!(Sealer::new(key("new", 2), [key("old", 1)]).open("p", &[], &sealed).is_ok());
        assert!(Sealer::new(key("new", 2), []).open("p", &[], &sealed).is_err());
    }

    #[test]
    fn tokens_have_one_spelling() {
        let token = Token::random();
        assert_eq!(token.reveal().len(), Token::LENGTH);
        assert_eq!(Token::parse(token.reveal()).unwrap().hash(), token.hash());
        for end in 0..Token::LENGTH {
            assert!(Token::parse(&token.reveal()[..end]).is_none());
            assert!(Token::parse(&token.reveal()[end + 1..]).is_none());
        }
        // The last character carries two bits that must be zero.
        let mut twin = token.reveal().to_owned();
        let last = twin.pop().unwrap();
        twin.push(if last == 'A' { 'B' } else { char::from(last as u8 + 1) });
        assert!(Token::parse(&twin).is_none_or(|parsed| parsed.hash() != token.hash()));
    }

    #[test]
    fn hashes_keep_their_parts_apart() {
        let hasher = Hasher::new(key("h", 3));
        assert_ne!(hasher.hash("p", &[b"ab", b"c"]), hasher.hash("p", &[b"a", b"bc"]));
        assert_ne!(hasher.hash("p", &[b"a"]), hasher.hash("q", &[b"a"]));
    }
}
