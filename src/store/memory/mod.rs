//! Shared ports in this process: one node; gone with it, and then players are asked again.
//!
//! Every port is a map behind a lock that is never held across an await, so that each method is
//! atomic. Every map is bounded: what would expire next goes first.

mod challenges;
mod expiring;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{
    clock::{Clock, UnixTime},
    request::Subject,
    secret::{Sealed, TokenHash},
    store::{
        Approval, Approvals, Held, PendingEnrolment, PendingEnrolments, SentCode, SentCodes, StoreError,
        memory::{challenges::OpenChallenges, expiring::Expiring},
    },
};

/// Entries of a kind that are kept at most.
const CAPACITY: usize = 100_000;

/// The shared ports in memory.
pub struct Memory {
    clock: Arc<dyn Clock>,
    challenges: Mutex<OpenChallenges>,
    held: Mutex<HeldRequests>,
    approvals: Mutex<Expiring<[u8; 32], Approval>>,
    enrolments: Mutex<Expiring<String, PendingEnrolment>>,
    codes: Mutex<Expiring<String, SentCode>>,
}

impl Memory {
    /// Keeps at most `held_total_bytes` of held requests and 100,000 entries of every kind.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, held_total_bytes: u64) -> Self {
        Self {
            clock,
            challenges: Mutex::new(OpenChallenges::new(CAPACITY)),
            held: Mutex::new(HeldRequests { requests: Expiring::new(CAPACITY), bytes: 0, most: held_total_bytes }),
            approvals: Mutex::new(Expiring::new(CAPACITY)),
            enrolments: Mutex::new(Expiring::new(CAPACITY)),
            codes: Mutex::new(Expiring::new(CAPACITY)),
        }
    }

    /// Forgets the held requests of challenges that ended.
    fn forget_held(&self, challenge_ids: &[String]) {
        let mut held = locked(&self.held);
        for id in challenge_ids {
            held.remove(id);
        }
    }
}

/// The map behind a lock. A panic elsewhere cannot leave a map half-changed, so poison is passed over.
fn locked<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held requests and how many bytes they take.
struct HeldRequests {
    requests: Expiring<String, Sealed>,
    bytes: u64,
    most: u64,
}

impl HeldRequests {
    fn put(&mut self, id: &str, held: Sealed, expires_at: UnixTime, now: UnixTime) -> bool {
        let expired = self.requests.drop_expired(now);
        self.forget(expired.iter().map(|(_, sealed)| sealed));
        self.remove(id);
        let size = size(&held);
        if self.bytes.saturating_add(size) > self.most {
            return false;
        }
        self.bytes += size;
        let evicted = self.requests.put(id.to_owned(), held, expires_at, now);
        self.forget(evicted.iter().map(|(_, sealed)| sealed));
        true
    }

    fn remove(&mut self, id: &str) {
        let removed = self.requests.remove(&id.to_owned());
        self.forget(removed.iter());
    }

    fn forget<'s>(&mut self, gone: impl Iterator<Item = &'s Sealed>) {
        self.bytes = self.bytes.saturating_sub(gone.map(size).sum());
    }
}

fn size(held: &Sealed) -> u64 {
    held.bytes.len() as u64
}

#[async_trait]
impl Held for Memory {
    async fn put(&self, challenge_id: &str, held: Sealed, expires_at: UnixTime) -> Result<bool, StoreError> {
        Ok(locked(&self.held).put(challenge_id, held, expires_at, self.clock.now()))
    }

    async fn find(&self, challenge_id: &str, now: UnixTime) -> Result<Option<Sealed>, StoreError> {
        Ok(locked(&self.held).requests.find(&challenge_id.to_owned(), now).cloned())
    }

    async fn remove(&self, challenge_id: &str) -> Result<(), StoreError> {
        locked(&self.held).remove(challenge_id);
        Ok(())
    }

    async fn usage(&self) -> Result<(u64, u64), StoreError> {
        let held = locked(&self.held);
        Ok((held.requests.len() as u64, held.bytes))
    }
}

#[async_trait]
impl Approvals for Memory {
    async fn put(&self, token: TokenHash, approval: Approval) -> Result<(), StoreError> {
        let expires_at = approval.expires_at;
        locked(&self.approvals).put(token.0, approval, expires_at, self.clock.now());
        Ok(())
    }

    async fn find(&self, token: TokenHash, now: UnixTime) -> Result<Option<Approval>, StoreError> {
        Ok(locked(&self.approvals).find(&token.0, now).cloned())
    }
}

#[async_trait]
impl PendingEnrolments for Memory {
    async fn put(&self, pending: PendingEnrolment) -> Result<(), StoreError> {
        let mut enrolments = locked(&self.enrolments);
        let (binding, expires_at) = (pending.binding, pending.expires_at);
        enrolments.remove_where(|other| other.binding == binding);
        enrolments.put(pending.id.clone(), pending, expires_at, self.clock.now());
        Ok(())
    }

    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<PendingEnrolment>, StoreError> {
        Ok(locked(&self.enrolments).find(&id.to_owned(), now).cloned())
    }

    async fn replace(&self, old: &PendingEnrolment, new: PendingEnrolment) -> Result<bool, StoreError> {
        let mut enrolments = locked(&self.enrolments);
        let Some(kept) = enrolments.value_mut(&old.id, self.clock.now()) else { return Ok(false) };
        if *kept != *old || old.expires_at != new.expires_at {
            return Ok(false);
        }
        *kept = new;
        Ok(true)
    }

    async fn take(&self, id: &str, now: UnixTime) -> Result<Option<PendingEnrolment>, StoreError> {
        let mut enrolments = locked(&self.enrolments);
        let taken = enrolments.remove(&id.to_owned());
        Ok(taken.filter(|pending| pending.expires_at > now))
    }

    async fn void_all(&self, subject: &Subject) -> Result<(), StoreError> {
        locked(&self.enrolments).remove_where(|pending| pending.subject == *subject);
        Ok(())
    }
}

#[async_trait]
impl SentCodes for Memory {
    async fn put(&self, code: SentCode) -> Result<(), StoreError> {
        let expires_at = code.expires_at;
        locked(&self.codes).put(code.purpose.clone(), code, expires_at, self.clock.now());
        Ok(())
    }

    async fn find(&self, purpose: &str, now: UnixTime) -> Result<Option<SentCode>, StoreError> {
        Ok(locked(&self.codes).find(&purpose.to_owned(), now).cloned())
    }

    async fn remove(&self, purpose: &str) -> Result<(), StoreError> {
        locked(&self.codes).remove(&purpose.to_owned());
        Ok(())
    }
}
