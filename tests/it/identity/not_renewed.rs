//! `hold_session` before a site that does not renew its session at a log-in, or says so in odd ways (decision
//! record 0021).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::response::Response;

use super::*;
use crate::kit::wire::{self, Wire};

/// What the site knows: who is logged in by which session, and how it answers our question.
#[derive(Default)]
struct Known {
    sessions: HashMap<String, String>,
    /// Whether it answers 500 where it is asked who somebody is.
    is_down: bool,
    /// Whether it calls everybody nobody there.
    is_late: bool,
    visitors: u32,
}

#[derive(Clone, Default)]
struct Site(Arc<Mutex<Known>>);

impl Site {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap()
    }

    /// The password says how the log-in is answered; its address is taken by any method.
    fn answer(&self, request: &Recorded) -> Response {
        let session = cookie_of(request, "sid").map(|value| value.replace("%2D", "-").replace("%70", "p"));
        let mut known = self.known();
        let player = session.as_ref().and_then(|session| known.sessions.get(session)).cloned();
        match request.target.as_str() {
            "/me" if known.is_down => return answer(500, &[], ""),
            "/me" => {
                let named = player.filter(|_| !known.is_late);
                return named
                    .map_or_else(|| answer(401, &[], ""), |id| answer(200, &[], json!({ "id": id }).to_string()));
            }
            target if !target.starts_with("/login") => {
                return answer(200, &[], player.unwrap_or_else(|| "visitor".to_owned()));
            }
            _ => {}
        }
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let sent = format!("{query}&{}", String::from_utf8_lossy(&request.body));
        let field =
            |name: &str| sent.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
        let (Some(name), Some(password)) = (field("username"), field("password")) else { return ok() };
        let kept = session.unwrap_or_default();
        let new = format!("sid={name}-new; Path=/");
        match password.as_str() {
            "wrong" => answer(200, &[], "wrong"),
            "renewed" => {
                known.visitors += 1;
                answer(200, &[("set-cookie", &format!("sid=visitor-{}; Path=/", known.visitors))], "wrong")
            }
            "new" | "deletes" | "elsewhere" => {
                known.sessions.insert(format!("{name}-new"), name);
                let more = match password.as_str() {
                    "deletes" => "old=x; Path=/; Expires=Thu, 01-Jan-1970 00:00:01 GMT",
                    "elsewhere" => "sid=; Path=/login; Max-Age=0",
                    _ => "theme=dark",
                };
                answer(302, &[("location", "/open"), ("set-cookie", &new), ("set-cookie", more)], "")
            }
            _ => {
                known.sessions.insert(kept, name);
                match password.as_str() {
                    // No answer that could be read.
                    "lost" => answer(101, &[], ""),
                    "lacks" => answer(200, &[], "Welcome"),
                    "extra" => answer(302, &[("location", "/open"), ("set-cookie", "remember=1; Path=/")], ""),
                    "large" => answer(200, &[("set-cookie", "theme=dark")], "x".repeat(2 << 20)),
                    _ => answer(302, &[("location", "/open")], ""),
                }
            }
        }
    }
}

fn withholding(options: &DemoOptions, _: &Path) -> String {
    format!(
        "- login: {{ session: {{ cookies: [sid, remember, old] }}, match: {{ path: /login, methods: [POST] }}, \
         subject: {{ form: username }}, success: {{ status: [302] }}, hold_session: true, \
         confirm: {{ url: \"http://{}/me\", subject: {{ json: /id }} }} }}",
        options.site
    )
}

/// A gateway before such a site, and ayu's app whose first code is used.
async fn with_player() -> (Gate, Site, AuthenticatorApp) {
    let site = Site::default();
    let answers = site.clone();
    let gate = gate(withholding, move |request: &Recorded| answers.answer(request)).await;
    let mut ayu = Visitor::of(&gate);
    assert_eq!(ayu.post("/login", "username=ayu&password=new").await.status(), StatusCode::FOUND);
    let app = ayu.enrol().await;
    (gate, site, app)
}

/// The status and the text of a page that says who is logged in.
async fn open(visitor: &mut Visitor<'_>) -> (StatusCode, String) {
    let answer = visitor.get("/open").await;
    (answer.status(), answer.text().await.unwrap())
}

fn planted<'g>(gate: &'g Gate, session: &str) -> Visitor<'g> {
    Visitor::of(gate).with_cookie("sid", session)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_session_that_is_kept_by_whatever_log_in_is_refused_everywhere() {
    let (gate, site, _app) = with_player().await;
    for (number, (method, target, form, header)) in [
        (Method::POST, "/login", "username=ayu&password=kept", ("accept", "*/*")),
        (Method::PUT, "/login", "username=ayu&password=kept", ("x-http-method-override", "POST")),
        (Method::PATCH, "/login", "username=ayu&password=kept", ("accept", "*/*")),
        (Method::GET, "/login", "username=ayu&password=kept", ("x-http-method-override", "post")),
        (Method::GET, "/login?username=ayu&password=kept", "", ("accept", "*/*")),
        (Method::POST, "/login", "username=ayu&username=ayu&password=kept", ("accept", "*/*")),
        (Method::POST, "/login", "username=ayu&password=lacks", ("accept", "*/*")),
        (Method::POST, "/login", "username=ayu&password=extra", ("accept", "*/*")),
        (Method::POST, "/login", "username=ayu&password=large", ("accept", "*/*")),
    ]
    .into_iter()
    .enumerate()
    {
        let session = format!("planted-{number}");
        let mut visitor = planted(&gate, &session).with_header(header.0, header.1);
        let what = format!("{method} {target} {form}");
        let refused = visitor.send(method, target, FORM, form.to_owned()).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{what}");
        assert_eq!(visitor.cookies["sid"], "", "{what}: the browser forgets it");
        assert_eq!(site.known().sessions.get(&session).map(String::as_str), Some("ayu"), "{what}");
        let mut thief = planted(&gate, &session);
        assert_eq!(open(&mut thief).await.0, StatusCode::FORBIDDEN, "{what}");
        assert_eq!(thief.cookies["sid"], "", "{what}: at every refusal");
    }
}

#[tokio::test]
async fn a_session_that_nobody_could_be_asked_about_is_refused_until_somebody_can() {
    let (gate, site, _app) = with_player().await;
    site.known().is_down = true;
    let status = planted(&gate, "planted-1").post("/login", "username=ayu&password=kept").await.status();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let mut thief = planted(&gate, "planted-1");
    assert_eq!(open(&mut thief).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let mut visitor = planted(&gate, "visitor-9");
    assert_eq!(open(&mut visitor).await, (StatusCode::OK, "visitor".to_owned()), "the site is open to others");
    site.known().is_down = false;
    assert_eq!(open(&mut thief).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_session_that_the_site_calls_somebodys_only_later_is_refused_from_then_on() {
    let (gate, site, _app) = with_player().await;
    site.known().is_late = true;
    let mut kept = planted(&gate, "planted-1");
    assert_eq!(kept.post("/login", "username=ayu&password=kept").await.status(), StatusCode::FOUND);
    let mut new = Visitor::of(&gate);
    assert_eq!(new.post("/login", "username=ayu&password=new").await.status(), StatusCode::FOUND);
    assert_eq!(new.cookies["sid"], "ayu-new", "the site calls it nobody's");
    site.known().is_late = false;
    for visitor in [&mut kept, &mut new] {
        assert_eq!(open(visitor).await.0, StatusCode::FORBIDDEN);
        assert_eq!(visitor.cookies["sid"], "");
    }
}

#[tokio::test]
async fn a_session_is_watched_before_the_answer_to_its_log_in_is_there() {
    let (gate, site, _app) = with_player().await;
    let mut visitor = planted(&gate, "planted-1");
    assert_eq!(visitor.post("/login", "username=ayu&password=lost").await.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(site.known().sessions["planted-1"], "ayu", "the site did it");
    assert_eq!(open(&mut visitor).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_body_that_was_held_back_over_a_log_in_is_not_ended() {
    let (gate, _site, _app) = with_player().await;
    let post = |session: &str| {
        format!(
            "POST /open HTTP/1.1\r\nHost: {}\r\nCookie: sid={session}\r\nContent-Length: 5\r\n\
             Expect: 100-continue\r\n\r\nhell",
            gate.address
        )
    };
    let mut thief = Wire::to(gate.address).await;
    thief.send(post("planted-1")).await;
    let mut visitor = Wire::to(gate.address).await;
    visitor.send(post("visitor-9")).await;
    for wire in [&mut thief, &mut visitor] {
        assert!(wire.head().await.starts_with("HTTP/1.1 100"), "the site waits for the body");
    }
    let kept = planted(&gate, "planted-1").post("/login", "username=ayu&password=kept").await;
    assert_eq!(kept.status(), StatusCode::FORBIDDEN);
    thief.send("o").await;
    let refused = thief.head().await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert_eq!(wire::header(&refused, "set-cookie"), Some("sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
    visitor.send("o").await;
    assert!(visitor.head().await.starts_with("HTTP/1.1 200"));
    assert_eq!(gate.site.received("POST", "/open").len(), 1, "the visitor's alone");
}

#[tokio::test]
async fn a_failed_log_in_goes_on_with_its_session_renewed_or_not() {
    let (gate, site, _app) = with_player().await;
    let mut ayu = planted(&gate, "visitor-0");
    let wrong = ayu.post("/login", "username=ayu&password=wrong").await;
    assert_eq!((wrong.status(), &*wrong.text().await.unwrap()), (StatusCode::OK, "wrong"));
    assert_eq!(ayu.cookies["sid"], "visitor-0");
    assert_eq!(open(&mut ayu).await.0, StatusCode::OK);
    let wrong = ayu.post("/login", "username=ayu&password=renewed").await;
    assert_eq!((wrong.status(), &*wrong.text().await.unwrap()), (StatusCode::OK, "wrong"));
    assert_eq!(ayu.cookies["sid"], "visitor-1", "its form may hold a token of this session");
    assert_eq!(open(&mut ayu).await.0, StatusCode::OK, "what belongs to the page is there with it");
    let right = ayu.post("/login", "username=ayu&password=new").await;
    assert_eq!(right.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ayu.cookies["sid"], "visitor-1", "the new session waits");
    assert!(site.known().sessions.contains_key("ayu-new"));
}

#[tokio::test]
async fn a_cookie_that_is_deleted_beside_lets_no_new_session_out() {
    let (gate, _site, _app) = with_player().await;
    for password in ["deletes", "elsewhere"] {
        let mut thief = planted(&gate, "visitor-0").with_cookie("old", "1");
        let asked = thief.post("/login", &format!("username=ayu&password={password}")).await;
        assert_eq!(asked.status(), StatusCode::UNAUTHORIZED, "{password}");
        assert_eq!((&*thief.cookies["sid"], &*thief.cookies["old"]), ("visitor-0", "1"), "{password}");
    }
}

#[tokio::test]
async fn neither_head_nor_a_preflight_gives_a_session_out() {
    let (gate, _site, _app) = with_player().await;
    let target = "/login?username=ayu&password=new";
    for method in [Method::HEAD, Method::OPTIONS, Method::GET] {
        let mut thief = Visitor::of(&gate).with_header("access-control-request-method", "POST");
        let asked = thief.send(method.clone(), target, "", String::new()).await;
        assert_eq!(asked.status(), StatusCode::UNAUTHORIZED, "{method}");
        assert!(!thief.cookies.contains_key("sid") && !thief.cookies.contains_key("theme"), "{method}");
    }
    let mut visitor = Visitor::of(&gate);
    let form = visitor.send(Method::HEAD, "/login", "", String::new()).await;
    assert_eq!((form.status(), &form.headers()["content-length"]), (StatusCode::OK, &"2".parse().unwrap()));
    let preflight = Visitor::of(&gate).with_header("access-control-request-method", "POST");
    let mut preflight = preflight.with_cookie("sid", "visitor-0");
    assert_eq!(preflight.send(Method::OPTIONS, "/login", "", String::new()).await.status(), StatusCode::OK);
    assert!(gate.site.received("OPTIONS", "/login")[0].headers.get("cookie").is_none(), "without who it is");
}

#[tokio::test]
async fn no_spelling_of_a_refused_session_is_taken() {
    let (gate, site, _app) = with_player().await;
    let mut visitor = planted(&gate, "planted-1");
    assert_eq!(visitor.post("/login", "username=ayu&password=kept").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(site.known().sessions["planted-1"], "ayu");
    for (spelled, refusal) in [
        ("planted-1", StatusCode::FORBIDDEN),
        ("planted%2D1", StatusCode::FORBIDDEN),
        ("%70lanted%2D1", StatusCode::FORBIDDEN),
        ("%2570lanted-1", StatusCode::FORBIDDEN),
        ("PLANTED-1", StatusCode::FORBIDDEN),
        ("planted-1%20", StatusCode::FORBIDDEN),
        ("\"planted-1\"", StatusCode::BAD_REQUEST),
        ("planted-1%", StatusCode::BAD_REQUEST),
        ("planted-1%00", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(open(&mut planted(&gate, spelled)).await.0, refusal, "{spelled}");
    }
    assert_eq!(open(&mut planted(&gate, "planted-2")).await.0, StatusCode::OK, "another one");
}

#[tokio::test]
async fn a_player_without_a_factor_keeps_a_session_that_is_not_renewed() {
    let (gate, _site, _app) = with_player().await;
    let mut budi = planted(&gate, "planted-1");
    assert_eq!(budi.post("/login", "username=budi&password=kept").await.status(), StatusCode::FOUND);
    let asked = gate.site.received("GET", "/me").len();
    assert_eq!(open(&mut budi).await, (StatusCode::OK, "budi".to_owned()));
    assert_eq!(gate.site.received("GET", "/me").len(), asked, "it is not watched");
}

#[tokio::test]
async fn a_session_that_was_given_out_may_be_logged_in_to_again() {
    let (gate, _site, app) = with_player().await;
    let mut ayu = Visitor::of(&gate);
    let asked: Value =
        serde_json::from_str(&ayu.post("/login", "username=ayu&password=new").await.text().await.unwrap()).unwrap();
    let verify = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    let verified = ayu.portal(&verify, json!({ "method": "app", "code": app.code() })).await;
    let resume = format!("stepgate_resume={}", verified["approval"].as_str().unwrap());
    assert_eq!(ayu.post("/login", &resume).await.status(), StatusCode::FOUND);
    assert_eq!(ayu.post("/login", "username=ayu&password=kept").await.status(), StatusCode::FOUND);
    assert_eq!(open(&mut ayu).await, (StatusCode::OK, "ayu".to_owned()));
    let other = ayu.post("/login", "username=budi&password=kept").await;
    assert_eq!(other.status(), StatusCode::FOUND, "budi has no factor");
}
