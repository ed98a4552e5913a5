//! A bounded map whose entries expire.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use crate::clock::UnixTime;

/// Entries with an expiry each; at most `capacity` of them. Time is an argument.
pub(super) struct Expiring<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// The keys by expiry, so that the next to go is found without a search.
    order: BTreeSet<(UnixTime, K)>,
    capacity: usize,
}

struct Entry<V> {
    value: V,
    expires_at: UnixTime,
}

impl<K: Clone + Eq + Hash + Ord, V> Expiring<K, V> {
    /// An empty map for `capacity` entries.
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: BTreeSet::new(), capacity }
    }

    /// The keys of the values that are such.
    pub(super) fn keys_where(&self, such: impl Fn(&V) -> bool) -> Vec<K> {
        self.entries.iter().filter(|(_, entry)| such(&entry.value)).map(|(key, _)| key.clone()).collect()
    }

    /// Puts a value in place of what was under the key. Returns what had to go: the expired ones
    /// and, when the map is full, the one that would expire next.
    pub(super) fn put(&mut self, key: K, value: V, expires_at: UnixTime, now: UnixTime) -> Vec<(K, V)> {
        self.remove(&key);
        let mut gone = self.drop_expired(now);
        while self.entries.len() >= self.capacity {
            let Some(oldest) = self.drop_next() else { break };
            gone.push(oldest);
        }
        self.order.insert((expires_at, key.clone()));
        self.entries.insert(key, Entry { value, expires_at });
        gone
    }

    /// The value of a key, unless it expired.
    pub(super) fn find(&self, key: &K, now: UnixTime) -> Option<&V> {
        self.entries.get(key).filter(|entry| entry.expires_at > now).map(|entry| &entry.value)
    }

    /// Changes a value in place, with its expiry as it was.
    pub(super) fn value_mut(&mut self, key: &K, now: UnixTime) -> Option<&mut V> {
        self.entries.get_mut(key).filter(|entry| entry.expires_at > now).map(|entry| &mut entry.value)
    }

    /// Removes a value; returns it even if it expired.
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (key, entry) = self.entries.remove_entry(key)?;
        self.order.remove(&(entry.expires_at, key));
        Some(entry.value)
    }

    /// Removes what expired and returns it.
    pub(super) fn drop_expired(&mut self, now: UnixTime) -> Vec<(K, V)> {
        let mut gone = Vec::new();
        while self.order.first().is_some_and(|(expires_at, _)| *expires_at <= now) {
            gone.extend(self.drop_next());
        }
        gone
    }

    /// Removes every entry that `matches` says.
    pub(super) fn remove_where(&mut self, matches: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| !matches(&entry.value));
        self.order.retain(|(_, key)| self.entries.contains_key(key));
    }

    /// How many entries there are, the expired ones included.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn drop_next(&mut self) -> Option<(K, V)> {
        let (_, key) = self.order.pop_first()?;
        self.entries.remove(&key).map(|entry| (key, entry.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(100);

    fn at(secs: i64) -> UnixTime {
        UnixTime::from_secs(secs)
    }

    #[test]
    fn a_full_map_drops_what_expires_next() {
        let mut map = Expiring::new(2);
        map.put("late", 1, at(300), NOW);
        map.put("soon", 2, at(200), NOW);
        assert_eq!(map.put("new", 3, at(250), NOW), [("soon", 2)]);
        assert_eq!((map.find(&"late", NOW), map.find(&"soon", NOW), map.len()), (Some(&1), None, 2));
    }

    #[test]
    fn an_expired_value_is_absent_before_it_is_swept() {
        let mut map = Expiring::new(2);
        map.put("a", 1, at(200), NOW);
        assert_eq!((map.find(&"a", at(199)), map.find(&"a", at(200)), map.len()), (Some(&1), None, 1));
        assert_eq!(map.drop_expired(at(200)), [("a", 1)]);
    }

    #[test]
    fn a_replaced_value_expires_by_its_new_time() {
        let mut map = Expiring::new(2);
        map.put("a", 1, at(200), NOW);
        map.put("a", 2, at(300), NOW);
        assert!(map.drop_expired(at(250)).is_empty());
        assert_eq!(map.find(&"a", at(250)), Some(&2));
    }
}
