//! How long failed codes pause a factor, and how many may come from one network (security.md REQ-44).

use std::{net::IpAddr, time::Duration};

use crate::clock::UnixTime;

/// What pauses tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttle {
    /// Of one player.
    pub pauses: Pauses,
    /// Of one network.
    pub networks: NetworkLimits,
}

/// The pauses after wrong codes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// The failure with which pauses begin.
    pub from: u32,
    /// The first pause; each failure more doubles it.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// Failures in a row after which the factor must be bound anew (NIST SP 800-63B-4 §3.2.2).
    pub rebind_after: u32,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { from: 5, first: Duration::from_secs(30), longest: Duration::from_secs(3600), rebind_after: 100 }
    }
}

impl Pauses {
    /// The pause after the `failures`-th wrong code in a row. Never for good.
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.from) else { return Duration::ZERO };
        self.first.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(self.longest)
    }

    /// Until when that is; long ago where there is none, so that nobody whose clock is a little behind
    /// finds it in the future.
    #[must_use]
    pub fn until(&self, failures: u32, now: UnixTime) -> UnixTime {
        let pause = self.after(failures);
        if pause.is_zero() { UnixTime::from_millis(0) } else { now.plus(pause) }
    }
}

/// How long failures of a network are counted together, from the first on.
pub const NETWORK_WINDOW: Duration = Duration::from_secs(3600);

/// Wrong codes of one factor kind from one network within [`NETWORK_WINDOW`], over all players.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkLimits {
    /// IPv4, 24 bits.
    pub ipv4_24: u32,
    /// IPv6, 64 bits: one line.
    pub ipv6_64: u32,
    /// IPv6, 56 bits: one household.
    pub ipv6_56: u32,
    /// IPv6, 48 bits: one site.
    pub ipv6_48: u32,
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self { ipv4_24: 300, ipv6_64: 60, ipv6_56: 150, ipv6_48: 600 }
    }
}

/// How much of an address is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// IPv4, 24 bits.
    Ipv4Of24,
    /// IPv6, 48 bits.
    Ipv6Of48,
    /// IPv6, 56 bits.
    Ipv6Of56,
    /// IPv6, 64 bits.
    Ipv6Of64,
}

impl Span {
    /// The word in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4Of24 => "ipv4_24",
            Self::Ipv6Of48 => "ipv6_48",
            Self::Ipv6Of56 => "ipv6_56",
            Self::Ipv6Of64 => "ipv6_64",
        }
    }

    /// How many bytes of the address it covers.
    const fn bytes(self) -> usize {
        match self {
            Self::Ipv4Of24 => 3,
            Self::Ipv6Of48 => 6,
            Self::Ipv6Of56 => 7,
            Self::Ipv6Of64 => 8,
        }
    }

    const fn most(self, limits: &NetworkLimits) -> u32 {
        match self {
            Self::Ipv4Of24 => limits.ipv4_24,
            Self::Ipv6Of48 => limits.ipv6_48,
            Self::Ipv6Of56 => limits.ipv6_56,
            Self::Ipv6Of64 => limits.ipv6_64,
        }
    }
}

/// A network that an address lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// How much of the address.
    pub span: Span,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Failures after which it pauses.
    pub most: u32,
}

impl NetworkLimits {
    /// The networks of an address, the largest first: counting in one order lets two transactions take
    /// turns.
    #[must_use]
    pub fn networks_of(&self, address: IpAddr) -> Vec<Network> {
        let (bytes, spans): (Vec<u8>, &[Span]) = match address.to_canonical() {
            IpAddr::V4(address) => (address.octets().to_vec(), &[Span::Ipv4Of24]),
            IpAddr::V6(address) => (address.octets().to_vec(), &[Span::Ipv6Of48, Span::Ipv6Of56, Span::Ipv6Of64]),
        };
        let network = |span: &Span| Network {
            span: *span,
            bytes: bytes.iter().copied().take(span.bytes()).collect(),
            most: span.most(self),
        };
        spans.iter().map(network).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_failure_pauses_and_pauses_grow_to_an_hour() {
        let seconds = [0, 1, 4, 5, 6, 11, 12, 99, u32::MAX].map(|n| Pauses::default().after(n).as_secs());
        assert_eq!(seconds, [0, 0, 0, 30, 60, 1920, 3600, 3600, 3600]);
    }

    #[test]
    fn where_nothing_pauses_the_end_is_long_ago() {
        let now = UnixTime::from_secs(1_700_000_000);
        let until = [1, 4, 5, 6].map(|failures| Pauses::default().until(failures, now));
        let long_ago = UnixTime::from_millis(0);
        assert_eq!(until, [long_ago, long_ago, UnixTime::from_secs(1_700_000_030), UnixTime::from_secs(1_700_000_060)]);
    }

    #[test]
    fn each_network_has_its_own_limit() {
        let of = |address: &str| {
            let networks = NetworkLimits::default().networks_of(address.parse().unwrap());
            networks.into_iter().map(|network| (network.span.as_str(), network.bytes, network.most)).collect::<Vec<_>>()
        };
        assert_eq!(of("192.0.2.1"), [("ipv4_24", vec![192, 0, 2], 300)]);
        let line = [0x20, 1, 0xd, 0xb8, 0, 1, 0xaa, 0xbb];
        let expected = [("ipv6_48", 6, 600), ("ipv6_56", 7, 150), ("ipv6_64", 8, 60)];
        assert_eq!(of("2001:db8:1:aabb::1"), expected.map(|(word, bytes, most)| (word, line[..bytes].to_vec(), most)));
    }

    #[test]
    fn neighbours_share_a_network_and_a_mapped_address_is_what_it_maps() {
        let limits = NetworkLimits::default();
        let of = |text: &str| limits.networks_of(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.254"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        let shared = |a: &str, b: &str| of(a).into_iter().zip(of(b)).filter(|(a, b)| a == b).count();
        assert_eq!(shared("2001:db8:1:aa01::1", "2001:db8:1:aa01:ffff::1"), 3);
        assert_eq!(shared("2001:db8:1:aa01::1", "2001:db8:1:aaff::1"), 2);
        assert_eq!(shared("2001:db8:1:aa01::1", "2001:db8:1:bb01::1"), 1);
        assert_eq!(shared("2001:db8:1:aa01::1", "2001:db8:2:aa01::1"), 0);
    }
}
