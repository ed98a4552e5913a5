//! `throttle:` and `sms_guard:` as typed.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::sms_guard::Mode;

/// What pauses tries after wrong codes. Each kind of factor is counted apart, and so are browsers in which
/// the player has proven one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// The wrong code in a row with which pauses begin: 1 to 10; default 5.
    pub pause_from: Option<u32>,
    /// Each wrong code more doubles it; default `30s`, at least `10s`.
    pub first_pause: Option<String>,
    /// Default `1h`, at most `24h`.
    pub longest_pause: Option<String>,
    /// Wrong codes in a row after which another factor must be proven, or this one bound anew; default and
    /// at most 100.
    pub rebind_after: Option<u32>,
    /// Wrong codes from one network within an hour, over all players.
    pub per_network: Option<PerNetwork>,
}

/// Wrong codes of one factor kind from one network within an hour, over all players: at least 10 each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PerNetwork {
    /// An IPv4 network of 24 bits; default 300, since a mobile operator's gateway is one.
    pub ipv4_24: Option<u32>,
    /// An IPv6 network of 64 bits; default 60.
    pub ipv6_64: Option<u32>,
    /// One of 56 bits; default 150.
    pub ipv6_56: Option<u32>,
    /// One of 48 bits; default 600.
    pub ipv6_48: Option<u32>,
}

/// Which codes by SMS are not sent, lest somebody earns by them. The caps of one number and one player are
/// `second_factor.sms.per_hour` and `per_day`, the countries `second_factor.sms.countries`; numbers of premium
/// services are never sent to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsGuard {
    /// Of the caps and the ceiling: `enforce`, the default, or `record_only`, which sends and counts.
    pub mode: Option<Mode>,
    /// If any: only numbers that begin so are sent to, `["+628"]`.
    pub allow: Option<Vec<String>>,
    /// Numbers that begin so are not sent to.
    pub refuse: Option<Vec<String>>,
    /// To numbers that differ in the last four digits only; default 20 within an hour, 60 within a day.
    pub per_prefix: Option<SmsCap>,
    /// Asked for from one network, IPv4 of 24 bits or IPv6 of 56; default 60 and 200.
    pub per_network: Option<SmsCap>,
    /// When codes to a country are no longer used as usual.
    pub breaker: Option<SmsBreaker>,
    /// Of money; default none.
    pub ceiling: Option<SmsCeiling>,
}

/// Codes that were sent and not used.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsCap {
    /// Within an hour.
    pub per_hour: Option<u32>,
    /// Within a day.
    pub per_day: Option<u32>,
}

/// Opens for a country where unused codes are more than `per_day` and more than `share` hundredths of the
/// codes that were used on the best of the last fourteen days; or, within an hour, more than `per_hour`, a
/// sixth of that, and the same share of the hour's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsBreaker {
    /// `record_only`, the default: look at `stepgate_sms_guard_open` for some weeks first; or `enforce`.
    pub mode: Option<Mode>,
    /// Default 20.
    pub per_hour: Option<u32>,
    /// Default 100.
    pub per_day: Option<u32>,
    /// 1 to 100; default 20.
    pub share: Option<u32>,
}

/// The most that messages may cost. Each SMS courier then needs its `price`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsCeiling {
    /// Within 24 hours, as a text in the unit of the prices: `"200"`. Notices count, and are sent beyond it.
    pub per_day: String,
}
