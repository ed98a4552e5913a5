//! Held requests: kept sealed under their challenge, continued once (design.md 8).

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};

use crate::{
    fields::{self, Body, Field},
    flow::{Flow, FlowError},
    identity::Player,
    policy::{Route, rule::BoundNames},
    request::{self, Head},
    secret,
    store::Challenge,
};

/// A request as it was when it was held. Serialised as JSON, then sealed.
#[derive(Serialize, Deserialize)]
pub struct HeldRequest {
    method: String,
    target: String,
    host: String,
    /// Every header that goes out again as it was: no cookies, no credentials, nothing of framing.
    headers: Vec<(String, Vec<u8>)>,
    /// The names of the cookies it carried; values come fresh from the browser (decisions 17).
    cookies: Vec<String>,
    /// Whether it carried an Authorization header; its value comes fresh as well.
    authorized: bool,
    content_type: Option<String>,
    #[serde(with = "octets")]
    body: Vec<u8>,
}

/// Bytes as one text. JSON's list of numbers takes four times their room, which held requests count.
mod octets {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map_err(D::Error::custom)
    }
}

/// Headers that are not kept: framing, hop by hop, and what must come fresh.
const NOT_KEPT: [HeaderName; 13] = [
    header::HOST,
    header::COOKIE,
    header::AUTHORIZATION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
];

impl HeldRequest {
    /// Captures a request whose body was read whole.
    #[must_use]
    pub fn capture(head: &Head<'_>, body: Body<'_>) -> Self {
        let headers = head
            .headers
            .iter()
            .filter(|(name, _)| !NOT_KEPT.contains(name))
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect();
        Self {
            method: head.method.as_str().to_owned(),
            target: head.target.raw().to_owned(),
            host: head.host.to_owned(),
            headers,
            cookies: request::cookie_pairs(head.headers).map(|(name, _)| name.to_owned()).collect(),
            authorized: head.headers.contains_key(header::AUTHORIZATION),
            content_type: body.content_type.map(str::to_owned),
            body: body.bytes.to_vec(),
        }
    }

    /// The method.
    ///
    /// # Errors
    /// `Gone` when the sealed text was written by something else.
    pub fn method(&self) -> Result<Method, FlowError> {
        Method::from_bytes(self.method.as_bytes()).map_err(|_| FlowError::Gone)
    }

    /// Path and query, byte for byte.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The site's host to which it was sent.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The body with its content type.
    #[must_use]
    pub fn body(&self) -> Body<'_> {
        Body { content_type: self.content_type.as_deref(), bytes: &self.body }
    }

    /// The headers with which it goes on: the kept ones as they were (Origin, Referer and
    /// Sec-Fetch-* with them; absent stays absent), cookies and credentials from the browser that
    /// continues it, limited to those that the original carried.
    ///
    /// # Errors
    /// `Gone` when the sealed text was written by something else.
    pub fn continued_headers(&self, fresh: &HeaderMap) -> Result<HeaderMap, FlowError> {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 4);
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| FlowError::Gone)?;
            let value = HeaderValue::from_bytes(value).map_err(|_| FlowError::Gone)?;
            headers.append(name, value);
        }
        let cookies: Vec<&[u8]> = request::cookie_pairs(fresh)
            .filter(|(name, _)| self.cookies.iter().any(|kept| kept == name))
            .map(|(_, pair)| pair)
            .collect();
        if !cookies.is_empty() {
            let line = HeaderValue::from_bytes(&cookies.join(&b"; "[..])).map_err(|_| FlowError::Gone)?;
            headers.insert(header::COOKIE, line);
        }
        if let Some(credential) = fresh.get(header::AUTHORIZATION).filter(|_| self.authorized) {
            headers.insert(header::AUTHORIZATION, credential.clone());
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        Ok(headers)
    }
}

/// What a challenge shows of a request: every field exactly once, from the bytes that go on.
///
/// # Errors
/// `BadRequest` when a field is absent, ambiguous or cannot be read.
pub fn details(route: &Route, head: &Head<'_>, body: Option<Body<'_>>) -> Result<Vec<(String, String)>, FlowError> {
    let mut shown = Vec::with_capacity(route.show.len());
    for detail in &route.show {
        let value = match fields::read(&detail.field, head.target.query(), body) {
            Field::One(value) => value,
            Field::Absent => return Err(FlowError::BadRequest("a field that must be approved is missing")),
            Field::Several(_) => {
                return Err(FlowError::BadRequest("a field that must be approved occurs more than once"));
            }
            Field::Unreadable => return Err(FlowError::UnreadableBody),
        };
        shown.push((detail.label.clone(), value));
    }
    Ok(shown)
}

/// The digest that an approval is bound to: SHA-256 over a length-prefixed list (decisions 12).
#[must_use]
pub fn digest(
    route: &Route,
    player: &Player,
    head: &Head<'_>,
    body: Body<'_>,
    details: &[(String, String)],
) -> [u8; 32] {
    let mut parts: Vec<&[u8]> = vec![
        b"stepgate approval 2",
        route.name.as_bytes(),
        player.subject.as_str().as_bytes(),
        &player.binding.0,
        head.method.as_str().as_bytes(),
        head.scheme.as_str().as_bytes(),
        head.host.as_bytes(),
        head.target.raw().as_bytes(),
        if body.content_type.is_some() { b"type" } else { b"no type" },
        body.content_type.unwrap_or_default().as_bytes(),
        body.bytes,
    ];
    let bound = bound(&route.bind, head.headers);
    parts.extend(bound.iter().map(Vec::as_slice));
    for (label, value) in details {
        parts.push(label.as_bytes());
        parts.push(value.as_bytes());
    }
    secret::digest(parts)
}

/// What a route binds besides, each name with how often it stands there. Every spelling counts that some
/// server may take for the name.
fn bound(names: &BoundNames, headers: &HeaderMap) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut add = |name: &str, found: Vec<Vec<u8>>| {
        parts.push(name.as_bytes().to_vec());
        parts.push((found.len() as u64).to_be_bytes().to_vec());
        parts.extend(found);
    };
    for name in &names.headers {
        let alike = headers.iter().filter(|(sent, _)| request::folds_alike(sent.as_str(), name));
        add(name, alike.flat_map(|(sent, value)| [sent.as_str().into(), value.as_bytes().to_vec()]).collect());
    }
    for name in &names.cookies {
        let lines = headers.get_all(header::COOKIE).iter();
        let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        add(name, pairs.filter(|pair| may_set(pair, name)).map(<[u8]>::to_vec).collect());
    }
    parts
}

/// Whether some server may read a cookie of this name out of a pair. What only looks like it binds more than
/// it must.
fn may_set(pair: &[u8], name: &str) -> bool {
    let wanted = request::folded_name(name);
    let alike = |piece: &[u8]| {
        let text: String = piece.iter().map(|byte| char::from(*byte)).collect();
        request::folded_name(&text).trim_matches('-') == wanted.trim_matches('-')
    };
    // PHP takes `name[x]` for a part of `name`, in whose place it comes.
    pair.split(|byte| matches!(byte, b'=' | b',' | b'[')).any(alike)
}

impl Flow {
    /// Seals a request under its challenge. `false` when the store has no room: then nothing is
    /// kept and the player must be told.
    ///
    /// # Errors
    /// `Store`.
    pub async fn keep(&self, challenge: &Challenge, held: &HeldRequest) -> Result<bool, FlowError> {
        let plain = serde_json::to_vec(held).map(zeroize::Zeroizing::new).map_err(|_| FlowError::Gone)?;
        let sealed = self.sealer.seal("held", &held_context(challenge), &plain);
        Ok(self.stores.held.put(&challenge.id, sealed, challenge.expires_at).await?)
    }

    /// The request held under a challenge.
    ///
    /// # Errors
    /// `Gone` when there is none or it does not open; `Store`.
    pub async fn held(&self, challenge: &Challenge) -> Result<HeldRequest, FlowError> {
        let now = self.clock.now();
        let sealed = self.stores.held.find(&challenge.id, now).await?.ok_or(FlowError::Gone)?;
        let plain = self
            .sealer
            .open("held", &held_context(challenge), &sealed)
            .map_err(|secret::Unopenable| FlowError::Gone)?;
        serde_json::from_slice(&plain).map_err(|_| FlowError::Gone)
    }
}

/// Account, session and route: what a held request is bound to besides its challenge.
fn held_context(challenge: &Challenge) -> [&[u8]; 4] {
    [challenge.id.as_bytes(), challenge.subject.as_str().as_bytes(), &challenge.binding.0, challenge.route.as_bytes()]
}

#[cfg(test)]
mod tests;
