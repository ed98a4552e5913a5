//! What the edge answers before any route is asked, on raw sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::kit::{TestGate, install_crypto};

/// The answer to these bytes, until the gateway closes or stays silent.
fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_nobody_may_send_is_answered_and_not_forwarded() {
    let gate = TestGate::start().await;
    let host = gate.address;
    let before = gate.site.received("GET", "/wallet").len();
    for (request, status) in [
        (format!("TRACE /wallet HTTP/1.1\r\nHost: {host}\r\n\r\n"), 405),
        (format!("get /wallet HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400),
        ("GET /wallet HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(), 421),
        (format!("GET /wallet%00 HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400),
        (format!("GET http://{host}/wallet HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400),
        (format!("POST /wallet HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3, 3\r\n\r\nabc"), 400),
        (format!("POST /wallet HTTP/1.1\r\nHost: {host}\r\nContent-Length: 003\r\n\r\nabc"), 400),
        (format!("POST /wallet HTTP/1.1\r\nHost: {host}\r\nContent-Length: 00000000003\r\n\r\nabc"), 400),
        (format!("POST /wallet HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10000000000\r\n\r\n"), 400),
        (format!("POST /wallet HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nExpect: tea\r\n\r\n"), 400),
        (format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\nConnection: close, Cookie\r\nCookie: a=b\r\n\r\n"), 400),
        (format!("GET /.STEPGATE/settings HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400),
        (format!("GET /.stepgate/none HTTP/1.1\r\nHost: {host}\r\n\r\n"), 404),
        (format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "X-A: b\r\n".repeat(120)), 431),
    ] {
        let answer = exchange(gate.address, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
        assert!(!answer.to_lowercase().contains("pingora"), "{answer}");
    }
    assert_eq!(gate.site.received("GET", "/wallet").len(), before, "nothing reached the site");
}

/// The proxy library answers it by itself, before anything of ours: a head alone, with its own name.
#[tokio::test]
async fn connect_is_refused_and_not_forwarded() {
    let gate = TestGate::start().await;
    let host = gate.address;
    let before = gate.site.everything().len();
    let answer = exchange(host, &format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("Content-Length: 0"), "{answer}");
    assert_eq!(gate.site.everything().len(), before, "nothing reached the site");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_a_coding_and_an_upgrade_with_a_body_are_refused_on_every_route() {
    let gate = TestGate::start().await;
    let host = gate.address;
    let before = gate.site.everything().len();
    for target in ["/wallet", "/account", "/.stepgate/api/factors"] {
        for (method, lines) in [
            ("POST", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            ("POST", "Transfer-Encoding: chunked\r\ncontent-length : 5\r\n"),
            ("POST", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\nContent-Length: 0\r\n"),
            ("POST", "Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n"),
            ("GET", "Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n"),
            ("GET", "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n"),
            ("PUT", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        ] {
            let request = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n0\r\n\r\n");
            let answer = exchange(host, &request);
            assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
            // The library refuses a space before the colon by itself; its short answer closes as well.
            assert!(answer.to_lowercase().contains("connection: close"), "{request:?}: {answer}");
        }
    }
    assert_eq!(gate.site.everything().len(), before, "nothing reached the site");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_rather_speak_another_protocol_is_served_in_this_one() {
    let gate = TestGate::start().await;
    let host = gate.address;
    for lines in ["Upgrade: h2c", "Upgrade: TLS/1.2", "Upgrade: websocket, h2c", "Upgrade: websocket\r\nUpgrade: h2c"] {
        let before = gate.site.everything().len();
        let request = format!(
            "POST /public HTTP/1.1\r\nHost: {host}\r\n{lines}\r\nConnection: Upgrade, close\r\nContent-Length: 5\r\n\r\nhello"
        );
        let answer = exchange(host, &request);
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.starts_with("HTTP/1.1 101"), "{lines}: {answer}");
        let seen = gate.site.everything().split_off(before);
        assert_eq!((seen.len(), &*seen[0].body), (1, &b"hello"[..]), "{lines}");
        assert!(!seen[0].headers.contains_key("upgrade"), "{lines}");
    }
}

/// What the proxy library makes of a head before anything of ours sees it (decisions 50).
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_head_is_answered_by_the_library_and_an_odd_line_is_seen_in_one_form() {
    let gate = TestGate::start().await;
    let host = gate.address;
    let before = gate.site.everything().len();
    for request in [
        format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\nX A: b\r\n\r\n"),
        format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\nno colon\r\n\r\n"),
        format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\n folded: b\r\n\r\n"),
        format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\nX-A: b\rX-B: c\r\n\r\n"),
        format!("GET /wallet HTTP/7.3\r\nHost: {host}\r\n\r\n"),
        format!("GET /wallet HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
    ] {
        let answer = exchange(host, &request);
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Content-Length: 0"), "{request:?}: {answer}");
    }
    assert_eq!(gate.site.everything().len(), before, "nothing reached the site");
    // A raw space in the target is seen, and goes on, in its percent form.
    exchange(host, &format!("GET /a b HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert_eq!(gate.site.received("GET", "/a%20b").len(), 1, "{:?}", gate.site.everything());
    // Lines that end by LF alone are lines, and go on with CR and LF.
    let guarded = exchange(host, &format!("GET /account HTTP/1.1\nHost: {host}\nAccept: application/json\n\n"));
    assert!(guarded.starts_with("HTTP/1.1 401 "), "{guarded}");
    let open = exchange(host, &format!("GET /a?lf HTTP/1.1\nHost: {host}\nX-Lf: b\n\n"));
    assert!(open.starts_with("HTTP/1.1 "), "{open}");
    assert_eq!(gate.site.received("GET", "/a?lf")[0].headers["x-lf"], "b");
    assert!(gate.site.received("GET", "/account").is_empty());
}

#[tokio::test]
async fn our_own_pages_are_whole_whatever_range_is_asked_for() {
    let gate = TestGate::start().await;
    install_crypto();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for page in ["/.stepgate/client.js", "/.stepgate/jwks.json", "/.stepgate/again", "/.stepgate/none"] {
        let whole = client.get(gate.url(page)).send().await.unwrap();
        let (status, length) = (whole.status(), whole.content_length());
        assert!(length.is_some_and(|length| length > 2), "{page}");
        for range in ["bytes=0-1", "bytes=-1", "bytes=9999999-", "bytes=0-0,2-3", "lines=1"] {
            let part = client.get(gate.url(page)).header("range", range).header("if-range", "x").send().await.unwrap();
            assert_eq!((part.status(), part.content_length()), (status, length), "{page} {range}");
            assert!(!part.headers().contains_key("content-range"), "{page} {range}");
        }
    }
}

#[tokio::test]
async fn a_secure_site_is_not_served_without_tls() {
    let gate = TestGate::start_with(|yaml| {
        let yaml = yaml.replace("origin: http:", "origin: https:");
        yaml.replace("first_enrolment: insecure_session_only", "first_enrolment: cooldown")
    })
    .await;
    let host = gate.address;
    let answer = exchange(host, &format!("GET /wallet?a=b HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    assert!(answer.contains(&format!("ocation: https://{host}/wallet?a=b")), "{answer}");
    let answer = exchange(host, &format!("POST /wallet HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
}
