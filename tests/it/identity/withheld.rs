//! `hold_session`: the answer to a log-in waits for the proof of a second factor (decisions 23, 41).

use axum::response::Response;

use super::*;
use crate::kit::{Browser, Scripts, django::Django};

/// A log-in at `/login` whose answer waits, confirmed at `/me`.
fn withholding(options: &DemoOptions, _: &Path) -> String {
    format!(
        "- login: {{ cookie: sid, match: {{ path: /login, methods: [POST] }}, subject: {{ form: username }}, \
         success: {{ status: [302] }}, hold_session: true, \
         confirm: {{ url: \"http://{}/me\", subject: {{ json: /id }} }} }}",
        options.site
    )
}

/// A site whose session is the name that was typed. It takes every spelling of its log-in, and with the
/// password `kept` it renews nothing.
fn site(request: &Recorded) -> Response {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let name = body.split('&').find_map(|pair| pair.strip_prefix("username=")).unwrap_or("nobody").to_owned();
    let target = request.target.to_lowercase();
    match target.as_str() {
        "/login" if request.method == "GET" => answer(
            200,
            &[("content-type", "text/html")],
            "<form method=post action=/login><input name=username><input name=password><button>In</button></form>",
        ),
        "/me" => match cookie_of(request, "sid").as_deref().and_then(|session| session.split_once('-')) {
            // It sets the session again with each answer, as many do.
            Some((id, at)) => {
                let again = format!("sid={id}-{at}; Path=/");
                answer(200, &[("set-cookie", &again)], json!({ "id": id }).to_string())
            }
            None => answer(401, &[], ""),
        },
        "/open" => answer(200, &[("content-type", "text/html")], "<h1 id=home>Home</h1>"),
        _ if target.contains("ogin") && body.contains("kept") => answer(302, &[("location", "/open")], "secret"),
        _ if target.contains("ogin") && body.contains("large") => {
            answer(200, &[("set-cookie", &format!("sid={name}-2; Path=/")), ("set-cookie", "a=1")], "x".repeat(2 << 20))
        }
        _ if target.contains("ogin") && body.contains("odd") => {
            answer(200, &[("set-cookie", &format!("sid={name}-3; Path=/"))], "secret")
        }
        _ if target.contains("ogin") && body.contains("right") => answer(
            302,
            &[
                ("location", "/open"),
                ("set-cookie", &format!("sid={name}-1; Path=/; HttpOnly")),
                ("set-cookie", "remember=me; Path=/"),
                ("x-csrf", "secret"),
                ("connection", "x-hop"),
                ("x-hop", "1"),
            ],
            "secret",
        ),
        _ if target.contains("ogin") => answer(200, &[("set-cookie", "sid=visitor; Path=/")], "wrong"),
        _ => ok(),
    }
}

const RIGHT: &str = "username=ayu&password=right";

/// A gateway, and a player with an app whose first code is used.
async fn with_player() -> (Gate, AuthenticatorApp) {
    let gate = gate(withholding, site).await;
    let mut ayu = Visitor::of(&gate);
    let first = ayu.post("/login", RIGHT).await;
    assert_eq!(first.status(), StatusCode::FOUND, "without a factor the answer is untouched");
    assert_eq!(first.headers()["x-csrf"], "secret");
    assert_eq!((&*ayu.cookies["sid"], &*ayu.cookies["remember"]), ("ayu-1", "me"));
    let app = ayu.enrol().await;
    (gate, app)
}

/// Nothing of a good log-in's answer is in this one.
fn has_nothing_of_it(visitor: &Visitor<'_>, answer: &Taken) {
    assert!(!visitor.cookies.contains_key("sid") && !visitor.cookies.contains_key("remember"), "{:?}", visitor.cookies);
    assert!(!answer.headers.contains_key("x-csrf") && !answer.body.contains("secret"), "{}", answer.body);
}

/// An answer that was read.
struct Taken {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: String,
}

async fn read(answer: reqwest::Response) -> Taken {
    let (status, headers) = (answer.status(), answer.headers().clone());
    Taken { status, headers, body: answer.text().await.unwrap() }
}

/// Logs in as a browser does and is asked; the address that takes the code.
async fn asked(visitor: &mut Visitor<'_>) -> String {
    visitor.headers.push(("accept".to_owned(), "text/html".to_owned()));
    let asked = read(visitor.post("/login", RIGHT).await).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    has_nothing_of_it(visitor, &asked);
    let page = asked.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(visitor.get(&page).await.status(), StatusCode::OK);
    page.replace("/challenge/", "/api/challenges/") + "/verify"
}

#[tokio::test]
async fn the_session_is_given_out_after_the_proof_to_the_browser_that_was_asked_and_once() {
    let (gate, app) = with_player().await;
    let mut ayu = Visitor::of(&gate);
    let verify = asked(&mut ayu).await;
    let settings = ayu.get("/.stepgate/api/factors").await;
    assert_eq!(settings.status(), StatusCode::UNAUTHORIZED, "no other page of ours takes it for a log-in");
    let mut stranger = Visitor::of(&gate);
    let other = stranger.send(Method::POST, &verify, "application/json", "{\"method\":\"app\",\"code\":\"1\"}".into());
    assert_eq!(other.await.status(), StatusCode::UNAUTHORIZED, "the id is no secret and gives nothing");
    let verified = ayu.portal(&verify, json!({ "method": "app", "code": app.code() })).await;
    let resume = format!("stepgate_resume={}", verified["approval"].as_str().unwrap());
    assert_eq!(stranger.post("/login", &resume).await.status(), StatusCode::GONE);
    let answer = read(ayu.post("/login", &resume).await).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::FOUND, "secret"), "as the site gave it");
    assert_eq!(answer.headers["location"], "/open");
    assert_eq!(answer.headers["x-csrf"], "secret");
    assert!(!answer.headers.contains_key("x-hop"), "hop by hop");
    assert_eq!((&*ayu.cookies["sid"], &*ayu.cookies["remember"]), ("ayu-1", "me"));
    assert!(ayu.passes().await, "with the stamp of that proof");
    assert_eq!(ayu.guarded().await, StatusCode::OK);
    assert_eq!(ayu.post("/login", &resume).await.status(), StatusCode::GONE);
    assert_eq!(gate.site.received("POST", "/login").len(), 2, "the enrolment's log-in, and this one once");
}

#[tokio::test]
async fn a_program_is_told_of_the_challenge_and_repeats_its_log_in_with_the_approval() {
    let (gate, app) = with_player().await;
    let mut ayu = Visitor::of(&gate);
    let refused = read(ayu.post("/login", RIGHT).await).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.body);
    has_nothing_of_it(&ayu, &refused);
    let problem: Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(problem["type"], "urn:stepgate:second-factor-required", "{problem}");
    let verify = problem["challenge"]["verify"].as_str().unwrap().to_owned();
    let verified = ayu.portal(&verify, json!({ "method": "app", "code": app.code() })).await;
    let approval = verified["approval"].as_str().unwrap().to_owned();
    ayu = ayu.with_header("stepgate-approval", &approval);
    let answer = read(ayu.post("/login", RIGHT).await).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::FOUND, "secret"));
    assert_eq!(ayu.cookies["sid"], "ayu-1");
    assert_eq!(gate.site.received("POST", "/login").len(), 2, "the site was not asked again");
    ayu.cookies.clear();
    let again = read(ayu.post("/login", RIGHT).await).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "once: this is another log-in");
    has_nothing_of_it(&ayu, &again);
}

#[tokio::test]
async fn no_spelling_and_no_odd_answer_lets_the_session_out() {
    let (gate, _app) = with_player().await;
    for (target, form, header) in [
        ("/LOGIN", RIGHT, ("accept", "*/*")),
        ("/login/", RIGHT, ("accept", "*/*")),
        ("/%6cogin", RIGHT, ("accept", "*/*")),
        ("/login;x=1", RIGHT, ("accept", "*/*")),
        ("/login.json", RIGHT, ("accept", "*/*")),
        ("/login", "username=ayu&username=ayu&password=right", ("accept", "*/*")),
        ("/login", RIGHT, ("upgrade", "websocket")),
        ("/login", RIGHT, ("upgrade", "h2c")),
        ("/login", "username=ayu&password=odd", ("accept", "*/*")),
    ] {
        let mut thief = Visitor::of(&gate).with_header(header.0, header.1);
        let answer = read(thief.post(target, form).await).await;
        // Another protocol is not taken up, nor one that `Connection` does not name.
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{target} {form} {header:?}: {}", answer.body);
        has_nothing_of_it(&thief, &answer);
    }
    let mut thief = Visitor::of(&gate).with_header("x-http-method-override", "POST");
    let form = "application/x-www-form-urlencoded";
    let answer = read(thief.send(Method::PUT, "/login", form, RIGHT.to_owned()).await).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "by another method: {}", answer.body);
    has_nothing_of_it(&thief, &answer);
    let mut thief = Visitor::of(&gate);
    let large = format!("{RIGHT}&more={}", "x".repeat(70 << 10));
    assert_eq!(thief.post("/login", &large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let answer = read(thief.post("/login", "username=ayu&password=large").await).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 2 << 20), "given on as it comes");
    assert!(thief.cookies.is_empty(), "without any cookie: {:?}", thief.cookies);
    let wrong = thief.post("/login", "username=ayu&password=wrong").await;
    assert_eq!(
        (wrong.status(), &*thief.cookies["sid"]),
        (StatusCode::OK, "visitor"),
        "a visitor's session is nobody's"
    );
}

#[tokio::test]
async fn a_session_that_is_not_renewed_at_log_in_is_refused_everywhere() {
    let (gate, app) = with_player().await;
    let mut planted = Visitor::of(&gate).with_cookie("sid", "ayu-planted");
    assert_eq!(planted.get("/open").await.status(), StatusCode::OK);
    let refused = read(planted.post("/login", "username=ayu&password=kept").await).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert!(!refused.body.contains("secret") && !refused.headers.contains_key("location"));
    assert_eq!(planted.cookies["sid"], "", "the browser forgets it");
    assert!(gate.metrics().await.contains("stepgate_login_without_rotation_total 1"));
    for target in ["/open", "/guarded", "/anything"] {
        let mut thief = Visitor::of(&gate).with_cookie("sid", "ayu-planted");
        assert_eq!(thief.get(target).await.status(), StatusCode::FORBIDDEN, "{target}");
        assert_eq!(thief.cookies["sid"], "", "{target}: a browser forgets it, also where it missed the first answer");
    }
    let twice =
        Visitor::of(&gate).with_header("cookie", "sid=ayu-planted; sid=ayu-planted").get("/open").await.status();
    assert_eq!(twice, StatusCode::BAD_REQUEST);
    let mut ayu = Visitor::of(&gate);
    let verify = asked(&mut ayu).await;
    ayu.portal(&verify, json!({ "method": "app", "code": app.code() })).await;
}

#[tokio::test]
async fn a_remembered_browser_gets_the_answer_at_once_with_its_stamp() {
    let (gate, app) = with_player().await;
    let mut ayu = Visitor::of(&gate);
    let verify = asked(&mut ayu).await;
    let answer = json!({ "method": "app", "code": app.code(), "remember_device": true });
    let verified = ayu.portal(&verify, answer).await;
    ayu.post("/login", &format!("stepgate_resume={}", verified["approval"].as_str().unwrap())).await;
    ayu.cookies.retain(|name, _| name.contains("device"));
    assert_eq!(ayu.cookies.len(), 1);
    let again = ayu.post("/login", RIGHT).await;
    assert_eq!((again.status(), &*ayu.cookies["sid"]), (StatusCode::FOUND, "ayu-1"));
    assert!(ayu.passes().await);
}

/// Django keeps its session in the cookie and sets its token against forged posts in the same answer.
#[tokio::test]
async fn a_django_log_in_waits_whole_and_its_forms_work_afterwards() {
    let django = Django::start().await;
    let identity = |options: &DemoOptions, _: &Path| {
        format!(
            "- login: {{ cookie: sessionid, match: {{ path: /login }}, subject: {{ form: username }}, \
             hold_session: true, confirm: {{ url: \"http://{}/api/me\", subject: {{ json: /user/id }} }} }}",
            options.site
        )
    };
    let gate = gate_at(ScriptedSite::start(|_| ok()).await, django.address, identity).await;
    let mut first = Visitor::of(&gate);
    assert_eq!(first.post("/login", "username=ayu").await.status(), StatusCode::OK);
    assert!(first.cookies.contains_key("sessionid") && first.cookies.contains_key("csrftoken"));
    let app = first.enrol().await;
    let mut ayu = Visitor::of(&gate);
    let refused = read(ayu.post("/login", "username=ayu").await).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.body);
    assert_eq!(ayu.cookies.keys().collect::<Vec<_>>(), ["stepgate-challenge"], "nothing of Django's");
    let problem: Value = serde_json::from_str(&refused.body).unwrap();
    let verify = problem["challenge"]["verify"].as_str().unwrap().to_owned();
    let verified = ayu.portal(&verify, json!({ "method": "app", "code": app.code() })).await;
    let approval = verified["approval"].as_str().unwrap().to_owned();
    let token = read(ayu.post("/login", &format!("stepgate_resume={approval}")).await).await;
    assert_eq!(token.status, StatusCode::OK);
    let form = format!("csrfmiddlewaretoken={}&password=new", token.body);
    let changed = read(ayu.post("/account/password", &form).await).await;
    assert_eq!((changed.status, &*changed.body), (StatusCode::OK, "changed to new"));
    assert!(!ayu.cookies["sessionid"].is_empty());
}

async fn log_in_by_browser(scripts: Scripts) {
    let ((gate, app), browser) = tokio::join!(with_player(), Browser::start(scripts));
    browser.open(&gate.url("/login")).await;
    browser.fill("input[name=username]", "ayu").await;
    browser.fill("input[name=password]", "right").await;
    browser.go("button").await;
    browser.find("input[name=code]").await;
    let cookies = browser.driver.get_all_cookies().await.unwrap();
    assert!(cookies.iter().all(|cookie| cookie.name != "sid"), "{cookies:?}");
    browser.fill("input[name=code]", &app.code()).await;
    browser.go("form:has(input[name=code]) button").await;
    if let Scripts::Off = scripts {
        browser.go("form:has(input[name=stepgate_resume]) button").await;
    }
    browser.find("#home").await;
    assert_eq!(browser.here().await, "/open");
    let cookies = browser.driver.get_all_cookies().await.unwrap();
    assert!(cookies.iter().any(|cookie| cookie.name == "sid" && cookie.value == "ayu-1"), "{cookies:?}");
    browser.close().await;
}

#[tokio::test]
async fn a_browser_logs_in_with_a_code_before_it_has_a_session() {
    log_in_by_browser(Scripts::On).await;
}

#[tokio::test]
async fn a_browser_without_scripts_logs_in_the_same_way() {
    log_in_by_browser(Scripts::Off).await;
}
