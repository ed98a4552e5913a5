//! A request head as data: what every layer above the policy reads of a request.
//!
//! Nothing here names the proxy. The edge builds a [`Head`] from its session, the portal from an
//! `http::request::Parts`; both say the same of the same bytes.

use std::{
    fmt,
    net::IpAddr,
    sync::{Mutex, OnceLock, PoisonError},
};

use http::{HeaderMap, HeaderValue, Method, Version, header};

use crate::{secret::Token, target::Target};

/// The head of one request, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Head<'r> {
    /// As received: an upper-case token.
    pub method: &'r Method,
    /// Path and query with all their readings.
    pub target: &'r Target,
    /// One of the site's hosts as the configuration writes it: lower case, with its port if any.
    pub host: &'r str,
    /// How the player reached us, or says a trusted proxy that the player reached it.
    pub scheme: Scheme,
    /// The protocol of the request itself, not of a proxy before us.
    pub version: Version,
    /// Every header as received; over HTTP/2 the cookie crumbs are joined already.
    pub headers: &'r HeaderMap,
    /// The player's address: the peer's, or what a trusted proxy says of it.
    pub client: IpAddr,
    /// The address of the TCP peer: the player, or the proxy nearest to us.
    pub peer: IpAddr,
    /// What whoever answers the request sets besides.
    pub answer_cookies: &'r AnswerCookies,
}

/// Cookies that came up while it was asked who sent a request: whoever answers it sets them.
#[derive(Default)]
pub struct AnswerCookies {
    site: Mutex<Vec<HeaderValue>>,
    login: OnceLock<Token>,
}

impl AnswerCookies {
    /// Adds a Set-Cookie line of the site, for the browser (decisions 3).
    pub fn hand_on(&self, line: HeaderValue) {
        // A line is pushed whole, so that a poisoned lock holds nothing half done.
        self.site.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The lines of the site, in their order; none the next time.
    pub fn take_site_lines(&self) -> Vec<HeaderValue> {
        std::mem::take(&mut *self.site.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The new value of our login cookie for this request: the same one each time.
    pub fn new_login(&self) -> Token {
        self.login.get_or_init(Token::random).clone()
    }

    /// The new value of our login cookie, where one was needed.
    #[must_use]
    pub fn login(&self) -> Option<&Token> {
        self.login.get()
    }
}

impl fmt::Debug for AnswerCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerCookies(…)")
    }
}

impl Head<'_> {
    /// Whether it asks for a connection that stays open: a WebSocket or another upgrade, or an event
    /// stream and nothing else.
    #[must_use]
    pub fn wants_tunnel(&self) -> bool {
        let events = |accept: &str| accept.trim().eq_ignore_ascii_case("text/event-stream");
        self.headers.contains_key(header::UPGRADE)
            || header_once(self.headers, header::ACCEPT.as_str()).is_some_and(events)
    }
}

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS: only for development.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The player: the site's stable id for the account, 1 to 255 bytes of UTF-8 without control
/// characters. Compared byte for byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(Box<str>);

/// A text that is no [`Subject`]: empty, longer than 255 bytes, or with control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a subject is 1 to 255 bytes without control characters")]
pub struct BadSubject;

impl Subject {
    /// The subject of this id.
    ///
    /// # Errors
    /// [`BadSubject`] when it is empty, longer than 255 bytes, or has control characters.
    pub fn parse(id: &str) -> Result<Self, BadSubject> {
        if id.is_empty() || id.len() > 255 || id.chars().any(char::is_control) {
            return Err(BadSubject);
        }
        Ok(Self(id.into()))
    }

    /// The site's id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Subject {
    type Error = BadSubject;
    fn try_from(id: String) -> Result<Self, BadSubject> {
        Self::parse(&id)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0.into()
    }
}

impl fmt::Debug for Subject {
    /// Says nothing of the player: logs must not name them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

/// What ties a proof to one log-in: a keyed hash over what each identity source binds to
/// (decisions 6). 32 bytes, compared byte for byte; says nothing of the session value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Binding(pub [u8; 32]);

/// By what the site knows the player; `Cookie` if any carrier is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Carrier {
    /// A browser, or a client with a cookie jar.
    Cookie,
    /// A client that sends a header by itself.
    Header,
}

/// A cookie name that occurs more than once. Frameworks disagree on which one counts
/// (security.md 0.7), so the request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cookie {0:?} occurs more than once")]
pub struct DuplicateCookie(pub String);

/// Every `name=value` pair of the Cookie headers that is UTF-8, in order, as sent: not unquoted, not
/// decoded. One that is not hides no other.
pub fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
}

/// Each cookie whole, as the browser wrote it, with its name; one without `=` is its own name, and one whose name is
/// no text is left out.
pub fn cookie_pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    let lines = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let pairs = lines.map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
    pairs.filter_map(|pair| {
        let name = pair.split(|byte| *byte == b'=').next()?;
        Some((std::str::from_utf8(name).ok()?, pair))
    })
}

/// The value of the cookie with exactly this name.
///
/// # Errors
/// [`DuplicateCookie`] when the name occurs more than once, even with equal values.
pub fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r str>, DuplicateCookie> {
    let mut found = None;
    for (candidate, value) in cookies(headers) {
        if candidate != name {
            continue;
        }
        if found.is_some() {
            return Err(DuplicateCookie(name.to_owned()));
        }
        found = Some(value);
    }
    Ok(found)
}

/// Whether a head announces a body: by its length, or by chunks, of which there may be none.
#[must_use]
pub fn announces_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// A header's name as CGI-style servers fold it: what is no letter or digit is a dash, case aside.
#[must_use]
pub fn folded_name(name: &str) -> String {
    name.chars().map(fold).collect()
}

/// Whether CGI-style servers take two header names for one, as [`folded_name`] says.
#[must_use]
pub fn folds_alike(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.chars().map(fold).eq(other.chars().map(fold))
}

const fn fold(c: char) -> char {
    if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }
}

/// The one value of a header that must not be repeated; `None` when absent, repeated or not
/// visible ASCII.
#[must_use]
pub fn header_once<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

/// Whether the value of a Host header is `localhost` or a loopback address, with or without a port.
#[must_use]
pub fn names_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    !host.contains('@')
        && (name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
