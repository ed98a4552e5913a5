//! When a courier that does not answer is passed over, and when it is tried again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock::UnixTime;

/// How patient a breaker is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Failures in a row after which it opens.
    pub failures: u32,
    /// The first pause; each failed probe doubles it.
    pub pause: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { failures: 3, pause: Duration::from_secs(10), longest: Duration::from_secs(300) }
    }
}

/// Closed: every message passes. Open: none does until the pause is over; then one, the probe.
#[derive(Debug)]
pub(super) struct Breaker {
    patience: Patience,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Set while it is open.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: UnixTime,
    pause: Duration,
    probing: bool,
}

/// The right to try once. Dropped without a word on how it went, it leaves the breaker as it was.
#[derive(Debug)]
pub(super) struct Pass<'b> {
    breaker: &'b Breaker,
    probe: bool,
}

impl Breaker {
    /// A closed one.
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, state: Mutex::default() }
    }

    /// The right to try now, if it may be tried.
    pub(super) fn admit(&self, now: UnixTime) -> Option<Pass<'_>> {
        let mut state = self.lock();
        let Some(open) = &mut state.open else { return Some(Pass { breaker: self, probe: false }) };
        if open.probing || now < open.until {
            return None;
        }
        open.probing = true;
        Some(Pass { breaker: self, probe: true })
    }

    /// Whether it is open.
    pub(super) fn is_open(&self) -> bool {
        self.lock().open.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// It answered, whatever it said.
    pub(super) fn answered(self) {
        *self.breaker.lock() = State::default();
    }

    /// It did not answer, at `now`.
    pub(super) fn failed(self, now: UnixTime) {
        let patience = self.breaker.patience;
        let mut state = self.breaker.lock();
        state.failures = state.failures.saturating_add(1);
        match state.open {
            // What was under way when it opened says nothing new.
            Some(_) if !self.probe => {}
            Some(open) => {
                let pause = open.pause.saturating_mul(2).min(patience.longest);
                state.open = Some(Open { until: now.plus(pause), pause, probing: false });
            }
            None if state.failures >= patience.failures => {
                let pause = patience.pause.min(patience.longest);
                state.open = Some(Open { until: now.plus(pause), pause, probing: false });
            }
            None => {}
        }
        drop(state);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.probe {
            return;
        }
        if let Some(open) = &mut self.breaker.lock().open {
            open.probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience =
        Patience { failures: 2, pause: Duration::from_secs(10), longest: Duration::from_secs(15) };

    fn at(secs: i64) -> UnixTime {
        UnixTime::from_secs(secs)
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new(PATIENCE);
        breaker.admit(at(0)).unwrap().failed(at(0));
        breaker.admit(at(0)).unwrap().failed(at(0));
        breaker
    }

    #[test]
    fn it_opens_only_after_failures_in_a_row() {
        let breaker = Breaker::new(PATIENCE);
        breaker.admit(at(0)).unwrap().failed(at(0));
        breaker.admit(at(0)).unwrap().answered();
        breaker.admit(at(0)).unwrap().failed(at(0));
        assert!(!breaker.is_open());
        breaker.admit(at(0)).unwrap().failed(at(0));
        assert!(breaker.is_open() && breaker.admit(at(9)).is_none());
    }

    #[test]
    fn one_probe_passes_after_the_pause_and_closes_it() {
        let breaker = opened();
        let probe = breaker.admit(at(10)).unwrap();
        assert!(breaker.admit(at(10)).is_none(), "a second one waits for the probe");
        probe.answered();
        assert!(!breaker.is_open() && breaker.admit(at(10)).is_some());
    }

    #[test]
    fn a_failed_probe_makes_the_pause_longer_up_to_a_limit() {
        let breaker = opened();
        breaker.admit(at(10)).unwrap().failed(at(10));
        assert!(breaker.admit(at(24)).is_none(), "15 s is the longest");
        breaker.admit(at(25)).unwrap().failed(at(25));
        assert!(breaker.admit(at(39)).is_none() && breaker.admit(at(40)).is_some());
    }

    #[test]
    fn a_probe_that_was_given_up_does_not_shut_it_for_good() {
        let breaker = opened();
        drop(breaker.admit(at(10)));
        assert!(breaker.admit(at(10)).is_some());
    }

    #[test]
    fn failures_of_before_it_opened_do_not_move_the_pause() {
        let breaker = Breaker::new(PATIENCE);
        let late = breaker.admit(at(0)).unwrap();
        breaker.admit(at(0)).unwrap().failed(at(0));
        breaker.admit(at(0)).unwrap().failed(at(0));
        late.failed(at(9));
        assert!(breaker.admit(at(10)).is_some());
    }
}
