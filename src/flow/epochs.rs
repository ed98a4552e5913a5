//! Which stamps count still: epoch and family, read from the durable store, for `session` at most
//! two seconds old (decisions 14).

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

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
/// How long a store that did not answer is not asked, where what is remembered does: as long as a question
/// may take, so that one request at a time waits for it.
const ASK_AGAIN: Duration = Duration::from_secs(10);
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
pub struct EpochCache {
    answers: Cache<Binding, (Subject, i64, UnixTime)>,
    /// Grows with each change of this process, so that an answer from before it is not kept.
    changes: AtomicU64,
    /// Unix milliseconds of the last question that the store did not answer; 0: it did.
    unanswered_at: AtomicI64,
}

impl Default for EpochCache {
    fn default() -> Self {
        Self { answers: Cache::new(CAPACITY), changes: AtomicU64::new(0), unanswered_at: AtomicI64::new(0) }
    }
}

impl EpochCache {
    /// Forgets a log-in: something of it changed.
    pub fn forget(&self, binding: Binding) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.answers.invalidate(&binding);
    }

    /// Forgets everything: some player's epoch was raised.
    pub fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.answers.invalidate_all();
    }

    /// Keeps an answer to a question that was asked after so many changes.
    fn keep(&self, binding: Binding, answer: (Subject, i64, UnixTime), changes: u64) {
        self.answers.insert(binding, answer);
        // Looked at afterwards: what changes from here on finds the answer and forgets it itself.
        if self.changes.load(Ordering::SeqCst) != changes {
            self.answers.invalidate(&binding);
        }
    }

    /// Whether the store is worth asking: it answered the last time, or nobody asked it for a while. Of
    /// those who ask at once then, one does.
    fn is_worth_asking(&self, now: UnixTime) -> bool {
        let at = self.unanswered_at.load(Ordering::Relaxed);
        let one_asks =
            || self.unanswered_at.compare_exchange(at, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        at == 0 || (now.since(UnixTime::from_millis(at)) >= ASK_AGAIN && one_asks())
    }

    /// Whether the store did not answer of late.
    pub(super) fn is_unanswered(&self) -> bool {
        self.unanswered_at.load(Ordering::Relaxed) != 0
    }

    fn find(&self, stamp: &Stamp, now: UnixTime, max_age: Duration) -> Option<i64> {
        let (subject, epoch, read_at) = self.answers.get(&stamp.proof.binding)?;
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
        if reading != Reading::Anew && known(MAX_AGE).is_some() {
            return Ok(Ok(()));
        }
        let may_do = || reading == Reading::LateInOutage && known(OUTAGE_MAX_AGE).is_some();
        let pass = || {
            self.metrics.stamp_in_outage();
            Ok(Ok(()))
        };
        if may_do() && !self.epochs.is_worth_asking(now) {
            return pass();
        }
        match self.read_epoch(stamp, now).await {
            Ok(Some(epoch)) if epoch == stamp.proof.epoch => Ok(Ok(())),
            Ok(_) => Ok(Err(Reject::Revoked)),
            // Asked once more: it may have been ended here meanwhile.
            Err(FlowError::Store(_)) if may_do() => pass(),
            Err(error) => Err(error),
        }
    }

    async fn read_epoch(&self, stamp: &Stamp, now: UnixTime) -> Result<Option<i64>, FlowError> {
        let (binding, subject) = (stamp.proof.binding, &stamp.proof.subject);
        let changes = self.epochs.changes.load(Ordering::SeqCst);
        let answered = self.stores.families.epoch_if_open(binding, subject).await;
        let unanswered_at = if answered.is_ok() { 0 } else { self.clock.now().millis() };
        self.epochs.unanswered_at.store(unanswered_at, Ordering::Relaxed);
        let epoch = answered?;
        match epoch {
            Some(epoch) => self.epochs.keep(binding, (subject.clone(), epoch, now), changes),
            None => self.epochs.answers.invalidate(&binding),
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
        cache.keep(ayu.proof.binding, (ayu.proof.subject.clone(), 7, NOW), 0);
        let after = |millis, max_age| cache.find(&ayu, NOW.plus(Duration::from_millis(millis)), max_age);
        assert_eq!((after(1_999, MAX_AGE), after(2_000, MAX_AGE)), (Some(7), None));
        assert_eq!((after(299_999, OUTAGE_MAX_AGE), after(300_000, OUTAGE_MAX_AGE)), (Some(7), None));
        assert_eq!(cache.find(&stamp("budi"), NOW, MAX_AGE), None, "of another player");
        cache.forget(ayu.proof.binding);
        assert_eq!(after(0, OUTAGE_MAX_AGE), None, "it was ended here");
    }

    #[test]
    fn an_answer_from_before_a_change_is_not_kept() {
        let (cache, ayu) = (EpochCache::default(), stamp("ayu"));
        let answer = || (ayu.proof.subject.clone(), 7, NOW);
        cache.forget(Binding([9; 32]));
        cache.keep(ayu.proof.binding, answer(), 0);
        assert_eq!(cache.find(&ayu, NOW, MAX_AGE), None);
        cache.keep(ayu.proof.binding, answer(), 1);
        assert_eq!(cache.find(&ayu, NOW, MAX_AGE), Some(7));
        cache.forget_all();
        assert_eq!(cache.find(&ayu, NOW, MAX_AGE), None);
    }

    #[test]
    fn a_store_that_did_not_answer_is_asked_by_one_each_ten_seconds() {
        let cache = EpochCache::default();
        assert!(cache.is_worth_asking(NOW) && cache.is_worth_asking(NOW));
        cache.unanswered_at.store(NOW.millis(), Ordering::Relaxed);
        assert!(!cache.is_worth_asking(NOW.plus(Duration::from_millis(9_999))));
        let later = NOW.plus(Duration::from_secs(10));
        assert!(cache.is_worth_asking(later) && !cache.is_worth_asking(later));
    }
}
