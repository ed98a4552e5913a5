//! The `login` source.

use axum::response::Response;

use super::*;

/// A log-in at `/login` with these further settings, confirmed at `/me`.
fn learns(rest: &str) -> impl FnOnce(&DemoOptions, &Path) -> String {
    let rest = rest.to_owned();
    move |options, _| {
        format!(
            "- login: {{ cookie: sid, match: {{ path: /login, methods: [POST] }}, {rest}, \
             confirm: {{ url: \"http://{}/me\", subject: {{ json: /id }} }} }}",
            options.site
        )
    }
}

const BY_FORM: &str = "subject: { form: username, normalize: [trim, lowercase] }, success: { status: [302] }";

/// A site that takes the password `right`, calls the account by its number and its session after it.
fn site(request: &Recorded) -> Response {
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    match request.target.as_str() {
        "/login" if body.contains("right") => {
            let session = if body.contains("budi") { "budi-1" } else { "ayu-1" };
            let cookie = format!("sid={session}; Path=/; HttpOnly");
            answer(302, &[("location", "/"), ("set-cookie", &cookie)], "")
        }
        "/login" => answer(200, &[("set-cookie", "sid=visitor; Path=/")], "wrong"),
        "/rotate" => answer(200, &[("set-cookie", "sid=ayu-2; Path=/")], ""),
        "/me" => match cookie_of(request, "sid").as_deref().and_then(|session| session.split_once('-')) {
            Some((name, _)) => answer(200, &[], json!({ "id": format!("id-of-{name}") }).to_string()),
            None => answer(401, &[], ""),
        },
        _ => ok(),
    }
}

#[tokio::test]
async fn a_form_log_in_names_whom_the_site_confirms() {
    let gate = gate(learns(BY_FORM), site).await;
    let mut ayu = Visitor::of(&gate);
    assert_eq!(ayu.post("/login", "username=Ayu&password=right").await.status(), StatusCode::FOUND);
    assert_eq!(ayu.guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("id-of-ayu"), "not the name that was typed");
}

#[tokio::test]
async fn a_json_log_in_names_whom_the_site_confirms() {
    let gate = gate(learns("subject: { json: /name }, success: { status: [302] }"), site).await;
    let mut budi = Visitor::of(&gate);
    let document = json!({ "name": "budi", "password": "right" }).to_string();
    budi.send(Method::POST, "/login", "application/json", document).await;
    assert_eq!(budi.guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("id-of-budi"));
}

#[tokio::test]
async fn a_typed_name_is_taken_only_where_the_operator_says_it_is_insecure() {
    let identity = |_: &DemoOptions, _: &Path| {
        format!("- login: {{ cookie: sid, match: {{ path: /login }}, {BY_FORM}, insecure_unconfirmed_login: true }}")
    };
    let gate = gate(identity, site).await;
    let mut ayu = Visitor::of(&gate);
    ayu.post("/login", "username=+Ayu&password=right").await;
    assert_eq!(ayu.guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"), "normalized");
    assert!(gate.site.received("GET", "/me").is_empty());
}

#[tokio::test]
async fn a_wrong_password_binds_nothing() {
    let gate = gate(learns(BY_FORM), site).await;
    let mut visitor = Visitor::of(&gate);
    visitor.post("/login", "username=ayu&password=wrong").await;
    assert_eq!(visitor.cookies["sid"], "visitor");
    assert_eq!(visitor.guarded().await, StatusCode::UNAUTHORIZED);
    assert_eq!(forwarded(&gate), 0);
}

#[tokio::test]
async fn a_name_that_is_typed_twice_binds_nothing() {
    let gate = gate(learns(BY_FORM), site).await;
    for (target, form) in [
        ("/login", "username=ayu&username=budi&password=right"),
        ("/login?username=budi", "username=ayu&password=right"),
    ] {
        let mut visitor = Visitor::of(&gate);
        visitor.post(target, form).await;
        assert_eq!(visitor.guarded().await, StatusCode::UNAUTHORIZED, "{target} {form}");
    }
}

#[tokio::test]
async fn a_session_from_elsewhere_is_nobodys() {
    let gate = gate(learns(BY_FORM), site).await;
    let mut ayu = Visitor::of(&gate);
    ayu.post("/login", "username=ayu&password=right").await;
    assert_eq!(ayu.guarded().await, StatusCode::OK);
    let stolen = ayu.cookies["sid"].clone();
    ayu.get("/rotate").await;
    assert_eq!(ayu.cookies["sid"], "ayu-2");
    assert_eq!(ayu.guarded().await, StatusCode::UNAUTHORIZED, "no log-in set this value");
    let old = Visitor::of(&gate).with_cookie("sid", &stolen).guarded().await;
    assert_eq!(old, StatusCode::UNAUTHORIZED, "nor does the old one hold any more");
    assert_eq!(forwarded(&gate), 1);
}

#[tokio::test]
async fn a_new_log_in_needs_a_new_proof() {
    let gate = gate(learns(BY_FORM), |request| {
        let number = request.headers.get("x-number").map_or("1", |value| value.to_str().unwrap()).to_owned();
        if request.target == "/login" {
            let cookie = format!("sid=ayu-{number}; Path=/");
            return answer(302, &[("location", "/"), ("set-cookie", &cookie)], "");
        }
        site(request)
    })
    .await;
    let mut ayu = Visitor::of(&gate);
    ayu.post("/login", "username=ayu&password=right").await;
    ayu.prove().await;
    assert!(ayu.passes().await);
    ayu = ayu.with_header("x-number", "2");
    ayu.post("/login", "username=ayu&password=right").await;
    assert_eq!(ayu.cookies["sid"], "ayu-2");
    let asked: Value = serde_json::from_str(&ayu.get("/stamped").await.text().await.unwrap()).unwrap();
    assert_eq!(asked["type"], "urn:stepgate:second-factor-required", "the stamp is of the log-in before: {asked}");
}

#[tokio::test]
async fn where_both_answers_are_200_the_body_tells_a_log_in() {
    let rest = "subject: { form: username }, success: { status: [200], body: 'Welcome' }";
    let gate = gate(learns(rest), |request| {
        let right = String::from_utf8_lossy(&request.body).contains("right");
        match request.target.as_str() {
            // A visitor's session that the site would even name.
            "/login" if !right => answer(200, &[("set-cookie", "sid=ayu-0; Path=/")], "Wrong password"),
            "/login" => answer(200, &[("set-cookie", "sid=ayu-1; Path=/"), ("set-cookie", "theme=dark")], "Welcome"),
            _ => site(request),
        }
    })
    .await;
    let mut ayu = Visitor::of(&gate);
    let wrong = ayu.post("/login", "username=ayu&password=wrong").await;
    assert_eq!(wrong.text().await.unwrap(), "Wrong password");
    assert_eq!(ayu.guarded().await, StatusCode::UNAUTHORIZED, "no log-in");
    let right = ayu.post("/login", "username=ayu&password=right").await;
    assert_eq!(right.text().await.unwrap(), "Welcome");
    assert_eq!(ayu.cookies["theme"], "dark");
    assert_eq!(ayu.guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("id-of-ayu"));
    assert_eq!(gate.site.received("POST", "/login").len(), 2, "each once");
}
