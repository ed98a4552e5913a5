//! What was typed: one struct a mapping, every key that a file may have.
//!
//! The doc comments here are the text of `stepgate schema` and of `docs/configuration.md`. Times are
//! written `12h`, `30m`, `2s`, `500ms`, `30d`; sizes `64KiB`; file paths are relative to the file.
//! Where one of several kinds is written, each kind is an optional key of its own, so that a wrong one
//! is reported as what it is.

use schemars::JsonSchema;
use serde::Deserialize;

mod courier;
mod identity;
mod routes;
mod second_factor;

pub use courier::*;
pub use identity::*;
pub use routes::*;
pub use second_factor::*;

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The site as players and the proxy know it.
    pub site: Site,
    /// Where players come in; at least one.
    pub listen: Vec<Listen>,
    /// Metrics and health, never on the players' port; default `127.0.0.1:9180`.
    pub ops: Option<Ops>,
    /// Networks whose X-Forwarded-* is believed; default nobody's.
    pub trusted_proxies: Option<Vec<String>>,
    /// stepgate's own pages.
    pub portal: Option<Portal>,
    /// How a player is recognised: every source whose carrier is present is asked, and they must agree.
    pub identity: Option<Vec<Source>>,
    /// Requests that end the site session: stamps end with it.
    pub session_end: Option<Vec<Match>>,
    /// Where things are remembered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// `sqlite:/path/to.db` or `postgres://…`; as `{ file }` or `{ env }` where it holds a password.
    pub durable: Text,
    /// `memory`, the default: one node.
    pub shared: Option<String>,
}

/// The key file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Readable by its owner alone.
    pub file: String,
}

/// What a client may send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Of a request head; default `64KiB`.
    pub header_bytes: Option<String>,
    /// Header lines; default 100.
    pub headers: Option<usize>,
    /// Of a body that is held or read; default and at most `64KiB`.
    pub held_body: Option<String>,
    /// Of all held requests; default `64MiB`.
    pub held_total: Option<String>,
    /// Open at a time; default 10000.
    pub connections: Option<usize>,
    /// Of one client address; default 256.
    pub connections_per_client: Option<usize>,
}

/// How long things may take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// For a request head; default `10s`.
    pub header: Option<String>,
    /// For a body that stepgate reads; default `30s`.
    pub body: Option<String>,
    /// A kept-alive connection without a request; default `60s`.
    pub idle: Option<String>,
    /// Connecting to the site; default `5s`.
    pub upstream_connect: Option<String>,
    /// Between two reads of the site's answer; default `60s`.
    pub upstream_read: Option<String>,
    /// At shutdown, for requests in flight; default `30s`.
    pub drain: Option<String>,
}

/// The process.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Of the proxy; default 2.
    pub threads: Option<usize>,
    /// Hands listening sockets to a new process; default `/tmp/stepgate-upgrade.sock`.
    pub upgrade_socket: Option<String>,
}

/// What is logged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Default `info`.
    pub level: Option<LogLevel>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What an operator must look at.
    Error,
    /// What may become one.
    Warn,
    /// One line a decision.
    Info,
    /// For a search.
    Debug,
    /// Everything.
    Trace,
}

/// A secret, by reference.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// A file, readable by its owner alone; white space at its end is dropped.
    pub file: Option<String>,
    /// An environment variable.
    pub env: Option<String>,
}

/// A text, or a reference where it is secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    /// In the open.
    Plain(String),
    /// By reference.
    Secret(Secret),
}
