//! A player with a browser or an API client: presses, waits where told to, and starts over when stopped.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use stepgate::{
    clock::Clock,
    factor::app,
    request::Subject,
    secret::Token,
    store::{self, BackupCodeRecord, Edit, PlayerState},
    web::Reply,
};
use tower::ServiceExt;

use super::world::{ORIGIN, Request, SITE_SECRET, START, World};
use crate::kit::answered::{Answer, Stopped};

pub const STEP: Duration = Duration::from_secs(30);
const FORM: &str = "application/x-www-form-urlencoded";

/// What a player does who is told that the service is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Sends the same once more.
    PressesAgain,
    /// Starts over.
    StartsOver,
}

/// A player of one run.
#[derive(Clone)]
pub struct Player {
    pub world: Arc<World>,
    pub name: String,
    pub number: String,
    pub secret: Option<app::Secret>,
    /// Backup codes as they were shown last.
    pub codes: Vec<String>,
    pub patience: Patience,
    pub jar: BTreeMap<String, String>,
    logins: u32,
    /// The link of a notice, and what was proven and opened before it was followed: an approval, and the
    /// address of a challenge.
    pub link: String,
    pub earlier: (String, String),
    /// Whether it was told that the service is unavailable.
    pub told: bool,
}

impl Player {
    /// A player without a factor, logged in.
    pub fn new(world: &Arc<World>, patience: Patience) -> Self {
        let number = world.players.fetch_add(1, Ordering::Relaxed);
        let mut player = Self {
            world: Arc::clone(world),
            name: format!("ayu{number}"),
            number: format!("+62812345{number:05}"),
            secret: None,
            codes: Vec::new(),
            patience,
            jar: BTreeMap::new(),
            logins: 0,
            link: String::new(),
            earlier: Default::default(),
            told: false,
        };
        player.log_in();
        player
    }

    pub fn subject(&self) -> Subject {
        Subject::parse(&self.name).unwrap()
    }

    /// Another log-in at the site; our cookies stay.
    pub fn log_in(&mut self) {
        self.logins += 1;
        let claims = json!({
            "sub": self.name, "sid": format!("{}-{}", self.name, self.logins), "exp": START.secs() + 365 * 86_400,
            "phone": self.number, "phone_since": "2020-01-01T00:00:00Z", "email": format!("{}@play.example", self.name),
        });
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let message = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string()));
        let key = jsonwebtoken::EncodingKey::from_secret(SITE_SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
        self.jar.insert("session".to_owned(), format!("{message}.{signature}"));
    }

    /// Has an app that is active, and two backup codes.
    pub async fn with_app(mut self) -> Self {
        let uri = self.world.flow.seed_app_factor(&self.name, "Play").await.unwrap();
        let (_, secret) = uri.split_once("secret=").unwrap();
        self.keep_secret(&secret[..32]);
        // Every player gets the same codes: to hash them takes long.
        let set = self.world.codes.iter();
        let kept = set.map(|(_, record)| BackupCodeRecord { id: stepgate::secret::public_id(), ..record.clone() });
        self.apply(&[Edit::ReplaceBackupCodes(kept.collect())]).await;
        self.codes = self.world.codes.iter().map(|(shown, _)| shown.clone()).collect();
        self
    }

    /// Has a number that is active.
    pub async fn with_sms(self) -> Self {
        self.world.flow.seed_sms_factor(&self.name, &self.number).await.unwrap();
        self
    }

    pub async fn apply(&self, edits: &[Edit]) {
        let applied = self.world.flow.stores.accounts.apply(&self.subject(), edits).await.unwrap();
        assert_eq!(applied, store::Applied::Done);
    }

    /// A link that freezes the account for an event of now.
    pub async fn offered_freeze(&self) -> String {
        let (token, now) = (Token::random(), self.world.clock.now());
        let expires_at = now.plus(Duration::from_secs(86_400));
        self.apply(&[Edit::OfferFreeze { token: token.hash(), event_at: now, expires_at }]).await;
        token.reveal().to_owned()
    }

    /// The cookie by which the site knows it.
    pub fn cookie(&self) -> String {
        self.jar.get("session").or(self.jar.get("sid")).cloned().unwrap_or_default()
    }

    pub async fn state(&self) -> PlayerState {
        self.world.flow.stores.accounts.player(&self.subject()).await.unwrap()
    }

    pub fn keep_secret(&mut self, base32: &str) {
        let bytes = BASE32_NOPAD.decode(base32.as_bytes()).unwrap();
        self.secret = app::Secret::from_bytes(&bytes);
    }

    /// The next code that the app shows.
    pub fn app_code(&self) -> String {
        self.world.clock.advance(STEP);
        let step = app::step_of(self.world.clock.now());
        self.secret.as_ref().unwrap().code_at(step).unwrap().reveal().to_string()
    }

    /// The code of the step after, which is accepted already.
    pub fn next_app_code(&self) -> String {
        let step = app::step_of(self.world.clock.now()) + 1;
        self.secret.as_ref().unwrap().code_at(step).unwrap().reveal().to_string()
    }

    /// Presses the button that sends a code, after the wait that it is told of; the code.
    pub async fn sent_code(&mut self, target: &str, document: &Value) -> Result<String, Stopped> {
        if let Some(courier) = &self.world.courier {
            courier.before();
        }
        let mut answer = self.call(Method::POST, target, document, &[]).await;
        if let Some(courier) = &self.world.courier {
            courier.after();
        }
        let presses_again = answer.status == 503 && self.patience == Patience::PressesAgain;
        if answer.status == 429 || presses_again {
            self.world.clock.advance(STEP);
            answer = self.call(Method::POST, target, document, &[]).await;
        }
        answer.expect(202)?;
        self.world.code_sent_to(&self.number).ok_or_else(|| Stopped("nothing was carried".to_owned()))
    }

    /// A call of the JSON API, or of the site's.
    pub async fn call(&mut self, method: Method, target: &str, body: &Value, lines: &[(&str, &str)]) -> Answer {
        let body = if method == Method::POST { body.to_string() } else { String::new() };
        let mut headers: HeaderMap = [(header::ORIGIN, HeaderValue::from_static(ORIGIN))].into_iter().collect();
        if method == Method::POST {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in lines {
            headers.insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        self.send(method, target, headers, body).await
    }

    /// A navigation.
    pub async fn visit(&mut self, target: &str) -> Answer {
        self.send(Method::GET, target, navigation(), String::new()).await
    }

    /// A form's post.
    pub async fn submit(&mut self, target: &str, form: &str) -> Answer {
        let mut headers = navigation();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORM));
        self.send(Method::POST, target, headers, form.to_owned()).await
    }

    async fn send(&mut self, method: Method, target: &str, headers: HeaderMap, body: String) -> Answer {
        let request = Request { method, target: target.to_owned(), headers, body: body.into_bytes() };
        let answer = self.once(&request).await;
        if answer.status == 503 && self.patience == Patience::PressesAgain {
            return self.once(&request).await;
        }
        answer
    }

    async fn once(&mut self, request: &Request) -> Answer {
        let mut request = request.clone();
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        let before = self.world.received(&request.target, &self.cookie());
        let reply = if request.target.starts_with("/.stepgate") {
            let answer = self.world.portal.clone().oneshot(self.world.portal_request(&request)).await.unwrap();
            let (parts, body) = answer.into_parts();
            Reply::from_parts(parts, body.collect().await.unwrap().to_bytes())
        } else {
            self.world.send(&request).await
        };
        let (parts, body) = reply.into_parts();
        let asked = format!("{} {}", request.method, request.target);
        let text = String::from_utf8(body.to_vec()).unwrap();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, text, asked };
        if parts.status.is_server_error() {
            self.told = true;
            is_clear(&answer);
            let after = self.world.received(&request.target, &self.cookie());
            assert_eq!(before, after, "{}: the site was reached", answer.asked);
        }
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// A stated problem that says when to come back, and gives nothing.
fn is_clear(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE.as_u16(), "{answer:?}");
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{answer:?}");
    let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
    let stated = match kind {
        "application/problem+json" => answer.json()["type"] == "urn:stepgate:unavailable",
        _ => kind.starts_with("text/html") && answer.text.contains("<h1>"),
    };
    assert!(stated, "{answer:?}");
    assert!(answer.headers.get(header::SET_COOKIE).is_none(), "nothing is given: {answer:?}");
    assert!(!answer.text.contains("\"approval\"") && !answer.text.contains("stepgate_resume"), "{answer:?}");
}

fn navigation() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_static(ORIGIN));
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers
}
