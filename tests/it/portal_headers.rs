//! What every answer of ours carries, and who is told a stamp.

use std::io::Write;

use serde_json::{Value, json};

use crate::{
    held,
    kit::{Answer, AuthenticatorApp, Sender, TestGate},
};

/// The headers of every answer of ours, with a part of their value.
const COMMON: [(&str, &str); 8] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("content-security-policy", "default-src 'none'"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=()"),
];

/// The paths of the router, out of its source, with names in braces for what varies.
pub fn paths() -> Vec<String> {
    let source = include_str!("../../src/portal/mod.rs");
    let paths = source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    paths.map(|path| format!("/.stepgate{path}")).collect()
}

/// The same for an id of nothing.
fn routes() -> Vec<String> {
    paths().into_iter().map(|path| path.replace("{id}", "none")).collect()
}

fn assert_common(answer: &Answer, what: &str) {
    // What is the same for everybody may be kept, and be read by pages of other origins.
    let is_public =
        answer.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/javascript"));
    for (name, part) in COMMON {
        let part = match name {
            "cache-control" if is_public => "public, max-age=600",
            "cross-origin-resource-policy" if is_public => "cross-origin",
            _ => part,
        };
        let lines: Vec<&str> = answer.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect();
        assert!(lines.len() == 1 && lines[0].contains(part), "{what}: {name}: {lines:?}");
    }
    assert!(!answer.headers.contains_key("server"), "{what}");
}

#[tokio::test]
async fn every_answer_of_ours_carries_the_common_headers() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    assert!(routes().len() >= 12, "the router is read: {:?}", routes());
    for target in routes() {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
            for cookies in ["a=b", &session] {
                for accept in ["text/html", "application/json", "text/event-stream"] {
                    let lines = [("cookie", cookies), ("accept", accept), ("origin", &*sender.base)];
                    let answer = sender.send(method, &target, &lines, "").await;
                    assert_common(&answer, &format!("{method} {target} {accept}: {}", answer.status));
                    assert!(!answer.headers.contains_key("strict-transport-security"), "plain http promises nothing");
                }
            }
        }
    }
    for (method, target, lines) in [
        ("GET", "/.stepgate/none", vec![]),
        ("GET", "/wallet%00", vec![]),
        ("POST", "/wallet/withdraw", vec![("cookie", &*session), ("accept", "text/html")]),
        ("POST", "/account/password", vec![("cookie", &*session)]),
        ("POST", "/account/password", vec![]),
        ("TRACE", "/", vec![]),
    ] {
        let answer = sender.send(method, target, &lines, "amount=1&destination=2").await;
        assert_common(&answer, &format!("{method} {target}: {}", answer.status));
    }
}

#[tokio::test]
async fn a_secure_site_is_kept_secure() {
    let (_gate, jar, _files) = held::over_http2().await;
    for target in routes().iter().map(String::as_str).chain(["/.stepgate/none"]) {
        let answer = jar.get(target).await;
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "{target}");
    }
}

/// A token of a site that signs its sessions.
fn bearer(secret: &[u8], subject: &str) -> String {
    let encode = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let claims = json!({ "sub": subject, "iss": "site", "exp": 4_000_000_000_u64 });
    let text = format!("{}.{}", encode(&json!({ "alg": "HS256", "typ": "JWT" })), encode(&claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let tag = ring::hmac::sign(&key, text.as_bytes());
    format!("Bearer {text}.{}", data_encoding::BASE64URL_NOPAD.encode(tag.as_ref()))
}

/// A gateway of a site whose sessions are bearer tokens.
async fn gate_with_bearers(secret: &std::path::Path) -> TestGate {
    TestGate::start_with(|yaml| {
        let (before, after) = yaml.split_once("identity:\n").unwrap();
        let (_, after) = after.split_once("session_end:").unwrap();
        let jwt = format!(
            "  - jwt:\n      header: Authorization\n      algorithms: [HS256]\n      secret: {{ file: {} }}\n      \
             issuer: site\n      claims: {{ subject: sub }}\n",
            secret.display()
        );
        format!("{before}identity:\n{jwt}session_end:{after}")
    })
    .await
}

#[tokio::test]
async fn only_a_client_that_sends_its_session_in_a_header_is_told_its_stamp() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let secret = data_encoding::HEXLOWER.encode(&stepgate::secret::random::<32>());
    file.write_all(secret.as_bytes()).unwrap();
    let gate = gate_with_bearers(file.path()).await;
    let sender = Sender::of(&gate);
    let bearer = bearer(secret.as_bytes(), "ayu");
    // It keeps cookies of a balancer, which say nothing of who it is.
    let lines = [
        ("authorization", &*bearer),
        ("cookie", "balancer=1"),
        ("origin", &*sender.base),
        ("content-type", "application/json"),
    ];
    let begun = sender.send("POST", "/.stepgate/api/enrolments", &lines, r#"{"method":"app"}"#).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let app = AuthenticatorApp::holding(begun.json()["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun.json()["id"].as_str().unwrap());
    let confirmed =
        sender.send("POST", &confirm, &lines, json!({ "code": app.previous_code().await }).to_string()).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let asked = sender.send("GET", "/account", &lines, "").await;
    assert_eq!(asked.status, 401, "{asked:?}");
    let verify = asked.json()["challenge"]["verify"].as_str().unwrap().to_owned();
    let code = json!({ "method": "app", "code": app.code() }).to_string();
    let verified = sender.send("POST", &verify, &lines, code).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert!(!verified.headers.contains_key("set-cookie"), "{verified:?}");
    let stamp = verified.json()["stamp"].as_str().expect("the stamp is told").to_owned();
    let with_stamp = [("authorization", &*bearer), ("stepgate-stamp", &*stamp)];
    let passed = sender.send("GET", "/account", &with_stamp, "").await;
    assert_ne!(passed.status, 401, "the stamp passes: {passed:?}");
    assert_eq!(gate.site.received("GET", "/account").len(), 1);
}

#[tokio::test]
async fn a_browser_gets_its_stamp_as_a_cookie_and_is_not_told_it() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let begun = sender.call("/.stepgate/api/enrolments", &session, &json!({ "method": "app" })).await.json();
    let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
    assert_eq!(sender.call(&confirm, &session, &json!({ "code": app.previous_code().await })).await.status, 200);
    let asked = sender.send("GET", "/account", &[("cookie", &session)], "").await;
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    let verify = asked.json()["challenge"]["verify"].as_str().unwrap().to_owned();
    let verified = sender.call(&verify, &cookies, &json!({ "method": "app", "code": app.code() })).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    assert!(verified.cookie("stepgate").len() > 40 && verified.json().get("stamp").is_none(), "{verified:?}");
}
