//! The `introspection` source, and what a stamp is bound to.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task,
};

use axum::{body::Body, response::Response};

use super::*;

/// Introspection at `/me` with these further settings.
pub fn asks(rest: &str) -> impl FnOnce(&DemoOptions, &Path) -> String {
    let rest = rest.to_owned();
    move |options, _| format!("- introspection: {{ url: \"http://{}/me\", {rest} }}", options.site)
}

pub const BY_JSON: &str = "cookie: sid, subject: { json: /user/id }";

/// A site whose `/me` is this and whose every other page is fine.
async fn site(rest: &str, me: impl Fn(&Recorded) -> Response + Clone + Send + Sync + 'static) -> Gate {
    gate(asks(rest), move |request| if request.target == "/me" { me(request) } else { ok() }).await
}

/// A site that takes the session's value for the player's id.
pub fn echo(request: &Recorded) -> Response {
    match cookie_of(request, "sid") {
        Some(id) => answer(200, &[], json!({ "user": { "id": id } }).to_string()),
        None => answer(401, &[], ""),
    }
}

#[tokio::test]
async fn json_names_the_player() {
    let gate = site(BY_JSON, echo).await;
    assert_eq!(Visitor::of(&gate).with_cookie("sid", "ayu").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
    assert_eq!(Visitor::of(&gate).guarded().await, StatusCode::UNAUTHORIZED, "nobody is not asked about");
    assert_eq!(gate.site.received("GET", "/me").len(), 1);
}

#[tokio::test]
async fn an_expression_names_the_player_of_a_page_only_when_it_matches_once() {
    let rest = "cookie: sid, subject: { regex: 'Signed in as <b>([^<]+)</b>' }";
    let gate = site(rest, |request| {
        let page = match cookie_of(request, "sid").as_deref() {
            Some("one") => "<p>Signed in as <b>ayu</b></p>",
            Some("two") => "Signed in as <b>ayu</b>, Signed in as <b>budi</b>",
            Some(_) | None => "<a href=/login>log in</a>",
        };
        answer(200, &[("content-type", "text/html")], page)
    })
    .await;
    assert_eq!(Visitor::of(&gate).with_cookie("sid", "one").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
    for value in ["two", "none"] {
        let status = Visitor::of(&gate).with_cookie("sid", value).guarded().await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{value}");
    }
    assert_eq!(forwarded(&gate), 1);
}

#[tokio::test]
async fn a_header_of_the_answer_names_the_player() {
    let gate = site("cookie: sid, subject: { header: X-User }", |request| {
        let user = cookie_of(request, "sid").unwrap();
        answer(200, &[("x-user", &user)], "")
    })
    .await;
    assert_eq!(Visitor::of(&gate).with_cookie("sid", "budi").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("budi"));
}

#[tokio::test]
async fn a_basic_credential_names_the_player_once_the_site_takes_it() {
    let gate = site("session: { header: Authorization }, subject: { basic: user }", |request| {
        let good = request.headers.get("authorization").is_some_and(|value| value == "Basic YXl1OnNlY3JldA==");
        answer(if good { 200 } else { 401 }, &[], "")
    })
    .await;
    let of = |credential: &str| Visitor::of(&gate).with_header("authorization", credential);
    assert_eq!(of("Basic YXl1OnNlY3JldA==").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
    assert_eq!(of("Basic YXl1Ondyb25n").guarded().await, StatusCode::UNAUTHORIZED);
    assert_eq!(forwarded(&gate), 1);
}

#[tokio::test]
async fn a_bearer_header_carries_the_session() {
    let gate = site("session: { header: Authorization }, subject: { json: /id }", |request| {
        let bearer = request.headers.get("authorization").unwrap().to_str().unwrap().strip_prefix("Bearer ").unwrap();
        answer(200, &[], json!({ "id": bearer }).to_string())
    })
    .await;
    assert_eq!(Visitor::of(&gate).with_header("authorization", "Bearer 42").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("42"));
}

#[tokio::test]
async fn a_cookie_name_may_end_in_a_star() {
    let gate = site("cookie: sess_*, subject: { json: /user/id }", |request| {
        let id = cookie_of(request, "sess_8f3a").unwrap_or_default();
        answer(200, &[], json!({ "user": { "id": id } }).to_string())
    })
    .await;
    assert_eq!(Visitor::of(&gate).with_cookie("sess_8f3a", "ayu").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
    let two = Visitor::of(&gate).with_cookie("sess_8f3a", "ayu").with_cookie("sess_0000", "budi").guarded().await;
    assert_eq!(two, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_made_up_name_is_nobody() {
    let gate = site(&format!("{BY_JSON}, anonymous: '^guest$'"), echo).await;
    assert_eq!(Visitor::of(&gate).with_cookie("sid", "guest").guarded().await, StatusCode::UNAUTHORIZED);
    assert_eq!(Visitor::of(&gate).with_cookie("sid", "guest1").guarded().await, StatusCode::OK);
}

/// A body that begins and never ends.
pub struct Endless;

impl futures_core::Stream for Endless {
    type Item = Result<bytes::Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> task::Poll<Option<Self::Item>> {
        task::Poll::Pending
    }
}

#[tokio::test]
async fn a_source_that_does_not_answer_closes_guarded_routes_only() {
    let rest = format!("{BY_JSON}, deadline: 500ms, max_answer: 1KiB");
    let gate = site(&rest, |request| match cookie_of(request, "sid").as_deref() {
        Some("slow") => answer(200, &[], Body::from_stream(Endless)),
        Some("large") => answer(200, &[], json!({ "user": { "id": "x".repeat(2000) } }).to_string()),
        Some("broken") => answer(500, &[], r#"{"user":{"id":"ayu"}}"#),
        Some("odd") => answer(200, &[], "<html>"),
        Some(_) | None => answer(404, &[], r#"{"user":{"id":"ayu"}}"#),
    })
    .await;
    for value in ["slow", "large", "broken", "odd", "missing"] {
        let mut visitor = Visitor::of(&gate).with_cookie("sid", value);
        let closed = visitor.get("/guarded").await;
        assert_eq!(closed.status(), StatusCode::SERVICE_UNAVAILABLE, "{value}");
        assert!(closed.headers().contains_key("retry-after"));
        assert_eq!(visitor.get("/open").await.status(), StatusCode::OK, "{value}");
    }
    assert_eq!(forwarded(&gate), 0);
}

#[tokio::test]
async fn a_redirect_is_nobody_and_not_followed() {
    let gate = site(BY_JSON, |_| answer(302, &[("location", "/elsewhere")], r#"{"user":{"id":"ayu"}}"#)).await;
    let mut visitor = Visitor::of(&gate).with_cookie("sid", "x");
    assert_eq!(visitor.guarded().await, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.get("/open").await.status(), StatusCode::OK);
    assert!(gate.site.received("GET", "/elsewhere").is_empty());
}

/// A site whose sessions are `NAME.NUMBER` and whose `/rotate` counts the number up.
fn rotating(request: &Recorded) -> Response {
    let session = cookie_of(request, "sid").unwrap_or_default();
    let (name, number) = session.split_once('.').unwrap_or(("", "0"));
    match request.target.as_str() {
        "/me" if name.is_empty() => answer(401, &[], ""),
        "/me" => answer(200, &[], json!({ "user": { "id": name } }).to_string()),
        "/stamped?rotate" => {
            let cookie = format!("sid={name}.{}; Path=/; HttpOnly", number.parse::<u32>().unwrap() + 1);
            answer(200, &[("set-cookie", &cookie)], "ok")
        }
        "/stamped?become-budi" => answer(200, &[("set-cookie", "sid=budi.0; Path=/")], "ok"),
        _ => ok(),
    }
}

/// A proven player of a site that rotates, bound as said.
async fn rotated(bind: &str) -> Gate {
    gate(asks(&format!("{BY_JSON}, bind: {bind}")), rotating).await
}

#[tokio::test]
async fn a_stamp_follows_a_rotated_session_where_it_is_told_to() {
    for (bind, survives) in [("value", false), ("follow", true), ("subject", true)] {
        let gate = rotated(bind).await;
        let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu.0");
        ayu.prove().await;
        assert!(ayu.passes().await, "{bind}: proven");
        assert_eq!(ayu.get("/stamped?rotate").await.status(), StatusCode::OK);
        assert_eq!(ayu.cookies["sid"], "ayu.1");
        assert_eq!(ayu.passes().await, survives, "{bind}");
    }
}

#[tokio::test]
async fn a_stamp_never_follows_to_another_player() {
    let gate = rotated("follow").await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu.0");
    ayu.prove().await;
    ayu.get("/stamped?become-budi").await;
    assert_eq!(ayu.cookies["sid"], "budi.0");
    assert!(!ayu.passes().await);
}

#[tokio::test]
async fn parallel_requests_with_the_old_session_value_keep_their_stamp() {
    let gate = rotated("follow").await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "ayu.0");
    ayu.prove().await;
    let sent_with = ayu.cookies.clone();
    ayu.get("/stamped?rotate").await;
    // As if it had been on its way at the same time.
    let mut other_tab = Visitor::of(&gate);
    other_tab.cookies = sent_with;
    assert_eq!(other_tab.get("/stamped?rotate").await.status(), StatusCode::OK);
    assert!(other_tab.passes().await, "whichever answer the browser keeps, it has a stamp");
    assert!(ayu.passes().await);
}

/// The `name=value` of every cookie that an answer sets, in order.
pub fn set_by(answer: &reqwest::Response) -> Vec<String> {
    let lines = answer.headers().get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn cookies_of_the_sites_answer_reach_the_browser_whoever_answers_it() {
    let gate = gate(asks(BY_JSON), |request| {
        let lines = [
            ("set-cookie", "a=1; Path=/"),
            ("set-cookie", "stepgate=forged"),
            ("set-cookie", "__Host-Stepgate=forged"),
        ];
        match (request.target.as_str(), cookie_of(request, "sid").as_deref()) {
            ("/me", Some("gone")) => answer(302, &[("set-cookie", "sid=; Max-Age=0")], ""),
            ("/me", Some(id)) => answer(200, &lines, json!({ "user": { "id": id } }).to_string()),
            ("/guarded", _) => {
                let cached = ("cache-control", "public, max-age=60");
                answer(200, &[("set-cookie", "a=2"), ("set-cookie", "b=2"), cached], "")
            }
            _ => ok(),
        }
    })
    .await;
    let ayu = || Visitor::of(&gate).with_cookie("sid", "ayu");
    let forwarded = ayu().get("/guarded").await;
    assert_eq!(set_by(&forwarded), ["a=1", "a=2", "b=2"]);
    assert_eq!(forwarded.headers()["cache-control"], "private", "whatever the site says of its page");
    let asked = set_by(&ayu().get("/stamped").await);
    assert_eq!(asked[1], "a=1", "challenged: {asked:?}");
    assert!(asked[0].starts_with("stepgate-challenge=") && !asked[0].ends_with("forged"), "{asked:?}");
    assert_eq!(set_by(&ayu().get("/.stepgate/api/factors").await), ["a=1"], "our own page");
    let refused = Visitor::of(&gate).with_cookie("sid", "gone").get("/guarded").await;
    assert_eq!((refused.status(), set_by(&refused)), (StatusCode::UNAUTHORIZED, vec!["sid=".to_owned()]));
}

#[tokio::test]
async fn a_session_that_the_site_rotates_when_it_is_asked_is_followed_too() {
    let rotates = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&rotates);
    let gate = gate(asks(&format!("{BY_JSON}, bind: follow")), move |request| {
        let session = cookie_of(request, "sid").unwrap_or_default();
        let json = json!({ "user": { "id": "ayu" } }).to_string();
        match request.target.as_str() {
            "/me" if session == "old" && now.load(Ordering::SeqCst) => answer(200, &[("set-cookie", "sid=new")], json),
            "/me" => answer(200, &[], json),
            _ => ok(),
        }
    })
    .await;
    let mut ayu = Visitor::of(&gate).with_cookie("sid", "old");
    let app = ayu.prove().await;
    let asked: Value = serde_json::from_str(&ayu.post("/pay", "amount=5").await.text().await.unwrap()).unwrap();
    let verify = asked["challenge"]["verify"].as_str().unwrap();
    let verified = ayu.portal(verify, json!({ "method": "app", "code": app.next_code() })).await;
    rotates.store(true, Ordering::SeqCst);
    let mut ayu = ayu.with_header("stepgate-approval", verified["approval"].as_str().unwrap());
    assert_eq!(ayu.post("/pay", "amount=5").await.status(), StatusCode::OK);
    assert_eq!(ayu.cookies["sid"], "new");
    assert!(ayu.passes().await);
}
