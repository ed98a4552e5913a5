//! Requests that are served at the same time: as many as the limits say, over all connections; one that ends makes
//! room.

use reqwest::{Client, Response, StatusCode};
use tokio::{
    io::{AsyncWriteExt, copy, sink},
    net::TcpStream,
    task::{JoinHandle, spawn},
};

use crate::{
    faults::{over_tls, trusting},
    kit::{
        Gate,
        certificates::Authority,
        eventually, install_crypto,
        raw_site::{Exchange, RawSite},
    },
    limits::status,
};

/// A site that never answers `/held`.
async fn site() -> RawSite {
    RawSite::start(|mut exchange: Exchange| async move {
        if exchange.asked() == "GET /held" {
            let _ = copy(&mut exchange.stream, &mut sink()).await;
            return None;
        }
        exchange.answer("well").await;
        Some(exchange)
    })
    .await
}

async fn refused(gate: &Gate, reason: &str) -> f64 {
    gate.metric(&format!("stepgate_requests_refused_total{{reason=\"{reason}\"}}")).await
}

/// Waits until the site was asked this often for what it never answers.
async fn held(site: &RawSite, count: usize) {
    eventually("the site is asked", async || (site.received("/held").len() == count).then_some(())).await;
}

/// Clients that speak HTTP/2, each with a connection of its own.
struct Clients {
    gate: Gate,
    clients: [Client; 2],
}

impl Clients {
    async fn before(site: &RawSite, limits: &str) -> Self {
        install_crypto();
        let authority = Authority::new();
        let gate = Gate::start(site.address, |yaml, folder| {
            over_tls(&yaml, &authority.issue(folder, "tls", &["127.0.0.1"])) + limits
        })
        .await;
        Self { gate, clients: [(); 2].map(|()| trusting(&authority)) }
    }

    fn ask(&self, client: usize, target: &str) -> JoinHandle<Response> {
        let request = self.clients[client].get(format!("https://{}{target}", self.gate.address));
        spawn(async move { request.send().await.unwrap() })
    }
}

#[tokio::test]
async fn over_http_2_a_client_has_so_many_over_all_its_connections_a_few_wait_for_room_and_more_are_refused() {
    let site = site().await;
    let limits = "limits: { requests_in_flight_per_client: 1 }\ntimeouts: { upstream_connect: 60s }\n";
    let clients = Clients::before(&site, limits).await;
    let first = clients.ask(0, "/held");
    held(&site, 1).await;
    let pages: Vec<_> = [0, 1, 0, 1, 0].map(|client| clients.ask(client, "/page")).into();
    eventually("one more than may wait is refused", async || {
        (refused(&clients.gate, "client_full").await == 1.0).then_some(())
    })
    .await;
    assert!(site.received("/page").is_empty(), "the others wait");
    // Its stream is reset.
    first.abort();
    let mut answered = Vec::new();
    for page in pages {
        let answer = page.await.unwrap();
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        answered
            .push((answer.status(), answer.headers().get("retry-after").map(|value| value.to_str().unwrap() == "1")));
    }
    answered.sort();
    let (served, none) = ((StatusCode::OK, None), (StatusCode::SERVICE_UNAVAILABLE, Some(true)));
    assert_eq!(answered, [served, served, served, served, none]);
}

#[tokio::test]
async fn who_waits_too_long_for_room_is_refused() {
    let site = site().await;
    let limits = "limits: { requests_in_flight_per_client: 1 }\ntimeouts: { upstream_connect: 200ms }\n";
    let clients = Clients::before(&site, limits).await;
    let _first = clients.ask(0, "/held");
    held(&site, 1).await;
    assert_eq!(clients.ask(1, "/page").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused(&clients.gate, "client_full").await, 1.0);
    assert!(site.received("/page").is_empty());
}

#[tokio::test]
async fn all_clients_have_so_many_and_a_proxy_of_ours_no_fewer_than_they() {
    let site = site().await;
    let limits =
        "trusted_proxies: [127.0.0.0/8]\nlimits: { requests_in_flight: 2, requests_in_flight_per_client: 1 }\n";
    let gate = Gate::start(site.address, |yaml, _| yaml + limits).await;
    let request = |target| format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", gate.address);
    let mut waiting = Vec::new();
    for count in 1..=2 {
        let mut client = TcpStream::connect(gate.address).await.unwrap();
        client.write_all(request("/held").as_bytes()).await.unwrap();
        held(&site, count).await;
        waiting.push(client);
    }
    let mut third = TcpStream::connect(gate.address).await.unwrap();
    let answer = status(&mut third, &request("/page")).await;
    assert_eq!(answer.as_deref(), Some("HTTP/1.1 503 Service Unavailable"));
    assert_eq!(refused(&gate, "full").await, 1.0);
    waiting.clear();
    eventually("connections that end make room", async || {
        let mut client = TcpStream::connect(gate.address).await.unwrap();
        status(&mut client, &request("/page")).await.filter(|line| line == "HTTP/1.1 200 OK")
    })
    .await;
}
