//! What was typed: one struct a mapping, every key that a file may have.
//!
//! The doc comments here are the text of `stepgate schema` and of `docs/configuration.md`. Times are
//! written `12h`, `30m`, `2s`, `500ms`, `30d`; sizes `64KiB`; file paths are relative to the file.
//! Where one of several kinds is written, each kind is an optional key of its own, so that a wrong one
//! is reported as what it is.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::target::{Endings, OddForm};

mod audit;
mod courier;
mod desk;
mod guards;
mod identity;
mod routes;
mod second_factor;
mod secret;
mod tests;

pub use audit::*;
pub use courier::*;
pub use desk::*;
pub use guards::*;
pub use identity::*;
pub use routes::*;
pub use second_factor::*;
pub use secret::*;
pub use tests::*;

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
    /// Requests that end the site session: stamps end with it. A condition on a body holds where the body
    /// says so or cannot be read.
    pub session_end: Option<Vec<Match>>,
    /// The rules of factors, stamps and approvals.
    pub second_factor: Option<SecondFactor>,
    /// Which requests need proof; tried in this order, the first match wins.
    pub routes: Option<Vec<Route>>,
    /// What a guarded route does with a path in an odd form.
    pub paths: Option<Paths>,
    /// For requests that match no route; default `none`.
    pub default_require: Option<RequireWord>,
    /// Where things are remembered.
    pub store: Store,
    /// The key file, made by `stepgate keys generate`.
    pub keys: Keys,
    /// What a client may send.
    pub limits: Option<Limits>,
    /// How long things may take.
    pub timeouts: Option<Timeouts>,
    /// The process.
    pub server: Option<Server>,
    /// What is logged.
    pub log: Option<Log>,
    /// What carries codes and notices to players.
    pub couriers: Option<Couriers>,
    /// The support desk; default none.
    pub desk: Option<Desk>,
    /// Where notices go besides the player's own contacts.
    pub notices: Option<Notices>,
    /// What pauses tries after wrong codes.
    pub throttle: Option<Throttle>,
    /// Which codes by SMS are not sent.
    pub sms_guard: Option<SmsGuard>,
    /// Requests, and where each must land: a configuration in which one does not is not taken.
    pub tests: Option<Vec<Test>>,
    /// How long the rows of the audit are kept, and where else they go.
    pub audit: Option<Audit>,
}

/// The site as players and the proxy know it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Shown to players.
    pub name: String,
    /// The public origin, `https://play.example`: decides cookie flags, accepted hosts and redirects.
    pub origin: String,
    /// More accepted hosts; stamps are per host.
    pub hosts: Option<Vec<String>>,
    /// Exact https origins of other pages that may call guarded routes with credentials.
    pub origins: Option<Vec<String>>,
    /// The site's servers.
    pub upstream: Upstream,
    /// Cookies that are credentials too, though no source reads them: refused on guarded routes, as are
    /// these names, those of the sources' cookies and well-known ones (`jsessionid`, `PHPSESSID` …) in an
    /// address. A name may end in `*`.
    pub other_credentials: Option<Vec<String>>,
    /// Names of request headers with other characters than letters, digits and `-` that reach the site, as
    /// in `X_App_Version`. All others are removed: some servers take `X_User` for `X-User`.
    pub odd_headers: Option<Vec<String>>,
    /// What our pages take over from the site's look.
    pub look: Option<Look>,
    /// Of the times that players are shown, as in `Asia/Jakarta`; default `UTC`.
    pub time_zone: Option<String>,
}

/// What our pages take over from the site's look.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// A path on the site's own origin, `/static/logo.svg`, or a file beside this one, of at most 2 KiB, that
    /// is built into the pages: svg, png, webp or jpg.
    pub logo: Option<String>,
    /// Of buttons and links, `#0b57d0`; white text on it must have a contrast of 4.5:1.
    pub colour: Option<String>,
}

/// The site's servers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// `host:port`; several are balanced.
    pub servers: Vec<String>,
    /// `false` (default): plain; `true`: verified against the system's roots; or how to verify.
    pub tls: Option<UpstreamTls>,
    /// How a server is found well; without it a connection decides.
    pub health: Option<Health>,
    /// What the site sees as Host; default: what the player asked for.
    pub host_header: Option<String>,
}

/// TLS to the site: a switch or the details.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum UpstreamTls {
    /// `true`: verified against the system's roots; `false`: plain.
    Switch(bool),
    /// How to verify.
    Details(UpstreamTlsDetails),
}

/// How the site's certificate is verified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamTlsDetails {
    /// PEM roots in place of the system's.
    pub ca_file: Option<String>,
    /// The name in the certificate; default: the server's host.
    pub server_name: Option<String>,
}

/// A health check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// A GET of this must answer 2xx or 3xx.
    pub path: String,
    /// Between two checks; default `5s`.
    pub interval: Option<String>,
}

/// One listening address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// `address:port`.
    pub address: String,
    /// With TLS.
    pub tls: Option<Tls>,
    /// Answers everything with a redirect to the https origin.
    pub redirect_to_https: Option<bool>,
}

/// A certificate and its key; read again when they change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM chain, leaf first.
    pub certificate: String,
    /// PEM key.
    pub private_key: String,
}

/// The ops listener.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ops {
    /// `address:port`.
    pub address: String,
    /// Wanted on `/metrics`, as `{ file: … }` or `{ env: … }`; must be set off loopback.
    pub bearer: Option<Secret>,
}

/// stepgate's own pages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Reserved path on the site's host; default `/.stepgate`.
    pub prefix: Option<String>,
    /// Of `en id ms th vi zh-CN ar`; the first is the default; default `[en]`.
    pub languages: Option<Vec<String>>,
    /// Reserved; not supported yet.
    pub host: Option<String>,
}

/// What a guarded route does with a path in an odd form: `reject`, or `match`: then it is as guarded as
/// the plain form, and with proof it goes on as it was written. Nothing here opens a way around a route;
/// requests that no route guards pass in every form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// `%2f` and `%5c`, for ids that hold a slash; default `reject`.
    pub encoded_slash: Option<OddForm>,
    /// `;`, for matrix parameters; default `reject`.
    pub semicolon: Option<OddForm>,
    /// `//`; default `reject`.
    pub double_slash: Option<OddForm>,
    /// A path in another case than the route's; default `match`, since many sites ignore case.
    pub case_sensitive: Option<OddForm>,
    /// A path with an ending more than the route's, as `/withdraw.csv`. `any`, the default: as guarded as the plain
    /// form, since Rails takes every ending for a format. `known`: only with `.json`, `.xml`, `.html`, `.php`, `.do`,
    /// `.action` and `.aspx`; for sites without Rails whose scripts stand beside their pages, as `/account.js`.
    pub endings: Option<Endings>,
}

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
    /// Of a request head, over it 431; default `64KiB`.
    pub header_bytes: Option<String>,
    /// Header lines, over them 431; default 100.
    pub headers: Option<usize>,
    /// Of a body that is held or read; default and at most `64KiB`.
    pub held_body: Option<String>,
    /// Of all held requests; default `64MiB`.
    pub held_total: Option<String>,
    /// Open connections of players; more are closed before TLS; default 10000.
    pub connections: Option<usize>,
    /// Of one client: an IPv4 address or an IPv6 network of 64 bits; not for `trusted_proxies`; default 256.
    pub connections_per_client: Option<usize>,
    /// New connections of one such client in a second; default 256.
    pub connection_rate_per_client: Option<u32>,
    /// Requests that are served at the same time, over HTTP/2 many of one connection; more are answered 503; default:
    /// as many as `connections`.
    pub requests_in_flight: Option<usize>,
    /// Those of one such client; four times as many wait for room, up to `timeouts.upstream_connect`, before they are
    /// answered 503; default: as many as `connections_per_client`.
    pub requests_in_flight_per_client: Option<usize>,
}

/// How long things may take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// From the first byte of a request head to its last, and for a TLS handshake; default `10s`.
    pub header: Option<String>,
    /// For a body that stepgate reads; one that streams to the site has a second more for each KiB; default `30s`.
    pub body: Option<String>,
    /// A connection without a request; over HTTP/2 `header` is added to it; default `60s`.
    pub idle: Option<String>,
    /// Connecting to the site, and waiting for room among the requests of one client; default `5s`.
    pub upstream_connect: Option<String>,
    /// Between two reads of the site's answer; default `60s`.
    pub upstream_read: Option<String>,
    /// For a client to take one piece of an answer, 64 KiB at most; default `60s`.
    pub send: Option<String>,
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
