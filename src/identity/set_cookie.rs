//! Session cookies that an answer of the site sets, and the request as it will be with them.

use http::{HeaderMap, HeaderValue, header};

use super::carrier::{matches_exactly, matches_folded, retain_cookies};

/// A cookie that an answer sets; the last line of a name counts, as in browsers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewCookie<'a> {
    name: &'a str,
    /// Empty where the answer deletes it.
    value: &'a str,
}

impl NewCookie<'_> {
    /// Whether the answer takes the cookie away.
    pub(super) const fn is_deletion(&self) -> bool {
        self.value.is_empty()
    }
}

/// The cookies of these names that an answer sets or deletes.
pub(super) fn set_cookies<'a>(answer: &'a HeaderMap, names: &[String]) -> Vec<NewCookie<'a>> {
    let mut found: Vec<NewCookie<'a>> = Vec::new();
    for line in answer.get_all(header::SET_COOKIE) {
        let Some(cookie) = line.to_str().ok().and_then(parse) else { continue };
        if !names.iter().any(|name| matches_exactly(cookie.name, name)) {
            continue;
        }
        found.retain(|earlier| earlier.name != cookie.name);
        found.push(cookie);
    }
    found
}

/// The value that an answer gives this cookie, if it does not delete it.
pub(super) fn sets(answer: &HeaderMap, name: &str) -> bool {
    set_cookies(answer, &[name.to_owned()]).iter().any(|cookie| !cookie.is_deletion())
}

/// The headers of a request as the browser would send it after the answer: these cookies replaced.
pub(super) fn with_cookies(request: &HeaderMap, names: &[String], new: &[NewCookie<'_>]) -> HeaderMap {
    let mut headers = request.clone();
    // A name with `*` may be followed by another suffix: every cookie of the pattern is replaced.
    let replaced = |name: &[u8]| {
        let set = |pattern: &&String| new.iter().any(|cookie| matches_exactly(cookie.name, pattern));
        names.iter().filter(set).any(|pattern| matches_folded(name, pattern))
    };
    retain_cookies(&mut headers, replaced);
    let kept = headers.get(header::COOKIE).map(|line| line.as_bytes().to_vec());
    let added = new.iter().filter(|cookie| !cookie.is_deletion());
    let added = added.map(|cookie| format!("{}={}", cookie.name, cookie.value).into_bytes());
    let joined = kept.into_iter().chain(added).collect::<Vec<_>>().join(&b"; "[..]);
    // Both came out of valid header values.
    if let Some(line) = HeaderValue::from_bytes(&joined).ok().filter(|_| !joined.is_empty()) {
        headers.insert(header::COOKIE, line);
    }
    headers
}

/// Name and value of a Set-Cookie line (RFC 6265 section 5.2).
fn parse(line: &str) -> Option<NewCookie<'_>> {
    let mut parts = line.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let expired = parts.any(|attribute| {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let seconds = value.trim();
        key.trim().eq_ignore_ascii_case("max-age") && (seconds.starts_with('-') || seconds == "0")
    });
    Some(NewCookie { name: name.trim(), value: if expired { "" } else { value.trim() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::SET_COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn the_last_line_of_a_name_counts() {
        let answer = answer(&["sid=a; Path=/", "x=1", "sid=b; HttpOnly"]);
        assert_eq!(set_cookies(&answer, &["sid".into()]), [NewCookie { name: "sid", value: "b" }]);
    }

    #[test]
    fn deletions_set_nothing() {
        for line in ["sid=; Path=/", "sid=x; Max-Age=0", "sid=x; max-age=-1"] {
            assert!(!sets(&answer(&[line]), "sid"), "{line}");
        }
        assert!(sets(&answer(&["sid=x; Max-Age=10"]), "sid"));
    }

    #[test]
    fn new_cookies_replace_old_ones() {
        let request = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("a=1; sid=old"))]);
        let answer = answer(&["sid=new"]);
        let names = ["sid".to_owned()];
        let merged = with_cookies(&request, &names, &set_cookies(&answer, &names));
        assert_eq!(merged[header::COOKIE], "a=1; sid=new");
    }
}
