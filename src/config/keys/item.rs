//! The items of a key file: written, and decoded.

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{PrivateKey, SIGNING_KEYS};
use crate::{
    clock::UnixTime,
    config::drawn,
    secret::{SymmetricKey, random},
    store::Signer,
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) created_at: String,
    pub(super) key: String,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

pub(super) fn few(list: &str, keys: Vec<PrivateKey>) -> Result<Vec<PrivateKey>, String> {
    if !(1..=SIGNING_KEYS).contains(&keys.len()) {
        return Err(format!("`{list}` must have one or two keys, not {}", keys.len()));
    }
    Ok(keys)
}

pub(super) fn auditing(keys: &[PrivateKey]) -> Result<Signer, String> {
    let mut signers = keys
        .iter()
        .map(|key| Signer::from_pkcs8(&key.id, &key.pkcs8).map_err(|error| format!("the key `{}` is {error}", key.id)));
    let newest = signers.next().ok_or_else(|| "`audit` is empty: `stepgate keys rotate` adds a key".to_owned())??;
    signers.try_fold(newest, |newest, older| Ok(newest.knowing(&older?)))
}

pub(super) fn signing(items: &[Item]) -> Result<Vec<PrivateKey>, String> {
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

pub(super) fn symmetric(items: &[Item]) -> Result<Vec<(SymmetricKey, UnixTime)>, String> {
    let key = |item: &Item| {
        let bytes = <[u8; 32]>::try_from(item.bytes()?.as_slice())
            .map_err(|_| format!("the key `{}` is not 32 bytes", item.id))?;
        if !drawn::is_drawn(&bytes) {
            return Err(item.is_an_example());
        }
        Ok((SymmetricKey { id: item.id()?, bytes: Zeroizing::new(bytes) }, item.made_at()?))
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

    pub(super) fn made_at(&self) -> Result<UnixTime, String> {
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

pub(super) fn is_key_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(known)
}

pub(super) fn symmetric_item(now: UnixTime) -> Item {
    item(Zeroizing::new(random::<32>()).as_slice(), now)
}

/// # Panics
/// When the operating system has no randomness to give.
#[expect(clippy::expect_used, reason = "without randomness no key may be made at all")]
pub(super) fn signing_item(now: UnixTime) -> Item {
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
