//! Assertions: what the site is told about a guarded request (decisions 32).
//!
//! A JWT of `typ: stepgate-assertion+jwt` under a key of its own, valid for 60 s; the site finds the
//! key in `jwks.json` and trusts `proof`.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use moka::sync::Cache;
use serde::Serialize;

use super::{
    keys::KeyRing,
    token::{self, Seconds},
};
use crate::{
    clock::UnixTime,
    policy::Requirement,
    request::{Binding, Subject},
    secret,
};

const TYPE: &str = "stepgate-assertion+jwt";
const LIFETIME: Duration = Duration::from_secs(60);
const CACHED: u64 = 4096;

/// What was proven for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// Nothing beyond the site's own log-in.
    None,
    /// A stamp of this log-in, or a remembered device.
    Session,
    /// A recent proof.
    Fresh,
    /// An approval of exactly this request.
    Once {
        /// The approval's digest (decisions 12).
        digest: [u8; 32],
    },
}

impl Assurance {
    /// `none`, `session`, `fresh` or `once`: the claim `proof`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Session => "session",
            Self::Fresh => "fresh",
            Self::Once { .. } => "once",
        }
    }

    const fn digest(self) -> Option<[u8; 32]> {
        match self {
            Self::Once { digest } => Some(digest),
            Self::None | Self::Session | Self::Fresh => None,
        }
    }
}

/// What an assertion says of one request.
#[derive(Clone, Copy, Debug)]
pub struct Asserted<'a> {
    /// The account.
    pub subject: &'a Subject,
    /// The log-in: `sid`, base64url.
    pub binding: Binding,
    /// RFC 8176 values; empty where nothing was proven.
    pub amr: &'a [String],
    /// When a factor was proven.
    pub auth_time: Option<UnixTime>,
    /// The route's name.
    pub route: &'a str,
    /// What the route requires.
    pub require: Requirement,
    /// The method that is forwarded: `htm`.
    pub method: &'a str,
    /// Scheme, host and path that are forwarded, without the query: `htu` (RFC 9449 section 4.2).
    pub uri: &'a str,
    /// What was proven.
    pub proof: Assurance,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: Seconds,
    exp: Seconds,
    jti: String,
    #[serde(flatten)]
    asserted: AssertedClaims<'a>,
}

/// The claims that two requests may share; also what the cache compares.
#[derive(Serialize)]
struct AssertedClaims<'a> {
    sub: &'a Subject,
    sid: String,
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<Seconds>,
    route: &'a str,
    require: &'static str,
    htm: &'a str,
    htu: &'a str,
    proof: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// Mints assertions.
#[derive(Debug)]
pub struct Assertions {
    origin: String,
    ring: KeyRing,
    /// By SHA-256 over all that is asserted, with the moment of minting.
    minted: Cache<[u8; 32], (UnixTime, String)>,
}

impl Assertions {
    /// Assertions of this origin (`iss` and `aud`), under keys that sign nothing else.
    #[must_use]
    pub fn new(origin: String, ring: KeyRing) -> Self {
        Self { origin, ring, minted: Cache::new(CACHED) }
    }

    /// The assertion for a request. The same one may serve equal requests for half its life, but
    /// never for `once`.
    ///
    /// # Panics
    /// Never: what is asserted are strings and integers.
    #[must_use]
    #[expect(clippy::expect_used, reason = "plain structs of strings and integers always serialize")]
    pub fn mint(&self, asserted: &Asserted<'_>, now: UnixTime) -> String {
        let shared = claims_of(asserted);
        let key = secret::digest([serde_json::to_vec(&shared).expect("a plain struct").as_slice()]);
        if let Some((at, token)) = self.minted.get(&key)
            && now.since(at) < LIFETIME / 2
        {
            return token;
        }
        let claims = Claims {
            iss: &self.origin,
            aud: &self.origin,
            iat: Seconds::of(now),
            exp: Seconds::of(now.plus(LIFETIME)),
            jti: secret::public_id(),
            asserted: shared,
        };
        let token = token::sign(TYPE, &claims, self.ring.signing(now));
        if asserted.proof.digest().is_none() {
            self.minted.insert(key, (now, token.clone()));
        }
        token
    }

    /// The body of `/.stepgate/jwks.json`.
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        self.ring.jwks()
    }
}

fn claims_of<'a>(asserted: &Asserted<'a>) -> AssertedClaims<'a> {
    AssertedClaims {
        sub: asserted.subject,
        sid: BASE64URL_NOPAD.encode(&asserted.binding.0),
        amr: asserted.amr,
        auth_time: asserted.auth_time.map(Seconds::of),
        route: asserted.route,
        require: asserted.require.as_str(),
        htm: asserted.method,
        htu: asserted.uri,
        proof: asserted.proof.as_str(),
        digest: asserted.proof.digest().map(|digest| BASE64URL_NOPAD.encode(&digest)),
    }
}
