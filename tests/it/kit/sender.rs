//! A client that sends exactly what it is told, however wrong.

use http::HeaderMap;
use reqwest::{Client, Method, redirect::Policy};
use serde_json::Value;
use stepgate::cli::demo::{accounts::PASSWORD, site::SESSION_COOKIE};

use super::{TestGate, install_crypto};

/// A client of one gateway, without a cookie jar.
pub struct Sender {
    client: Client,
    /// The gateway's origin.
    pub base: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The last part of a problem's type.
    pub fn problem(&self) -> String {
        let document = self.json();
        let kind = document["type"].as_str().unwrap_or("no problem");
        kind.trim_start_matches("urn:stepgate:").to_owned()
    }

    /// The `name=value` of a cookie that it sets.
    pub fn cookie(&self, name: &str) -> String {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.filter_map(|line| line.split(';').next());
        pairs.find(|pair| pair.split('=').next() == Some(name)).expect("the cookie is set").to_owned()
    }
}

impl Sender {
    pub fn of(gate: &TestGate) -> Self {
        install_crypto();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, base: gate.url("") }
    }

    /// Sends these lines and bytes, and nothing else that matters.
    pub async fn send(&self, method: &str, target: &str, lines: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{target}", self.base)).body(body.into());
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.unwrap() }
    }

    /// Posts JSON as a page of ours does.
    pub async fn call(&self, target: &str, cookies: &str, body: &Value) -> Answer {
        let lines = [("cookie", cookies), ("origin", &self.base), ("content-type", "application/json")];
        self.send("POST", target, &lines, body.to_string()).await
    }

    /// Logs in at the site; the session cookie as sent.
    pub async fn log_in(&self, username: &str) -> String {
        let form = format!("username={username}&password={PASSWORD}");
        let lines = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", "/login", &lines, form).await.cookie(SESSION_COOKIE)
    }
}
