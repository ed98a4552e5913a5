//! Whether somebody set the machine's clock while the process runs.

use std::time::{Duration, Instant};

use super::{Clock, machine, micros};

/// The smallest shift that is told. What a time service corrects little by little is less between two looks.
const TOLD: Duration = Duration::from_secs(1);

/// How the machine's clock was set between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// By so much.
    Back(Duration),
    /// By so much; so it looks too when the machine was asleep.
    Forward(Duration),
}

/// What a look at the machine's clock found.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How it was set since the look before, if it was.
    pub shift: Option<Shift>,
    /// How far the gateway's time is ahead of it: zero, unless it was set back.
    pub ahead: Duration,
}

/// Compares the machine's clock with one that nobody can set, from look to look.
#[derive(Debug)]
pub struct Shifts {
    began: Instant,
    /// The machine's clock less the time since `began`, at the look before: microseconds.
    before: i64,
}

impl Default for Shifts {
    fn default() -> Self {
        Self { began: Instant::now(), before: micros(machine()) }
    }
}

impl Shifts {
    /// Looks now; `clock` is what the gateway goes by.
    pub fn look(&mut self, clock: &dyn Clock) -> Look {
        let (read, passed) = (machine(), self.began.elapsed());
        let ahead = clock.now().millis().saturating_sub(micros(read).div_euclid(1000));
        Look { shift: self.shift(read, passed), ahead: Duration::from_millis(u64::try_from(ahead).unwrap_or_default()) }
    }

    fn shift(&mut self, read: Duration, passed: Duration) -> Option<Shift> {
        let offset = micros(read).saturating_sub(micros(passed));
        let by = offset.saturating_sub(self.before);
        self.before = offset;
        let length = Duration::from_micros(by.unsigned_abs());
        if length < TOLD {
            return None;
        }
        Some(if by < 0 { Shift::Back(length) } else { Shift::Forward(length) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, UnixTime};

    #[test]
    fn each_shift_is_told_once_with_its_size() {
        let mut shifts = Shifts { began: Instant::now(), before: 10_000_000_000 };
        let millis = Duration::from_millis;
        let mut look = |read, passed| shifts.shift(millis(read), millis(passed));
        assert_eq!(look(10_010_000, 10_000), None);
        assert_eq!(look(6_420_000, 20_000), Some(Shift::Back(Duration::from_secs(3600))));
        assert_eq!(look(6_430_000, 30_000), None);
        assert_eq!(look(13_640_500, 40_000), Some(Shift::Forward(millis(7_200_500))));
    }

    #[test]
    fn a_clock_that_is_corrected_little_by_little_is_not_shifted() {
        let mut shifts = Shifts { began: Instant::now(), before: 0 };
        for round in 1..=100 {
            let passed = Duration::from_secs(10 * round);
            assert_eq!(shifts.shift(passed.mul_f64(1.05), passed), None);
        }
    }

    #[test]
    fn it_is_told_how_far_the_gateway_is_ahead() {
        let mut shifts = Shifts::default();
        assert_eq!(shifts.look(&ManualClock::at(UnixTime::from_secs(0))).ahead, Duration::ZERO);
        let later =
            UnixTime::from_millis(i64::try_from(machine().as_millis()).unwrap()).plus(Duration::from_secs(7200));
        let ahead = shifts.look(&ManualClock::at(later)).ahead;
        assert!(ahead > Duration::from_secs(3600) && ahead <= Duration::from_secs(7200), "{ahead:?}");
    }
}
