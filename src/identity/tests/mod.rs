//! A request, a site and a store to try the sources with.

mod header;
mod introspection;
mod jwt;
mod login;
mod profile;
mod watch;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Mutex,
    time::Duration,
};

use async_trait::async_trait;
use axum::{extract::State, response::IntoResponse};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use zeroize::Zeroizing;

use super::{settings::*, *};
use crate::{
    clock::{ManualClock, UnixTime},
    metrics::BuildInfo,
    request::{AnswerCookies, Head, Scheme},
    secret::SymmetricKey,
    store::{Remembered, StoreError, Watch},
    target::Target,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

/// A request that lives as long as its head.
struct Request {
    method: Method,
    target: Target,
    headers: HeaderMap,
    peer: IpAddr,
    answer_cookies: AnswerCookies,
}

impl Request {
    fn get(target: &str) -> Self {
        let target = Target::parse(target.as_bytes()).unwrap();
        Self {
            method: Method::GET,
            target,
            headers: HeaderMap::new(),
            peer: Ipv4Addr::LOCALHOST.into(),
            answer_cookies: AnswerCookies::default(),
        }
    }

    fn post(target: &str) -> Self {
        Self { method: Method::POST, ..Self::get(target) }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    fn sent_by(self, peer: [u8; 4]) -> Self {
        Self { peer: peer.into(), ..self }
    }

    fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            target: &self.target,
            host: "play.example",
            scheme: Scheme::Https,
            version: http::Version::HTTP_11,
            headers: &self.headers,
            client: Ipv4Addr::new(203, 0, 113, 9).into(),
            peer: self.peer,
            answer_cookies: &self.answer_cookies,
        }
    }
}

fn cookie(value: &str) -> Request {
    Request::get("/wallet").with("cookie", value)
}

/// Log-ins that are remembered in a map.
#[derive(Default)]
struct InMemory(Mutex<HashMap<[u8; 32], Row>>);

/// Whose it is, or that it is watched; until when.
type Row = (Option<Subject>, UnixTime);

#[async_trait]
impl LoginBindings for InMemory {
    async fn bind(&self, session: [u8; 32], subject: &Subject, expires_at: UnixTime) -> Result<(), StoreError> {
        self.0.lock().unwrap().insert(session, (Some(subject.clone()), expires_at));
        Ok(())
    }
    async fn subject(&self, session: [u8; 32], now: UnixTime) -> Result<Option<Subject>, StoreError> {
        Ok(match self.remembered(session, now).await? {
            Some(Remembered::Of(subject)) => Some(subject),
            Some(Remembered::Watched { .. }) | None => None,
        })
    }
    async fn void(&self, session: [u8; 32]) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(&session);
        Ok(())
    }
    async fn remembered(&self, session: [u8; 32], now: UnixTime) -> Result<Option<Remembered>, StoreError> {
        let known = self.0.lock().unwrap().get(&session).cloned();
        let remembered = |(subject, until): Row| subject.map_or(Remembered::Watched { until }, Remembered::Of);
        Ok(known.filter(|(_, end)| *end > now).map(remembered))
    }
    async fn watch(&self, session: [u8; 32], until: UnixTime, now: UnixTime) -> Result<Option<Watch>, StoreError> {
        let mut known = self.0.lock().unwrap();
        let before = match known.get(&session).filter(|(_, end)| *end > now) {
            Some((Some(_), _)) => return Ok(None),
            Some((None, end)) => Some(*end),
            None => None,
        };
        let until = before.map_or(until, |before| until.max(before.plus(Duration::from_millis(1))));
        known.insert(session, (None, until));
        Ok(Some(Watch { until, before }))
    }
    async fn cut_watch(&self, session: [u8; 32], until: UnixTime, to: Option<UnixTime>) -> Result<(), StoreError> {
        let mut known = self.0.lock().unwrap();
        if known.get(&session) == Some(&(None, until)) {
            match to {
                Some(to) => known.insert(session, (None, to.min(until))),
                None => known.remove(&session),
            };
        }
        Ok(())
    }
    async fn sweep_logins(&self, now: UnixTime) -> Result<u64, StoreError> {
        let mut known = self.0.lock().unwrap();
        let before = known.len();
        known.retain(|_, (_, end)| *end > now);
        Ok((before - known.len()) as u64)
    }
}

/// A clock at [`NOW`] and ports on it.
fn ports() -> (Arc<ManualClock>, Ports) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Arc::new(ManualClock::at(NOW));
    let key = SymmetricKey { id: "h".into(), bytes: Zeroizing::new([1; 32]) };
    let ports = Ports {
        metrics: Arc::new(Metrics::new(BuildInfo { version: "0", revision: "unknown" }).unwrap()),
        hasher: Hasher::new(key),
        logins: Arc::new(InMemory::default()),
        clock: clock.clone(),
        http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap(),
        other_credentials: vec!["remember_me".into()],
        login_cookie: "__Host-stepgate-login",
    };
    (clock, ports)
}

fn sources(settings: Vec<SourceSettings>) -> Sources {
    Sources::build(settings, ports().1).unwrap()
}

/// What the site answers to each session, and what it was asked with.
#[derive(Default)]
struct Site {
    answers: Mutex<HashMap<String, (u16, String)>>,
    asked: Mutex<Vec<HeaderMap>>,
}

impl Site {
    /// Serves on a free port; the address of its only page.
    async fn serve(self: &Arc<Self>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new().route("/me", axum::routing::get(me)).with_state(Arc::clone(self));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        format!("http://{address}/me")
    }

    fn says(&self, session: &str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(session.into(), (status, body.into()));
    }

    fn knows(&self, session: &str, id: &str) {
        self.says(session, 200, &format!(r#"{{"user":{{"id":"{id}","phone":"+62811"}}}}"#));
    }

    fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn me(State(site): State<Arc<Site>>, headers: HeaderMap) -> impl IntoResponse {
    site.asked.lock().unwrap().push(headers.clone());
    let session = crate::request::cookie(&headers, "sid").unwrap().unwrap_or("").to_owned();
    let (status, body) = site.answers.lock().unwrap().get(&session).cloned().unwrap_or((401, String::new()));
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")], body)
}

fn asked_at(url: &str) -> IntrospectionSettings {
    IntrospectionSettings {
        credential: Credential::Cookies(vec!["sid".into()]),
        url: url.into(),
        cache: Duration::from_secs(2),
        deadline: Duration::from_secs(2),
        max_answer: 4096,
        subject: Extract::Json("/user/id".into()),
        anonymous: Some(regex::Regex::new("^guest$").unwrap()),
        claims: ClaimPlaces { phone: Some(Extract::Json("/user/phone".into())), ..ClaimPlaces::default() },
        bind: Bind::Value,
    }
}

async fn who(sources: &Sources, request: &Request) -> Result<Who, IdentityError> {
    sources.who(&request.head(), Freshness::Cached).await
}

async fn player(sources: &Sources, request: &Request) -> Player {
    match who(sources, request).await.unwrap() {
        Who::Player(player) => player,
        Who::Nobody => panic!("nobody"),
    }
}
