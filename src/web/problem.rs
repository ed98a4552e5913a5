//! The one map from what went wrong to status and code (RFC 9457).

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::{
    clock::UnixTime,
    flow::{FlowError, RuleSet},
    identity::IdentityError,
    policy::{FactorKind, Requirement},
    store::{Challenge, shared::Level},
    web::{Reply, Shell, Wants},
    words::Value as Word,
};

/// What answers a request that is not forwarded.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static str,
    status: StatusCode,
    title: &'static str,
    detail: Cow<'static, str>,
    /// The message of a page's title, where it is not that of the kind; `-text` goes on from it.
    told: Option<&'static str>,
    retry_after: Option<Duration>,
    authenticate: Option<String>,
    allow: Option<&'static str>,
    members: Map<String, Value>,
}

impl Problem {
    fn new(kind: &'static str, status: StatusCode, title: &'static str) -> Self {
        Self {
            kind,
            status,
            title,
            detail: Cow::Borrowed(""),
            told: None,
            retry_after: None,
            authenticate: None,
            allow: None,
            members: Map::new(),
        }
    }

    fn because(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// 400: the request cannot be understood.
    #[must_use]
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new("bad-request", StatusCode::BAD_REQUEST, "This request cannot be understood").because(detail)
    }

    /// The same for a method that is refused on every address (RFC 9110 §15.5.6 wants to hear of others).
    #[must_use]
    pub fn method_refused() -> Self {
        Self { allow: Some("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), ..Self::method_not_allowed() }
    }

    /// 403: the request is refused.
    #[must_use]
    pub fn denied(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new("denied", StatusCode::FORBIDDEN, "This is not allowed").because(detail)
    }

    /// 404, within our own pages.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new("not-found", StatusCode::NOT_FOUND, "There is no such page")
    }

    /// 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "This method is not allowed")
    }

    /// 408: its body came too slowly.
    #[must_use]
    pub fn too_slow() -> Self {
        Self::new("too-slow", StatusCode::REQUEST_TIMEOUT, "This request came too slowly")
    }

    /// 413: the body is too large to be looked at or kept.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new("too-large", StatusCode::PAYLOAD_TOO_LARGE, "This request is too large")
            .because("at most 64 KiB can be looked at")
    }

    /// 415: the body cannot be read, and so not be approved.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new("unsupported-media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "This content type cannot be approved")
    }

    /// 415: a page or call of ours takes another media type.
    #[must_use]
    pub fn media_type(taken: &'static str) -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new("unsupported-media-type", status, "This content type is not taken here")
            .because(format!("send {taken} in UTF-8, not encoded"))
    }

    /// 421: the host is none of the site's.
    #[must_use]
    pub fn misdirected() -> Self {
        Self::new("misdirected", StatusCode::MISDIRECTED_REQUEST, "This site is not served here")
    }

    /// 431.
    #[must_use]
    pub fn header_too_large() -> Self {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        Self::new("header-too-large", status, "The request's headers are too large")
    }

    /// 502: the site answered badly or not at all.
    #[must_use]
    pub fn bad_gateway() -> Self {
        Self::new("bad-gateway", StatusCode::BAD_GATEWAY, "The site did not answer")
    }

    /// 504: the site was too slow.
    #[must_use]
    pub fn gateway_timeout() -> Self {
        Self::new("gateway-timeout", StatusCode::GATEWAY_TIMEOUT, "The site took too long to answer")
    }

    /// 502 after a request that is sent once only: it is not sent again.
    #[must_use]
    pub fn unknown_result() -> Self {
        Self::new("unknown-result", StatusCode::BAD_GATEWAY, "We do not know whether this was done")
            .because("Your request was sent once and no answer came back. Look at your account before you repeat it.")
    }

    /// 503: something that the decision needs is not there.
    #[must_use]
    pub fn unavailable(retry_after: Duration) -> Self {
        let problem = Self::new("unavailable", StatusCode::SERVICE_UNAVAILABLE, "This is not possible right now")
            .because("Please try again in a moment.");
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 401 with the open challenge (RFC 9470 §3).
    #[must_use]
    pub fn challenge(rules: &RuleSet, challenge: &Challenge, methods: &[FactorKind], now: UnixTime) -> Self {
        let mut problem = Self::new("second-factor-required", StatusCode::UNAUTHORIZED, "A second factor is required");
        let require = match challenge.level {
            Level::Session => "session",
            Level::Fresh => "fresh",
            Level::Once | Level::Change(_) => "once",
        };
        let max_age = rules.routes.named(&challenge.route).map(|route| route.require);
        let max_age = match max_age {
            Some(Requirement::Fresh { max_age }) => format!(", max_age={}", max_age.as_secs()),
            Some(Requirement::Once) => ", max_age=0".to_owned(),
            None if matches!(challenge.level, Level::Change(_)) => ", max_age=0".to_owned(),
            Some(Requirement::None | Requirement::Session) | None => String::new(),
        };
        problem.authenticate = Some(format!(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"A second factor is required\"{max_age}"
        ));
        let details: Vec<Value> =
            challenge.details.iter().map(|(label, value)| json!({ "label": label, "value": value })).collect();
        problem.members.insert("route".into(), json!(challenge.route));
        problem.members.insert("require".into(), json!(require));
        let document = json!({
            "id": challenge.id,
            "verify": format!("{}/api/challenges/{}/verify", rules.portal_prefix, challenge.id),
            "methods": methods,
            "expires_in": challenge.expires_at.since(now).as_secs(),
            "details": details,
        });
        problem.members.insert("challenge".into(), document);
        problem
    }

    /// 422: the code is not right, or no longer.
    fn code_rejected(clock_is_slow: bool) -> Self {
        let problem = Self::new("code-rejected", StatusCode::UNPROCESSABLE_ENTITY, "This code was not accepted");
        if !clock_is_slow {
            return problem.because("Wait for the next code and try again.");
        }
        let told = Some("problem-code-rejected-clock");
        Self { told, ..problem.because("The code is too old. Check that the clock of your phone is right.") }
    }

    /// The same for a code that was sent or saved: no next one comes by itself.
    #[must_use]
    pub fn about(self, kind: FactorKind) -> Self {
        match kind {
            FactorKind::Sms | FactorKind::BackupCode if self.kind == "code-rejected" => {
                Self { told: Some("problem-code-rejected-typed"), ..self }
            }
            FactorKind::App | FactorKind::Sms | FactorKind::BackupCode => self,
        }
    }

    /// A refusal until a moment, with the seconds from `now`.
    fn until(self, until: UnixTime, now: UnixTime) -> Self {
        Self { retry_after: Some(until.since(now).max(Duration::from_secs(1))), ..self }
    }

    /// 429: too many wrong codes from the network.
    fn network_paused(until: UnixTime, now: UnixTime) -> Self {
        Self {
            told: Some("problem-network-paused"),
            ..Self::new("too-many-attempts", StatusCode::TOO_MANY_REQUESTS, "Too many wrong codes from your network")
                .because("Wait a little, or use another method.")
                .until(until, now)
        }
    }

    /// 429: no code is sent by SMS now.
    fn sms_closed(until: UnixTime, now: UnixTime) -> Self {
        Self {
            told: Some("problem-not-sent"),
            ..Self::new("too-many-attempts", StatusCode::TOO_MANY_REQUESTS, "No code is sent by SMS now")
                .because("Use another method, or wait.")
                .until(until, now)
        }
    }

    /// 403: another factor must be proven.
    fn exhausted() -> Self {
        Self {
            told: Some("problem-exhausted"),
            ..Self::denied("too many wrong codes: use another method or a backup code")
        }
    }

    /// 403: codes go to no such number.
    fn number_refused() -> Self {
        Self {
            told: Some("problem-number-refused"),
            ..Self::denied("codes are not sent to this number: use another method")
        }
    }

    /// The problem of a use case's error; waits are counted from `now`.
    #[must_use]
    pub fn of(error: &FlowError, rules: &RuleSet, now: UnixTime) -> Self {
        match error {
            FlowError::Store(_) => Self::unavailable(Duration::from_secs(5)),
            FlowError::Identity(IdentityError::Ambiguous(detail)) => Self::bad_request(detail.clone()),
            FlowError::Identity(IdentityError::Rejected { .. }) | FlowError::Anonymous => {
                Self::new("anonymous", StatusCode::UNAUTHORIZED, "Please log in first")
                    .because("Log in at the site, then try again.")
            }
            FlowError::Identity(IdentityError::Unavailable { .. }) => Self::unavailable(Duration::from_secs(5)),
            FlowError::Gone => Self::new("challenge-gone", StatusCode::GONE, "This question is gone")
                .because("It was answered, has expired, or belongs to another log-in. Please begin again."),
            FlowError::CodeRejected { clock_is_slow } => Self::code_rejected(*clock_is_slow),
            FlowError::TooManyAttempts { until } => {
                Self::new("too-many-attempts", StatusCode::TOO_MANY_REQUESTS, "Too many wrong codes")
                    .because("Wait a little, then try again.")
                    .until(*until, now)
            }
            FlowError::NetworkPaused { until } => Self::network_paused(*until, now),
            FlowError::Exhausted => Self::exhausted(),
            FlowError::NumberRefused => Self::number_refused(),
            FlowError::SmsClosed { until } => Self::sms_closed(*until, now),
            FlowError::MethodUnavailable => Self::bad_request("this method cannot be used here"),
            FlowError::EnrolmentRequired => {
                Self::new("enrolment-required", StatusCode::FORBIDDEN, "A second factor must be set up first")
            }
            FlowError::Denied(detail) => Self::denied(*detail),
            FlowError::CoolingDown { until } => {
                Self::new("cooling-down", StatusCode::FORBIDDEN, "This is not open yet")
                    .because("The second factor or the account was changed lately. For your safety this opens later.")
                    .until(*until, now)
            }
            FlowError::ProofRequired(asked) => Self::challenge(rules, &asked.challenge, &asked.methods, now),
            FlowError::Frozen => Self::new("frozen", StatusCode::FORBIDDEN, "The account is frozen")
                .because("Its owner froze it. Support, or a factor from before, opens it again."),
            FlowError::SendPaused { until } => Self {
                told: Some("problem-send-paused"),
                ..Self::new("too-many-attempts", StatusCode::TOO_MANY_REQUESTS, "Another code cannot be sent yet")
                    .because("Wait a little, or use another method.")
                    .until(*until, now)
            },
            FlowError::NotSent(_) => Self {
                told: Some("problem-not-sent"),
                ..Self::unavailable(Duration::from_secs(30)).because("The code could not be sent. Try another method.")
            },
            FlowError::UnreadableBody => Self::unsupported_media_type(),
            FlowError::TooLarge => Self::too_large(),
            FlowError::BadRequest(detail) => Self::bad_request(*detail),
        }
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What a person is told: what is wrong, and what to do. The details of a document are for who
    /// writes its client, and stay English.
    fn told(&self, shell: &Shell<'_>) -> [String; 2] {
        let title = self.told.map_or_else(|| format!("problem-{}", self.kind), ToOwned::to_owned);
        let language = shell.language();
        let wait = language.length(self.retry_after.unwrap_or_default());
        [language.text(&title), language.text_with(&format!("{title}-text"), &[("wait", Word::from(wait))])]
    }

    /// What a person is told, beside a field.
    #[must_use]
    pub fn line(&self, shell: &Shell<'_>) -> String {
        let [title, text] = self.told(shell);
        shell.language().text_with("problem-line", &[("title", Word::from(title)), ("text", Word::from(text))])
    }

    /// The answer in the form that the client wants.
    #[must_use]
    pub fn reply(&self, wants: Wants, shell: &Shell<'_>) -> Reply {
        match wants {
            Wants::Page => {
                let [title, text] = self.told(shell);
                // The site's own way to the settings may be guarded, and so be closed now.
                let (address, name) = (format!("{}/settings", shell.prefix()), shell.say("settings-title"));
                let way = (self.kind == "frozen").then_some((address.as_str(), name.as_str()));
                self.headed(shell.message_with(self.status, (&title, &text), way))
            }
            Wants::Json => self.json(),
            Wants::Bare => self.headed(Reply::default()),
        }
    }

    /// The answer as a problem document.
    #[must_use]
    pub fn json(&self) -> Reply {
        self.headed(self.document())
    }

    fn headed(&self, mut reply: Reply) -> Reply {
        *reply.status_mut() = self.status;
        let headers = reply.headers_mut();
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        if let Some(authenticate) = self.authenticate.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, authenticate);
        }
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        reply
    }

    fn document(&self) -> Reply {
        let mut document = self.members.clone();
        document.insert("type".into(), json!(format!("urn:stepgate:{}", self.kind)));
        document.insert("title".into(), json!(self.title));
        document.insert("status".into(), json!(self.status.as_u16()));
        if !self.detail.is_empty() {
            document.insert("detail".into(), json!(self.detail));
        }
        let mut reply = Reply::new(Bytes::from(Value::Object(document).to_string()));
        let kind = HeaderValue::from_static("application/problem+json");
        reply.headers_mut().insert(header::CONTENT_TYPE, kind);
        reply
    }
}
