//! What a client writes into a head, and what of it the site reads; and clients that wait, or leave.

use serde_json::json;

use crate::{
    held,
    kit::{ApiClient, TestGate, eventually, wire::Wire},
};

/// What the site received under this target, of a request with these header lines.
async fn received(gate: &TestGate, lines: &[(&str, &str)]) -> http::HeaderMap {
    let mut wire = Wire::to(gate.address).await;
    let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    wire.send(format!("GET /seen HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{lines}\r\n", gate.address)).await;
    wire.rest().await;
    gate.site.received("GET", "/seen").pop().expect("it reached the site").headers
}

/// Ways to say where a request came from, or goes to.
const FORWARDING: [&str; 30] = [
    "X-Forwarded-For",
    "X_Forwarded_For",
    "X.Forwarded~For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X-Forwarded-Ssl",
    "X-Forwarded-User",
    "X-Forwarded",
    "Forwarded",
    "X-Real-Ip",
    "X_Real_Ip",
    "X-Host",
    "X-Original-Host",
    "X-Original-Url",
    "X-Rewrite-Url",
    "X-Override-Url",
    "X-Url-Scheme",
    "Front-End-Https",
    "X-Scheme",
    "X-Script-Name",
    "Client-IP",
    "Client_IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "Proxy",
    "X-Request-Id",
];

#[tokio::test]
async fn a_client_says_nothing_to_the_site_about_where_it_came_from() {
    let gate = TestGate::start().await;
    for name in FORWARDING {
        let headers = received(&gate, &[(name, "6.6.6.6"), ("X-Kept", "k")]).await;
        assert!(headers.values().all(|value| value != "6.6.6.6"), "{name}: {headers:?}");
        assert_eq!(headers["x-kept"], "k");
        assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-forwarded-host"], gate.address.to_string().as_str());
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_who_the_client_is_and_no_more() {
    let gate = TestGate::start_with(|yaml| format!("{yaml}trusted_proxies: [\"127.0.0.0/8\"]\n")).await;
    let host = gate.address.to_string();
    let chain =
        [("X-Forwarded-For", "6.6.6.6, 192.0.2.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", &*host)];
    let lines = [
        ("X-Real-IP", "6.6.6.6"),
        ("CF-Connecting-IP", "6.6.6.6"),
        ("CF_Connecting_IP", "6.6.6.6"),
        ("X-Forwarded-Port", "6666"),
        ("X-Forwarded-Email", "ayu@play.example"),
        ("X-Sendfile-Type", "X-Accel-Redirect"),
        ("X-Accel-Mapping", "/a=/wallet"),
        ("X-Original-URL", "/6.6.6.6"),
        ("Forwarded", "for=6.6.6.6"),
    ];
    let headers = received(&gate, &[&chain[..], &lines[..]].concat()).await;
    assert_eq!(headers["x-forwarded-for"], "6.6.6.6, 192.0.2.7, 127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["x-forwarded-host"], *host);
    assert_eq!(headers["x-real-ip"], "192.0.2.7");
    assert_eq!(headers["cf-connecting-ip"], "192.0.2.7");
    assert_eq!(headers["x-forwarded-email"], "ayu@play.example", "whom it found");
    let gone = ["cf_connecting_ip", "x-forwarded-port", "x-original-url", "forwarded", "client-ip"];
    for name in gone.into_iter().chain(["x-sendfile-type", "x-accel-mapping"]) {
        assert!(!headers.contains_key(name), "{name}: {headers:?}");
    }
}

#[tokio::test]
async fn odd_names_reach_the_site_only_where_they_are_listed() {
    let lines = [("X_App_Version", "1"), ("X.App.Version", "2"), ("X_App-Version", "3"), ("x_other", "4")];
    let seen = |headers: &http::HeaderMap| {
        let odd = headers.keys().filter(|name| name.as_str().contains(['_', '.']));
        odd.map(ToString::to_string).collect::<Vec<_>>()
    };
    let gate = TestGate::start().await;
    assert_eq!(seen(&received(&gate, &lines).await), [""; 0]);
    let listed = |yaml: String| yaml.replacen("  upstream:\n", "  odd_headers: [X_App_Version]\n  upstream:\n", 1);
    let gate = TestGate::start_with(listed).await;
    let headers = received(&gate, &lines).await;
    assert_eq!(seen(&headers), ["x_app_version"]);
    assert_eq!(headers["x_app_version"], "1");
}

/// A client that sends nothing before it is told to go on (RFC 9110 §10.1.1).
#[tokio::test]
async fn a_client_that_waits_for_100_is_told_to_go_on_before_its_form_is_held() {
    let gate = TestGate::start_with(held::session_only).await;
    let client = ApiClient::log_in(&gate.url(""), "ayu").await;
    client.enrol_app().await;
    let mut wire = Wire::to(gate.address).await;
    let (host, cookies, body) = (gate.address, client.cookies(), "password=changed");
    wire.send(format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookies}\r\nAccept: text/html\r\n\
         Content-Type: {}\r\nContent-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        held::TARGET,
        held::FORM,
        body.len()
    ))
    .await;
    let head = wire.head().await;
    assert!(head.starts_with("HTTP/1.1 100 "), "{head}");
    wire.send(body).await;
    let head = wire.head().await;
    assert!(head.starts_with("HTTP/1.1 303 "), "{head}");
    assert!(gate.site.received("POST", held::TARGET).is_empty(), "it is held");
}

/// What was begun for it is done all the same (decisions 44).
#[tokio::test]
async fn a_client_that_leaves_does_not_cancel_a_change_of_its_account() {
    let gate = TestGate::start().await;
    let client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let started = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
    let app = crate::kit::AuthenticatorApp::holding(started["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", started["id"].as_str().unwrap());
    let body = json!({ "code": app.code() }).to_string();
    let (host, cookies) = (gate.address, client.cookies());
    let mut wire = Wire::to(host).await;
    wire.send(format!(
        "POST {confirm} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookies}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await;
    drop(wire);
    eventually("the app is a factor", async || {
        let factors = client.get("/.stepgate/api/factors").await.text().await.unwrap();
        (!factors.contains("\"factors\":[]")).then_some(())
    })
    .await;
}
