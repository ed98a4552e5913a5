//! Whatever stands in the cookies of a request and of an answer: a session cookie is read in the one
//! way that nobody contradicts, or refused.

use http::{HeaderMap, HeaderValue, header};

use super::{
    carrier::Jar,
    set_cookie::{set_cookies, with_cookies},
};
use crate::{
    clock::UnixTime,
    fuzz::{self, parts},
    request,
};

fn cookies(line: &[u8]) -> Option<HeaderMap> {
    Some(HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(line).ok()?)]))
}

#[test]
fn no_session_cookie_is_read_in_two_ways() {
    fuzz::hold("session_cookie", 20_000, |input| {
        let Some(headers) = cookies(input) else { return "no header" };
        let Ok(jar) = Jar::parse(&headers) else { return "refused" };
        let Ok(found) = jar.find("sid") else { return "ambiguous" };
        let other = request::cookie(&headers, "sid");
        let Some((name, value)) = found else {
            assert!(other.is_ok_and(|value| value.is_none_or(str::is_empty)), "{}", input.escape_ascii());
            return "absent";
        };
        assert_eq!((name, other), ("sid", Ok(Some(value))));
        "found"
    });
}

#[test]
fn no_new_session_is_read_otherwise_than_it_was_set() {
    let names = ["sid".to_owned()];
    fuzz::hold("set_cookie", 20_000, |input| {
        let [line, sent] = parts(input);
        let (Ok(line), Some(request)) = (HeaderValue::from_bytes(line), cookies(sent)) else { return "no header" };
        let answer = HeaderMap::from_iter([(header::SET_COOKIE, line)]);
        let new = set_cookies(&answer, &names, UnixTime::from_secs(1_700_000_000));
        assert!(new.len() <= 1);
        let after = with_cookies(&request, &names, &new);
        let Ok(jar) = Jar::parse(&after) else { return "refused" };
        match (new.first(), jar.find("sid")) {
            (None, _) => "not set",
            (Some(_), Err(_)) => "ambiguous",
            (Some(new), Ok(found)) => {
                assert_eq!(found.is_none(), new.is_deletion(), "{found:?}");
                if new.is_deletion() { "deleted" } else { "set" }
            }
        }
    });
}
