//! What an operator says of listeners, the upstream and limits, resolved.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use ipnet::IpNet;

/// The edge: `listen`, `ops` and `server` need a restart, everything else is reloaded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where players come in; at least one.
    pub listen: Vec<Listener>,
    /// Where metrics and health are served.
    pub ops: Ops,
    /// The site's servers.
    pub upstream: Upstream,
    /// Peers whose X-Forwarded-* is believed; empty trusts nobody.
    pub trusted_proxies: Vec<IpNet>,
    /// What a client may send.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Threads and the upgrade socket.
    pub server: Server,
}

/// One listening address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// With TLS; `None` speaks plain HTTP/1.1.
    pub tls: Option<TlsFiles>,
    /// Answers every request with a redirect to the site's https origin.
    pub redirect_to_https: bool,
}

/// A certificate chain and its key, PEM; read again when either file changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Leaf first.
    pub certificate: PathBuf,
    /// PKCS#8, PKCS#1 or SEC1.
    pub private_key: PathBuf,
}

/// The ops listener.
#[derive(Clone, Debug)]
pub struct Ops {
    /// Where.
    pub address: SocketAddr,
    /// Required as `Authorization: Bearer …` on `/metrics`; mandatory off loopback (decisions 30).
    pub bearer: Option<secrecy::SecretString>,
}

/// The listener of the support desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Where.
    pub address: SocketAddr,
    /// With TLS; `None` only on loopback (decisions 30).
    pub tls: Option<TlsFiles>,
    /// The names that it answers to, lower case, each with its port where it is not the scheme's.
    pub hosts: Vec<String>,
}

/// The site's servers.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// `host:port`, at least one.
    pub servers: Vec<String>,
    /// With TLS, verified; `None` speaks plain HTTP/1.1.
    pub tls: Option<UpstreamTls>,
    /// A GET that must answer 2xx or 3xx; without it a TCP connection decides.
    pub health_path: Option<String>,
    /// Between two health checks.
    pub health_interval: Duration,
    /// What the site sees as Host; `None`: the host that the player asked for.
    pub host_header: Option<String>,
}

/// How an upstream's certificate is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// Roots in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The name in the certificate and in SNI; `None`: the server's host.
    pub server_name: Option<String>,
}

/// What a client may send; over them: 431, 413, 503, or a closed connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request head.
    pub header_bytes: usize,
    /// Header lines of a request.
    pub headers: usize,
    /// Bytes of a body that is held or read for a condition; at most 64 KiB.
    pub held_body: usize,
    /// Bytes of all held requests together (memory store).
    pub held_total: usize,
    /// Open connections.
    pub connections: usize,
    /// Open connections of one client address (/64 for IPv6).
    pub connections_per_client: usize,
    /// New connections of one client address in a second.
    pub connection_rate_per_client: NonZeroU32,
    /// Requests that are served at the same time.
    pub requests_in_flight: usize,
    /// Those of one client address.
    pub requests_in_flight_per_client: usize,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a head to its last.
    pub header: Duration,
    /// Reading a body that we read ourselves, in total. One that streams to the site has longer for what came of
    /// it (see [`pace`](crate::edge::pace)).
    pub body: Duration,
    /// A kept-alive connection without a request.
    pub idle: Duration,
    /// Connecting to the site, TLS included.
    pub upstream_connect: Duration,
    /// Between two reads of the site's answer.
    pub upstream_read: Duration,
    /// For a client to take one piece of an answer, 64 KiB at most.
    pub send: Duration,
    /// At shutdown, for requests in flight.
    pub drain: Duration,
}

/// The process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Worker threads of the proxy.
    pub threads: usize,
    /// The socket over which listening sockets are handed to a new process.
    pub upgrade_socket: PathBuf,
}
