//! What is read of a request head.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

#[test]
fn cookies_that_came_up_are_handed_on_once() {
    let cookies = AnswerCookies::default();
    assert!(cookies.take_site_lines().is_empty() && cookies.login().is_none());
    cookies.hand_on(HeaderValue::from_static("a=1"));
    cookies.hand_on(HeaderValue::from_static("b=2"));
    assert_eq!(cookies.take_site_lines(), ["a=1", "b=2"]);
    assert!(cookies.take_site_lines().is_empty());
    let login = cookies.new_login();
    assert!(login == cookies.new_login() && cookies.login() == Some(&login));
    assert_eq!(format!("{cookies:?}"), "AnswerCookies(…)");
}

fn stays_open(head: &Head<'_>) -> bool {
    head.wants_tunnel()
}

#[test]
fn only_what_stays_open_wants_a_tunnel() {
    let target = Target::parse(b"/a").unwrap();
    let wants =
        |lines: &[(&'static str, &'static str)]| testing::with_head(&Method::GET, &target, &headers(lines), stays_open);
    for lines in [&[("upgrade", "websocket")][..], &[("accept", " Text/Event-Stream ")]] {
        assert!(wants(lines), "{lines:?}");
    }
    for lines in [
        &[][..],
        &[("accept", "text/event-stream, */*")],
        &[("accept", "text/event-stream"), ("accept", "text/event-stream")],
        &[("accept", "text/html")],
    ] {
        assert!(!wants(lines), "{lines:?}");
    }
    assert_eq!([Scheme::Http, Scheme::Https].map(Scheme::as_str), ["http", "https"]);
}

#[test]
fn a_subject_is_short_text_and_is_never_printed() {
    let longest = "é".repeat(127) + "a";
    for good in ["a", "7", "a b", longest.as_str()] {
        let subject = Subject::parse(good).unwrap();
        assert_eq!((subject.as_str(), String::from(subject.clone())), (good, good.to_owned()));
        assert_eq!(Subject::try_from(good.to_owned()), Ok(subject.clone()));
        assert_eq!(format!("{subject:?}"), "Subject(…)");
    }
    let long = "a".repeat(256);
    for bad in ["", "a\nb", "\u{85}", long.as_str()] {
        assert_eq!(Subject::parse(bad), Err(BadSubject), "{bad:?}");
        assert_eq!(Subject::try_from(bad.to_owned()), Err(BadSubject), "{bad:?}");
    }
}

#[test]
fn a_header_that_is_repeated_has_no_value() {
    let all = headers(&[("a", "1"), ("b", "2"), ("b", "2"), ("c", "")]);
    assert_eq!(["a", "b", "c", "d"].map(|name| header_once(&all, name)), [Some("1"), None, Some(""), None]);
    let odd = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_bytes(b"\xff").unwrap())]);
    assert_eq!(header_once(&odd, "origin"), None);
}

#[test]
fn a_loopback_host_is_named_as_one() {
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.1.2.3:1", "[::1]", "[::1]:8080"] {
        assert!(names_loopback(host), "{host}");
    }
    for host in
        ["", "play.example", "localhost.play.example", "10.0.0.1", "[::2]", "127.0.0.1@play.example", "a@localhost"]
    {
        assert!(!names_loopback(host), "{host}");
    }
}

#[test]
fn a_cookie_that_is_not_text_hides_no_other() {
    let line = HeaderValue::from_bytes(b"a=1; x=\xff; b=\xc3\xa9; c").unwrap();
    let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
    assert_eq!(cookies(&headers).collect::<Vec<_>>(), [("a", "1"), ("b", "\u{e9}")]);
    assert_eq!(cookie(&headers, "a"), Ok(Some("1")));
}

#[test]
fn names_are_folded_as_cgi_does_it() {
    for name in ["X-Real-IP", "x_real_ip", "X.Real~IP", "x!real'ip"] {
        assert_eq!(folded_name(name), "x-real-ip");
    }
}

fn line(bytes: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(bytes).unwrap())])
}

/// Bytes that a header may hold.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![proptest::sample::select(b"; =\t\",sid".to_vec()), any::<u8>()];
    let allowed = byte.prop_filter("a header's byte", |byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..));
    proptest::collection::vec(allowed, 0..40)
}

proptest! {
    /// Written down as they were read, cookies are read the same again.
    #[test]
    fn cookies_are_read_the_same_twice(bytes in any_line()) {
        let sent = line(&bytes);
        let read: Vec<_> = cookies(&sent).collect();
        let written: Vec<String> = read.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let again = line(written.join("; ").as_bytes());
        prop_assert_eq!(cookies(&again).collect::<Vec<_>>(), read.clone());
        for (name, _) in &read {
            let times = read.iter().filter(|(other, _)| other == name).count();
            prop_assert_eq!(cookie(&sent, name).is_err(), times > 1);
        }
    }

    /// In one line or in two, with blanks or without.
    #[test]
    fn a_second_cookie_of_a_name_is_found_however_it_is_spaced(
        blanks in proptest::array::uniform4("[ \t]{0,3}"), between in any_line(), value in "[a-z]{0,3}", lines in any::<bool>(),
    ) {
        let [a, b, c, d] = blanks;
        let one = format!("{a}sid={value}{b};").into_bytes();
        let other = format!(";{c}sid={value}{d}").into_bytes();
        let mut headers = line(&if lines { one.clone() } else { [one, between, other.clone()].concat() });
        if lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(&other).unwrap());
        }
        prop_assert_eq!(cookie(&headers, "sid"), Err(DuplicateCookie("sid".to_owned())));
    }

    /// Whatever stands around it, a cookie is found as often as it is sent.
    #[test]
    fn every_cookie_is_seen(values in proptest::collection::vec("[a-z=\"%.]{0,8}", 0..3), noise in proptest::collection::vec(any::<u8>(), 0..12)) {
        let noise: Vec<u8> = noise.into_iter().filter(|byte| *byte >= 0x20 && !matches!(byte, 0x7f | b';')).collect();
        let mut line = [b"x".as_slice(), &noise].concat();
        for value in &values {
            line.extend(format!("; sid={value}").bytes());
        }
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(&line).unwrap())]);
        let seen: Vec<&str> = cookies(&headers).filter(|(name, _)| *name == "sid").map(|(_, value)| value).collect();
        prop_assert_eq!(seen, values.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
