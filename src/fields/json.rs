//! JSON, strictly: duplicate keys, trailing bytes and depth are refused; numbers stay as written.

use std::{collections::HashMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Field, form, name::Wanted};

/// Nesting at most.
const MAX_DEPTH: u8 = 32;

/// The value at a pointer: strings decoded, numbers and booleans as written.
pub(super) fn read(pointer: &str, bytes: &[u8]) -> Field {
    let Ok(text) = std::str::from_utf8(bytes) else { return Field::Unreadable };
    if check(text, MAX_DEPTH).is_none() {
        return Field::Unreadable;
    }
    let tokens: Vec<String> = tokens(pointer).collect();
    match (at(&tokens, text), tokens.get(1..)) {
        // Rails puts the members of a document under one that bears its controller's name, too.
        (Field::Absent, Some(inner)) if !inner.is_empty() && at(inner, text) != Field::Absent => Field::Unreadable,
        (found, _) => found,
    }
}

/// The name under which Rails, PHP and Express put what they read from a query where a document has it at a pointer.
pub(super) fn parameter(pointer: &str) -> String {
    let mut tokens = tokens(pointer);
    let first = tokens.next().unwrap_or_default();
    tokens.fold(first, |name, token| format!("{name}[{token}]"))
}

/// The pointer to a member of the outermost object.
pub(super) fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// RFC 6901 section 4.
fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

fn at(tokens: &[String], text: &str) -> Field {
    let (mut here, mut exact) = (text, true);
    for token in tokens {
        match child(here, token) {
            Some(Child::One(next)) => here = next,
            Some(Child::Other(next)) => (here, exact) = (next, false),
            Some(Child::Absent) => return Field::Absent,
            Some(Child::Several) | None => return Field::Unreadable,
        }
    }
    match value(here) {
        Field::One(text) if !exact || !form::is_readable(&text) => Field::Several(vec![text]),
        found @ (Field::Absent | Field::One(_) | Field::Several(_) | Field::Unreadable) => found,
    }
}

/// A string decoded, a number or boolean as written; `null` is absent.
fn value(here: &str) -> Field {
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

/// A member under a name. Some frameworks bind names without regard to case or to `_`, so one in another
/// spelling may be meant, and of several nobody knows which.
enum Child<'t> {
    Absent,
    One(&'t str),
    Other(&'t str),
    Several,
}

/// The member of an object or array; `None` where it is neither.
fn child<'t>(text: &'t str, token: &str) -> Option<Child<'t>> {
    match text.trim().as_bytes().first()? {
        b'{' => {
            let Object(members) = serde_json::from_str(text).ok()?;
            let wanted = Wanted::of(token);
            let mut named = members.iter().filter(|(key, _)| wanted.may_be_member(key));
            Some(match (named.next(), named.next()) {
                (None, _) => Child::Absent,
                (Some((key, member)), None) if key == token => Child::One(member.get()),
                (Some((_, member)), None) => Child::Other(member.get()),
                (Some(_), Some(_)) => Child::Several,
            })
        }
        b'[' => {
            let items: Vec<&'t RawValue> = serde_json::from_str(text).ok()?;
            let Ok(at) = token.parse::<usize>() else {
                // Under a name a list has nothing, but each of its items may: a batch of JSON-RPC is a list of calls.
                let is_flat = items.iter().all(|item| !item.get().starts_with(['{', '[']));
                return is_flat.then_some(Child::Absent);
            };
            Some(items.get(at).map_or(Child::Absent, |item| Child::One(item.get())))
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
