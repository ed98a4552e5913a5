//! How long failed codes pause a factor (security.md REQ-44).

use std::time::Duration;

/// Failures in a row that are free of a pause.
pub const FREE_FAILURES: u32 = 5;
/// Failures in a row after which the factor must be bound anew (NIST SP 800-63B-4 §3.2.2).
pub const REBIND_AFTER: u32 = 100;

/// The pause after the `failures`-th wrong code in a row: none below five, then 30 s doubling to one
/// hour. Never for good.
#[must_use]
pub const fn pause_after(failures: u32) -> Duration {
    if failures < FREE_FAILURES {
        return Duration::ZERO;
    }
    let doublings = failures - FREE_FAILURES;
    if doublings >= 7 {
        return Duration::from_secs(3600);
    }
    Duration::from_secs(30 << doublings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_failure_pauses_and_pauses_grow_to_an_hour() {
        let seconds = [0, 1, 4, 5, 6, 11, 12, 99].map(|n| pause_after(n).as_secs());
        assert_eq!(seconds, [0, 0, 0, 30, 60, 1920, 3600, 3600]);
    }
}
