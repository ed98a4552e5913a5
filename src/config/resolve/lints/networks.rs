//! Who reaches the site past the gateway, and who is believed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv6Net};
use url::Url;

use super::super::{Node, Report, raw};
use crate::flow::Site;

/// Endings of names that the public DNS does not have (RFC 6761, 6762, 8375; `.internal` of ICANN; what
/// Kubernetes and home routers write).
const PRIVATE_ENDINGS: [&str; 11] = [
    ".internal",
    ".local",
    ".localhost",
    ".localdomain",
    ".lan",
    ".home",
    ".home.arpa",
    ".corp",
    ".intranet",
    ".private",
    ".svc",
];
/// All addresses of a version, as they are counted here: every IPv4 address, or the networks of 35 bits in the IPv6
/// addresses of the internet.
const ALL: u64 = 1 << 32;
/// The first of the internet's IPv6 addresses.
const PUBLIC: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);

impl Report<'_> {
    /// Servers of the site that others reach without stepgate.
    pub(super) fn lint_upstream(&mut self, typed: &raw::Upstream, at: &Node, site: &Site) {
        for (index, server) in typed.servers.iter().enumerate() {
            let at = at.at("servers").item(index);
            let host = server.rsplit_once(':').map_or(server.as_str(), |(host, _)| host);
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let address = bare.parse::<IpAddr>().ok();
            let private = bare == "localhost" || address.is_some_and(|address| !is_public(address));
            let own = site.hosts.iter().any(|known| known.split(':').next() == Some(host));
            let what = match address {
                _ if private => continue,
                _ if own => "the site's public name",
                Some(_) => "a public address",
                None if is_public_name(bare) => "a name as the public DNS has them",
                None => continue,
            };
            let message = format!("`{server}` is {what}: whoever reaches it goes past every route");
            let help = "let the site listen on loopback or in a private network, and name that address here, or refuse \
                        what has no valid Stepgate-Assertion; `stepgate doctor` tries it";
            self.warn(at, message, help);
        }
    }

    /// Listeners that others reach in the open, beside one with TLS.
    pub(super) fn lint_listeners(&mut self, typed: &[raw::Listen], at: &Node, site: &Site) {
        if !site.secure || typed.iter().all(|listener| listener.tls.is_none()) {
            return;
        }
        for (index, listener) in typed.iter().enumerate() {
            if listener.tls.is_some() || listener.redirect_to_https == Some(true) {
                continue;
            }
            let address = listener.address.parse::<SocketAddr>().ok().map(|address| address.ip());
            if address.is_some_and(|address| address.is_unspecified() || is_public(address)) {
                let message = format!("`{}` takes in the open what the other listeners take by TLS", listener.address);
                let help = "whoever listens on the way reads sessions and codes: add `redirect_to_https: true`, or \
                            listen on a private address";
                self.warn(at.item(index), message, help);
            }
        }
    }

    /// Networks that are believed, and hold more than anybody's proxies. All addresses are refused.
    pub(in super::super) fn lint_networks(&mut self, networks: &[IpNet], at: &Node) {
        if networks.iter().any(|network| network.prefix_len() == 0) {
            return;
        }
        let (mut v4, mut v6) = (0, 0);
        for network in IpNet::aggregate(&networks.to_vec()) {
            match network {
                IpNet::V4(network) => v4 += ALL >> network.prefix_len().min(32),
                IpNet::V6(network) => v6 += public_share(network),
            }
        }
        for (which, share) in [("IPv4", v4), ("public IPv6", v6)] {
            if share >= ALL {
                self.push(at, "these networks together trust everybody", "name the proxies' own networks");
            } else if share >= ALL / 16 {
                let message = format!(
                    "these networks hold {} % of all {which} addresses, and whoever connects from one is believed",
                    share * 100 / ALL
                );
                self.warn(at, message, "name the proxies' own networks, as in 10.0.0.0/8");
            }
        }
    }

    /// Questions to the site that would come back through stepgate.
    pub(super) fn lint_questions(&mut self, typed: &[raw::Source], at: &Node, site: &Site) {
        for (index, source) in typed.iter().enumerate() {
            let at = at.item(index);
            let ask = source.introspection.as_ref().map(|ask| (&ask.question.url, at.at("introspection")));
            let confirm = source.login.as_ref().and_then(|login| login.confirm.as_ref());
            let confirm = confirm.map(|ask| (&ask.url, at.at("login").at("confirm")));
            for (typed, at) in ask.into_iter().chain(confirm) {
                let Ok(url) = Url::parse(typed) else { continue };
                let authority = url.port().map_or_else(
                    || url.host_str().unwrap_or_default().to_owned(),
                    |port| format!("{}:{port}", url.host_str().unwrap_or_default()),
                );
                if site.hosts.contains(&authority) {
                    let message = "the site is asked through stepgate itself";
                    let help = "name the site's own server, as in http://127.0.0.1:3000/…: a route that guards this \
                                address, or a limit, would leave nobody recognised";
                    self.warn(at.at("url"), message, help);
                }
            }
        }
    }
}

/// How much a network holds of 2000::/3, which is all that the internet has of IPv6 (RFC 4291 section 2.4).
fn public_share(network: Ipv6Net) -> u64 {
    // A wider network holds all of it or nothing.
    let bits = network.prefix_len().saturating_sub(3);
    let is_public =
        network.contains(&PUBLIC) || network.addr().segments().first().is_some_and(|first| first >> 13 == 1);
    if is_public { ALL >> bits.min(32) } else { 0 }
}

/// Whether an address is one that the whole internet may reach.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets().first() == Some(&100) && v4.octets().get(1).is_some_and(|b| (64..128).contains(b));
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified()),
            |v4| is_public(IpAddr::V4(v4)),
        ),
    }
}

/// Whether a name looks like one that everybody can look up; one of a single label is of this network.
fn is_public_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.contains('.') && !PRIVATE_ENDINGS.iter().any(|ending| host.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_told_from_private_ones() {
        for (address, public) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("203.0.113.9", true),
            ("::1", false),
            ("fd00::1", false),
            ("::ffff:10.0.0.1", false),
            ("2001:db8::1", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn ipv6_networks_are_measured_by_the_internets_part() {
        for (network, share) in [
            ("::/1", ALL),
            ("2000::/3", ALL),
            ("2000::/4", ALL / 2),
            ("3000::/4", ALL / 2),
            ("2001:db8::/35", 1),
            ("2001:db8::/64", 1),
            ("8000::/1", 0),
            ("4000::/2", 0),
            ("::/3", 0),
            ("fc00::/7", 0),
            ("::/64", 0),
        ] {
            assert_eq!(public_share(network.parse().unwrap()), share, "{network}");
        }
    }

    #[test]
    fn public_names_are_told_from_private_ones() {
        for (name, public) in [
            ("web", false),
            ("origin.play.example", true),
            ("Origin.Play.Example.", true),
            ("site.internal", false),
            ("web.default.svc.cluster.local", false),
            ("web.default.svc", false),
            ("notinternal.example", true),
        ] {
            assert_eq!(is_public_name(name), public, "{name}");
        }
    }
}
