//! Connections that stay open: WebSockets and event streams.

use std::{sync::Arc, time::Duration};

use stepgate::{
    clock::UnixTime,
    config::keys::KeyFile,
    stamp::{KeyRing, Settings, SigningKey, Stamps},
};
use tokio::sync::Notify;

use super::{proven_client, with_route};
use crate::kit::{
    ApiClient, Gate, TestGate,
    raw_site::{Exchange, RawSite, SESSION},
    wire::{Wire, header},
};

/// The demo's routes, with its WebSocket and an event stream behind a stamp, and a WebSocket that
/// would have to be approved.
fn guarded(yaml: &str) -> String {
    let yaml = with_route(yaml, "{ name: socket, match: { path: /ws }, require: session, unenrolled: allow }");
    let yaml = with_route(&yaml, "{ name: events, match: { path: /events }, require: session, unenrolled: allow }");
    with_route(&yaml, "{ name: once-socket, match: { path: /once }, require: once, show: none }")
}

/// Asks for a WebSocket; the head of the answer.
async fn open(wire: &mut Wire, gate: &Gate, target: &str, headers: &str) -> String {
    let address = gate.address;
    wire.send(format!(
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    ))
    .await;
    wire.head().await
}

/// Sends a text as one masked frame (RFC 6455 §5.2) and takes the same text back.
async fn echo(wire: &mut Wire, text: &str) {
    let mask = [1_u8, 2, 3, 4];
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap()];
    frame.extend(mask);
    frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    wire.send(frame).await;
    let answer = wire.take(2 + text.len()).await;
    assert_eq!(&answer[2..], text.as_bytes());
}

#[tokio::test]
async fn an_unguarded_websocket_passes_both_ways() {
    let gate = TestGate::start().await;
    let mut wire = Wire::to(gate.address).await;
    let head = open(&mut wire, &gate.gate, "/ws", "").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for text in ["one", "two", "three"] {
        echo(&mut wire, text).await;
    }
}

/// The deadline of a body ends another connection meanwhile, which began to be slow later.
#[tokio::test]
async fn a_websocket_may_be_silent_for_longer_than_a_body() {
    let gate = TestGate::start_with(|yaml| yaml + "timeouts: { body: 300ms }\n").await;
    let mut wire = Wire::to(gate.address).await;
    let head = open(&mut wire, &gate.gate, "/ws", "").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    echo(&mut wire, "one").await;
    let slow = format!("POST /up HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n", gate.address);
    for _ in 0..2 {
        let mut silent = Wire::to(gate.address).await;
        silent.send(&slow).await;
        assert!(silent.head().await.starts_with("HTTP/1.1 408 "));
    }
    echo(&mut wire, "two").await;
}

/// A demo gateway with guarded tunnels and a proven client.
async fn proven() -> (TestGate, ApiClient) {
    let gate = TestGate::start_with(|yaml| guarded(&yaml)).await;
    let mut client = ApiClient::log_in(&gate.url(""), "budi").await;
    let app = client.enrol_app().await;
    client.prove("/account", &app.code()).await;
    (gate, client)
}

#[tokio::test]
async fn a_guarded_websocket_wants_a_stamp_and_an_own_origin() {
    let (gate, client) = proven().await;
    let cookies = format!("Cookie: {}\r\n", client.cookies());
    let session = client.cookies().split(';').next().unwrap().to_owned();

    let mut bare = Wire::to(gate.address).await;
    let head = open(&mut bare, &gate.gate, "/ws", &format!("Cookie: {session}\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    assert_eq!((header(&head, "content-length"), header(&head, "content-type")), (Some("0"), None), "{head}");

    let mut foreign = Wire::to(gate.address).await;
    let head = open(&mut foreign, &gate.gate, "/ws", &format!("{cookies}Origin: http://evil.example\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");

    let mut own = Wire::to(gate.address).await;
    let head = open(&mut own, &gate.gate, "/ws", &format!("{cookies}Origin: {}\r\n", gate.url(""))).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    echo(&mut own, "hello").await;
    assert_eq!(gate.site.received("GET", "/ws").len(), 1, "only the proven one reached the site");
}

#[tokio::test]
async fn a_tunnel_cannot_be_approved() {
    let (gate, client) = proven().await;
    let mut wire = Wire::to(gate.address).await;
    let head = open(&mut wire, &gate.gate, "/once", &format!("Cookie: {}\r\n", client.cookies())).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert!(gate.site.received("GET", "/once").is_empty());
}

#[tokio::test]
async fn a_silent_websocket_ends_with_the_log_in() {
    let (mut gate, client) = proven().await;
    let mut wire = Wire::to(gate.address).await;
    let head = open(&mut wire, &gate.gate, "/ws", &format!("Cookie: {}\r\n", client.cookies())).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    echo(&mut wire, "hello").await;
    let other = ApiClient::log_in(&gate.url(""), "ayu").await;
    let mut unenrolled = Wire::to(gate.address).await;
    let head = open(&mut unenrolled, &gate.gate, "/ws", &format!("Cookie: {}\r\n", other.cookies())).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    client.post("/logout", "", &[]).await;
    assert!(wire.rest().await.is_empty(), "it ends without another byte");
    let decided = |line: &serde_json::Value| line["target"] == "stepgate::decision" && line["status"] == 101;
    let line = gate.gate.logged(|line| decided(line).then(|| line.clone()));
    assert_eq!((&line["route"], &line["decision"]), (&"socket".into(), &"allow".into()), "{line}");
    assert_eq!(line["reasons"], serde_json::json!(["stamp-valid"]), "{line}");
    echo(&mut unenrolled, "still here").await;
    assert!(gate.gate.metric("stepgate_requests_in_flight").await >= 1.0);
    drop(unenrolled);
    crate::kit::eventually("nothing is in flight", async || {
        (gate.gate.metric("stepgate_requests_in_flight").await == 0.0).then_some(())
    })
    .await;
}

/// The client's cookies, with a stamp that ends in so many seconds in the place of its own.
fn with_stamp_ending_in(gate: &Gate, client: &ApiClient, seconds: u64, idle: Duration) -> String {
    stepgate::stamp::provider::install();
    let keys = KeyFile::load(&gate.folder().join("keys.yaml")).unwrap().stamp;
    let keys = keys.iter().map(|key| SigningKey::from_pkcs8(&key.id, &key.pkcs8, key.made_at).unwrap()).collect();
    let settings = Settings { origin: gate.url(""), lifetime: Duration::from_secs(12 * 3600), idle };
    let stamps = Stamps::new(settings, KeyRing::new(keys).unwrap());
    let (others, token) = client.cookies().rsplit_once("stepgate=").unwrap();
    let now = UnixTime::from_millis(jiff::Timestamp::now().as_millisecond());
    let minted = now.plus(Duration::from_secs(seconds)).minus(idle);
    let ending = stamps.mint(&stamps.open(token).expect("a stamp of the gate").proof, minted);
    format!("{others}stepgate={}", ending.token)
}

#[tokio::test]
async fn a_websocket_ends_with_its_stamp_though_both_sides_go_on() {
    let idle = Duration::from_secs(60);
    let mut gate = TestGate::start_with(|yaml| {
        let own = "  app: { issuer: Demo Play }\n";
        assert!(yaml.contains(own), "{yaml}");
        guarded(&yaml.replace(own, &format!("{own}  stamp: {{ idle: 1m }}\n")))
    })
    .await;
    let mut client = ApiClient::log_in(&gate.url(""), "budi").await;
    let app = client.enrol_app().await;
    client.prove("/account", &app.code()).await;
    let cookies = with_stamp_ending_in(&gate, &client, 8, idle);
    let (mut ending, mut lasting) = (Wire::to(gate.address).await, Wire::to(gate.address).await);
    for (wire, cookies) in [(&mut ending, cookies.as_str()), (&mut lasting, client.cookies())] {
        let head = open(wire, &gate.gate, "/ws", &format!("Cookie: {cookies}\r\n")).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        echo(wire, "hello").await;
    }
    assert!(ending.rest().await.is_empty(), "it ends without another byte");
    echo(&mut lasting, "still here").await;
    let line = gate.process.says("a tunnel was ended").await;
    assert!(line.contains("expired") && line.contains("socket"), "{line}");
}

#[tokio::test]
async fn a_websocket_ends_when_the_account_is_frozen() {
    let (mut gate, client) = proven().await;
    let mut wire = Wire::to(gate.address).await;
    let head = open(&mut wire, &gate.gate, "/ws", &format!("Cookie: {}\r\n", client.cookies())).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    echo(&mut wire, "hello").await;
    let link = crate::kit::eventually("a notice with its link", async || {
        let texts = gate.provider.asked().iter().map(|asked| asked.json()["text"].to_string()).collect::<Vec<_>>();
        texts.iter().find_map(|text| Some(text.split_once("freeze?t=")?.1.chars().take(43).collect::<String>()))
    })
    .await;
    let (mut owner, address, form) = (Wire::to(gate.address).await, gate.address, format!("t={link}"));
    owner
        .send(format!(
            "POST /.stepgate/freeze HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nAccept: text/html\r\n\r\n{form}",
            form.len()
        ))
        .await;
    let head = owner.head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(wire.rest().await.is_empty(), "it ends without another byte");
    let line = gate.process.says("a tunnel was ended").await;
    assert!(line.contains("revoked") && line.contains("socket"), "{line}");
}

/// The library sometimes took the end of the request for the end of the tunnel.
#[tokio::test]
async fn a_hundred_websockets_stay_open() {
    let gate = TestGate::start().await;
    for _ in 0..100 {
        let mut wire = Wire::to(gate.address).await;
        let head = open(&mut wire, &gate.gate, "/ws", "").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        echo(&mut wire, "hello").await;
    }
}

/// A site whose `/events` says one event, then another each time it is told to.
async fn site_of_events(more: Arc<Notify>) -> RawSite {
    RawSite::start(move |mut exchange: Exchange| {
        let more = Arc::clone(&more);
        async move {
            if exchange.asked() != "GET /events" {
                exchange.body(|_| {}).await;
                exchange.answer("page").await;
                return Some(exchange);
            }
            exchange
                .say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            for number in 0..100 {
                let event = format!("data: {number}\n\n");
                exchange.say(format!("{:x}\r\n{event}\r\n", event.len())).await;
                more.notified().await;
            }
            None
        }
    })
    .await
}

#[tokio::test]
async fn events_pass_one_by_one_and_end_with_the_log_in() {
    let more = Arc::new(Notify::new());
    let site = site_of_events(Arc::clone(&more)).await;
    let gate = Gate::start(site.address, |yaml, _| guarded(&yaml)).await;
    let (client, _app) = proven_client(&gate).await;
    let mut wire = Wire::to(gate.address).await;
    let (address, cookies) = (gate.address, client.cookies());
    wire.send(format!(
        "GET /events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\nCookie: {cookies}\r\n\r\n"
    ))
    .await;
    let head = wire.head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    for number in 0..5 {
        // The next one is said only after this one has arrived.
        wire.until(&format!("data: {number}\n\n")).await;
        more.notify_one();
    }
    wire.until("data: 5\n\n").await;
    client.post("/logout", "", &[]).await;
    let rest = String::from_utf8(wire.rest().await).unwrap();
    assert!(!rest.contains("data:") && !rest.contains("\r\n0\r\n"), "cut, not finished: {rest:?}");
}

#[tokio::test]
async fn events_end_when_another_log_in_ends_the_players_stamps() {
    let more = Arc::new(Notify::new());
    let site = site_of_events(Arc::clone(&more)).await;
    let mut gate = Gate::start(site.address, |yaml, _| guarded(&yaml)).await;
    let (client, app) = proven_client(&gate).await;
    let mut wire = Wire::to(gate.address).await;
    let (address, cookies) = (gate.address, client.cookies());
    wire.send(format!("GET /events HTTP/1.1\r\nHost: {address}\r\nCookie: {cookies}\r\n\r\n")).await;
    wire.until("data: 0\n\n").await;
    let mut other = ApiClient::with_cookies(&gate.url(""), &format!("{SESSION}-elsewhere"));
    let refused = other.post("/account/password", "{}", &[]).await;
    let verify = other.challenged(refused).await;
    let code = serde_json::json!({ "method": "app", "code": app.next_code() }).to_string();
    let answer = other.post(&verify, &code, &[]).await;
    assert_eq!(answer.status(), 200);
    other.keep(&answer, "stepgate");
    assert_eq!(other.post("/account/password", "{}", &[]).await.status(), 200);
    assert!(!String::from_utf8(wire.rest().await).unwrap().contains("data:"));
    let line = gate.process.says("a tunnel was ended").await;
    assert!(line.contains("revoked") && line.contains("events"), "{line}");
}

#[tokio::test]
async fn an_unproven_event_stream_gets_a_bare_401() {
    let site = site_of_events(Arc::default()).await;
    let gate = Gate::start(site.address, |yaml, _| guarded(&yaml)).await;
    let (client, _app) = proven_client(&gate).await;
    let session = client.cookies().split(';').next().unwrap();
    let mut wire = Wire::to(gate.address).await;
    let address = gate.address;
    wire.send(format!(
        "GET /events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\nCookie: {session}\r\n\r\n"
    ))
    .await;
    let head = wire.head().await;
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    assert_eq!(header(&head, "content-length"), Some("0"));
    assert!(site.received("/events").is_empty());
}
