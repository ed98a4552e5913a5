//! Large bodies pass unguarded routes in a stream: whole, and without filling the memory.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http_body::{Body as _, Frame, SizeHint};
use reqwest::{Body, Certificate, Client};
use ring::digest::{Context as Digest, SHA256};

use crate::kit::{
    Gate,
    certificates::Authority,
    install_crypto,
    raw_site::{Exchange, RawSite},
};

const SIZE: usize = 64 * 1024 * 1024;
const PIECE: usize = 64 * 1024;
/// How much the process may grow while such bodies pass: far less than one of them.
const MAY_GROW_KIB: u64 = 24 * 1024;

/// Every piece is another, so that a lost or swapped one shows.
fn piece(number: usize) -> Bytes {
    let mut bytes = vec![b'a'; PIECE];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    bytes.into()
}

/// The body, piece by piece.
struct Pieces {
    next: usize,
    count: usize,
    says_its_length: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.next == self.count {
            return Poll::Ready(None);
        }
        self.next += 1;
        Poll::Ready(Some(Ok(Frame::data(piece(self.next - 1)))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.says_its_length { SizeHint::with_exact((self.count * PIECE) as u64) } else { SizeHint::default() }
    }
}

fn expected() -> String {
    let mut digest = Digest::new(&SHA256);
    (0..SIZE / PIECE).for_each(|number| digest.update(&piece(number)));
    HEXLOWER.encode(digest.finish().as_ref())
}

/// A site that says the digest of what it got, and gives the body with its length or chunked.
async fn site() -> RawSite {
    RawSite::start(|mut exchange: Exchange| async move {
        let chunked = match exchange.asked() {
            "GET /length" => false,
            "GET /chunked" => true,
            _ => {
                let mut digest = Digest::new(&SHA256);
                exchange.body(|piece| digest.update(piece)).await;
                exchange.answer(&HEXLOWER.encode(digest.finish().as_ref())).await;
                return Some(exchange);
            }
        };
        let framing = if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {SIZE}") };
        exchange.say(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n")).await;
        for number in 0..SIZE / PIECE {
            if chunked {
                exchange.say(format!("{PIECE:x}\r\n")).await;
            }
            exchange.say(piece(number)).await;
            if chunked {
                exchange.say("\r\n").await;
            }
        }
        if chunked {
            exchange.say("0\r\n\r\n").await;
        }
        Some(exchange)
    })
    .await
}

/// The most memory that the process ever had, in KiB.
fn peak(gate: &Gate) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gate.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

async fn both_ways(gate: &Gate, base: &str, client: &Client) {
    let expected = expected();
    client.get(format!("{base}/warm")).send().await.unwrap();
    let before = peak(gate);
    for says_its_length in [true, false] {
        let body = Pieces { next: 0, count: SIZE / PIECE, says_its_length };
        assert_eq!(body.size_hint().exact().is_some(), says_its_length);
        let answer = client.post(format!("{base}/upload")).body(Body::wrap(body)).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), expected, "up, with its length: {says_its_length}");
    }
    for target in ["/length", "/chunked"] {
        let mut answer = client.get(format!("{base}{target}")).send().await.unwrap();
        let mut digest = Digest::new(&SHA256);
        while let Some(piece) = answer.chunk().await.unwrap() {
            digest.update(&piece);
        }
        assert_eq!(HEXLOWER.encode(digest.finish().as_ref()), expected, "down: {target}");
    }
    let grown = peak(gate) - before;
    assert!(grown < MAY_GROW_KIB, "it grew by {grown} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_mebibytes_stream_both_ways_over_http_1() {
    install_crypto();
    let site = site().await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    both_ways(&gate, &gate.url(""), &Client::builder().no_proxy().build().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_mebibytes_stream_both_ways_over_http_2() {
    install_crypto();
    let site = site().await;
    let (gate, base, client) = over_http2(&site).await;
    both_ways(&gate, &base, &client).await;
}

/// A gateway with TLS before the site, its address, and a client that speaks HTTP/2 with it.
async fn over_http2(site: &RawSite) -> (Gate, String, Client) {
    let authority = Authority::new();
    let gate = Gate::start(site.address, |yaml, folder| {
        super::over_tls(&yaml, &authority.issue(folder, "tls", &["127.0.0.1"]))
    })
    .await;
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let base = format!("https://{}", gate.address);
    assert_eq!(client.get(format!("{base}/warm")).send().await.unwrap().version(), http::Version::HTTP_2);
    (gate, base, client)
}

/// A body whose last frame is empty was ended twice, and the site read the second end as a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streamed_body_ends_once() {
    install_crypto();
    let site = site().await;
    let (_gate, base, client) = over_http2(&site).await;
    for count in [0, 1, 2].repeat(10) {
        let body = Body::wrap(Pieces { next: 0, count, says_its_length: false });
        let answer = client.post(format!("{base}/upload")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap();
    }
    let heads = site.everything();
    assert_eq!(heads.len(), 31);
    assert!(heads[1..].iter().all(|head| head.starts_with("POST /upload HTTP/1.1\r\n")), "{heads:?}");
}
