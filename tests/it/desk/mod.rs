//! The support desk as operators and attackers meet it: over its own listener, with a real store.

mod command;
mod console;
mod socket;
mod tour;

use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value, json};
use stepgate::{
    factor::{app::Secret, password::PasswordHash},
    policy::desk::{DeskAction, Role},
};

use crate::kit::{ApiClient, AuthenticatorApp, TestGate, free_address, install_crypto};

const PASSWORD: &str = "a password for tests";
/// `ayu` of the demo site.
const AYU: &str = "1001";

/// A gateway with a desk, whose operators are called as their roles.
pub(crate) struct DeskGate {
    pub(crate) gate: TestGate,
    pub(crate) desk: SocketAddr,
    apps: Vec<(Role, AuthenticatorApp)>,
}

impl DeskGate {
    /// One whose resets are carried out after so long.
    pub(crate) async fn start(delay: &str) -> Self {
        Self::start_with(delay, |yaml, _, _| yaml).await
    }

    /// The same with the configuration as `edit` changes it, which is also given the desk's address and the folder.
    pub(crate) async fn start_with(delay: &str, edit: impl FnOnce(String, SocketAddr, &Path) -> String) -> Self {
        install_crypto();
        let (desk, secrets) = (free_address(), Role::ALL.map(|role| (role, Secret::new([role as u8 + 1; 20]))));
        let hash = PasswordHash::of(PASSWORD).unwrap();
        let site = crate::kit::TestSite::start().await;
        let gate = crate::kit::Gate::start(site.address, |yaml, folder| {
            edit(format!("{yaml}{}", section(desk, delay, (&secrets, hash.reveal()), folder)), desk, folder)
        })
        .await;
        let apps = secrets.into_iter().map(|(role, secret)| (role, AuthenticatorApp::holding(&secret.base32())));
        Self { gate: TestGate { site, gate }, desk, apps: apps.collect() }
    }

    pub(crate) fn app(&self, role: Role) -> &AuthenticatorApp {
        &self.apps.iter().find(|(known, _)| *known == role).unwrap().1
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.desk)
    }

    /// A client that is signed in.
    async fn signed_in(&self, role: Role) -> Operator {
        let mut operator = Operator::at(self.desk);
        let credentials = json!({ "name": role.as_str(), "password": PASSWORD, "code": self.app(role).code() });
        let answer = operator.post("/api/sign-in", &credentials).await;
        assert_eq!(answer.status(), 200, "{}", role.as_str());
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.starts_with("stepgate-desk="), "{cookie}");
        operator.cookie = cookie.split(';').next().unwrap().to_owned();
        operator
    }
}

fn section(desk: SocketAddr, delay: &str, (secrets, hash): (&[(Role, Secret)], &str), folder: &Path) -> String {
    let mut yaml = format!(
        "desk:\n  address: \"{desk}\"\n  actions_per_hour: 100\n  looks_per_hour: 10000\n  reset: {{ delay: {delay} }}\n  operators:\n"
    );
    for (role, secret) in secrets {
        let (name, file) = (role.as_str(), folder.join(role.as_str()));
        std::fs::write(&file, secret.base32().as_str()).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        yaml.push_str(&format!(
            "  - {{ name: {name}, roles: [{name}], password_hash: '{hash}', app_secret: {{ file: {} }} }}\n",
            file.display()
        ));
    }
    yaml
}

/// A client of the desk's API.
struct Operator {
    client: Client,
    base: String,
    cookie: String,
}

impl Operator {
    fn at(desk: SocketAddr) -> Self {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, base: format!("http://{desk}"), cookie: String::new() }
    }

    fn request(&self, target: &str, body: Option<&Value>) -> RequestBuilder {
        let url = format!("{}{target}", self.base);
        let request = match body {
            None => self.client.get(url),
            Some(body) => self.client.post(url).header("content-type", "application/json").body(body.to_string()),
        };
        if self.cookie.is_empty() { request } else { request.header("cookie", &self.cookie) }
    }

    async fn get(&self, target: &str) -> Response {
        self.request(target, None).send().await.unwrap()
    }

    async fn post(&self, target: &str, body: &Value) -> Response {
        self.request(target, Some(body)).header("origin", &self.base).send().await.unwrap()
    }
}

fn stated() -> Value {
    json!({ "reason": "asked on the phone", "case": "T-17" })
}

#[tokio::test]
async fn each_role_is_refused_what_it_may_not_do_and_nothing_else() {
    let desk = DeskGate::start("24h").await;
    ApiClient::log_in(&desk.gate.url(""), "ayu").await.enrol_app().await;
    for role in Role::ALL {
        let operator = desk.signed_in(role).await;
        assert_eq!(operator.get(&format!("/api/players/{AYU}")).await.status(), 200);
        for action in DeskAction::ALL {
            if matches!(action, DeskAction::Look | DeskAction::Export | DeskAction::Erase) {
                continue;
            }
            let of_reset = matches!(action, DeskAction::ApproveReset | DeskAction::CancelReset);
            let place = if of_reset { "resets/none" } else { "players/1001" };
            let target = format!("/api/{place}/{}", action.as_str());
            let mut body = stated();
            if action == DeskAction::RequestReset {
                body["evidence"] = "document".into();
            }
            let answer = operator.post(&target, &body).await;
            let expected = if action.is_open_to(&[role]) { &[200, 404, 409][..] } else { &[403] };
            assert!(expected.contains(&answer.status().as_u16()), "{role:?} {action:?}: {}", answer.status());
        }
    }
}

#[tokio::test]
async fn nothing_is_told_without_a_session_and_a_session_ends() {
    let desk = DeskGate::start("24h").await;
    ApiClient::log_in(&desk.gate.url(""), "ayu").await.enrol_app().await;
    let stranger = Operator::at(desk.desk);
    let player = format!("/api/players/{AYU}");
    for target in [player.as_str(), "/api/resets"] {
        assert_eq!(stranger.get(target).await.status(), 401, "{target}");
    }
    assert_eq!(stranger.post(&format!("{player}/freeze"), &stated()).await.status(), 401);
    let page = stranger.get("/").await;
    assert_eq!((page.status().as_u16(), page.headers()["location"].to_str().unwrap()), (303, "/sign-in"));

    let code = desk.app(Role::Support).code();
    for wrong in [
        json!({ "name": "support", "password": "wrong", "code": code }),
        json!({ "name": "support", "password": PASSWORD, "code": "000000" }),
        json!({ "name": "nobody", "password": PASSWORD, "code": code }),
    ] {
        let answer = stranger.post("/api/sign-in", &wrong).await;
        assert!(answer.status() == 401 && answer.headers().get("set-cookie").is_none());
        assert!(answer.text().await.unwrap().contains("urn:stepgate:desk:sign-in-refused"));
    }
    let support = desk.signed_in(Role::Support).await;
    let again = json!({ "name": "support", "password": PASSWORD, "code": code });
    assert_eq!(stranger.post("/api/sign-in", &again).await.status(), 401, "the code was used");
    assert_eq!(support.get(&player).await.status(), 200);
    assert_eq!(support.post("/api/sign-out", &json!({})).await.status(), 204);
    assert_eq!(support.get(&player).await.status(), 401);
    // The trace of all that.
    let trace = |kind: &str| -> Vec<(String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let rows = command::rows(&desk, kind).into_iter();
        rows.inspect(|row| assert_eq!(row["origin"], "127.0.0.0/24"))
            .map(|row| (text(&row, "actor"), text(&row, "outcome")))
            .collect()
    };
    let line = |actor: &str, outcome: &str| (actor.to_owned(), outcome.to_owned());
    let signed_in = trace("desk-sign-in");
    assert_eq!(signed_in.iter().filter(|row| **row == line("nobody", "refused")).count(), 4, "{signed_in:?}");
    assert!(signed_in.contains(&line("support:support", "done")) && signed_in.len() == 5);
    assert_eq!(trace("desk-sign-out"), [line("support:support", "done")]);
    assert_eq!(trace("player-viewed"), [line("support:support", "done")]);
}

#[tokio::test]
async fn rebound_names_other_pages_and_other_listeners_get_nothing() {
    let desk = DeskGate::start("24h").await;
    let support = desk.signed_in(Role::Support).await;
    let own = desk.desk.to_string();
    for host in ["evil.example", "evil.example:9280", "127.0.0.1.evil.example", "127.0.0.1"] {
        let rebound = support.request("/api/resets", None).header("host", host).send().await.unwrap();
        assert_eq!(rebound.status(), 421, "{host}");
        let origin = format!("http://{host}");
        let posted = support.request("/api/find", Some(&json!({ "id": AYU })));
        let posted = posted.header("host", host).header("origin", origin).send().await.unwrap();
        assert_eq!(posted.status(), 421, "{host}");
    }
    for (name, value, passes) in [
        ("origin", format!("http://{own}"), true),
        ("sec-fetch-site", "same-origin".to_owned(), true),
        ("origin", "null".to_owned(), false),
        ("origin", format!("https://{own}"), false),
        ("origin", desk.gate.url(""), false),
        ("sec-fetch-site", "same-site".to_owned(), false),
        ("x-nothing", "neither".to_owned(), false),
    ] {
        let answer = support.request("/api/find", Some(&json!({ "id": AYU }))).header(name, &value).send().await;
        assert_eq!(answer.unwrap().status() == 200, passes, "{name}: {value}");
    }
    // The one listener serves nothing of the other.
    assert_eq!(support.get("/.stepgate/settings").await.status(), 404);
    let player = ApiClient::log_in(&desk.gate.url(""), "ayu").await;
    let kind = player.get("/api/resets").await.headers().get("content-type").cloned();
    assert!(kind.is_none_or(|kind| kind != "application/json"), "the site's own answer");
    assert_eq!(player.get("/.stepgate/api/resets").await.status(), 404);
}

#[tokio::test]
async fn odd_input_is_a_clear_error() {
    let desk = DeskGate::start("24h").await;
    let support = desk.signed_in(Role::Support).await;
    let posted = async |target: &str, body: Value| support.post(target, &body).await.status().as_u16();
    assert_eq!(posted("/api/find", json!([AYU])).await, 400);
    assert_eq!(posted("/api/find", json!({ "id": AYU, "phone": "1" })).await, 400);
    assert_eq!(posted("/api/find", json!({ "phone": "no number" })).await, 400);
    assert_eq!(posted("/api/find", json!({ "id": AYU, "x": 1 })).await, 400);
    assert_eq!(posted("/api/find", json!({ "id": "a".repeat(65_600) })).await, 413);
    assert_eq!(posted("/api/players/none-such/freeze", stated()).await, 404);
    for elsewhere in ["look", "export", "erase"] {
        assert_eq!(posted(&format!("/api/players/1001/{elsewhere}"), stated()).await, 404, "{elsewhere}");
    }
    assert_eq!(posted("/api/players/1001/approve", stated()).await, 404);
    assert_eq!(posted("/api/players/%ff/freeze", stated()).await, 404);
    assert_eq!(posted("/api/players/1001/freeze", json!({ "reason": "x" })).await, 400);
    assert_eq!(posted("/api/players/1001/reset", json!({ "reason": "lost phone", "case": "T-1" })).await, 400);
    let form =
        support.client.post(desk.url("/api/find")).header("origin", &support.base).header("cookie", &support.cookie);
    assert_eq!(form.form_text("id=1001").send().await.unwrap().status(), 415);
    assert_eq!(
        support.client.delete(desk.url("/api/resets")).header("origin", &support.base).send().await.unwrap().status(),
        405
    );
    let page = support.get("/sign-in").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.headers()["cache-control"], "no-store");
}

/// A body of another type.
trait FormText {
    fn form_text(self, text: &str) -> Self;
}

impl FormText for RequestBuilder {
    fn form_text(self, text: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(text.to_owned())
    }
}
