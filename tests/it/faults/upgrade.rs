//! A new process takes over, or the process is asked to end, while requests are under way.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};

use crate::kit::{
    Gate, eventually, install_crypto,
    raw_site::{Exchange, RawSite},
};

/// Clients that ask at once.
const CLIENTS: usize = 4;
/// How often each asks.
const PACE: Duration = Duration::from_millis(10);

/// A site whose `/slow` answers when it is told to, and everything else at once.
async fn site(release: Arc<Notify>) -> RawSite {
    RawSite::start(move |mut exchange: Exchange| {
        let release = Arc::clone(&release);
        async move {
            exchange.body(|_| {}).await;
            if exchange.asked() == "GET /slow" {
                release.notified().await;
            }
            exchange.answer("good").await;
            Some(exchange)
        }
    })
    .await
}

/// Asks so many times over kept connections, at a pace; every answer that was not the expected one.
async fn traffic(url: String, each: usize) -> Vec<String> {
    let mut asking = JoinSet::new();
    for _ in 0..CLIENTS {
        let (client, url) = (reqwest::Client::builder().no_proxy().build().unwrap(), url.clone());
        asking.spawn(async move {
            let mut pace = tokio::time::interval(PACE);
            let mut failures = Vec::new();
            for _ in 0..each {
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
    asking.join_all().await.concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_process_takes_over_and_no_request_fails() {
    install_crypto();
    let release = Arc::new(Notify::new());
    let site = site(Arc::clone(&release)).await;
    let mut gate = Gate::start(site.address, |yaml, _| yaml).await;
    let slow = tokio::spawn(reqwest::get(gate.url("/slow")));
    eventually("the slow request is at the site", async || (!site.received("/slow").is_empty()).then_some(())).await;
    // Some eight seconds: the sockets are handed over for five.
    let asking = tokio::spawn(traffic(gate.url("/"), 800));
    let successor = gate.successor();
    let socket = gate.folder().join("upgrade.sock");
    eventually("the new process waits for the sockets", async || socket.exists().then_some(())).await;
    gate.process.signal("QUIT");
    let failures = asking.await.unwrap();
    assert!(failures.is_empty(), "{} failed, such as {}", failures.len(), failures[0]);
    assert!(gate.process.has_ended().is_none(), "a request is in flight in the old process");
    release.notify_one();
    let answer = slow.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "good", "what the old process began, it ends");
    assert!(gate.exited().await.success());
    gate.process = successor;
    assert!(gate.process.has_ended().is_none());
    assert!(traffic(gate.url("/"), 20).await.is_empty(), "the new process serves alone");
    assert!(gate.readiness().await.starts_with("HTTP/1.1 200"), "and answers on the ops socket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_answered_before_the_process_ends() {
    install_crypto();
    let release = Arc::new(Notify::new());
    let site = site(Arc::clone(&release)).await;
    let mut gate = Gate::start(site.address, |yaml, _| yaml).await;
    let slow = tokio::spawn(reqwest::get(gate.url("/slow")));
    eventually("the slow request is at the site", async || (!site.received("/slow").is_empty()).then_some(())).await;
    gate.process.signal("TERM");
    eventually("balancers are told", async || gate.readiness().await.contains("draining").then_some(())).await;
    let late = reqwest::get(gate.url("/")).await.unwrap();
    assert_eq!(late.headers()["connection"], "close", "who still comes is served, and sent elsewhere");
    release.notify_one();
    assert_eq!(slow.await.unwrap().unwrap().text().await.unwrap(), "good");
    assert!(gate.exited().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_at_its_limit() {
    install_crypto();
    let site = site(Arc::default()).await;
    let mut gate = Gate::start(site.address, |yaml, _| format!("{yaml}timeouts: {{ drain: 1s }}\n")).await;
    let slow = tokio::spawn(reqwest::get(gate.url("/slow")));
    eventually("the slow request is at the site", async || (!site.received("/slow").is_empty()).then_some(())).await;
    gate.process.signal("TERM");
    assert!(gate.exited().await.success());
    assert!(slow.await.unwrap().is_err(), "it could not be waited for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_new_process_the_old_one_goes_on() {
    install_crypto();
    let site = site(Arc::default()).await;
    let mut gate = Gate::start(site.address, |yaml, _| yaml).await;
    gate.process.signal("QUIT");
    gate.process.says("no new process waits for the sockets").await;
    assert!(traffic(gate.url("/"), 5).await.is_empty());
}
