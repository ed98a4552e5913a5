//! Configuration and certificates change while requests go on.

use std::time::Duration;

use reqwest::{Certificate, Client, tls::TlsInfo};
use tokio::task::JoinSet;

use super::with_route;
use crate::kit::{
    Gate,
    certificates::Authority,
    eventually, install_crypto,
    raw_site::{Exchange, RawSite},
};

const APPLIED: &str = "stepgate_config_reloads_total{result=\"applied\"}";
const REJECTED: &str = "stepgate_config_reloads_total{result=\"rejected\"}";
const SUCCESSFUL: &str = "stepgate_config_last_reload_successful";
const CERTIFICATES_REJECTED: &str = "stepgate_certificate_reloads_total{result=\"rejected\"}";

async fn site() -> RawSite {
    install_crypto();
    RawSite::start(|mut exchange: Exchange| async move {
        exchange.body(|_| {}).await;
        exchange.answer("good").await;
        Some(exchange)
    })
    .await
}

async fn status(gate: &Gate, target: &str) -> u16 {
    let client = Client::builder().no_proxy().build().unwrap();
    client.get(gate.url(target)).send().await.unwrap().status().as_u16()
}

async fn reaches(gate: &Gate, metric: &str, value: f64) {
    eventually(&format!("{metric} is {value}"), async || (gate.metric(metric).await >= value).then_some(())).await;
}

/// The configuration with `/gated` guarded, or without.
fn gated(yaml: String, on: bool) -> String {
    const ROUTE: &str = "{ name: gated, match: { path: /gated }, require: session }";
    let without = yaml.replace(&format!("  - {ROUTE}\n"), "");
    if on { with_route(&without, ROUTE) } else { without }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_reloads_under_traffic_drop_no_request_and_each_takes_effect() {
    let site = site().await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    let mut asking = JoinSet::new();
    for _ in 0..3 {
        let url = gate.url("/");
        asking.spawn(async move {
            let client = Client::builder().no_proxy().build().unwrap();
            let mut pace = tokio::time::interval(Duration::from_millis(10));
            let mut failures = Vec::new();
            for _ in 0..400 {
                pace.tick().await;
                let asked = async { client.get(&url).send().await?.error_for_status()?.text().await };
                match asked.await {
                    Ok(text) if text == "good" => {}
                    other => failures.push(format!("{other:?}")),
                }
            }
            failures
        });
    }
    for round in 1..=5 {
        let on = round % 2 == 1;
        gate.rewrite(|yaml| gated(yaml, on));
        let expected = if on { 401 } else { 200 };
        eventually("the file's change takes effect", async || {
            (status(&gate, "/gated").await == expected).then_some(())
        })
        .await;
        let before = gate.metric(APPLIED).await;
        gate.process.signal("HUP");
        reaches(&gate, APPLIED, before + 1.0).await;
        assert_eq!(status(&gate, "/gated").await, expected);
    }
    let failures = asking.join_all().await.concat();
    assert!(failures.is_empty(), "{} failed, such as {}", failures.len(), failures[0]);
    assert_eq!((gate.metric(REJECTED).await, gate.metric(SUCCESSFUL).await), (0.0, 1.0));
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_is_reported() {
    let site = site().await;
    let mut gate = Gate::start(site.address, |yaml, _| gated(yaml, true)).await;
    gate.rewrite(|yaml| format!("{}misspelt: 1\n", gated(yaml, false)));
    let line = gate.process.says("configuration not reloaded: the old one stays").await;
    assert!(line.contains("misspelt"), "{line}");
    reaches(&gate, REJECTED, 1.0).await;
    assert_eq!(gate.metric(SUCCESSFUL).await, 0.0);
    assert_eq!(status(&gate, "/gated").await, 401);

    gate.rewrite(|yaml| yaml.replace("misspelt: 1\n", ""));
    eventually("the good file takes effect", async || (status(&gate, "/gated").await == 200).then_some(())).await;
    assert_eq!(gate.metric(SUCCESSFUL).await, 1.0);
}

#[tokio::test]
async fn what_needs_a_restart_is_refused_whole() {
    let site = site().await;
    let mut gate = Gate::start(site.address, |yaml, _| yaml).await;
    let (address, ops) = (gate.address.to_string(), gate.ops.to_string());
    let original = std::fs::read_to_string(&gate.config).unwrap();
    let durable = format!("durable: sqlite:{}", gate.folder().join("other.db").display());
    let mut refused = 0.0;
    for (key, from, to) in [
        ("listen", format!("- address: \"{address}\""), "- address: \"127.0.0.1:1\"".to_owned()),
        ("ops", format!("address: \"{ops}\""), "address: \"127.0.0.1:1\"".to_owned()),
        ("store", original.lines().find(|line| line.contains("durable:")).unwrap().trim().to_owned(), durable),
        ("server", "server: {".to_owned(), "server: { threads: 3,".to_owned()),
    ] {
        assert!(original.contains(&from), "{from}");
        gate.rewrite(|_| gated(original.replace(&from, &to), true));
        let line = gate.process.says("configuration not reloaded: the old one stays").await;
        assert!(line.contains(&format!("`{key}")) && line.contains("run --upgrade"), "{key}: {line}");
        refused += 1.0;
        reaches(&gate, REJECTED, refused).await;
        assert_eq!(status(&gate, "/gated").await, 200, "{key}: nothing of it applies");
    }
}

/// A client that trusts the authority only, and the certificate that a request with it was shown.
async fn shown_to(client: &Client, gate: &Gate) -> Vec<u8> {
    let answer = client.get(format!("https://{}/", gate.address)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

fn client(authority: &Authority) -> Client {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    Client::builder().tls_certs_only([root]).tls_info(true).no_proxy().build().unwrap()
}

#[tokio::test]
async fn new_connections_see_a_new_certificate_and_old_ones_live_on() {
    let site = site().await;
    let authority = Authority::new();
    let gate = Gate::start(site.address, |yaml, folder| {
        let pair = authority.issue(folder, "tls", &["127.0.0.1"]);
        super::over_tls(&yaml, &pair)
    })
    .await;
    let old = client(&authority);
    let first = shown_to(&old, &gate).await;
    let pair = authority.issue(gate.folder(), "tls", &["127.0.0.1"]);
    let second = eventually("a new connection sees the new certificate", async || {
        let shown = shown_to(&client(&authority), &gate).await;
        (shown != first).then_some(shown)
    })
    .await;
    assert_eq!(shown_to(&old, &gate).await, first, "the old connection goes on");

    std::fs::write(&pair.key, "no key").unwrap();
    reaches(&gate, CERTIFICATES_REJECTED, 1.0).await;
    assert_eq!(shown_to(&client(&authority), &gate).await, second, "a broken pair changes nothing");
    assert_eq!(shown_to(&old, &gate).await, first);
}
