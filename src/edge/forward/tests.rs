//! What reaches the site of a client's headers and cookies.

use proptest::prelude::*;

use super::*;
use crate::{edge::intake::tests::examined, request};

const PLAYER: &str = "x-player";

/// A peer that no source lists, and what it may say.
fn passing(trusted: bool, odd_headers: &[String]) -> Passing<'_> {
    let use_of: &dyn Fn(&str) -> HeaderUse = &|name| match name {
        "x-session" => HeaderUse::Carrier,
        _ if request::folds_alike(name, PLAYER) || request::folds_alike(name, "x-session") => HeaderUse::Forged,
        _ => HeaderUse::Unread,
    };
    Passing { trusted, odd_headers, use_of }
}

/// The names that are left of one with this name.
fn left(name: &'static str, passing: Passing<'_>) -> usize {
    let mut request = RequestHeader::build("GET", b"/", None).unwrap();
    request.append_header(name, "6.6.6.6").unwrap();
    clean(&mut request, passing).unwrap();
    request.headers.len()
}

fn cleaned(name: &'static str, value: &[u8]) -> RequestHeader {
    let mut request = RequestHeader::build("GET", b"/", None).unwrap();
    request.append_header(name, value).unwrap();
    clean(&mut request, passing(false, &[])).unwrap();
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
        clean(&mut request, passing(false, &[])).unwrap();
        prop_assert_eq!(cookies(&request), others);
        prop_assert!(!request::cookies(&request.headers).any(|(name, _)| CookieNames::owns(name.trim())));
        let before = request.headers.clone();
        clean(&mut request, passing(false, &[])).unwrap();
        prop_assert_eq!(&request.headers, &before);
    }
}

#[test]
fn no_spelling_of_a_forwarding_header_goes_on() {
    for name in [
        "X_Forwarded_For",
        "x.forwarded.for",
        "X~Forwarded~Host",
        "X-Forwarded",
        "X-Forwarded-Port",
        "X-Forwarded-Server",
        "X-Forwarded-Prefix",
        "X-Forwarded-Ssl",
        "X-Forwarded-Anything",
        "Forwarded",
        "X-Original-URL",
        "X-Original-Host",
        "X!Original'URL",
        "X-Rewrite-URL",
        "X-Override-URL",
        "X-Host",
        "X-Scheme",
        "X-Url-Scheme",
        "X-Script-Name",
        "Front-End-Https",
        "Proxy",
        "X_Request_Id",
    ] {
        for trusted in [false, true] {
            assert_eq!(left(name, passing(trusted, &[])), 0, "{name} {trusted}");
        }
    }
    for name in ["X-Real-IP", "Client-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP"] {
        assert_eq!((left(name, passing(false, &[])), left(name, passing(true, &[]))), (0, 1), "{name}");
    }
    for name in ["X~Real~IP", "Client_IP", "CF.Connecting.IP"] {
        assert_eq!((left(name, passing(false, &[])), left(name, passing(true, &[]))), (0, 0), "{name}");
    }
    for name in ["Accept", "X-Requested-With", "X-Custom-2", "Origin", "X-Forward", "Proxy-Authorization", "X-Hostname"]
    {
        assert_eq!(left(name, passing(false, &[])), 1, "{name}");
    }
}

#[test]
fn an_odd_name_goes_on_only_where_it_is_listed() {
    let listed = ["x_app_version".to_owned()];
    for name in ["X_App_Version", "X_Custom", "X.App.Version", "X-App_Version", "a~b", "a!b", "a'b", "a+b", "a|b", "_"]
    {
        assert_eq!(left(name, passing(true, &[])), 0, "{name}");
        assert_eq!(left(name, passing(false, &listed)), usize::from(name == "X_App_Version"), "{name}");
    }
}

#[test]
fn what_names_the_player_goes_on_from_nobody_else() {
    // A list cannot allow them: `check` refuses it, and so does the edge.
    let listed = ["x_player", "x~session"].map(str::to_owned);
    for name in ["X-Player", "X_Player", "x.player", "X~Player", "X!Player", "X_Session", "X~Session"] {
        assert_eq!(left(name, passing(true, &listed)), 0, "{name}");
    }
    assert_eq!(left("X-Session", passing(false, &[])), 1);
}

#[test]
fn what_may_never_be_listed_is_known_by_how_it_folds() {
    for name in [
        "Content_Length",
        "Transfer_Encoding",
        "Content_Type",
        "cookie",
        "Authorization",
        "HOST",
        "Stepgate_Assertion",
        "X_Forwarded_For",
        "X.Forwarded.Anything",
        "X_Request_Id",
        "X~Real~IP",
        "Client_IP",
        "X_Original_URL",
        "X_Host",
    ] {
        assert!(is_reserved(&request::folded_name(name)), "{name}");
    }
    for name in ["X_App_Version", "App.Version", "X_Player2", "Content_MD5", "X_Requested_With"] {
        assert!(is_odd(name) && !is_reserved(&request::folded_name(name)), "{name}");
    }
}

#[test]
fn what_a_trusted_proxy_calls_the_client_is_the_one_that_we_found() {
    let lines = [
        ("host", "play.example"),
        ("x-forwarded-for", "6.6.6.6, 192.0.2.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "PLAY.example:443"),
        ("x-request-id", "9f"),
        ("x-real-ip", "6.6.6.6"),
        ("x-real-ip", "7.7.7.7"),
        ("cf-connecting-ip", "6.6.6.6"),
    ];
    for (proxies, chain, address) in
        [(&["10.0.0.0/8"][..], "6.6.6.6, 192.0.2.7, 10.0.0.1", Some("192.0.2.7")), (&[], "10.0.0.1", None)]
    {
        let intake = examined("10.0.0.1", proxies, &lines);
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in lines {
            request.append_header(name, value).unwrap();
        }
        clean(&mut request, passing(intake.trusted, &[])).unwrap();
        introduce(&mut request, &intake, Some("site.internal")).unwrap();
        let said = |name: &str| request::header_once(&request.headers, name);
        assert_eq!(said("x-forwarded-for"), Some(chain));
        assert_eq!((said("x-forwarded-proto"), said("x-forwarded-host")), (Some("https"), Some("play.example")));
        assert_eq!((said("host"), said("x-request-id")), (Some("site.internal"), Some(&*intake.request_id)));
        assert_eq!(intake.request_id == "9f", intake.trusted);
        assert_eq!((said("x-real-ip"), said("cf-connecting-ip")), (address, address));
        assert_eq!(said("client-ip"), None, "nothing that was not there");
    }
}

#[test]
fn bytes_that_are_no_text_go_on_before_what_proxies_wrote_behind_them() {
    let lines = [("host", "play.example"), ("x-forwarded-for", "caf\u{e9}, 192.0.2.7")];
    let intake = examined("10.0.0.1", &["10.0.0.0/8"], &lines);
    let mut request = RequestHeader::build("GET", b"/", None).unwrap();
    request.append_header("x-forwarded-for", &b"\xff, 192.0.2.7"[..]).unwrap();
    introduce(&mut request, &intake, None).unwrap();
    assert_eq!(request.headers["x-forwarded-for"].as_bytes(), b"\xff, 192.0.2.7, 10.0.0.1");
}

/// Whoever was held came over no proxy and named himself; the page that lets it go on came over one.
#[test]
fn what_proxies_say_of_a_held_request_is_what_they_say_of_the_one_that_goes_on() {
    let mut resumed = RequestHeader::build("POST", b"/pay", None).unwrap();
    for (name, value) in
        [("host", "play.example"), ("x-forwarded-user", "ayu"), ("x-real-ip", "192.0.2.7"), ("x-b", "1")]
    {
        resumed.append_header(name, value).unwrap();
    }
    let held =
        [("x-forwarded-user", "admin"), ("x-forwarded-client-cert", "root"), ("x-real-ip", "10.0.0.1"), ("x-a", "1")];
    let held: HeaderMap = held
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
    become_held(&mut resumed, http::Method::POST, &held).unwrap();
    let left = |name: &str| resumed.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!((left("x-forwarded-user"), left("x-real-ip")), (Some("ayu"), Some("192.0.2.7")));
    assert_eq!((left("x-forwarded-client-cert"), left("x-a"), left("x-b")), (None, Some("1"), None));
}
