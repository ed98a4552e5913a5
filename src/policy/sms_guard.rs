//! Whether a code may be sent by SMS: what keeps whoever has log-ins from spending the operator's money
//! (SMS pumping), judged from what was sent and used before.
//!
//! A code that was sent is *wanted* once it was used. Pumping shows in messages that nobody uses: to one
//! block of numbers, from one network, or to one country far beyond what its players usually use.

use std::time::Duration;

use crate::{clock::UnixTime, contact::PhoneNumber};

/// Messages are counted in slots of so long.
pub const SLOT: Duration = Duration::from_secs(15 * 60);
/// How far the breaker looks back for a usual day.
pub const LOOKS_BACK: Duration = Duration::from_secs(14 * 24 * 3600);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The last digits of a number are not looked at where blocks of numbers are: a block has ten thousand.
const BLOCK_DIGITS: usize = 4;

/// What the guard does with what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SmsGuardMode")]
pub enum Mode {
    /// Counts and logs it, and sends.
    RecordOnly,
    /// Does not send.
    Enforce,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsGuard {
    /// For the caps and the ceiling.
    pub mode: Mode,
    /// If any: numbers that begin otherwise are not sent to.
    pub allowed: Vec<Prefix>,
    /// Numbers that begin so are not sent to.
    pub refused: Vec<Prefix>,
    /// Unused codes to one block of ten thousand numbers.
    pub per_prefix: Cap,
    /// Unused codes asked for from one network.
    pub per_network: Cap,
    /// Unused codes to one country.
    pub breaker: Breaker,
    /// Of money within a day, in millionths of a unit; none: no ceiling.
    pub ceiling: Option<u64>,
}

impl Default for SmsGuard {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            allowed: Vec::new(),
            refused: Vec::new(),
            per_prefix: Cap { per_hour: 20, per_day: 60 },
            per_network: Cap { per_hour: 60, per_day: 200 },
            breaker: Breaker { mode: Mode::RecordOnly, per_hour: 20, per_day: 100, share: 20 },
            ceiling: None,
        }
    }
}

/// Codes that nobody used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Within an hour.
    pub per_hour: u32,
    /// Within a day.
    pub per_day: u32,
}

/// When too many codes to a country are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Its own, since what is usual must be seen first.
    pub mode: Mode,
    /// So many unused within an hour never open it.
    pub per_hour: u32,
    /// So many unused within a day never open it.
    pub per_day: u32,
    /// In hundredths: unused codes may be so many of those used on the best of the last fourteen days.
    pub share: u32,
}

/// How a number begins: `+` and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(Box<str>);

impl Prefix {
    /// The prefix in `+62812`; `None` for everything else.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let digits = typed.strip_prefix('+')?;
        let good = (1..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
        good.then(|| Self(typed.into()))
    }

    fn begins(&self, number: &PhoneNumber) -> bool {
        number.as_str().starts_with(&*self.0)
    }
}

/// The block of ten thousand numbers that a number is of.
#[must_use]
pub fn block_of(number: &PhoneNumber) -> &str {
    let number = number.as_str();
    number.get(..number.len().saturating_sub(BLOCK_DIGITS)).unwrap_or(number)
}

/// Messages of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The slot's number since 1970.
    pub slot: i64,
    /// Codes that were sent.
    pub sent: u64,
    /// Those of them that were used.
    pub verified: u64,
    /// What they cost, in millionths of a unit.
    pub cost: u64,
}

/// The slot of a moment.
#[must_use]
pub fn slot_of(at: UnixTime) -> i64 {
    at.secs().div_euclid(i64::try_from(SLOT.as_secs()).unwrap_or(i64::MAX))
}

/// What was sent before and now, by what it is counted under.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'t> {
    /// Everything, a day back.
    pub all: &'t [Tally],
    /// To the country, [`LOOKS_BACK`].
    pub country: &'t [Tally],
    /// To the block, a day back.
    pub block: &'t [Tally],
    /// From the network, a day back.
    pub network: &'t [Tally],
}

/// Why a code should not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Too many unused codes to its block.
    Prefix,
    /// Too many unused codes from the network.
    Network,
    /// Too many unused codes to the country.
    Country,
    /// The day's money is spent.
    Ceiling,
}

impl SmsGuard {
    /// Whether the lists and the number's own kind let it be sent to, codes and notices alike.
    #[must_use]
    pub fn takes(&self, number: &PhoneNumber) -> bool {
        let listed = self.allowed.is_empty() || self.allowed.iter().any(|prefix| prefix.begins(number));
        listed && !self.refused.iter().any(|prefix| prefix.begins(number)) && !number.is_premium()
    }

    /// What speaks against a code that is counted already, each with its mode.
    #[must_use]
    pub fn findings(&self, sent: Sent<'_>, now: UnixTime) -> Vec<(Finding, Mode)> {
        let spent = within(sent.all, DAY, now).cost;
        let found = [
            (Finding::Prefix, self.mode, self.per_prefix.is_exceeded(sent.block, now)),
            (Finding::Network, self.mode, self.per_network.is_exceeded(sent.network, now)),
            (Finding::Country, self.breaker.mode, self.breaker.is_open(sent.country, now)),
            (Finding::Ceiling, self.mode, self.ceiling.is_some_and(|ceiling| spent > ceiling)),
        ];
        found.into_iter().filter(|(_, _, is_found)| *is_found).map(|(finding, mode, _)| (finding, mode)).collect()
    }
}

impl Cap {
    fn is_exceeded(self, tallies: &[Tally], now: UnixTime) -> bool {
        within(tallies, HOUR, now).unused() > u64::from(self.per_hour)
            || within(tallies, DAY, now).unused() > u64::from(self.per_day)
    }
}

impl Breaker {
    fn is_open(self, tallies: &[Tally], now: UnixTime) -> bool {
        let (hour, day) = (within(tallies, HOUR, now), within(tallies, DAY, now));
        let usual = best_day(tallies, now).max(day.verified).saturating_mul(u64::from(self.share)) / 100;
        let usual_hour = (usual / 6).max(hour.verified.saturating_mul(u64::from(self.share)) / 100);
        day.unused() > usual.max(u64::from(self.per_day)) || hour.unused() > usual_hour.max(u64::from(self.per_hour))
    }
}

impl Tally {
    const fn unused(&self) -> u64 {
        self.sent.saturating_sub(self.verified)
    }
}

/// The sums of the slots that lie within so long, the one that is under way among them.
fn within(tallies: &[Tally], span: Duration, now: UnixTime) -> Tally {
    let since = slot_of(now.minus(span));
    let recent = tallies.iter().filter(|tally| tally.slot > since);
    recent.fold(Tally::default(), |sum, tally| Tally {
        slot: sum.slot,
        sent: sum.sent.saturating_add(tally.sent),
        verified: sum.verified.saturating_add(tally.verified),
        cost: sum.cost.saturating_add(tally.cost),
    })
}

/// The most codes that were used within one of the last days before today.
fn best_day(tallies: &[Tally], now: UnixTime) -> u64 {
    let days = u32::try_from(LOOKS_BACK.as_secs() / DAY.as_secs()).unwrap_or_default();
    let used = |day: u32| {
        let (since, until) = (slot_of(now.minus(DAY * (day + 1))), slot_of(now.minus(DAY * day)));
        let of_day = tallies.iter().filter(|tally| tally.slot > since && tally.slot <= until);
        of_day.map(|tally| tally.verified).sum()
    };
    (1..days).map(used).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

    fn tally(ago: Duration, sent: u64, verified: u64) -> Tally {
        Tally { slot: slot_of(NOW.minus(ago)), sent, verified, cost: sent * 10 }
    }

    fn found(guard: &SmsGuard, sent: Sent<'_>) -> Vec<Finding> {
        guard.findings(sent, NOW).into_iter().map(|(finding, _)| finding).collect()
    }

    #[test]
    fn unused_codes_are_capped_and_used_ones_are_not() {
        let guard = SmsGuard::default();
        let none = Sent { all: &[], country: &[], block: &[], network: &[] };
        let of_block = |tallies: &[Tally]| found(&guard, Sent { block: tallies, ..none });
        assert_eq!(of_block(&[tally(Duration::ZERO, 20, 0)]), []);
        assert_eq!(of_block(&[tally(Duration::ZERO, 21, 0)]), [Finding::Prefix]);
        assert_eq!(of_block(&[tally(Duration::ZERO, 1000, 980)]), []);
        assert_eq!(of_block(&[tally(2 * HOUR, 60, 0), tally(Duration::ZERO, 1, 0)]), [Finding::Prefix]);
        assert_eq!(of_block(&[tally(DAY, 60, 0), tally(Duration::ZERO, 1, 0)]), []);
        assert_eq!(of_block(&[tally(2 * HOUR, 60, 0)]), []);
        let of_network = |tallies: &[Tally]| found(&guard, Sent { network: tallies, ..none });
        assert_eq!(of_network(&[tally(Duration::ZERO, 60, 0)]), []);
        assert_eq!(of_network(&[tally(Duration::ZERO, 61, 0)]), [Finding::Network]);
    }

    #[test]
    fn a_finding_has_the_mode_of_its_rule() {
        let many = [tally(Duration::ZERO, 1000, 0)];
        let sent = Sent { all: &many, country: &many, block: &many, network: &many };
        let guard = SmsGuard { ceiling: Some(0), ..SmsGuard::default() };
        let expected = [
            (Finding::Prefix, Mode::Enforce),
            (Finding::Network, Mode::Enforce),
            (Finding::Country, Mode::RecordOnly),
            (Finding::Ceiling, Mode::Enforce),
        ];
        assert_eq!(guard.findings(sent, NOW), expected);
    }

    #[test]
    fn a_slot_is_a_quarter_of_an_hour() {
        let slots = [-1, 0, 899, 900, 1799, 1800].map(|secs| slot_of(UnixTime::from_secs(secs)));
        assert_eq!(slots, [-1, 0, 0, 1, 1, 2]);
    }

    #[test]
    fn the_breaker_measures_by_what_is_usual() {
        let guard = SmsGuard::default();
        let none = Sent { all: &[], country: &[], block: &[], network: &[] };
        let of_country = |tallies: &[Tally]| found(&guard, Sent { country: tallies, ..none });
        let usual = tally(5 * DAY, 6000, 6000);
        assert_eq!(of_country(&[usual, tally(Duration::ZERO, 200, 0)]), []);
        assert_eq!(of_country(&[usual, tally(Duration::ZERO, 201, 0)]), [Finding::Country]);
        assert_eq!(of_country(&[tally(15 * DAY, 6000, 6000), tally(Duration::ZERO, 21, 0)]), [Finding::Country]);
        assert_eq!(of_country(&[tally(Duration::ZERO, 1200, 1000)]), []);
        // Within a day: a fifth of the best day, and never less than a hundred.
        assert_eq!(of_country(&[usual, tally(2 * HOUR, 1200, 0)]), []);
        assert_eq!(of_country(&[usual, tally(2 * HOUR, 1201, 0)]), [Finding::Country]);
        assert_eq!(of_country(&[tally(2 * HOUR, 100, 0)]), []);
        assert_eq!(of_country(&[tally(2 * HOUR, 101, 0)]), [Finding::Country]);
        // Within an hour: a fifth of what is used in it, too.
        let today = tally(2 * HOUR, 1000, 1000);
        assert_eq!(of_country(&[today, tally(Duration::ZERO, 1200, 1000)]), []);
        assert_eq!(of_country(&[today, tally(Duration::ZERO, 1201, 1000)]), [Finding::Country]);
    }

    #[test]
    fn the_best_day_is_one_of_the_last_fourteen() {
        let slot = SLOT;
        for (used, expected) in [
            (&[][..], 0),
            (&[(DAY - slot, 7)], 0),
            (&[(DAY, 7)], 7),
            (&[(14 * DAY - slot, 7)], 7),
            (&[(14 * DAY, 7)], 0),
            (&[(2 * DAY, 3), (3 * DAY - slot, 4)], 7),
            (&[(2 * DAY - slot, 3), (2 * DAY, 4)], 4),
            (&[(3 * DAY, 3), (5 * DAY, 6), (9 * DAY, 5)], 6),
        ] {
            let tallies: Vec<Tally> = used.iter().map(|(ago, verified)| tally(*ago, *verified, *verified)).collect();
            assert_eq!(best_day(&tallies, NOW), expected, "{used:?}");
        }
    }

    #[test]
    fn the_ceiling_is_a_sum_of_money_within_a_day() {
        let guard = SmsGuard { ceiling: Some(1000), ..SmsGuard::default() };
        let none = Sent { all: &[], country: &[], block: &[], network: &[] };
        let spent = |tallies: &[Tally]| found(&guard, Sent { all: tallies, ..none });
        assert_eq!(spent(&[tally(Duration::ZERO, 100, 100)]), []);
        assert_eq!(spent(&[tally(Duration::ZERO, 101, 101)]), [Finding::Ceiling]);
        assert_eq!(spent(&[tally(DAY, 101, 101)]), []);
    }

    #[test]
    fn lists_and_premium_services_are_refused() {
        let number = |text: &str| PhoneNumber::parse(text, None).unwrap();
        let prefix = |text: &str| Prefix::parse(text).unwrap();
        let guard = SmsGuard { allowed: vec![prefix("+62")], refused: vec![prefix("+62811")], ..SmsGuard::default() };
        assert!(guard.takes(&number("+6281234567834")));
        assert!(!guard.takes(&number("+6281134567834")) && !guard.takes(&number("+12024561111")));
        for bad in ["62", "+", "+62a", "", "+1234567890123456"] {
            assert_eq!((bad, Prefix::parse(bad)), (bad, None));
        }
        let open = SmsGuard::default();
        assert!(open.takes(&number("+447400123456")));
        assert!(!open.takes(&number("+19002345678")) && !open.takes(&number("+449012345678")));
        assert_eq!(block_of(&number("+6281234567834")), "+628123456");
    }
}
