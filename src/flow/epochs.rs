//! Which stamps count still: epoch and family, read from the durable store, for `session` at most
//! two seconds old (decisions 14).

use std::time::Duration;

use moka::sync::Cache;

use crate::{
    clock::UnixTime,
    flow::{Flow, FlowError},
    request::{Binding, Subject},
    stamp::{Reject, Stamp},
};

/// How old an answer may be where `session` is required.
const MAX_AGE: Duration = Duration::from_secs(2);
/// How old it may be while the store does not answer, where an operator allows that.
pub const OUTAGE_MAX_AGE: Duration = Duration::from_secs(300);
/// Log-ins that are remembered at most: some 20 MB.
const CAPACITY: u64 = 100_000;

/// How old the store's word on a stamp may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is asked now.
    Anew,
    /// Two seconds (decisions 14).
    Late,
    /// The same; five minutes while the store does not answer (`on_store_error`).
    LateInOutage,
}

/// Answers of the durable store, by log-in. This process's own changes take effect at once.
#[derive(Debug)]
pub struct EpochCache(Cache<Binding, (Subject, i64, UnixTime)>);

impl Default for EpochCache {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl EpochCache {
    /// Forgets a log-in: something of it changed.
    pub fn forget(&self, binding: Binding) {
        self.0.invalidate(&binding);
    }

    /// Forgets everything: some player's epoch was raised.
    pub fn forget_all(&self) {
        self.0.invalidate_all();
    }

    fn find(&self, stamp: &Stamp, now: UnixTime, max_age: Duration) -> Option<i64> {
        let (subject, epoch, read_at) = self.0.get(&stamp.proof.binding)?;
        (subject == stamp.proof.subject && now.since(read_at) < max_age).then_some(epoch)
    }
}

impl Flow {
    /// Whether a verified stamp was revoked.
    ///
    /// # Errors
    /// `Store`: then nobody may pass on this stamp.
    pub async fn check_revocation(&self, stamp: &Stamp, reading: Reading) -> Result<Result<(), Reject>, FlowError> {
        let now = self.clock.now();
        // A stamp that does not agree may be newer than what is remembered.
        let known = |max_age| self.epochs.find(stamp, now, max_age).filter(|epoch| *epoch == stamp.proof.epoch);
        let late = if reading == Reading::Anew { None } else { known(MAX_AGE) };
        let epoch = match late {
            Some(epoch) => Some(epoch),
            None => match self.read_epoch(stamp, now).await {
                Err(FlowError::Store(_)) if reading == Reading::LateInOutage && known(OUTAGE_MAX_AGE).is_some() => {
                    self.metrics.stamp_in_outage();
                    return Ok(Ok(()));
                }
                read => read?,
            },
        };
        Ok(if epoch == Some(stamp.proof.epoch) { Ok(()) } else { Err(Reject::Revoked) })
    }

    async fn read_epoch(&self, stamp: &Stamp, now: UnixTime) -> Result<Option<i64>, FlowError> {
        let (binding, subject) = (stamp.proof.binding, &stamp.proof.subject);
        let epoch = self.stores.families.epoch_if_open(binding, subject).await?;
        match epoch {
            Some(epoch) => self.epochs.0.insert(binding, (subject.clone(), epoch, now)),
            None => self.epochs.forget(binding),
        }
        Ok(epoch)
    }

    /// Ends a log-in: its stamps, challenges, approvals and held requests (decisions 24).
    ///
    /// # Errors
    /// `Store`.
    pub async fn end_session(&self, binding: Binding) -> Result<(), FlowError> {
        let ended = self.stores.families.end(binding, self.clock.now()).await;
        // Also where the answer was lost: it may be done.
        self.epochs.forget(binding);
        ended?;
        self.stores.challenges.end_all(binding).await?;
        Ok(())
    }

    /// Ends every stamp of a player.
    ///
    /// # Errors
    /// `Store`.
    pub async fn end_stamps(&self, subject: &Subject) -> Result<i64, FlowError> {
        let epoch = self.stores.families.raise_epoch(subject).await;
        self.epochs.forget_all();
        Ok(epoch?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::FactorKind, stamp::Proof};

    const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

    fn stamp(subject: &str) -> Stamp {
        let proof = Proof {
            subject: Subject::parse(subject).unwrap(),
            binding: Binding([1; 32]),
            epoch: 7,
            amr: vec!["otp".into()],
            by: FactorKind::App,
            auth_time: NOW,
            fresh_time: None,
            began: NOW,
        };
        Stamp { proof, id: "one".into(), issued_at: NOW, expires_at: NOW.plus(Duration::from_secs(3600)) }
    }

    #[test]
    fn an_answer_of_the_store_counts_two_seconds_and_five_minutes_in_an_outage() {
        let (cache, ayu) = (EpochCache::default(), stamp("ayu"));
        cache.0.insert(ayu.proof.binding, (ayu.proof.subject.clone(), 7, NOW));
        let after = |millis, max_age| cache.find(&ayu, NOW.plus(Duration::from_millis(millis)), max_age);
        assert_eq!((after(1_999, MAX_AGE), after(2_000, MAX_AGE)), (Some(7), None));
        assert_eq!((after(299_999, OUTAGE_MAX_AGE), after(300_000, OUTAGE_MAX_AGE)), (Some(7), None));
        assert_eq!(cache.find(&stamp("budi"), NOW, MAX_AGE), None, "of another player");
        cache.forget(ayu.proof.binding);
        assert_eq!(after(0, OUTAGE_MAX_AGE), None, "it was ended here");
    }
}
