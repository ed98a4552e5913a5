//! Any provider with an HTTP interface, by templates.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use regex::Regex;
use url::Url;

use super::{
    Sms,
    provider::{self, Answer, Failure, ask},
    template::{JsonTemplate, Template, Words},
};

/// How a provider is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Without templates: what changes goes into `query` or the body.
    pub url: Url,
    /// Usually POST.
    pub method: Method,
    /// Fixed; values are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Added to the address.
    pub query: Vec<(String, Template)>,
    /// What is sent.
    pub body: Body,
    /// How `{to}` is written.
    pub to_format: ToFormat,
    /// Statuses that mean success.
    pub success_status: Vec<u16>,
    /// What a success's body must also match, somewhere.
    pub success_body: Option<Regex>,
    /// Where the provider's name for the message is.
    pub message_id: Option<MessageId>,
    /// For one try.
    pub deadline: Duration,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
    /// `application/json`.
    Json(JsonTemplate),
}

/// How a provider wants a number written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToFormat {
    /// `+6281200001001`.
    E164,
    /// `6281200001001`.
    Digits,
}

/// Where an answer names the message.
#[derive(Clone, Debug)]
pub enum MessageId {
    /// A JSON Pointer to a text or number.
    Json(String),
    /// The one group of an expression.
    Regex(Regex),
}

/// One provider.
#[derive(Debug)]
pub(super) struct Http {
    settings: Settings,
    http: reqwest::Client,
}

impl Http {
    pub(super) const fn new(settings: Settings, http: reqwest::Client) -> Self {
        Self { settings, http }
    }

    /// Asks the provider once.
    pub(super) async fn carry(&self, sms: Sms<'_>, id: &str, receipt: &str) -> Result<Option<String>, Failure> {
        let to = match self.settings.to_format {
            ToFormat::E164 => sms.to.as_str(),
            ToFormat::Digits => sms.to.digits(),
        };
        let answer = ask(&self.http, self.request(Words { to, text: sms.text, id, receipt })).await?;
        if !self.settings.success_status.contains(&answer.status.as_u16()) {
            return Err(answer.failure());
        }
        if self.settings.success_body.as_ref().is_some_and(|body| !body.is_match(&text_of(&answer))) {
            return Err(Failure::Refused("its answer does not match `success.body`".to_owned()));
        }
        Ok(self.reference(&answer))
    }

    fn request(&self, words: Words<'_>) -> reqwest::Request {
        let settings = &self.settings;
        let mut url = settings.url.clone();
        if !settings.query.is_empty() {
            url.query_pairs_mut().extend_pairs(filled(&settings.query, words));
        }
        let mut request = reqwest::Request::new(settings.method.clone(), url);
        let (kind, body) = match &settings.body {
            Body::Empty => (None, None),
            Body::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(filled(fields, words));
                (Some("application/x-www-form-urlencoded"), Some(form.finish()))
            }
            Body::Json(document) => (Some("application/json"), Some(document.fill(words).to_string())),
        };
        *request.body_mut() = body.map(Into::into);
        if let Some(kind) = kind {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in &settings.headers {
            request.headers_mut().insert(name, value.clone());
        }
        request
    }

    fn reference(&self, answer: &Answer) -> Option<String> {
        let found = match self.settings.message_id.as_ref()? {
            MessageId::Json(pointer) => {
                let document: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
                let value = document.pointer(pointer)?;
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            }
            MessageId::Regex(regex) => regex.captures(&text_of(answer))?.get(1)?.as_str().to_owned(),
        };
        provider::reference(&found)
    }
}

fn filled<'f>(fields: &'f [(String, Template)], words: Words<'f>) -> impl Iterator<Item = (&'f str, String)> {
    fields.iter().map(move |(name, template)| (name.as_str(), template.fill(words)))
}

fn text_of(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
