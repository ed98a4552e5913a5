//! `hold_session` before sites of other habits: what of a session that was there before a log-in is still of use
//! after it (decision record 0021).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::response::Response;

use super::*;
use crate::kit::wire::Wire;

/// Whose each session is.
type Sessions = Arc<Mutex<HashMap<String, String>>>;

/// A site that takes its session from the address as well; one that begins with `two` counts beside a cookie `device`
/// only. What tells who somebody is does not look at the session where there is another credential.
fn site(sessions: &Sessions, request: &Recorded) -> Response {
    let (path, parameter) = request.target.split_once(";jsessionid=").unwrap_or((&request.target, ""));
    let session = cookie_of(request, "sid").unwrap_or_else(|| parameter.to_owned());
    let has_device = cookie_of(request, "device").is_some_and(|device| !device.is_empty());
    let mut sessions = sessions.lock().unwrap();
    let player = sessions.get(&session).filter(|_| has_device || !session.starts_with("two")).cloned();
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let has_other = request.headers.contains_key("authorization") || cookie_of(request, "api_token").is_some();
    match (path, form.split_once("password=").map_or("", |(_, password)| password)) {
        ("/me", _) if has_other => answer(401, &[], ""),
        ("/me", _) if player.is_none() && session == "turning" => {
            answer(401, &[("set-cookie", "sid=turned; Path=/")], "")
        }
        ("/me", _) => {
            player.map_or_else(|| answer(401, &[], ""), |id| answer(200, &[], json!({ "id": id }).to_string()))
        }
        ("/login", "new") => {
            sessions.insert("ayu-new".into(), "ayu".into());
            answer(302, &[("location", "/open"), ("set-cookie", "sid=ayu-new; Path=/")], "")
        }
        // The old session is logged in as well.
        ("/login", "both") => {
            sessions.extend([("ayu-new".into(), "ayu".into()), (session, "ayu".into())]);
            answer(302, &[("location", "/open"), ("set-cookie", "sid=ayu-new; Path=/")], "")
        }
        ("/login", "kept") => {
            sessions.insert(session, "ayu".into());
            answer(302, &[("location", "/open")], "")
        }
        ("/login", "part") => {
            sessions.insert(session, "ayu".into());
            answer(302, &[("location", "/open"), ("set-cookie", "device=2; Path=/")], "")
        }
        ("/login", "") if !session.is_empty() => {
            let next = format!("{session}x");
            let set = format!("sid={next}; Path=/");
            if let Some(player) = player {
                sessions.insert(next, player);
            }
            answer(200, &[("set-cookie", &set)], "a form")
        }
        ("/rotate", _) => {
            sessions.insert("ayu-next".into(), player.unwrap());
            answer(200, &[("set-cookie", "sid=ayu-next; Path=/")], "")
        }
        ("/paths", _) => answer(200, &[("set-cookie", "sid=a; Path=/"), ("set-cookie", "sid=b; Path=/app")], ""),
        _ => answer(200, &[], player.unwrap_or_else(|| "visitor".to_owned())),
    }
}

fn withholding(options: &DemoOptions, _: &Path) -> String {
    format!(
        "- login: {{ session: {{ cookies: [sid, device] }}, match: {{ path: /login, methods: [POST] }}, \
         subject: {{ form: username }}, success: {{ status: [302] }}, hold_session: true, \
         confirm: {{ url: \"http://{}/me\", subject: {{ json: /id }} }} }}",
        options.site
    )
}

async fn with_player() -> (Gate, AuthenticatorApp) {
    let sessions = Sessions::default();
    let gate = gate(withholding, move |request: &Recorded| site(&sessions, request)).await;
    let app = log_in(&mut Visitor::of(&gate)).await;
    (gate, app)
}

async fn log_in(ayu: &mut Visitor<'_>) -> AuthenticatorApp {
    assert_eq!(ayu.post("/login", "username=ayu&password=new").await.status(), StatusCode::FOUND);
    ayu.enrol().await
}

fn planted<'g>(gate: &'g Gate, session: &str) -> Visitor<'g> {
    Visitor::of(gate).with_cookie("sid", session)
}

/// Somebody logs in as ayu with this session, which is not renewed.
async fn log_in_with(gate: &Gate, session: &str) {
    let refused = planted(gate, session).post("/login", "username=ayu&password=kept").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{session}");
}

async fn open(visitor: &mut Visitor<'_>) -> (StatusCode, String) {
    let answer = visitor.get("/open").await;
    (answer.status(), answer.text().await.unwrap())
}

/// Logs in, is asked, gives a code; the form with which the answer is fetched.
async fn proven(ayu: &mut Visitor<'_>, app: &AuthenticatorApp, password: &str) -> String {
    let asked = ayu.post("/login", &format!("username=ayu&password={password}")).await;
    assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
    let asked: Value = serde_json::from_str(&asked.text().await.unwrap()).unwrap();
    let verify = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    let verified = ayu.portal(&verify, json!({ "method": "app", "code": app.code() })).await;
    format!("stepgate_resume={}", verified["approval"].as_str().unwrap())
}

#[tokio::test]
async fn another_credential_does_not_make_a_log_in_nobodys() {
    let (gate, _app) = with_player().await;
    let bearer = ("authorization", "Bearer junk");
    let mut thief = Visitor::of(&gate).with_header(bearer.0, bearer.1);
    assert_eq!(thief.post("/login", "username=ayu&password=new").await.status(), StatusCode::BAD_REQUEST);
    assert!(!thief.cookies.contains_key("sid"));
    let mut thief = planted(&gate, "planted-1").with_header(bearer.0, bearer.1);
    assert_eq!(thief.post("/login", "username=ayu&password=kept").await.status(), StatusCode::FORBIDDEN);
    let mut thief = planted(&gate, "planted-1").with_header(bearer.0, bearer.1);
    assert_eq!(open(&mut thief).await.0, StatusCode::FORBIDDEN);
    let mut thief = Visitor::of(&gate).with_cookie("api_token", "junk");
    assert_eq!(thief.post("/login", "username=ayu&password=new").await.status(), StatusCode::BAD_REQUEST);
    assert!(!thief.cookies.contains_key("sid"));
}

#[tokio::test]
async fn a_session_in_the_address_is_refused_on_every_address() {
    let (gate, _app) = with_player().await;
    let mut thief = Visitor::of(&gate);
    let logged_in = thief.post("/login;jsessionid=planted-2", "username=ayu&password=kept").await;
    assert_eq!(logged_in.status(), StatusCode::BAD_REQUEST);
    log_in_with(&gate, "planted-3").await;
    for target in
        ["/open;jsessionid=planted-3", "/open?sid=planted-3", "/open;%6asessionid=planted-3", "/open?+sid=planted-3"]
    {
        assert_eq!(Visitor::of(&gate).get(target).await.status(), StatusCode::BAD_REQUEST, "{target}");
    }
}

#[tokio::test]
async fn a_body_that_is_held_back_is_not_ended_whatever_its_framing() {
    let (gate, _app) = with_player().await;
    for (number, (target, framing, first, last)) in [
        ("/open", "Transfer-Encoding: chunked", "", "0\r\n\r\n"),
        ("/open", "Transfer-Encoding: chunked", "2\r\nab\r\n", "0\r\n\r\n"),
        ("/open", "Content-Length: 3", "ab", "c"),
        // Its answer is read, and so is its body, before it is sent.
        ("/note", "Content-Length: 3", "ab", "c"),
    ]
    .into_iter()
    .enumerate()
    {
        let session = format!("planted-{number}");
        let mut thief = Wire::to(gate.address).await;
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {}\r\nCookie: sid={session}\r\n{framing}\r\nExpect: 100-continue\r\n\r\n",
            gate.address
        );
        thief.send(head + first).await;
        assert!(thief.head().await.starts_with("HTTP/1.1 100"), "{target} {framing}");
        log_in_with(&gate, &session).await;
        thief.send(last).await;
        let refused = thief.head().await;
        assert!(refused.starts_with("HTTP/1.1 403"), "{target} {framing}: {refused}");
        assert!(gate.site.received("POST", target).is_empty(), "{target} {framing}");
    }
}

#[tokio::test]
async fn a_log_in_with_a_part_of_a_session_lets_no_other_part_in() {
    let (gate, _app) = with_player().await;
    let mut thief = planted(&gate, "two-1").with_cookie("device", "1");
    thief.post("/login", "username=ayu&password=part").await;
    for device in ["2", "1", "3"] {
        let mut thief = planted(&gate, "two-1").with_cookie("device", device);
        assert_eq!(open(&mut thief).await.0, StatusCode::FORBIDDEN, "{device}");
    }
}

#[tokio::test]
async fn what_was_proven_is_given_out_although_the_site_kept_the_old_session_too() {
    let (gate, app) = with_player().await;
    let mut ayu = planted(&gate, "visitor-1");
    let resume = proven(&mut ayu, &app, "both").await;
    assert_eq!(ayu.post("/login", &resume).await.status(), StatusCode::FOUND);
    assert_eq!(open(&mut ayu).await, (StatusCode::OK, "ayu".to_owned()));
    assert_eq!(open(&mut planted(&gate, "visitor-1")).await.0, StatusCode::FORBIDDEN, "the old one stays refused");
}

#[tokio::test]
async fn earlier_tries_cost_a_proven_player_nothing() {
    for earlier in ["wrong", "new"] {
        let (gate, app) = with_player().await;
        let mut ayu = planted(&gate, "visitor-1");
        ayu.post("/login", &format!("username=ayu&password={earlier}")).await;
        let resume = proven(&mut ayu, &app, "new").await;
        assert_eq!(ayu.post("/login", &resume).await.status(), StatusCode::FOUND);
        let asked = gate.site.received("GET", "/me").len();
        assert_eq!(open(&mut ayu).await, (StatusCode::OK, "ayu".to_owned()));
        assert_eq!(gate.site.received("GET", "/me").len(), asked, "{earlier}: the site is not asked for each page");
        assert_eq!(ayu.get("/rotate").await.status(), StatusCode::OK);
        assert_eq!(open(&mut ayu).await, (StatusCode::OK, "ayu".to_owned()), "{earlier}: its next value counts");
    }
}

#[tokio::test]
async fn what_the_site_sets_while_it_is_asked_goes_to_nobody() {
    let (gate, _app) = with_player().await;
    let mut visitor = planted(&gate, "turning");
    assert_eq!(visitor.post("/login", "username=ayu&password=wrong").await.status(), StatusCode::OK);
    assert_eq!(visitor.cookies["sid"], "turning");
}

#[tokio::test]
async fn an_answer_with_two_sessions_goes_out_to_who_is_not_watched() {
    let (gate, _app) = with_player().await;
    let mut visitor = planted(&gate, "visitor-1");
    assert_eq!(visitor.get("/paths").await.headers().get_all("set-cookie").iter().count(), 2);
    visitor.cookies.insert("sid".into(), "visitor-1".into());
    visitor.post("/login", "username=ayu&password=wrong").await;
    assert_eq!(visitor.get("/paths").await.headers().get_all("set-cookie").iter().count(), 0, "which one is watched?");
}

#[tokio::test]
async fn a_look_at_the_form_by_who_is_logged_in_asks_for_nothing() {
    let (gate, app) = with_player().await;
    let mut ayu = Visitor::of(&gate);
    let resume = proven(&mut ayu, &app, "new").await;
    assert_eq!(ayu.post("/login", &resume).await.status(), StatusCode::FOUND);
    assert_eq!(ayu.get("/login").await.status(), StatusCode::OK);
    assert_eq!(ayu.cookies["sid"], "ayu-newx", "the site's next value is out");
    ayu.give(&app.next_code()).await;
    assert!(ayu.passes().await, "and is known");
}
