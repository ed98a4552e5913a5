//! Taking a value out of an answer of the site.

use data_encoding::BASE64;
use http::HeaderMap;
use regex::Regex;

use super::{
    Claims,
    settings::{ClaimPlaces, Extract},
};

/// What an answer says at one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Extracted {
    /// This text; never empty.
    Text(String),
    /// Positively nothing: null, absent or empty.
    Nothing,
    /// Not as configured: why, without any of the content.
    Odd(&'static str),
}

impl Extracted {
    /// The text, for values that may be missing.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Odd(_) => None,
        }
    }
}

/// An answer with status 2xx, and the request's own Authorization.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    /// Parsed once; `None` where the body is no JSON.
    pub(super) json: Option<serde_json::Value>,
    pub(super) authorization: Option<&'a str>,
}

impl Answer<'_> {
    /// What it says beside the subject; what is missing or odd is absent.
    pub(super) fn claims(&self, places: &ClaimPlaces) -> Claims {
        let at = |place: &Option<Extract>| place.as_ref().and_then(|place| self.read(place).text());
        Claims {
            phone: at(&places.phone),
            phone_since: at(&places.phone_since),
            email: at(&places.email),
            locale: at(&places.locale),
        }
    }

    /// What the answer says there.
    pub(super) fn read(&self, place: &Extract) -> Extracted {
        match place {
            Extract::Json(pointer) => self.json(pointer),
            Extract::Regex(regex) => self.only_match(regex),
            Extract::Header(name) => self.header(name),
            Extract::BasicUser => self.authorization.and_then(basic_user).map_or(Extracted::Nothing, text),
        }
    }

    fn json(&self, pointer: &str) -> Extracted {
        let Some(json) = &self.json else { return Extracted::Odd("the answer is no JSON") };
        match json.pointer(pointer) {
            None | Some(serde_json::Value::Null) => Extracted::Nothing,
            Some(serde_json::Value::String(value)) => text(value.clone()),
            Some(serde_json::Value::Number(number)) if number.is_i64() || number.is_u64() => text(number.to_string()),
            Some(_) => Extracted::Odd("the value is neither a string nor an integer"),
        }
    }

    fn only_match(&self, regex: &Regex) -> Extracted {
        let Ok(page) = std::str::from_utf8(self.body) else { return Extracted::Odd("the page is not UTF-8") };
        let mut matches = regex.captures_iter(page);
        let (Some(only), None) = (matches.next(), matches.next()) else {
            return Extracted::Odd("the expression does not match exactly once");
        };
        only.get(1).map_or(Extracted::Odd("the expression has no group"), |group| text(group.as_str().to_owned()))
    }

    fn header(&self, name: &str) -> Extracted {
        if !self.headers.contains_key(name) {
            return Extracted::Nothing;
        }
        let value = crate::request::header_once(self.headers, name);
        value.map_or(Extracted::Odd("the header is repeated or not ASCII"), |value| text(value.to_owned()))
    }
}

fn text(value: String) -> Extracted {
    if value.is_empty() { Extracted::Nothing } else { Extracted::Text(value) }
}

/// The user of a Basic credential (RFC 7617 section 2).
fn basic_user(authorization: &str) -> Option<String> {
    let (scheme, credential) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(credential.trim().as_bytes()).ok()?).ok()?;
    decoded.split_once(':').map(|(user, _)| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, place: &Extract) -> Extracted {
        let json = serde_json::from_str(body).ok();
        let headers = HeaderMap::new();
        Answer { headers: &headers, body: body.as_bytes(), json, authorization: Some("Basic YXl1OnB3OjE=") }.read(place)
    }

    #[test]
    fn json_names_a_string_an_integer_or_nobody() {
        let place = Extract::Json("/user/id".into());
        assert_eq!(read(r#"{"user":{"id":"ayu"}}"#, &place), Extracted::Text("ayu".into()));
        assert_eq!(read(r#"{"user":{"id":42}}"#, &place), Extracted::Text("42".into()));
        for nobody in [r#"{"user":null}"#, r#"{"user":{"id":null}}"#, "{}", r#"{"user":{"id":""}}"#] {
            assert_eq!(read(nobody, &place), Extracted::Nothing, "{nobody}");
        }
        for odd in [r#"{"user":{"id":true}}"#, r#"{"user":{"id":1.5}}"#, r#"{"user":{"id":{}}}"#, "<html>"] {
            assert!(matches!(read(odd, &place), Extracted::Odd(_)), "{odd}");
        }
    }

    #[test]
    fn an_expression_matches_exactly_once() {
        let place = Extract::Regex(Regex::new("<b>([^<]+)</b>").unwrap());
        assert_eq!(read("x <b>ayu</b>", &place), Extracted::Text("ayu".into()));
        assert!(matches!(read("x", &place), Extracted::Odd(_)));
        assert!(matches!(read("<b>ayu</b><b>ayu</b>", &place), Extracted::Odd(_)));
    }

    #[test]
    fn the_basic_user_ends_at_the_first_colon() {
        assert_eq!(read("", &Extract::BasicUser), Extracted::Text("ayu".into()));
    }
}
