//! Time as an argument: the one place that reads the wall clock.

mod shifts;

use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

pub use shifts::{Look, Shift, Shifts};

/// A moment: whole milliseconds since 1970-01-01T00:00:00Z, never negative in practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The moment `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `secs` seconds after the epoch; saturates far in the future.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment in a text: whole Unix seconds, or a date and time of RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(secs) = text.parse::<i64>() {
            return Some(Self::from_secs(secs));
        }
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }

    /// This moment and `length` later; saturates.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment and `length` earlier; saturates.
    #[must_use]
    pub fn minus(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for UnixTime {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// Tells the time. Shared by everything that expires.
pub trait Clock: Send + Sync {
    /// The present moment. Never earlier than what the same clock said before.
    fn now(&self) -> UnixTime;
}

/// The machine's clock, which never goes back: an expired thing stays expired. When it is set back, `now`
/// goes on at half the pace until it has caught up, so that nothing lives longer than twice its length, and
/// the gateway is right again without a restart.
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
    /// The most by which the machine's clock was ever ahead of half the time since `began`, in microseconds.
    lead: AtomicI64,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { began: Instant::now(), lead: AtomicI64::new(i64::MIN) }
    }
}

impl SystemClock {
    /// What it says when the machine's says `read` since the epoch and so much passed since it began.
    fn says(&self, read: Duration, passed: Duration) -> UnixTime {
        let half = micros(passed) / 2;
        let lead = micros(read).saturating_sub(half);
        let lead = lead.max(self.lead.fetch_max(lead, Ordering::Relaxed));
        UnixTime(lead.saturating_add(half).div_euclid(1000))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        self.says(machine(), self.began.elapsed())
    }
}

/// What the machine's clock says, since the epoch; zero before it.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn machine() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// A clock that stands still until it is moved: for tests and for `explain`.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that says `at`.
    #[must_use]
    pub const fn at(at: UnixTime) -> Self {
        Self(AtomicI64::new(at.0))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_before_a_moment_are_zero() {
        let (early, late) = (UnixTime::from_secs(10), UnixTime::from_secs(12));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    /// What a clock says at such reads of the machine's, each with the seconds that passed since it began.
    fn said(reads: &[(u64, u64)]) -> Vec<i64> {
        let clock = SystemClock::default();
        let says = |(read, passed): &(u64, u64)| clock.says(Duration::from_secs(*read), Duration::from_secs(*passed));
        reads.iter().map(|read| says(read).secs()).collect()
    }

    #[test]
    fn a_clock_that_is_set_back_goes_on_at_half_the_pace_until_it_has_caught_up() {
        let back_by_an_hour = [(10_000, 0), (10_010, 10), (6_420, 20), (6_430, 30), (13_600, 7200), (13_620, 7220)];
        assert_eq!(said(&back_by_an_hour), [10_000, 10_010, 10_015, 10_020, 13_605, 13_620]);
    }

    #[test]
    fn a_clock_that_is_set_forward_and_back_again_never_says_less_than_before() {
        assert_eq!(said(&[(10_000, 0), (20_000, 1), (10_002, 2), (0, 3)]), [10_000, 20_000, 20_000, 20_001]);
        assert_eq!(said(&[(u64::MAX, 0), (10_000, 2)])[1], i64::MAX / 1_000_000);
    }

    #[test]
    fn prints_as_rfc_3339() {
        assert_eq!(UnixTime::from_millis(1_700_000_000_123).to_string(), "2023-11-14T22:13:20.123Z");
    }
}
