//! `couriers:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{OneOrMany, Secret, Text};

/// What carries codes and notices; of a list the first that takes a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Couriers {
    /// For SMS, tried in this order.
    pub sms: Option<Vec<SmsCourier>>,
    /// For mail: one, or a list that is tried in its order.
    pub email: Option<OneOrMany<MailCourier>>,
}

/// A courier for SMS: exactly one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsCourier {
    /// Any provider with an HTTP interface.
    pub http: Option<HttpCourier>,
    /// Twilio's Messages API.
    pub twilio: Option<TwilioCourier>,
    /// Keeps messages on a page: for `stepgate demo` alone.
    pub outbox: Option<OutboxCourier>,
    /// Of one message, in any unit of money, as a text: `"0.035"`; for `sms_guard.ceiling`.
    pub price: Option<String>,
}

/// A courier for mail: exactly one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailCourier {
    /// A mail server.
    pub smtp: Option<SmtpCourier>,
    /// Keeps messages on a page: for `stepgate demo` alone.
    pub outbox: Option<OutboxCourier>,
}

/// A courier of the demo: `{}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboxCourier {}

/// A provider with an HTTP interface. Texts of `query`, `form` and `json` may hold `{to}`, `{text}`,
/// `{id}`, our own name for the message, and `{receipt}`, an address where the provider may say what
/// became of it in the field `status` of a query or form; each is encoded for the place where it stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCourier {
    /// Where it is asked; https, except on this machine.
    pub url: String,
    /// Lets codes travel in the open, as to a gateway in one's own network.
    pub insecure_plain_http: Option<bool>,
    /// Default `POST`.
    pub method: Option<String>,
    /// Fixed headers; `{ file }` or `{ env }` where they hold a key.
    pub headers: Option<BTreeMap<String, Text>>,
    /// Added to the address.
    pub query: Option<BTreeMap<String, Text>>,
    /// Sent as a form.
    pub form: Option<BTreeMap<String, Text>>,
    /// Sent as JSON; a document of any shape.
    pub json: Option<serde_json::Value>,
    /// How `{to}` is written; default `e164`.
    pub to_format: Option<ToFormat>,
    /// What counts as success; default: status 200, 201 or 202.
    pub success: Option<CourierSuccess>,
    /// Where the answer names the message.
    pub message_id: Option<MessageId>,
    /// For one try; default `5s`.
    pub deadline: Option<String>,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToFormat {
    /// `+6281200001001`.
    E164,
    /// `6281200001001`.
    Digits,
}

/// What counts as success: all that is named.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CourierSuccess {
    /// Any of these.
    pub status: Option<Vec<u16>>,
    /// An expression that is found in the body.
    pub body: Option<String>,
}

/// Where an answer names the message: exactly one place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageId {
    /// JSON Pointer.
    pub json: Option<String>,
    /// An expression with one group.
    pub regex: Option<String>,
}

/// An account at Twilio.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TwilioCourier {
    /// `AC…`.
    pub account_sid: String,
    /// The account's password.
    pub auth_token: Secret,
    /// The sender: a number or a name; this or `messaging_service_sid`.
    pub from: Option<String>,
    /// The service that picks a sender.
    pub messaging_service_sid: Option<String>,
    /// Whether Twilio is asked to tell us what became of a message; it must reach `site.origin`. Default
    /// `false`.
    pub receipts: Option<bool>,
    /// Default `https://api.twilio.com`.
    pub base_url: Option<String>,
    /// For one try; default `5s`.
    pub deadline: Option<String>,
}

/// A mail server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpCourier {
    /// Its name; also the name in its certificate.
    pub server: String,
    /// Default: 587 for `starttls`, 465 for `implicit`, 25 for `none`.
    pub port: Option<u16>,
    /// How the connection is protected; default `starttls`.
    pub tls: Option<SmtpTls>,
    /// PEM roots in place of the system's.
    pub ca_file: Option<String>,
    /// With `password`.
    pub username: Option<String>,
    /// With `username`.
    pub password: Option<Secret>,
    /// The sender: `Name <name@example.com>`.
    pub from: String,
    /// For one try; default `5s`.
    pub deadline: Option<String>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Begins in the open, then must become TLS.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// Never; only to this machine.
    None,
}
