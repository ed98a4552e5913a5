//! What is kept of a request, and what an approval of it is bound to.

use crate::{
    identity::Claims,
    policy::Requirement,
    request::{AnswerCookies, Binding, Carrier, Scheme, Subject},
    target::Target,
};

use super::*;

#[test]
fn a_held_body_takes_a_third_more_than_its_own_room() {
    let body: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    let held = HeldRequest {
        method: "POST".to_owned(),
        target: "/wallet/withdraw".to_owned(),
        host: "play.example".to_owned(),
        headers: Vec::new(),
        cookies: Vec::new(),
        authorized: false,
        content_type: None,
        body: body.clone(),
    };
    let plain = serde_json::to_vec(&held).unwrap();
    assert!(plain.len() < body.len() * 4 / 3 + 200, "{}", plain.len());
    assert_eq!(serde_json::from_slice::<HeldRequest>(&plain).unwrap().body, body);
}

/// Some sites keep Latin-1 in their cookies, others a bare word.
#[test]
fn a_held_request_goes_on_with_the_cookies_as_the_browser_sends_them_now() {
    let mut held = HeldRequest {
        method: "POST".to_owned(),
        target: "/pay".to_owned(),
        host: "play.example".to_owned(),
        headers: Vec::new(),
        cookies: Vec::new(),
        authorized: false,
        content_type: None,
        body: Vec::new(),
    };
    let carries =
        |line: &'static [u8]| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(line).unwrap())]);
    let names = request::cookie_pairs(&carries(b"lat=caf\xe8; flag; x=\"q\"; gone=1"))
        .map(|(name, _)| name.to_owned())
        .collect();
    held.cookies = names;
    let fresh = carries(b" lat=caf\xe9;flag; other=1; x=\"q\"; flag2; sid=a=b");
    let continued = held.continued_headers(&fresh).unwrap();
    assert_eq!(continued[header::COOKIE].as_bytes(), b"lat=caf\xe9; flag; x=\"q\"");
}

/// A request of a player under a route that binds more of it.
#[derive(Clone, Debug)]
struct Asked {
    route: &'static str,
    subject: &'static str,
    log_in: u8,
    method: Method,
    scheme: Scheme,
    host: &'static str,
    target: &'static str,
    content_type: Option<&'static str>,
    body: &'static [u8],
    lines: Vec<(&'static str, &'static [u8])>,
    shown: Vec<(&'static str, &'static str)>,
}

impl Asked {
    fn base() -> Self {
        Self {
            route: "pay",
            subject: "ayu",
            log_in: 1,
            method: Method::POST,
            scheme: Scheme::Https,
            host: "play.example",
            target: "/pay?a=1&b=2",
            content_type: Some("application/x-www-form-urlencoded"),
            body: b"amount=1",
            lines: vec![("x-device", b"one"), ("cookie", b"lang=id; tenant=a; shop=b")],
            shown: vec![("Amount", "1")],
        }
    }

    fn with_lines(lines: &[(&'static str, &'static [u8])]) -> Self {
        Self { lines: lines.to_vec(), ..Self::base() }
    }

    fn digest(&self) -> [u8; 32] {
        let line = |(name, value): &(&'static str, &'static [u8])| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())
        };
        let headers: HeaderMap = self.lines.iter().map(line).collect();
        let (target, client) = (Target::parse(self.target.as_bytes()).unwrap(), [127, 0, 0, 1].into());
        let head = Head {
            method: &self.method,
            target: &target,
            host: self.host,
            scheme: self.scheme,
            version: http::Version::HTTP_11,
            headers: &headers,
            client,
            peer: client,
            answer_cookies: &AnswerCookies::default(),
        };
        let player = Player {
            subject: Subject::parse(self.subject).unwrap(),
            binding: Binding([self.log_in; 32]),
            carrier: Carrier::Cookie,
            claims: Claims::default(),
            client,
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let bind = BoundNames { headers: names(&["x-device", "x-shop"]), cookies: names(&["tenant", "shop"]) };
        let route = Route { bind, ..Route::plain(self.route, Vec::new(), Requirement::Once) };
        let shown: Vec<(String, String)> =
            self.shown.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
        digest(&route, &player, &head, Body { content_type: self.content_type, bytes: self.body }, &shown)
    }
}

const COOKIES: (&str, &[u8]) = ("cookie", b"lang=id; tenant=a; shop=b");

/// What is bound of the request itself, of its player, and of what the player was shown.
fn of_other_requests() -> Vec<(&'static str, Asked)> {
    let base = Asked::base;
    vec![
        ("route", Asked { route: "send", ..base() }),
        ("subject", Asked { subject: "budi", ..base() }),
        ("log-in", Asked { log_in: 2, ..base() }),
        ("method", Asked { method: Method::PUT, ..base() }),
        ("scheme", Asked { scheme: Scheme::Http, ..base() }),
        ("host", Asked { host: "www.play.example", ..base() }),
        ("path", Asked { target: "/pay/?a=1&b=2", ..base() }),
        ("spelling of the path", Asked { target: "/p%61y?a=1&b=2", ..base() }),
        ("order of the query", Asked { target: "/pay?b=2&a=1", ..base() }),
        ("no query", Asked { target: "/pay", ..base() }),
        // Rails and others take it from there; it is in the bytes.
        ("a method in the query", Asked { target: "/pay?a=1&b=2&_method=DELETE", ..base() }),
        ("a method in the form", Asked { body: b"amount=1&_method=DELETE", ..base() }),
        ("content type", Asked { content_type: Some("text/plain"), ..base() }),
        ("a parameter of the type", Asked { content_type: Some("application/x-www-form-urlencoded; a=b"), ..base() }),
        ("no content type", Asked { content_type: None, ..base() }),
        ("an empty content type", Asked { content_type: Some(""), ..base() }),
        ("a byte of the body", Asked { body: b"amount=9", ..base() }),
        ("a longer body", Asked { body: b"amount=1\0", ..base() }),
        ("no body", Asked { body: b"", ..base() }),
        ("a label", Asked { shown: vec![("Sum", "1")], ..base() }),
        ("a value", Asked { shown: vec![("Amount", "2")], ..base() }),
        ("where a value begins", Asked { shown: vec![("Amount1", "")], ..base() }),
        ("one more value", Asked { shown: vec![("Amount", "1"), ("To", "x")], ..base() }),
    ]
}

/// What is bound by `bind:`, in every spelling that some server may take for it.
fn of_other_bound_names() -> Vec<(&'static str, Asked)> {
    let of = Asked::with_lines;
    let cookies = |line: &'static [u8]| of(&[("x-device", b"one"), ("cookie", line)]);
    vec![
        ("no header", of(&[COOKIES])),
        ("another header value", of(&[("x-device", b"two"), COOKIES])),
        ("an empty header", of(&[("x-device", b""), COOKIES])),
        ("the header twice", of(&[("x-device", b"one"), ("x-device", b"one"), COOKIES])),
        ("the other header too", of(&[("x-device", b"one"), ("x-shop", b"one"), COOKIES])),
        ("the other header instead", of(&[("x-shop", b"one"), COOKIES])),
        ("a spelling of the header besides", of(&[("x-device", b"one"), ("x_device", b"two"), COOKIES])),
        ("a spelling of the header instead", of(&[("x_device", b"one"), COOKIES])),
        ("no cookies", of(&[("x-device", b"one")])),
        ("no such cookie", cookies(b"lang=id; shop=b")),
        ("another cookie value", cookies(b"lang=id; tenant=c; shop=b")),
        ("an empty cookie", cookies(b"lang=id; tenant=; shop=b")),
        ("a cookie without a value", cookies(b"lang=id; tenant; shop=b")),
        ("the cookie twice", cookies(b"lang=id; tenant=a; tenant=a; shop=b")),
        ("a cookie that is no text", cookies(b"lang=id; tenant=\xff; shop=b")),
        ("a blank in the cookie's name", cookies(b"lang=id; tenant =a; shop=b")),
        ("another case of the cookie's name", cookies(b"lang=id; Tenant=a; shop=b")),
        ("a cookie behind a comma", cookies(b"lang=id,tenant=c; tenant=a; shop=b")),
        ("a cookie behind a mark", cookies(b"lang=id; tenant=a; =tenant=c; shop=b")),
        ("the other cookie gone", cookies(b"lang=id; tenant=a")),
        ("the values of both exchanged", cookies(b"lang=id; tenant=b; shop=a")),
    ]
}

#[test]
fn an_approval_for_one_request_is_of_no_other() {
    let all: Vec<(&str, Asked)> =
        [vec![("the request", Asked::base())], of_other_requests(), of_other_bound_names()].concat();
    for (at, (what, asked)) in all.iter().enumerate() {
        assert_eq!(asked.digest(), asked.clone().digest(), "{what}");
        for (other_what, other) in all.iter().skip(at + 1) {
            assert_ne!(asked.digest(), other.digest(), "{what} and {other_what}");
        }
    }
}

#[test]
fn what_is_not_bound_may_change_while_an_approval_waits() {
    let base = Asked::base().digest();
    for lines in [
        &[("x-device", &b"one"[..]), ("accept", b"*/*"), COOKIES][..],
        &[("x-device", b"one"), ("cookie", b"tenant=a;shop=b; lang=en; seen=1")],
        &[("x-device", b"one"), ("cookie", b"tenant=a"), ("cookie", b"shop=b")],
    ] {
        assert_eq!(Asked::with_lines(lines).digest(), base, "{lines:?}");
    }
}
