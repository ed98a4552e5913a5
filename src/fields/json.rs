//! JSON, strictly: duplicate keys, trailing bytes and depth are refused; numbers stay as written.

use std::{collections::HashMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Field;

/// Nesting at most.
const MAX_DEPTH: u8 = 32;

/// The value at a pointer: strings decoded, numbers and booleans as written.
pub(super) fn read(pointer: &str, bytes: &[u8]) -> Field {
    let Ok(text) = std::str::from_utf8(bytes) else { return Field::Unreadable };
    if check(text, MAX_DEPTH).is_none() {
        return Field::Unreadable;
    }
    let mut here = text;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match child(here, &token) {
            Some(Some(next)) => here = next,
            Some(None) => return Field::Absent,
            None => return Field::Unreadable,
        }
    }
    let here = here.trim();
    match here.as_bytes().first() {
        Some(b'"') => serde_json::from_str(here).map_or(Field::Unreadable, Field::One),
        Some(b'{' | b'[') | None => Field::Unreadable,
        Some(_) if here == "null" => Field::Absent,
        Some(_) => Field::One(here.to_owned()),
    }
}

/// `None` where the text is no strict JSON.
fn check(text: &str, depth: u8) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match text.trim().as_bytes().first()? {
        b'{' => {
            let Object(members) = serde_json::from_str(text).ok()?;
            members.values().try_for_each(|member| check(member.get(), depth))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.iter().try_for_each(|item| check(item.get(), depth))
        }
        _ => serde_json::from_str::<&RawValue>(text).ok().map(|_| ()),
    }
}

/// The member of an object or array; the outer `None` where it is neither.
fn child<'t>(text: &'t str, token: &str) -> Option<Option<&'t str>> {
    match text.trim().as_bytes().first()? {
        b'{' => {
            let Object(members) = serde_json::from_str(text).ok()?;
            Some(members.get(token).map(|member| member.get()))
        }
        b'[' => {
            let items: Vec<&'t RawValue> = serde_json::from_str(text).ok()?;
            let index: Option<usize> = token.parse().ok();
            Some(index.and_then(|at| items.get(at).map(|item| item.get())))
        }
        _ => None,
    }
}

/// An object whose keys are distinct.
struct Object<'t>(HashMap<String, &'t RawValue>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Distinct)
    }
}

struct Distinct;

impl<'de> Visitor<'de> for Distinct {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with distinct keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut members = HashMap::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            if members.insert(key, value).is_some() {
                return Err(serde::de::Error::custom("a key occurs twice"));
            }
        }
        Ok(Object(members))
    }
}
