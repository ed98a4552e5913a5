//! The buffered exchange: what the body of the site's answer decides over.

use axum::{body::Body, response::Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

#[tokio::test]
async fn where_the_body_tells_a_success_it_also_tells_whether_money_waits() {
    let gate = gate(asks(BY_JSON), site).await;
    for (player, form, waits) in [("ayu", "to=bad", false), ("budi", "to=good", true), ("citra", "to=large", true)] {
        let mut visitor = Visitor::of(&gate).with_cookie("sid", &format!("{player}-1"));
        visitor.prove().await;
        let changed = visitor.post("/change", form).await;
        assert_eq!(changed.status(), StatusCode::OK);
        changed.bytes().await.unwrap();
        let pays = visitor.post("/pay", "amount=5").await;
        let seconds = pays.headers().get("retry-after").map(|wait| wait.to_str().unwrap().parse::<u32>().unwrap());
        assert_eq!(seconds.is_some_and(|seconds| (80_000..=86_400).contains(&seconds)), waits, "{seconds:?}");
        let pays: Value = pays.json().await.unwrap();
        let kind = if waits { "urn:stepgate:cooling-down" } else { "urn:stepgate:second-factor-required" };
        assert_eq!(pays["type"], kind, "{form}: what cannot be looked at counts as done");
        if waits {
            visitor.headers.push(("accept".to_owned(), "text/html".to_owned()));
            let page = visitor.post("/pay", "amount=5").await.text().await.unwrap();
            assert!(page.contains("this opens in"), "{page}");
        }
    }
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
    assert!(answer.text().await.unwrap().contains("We do not know if this was done"));
    assert_eq!(ayu.post("/pay", &format!("stepgate_resume={token}")).await.status(), StatusCode::GONE);
    assert_eq!(gate.site.received("POST", "/pay").len(), 1, "not sent again");
}

/// A site on bare sockets that answers each connection's one request with these bytes for its path.
async fn bare_site(answers: &'static [(&'static str, &'static str)]) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                if head.starts_with("POST") {
                    stream.read_exact(&mut [0; "a=1".len()]).await.unwrap();
                }
                let found = answers.iter().find(|(path, _)| head.contains(&format!(" {path} ")));
                if let Some((_, bytes)) = found {
                    stream.write_all(bytes.as_bytes()).await.unwrap();
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn answers_of_every_framing_are_given_on() {
    let address = bare_site(&[
        ("/me", "HTTP/1.1 200 OK\r\ncontent-length: 21\r\nconnection: close\r\n\r\n{\"user\":{\"id\":\"ayu\"}}"),
        ("/change?early", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nSaved until the end"),
        ("/change?chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nSa\r\n3\r\nved\r\n0\r\n\r\n"),
        ("/change?nothing", "HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n"),
        ("/change?short", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nSaved"),
        ("/stamped", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"),
    ])
    .await;
    let site = ScriptedSite::start(|_| ok()).await;
    let gate = gate_at(site, address, asks(BY_JSON)).await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "1");
    ayu.prove().await;
    for (target, status, body) in [
        ("/change?early", StatusCode::OK, "Saved until the end"),
        ("/change?chunks", StatusCode::OK, "Saved"),
        ("/change?nothing", StatusCode::NO_CONTENT, ""),
    ] {
        let answer = ayu.post(target, "a=1").await;
        assert_eq!(answer.status(), status, "{target}");
        assert_eq!(answer.text().await.unwrap(), body, "{target}");
        assert!(ayu.passes().await, "{target}");
    }
    for broken in ["/change?short", "/change?silence"] {
        let answer = ayu.post(broken, "a=1").await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "{broken}");
    }
}
