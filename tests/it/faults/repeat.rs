//! A request whose answer is lost is not sent again, and the player is told that nobody knows.

use serde_json::Value;

use super::{proven_client, with_route};
use crate::kit::{
    ApiClient, Gate,
    raw_site::{Exchange, RawSite, SESSION},
};

/// A site that answers pages, and hangs up on every post that it has read whole.
async fn site_that_hangs_up() -> RawSite {
    RawSite::start(|mut exchange: Exchange| async move {
        exchange.body(|_| {}).await;
        if exchange.asked().starts_with("POST ") {
            return None;
        }
        exchange.answer("page").await;
        Some(exchange)
    })
    .await
}

async fn is_unknown(answer: reqwest::Response) {
    assert_eq!(answer.status(), 502);
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(problem["type"], "urn:stepgate:unknown-result");
}

#[tokio::test]
async fn a_guarded_post_without_an_answer_is_sent_once_and_its_result_is_unknown() {
    let site = site_that_hangs_up().await;
    let route = "{ name: post, match: { path: /transfer, methods: [POST] }, require: session }";
    let gate = Gate::start(site.address, |yaml, _| with_route(&yaml, route)).await;
    let (client, _app) = proven_client(&gate).await;
    for round in 1..=5 {
        // A connection that is kept open is the one on which a proxy is tempted to try again.
        assert_eq!(client.get("/warm").await.status(), 200);
        is_unknown(client.post("/transfer", "{}", &[]).await).await;
        assert_eq!(site.received("/transfer").len(), round);
    }
}

#[tokio::test]
async fn an_approved_post_without_an_answer_is_sent_once_and_its_approval_is_spent() {
    let site = site_that_hangs_up().await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    let mut client = ApiClient::with_cookies(&gate.url(""), SESSION);
    let app = client.enrol_app().await;
    let body = r#"{"amount":"1","destination":"x"}"#;
    let refused = client.post("/api/withdraw", body, &[]).await;
    let verify = client.challenged(refused).await;
    let code = serde_json::json!({ "method": "app", "code": app.code() });
    let granted = client.portal(&verify, &code, 200).await;
    let approval = [("stepgate-approval", granted["approval"].as_str().unwrap())];
    assert_eq!(client.get("/warm").await.status(), 200);
    is_unknown(client.post("/api/withdraw", body, &approval).await).await;
    assert!(client.post("/api/withdraw", body, &approval).await.status().is_client_error());
    assert_eq!(site.received("/api/withdraw").len(), 1);
}

#[tokio::test]
async fn a_guarded_page_without_an_answer_is_not_asked_for_again() {
    let site = RawSite::start(|mut exchange: Exchange| async move {
        if exchange.asked() == "GET /account" && exchange.head.contains("stepgate-assertion") {
            return None;
        }
        exchange.body(|_| {}).await;
        exchange.answer("page").await;
        Some(exchange)
    })
    .await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    let (client, _app) = proven_client(&gate).await;
    assert_eq!(client.get("/warm").await.status(), 200);
    let answer = client.get("/account").await;
    assert_eq!(answer.status(), 502);
    assert_eq!(site.received("/account").len(), 1);
}

/// Of a request that changes nothing a second try is harmless; a third is not asked for.
#[tokio::test]
async fn an_open_page_without_an_answer_is_asked_for_twice_at_most() {
    let site = RawSite::start(|mut exchange: Exchange| async move {
        if exchange.asked() == "GET /hangs-up" {
            return None;
        }
        exchange.answer("page").await;
        Some(exchange)
    })
    .await;
    let gate = Gate::start(site.address, |yaml, _| yaml).await;
    let client = ApiClient::with_cookies(&gate.url(""), SESSION);
    // As many connections as are tried one after the other.
    for _ in 0..2 {
        let warm = [0; 4].map(|_| client.get("/warm"));
        let [first, second, third, fourth] = warm;
        let answers = tokio::join!(first, second, third, fourth);
        assert_eq!([answers.0, answers.1, answers.2, answers.3].map(|answer| answer.status().as_u16()), [200; 4]);
    }
    assert_eq!(client.get("/hangs-up").await.status(), 502);
    assert!(site.received("/hangs-up").len() <= 2, "{:?}", site.received("/hangs-up"));
}
