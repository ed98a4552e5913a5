//! Two processes on one PostgreSQL: what was used at one is used at the other (security.md A3, A5, A26).

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::kit::{ApiClient, AuthenticatorApp, Gate, TestGate, eventually, postgres::Postgres};

const WITHDRAW: &str = "/api/withdraw";
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;
const FORM: &str = "application/x-www-form-urlencoded";

/// Two nodes of one site, and a player with an app and backup codes.
struct Nodes {
    first: TestGate,
    second: Gate,
    session: String,
    app: AuthenticatorApp,
    codes: Vec<String>,
    _postgres: Postgres,
}

/// A node as a client reaches it by the site's one name.
#[derive(Clone)]
struct Node {
    at: SocketAddr,
    host: String,
    client: reqwest::Client,
}

/// What a node answered.
struct Answered {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The `name=value` of a cookie that it sets.
    fn cookie(&self, name: &str) -> String {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.filter_map(|line| line.split(';').next());
        let found = pairs.find(|pair| pair.split('=').next() == Some(name));
        found.unwrap_or_else(|| panic!("no {name}: {} {}", self.status, self.body)).to_owned()
    }
}

impl Node {
    async fn send(&self, method: &str, target: &str, lines: &[(&str, &str)], body: &str) -> Answered {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("http://{}{target}", self.at)).body(body.to_owned());
        request = request.header("host", &self.host).header("origin", format!("http://{}", self.host));
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answered { status, headers, body: answer.text().await.unwrap() }
    }

    async fn call(&self, target: &str, cookies: &str, more: &[(&str, &str)], body: &str) -> Answered {
        let lines = [&[("cookie", cookies), ("content-type", "application/json")][..], more].concat();
        self.send("POST", target, &lines, body).await
    }

    async fn withdraw(&self, cookies: &str, approval: &str) -> Answered {
        self.call(WITHDRAW, cookies, &[("stepgate-approval", approval)], WITHDRAWAL).await
    }

    /// The cookies and the address by which a new challenge of a guarded page is answered here.
    async fn challenge(&self, session: &str) -> (String, String) {
        let asked = self.send("GET", "/account", &[("cookie", session)], "").await;
        let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
        (cookies, asked.json()["challenge"]["verify"].as_str().unwrap().to_owned())
    }

    async fn verify(&self, (cookies, verify): &(String, String), method: &str, code: &str) -> Answered {
        self.call(verify, cookies, &[], &json!({ "method": method, "code": code }).to_string()).await
    }
}

impl Nodes {
    async fn start() -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
        let url = postgres.url();
        let first = TestGate::start_with(move |yaml| super::on_database(&yaml, &url)).await;
        let second = first.twin().await;
        let client = ApiClient::log_in(&first.url(""), "ayu").await;
        let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        let confirmed = client.portal(&confirm, &json!({ "code": app.previous_code().await }), 200).await;
        let codes = confirmed["backup_codes"].as_array().unwrap();
        let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Self { session: client.cookies().to_owned(), first, second, app, codes, _postgres: postgres }
    }

    fn both(&self) -> (Node, Node) {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let node = |at| Node { at, host: self.first.address.to_string(), client: client.clone() };
        (node(self.first.address), node(self.second.address))
    }

    fn withdrawn(&self, target: &str) -> usize {
        self.first.site.received("POST", target).len()
    }
}

#[tokio::test]
async fn a_code_and_an_approval_that_were_used_at_one_node_are_refused_at_the_other() {
    let nodes = Nodes::start().await;
    let (first, second) = nodes.both();
    let asked = first.call(WITHDRAW, &nodes.session, &[], WITHDRAWAL).await;
    let cookies = format!("{}; {}", nodes.session, asked.cookie("stepgate-challenge"));
    let challenge = (cookies.clone(), asked.json()["challenge"]["verify"].as_str().unwrap().to_owned());
    let code = nodes.app.code();
    let granted = first.verify(&challenge, "app", &code).await;
    assert_eq!(granted.status, 200, "{}", granted.body);
    let approval = granted.json()["approval"].as_str().unwrap().to_owned();
    let elsewhere = second.challenge(&nodes.session).await;
    assert_eq!(second.verify(&elsewhere, "app", &code).await.status, 422, "the same code");
    assert_eq!(second.verify(&challenge, "app", &nodes.app.next_code()).await.status, 410, "the same challenge");
    assert!((400..500).contains(&second.withdraw(&cookies, &approval).await.status));
    assert_eq!(nodes.withdrawn(WITHDRAW), 0);
    assert_eq!(first.withdraw(&cookies, &approval).await.status, 200);
    for node in [&second, &first] {
        assert!((400..500).contains(&node.withdraw(&cookies, &approval).await.status));
    }
    assert_eq!(nodes.withdrawn(WITHDRAW), 1, "exactly once");
}

#[tokio::test]
async fn a_held_form_goes_on_at_the_node_that_holds_it_and_once() {
    let nodes = Nodes::start().await;
    let (first, second) = nodes.both();
    let target = "/wallet/withdraw";
    let page = |cookies| [("cookie", cookies), ("content-type", FORM), ("accept", "text/html")];
    let held = first.send("POST", target, &page(&*nodes.session), "amount=5&destination=BCA").await;
    let cookies = format!("{}; {}", nodes.session, held.cookie("stepgate-challenge"));
    let challenge = held.headers["location"].to_str().unwrap().to_owned();
    let typed = format!("method=app&code={}", nodes.app.code());
    let confirmed = first.send("POST", &challenge, &page(&cookies), &typed).await;
    let token = confirmed.body.split("name=\"stepgate_resume\" value=\"").nth(1);
    let resume = format!("stepgate_resume={}", &token.unwrap_or_else(|| panic!("{}", confirmed.body))[..43]);
    assert_eq!(second.send("POST", target, &page(&cookies), &resume).await.status, 410);
    assert_eq!(nodes.withdrawn(target), 0);
    // The demo site wants its own form's secret: what counts here is that it was asked.
    let passed = first.send("POST", target, &page(&cookies), &resume).await;
    assert_ne!(passed.status, 410, "{}", passed.body);
    for node in [&second, &first] {
        assert_eq!(node.send("POST", target, &page(&cookies), &resume).await.status, 410);
    }
    assert_eq!(nodes.withdrawn(target), 1, "exactly once");
}

#[tokio::test]
async fn a_backup_code_that_was_used_at_one_node_is_refused_at_the_other() {
    let nodes = Nodes::start().await;
    let (first, second) = nodes.both();
    let (here, there) = (first.challenge(&nodes.session).await, second.challenge(&nodes.session).await);
    assert_eq!(first.verify(&here, "backup_code", &nodes.codes[0]).await.status, 200);
    assert_eq!(second.verify(&there, "backup_code", &nodes.codes[0]).await.status, 422);
    assert_eq!(second.verify(&there, "backup_code", &nodes.codes[1]).await.status, 200, "another is as good");
}

/// How many of the same code are accepted, typed at both nodes at once. Few, so that nothing pauses.
async fn at_once(nodes: &Nodes, method: &'static str, code: &str) -> usize {
    let (first, second) = nodes.both();
    let mut typing = JoinSet::new();
    let mut ready = Vec::new();
    for node in [&first, &second] {
        ready.push((node.clone(), node.challenge(&nodes.session).await));
    }
    for (node, challenge) in ready {
        let code = code.to_owned();
        typing.spawn(async move { node.verify(&challenge, method, &code).await.status });
    }
    let statuses = typing.join_all().await;
    assert!(statuses.iter().all(|status| [200, 422].contains(status)), "{statuses:?}");
    statuses.into_iter().filter(|status| *status == 200).count()
}

#[tokio::test]
async fn of_one_code_at_both_nodes_at_once_one_counts() {
    let nodes = Nodes::start().await;
    for code in [nodes.app.code(), nodes.app.next_code()] {
        assert_eq!(at_once(&nodes, "app", &code).await, 1);
    }
    for code in &nodes.codes[..3] {
        assert_eq!(at_once(&nodes, "backup_code", code).await, 1);
    }
}

#[tokio::test]
async fn a_log_in_that_ended_at_one_node_ends_at_the_other() {
    let nodes = Nodes::start().await;
    let (first, second) = nodes.both();
    let challenge = first.challenge(&nodes.session).await;
    let proven = first.verify(&challenge, "app", &nodes.app.code()).await;
    let cookies = format!("{}; {}", nodes.session, proven.cookie("stepgate"));
    for node in [&first, &second] {
        assert_eq!(
            node.send("GET", "/account", &[("cookie", &cookies)], "").await.status,
            200,
            "a stamp counts at both"
        );
    }
    first.send("POST", "/logout", &[("cookie", &cookies)], "").await;
    eventually("the other node learns of it", async || {
        let answer = second.send("GET", "/account", &[("cookie", &cookies)], "").await;
        (answer.status != 200).then_some(())
    })
    .await;
}
