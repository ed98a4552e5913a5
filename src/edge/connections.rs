//! How many connections are open at the listeners of players, or at the desk's, and how many requests are served
//! on them: in total, and by client. And how many connections of a client were new within a second.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use prometheus::IntGauge;

use crate::{
    edge::room::Room,
    metrics::words::{ConnectionEnd, RequestRefusal},
};

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

/// How many requests may be served at the same time.
#[derive(Clone, Copy, Debug)]
pub struct RequestCaps {
    /// Of all clients.
    pub total: usize,
    /// Of this one; it holds for no proxy of ours.
    pub per_client: usize,
    /// How long one waits at most while its client has no room left.
    pub wait: Duration,
}

/// Clients whose new connections are counted. More than that within a second are bounded in total only.
const COUNTED: usize = 65_536;

/// For how long a client's new connections are counted together.
const SECOND: Duration = Duration::from_secs(1);

/// The open connections.
#[derive(Debug)]
pub struct Connections {
    open: Mutex<Open>,
    /// Requests that are served on them.
    room: Room,
    /// How many are open.
    gauge: IntGauge,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    /// Clients with at least one.
    by_client: HashMap<IpAddr, Own>,
    recent: Recent,
}

/// What one client has.
#[derive(Debug, Default)]
struct Own {
    connections: usize,
    room: Arc<Room>,
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    client: IpAddr,
    /// That of its client; `None` for a proxy of ours.
    room: Option<Arc<Room>>,
}

impl Connections {
    /// None yet; the gauge shows them.
    #[must_use]
    pub fn new(gauge: IntGauge) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), room: Room::default(), gauge })
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
        let own = open.by_client.get(&client).map_or(0, |own| own.connections);
        if caps.per_client.is_some_and(|caps| own >= caps.open) {
            return Err(ConnectionEnd::ClientFull);
        }
        if caps.per_client.is_some_and(|caps| !open.recent.allows(client, caps.a_second, now)) {
            return Err(ConnectionEnd::ClientRate);
        }
        open.total += 1;
        let own = open.by_client.entry(client).or_default();
        own.connections += 1;
        let room = caps.per_client.map(|_| Arc::clone(&own.room));
        self.gauge.inc();
        Ok(Slot { connections: Arc::clone(self), client, room })
    }

    /// No code that holds the lock can panic half-way, so a poisoned one is whole.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Room for one more request, until it is given back; where its client has none left, it waits.
    ///
    /// # Errors
    /// Which cap is reached; nothing is taken then.
    pub async fn take_request(&self, caps: RequestCaps) -> Result<(), RequestRefusal> {
        if let Some(own) = &self.room
            && !own.take_within(caps.wait, caps.per_client).await
        {
            return Err(RequestRefusal::ClientFull);
        }
        if self.connections.room.take(caps.total) {
            return Ok(());
        }
        if let Some(own) = &self.room {
            own.give_back();
        }
        Err(RequestRefusal::Full)
    }

    /// Gives the room of one request back that was taken.
    pub fn give_request_back(&self) {
        self.connections.room.give_back();
        if let Some(own) = &self.room {
            own.give_back();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.total = open.total.saturating_sub(1);
        if let Some(own) = open.by_client.get_mut(&self.client) {
            own.connections -= 1;
            if own.connections == 0 {
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

    #[tokio::test]
    async fn requests_are_counted_over_all_connections_and_what_is_refused_takes_no_room() {
        let connections = connections();
        let caps = RequestCaps { total: 2, per_client: 3, wait: Duration::MAX };
        let [first, second] = ["192.0.2.1"; 2].map(|peer| admit(&connections, peer, (9, Some(9))).unwrap());
        let other = admit(&connections, "192.0.2.2", (9, Some(9))).unwrap();
        assert_eq!(first.take_request(caps).await, Ok(()));
        assert_eq!(other.take_request(caps).await, Ok(()));
        for _ in 0..9 {
            assert_eq!(second.take_request(caps).await, Err(RequestRefusal::Full));
        }
        other.give_request_back();
        assert_eq!(second.take_request(caps).await, Ok(()));
        drop(second);
        assert_eq!(first.take_request(caps).await, Err(RequestRefusal::Full), "who leaves gives no request back");
    }

    #[tokio::test]
    async fn a_client_has_room_of_its_own_over_all_its_connections_and_a_proxy_of_ours_has_none() {
        let connections = connections();
        let caps = RequestCaps { total: 9, per_client: 0, wait: Duration::ZERO };
        let client = admit(&connections, "192.0.2.1", (9, Some(9))).unwrap();
        assert_eq!(client.take_request(caps).await, Err(RequestRefusal::ClientFull));
        let proxy = admit(&connections, "192.0.2.1", (9, None)).unwrap();
        assert_eq!(proxy.take_request(caps).await, Ok(()));
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
