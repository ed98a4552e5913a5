//! Shared ports in this process: one node; gone with it, and then players are asked again.
//!
//! Every port is a map behind a lock that is never held across an await, so that each method is
//! atomic. Every map is bounded: what would expire next goes first.

mod challenges;
mod expiring;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
            held: Mutex::new(HeldRequests::new(held_total_bytes)),
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

/// Held requests, how many bytes they take, and which are a player's own.
struct HeldRequests {
    requests: Expiring<String, Kept>,
    /// Owner and number to id: a player's own stand together, the oldest first.
    owned: BTreeMap<(String, u64), String>,
    numbers: u64,
    bytes: u64,
    most: u64,
}

struct Kept {
    sealed: Sealed,
    /// Its key among the owned.
    place: Option<(String, u64)>,
}

impl HeldRequests {
    fn new(most: u64) -> Self {
        Self { requests: Expiring::new(CAPACITY), owned: BTreeMap::new(), numbers: 0, bytes: 0, most }
    }

    /// Keeps one beside at most `most - 1` others of its owner.
    fn put_of(&mut self, (owner, most): (&str, usize), (id, held): (&str, Sealed), times: Times) -> bool {
        let first = (owner.to_owned(), 0)..=(owner.to_owned(), u64::MAX);
        let theirs: Vec<String> = self.owned.range(first).map(|(_, id)| id.clone()).collect();
        for oldest in theirs.iter().take((theirs.len() + 1).saturating_sub(most)) {
            self.remove(oldest);
        }
        self.numbers += 1;
        let place = (owner.to_owned(), self.numbers);
        if !self.put((id, Kept { sealed: held, place: Some(place.clone()) }), times) {
            return false;
        }
        self.owned.insert(place, id.to_owned());
        true
    }

    fn put(&mut self, (id, kept): (&str, Kept), Times { now, expires_at }: Times) -> bool {
        let expired = self.requests.drop_expired(now);
        self.forget(expired.into_iter().map(|(_, kept)| kept));
        self.remove(id);
        let size = size(&kept);
        if self.bytes.saturating_add(size) > self.most {
            return false;
        }
        self.bytes += size;
        let evicted = self.requests.put(id.to_owned(), kept, expires_at, now);
        self.forget(evicted.into_iter().map(|(_, kept)| kept));
        true
    }

    fn remove(&mut self, id: &str) {
        let removed = self.requests.remove(&id.to_owned());
        self.forget(removed.into_iter());
    }

    fn forget(&mut self, gone: impl Iterator<Item = Kept>) {
        for kept in gone {
            self.bytes = self.bytes.saturating_sub(size(&kept));
            if let Some(place) = kept.place {
                self.owned.remove(&place);
            }
        }
    }
}

/// The present, and when something is gone.
#[derive(Clone, Copy)]
struct Times {
    now: UnixTime,
    expires_at: UnixTime,
}

fn size(held: &Kept) -> u64 {
    held.sealed.bytes.len() as u64
}

#[async_trait]
impl Held for Memory {
    async fn put(&self, challenge_id: &str, held: Sealed, expires_at: UnixTime) -> Result<bool, StoreError> {
        let times = Times { now: self.clock.now(), expires_at };
        Ok(locked(&self.held).put((challenge_id, Kept { sealed: held, place: None }), times))
    }

    async fn put_of(
        &self,
        owner: (&Subject, usize),
        challenge_id: &str,
        held: Sealed,
        expires_at: UnixTime,
    ) -> Result<bool, StoreError> {
        let times = Times { now: self.clock.now(), expires_at };
        Ok(locked(&self.held).put_of((owner.0.as_str(), owner.1), (challenge_id, held), times))
    }

    async fn find(&self, challenge_id: &str, now: UnixTime) -> Result<Option<Sealed>, StoreError> {
        Ok(locked(&self.held).requests.find(&challenge_id.to_owned(), now).map(|kept| kept.sealed.clone()))
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
