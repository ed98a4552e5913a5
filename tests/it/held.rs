//! Held form posts by size, framing and protocol: the site receives the same bytes, or the player is
//! told that they are too many.

use reqwest::{Body, Certificate, Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use stepgate::cli::demo::{accounts::PASSWORD, site::SESSION_COOKIE};
use tempfile::TempDir;

use crate::kit::{AuthenticatorApp, TestGate, install_crypto};

pub const TARGET: &str = "/account/password";
pub const FORM: &str = "application/x-www-form-urlencoded";
const CAP: usize = 64 * 1024;

/// A browser reduced to its cookies, over one protocol.
pub struct Jar {
    client: Client,
    base: String,
    cookies: Vec<(String, String)>,
}

impl Jar {
    /// A browser of a gateway without TLS.
    pub fn new(gate: &TestGate) -> Self {
        install_crypto();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, base: gate.url(""), cookies: Vec::new() }
    }

    fn keep(&mut self, answer: &Response) {
        for line in answer.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Asks for an address.
    pub async fn get(&self, target: &str) -> Response {
        self.client.get(format!("{}{target}", self.base)).send().await.unwrap()
    }

    /// Posts as a page of the site does.
    pub async fn post(&mut self, target: &str, content_type: &str, body: Body) -> Response {
        let origin = self.base.clone();
        self.post_from(&origin, target, content_type, body).await
    }

    /// Posts as a page of another origin does.
    pub async fn post_from(&mut self, origin: &str, target: &str, content_type: &str, body: Body) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.post(format!("{}{target}", self.base)).header("content-type", content_type);
        let request = request.header("cookie", cookies.join("; ")).header("origin", origin);
        let answer = request.header("accept", "text/html").body(body).send().await.unwrap();
        self.keep(&answer);
        answer
    }

    async fn portal(&mut self, target: &str, document: &Value) -> Value {
        let answer = self.post(target, "application/json", document.to_string().into()).await;
        assert!(answer.status().is_success(), "{target}: {}", answer.status());
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    async fn log_in_and_enrol(&mut self) -> AuthenticatorApp {
        self.post("/login", FORM, format!("username=ayu&password={PASSWORD}").into()).await;
        assert!(self.cookies.iter().any(|(name, _)| name == SESSION_COOKIE));
        self.enrol().await
    }

    /// Enrols an app for the player who is logged in, confirmed with the code of the step before.
    pub async fn enrol(&mut self) -> AuthenticatorApp {
        let begun = self.portal("/.stepgate/api/enrolments", &json!({ "method": "app" })).await;
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        self.portal(&confirm, &json!({ "code": app.previous_code().await })).await;
        app
    }
}

/// The password route asks for a stamp only, so that a body of any shape can be held.
pub fn session_only(yaml: String) -> String {
    let (before, after) = yaml.split_once("path: /account/password, methods: [POST] }").unwrap();
    let after = after.replacen("require: fresh\n    max_age: 5m", "require: session", 1);
    format!("{before}path: /account/password, methods: [POST] }}{after}")
}

async fn plain() -> (TestGate, Jar) {
    let gate = TestGate::start_with(session_only).await;
    let jar = Jar::new(&gate);
    (gate, jar)
}

/// A gateway of a secure site, and a browser that speaks HTTP/2 to it.
pub async fn over_http2() -> (TestGate, Jar, TempDir) {
    secure(session_only).await
}

/// A gateway with TLS and the configuration as `edit` changes it, a browser that trusts it, and the
/// folder of its `cert.pem`.
pub async fn secure(edit: impl FnOnce(String) -> String) -> (TestGate, Jar, TempDir) {
    certified(rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap(), edit).await
}

/// The same with this certificate.
pub async fn certified(
    params: rcgen::CertificateParams,
    edit: impl FnOnce(String) -> String,
) -> (TestGate, Jar, TempDir) {
    install_crypto();
    let folder = TempDir::new().unwrap();
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&signing_key).unwrap().pem();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, &pem).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let files = format!("    tls: {{ certificate: {}, private_key: {} }}\n", certificate.display(), key.display());
    let gate = TestGate::start_with(|yaml| {
        let yaml = edit(yaml).replace("origin: http:", "origin: https:");
        let yaml = yaml.replace("first_enrolment: insecure_session_only", "first_enrolment: cooldown");
        let (before, after) = yaml.split_once("listen:\n").unwrap();
        let (address, after) = after.split_once('\n').unwrap();
        format!("{before}listen:\n{address}\n{files}{after}")
    })
    .await;
    let root = Certificate::from_pem(pem.as_bytes()).unwrap();
    let client = Client::builder().tls_certs_only([root]).redirect(Policy::none()).no_proxy().build().unwrap();
    let base = format!("https://{}", gate.address);
    (gate, Jar { client, base, cookies: Vec::new() }, folder)
}

/// Holds a body, answers the challenge, lets it go on; what the site received.
async fn hold_and_resume(
    gate: &TestGate,
    jar: &mut Jar,
    body: Body,
    content_type: &str,
) -> Result<Vec<u8>, StatusCode> {
    let app = jar.log_in_and_enrol().await;
    let held = jar.post(TARGET, content_type, body).await;
    if held.status() != StatusCode::SEE_OTHER {
        return Err(held.status());
    }
    let challenge = held.headers()["location"].to_str().unwrap().to_owned();
    let confirmed = jar.post(&challenge, FORM, format!("method=app&code={}", app.code()).into()).await;
    if confirmed.headers().get("location").is_some_and(|location| location == "/.stepgate/again") {
        assert!(gate.site.received("POST", TARGET).is_empty(), "nothing of it passed");
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let page = confirmed.text().await.unwrap();
    let token = page.split("name=\"stepgate_resume\" value=\"").nth(1).unwrap_or_else(|| panic!("no way on: {page}"));
    let token = token.get(..43).unwrap();
    let resume = format!("stepgate_resume={token}");
    jar.post(TARGET, FORM, resume.clone().into()).await;
    let again = jar.post(TARGET, FORM, resume.into()).await;
    assert_eq!(again.status(), StatusCode::GONE, "it goes on once");
    let mut received = gate.site.received("POST", TARGET);
    assert_eq!(received.len(), 1, "exactly once");
    Ok(received.remove(0).body.to_vec())
}

fn filled(size: usize) -> Vec<u8> {
    (0..size).map(|at| b"abcdefghijklmnopqrstuvwxyz0123456789"[at % 36]).collect()
}

/// A body without a declared length: chunked over HTTP/1.1.
fn streamed(bytes: Vec<u8>) -> Body {
    Body::wrap(http_body_util::StreamBody::new(Pieces(bytes)))
}

/// A stream of the bytes in pieces.
struct Pieces(Vec<u8>);

impl futures_core::Stream for Pieces {
    type Item = Result<http_body::Frame<bytes::Bytes>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        if self.0.is_empty() {
            return std::task::Poll::Ready(None);
        }
        let rest = self.0.len().min(10_000);
        let piece: Vec<u8> = self.0.drain(..rest).collect();
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(piece.into()))))
    }
}

#[tokio::test]
async fn bodies_up_to_the_cap_go_on_unchanged_over_http_1() {
    for size in [1, CAP - 1, CAP, CAP + 1] {
        for chunked in [false, true] {
            let (gate, mut jar) = plain().await;
            let body = if chunked { streamed(filled(size)) } else { filled(size).into() };
            let received = hold_and_resume(&gate, &mut jar, body, FORM).await;
            let expected = if size <= CAP { Ok(filled(size)) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) };
            assert!(received == expected, "{size} bytes, chunked {chunked}: {:?}", received.map(|body| body.len()));
        }
    }
}

#[tokio::test]
async fn bodies_up_to_the_cap_go_on_unchanged_over_http_2() {
    for size in [1, CAP - 1, CAP, CAP + 1] {
        for declared in [false, true] {
            let (gate, mut jar, _files) = over_http2().await;
            let body = if declared { filled(size).into() } else { streamed(filled(size)) };
            let received = hold_and_resume(&gate, &mut jar, body, FORM).await;
            let expected = if size <= CAP { Ok(filled(size)) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) };
            assert!(received == expected, "{size} bytes, declared {declared}: {:?}", received.map(|body| body.len()));
        }
    }
}

#[tokio::test]
async fn bodies_go_on_unchanged_also_where_the_body_of_the_answer_decides() {
    let decided = |yaml: String| yaml.replace("after_success: {", "after_success: { when: { body: '^$' },");
    for size in [1, CAP] {
        let (gate, mut jar, _files) = secure(|yaml| decided(session_only(yaml))).await;
        let received = hold_and_resume(&gate, &mut jar, streamed(filled(size)), FORM).await;
        assert!(received == Ok(filled(size)), "{size} bytes over HTTP/2");
        let gate = TestGate::start_with(|yaml| decided(session_only(yaml))).await;
        let mut jar = Jar::new(&gate);
        let received = hold_and_resume(&gate, &mut jar, streamed(filled(size)), FORM).await;
        assert!(received == Ok(filled(size)), "{size} bytes over HTTP/1");
    }
}

#[tokio::test]
async fn a_multipart_form_is_held_too() {
    let (gate, mut jar) = plain().await;
    let form = b"--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n\x00\xff new\r\n--b--\r\n".to_vec();
    let received = hold_and_resume(&gate, &mut jar, form.clone().into(), "multipart/form-data; boundary=b").await;
    assert_eq!(received, Ok(form));
}
