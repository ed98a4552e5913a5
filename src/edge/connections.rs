//! How many connections are open at the listeners of players, or at the desk's: in total, and by client.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prometheus::IntGauge;

use crate::metrics::words::ConnectionEnd;

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Of all clients.
    pub total: usize,
    /// Of this client; `None` for a proxy of ours, behind which many clients stand.
    pub per_client: Option<usize>,
}

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
    pub fn admit(self: &Arc<Self>, peer: IpAddr, caps: Caps) -> Result<Slot, ConnectionEnd> {
        let client = client_of(peer);
        let mut open = self.lock();
        if open.total >= caps.total {
            return Err(ConnectionEnd::Full);
        }
        let own = open.by_client.get(&client).copied().unwrap_or_default();
        if caps.per_client.is_some_and(|cap| own >= cap) {
            return Err(ConnectionEnd::ClientFull);
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
        connections.admit(peer.parse().unwrap(), Caps { total: caps.0, per_client: caps.1 })
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
