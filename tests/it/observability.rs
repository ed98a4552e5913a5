//! What is counted and what is logged of real requests.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    held,
    kit::{Answer, AuthenticatorApp, Sender, TestGate},
};

/// The demo with a route that only observes, ahead of the others.
fn observing(yaml: String) -> String {
    let route = "  - name: watched\n    match: { path: /wallet }\n    require: session\n    unenrolled: enroll\n    \
                 mode: observe\n";
    yaml.replacen("routes:\n", &format!("routes:\n{route}"), 1)
}

/// Every series by its name with its labels.
fn series(text: &str) -> HashMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

/// Binds an app to the player of a session, with the code of the step before.
async fn enrolled(sender: &Sender, session: &str) -> AuthenticatorApp {
    let begun = sender.call("/.stepgate/api/enrolments", session, &json!({ "method": "app" })).await.json();
    let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
    assert_eq!(sender.call(&confirm, session, &json!({ "code": app.previous_code().await })).await.status, 200);
    app
}

const FORM: &str = "application/x-www-form-urlencoded";
const WITHDRAWAL: &str = "amount=5&destination=BCA+1&csrf=x";

/// Posts a form as a page of the site does.
async fn post_form(sender: &Sender, target: &str, cookies: &str, body: &str) -> Answer {
    let lines = [("cookie", cookies), ("origin", &sender.base), ("content-type", FORM), ("accept", "text/html")];
    sender.send("POST", target, &lines, body).await
}

/// A form is held, a wrong and a right code are given, it goes on, and once only.
async fn hold_and_resume(sender: &Sender, session: &str, app: &AuthenticatorApp) {
    let asked = post_form(sender, "/wallet/withdraw", session, WITHDRAWAL).await;
    assert_eq!(asked.status, 303, "{asked:?}");
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    let page = asked.headers["location"].to_str().unwrap();
    let wrong = if app.code().starts_with('0') { "111111" } else { "000000" };
    assert_eq!(post_form(sender, page, &cookies, &format!("code={wrong}")).await.status, 422);
    let confirmed = post_form(sender, page, &cookies, &format!("code={}", app.code())).await;
    let token = confirmed.body.split("name=\"stepgate_resume\" value=\"").nth(1).unwrap();
    let resume = format!("stepgate_resume={}", token.get(..43).unwrap());
    post_form(sender, "/wallet/withdraw", &cookies, &resume).await;
    assert_eq!(post_form(sender, "/wallet/withdraw", &cookies, &resume).await.status, 410);
}

/// A session route: a challenge by JSON, its answer, the request with the stamp.
async fn open_account(sender: &Sender, session: &str, app: &AuthenticatorApp) {
    let asked = sender.send("GET", "/account", &[("cookie", session)], "").await;
    let verify = asked.json()["challenge"]["verify"].as_str().unwrap().to_owned();
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    let verified = sender.call(&verify, &cookies, &json!({ "method": "app", "code": app.next_code() })).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert_eq!(sender.call(&verify, &cookies, &json!({ "method": "app", "code": "123456" })).await.status, 410);
    let cookies = format!("{session}; {}", verified.cookie("stepgate"));
    assert_eq!(sender.send("GET", "/account", &[("cookie", &cookies)], "").await.status, 200);
}

/// Wrong codes until no more are looked at.
async fn lock(sender: &Sender, session: &str) {
    let document = json!({ "amount": "1", "destination": "BCA 1" });
    let asked = sender.call("/api/withdraw", session, &document).await;
    let verify = asked.json()["challenge"]["verify"].as_str().unwrap().to_owned();
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    for _ in 0..20 {
        if sender.call(&verify, &cookies, &json!({ "method": "app", "code": "000000" })).await.status == 429 {
            return;
        }
    }
    panic!("no pause after 20 wrong codes");
}

#[tokio::test]
async fn every_family_moves_with_what_it_counts() {
    let gate = TestGate::start_with(observing).await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let app = enrolled(&sender, &session).await;
    hold_and_resume(&sender, &session, &app).await;
    open_account(&sender, &session, &app).await;
    let lines = [("cookie", &*session), ("content-type", FORM), ("accept", "text/html"), ("content-encoding", "gzip")];
    assert_eq!(sender.send("POST", "/wallet/withdraw", &lines, WITHDRAWAL).await.status, 415);
    let large = format!("{WITHDRAWAL}{}", "x".repeat(64 * 1024));
    assert_eq!(post_form(&sender, "/wallet/withdraw", &session, &large).await.status, 413);
    sender.send("GET", "/wallet", &[("cookie", &session)], "").await;
    sender.send("GET", "/account", &[("cookie", "demo_session=nobody")], "").await;
    lock(&sender, &session).await;

    let text = gate.metrics().await;
    let series = series(&text);
    let port = |name: &str| {
        let name = format!("stepgate_store_operation_duration_seconds_count{{operation=\"{name}\",result=\"ok\"}}");
        (name, 1.0)
    };
    let mut at_least: Vec<(String, f64)> =
        ["accounts", "attempts", "families", "spent", "challenges", "held", "approvals", "enrolments"].map(port).into();
    let named = [
        ("challenges_total{factor=\"other\",outcome=\"started\",route=\"withdraw\"}", 1.0),
        ("challenges_total{factor=\"app\",outcome=\"failed\",route=\"withdraw\"}", 1.0),
        ("challenges_total{factor=\"app\",outcome=\"passed\",route=\"withdraw\"}", 1.0),
        ("challenges_total{factor=\"app\",outcome=\"passed\",route=\"account\"}", 1.0),
        ("challenges_total{factor=\"app\",outcome=\"expired\",route=\"none\"}", 1.0),
        ("challenges_total{factor=\"app\",outcome=\"locked\",route=\"api-withdraw\"}", 1.0),
        ("challenge_duration_seconds_count{factor=\"app\"}", 2.0),
        ("held_requests_total{outcome=\"held\"}", 1.0),
        ("held_requests_total{outcome=\"resumed\"}", 1.0),
        ("held_requests_total{outcome=\"gone\"}", 1.0),
        ("held_requests_total{outcome=\"too_large\"}", 1.0),
        ("held_requests_total{outcome=\"unsupported\"}", 1.0),
        ("identity_checks_total{result=\"player\",source=\"introspection\"}", 5.0),
        ("identity_checks_total{result=\"nobody\",source=\"introspection\"}", 1.0),
        ("identity_check_duration_seconds_count{source=\"introspection\"}", 6.0),
        ("decisions_total{decision=\"observe\",reason=\"stamp-missing\",route=\"watched\"}", 1.0),
        ("verify_attempts_total{factor=\"app\",result=\"throttled\"}", 1.0),
        ("enrolments_total{factor=\"app\",outcome=\"activated\"}", 1.0),
        ("key_age_seconds{use=\"stamp\"}", 0.0),
        ("key_age_seconds{use=\"sealing\"}", 0.0),
        ("key_age_seconds{use=\"assertion\"}", 0.0),
    ];
    at_least.extend(named.map(|(name, least)| (format!("stepgate_{name}"), least)));
    for (name, least) in at_least {
        let found = series.get(&*name).copied();
        assert!(found.is_some_and(|found| found >= least), "{name}: {found:?}, not {least}\n{text}");
    }
    assert!(!text.contains("stepgate_store_errors_total{"), "{text}");
}

#[tokio::test]
async fn a_route_that_nothing_lands_on_is_a_gauge_and_a_line_when_the_process_ends() {
    let mut gate = TestGate::start_with(observing).await;
    let sender = Sender::of(&gate);
    let matched = async |route: &str| gate.metric(&format!("stepgate_route_matched{{route=\"{route}\"}}")).await;
    assert_eq!((matched("watched").await, matched("account").await, matched("withdraw").await), (0.0, 0.0, 0.0));
    sender.send("GET", "/wallet", &[], "").await;
    sender.send("GET", "/account", &[], "").await;
    // Counted when a request is over, which is after its answer.
    let both = ["watched", "account"].map(|route| format!("stepgate_route_matched{{route=\"{route}\"}} 1"));
    let text = gate.metrics_once(|text| both.iter().all(|line| text.contains(line))).await;
    assert!(text.contains("stepgate_route_matched{route=\"withdraw\"} 0"), "{text}");
    assert!(!text.contains("stepgate_route_matched{route=\"none\"}"), "{text}");
    gate.rewrite(|yaml| yaml.replace("name: withdraw\n", "name: withdrawal\n"));
    let renamed = "stepgate_route_matched{route=\"withdrawal\"} 0";
    let text = gate.metrics_once(|text| text.contains(renamed) && !text.contains("{route=\"withdraw\"}")).await;
    assert!(text.contains("stepgate_route_matched{route=\"account\"} 1"), "a reload forgets nothing: {text}");
    gate.process.signal("TERM");
    let line = gate.logged(|line| line["message"].as_str()?.starts_with("no request landed").then(|| line.clone()));
    let routes: Vec<&str> = line["routes"].as_str().unwrap().split(' ').collect();
    assert!(line["level"] == "WARN" && routes.contains(&"withdrawal") && !routes.contains(&"account"), "{line}");
}

#[tokio::test]
async fn nothing_of_a_request_becomes_a_label() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let marked = [
        ("cookie", &*session),
        ("stepgate-stamp", "zzmark"),
        ("x-request-id", "zzmark"),
        ("user-agent", "zzmark"),
        ("origin", &sender.base),
        ("content-type", "application/json"),
    ];
    sender.send("ZZMARK", "/wallet", &marked, "").await;
    sender.send("GET", "/zzmark?zzmark=zzmark", &marked, "").await;
    sender.send("GET", "/.stepgate/zzmark", &marked, "").await;
    sender.send("POST", "/api/withdraw", &marked, r#"{"amount":"zzmark","destination":"zzmark"}"#).await;
    let answer = r#"{"method":"app","code":"zzmark"}"#;
    sender.send("POST", "/.stepgate/api/challenges/zzmark/verify", &marked, answer).await;
    let text = gate.metrics().await;
    assert!(text.contains("stepgate_challenges_total{") && !text.to_lowercase().contains("zzmark"), "{text}");
}

/// Whether a log line is a decision over this route.
fn decided<'v>(line: &'v Value, route: &str) -> Option<&'v Value> {
    (line["target"] == "stepgate::decision" && line["route"] == route).then_some(line)
}

#[tokio::test]
async fn a_decision_line_says_what_was_decided_of_whom_and_why() {
    let mut gate = TestGate::start_with(observing).await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let app = enrolled(&sender, &session).await;
    post_form(&sender, "/account/password", &session, "password=x").await;
    open_account(&sender, &session, &app).await;
    sender.send("GET", "/wallet", &[("cookie", &session), ("x-request-id", "mine")], "").await;

    let asked = gate.logged(|line| decided(line, "change-password").cloned());
    assert_eq!((&asked["mode"], &asked["decision"]), (&json!("enforce"), &json!("challenge")), "{asked}");
    assert_eq!((&asked["reasons"], &asked["max_age_s"]), (&json!(["stamp-missing"]), &json!(300)), "{asked}");
    assert_eq!(asked["status"], 303, "{asked}");
    let passed = gate.logged(|line| decided(line, "account").filter(|line| line["decision"] == "allow").cloned());
    assert_eq!(passed["reasons"], json!(["stamp-valid"]), "{passed}");
    assert!(passed["max_age_s"].is_null() && passed["stamp_age_s"].is_u64(), "{passed}");
    for name in ["player_hash", "session_hash"] {
        assert_eq!(passed[name], asked[name], "the same player in the same log-in: {name}");
        assert_eq!(passed[name].as_str().unwrap().len(), 16, "{passed}");
    }
    assert_ne!(passed["player_hash"], passed["session_hash"]);
    let watched = gate.logged(|line| decided(line, "watched").cloned());
    assert_eq!((&watched["mode"], &watched["decision"]), (&json!("observe"), &json!("observe")), "{watched}");
    assert_eq!((&watched["would"], &watched["reasons"]), (&json!("challenge"), &json!(["stamp-missing"])), "{watched}");
    let received = gate.site.received("GET", "/wallet").pop().unwrap();
    assert_eq!(received.headers["x-request-id"], watched["request_id"].as_str().unwrap(), "the site can be asked");
    assert_ne!(watched["request_id"], "mine", "nobody but a trusted proxy names requests");
    let value = session.split_once('=').unwrap().1;
    for line in [asked, passed, watched] {
        assert!(!line.to_string().contains(value) && !line.to_string().contains("ayu"), "{line}");
    }
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_reason_and_its_player() {
    let mut gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let twice = format!("{session}; {session}");
    let other = [("cookie", &*session), ("content-type", "text/csv")];
    for (target, lines, status, reasons) in [
        ("/account/password", vec![], 401, json!(["anonymous"])),
        ("/account/phone", vec![("cookie", &*twice)], 400, json!(["bad-request"])),
        ("/wallet/withdraw", other.to_vec(), 415, json!(["unenrolled", "bad-request"])),
    ] {
        assert_eq!(sender.send("POST", target, &lines, "a,b").await.status, status, "{target}");
        let line = gate.logged(|line| (line["status"] == status).then(|| line.clone()));
        assert_eq!((&line["decision"], &line["reasons"]), (&json!("deny"), &reasons), "{line}");
        assert_eq!(line["player_hash"] != "", status == 415, "whoever was found out is named: {line}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_names_requests_if_the_name_is_harmless() {
    let gate = TestGate::start_with(|yaml| format!("{yaml}trusted_proxies: [\"127.0.0.0/8\"]\n")).await;
    let sender = Sender::of(&gate);
    let long = "a".repeat(129);
    for (given, kept) in [("9f.A-1_z", true), ("a b", false), ("<b>", false), ("", false), (&*long, false)] {
        sender.send("GET", "/wallet", &[("x-request-id", given), ("x_request_id", "other")], "").await;
        let received = gate.site.received("GET", "/wallet").pop().unwrap();
        let name = received.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(name == given, kept, "{given}: {name}");
        assert!(!name.is_empty() && !received.headers.contains_key("x_request_id"), "{given}");
    }
}

#[tokio::test]
async fn the_end_of_a_certificate_is_a_gauge_and_a_warning_when_it_is_near() {
    let now = jiff::Timestamp::now();
    let near = (now + jiff::SignedDuration::from_hours(72)).strftime("%Y %m %d").to_string();
    let near: Vec<i32> = near.split(' ').map(|part| part.parse().unwrap()).collect();
    let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(near[0], near[1].try_into().unwrap(), near[2].try_into().unwrap());
    let (mut gate, _jar, _files) = held::certified(params, held::session_only).await;
    let warned = gate.logged(|line| {
        let message = line["message"].as_str()?;
        message.starts_with("a certificate ends soon").then(|| line.clone())
    });
    assert_eq!(warned["level"], "WARN", "{warned}");
    assert_eq!(warned["listener"], gate.address.to_string(), "{warned}");
    let text = gate.metrics().await;
    let name = format!("stepgate_certificate_expiry_seconds{{listener=\"{}\"}}", gate.address);
    let left = series(&text)[&*name] - now.as_second() as f64;
    assert!((47.0 * 3600.0..=72.0 * 3600.0).contains(&left), "{left} seconds are left");
}
