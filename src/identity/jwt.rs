//! The `jwt` source: the site's session is a JWT that is verified here (RFC 7519, RFC 8725).

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, Header, Validation};
use moka::sync::Cache;
use serde_json::{Map, Value};

use super::{
    BuildError, Claims, IdentityError, Ports, Testimony,
    jwks::{Cause, Keys},
    settings::{ClaimNames, Credential, JwtKey, JwtSettings},
};
use crate::{clock::UnixTime, request::Subject, secret, stamp::provider};

/// Bytes of a token at most.
const MAX_TOKEN: usize = 8192;
/// How far the site's clock may be ahead of ours.
const LEEWAY: Duration = Duration::from_secs(30);
/// Verified tokens that are kept.
const CACHED: u64 = 16_384;

/// A source of JWTs.
pub(super) struct Jwt {
    pub(super) settings: Rules,
    keys: Keys,
    /// By SHA-256 over the token and the generation of the keys. Times are checked at each use.
    verified: Cache<[u8; 32], Arc<Verified>>,
}

/// The settings without the key.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) credential: Credential,
    algorithms: Vec<Algorithm>,
    issuer: Option<String>,
    audience: Option<String>,
    token_type: Option<String>,
    pub(super) claims: ClaimNames,
    pub(super) bind: super::settings::Bind,
}

/// What a good token says.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) testimony: Testimony,
    /// The claim that stays while the token is renewed; present where the settings name one.
    pub(super) session: Option<String>,
    expires_at: UnixTime,
    /// The later of `nbf` and `iat`.
    valid_from: Option<UnixTime>,
}

impl Jwt {
    /// Reads keys from files now; from addresses when they are needed.
    pub(super) fn build(settings: JwtSettings, ports: &Arc<Ports>) -> Result<Self, BuildError> {
        provider::install();
        let JwtSettings { credential, algorithms, key, issuer, audience, token_type, claims, bind } = settings;
        let family = algorithms.first().ok_or(BuildError::Algorithms)?.family();
        let is_hmac = |algorithm: &Algorithm| algorithm.family() == jsonwebtoken::AlgorithmFamily::Hmac;
        let one_key = matches!(key, JwtKey::Secret(_) | JwtKey::PublicKey(_));
        let mixed = algorithms.iter().any(|other| is_hmac(other) != algorithms.first().is_some_and(is_hmac));
        let unfit = one_key && algorithms.iter().any(|other| other.family() != family);
        if mixed || unfit || matches!(key, JwtKey::Secret(_)) != algorithms.iter().all(is_hmac) {
            return Err(BuildError::Algorithms);
        }
        let keys = Keys::build(key, family, ports)?;
        let settings = Rules { credential, algorithms, issuer, audience, token_type, claims, bind };
        Ok(Self { settings, keys, verified: Cache::new(CACHED) })
    }

    /// What the token says, once it is verified; reads the key set again where that is due.
    ///
    /// # Errors
    /// `Rejected`, or `Unavailable` when there is no key set.
    pub(super) async fn ask(&self, token: &str, now: UnixTime) -> Result<Arc<Verified>, IdentityError> {
        self.keys.refresh(Cause::Use).await?;
        if let Some(known) = self.known(token) {
            return in_time(known, now).ok_or_else(rejected);
        }
        let header = self.header(token).ok_or_else(rejected)?;
        if self.keys.find(header.kid.as_deref(), header.alg).is_none() {
            self.keys.refresh(Cause::UnknownKey).await?;
        }
        self.verify(token, &header).and_then(|verified| in_time(verified, now)).ok_or_else(rejected)
    }

    /// The same without reading anything; `None` also where that would be needed.
    pub(super) fn ask_locally(&self, token: &str, now: UnixTime) -> Option<Arc<Verified>> {
        let known = self.known(token).or_else(|| self.verify(token, &self.header(token)?));
        in_time(known?, now)
    }

    fn known(&self, token: &str) -> Option<Arc<Verified>> {
        self.verified.get(&self.cache_key(token))
    }

    fn cache_key(&self, token: &str) -> [u8; 32] {
        secret::digest([token.as_bytes(), &self.keys.generation().to_be_bytes()])
    }

    /// The header of a token that may be verified at all. Addresses and keys in it are ignored.
    fn header(&self, token: &str) -> Option<Header> {
        if token.len() > MAX_TOKEN || token.split('.').count() != 3 {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let type_fits = self.settings.token_type.as_deref().is_none_or(|wanted| {
            header.typ.as_deref().is_some_and(|typ| short_type(typ).eq_ignore_ascii_case(short_type(wanted)))
        });
        // `crit` names extensions that must be understood, and none is (RFC 7515 section 4.1.11).
        let extended = header.crit.is_some() || header.enc.is_some() || header.zip.is_some();
        (self.settings.algorithms.contains(&header.alg) && type_fits && !extended).then_some(header)
    }

    /// Verifies everything but the time, and remembers it.
    fn verify(&self, token: &str, header: &Header) -> Option<Arc<Verified>> {
        let key = self.keys.find(header.kid.as_deref(), header.alg)?;
        let cache_key = self.cache_key(token);
        // The crate reads the wall clock for these: they are checked here against ours.
        let mut validation = Validation::new(header.alg);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation).ok()?.claims;
        let verified = Arc::new(self.read(&claims)?);
        self.verified.insert(cache_key, Arc::clone(&verified));
        Some(verified)
    }

    fn read(&self, claims: &Map<String, Value>) -> Option<Verified> {
        let names = &self.settings.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if self.settings.issuer.as_deref().is_some_and(|wanted| text("iss") != Some(wanted)) {
            return None;
        }
        if self.settings.audience.as_deref().is_some_and(|wanted| !is_for(claims.get("aud"), wanted)) {
            return None;
        }
        let subject = match claims.get(&names.subject)? {
            Value::String(subject) => Subject::parse(subject),
            Value::Number(id) if id.is_i64() || id.is_u64() => Subject::parse(&id.to_string()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let session = match names.session.as_deref() {
            Some(name) => Some(text(name)?.to_owned()),
            None => None,
        };
        let valid_from = time(claims, "nbf")?.max(time(claims, "iat")?);
        let optional = |name: &Option<String>| name.as_deref().and_then(text).map(str::to_owned);
        let since = |name: &str| claims.get(name).and_then(|value| value.as_i64().map(|secs| secs.to_string()));
        let claims_about = Claims {
            phone: optional(&names.phone),
            phone_since: optional(&names.phone_since).or_else(|| names.phone_since.as_deref().and_then(since)),
            email: optional(&names.email),
            locale: optional(&names.locale),
        };
        let testimony = Testimony { subject: subject.ok()?, claims: claims_about };
        Some(Verified { testimony, session, expires_at: time(claims, "exp")??, valid_from })
    }
}

fn in_time(verified: Arc<Verified>, now: UnixTime) -> Option<Arc<Verified>> {
    let started = verified.valid_from.is_none_or(|from| from <= now.plus(LEEWAY));
    (started && verified.expires_at > now).then_some(verified)
}

/// A NumericDate, which may have a fraction: `None` when malformed, `Some(None)` when absent.
fn time(claims: &Map<String, Value>, name: &str) -> Option<Option<UnixTime>> {
    let Some(value) = claims.get(name) else { return Some(None) };
    let seconds = value.as_f64()?.floor();
    if !(0.0..1e12).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked on the line above")]
    Some(Some(UnixTime::from_secs(seconds as i64)))
}

/// Whether `aud` is, or contains, the audience (RFC 7519 section 4.1.3).
fn is_for(aud: Option<&Value>, wanted: &str) -> bool {
    match aud {
        Some(Value::String(only)) => only == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}

/// A `typ` without the prefix that it may omit (RFC 7515 section 4.1.9).
fn short_type(typ: &str) -> &str {
    match typ.get(..12) {
        Some(prefix) if prefix.eq_ignore_ascii_case("application/") => typ.get(12..).unwrap_or(typ),
        _ => typ,
    }
}

fn rejected() -> IdentityError {
    IdentityError::Rejected { source_name: "jwt" }
}
