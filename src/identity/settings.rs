//! What an operator says of the identity sources, resolved.

use std::{path::PathBuf, time::Duration};

use ipnet::IpNet;
use jsonwebtoken::Algorithm;
use regex::Regex;
use secrecy::SecretString;
use url::Url;

use crate::policy::rule::{AnswerCondition, Match};

/// One source, in file order.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a site has a handful, built once")]
pub enum SourceSettings {
    /// The site's session is a JWT.
    Jwt(JwtSettings),
    /// The site is asked with the player's own credential.
    Introspection(IntrospectionSettings),
    /// The subject is learned from the log-in as it passes.
    Login(LoginSettings),
    /// An authenticating proxy in front of us names the subject.
    Header(HeaderSettings),
}

/// What carries the site's session in a request.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Cookies of these names; a name may end in `*` where a site puts a hash or a port into it.
    Cookies(Vec<String>),
    /// This header: `Authorization` with Bearer or Basic, or one with a bare value.
    Header(String),
}

/// What a stamp is bound to (decisions 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bind {
    /// The value of the session.
    Value,
    /// The same, followed when the site rotates it in an answer.
    Follow,
    /// Subject and a value in our own cookie.
    Subject,
}

/// A session that is a JWT.
#[derive(Debug)]
pub struct JwtSettings {
    /// Where it stands.
    pub credential: Credential,
    /// The accepted algorithms: all HMAC or all public-key, never mixed.
    pub algorithms: Vec<Algorithm>,
    /// What verifies it.
    pub key: JwtKey,
    /// `iss`, if it must be this.
    pub issuer: Option<String>,
    /// `aud`, if it must contain this.
    pub audience: Option<String>,
    /// `typ`, if it must be this.
    pub token_type: Option<String>,
    /// Claim names.
    pub claims: ClaimNames,
    /// What a stamp is bound to; `Value` binds to the `session` claim where one is named.
    pub bind: Bind,
}

/// What verifies a JWT.
#[derive(Debug)]
pub enum JwtKey {
    /// A shared secret.
    Secret(SecretString),
    /// PEM of a public key, already read.
    PublicKey(String),
    /// A JWK set in a file, read again when it changes.
    JwksFile(PathBuf),
    /// A JWK set at an address, refreshed.
    JwksUrl(String),
}

/// In which claims a JWT says what.
#[derive(Clone, Debug)]
pub struct ClaimNames {
    /// The account.
    pub subject: String,
    /// A phone number.
    pub phone: Option<String>,
    /// Since when it is the account's.
    pub phone_since: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A language tag.
    pub locale: Option<String>,
    /// What stays while the token itself is renewed.
    pub session: Option<String>,
}

/// A site that is asked.
#[derive(Debug)]
pub struct IntrospectionSettings {
    /// What carries the session.
    pub credential: Credential,
    /// Asked with GET; no redirect is followed.
    pub url: String,
    /// How long an answer may be used for the same credential; at most 60 s.
    pub cache: Duration,
    /// From the first byte sent to the last byte read.
    pub deadline: Duration,
    /// Bytes of the answer that are read at most.
    pub max_answer: usize,
    /// Where the subject stands.
    pub subject: Extract,
    /// A subject that matches this is nobody.
    pub anonymous: Option<Regex>,
    /// Where what else it says of the player stands.
    pub claims: ClaimPlaces,
    /// What a stamp is bound to.
    pub bind: Bind,
}

/// Where an answer says what of a player.
#[derive(Clone, Debug, Default)]
pub struct ClaimPlaces {
    /// Where a phone number stands.
    pub phone: Option<Extract>,
    /// Where it stands since when the number is the account's.
    pub phone_since: Option<Extract>,
    /// Where a mail address stands.
    pub email: Option<Extract>,
    /// Where a language tag stands.
    pub locale: Option<Extract>,
}

/// A site that is asked about an account by its id, server to server.
#[derive(Debug)]
pub struct ProfileSettings {
    /// Asked with GET, the id in the place of `{subject}`; no redirect is followed.
    pub url: String,
    /// The whole value of the `Authorization` header that it is asked with.
    pub authorization: Option<SecretString>,
    /// From the first byte sent to the last byte read.
    pub deadline: Duration,
    /// Bytes of the answer that are read at most.
    pub max_answer: usize,
    /// Where the account's own id stands.
    pub subject: Option<Extract>,
    /// Where what else it says stands.
    pub claims: ClaimPlaces,
}

impl ProfileSettings {
    /// Where an account's id goes in the address.
    pub const PLACE: &str = "{subject}";

    /// Whether an address has one place for the id, in its path or its query.
    #[must_use]
    pub fn has_one_place(url: &str) -> bool {
        let with = |id: &str| Url::parse(&url.replace(Self::PLACE, id)).ok();
        let (Some(one), Some(other)) = (with("a"), with("b")) else { return false };
        url.matches(Self::PLACE).count() == 1
            && one.scheme() == other.scheme()
            && one.authority() == other.authority()
            && one.fragment() == other.fragment()
    }
}

/// How a value is taken from an answer of the site.
#[derive(Clone, Debug)]
pub enum Extract {
    /// A JSON Pointer (RFC 6901); a string or an integer.
    Json(String),
    /// The first group of the one match; no match or several is an error (decisions 5).
    Regex(Regex),
    /// A response header.
    Header(String),
    /// The user of the request's own Basic credential, once the site answered 2xx.
    BasicUser,
}

/// A log-in that is learned as it passes.
#[derive(Debug)]
pub struct LoginSettings {
    /// The session cookies.
    pub cookies: Vec<String>,
    /// The log-in request.
    pub matches: Vec<Match>,
    /// The field with the name that the player typed.
    pub subject: crate::fields::FieldName,
    /// What is done to a typed name, in this order.
    pub normalize: Vec<Normalize>,
    /// What only triggers the question (decisions 1).
    pub success: AnswerCondition,
    /// Who is it really, asked with the new session.
    pub confirm: Option<IntrospectionSettings>,
    /// What the site knows of the account. Without `confirm` it names the account to the typed name;
    /// with neither, the typed name is taken, under `insecure_unconfirmed_login` alone.
    pub profile: Option<ProfileSettings>,
    /// How long a binding is remembered.
    pub lifetime: Duration,
    /// Whether the answer waits for the proof of players who have a second factor (decisions 41).
    pub hold_session: bool,
}

/// One step on a typed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalize {
    /// White space at both ends.
    Trim,
    /// Lower case.
    Lowercase,
}

impl SourceSettings {
    /// The header that names the player or carries the credential.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        let credential = match self {
            Self::Jwt(jwt) => &jwt.credential,
            Self::Introspection(asked) => &asked.credential,
            Self::Login(_) => return None,
            Self::Header(header) => return Some(&header.subject),
        };
        match credential {
            Credential::Header(name) => Some(name),
            Credential::Cookies(_) => None,
        }
    }
}

/// An authenticating proxy in front of us.
#[derive(Debug)]
pub struct HeaderSettings {
    /// The header with the subject.
    pub subject: String,
    /// The peers that may send it; from every other peer its presence is refused.
    pub from: Vec<IpNet>,
}
