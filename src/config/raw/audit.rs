//! `audit:` as typed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Webhook;

/// How long the rows of the audit are kept, and where else they go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// By kind of event, `approved: 90d`; `default` is every other kind, `400d` if it is not named. At least
    /// `1d`. What was erased stays.
    pub retention: Option<BTreeMap<String, String>>,
    /// Gets each row as a signed post, in order, again until it is taken.
    pub webhook: Option<Webhook>,
    /// Gets each row as a message of RFC 5424, in order.
    pub syslog: Option<Syslog>,
}

/// A syslog server: exactly one of `tcp`, `tls`, `unix`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// `host:port` on this machine; elsewhere only with `insecure_plain_tcp`.
    pub tcp: Option<String>,
    /// By TLS (RFC 5425).
    pub tls: Option<SyslogTls>,
    /// A datagram socket, `/dev/log`.
    pub unix: Option<String>,
    /// Rows may travel in the open.
    pub insecure_plain_tcp: Option<bool>,
}

/// A syslog server by TLS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyslogTls {
    /// `host:port`; the usual port is 6514.
    pub server: String,
    /// Who may vouch for it, PEM.
    pub ca_file: String,
    /// The name that its certificate proves; default: the server's host.
    pub server_name: Option<String>,
}
