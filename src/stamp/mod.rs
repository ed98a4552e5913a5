//! Stamps: the signed tokens that say which second factor was proven when, in which site session.
//!
//! JWS compact, `typ: stepgate-stamp+jwt`, EdDSA (RFC 8037), at most 1 KB, no personal data.

mod assertion;
mod keys;
pub mod provider;
mod token;
#[cfg(test)]
mod fuzz_tests;

use std::{sync::Arc, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

pub use assertion::{Asserted, Assertions, Assurance};
pub use keys::{BadKey, KeyRing, PUBLISHED_FOR, SigningKey};

use crate::{
    clock::UnixTime,
    policy::{FactorKind, StampFacts},
    request::{Binding, Subject},
    secret,
};
use token::Seconds;

/// The `typ` of a stamp.
const TYPE: &str = "stepgate-stamp+jwt";

/// Bytes of a stamp's token at most (design.md section 7).
const MAX_TOKEN: usize = 1024;

/// How far another node's clock may be ahead of ours.
const LEEWAY: Duration = Duration::from_secs(30);

/// Verified stamps that are kept, so that their signatures are not verified again.
const CACHED: u64 = 16_384;

/// Lifetimes of stamps and the origin they are for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The site's public origin: `iss` and `aud`.
    pub origin: String,
    /// From the proof to the hard end.
    pub lifetime: Duration,
    /// Without a request of a guarded route, a stamp ends earlier.
    pub idle: Duration,
}

/// What a proof established, ready to be minted.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Whose.
    pub subject: Subject,
    /// In which log-in.
    pub binding: Binding,
    /// The player's revocation epoch when the proof was given.
    pub epoch: i64,
    /// RFC 8176 values: `otp`, `sms`, `mfa`, `hwk`.
    pub amr: Vec<String>,
    /// The kind that was proven. RFC 8176 has no word that tells a backup code from an app's.
    pub by: FactorKind,
    /// When a factor was proven.
    pub auth_time: UnixTime,
    /// When one was proven for a `fresh` challenge.
    pub fresh_time: Option<UnixTime>,
    /// From when on the hard end is counted: the proof, or the exchange of a remembered device, whose
    /// proof is older.
    pub began: UnixTime,
}

/// A stamp whose signature, type, issuer, audience and lifetime were found good.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// What it proves.
    pub proof: Proof,
    /// Its own id; new at each issue.
    pub id: String,
    /// When this stamp was issued.
    pub issued_at: UnixTime,
    /// Its idle deadline, never past the hard end.
    pub expires_at: UnixTime,
}

impl Stamp {
    /// What the policy reads of it.
    #[must_use]
    pub fn facts(&self) -> StampFacts {
        StampFacts { auth_time: self.proof.auth_time, fresh_time: self.proof.fresh_time, by: self.proof.by }
    }
}

/// Why a stamp does not count; the label of `stepgate_stamp_rejects_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// Past its deadline.
    Expired,
    /// Of another subject or log-in.
    BoundMismatch,
    /// Not signed by a key of ours, malformed, too large, of another type, issuer or audience.
    BadSignature,
    /// Its epoch or family was ended.
    Revoked,
}

impl Reject {
    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::BoundMismatch => "bound_mismatch",
            Self::BadSignature => "bad_signature",
            Self::Revoked => "revoked",
        }
    }
}

/// A newly minted stamp.
#[derive(Clone, Debug)]
pub struct Minted {
    /// What the client keeps.
    pub token: String,
    /// What it says.
    pub stamp: Stamp,
}

/// The claims of a stamp's token (design.md section 7). `sid` is the binding as base64url; `nbf`
/// always equals `iat`; times are whole seconds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: Subject,
    sid: String,
    jti: String,
    iat: Seconds,
    nbf: Seconds,
    exp: Seconds,
    auth_time: Seconds,
    amr: Vec<String>,
    by: FactorKind,
    epoch: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fresh_time: Option<Seconds>,
    /// Absent where it is `auth_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<Seconds>,
}

/// Mints and verifies stamps under a key ring.
#[derive(Debug)]
pub struct Stamps {
    settings: Settings,
    ring: KeyRing,
    /// By SHA-256 of the token. Everything that depends on the time is checked at each use.
    verified: Cache<[u8; 32], Arc<Stamp>>,
}

impl Stamps {
    /// Stamps for this origin, signed under this ring.
    #[must_use]
    pub fn new(settings: Settings, ring: KeyRing) -> Self {
        Self { settings, ring, verified: Cache::new(CACHED) }
    }

    /// A new stamp of this proof, with a new id. Its times are whole seconds, rounded down. Of a
    /// proof whose hard end has passed the stamp is born expired.
    #[must_use]
    pub fn mint(&self, proof: &Proof, now: UnixTime) -> Minted {
        let end = proof.began.plus(self.settings.lifetime).min(now.plus(self.settings.idle));
        let claims = Claims {
            iss: self.settings.origin.clone(),
            aud: self.settings.origin.clone(),
            sub: proof.subject.clone(),
            sid: BASE64URL_NOPAD.encode(&proof.binding.0),
            jti: secret::public_id(),
            iat: Seconds::of(now),
            nbf: Seconds::of(now),
            exp: Seconds::of(end),
            auth_time: Seconds::of(proof.auth_time),
            amr: proof.amr.clone(),
            by: proof.by,
            epoch: proof.epoch,
            fresh_time: proof.fresh_time.map(Seconds::of),
            began: (proof.began != proof.auth_time).then(|| Seconds::of(proof.began)),
        };
        let token = token::sign(TYPE, &claims, self.ring.signing(now));
        let stamp = stamp_of(claims, proof.binding);
        Minted { token, stamp }
    }

    /// The stamp in a token, if its signature, type, issuer, audience and lifetime are good. Binding,
    /// epoch and family are the caller's to check.
    ///
    /// # Errors
    /// [`Reject::BadSignature`] or [`Reject::Expired`].
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<Arc<Stamp>, Reject> {
        let key = secret::digest([token.as_bytes()]);
        if let Some(stamp) = self.verified.get(&key) {
            return self.in_time(stamp, now);
        }
        let stamp = Arc::new(self.open(token).ok_or(Reject::BadSignature)?);
        let stamp = self.in_time(stamp, now)?;
        self.verified.insert(key, Arc::clone(&stamp));
        Ok(stamp)
    }

    /// The stamp in a token, whatever the time: says who proved a factor once, opens nothing.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<Stamp> {
        let claims: Claims = token::open(token, TYPE, MAX_TOKEN, &self.ring)?;
        if claims.iss != self.settings.origin || claims.aud != self.settings.origin || claims.nbf != claims.iat {
            return None;
        }
        let binding = BASE64URL_NOPAD.decode(claims.sid.as_bytes()).ok()?.try_into().ok()?;
        secret::is_public_id(&claims.jti).then(|| stamp_of(claims, Binding(binding)))
    }

    fn in_time(&self, stamp: Arc<Stamp>, now: UnixTime) -> Result<Arc<Stamp>, Reject> {
        if stamp.issued_at > now.plus(LEEWAY) {
            return Err(Reject::BadSignature);
        }
        // The hard end again: the operator may have shortened it since the stamp was minted.
        if stamp.expires_at <= now || self.hard_end(&stamp) <= now {
            return Err(Reject::Expired);
        }
        Ok(stamp)
    }

    /// When a stamp ends for good, however often it is renewed (decisions 14).
    #[must_use]
    pub fn hard_end(&self, stamp: &Stamp) -> UnixTime {
        stamp.proof.began.plus(self.settings.lifetime)
    }

    /// Whether a third of the idle time has passed: then a new stamp of the same proof goes out
    /// (decisions 56).
    #[must_use]
    pub fn is_due_for_renewal(&self, stamp: &Stamp, now: UnixTime) -> bool {
        now.since(stamp.issued_at) >= self.settings.idle / 3
    }
}

fn stamp_of(claims: Claims, binding: Binding) -> Stamp {
    Stamp {
        proof: Proof {
            subject: claims.sub,
            binding,
            epoch: claims.epoch,
            amr: claims.amr,
            by: claims.by,
            began: claims.began.as_ref().unwrap_or(&claims.auth_time).time(),
            auth_time: claims.auth_time.time(),
            fresh_time: claims.fresh_time.map(Seconds::time),
        },
        id: claims.jti,
        issued_at: claims.iat.time(),
        expires_at: claims.exp.time(),
    }
}

#[cfg(test)]
mod tests;
