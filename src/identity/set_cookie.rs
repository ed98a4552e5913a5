//! Session cookies that an answer of the site sets, and the request as it will be with them.

use http::{HeaderMap, HeaderValue, header};

use super::carrier::{matches_exactly, matches_folded, retain_cookies};
use crate::clock::UnixTime;

/// A cookie that an answer sets or takes away. Browsers know cookies by name, domain and path: the last line
/// of these counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewCookie<'a> {
    name: &'a str,
    /// Empty where the answer deletes it.
    value: &'a str,
    domain: &'a str,
    path: &'a str,
}

/// Stands for a value that is no text: no carrier takes it for one either.
const UNREADABLE: &str = "\\";

impl NewCookie<'_> {
    /// Whether the answer takes the cookie away.
    pub(super) const fn is_deletion(&self) -> bool {
        self.value.is_empty()
    }
}

/// The cookies of these names that an answer sets or deletes now. One that is deleted at one path and set at
/// another is set.
pub(super) fn set_cookies<'a>(answer: &'a HeaderMap, names: &[String], now: UnixTime) -> Vec<NewCookie<'a>> {
    let mut found: Vec<NewCookie<'a>> = Vec::new();
    for line in answer.get_all(header::SET_COOKIE) {
        let Some(cookie) = parse(line, now) else { continue };
        if !names.iter().any(|name| matches_exactly(cookie.name, name)) {
            continue;
        }
        let same =
            |other: &NewCookie<'_>| (other.name, other.domain, other.path) == (cookie.name, cookie.domain, cookie.path);
        found.retain(|earlier| !same(earlier));
        found.push(cookie);
    }
    let set: Vec<&str> = found.iter().filter(|cookie| !cookie.is_deletion()).map(|cookie| cookie.name).collect();
    found.retain(|cookie| !cookie.is_deletion() || !set.contains(&cookie.name));
    found
}

/// Whether an answer gives this cookie a value.
pub(super) fn sets(answer: &HeaderMap, name: &str, now: UnixTime) -> bool {
    set_cookies(answer, &[name.to_owned()], now).iter().any(|cookie| !cookie.is_deletion())
}

/// The headers of a request as the browser would send it after the answer: these cookies replaced.
pub(super) fn with_cookies(request: &HeaderMap, names: &[String], new: &[NewCookie<'_>]) -> HeaderMap {
    let mut headers = without_cookies(request, names, new);
    let kept = headers.get(header::COOKIE).map(|line| line.as_bytes().to_vec());
    let mut set: Vec<Vec<u8>> = Vec::new();
    for cookie in new.iter().filter(|cookie| !cookie.is_deletion()) {
        let pair = format!("{}={}", cookie.name, cookie.value).into_bytes();
        if !set.contains(&pair) {
            set.push(pair);
        }
    }
    let joined = kept.into_iter().chain(set).collect::<Vec<_>>().join(&b"; "[..]);
    // Both came out of valid header values.
    if let Some(line) = HeaderValue::from_bytes(&joined).ok().filter(|_| !joined.is_empty()) {
        headers.insert(header::COOKIE, line);
    }
    headers
}

/// The headers of a request without the cookies that the answer sets or deletes.
pub(super) fn without_cookies(request: &HeaderMap, names: &[String], new: &[NewCookie<'_>]) -> HeaderMap {
    let mut headers = request.clone();
    // A name with `*` may be followed by another suffix: every cookie of the pattern is replaced.
    let replaced = |name: &[u8]| {
        let set = |pattern: &&String| new.iter().any(|cookie| matches_exactly(cookie.name, pattern));
        names.iter().filter(set).any(|pattern| matches_folded(name, pattern))
    };
    retain_cookies(&mut headers, replaced);
    headers
}

/// Name, value and scope of a Set-Cookie line (RFC 6265 section 5.2).
fn parse(line: &HeaderValue, now: UnixTime) -> Option<NewCookie<'_>> {
    let Ok(text) = line.to_str() else {
        let name = line.as_bytes().split(|byte| *byte == b'=').next()?;
        let name = std::str::from_utf8(name).ok()?.trim();
        return Some(NewCookie { name, value: UNREADABLE, domain: "", path: "" });
    };
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = NewCookie { name: name.trim(), value: value.trim(), domain: "", path: "" };
    let (mut max_age, mut expires) = (None, None);
    for attribute in parts {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "max-age" => max_age = is_over(value.trim()).or(max_age),
            "expires" => expires = date(value.trim()).or(expires),
            "domain" => cookie.domain = value.trim(),
            "path" => cookie.path = value.trim(),
            _ => {}
        }
    }
    // Max-Age counts more than Expires.
    if max_age.unwrap_or_else(|| expires.is_some_and(|at| at <= now)) {
        cookie.value = "";
    }
    Some(cookie)
}

/// Whether a Max-Age is over at once; `None` for what browsers pass over.
fn is_over(seconds: &str) -> Option<bool> {
    let digits = seconds.strip_prefix('-').unwrap_or(seconds);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| seconds.starts_with('-') || digits.bytes().all(|byte| byte == b'0'))
}

/// The moment of an Expires, also in the older spelling with hyphens; `None` for what is no date.
fn date(text: &str) -> Option<UnixTime> {
    let spaced = text.replace('-', " ");
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(&spaced).ok()?;
    Some(UnixTime::from_secs(parsed.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::SET_COOKIE, HeaderValue::from_static(line))).collect()
    }

    const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

    fn values<'a>(answer: &'a HeaderMap, names: &[&str]) -> Vec<(&'a str, &'a str)> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        set_cookies(answer, &names, NOW).into_iter().map(|cookie| (cookie.name, cookie.value)).collect()
    }

    #[test]
    fn the_last_line_of_a_name_counts() {
        let answer = answer(&["sid=a; Path=/", "x=1", "sid=b; Path=/; HttpOnly"]);
        assert_eq!(values(&answer, &["sid"]), [("sid", "b")]);
    }

    #[test]
    fn deletions_set_nothing() {
        for line in [
            "sid=; Path=/",
            "sid=x; Max-Age=0",
            "sid=x; max-age=-1",
            "sid=x; Max-Age=00; Expires=Fri, 31 Dec 2100 23:59:59 GMT",
            "sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "sid=x; expires=Thu, 01-Jan-1970 00:00:01 GMT",
            "sid=x; Expires=Tue, 14 Nov 2023 22:13:20 GMT",
        ] {
            assert!(!sets(&answer(&[line]), "sid", NOW), "{line}");
        }
    }

    #[test]
    fn what_a_browser_keeps_is_no_deletion() {
        for line in [
            "sid=x; Max-Age=10",
            "sid=x; Max-Age=0; Max-Age=10",
            "sid=x; Max-Age=-a",
            "sid=x; Max-Age=",
            "sid=x; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "sid=x; Expires=Tue, 14 Nov 2023 22:13:21 GMT",
            "sid=x; Expires=0",
        ] {
            assert!(sets(&answer(&[line]), "sid", NOW), "{line}");
        }
    }

    #[test]
    fn each_cookie_is_set_or_deleted_by_itself() {
        let both = answer(&["old=; Max-Age=0", "sid=new"]);
        assert_eq!(values(&both, &["sid", "old"]), [("old", ""), ("sid", "new")]);
        let paths = answer(&["sid=new; Path=/", "sid=x; Path=/app; Max-Age=0"]);
        assert_eq!(values(&paths, &["sid"]), [("sid", "new")], "the other one is of another path");
    }

    #[test]
    fn a_value_that_is_no_text_is_still_a_cookie() {
        let line = HeaderValue::from_bytes(b"sid=\xff; Path=/").unwrap();
        let answer = HeaderMap::from_iter([(header::SET_COOKIE, line)]);
        assert_eq!(values(&answer, &["sid"]), [("sid", UNREADABLE)]);
    }

    #[test]
    fn a_deleted_cookie_leaves_the_request() {
        let names = ["sid".to_owned(), "x_*".to_owned()];
        let after = |sent: &'static str, lines: &[&'static str]| {
            let request = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(sent))]);
            let answer = answer(lines);
            let merged = with_cookies(&request, &names, &set_cookies(&answer, &names, NOW));
            merged.get(header::COOKIE).map(|line| line.to_str().unwrap().to_owned())
        };
        assert_eq!(after("sid=a", &["sid=; Path=/"]), None);
        assert_eq!(after("sid=a; b=1", &["sid=x; Max-Age=0", "x_2=c"]).as_deref(), Some("b=1; x_2=c"));
        assert_eq!(after("x_1=a; sid=b", &["x_2=c"]).as_deref(), Some("sid=b; x_2=c"));
        assert_eq!(after("sid=a", &["other=1", "sid=b; Secure; Max-Age=10"]).as_deref(), Some("sid=b"));
    }

    #[test]
    fn new_cookies_replace_old_ones() {
        let request = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("a=1; sid=old"))]);
        let answer = answer(&["sid=new", "sid=new; Path=/app"]);
        let names = ["sid".to_owned()];
        let merged = with_cookies(&request, &names, &set_cookies(&answer, &names, NOW));
        assert_eq!(merged[header::COOKIE], "a=1; sid=new");
    }
}
