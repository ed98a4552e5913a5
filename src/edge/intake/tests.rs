//! What the first look says of heads, in tables.

use http::{HeaderName, HeaderValue};

use super::*;

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().map(line) {
        headers.append(name, value);
    }
    headers
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// What a client may send where nobody says else.
pub(in crate::edge) fn limits() -> Limits {
    let text = "site: { name: Play, origin: 'https://play.example', upstream: { servers: ['127.0.0.1:1'] } }\n\
         listen: [{ address: '127.0.0.1:1234' }]\nstore: { durable: 'sqlite:gate.db', shared: memory }\n\
         keys: { file: keys.yaml }\n";
    let config = crate::config::parse("gate.yaml", text, std::path::Path::new(""), |_| None);
    config.unwrap_or_else(|problems| panic!("{problems}")).edge.limits
}

/// What the first look finds of a GET by this peer over TLS, behind these proxies.
pub(in crate::edge) fn examined(peer: &str, proxies: &[&str], lines: &[(&str, &str)]) -> Intake {
    let trusted_proxies: Vec<IpNet> = proxies.iter().map(|net| net.parse().unwrap()).collect();
    let hosts = ["play.example".to_owned()];
    let connection = Connection {
        peer: address(peer),
        tls: true,
        raw_head: None,
        trusted_proxies: &trusted_proxies,
        hosts: &hosts,
        limits: limits(),
    };
    let mut parts = http::Request::get("/").body(()).unwrap().into_parts().0;
    parts.headers = headers(lines);
    examine(&parts, b"/", connection).unwrap()
}

/// Whom these X-Forwarded-For lines of this peer make the client.
fn client_behind(peer: &str, proxies: &[&str], lines: &[&str]) -> String {
    let chain = lines.iter().map(|line| ("x-forwarded-for", *line));
    let lines: Vec<_> = chain.chain([("host", "play.example")]).collect();
    examined(peer, proxies, &lines).client.to_string()
}

#[test]
fn the_client_is_the_last_address_that_no_trusted_proxy_vouches_for() {
    let (ours, both) = (&["10.0.0.0/8"][..], &["10.0.0.0/8", "2001:db8:1::/48"][..]);
    for (peer, proxies, lines, client) in [
        // Nobody is trusted, or not this peer: whatever it says of others, it is the client.
        ("192.0.2.7", &[][..], &["6.6.6.6"][..], "192.0.2.7"),
        ("10.0.0.1", &[], &["6.6.6.6"], "10.0.0.1"),
        ("192.0.2.7", ours, &["6.6.6.6", "10.0.0.2"], "192.0.2.7"),
        ("::1", ours, &["6.6.6.6"], "::1"),
        // A trusted peer without anything to say.
        ("10.0.0.1", ours, &[], "10.0.0.1"),
        ("10.0.0.1", ours, &[""], "10.0.0.1"),
        // What the client forged stands before what the proxies added.
        ("10.0.0.1", ours, &["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ours, &["6.6.6.6, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        ("10.0.0.1", ours, &["10.0.0.9, 192.0.2.7 ,10.0.0.2"], "192.0.2.7"),
        // Over several lines, the last of which came last.
        ("10.0.0.1", ours, &["6.6.6.6", "192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ours, &["6.6.6.6, 192.0.2.7", "10.0.0.2, 10.0.0.3"], "192.0.2.7"),
        // What is no address ends the way back at the proxy that came after it.
        ("10.0.0.1", ours, &["192.0.2.7, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ours, &["192.0.2.7:x"], "10.0.0.1"),
        ("10.0.0.1", ours, &["[2001:db8::7"], "10.0.0.1"),
        ("10.0.0.1", ours, &["192.0.2.7,"], "10.0.0.1"),
        ("10.0.0.1", ours, &["192.0.2.7, 10.0.0.2\u{e9}"], "10.0.0.1"),
        // Some write a port behind it.
        ("10.0.0.1", ours, &["6.6.6.6, 192.0.2.7:443, 10.0.0.2:80"], "192.0.2.7"),
        ("10.0.0.1", ours, &["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ours, &["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ours, &["\"[2001:db8::7]:443\""], "2001:db8::7"),
        ("10.0.0.1", ours, &["\"192.0.2.7\""], "192.0.2.7"),
        ("10.0.0.1", ours, &["2001:db8::7%eth0"], "2001:db8::7"),
        // What is no text hides nothing that a proxy wrote behind it.
        ("10.0.0.1", ours, &["\u{e9}, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ours, &["\u{e9}", "192.0.2.7"], "192.0.2.7"),
        // Nobody but proxies: the first of them.
        ("10.0.0.1", ours, &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        // Both families, one within the other too.
        ("2001:db8:1::1", both, &["6.6.6.6, 2001:db8::7, 10.0.0.2"], "2001:db8::7"),
        ("10.0.0.1", both, &["2001:DB8::0007, 2001:db8:1::2"], "2001:db8::7"),
        ("10.0.0.1", ours, &["192.0.2.7, ::ffff:10.0.0.2"], "192.0.2.7"),
    ] {
        assert_eq!(client_behind(peer, proxies, lines), client, "{peer} {proxies:?} {lines:?}");
    }
}

#[test]
fn a_host_is_accepted_in_the_spellings_that_browsers_send() {
    let hosts: Vec<String> =
        ["play.example", "www.play.example", "odd.example:8443", "[2001:db8::1]", "127.0.0.1:8080"]
            .map(str::to_owned)
            .into();
    let (http, https) = (Scheme::Http, Scheme::Https);
    for (named, scheme, expected) in [
        ("play.example", https, Some("play.example")),
        ("PLAY.Example", https, Some("play.example")),
        ("play.example.", https, Some("play.example")),
        ("play.example:443", https, Some("play.example")),
        ("play.example.:443", https, Some("play.example")),
        ("play.example:80", http, Some("play.example")),
        ("www.play.example", https, Some("www.play.example")),
        ("odd.example:8443", https, Some("odd.example:8443")),
        ("Odd.Example.:8443", https, Some("odd.example:8443")),
        ("[2001:db8::1]", https, Some("[2001:db8::1]")),
        ("[2001:DB8::1]:443", https, Some("[2001:db8::1]")),
        ("127.0.0.1:8080", http, Some("127.0.0.1:8080")),
        // The other scheme's port, or another.
        ("play.example:80", https, None),
        ("play.example:443", http, None),
        ("play.example:8443", https, None),
        ("play.example:", https, None),
        ("play.example:0443", https, None),
        ("odd.example", https, None),
        ("odd.example:443", https, None),
        // What only looks like it.
        ("", https, None),
        (".", https, None),
        (":443", https, None),
        ("play.example..", https, None),
        ("play.example..:443", https, None),
        ("odd.example..:8443", https, None),
        (".play.example", https, None),
        ("x.play.example", https, None),
        ("play.example.evil.example", https, None),
        ("user@play.example", https, None),
        ("play.example@evil.example", https, None),
        ("play.example:443@evil.example", https, None),
        ("play.example/", https, None),
        ("play.example, evil.example", https, None),
        (" play.example", https, None),
        ("play.example:443:443", https, None),
        ("https://play.example", https, None),
        ("2001:db8::1", https, None),
    ] {
        assert_eq!(accepted_host(named, scheme, &hosts), expected, "{named} {scheme:?}");
    }
    assert_eq!(accepted_host("play.example", https, &[]), None);
}

#[test]
fn a_message_has_one_boundary() {
    let (length, coding) = ("content-length", "transfer-encoding");
    let both = b"POST / HTTP/1.1\r\nHost: h\r\ncontent-LENGTH : 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    let one = b"POST /content-length:3 HTTP/1.1\r\nX-Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (lines, raw, good) in [
        (&[][..], None, true),
        (&[(length, "0")][..], None, true),
        (&[(length, "9999999999")], None, true),
        (&[(coding, "chunked")], None, true),
        (&[(coding, "Chunked")], Some(&one[..]), true),
        (&[(length, "")], None, false),
        (&[(length, "03")], None, false),
        (&[(length, "00")], None, false),
        (&[(length, "+3")], None, false),
        (&[(length, "-3")], None, false),
        (&[(length, "0x3")], None, false),
        (&[(length, "3, 3")], None, false),
        (&[(length, "3 ")], None, false),
        (&[(length, "10000000000")], None, false),
        (&[(length, "3"), (length, "3")], None, false),
        (&[(length, "3"), (coding, "chunked")], None, false),
        (&[(coding, "chunked")], Some(both), false),
        (&[(coding, "chunked"), (coding, "chunked")], None, false),
        (&[(coding, "gzip, chunked")], None, false),
        (&[(coding, "chunked, identity")], None, false),
        (&[(coding, "identity")], None, false),
        (&[(coding, "xchunked")], None, false),
        (&[(coding, "chunked;a=b")], None, false),
        (&[(coding, "")], None, false),
    ] {
        assert_eq!(check_framing(&headers(lines), raw).is_ok(), good, "{lines:?}");
    }
}

#[test]
fn a_length_is_found_among_the_lines_of_a_head_however_they_end() {
    for (head, declared) in [
        (&b"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"[..], true),
        (b"GET / HTTP/1.1\nCONTENT-LENGTH:3\n\n", true),
        (b"GET / HTTP/1.1\r\nA: b\r\ncontent-length\t: 3\r\n\r\n", true),
        (b"GET / HTTP/1.1\r\nA: Content-Length: 3\r\n\r\n", false),
        (b"GET / HTTP/1.1\r\nContent-Lengths: 3\r\n\r\n", false),
        (b"", false),
    ] {
        assert_eq!(declares_length(head), declared, "{}", head.escape_ascii());
    }
}

#[test]
fn connection_nominates_nothing_that_was_looked_at() {
    for (lines, good) in [
        (&[][..], true),
        (&["close"][..], true),
        (&["Keep-Alive, Upgrade", "TE"], true),
        (&["upgrade, http2-settings,, "], true),
        (&["cookie"], false),
        (&["close, Authorization"], false),
        (&["close", "host"], false),
        (&["content-length"], false),
        (&["x-player"], false),
        (&["close;cookie"], false),
        (&["close\u{e9}"], false),
    ] {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONNECTION, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        assert_eq!(check_nominations(&headers).is_ok(), good, "{lines:?}");
    }
}

#[test]
fn a_request_is_named_by_a_trusted_proxy_or_by_us() {
    let long = "a".repeat(128);
    for (lines, trusted, kept) in [
        (&["9f.A-1_z"][..], true, Some("9f.A-1_z")),
        (&[&*long], true, Some(&*long)),
        (&["9f.A-1_z"], false, None),
        (&["a", "a"], true, None),
        (&[""], true, None),
        (&[&*format!("{long}a")], true, None),
        (&["a b"], true, None),
        (&["<b>"], true, None),
        (&["a\u{e9}"], true, None),
        (&[], true, None),
    ] {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(REQUEST_ID, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let id = request_id(&headers, trusted);
        match kept {
            Some(kept) => assert_eq!(id, kept),
            None => assert!(!id.is_empty() && !lines.contains(&&*id), "{lines:?}: {id}"),
        }
        assert_ne!(request_id(&HeaderMap::new(), true), id, "ours are new each time");
    }
}

#[test]
fn another_protocol_is_asked_for_by_a_get_without_a_body() {
    let upgrade = ("upgrade", "websocket");
    for (method, lines, good) in [
        (Method::POST, &[("content-length", "3")][..], true),
        (Method::GET, &[upgrade][..], true),
        (Method::GET, &[upgrade, ("content-length", "0")], true),
        (Method::GET, &[upgrade, ("content-length", "3")], false),
        (Method::GET, &[upgrade, ("transfer-encoding", "chunked")], false),
        (Method::POST, &[upgrade], false),
        (Method::HEAD, &[upgrade], false),
        (Method::OPTIONS, &[("upgrade", "")], false),
        (Method::POST, &[("upgrade", "h2c"), ("content-length", "3")], false),
    ] {
        assert_eq!(check_upgrade(&method, &headers(lines)).is_ok(), good, "{method} {lines:?}");
    }
}

#[test]
fn only_a_websocket_for_the_next_hop_is_asked_for_on() {
    for (lines, stays) in [
        (&[("upgrade", "websocket"), ("connection", "keep-alive, Upgrade")][..], true),
        (&[("upgrade", "WebSocket"), ("connection", "keep-alive"), ("connection", "upgrade")], true),
        (&[("upgrade", "websocket")], false),
        (&[("upgrade", "websocket"), ("connection", "keep-alive")], false),
        (&[("upgrade", "h2c"), ("connection", "upgrade")], false),
        (&[("upgrade", "websocket"), ("upgrade", "websocket"), ("connection", "upgrade")], false),
    ] {
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in lines.iter().copied() {
            head.append_header(name, value).unwrap();
        }
        drop_other_protocols(&mut head);
        assert_eq!(head.headers.contains_key("upgrade"), stays, "{lines:?}");
    }
}

#[test]
fn there_is_one_expectation() {
    for (lines, good) in [
        (&[][..], true),
        (&[("expect", "100-continue")][..], true),
        (&[("expect", "100-Continue")], true),
        (&[("expect", "100-continue"), ("expect", "100-continue")], false),
        (&[("expect", "100-continue, x")], false),
        (&[("expect", "200-ok")], false),
        (&[("expect", "")], false),
    ] {
        assert_eq!(check_expectation(&headers(lines)).is_ok(), good, "{lines:?}");
    }
}

#[test]
fn the_scheme_of_http_2_is_that_of_the_connection() {
    for (version, uri, tls, good) in [
        (Version::HTTP_2, "https://play.example/", true, true),
        (Version::HTTP_2, "http://play.example/", false, true),
        (Version::HTTP_2, "http://play.example/", true, false),
        (Version::HTTP_2, "https://play.example/", false, false),
        (Version::HTTP_2, "ftp://play.example/", true, false),
        // With a Host in place of the authority it is not kept.
        (Version::HTTP_2, "/", true, true),
        (Version::HTTP_11, "/", true, true),
    ] {
        let parts = http::Request::get(uri).version(version).body(()).unwrap().into_parts().0;
        assert_eq!(check_scheme(&parts, tls).is_ok(), good, "{version:?} {uri} {tls}");
    }
}
