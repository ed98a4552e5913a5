//! Every identity source through the real gateway: whom the site is told, what is refused, and what
//! a stamp survives.

mod anonymous;
mod devices;
mod exchange;
mod header;
mod introspection;
mod jwt;
mod login;
mod not_renewed;
mod planted;
mod session_end;
mod withheld;

use std::{collections::BTreeMap, path::Path};

use data_encoding::BASE64URL_NOPAD;
use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use stepgate::cli::demo::{DemoOptions, journal::Recorded};

use crate::kit::{AuthenticatorApp, ScriptedSite, TestGate, answer, install_crypto};

/// A gateway before a scripted site.
type Gate = TestGate<ScriptedSite>;

/// A request answers `site`; `/guarded` takes every player, `/stamped` a proven one only.
async fn gate(
    identity: impl FnOnce(&DemoOptions, &Path) -> String,
    site: impl Fn(&Recorded) -> axum::response::Response + Clone + Send + Sync + 'static,
) -> Gate {
    let site = ScriptedSite::start(site).await;
    let address = site.address;
    gate_at(site, address, identity).await
}

/// The same before a site at an address of its own.
async fn gate_at(
    site: ScriptedSite,
    address: std::net::SocketAddr,
    identity: impl FnOnce(&DemoOptions, &Path) -> String,
) -> Gate {
    TestGate::before(site, address, |options, folder| {
        let DemoOptions { site, gateway, ops, inbox: _, desk: _ } = options;
        format!(
            "site: {{ name: Example Play, origin: \"http://{gateway}\", upstream: {{ servers: [\"{site}\"] }}, \
             other_credentials: [api_token] }}\n\
             listen: [{{ address: \"{gateway}\" }}]\n\
             ops: {{ address: \"{ops}\" }}\n\
             identity:\n{identity}\n\
             session_end: [{{ path: /logout }}, {{ path: /act, form: {{ do: log-out }} }}]\n\
             timeouts: {{ upstream_read: 2s }}\n\
             second_factor: {{ methods: [app], first_enrolment: insecure_session_only }}\n\
             routes:\n\
             - {{ name: guarded, match: {{ path: /guarded }}, require: session, unenrolled: allow }}\n\
             - {{ name: shared, match: {{ path: /shared }}, require: session, anonymous: forward }}\n\
             - {{ name: stamped, match: {{ path: /stamped }}, require: session }}\n\
             - {{ name: note, match: {{ path: /note, methods: [POST] }}, require: none, after_success: {{ when: {{ body: Saved }}, do: [end_stamps] }} }}\n\
             - {{ name: change, match: {{ path: /change }}, require: session, changes: phone, after_success: {{ when: {{ body: Saved }}, do: [end_stamps] }} }}\n\
             - {{ name: pay, match: {{ path: /pay, methods: [POST] }}, require: once, show: none, cooldown_after: {{ enroll: 0s }}, after_success: {{ when: {{ body: Paid }}, do: [end_stamps] }} }}\n\
             store: {{ durable: \"sqlite:{folder}/stepgate.db\", shared: memory }}\n\
             keys: {{ file: \"{folder}/keys.yaml\" }}\n",
            identity = identity(options, folder),
            folder = folder.display(),
        )
    })
    .await
}

/// Writes a file that only its owner may read, and names it.
fn private_file(folder: &Path, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// A client that keeps cookies where it is told to, and follows nothing.
struct Visitor<'g> {
    gate: &'g Gate,
    client: Client,
    cookies: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
}

impl<'g> Visitor<'g> {
    fn of(gate: &'g Gate) -> Self {
        install_crypto();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { gate, client, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.to_owned(), value.to_owned());
        self
    }

    fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends, and keeps the cookies of the answer.
    async fn send(&mut self, method: Method, target: &str, content_type: &str, body: String) -> Response {
        let mut request = self.client.request(method, self.gate.url(target)).body(body);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = request.header("origin", self.gate.url("")).send().await.unwrap();
        for line in answer.headers().get_all("set-cookie") {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    async fn get(&mut self, target: &str) -> Response {
        self.send(Method::GET, target, "", String::new()).await
    }

    async fn post(&mut self, target: &str, form: &str) -> Response {
        self.send(Method::POST, target, "application/x-www-form-urlencoded", form.to_owned()).await
    }

    async fn portal(&mut self, target: &str, document: Value) -> Value {
        let answer = self.send(Method::POST, target, "application/json", document.to_string()).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{target}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The status on the route that takes every player.
    async fn guarded(&mut self) -> StatusCode {
        self.get("/guarded").await.status()
    }

    /// Whether the route that wants a stamp lets the request pass.
    async fn passes(&mut self) -> bool {
        self.get("/stamped").await.status() == StatusCode::OK
    }

    /// Enrols an app with its previous code.
    async fn enrol(&mut self) -> AuthenticatorApp {
        let begun = self.portal("/.stepgate/api/enrolments", json!({ "method": "app" })).await;
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        self.portal(&confirm, json!({ "code": app.previous_code().await })).await;
        app
    }

    /// Enrols an app and proves it once: from now on there is a stamp.
    async fn prove(&mut self) -> AuthenticatorApp {
        let app = self.enrol().await;
        self.give(&app.code()).await;
        app
    }

    /// Is asked for a code and gives this one.
    async fn give(&mut self, code: &str) {
        let asked: Value = serde_json::from_str(&self.get("/stamped").await.text().await.unwrap()).unwrap();
        let verify = asked["challenge"]["verify"].as_str().unwrap_or_else(|| panic!("{asked}"));
        self.portal(verify, json!({ "method": "app", "code": code })).await;
    }
}

/// Whom the last forwarded request to the guarded route names, by the assertion.
fn named(gate: &Gate) -> Option<String> {
    let last = gate.site.received("GET", "/guarded").pop()?;
    let token = last.headers.get("stepgate-assertion")?.to_str().unwrap();
    let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    Some(claims["sub"].as_str().unwrap().to_owned())
}

/// How often the guarded route was forwarded.
fn forwarded(gate: &Gate) -> usize {
    gate.site.received("GET", "/guarded").len()
}

/// The value of a cookie that a request brought.
fn cookie_of(request: &Recorded, name: &str) -> Option<String> {
    let line = request.headers.get("cookie")?.to_str().unwrap();
    let mut pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

fn ok() -> axum::response::Response {
    answer(200, &[], "ok")
}
