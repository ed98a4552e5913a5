//! How many connections are open at the listeners of players, or at the desk's: in total, and by client. And how
//! many of a client were new within a second.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use prometheus::IntGauge;

use crate::metrics::words::ConnectionEnd;

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Of all clients.
    pub total: usize,
    /// Of this client; `None` for a proxy of ours, behind which many clients stand.
    pub per_client: Option<ClientCaps>,
}

/// How many one client may have.
#[derive(Clone, Copy, Debug)]
pub struct ClientCaps {
    /// At the same time.
    pub open: usize,
    /// New ones in a second.
    pub a_second: NonZeroU32,
}

/// Clients whose new connections are counted. More than that within a second are bounded in total only.
const COUNTED: usize = 65_536;

/// For how long a client's new connections are counted together.
const SECOND: Duration = Duration::from_secs(1);

/// The open connections.
#[derive(Debug)]
pub struct Connections {
    open: Mutex<Open>,
    /// How many are open.
    gauge: IntGauge,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    /// Clients with at least one.
    by_client: HashMap<IpAddr, usize>,
    recent: Recent,
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    client: IpAddr,
}

impl Connections {
    /// None yet; the gauge shows them.
    #[must_use]
    pub fn new(gauge: IntGauge) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), gauge })
    }

    /// A place for a connection from this address.
    ///
    /// # Errors
    /// Which cap is reached; nothing is taken then.
    pub fn admit(self: &Arc<Self>, peer: IpAddr, caps: Caps, now: Instant) -> Result<Slot, ConnectionEnd> {
        let client = client_of(peer);
        let mut open = self.lock();
        if open.total >= caps.total {
            return Err(ConnectionEnd::Full);
        }
        let own = open.by_client.get(&client).copied().unwrap_or_default();
        if caps.per_client.is_some_and(|caps| own >= caps.open) {
            return Err(ConnectionEnd::ClientFull);
        }
        if caps.per_client.is_some_and(|caps| !open.recent.allows(client, caps.a_second, now)) {
            return Err(ConnectionEnd::ClientRate);
        }
        open.total += 1;
        open.by_client.insert(client, own + 1);
        self.gauge.inc();
        Ok(Slot { connections: Arc::clone(self), client })
    }

    /// No code that holds the lock can panic half-way, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.total = open.total.saturating_sub(1);
        if let Some(own) = open.by_client.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                open.by_client.remove(&self.client);
            }
        }
        self.connections.gauge.dec();
    }
}

/// A bucket of tokens for each client, which holds those of one second: a new connection takes one.
#[derive(Debug, Default)]
struct Recent {
    /// When each bucket is full again.
    full_at: HashMap<IpAddr, Instant>,
    swept_at: Option<Instant>,
}

impl Recent {
    /// Takes a token, if there is one.
    fn allows(&mut self, client: IpAddr, a_second: NonZeroU32, now: Instant) -> bool {
        let full_at = self.full_at.get(&client).copied().unwrap_or(now).max(now) + SECOND / a_second.get();
        if full_at > now + SECOND {
            return false;
        }
        if self.has_room_for(client, now) {
            self.full_at.insert(client, full_at);
        }
        true
    }

    /// Forgets the full buckets where the room is needed, at most once a second.
    fn has_room_for(&mut self, client: IpAddr, now: Instant) -> bool {
        let is_full = |recent: &Self| recent.full_at.len() >= COUNTED && !recent.full_at.contains_key(&client);
        if is_full(self) && self.swept_at.is_none_or(|swept| now.saturating_duration_since(swept) >= SECOND) {
            self.swept_at = Some(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        !is_full(self)
    }
}

/// What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which is what one
/// subscriber gets.
fn client_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> Arc<Connections> {
        Connections::new(IntGauge::new("connections", "of a test").unwrap())
    }

    fn admit(connections: &Arc<Connections>, peer: &str, caps: (usize, Option<usize>)) -> Result<Slot, ConnectionEnd> {
        let per_client = caps.1.map(|open| ClientCaps { open, a_second: NonZeroU32::MAX });
        connections.admit(peer.parse().unwrap(), Caps { total: caps.0, per_client }, Instant::now())
    }

    /// How many of a hundred new connections are let in at once.
    fn of_a_hundred(recent: &mut Recent, client: &str, now: Instant) -> usize {
        let client = client_of(client.parse().unwrap());
        (0..100).filter(|_| recent.allows(client, NonZeroU32::new(10).unwrap(), now)).count()
    }

    #[test]
    fn a_client_has_so_many_new_connections_a_second_and_others_have_their_own() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        assert_eq!(of_a_hundred(&mut recent, "192.0.2.1", now), 10);
        assert_eq!(of_a_hundred(&mut recent, "192.0.2.2", now), 10);
        assert_eq!(of_a_hundred(&mut recent, "2001:db8::1", now), 10);
        assert_eq!(of_a_hundred(&mut recent, "2001:db8::2", now), 0, "the same network");
        assert_eq!(of_a_hundred(&mut recent, "192.0.2.1", now + SECOND / 2), 5);
        assert_eq!(of_a_hundred(&mut recent, "192.0.2.1", now + 60 * SECOND), 10, "not more for having waited");
    }

    #[test]
    fn a_connection_over_the_rate_takes_no_place() {
        let connections = connections();
        let caps = Caps { total: 9, per_client: Some(ClientCaps { open: 9, a_second: NonZeroU32::MIN }) };
        let (peer, now) = ("192.0.2.1".parse().unwrap(), Instant::now());
        drop(connections.admit(peer, caps, now).unwrap());
        assert_eq!(connections.admit(peer, caps, now).unwrap_err(), ConnectionEnd::ClientRate);
        assert_eq!(connections.gauge.get(), 0);
        assert!(connections.admit(peer, caps, now + SECOND).is_ok());
    }

    #[test]
    fn more_clients_than_are_counted_take_no_more_room() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        let ten = NonZeroU32::new(10).unwrap();
        let clients = |first: u32| (0..).map(move |number: u32| IpAddr::V4((first + number).into()));
        assert!(clients(0).take(COUNTED + 9).all(|client| recent.allows(client, ten, now)));
        assert_eq!(recent.full_at.len(), COUNTED);
        assert!(recent.allows(clients(9_000_000).next().unwrap(), ten, now + 2 * SECOND));
        assert_eq!(recent.full_at.len(), 1, "those that were full again are forgotten");
    }

    #[test]
    fn a_client_at_its_cap_is_refused_until_one_of_its_own_ends() {
        let connections = connections();
        let first = admit(&connections, "192.0.2.1", (9, Some(1))).unwrap();
        assert_eq!(admit(&connections, "192.0.2.1", (9, Some(1))).unwrap_err(), ConnectionEnd::ClientFull);
        assert_eq!(admit(&connections, "::ffff:192.0.2.1", (9, Some(1))).unwrap_err(), ConnectionEnd::ClientFull);
        let _other = admit(&connections, "192.0.2.2", (9, Some(1))).unwrap();
        drop(first);
        assert!(admit(&connections, "192.0.2.1", (9, Some(1))).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let connections = connections();
        let _first = admit(&connections, "2001:db8:1:2::1", (9, Some(1))).unwrap();
        assert!(admit(&connections, "2001:db8:1:2:ffff::9", (9, Some(1))).is_err());
        assert!(admit(&connections, "2001:db8:1:3::1", (9, Some(1))).is_ok());
    }

    #[test]
    fn a_full_gateway_refuses_everybody_and_a_proxy_of_ours_has_no_cap_of_its_own() {
        let connections = connections();
        let slots: Vec<_> = (0..3).map(|_| admit(&connections, "192.0.2.1", (3, None)).unwrap()).collect();
        assert_eq!(admit(&connections, "192.0.2.9", (3, Some(5))).unwrap_err(), ConnectionEnd::Full);
        assert_eq!(connections.gauge.get(), 3);
        drop(slots);
        assert_eq!(connections.gauge.get(), 0);
        assert!(connections.lock().by_client.is_empty(), "clients without a connection are forgotten");
    }
}
