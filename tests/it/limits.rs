//! Deadlines and caps of connections, on raw sockets: what is too slow or too much ends, and a
//! client beside it is served. Deadlines here are real and short; their end is waited for.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{interval, timeout},
};

use crate::{
    held::secure,
    kit::{TestGate, eventually, install_crypto},
};

/// For what must happen at last.
const LAST: Duration = Duration::from_secs(20);
const PAGE: &str = "/assets/site.css";

/// The demo's configuration with these lines at its end.
fn with(lines: &'static str) -> impl FnOnce(String) -> String {
    move |yaml| format!("{yaml}{lines}\n")
}

fn page(gate: &TestGate) -> String {
    format!("GET {PAGE} HTTP/1.1\r\nHost: {}\r\n\r\n", gate.address)
}

async fn connect(gate: &TestGate) -> TcpStream {
    TcpStream::connect(gate.address).await.unwrap()
}

/// Everything until the gateway ends the connection.
pub async fn until_its_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = timeout(LAST, stream.read_to_end(&mut answer)).await.expect("the gateway ends it");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Writes `start`, then a byte now and then, until the gateway ends the connection.
pub async fn trickle(stream: &mut TcpStream, start: &str) -> String {
    let (mut reader, mut writer) = stream.split();
    writer.write_all(start.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let slowly = async {
        let mut tick = interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            if writer.write_all(b"a").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let ended = timeout(LAST, async {
        tokio::select! {
            _ = reader.read_to_end(&mut answer) => {}
            () = slowly => {}
        }
    });
    ended.await.expect("the gateway ends it");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status line of the answer to one request on a connection that stays open.
pub async fn status(stream: &mut TcpStream, request: &str) -> Option<String> {
    stream.write_all(request.as_bytes()).await.ok()?;
    let (mut answer, mut piece) = (String::new(), [0; 4096]);
    let whole = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length:"))?;
        (body.len() >= line.split_once(':')?.1.trim().parse().ok()?).then_some(())
    };
    while whole(&answer).is_none() {
        let read = timeout(LAST, stream.read(&mut piece)).await.expect("an answer or an end").ok()?;
        if read == 0 {
            return None;
        }
        answer.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    answer.lines().next().map(str::to_owned)
}

/// Waits until this many connections are open.
async fn open_connections(gate: &TestGate, count: f64) {
    let reached = async {
        let mut tick = interval(Duration::from_millis(20));
        while gate.metric("stepgate_connections").await != count {
            tick.tick().await;
        }
    };
    timeout(LAST, reached).await.unwrap_or_else(|_| panic!("never {count} connections"));
}

async fn ended(gate: &TestGate, reason: &str) -> f64 {
    gate.metric(&format!("stepgate_connections_ended_total{{reason=\"{reason}\"}}")).await
}

#[tokio::test]
async fn a_head_that_trickles_in_ends_and_a_client_beside_it_is_served() {
    let gate = TestGate::start_with(with("timeouts: { header: 300ms, idle: 20s }")).await;
    let (mut slow, mut slow_later, mut beside) = (connect(&gate).await, connect(&gate).await, connect(&gate).await);
    assert_eq!(status(&mut slow_later, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"));
    let start = "GET / HTTP/1.1\r\nX-Slow: ";
    let (first, later) = tokio::join!(trickle(&mut slow, start), trickle(&mut slow_later, start));
    assert_eq!((first.as_str(), later.as_str()), ("", ""), "a late head gets no answer");
    assert_eq!(status(&mut beside, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"));
    assert_eq!(ended(&gate, "head").await, 2.0);
}

#[tokio::test]
async fn a_connection_without_a_request_ends_after_the_idle_time() {
    let gate = TestGate::start_with(with("timeouts: { header: 20s, idle: 300ms }")).await;
    let (mut fresh, mut kept) = (connect(&gate).await, connect(&gate).await);
    assert_eq!(status(&mut kept, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"));
    assert_eq!(status(&mut kept, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"));
    assert_eq!(until_its_end(&mut fresh).await, "");
    assert_eq!(until_its_end(&mut kept).await, "");
    assert!(ended(&gate, "idle").await >= 2.0);
}

#[tokio::test]
async fn a_slow_answer_of_the_site_is_not_an_idle_connection() {
    let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = TestGate::start_with(before(&site, "timeouts: { header: 200ms, idle: 200ms }")).await;
    let mut waiting = connect(&gate).await;
    let mut others = Vec::new();
    waiting.write_all(page(&gate).as_bytes()).await.unwrap();
    let mut to_site = request_at(&site).await;
    // Connections that come later and end first show that the deadlines passed.
    for _ in 0..3 {
        let mut other = connect(&gate).await;
        until_its_end(&mut other).await;
        others.push(other);
    }
    to_site.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate").await.unwrap();
    let answer = until_its_end(&mut waiting).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("late"), "{answer}");
}

#[tokio::test]
async fn a_client_at_its_cap_is_refused_until_a_connection_ends() {
    let gate = TestGate::start_with(with("limits: { connections_per_client: 2 }")).await;
    open_connections(&gate, 0.0).await;
    let (mut first, mut second) = (connect(&gate).await, connect(&gate).await);
    for stream in [&mut first, &mut second] {
        assert_eq!(status(stream, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"));
    }
    let mut third = connect(&gate).await;
    assert_eq!(status(&mut third, &page(&gate)).await, None);
    assert_eq!(ended(&gate, "client_full").await, 1.0);
    assert_eq!(status(&mut first, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"), "the others stay");
    drop(first);
    open_connections(&gate, 1.0).await;
    let mut fourth = connect(&gate).await;
    assert_eq!(status(&mut fourth, &page(&gate)).await.as_deref(), Some("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_client_that_connects_too_often_is_refused_for_a_moment() {
    let (gate, _jar, _files) = secure(with("limits: { connection_rate_per_client: 5 }")).await;
    let mut streams = Vec::new();
    while ended(&gate, "client_rate").await == 0.0 {
        for _ in 0..20 {
            // A refused one may be gone already.
            streams.extend(TcpStream::connect(gate.address).await.ok());
        }
        assert!(streams.len() < 2_000, "it connects as often as it likes");
    }
    eventually("it is let in again", async || {
        let mut stream = connect(&gate).await;
        let hello = stream.write_all(page(&gate).as_bytes()).await;
        // An alert of TLS: somebody reads what it says.
        (hello.is_ok() && matches!(stream.read(&mut [0; 1]).await, Ok(1..))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_full_gateway_refuses_before_tls_and_a_trusted_proxy_counts_in_total_only() {
    let (gate, _, _files) = secure(|yaml| {
        format!("{yaml}trusted_proxies: [127.0.0.0/8]\nlimits: {{ connections: 2, connections_per_client: 1 }}\n")
    })
    .await;
    open_connections(&gate, 0.0).await;
    let _held = (connect(&gate).await, connect(&gate).await);
    open_connections(&gate, 2.0).await;
    let mut third = connect(&gate).await;
    assert_eq!(until_its_end(&mut third).await, "", "no byte of TLS");
    assert_eq!(ended(&gate, "full").await, 1.0);
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_after_the_header_time() {
    let (gate, jar, _files) = secure(with("timeouts: { header: 300ms, idle: 20s }")).await;
    let (mut silent, mut plain) = (connect(&gate).await, connect(&gate).await);
    assert_eq!(until_its_end(&mut silent).await, "");
    assert!(ended(&gate, "handshake").await >= 1.0);
    plain.write_all(page(&gate).as_bytes()).await.unwrap();
    until_its_end(&mut plain).await;
    assert!(ended(&gate, "tls").await >= 1.0);
    assert_eq!(jar.get(PAGE).await.status(), 200);
}

#[tokio::test]
async fn an_http_2_connection_without_a_whole_head_ends_and_one_beside_it_is_served() {
    let (gate, jar, files) = secure(with("timeouts: { header: 300ms, idle: 300ms }")).await;
    let certificate = CertificateDer::from_pem_file(files.path().join("cert.pem")).unwrap();
    let (address, beside) = (gate.address, jar.get(PAGE));
    let speechless = http2(address, certificate.clone(), Slow::Silent);
    let slow = http2(address, certificate, Slow::Head);
    let (speechless, slow, beside) = tokio::join!(speechless, slow, beside);
    assert_eq!((beside.status().as_u16(), beside.version()), (200, http::Version::HTTP_2));
    assert!(speechless && slow, "both ended");
    assert!(ended(&gate, "head").await >= 1.0);
}

/// A client that sends no whole request over HTTP/2.
#[derive(Clone, Copy)]
enum Slow {
    /// It sends its preface and nothing more.
    Silent,
    /// It sends a head in pieces, and never the last.
    Head,
    /// It sends this frame as fast as it can.
    Flood(&'static [u8]),
}

#[tokio::test]
async fn a_flood_of_http_2_frames_that_ask_for_nothing_ends() {
    let (gate, _, files) = secure(with("timeouts: { header: 20s, idle: 20s }")).await;
    let certificate = CertificateDer::from_pem_file(files.path().join("cert.pem")).unwrap();
    let settings = Slow::Flood(b"\0\0\0\x04\0\0\0\0\0");
    let ping = Slow::Flood(b"\0\0\x08\x06\0\0\0\0\0deadbeef");
    let room = Slow::Flood(b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01");
    for flood in [settings, ping, room] {
        assert!(http2(gate.address, certificate.clone(), flood).await);
    }
    assert_eq!(ended(&gate, "frames").await, 3.0);
}

/// Whether the gateway ends an HTTP/2 connection of such a client.
async fn http2(address: SocketAddr, certificate: CertificateDer<'static>, slow: Slow) -> bool {
    let talk = tokio::task::spawn_blocking(move || {
        install_crypto();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = std::net::TcpStream::connect(address).unwrap();
        let mut stream = rustls::StreamOwned::new(session, socket);
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
        stream.flush().unwrap();
        stream.sock.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        if let Slow::Head = slow {
            // HEADERS of stream 1 without END_HEADERS: `:method: GET` of the static table.
            stream.write_all(b"\0\0\x01\x01\x01\0\0\0\x01\x82").unwrap();
        }
        let (began, mut piece) = (std::time::Instant::now(), [0; 1024]);
        while began.elapsed() < LAST {
            match stream.read(&mut piece) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => {}
                Err(_) => return true,
            }
            // A CONTINUATION with `:path: /`, over and over; writing to a closed connection fails at last.
            if let Slow::Head = slow
                && stream.write_all(b"\0\0\x01\x09\0\0\0\0\x01\x84").and_then(|()| stream.flush()).is_err()
            {
                return true;
            }
            if let Slow::Flood(frame) = slow
                && stream.write_all(&frame.repeat(100)).and_then(|()| stream.flush()).is_err()
            {
                return true;
            }
        }
        false
    });
    talk.await.unwrap()
}

#[tokio::test]
async fn a_body_that_we_read_and_that_trickles_in_is_answered_400() {
    let gate = TestGate::start_with(with("timeouts: { body: 300ms }")).await;
    let host = gate.address;
    let head = format!(
        "POST /.stepgate/api/enrolments HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
         Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    );
    let answer = trickle(&mut connect(&gate).await, &head).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn a_head_over_the_byte_limit_is_answered_431() {
    let gate = TestGate::start_with(with("limits: { header_bytes: 1KiB, headers: 10 }")).await;
    let host = gate.address;
    for extra in [format!("X-Long: {}\r\n", "a".repeat(1024)), "X-A: b\r\n".repeat(10)] {
        let request = format!("GET {PAGE} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n");
        let answer = status(&mut connect(&gate).await, &request).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

/// The demo's configuration before another site, with these lines at its end.
fn before(site: &TcpListener, lines: &'static str) -> impl FnOnce(String) -> String {
    let server = site.local_addr().unwrap();
    move |yaml| {
        let (start, rest) = yaml.split_once("    servers: [").unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        format!("{start}    servers: [\"{server}\"]\n{rest}{lines}\n")
    }
}

/// The next connection to the site that is a request.
async fn request_at(site: &TcpListener) -> TcpStream {
    let asked = async {
        loop {
            let (mut stream, _) = site.accept().await.unwrap();
            // A health check connects and leaves.
            let mut byte = [0; 1];
            if stream.read(&mut byte).await.is_ok_and(|read| read == 1) {
                return stream;
            }
        }
    };
    timeout(LAST, asked).await.expect("the site is asked")
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_answered_504() {
    let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = TestGate::start_with(before(&site, "timeouts: { upstream_read: 300ms }")).await;
    let mut client = connect(&gate).await;
    let request = page(&gate);
    let (answer, _silent) = tokio::join!(status(&mut client, &request), request_at(&site));
    assert!(answer.as_deref().is_some_and(|line| line.starts_with("HTTP/1.1 504 ")), "{answer:?}");
}

#[tokio::test]
async fn a_site_that_cannot_be_connected_to_in_time_is_answered_504() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let site = socket.listen(1).unwrap();
    let gate = TestGate::start_with(before(&site, "timeouts: { upstream_connect: 300ms }")).await;
    // Nobody accepts: once the queue is full, the kernel answers no more.
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(site.local_addr().unwrap())).await {
        queue.push(stream.unwrap());
        assert!(queue.len() < 100, "the queue is never full");
    }
    let mut client = connect(&gate).await;
    let answer = status(&mut client, &page(&gate)).await;
    assert!(answer.as_deref().is_some_and(|line| line.starts_with("HTTP/1.1 504 ")), "{answer:?}");
}

#[tokio::test]
async fn a_request_in_flight_at_the_end_is_answered_within_the_drain_time() {
    let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = TestGate::start_with(before(&site, "timeouts: { drain: 20s }")).await;
    let mut client = connect(&gate).await;
    client.write_all(page(&gate).as_bytes()).await.unwrap();
    let mut to_site = request_at(&site).await;
    gate.process.signal("TERM");
    not_ready(&gate).await;
    to_site.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate").await.unwrap();
    let answer = until_its_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("late"), "{answer}");
}

#[tokio::test]
async fn a_request_in_flight_ends_with_the_drain_time() {
    let site = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = TestGate::start_with(before(&site, "timeouts: { drain: 300ms }")).await;
    let mut client = connect(&gate).await;
    client.write_all(page(&gate).as_bytes()).await.unwrap();
    let _silent = request_at(&site).await;
    gate.process.signal("TERM");
    let answer = until_its_end(&mut client).await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

/// Waits until the gateway is draining.
async fn not_ready(gate: &TestGate) {
    let reached = async {
        let mut tick = interval(Duration::from_millis(20));
        while gate.readiness().await.starts_with("HTTP/1.1 200") {
            tick.tick().await;
        }
    };
    timeout(LAST, reached).await.expect("it drains");
}
