//! Clients that read nothing of an answer without end: it is cut, over both protocols, and what stands beside it is
//! served. The deadline here is real and short; its end is waited for.

use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    faults::{over_tls, trusting},
    kit::{
        Gate,
        certificates::Authority,
        eventually, install_crypto,
        raw_site::{Exchange, RawSite},
    },
};

const SHORT: &str = "timeouts: { send: 300ms }\n";

/// A site whose answer at `/endless` never ends.
async fn site() -> RawSite {
    RawSite::start(|mut exchange: Exchange| async move {
        if exchange.asked() != "GET /endless" {
            exchange.answer("well").await;
            return Some(exchange);
        }
        exchange.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while exchange.stream.write_all(piece.as_bytes()).await.is_ok() {}
        None
    })
    .await
}

/// Waits until no exchange is left, those of the health checks not counted.
async fn nothing_in_flight(gate: &Gate) {
    eventually("its exchange ends", async || (gate.metric("stepgate_requests_in_flight").await == 0.0).then_some(()))
        .await;
}

#[tokio::test]
async fn over_http_1_an_answer_that_nobody_takes_is_cut() {
    let site = site().await;
    let gate = Gate::start(site.address, |yaml, _| yaml + SHORT).await;
    let mut client = TcpStream::connect(gate.address).await.unwrap();
    let request = format!("GET /endless HTTP/1.1\r\nHost: {}\r\n\r\n", gate.address);
    client.write_all(request.as_bytes()).await.unwrap();
    client.readable().await.unwrap();
    nothing_in_flight(&gate).await;
    let mut taken = Vec::new();
    // A reset is an end too.
    let _ = client.read_to_end(&mut taken).await;
    assert!(taken.starts_with(b"HTTP/1.1 200 OK") && !taken.ends_with(b"0\r\n\r\n"), "cut, not finished");
}

#[tokio::test]
async fn over_http_2_it_is_cut_and_its_connection_goes_on() {
    install_crypto();
    let site = site().await;
    let authority = Authority::new();
    let gate = Gate::start(site.address, |yaml, folder| {
        over_tls(&yaml, &authority.issue(folder, "tls", &["127.0.0.1"])) + SHORT
    })
    .await;
    let client = trusting(&authority);
    let endless = client.get(format!("https://{}/endless", gate.address)).send().await.unwrap();
    assert_eq!((endless.status(), endless.version()), (StatusCode::OK, reqwest::Version::HTTP_2));
    nothing_in_flight(&gate).await;
    let beside = client.get(format!("https://{}/page", gate.address)).send().await.unwrap();
    assert_eq!(beside.text().await.unwrap(), "well");
    assert!(endless.bytes().await.is_err(), "cut, not finished");
    assert_eq!(gate.metric("stepgate_connections").await, 1.0, "both on one");
}
