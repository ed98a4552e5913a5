//! The `introspection` source: the site is asked, with the player's own credentials.
//!
//! 2xx is an answer. 3xx, 401 and 403 say that nobody is logged in: sites send visitors to their
//! log-in page or refuse them; a redirect is never followed. Everything else is no answer at all.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header};
use moka::future::Cache;

use super::{
    Freshness, IdentityError, Ports, Testimony,
    carrier::{only_header, retain_cookies},
    extract::{Answer, Extracted},
    settings::{Extract, IntrospectionSettings},
};
use crate::{
    clock::UnixTime,
    request::{Head, Subject},
};

/// Answers that are kept at most.
const CACHED: u64 = 16_384;

/// What the site said, and when it was asked; `None`: nobody.
type Remembered = (UnixTime, Option<Testimony>);

/// A site that is asked.
pub(super) struct Introspection {
    pub(super) settings: IntrospectionSettings,
    source_name: &'static str,
    ports: Arc<Ports>,
    /// By keyed hash over the credentials. Equal questions at the same time are asked once.
    answers: Cache<[u8; 32], Remembered>,
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Introspection {
    /// Asks as `source_name`: `introspection`, or `login` for its confirm call.
    pub(super) fn new(settings: IntrospectionSettings, source_name: &'static str, ports: Arc<Ports>) -> Self {
        let kept = settings.cache.max(Duration::from_secs(1));
        let answers = Cache::builder().max_capacity(CACHED).time_to_live(kept).build();
        Self { settings, source_name, ports, answers }
    }

    /// Whom the site names for this request's credentials; `None`: nobody.
    pub(super) async fn ask(&self, head: &Head<'_>, freshness: Freshness) -> Result<Option<Testimony>, IdentityError> {
        let credentials = credentials(head)?;
        let key = self.key(&credentials);
        let now = self.ports.clock.now();
        match freshness {
            Freshness::Anew => {
                let said = self.fetch(head, credentials).await?;
                self.answers.insert(key, (now, said.clone())).await;
                Ok(said)
            }
            Freshness::Cached => {
                let stale = |(at, _): &Remembered| now.since(*at) >= self.settings.cache;
                if self.answers.get(&key).await.is_some_and(|remembered| stale(&remembered)) {
                    self.answers.invalidate(&key).await;
                }
                let asked = async { Ok((now, self.fetch(head, credentials).await?)) };
                let answered = self.answers.try_get_with(key, asked).await;
                answered.map(|(_, said)| said).map_err(|error: Arc<IdentityError>| (*error).clone())
            }
        }
    }

    /// Over all that the site may know the player by, not only the session's cookies (decisions 3).
    fn key(&self, credentials: &HeaderMap) -> [u8; 32] {
        let of = |name| credentials.get(name).map_or(&[][..], HeaderValue::as_bytes);
        self.ports
            .hasher
            .hash("introspection", &[of(header::COOKIE), of(header::AUTHORIZATION), of(header::USER_AGENT)])
    }

    async fn fetch(&self, head: &Head<'_>, credentials: HeaderMap) -> Result<Option<Testimony>, IdentityError> {
        let authorization = only_header(head.headers, header::AUTHORIZATION.as_str())?;
        let mut request = self.ports.http.get(&self.settings.url).timeout(self.settings.deadline).headers(credentials);
        request = request
            .header("x-forwarded-for", head.client.to_string())
            .header("x-forwarded-proto", head.scheme.as_str())
            .header("x-forwarded-host", head.host);
        if matches!(self.settings.subject, Extract::Json(_)) {
            // Many frameworks choose by it between 401 and a log-in page.
            request = request.header(header::ACCEPT, "application/json");
        }
        let response = request.send().await.map_err(|error| self.unavailable(describe(&error)))?;
        let status = response.status();
        if status.is_redirection() || matches!(status.as_u16(), 401 | 403) {
            hand_on(head, response.headers());
            return Ok(None);
        }
        if !status.is_success() {
            return Err(self.unavailable(&format!("status {}", status.as_u16())));
        }
        let headers = response.headers().clone();
        hand_on(head, &headers);
        let body = read_at_most(response, self.settings.max_answer).await.map_err(|why| self.unavailable(why))?;
        let json = serde_json::from_slice(&body).ok();
        self.said(&Answer { headers: &headers, body: &body, json, authorization })
    }

    fn said(&self, answer: &Answer<'_>) -> Result<Option<Testimony>, IdentityError> {
        let subject = match answer.read(&self.settings.subject) {
            Extracted::Text(subject) => subject,
            Extracted::Nothing => return Ok(None),
            Extracted::Odd(why) => return Err(self.unavailable(why)),
        };
        if self.settings.anonymous.as_ref().is_some_and(|anonymous| anonymous.is_match(&subject)) {
            return Ok(None);
        }
        let subject = Subject::parse(&subject).map_err(|bad| self.unavailable(&bad.to_string()))?;
        Ok(Some(Testimony { subject, claims: answer.claims(&self.settings.claims) }))
    }

    fn unavailable(&self, detail: &str) -> IdentityError {
        IdentityError::Unavailable { source_name: self.source_name, detail: detail.to_owned() }
    }
}

/// The body of an answer; why there is none.
pub(super) async fn read_at_most(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| describe(&error))? {
        if body.len() + chunk.len() > most {
            return Err("the answer is too large");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What the site is asked with: the player's cookies without ours, Authorization and User-Agent.
fn credentials(head: &Head<'_>) -> Result<HeaderMap, IdentityError> {
    let mut credentials = HeaderMap::new();
    for name in [header::COOKIE, header::AUTHORIZATION, header::USER_AGENT] {
        let mut values = head.headers.get_all(&name).iter();
        let (value, None) = (values.next(), values.next()) else {
            return Err(super::carrier::ambiguous("a credential header is repeated"));
        };
        if let Some(value) = value {
            credentials.insert(name, value.clone());
        }
    }
    retain_cookies(&mut credentials, is_ours);
    Ok(credentials)
}

/// Gives the site's cookies to whoever answers the player, as if the player had asked; none of our
/// names (decisions 3, 32).
fn hand_on(head: &Head<'_>, answer: &HeaderMap) {
    for line in answer.get_all(header::SET_COOKIE) {
        if !is_ours(line.as_bytes()) {
            head.answer_cookies.hand_on(line.clone());
        }
    }
}

/// Whether a cookie is one of stepgate's own, whatever its prefix or case.
fn is_ours(name: &[u8]) -> bool {
    let name = name.trim_ascii().to_ascii_lowercase();
    let bare = [&b"__host-"[..], b"__secure-"].iter().find_map(|prefix| name.strip_prefix(*prefix));
    bare.unwrap_or(&name).starts_with(b"stepgate")
}

/// What went wrong, without the address, which may hold secrets.
pub(super) fn describe(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        return "it did not answer in time";
    }
    if error.is_connect() {
        return "no connection";
    }
    "the exchange broke off"
}
