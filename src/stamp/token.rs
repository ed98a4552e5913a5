//! Our own JWS compact tokens: exactly three header fields, one algorithm, one spelling.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, crypto};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};

use super::keys::{KeyRing, SigningKey};
use crate::clock::UnixTime;

/// Bytes of an Ed25519 signature.
const SIGNATURE: usize = 64;

/// The protected header; every other field, and every repetition, is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectedHeader {
    typ: String,
    alg: String,
    kid: String,
}

/// A NumericDate (RFC 7519 section 2) as we write it: whole seconds, 0 to 2^40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Seconds(i64);

impl Seconds {
    pub(super) const fn of(at: UnixTime) -> Self {
        Self(at.secs())
    }

    pub(super) const fn time(self) -> UnixTime {
        UnixTime::from_secs(self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let secs = i64::deserialize(from)?;
        if !(0..1 << 40).contains(&secs) {
            return Err(D::Error::custom("not a time in seconds"));
        }
        Ok(Self(secs))
    }
}

/// The signed token of these claims.
#[expect(clippy::expect_used, reason = "claims are plain structs, and a signing key was parsed when it was made")]
pub(super) fn sign(typ: &str, claims: &impl Serialize, key: &SigningKey) -> String {
    let header = ProtectedHeader { typ: typ.to_owned(), alg: "EdDSA".to_owned(), kid: key.id().to_owned() };
    let mut token = part(&header);
    token.push('.');
    token.push_str(&part(claims));
    let signature = crypto::sign(token.as_bytes(), key.signing(), Algorithm::EdDSA).expect("a parsed key signs");
    token.push('.');
    token.push_str(&signature);
    token
}

#[expect(clippy::expect_used, reason = "plain structs of strings and integers always serialize")]
fn part(content: &impl Serialize) -> String {
    BASE64URL_NOPAD.encode(&serde_json::to_vec(content).expect("a plain struct"))
}

/// The claims of a token of at most `max` bytes that a key of the ring signed as this `typ`; `None`
/// for everything else. The signature is verified before any claim is read (RFC 8725 section 3.3).
pub(super) fn open<C: DeserializeOwned>(token: &str, typ: &str, max: usize, ring: &KeyRing) -> Option<C> {
    if token.len() > max {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header: ProtectedHeader = serde_json::from_slice(&decode(header)?).ok()?;
    if header.typ != typ || header.alg != "EdDSA" {
        return None;
    }
    let key = ring.find(&header.kid)?;
    // A second spelling of the same signature would be a second token: the strict decoder refuses it.
    if decode(signature)?.len() != SIGNATURE {
        return None;
    }
    if !crypto::verify(signature, message.as_bytes(), key.verifying(), Algorithm::EdDSA).ok()? {
        return None;
    }
    serde_json::from_slice(&decode(claims)?).ok()
}

/// Strict base64url: no padding, no other alphabet, no stray trailing bits; a fourth part's dot fails too.
fn decode(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}
