//! Carriers: reading the credentials out of a request head, in the one way that no framework
//! contradicts (security.md 3.3).

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode;

use super::{IdentityError, settings::Credential};
use crate::secret::Hasher;

/// Bytes of a credential's value at most.
const MAX_VALUE: usize = 4096;

/// A credential that a request carries.
#[derive(Debug)]
pub(super) enum Presented<'r> {
    /// Names and values, in the order of the settings; at least one.
    Cookies(Vec<(&'r str, &'r str)>),
    /// The value of the header, whole.
    Header(&'r str),
}

impl Presented<'_> {
    /// The keyed hash of the session's value: what `bind: value` binds to, and what a log-in is
    /// remembered under.
    pub(super) fn hash(&self, hasher: &Hasher) -> [u8; 32] {
        match self {
            Self::Cookies(cookies) => {
                let parts: Vec<&[u8]> =
                    cookies.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
                hasher.hash("session cookies", &parts)
            }
            Self::Header(value) => hasher.hash("session header", &[value.as_bytes()]),
        }
    }

    /// The token: the bare value of the one cookie or header, or what follows `Bearer`. `None` where
    /// there are several cookies or another scheme.
    pub(super) fn token(&self) -> Option<&str> {
        let value = match self {
            Self::Cookies(cookies) => match cookies.as_slice() {
                [(_, value)] => value,
                _ => return None,
            },
            Self::Header(value) => value,
        };
        match value.split_once(' ') {
            None => Some(value),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim_start_matches(' ')),
            Some(_) => None,
        }
    }
}

/// The cookies of a request, split as browsers write them.
#[derive(Debug)]
pub(super) struct Jar<'r>(Vec<(&'r [u8], &'r [u8])>);

impl<'r> Jar<'r> {
    /// Splits the Cookie header.
    ///
    /// # Errors
    /// `Ambiguous` for several Cookie lines, which frameworks join in different ways, and for a quote
    /// that is not closed within its cookie, which some take as reaching over the next semicolon.
    pub(super) fn parse(headers: &'r HeaderMap) -> Result<Self, IdentityError> {
        let mut lines = headers.get_all(header::COOKIE).iter();
        let Some(line) = lines.next() else { return Ok(Self(Vec::new())) };
        if lines.next().is_some() {
            return Err(ambiguous("more than one Cookie header"));
        }
        let pairs: Vec<_> = line.as_bytes().split(|byte| *byte == b';').filter_map(split_pair).collect();
        if pairs.iter().any(|(_, value)| has_open_quote(value)) {
            return Err(ambiguous("a cookie with a quote that is not closed"));
        }
        Ok(Self(pairs))
    }

    /// The one cookie of this name (which may end in `*`); an empty value counts as absent.
    ///
    /// # Errors
    /// `Ambiguous` when it occurs more than once or in another spelling, or its value has a character
    /// that frameworks read differently, or is longer than 4096 bytes.
    pub(super) fn find(&self, name: &str) -> Result<Option<(&'r str, &'r str)>, IdentityError> {
        let mut found = None;
        for &(candidate, value) in &self.0 {
            if has_second_cookie(value, name) {
                return Err(ambiguous("a cookie hidden behind a comma"));
            }
            if !matches_folded(candidate, name) {
                continue;
            }
            let spelled = std::str::from_utf8(candidate).ok().filter(|exact| matches_exactly(exact, name));
            let Some(exact) = spelled else { return Err(ambiguous("a session cookie in an odd spelling")) };
            if found.is_some() {
                return Err(ambiguous("a session cookie occurs more than once"));
            }
            found = Some((exact, value));
        }
        let Some((name, value)) = found.filter(|(_, value)| !value.is_empty()) else { return Ok(None) };
        let sane = value.len() <= MAX_VALUE && value.iter().all(|byte| is_sane(*byte));
        let value = std::str::from_utf8(value).ok().filter(|_| sane);
        Ok(Some((name, value.ok_or_else(|| ambiguous("a session cookie with an odd value"))?)))
    }
}

/// The credential that a request carries.
///
/// # Errors
/// As [`Jar::find`]; for headers when repeated, too long or not visible ASCII.
pub(super) fn present<'r>(
    credential: &Credential,
    headers: &'r HeaderMap,
    jar: &Jar<'r>,
) -> Result<Option<Presented<'r>>, IdentityError> {
    match credential {
        Credential::Cookies(names) => present_cookies(names, jar),
        Credential::Header(name) => Ok(only_header(headers, name)?.map(Presented::Header)),
    }
}

/// As [`present`] for cookies.
pub(super) fn present_cookies<'r>(names: &[String], jar: &Jar<'r>) -> Result<Option<Presented<'r>>, IdentityError> {
    let mut cookies = Vec::with_capacity(names.len());
    for name in names {
        cookies.extend(jar.find(name)?);
    }
    Ok((!cookies.is_empty()).then_some(Presented::Cookies(cookies)))
}

/// The value of a header that must stand alone; `None` when absent.
pub(super) fn only_header<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r str>, IdentityError> {
    if !headers.contains_key(name) {
        return Ok(None);
    }
    let value = crate::request::header_once(headers, name).map(str::trim);
    match value.filter(|value| !value.is_empty() && value.len() <= 2 * MAX_VALUE) {
        Some(value) => Ok(Some(value)),
        None => Err(ambiguous("a credential header is repeated, empty or malformed")),
    }
}

/// Rewrites the Cookie headers without the cookies that `drops` names.
pub(super) fn retain_cookies(headers: &mut HeaderMap, drops: impl Fn(&[u8]) -> bool) {
    let mut kept: Vec<u8> = Vec::new();
    for line in headers.get_all(header::COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            if pair.is_empty() || drops(name) {
                continue;
            }
            if !kept.is_empty() {
                kept.extend_from_slice(b"; ");
            }
            kept.extend_from_slice(pair);
        }
    }
    headers.remove(header::COOKIE);
    // Pieces of valid header values are one again, joined with visible bytes.
    if let Some(value) = HeaderValue::from_bytes(&kept).ok().filter(|_| !kept.is_empty()) {
        headers.insert(header::COOKIE, value);
    }
}

/// Whether some framework might read `candidate` as the cookie of this name.
pub(super) fn matches_folded(candidate: &[u8], name: &str) -> bool {
    // Old versions of PHP decode the names of cookies.
    let decoded: Cow<'_, [u8]> = percent_decode(candidate).into();
    let candidate = trimmed(&decoded);
    let (stem, open) = name.strip_suffix('*').map_or((name, false), |stem| (stem, true));
    let fits = if open { candidate.len() >= stem.len() } else { candidate.len() == stem.len() };
    fits && candidate.iter().zip(stem.as_bytes()).all(|(one, other)| fold(*one) == fold(*other))
}

/// Whether some framework might find a cookie of one of these names in Cookie headers, however it splits them.
pub(super) fn may_carry(headers: &HeaderMap, names: &[String]) -> bool {
    let stems = || names.iter().map(|name| name.strip_suffix('*').unwrap_or(name).as_bytes());
    let is = |piece: &[u8], stem: &[u8]| piece.iter().zip(stem).all(|(one, other)| fold(*one) == fold(*other));
    headers.get_all(header::COOKIE).iter().any(|line| {
        let line: Cow<'_, [u8]> = percent_decode(line.as_bytes()).into();
        stems().any(|stem| stem.is_empty() || line.windows(stem.len()).any(|piece| is(piece, stem)))
    })
}

/// Without what is no visible ASCII at both ends: some frameworks trim Unicode's spaces too.
fn trimmed(name: &[u8]) -> &[u8] {
    let visible = |byte: &u8| byte.is_ascii_graphic();
    let Some(first) = name.iter().position(visible) else { return &[] };
    let last = name.iter().rposition(visible).unwrap_or(first);
    name.get(first..=last).unwrap_or(name)
}

/// Whether a cookie has this name, which may end in `*`.
pub(super) fn matches_exactly(candidate: &str, name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(stem) => candidate.starts_with(stem) && candidate.trim() == candidate,
        None => candidate == name,
    }
}

pub(super) fn ambiguous(why: &str) -> IdentityError {
    IdentityError::Ambiguous(why.to_owned())
}

/// Some frameworks ignore case in cookie names, others turn dots, blanks and brackets into `_`.
const fn fold(byte: u8) -> u8 {
    match byte {
        b'.' | b' ' | b'[' => b'_',
        other => other.to_ascii_lowercase(),
    }
}

/// Name and value; the name keeps blanks before the equals sign, so that they are noticed.
fn split_pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let pair = pair.trim_ascii();
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = pair.split_at_checked(at)?;
    Some((name, rest.get(1..)?))
}

fn has_open_quote(value: &[u8]) -> bool {
    value.first() == Some(&b'"') && (value.len() == 1 || value.last() != Some(&b'"'))
}

/// Whether a comma in this value starts a cookie of that name for those who split at commas.
fn has_second_cookie(value: &[u8], name: &str) -> bool {
    value.split(|byte| *byte == b',').skip(1).filter_map(split_pair).any(|(second, _)| matches_folded(second, name))
}

/// Characters that every framework reads as themselves.
const fn is_sane(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b'~' | b'%' | b'+' | b'/' | b'=' | b':' | b'!' | b'|' | b'-')
}

#[cfg(test)]
mod tests;
