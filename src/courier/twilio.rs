//! Twilio's Messages resource (API version 2010-04-01).

use std::time::Duration;

use data_encoding::BASE64;
use http::{HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    BuildError, Sms,
    provider::{self, Failure, ask},
};

/// An account there.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Its password.
    pub auth_token: SecretString,
    /// Who sends.
    pub sender: Sender,
    /// `https://api.twilio.com`, another only for tests and regional hosts.
    pub base_url: Url,
    /// Whether it is asked to say what became of a message; it must reach the site's origin.
    pub receipts: bool,
    /// For one try.
    pub deadline: Duration,
}

/// Who a message is from.
#[derive(Clone, Debug)]
pub enum Sender {
    /// A number or an alphanumeric name.
    From(String),
    /// A messaging service that picks one.
    Service(String),
}

/// One account.
#[derive(Debug)]
pub(super) struct Twilio {
    url: Url,
    authorization: HeaderValue,
    sender: Sender,
    receipts: bool,
    http: reqwest::Client,
}

impl Twilio {
    pub(super) fn new(settings: Settings, http: reqwest::Client) -> Result<Self, BuildError> {
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", settings.account_sid);
        let url = settings.base_url.join(&path);
        let url = url.map_err(|error| BuildError(format!("twilio: the address cannot be built: {error}")))?;
        let pair = format!("{}:{}", settings.account_sid, settings.auth_token.expose_secret());
        let mut authorization = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(pair.as_bytes())))
            .map_err(|_| BuildError("twilio: the account is no header value".to_owned()))?;
        authorization.set_sensitive(true);
        Ok(Self { url, authorization, sender: settings.sender, receipts: settings.receipts, http })
    }

    /// Asks once.
    pub(super) async fn carry(&self, sms: Sms<'_>, receipt: &str) -> Result<Option<String>, Failure> {
        let answer = ask(&self.http, self.request(sms, receipt)).await?;
        let document: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == http::StatusCode::CREATED {
            return Ok(document.get("sid").and_then(serde_json::Value::as_str).and_then(provider::reference));
        }
        // Its own number for the mistake tells an operator more than the status.
        let code = document.get("code").and_then(serde_json::Value::as_u64);
        Err(match (answer.failure(), code) {
            (Failure::Refused(text), Some(code)) => Failure::Refused(format!("{text}, error {code}")),
            (Failure::Unreachable(text), Some(code)) => Failure::Unreachable(format!("{text}, error {code}")),
            (failure, None) => failure,
        })
    }
    fn request(&self, sms: Sms<'_>, receipt: &str) -> reqwest::Request {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", sms.to.as_str()).append_pair("Body", sms.text);
        match &self.sender {
            Sender::From(from) => form.append_pair("From", from),
            Sender::Service(sid) => form.append_pair("MessagingServiceSid", sid),
        };
        if self.receipts {
            form.append_pair("StatusCallback", receipt);
        }
        let mut request = reqwest::Request::new(Method::POST, self.url.clone());
        *request.body_mut() = Some(form.finish().into());
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        request
    }
}
