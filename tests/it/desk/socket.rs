//! The desk's listener on sockets: TLS, deadlines and caps.

use std::net::SocketAddr;

use reqwest::{Certificate, Client, ClientBuilder, redirect::Policy};
use serde_json::json;
use stepgate::policy::desk::Role;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{DeskGate, PASSWORD};
use crate::{
    kit::{certificates::Authority, eventually},
    limits::{status, trickle, until_its_end},
};

/// A desk with TLS that this authority vouches for, and more lines of configuration.
async fn secure(authority: &Authority, more: &str) -> DeskGate {
    DeskGate::start_with("24h", |yaml, desk, folder| {
        let pair = authority.issue(folder, "desk", &["127.0.0.1"]);
        let (certificate, key) = (pair.certificate.display(), pair.key.display());
        let lines = format!("  tls: {{ certificate: {certificate}, private_key: {key} }}\n  hosts: [\"{desk}\"]\n");
        format!("{}{more}", yaml.replace("desk:\n", &format!("desk:\n{lines}")))
    })
    .await
}

/// A client that trusts this authority alone.
fn client(authority: &Authority) -> Client {
    trusting(authority).build().unwrap()
}

fn trusting(authority: &Authority) -> ClientBuilder {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    Client::builder().tls_certs_only([root]).redirect(Policy::none()).no_proxy()
}

#[tokio::test]
async fn a_desk_with_a_certificate_speaks_tls_and_nothing_else() {
    let authority = Authority::new();
    let desk = secure(&authority, "").await;
    let (client, base) = (client(&authority), format!("https://{}", desk.desk));
    let credentials = json!({ "name": "admin", "password": PASSWORD, "code": desk.app(Role::Admin).code() });
    let sign_in = |origin: &str| {
        let request = client.post(format!("{base}/api/sign-in")).header("origin", origin);
        request.header("content-type", "application/json").body(credentials.to_string()).send()
    };
    assert_eq!(sign_in(&format!("http://{}", desk.desk)).await.unwrap().status(), 403, "a page without TLS is another");
    let signed_in = sign_in(&base).await.unwrap();
    assert_eq!((signed_in.status().as_u16(), signed_in.version()), (200, http::Version::HTTP_2));
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-stepgate-desk=") && cookie.contains("Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let resets = client.get(format!("{base}/api/resets")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(resets.status(), 200);
    // Over HTTP/2 a name beside the authority is no request at all.
    let rebound = trusting(&authority).http1_only().build().unwrap();
    let rebound = rebound.get(format!("{base}/api/resets")).header("host", "evil.example").header("cookie", &cookie);
    assert_eq!(rebound.send().await.unwrap().status(), 421);

    let stranger = self::client(&Authority::new());
    assert!(stranger.get(format!("{base}/sign-in")).send().await.is_err(), "nobody else vouches for it");
    let mut plain = TcpStream::connect(desk.desk).await.unwrap();
    plain.write_all(page(desk.desk).as_bytes()).await.unwrap();
    let answer = until_its_end(&mut plain).await;
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
}

fn page(desk: SocketAddr) -> String {
    format!("GET /sign-in HTTP/1.1\r\nHost: {desk}\r\n\r\n")
}

#[tokio::test]
async fn a_head_that_trickles_in_and_a_silent_connection_end_and_an_operator_beside_them_is_served() {
    let desk =
        DeskGate::start_with("24h", |yaml, _, _| format!("{yaml}timeouts: {{ header: 300ms, idle: 300ms }}\n")).await;
    let mut kept = TcpStream::connect(desk.desk).await.unwrap();
    assert_eq!(status(&mut kept, &page(desk.desk)).await.as_deref(), Some("HTTP/1.1 200 OK"));
    let (mut slow, mut silent) =
        (TcpStream::connect(desk.desk).await.unwrap(), TcpStream::connect(desk.desk).await.unwrap());
    let (slow, silent, kept, _operator) = tokio::join!(
        trickle(&mut slow, "GET /sign-in HTTP/1.1\r\nX-Slow: "),
        until_its_end(&mut silent),
        until_its_end(&mut kept),
        // The password takes its time, in which no other head is awaited.
        desk.signed_in(Role::Support),
    );
    assert_eq!((slow.as_str(), silent.as_str(), kept.as_str()), ("", "", ""));
    let ended = async |reason: &str| {
        desk.gate.metric(&format!("stepgate_connections_ended_total{{reason=\"{reason}\"}}")).await
    };
    assert!(ended("head").await >= 1.0 && ended("idle").await >= 2.0);
}

#[tokio::test]
async fn a_handshake_at_the_desk_that_does_not_come_ends() {
    let authority = Authority::new();
    let desk = secure(&authority, "timeouts: { header: 300ms, idle: 20s }\n").await;
    let mut silent = TcpStream::connect(desk.desk).await.unwrap();
    assert_eq!(until_its_end(&mut silent).await, "");
    // It is counted right after it was closed.
    eventually("the end is counted", async || {
        let ended = desk.gate.metric("stepgate_connections_ended_total{reason=\"handshake\"}").await;
        (ended >= 1.0).then_some(())
    })
    .await;
    let page = client(&authority).get(format!("https://{}/sign-in", desk.desk)).send().await.unwrap();
    assert_eq!(page.status(), 200);
}

#[tokio::test]
async fn a_client_at_its_cap_is_refused_at_the_desk_and_players_are_counted_apart() {
    let desk =
        DeskGate::start_with("24h", |yaml, _, _| format!("{yaml}limits: {{ connections_per_client: 2 }}\n")).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(desk.desk).await.unwrap();
        assert_eq!(status(&mut stream, &page(desk.desk)).await.as_deref(), Some("HTTP/1.1 200 OK"));
        held.push(stream);
    }
    assert_eq!(desk.gate.metric("stepgate_desk_connections").await, 2.0);
    let mut third = TcpStream::connect(desk.desk).await.unwrap();
    assert_eq!(until_its_end(&mut third).await, "");
    assert_eq!(desk.gate.metric("stepgate_connections_ended_total{reason=\"client_full\"}").await, 1.0);
    let mut player = TcpStream::connect(desk.gate.address).await.unwrap();
    let request = format!("GET /assets/site.css HTTP/1.1\r\nHost: {}\r\n\r\n", desk.gate.address);
    assert_eq!(status(&mut player, &request).await.as_deref(), Some("HTTP/1.1 200 OK"));
    held.pop();
    eventually("a place is free again", async || {
        (desk.gate.metric("stepgate_desk_connections").await == 1.0).then_some(())
    })
    .await;
    let mut fourth = TcpStream::connect(desk.desk).await.unwrap();
    assert_eq!(status(&mut fourth, &page(desk.desk)).await.as_deref(), Some("HTTP/1.1 200 OK"));
}
