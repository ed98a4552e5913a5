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
/// Log-ins that are remembered at most: some 20 MB.
const CAPACITY: u64 = 100_000;

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

    fn find(&self, stamp: &Stamp, now: UnixTime) -> Option<i64> {
        let (subject, epoch, read_at) = self.0.get(&stamp.proof.binding)?;
        (subject == stamp.proof.subject && now.since(read_at) < MAX_AGE).then_some(epoch)
    }
}

impl Flow {
    /// Whether a verified stamp was revoked. `cached`: an answer of the last two seconds will do.
    ///
    /// # Errors
    /// `Store`: then nobody may pass on this stamp.
    pub async fn check_revocation(&self, stamp: &Stamp, cached: bool) -> Result<Result<(), Reject>, FlowError> {
        let now = self.clock.now();
        let known = if cached { self.epochs.find(stamp, now) } else { None };
        // A stamp that does not agree may be newer than what is remembered.
        let known = known.filter(|epoch| *epoch == stamp.proof.epoch);
        let epoch = match known {
            Some(epoch) => Some(epoch),
            None => self.read_epoch(stamp, now).await?,
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
