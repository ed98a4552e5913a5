//! `throttle:` and `sms_guard:`.

use std::time::Duration;

use super::{Node, Report, raw, value};
use crate::flow::SecondFactor;
use crate::policy::{
    sms_guard::{Breaker, Cap, Prefix, SmsGuard},
    throttle::{NetworkLimits, Pauses, Throttle},
};

/// So many wrong codes an hour a network always has: below, its players pause each other.
const LEAST_OF_NETWORK: u32 = 10;
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Report<'_> {
    /// What pauses tries.
    pub(super) fn throttle(&mut self, typed: Option<&raw::Throttle>, at: &Node) -> Throttle {
        let default = Pauses::default();
        let first = typed.and_then(|throttle| throttle.first_pause.as_deref());
        let longest = typed.and_then(|throttle| throttle.longest_pause.as_deref());
        let pauses = Pauses {
            from: typed.and_then(|throttle| throttle.pause_from).unwrap_or(default.from),
            first: self.duration(at, "first_pause", first, default.first),
            longest: self.duration(at, "longest_pause", longest, default.longest),
            rebind_after: typed.and_then(|throttle| throttle.rebind_after).unwrap_or(default.rebind_after),
        };
        if !(1..=10).contains(&pauses.from) {
            self.push(at.at("pause_from"), "pauses begin with the 1st to the 10th wrong code", "5 is usual");
        }
        if pauses.first < Duration::from_secs(10) {
            self.push(at.at("first_pause"), "the first pause is 10s at least", "30s is usual");
        }
        if pauses.longest < pauses.first || pauses.longest > DAY {
            let help = "a longer one would let a stranger keep the owner out";
            self.push(at.at("longest_pause"), "the longest pause is not less than the first, and 24h at most", help);
        }
        if !(pauses.from..=100).contains(&pauses.rebind_after) {
            let help = "NIST SP 800-63B-4 §3.2.2 allows 100";
            self.push(at.at("rebind_after"), "`rebind_after` is `pause_from` at least and 100 at most", help);
        }
        let networks = typed.and_then(|throttle| throttle.per_network.as_ref());
        Throttle { pauses, networks: self.network_limits(networks, at.at("per_network")) }
    }

    fn network_limits(&mut self, typed: Option<&raw::PerNetwork>, at: &Node) -> NetworkLimits {
        let default = NetworkLimits::default();
        let Some(typed) = typed else { return default };
        let mut limit = |key: &str, typed: Option<u32>, default: u32| {
            let limit = typed.unwrap_or(default);
            if limit < LEAST_OF_NETWORK {
                self.push(at.at(key), format!("`{key}` is {LEAST_OF_NETWORK} at least"), "players share networks");
            }
            limit
        };
        NetworkLimits {
            ipv4_24: limit("ipv4_24", typed.ipv4_24, default.ipv4_24),
            ipv6_64: limit("ipv6_64", typed.ipv6_64, default.ipv6_64),
            ipv6_56: limit("ipv6_56", typed.ipv6_56, default.ipv6_56),
            ipv6_48: limit("ipv6_48", typed.ipv6_48, default.ipv6_48),
        }
    }

    /// What carries codes, and which are not sent.
    pub(super) fn sms_sends(&mut self, file: &raw::File, factor: &SecondFactor, tree: &Node) -> SmsGuard {
        let couriers = file.couriers.as_ref().and_then(|typed| typed.sms.as_deref()).unwrap_or_default();
        self.sms_needs_couriers(factor, !couriers.is_empty(), tree);
        let priced = couriers.iter().all(|courier| courier.price.is_some());
        self.sms_guard(file.sms_guard.as_ref(), tree.at("sms_guard"), priced)
    }

    /// Which codes are not sent. `priced`: whether every courier for SMS has its price.
    fn sms_guard(&mut self, typed: Option<&raw::SmsGuard>, at: &Node, priced: bool) -> SmsGuard {
        let default = SmsGuard::default();
        let Some(typed) = typed else { return default };
        let ceiling = typed.ceiling.as_ref().and_then(|ceiling| {
            let at = at.at("ceiling").at("per_day");
            if !priced {
                self.push(at, "a ceiling needs a `price` at every courier for SMS", "write `price: \"0.03\"` there");
            }
            self.money(at, &ceiling.per_day)
        });
        SmsGuard {
            mode: typed.mode.unwrap_or(default.mode),
            allowed: self.prefixes(typed.allow.as_deref(), at.at("allow")),
            refused: self.prefixes(typed.refuse.as_deref(), at.at("refuse")),
            per_prefix: self.sms_cap(typed.per_prefix.as_ref(), at.at("per_prefix"), default.per_prefix),
            per_network: self.sms_cap(typed.per_network.as_ref(), at.at("per_network"), default.per_network),
            breaker: self.sms_breaker(typed.breaker.as_ref(), at.at("breaker"), default.breaker),
            ceiling,
        }
    }

    fn prefixes(&mut self, typed: Option<&[String]>, at: &Node) -> Vec<Prefix> {
        let mut prefixes = Vec::new();
        for (index, typed) in typed.into_iter().flatten().enumerate() {
            match Prefix::parse(typed) {
                Some(prefix) => prefixes.push(prefix),
                None => {
                    let help = "a plus and 1 to 15 digits, as in \"+62812\"";
                    self.push(at.item(index), format!("`{typed}` begins no number"), help);
                }
            }
        }
        prefixes
    }

    fn sms_cap(&mut self, typed: Option<&raw::SmsCap>, at: &Node, default: Cap) -> Cap {
        let Some(typed) = typed else { return default };
        let per_hour = typed.per_hour.unwrap_or(default.per_hour);
        let cap = Cap { per_hour, per_day: typed.per_day.unwrap_or(default.per_day.max(per_hour)) };
        self.hour_and_day(at, cap.per_hour, cap.per_day);
        cap
    }

    fn sms_breaker(&mut self, typed: Option<&raw::SmsBreaker>, at: &Node, default: Breaker) -> Breaker {
        let Some(typed) = typed else { return default };
        let per_hour = typed.per_hour.unwrap_or(default.per_hour);
        let breaker = Breaker {
            mode: typed.mode.unwrap_or(default.mode),
            per_hour,
            per_day: typed.per_day.unwrap_or(default.per_day.max(per_hour)),
            share: typed.share.unwrap_or(default.share),
        };
        self.hour_and_day(at, breaker.per_hour, breaker.per_day);
        if !(1..=100).contains(&breaker.share) {
            self.push(at.at("share"), "`share` is 1 to 100 hundredths", "20 is usual");
        }
        breaker
    }

    fn hour_and_day(&mut self, at: &Node, per_hour: u32, per_day: u32) {
        if per_hour == 0 || per_day < per_hour {
            self.push(at, "`per_hour` is 1 at least, and `per_day` not less", "remove what is not to be changed");
        }
    }

    /// Money in millionths of the operator's unit.
    pub(super) fn money(&mut self, at: &Node, typed: &str) -> Option<u64> {
        let money = value::money(typed);
        if money.is_none() {
            self.push(at, format!("`{typed}` is no amount"), "digits, and up to six after a point: \"0.035\"");
        }
        money
    }
}
