//! A player with a browser or an API client before the real process; each answer is judged as it comes.

use std::collections::BTreeMap;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use http::{Method, header};
use serde_json::{Value, json};
use stepgate::{
    factor::app,
    request::Subject,
    secret::public_id,
    store::{Applied, BackupCodeRecord, Edit, PlayerState},
};

use super::world::{SITE_SECRET, World};
use crate::kit::answered::{Answer, Stopped};

const FORM: &str = "application/x-www-form-urlencoded";

/// A player of one run.
pub struct Player<'w> {
    pub world: &'w World,
    pub name: String,
    pub number: String,
    secret: Option<app::Secret>,
    /// The step of the code that was typed last.
    step: i64,
    /// Backup codes that were not typed.
    pub codes: Vec<String>,
    pub jar: BTreeMap<String, String>,
    /// The resume form or the approval that a request went on by.
    pub spent: String,
    /// What was answered to the request in which something failed.
    pub struck: Option<u16>,
}

impl<'w> Player<'w> {
    /// A player without a factor, logged in.
    pub fn new(world: &'w World) -> Self {
        let number = world.next();
        let mut player = Self {
            world,
            name: format!("ayu{number}"),
            number: format!("+62812345{number:05}"),
            secret: None,
            step: -1,
            codes: Vec::new(),
            jar: BTreeMap::new(),
            spent: String::new(),
            struck: None,
        };
        player.log_in();
        player
    }

    /// A log-in at the site.
    fn log_in(&mut self) {
        let claims = json!({
            "sub": self.name, "sid": format!("{}-1", self.name), "exp": self.world.flow.clock.now().secs() + 86_400,
            "phone": self.number, "phone_since": "2020-01-01T00:00:00Z",
        });
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let message = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string()));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SITE_SECRET.as_bytes());
        let signature = BASE64URL_NOPAD.encode(ring::hmac::sign(&key, message.as_bytes()).as_ref());
        self.jar.insert("session".to_owned(), format!("{message}.{signature}"));
    }

    /// Has an app that is active, and two backup codes.
    pub async fn with_app(mut self) -> Self {
        let uri = self.world.flow.seed_app_factor(&self.name, "Play").await.unwrap();
        let (_, secret) = uri.split_once("secret=").unwrap();
        self.keep_secret(&secret[..32]);
        let set = self.world.codes.iter();
        let kept = set.map(|(_, record)| BackupCodeRecord { id: public_id(), ..record.clone() });
        let edits = [Edit::ReplaceBackupCodes(kept.collect())];
        let applied = self.world.flow.stores.accounts.apply(&self.subject(), &edits).await.unwrap();
        assert_eq!(applied, Applied::Done);
        self.codes = self.world.codes.iter().map(|(shown, _)| shown.clone()).collect();
        self
    }

    /// Has a number that is active.
    pub async fn with_sms(self) -> Self {
        self.world.flow.seed_sms_factor(&self.name, &self.number).await.unwrap();
        self
    }

    fn subject(&self) -> Subject {
        Subject::parse(&self.name).unwrap()
    }

    /// What the database has of it.
    pub async fn state(&self) -> PlayerState {
        self.world.flow.stores.accounts.player(&self.subject()).await.unwrap()
    }

    pub fn keep_secret(&mut self, base32: &str) {
        self.secret = app::Secret::from_bytes(&BASE32_NOPAD.decode(base32.as_bytes()).unwrap());
    }

    /// A code that was not typed yet, of this step or the next.
    pub fn app_code(&mut self) -> String {
        let now = app::step_of(self.world.flow.clock.now());
        self.step = now.max(self.step + 1);
        assert!(self.step <= now + 1, "a journey takes two codes at most");
        self.last_app_code()
    }

    /// The code that was typed last.
    pub fn last_app_code(&self) -> String {
        self.secret.as_ref().unwrap().code_at(self.step).unwrap().reveal().to_string()
    }

    /// Presses the button that sends a code; the code that arrives.
    pub async fn sent_code(&mut self, target: &str, document: &Value) -> Result<String, Stopped> {
        self.call(Method::POST, target, document, &[]).await.expect(202)?;
        self.world.courier.code_sent_to(&self.number).ok_or_else(|| Stopped("nothing was carried".to_owned()))
    }

    /// A call of the JSON API, or of the site's.
    pub async fn call(&mut self, method: Method, target: &str, body: &Value, lines: &[(&str, &str)]) -> Answer {
        let is_post = method == Method::POST;
        let mut lines = lines.to_vec();
        if is_post {
            lines.push(("content-type", "application/json"));
        }
        self.send(method, target, &lines, if is_post { body.to_string() } else { String::new() }).await
    }

    /// A navigation.
    pub async fn visit(&mut self, target: &str) -> Answer {
        self.send(Method::GET, target, &NAVIGATION, String::new()).await
    }

    /// A form's post.
    pub async fn submit(&mut self, target: &str, form: &str) -> Answer {
        let lines = [&NAVIGATION[..], &[("content-type", FORM)]].concat();
        self.send(Method::POST, target, &lines, form.to_owned()).await
    }

    async fn send(&mut self, method: Method, target: &str, lines: &[(&str, &str)], body: String) -> Answer {
        let world = self.world;
        let asked = format!("{method} {target}");
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = world.client.request(method, world.gate.url(target)).header("cookie", cookies.join("; "));
        request = request.header("origin", world.gate.url(""));
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let (had_failed, bytes) = (world.has_failed(), world.site.bytes());
        let answer = request.body(body).send().await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let answer = Answer { status, headers, text: answer.text().await.unwrap(), asked };
        if !had_failed && world.has_failed() {
            self.struck = Some(status);
        }
        if status >= 500 {
            is_clear(&answer);
            assert_eq!(world.site.bytes(), bytes, "{}: the site was sent something", answer.asked);
        }
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

const NAVIGATION: [(&str, &str); 3] =
    [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")];

/// A stated problem that says when to come back, and gives nothing.
fn is_clear(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{answer:?}");
    let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
    let stated = match kind {
        "application/problem+json" => answer.json()["type"] == "urn:stepgate:unavailable",
        _ => kind.starts_with("text/html") && answer.text.contains("<h1>") && answer.text.contains("<p>"),
    };
    assert!(stated, "{answer:?}");
    assert!(answer.headers.get(header::SET_COOKIE).is_none(), "nothing is given: {answer:?}");
    assert!(!answer.headers.contains_key("stepgate-stamp"), "nothing is given: {answer:?}");
    assert!(!answer.text.contains("\"approval\"") && !answer.text.contains("stepgate_resume"), "{answer:?}");
}
