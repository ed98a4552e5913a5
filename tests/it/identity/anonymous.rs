//! Routes that visitors may use too: `anonymous: forward` (decisions 4).

use super::{
    introspection::{BY_JSON, asks},
    jwt::shared_secret,
    *,
};

/// The requests to the route that the site got.
fn shared(gate: &Gate) -> Vec<Recorded> {
    gate.site.received("GET", "/shared")
}

#[tokio::test]
async fn a_visitor_without_a_session_goes_on_as_nobody() {
    let gate = gate(asks(BY_JSON), |_| ok()).await;
    let mut visitor = Visitor::of(&gate).with_cookie("theme", "dark").with_cookie("stepgate", "x");
    assert_eq!(visitor.get("/shared").await.status(), StatusCode::OK);
    let received = shared(&gate);
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].headers["cookie"], "theme=dark");
    assert!(!received[0].headers.contains_key("stepgate-assertion"), "nobody is asserted");
    // Where the route says nothing of visitors they are refused.
    assert_eq!(visitor.guarded().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_the_site_does_not_know_goes_on_without_what_might_name_them() {
    let both = "cookie: sid, subject: { json: /user/id }, anonymous: '^guest$'";
    let gate = gate(asks(both), |request| match (request.target.as_str(), cookie_of(request, "sid").as_deref()) {
        ("/me", Some("guest")) => answer(200, &[], json!({ "user": { "id": "guest" } }).to_string()),
        ("/me", _) => answer(401, &[], ""),
        _ => ok(),
    })
    .await;
    for session in ["ended", "guest"] {
        let mut visitor = Visitor::of(&gate).with_cookie("sid", session).with_cookie("theme", "dark");
        assert_eq!(visitor.get("/shared").await.status(), StatusCode::OK, "{session}");
    }
    assert_eq!(shared(&gate).len(), 2);
    for request in shared(&gate) {
        assert_eq!(request.headers["cookie"], "theme=dark", "the session does not go on");
    }
}

#[tokio::test]
async fn a_credential_that_the_site_does_not_know_does_not_go_on() {
    let by_header = "session: { header: Authorization }, subject: { json: /id }";
    let gate = gate(asks(by_header), |request| match request.target.as_str() {
        "/me" => answer(401, &[], ""),
        _ => ok(),
    })
    .await;
    let mut visitor = Visitor::of(&gate).with_header("authorization", "Bearer 42").with_cookie("theme", "dark");
    assert_eq!(visitor.get("/shared").await.status(), StatusCode::OK);
    let received = shared(&gate);
    assert_eq!(received.len(), 1);
    assert!(!received[0].headers.contains_key("authorization"), "{:?}", received[0]);
    assert_eq!(received[0].headers["cookie"], "theme=dark");
}

#[tokio::test]
async fn a_source_that_fails_is_not_nobody() {
    let rest = format!("{BY_JSON}, deadline: 500ms");
    let gate = gate(asks(&rest), |request| {
        if request.target != "/me" {
            return ok();
        }
        match cookie_of(request, "sid").as_deref() {
            Some("slow") => answer(200, &[], axum::body::Body::from_stream(super::introspection::Endless)),
            Some("broken") => answer(500, &[], ""),
            Some("odd") => answer(200, &[], "<html>"),
            Some(_) | None => answer(404, &[], ""),
        }
    })
    .await;
    for session in ["slow", "broken", "odd", "missing"] {
        let closed = Visitor::of(&gate).with_cookie("sid", session).get("/shared").await;
        assert_eq!(closed.status(), StatusCode::SERVICE_UNAVAILABLE, "{session}");
    }
    // Two sessions are no session, and a credential that nothing reads is none either.
    let two = Visitor::of(&gate).with_header("cookie", "sid=a; sid=b").get("/shared").await;
    assert_eq!(two.status(), StatusCode::BAD_REQUEST);
    let unread = Visitor::of(&gate).with_header("authorization", "Basic YXl1OmF5dQ==").get("/shared").await;
    assert_eq!(unread.status(), StatusCode::BAD_REQUEST);
    assert!(shared(&gate).is_empty(), "nothing reached it");
}

#[tokio::test]
async fn a_token_that_does_not_verify_is_not_nobody() {
    let gate = gate(shared_secret, |_| ok()).await;
    for token in ["x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJheXUifQ."] {
        let closed = Visitor::of(&gate).with_cookie("session", token).get("/shared").await;
        assert!(closed.status().is_client_error(), "{token}: {}", closed.status());
    }
    assert!(shared(&gate).is_empty(), "nothing reached it");
    // What many sites leave behind at a log-out is no session.
    let mut left = Visitor::of(&gate).with_cookie("session", "");
    assert_eq!(left.get("/shared").await.status(), StatusCode::OK);
    assert!(!shared(&gate)[0].headers.contains_key("cookie"));
}
