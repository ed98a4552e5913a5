//! Stamps: the signed tokens that say which second factor was proven when, in which site session.
//!
//! JWS compact, `typ: stepgate-stamp+jwt`, EdDSA (RFC 8037), at most 1 KB, no personal data.

use std::time::Duration;

use crate::{
    clock::UnixTime,
    policy::StampFacts,
    request::{Binding, Subject},
};

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
    /// When a factor was proven.
    pub auth_time: UnixTime,
    /// When one was proven for a `fresh` challenge.
    pub fresh_time: Option<UnixTime>,
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
        StampFacts { auth_time: self.proof.auth_time, fresh_time: self.proof.fresh_time }
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

/// Mints and verifies stamps under a key ring.
#[derive(Debug)]
pub struct Stamps;

impl Stamps {
    /// A new stamp of this proof, with a new id.
    #[must_use]
    pub fn mint(&self, proof: &Proof, now: UnixTime) -> Minted {
        let _ = (proof, now);
        unimplemented!()
    }

    /// The stamp in a token, if its signature, type, issuer, audience and lifetime are good. Binding,
    /// epoch and family are the caller's to check.
    ///
    /// # Errors
    /// [`Reject::BadSignature`] or [`Reject::Expired`].
    pub fn verify(&self, token: &str, now: UnixTime) -> Result<Stamp, Reject> {
        let _ = (token, now);
        unimplemented!()
    }

    /// Whether a third of the idle time has passed: then a new stamp of the same proof goes out
    /// (decisions 56).
    #[must_use]
    pub fn is_due_for_renewal(&self, stamp: &Stamp, now: UnixTime) -> bool {
        let _ = (stamp, now);
        unimplemented!()
    }
}
