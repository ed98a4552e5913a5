//! Where a connection comes in, a player's or one to the desk: its place among the others, TLS, then what
//! serves it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::listeners::tls::Acceptor;
use pingora::protocols::{GetSocketDigest, Stream, l4};
use pingora::server::ShutdownWatch;

use crate::{
    edge::{
        connections::{Caps, ClientCaps, Connections},
        live::Live,
        patience::{Patience, Patient},
    },
    metrics::{Metrics, words::ConnectionEnd},
};

/// One listening address, and TLS where it speaks that. The library would do the handshake
/// before it asks us anything, and give it a minute.
pub struct Door {
    /// Where it listens.
    pub address: SocketAddr,
    /// Does the handshake; `None` speaks plain HTTP/1.1.
    pub tls: Option<Acceptor>,
}

/// All listeners of one service: those of players, or the desk's.
pub struct Entrance<S> {
    /// What serves them.
    pub served_by: Arc<S>,
    /// Where they come in.
    pub doors: Vec<Door>,
    /// The limits and deadlines that new connections begin with.
    pub live: Arc<ArcSwap<Live>>,
    /// Those that are open.
    pub connections: Arc<Connections>,
    /// Counts those that we end.
    pub metrics: Arc<Metrics>,
}

#[async_trait]
impl<S: ServerApp + Send + Sync + 'static> ServerApp for Entrance<S> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let stream = stream.into_any().downcast::<l4::stream::Stream>().ok()?;
        let (peer, local) = ends(&stream)?;
        let live = self.live.load();
        let (timeouts, caps) = (live.timeouts, caps(&live, peer.ip().to_canonical()));
        drop(live);
        let slot = match self.connections.admit(peer.ip(), caps, Instant::now()) {
            Ok(slot) => slot,
            Err(end) => return self.end(end),
        };
        let door = door(&self.doors, local)?;
        let patience = Patience { idle: timeouts.idle, header: timeouts.header };
        let metrics = Arc::clone(&self.metrics);
        let stream: Stream = match &door.tls {
            None => Box::new(Patient::new(*stream, patience, slot, metrics).ok()?),
            Some(tls) => match tokio::time::timeout(timeouts.header, tls.tls_handshake(*stream)).await {
                Ok(Ok(stream)) => Box::new(Patient::new(stream, patience, slot, metrics).ok()?),
                Ok(Err(_)) => return self.end(ConnectionEnd::Tls),
                Err(_) => return self.end(ConnectionEnd::Handshake),
            },
        };
        // Comes back when the connection has ended: it is reused by itself.
        let _ = self.served_by.process_new(stream, shutdown).await;
        None
    }

    async fn cleanup(&self) {
        self.served_by.cleanup().await;
    }
}

impl<S> Entrance<S> {
    /// The connection ends here.
    fn end(&self, end: ConnectionEnd) -> Option<Stream> {
        self.metrics.connection_ended(end);
        None
    }
}

/// The addresses of both ends, as long as they are connected.
fn ends(stream: &l4::stream::Stream) -> Option<(SocketAddr, SocketAddr)> {
    let digest = stream.get_socket_digest()?;
    Some((*digest.peer_addr()?.as_inet()?, *digest.local_addr()?.as_inet()?))
}

/// A proxy of ours has many clients behind it: only the total holds for it.
fn caps(live: &Live, peer: IpAddr) -> Caps {
    let trusted = live.trusted_proxies.iter().any(|net| net.contains(&peer));
    let limits = live.limits;
    let of_client = ClientCaps { open: limits.connections_per_client, a_second: limits.connection_rate_per_client };
    Caps { total: limits.connections, per_client: (!trusted).then_some(of_client) }
}

/// The listener of a connection that ends here: of this very address, or of all addresses.
fn door(doors: &[Door], local: SocketAddr) -> Option<&Door> {
    let same_port = || doors.iter().filter(|door| door.address.port() == local.port());
    let ip = local.ip().to_canonical();
    let exact = same_port().find(|door| door.address.ip().to_canonical() == ip);
    let family = |door: &&Door| door.address.ip().is_unspecified() && door.address.is_ipv4() == ip.is_ipv4();
    exact.or_else(|| same_port().find(family)).or_else(|| same_port().find(|door| door.address.ip().is_unspecified()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_belongs_to_the_listener_of_its_own_address_first() {
        let addresses = ["0.0.0.0:80", "[::]:80", "192.0.2.1:80", "[::]:443", "127.0.0.1:8080"];
        let doors: Vec<Door> =
            addresses.iter().map(|address| Door { address: address.parse().unwrap(), tls: None }).collect();
        for (local, listener) in [
            ("192.0.2.1:80", Some("192.0.2.1:80")),
            ("192.0.2.7:80", Some("0.0.0.0:80")),
            ("[2001:db8::1]:80", Some("[::]:80")),
            ("[::ffff:192.0.2.7]:443", Some("[::]:443")),
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("127.0.0.2:8080", None),
            ("127.0.0.1:81", None),
        ] {
            let found = door(&doors, local.parse().unwrap()).map(|door| door.address.to_string());
            assert_eq!(found.as_deref(), listener, "{local}");
        }
    }
}
