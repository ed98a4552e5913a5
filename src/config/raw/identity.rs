//! `identity:` as typed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Field, Match, OneOrMany, Secret, When};

/// One source: exactly one of its keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The site's session is a JWT.
    pub jwt: Option<Jwt>,
    /// The site is asked with the player's own credential.
    pub introspection: Option<Introspection>,
    /// The subject is learned from the log-in as it passes.
    pub login: Option<Login>,
    /// An authenticating proxy in front names the subject.
    pub header: Option<HeaderSource>,
}

/// What carries the site's session: exactly one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Cookie names; one may end in `*`.
    pub cookies: Option<Vec<String>>,
    /// A header: `Authorization`, or one with a bare value.
    pub header: Option<String>,
}

/// A session that is a JWT.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Short for `session: { cookies: [NAME] }`.
    pub cookie: Option<String>,
    /// What carries the site's session.
    pub session: Option<Session>,
    /// Short for `session: { header: NAME }`.
    pub header: Option<String>,
    /// All HMAC (`HS256` …) or all public-key (`RS256`, `ES256`, `EdDSA` …).
    pub algorithms: Vec<String>,
    /// For HMAC: at least 32 bytes, as `{ file: … }` or `{ env: … }`.
    pub secret: Option<Secret>,
    /// The same in the open; development only.
    pub insecure_secret: Option<String>,
    /// PEM.
    pub public_key: Option<FileRef>,
    /// A JWK set.
    pub jwks: Option<Jwks>,
    /// `iss` must be this.
    pub issuer: Option<String>,
    /// `aud` must contain this.
    pub audience: Option<String>,
    /// `typ` must be this.
    #[serde(rename = "type")]
    pub token_type: Option<String>,
    /// Accepts any token of this key though neither issuer, audience nor type is checked.
    pub insecure_any_token: Option<bool>,
    /// Claim names; default `subject: sub`.
    pub claims: Option<Claims>,
    /// What a stamp is bound to; default `value`.
    pub bind: Option<crate::identity::settings::Bind>,
}

/// A file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Its path.
    pub file: String,
}

/// A JWK set: exactly one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwks {
    /// A file, read again when it changes.
    pub file: Option<String>,
    /// An address, refreshed.
    pub url: Option<String>,
}

/// Claim names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The account.
    pub subject: String,
    /// A phone number.
    pub phone: Option<String>,
    /// Since when the number is the account's: Unix seconds, or a date and time of RFC 3339.
    pub phone_since: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A language tag.
    pub locale: Option<String>,
    /// What stays while the token itself is renewed.
    pub session: Option<String>,
}

/// A site that is asked with the player's own credential.
// `deny_unknown_fields` does not go with `flatten`; the schema refuses unknown keys before this is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Introspection {
    /// Short for `session: { cookies: [NAME] }`.
    pub cookie: Option<String>,
    /// What carries the site's session.
    pub session: Option<Session>,
    /// What is asked.
    #[serde(flatten)]
    pub question: Question,
    /// What a stamp is bound to: `value`, `follow` or `subject`; default `value`.
    pub bind: Option<crate::identity::settings::Bind>,
}

/// Who is it: what the site is asked, and how its answer is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Asked with GET; no redirect is followed.
    pub url: String,
    /// Where the subject stands: unique, stable, not editable by the player.
    pub subject: Extract,
    /// A subject that matches this anchored expression is nobody.
    pub anonymous: Option<String>,
    /// A phone number.
    pub phone: Option<Extract>,
    /// Since when the number is the account's: Unix seconds, or a date and time of RFC 3339.
    pub phone_since: Option<Extract>,
    /// A mail address.
    pub email: Option<Extract>,
    /// A language tag.
    pub locale: Option<Extract>,
    /// How long an answer may be used for `session`; default `0s`, at most `60s`.
    pub cache: Option<String>,
    /// For the whole exchange; default `5s`.
    pub deadline: Option<String>,
    /// Bytes read at most; default `64KiB`.
    pub max_answer: Option<String>,
}

/// Where a value stands in the site's answer: exactly one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// A JSON Pointer, `/user/id`.
    pub json: Option<String>,
    /// The first group of the one match.
    pub regex: Option<String>,
    /// A response header.
    pub header: Option<String>,
    /// `user`: of the player's own Basic credential.
    pub basic: Option<String>,
}

/// A log-in that is learned as it passes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Short for `session: { cookies: [NAME] }`.
    pub cookie: Option<String>,
    /// What carries the site's session.
    pub session: Option<Session>,
    /// The log-in request.
    #[serde(rename = "match")]
    pub matches: OneOrMany<Match>,
    /// The field with the name that the player typed.
    pub subject: TypedName,
    /// When the site's answer may be a log-in.
    pub success: Option<When>,
    /// Who is it really, asked with the new session.
    pub confirm: Option<Question>,
    /// Takes the typed name for the subject.
    pub insecure_unconfirmed_login: Option<bool>,
    /// How long a binding is remembered; default `30d`.
    pub lifetime: Option<String>,
    /// `true`: for players who have a second factor the whole answer to a log-in, its new session with it,
    /// waits sealed for the proof, 5 minutes at most; until then no address of the site can be used with
    /// it. Needs `confirm` to name whoever is logged in, every address by which one logs in under `match`, and
    /// a site that renews its session at a log-in; each request with a session then costs a look into the
    /// durable store, and a question to `confirm` in the 15 minutes after a log-in of nobody
    /// (for `lifetime` after one without an answer).
    /// Default `false`.
    pub hold_session: Option<bool>,
    /// What the site knows of the account, asked server to server: claims for sites that tell none with
    /// `confirm`. Without `confirm` it needs `subject`, and says which account a typed name stands for.
    pub profile: Option<Profile>,
}

/// A site that is asked about an account. 404: it has none of that id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Asked with GET, the account's id percent-encoded in the place of `{subject}`, in path or query;
    /// no redirect is followed.
    pub url: String,
    /// The value of the `Authorization` header to ask with, by reference.
    pub authorization: Option<Secret>,
    /// Where the account's id stands. Without `confirm` the typed name is asked for at the log-in and
    /// this id from then on, and the answer must be the same.
    pub subject: Option<Extract>,
    /// A phone number.
    pub phone: Option<Extract>,
    /// Since when the number is the account's: Unix seconds, or a date and time of RFC 3339.
    pub phone_since: Option<Extract>,
    /// A mail address.
    pub email: Option<Extract>,
    /// A language tag.
    pub locale: Option<Extract>,
    /// For the whole exchange; default `5s`.
    pub deadline: Option<String>,
    /// Bytes read at most; default `64KiB`.
    pub max_answer: Option<String>,
}

/// The name that the player typed: exactly one place, and what is done to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TypedName {
    /// Where it stands.
    #[serde(flatten)]
    pub field: Field,
    /// In this order.
    pub normalize: Option<Vec<crate::identity::settings::Normalize>>,
}

/// An authenticating proxy in front.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderSource {
    /// The header with the subject.
    pub subject: HeaderName,
    /// Networks that may send it. From all others it is refused on guarded routes, and never reaches the site.
    pub from: Vec<String>,
}

/// A header: its name, or `{ header: NAME }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HeaderName {
    /// Its name.
    Name(String),
    /// The long form.
    Long(HeaderRef),
}

/// A header.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderRef {
    /// Its name.
    pub header: String,
}
