//! The cryptography behind every JWT here: `jsonwebtoken` on `ring`, which TLS brings anyway.
//!
//! Signs HMAC and EdDSA, verifies HMAC, RSA (PKCS #1 v1.5 and PSS, 2048 bits and more), ECDSA and
//! EdDSA.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature,
};
use ring::{hmac, signature as asymmetric};

/// Makes this provider the one of the process. Calling it again changes nothing.
pub fn install() {
    // An error says that one is installed already, and nothing else here installs one.
    let _ = PROVIDER.install_default();
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // Only for exporting keys as JWK and for thumbprints, which nothing here does.
    key_utils: KeyUtils::new_unimplemented(),
};

enum SigningKind {
    Hmac(hmac::Key),
    Ed25519(asymmetric::Ed25519KeyPair),
}

struct RingSigner(Algorithm, SigningKind);

impl signature::Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(match &self.1 {
            SigningKind::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            SigningKind::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    if *algorithm == Algorithm::EdDSA {
        // Not the checked form: PKCS #8 v1 keys, as other tools write them, carry no public half.
        let pair = asymmetric::Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes())
            .map_err(|_| Error::from(ErrorKind::InvalidEddsaKey))?;
        return Ok(Box::new(RingSigner(*algorithm, SigningKind::Ed25519(pair))));
    }
    let digest = hmac_of(*algorithm).ok_or(ErrorKind::InvalidAlgorithm)?;
    Ok(Box::new(RingSigner(*algorithm, SigningKind::Hmac(hmac::Key::new(digest, key.as_bytes())))))
}

enum VerifyingKind {
    Hmac(hmac::Key),
    Bytes(&'static dyn asymmetric::VerificationAlgorithm, Vec<u8>),
    RsaNumbers(&'static asymmetric::RsaParameters, asymmetric::RsaPublicKeyComponents<Vec<u8>>),
}

struct RingVerifier(Algorithm, VerifyingKind);

impl signature::Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match &self.1 {
            VerifyingKind::Hmac(key) => hmac::verify(key, message, signature),
            VerifyingKind::Bytes(algorithm, key) => {
                asymmetric::UnparsedPublicKey::new(*algorithm, key).verify(message, signature)
            }
            VerifyingKind::RsaNumbers(parameters, key) => key.verify(parameters, message, signature),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    // A public key must never serve as an HMAC secret (RFC 8725 section 2.1).
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let kind = match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let numbers = asymmetric::RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
            VerifyingKind::RsaNumbers(rsa_of(*algorithm).ok_or(ErrorKind::InvalidAlgorithm)?, numbers)
        }
        DecodingKeyKind::SecretOrDer(bytes) => match hmac_of(*algorithm) {
            Some(digest) => VerifyingKind::Hmac(hmac::Key::new(digest, bytes)),
            None => VerifyingKind::Bytes(public_key_of(*algorithm).ok_or(ErrorKind::InvalidAlgorithm)?, bytes.clone()),
        },
    };
    Ok(Box::new(RingVerifier(*algorithm, kind)))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the crate may add algorithms, and none of them is ours")]
const fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the crate may add algorithms, and none of them is ours")]
fn rsa_of(algorithm: Algorithm) -> Option<&'static asymmetric::RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&asymmetric::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&asymmetric::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&asymmetric::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&asymmetric::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&asymmetric::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&asymmetric::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the crate may add algorithms, and none of them is ours")]
fn public_key_of(algorithm: Algorithm) -> Option<&'static dyn asymmetric::VerificationAlgorithm> {
    match algorithm {
        Algorithm::EdDSA => Some(&asymmetric::ED25519),
        Algorithm::ES256 => Some(&asymmetric::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&asymmetric::ECDSA_P384_SHA384_FIXED),
        other => rsa_of(other).map(|parameters| parameters as &dyn asymmetric::VerificationAlgorithm),
    }
}

#[cfg(test)]
mod tests;
