//! The site's servers: balanced, checked, spoken to with every timeout set.

use std::{collections::HashMap, net::ToSocketAddrs, sync::Arc, time::Duration};

use pingora::lb::{Backend, LoadBalancer, health_check, selection::RoundRobin};
use pingora::prelude::*;
use pingora::protocols::{ALPN, l4::socket::SocketAddr};
use pingora::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora::utils::tls::WrappedX509;

use crate::{
    edge::{
        settings::{Timeouts, Upstream as Settings},
        turns::InTurn,
    },
    secret,
};

/// The servers under one configuration.
pub struct Upstream {
    balancer: LoadBalancer<RoundRobin>,
    tls: Option<Tls>,
    timeouts: Timeouts,
    /// What the site sees as Host; `None`: the host that the player asked for.
    pub host_header: Option<String>,
}

struct Tls {
    /// The name that every server must prove; else each its own host.
    server_name: Option<String>,
    hosts: HashMap<std::net::SocketAddr, String>,
    roots: Option<Arc<[WrappedX509]>>,
}

/// Why the servers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// A name does not resolve, or an address is malformed.
    #[error("an upstream server cannot be found: {0}")]
    Unknown(#[source] std::io::Error),
    /// The roots cannot be read.
    #[error("the upstream ca_file cannot be read: {0}")]
    Roots(String),
}

impl Upstream {
    /// The servers of these settings.
    ///
    /// # Errors
    /// When a server's name does not resolve or the roots cannot be read.
    pub fn new(settings: &Settings, timeouts: Timeouts) -> Result<Self, UpstreamError> {
        let (addresses, hosts) = resolved(&settings.servers).map_err(UpstreamError::Unknown)?;
        let mut balancer = LoadBalancer::try_from_iter(addresses).map_err(UpstreamError::Unknown)?;
        let first_host = settings.servers.first().map_or("", |server| host_of(server));
        let tls = match &settings.tls {
            Some(tls) => Some(Tls {
                server_name: tls.server_name.clone(),
                hosts,
                roots: tls.ca_file.as_deref().map(roots).transpose()?,
            }),
            None => None,
        };
        balancer.set_health_check(check(settings, first_host, timeouts)?);
        Ok(Self { balancer, tls, timeouts, host_header: settings.host_header.clone() })
    }

    /// Asks every server once how it is.
    pub async fn check_health(&self) {
        self.balancer.backends().run_health_check(true).await;
    }

    /// Whether some server may be used.
    pub fn is_available(&self) -> bool {
        self.balancer.backends().get_backend().iter().any(|backend| self.balancer.backends().ready(backend))
    }

    /// The server for the next request, another than `tried` if there is one; `None` when all are down.
    pub fn peer(&self, tried: Option<&SocketAddr>) -> Option<Box<HttpPeer>> {
        let fresh = |backend: &Backend, healthy: bool| healthy && Some(&backend.addr) != tried;
        let fresh = self.balancer.select_with(b"", 16, fresh);
        let Backend { addr, .. } = fresh.or_else(|| self.balancer.select(b"", 16))?;
        let mut peer = match &self.tls {
            Some(tls) => {
                let own = || addr.as_inet().and_then(|address| tls.hosts.get(address)).cloned();
                let name = tls.server_name.clone().or_else(own).unwrap_or_default();
                HttpPeer::new(addr, true, name)
            }
            None => HttpPeer::new(addr, false, String::new()),
        };
        let options = &mut peer.options;
        options.alpn = ALPN::H1;
        options.connection_timeout = Some(self.timeouts.upstream_connect);
        options.total_connection_timeout = Some(self.timeouts.upstream_connect);
        options.read_timeout = Some(self.timeouts.upstream_read);
        options.write_timeout = Some(self.timeouts.upstream_read);
        options.idle_timeout = Some(Duration::from_secs(60));
        options.http_upstream_request_policy = HttpUpstreamRequestPolicy::standard();
        if let Some(tls) = &self.tls {
            options.ca.clone_from(&tls.roots);
        }
        Some(Box::new(peer))
    }

    /// The same server for a request that asks for an upgrade: over a connection of its own, which
    /// serves nothing else before or after it.
    pub fn for_upgrade(&self, mut peer: Box<HttpPeer>) -> Box<HttpPeer> {
        peer.options.custom_l4 = Some(Arc::new(InTurn(self.timeouts.upstream_connect)));
        peer.options.idle_timeout = Some(Duration::from_secs(1));
        peer.group_key = u64::from_le_bytes(secret::random());
        peer
    }
}

/// The addresses of the servers in their order, and the host by which each address was found.
fn resolved(servers: &[String]) -> std::io::Result<(Vec<std::net::SocketAddr>, HashMap<std::net::SocketAddr, String>)> {
    let (mut addresses, mut hosts) = (Vec::new(), HashMap::new());
    for server in servers {
        for address in server.to_socket_addrs()? {
            addresses.push(address);
            hosts.entry(address).or_insert_with(|| host_of(server).to_owned());
        }
    }
    Ok((addresses, hosts))
}

/// The host of `host:port`, an IPv6 address without its brackets.
fn host_of(server: &str) -> &str {
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

type Check = Box<dyn health_check::HealthCheck + Send + Sync>;

fn check(settings: &Settings, host: &str, timeouts: Timeouts) -> Result<Check, UpstreamError> {
    let Some(path) = &settings.health_path else {
        let mut check = health_check::TcpHealthCheck::new();
        check.peer_template.options.connection_timeout = Some(timeouts.upstream_connect);
        return Ok(check);
    };
    let mut check =
        health_check::HttpHealthCheck::new(settings.host_header.as_deref().unwrap_or(host), settings.tls.is_some());
    let uri = path.parse().map_err(|_| UpstreamError::Roots(format!("health path {path:?} is no path")))?;
    check.req.set_uri(uri);
    if let Some(tls) = &settings.tls {
        check.peer_template.sni = tls.server_name.clone().unwrap_or_else(|| host.to_owned());
        check.peer_template.options.ca = tls.ca_file.as_deref().map(roots).transpose()?;
    }
    check.validator = Some(Box::new(|answer| {
        let good = answer.status.is_success() || answer.status.is_redirection();
        if good { Ok(()) } else { Error::e_explain(CustomCode("health check", answer.status.as_u16()), "unhealthy") }
    }));
    Ok(Box::new(check))
}

fn roots(file: &std::path::Path) -> Result<Arc<[WrappedX509]>, UpstreamError> {
    let wrong = |why: String| UpstreamError::Roots(format!("{}: {why}", file.display()));
    let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in rustls::pki_types::pem::PemObject::pem_slice_iter(&pem) {
        let certificate: rustls::pki_types::CertificateDer<'_> = item.map_err(|error| wrong(format!("{error:?}")))?;
        certificates.push(WrappedX509::new(certificate.to_vec(), pingora::utils::tls::parse_x509));
    }
    if certificates.is_empty() {
        return Err(wrong("no certificate in it".to_owned()));
    }
    Ok(certificates.into())
}
