//! What an approval is good for: one request, exactly it, once (decisions 12, 38).

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::kit::{Answer, AuthenticatorApp, Sender, TestGate};

const TARGET: &str = "/api/withdraw?a=1&b=2";
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 1234567890"}"#;
const JSON: (&str, &str) = ("content-type", "application/json");

/// What is changed, and the request: method, target, cookies, lines, body.
type Changed<'c> = (&'c str, &'c str, &'c str, &'c str, &'c [(&'c str, &'c str)], &'c str);

/// A player with an app and an approval of one withdrawal.
struct Approved {
    gate: TestGate,
    sender: Arc<Sender>,
    app: AuthenticatorApp,
    /// The session, and the cookie of the browser that was asked.
    cookies: String,
    approval: String,
}

impl Approved {
    /// What is approved is sent with these lines and cookies.
    async fn with(edit: impl FnOnce(String) -> String, cookies: &str, lines: &[(&str, &str)]) -> Self {
        let gate = TestGate::start_with(edit).await;
        let sender = Arc::new(Sender::of(&gate));
        let session = sender.log_in("ayu").await;
        let begun = sender.call("/.stepgate/api/enrolments", &session, &json!({ "method": "app" })).await.json();
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        assert_eq!(sender.call(&confirm, &session, &json!({ "code": app.previous_code().await })).await.status, 200);
        let mut approved = Self { gate, sender, app, cookies: session, approval: String::new() };
        let asked = approved.send("POST", TARGET, (cookies, lines), WITHDRAWAL).await;
        assert_eq!(asked.status, 401, "{asked:?}");
        approved.cookies = format!("{}; {}", approved.cookies, asked.cookie("stepgate-challenge"));
        let document = asked.json();
        let verify = document["challenge"]["verify"].as_str().unwrap();
        let code = json!({ "method": "app", "code": approved.app.code() });
        let verified = approved.sender.call(verify, &approved.cookies, &code).await;
        approved.approval = verified.json()["approval"].as_str().unwrap_or_else(|| panic!("{verified:?}")).to_owned();
        approved
    }

    async fn plain() -> Self {
        Self::with(|yaml| yaml, "", &[]).await
    }

    /// Sends with the approval, where there is one already; `cookies` come after the player's own.
    async fn send(&self, method: &str, target: &str, (cookies, lines): (&str, &[(&str, &str)]), body: &str) -> Answer {
        let cookies = if cookies.is_empty() { self.cookies.clone() } else { format!("{}; {cookies}", self.cookies) };
        let mut all = vec![JSON, ("origin", self.sender.base.as_str()), ("cookie", &cookies)];
        if !self.approval.is_empty() {
            all.push(("stepgate-approval", &self.approval));
        }
        all.extend(lines);
        self.sender.send(method, target, &all, body).await
    }

    /// How many withdrawals the site got, whatever their address.
    fn withdrawals(&self) -> usize {
        self.gate.site.everything().iter().filter(|request| request.target.starts_with("/api/withdraw")).count()
    }
}

/// The route of the API also binds a header and a cookie.
fn binding(yaml: String) -> String {
    let route = "match: { path: /api/withdraw, methods: [POST] }\n";
    assert!(yaml.contains(route), "{yaml}");
    yaml.replace(route, &format!("{route}    bind: {{ headers: [X-Device], cookies: [tenant] }}\n"))
}

#[tokio::test]
async fn an_approval_holds_for_the_bytes_and_the_bound_names_that_it_was_given_for() {
    let device: &[(&str, &str)] = &[("x-device", "one")];
    let tenant = "lang=id; tenant=a";
    let approved = Approved::with(binding, tenant, device).await;
    let other_body = WITHDRAWAL.replace("1500000", "9500000");
    let cases: [Changed<'_>; 14] = [
        ("the order of the query", "POST", "/api/withdraw?b=2&a=1", tenant, device, WITHDRAWAL),
        ("no query", "POST", "/api/withdraw", tenant, device, WITHDRAWAL),
        ("a method in the query", "POST", "/api/withdraw?a=1&b=2&_method=DELETE", tenant, device, WITHDRAWAL),
        ("the method", "PUT", TARGET, tenant, device, WITHDRAWAL),
        ("the body", "POST", TARGET, tenant, device, &other_body),
        ("no such header", "POST", TARGET, tenant, &[], WITHDRAWAL),
        ("another value", "POST", TARGET, tenant, &[("x-device", "two")], WITHDRAWAL),
        ("a second value", "POST", TARGET, tenant, &[("x-device", "one"), ("x-device", "two")], WITHDRAWAL),
        ("another spelling", "POST", TARGET, tenant, &[("x-device", "one"), ("x_device", "two")], WITHDRAWAL),
        ("no such cookie", "POST", TARGET, "lang=id", device, WITHDRAWAL),
        ("another cookie", "POST", TARGET, "lang=id; tenant=b", device, WITHDRAWAL),
        ("a second cookie", "POST", TARGET, "lang=id; tenant=a; tenant=b", device, WITHDRAWAL),
        ("a blank in its name", "POST", TARGET, "lang=id; tenant =a", device, WITHDRAWAL),
        ("a packed body", "POST", TARGET, tenant, &[("x-device", "one"), ("content-encoding", "gzip")], WITHDRAWAL),
    ];
    for (what, method, target, cookies, lines, body) in cases {
        let refused = approved.send(method, target, (cookies, lines), body).await;
        assert!((400..500).contains(&refused.status), "{what}: {refused:?}");
        assert_eq!(approved.withdrawals(), 0, "{what}");
    }
    // What is not bound may change.
    let passed = approved.send("POST", TARGET, ("tenant=a; lang=en", device), WITHDRAWAL).await;
    assert_eq!(passed.status, 200, "{passed:?}");
    let received = approved.gate.site.received("POST", TARGET);
    assert_eq!((received.len(), approved.withdrawals()), (1, 1));
    assert_eq!(received[0].body, WITHDRAWAL.as_bytes());
}

#[tokio::test]
async fn an_approval_is_of_one_player_in_one_log_in() {
    let approved = Approved::plain().await;
    let (_, browser) = approved.cookies.split_once("; ").unwrap();
    for player in ["ayu", "budi"] {
        let session = approved.sender.log_in(player).await;
        let cookies = format!("{session}; {browser}");
        let lines = [JSON, ("cookie", cookies.as_str()), ("stepgate-approval", approved.approval.as_str())];
        let refused = approved.sender.send("POST", TARGET, &lines, WITHDRAWAL).await;
        assert!((400..500).contains(&refused.status), "{player}: {refused:?}");
    }
    // Nor of another browser with the same session.
    let (session, _) = approved.cookies.split_once("; ").unwrap();
    let lines = [JSON, ("cookie", session), ("stepgate-approval", approved.approval.as_str())];
    assert_eq!(approved.sender.send("POST", TARGET, &lines, WITHDRAWAL).await.status, 401);
    assert_eq!(approved.withdrawals(), 0);
    assert_eq!(approved.send("POST", TARGET, ("", &[]), WITHDRAWAL).await.status, 200);
}

#[tokio::test]
async fn an_approved_request_names_no_other_method_and_announces_no_trailers() {
    let approved = Approved::plain().await;
    let names = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x_http_method_override"];
    for line in names.map(|name| (name, "DELETE")).into_iter().chain([("trailer", "x-amount")]) {
        let refused = approved.send("POST", TARGET, ("", &[line]), WITHDRAWAL).await;
        assert_eq!((refused.status, refused.problem().as_str()), (400, "bad-request"), "{line:?}");
        assert!(refused.body.contains("cannot be approved"), "{refused:?}");
        assert_eq!(approved.withdrawals(), 0, "{line:?}");
    }
    assert_eq!(approved.send("POST", TARGET, ("", &[]), WITHDRAWAL).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_approval_sent_many_times_at_once_reaches_the_site_once() {
    let approved = Approved::plain().await;
    let mut sent = JoinSet::new();
    for _ in 0..32 {
        let sender = Arc::clone(&approved.sender);
        let (cookies, approval) = (approved.cookies.clone(), approved.approval.clone());
        sent.spawn(async move {
            let lines = [JSON, ("cookie", cookies.as_str()), ("stepgate-approval", &approval)];
            sender.send("POST", TARGET, &lines, WITHDRAWAL).await.status
        });
    }
    let statuses = sent.join_all().await;
    let passed = statuses.iter().filter(|status| **status == 200).count();
    // Who comes while it is spent is told that it is gone; who comes later is asked anew.
    assert!(statuses.iter().all(|status| matches!(status, 200 | 401 | 410)), "{statuses:?}");
    assert_eq!((passed, approved.withdrawals()), (1, 1), "{statuses:?}");
}
