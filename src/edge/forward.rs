//! What goes to the site: the request without what is ours, with what only we may say.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::*;

use crate::{
    edge::intake::{Intake, REQUEST_ID},
    flow::CookieNames,
    request,
};

/// Headers by which some framework would route the request elsewhere, or believe a client about
/// where it came from (security.md 3.3): never the client's to send.
const NEVER_FORWARDED: [&str; 10] = [
    "forwarded",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-override-url",
    "x-forwarded-uri",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-forwarded-port",
    "x-real-ip",
];

/// Whether some framework folds this name into one of ours: `-`, `_`, `.` are equal, case does not
/// matter (security.md 3.4).
fn is_ours(name: &HeaderName) -> bool {
    name.as_str().as_bytes().get(..8) == Some(b"stepgate")
}

/// A spelling that CGI-style servers fold into a forwarding header.
fn folds_into_forwarding(name: &HeaderName) -> bool {
    if name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return false;
    }
    let folded = request::folded_name(name.as_str());
    folded.starts_with("x-forwarded-") || folded == REQUEST_ID || NEVER_FORWARDED.contains(&folded.as_str())
}

/// Removes what a client must not say to the site: our headers and cookies, and false forwarding.
///
/// # Errors
/// When the library refuses a header value; the request is not forwarded then.
pub fn clean(request: &mut RequestHeader) -> Result<()> {
    let unwanted: Vec<HeaderName> = request
        .headers
        .keys()
        .filter(|name| is_ours(name) || NEVER_FORWARDED.contains(&name.as_str()) || folds_into_forwarding(name))
        .cloned()
        .collect();
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
    let forged: Vec<HeaderName> = answer.headers.keys().filter(|name| is_ours(name)).cloned().collect();
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

/// Says where the request came from, what it is called, and to which host it goes.
///
/// # Errors
/// As [`clean`].
pub fn introduce(request: &mut RequestHeader, intake: &Intake, host_header: Option<&str>) -> Result<()> {
    let before = request.headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let chain = if intake.trusted { before.collect::<Vec<_>>().join(", ") } else { String::new() };
    request.insert_header("x-forwarded-for", forwarded_for(&chain, intake.peer))?;
    request.insert_header(REQUEST_ID, intake.request_id.as_str())?;
    request.insert_header("x-forwarded-proto", HeaderValue::from_static(intake.scheme.as_str()))?;
    request.insert_header("x-forwarded-host", intake.host.as_str())?;
    request.insert_header(header::HOST, host_header.unwrap_or(&intake.host))
}

fn forwarded_for(chain: &str, peer: IpAddr) -> String {
    if chain.is_empty() { peer.to_string() } else { format!("{chain}, {peer}") }
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
    for name in names.iter().filter(|name| **name != header::HOST) {
        request.remove_header(name);
    }
    request.set_method(method);
    for (name, value) in headers {
        request.append_header(name.clone(), value.clone())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(name: &'static str, value: &[u8]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        request.append_header(name, value).unwrap();
        clean(&mut request).unwrap();
        request
    }

    #[test]
    fn our_cookies_are_dropped_beside_one_that_is_not_text() {
        let request = cleaned("Cookie", b"__Host-stepgate=s; x=\xff; stepgate_device=d; b=2");
        assert_eq!(request.headers[header::COOKIE].as_bytes(), b"x=\xff; b=2");
    }

    #[test]
    fn our_cookies_are_dropped_without_a_value_and_with_a_name_that_is_no_text() {
        for line in [&b"stepgate"[..], b"stepgate; b=2", b"stepgate\xff=s; b=2", b"__Host-stepgate\xff"] {
            let request = cleaned("Cookie", line);
            let left = request.headers.get(header::COOKIE).map(HeaderValue::as_bytes);
            assert!(left.is_none_or(|left| left == b"b=2"), "{}", line.escape_ascii());
        }
    }

    proptest! {
        /// Whatever is sent, and however it is spaced: no cookie of ours, every other one, the same
        /// again the second time.
        #[test]
        fn a_rewritten_header_holds_no_cookie_of_ours(
            pieces in proptest::collection::vec((0_usize..9, "[a-z]{0,6}", any::<bool>(), "[ \t]{0,2}"), 0..8),
            noise in proptest::collection::vec(any::<u8>(), 0..6), lines in 1_usize..3,
        ) {
            let names = [
                "__Host-stepgate", "stepgate", "stepgate-device", "__Secure-stepgate-x", "__Host-STEPGATE-login", "sid", "xstepgate", "step", "gate",
            ];
            let noise: Vec<u8> = noise.into_iter().filter(|byte| *byte > 0x20 && !matches!(byte, 0x7f | b';')).collect();
            let mut others = Vec::new();
            let mut request = RequestHeader::build("GET", b"/", None).unwrap();
            for share in pieces.chunks(pieces.len().div_ceil(lines).max(1)) {
                let mut line = Vec::new();
                for (name, value, valued, blank) in share {
                    let value = if *valued { format!("={value}") } else { String::new() };
                    let pair = [names[*name].as_bytes(), value.as_bytes(), &noise].concat();
                    line.extend([blank.as_bytes(), &pair, blank.as_bytes(), b";"].concat());
                    if *name > 4 {
                        others.push(pair);
                    }
                }
                request.append_header(header::COOKIE, HeaderValue::from_bytes(&line).unwrap()).unwrap();
            }
            let cookies = |request: &RequestHeader| {
                let lines = request.headers.get_all(header::COOKIE).iter();
                lines.flat_map(pairs).filter(|pair| !pair.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
            };
            clean(&mut request).unwrap();
            prop_assert_eq!(cookies(&request), others);
            prop_assert!(!request::cookies(&request.headers).any(|(name, _)| CookieNames::owns(name.trim())));
            let before = request.headers.clone();
            clean(&mut request).unwrap();
            prop_assert_eq!(&request.headers, &before);
        }
    }

    #[test]
    fn no_spelling_of_a_forwarding_header_goes_on() {
        for name in ["X_Forwarded_For", "x.forwarded.for", "X~Real~IP", "X!Original'URL", "Forwarded", "X-Rewrite-URL"]
        {
            assert!(cleaned(name, b"6.6.6.6").headers.is_empty(), "{name}");
        }
        assert!(!cleaned("X_Custom", b"a").headers.is_empty());
    }
}
