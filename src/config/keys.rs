//! The key file: what stepgate signs, seals and hashes with.
//!
//! YAML with four lists, `stamp`, `assertion`, `sealing`, `hashing`, newest first; each item has `id`
//! (1 to 32 of `a-z 0-9 -`), `created_at` (RFC 3339, UTC) and `key` (base64 with padding): PKCS#8 of an
//! Ed25519 key (RFC 8410) for the first two lists, 32 bytes for the others. Only its owner may read it.

use std::{
    collections::HashSet,
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    clock::UnixTime,
    config::drawn,
    metrics::words::KeyUse,
    secret::{Hasher, Sealer, SymmetricKey, random},
    stamp::PUBLISHED_FOR,
};

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
    sealer: Sealer,
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
    #[error(
        "the newest keys in {} do not sign yet: rotate again {} minutes after they were made",
        .0.display(), PUBLISHED_FOR.as_secs() / 60
    )]
    TooSoon(PathBuf),
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
    sealing: Vec<Item>,
    hashing: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: String,
    created_at: String,
    key: String,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl KeyFile {
    /// The keys in a file.
    ///
    /// # Errors
    /// [`KeyFileError`] if it is absent, malformed, or readable by others than its owner.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let written = Written::read(path)?;
        let malformed = |reason: String| KeyFileError::Malformed { path: path.to_owned(), reason };
        written.check_ids().map_err(malformed)?;
        let mut sealing = symmetric(&written.sealing).map_err(malformed)?.into_iter();
        let newest = sealing.next().ok_or_else(|| malformed("`sealing` is empty".into()))?;
        let hashing = symmetric(&written.hashing).map_err(malformed)?;
        // Hashes are compared with stored ones, so the key that made them is the only one.
        let [hashing] = <[SymmetricKey; 1]>::try_from(hashing)
            .map_err(|keys| malformed(format!("`hashing` must have one key, not {}", keys.len())))?;
        Ok(Self {
            stamp: signing("stamp", &written.stamp).map_err(malformed)?,
            assertion: signing("assertion", &written.assertion).map_err(malformed)?,
            newest: written.newest().map_err(malformed)?,
            sealer: Sealer::new(newest, sealing),
            hasher: Hasher::new(hashing),
        })
    }

    /// Seals under the newest key, opens under all.
    #[must_use]
    pub fn sealer(&self) -> Sealer {
        self.sealer.clone()
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

/// Adds a new stamp, assertion and sealing key in front. The newest signing key of before still
/// verifies, and signs until the new one was published for [`PUBLISHED_FOR`]; older ones are dropped; every sealing key stays, since it may have sealed something;
/// the hashing key is never changed.
///
/// # Errors
/// [`KeyFileError`] as for [`KeyFile::load`], or [`KeyFileError::TooSoon`]; the file is then as it was.
pub fn rotate(path: &Path, now: UnixTime) -> Result<(), KeyFileError> {
    let keys = KeyFile::load(path)?;
    let is_young = |keys: &[PrivateKey]| match keys {
        [newest, _older] => newest.made_at.plus(PUBLISHED_FOR) > now,
        _ => false,
    };
    if is_young(&keys.stamp) || is_young(&keys.assertion) {
        return Err(KeyFileError::TooSoon(path.to_owned()));
    }
    let mut written = Written::read(path)?;
    for list in [&mut written.stamp, &mut written.assertion] {
        list.insert(0, signing_item(now));
        list.truncate(SIGNING_KEYS);
    }
    written.sealing.insert(0, symmetric_item(now));
    let draft = written.draft(path)?;
    fs::rename(&draft, path).map_err(|cause| KeyFileError::Unwritable { path: path.to_owned(), cause })
}

impl Written {
    /// An id names one key in the whole file: stamps, sealed values and logs say nothing else of it.
    fn check_ids(&self) -> Result<(), String> {
        let mut known = HashSet::new();
        let items = [&self.stamp, &self.assertion, &self.sealing, &self.hashing].into_iter().flatten();
        match items.map(|item| item.id.as_str()).find(|id| !known.insert(*id)) {
            Some(twice) if is_key_id(twice) => Err(format!("the id `{twice}` names two keys")),
            Some(_) => Err("an id names two keys".to_owned()),
            None => Ok(()),
        }
    }

    fn newest(&self) -> Result<Vec<(KeyUse, UnixTime)>, String> {
        let uses =
            [(KeyUse::Stamp, &self.stamp), (KeyUse::Assertion, &self.assertion), (KeyUse::Sealing, &self.sealing)];
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

fn signing(list: &str, items: &[Item]) -> Result<Vec<PrivateKey>, String> {
    if !(1..=SIGNING_KEYS).contains(&items.len()) {
        return Err(format!("`{list}` must have one or two keys, not {}", items.len()));
    }
    let key = |item: &Item| {
        let pkcs8 = item.bytes()?;
        // Bytes of another shape are refused when they are decoded.
        if drawn::seed(&pkcs8).is_some_and(|seed| !drawn::is_drawn(seed)) {
            return Err(item.is_an_example());
        }
        Ok(PrivateKey { id: item.id()?, pkcs8, made_at: item.made_at()? })
    };
    items.iter().map(key).collect()
}

fn symmetric(items: &[Item]) -> Result<Vec<SymmetricKey>, String> {
    let key = |item: &Item| {
        let bytes = <[u8; 32]>::try_from(item.bytes()?.as_slice())
            .map_err(|_| format!("the key `{}` is not 32 bytes", item.id))?;
        if !drawn::is_drawn(&bytes) {
            return Err(item.is_an_example());
        }
        Ok(SymmetricKey { id: item.id()?, bytes: Zeroizing::new(bytes) })
    };
    items.iter().map(key).collect()
}

impl Item {
    fn id(&self) -> Result<String, String> {
        if !is_key_id(&self.id) {
            return Err("an id is not 1 to 32 characters of a-z 0-9 -".to_owned());
        }
        Ok(self.id.clone())
    }

    fn made_at(&self) -> Result<UnixTime, String> {
        let made_at = self.created_at.parse::<jiff::Timestamp>();
        made_at
            .map(|at| UnixTime::from_secs(at.as_second()))
            .map_err(|_| format!("`created_at` of the key `{}` is no time as 2026-01-31T12:00:00Z", self.id))
    }

    /// What is said of a key that everybody can know.
    fn is_an_example(&self) -> String {
        format!("the key `{}` is an example and no secret: `stepgate keys generate` draws keys", self.id)
    }

    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        let bytes = BASE64.decode(self.key.as_bytes());
        bytes.map(Zeroizing::new).map_err(|_| format!("the key `{}` is not base64", self.id))
    }
}

fn is_key_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(known)
}

fn symmetric_item(now: UnixTime) -> Item {
    item(Zeroizing::new(random::<32>()).as_slice(), now)
}

/// # Panics
/// When the operating system has no randomness to give.
#[expect(clippy::expect_used, reason = "without randomness no key may be made at all")]
fn signing_item(now: UnixTime) -> Item {
    let made = ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new());
    item(made.expect("the operating system gives randomness").as_ref(), now)
}

/// An item with an id of its own: the day, so that people see its age, and twelve random characters.
fn item(key: &[u8], now: UnixTime) -> Item {
    let created_at = jiff::Timestamp::from_second(now.secs()).unwrap_or_default();
    let day = created_at.strftime("%Y%m%d");
    let id = format!("{day}-{}", HEXLOWER.encode(&random::<6>()));
    Item { id, created_at: created_at.to_string(), key: BASE64.encode(key) }
}

#[cfg(test)]
mod tests;
