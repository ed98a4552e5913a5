//! What the edge answers before any route is asked, on raw sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::kit::TestGate;

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
