//! Open challenges, and which log-in has which.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    request::{Binding, Subject},
    store::{
        Challenge, ChallengeState, Challenges, StoreError,
        memory::{Memory, expiring::Expiring, locked},
        shared::CHALLENGES_PER_LOGIN,
    },
};

/// Challenges by id, with an index by log-in.
pub(super) struct OpenChallenges {
    by_id: Expiring<String, Challenge>,
    /// Binding, creation and id: a log-in's challenges stand together, the oldest first.
    by_login: BTreeSet<([u8; 32], UnixTime, String)>,
}

impl OpenChallenges {
    /// None, with room for `capacity`.
    pub(super) fn new(capacity: usize) -> Self {
        Self { by_id: Expiring::new(capacity), by_login: BTreeSet::new() }
    }

    /// Puts one; returns the ids of those that had to go.
    fn put(&mut self, challenge: Challenge, now: UnixTime) -> Vec<String> {
        let mut gone = Vec::new();
        let ids = self.ids(challenge.binding);
        let surplus = (ids.len() + 1).saturating_sub(CHALLENGES_PER_LOGIN);
        for id in ids.into_iter().take(surplus) {
            self.remove(&id);
            gone.push(id);
        }
        self.by_login.insert(place(&challenge));
        let expires_at = challenge.expires_at;
        for (id, dropped) in self.by_id.put(challenge.id.clone(), challenge, expires_at, now) {
            self.by_login.remove(&place(&dropped));
            gone.push(id);
        }
        gone
    }

    fn remove(&mut self, id: &str) {
        if let Some(removed) = self.by_id.remove(&id.to_owned()) {
            self.by_login.remove(&place(&removed));
        }
    }

    /// The ids of a log-in's challenges, the oldest first.
    fn ids(&self, binding: Binding) -> Vec<String> {
        let first = (binding.0, UnixTime::from_millis(i64::MIN), String::new());
        self.by_login.range(first..).take_while(|(login, ..)| *login == binding.0).map(|(.., id)| id.clone()).collect()
    }
}

fn place(challenge: &Challenge) -> ([u8; 32], UnixTime, String) {
    (challenge.binding.0, challenge.created_at, challenge.id.clone())
}

#[async_trait]
impl Challenges for Memory {
    async fn put(&self, challenge: Challenge) -> Result<(), StoreError> {
        let gone = locked(&self.challenges).put(challenge, self.clock.now());
        self.forget_held(&gone);
        Ok(())
    }

    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<Challenge>, StoreError> {
        Ok(locked(&self.challenges).by_id.find(&id.to_owned(), now).cloned())
    }

    async fn replace(&self, old: &Challenge, new: Challenge) -> Result<bool, StoreError> {
        let mut challenges = locked(&self.challenges);
        let Some(kept) = challenges.by_id.value_mut(&old.id, self.clock.now()) else { return Ok(false) };
        // What the maps are ordered by must stay as it was.
        let same_place = place(old) == place(&new) && old.expires_at == new.expires_at;
        if *kept != *old || !same_place {
            return Ok(false);
        }
        *kept = new;
        Ok(true)
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        locked(&self.challenges).remove(id);
        self.forget_held(&[id.to_owned()]);
        Ok(())
    }

    async fn end_player(&self, subject: &Subject, spared: Option<Binding>) -> Result<(), StoreError> {
        let ids = {
            let mut challenges = locked(&self.challenges);
            let theirs = |challenge: &Challenge| challenge.subject == *subject && Some(challenge.binding) != spared;
            let ids: Vec<String> = challenges.by_id.keys_where(theirs);
            for id in &ids {
                challenges.remove(id);
            }
            ids
        };
        self.forget_held(&ids);
        Ok(())
    }

    async fn end_all(&self, binding: Binding) -> Result<(), StoreError> {
        let ids = {
            let mut challenges = locked(&self.challenges);
            let ids = challenges.ids(binding);
            for id in &ids {
                challenges.remove(id);
            }
            ids
        };
        self.forget_held(&ids);
        Ok(())
    }

    async fn count(&self, binding: Binding, now: UnixTime) -> Result<usize, StoreError> {
        let challenges = locked(&self.challenges);
        let open = |id: &String| {
            challenges.by_id.find(id, now).is_some_and(|challenge| challenge.state == ChallengeState::Open)
        };
        Ok(challenges.ids(binding).iter().filter(|id| open(id)).count())
    }
}
