//! An API client with the site's session cookie and nothing else: no cookie jar, no redirects.

use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};
use stepgate::cli::demo::{accounts::PASSWORD, site::SESSION_COOKIE};

use super::{AuthenticatorApp, install_crypto};

/// A logged-in client of the site at `base`.
pub struct ApiClient {
    client: Client,
    base: String,
    /// `name=value; …`, as sent.
    cookies: String,
}

/// The `name=value` of a cookie that an answer sets, if it does.
fn cookie_set_by(answer: &Response, name: &str) -> Option<String> {
    let lines = answer.headers().get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.filter_map(|line| line.split(';').next());
    pairs.find(|pair| pair.split_once('=').is_some_and(|(found, _)| found == name)).map(ToOwned::to_owned)
}

impl ApiClient {
    /// Logs in through the address given, such as a gateway's.
    pub async fn log_in(base: &str, username: &str) -> Self {
        install_crypto();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let form = format!("username={username}&password={PASSWORD}");
        let request = client.post(format!("{base}/login")).body(form);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let cookies = cookie_set_by(&answer, SESSION_COOKIE).expect("the site logs the player in");
        Self { client, base: base.to_owned(), cookies }
    }

    /// A client that sends these cookies, without a log-in by the site's form.
    pub fn with_cookies(base: &str, cookies: &str) -> Self {
        install_crypto();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, base: base.to_owned(), cookies: cookies.to_owned() }
    }

    /// The cookies that it sends, as one header value.
    pub fn cookies(&self) -> &str {
        &self.cookies
    }

    /// Asks as a script of the site does.
    pub async fn get(&self, target: &str) -> Response {
        let request = self.client.get(format!("{}{target}", self.base)).header("cookie", &self.cookies);
        request.header("accept", "application/json").send().await.unwrap()
    }

    /// The `verify` address of the challenge in a refusal, whose cookie is kept.
    pub async fn challenged(&mut self, refused: Response) -> String {
        assert_eq!(refused.status(), 401);
        self.keep(&refused, "stepgate-challenge");
        let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
        problem["challenge"]["verify"].as_str().expect("a challenge can be answered").to_owned()
    }

    /// Meets the challenge of a guarded page with this code, and keeps the stamp.
    pub async fn prove(&mut self, target: &str, code: &str) {
        let refused = self.get(target).await;
        let verify = self.challenged(refused).await;
        let answer = self.post(&verify, &json!({ "method": "app", "code": code }).to_string(), &[]).await;
        assert_eq!(answer.status(), 200);
        self.keep(&answer, "stepgate");
    }

    /// Keeps a cookie that an answer set, so that later requests carry it.
    pub fn keep(&mut self, answer: &Response, name: &str) {
        if let Some(pair) = cookie_set_by(answer, name) {
            self.cookies = format!("{}; {pair}", self.cookies);
        }
    }

    /// Posts these bytes as JSON, with further headers, as a same-origin script would.
    pub async fn post(&self, target: &str, body: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.post(format!("{}{target}", self.base)).body(body.to_owned());
        request = request.header("content-type", "application/json").header("accept", "application/json");
        request = request.header("cookie", &self.cookies).header("origin", &self.base);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Posts to the portal's API and takes the JSON of an answer with this status.
    pub async fn portal(&self, target: &str, body: &Value, status: u16) -> Value {
        let answer = self.post(target, &body.to_string(), &[]).await;
        let (got, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(got, status, "{target}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Enrols an app for this player. It is confirmed with the code of the step before, so that the
    /// current step stays unused.
    pub async fn enrol_app(&self) -> AuthenticatorApp {
        let started = self.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
        let app = AuthenticatorApp::holding(started["secret"].as_str().expect("the secret is shown"));
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", started["id"].as_str().unwrap());
        self.portal(&confirm, &json!({ "code": app.previous_code().await }), 200).await;
        app
    }
}
