//! Odd things that sites say, and what of them reaches the player.

use crate::kit::{
    ApiClient, Gate,
    raw_site::{Exchange, RawSite, SESSION},
    wire::{Wire, header},
};

/// A gateway before a site that says these bytes to every request, without reading a body, and closes
/// the connection.
async fn before(answer: &'static str) -> (RawSite, Gate) {
    let site = RawSite::start(move |mut exchange: Exchange| async move {
        exchange.say(answer).await;
        None
    })
    .await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    (site, gate)
}

/// Asks and takes the head of the answer.
async fn ask(gate: &Gate, method: &str, more: &str) -> (Wire, String) {
    let mut wire = Wire::to(gate.address).await;
    wire.send(format!("{method} /page HTTP/1.1\r\nHost: {}\r\n{more}\r\n", gate.address)).await;
    let head = wire.head().await;
    (wire, head)
}

#[tokio::test]
async fn an_early_answer_over_an_unread_body_arrives() {
    let (_site, gate) =
        before("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig").await;
    for _ in 0..5 {
        let mut wire = Wire::to(gate.address).await;
        let host = gate.address;
        wire.send(format!("POST /page HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n")).await;
        wire.send(vec![b'a'; 1000]).await;
        let head = wire.head().await;
        assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
        assert_eq!(wire.take(3).await, b"big");
    }
}

#[tokio::test]
async fn interim_answers_do_not_disturb_the_final_one() {
    let (_site, gate) = before(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone",
    )
    .await;
    let (mut wire, mut head) = ask(&gate, "GET", "").await;
    if head.starts_with("HTTP/1.1 103 ") {
        head = wire.head().await;
    }
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(wire.take(4).await, b"done");
}

#[tokio::test]
async fn answers_without_a_body_leave_the_connection_in_step() {
    for (method, answer, status) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "200"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"a\"\r\n\r\n", "304"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", "204"),
    ] {
        let site = RawSite::start(move |mut exchange: Exchange| async move {
            exchange.say(answer).await;
            Some(exchange)
        })
        .await;
        let gate = Gate::start(site.address, |yaml, _| yaml).await;
        let (mut wire, head) = ask(&gate, method, "").await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        wire.send(format!("{method} /second HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", gate.address)).await;
        let rest = String::from_utf8(wire.rest().await).unwrap();
        assert!(rest.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {status}: {rest:?}");
        assert!(rest.ends_with("\r\n\r\n"), "{method} {status}: no body follows {rest:?}");
    }
}

#[tokio::test]
async fn trailers_do_not_break_the_body() {
    let (_site, gate) = before(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n\
         4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n",
    )
    .await;
    let (mut wire, head) = ask(&gate, "GET", "Connection: close\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let rest = String::from_utf8(wire.rest().await).unwrap();
    assert!(rest.starts_with("4\r\nbody\r\n0\r\n") && rest.ends_with("\r\n\r\n"), "{rest:?}");
}

#[tokio::test]
async fn trailers_of_a_request_do_not_become_a_second_request() {
    let site = RawSite::start(|mut exchange: Exchange| async move {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece)).await;
        exchange.answer(&String::from_utf8(body).unwrap()).await;
        Some(exchange)
    })
    .await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    let mut wire = Wire::to(gate.address).await;
    let host = gate.address;
    wire.send(format!(
        "POST /page HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         4\r\nbody\r\n0\r\nX-Trailer: GET /hidden HTTP/1.1\r\n\r\n"
    ))
    .await;
    let head = wire.head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    wire.rest().await;
    assert_eq!(site.everything().len(), 1);
    assert!(!site.everything()[0].contains("x-trailer"), "{:?}", site.everything());
}

#[tokio::test]
async fn a_very_long_header_of_the_site_passes_or_is_a_plain_502() {
    for (length, passes) in [(8_000, true), (3_000_000, false)] {
        let site = RawSite::start(move |mut exchange: Exchange| async move {
            let value = "v".repeat(length);
            exchange.say(format!("HTTP/1.1 200 OK\r\nX-Long: {value}\r\nContent-Length: 2\r\n\r\nok")).await;
            None
        })
        .await;
        let gate = Gate::start(site.address, |yaml, _| yaml).await;
        let (_wire, head) = ask(&gate, "GET", "").await;
        let status = if passes { "HTTP/1.1 200 " } else { "HTTP/1.1 502 " };
        assert!(head.starts_with(status), "{length}: {}", &head[..80.min(head.len())]);
        assert_eq!(header(&head, "x-long").map(str::len), passes.then_some(length));
    }
}

#[tokio::test]
async fn what_is_no_answer_is_a_plain_502() {
    for answer in [
        "",
        "garbage",
        "HTTP/1.1 99999 What\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhello",
    ] {
        let (_site, gate) = before(answer).await;
        let (_wire, head) = ask(&gate, "POST", "Content-Length: 0\r\n").await;
        assert!(head.starts_with("HTTP/1.1 502 "), "{answer:?}: {head}");
        assert_eq!(header(&head, "connection"), Some("close"), "{head}");
    }
}

#[tokio::test]
async fn a_site_cannot_set_what_is_ours() {
    let (_site, gate) = before(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\nSet-Cookie: stepgate=forged\r\n\
         Set-Cookie: STEPGATE-challenge=forged; Path=/\r\nSet-Cookie: __Host-stepgate-device=forged\r\n\
         Set-Cookie: own=kept\r\nStepgate-Stamp: forged\r\nStepgate-Assertion: forged\r\n\r\n",
    )
    .await;
    let (_wire, head) = ask(&gate, "GET", "").await;
    assert!(head.contains("own=kept"), "{head}");
    assert!(!head.contains("forged"), "{head}");
}

#[tokio::test]
async fn a_request_head_of_ours_never_reaches_the_site() {
    let site = RawSite::start(|mut exchange: Exchange| async move {
        exchange.answer("page").await;
        Some(exchange)
    })
    .await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    let client = ApiClient::with_cookies(&gate.url(""), &format!("{SESSION}; stepgate=x; __Host-Stepgate-device=y"));
    assert_eq!(client.post("/page", "{}", &[("stepgate-anything", "z"), ("Stepgate_Stamp", "z")]).await.status(), 200);
    let head = site.received("/page").remove(0).to_lowercase();
    assert!(head.contains("demo_session") && !head.contains("stepgate"), "{head}");
}
