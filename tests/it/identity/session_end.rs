//! Requests that end the site session, and posts that carry our resume field.

use super::{
    introspection::{BY_JSON, asks, echo},
    *,
};
use crate::kit::wire::Wire;

/// A gateway whose site takes the session's value for the player's id.
async fn plain() -> Gate {
    gate(asks(BY_JSON), |request| if request.target == "/me" { echo(request) } else { ok() }).await
}

#[tokio::test]
async fn a_log_out_by_a_field_is_one_only_where_the_field_says_so() {
    let gate = plain().await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu");
    ayu.prove().await;
    ayu.post("/act", "do=save&text=log-out").await;
    ayu.get("/act").await;
    assert!(ayu.passes().await, "another action of the same address");
    ayu.post("/act", "do=log-out").await;
    assert!(!ayu.passes().await);
    let sent = gate.site.received("POST", "/act");
    assert_eq!(&sent[0].body[..], b"do=save&text=log-out", "what was looked at goes on");
}

#[tokio::test]
async fn a_log_out_that_cannot_be_read_counts_as_one() {
    let gate = plain().await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu");
    ayu.prove().await;
    ayu.send(Method::POST, "/act", "multipart/form-data", "no boundary".to_owned()).await;
    assert!(!ayu.passes().await);
}

#[tokio::test]
async fn our_resume_field_never_reaches_the_site() {
    let gate = plain().await;
    let token = "A".repeat(43);
    let spelled = |field: &str| format!("{field}={token}");
    for (form, kind) in [
        (spelled("stepgate_resume"), "application/x-www-form-urlencoded"),
        (spelled("stepgate%5fresume"), "application/x-www-form-urlencoded"),
        (spelled("x=1&stepgate_resume"), "application/x-www-form-urlencoded; charset=UTF-8"),
        ("stepgate_resume=short".to_owned(), "Application/X-WWW-Form-Urlencoded"),
        (spelled("[stepgate_resume]"), "application/x-www-form-urlencoded"),
        (spelled("stepgate_resume]"), "application/x-www-form-urlencoded"),
        (spelled("stepgate.resume[]"), "application/x-www-form-urlencoded"),
        (spelled("x=1;stepgate_resume"), "application/x-www-form-urlencoded"),
    ] {
        let mut visitor = Visitor::of(&gate);
        let answer = visitor.send(Method::POST, "/open", kind, form.clone()).await;
        assert_eq!(answer.status(), StatusCode::GONE, "{form}");
    }
    assert!(gate.site.received("POST", "/open").is_empty());
    let mut visitor = Visitor::of(&gate);
    assert_eq!(visitor.post("/open", "x=stepgate_resume").await.status(), StatusCode::OK);
    assert_eq!(&gate.site.received("POST", "/open")[0].body[..], b"x=stepgate_resume", "unchanged");
}

#[tokio::test]
async fn our_resume_field_in_a_chunked_form_never_reaches_the_site() {
    let gate = plain().await;
    for (chunks, status) in [("10\r\nstepgate_resume=\r\n1\r\nA\r\n", "400"), ("3\r\na=b\r\n", "200")] {
        let mut wire = Wire::to(gate.address).await;
        let kind = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked";
        let head = format!("POST /open HTTP/1.1\r\nHost: {}\r\n{kind}\r\n\r\n", gate.address);
        wire.send(head + chunks + "0\r\n\r\n").await;
        let answer = wire.head().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{chunks:?}: {answer}");
    }
    let received = gate.site.received("POST", "/open");
    assert_eq!(received.iter().map(|request| &request.body[..]).collect::<Vec<_>>(), [b"a=b"]);
}

#[tokio::test]
async fn a_session_in_the_address_is_refused_on_guarded_routes_only() {
    let gate = plain().await;
    for target in ["/guarded?sid=budi", "/guarded?a=1&PHPSESSID=x", "/guarded?access_token=x"] {
        let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu");
        assert_eq!(ayu.get(target).await.status(), StatusCode::BAD_REQUEST, "{target}");
        assert!(gate.site.received("GET", target).is_empty(), "{target}");
        let open = target.replace("guarded", "open");
        assert_eq!(ayu.get(&open).await.status(), StatusCode::OK, "{open}");
    }
    let status = Visitor::of(&gate).with_cookie("sid", "ayu").get("/guarded;jsessionid=x").await.status();
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
