//! The buffered exchange: what the body of the site's answer decides over.

use axum::{body::Body, response::Response};

use super::{
    introspection::{BY_JSON, Endless, asks, set_by},
    *,
};

/// A site that takes the session's value for the player's id, up to a hyphen.
fn site(request: &Recorded) -> Response {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    match request.target.as_str() {
        "/me" => match cookie_of(request, "sid").as_deref().and_then(|session| session.split('-').next()) {
            Some(id) => answer(200, &[], json!({ "user": { "id": id } }).to_string()),
            None => answer(401, &[], ""),
        },
        "/change" if body.contains("large") => answer(200, &[], format!("Saved {}", "x".repeat(2 << 20))),
        "/change" if body.contains("good") => answer(200, &[("connection", "x-hop"), ("x-hop", "1")], "<p>Saved</p>"),
        "/change" => answer(200, &[], "<p>Not now</p>"),
        "/pay" if body.contains("never") => answer(200, &[], Body::from_stream(Endless)),
        "/pay" => {
            answer(201, &[("x-first", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-last", "2")], "Paid")
        }
        _ => ok(),
    }
}

async fn two_browsers(gate: &Gate) -> (Visitor<'_>, Visitor<'_>) {
    let mut here = Visitor::of(gate).with_cookie("sid", "ayu-1");
    let app = here.prove().await;
    let mut there = Visitor::of(gate).with_cookie("sid", "ayu-2");
    there.give(&app.next_code()).await;
    assert!(here.passes().await && there.passes().await);
    (here, there)
}

#[tokio::test]
async fn a_success_that_only_the_body_tells_ends_the_other_stamps() {
    let gate = gate(asks(BY_JSON), site).await;
    let (mut here, mut there) = two_browsers(&gate).await;
    assert_eq!(here.post("/change", "to=bad").await.text().await.unwrap(), "<p>Not now</p>");
    assert!(there.passes().await, "the site did not do it");
    let done = here.post("/change", "to=good").await;
    assert!(!done.headers().contains_key("x-hop"), "hop by hop");
    assert_eq!(done.text().await.unwrap(), "<p>Saved</p>");
    assert!(here.passes().await, "the one that did it is spared");
    assert!(!there.passes().await);
    let sent = gate.site.received("POST", "/change");
    assert_eq!(sent.iter().map(|one| &one.body[..]).collect::<Vec<_>>(), [&b"to=bad"[..], b"to=good"]);
    assert!(!sent[1].headers.contains_key("accept-encoding"));
    assert!(sent[1].headers.contains_key("stepgate-assertion"), "introduced as ever");
}

#[tokio::test]
async fn an_answer_over_the_cap_is_given_on_and_is_no_success() {
    let gate = gate(asks(BY_JSON), site).await;
    let (mut here, mut there) = two_browsers(&gate).await;
    let large = here.post("/change", "to=large").await;
    assert_eq!(large.status(), StatusCode::OK);
    assert_eq!(large.text().await.unwrap(), format!("Saved {}", "x".repeat(2 << 20)));
    assert!(there.passes().await);
}

/// Asks to pay as a page does; gives a code; the token of the held request.
async fn held(visitor: &mut Visitor<'_>, form: &str, code: &str) -> String {
    visitor.headers.push(("accept".to_owned(), "text/html".to_owned()));
    let held = visitor.post("/pay", form).await;
    assert_eq!(held.status(), StatusCode::SEE_OTHER);
    let page = held.headers()["location"].to_str().unwrap().to_owned();
    let verify = page.replace("/challenge/", "/api/challenges/") + "/verify";
    let verified = visitor.portal(&verify, json!({ "method": "app", "code": code })).await;
    verified["approval"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_held_request_is_sent_once_and_its_answer_is_unchanged() {
    let gate = gate(asks(BY_JSON), site).await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu-1");
    let app = ayu.prove().await;
    let token = held(&mut ayu, "amount=5", &app.next_code()).await;
    let answer = ayu.post("/pay", &format!("stepgate_resume={token}")).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let names: Vec<&str> = answer.headers().keys().map(http::HeaderName::as_str).collect();
    let at = |name: &str| names.iter().position(|found| *found == name).unwrap();
    assert!(at("x-first") < at("set-cookie") && at("set-cookie") < at("x-last"), "{names:?}");
    let cookies = set_by(&answer);
    assert_eq!(cookies[..2], ["a=1", "b=2"], "{cookies:?}");
    assert_eq!(answer.text().await.unwrap(), "Paid");
    assert_eq!(ayu.post("/pay", &format!("stepgate_resume={token}")).await.status(), StatusCode::GONE);
    let sent = gate.site.received("POST", "/pay");
    assert_eq!(sent.len(), 1, "once");
    assert_eq!(&sent[0].body[..], b"amount=5");
}

#[tokio::test]
async fn an_answer_that_does_not_end_in_time_is_an_unknown_result() {
    let gate = gate(asks(BY_JSON), site).await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu-1");
    let app = ayu.prove().await;
    let token = held(&mut ayu, "amount=never", &app.next_code()).await;
    let answer = ayu.post("/pay", &format!("stepgate_resume={token}")).await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(answer.text().await.unwrap().contains("We do not know whether this was done"));
    assert_eq!(ayu.post("/pay", &format!("stepgate_resume={token}")).await.status(), StatusCode::GONE);
    assert_eq!(gate.site.received("POST", "/pay").len(), 1, "not sent again");
}
