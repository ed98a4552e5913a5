//! Cool-downs: what lately happened to an account, and for how long a route waits after it
//! (decisions 25).

use std::time::Duration;

use crate::clock::UnixTime;

/// What makes a route wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Any factor became active: first, second, switch, re-enable, rebind.
    Enroll,
    /// A backup code was used.
    BackupCode,
    /// Support reset the second factor.
    Reset,
    /// The phone number changed.
    PhoneChange,
    /// The password changed.
    PasswordChange,
}

impl Cause {
    /// Every cause, in the order of the configuration's documentation.
    pub const ALL: [Self; 5] = [Self::Enroll, Self::BackupCode, Self::Reset, Self::PhoneChange, Self::PasswordChange];

    /// The word in the configuration and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::BackupCode => "backup_code",
            Self::Reset => "reset",
            Self::PhoneChange => "phone_change",
            Self::PasswordChange => "password_change",
        }
    }

    /// The cause of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// A value for each cause that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByCause<T>(Vec<(Cause, T)>);

impl<T> Default for ByCause<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> ByCause<T> {
    /// Sets the value of a cause.
    pub fn set(&mut self, cause: Cause, value: T) {
        match self.0.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, kept)) => *kept = value,
            None => self.0.push((cause, value)),
        }
    }

    /// The value of a cause.
    #[must_use]
    pub fn of(&self, cause: Cause) -> Option<T> {
        self.0.iter().find(|(known, _)| *known == cause).map(|(_, value)| *value)
    }

    /// Whether no cause has a value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Copy> FromIterator<(Cause, T)> for ByCause<T> {
    fn from_iter<I: IntoIterator<Item = (Cause, T)>>(pairs: I) -> Self {
        let mut values = Self::default();
        for (cause, value) in pairs {
            values.set(cause, value);
        }
        values
    }
}

/// When each cause last happened to an account.
pub type Happened = ByCause<UnixTime>;

/// For how long a route waits after each cause.
pub type CoolDowns = ByCause<Duration>;

impl CoolDowns {
    /// The same wait after every cause.
    #[must_use]
    pub fn all(wait: Duration) -> Self {
        Cause::ALL.into_iter().map(|cause| (cause, wait)).collect()
    }

    /// Until when the route waits: the latest end counts. `None` when it does not.
    #[must_use]
    pub fn until(&self, happened: &Happened, now: UnixTime) -> Option<UnixTime> {
        let ends = self.0.iter().filter_map(|(cause, wait)| Some(happened.of(*cause)?.plus(*wait)));
        ends.max().filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_end_counts_and_a_cause_without_a_wait_does_not() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let now = UnixTime::from_secs(1_000_000);
        let waits: CoolDowns = [(Cause::Enroll, hours(24)), (Cause::PhoneChange, hours(72))].into_iter().collect();
        let mut happened = Happened::default();
        assert_eq!(waits.until(&happened, now), None);
        happened.set(Cause::Reset, now);
        assert_eq!(waits.until(&happened, now), None);
        happened.set(Cause::Enroll, now);
        assert_eq!(waits.until(&happened, now), Some(now.plus(hours(24))));
        happened.set(Cause::PhoneChange, now.minus(hours(1)));
        assert_eq!(waits.until(&happened, now), Some(now.plus(hours(71))));
        assert_eq!(waits.until(&happened, now.plus(hours(71))), None);
    }

    #[test]
    fn a_cause_has_one_value_the_last() {
        let mut values = ByCause::default();
        assert!(values.is_empty() && values.of(Cause::Reset).is_none());
        values.set(Cause::Reset, 1);
        values.set(Cause::Enroll, 2);
        values.set(Cause::Reset, 3);
        assert!(!values.is_empty());
        assert_eq!(Cause::ALL.map(|cause| values.of(cause)), [Some(2), None, Some(3), None, None]);
    }

    #[test]
    fn every_word_names_its_cause() {
        for cause in Cause::ALL {
            assert_eq!(Cause::parse(cause.as_str()), Some(cause));
        }
        assert_eq!(Cause::parse("Enroll"), None);
    }
}
