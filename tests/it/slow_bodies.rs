//! Bodies that come too slowly, on raw sockets: they end, over both protocols, whatever the site does meanwhile.
//! Deadlines here are real and short; their end is waited for.

use std::{sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::TcpStream,
    sync::Notify,
    time::{interval, timeout},
};

use crate::{
    faults::{over_tls, proven_client, with_route},
    kit::{
        Gate, TestGate,
        certificates::Authority,
        raw_site::{Exchange, RawSite},
    },
    limits::{trickle, until_its_end},
    zoo::h2::{Client, Slowly},
};

const SHORT: &str = "timeouts: { body: 300ms }\n";
/// An answer that has begun and does not end.
const BEGUN: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n";

/// A site that takes what comes and answers at its end; `/begun` begins its answer before.
async fn site() -> RawSite {
    RawSite::start(|mut exchange: Exchange| async move {
        if exchange.asked().ends_with(" /begun") {
            exchange.say(BEGUN).await;
        }
        if exchange.asked().starts_with("POST /whole") || exchange.asked().starts_with("GET ") {
            let size = exchange.body(|_| {}).await;
            exchange.answer(&format!("{size} bytes")).await;
            return Some(exchange);
        }
        let _ = copy(&mut exchange.stream, &mut sink()).await;
        None
    })
    .await
}

fn head(gate: &Gate, target: &str, framing: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: {}\r\n{framing}\r\n\r\n", gate.address)
}

async fn connect(gate: &Gate) -> TcpStream {
    TcpStream::connect(gate.address).await.unwrap()
}

#[tokio::test]
async fn over_http_1_a_slow_body_is_answered_408_or_ends_its_connection() {
    let site = site().await;
    let gate = Gate::start(site.address, |yaml, _| yaml + SHORT).await;
    let declared = head(&gate, "/up", "Content-Length: 50000");
    let chunked = head(&gate, "/up", "Transfer-Encoding: chunked") + "c350\r\n";
    for start in [&declared, &chunked] {
        let answer = trickle(&mut connect(&gate).await, start).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("too slowly"), "{answer}");
        let mut silent = connect(&gate).await;
        silent.write_all(start.as_bytes()).await.unwrap();
        let answer = until_its_end(&mut silent).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    // What came early pays for a second of silence, after which it is told as well.
    let mut early = connect(&gate).await;
    early.write_all(format!("{declared}{}", "a".repeat(1024)).as_bytes()).await.unwrap();
    early.write_all(b"a").await.unwrap();
    let answer = until_its_end(&mut early).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let answer = trickle(&mut connect(&gate).await, &head(&gate, "/begun", "Content-Length: 50000")).await;
    assert!(answer.contains("begun") && !answer.contains("\r\n0\r\n"), "cut, not finished: {answer}");
    assert_eq!(site.received("/up").len(), 5, "they streamed");
}

#[tokio::test]
async fn of_a_guarded_change_that_came_in_part_nobody_says_that_it_was_not_done() {
    let site = site().await;
    let route = "{ name: up, match: { path: /up }, require: session }";
    let gate = Gate::start(site.address, |yaml, _| with_route(&yaml, route) + SHORT).await;
    let (client, _app) = proven_client(&gate).await;
    let framing = format!("Content-Length: 50000\r\nCookie: {}", client.cookies());
    let answer = trickle(&mut connect(&gate).await, &head(&gate, "/up", &framing)).await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("unknown-result"), "{answer}");
    assert_eq!(site.received("/up").len(), 1, "it streamed");
}

/// A gateway with TLS before the site, and a client that speaks HTTP/2 to it.
async fn over_http_2(site: &RawSite) -> (Gate, Client) {
    let authority = Authority::new();
    let certificate = CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap();
    crate::kit::install_crypto();
    let gate = Gate::start(site.address, |yaml, folder| {
        over_tls(&yaml, &authority.issue(folder, "tls", &["127.0.0.1"])) + SHORT
    })
    .await;
    (gate, Client::trusting(certificate))
}

#[tokio::test]
async fn over_http_2_a_slow_body_ends_its_stream_and_no_other() {
    let site = site().await;
    let (gate, client) = over_http_2(&site).await;
    let address = gate.address;
    tokio::task::spawn_blocking(move || {
        for target in ["/up", "/begun"] {
            for slowly in [Slowly::AByte, Slowly::Nothing] {
                let beside = client.slowly(address, target, slowly);
                assert_eq!(beside.as_deref(), Some(&b"0 bytes"[..]), "{target}, {slowly:?}");
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(site.received("/up").len(), 2, "they streamed");
}

/// A KiB gives a second: who sends four at a time has the deadline before him for ever.
#[tokio::test]
async fn an_upload_that_takes_longer_than_the_deadline_passes() {
    let site = site().await;
    let gate = Gate::start(site.address, |yaml, _| yaml + "timeouts: { body: 1s }\n").await;
    let mut client = connect(&gate).await;
    client.write_all(head(&gate, "/whole", "Content-Length: 81920\r\nConnection: close").as_bytes()).await.unwrap();
    let mut tick = interval(Duration::from_millis(100));
    for _ in 0..20 {
        tick.tick().await;
        client.write_all(&[b'a'; 4096]).await.unwrap();
    }
    let answer = until_its_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("81920 bytes"), "{answer}");
}

#[tokio::test]
async fn a_site_that_takes_nothing_for_a_while_costs_the_client_nothing() {
    const SIZE: usize = 64 * 1024 * 1024;
    let go_on = Arc::new(Notify::new());
    let (told, waits) = (Arc::clone(&go_on), Duration::from_millis(1_500));
    let site = RawSite::start(move |mut exchange: Exchange| {
        let go_on = Arc::clone(&told);
        async move {
            go_on.notified().await;
            let size = exchange.body(|_| {}).await;
            exchange.answer(&format!("{size} bytes")).await;
            Some(exchange)
        }
    })
    .await;
    let gate = Gate::start(site.address, |yaml, _| yaml + SHORT).await;
    let mut client = connect(&gate).await;
    let framing = format!("Content-Length: {SIZE}\r\nConnection: close");
    client.write_all(head(&gate, "/whole", &framing).as_bytes()).await.unwrap();
    let (piece, mut left) = (vec![b'a'; 64 * 1024], SIZE);
    while left > 0 {
        let next = &piece[..left.min(piece.len())];
        // Every buffer on the way is full for much longer than the deadline.
        let Ok(written) = timeout(waits, client.write(next)).await else {
            go_on.notify_one();
            continue;
        };
        left -= written.unwrap();
    }
    let answer = until_its_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("{SIZE} bytes")), "{answer}");
}

/// It was drained for two seconds more; a connection that says nothing ends before those are over.
#[tokio::test]
async fn a_refusal_over_a_late_body_ends_its_connection_at_once() {
    let gate = TestGate::start_with(|yaml| yaml + "timeouts: { body: 300ms, idle: 2s }\n").await;
    let start = format!(
        "POST /.stepgate/api/enrolments HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
         Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n",
        gate.address
    );
    let (mut late, mut idle) = (connect(&gate).await, connect(&gate).await);
    let mut piece = [0; 1];
    tokio::select! {
        biased;
        answer = trickle(&mut late, &start) => assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}"),
        _ = idle.read(&mut piece) => panic!("the idle connection ended first"),
    }
}

/// A client that waits for leave to send its body would else be waited for.
#[tokio::test]
async fn a_refusal_is_not_put_off_for_a_body_that_is_held_back() {
    let site = site().await;
    let route = "{ name: pay, match: { path: /pay, methods: [POST] }, require: session }";
    let gate = Gate::start(site.address, |yaml, _| with_route(&yaml, route)).await;
    let mut client = connect(&gate).await;
    let held_back = head(
        &gate,
        "/pay",
        "Content-Type: image/png\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\nExpect: 100-continue",
    );
    client.write_all(held_back.as_bytes()).await.unwrap();
    let answer = until_its_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains("100 Continue"), "{answer}");
}
