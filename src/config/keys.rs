//! The key file: what stepgate signs, seals and hashes with.
//!
//! YAML with five lists, `stamp`, `assertion`, `audit`, `sealing`, `hashing`, newest first; each item has `id`
//! (1 to 32 of `a-z 0-9 -`), `created_at` (RFC 3339, UTC) and `key` (base64 with padding): PKCS#8 of an
//! Ed25519 key (RFC 8410) for the first three lists, 32 bytes for the others. Only its owner may read it.

use std::{
    collections::HashSet,
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use self::item::{Item, auditing, few, is_key_id, signing, signing_item, symmetric, symmetric_item};
use crate::{
    clock::UnixTime,
    metrics::words::KeyUse,
    secret::{Hasher, Sealer, SymmetricKey, random},
    stamp::PUBLISHED_FOR,
    store::Signer,
};

mod item;

/// How many keys may verify stamps or assertions at a time: the newest and the one before.
const SIGNING_KEYS: usize = 2;

/// The keys of one file, all decoded.
#[derive(Debug)]
pub struct KeyFile {
    /// Sign and verify stamps, newest first; one or two.
    pub stamp: Vec<PrivateKey>,
    /// Sign assertions to the site, newest first; one or two.
    pub assertion: Vec<PrivateKey>,
    /// When the newest key of each use was made.
    pub newest: Vec<(KeyUse, UnixTime)>,
    /// Signs the audit under the newest key, verifies under all.
    pub audit: Signer,
    /// Newest first, with when they were made.
    sealing: Vec<(SymmetricKey, UnixTime)>,
    hasher: Hasher,
}

/// A private signing key that is not decoded yet.
pub struct PrivateKey {
    /// As the file names it.
    pub id: String,
    /// PKCS#8, DER.
    pub pkcs8: Zeroizing<Vec<u8>>,
    /// When it was made: for a while after that it only verifies.
    pub made_at: UnixTime,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.id)
    }
}

/// Why a key file cannot be used or written; the operator mends it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read; most often it was not made yet.
    #[error("the key file {} cannot be read ({cause}): make it with `stepgate keys generate`", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It cannot be written.
    #[error("the key file {} cannot be written: {cause}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It is there already, and keys are never thrown away.
    #[error("the key file {} exists already: `stepgate keys rotate` adds keys to it", .0.display())]
    Exists(PathBuf),
    /// Others than its owner may read it.
    #[error("others than its owner may read the key file {path}: chmod 600 {path}", path = .0.display())]
    Exposed(PathBuf),
    /// The newest key does not sign yet: another rotation would drop the one that does.
    #[error("the keys in {} were rotated lately, and those before are still in use: rotate again from {until} on", path.display())]
    TooSoon {
        /// Which.
        path: PathBuf,
        /// From when on nothing counts any more that the key was used for which would be dropped.
        until: UnixTime,
    },
    /// It is no key file.
    #[error("the key file {} is malformed: {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong; never a key.
        reason: String,
    },
}

/// The file as written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    stamp: Vec<Item>,
    assertion: Vec<Item>,
    /// Absent in files that older versions made: `rotate` adds it.
    #[serde(default)]
    audit: Vec<Item>,
    sealing: Vec<Item>,
    hashing: Vec<Item>,
}

impl KeyFile {
    /// The keys in a file.
    ///
    /// # Errors
    /// [`KeyFileError`] if it is absent, malformed, or readable by others than its owner.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let written = Written::read(path)?;
        written.keys().map_err(|reason| KeyFileError::Malformed { path: path.to_owned(), reason })
    }

    /// Seals as a node that serves does at this time: under the newest key that every node has by now
    /// (see [`PUBLISHED_FOR`]); opens under all.
    #[must_use]
    pub fn sealer_at(&self, now: UnixTime) -> Sealer {
        let is_published = |made_at: UnixTime| made_at.plus(PUBLISHED_FOR) <= now;
        let ready = self.sealing.iter().position(|(_, made_at)| is_published(*made_at));
        // Where none is old enough, the oldest: the first key of all seals at once.
        let first = ready.unwrap_or(self.sealing.len().saturating_sub(1));
        let key = |(key, _): &(SymmetricKey, UnixTime)| key.clone();
        let others = self.sealing.iter().enumerate().filter(|(index, _)| *index != first).map(|(_, pair)| key(pair));
        let Some(newest) = self.sealing.get(first) else { return self.sealer() };
        Sealer::new(key(newest), others)
    }

    /// Seals under the newest key whatever its age, opens under all.
    ///
    /// # Panics
    /// Never: a file without a sealing key does not load.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a file without a sealing key does not load")]
    pub fn sealer(&self) -> Sealer {
        let mut keys = self.sealing.iter().map(|(key, _)| key.clone());
        Sealer::new(keys.next().expect("a sealing key"), keys)
    }

    /// The newest sealing key's id, and from when on it seals.
    #[must_use]
    pub fn next_sealing(&self) -> Option<(&str, UnixTime)> {
        let (key, made_at) = self.sealing.first()?;
        let is_only = self.sealing.len() == 1;
        Some((&key.id, if is_only { *made_at } else { made_at.plus(PUBLISHED_FOR) }))
    }

    /// The ids of the newest keys that sign and seal: stamps, assertions, the audit, what is kept.
    #[must_use]
    pub fn newest_ids(&self) -> Vec<&str> {
        let signing = [&self.stamp, &self.assertion].into_iter().filter_map(|keys| keys.first());
        let sealing = self.sealing.first().map(|(key, _)| key.id.as_str());
        signing.map(|key| key.id.as_str()).chain([self.audit.id()]).chain(sealing).collect()
    }

    /// Whether both files hash alike: what was hashed is only found under the same key.
    #[must_use]
    pub fn hashes_as(&self, other: &Self) -> bool {
        self.hasher.hash("key", &[]) == other.hasher.hash("key", &[])
    }

    /// Hashes under the file's one key.
    #[must_use]
    pub fn hasher(&self) -> Hasher {
        self.hasher.clone()
    }
}

/// Writes a new key file with one key of each purpose; never over an existing one.
///
/// # Errors
/// [`KeyFileError::Exists`] or [`KeyFileError::Unwritable`].
pub fn generate(path: &Path, now: UnixTime) -> Result<(), KeyFileError> {
    let written = Written {
        stamp: vec![signing_item(now)],
        assertion: vec![signing_item(now)],
        audit: vec![signing_item(now)],
        sealing: vec![symmetric_item(now)],
        hashing: vec![symmetric_item(now)],
    };
    let unwritable = |cause| KeyFileError::Unwritable { path: path.to_owned(), cause };
    let draft = written.draft(path)?;
    // A link, unlike a rename, fails where the name is taken.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(unwritable)?;
    match linked {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Err(KeyFileError::Exists(path.to_owned())),
        linked => linked.map_err(unwritable),
    }
}

/// Adds a new stamp, assertion, audit and sealing key in front. The newest signing and sealing keys of before
/// go on until the new ones were published for [`PUBLISHED_FOR`]; of the keys that sign stamps and assertions
/// older ones are dropped; every sealing and audit key stays, since something may be sealed or signed with it;
/// the hashing key is never changed. `idle`: how long a stamp lives without being signed anew.
///
/// # Errors
/// [`KeyFileError`] as for [`KeyFile::load`], or [`KeyFileError::TooSoon`]; the file is then as it was.
pub fn rotate(path: &Path, now: UnixTime, idle: Duration) -> Result<(), KeyFileError> {
    let mut written = Written::read(path)?;
    written.audit.insert(0, signing_item(now));
    let keys = written.keys().map_err(|reason| KeyFileError::Malformed { path: path.to_owned(), reason })?;
    // A stamp that the older key signed last must have ended or been signed anew: nobody is asked again.
    let free_at = |keys: &[PrivateKey]| match keys {
        [newest, _older] => Some(newest.made_at.plus(PUBLISHED_FOR).plus(idle)),
        _ => None,
    };
    if let Some(until) = free_at(&keys.stamp).max(free_at(&keys.assertion)).filter(|until| *until > now) {
        return Err(KeyFileError::TooSoon { path: path.to_owned(), until });
    }
    for list in [&mut written.stamp, &mut written.assertion] {
        list.insert(0, signing_item(now));
        list.truncate(SIGNING_KEYS);
    }
    written.sealing.insert(0, symmetric_item(now));
    let draft = written.draft(path)?;
    fs::rename(&draft, path).map_err(|cause| KeyFileError::Unwritable { path: path.to_owned(), cause })
}

impl Written {
    /// The keys, all decoded; what is wrong otherwise.
    fn keys(&self) -> Result<KeyFile, String> {
        self.check_ids()?;
        let sealing = symmetric(&self.sealing)?;
        if sealing.is_empty() {
            return Err("`sealing` is empty".to_owned());
        }
        // Hashes are compared with stored ones, so the key that made them is the only one.
        let [(hashing, _)] = <[(SymmetricKey, UnixTime); 1]>::try_from(symmetric(&self.hashing)?)
            .map_err(|keys| format!("`hashing` must have one key, not {}", keys.len()))?;
        Ok(KeyFile {
            stamp: few("stamp", signing(&self.stamp)?)?,
            assertion: few("assertion", signing(&self.assertion)?)?,
            newest: self.newest()?,
            audit: auditing(&signing(&self.audit)?)?,
            sealing,
            hasher: Hasher::new(hashing),
        })
    }

    /// An id names one key in the whole file: stamps, sealed values and logs say nothing else of it.
    fn check_ids(&self) -> Result<(), String> {
        let mut known = HashSet::new();
        let items = [&self.stamp, &self.assertion, &self.audit, &self.sealing, &self.hashing].into_iter().flatten();
        match items.map(|item| item.id.as_str()).find(|id| !known.insert(*id)) {
            Some(twice) if is_key_id(twice) => Err(format!("the id `{twice}` names two keys")),
            Some(_) => Err("an id names two keys".to_owned()),
            None => Ok(()),
        }
    }

    fn newest(&self) -> Result<Vec<(KeyUse, UnixTime)>, String> {
        let uses = [
            (KeyUse::Stamp, &self.stamp),
            (KeyUse::Assertion, &self.assertion),
            (KeyUse::Audit, &self.audit),
            (KeyUse::Sealing, &self.sealing),
        ];
        let first = uses.into_iter().filter_map(|(used, items)| items.first().map(|item| (used, item)));
        first.map(|(used, item)| Ok((used, item.made_at()?))).collect()
    }

    fn read(path: &Path) -> Result<Self, KeyFileError> {
        let unreadable = |cause| KeyFileError::Unreadable { path: path.to_owned(), cause };
        let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed(path.to_owned()));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
        serde_yaml::from_str(&text).map_err(|error| {
            // The error's own text may quote what stands in the file.
            let line = error.location().map_or(1, |location| location.line());
            let reason = format!("line {line} is not as `keys generate` writes it");
            KeyFileError::Malformed { path: path.to_owned(), reason }
        })
    }

    /// Writes a whole file of a name of its own beside `path`, for its owner alone.
    fn draft(&self, path: &Path) -> Result<PathBuf, KeyFileError> {
        let unwritable = |cause| KeyFileError::Unwritable { path: path.to_owned(), cause };
        let text = serde_yaml::to_string(self).map_err(|error| unwritable(io::Error::other(error)))?;
        let text = Zeroizing::new(text);
        let draft = path.with_extension(format!("draft-{}", HEXLOWER.encode(&random::<8>())));
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(unwritable)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritable)?;
        Ok(draft)
    }
}

#[cfg(test)]
mod tests;
