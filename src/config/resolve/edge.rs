//! Listeners, upstream, limits.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use ipnet::{IpNet, Ipv4Net};

use super::{Node, Report, raw};
use crate::{
    edge::settings::{Limits, Listener, Ops, Server, Settings, Timeouts, TlsFiles, Upstream, UpstreamTls},
    flow::Site,
};

const SECOND: Duration = Duration::from_secs(1);
const KIB: usize = 1 << 10;
/// New connections of one client in a second.
const CONNECTION_RATE: NonZeroU32 = NonZeroU32::new(256).unwrap();

impl Report<'_> {
    /// The edge's settings.
    pub(super) fn edge(&mut self, file: &raw::File, tree: &Node, site: &Site) -> Settings {
        let listen = self.listen(&file.listen, tree.at("listen"), site);
        let upstream = self.upstream(&file.site.upstream, tree.at("site").at("upstream"), &listen);
        Settings {
            listen,
            ops: self.ops(file.ops.as_ref(), tree.at("ops")),
            upstream,
            trusted_proxies: self.networks(file.trusted_proxies.iter().flatten(), tree.at("trusted_proxies")),
            limits: self.limits(file.limits.as_ref(), tree.at("limits")),
            timeouts: self.timeouts(file.timeouts.as_ref(), tree.at("timeouts")),
            server: self.server(file.server.as_ref(), tree.at("server")),
        }
    }

    fn listen(&mut self, typed: &[raw::Listen], at: &Node, site: &Site) -> Vec<Listener> {
        if typed.is_empty() {
            self.push(at, "there is no listener", "add - address: \"0.0.0.0:8443\"");
        }
        let mut listeners: Vec<Listener> = Vec::new();
        for (index, one) in typed.iter().enumerate() {
            let at = at.item(index);
            let Some(address) = self.address(at.at("address"), &one.address) else { continue };
            if listeners.iter().any(|other| other.address == address) {
                self.push(at.at("address"), format!("`{address}` is listened on twice"), "keep one of them");
            }
            let redirect_to_https = one.redirect_to_https.unwrap_or(false);
            if redirect_to_https && !site.secure {
                let help = "remove it, or make site.origin https";
                self.push(at.at("redirect_to_https"), "there is no https origin to redirect to", help);
            }
            if redirect_to_https && one.tls.is_some() {
                let help = "remove one of the two";
                self.push(at.at("redirect_to_https"), "a listener with TLS would redirect to itself", help);
            }
            let tls = one.tls.as_ref().map(|tls| TlsFiles {
                certificate: self.path(&tls.certificate),
                private_key: self.path(&tls.private_key),
            });
            if let Some(files) = &tls {
                self.file(at.at("tls").at("certificate"), &files.certificate);
                self.file(at.at("tls").at("private_key"), &files.private_key);
            }
            listeners.push(Listener { address, tls, redirect_to_https });
        }
        listeners
    }

    fn ops(&mut self, typed: Option<&raw::Ops>, at: &Node) -> Ops {
        let default = SocketAddr::from(([127, 0, 0, 1], 9180));
        let Some(ops) = typed else { return Ops { address: default, bearer: None } };
        let address = self.address(at.at("address"), &ops.address).unwrap_or(default);
        let bearer = ops.bearer.as_ref().and_then(|secret| self.secret(at.at("bearer"), secret));
        if !address.ip().is_loopback() && ops.bearer.is_none() {
            let help = "add `bearer: { file: … }`, or listen on 127.0.0.1";
            self.push(at.at("address"), "the ops listener is open to the network without a bearer", help);
        }
        Ops { address, bearer }
    }

    fn upstream(&mut self, typed: &raw::Upstream, at: &Node, listen: &[Listener]) -> Upstream {
        if typed.servers.is_empty() {
            self.push(at.at("servers"), "there is no server", "write [\"127.0.0.1:3000\"]");
        }
        for (index, server) in typed.servers.iter().enumerate() {
            let place = at.at("servers").item(index);
            let port = server.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then_some(port));
            if server.contains('/') || port.is_none_or(|port| port.parse::<u16>().is_err()) {
                self.push(place, format!("`{server}` is no server"), "write host:port, as in 127.0.0.1:3000");
            }
            let loops = server.parse::<SocketAddr>().is_ok_and(|server| listen.iter().any(|own| reaches(own, server)));
            if loops {
                self.push(place, format!("`{server}` is stepgate's own listener"), "name the site's server");
            }
        }
        let tls = match &typed.tls {
            None | Some(raw::UpstreamTls::Switch(false)) => None,
            Some(raw::UpstreamTls::Switch(true)) => Some(UpstreamTls::default()),
            Some(raw::UpstreamTls::Details(details)) => Some(UpstreamTls {
                ca_file: details.ca_file.as_ref().map(|file| {
                    let path = self.path(file);
                    self.file(at.at("tls").at("ca_file"), &path);
                    path
                }),
                server_name: details.server_name.clone(),
            }),
        };
        let interval = typed.health.as_ref().and_then(|health| health.interval.as_deref());
        let health_path = typed.health.as_ref().map(|health| health.path.clone());
        if health_path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            self.push(at.at("health").at("path"), "a health path begins with a slash", "write /healthz");
        }
        Upstream {
            servers: typed.servers.clone(),
            tls,
            health_path,
            health_interval: self.duration(at.at("health"), "interval", interval, 5 * SECOND),
            host_header: typed.host_header.clone(),
        }
    }

    /// Networks as peers are compared with them; one that holds every address is a mistake wherever trust is given.
    pub(super) fn networks<'n>(&mut self, typed: impl Iterator<Item = &'n String>, at: &Node) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for (index, text) in typed.enumerate() {
            let at = at.item(index);
            let Some(network) = self.parsed::<IpNet>(at, text, "write a network as in 10.0.0.0/8") else { continue };
            let network = canonical(network);
            if network.prefix_len() == 0 {
                self.push(at, format!("`{text}` trusts everybody"), "name the proxies' own networks");
            }
            networks.push(network);
        }
        self.lint_networks(&networks, at);
        networks
    }

    pub(super) fn address(&mut self, at: &Node, typed: &str) -> Option<SocketAddr> {
        self.parsed(at, typed, "write address:port, as in 127.0.0.1:8080 or [::1]:8080")
    }

    fn limits(&mut self, typed: Option<&raw::Limits>, at: &Node) -> Limits {
        let held_body = self.size(at, "held_body", typed.and_then(|l| l.held_body.as_deref()), 64 * KIB);
        if held_body > 64 * KIB {
            self.push(at.at("held_body"), "`held_body` is larger than 64KiB", "64KiB is the most that can be held");
        }
        let mut count = |key, typed: Option<usize>, default: usize| {
            if typed == Some(0) {
                self.serves_nobody(at, key);
            }
            typed.unwrap_or(default)
        };
        let headers = count("headers", typed.and_then(|l| l.headers), 100);
        let connections = count("connections", typed.and_then(|l| l.connections), 10_000);
        let per_client = count("connections_per_client", typed.and_then(|l| l.connections_per_client), 256);
        let requests = count("requests_in_flight", typed.and_then(|l| l.requests_in_flight), connections);
        let own_requests =
            count("requests_in_flight_per_client", typed.and_then(|l| l.requests_in_flight_per_client), per_client);
        let rate = typed.and_then(|l| l.connection_rate_per_client).map_or(Some(CONNECTION_RATE), NonZeroU32::new);
        if rate.is_none() {
            self.serves_nobody(at, "connection_rate_per_client");
        }
        Limits {
            header_bytes: self.size(at, "header_bytes", typed.and_then(|l| l.header_bytes.as_deref()), 64 * KIB),
            headers,
            held_body,
            held_total: self.size(at, "held_total", typed.and_then(|l| l.held_total.as_deref()), 64 * KIB * KIB),
            connections,
            connections_per_client: per_client,
            connection_rate_per_client: rate.unwrap_or(CONNECTION_RATE),
            requests_in_flight: requests,
            requests_in_flight_per_client: own_requests,
        }
    }

    fn serves_nobody(&mut self, at: &Node, key: &str) {
        self.push(at.at(key), format!("`{key}` is 0: nobody would be served"), "leave it out for the default");
    }

    fn timeouts(&mut self, typed: Option<&raw::Timeouts>, at: &Node) -> Timeouts {
        let mut read = |key, typed: Option<&String>, seconds: u32| {
            let time = self.duration(at, key, typed.map(String::as_str), seconds * SECOND);
            if time.is_zero() && key != "drain" {
                self.serves_nobody(at, key);
            }
            time
        };
        Timeouts {
            header: read("header", typed.and_then(|t| t.header.as_ref()), 10),
            body: read("body", typed.and_then(|t| t.body.as_ref()), 30),
            idle: read("idle", typed.and_then(|t| t.idle.as_ref()), 60),
            upstream_connect: read("upstream_connect", typed.and_then(|t| t.upstream_connect.as_ref()), 5),
            upstream_read: read("upstream_read", typed.and_then(|t| t.upstream_read.as_ref()), 60),
            send: read("send", typed.and_then(|t| t.send.as_ref()), 60),
            drain: read("drain", typed.and_then(|t| t.drain.as_ref()), 30),
        }
    }

    fn server(&mut self, typed: Option<&raw::Server>, at: &Node) -> Server {
        let threads = typed.and_then(|server| server.threads).unwrap_or(2);
        if !(1..=256).contains(&threads) {
            self.push(at.at("threads"), "`threads` must be 1 to 256", "one a core is usual");
        }
        let socket = typed.and_then(|server| server.upgrade_socket.as_deref()).map(|socket| self.path(socket));
        Server { threads, upgrade_socket: socket.unwrap_or_else(|| PathBuf::from("/tmp/stepgate-upgrade.sock")) }
    }
}

/// The IPv4 form of a network of mapped addresses (RFC 4291 section 2.5.5.2): a peer's address is read so too.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let mapped = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

/// Whether a connection to `server` arrives at this listener of ours.
fn reaches(own: &Listener, server: SocketAddr) -> bool {
    let same_ip = own.address.ip() == server.ip();
    own.address.port() == server.port() && (same_ip || own.address.ip().is_unspecified() && server.ip().is_loopback())
}
