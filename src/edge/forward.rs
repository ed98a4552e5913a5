//! What goes to the site: the request without what is ours, with what only we may say.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::*;

use crate::{
    edge::intake::{Intake, REQUEST_ID},
    flow::CookieNames,
    identity::HeaderUse,
};

/// What [`introduce`] says of every request.
const OURS_TO_SAY: [&str; 4] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", REQUEST_ID];

/// By what proxies call the player's address besides X-Forwarded-For. From a trusted proxy they go on, with
/// the address that we found; from everybody else they are removed.
const CLIENT_ADDRESS: [&str; 8] = [
    "x-real-ip",
    "client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-azure-clientip",
];

/// Headers by which some framework would route the request elsewhere, or believe a client about where it
/// came from (security.md 3.3), or have the server before it give out another file, by how their names begin.
const REWRITING: [&str; 6] = ["x-forwarded", "x-original-", "x-rewrite-", "x-override-", "x-accel-", "x-sendfile-"];

/// Those of them by which a proxy says nothing of where a request goes, but of who it found: from a trusted one they
/// go on.
const OF_A_PROXY: [&str; 6] = ["user", "email", "groups", "preferred-username", "access-token", "client-cert"];

/// What decides over the headers of one request besides their names.
#[derive(Clone, Copy)]
pub struct Passing<'a> {
    /// Whether the peer is a trusted proxy.
    pub trusted: bool,
    /// The odd names that go on, lower case.
    pub odd_headers: &'a [String],
    /// What a header is to the identity sources.
    pub use_of: &'a dyn Fn(&str) -> HeaderUse,
}

impl Passing<'_> {
    fn lets_pass(&self, name: &str) -> bool {
        if is_ours(name) {
            return false;
        }
        match (self.use_of)(name) {
            HeaderUse::Carrier => return true,
            HeaderUse::Forged => return false,
            HeaderUse::Unread => {}
        }
        if is_odd(name) {
            return self.odd_headers.iter().any(|listed| listed == name);
        }
        if is_never_forwarded(name) {
            return self.trusted && is_of_a_proxy(name);
        }
        self.trusted || !CLIENT_ADDRESS.contains(&name)
    }
}

/// Whether a name begins as ours do, after which no separator matters (security.md 3.4).
fn is_ours(name: &str) -> bool {
    name.as_bytes().get(..8) == Some(b"stepgate")
}

/// Whether a name has what CGI-style servers fold into another character.
#[must_use]
pub fn is_odd(name: &str) -> bool {
    !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_of_a_proxy(name: &str) -> bool {
    name.strip_prefix("x-forwarded-").is_some_and(|what| OF_A_PROXY.contains(&what))
}

/// Whether a browser sends a header of this name with a preflight, which goes on unproven: one that it does not know
/// may log in (decisions 21). Who brought it is said by proxies.
#[must_use]
pub fn is_of_preflight(name: &str) -> bool {
    const KNOWN: [&str; 15] = [
        "host",
        "origin",
        "user-agent",
        "referer",
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "pragma",
        "connection",
        "content-length",
        "dnt",
        "priority",
        "te",
        "via",
    ];
    KNOWN.contains(&name)
        || ["access-control-request-", "sec-fetch-", "sec-ch-"].iter().any(|beginning| name.starts_with(beginning))
        || OURS_TO_SAY.contains(&name)
        || CLIENT_ADDRESS.contains(&name)
}

fn is_never_forwarded(name: &str) -> bool {
    let more = matches!(
        name,
        "forwarded"
            | "x-host"
            | "x-http-host-override"
            | "x-url-scheme"
            | "x-scheme"
            | "x-script-name"
            | "front-end-https"
            | "proxy"
            | "cf-connecting-ipv6"
            | "cf-pseudo-ipv4"
    );
    more || (REWRITING.iter().any(|beginning| name.starts_with(beginning)) && !OURS_TO_SAY.contains(&name))
}

/// Whether only proxies may say it, or say it of their own.
fn is_said_by_proxies(name: &str) -> bool {
    is_never_forwarded(name) || OURS_TO_SAY.contains(&name) || CLIENT_ADDRESS.contains(&name)
}

/// Whether no header that some server takes for one of this name may be allowed, folded as
/// [`crate::request::folded_name`] does: who is it, where does its body end, and what only we say.
#[must_use]
pub fn is_reserved(folded: &str) -> bool {
    let decides = matches!(
        folded,
        "cookie"
            | "authorization"
            | "host"
            | "content-length"
            | "transfer-encoding"
            | "content-type"
            | "content-encoding"
    );
    decides
        || is_ours(folded)
        || is_never_forwarded(folded)
        || OURS_TO_SAY.contains(&folded)
        || CLIENT_ADDRESS.contains(&folded)
}

/// Removes what a client must not say to the site: our headers and cookies, false forwarding, a player's
/// name, and names that a server may take for others.
///
/// # Errors
/// When the library refuses a header value; the request is not forwarded then.
pub fn clean(request: &mut RequestHeader, passing: Passing<'_>) -> Result<()> {
    // Nothing is allocated where every header goes on.
    let unwanted: Vec<HeaderName> =
        request.headers.keys().filter(|name| !passing.lets_pass(name.as_str())).cloned().collect();
    for name in unwanted {
        request.remove_header(&name);
    }
    let has_ours = |line: &HeaderValue| pairs(line).any(is_our_cookie);
    if request.headers.get_all(header::COOKIE).iter().any(has_ours) {
        strip_cookies(request)?;
    }
    Ok(())
}

/// Removes what the site must not say in our name: only what we add to its answer afterwards is ours.
pub fn drop_ours(answer: &mut ResponseHeader) {
    let forged: Vec<HeaderName> = answer.headers.keys().filter(|name| is_ours(name.as_str())).cloned().collect();
    for name in forged {
        answer.remove_header(&name);
    }
}

fn strip_cookies(request: &mut RequestHeader) -> Result<()> {
    let lines: Vec<Vec<u8>> = request
        .headers
        .get_all(header::COOKIE)
        .iter()
        .map(|line| {
            let kept: Vec<&[u8]> = pairs(line).filter(|pair| !pair.is_empty() && !is_our_cookie(pair)).collect();
            kept.join(&b"; "[..])
        })
        .filter(|line| !line.is_empty())
        .collect();
    request.remove_header(&header::COOKIE);
    for line in lines {
        request.append_header(header::COOKIE, line)?;
    }
    Ok(())
}

fn pairs(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii)
}

/// Whether a pair, or what has no value at all, begins with a name of ours.
fn is_our_cookie(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    CookieNames::owns(String::from_utf8_lossy(name).trim())
}

/// Says where the request came from, what it is called, and to which host it goes. What else a trusted proxy
/// calls the player's address says the same.
///
/// # Errors
/// As [`clean`].
pub fn introduce(request: &mut RequestHeader, intake: &Intake, host_header: Option<&str>) -> Result<()> {
    let before = request.headers.get_all("x-forwarded-for").iter().filter(|line| intake.trusted && !line.is_empty());
    let peer = intake.peer.to_string();
    let chain: Vec<&[u8]> = before.map(HeaderValue::as_bytes).chain([peer.as_bytes()]).collect();
    let chain = HeaderValue::from_bytes(&chain.join(&b", "[..])).or_err(InternalError, "headers of a client joined")?;
    request.insert_header("x-forwarded-for", chain)?;
    request.insert_header(REQUEST_ID, intake.request_id.as_str())?;
    request.insert_header("x-forwarded-proto", HeaderValue::from_static(intake.scheme.as_str()))?;
    request.insert_header("x-forwarded-host", intake.host.as_str())?;
    if intake.trusted {
        for name in CLIENT_ADDRESS {
            if !request.headers.contains_key(name) {
                continue;
            }
            request.insert_header(name, intake.client.to_string())?;
        }
    }
    request.insert_header(header::HOST, host_header.unwrap_or(&intake.host))
}

/// Makes the request nobody's: no identity cookies, no credentials (decisions 4).
///
/// # Errors
/// As [`clean`].
pub fn anonymise(request: &mut RequestHeader, strip: impl FnOnce(&mut HeaderMap)) -> Result<()> {
    let mut headers = request.headers.clone();
    strip(&mut headers);
    let cookies: Vec<HeaderValue> = headers.get_all(header::COOKIE).iter().cloned().collect();
    let gone: Vec<HeaderName> = request.headers.keys().filter(|name| !headers.contains_key(*name)).cloned().collect();
    for name in gone.iter().chain([&header::COOKIE]) {
        request.remove_header(name);
    }
    for line in cookies {
        request.append_header(header::COOKIE, line)?;
    }
    Ok(())
}

/// Turns the resume request into the one that was held.
///
/// # Errors
/// As [`clean`].
pub fn become_held(request: &mut RequestHeader, method: http::Method, headers: &HeaderMap) -> Result<()> {
    let names: Vec<HeaderName> = request.headers.keys().cloned().collect();
    // Over which proxies it came, and what they found, is true of the one that goes on: the other may have come over
    // none, and said so itself.
    let stays = |name: &HeaderName| *name == header::HOST || is_said_by_proxies(name.as_str());
    for name in names.iter().filter(|name| !stays(name)) {
        request.remove_header(name);
    }
    request.set_method(method);
    for (name, value) in headers.iter().filter(|(name, _)| !stays(name)) {
        request.append_header(name.clone(), value.clone())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
