//! The key file: what stepgate signs, seals and hashes with.
//!
//! YAML with four lists, `stamp`, `assertion`, `sealing`, `hashing`, newest first; each item has `id`
//! (1 to 32 of `a-z 0-9 -`), `created_at` (RFC 3339, UTC) and `key` (base64 with padding): PKCS#8 of an
//! Ed25519 key (RFC 8410) for the first two lists, 32 bytes for the others. Only its owner may read it.

use std::{
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
        let mut sealing = symmetric(&written.sealing).map_err(malformed)?.into_iter();
        let newest = sealing.next().ok_or_else(|| malformed("`sealing` is empty".into()))?;
        let hashing = symmetric(&written.hashing).map_err(malformed)?;
        // Hashes are compared with stored ones, so the key that made them is the only one.
        let [hashing] = <[SymmetricKey; 1]>::try_from(hashing)
            .map_err(|keys| malformed(format!("`hashing` must have one key, not {}", keys.len())))?;
        Ok(Self {
            stamp: signing("stamp", &written.stamp).map_err(malformed)?,
            assertion: signing("assertion", &written.assertion).map_err(malformed)?,
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
    items.iter().map(|item| Ok(PrivateKey { id: item.id()?, pkcs8: item.bytes()?, made_at: item.made_at()? })).collect()
}

fn symmetric(items: &[Item]) -> Result<Vec<SymmetricKey>, String> {
    let key = |item: &Item| {
        let bytes = <[u8; 32]>::try_from(item.bytes()?.as_slice())
            .map_err(|_| format!("the key `{}` is not 32 bytes", item.id))?;
        Ok(SymmetricKey { id: item.id()?, bytes: Zeroizing::new(bytes) })
    };
    items.iter().map(key).collect()
}

impl Item {
    fn id(&self) -> Result<String, String> {
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || self.id.len() > 32 || !self.id.bytes().all(is_id) {
            return Err("an id is not 1 to 32 characters of a-z 0-9 -".to_owned());
        }
        Ok(self.id.clone())
    }

    fn made_at(&self) -> Result<UnixTime, String> {
        let parsed = self.created_at.parse::<jiff::Timestamp>();
        let made_at = parsed.map_err(|_| format!("`created_at` of the key `{}` is no time", self.id))?;
        Ok(UnixTime::from_secs(made_at.as_second()))
    }

    fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        let bytes = BASE64.decode(self.key.as_bytes());
        bytes.map(Zeroizing::new).map_err(|_| format!("the key `{}` is not base64", self.id))
    }
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

/// An item with an id of its own: the day, so that people see its age, and six random characters.
fn item(key: &[u8], now: UnixTime) -> Item {
    let created_at = jiff::Timestamp::from_second(now.secs()).unwrap_or_default();
    let day = created_at.strftime("%Y%m%d");
    let id = format!("{day}-{}", HEXLOWER.encode(&random::<3>()));
    Item { id, created_at: created_at.to_string(), key: BASE64.encode(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

    fn made() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.yaml");
        generate(&path, NOW).unwrap();
        (dir, path)
    }

    #[test]
    fn a_generated_file_loads_and_is_private() {
        let (dir, path) = made();
        let keys = KeyFile::load(&path).unwrap();
        assert_eq!((keys.stamp.len(), keys.assertion.len()), (1, 1));
        assert!(ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&keys.stamp[0].pkcs8).is_ok());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn an_existing_file_is_never_written_over() {
        let (dir, path) = made();
        let before = fs::read(&path).unwrap();
        assert!(matches!(generate(&path, NOW), Err(KeyFileError::Exists(_))));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let (_dir, path) = made();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(KeyFile::load(&path), Err(KeyFileError::Exposed(_))));
    }

    #[test]
    fn rotation_keeps_two_signing_keys_and_opens_what_was_sealed() {
        let (_dir, path) = made();
        let before = KeyFile::load(&path).unwrap();
        let sealed = before.sealer().seal("p", &[], b"x");
        for hour in 0..3 {
            rotate(&path, NOW.plus(hour * PUBLISHED_FOR)).unwrap();
        }
        let again = rotate(&path, NOW.plus(2 * PUBLISHED_FOR + PUBLISHED_FOR / 2));
        assert!(matches!(again, Err(KeyFileError::TooSoon(_))), "the key that signs would be dropped");
        let after = KeyFile::load(&path).unwrap();
        assert_eq!(after.stamp.len(), 2);
        assert!(after.stamp.iter().all(|key| key.id != before.stamp[0].id));
        assert_eq!(&**after.sealer().open("p", &[], &sealed).unwrap(), b"x");
        assert_eq!(after.hasher().hash("p", &[b"x"]), before.hasher().hash("p", &[b"x"]));
    }

    #[test]
    fn an_error_does_not_quote_a_key() {
        let (_dir, path) = made();
        let text = fs::read_to_string(&path).unwrap().replace("key: ", "kee: S3CR3T");
        fs::write(&path, text).unwrap();
        let error = KeyFile::load(&path).unwrap_err().to_string();
        assert!(error.contains("malformed") && !error.contains("S3CR3T"), "{error}");
    }
}
