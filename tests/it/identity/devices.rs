//! A remembered browser gets its next cookie whatever answers the request in which the last one was exchanged.

use super::*;
use crate::kit::raw_site::{Exchange, RawSite, SESSION};

/// Says nothing where it is told to fail, and takes every upgrade.
async fn script(mut exchange: Exchange) -> Option<Exchange> {
    if exchange.head.contains("x-fails: 1") {
        return None;
    }
    if exchange.head.to_lowercase().contains("upgrade: websocket") {
        exchange.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").await;
        return None;
    }
    if exchange.head.contains("x-hints: 1") {
        exchange.say("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n").await;
    }
    exchange.answer("ok").await;
    Some(exchange)
}

fn asked_at(options: &DemoOptions, _: &Path) -> String {
    format!(
        "- introspection: {{ cookie: demo_session, url: \"http://{}/api/me\", subject: {{ json: /user/id }} }}",
        options.site
    )
}

impl Visitor<'_> {
    /// Another log-in; of our cookies only the device's stays.
    fn log_in_again(&mut self, number: u32) {
        self.cookies.retain(|name, _| name == "stepgate-device");
        let (name, value) = SESSION.split_once('=').unwrap();
        self.cookies.insert(name.to_owned(), format!("{value}-{number}"));
    }
}

/// A visitor in a new log-in, whose browser is remembered.
async fn remembered(gate: &Gate) -> Visitor<'_> {
    let mut visitor = Visitor::of(gate);
    visitor.log_in_again(1);
    let app = visitor.enrol().await;
    let asked: Value = serde_json::from_str(&visitor.get("/stamped").await.text().await.unwrap()).unwrap();
    let verify = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    visitor.portal(&verify, json!({ "method": "app", "code": app.code(), "remember_device": true })).await;
    visitor.log_in_again(2);
    visitor
}

/// The device was exchanged, and the next log-in passes with what the browser has of it.
async fn goes_on(visitor: &mut Visitor<'_>, before: &str) {
    assert_ne!(visitor.cookies["stepgate-device"], before);
    assert!(visitor.cookies.contains_key("stepgate"), "{:?}", visitor.cookies);
    visitor.headers.clear();
    assert!(visitor.passes().await, "by its stamp");
    visitor.log_in_again(3);
    assert!(visitor.passes().await, "by its device");
}

#[tokio::test]
async fn the_next_device_cookie_reaches_the_browser_where_the_site_fails() {
    let site = RawSite::start(script).await;
    let gate = gate_at(ScriptedSite::start(|_| ok()).await, site.address, asked_at).await;
    let mut visitor = remembered(&gate).await.with_header("x-fails", "1");
    let before = visitor.cookies["stepgate-device"].clone();
    assert_eq!(visitor.get("/stamped").await.status(), StatusCode::BAD_GATEWAY);
    goes_on(&mut visitor, &before).await;
}

#[tokio::test]
async fn the_next_device_cookie_comes_with_a_websocket() {
    let site = RawSite::start(script).await;
    let gate = gate_at(ScriptedSite::start(|_| ok()).await, site.address, asked_at).await;
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    let visitor = remembered(&gate).await;
    let mut visitor = upgrade.into_iter().fold(visitor, |visitor, (name, value)| visitor.with_header(name, value));
    let before = visitor.cookies["stepgate-device"].clone();
    assert_eq!(visitor.get("/stamped").await.status(), StatusCode::SWITCHING_PROTOCOLS);
    goes_on(&mut visitor, &before).await;
}

#[tokio::test]
async fn the_next_device_cookie_comes_with_the_answer_and_not_with_hints_before_it() {
    let site = RawSite::start(script).await;
    let gate = gate_at(ScriptedSite::start(|_| ok()).await, site.address, asked_at).await;
    let mut visitor = remembered(&gate).await.with_header("x-hints", "1");
    let before = visitor.cookies["stepgate-device"].clone();
    assert_eq!(visitor.get("/stamped").await.status(), StatusCode::OK);
    goes_on(&mut visitor, &before).await;
}
